#!/bin/sh
# Exchanges the programs of this package while nothing of it runs; configuration, data, logs, licence, modules and plugins stay.
#   upgrade.sh [--package FILE_OR_DIR] [--yes]     a package's .tar.gz, .zip or folder; asks for what is not given
#   upgrade.sh --back [--yes]                      puts the programs before the last exchange back
# A running cluster is upgraded host by host with: pelorus upgrade
set -u
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
demo=$(cd -P "$(dirname "$self")" && pwd) || exit 1
server=$(dirname "$demo")
. "$server/scripts/node_control.sh"
old=$server.before

usage() { complain "usage: $(basename "$0") [--package FILE_OR_DIR | --back] [--yes]"; exit 2; }
ask() { printf '%s ' "$1" >&2; answer=''; read -r answer || :; }
version_of() { "$1/pelorusd" -version 2>/dev/null || say 'another program'; }

# move_parts FROM TO LIST: what LIST names, as far as it is there.
move_parts() {
  while read -r part; do
    [ -e "$1/$part" ] || continue
    mkdir -p "$(dirname "$2/$part")" && mv "$1/$part" "$2/$part" || exit 1
  done <"$3"
}

package='' back='' yes=''
while [ $# -gt 0 ]; do
  case $1 in
    --package) [ $# -gt 1 ] || usage; package=$2; shift ;;
    --package=*) package=${1#*=} ;;
    --back) back=1 ;;
    --yes | -y) yes=1 ;;
    *) usage ;;
  esac
  shift
done
[ -z "$back" ] || [ -z "$package" ] || usage
running=$(package_pids | tr '\n' ' ')
if [ -n "$running" ]; then
  complain "nodes of this package run (pid $running): stop them first with stopAllNode.sh, or use: pelorus upgrade"
  exit 7
fi
check_place "$server" "$(dirname "$server")" || exit 1

if [ -n "$back" ]; then
  [ -f "$old/.parts" ] || { complain "there are no programs to put back: $old"; exit 7; }
  say "from $(version_of "$server") back to $(version_of "$old")"
  [ -n "$yes" ] || { ask 'Put them back? (y/n)'; case $answer in y | Y | yes) ;; *) exit 1 ;; esac; }
  rm -f "$old/.whole"
  while read -r part; do
    if [ -e "$old/$part" ]; then
      rm -rf "${server:?}/$part" && mv "$old/$part" "$server/$part" || exit 1
    elif ! grep -qxF -e "$part" "$old/.had"; then
      rm -rf "${server:?}/$part" || exit 1
    fi
  done <"$old/.parts"
  rm -rf "$old"
  say "done; start the nodes again"
  exit 0
fi

if [ -f "$old/.parts" ] && [ ! -f "$old/.whole" ]; then
  complain "an exchange was cut off; put the old programs back first: upgrade.sh --back"
  exit 7
fi
[ -n "$package" ] || { ask 'Package to upgrade to (.tar.gz, .zip or folder):'; package=$answer; }
[ -n "$package" ] && [ -e "$package" ] || { complain "there is no package: ${package:-nothing was named}"; exit 2; }
fresh=$server.fresh
rm -rf "$fresh"
mkdir -p "$fresh"
trap 'rm -rf "$fresh"' EXIT
case $package in
  *.zip) unzip -q "$package" -d "$fresh" || exit 1 ;;
  *.tar.gz | *.tgz) tar -xzf "$package" -C "$fresh" || exit 1 ;;
  *) mkdir "$fresh/server" && cp -a "$(cd "$package" && if [ -d server ]; then cd server; fi; pwd)/." "$fresh/server" || exit 1 ;;
esac
new=$fresh/server
if [ ! -f "$new/scripts/node_control.sh" ] || [ ! -f "$new/pelorusd" ]; then complain "this is no package: $package"; exit 2; fi
for kept in clusterDemo/config clusterDemo/data clusterDemo/log modules plugins dolphindb.cfg dolphindb.lic dolphindb.dos; do
  rm -rf "${new:?}/$kept"
done
say "from $(version_of "$server") to $(version_of "$new")"
[ -n "$yes" ] || { ask 'Exchange the programs? (y/n)'; case $answer in y | Y | yes) ;; *) exit 1 ;; esac; }

# Which names change hands is written down before the first does: --back needs the same ones.
(cd "$new" && for part in * clusterDemo/*; do [ "$part" = clusterDemo ] || say "$part"; done) >"$fresh/parts"
rm -rf "$old"
mkdir -p "$old" || exit 1
while read -r part; do [ ! -e "$server/$part" ] || say "$part"; done <"$fresh/parts" >"$old/.had"
cp "$fresh/parts" "$old/.parts" || exit 1
move_parts "$server" "$old" "$fresh/parts"
move_parts "$new" "$server" "$fresh/parts"
: >"$old/.whole"
say "done; the old programs are in $old. Start the nodes; to go back: upgrade.sh --back"
