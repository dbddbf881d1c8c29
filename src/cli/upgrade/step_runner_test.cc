#include "cli/upgrade/step_runner.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_world.h"
#include "cli/upgrade/plan_json.h"
#include "io/faulty_file_system.h"
#include "io/memory_file_system.h"

namespace pelorus::cli::upgrade {
namespace {

using migrate::FakeWorld;
using steps::RunState;

constexpr const char* kDirectory = "/state";

/// Understands of a script what the steps need it to.
class Host final : public RemoteHost {
 public:
  Host(FakeWorld& world, std::string host, const Plan& plan) : world_(world), host_(std::move(host)), plan_(plan) {}
  const std::string& address() const override { return host_; }
  bool is_local() const override { return false; }
  Result<Ran> run(const std::string& script, std::string_view, std::chrono::milliseconds) override {
    const auto has = [&](const char* part) { return script.find(part) != std::string::npos; };
    if (has("echo placed")) return Ran{0, world_.packages.contains(host_) ? "placed\n" : "missing\n", ""};
    if (has("mv \"$fresh.part\" \"$fresh\"")) world_.packages.insert(host_);
    if (has(": >\"$old/.exchanged\"")) world_.programs[host_] = "0.2.0";
    if (has("rm -f \"$old/.exchanged\"")) world_.programs[host_] = "0.1.0";
    if (has("rm -rf \"$server.upgrade-$id\"")) world_.packages.erase(host_);
    if (has("sh start") || has("sh stop")) program(script);
    return Ran{0, "", ""};
  }
  Result<Ran> run_into(const std::string&, RemoteHost&, const std::string&, std::chrono::milliseconds,
                       const Flow&) override {
    return Ran{};
  }
  Result<std::vector<std::string>> words_for(const std::string&) override { return std::vector<std::string>(); }
  Status send(const std::filesystem::path&, const std::string&) override { return {}; }
  Status fetch(const std::string&, const std::filesystem::path&) override { return {}; }

 private:
  void program(const std::string& script) {
    const auto role = script.find("Controller.sh") != std::string::npos ? NodeMode::kController : NodeMode::kAgent;
    for (const auto& member : plan_.members) {
      auto* found = world_.find(member.alias);
      if (member.host != host_ || member.role != role || found == nullptr) continue;
      if (script.find(member.server + "/clusterDemo") == std::string::npos) continue;
      EXPECT_FALSE(found->leads && script.find("sh stop") != std::string::npos) << "a leader was stopped";
      if (script.find("sh start") == std::string::npos) {
        found->online = false;
      } else if (!found->online) {
        world_.started(*found);
      }
    }
  }

  FakeWorld& world_;
  const std::string host_;
  const Plan& plan_;
};

/// The operator's computer, the cluster, and a tool that can be killed.
class Bench {
 public:
  Bench(migrate::ClusterFacts cluster, const Wish& wish) : world(versioned(cluster)) {
    Facts facts;
    facts.members = cluster.members;
    world.replicas.chunks[{"node1", "node2"}] = 5;
    world.replicas.chunks[{"node2", "node3"}] = 5;
    facts.replicas = world.replicas;
    const auto outcome = make_plan(facts, wish, {.version = "0.2.0", .newest_level = 2});
    EXPECT_TRUE(outcome.refusals.empty());
    plan = outcome.plan;
    const auto text = boost::json::serialize(json_of(plan, Language::kEnglish));
    EXPECT_TRUE(steps::Journal::create(disk, kDirectory, plan.id, text, plan.steps.size(), "{}").ok());
    plan = plan_of(text).value();
  }

  template <class Deed>
  Status run(io::FileSystem& files, const Deed& deed) {
    TRY(auto journal, steps::Journal::open(files, kDirectory, plan.id));
    migrate::FakeCluster cluster(world);
    std::map<std::string, std::unique_ptr<Host>> hosts;
    Tools tools{.cluster = cluster,
                .host = [&](const std::string& host) -> Result<RemoteHost*> {
                  if (!hosts[host]) hosts[host] = std::make_unique<Host>(world, host, plan);
                  return hosts[host].get();
                },
                .stage = []() -> Result<std::filesystem::path> { return std::filesystem::path("/nowhere"); },
                .pause = [&](std::chrono::milliseconds time) -> Status {
                  world.now_ms += time.count() + 1;
                  return {};
                },
                .tell = [](size_t, const Note&) {},
                .now_ms = [&] { return world.now_ms; }};
    StepRunner runner(plan, *journal, tools);
    return deed(runner);
  }
  Status carry_out(io::FileSystem& files) {
    return run(files, [](StepRunner& runner) { return runner.carry_out(); });
  }
  Status roll_back(io::FileSystem& files) {
    return run(files, [](StepRunner& runner) { return runner.roll_back(); });
  }
  RunState state() { return steps::Journal::read(disk, kDirectory, plan.id).value().record.state; }
  /// "0.1.0 1": the versions that run and how often each member was started.
  std::set<std::string> running() {
    std::set<std::string> found;
    for (const auto& member : world.members)
      found.insert((member.online ? member.version : "off") + " " + std::to_string(member.epoch));
    return found;
  }

  Plan plan;
  io::MemoryFileSystem disk;
  FakeWorld world;

 private:
  static FakeWorld versioned(migrate::ClusterFacts& cluster) {
    for (auto& member : cluster.members) member.version = "0.1.0";
    FakeWorld made(cluster);
    for (const auto& host : migrate::hosts_of(cluster.members)) made.programs[host] = "0.1.0";
    return made;
  }
};

using Names = std::set<std::string>;

TEST(Upgrade, gives_every_member_the_new_program_once) {
  Bench bench(migrate::facts_on({"A", "B", "C"}), {});
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(bench.running(), Names{"0.2.0 1"});
  EXPECT_EQ(bench.state(), RunState::kDone);
  EXPECT_LE(bench.world.orders["move_leader"], 2);
}

TEST(Upgrade, restarts_every_member_once) {
  Bench bench(migrate::facts_on({"A", "B", "C"}), {.restart_only = true});
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(bench.running(), Names{"0.1.0 1"});
}

TEST(Upgrade, goes_process_by_process_on_one_host) {
  Bench bench(migrate::pseudo_facts("A"), {});
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(bench.running(), Names{"0.2.0 1"});
}

TEST(Upgrade, puts_the_old_programs_back) {
  Bench bench(migrate::facts_on({"A", "B", "C"}), {});
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  const auto back = bench.roll_back(bench.disk);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(bench.running(), Names{"0.1.0 2"});
  EXPECT_EQ(bench.state(), RunState::kRolledBack);
  EXPECT_TRUE(bench.world.packages.empty()) << "what was sent is gone";
}

TEST(Upgrade, does_not_begin_while_replicas_are_incomplete) {
  Bench bench(migrate::facts_on({"A", "B", "C"}), {});
  bench.world.replicas.stale = 1;
  const auto done = bench.carry_out(bench.disk);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(bench.running(), Names{"0.1.0 0"});
  bench.world.replicas.stale = 0;
  EXPECT_TRUE(bench.carry_out(bench.disk).ok());
}

/// The tool dies at each of its writes, going forth or back, and is started again: the end is the same.
TEST(Upgrade, goes_on_after_a_death_between_any_two_writes) {
  for (const bool back : {false, true}) {
    size_t deaths = 0;
    for (uint64_t at = 1;; ++at) {
      Bench bench(migrate::facts_on({"A", "B", "C"}), {});
      if (back) {
        ASSERT_TRUE(bench.carry_out(bench.disk).ok());
      }
      const auto walk = [&](io::FileSystem& files) { return back ? bench.roll_back(files) : bench.carry_out(files); };
      io::FaultyFileSystem dying(bench.disk);
      dying.crash_at(at);
      if (walk(dying).ok()) break;
      ++deaths;
      bench.disk.crash(io::CrashStyle::kDropUnsynced, at);
      const auto second = walk(bench.disk);
      ASSERT_TRUE(second.ok()) << "died at write " << at << ": " << second.error().message;
      for (const auto& member : bench.world.members) {
        EXPECT_TRUE(member.online) << member.alias << " " << at;
        EXPECT_EQ(member.version, back ? "0.1.0" : "0.2.0") << member.alias << " " << at;
      }
    }
    EXPECT_GT(deaths, 30u);
  }
}

TEST(Upgrade, is_taken_back_from_wherever_it_died) {
  for (uint64_t at = 1;; at += 3) {
    Bench bench(migrate::facts_on({"A", "B", "C"}), {});
    io::FaultyFileSystem dying(bench.disk);
    dying.crash_at(at);
    if (bench.carry_out(dying).ok()) break;
    bench.disk.crash(io::CrashStyle::kDropUnsynced, at);
    if (bench.state() == RunState::kPlanned) continue;
    const auto back = bench.roll_back(bench.disk);
    ASSERT_TRUE(back.ok()) << "died at write " << at << ": " << back.error().message;
    for (const auto& member : bench.world.members) {
      EXPECT_TRUE(member.online) << member.alias << " " << at;
      EXPECT_EQ(member.version, "0.1.0") << member.alias << " " << at;
    }
  }
}

}  // namespace
}  // namespace pelorus::cli::upgrade
