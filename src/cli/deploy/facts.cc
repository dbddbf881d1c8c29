#include "cli/deploy/facts.h"

#include <charconv>
#include <sstream>

namespace pelorus::cli::deploy {
namespace {

constexpr auto kAskLimit = std::chrono::seconds(40);

/// Needs only what POSIX and Linux have; everything else is asked for politely. Set before: dir data address peers
/// packages (name:controller:agent …), nodes (package directory:alias …).
constexpr const char* kScript = R"sh(
say() { printf '%s=%s\n' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
say time "$(date +%s.%N)"
say user "$(id -un)"; say uid "$(id -u)"
if [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; then say root yes; else say root no; fi
say system "$(uname -s)"; say machine "$(uname -m)"; say kernel "$(uname -r)"; say hostname "$(hostname 2>/dev/null || uname -n)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null || echo other)"
say boot "$(cat /proc/sys/kernel/random/boot_id)@$(readlink /proc/self/ns/net)"
say cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
awk '/^MemTotal:/ { print "memory_kb=" $2 } /^MemAvailable:/ { print "memory_free_kb=" $2 }
  /^SwapTotal:/ { print "swap_kb=" $2 }' /proc/meminfo
say swappiness "$(cat /proc/sys/vm/swappiness 2>/dev/null)"
say thp "$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)"
say maps "$(cat /proc/sys/vm/max_map_count 2>/dev/null)"
say files "$(ulimit -Hn)"; say processes "$(ulimit -Hu 2>/dev/null || awk '/^Max processes/ { print $4 }' /proc/self/limits)"
say zone "$(date +%z)"; say charmap "$(locale charmap 2>/dev/null)"
if has timedatectl; then say ntp "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)"
elif has chronyc; then chronyc tracking 2>/dev/null | grep -q 'Leap status.*Normal' && say ntp yes || say ntp no; fi
tools=''; for tool in tar rsync dd awk sed find cp mv cat kill nohup sha256sum; do has $tool && tools="$tools $tool"; done
say tools "$tools"
say shell "$(sh -c 'echo works' 2>/dev/null)"

# near PLACE: the place itself or the nearest parent that is there.
near() { at=$1; while [ ! -e "$at" ]; do at=$(dirname "$at"); done; printf '%s' "$at"; }
place() {
  at=$(near "$2")
  say "$1_exists" "$([ -d "$2" ] && echo yes || echo no)"
  say "$1_file" "$([ -e "$2" ] && [ ! -d "$2" ] && echo yes || echo no)"
  say "$1_near" "$at"
  say "$1_owner" "$(stat -c %U "$at" 2>/dev/null)"
  if [ -w "$at" ]; then say "$1_writable" yes; else say "$1_writable" no; fi
  say "$1_type" "$(stat -f -c %T "$at" 2>/dev/null)"
  df -Pk "$at" 2>/dev/null | awk -v n="$1" 'NR == 2 { print n "_free_kb=" $4 }'
  df -Pi "$at" 2>/dev/null | awk -v n="$1" 'NR == 2 { print n "_inodes=" $4 }'
  case ,$(awk -v at="$(df -P "$at" 2>/dev/null | awk 'NR == 2 { print $6 }')" '$2 == at { print $4 }' /proc/mounts | tail -n 1), in
    *,ro,*) say "$1_readonly" yes ;; *,noexec,*) say "$1_noexec" yes ;; esac
}
place directory "$dir"; place data "$data"
temporary=${TMPDIR:-/tmp}
say tmp_free_kb "$(df -Pk "$temporary" 2>/dev/null | awk 'NR == 2 { print $4 }')"
say tmp_writable "$([ -w "$temporary" ] && echo yes || echo no)"
if [ -s "$dir/.pelorus-deploy" ]; then say ours "$(cat "$dir/.pelorus-deploy")"; fi
[ -d "$dir" ] && say content "$(ls -A "$dir" 2>/dev/null |
  grep -v -e '^keys$' -e '^\.pelorus-deploy' -e '^\.package-' | head -n 5 | tr '\n' ' ')"
[ -d "$data" ] && say data_content "$(ls -A "$data" 2>/dev/null | head -n 5 | tr '\n' ' ')"

say listening "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2 }' | sort -u | tr '\n' ' ')"
if has ip; then say addresses "$(ip -o addr 2>/dev/null | awk '{ sub("/.*", "", $4); printf "%s ", $4 }')"
else say addresses "$(awk '/32 host/ { print last } { last = $2 }' /proc/net/fib_trie 2>/dev/null | sort -u | tr '\n' ' ')"; fi
resolved=''; for peer in $peers; do
  found=$(getent ahostsv4 "$peer" 2>/dev/null | awk 'NR == 1 { print $1 }')
  [ -n "$found" ] || found=$(getent hosts "$peer" 2>/dev/null | awk 'NR == 1 { print $1 }')
  resolved="$resolved $peer>$found"
done
say resolved "$resolved"

# Of this deployment: what is there already.
for file in cluster.key ca.crt ca.key server.crt serverPrivate.key initial-admin-password; do
  [ -s "$dir/keys/$file" ] && say "has_$file" "$(cksum <"$dir/keys/$file" | tr ' ' -)"
done
for file in ca.crt server.crt; do
  [ -s "$dir/keys/$file" ] && say "text_$file" "$(tr '\n' '\001' <"$dir/keys/$file")"
done
[ -d "$dir/keys" ] && say keys_mode "$(stat -c %a "$dir/keys")"
[ -s "$dir/keys/cluster.key" ] && say key_mode "$(stat -c %a "$dir/keys/cluster.key")"
for package in $packages; do
  say "package:$package" "$(cat "$package/.fingerprint" 2>/dev/null)"
  for file in controller.cfg agent.cfg cluster.cfg cluster.nodes; do
    at=$package/clusterDemo/config/$file
    [ -s "$at" ] && say "config:$package:$file" "$(tr -d '\r' <"$at" | tr '\n' '\001')"
  done
done
for node in $nodes; do
  home=${node%:*}/clusterDemo/data/${node##*:} alias=${node##*:}
  [ -s "$home/identity" ] && say "cluster:$alias" "$(sed -n 's/^cluster=//p' "$home/identity")"
  [ -s "$home/foundation" ] && say "founded:$alias" yes
  if [ -r "$home/node.pid" ]; then
    pid=$(sed -n 's/^.*pid=\([0-9]*\).*/\1/p' "$home/node.pid"); start=$(sed -n 's/^.*start=\([0-9]*\).*/\1/p' "$home/node.pid")
    # Neither a zombie nor (bit 4 of the flags) on its way there.
    now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '$1 !~ /[ZX]/ && int($7 / 4) % 2 == 0 { print $20 }')
    [ -n "$now" ] && [ "$now" = "$start" ] && say "state:$alias" "$(cat "$home/node.state" 2>/dev/null)"
  fi
done
say end yes
)sh";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string HostFacts::text(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

double HostFacts::number(const std::string& key) const {
  const auto value = text(key);
  if (value == "unlimited") return 1e18;
  double number = -1;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::set<std::string> HostFacts::list(const std::string& key) const {
  std::istringstream words(text(key));
  std::set<std::string> list;
  for (std::string word; words >> word;) list.insert(word);
  return list;
}

HostFacts parse_facts(const std::string& text) {
  HostFacts facts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) facts.values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return facts;
}

std::string facts_script(const Topology& topology, const Layout& layout, size_t host) {
  std::string peers, packages, nodes;
  for (const auto& peer : topology.hosts) peers += " " + peer;
  for (const auto& package : layout.packages) {
    if (package.host == host) packages += " " + package.directory;
  }
  for (const auto* node : layout.on_host(host)) {
    nodes += " " + layout.packages[node->package].directory + ":" + node->entry.site.alias;
  }
  return "dir=" + shell_word(topology.directory) + " data=" + shell_word(topology.data_directory()) +
         "\npeers=" + shell_word(peers) + " packages=" + shell_word(packages) + " nodes=" + shell_word(nodes) + "\n" +
         kScript;
}

HostFacts ask_facts(RemoteHost& host, const Topology& topology, const Layout& layout, size_t number) {
  // The first call pays for the connection; the clock is compared by the script's own time below.
  const double began = seconds_now();
  const auto ran = host.run(facts_script(topology, layout, number), "", kAskLimit);
  const double ended = seconds_now();
  HostFacts facts;
  if (!ran.ok()) {
    facts.failure = ran.error();
    return facts;
  }
  facts = parse_facts(ran->out);
  facts.asked_at = (began + ended) / 2;
  facts.asked_for = ended - began;
  if (!facts.is("end")) {
    facts.failure = Error{ErrorCode::kIo, host.address() + ": the host did not answer all questions (status " +
                                              std::to_string(ran->status) + "): " + ran->err.substr(0, 300)};
  }
  return facts;
}

}  // namespace pelorus::cli::deploy
