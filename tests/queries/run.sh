#!/bin/sh
# The same queries over a table in memory, a partitioned OLAP and TSDB table and a dimension table; see run.py.
set -eu
cd "$(dirname "$0")/../.."
./build.sh --debug pelorusd script_runner > /dev/null
exec tests/queries/run.py
