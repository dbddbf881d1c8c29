#!/bin/sh
# The package's start and stop scripts with a fake server, under dash and busybox ash.
#   tests/packaging/scripts_test.sh
# Needs dash, busybox, flock, python3 (to hold ports). Prints one line a test; exit 1 when any fails.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
failures=0 count=0
started_here=''

clean() {
  for pid in $(cat "$work"/*/server/*/node.pid "$work"/*/server/clusterDemo/data/*/node.pid 2>/dev/null | sed -n 's/^pid=\([0-9]*\) .*/\1/p') $started_here; do
    case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in *"$work"*) kill -9 "$pid" 2>/dev/null ;; esac
  done
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

pass() { count=$((count + 1)); printf 'ok    %s: %s\n' "$shell_name" "$1"; }
fail() { count=$((count + 1)); failures=$((failures + 1)); printf 'FAIL  %s: %s\n' "$shell_name" "$1"; sed 's/^/      /' "$work/out" 2>/dev/null; }
# check NAME COMMAND...: passes when the command succeeds.
check() { name=$1; shift; if "$@"; then pass "$name"; else fail "$name"; fi; }
# run STATUS COMMAND...: runs it, keeps its output in $work/out, succeeds when it exits with STATUS.
run() { wanted=$1; shift; "$@" >"$work/out" 2>&1 </dev/null; got=$?; [ "$got" = "$wanted" ] || { echo "exit $got, wanted $wanted" >>"$work/out"; return 1; }; }
printed() { grep -q -- "$1" "$work/out"; }
alive() { kill -0 "$1" 2>/dev/null; }
pid_in() { sed -n 's/^pid=\([0-9]*\) .*/\1/p' "$1/node.pid" 2>/dev/null; }

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# new_package NAME: a package with the fake server and free ports; sets $package, $demo.
new_package() {
  package=$work/$1
  demo=$package/server/clusterDemo
  mkdir -p "$package"
  cp -R "$root/packaging/tree/." "$package/"
  cp "$root/tests/packaging/fake_server.sh" "$package/server/dolphindb"
  printf 'localSite=127.0.0.1:%s:controller1\r\ndfsHAMode=Raft' "$(free_port)" >"$demo/config/controller.cfg"
  printf 'mode=agent\r\nlocalSite=127.0.0.1:%s:agent1\r\n' "$(free_port)" >"$demo/config/agent.cfg"
  sed -i "s/localhost:8848/127.0.0.1:$(free_port)/" "$package/server/dolphindb.cfg"
}
controller_pid() { pid_in "$demo/data/controller1"; }

# A data node as an agent starts it: detached, its home inside the agent's package.
start_data_node() {
  mkdir -p "$demo/data"
  setsid "$package/server/dolphindb" -mode datanode -home "$demo/data" -config /noconfig -localSite 127.0.0.1:9:node1 >/dev/null 2>&1 </dev/null &
  while [ "$(cat "$demo/data/node1/node.state" 2>/dev/null)" != listening ]; do sleep 0.05; done
}

syntax_is_posix() {
  find "$root/packaging/tree" -name '*.sh' >"$work/scripts"
  while read -r script; do
    dash -n "$script" && busybox ash -n "$script" || return 1
  done <"$work/scripts"
}

starts_from_anywhere() {
  new_package anywhere
  (cd / && run 0 $shell "$demo/startController.sh") && printed "controller1 is running, pid $(controller_pid), http://127.0.0.1:" &&
    (cd "$demo" && run 0 $shell ./startAgent.sh) && printed 'agent1 is running' && [ -f "$demo/controller.nohup" ]
}
passes_absolute_paths() {
  new_package flags
  FAKE_LOG=$work/flags.log; export FAKE_LOG
  run 0 $shell "$demo/startController.sh" && unset FAKE_LOG &&
    grep -q -- "-console 0 -mode controller -home $demo/data .*-config $demo/config/controller.cfg .*-nodesFile $demo/config/cluster.nodes -clusterConfig $demo/config/cluster.cfg" "$work/flags.log"
}
starts_through_a_symlink() {
  new_package 'with blank'
  ln -sf "$demo/startController.sh" "$work/link.sh"
  (cd "$work" && ln -sf link.sh second.sh && run 0 $shell ./second.sh) && alive "$(controller_pid)"
}
lower_case_directory_forwards() {
  new_package lower
  (cd "$package/server/clusterdemo" && run 0 $shell startController.sh) && printed 'controller1 is running' && [ -d "$demo/data/controller1" ]
}
second_start_changes_nothing() {
  new_package twice
  run 0 $shell "$demo/startController.sh" || return 1
  first=$(controller_pid)
  run 0 $shell "$demo/startController.sh" && printed "already running, pid $first" && [ "$(controller_pid)" = "$first" ]
}
parallel_starts_give_one_node() {
  new_package parallel
  FAKE_SLOW=0.5; export FAKE_SLOW
  $shell "$demo/startController.sh" >"$work/one" 2>&1 & one=$!
  $shell "$demo/startController.sh" >"$work/two" 2>&1 & two=$!
  wait $one; one_status=$?
  wait $two; two_status=$?
  unset FAKE_SLOW
  cat "$work/one" "$work/two" >"$work/out"
  [ $one_status = 0 ] && [ $two_status = 0 ] && [ "$(grep -c "pid $(controller_pid)" "$work/out")" = 2 ]
}
busy_port_names_its_owner() {
  new_package busy
  port=$(sed -n 's/^localSite=127.0.0.1:\([0-9]*\):.*/\1/p' "$demo/config/controller.cfg")
  python3 -c "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',$port)); s.listen(); print('up',flush=True); time.sleep(60)" >"$work/holder" &
  holder=$!
  while [ ! -s "$work/holder" ]; do sleep 0.05; done
  run 1 $shell "$demo/startController.sh"; status=$?
  kill $holder
  [ $status = 0 ] && printed "port $port is taken by pid $holder (.*python3" && [ ! -f "$demo/data/controller1/node.pid" ]
}
port_of_another_address_is_free() {
  new_package elsewhere
  port=$(sed -n 's/^localSite=127.0.0.1:\([0-9]*\):.*/\1/p' "$demo/config/controller.cfg")
  python3 -c "import socket,time; s=socket.socket(); s.bind(('127.0.0.2',$port)); s.listen(); print('up',flush=True); time.sleep(60)" >"$work/holder" &
  holder=$!
  while [ ! -s "$work/holder" ]; do sleep 0.05; done
  run 0 $shell "$demo/startController.sh" && alive "$(controller_pid)"; status=$?
  kill $holder
  return $status
}
failure_gives_the_reason() {
  new_package failing
  FAKE_FAIL='metadata is damaged'; export FAKE_FAIL
  run 1 $shell "$demo/startController.sh"; status=$?
  unset FAKE_FAIL
  [ $status = 0 ] && printed 'metadata is damaged' && printed 'controller1 was not started'
}
slow_start_is_said_to_go_on() {
  new_package slow
  FAKE_SLOW=6; export FAKE_SLOW
  run 1 $shell "$demo/startController.sh" --timeout 2; status=$?
  unset FAKE_SLOW
  [ $status = 0 ] && printed 'is not there yet (starting' && alive "$(controller_pid)"
}
stale_pid_files_are_recognised() {
  new_package stale
  mkdir -p "$demo/data/controller1"
  echo "pid=$$ start=1 boot=$(cat /proc/sys/kernel/random/boot_id)" >"$demo/data/controller1/node.pid"
  echo ready >"$demo/data/controller1/node.state"
  run 0 $shell "$demo/stopAllNode.sh" && printed 'nothing running' && run 0 $shell "$demo/startController.sh" && printed 'is running, pid'
}
missing_config_and_rights_are_explained() {
  new_package broken
  rm "$demo/config/agent.cfg"
  run 1 $shell "$demo/startAgent.sh" && printed 'no usable localSite' || return 1
  rm "$package/server/dolphindb"
  run 1 $shell "$demo/startController.sh" && printed 'the program is missing'
}
nested_package_is_noticed() {
  new_package nested
  mkdir -p "$package/nested/server"
  run 0 $shell "$demo/startController.sh" && printed 'a second package was found'
}
wrong_options_are_refused() {
  new_package options
  run 2 $shell "$demo/startController.sh" --nonsense && run 2 $shell "$demo/stopAllNode.sh" --timeout soon
}
stop_waits_and_takes_data_nodes_along() {
  new_package whole
  FAKE_FLUSH=0.6; export FAKE_FLUSH
  run 0 $shell "$demo/startController.sh" && run 0 $shell "$demo/startAgent.sh" && start_data_node
  unset FAKE_FLUSH
  run 0 $shell "$demo/stopAllNode.sh" || return 1
  for alias in controller1 agent1 node1; do [ -f "$demo/data/$alias/flushed" ] || return 1; done
  [ "$(sed -n 's/^stopping \([a-z]*\):.*/\1/p' "$work/out" | tr '\n' ' ')" = 'datanode agent controller ' ] && [ ! -f "$demo/data/stopping" ]
}
stop_of_one_role_leaves_the_others() {
  new_package roles
  run 0 $shell "$demo/startController.sh" && run 0 $shell "$demo/startAgent.sh" && start_data_node
  run 0 $shell "$demo/stopAgent.sh" && [ -z "$(pid_in "$demo/data/agent1")" ] && alive "$(pid_in "$demo/data/node1")" &&
    run 0 $shell "$demo/stopController.sh" && [ -z "$(controller_pid)" ] && alive "$(pid_in "$demo/data/node1")"
}
stop_spares_other_packages_and_editors() {
  new_package other
  other_demo=$demo
  run 0 $shell "$demo/startController.sh" || return 1
  other_pid=$(controller_pid)
  new_package mine
  run 0 $shell "$demo/startController.sh" || return 1
  tail -f "$demo/config/controller.cfg" "$package/server/dolphindb" >/dev/null 2>&1 &
  editor=$!
  started_here="$started_here $editor"
  run 0 $shell "$demo/stopAllNode.sh" && [ -z "$(controller_pid)" ] && alive "$other_pid" && alive $editor
  status=$?
  kill $editor
  [ $status = 0 ] && run 0 $shell "$demo/stopAllNode.sh" && printed 'nothing running'
}
stop_finds_processes_by_their_program() {
  new_package program
  rm "$package/server/dolphindb"
  cp /bin/sleep "$package/server/dolphindb"
  "$package/server/dolphindb" 100 &
  sleeper=$!
  started_here="$started_here $sleeper"
  run 0 $shell "$demo/stopAllNode.sh" && printed "stopping single: $sleeper"
  status=$?
  wait $sleeper
  return $status
}
stop_gives_up_after_the_timeout() {
  new_package deaf
  FAKE_DEAF=1; export FAKE_DEAF
  run 0 $shell "$demo/startController.sh"
  unset FAKE_DEAF
  pid=$(controller_pid)
  run 3 $shell "$demo/stopAllNode.sh" --timeout 1 && printed "still running after 1 s: $pid" && alive "$pid"
  status=$?
  kill -9 "$pid"
  return $status
}
single_node_starts_and_stops() {
  new_package single
  FAKE_SLOW=0.4; export FAKE_SLOW
  (cd / && run 0 $shell "$package/server/startSingle.sh") && printed 'local8848 is running' &&
    [ "$(cat "$package/server/local8848/node.state")" = ready ] &&
    run 0 $shell "$package/server/stopSingle.sh" && [ -f "$package/server/local8848/flushed" ]
  status=$?
  unset FAKE_SLOW
  return $status
}

# new_programs: a package to upgrade to, in $work/new.
new_programs() {
  mkdir -p "$work/new"
  cp -R "$root/packaging/tree/server" "$work/new/"
  cp "$root/tests/packaging/fake_server.sh" "$work/new/server/pelorusd"
  cp "$root/tests/packaging/fake_server.sh" "$work/new/server/dolphindb"
  echo 'new page' >"$work/new/server/web/new.html"
  echo 'example' >"$work/new/server/clusterDemo/config/agent.cfg"
}
upgrade_refuses_while_running() {
  new_package busy
  new_programs
  run 0 $shell "$demo/startController.sh" && run 7 $shell "$demo/upgrade.sh" --package "$work/new" --yes &&
    printed "pid $(controller_pid)" && [ ! -e "$package/server/web/new.html" ] && run 0 $shell "$demo/stopAllNode.sh"
}
upgrade_exchanges_programs_and_puts_them_back() {
  new_package exchanged
  new_programs
  cp "$package/server/dolphindb" "$package/server/pelorusd"
  echo mine >"$package/server/dolphindb.lic"
  echo 'old page' >"$package/server/web/old.html"
  cp "$demo/config/agent.cfg" "$work/agent.cfg"
  run 0 $shell "$demo/upgrade.sh" --package "$work/new" --yes && [ -e "$package/server/web/new.html" ] &&
    [ ! -e "$package/server/web/old.html" ] && cmp -s "$demo/config/agent.cfg" "$work/agent.cfg" &&
    [ "$(cat "$package/server/dolphindb.lic")" = mine ] || return 1
  run 0 $shell "$demo/startController.sh" && run 0 $shell "$demo/stopAllNode.sh" || return 1
  run 0 $shell "$demo/upgrade.sh" --back --yes && [ ! -e "$package/server/web/new.html" ] &&
    [ -e "$package/server/web/old.html" ] && [ ! -e "$package/server.before" ] && run 7 $shell "$demo/upgrade.sh" --back --yes
}
upgrade_that_was_cut_off_goes_back_first() {
  new_package cut
  new_programs
  cp "$package/server/dolphindb" "$package/server/pelorusd"
  run 0 $shell "$demo/upgrade.sh" --package "$work/new" --yes || return 1
  rm "$package/server.before/.whole" "$package/server/pelorusd"
  run 7 $shell "$demo/upgrade.sh" --package "$work/new" --yes && printed 'cut off' &&
    run 0 $shell "$demo/upgrade.sh" --back --yes && [ -x "$package/server/pelorusd" ] && [ -x "$demo/upgrade.sh" ]
}
upgrade_asks_without_options() {
  new_package asked
  new_programs
  printf '%s\nn\n' "$work/new" | $shell "$demo/upgrade.sh" >"$work/out" 2>&1
  [ $? = 1 ] && printed 'Exchange the programs' && [ ! -e "$package/server.before" ] && run 2 $shell "$demo/upgrade.sh" --online
}

all_tests='starts_from_anywhere passes_absolute_paths starts_through_a_symlink lower_case_directory_forwards
  second_start_changes_nothing parallel_starts_give_one_node busy_port_names_its_owner port_of_another_address_is_free failure_gives_the_reason
  slow_start_is_said_to_go_on stale_pid_files_are_recognised missing_config_and_rights_are_explained
  nested_package_is_noticed wrong_options_are_refused stop_waits_and_takes_data_nodes_along
  stop_of_one_role_leaves_the_others stop_spares_other_packages_and_editors stop_finds_processes_by_their_program
  stop_gives_up_after_the_timeout single_node_starts_and_stops upgrade_refuses_while_running
  upgrade_exchanges_programs_and_puts_them_back upgrade_that_was_cut_off_goes_back_first upgrade_asks_without_options'

shell_name=both
check 'every script is POSIX sh' syntax_is_posix
for shell in dash 'busybox ash'; do
  shell_name=$shell
  for test in ${1:-$all_tests}; do
    check "$(echo "$test" | tr _ ' ')" "$test"
    clean
    started_here=''
    mkdir -p "$work"
  done
done
echo "$count tests, $failures failed"
[ $failures -eq 0 ]
