#!/bin/sh
# `pelorus migrate` on real processes: hosts are loopback addresses with a folder each, then namespaces with sshd and a loaded cluster.
#   run.sh [TEST_FILE…]
# PELORUS_PACKAGE: a package folder to test instead of building one. PELORUS_MIGRATE_NET: the first three bytes of the addresses.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
PELORUS_MIGRATE_NET=${PELORUS_MIGRATE_NET:-127.0.11}
PELORUS_BED_HOST=$PELORUS_MIGRATE_NET.1
export PELORUS_PACKAGE PELORUS_MIGRATE_NET PELORUS_BED_HOST
[ $# -gt 0 ] || set -- test_migrate.py test_single.py test_offline.py test_under_load.py
python=$(tests/python_env.sh)
cd tests/migrate
exec "$python" -m pytest -x -q -s -p no:cacheprovider "$@"
