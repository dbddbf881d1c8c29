#!/bin/sh
# The package and its scripts.
set -eu
cd "$(dirname "$0")"
./package_test.sh
./scripts_test.sh
