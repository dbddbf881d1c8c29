#!/bin/sh
# The official clients, unmodified, and hostile ones against a single node: Python, then JavaScript.
#   tests/clients/run.sh [PYTEST ARGUMENT...]      with arguments only the Python tests they choose
# PELORUSD names the program to test; without it the debug build is made and used.
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${PELORUSD:-}" ]; then
  PELORUSD=$PWD/$(./build.sh --debug pelorusd | tail -n 1)/pelorusd
fi
export PELORUSD
python=$(tests/python_env.sh)
[ $# -eq 0 ] || exec "$python" -m pytest -q "$@"
"$python" -m pytest -q tests/clients/python
javascript=$(tests/javascript_env.sh)
cd "$javascript"
exec "$python" "$OLDPWD/tests/clients/single_node.py" node_modules/.bin/node --test --test-reporter=dot
