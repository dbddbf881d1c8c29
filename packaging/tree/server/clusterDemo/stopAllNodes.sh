#!/bin/sh
# Another name of stopAllNode.sh.
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
exec sh "$(dirname "$self")/stopAllNode.sh" "$@"
