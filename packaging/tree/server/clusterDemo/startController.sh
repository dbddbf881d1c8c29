#!/bin/sh
# Starts the controller of this package and waits until it listens. Usage: startController.sh [--timeout SECONDS]
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
start_node controller "$demo" "$demo/data" "$demo/config/controller.cfg" "$demo/log/controller.log" '' \
  -script "$server/dolphindb.dos" -config "$demo/config/controller.cfg" -logFile "$demo/log/controller.log" \
  -nodesFile "$demo/config/cluster.nodes" -clusterConfig "$demo/config/cluster.cfg"
