#include "cli/upgrade/gather.h"

#include <cstdio>
#include <filesystem>
#include <set>

#include "cli/deploy/package_facts.h"
#include "cli/upgrade/host_scripts.h"
#include "config/key_values.h"

namespace pelorus::cli::upgrade {
namespace {

constexpr std::chrono::seconds kShort{60};

HostFacts ask_host(const std::string& host, migrate::HostPool& hosts, const std::vector<std::string>& servers) {
  HostFacts facts;
  const auto remote = hosts.of(host);
  const auto ran = remote.ok() ? (*remote)->run(facts_script(servers), "", kShort) : Result<Ran>(remote.error());
  if (!ran.ok() || ran->status != 0) {
    facts.problem = ran.ok() ? ran->err : ran.error().message;
    return facts;
  }
  for (const auto line : config::split(ran->out, '\n')) {
    if (line.starts_with("machine ")) facts.machine = line.substr(8);
    if (line.starts_with("fault: ")) facts.problem += (facts.problem.empty() ? "" : "; ") + std::string(line.substr(7));
  }
  facts.bytes_free = migrate::bytes_free(**remote, servers);
  return facts;
}

}  // namespace

Result<Program> program_of_version(const std::string& text) {
  char version[64];
  Program program;
  if (std::sscanf(text.c_str(), "pelorusd %63[^, ], feature levels %d to %d", version, &program.oldest_level,
                  &program.newest_level) != 3) {
    return Error{ErrorCode::kInvalid, "the package's pelorusd -version says something else: " + text};
  }
  program.version = version;
  return program;
}

Result<Program> read_program(const std::string& server) {
  std::error_code failure;
  if (server.empty() || !std::filesystem::exists(server + "/scripts/node_control.sh", failure) ||
      !std::filesystem::exists(server + "/pelorusd", failure)) {
    return Error{ErrorCode::kNotFound, "no package to upgrade to: give its folder with --package" +
                                           (server.empty() ? "" : ", not " + server)};
  }
  TRY(const auto ran, run_captured({server + "/pelorusd", "-version"}, "", {kShort, {}}));
  TRY(auto program, program_of_version(ran.out + ran.err));
  TRY(const auto facts, deploy::read_package(server));
  program.fingerprint = facts.fingerprint;
  program.machine = facts.machine;
  program.bytes = static_cast<int64_t>(facts.bytes);
  return program;
}

Result<Facts> gather(migrate::LiveCluster& cluster, migrate::HostPool& hosts) {
  TRY(auto now, cluster.facts());
  Facts facts;
  facts.members = std::move(now.members);
  TRY(facts.level, cluster.feature_level());
  TRY(facts.replicas, cluster.replicas());
  for (const auto& host : migrate::hosts_of(facts.members)) {
    std::set<std::string> servers;
    for (const auto& member : migrate::members_on(facts.members, host)) {
      if (!member.server.empty()) servers.insert(member.server);
    }
    if (!servers.empty()) facts.hosts[host] = ask_host(host, hosts, {servers.begin(), servers.end()});
  }
  return facts;
}

}  // namespace pelorus::cli::upgrade
