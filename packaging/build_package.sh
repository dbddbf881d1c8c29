#!/bin/sh
# Builds the programs and the web pages and lays out the package; prints its folder, which holds server/.
#   packaging/build_package.sh
# PELORUS_BUILD names a build folder to take the programs from instead of building.
set -eu
cd "$(dirname "$0")/.."
build=${PELORUS_BUILD:-}
if [ -z "$build" ]; then
  targets=pelorusd
  [ -f src/cli/main.cc ] && targets="$targets pelorus"
  # shellcheck disable=SC2086
  build=$(./build.sh $targets | tail -n 1)
fi
if [ -f web/package.json ] && [ ! -d web/dist ]; then
  (cd web && npm ci --ignore-scripts && npm run build) >&2
fi
packaging/make_package.sh --tree-only "$build" dist
