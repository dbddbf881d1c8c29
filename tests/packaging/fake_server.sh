#!/bin/sh
# Stands in for the server in scripts_test.sh: takes the flags, holds a lock, writes node.pid and node.state as
# the real one does. FAKE_FAIL: reason to fail with; FAKE_SLOW: seconds until it listens; FAKE_DEAF: ignores SIGTERM;
# FAKE_FLUSH: seconds between SIGTERM and the end.
set -u
home='' config='' site='' role=''
printf '%s\n' "$0 $*" >>"${FAKE_LOG:-/dev/null}"
while [ $# -gt 0 ]; do
  case $1 in
    -home) home=$2 ;;
    -mode) role=$2 ;;
    -config) config=$2 ;;
    -localSite) site=$2 ;;
  esac
  shift 2
done
[ -n "$site" ] || site=$(tr -d '\r' <"$config" | sed -n 's/^localSite=//p' | tail -n 1)
directory=$home/${site##*:}
mkdir -p "$directory"
exec 9>"$directory/node.lock"
flock -n 9 || { echo "the node is running already" >&2; exit 3; }
rm -f "$directory/node.state"
stat=$(cat "/proc/$$/stat")
stat=${stat##*) }
set -- $stat
echo "pid=$$ start=${20} boot=$(cat /proc/sys/kernel/random/boot_id)" >"$directory/node.pid"
echo starting >"$directory/node.state"
sleep "${FAKE_SLOW:-0}"
if [ -n "${FAKE_FAIL:-}" ]; then
  echo "failed: $FAKE_FAIL" >"$directory/node.state"
  rm -f "$directory/node.pid"
  exit 1
fi
stop() {
  echo stopping >"$directory/node.state"
  sleep "${FAKE_FLUSH:-0}"
  echo flushed >"$directory/flushed"
  rm -f "$directory/node.pid"
  exit 0
}
if [ -n "${FAKE_DEAF:-}" ]; then trap '' TERM; else trap stop TERM; fi
echo listening >"$directory/node.state"
if [ "$role" = single ]; then sleep "${FAKE_SLOW:-0}"; echo ready >"$directory/node.state"; fi
while :; do sleep 0.05 9>&-; done
