#!/bin/sh
# Builds the web page into web/dist. Does nothing when nothing it is made of has changed since.
# Needs npm and its registry; the Node.js that builds it is one of the page's npm packages.
set -eu
cd "$(dirname "$0")/../web"
say() { printf 'web page: %s\n' "$*" >&2; }

command -v npm >/dev/null 2>&1 || { say "npm is missing: tools/install_packages.sh installs it"; exit 1; }
install_packages() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && return
  say "npm could not install the packages of web/package-lock.json; is its registry reachable?"
  say "packaging/build_package.sh --without-web makes a package without the page"
  exit 1
}
if ! cmp -s package-lock.json node_modules/.pelorus-lock.json; then
  install_packages
  # npm leaves out optional packages that its own Node.js is too old for, and Debian's is: once more with the page's.
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
    newer=$(mktemp -d)
    cp node_modules/node-linux-*/bin/node "$newer/node"
    # Debian's npm finds its parts through its Node.js, any other through this variable.
    (PATH=$newer:$PATH NODE_PATH=/usr/share/nodejs install_packages) || { rm -rf "$newer"; exit 1; }
    rm -rf "$newer"
  fi
  # npm 9 leaves this link out when it skips the package of the other kind of machine.
  for package in node_modules/node-linux-*; do
    if [ -x "$package/bin/node" ]; then ln -sf "../${package#node_modules/}/bin/node" node_modules/.bin/node; fi
  done
  cp package-lock.json node_modules/.pelorus-lock.json
fi
stamp=dist/index.html
changed=$(find src public tools index.html package-lock.json vite.config.ts -newer "$stamp" -print 2>/dev/null | head -n 1) || true
if [ ! -f "$stamp" ] || [ -n "$changed" ]; then
  npm run --silent build >&2
fi
