#pragma once
// For tests: the computer that the tool runs on, before the cluster of fake_world.h.

#include <gtest/gtest.h>

#include "cli/migrate/fake_host.h"
#include "cli/migrate/plan_json.h"
#include "io/memory_file_system.h"

namespace pelorus::cli::migrate {

inline constexpr const char* kStateDirectory = "/state";

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
      TRY(const auto report, cluster.report());
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
