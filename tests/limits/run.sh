#!/bin/sh
# Full disks, unwritable directories and maxMemSize, on a pseudo-HA cluster of real processes.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" -m pytest -x -q -s tests/limits/test_*.py
