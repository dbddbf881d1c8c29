#!/bin/sh
# Random walks 1 -> 3 -> 5 -> 3 -> 1 of a cluster under load and faults.
#   PELORUS_WALKS: how many (2); PELORUS_WALK_SEED: of the first one, the others count on; PELORUS_PACKAGE: a package folder to test.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
python=$(tests/python_env.sh)
cd tests/walks
exec "$python" -m pytest -x -q -s -p no:cacheprovider test_walks.py
