#!/bin/sh
# Installs the official JavaScript client and Node.js once for each lock file, lays the JavaScript tests beside them, and
# prints the folder; node_modules/.bin/node in it runs them.
set -eu
cd "$(dirname "$0")/.."
env=build/javascript-env
source=tests/clients/javascript
if ! cmp -s "$source/package-lock.json" "$env/installed-lock.json"; then
  rm -rf "$env"
  mkdir -p "$env"
  cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$env/"
  (cd "$env" && npm ci --silent >&2)
  cp "$env/package-lock.json" "$env/installed-lock.json"
fi
rm -f "$env"/*.js
cp "$source"/*.js "$env/"
echo "$PWD/$env"
