#include "cli/upgrade/host_scripts.h"

#include "cli/remote/remote_host.h"

namespace pelorus::cli::upgrade {
namespace {

std::string words_of(const std::vector<std::string>& items) {
  std::string words;
  for (const auto& item : items) words += " " + shell_word(item);
  return words;
}

/// A run that was killed may still be at it over there. The folder itself is the lock: nothing moves it.
constexpr const char* kAlone = R"sh(
alone() { exec 9<"$1"; if command -v flock >/dev/null 2>&1; then flock -w 300 9 || { echo "another run works on $1" >&2; exit 1; }; fi; }
)sh";

std::string names(const Places& places) {
  return "set -eu\nid=" + places.id + "\nincoming=" + shell_word(places.incoming) + "\nset --" +
         words_of(places.servers) + kAlone;
}

std::string names(const std::string& server, const std::string& id) {
  return "set -eu\nserver=" + shell_word(server) + "\nfresh=$server.upgrade-" + id + "\nold=$server.before-" + id +
         kAlone;
}

constexpr const char* kFacts = R"sh(
echo "machine $(uname -m)"
for tool in tar awk mv cp sed; do command -v $tool >/dev/null || echo "fault: $tool is not installed"; done
for server; do
  [ -f "$server/scripts/node_control.sh" ] || echo "fault: $server is no package"
  [ -w "$server" ] && [ -w "$(dirname "$server")" ] || echo "fault: $server and its folder cannot be written by $(id -un)"
  [ ! -h "$server" ] || echo "fault: $server is a link; give the cluster the folder itself"
done
)sh";

constexpr const char* kPlaced = R"sh(
for server; do [ -f "$server.upgrade-$id/.parts" ] || [ -f "$server.before-$id/.exchanged" ] || { echo missing; exit 0; }; done
echo placed
)sh";

constexpr const char* kPlace = R"sh(
alone "$1"
for server; do
  fresh=$server.upgrade-$id
  [ ! -f "$fresh/.parts" ] || continue
  rm -rf "$fresh" "$fresh.part"
  cp -a "$incoming" "$fresh.part"
  for kept in clusterDemo/config clusterDemo/data clusterDemo/log modules plugins dolphindb.cfg dolphindb.lic dolphindb.dos; do
    rm -rf "$fresh.part/$kept"
  done
  printf '%s\n' "$fingerprint" >"$fresh.part/.fingerprint"
  (cd "$fresh.part"; for part in * .fingerprint clusterDemo/*; do [ "$part" = clusterDemo ] || printf '%s\n' "$part"; done) >"$fresh.list"
  mv "$fresh.list" "$fresh.part/.parts"
  mv "$fresh.part" "$fresh"
done
rm -rf "$incoming"
)sh";

constexpr const char* kExchange = R"sh(
alone "$server"
if [ -f "$old/.exchanged" ]; then echo already; exit 0; fi
[ -f "$fresh/.parts" ] || { echo "the new programs are not there: $fresh" >&2; exit 1; }
mkdir -p "$old/clusterDemo" "$server/clusterDemo"
if [ ! -f "$old/.had" ]; then
  while read -r part; do [ ! -e "$server/$part" ] || printf '%s\n' "$part"; done <"$fresh/.parts" >"$old/.had.part"
  mv "$old/.had.part" "$old/.had"
fi
while read -r part; do
  [ -e "$fresh/$part" ] || continue
  if [ -e "$server/$part" ] && [ ! -e "$old/$part" ]; then mv "$server/$part" "$old/$part"; fi
  [ ! -e "$server/$part" ] || { echo "in the way: $server/$part" >&2; exit 1; }
  mv "$fresh/$part" "$server/$part"
done <"$fresh/.parts"
: >"$old/.exchanged"
sync "$old/.exchanged" 2>/dev/null || :
)sh";

constexpr const char* kExchangeBack = R"sh(
alone "$server"
if [ ! -f "$old/.had" ]; then echo already; exit 0; fi
rm -f "$old/.exchanged"
mkdir -p "$fresh/clusterDemo"
while read -r part; do
  if grep -qxF -e "$part" "$old/.had"; then
    [ -e "$old/$part" ] || continue
    if [ -e "$server/$part" ]; then
      [ ! -e "$fresh/$part" ] || { echo "in the way: $fresh/$part" >&2; exit 1; }
      mv "$server/$part" "$fresh/$part"
    fi
    mv "$old/$part" "$server/$part"
  elif [ -e "$server/$part" ] && [ ! -e "$fresh/$part" ]; then
    mv "$server/$part" "$fresh/$part"
  fi
done <"$fresh/.parts"
rm -f "$old/.had"
)sh";

constexpr const char* kTidy = R"sh(
alone "$1"
for server; do rm -rf "$server.upgrade-$id" "$server.upgrade-$id.part" "$server.before-$id"; done
rm -rf "$incoming" "$incoming"-*
)sh";

}  // namespace

std::string facts_script(const std::vector<std::string>& servers) { return "set --" + words_of(servers) + kFacts; }

std::string placed_script(const Places& places) { return names(places) + kPlaced; }

std::string place_script(const Places& places, const std::string& fingerprint) {
  return names(places) + "fingerprint=" + fingerprint + kPlace;
}

std::string exchange_script(const std::string& server, const std::string& id) { return names(server, id) + kExchange; }

std::string exchange_back_script(const std::string& server, const std::string& id) {
  return names(server, id) + kExchangeBack;
}

std::string tidy_script(const Places& places) { return names(places) + kTidy; }

}  // namespace pelorus::cli::upgrade
