#!/bin/sh
# For those who type clusterdemo: the scripts are in clusterDemo.
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
exec sh "$(dirname "$self")/../clusterDemo/startController.sh" "$@"
