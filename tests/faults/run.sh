#!/bin/sh
# Deaths at every fault point, power cuts, damage and bad disks under load.   run.sh [TEST_FILE...]
# PELORUS_PACKAGE: a package folder to test instead of building one. PELORUS_FAULT_CRASHES: deaths at each point (20).
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
[ $# -gt 0 ] || set -- .
python=$(tests/python_env.sh)
cd tests/faults
exec "$python" -m pytest -x -q -s -p no:cacheprovider "$@"
