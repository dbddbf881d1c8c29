#!/bin/sh
# The package with its own programs: the shipped clusterDemo layout and the single node, on free ports.
# PELORUS_PACKAGE names the package. Prints one line a test; exit 1 when any fails.
set -u
work=$(mktemp -d) || exit 1
failures=0
server=$work/server
demo=$server/clusterDemo
clean() {
  [ ! -d "$demo" ] || sh "$demo/stopAllNode.sh" --timeout 30 >/dev/null 2>&1
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

check() {
  name=$1
  shift
  if "$@" >"$work/out" 2>&1 </dev/null; then
    printf 'ok    real: %s\n' "$name"
  else
    failures=$((failures + 1))
    printf 'FAIL  real: %s\n' "$name"
    sed 's/^/      /' "$work/out"
  fi
}
# ask PORT SCRIPT: what the node answers.
ask() { "$server/pelorus" run --port "$1" -u admin -p 123456 -e "$2"; }
# answers PORT SCRIPT VALUE: it answers so within 20 s.
answers() {
  for _ in $(seq 100); do
    [ "$(ask "$1" "$2" 2>&1)" = "$3" ] && return 0
    sleep 0.2
  done
  ask "$1" "$2"
  return 1
}
online() { "$server/pelorus" status --port "$1" --json | grep -o '"online":true' | wc -l; }
online_are() {
  for _ in $(seq 100); do
    [ "$(online "$1")" = "$2" ] && return 0
    sleep 0.2
  done
  "$server/pelorus" status --port "$1"
  return 1
}

cp -R "$PELORUS_PACKAGE/server" "$server"
# Neighbouring free ports, whatever 8848 and 8900 to 8903 are used for here.
base=$(python3 - <<'PYTHON'
import socket
for base in range(26000, 27000, 20):
    try:
        for port in range(base, base + 5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        print(base)
        break
    except OSError:
        pass
PYTHON
)
sed -i "s/localhost:8848/localhost:$((base + 4))/" "$server/dolphindb.cfg"
for k in 0 1 2 3; do sed -i "s/localhost:890$k/localhost:$((base + k))/g" "$demo"/config/*; done

# The shipped cluster.nodes names no controller: the only one is a member all the same.
check 'the shipped controller starts' sh "$demo/startController.sh"
check 'the shipped agent starts' sh "$demo/startAgent.sh"
check 'controller and agent are online' online_are "$base" 2
check 'the data and the compute node are started' ask "$base" 'startDataNode(["dnode1", "cnode1"])'
check 'four nodes are online' online_are "$base" 4
check 'the controller leads' sh -c "'$server/pelorus' status --port $base --json | grep -q '\"leader\":\"controller8900\"'"
check 'a stored table is written' ask $((base + 2)) 'db = database("dfs://t", VALUE, 1..3)
  t = db.createPartitionedTable(table(1:0, `id`v, [INT, INT]), `t, `id)
  t.append!(table(1..3 as id, 4 5 6 as v))'
check 'the compute node reads it' answers $((base + 3)) 'exec sum(v) from loadTable("dfs://t", "t")' 15
check 'the package stops' sh "$demo/stopAllNode.sh" --timeout 30
check 'nothing is left running' sh -c "sh '$demo/stopAllNode.sh' | grep -q 'nothing running'"
check 'it starts again' sh "$demo/startController.sh"
check 'with its agent' sh "$demo/startAgent.sh"
check 'both are online again' online_are "$base" 2
check 'the data node is started again' ask "$base" 'startDataNode("dnode1")'
check 'the rows are still there' answers $((base + 2)) 'exec sum(v) from loadTable("dfs://t", "t")' 15
check 'the package stops again' sh "$demo/stopAllNode.sh" --timeout 30

# Two controllers without a group would be two clusters.
printf 'localhost:%s:other,controller\n' $((base + 10)) >>"$demo/config/cluster.nodes"
check 'a second controller without dfsHAMode is refused' sh -c \
  "! sh '$demo/startController.sh' --timeout 20 && grep -q 'dfsHAMode=Raft' '$demo/log/controller.log'"
sh "$demo/stopAllNode.sh" --timeout 30 >/dev/null 2>&1

check 'the single node starts' sh "$server/startSingle.sh"
check 'it answers at once' answers $((base + 4)) '1 + 1' 2
check 'it knows its user at once' ask $((base + 4)) 'getClusterPerf(true)'
check 'it stops' sh "$server/stopSingle.sh" --timeout 30
[ $failures = 0 ]
