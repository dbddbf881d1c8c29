// Steps on hosts: programs, configuration, scripts of the package, directories.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "cli/migrate/inventory.h"
#include "cli/migrate/new_files.h"
#include "cli/migrate/step_runner.h"

namespace pelorus::cli::migrate {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kShort{60};
constexpr seconds kScriptLimit{180};
constexpr minutes kArchiveLimit{20};
constexpr int64_t kClockSkewMax_s = 5;

const std::string kAlready = "already so";
const std::string kMarker = ".pelorus-migration";

/// What a package is made of; state, logs and configuration stay behind.
constexpr std::string_view kParts =
    "pelorusd dolphindb pelorus lib scripts web modules plugins tzdb marketHoliday demo LICENSE dolphindb.cfg "
    "dolphindb.dos dolphindb.lic "
    "startSingle.sh stopSingle.sh";

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

/// Lists the parts that there are and packs them, fast rather than small.
std::string pack_script(const std::string& server, const std::string& archive) {
  return "set -eu\ncd " + shell_word(server) + "\nset --\nfor part in " + std::string(kParts) +
         " clusterDemo/*.sh clusterdemo; do if [ -e \"$part\" ]; then set -- \"$@\" \"$part\"; fi; done\nmkdir -p " +
         shell_word(folder_of(archive)) + "\ntar -I 'gzip -1' -cf " + shell_word(archive) + " \"$@\"\n";
}

std::string unpack_script(const std::string& server, const std::string& archive, const std::string& marker) {
  const auto fresh = server + ".new";
  return "set -eu\nrm -rf " + shell_word(fresh) + "\nmkdir -p " + shell_word(fresh) + "\ntar -xzf " +
         shell_word(archive) + " -C " + shell_word(fresh) + "\nmkdir -p " + shell_word(fresh + "/clusterDemo/config") +
         " " + shell_word(fresh + "/clusterDemo/data") + " " + shell_word(fresh + "/clusterDemo/log") +
         "\nprintf '%s\\n' " + shell_word(marker) + " >" + shell_word(fresh + "/" + kMarker) + "\nmv " +
         shell_word(fresh) + " " + shell_word(server) + "\nrm -f " + shell_word(archive) + "\n";
}

/// Faults, a line each, and "skew N". Ports are looked up as the package's scripts do.
std::string check_script(const std::string& server, const std::string& plan_id,
                         const std::vector<std::pair<int, std::string>>& ports) {
  std::string text = "server=" + shell_word(server) + "\n";
  text +=
      "for tool in tar gzip awk mv; do command -v $tool >/dev/null || echo \"fault: $tool is not installed\"; done\n"
      "place=$server; while [ ! -d \"$place\" ]; do place=$(dirname \"$place\"); done\n"
      "[ -w \"$place\" ] || echo \"fault: $place cannot be written by $(id -un)\"\n"
      "if [ -e \"$server\" ] && [ ! -e \"$server/clusterDemo\" ]; then echo \"fault: $server is there and is no "
      "package\"; fi\n"
      "if [ \"$(ulimit -n)\" != unlimited ] && [ \"$(ulimit -n)\" -lt 4096 ]; then echo \"note: only $(ulimit -n) open "
      "files are allowed\"; fi\n"
      "echo \"time $(date +%s)\"\n"
      "taken() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=\"$1\" -v address=\"$2\" '\n"
      "  BEGIN { wanted = sprintf(\"%04X\", port)\n"
      "    if (split(address, part, \".\") == 4) hex = sprintf(\"%02X%02X%02X%02X\", part[4], part[3], part[2], "
      "part[1]) }\n"
      "  $4 == \"0A\" { split($2, local, \":\"); if (local[2] != wanted) next\n"
      "    if (hex != \"\" && local[1] != hex && local[1] !~ /^0+$/) next\n"
      "    found = 1 } END { exit !found }'; }\n";
  for (const auto& [port, host] : ports) {
    text += "if taken " + std::to_string(port) + " " + shell_word(host) + "; then echo \"fault: port " +
            std::to_string(port) + " is taken\"; fi\n";
  }
  text += "if [ -e \"$server\" ] && [ \"$(head -c 12 \"$server/" + kMarker +
          "\" 2>/dev/null)\" != " + shell_word(plan_id) + " ]; then\n";
  return text;
}

}  // namespace

Result<std::string> StepRunner::output(const std::string& host, const std::string& script, std::string_view input) {
  TRY(auto* remote, tools_.host(host));
  TRY(const auto ran, remote->run(script, input, kShort));
  if (ran.status == 0) return ran.out;
  return Error{ErrorCode::kUnavailable,
               host + ": exit status " + std::to_string(ran.status) + ": " + ran.err + ran.out};
}

Result<std::string> StepRunner::read_text(const std::string& host, const std::string& path) {
  return output(host, "cat " + shell_word(path));
}

Status StepRunner::write_text(const std::string& host, const std::string& path, const std::string& text) {
  const auto fresh = path + ".new";
  TRY(const auto said, output(host,
                              "set -eu\numask 077\nmkdir -p " + shell_word(folder_of(path)) + "\ncat >" +
                                  shell_word(fresh) + "\nmv " + shell_word(fresh) + " " + shell_word(path),
                              text));
  return {};
}

Result<Remark> StepRunner::package_script(const std::string& host, const std::string& server,
                                          const std::string& script) {
  if (server.empty())
    return Error{ErrorCode::kNotFound,
                 "it is not known where the package on " + host + " lies; run " + script + " there"};
  TRY(auto* remote, tools_.host(host));
  // Nothing of this connection may stay open in what the script starts.
  TRY(const auto ran,
      remote->run("cd " + shell_word(server + "/clusterDemo") + " && sh " + script + " --timeout 120 2>&1", "",
                  kScriptLimit));
  if (ran.status == 0) return Remark(ran.out.substr(0, ran.out.find('\n')));
  return Error{ErrorCode::kUnavailable,
               script + " on " + host + " ended with status " + std::to_string(ran.status) + ":\n" + ran.out + ran.err};
}

Result<Remark> StepRunner::check_host(const Step& step) {
  if (plan_.target.is_in_place()) return check_in_place(step);
  if (plan_.target.to_cluster) return check_single(step);
  if (plan_.target.offline) return check_offline(step);
  TRY(const auto members, tools_.cluster.members());
  return check_arrivals(step, members);
}

Result<Remark> StepRunner::check_arrivals(const Step& step, const Members& members) {
  std::string script;
  std::set<std::string> servers;
  for (const auto& made : plan_.arrivals(step.subject)) {
    const auto* member = find_member(members, made.alias);
    const bool is_new = servers.insert(made.server).second;
    if (!is_new && (member != nullptr && member->online)) continue;
    std::vector<std::pair<int, std::string>> ports;
    if (member == nullptr || !member->online) ports.emplace_back(made.port, made.host);
    script += check_script(made.server, plan_.id, ports);
    // State of an earlier member of that name would come back with an identity the cluster has given up.
    script += "  [ ! -e \"$server/clusterDemo/data/" + made.alias + "\" ] || echo \"fault: $server/clusterDemo/data/" +
              made.alias + " is there from an earlier member; finish that migration or choose another --dir\"\nfi\n";
  }
  const int64_t before_s = tools_.now_ms() / 1000;
  TRY(const auto said, output(step.host, script));
  std::string faults, notes;
  for (const auto line : config::split(said, '\n')) {
    if (line.starts_with("fault: ")) faults += (faults.empty() ? "" : "; ") + std::string(line.substr(7));
    if (line.starts_with("note: ")) notes += (notes.empty() ? "" : "; ") + std::string(line.substr(6));
    if (!line.starts_with("time ")) continue;
    const int64_t skew = std::stoll(std::string(line.substr(5))) - before_s;
    if (std::abs(skew) > kClockSkewMax_s) notes = "its clock differs by " + std::to_string(skew) + " s";
  }
  if (!faults.empty()) return Error{ErrorCode::kUnavailable, step.host + ": " + faults};
  return notes;
}

Status StepRunner::make_archive(const std::string& archive, const std::string& like) {
  std::error_code ignored;
  std::filesystem::create_directories(tools_.scratch, ignored);
  const bool is_given = !tools_.package.empty() && !plan_.target.offline;
  if (is_given) {
    const auto self = make_local_host();
    TRY(const auto ran, self->run(pack_script(tools_.package, archive), "", kArchiveLimit));
    if (ran.status == 0) return {};
    return Error{ErrorCode::kIo, "the package cannot be packed: " + tools_.package + ": " + ran.err};
  }
  for (const auto& member : plan_.before) {
    if (member.server.empty() || !member.online || (plan_.target.offline && member.alias != like)) continue;
    TRY(auto* remote, tools_.host(member.host));
    const auto there = folder_of(member.server) + "/.pelorus-" + plan_.id + ".tar.gz";
    TRY(const auto ran, remote->run(pack_script(member.server, there), "", kArchiveLimit));
    if (ran.status != 0)
      return Error{ErrorCode::kIo, "the package cannot be packed on " + member.host + ": " + ran.err};
    TRY_DONE(remote->fetch(there, archive));
    TRY(const auto removed, output(member.host, "rm -f " + shell_word(there)));
    return {};
  }
  return Error{ErrorCode::kNotFound, "no member's package is known; give one with --package DIR"};
}

Result<Remark> StepRunner::send_package(const Step& step) {
  std::map<std::string, std::string> servers;  // and who has one like it
  for (const auto& made : plan_.arrivals(step.subject)) {
    const bool was_there = std::any_of(plan_.before.begin(), plan_.before.end(), [&](const Member& member) {
      return member.host == made.host && member.server == made.server;
    });
    if (made.role != NodeMode::kDataNode && !was_there) servers.emplace(made.server, made.like);
  }
  std::string remark = kAlready;
  for (const auto& [server, like] : servers) {
    TRY(const auto state,
        output(step.host, "if [ ! -e " + shell_word(server) + " ]; then echo none; else head -c 12 " +
                              shell_word(server + "/" + kMarker) + " 2>/dev/null || echo foreign; fi"));
    if (config::trim(state) == plan_.id) continue;
    if (config::trim(state) != "none") {
      return Error{
          ErrorCode::kAlreadyExists,
          step.host + ": " + server + " is there and was not made by this plan; choose another --dir or move it away"};
    }
    const auto archive = io::join_path(tools_.scratch, "package-" + plan_.id + ".tar.gz");
    TRY_DONE(make_archive(archive, like));
    std::error_code failure;
    const auto bytes = std::filesystem::file_size(archive, failure);
    tell({"progress.send", {step.host, bytes_text(failure ? -1 : static_cast<int64_t>(bytes))}});
    TRY(auto* remote, tools_.host(step.host));
    const auto there = server + ".tar.gz";
    TRY(const auto made, output(step.host, "mkdir -p " + shell_word(folder_of(server))));
    TRY_DONE(remote->send(archive, there));
    TRY(const auto ran, remote->run(unpack_script(server, there, plan_.id), "", kArchiveLimit));
    std::filesystem::remove(archive, failure);
    if (ran.status != 0) return Error{ErrorCode::kIo, step.host + ": the package cannot be unpacked: " + ran.err};
    remark.clear();
  }
  return remark;
}

Result<Remark> StepRunner::remove_package(const Step& step) {
  std::set<std::string> servers;
  for (const auto& made : plan_.arrivals(step.subject)) servers.insert(made.server);
  for (const auto& server : servers) {
    if (!is_removable(server)) continue;
    TRY(const auto said,
        output(step.host, "if [ \"$(head -c 12 " + shell_word(server + "/" + kMarker) +
                              " 2>/dev/null)\" = " + shell_word(plan_.id) + " ]; then rm -rf " + shell_word(server) +
                              "; rmdir " + shell_word(folder_of(server)) + " 2>/dev/null; fi; rm -rf " +
                              shell_word(server + ".new") + " " + shell_word(server + ".tar.gz")));
  }
  return Remark();
}

std::vector<config::Site> StepRunner::controller_sites(const Members& members) const {
  std::vector<config::Site> sites;
  for (const auto& member : members_of(members, NodeMode::kController)) {
    if (!plan_.leaves(member.alias)) sites.push_back({member.host, static_cast<uint16_t>(member.port), member.alias});
  }
  for (const auto& made : plan_.additions) {
    if (made.role == NodeMode::kController && find_member(members, made.alias) == nullptr) {
      sites.push_back({made.host, static_cast<uint16_t>(made.port), made.alias});
    }
  }
  return sites;
}

Status StepRunner::write_addresses(const Addition& member, const Members& members) {
  const auto folder = member.server + "/clusterDemo/config/";
  if (member.role == NodeMode::kAgent) {
    std::vector<config::Site> sites;
    for (const auto& controller : members_of(members, NodeMode::kController)) {
      sites.push_back({controller.host, static_cast<uint16_t>(controller.port), controller.alias});
    }
    TRY(const auto text, read_text(member.host, folder + "agent.cfg"));
    return write_text(member.host, folder + "agent.cfg", with_controllers(text, sites));
  }
  auto listed = members;
  if (find_member(listed, member.alias) == nullptr) {
    listed.push_back({.alias = member.alias, .role = member.role, .host = member.host, .port = member.port});
    sort_members(listed);
  }
  return write_text(member.host, folder + "cluster.nodes", nodes_text(listed));
}

Result<Remark> StepRunner::write_config(const Step& step) {
  TRY(auto members, members_for_files());
  TRY(const auto settings, settings_for_files());
  const auto controllers = controller_sites(members);
  auto listed = members;
  for (const auto& made : plan_.additions) {
    if (made.host == step.subject && find_member(listed, made.alias) == nullptr && made.role != NodeMode::kDataNode) {
      listed.push_back({.alias = made.alias, .role = made.role, .host = made.host, .port = made.port});
    }
  }
  sort_members(listed);
  for (const auto& made : plan_.arrivals(step.subject)) {
    if (made.role == NodeMode::kDataNode) continue;
    const auto* like = find_member(plan_.before, made.like);
    if (like == nullptr) return Error{ErrorCode::kInternal, "nobody to be like: " + made.alias};
    const bool votes = made.role == NodeMode::kController;
    const auto folder = made.server + "/clusterDemo/config/";
    const std::string name = votes ? "controller.cfg" : "agent.cfg";
    TRY(const auto text, former_text(like->host, like->server + "/clusterDemo/config/" + name));
    TRY_DONE(replace_text(made.host, folder + name,
                          votes ? controller_text(text, made, plan_.target, like->server)
                                : agent_text(text, made, plan_.target, like->server, controllers)));
    TRY_DONE(copy_keys(made, *like, text));
    TRY_DONE(provide_certificate(made, *like, text));
    const bool joins = plan_.addition(made.alias) != nullptr;
    TRY_DONE(replace_text(made.host, folder + "cluster.nodes", nodes_text(joins ? listed : members)));
    TRY_DONE(replace_text(made.host, folder + "cluster.cfg", settings));
  }
  return Remark();
}

/// Agents alone: controllers keep their cluster.nodes and cluster.cfg up to date themselves, and a file that somebody
/// else wrote would have a vote at their next start, with whatever was true when it was written.
Result<Remark> StepRunner::write_files(const Step& step) {
  if (plan_.target.offline) {
    TRY_DONE(write_stopped_files(step));
    return Remark();
  }
  TRY(const auto members, tools_.cluster.members());
  Remark remark = kAlready;
  for (const auto& member : members) {
    if (member.host != step.subject || member.role != NodeMode::kAgent) continue;
    const auto* made = plan_.addition(member.alias);
    const auto* before = find_member(plan_.before, member.alias);
    const std::string server = made != nullptr ? made->server : before != nullptr ? before->server : "";
    if (server.empty()) continue;
    const auto path = server + "/clusterDemo/config/agent.cfg";
    TRY(const auto now, read_text(step.host, path));
    const auto wanted = with_controllers(now, controller_sites(members));
    if (now == wanted) continue;
    remark.clear();
    const auto kept = shell_word(path + ".before-" + plan_.id);
    TRY(const auto said, output(step.host, "[ -e " + kept + " ] || cp -p " + shell_word(path) + " " + kept));
    TRY_DONE(write_text(step.host, path, wanted));
  }
  return remark;
}

Result<Remark> StepRunner::restore_files(const Step& step) {
  std::set<std::string> servers;
  for (const auto& member : plan_.before) {
    if (plan_.host_after(member.host) == step.subject && !member.server.empty()) servers.insert(member.server);
  }
  for (const auto& server : servers) {
    TRY(const auto said,
        output(step.host, "cd " + shell_word(server + "/clusterDemo/config") + " || exit 0\nfor old in *.before-" +
                              plan_.id + "; do if [ -e \"$old\" ]; then mv \"$old\" \"${old%.before-*}\"; fi; done"));
  }
  return Remark();
}

Result<std::vector<std::string>> StepRunner::directories_of(const Addition& member) {
  std::vector<std::string> directories{home_of(member.server, member.alias)};
  if (member.role == NodeMode::kController) {
    TRY(const auto text, output(member.host, "cat " + shell_word(member.server + "/clusterDemo/config/controller.cfg") +
                                                 " 2>/dev/null || :"));
    const auto site = config::parse_site(setting_of(text, "localSite"));
    const auto meta = setting_of(text, "dfsMetaDir");
    if (site.ok() && site->alias == member.alias && meta.starts_with('/')) directories.push_back(meta);
  }
  if (member.role == NodeMode::kDataNode) {
    // The agent that started it knows its home; its own lines of cluster.cfg know the rest.
    TRY(const auto settings, tools_.cluster.nodes_settings());
    const auto neighbours = plan_.neighbours(member.alias, member.host);
    for (auto& directory : own_directories(settings, member.alias, neighbours))
      directories.push_back(std::move(directory));
  }
  return directories;
}

Status StepRunner::clear_directories(const Addition& member, bool for_good) {
  if (member.server.empty()) return {};
  TRY(const auto directories, directories_of(member));
  std::string script = "set -eu\n";
  for (const auto& directory : directories) {
    if (!is_removable(directory))
      return Error{ErrorCode::kInvalid, "this will not be removed, it is too near the root: " + directory};
    const auto aside = directory + ".left-" + plan_.id;
    script += for_good ? "rm -rf " + shell_word(directory) + "\n"
                       : "if [ -e " + shell_word(directory) + " ] && [ ! -e " + shell_word(aside) + " ]; then mv " +
                             shell_word(directory) + " " + shell_word(aside) + "; fi\n";
  }
  TRY(const auto said, output(member.host, script));
  return {};
}

Status StepRunner::remove_leftovers() {
  if (plan_.target.offline) return remove_sources();
  TRY_DONE(remove_old_directories());
  std::set<std::pair<std::string, std::string>> packages;
  for (const auto& alias : plan_.leaving) {
    const auto* member = find_member(plan_.before, alias);
    if (member == nullptr || member->server.empty()) continue;
    const auto done = clear_directories({alias, member->role, member->host, member->port, member->server, ""}, true);
    if (!done.ok() && !was_dead(alias)) return done.error();
    packages.emplace(member->host, member->server);
  }
  TRY(auto settings, tools_.cluster.nodes_settings());
  const auto before = settings;
  for (const auto& alias : plan_.leaving) settings = without_node(settings, alias);
  if (settings != before) TRY_DONE(tools_.cluster.save_nodes_settings(settings));
  for (const auto& package : packages) {
    const auto& host = package.first;
    const auto& server = package.second;
    // A package whose members have all left.
    const auto lives_in = [&](const Member& member) {
      return member.host == host && member.server == server && !plan_.leaves(member.alias);
    };
    const auto made_in = [&](const Addition& made) { return made.host == host && made.server == server; };
    if (std::any_of(plan_.before.begin(), plan_.before.end(), lives_in)) continue;
    if (std::any_of(plan_.additions.begin(), plan_.additions.end(), made_in) || !is_removable(server)) continue;
    const auto removed =
        output(host, "rm -rf " + shell_word(server) + "; rmdir " + shell_word(folder_of(server)) + " 2>/dev/null || :");
    const auto gone = std::find_if(plan_.before.begin(), plan_.before.end(),
                                   [&](const Member& m) { return m.host == host && m.online; });
    if (!removed.ok() && gone != plan_.before.end()) return removed.error();
  }
  return {};
}

}  // namespace pelorus::cli::migrate
