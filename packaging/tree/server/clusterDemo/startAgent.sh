#!/bin/sh
# Starts the agent of this package and waits until it listens. Usage: startAgent.sh [--timeout SECONDS]
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
demo=$(cd -P "$(dirname "$self")" && pwd) || exit 1
server=$(dirname "$demo")
. "$server/scripts/node_control.sh"
parse_start_options "$@"
start_node agent "$demo" "$demo/data" "$demo/config/agent.cfg" "$demo/log/agent.log" '' \
  -script "$server/dolphindb.dos" -config "$demo/config/agent.cfg" -logFile "$demo/log/agent.log"
