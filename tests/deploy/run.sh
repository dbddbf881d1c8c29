#!/bin/sh
# `pelorus deploy`, real: a pseudo-HA cluster on this machine, cut off at every step and run again; three hosts with sshd.
#   run.sh [TEST_FILE...]     PELORUS_PACKAGE: a package folder to test instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
[ $# -gt 0 ] || set -- test_password_file.py test_pseudo_ha.py test_three_hosts.py
python=$(tests/python_env.sh)
cd tests/deploy
exec "$python" -m pytest -x -q -s -p no:cacheprovider "$@"
