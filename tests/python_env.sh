#!/bin/sh
# Makes the virtual environment of the Python tests (official client, pytest) once and prints its interpreter.
set -eu
cd "$(dirname "$0")/.."
env=build/python-env
stamp=$env/requirements.txt
if ! cmp -s tests/requirements.txt "$stamp"; then
  rm -rf "$env"
  python3 -m venv "$env" >&2
  "$env/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt >&2
  cp tests/requirements.txt "$stamp"
fi
echo "$PWD/$env/bin/python"
