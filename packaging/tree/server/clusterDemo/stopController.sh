#!/bin/sh
# Stops the controller of this package and waits. Usage: stopController.sh [--timeout SECONDS] [--host]
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
stop_nodes "$where" controller
