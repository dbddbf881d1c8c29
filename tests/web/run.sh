#!/bin/sh
# The web page: types and style, unit tests, then headless Chromium against real nodes.
#   PELORUS_PACKAGE   a laid-out package to test instead of a new one
set -eu
cd "$(dirname "$0")/../.."
packaging/build_web.sh
PELORUS_PACKAGE=${PELORUS_PACKAGE:-$(packaging/build_package.sh)}
PELORUS_PYTHON=$(tests/python_env.sh)
export PELORUS_PACKAGE PELORUS_PYTHON
cd web
npm run --silent check
npm run --silent test
npm run --silent test:browser
