#!/bin/sh
# Builds Pelorus and its release package; prints the package's folder.
set -eu
cd "$(dirname "$0")/.."
./build.sh pelorusd pelorus >/dev/null
packaging/make_package.sh build dist >&2
echo "$PWD/dist/$(ls -t dist | grep -m1 -v '\.\(zip\|gz\)$')"
