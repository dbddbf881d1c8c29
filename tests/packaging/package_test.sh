#!/bin/sh
# The release package: tree, archives, modes. Uses any program in place of the server.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
check() { name=$1; shift; if "$@"; then echo "ok    package: $name"; else failures=$((failures + 1)); echo "FAIL  package: $name"; fi; }

mkdir "$work/build"
cp /bin/sleep "$work/build/pelorusd"
"$root/packaging/make_package.sh" "$work/build" "$work/out" >"$work/made" || { cat "$work/made"; exit 1; }
archive=$(sed -n 1p "$work/made")
zip=$(sed -n 2p "$work/made")

mkdir "$work/tar" "$work/zip"
tar -xzf "$archive" -C "$work/tar"
python3 - "$zip" "$work/zip" <<'PYTHON'
import sys, zipfile, os
with zipfile.ZipFile(sys.argv[1]) as archive:
    for item in archive.infolist():
        path = archive.extract(item, sys.argv[2])
        os.chmod(path, item.external_attr >> 16 & 0o777)
PYTHON

for kind in tar zip; do
  server=$work/$kind/server
  for path in dolphindb pelorusd startSingle.sh stopSingle.sh clusterDemo/startController.sh clusterDemo/startAgent.sh \
    clusterDemo/stopAllNode.sh clusterDemo/stopAllNodes.sh clusterDemo/stopController.sh clusterDemo/stopAgent.sh clusterDemo/upgrade.sh clusterdemo/startController.sh; do
    check "$kind: $path may be run" test -x "$server/$path"
  done
  for path in dolphindb.cfg dolphindb.dos clusterDemo/config/controller.cfg clusterDemo/config/agent.cfg clusterDemo/config/cluster.cfg \
    clusterDemo/config/cluster.nodes LICENSE scripts/node_control.sh modules/ops.dos; do
    check "$kind: $path is there" test -s "$server/$path"
  done
  for path in clusterDemo/data clusterDemo/log web modules; do check "$kind: $path is a directory" test -d "$server/$path"; done
  check "$kind: one program under two names" cmp -s "$server/dolphindb" "$server/pelorusd"
done
check 'tar: the two names are one file' test "$work/tar/server/dolphindb" -ef "$work/tar/server/pelorusd"
[ $failures = 0 ]
