#!/bin/sh
# Builds Pelorus. On a fresh Debian 12 it first installs what it needs (as root).
#   ./build.sh [--debug | --sanitize LIST | --clang | --fuzz] [--dir BUILD_DIR] [TARGET...]
# Prints the build folder as its last line.
set -eu
cd "$(dirname "$0")"

type=Release
extra=""
dir=""
while [ $# -gt 0 ]; do
  case "$1" in
    --debug) type=Debug; dir=${dir:-build-debug}; shift ;;
    --sanitize) type=Debug; extra="$extra -DPELORUS_SANITIZE=$2"; dir=${dir:-build-sanitize}; shift 2 ;;
    # Clang finds its warnings before it optimizes.
    --clang) type=Debug; extra="$extra -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang"; dir=${dir:-build-clang}; shift ;;
    --fuzz)
      type=Debug
      extra="$extra -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DPELORUS_FUZZ=ON -DPELORUS_SANITIZE=address,undefined"
      dir=${dir:-build-fuzz}
      shift
      ;;
    --dir) dir=$2; shift 2 ;;
    --help | -h) sed -n '2,5p' "$0"; exit 0 ;;
    --*) echo "build: unknown option $1 (see ./build.sh --help)" >&2; exit 2 ;;
    *) break ;;
  esac
done
dir=${dir:-build}

tools/install_packages.sh
# shellcheck disable=SC2086
[ -f "$dir/build.ninja" ] || cmake -G Ninja -B "$dir" -DCMAKE_BUILD_TYPE=$type $extra >&2
ninja -C "$dir" "$@" >&2
echo "$dir"
