#!/bin/sh
# The package and its scripts. PELORUS_PACKAGE names a package to take for the real nodes instead of building one.
set -eu
cd "$(dirname "$0")/../.."
tests/packaging/package_test.sh
tests/packaging/scripts_test.sh
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec tests/packaging/real_nodes_test.sh
