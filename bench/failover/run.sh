#!/bin/sh
# How long writes pause when the leading controller is killed; see leader_kills.py.
# PELORUS_PACKAGE: a package folder to measure instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" bench/failover/leader_kills.py "$@"
