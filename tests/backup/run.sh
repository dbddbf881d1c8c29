#!/bin/sh
# Backups of a cluster of real processes (under a writer, damaged, cut short, into another cluster); volumes of its nodes.
#   run.sh [TEST_FILE...]
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
[ $# -gt 0 ] || set -- tests/backup/test_*.py
exec "$(tests/python_env.sh)" -m pytest -x -q -s -p no:cacheprovider "$@"
