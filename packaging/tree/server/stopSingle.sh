#!/bin/sh
# Stops the single node of this package and waits. Usage: stopSingle.sh [--timeout SECONDS] [--host]
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
server=$(cd -P "$(dirname "$self")" && pwd) || exit 1
. "$server/scripts/node_control.sh"
parse_stop_options "$@"
stop_nodes "$where" single
