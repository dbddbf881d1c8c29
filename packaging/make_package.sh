#!/bin/sh
# Makes the release package from a build.
#   packaging/make_package.sh [--tree-only] BUILD_DIR OUT_DIR
# Leaves in OUT_DIR: pelorus-<version>-linux-<machine>/ (the tree), .tar.gz and .zip (both unpack to server/), and prints
# the archives. With --tree-only: the tree, and prints it.
set -eu
tree_only=''
if [ "${1:-}" = --tree-only ]; then tree_only=1; shift; fi
[ $# -eq 2 ] || { echo "usage: $0 [--tree-only] BUILD_DIR OUT_DIR" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
version=$(sed -n 's/^project(pelorus VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
name=pelorus-$version-linux-$(uname -m)
stage=$out/$name
server=$stage/server

[ -x "$build/pelorusd" ] || { echo "no pelorusd in $build: build it first" >&2; exit 1; }
rm -rf "$stage"
mkdir -p "$stage"
cp -R "$root/packaging/tree/." "$stage/"
mkdir -p "$server/web" "$server/modules" "$server/plugins" "$server/lib" "$server/clusterDemo/data" "$server/clusterDemo/log"
find "$stage" -name .gitkeep -exec rm {} +

cp "$build/pelorusd" "$server/pelorusd"
strip --strip-debug "$server/pelorusd"
# The vendor's name for the same program; the scripts and operators' habits use it.
ln "$server/pelorusd" "$server/dolphindb"
if [ -x "$build/pelorus" ]; then
  cp "$build/pelorus" "$server/pelorus"
  strip --strip-debug "$server/pelorus"
  # From the tables that help is made from.
  share=$server/share
  mkdir -p "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d" "$share/man/man1"
  "$build/pelorus" completion bash >"$share/bash-completion/completions/pelorus"
  "$build/pelorus" completion zsh >"$share/zsh/site-functions/_pelorus"
  "$build/pelorus" completion fish >"$share/fish/vendor_completions.d/pelorus.fish"
  "$build/pelorus" completion man >"$share/man/man1/pelorus.1"
fi
mkdir -p "$server/demo"
cp "$root/packaging/demo/read_flights.mjs" "$server/demo/"
# With their times: a packed form older than its file would not be served.
if [ -d "$root/web/dist" ]; then cp -Rp "$root/web/dist/." "$server/web/"; fi
if [ -d "$root/modules" ]; then cp -R "$root/modules/." "$server/modules/"; fi
cp "$root/LICENSE" "$server/LICENSE"

# Shared libraries other than the C library's own, so that the package runs on a bare system.
for program in "$server/pelorusd" "$server/pelorus"; do
  [ -x "$program" ] || continue
  ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | while read -r library; do
    case ${library##*/} in
      libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libresolv.so* | ld-linux*) ;;
      *) [ "$library" = "$server/lib/${library##*/}" ] || cp -L "$library" "$server/lib/" ;;
    esac
  done
done
find "$server" -name '*.sh' -exec chmod 755 {} +
chmod 755 "$server/pelorusd"

if [ -n "$tree_only" ]; then echo "$stage"; exit 0; fi

when=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
find "$stage" -exec touch -h -d "@$when" {} +
(cd "$stage" && tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -czf "$out/$name.tar.gz" server)
rm -f "$out/$name.zip"
(cd "$stage" && cmake -E tar cf "$out/$name.zip" --format=zip server)
echo "$out/$name.tar.gz"
echo "$out/$name.zip"
