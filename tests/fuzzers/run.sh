#!/bin/sh
# Builds every fuzzer with clang and sanitizers and runs each for a fixed number of inputs from a fixed seed.
#   tests/fuzzers/run.sh [RUNS]
# Then calls every built-in with odd arguments, of other seeds than the units' short run.
# A crash leaves its input in build-fuzz/findings; run build-fuzz/NAME FILE to see it again.
set -eu
cd "$(dirname "$0")/../.."
runs=${1:-300000}
build=$(./build.sh --fuzz fuzzers | tail -n 1)
mkdir -p "$build/findings"
tests/fuzzers/script_seeds.py "$build/seeds/syntax_parse_fuzz"
count=0
for fuzzer in "$build"/*_fuzz; do
  name=${fuzzer##*/}
  echo "== $name"
  mkdir -p "$build/corpus/$name" "$build/seeds/$name"
  "$fuzzer" -seed=1 -runs="$runs" -max_len=4096 -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" "$build/seeds/$name"
  count=$((count + 1))
done
[ $count -gt 0 ] || { echo "no fuzzers were built" >&2; exit 1; }
echo "$count fuzzers, $runs inputs each"
runner=$(./build.sh --debug script_runner | tail -n 1)/tests/script_runner
for seed in 2 3 4; do
  "$runner" --odd-calls $seed 60
done
