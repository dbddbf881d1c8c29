#!/bin/sh
# What a second replica costs a durable append; see replicas_bench.py.
# PELORUS_PACKAGE: a package folder to measure instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" bench/ingest/replicas_bench.py "$@"
