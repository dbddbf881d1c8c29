#!/bin/sh
# Starts the single node of this package and waits until it listens. Usage: startSingle.sh [--timeout SECONDS]
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
server=$(cd -P "$(dirname "$self")" && pwd) || exit 1
. "$server/scripts/node_control.sh"
parse_start_options "$@"
start_node single "$server" "$server" "$server/dolphindb.cfg" "$server/dolphindb.log" localhost:8848:local8848 \
  -config "$server/dolphindb.cfg" -script "$server/dolphindb.dos" -logFile "$server/dolphindb.log"
