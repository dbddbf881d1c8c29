#!/bin/sh
# The pseudo-HA cluster with real processes and the official Python client.   run.sh [TEST_FILE...]
# PELORUS_PACKAGE: a package folder to test instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
[ $# -gt 0 ] || set -- test_pseudo_ha.py test_ha_streams.py test_recovering.py test_streaming.py test_stream_graphs.py test_bad_starts.py test_tls.py test_tls_life.py
python=$(tests/python_env.sh)
cd tests/cluster
exec "$python" -m pytest -x -q -s -p no:cacheprovider "$@"
