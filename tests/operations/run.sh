#!/bin/sh
# The pages of docs/operations, typed on hosts of namespaces.   run.sh [TEST_FILE...]
# PELORUS_PACKAGE: the package that is deployed; PELORUS_NEXT: the program of the next version (build-debug/pelorusd_next).
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
PELORUS_NEXT=${PELORUS_NEXT:-$(./build.sh --debug pelorusd_next | tail -n 1)/pelorusd_next}
case $PELORUS_NEXT in /*) ;; *) PELORUS_NEXT=$PWD/$PELORUS_NEXT ;; esac
export PELORUS_PACKAGE PELORUS_NEXT
[ $# -gt 0 ] || set -- test_pages.py
python=$(tests/python_env.sh)
cd tests/operations
exec "$python" -m pytest -x -q -s -p no:cacheprovider "$@"
