#pragma once
// For tests: the computer that the tool runs on, before the cluster of fake_world.h.

#include <gtest/gtest.h>

#include "cli/certificates.h"
#include "cli/migrate/fake_host.h"
#include "cli/migrate/plan_json.h"
#include "io/memory_file_system.h"

namespace pelorus::cli::migrate {

inline constexpr const char* kStateDirectory = "/state";

/// A cluster whose nodes speak TLS, with its keys in /srv/keys on host A.
inline void give_keys(FakeWorld& world, const KeyAndCertificate& authority, bool keeps_authority_key) {
  const auto own = make_server_certificate(authority, {"A"});
  ASSERT_TRUE(own.ok());
  const auto put = [&](const std::string& path, const std::string& text) { world.files["A:'" + path + "'"] = text; };
  const std::string tls = "enableHTTPS=1\nenableRpcSSL=1\nkeyPath=/srv/keys\n";
  for (const auto* k : {"1", "2", "3"}) {
    const auto folder = std::string("/home/dolphindb_") + k + "/server/clusterDemo/config/";
    put(folder + "controller.cfg", "localSite=A:990" + std::string(k) + ":controller" + k + "\n" + tls);
    put(folder + "agent.cfg", "localSite=A:9904:agent1\n" + tls);
  }
  put("/srv/keys/ca.crt", authority.certificate);
  put("/srv/keys/server.crt", own->certificate);
  put("/srv/keys/serverPrivate.key", own->key);
  if (keeps_authority_key) put("/srv/keys/ca.key", authority.key + authority.certificate);
}

/// The operator's computer, the cluster, and a tool that can be killed.
class Bench {
 public:
  Bench(const ClusterFacts& facts, Plan plan) : plan_(std::move(plan)), world(facts) {
    const auto made =
        Journal::create(disk, kStateDirectory, plan_, boost::json::serialize(json_of(plan_, Language::kEnglish)), "{}");
    EXPECT_TRUE(made.ok());
  }

  /// Runs the tool on `files`; it dies with them.
  template <class Deed>
  Status run(io::FileSystem& files, const Deed& deed) {
    TRY(auto journal, Journal::open(files, kStateDirectory, plan_.id));
    FakeCluster cluster(world);
    world.is_carried = plan_.target.offline;
    if (!journal->get("before.json").ok()) {
      TRY(const auto report, cluster.report({}));
      TRY_DONE(journal->put("before.json", boost::json::serialize(report)));
    }
    std::map<std::string, std::unique_ptr<FakeHost>> hosts;
    Tools tools{.cluster = cluster,
                .host = [&](const std::string& host) -> Result<RemoteHost*> {
                  if (!hosts[host]) hosts[host] = std::make_unique<FakeHost>(world, host, plan_);
                  return hosts[host].get();
                },
                .package = "",
                .throttle_mb = 0,
                .pause = [&](std::chrono::milliseconds time) -> Status {
                  world.now_ms += time.count() + 1;
                  return {};
                },
                .tell = [](const Event&) {},
                .now_ms = [&] { return world.now_ms; },
                .scratch = "/nowhere"};
    return deed(*journal, tools);
  }
  Status carry_out(io::FileSystem& files) {
    return run(files, [](Journal& journal, Tools& tools) { return migrate::carry_out(journal, tools); });
  }
  Status roll_back(io::FileSystem& files) {
    return run(files, [](Journal& journal, Tools& tools) { return migrate::roll_back(journal, tools); });
  }
  Record record() {
    const auto found = Journal::read(disk, kStateDirectory, plan_.id);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() ? found->second : Record();
  }

 private:
  const Plan plan_;

 public:
  io::MemoryFileSystem disk;
  FakeWorld world;
};

inline std::vector<std::string> aliases_of(const std::vector<Member>& members) {
  std::vector<std::string> aliases;
  for (const auto& member : members)
    aliases.push_back(member.alias + "@" + member.host + (member.online ? "" : " off"));
  return aliases;
}

}  // namespace pelorus::cli::migrate
