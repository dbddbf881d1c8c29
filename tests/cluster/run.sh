#!/bin/sh
# The pseudo-HA cluster with real processes and the official Python client.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" -m pytest -x -q -s tests/cluster/test_*.py
