#!/bin/sh
# Backups of a cluster of real processes: under a writer, damaged, cut short by kill -9, into another cluster.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" -m pytest -x -q -s -p no:cacheprovider tests/backup/test_*.py
