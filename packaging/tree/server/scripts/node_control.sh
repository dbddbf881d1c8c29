# Starting and stopping nodes of one package: the functions behind every script in this package.
# Sourced, never run. POSIX sh. The caller has set:
#   server   absolute path of the package's server/ directory
# A node's directory holds node.pid ("pid=N start=TICKS boot=ID"), node.lock and node.state (one line:
# starting, listening, ready, stopping or failed, and ": detail").

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# Seconds since boot, whole.
now() { awk '{ print int($1) }' /proc/uptime; }

# in_seconds SECONDS: when they are over, on the clock of now, which has run up to a second since it last struck.
in_seconds() { echo $(($(now) + $1 + 1)); }

# nap: a fraction of a second, or a whole one where sleep knows no fractions.
nap() { sleep 0.2 2>/dev/null || sleep 1; }

# start_ticks PID: when the process began, in ticks since boot; nothing for a dead one or a zombie. One that is dying
# (bit 4 of its flags) is waited for, some seconds at most.
start_ticks() {
  asked_pid=$1 patience=50
  while :; do
    stat_line=$(cat "/proc/$asked_pid/stat" 2>/dev/null) || return 0
    stat_line=${stat_line##*) }
    # shellcheck disable=SC2086
    set -- $stat_line
    case ${1:-} in Z | X | '') return 0 ;; esac
    [ $((${7:-0} / 4 % 2)) = 1 ] && [ $((patience -= 1)) -gt 0 ] || break
    nap
  done
  printf '%s\n' "${20:-}"
}

# living_pid DIRECTORY: the process that node.pid names, if it is still that very process.
living_pid() {
  [ -r "$1/node.pid" ] || return 0
  read -r pid_line <"$1/node.pid" || [ -n "$pid_line" ] || return 0
  wanted_pid=${pid_line#*pid=}; wanted_pid=${wanted_pid%% *}
  wanted_start=${pid_line#*start=}; wanted_start=${wanted_start%% *}
  wanted_boot=${pid_line#*boot=}; wanted_boot=${wanted_boot%% *}
  case $wanted_pid in '' | *[!0-9]*) return 0 ;; esac
  [ "$wanted_boot" = "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" ] || return 0
  [ "$wanted_start" = "$(start_ticks "$wanted_pid")" ] || return 0
  printf '%s\n' "$wanted_pid"
}

# config_value FILE KEY: the last value of KEY, without CR, byte-order mark and blanks around it.
config_value() {
  [ -r "$1" ] || return 0
  mark=$(printf '\357\273\277')
  tr -d '\r' <"$1" | sed "1s/^$mark//" | awk -v key="$2" '
    { line = $0; sub(/^[ \t]+/, "", line) }
    line ~ /^(#|\/\/)/ { next }
    { at = index(line, "="); if (!at) next
      name = substr(line, 1, at - 1); sub(/[ \t]+$/, "", name)
      value = substr(line, at + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
      if (name == key) found = value }
    END { print found }'
}

# owner_of_port PORT [ADDRESS]: "pid N (command)" of who listens there, or "another user's process". Nothing when
# the port is free. ADDRESS: only listeners on it or on all addresses count.
owner_of_port() {
  inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$1" -v address="${2:-}" '
    BEGIN {
      wanted = sprintf("%04X", port)
      if (split(address, part, ".") == 4) hex = sprintf("%02X%02X%02X%02X", part[4], part[3], part[2], part[1])
    }
    $4 == "0A" {
      split($2, local, ":")
      if (local[2] != wanted) next
      if (hex != "" && local[1] != hex && local[1] !~ /^0+$/) next
      print $10; exit
    }')
  [ -n "$inode" ] || return 0
  owner=$(ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v socket="socket:[$inode]" '
    /^\/proc\// { split($1, part, "/"); pid = part[3] }
    index($0, socket) { print pid; exit }')
  if [ -n "$owner" ]; then
    say "pid $owner ($(tr '\0' ' ' 2>/dev/null <"/proc/$owner/cmdline" | cut -c1-120))"
  else
    say "a process of another user"
  fi
}

# listen_address CONFIG HOST: where a node of that localSite listens; nothing for all addresses.
listen_address() {
  told=$(config_value "$1" listenAddress)
  case ${told:-$2} in
    localhost | ::1) say 127.0.0.1 ;;
    0.0.0.0) ;;
    127.*) say "${told:-$2}" ;;
    *) [ -z "$told" ] || say "$told" ;;
  esac
}

# check_place DIRECTORY...: each can be made and written, or an explanation and status 1.
check_place() {
  for place in "$@"; do
    if ! mkdir -p "$place" 2>/dev/null || [ ! -w "$place" ]; then
      complain "cannot write $place (owner $(stat -c %U "$place" 2>/dev/null || echo unknown), you are $(id -un))."
      complain "Give it to the user who runs the service:  chown -R $(id -un) '$server'"
      return 1
    fi
  done
}

# check_program: server/dolphindb is there and may be run.
check_program() {
  package=$(dirname "$server")
  nested=$package/$(basename "$package")/server
  if [ -d "$nested" ]; then
    complain "note: a second package was found in $(dirname "$nested"); it was probably copied onto an existing directory."
  fi
  if [ ! -f "$server/dolphindb" ]; then
    complain "the program is missing: $server/dolphindb"
    return 1
  fi
  if [ ! -x "$server/dolphindb" ] && ! chmod +x "$server/dolphindb" 2>/dev/null; then
    complain "the program may not be run:  chmod +x '$server/dolphindb'"
    return 1
  fi
}

# await_listening DIRECTORY CHILD SECONDS LOG...: waits until the node listens, a single node ($role) until it is ready.
# 0: it does, $found_pid is its process; 1: it failed or the time is up, and the reason is printed.
# CHILD: the process this script started, or nothing.
await_listening() {
  node_directory=$1 child=$2 limit=$(in_seconds "$3") grace=5
  shift 3
  while :; do
    found_pid=$(living_pid "$node_directory")
    if [ -n "$found_pid" ]; then
      state=''
      if [ -r "$node_directory/node.state" ]; then read -r state <"$node_directory/node.state" || :; fi
      case $state in
        ready*) return 0 ;;
        listening*) [ "$role" = single ] || return 0 ;;
        failed*) complain "it failed: ${state#failed: }"; return 1 ;;
      esac
    elif [ -z "$child" ] || [ -z "$(start_ticks "$child")" ]; then
      # A start in parallel may hold the lock and be about to write node.pid.
      grace=$((grace - 1))
      if [ "$grace" -le 0 ]; then
        report_death "$node_directory" "$@"
        return 1
      fi
    fi
    if [ "$(now)" -ge "$limit" ]; then
      complain "it is not there yet (${state:-no state known}); it goes on starting. Log: $1"
      return 1
    fi
    nap
  done
}

# report_death DIRECTORY LOG...: why a process is gone: its last state, the ends of its logs.
report_death() {
  if [ -r "$1/node.state" ]; then complain "it ended, last state: $(cat "$1/node.state")"; else complain "it ended at once"; fi
  shift
  for log in "$@"; do
    [ -s "$log" ] || continue
    complain "last lines of $log:"
    tail -n 5 "$log" >&2
  done
}

# parse_start_options ARGUMENT...: sets $timeout.
parse_start_options() {
  timeout=30
  while [ $# -gt 0 ]; do
    case $1 in
      --timeout) timeout=${2:-}; shift ;;
      --timeout=*) timeout=${1#*=} ;;
      *) complain "usage: $(basename "$0") [--timeout SECONDS]"; exit 2 ;;
    esac
    shift
  done
  case $timeout in '' | *[!0-9]*) complain "--timeout needs whole seconds"; exit 2 ;; esac
}

# start_node ROLE DIRECTORY HOME CONFIG LOG SITE FLAG...: starts a node with working directory DIRECTORY and waits.
# SITE is used when CONFIG names no localSite; empty: then that is an error. $timeout is the longest wait.
start_node() {
  role=$1 directory=$2 home=$3 config=$4 log=$5 site=$6
  shift 6
  written=$(config_value "$config" localSite)
  site=${written:-$site}
  alias=${site##*:} rest=${site%:*}
  port=${rest##*:} host=${rest%:*}
  case $port in '' | *[!0-9]*) complain "no usable localSite=host:port:alias in $config"; return 1 ;; esac
  check_program || return 1
  check_place "$home" "$(dirname "$log")" "$home/$alias" || return 1
  scheme=http
  case $(config_value "$config" enableHTTPS) in 1 | [Tt][Rr][Uu][Ee]) scheme=https ;; esac
  nohup_file=$directory/$role.nohup

  running=$(living_pid "$home/$alias")
  if [ -n "$running" ]; then
    await_listening "$home/$alias" '' "$timeout" "$log" || return 1
    say "$alias is already running, pid $found_pid, $scheme://$host:$port"
    return 0
  fi
  owner=$(owner_of_port "$port" "$(listen_address "$config" "$host")")
  if [ -n "$owner" ]; then
    # A start in parallel may have come first.
    nap
    if [ -z "$(living_pid "$home/$alias")" ]; then
      complain "port $port is taken by $owner; stop it or change localSite in $config"
      return 1
    fi
  fi

  cd "$directory" || return 1
  LD_LIBRARY_PATH=$server:$server/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
  nohup "$server/dolphindb" -console 0 -mode "$role" -home "$home" "$@" >>"$nohup_file" 2>&1 </dev/null &
  child=$!
  await_listening "$home/$alias" "$child" "$timeout" "$log" "$nohup_file" || {
    complain "$alias was not started"
    return 1
  }
  if [ "$found_pid" = "$child" ]; then
    say "$alias is running, pid $found_pid, $scheme://$host:$port, log $log"
  else
    say "$alias is already running, pid $found_pid, $scheme://$host:$port"
  fi
}

# role_of PID: from its command line; "single" without -mode.
role_of() {
  tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | awk '
    previous == "-mode" { role = $0 }
    $0 == "-remoteHost" { role = "client" }
    { previous = $0 }
    END { print (role == "" ? "single" : role) }'
}

# package_pids: every node of this package: those its node.pid files name, and those that run its program.
package_pids() {
  {
    for file in "$server"/*/node.pid "$server"/clusterDemo/data/*/node.pid; do
      [ -f "$file" ] && living_pid "$(dirname "$file")"
    done
    program_pids "$server/dolphindb" "$server/pelorusd"
  } | sort -nu
}

# program_pids PROGRAM...: processes that run one of the files, also when it was replaced since.
program_pids() {
  ls -l /proc/[0-9]*/exe 2>/dev/null | WANTED=$(printf '%s\n' "$@") awk '
    BEGIN { count = split(ENVIRON["WANTED"], program, "\n") }
    { at = index($0, " -> "); if (!at) next
      target = substr($0, at + 4); sub(/ \(deleted\)$/, "", target)
      for (i = 1; i <= count; ++i)
        if (target == program[i]) { match($0, /\/proc\/[0-9]+\/exe/); split(substr($0, RSTART), part, "/"); print part[3] } }'
}

# host_pids: nodes of every package on this machine that this user may see.
host_pids() {
  package_pids
  ls -l /proc/[0-9]*/exe 2>/dev/null | awk '
    / -> .*\/server\/(dolphindb|pelorusd)( \(deleted\))?$/ {
      match($0, /\/proc\/[0-9]+\/exe/); split(substr($0, RSTART), part, "/"); print part[3] }'
}

# stop_processes PID...: SIGTERM, then waits until all are gone. 1: not allowed; 3: $timeout (0: none) is up.
stop_processes() {
  waiting='' refused=''
  for pid in "$@"; do
    ticks=$(start_ticks "$pid")
    [ -n "$ticks" ] || continue
    if kill -15 "$pid" 2>/dev/null; then
      waiting="$waiting $pid:$ticks"
    elif [ -n "$(start_ticks "$pid")" ]; then
      complain "pid $pid belongs to $(stat -c %U "/proc/$pid" 2>/dev/null || echo another user); run this script as that user"
      refused=1
    fi
  done
  began=$(now) next_word=$(($(now) + 5))
  while [ -n "$waiting" ]; do
    left=''
    for item in $waiting; do
      [ "$(start_ticks "${item%%:*}")" = "${item#*:}" ] && left="$left $item"
    done
    waiting=$left
    [ -n "$waiting" ] || break
    pids=$(for item in $waiting; do printf ' %s' "${item%%:*}"; done)
    if [ "$timeout" -gt 0 ] && [ "$(now)" -ge "$deadline" ]; then
      complain "still running after $timeout s:$pids"
      return 3
    fi
    if [ "$(now)" -ge "$next_word" ]; then
      say "waiting for$pids since $(($(now) - began)) s"
      next_word=$(($(now) + 5))
    fi
    nap
  done
  [ -z "$refused" ]
}

# stop_nodes WHERE ROLE...: stops the processes of WHERE (package, host), role by role in the order given.
stop_nodes() {
  where=$1
  shift
  deadline=$(in_seconds "$timeout") stopped=0 status=0
  # While this file names a living process, the agent starts no node.
  marker=$server/clusterDemo/data/stopping
  if [ -d "$server/clusterDemo/data" ] && [ -w "$server/clusterDemo/data" ]; then
    say "pid=$$ start=$(start_ticks $$) boot=$(cat /proc/sys/kernel/random/boot_id)" >"$marker"
    trap 'rm -f "$marker"' EXIT
    trap 'exit 130' INT TERM
  fi
  for role in "$@"; do
    group=''
    for pid in $("${where}_pids" | sort -nu); do
      [ "$pid" = $$ ] && continue
      [ "$(role_of "$pid")" = "$role" ] && group="$group $pid"
    done
    [ -n "$group" ] || continue
    say "stopping $role:$group"
    # shellcheck disable=SC2086
    stop_processes $group || { status=$?; [ "$status" = 3 ] && break; }
    stopped=1
  done
  [ "$stopped" = 1 ] || [ "$status" != 0 ] || say "nothing running"
  return "$status"
}

# parse_stop_options ARGUMENT...: sets $timeout (0: no limit) and $where.
parse_stop_options() {
  timeout=0 where=package
  while [ $# -gt 0 ]; do
    case $1 in
      --timeout) timeout=${2:-}; shift ;;
      --timeout=*) timeout=${1#*=} ;;
      --host) where=host ;;
      *) complain "usage: $(basename "$0") [--timeout SECONDS] [--host]"; exit 2 ;;
    esac
    [ $# -gt 0 ] && shift
  done
  case $timeout in '' | *[!0-9]*) complain "--timeout needs whole seconds"; exit 2 ;; esac
}
