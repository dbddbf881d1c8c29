#!/bin/sh
# Runs the official clients against the node: Python and JavaScript. Needs a build.
set -eu
cd "$(dirname "$0")/../.."
build=${PELORUS_BUILD:-$PWD/build}
export PELORUS_BUILD="$build"
ninja -C "$build" memory_node >/dev/null
python=$(tests/python_env.sh)
"$python" -m pytest -q -p no:cacheprovider tests/clients/python

env=$build/javascript-env
if ! cmp -s tests/clients/javascript/package.json "$env/package.json"; then
  rm -rf "$env"
  mkdir -p "$env"
  cp tests/clients/javascript/package.json "$env/.package.json"
  (cd "$env" && cp .package.json package.json && npm install --silent --no-audit --no-fund >&2) || { rm -rf "$env"; exit 1; }
fi
cp tests/clients/javascript/*.test.js "$env/"
(cd "$env" && node_modules/.bin/node --test)
