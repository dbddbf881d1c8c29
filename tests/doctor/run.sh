#!/bin/sh
# The operator's commands (doctor, config, logs, support-bundle, status --watch) on a pseudo-HA cluster of real processes.
# PELORUS_PACKAGE: a package folder to test instead of building one.
set -eu
cd "$(dirname "$0")/../.."
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
export PELORUS_PACKAGE
exec "$(tests/python_env.sh)" -m pytest -x -q -p no:cacheprovider tests/doctor "$@"
