#!/bin/sh
# Builds the programs and the web page and lays out the package; prints its folder, which holds server/.
#   packaging/build_package.sh [--without-web]      the page is built with packages from npm
# PELORUS_BUILD names a build folder to take the programs from instead of building.
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
  '') packaging/build_web.sh ;;
  --without-web) rm -rf web/dist ;;
  *) echo "usage: $0 [--without-web]" >&2; exit 2 ;;
esac
build=${PELORUS_BUILD:-}
if [ -z "$build" ]; then
  targets=pelorusd
  [ -f src/cli/main.cc ] && targets="$targets pelorus"
  # shellcheck disable=SC2086
  build=$(./build.sh $targets | tail -n 1)
fi
packaging/make_package.sh --tree-only "$build" dist
