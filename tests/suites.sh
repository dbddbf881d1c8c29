#!/bin/bash
# Runs the test suites and prints one line for each, then "N passed, N failed". Called by ./test.
set -u
cd "$(dirname "$0")/.."
root=$PWD
logs=$root/build/test-logs
mkdir -p "$logs"

suites=(checks units scripts clients packaging docs demo cluster crashes queries web seed deploy operations manuals)
long_suites=(seed_all doctor migrate walks upgrade membership faults fault_points limits backup clients_cluster fuzzers headers release clang sanitize_address sanitize_thread)

# The release package's tree with the debug build's programs, unless PELORUS_PACKAGE names one; dist/ stays as it is.
debug_package() {
  if [ -n "${PELORUS_PACKAGE:-}" ]; then
    echo "$PELORUS_PACKAGE"
  else
    ./build.sh --debug pelorusd pelorus >/dev/null && packaging/make_package.sh --tree-only build-debug build-debug/package
  fi
}

suite_checks() { python3 tools/check_floors.py && tools/check_format.sh && python3 tools/tidy.py; }
suite_headers() { tools/check_headers.sh; }
suite_units() { ./build.sh --debug >/dev/null && ctest --test-dir build-debug --output-on-failure -j2; }
suite_scripts() { ./build.sh --debug script_runner >/dev/null && build-debug/tests/script_runner tests/scripts; }
suite_packaging() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/packaging/run.sh; }
suite_docs() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/docs/run.py; }
suite_demo() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/demo/run.sh; }
suite_web() { packaging/build_web.sh && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/web/run.sh; }
suite_release() { ./build.sh >/dev/null && ctest --test-dir build --output-on-failure -j2; }
suite_cluster() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/cluster/run.sh; }
suite_doctor() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/doctor/run.sh; }
suite_migrate() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/migrate/run.sh; }
suite_walks() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/walks/run.sh; }
suite_operations() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/operations/run.sh; }
suite_upgrade() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/upgrade/run.sh; }
suite_seed() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/seed/run.sh; }
suite_seed_all() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/seed/run.sh --all; }
suite_clients_cluster() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/cluster/run.sh test_official_clients.py; }
suite_deploy() { tools/install_packages.sh --hosts && PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/deploy/run.sh; }
suite_faults() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && PELORUS_FAULT_SECONDS=${PELORUS_FAULT_SECONDS:-300} tests/cluster/run.sh test_random_faults.py; }
suite_crashes() {
  local told ended
  PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE || return 1
  told=$(tests/faults/run.sh test_short.py 2>&1)
  ended=$?
  printf '%s\n' "$told"
  grep 'no promise broken' <<< "$told" # its tally last
  return $ended
}
suite_fault_points() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/faults/run.sh; }
suite_membership() { PELORUS_PACKAGE=$(debug_package) && export PELORUS_PACKAGE && tests/cluster/run.sh test_membership.py; }
suite_clang() { ./build.sh --clang >/dev/null && ctest --test-dir build-clang --output-on-failure -j2; }
suite_sanitize_address() { ./build.sh --sanitize address,undefined >/dev/null && ctest --test-dir build-sanitize --output-on-failure; }
suite_sanitize_thread() { ./build.sh --sanitize thread --dir build-tsan >/dev/null && TSAN_OPTIONS=suppressions=$PWD/tests/thread_sanitizer.supp ctest --test-dir build-tsan --output-on-failure; }

# A suite may live in a file of its own: tests/<name>/run.sh. A suite that has neither does not exist yet.
exists() { declare -F "suite_$1" >/dev/null || [ -x "tests/$1/run.sh" ]; }
run_suite() { if declare -F "suite_$1" >/dev/null; then "suite_$1"; else "tests/$1/run.sh"; fi; }

wanted=()
for word in "$@"; do
  case "$word" in
    --all) wanted=("${suites[@]}" "${long_suites[@]}") ;;
    --*) echo "unknown option $word" >&2; exit 2 ;;
    *) wanted+=("$word") ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${suites[@]}")

# Runs the suites one after the other; a line for each is shown and added to $results.
results=$(mktemp)
trap 'rm -f "$results"' EXIT
run_suites() {
  local name begin
  for name in "$@"; do
    begin=$SECONDS
    if run_suite "$name" > "$logs/$name.log" 2>&1; then
      echo ok >> "$results"
      printf 'ok      %-18s %4d s   %s\n' "$name" $((SECONDS - begin)) "$(grep -v '^$' "$logs/$name.log" | tail -n 1 | cut -c1-90)"
    else
      echo failed >> "$results"
      { printf 'FAILED  %-18s %4d s   log: %s\n' "$name" $((SECONDS - begin)) "${logs#"$root"/}/$name.log"
        tail -n 60 "$logs/$name.log" | sed 's/^/        | /'; } | cat
    fi
  done
}

# What is built and checked quickly comes first. Of the rest, suites whose hosts have networks of their own, and the manual's, whose
# node nobody else looks for, run beside the others: most of their time they wait.
first=() beside=() others=()
for name in "${wanted[@]}"; do
  exists "$name" || continue
  case " checks units scripts headers release clang sanitize_address sanitize_thread " in *" $name "*) first+=("$name"); continue ;; esac
  case " seed operations manuals " in *" $name "*) beside+=("$name") ;; *) others+=("$name") ;; esac
done
run_suites "${first[@]}"
if [ ${#beside[@]} -gt 0 ] && [ ${#others[@]} -gt 0 ] && unshare --net true 2>/dev/null; then
  # What both would make is made before.
  tools/install_packages.sh --hosts > "$logs/hosts.log" 2>&1 && tests/python_env.sh >> "$logs/hosts.log" 2>&1
  packaging/build_web.sh >> "$logs/hosts.log" 2>&1 # the package has the page only when that was built
  PELORUS_PACKAGE=$(debug_package 2>> "$logs/hosts.log") && export PELORUS_PACKAGE
  run_suites "${beside[@]}" &
  run_suites "${others[@]}"
  wait
else
  run_suites "${others[@]}" "${beside[@]}"
fi
passed=$(grep -c ok "$results")
failed=$(grep -c failed "$results")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
