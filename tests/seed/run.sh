#!/bin/sh
# The tutorial's deployments and migrations typed on hosts of namespaces.   run.sh [--all]
# Without --all: the single deployment, 1->3 and 3->5 as printed. PELORUS_PACKAGE: a package folder to test instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
python=$(tests/python_env.sh)
if [ "${1:-}" = --all ]; then
  exec "$python" -m pytest -q -p no:cacheprovider tests/hosts tests/seed
fi
exec "$python" -m pytest -x -q -p no:cacheprovider tests/seed/test_replays.py -k 'single and literal'
