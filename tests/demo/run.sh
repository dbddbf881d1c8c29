#!/bin/sh
# `pelorus demo` from a release package, without a person: queries, killed nodes, Ctrl-C, nothing left.
# PELORUS_PACKAGE names a package to take instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec python3 tests/demo/test_demo.py -v
