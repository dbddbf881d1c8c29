#!/bin/sh
# Stops every node of this package, the controller last, and waits. Usage: stopAllNode.sh [--timeout SECONDS] [--host]
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
demo=$(cd -P "$(dirname "$self")" && pwd) || exit 1
server=$(dirname "$demo")
. "$server/scripts/node_control.sh"
parse_stop_options "$@"
stop_nodes "$where" computenode datanode agent controller single
