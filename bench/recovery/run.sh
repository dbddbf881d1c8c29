#!/bin/sh
# How fast a lost replica comes back; see recovery_bench.py for the options and docs/internals/recovery.md for the meaning.
# PELORUS_PACKAGE: a package folder to measure instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" bench/recovery/recovery_bench.py "$@"
