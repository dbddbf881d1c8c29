#!/bin/sh
# The vendor's function manual against this build; see run.py.
set -eu
cd "$(dirname "$0")/../.."
./build.sh --debug pelorusd script_runner > /dev/null
exec tests/manuals/run.py
