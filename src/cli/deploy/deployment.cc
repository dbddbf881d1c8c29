#include "cli/deploy/deployment.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/ids.h"
#include "cli/certificates.h"
#include "cli/deploy/configuration.h"
#include "cli/deploy/in_parallel.h"
#include "cli/deploy/package_facts.h"

namespace pelorus::cli::deploy {
namespace {

constexpr auto kShortLimit = std::chrono::seconds(30);
constexpr auto kCopyLimit = std::chrono::seconds(300);

/// Puts the package that came to $incoming to each of $servers. Copies share large files; small ones may be edited by
/// hand. The fingerprint comes last: without it a package counts as missing. A run that was killed may still be at it.
constexpr const char* kPlace = R"sh(set -e
dir=$(dirname "$incoming")
exec 9>"$dir/.pelorus-deploy.lock"
if command -v flock >/dev/null 2>&1; then flock -w 240 9; fi
eval "set -- $servers"
for server; do
  [ "$(cat "$server/.fingerprint" 2>/dev/null)" != "$fingerprint" ] || continue
  if [ -x "$server/clusterDemo/stopAllNode.sh" ]; then sh "$server/clusterDemo/stopAllNode.sh" --timeout 60 >&2 9>&-; fi
  rm -rf "$server" "$server.part"; mkdir -p "$(dirname "$server")"
  cp -al "$incoming" "$server.part" 2>/dev/null || { rm -rf "$server.part"; cp -a "$incoming" "$server.part"; }
  find "$server.part" -type f -size -512 -exec sh -c 'for f; do cp -p "$f" "$f.~" && mv -f "$f.~" "$f"; done' sh {} +
  mv "$server.part" "$server"
  echo "$fingerprint" >"$server/.fingerprint.part"
  mv "$server/.fingerprint.part" "$server/.fingerprint"
done
rm -rf "$dir"/.package-* || :)sh";

std::string without_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<std::unique_ptr<RemoteHost>> open_hosts(const Topology& topology, bool local,
                                                    const CancellationToken& token) {
  std::vector<std::unique_ptr<RemoteHost>> hosts;
  for (const auto& address : topology.hosts) {
    if (local && is_own_address(address)) {
      hosts.push_back(make_local_host(address, token));
    } else {
      hosts.push_back(make_ssh_host({address, topology.user, static_cast<uint16_t>(topology.ssh_port),
                                     topology.identity_file, topology.ssh_options},
                                    token));
    }
  }
  return hosts;
}

/// The configuration as facts hold it: line feeds are \001 there.
std::string file_of(std::string text) {
  std::ranges::replace(text, '\001', '\n');
  return text;
}

}  // namespace

Deployment::Deployment(DeployInput input, bool local, Interrupt& interrupt, Progress& progress)
    : input_(std::move(input)),
      layout_(plan_layout(input_.topology)),
      interrupt_(interrupt),
      progress_(progress),
      hosts_(open_hosts(input_.topology, local, token_)) {}

Deployment::~Deployment() = default;

Status Deployment::on_hosts(const Work& work) { return in_parallel(hosts_.size(), work, interrupt_, token_); }

Status Deployment::on_packages(const Work& work) {
  return in_parallel(layout_.packages.size(), work, interrupt_, token_);
}

Result<std::string> Deployment::run(size_t host, const std::string& script, std::string_view input,
                                    std::chrono::seconds at_most) {
  TRY(const auto ran, hosts_[host]->run(script, input, at_most));
  if (ran.status == 0) return ran.out;
  return Error{ErrorCode::kIo, hosts_[host]->address() + ": " + without_end(ran.err.empty() ? ran.out : ran.err)};
}

Status Deployment::write(size_t host, const std::string& path, const std::string& text, const char* mode) {
  const auto part = shell_word(path + ".part"), whole = shell_word(path);
  TRY(const auto ignored,
      run(host,
          "set -e; umask 077; cat >" + part + "; [ \"$(wc -c <" + part + ")\" -eq " + std::to_string(text.size()) +
              " ]; chmod " + mode + " " + part + "; sync " + part + " 2>/dev/null || :; mv -f " + part + " " + whole,
          text, kShortLimit));
  return {};
}

Status Deployment::look() {
  facts_.assign(hosts_.size(), {});
  // Work hosts_.size() is the package, which takes as long as asking.
  return in_parallel(
      hosts_.size() + (package_.fingerprint.empty() ? 1 : 0),
      [this](size_t i) -> Status {
        if (i == hosts_.size()) {
          TRY(package_, read_package(input_.package));
        } else {
          facts_[i] = ask_facts(*hosts_[i], input_.topology, layout_, i);
        }
        return {};
      },
      interrupt_, token_);
}

Status Deployment::repair(const std::vector<Finding>& findings) {
  std::vector<std::set<std::string>> scripts(hosts_.size());
  for (const auto& finding : findings) {
    const auto& hosts = input_.topology.hosts;
    const auto host = std::ranges::find(hosts, finding.host);
    if (finding.grade != Grade::kGood && !finding.repair.empty() && host != hosts.end()) {
      scripts[static_cast<size_t>(host - hosts.begin())].insert(finding.repair);
    }
  }
  // Each may fail alone, as where a kernel's setting is another's: the next look tells what is left.
  TRY_DONE(on_hosts([&](size_t host) -> Status {
    for (const auto& script : scripts[host]) {
      TRY(const auto ran, hosts_[host]->run("if [ \"$(id -u)\" = 0 ]; then sh -c " + shell_word(script) +
                                                "; else sudo -n sh -c " + shell_word(script) + "; fi",
                                            "", kShortLimit));
      const auto why = without_end(ran.err);
      progress_.note(ran.status == 0 ? BothLanguages{hosts_[host]->address() + ": repaired: " + script,
                                                     hosts_[host]->address() + "：已修复：" + script}
                                     : BothLanguages{hosts_[host]->address() + ": not repaired: " + script + ": " + why,
                                                     hosts_[host]->address() + "：未能修复：" + script + "：" + why});
    }
    return {};
  }));
  return look();
}

bool Deployment::is_running(const std::string& alias) const {
  const auto* node = layout_.find(alias);
  return node != nullptr && facts_[node->host].text("state:" + alias).starts_with("ready");
}

bool Deployment::needs_package(size_t package) const {
  const auto& planned = layout_.packages[package];
  return facts_[planned.host].text("package:" + planned.directory) != package_.fingerprint;
}

Status Deployment::check_founded() const {
  for (size_t package = 0; package < layout_.packages.size(); ++package) {
    const auto files = files_to_write(package);
    if (!files.ok()) return files.error();
  }
  return {};
}

bool Deployment::is_complete() const {
  for (size_t package = 0; package < layout_.packages.size(); ++package) {
    if (needs_package(package)) return false;
    const auto files = files_to_write(package);
    if (!files.ok() || !files->empty()) return false;
  }
  for (const auto& facts : facts_) {
    if (facts.failure || !facts.text("has_initial-admin-password").empty() || facts.text("has_cluster.key").empty())
      return false;
    if (input_.topology.tls && (facts.text("has_ca.crt").empty() || facts.text("has_server.crt").empty())) return false;
  }
  for (size_t host = 0; input_.topology.tls && host < hosts_.size(); ++host) {
    if (!lasts(host)) return false;
  }
  return std::ranges::all_of(layout_.nodes, [&](const PlannedNode& node) { return is_running(node.entry.site.alias); });
}

// --- installing

Status Deployment::install_on(size_t host) {
  const auto& directory = input_.topology.directory;
  std::vector<std::string> wanted;
  for (size_t i = 0; i < layout_.packages.size(); ++i) {
    if (layout_.packages[i].host == host && needs_package(i)) wanted.push_back(layout_.packages[i].directory);
  }
  // The first file says whose the directory is from now on.
  TRY(const auto made, run(host,
                           "set -e; dir=" + shell_word(directory) + R"(; mkdir -p "$dir"
cat >"$dir/.pelorus-deploy.part"; mv -f "$dir/.pelorus-deploy.part" "$dir/.pelorus-deploy"
mkdir -p "$dir/keys" )" + shell_word(input_.topology.data_directory()) +
                               "; chmod 700 \"$dir/keys\"",
                           input_.topology.name + "\n", kShortLimit));
  if (wanted.empty()) return {};
  // A name of its own: what a run that was killed still sends does not meet it.
  const auto unique = Uuid::random().to_string().substr(0, 8);
  const auto staged = std::filesystem::temp_directory_path() / ("pelorus-package-" + unique);
  const auto incoming = directory + "/.package-" + unique;
  auto sent = stage_package(input_.package, staged);
  if (sent.ok()) sent = hosts_[host]->send(staged, incoming);
  std::error_code ignored;
  std::filesystem::remove_all(staged, ignored);
  TRY_DONE(sent);
  std::string list;
  for (const auto& one : wanted) list += " " + shell_word(one);
  TRY(const auto placed, run(host,
                             "incoming=" + shell_word(incoming) + " fingerprint=" + package_.fingerprint +
                                 " servers=" + shell_word(list) + "\n" + kPlace,
                             "", kCopyLimit));
  return {};
}

Status Deployment::install() {
  return on_hosts([this](size_t host) { return install_on(host); });
}

// --- secrets

Result<std::string> Deployment::read_key(const char* name, size_t& from) {
  for (size_t host = 0; host < hosts_.size(); ++host) {
    if (facts_[host].text(std::string("has_") + name).empty()) continue;
    from = host;
    return run(host, "cat " + shell_word(keys_directory(input_.topology) + "/" + name), "", kShortLimit);
  }
  return std::string();
}

Status Deployment::share_cluster_key() {
  size_t from = 0;
  TRY(auto key, read_key("cluster.key", from));
  if (key.empty() && is_founded()) {
    return Error{ErrorCode::kNotFound,
                 "the cluster is founded, but no host has keys/cluster.key any more. Restore it from a copy"};
  }
  if (key.empty()) {
    TRY(key, random_key());
  }
  return on_hosts([&](size_t host) -> Status {
    if (!facts_[host].text("has_cluster.key").empty()) return {};
    return write(host, keys_directory(input_.topology) + "/cluster.key", key, "600");
  });
}

bool Deployment::lasts(size_t host) const {
  if (input_.renews_certificates) return false;
  const auto end_s = end_of(file_of(facts_[host].text("text_server.crt")));
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  return !end_s || *end_s - now_s.count() > kRenewBefore_s;
}

/// All files of `authority`, which is known by its checksum.
bool Deployment::has_certificate_of(const std::string& authority, size_t host) const {
  const auto& facts = facts_[host];
  return !authority.empty() && facts.text("has_ca.crt") == authority && !facts.text("has_server.crt").empty() &&
         !facts.text("has_serverPrivate.key").empty() && lasts(host);
}

Status Deployment::share_certificates() {
  if (!input_.topology.tls) return {};
  const auto keys = keys_directory(input_.topology);
  // One file, so that key and certificate are there together or not at all.
  size_t keeper = 0;
  TRY(const auto both, read_key("ca.key", keeper));
  const auto cut = both.find("-----BEGIN CERTIFICATE-----");
  const bool has_key = cut != std::string::npos;
  auto known = facts_[keeper].text("has_ca.crt");
  for (size_t host = 0; !has_key && known.empty() && host < hosts_.size(); ++host)
    known = facts_[host].text("has_ca.crt");
  size_t certified = 0;
  for (size_t host = 0; host < hosts_.size(); ++host) certified += has_certificate_of(known, host) ? 1 : 0;
  if (certified == hosts_.size()) return {};
  KeyAndCertificate authority;
  if (has_key) {
    authority = {both.substr(0, cut), both.substr(cut)};
  } else if (known.empty()) {
    TRY(authority, make_authority(input_.topology.name));
    TRY_DONE(write(0, keys + "/ca.key", authority.key + authority.certificate, "600"));
  } else {
    return Error{ErrorCode::kNotFound,
                 "hosts need certificates, and none has the key of the cluster's authority any more: put " + keys +
                     "/ca.key (mode 600) back on " + input_.topology.hosts[0]};
  }
  return on_hosts([&](size_t host) -> Status {
    // ca.crt is written last: with it the others are whole.
    if (has_key && has_certificate_of(known, host)) return {};
    std::set<std::string> others{"localhost", "127.0.0.1"};
    if (const auto name = facts_[host].text("hostname"); !name.empty()) others.insert(name);
    others.erase(input_.topology.hosts[host]);
    std::vector<std::string> names{input_.topology.hosts[host]};
    names.insert(names.end(), others.begin(), others.end());
    TRY(const auto made, make_server_certificate(authority, names));
    TRY_DONE(write(host, keys + "/serverPrivate.key", made.key, "600"));
    TRY_DONE(write(host, keys + "/server.crt", made.certificate, "644"));
    if (!known.empty() && facts_[host].text("has_ca.crt") == known) return {};  // perhaps with another authority's
    return write(host, keys + "/ca.crt", authority.certificate, "644");
  });
}

Status Deployment::share_password() {
  size_t from = 0;
  TRY(const auto told, read_key("initial-admin-password", from));
  password_ = without_end(told);
  if (is_founded()) {
    if (password_.empty()) password_ = input_.password;
    return {};
  }
  if (password_.empty() && !input_.password.empty()) password_ = input_.password;
  if (password_.empty()) {
    TRY(password_, random_password());
  }
  return on_hosts([&](size_t host) -> Status {
    if (!facts_[host].text("has_initial-admin-password").empty()) return {};
    return write(host, password_file(input_.topology), password_ + "\n", "600");
  });
}

Status Deployment::forget_password() {
  return on_hosts([&](size_t host) -> Status {
    TRY(const auto ignored, run(host, "rm -f " + shell_word(password_file(input_.topology)), "", kShortLimit));
    return {};
  });
}

// --- configuration

Result<std::map<std::string, std::string>> Deployment::files_to_write(size_t package) const {
  const auto& planned = layout_.packages[package];
  std::map<std::string, std::string> files;
  for (auto& [name, text] : configuration_of(input_.topology, layout_, package, facts_)) {
    const auto found = file_of(facts_[planned.host].text("config:" + planned.directory + ":" + name));
    if (found == text) continue;
    // The operator may have changed a founded cluster's files since; only what ties the cluster together must hold.
    if (is_founded() && !found.empty()) {
      const auto differing = differences(name, text, found);
      if (differing.empty()) continue;
      std::string list;
      for (const auto& key : differing) list += (list.empty() ? "" : ", ") + key;
      return Error{
          ErrorCode::kUnavailable,
          input_.topology.hosts[planned.host] + ": " + planned.directory + "/clusterDemo/config/" + name +
              " of the running cluster says something else about " + list +
              ". Deploy founds clusters and repairs them; members and places are changed with: pelorus migrate"};
    }
    files[name] = text;
  }
  return files;
}

Status Deployment::write_files(size_t package) {
  const auto& planned = layout_.packages[package];
  TRY(const auto files, files_to_write(package));
  if (files.empty()) return {};
  const auto demo = planned.directory + "/clusterDemo";
  const auto has_node = std::ranges::any_of(layout_.nodes, [&](const PlannedNode& node) {
    return node.package == package && !facts_[node.host].text("state:" + node.entry.site.alias).empty();
  });
  if (!is_founded() && has_node) {
    // Nodes of an attempt with other settings must not go on with them.
    TRY(const auto stopped,
        run(planned.host, "sh " + shell_word(demo + "/stopAllNode.sh") + " --timeout 60 >&2", "", kCopyLimit));
  }
  for (const auto& [name, text] : files) TRY_DONE(write(planned.host, demo + "/config/" + name, text, "644"));
  return {};
}

Status Deployment::configure() {
  TRY_DONE(share_cluster_key());
  TRY_DONE(share_certificates());
  TRY_DONE(share_password());
  return on_packages([this](size_t package) { return write_files(package); });
}

}  // namespace pelorus::cli::deploy
