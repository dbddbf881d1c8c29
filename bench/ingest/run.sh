#!/bin/sh
# Replicated ingest on a real pseudo-HA cluster; see ingest_bench.py for the options and docs/internals/ingest.md for the meaning.
# PELORUS_PACKAGE: a package folder to measure instead of building one.
set -eu
cd "$(dirname "$0")/../.."
package=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
exec "$(tests/python_env.sh)" bench/ingest/ingest_bench.py "$package" "$@"
