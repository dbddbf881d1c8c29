// What `pelorus migrate` and `pelorus upgrade` keep of a plan, as programs of every level wrote it: a newer tool goes
// on with what an older one began.

#include "base/stored_bytes.h"

#include "cli/migrate/journal.h"
#include "cli/migrate/plan_json.h"
#include "cli/upgrade/plan_json.h"
#include "io/memory_file_system.h"

namespace pelorus::cli {
namespace {

constexpr const char* kState = "/state";

std::string file_of(io::FileSystem& files, const std::string& path) {
  const auto bytes = io::read_file(files, path, 1 << 20);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? *bytes : std::string();
}

TEST(StoredBytes, plan_journal) {
  constexpr const char* kId = "0123456789ab";
  using steps::StepState;
  io::MemoryFileSystem disk;
  ASSERT_TRUE(steps::Journal::create(disk, kState, kId, "{}", 5, "{\"user\":\"dolphin\"}").ok());
  {
    auto journal = steps::Journal::open(disk, kState, kId);
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->set_run(steps::RunState::kRollingBack).ok());
    const StepState states[] = {StepState::kDone, StepState::kBegun, StepState::kUndoing, StepState::kUndone};
    for (size_t i = 0; i < std::size(states); ++i) {
      const auto began = static_cast<int64_t>(1000 * i);
      ASSERT_TRUE((*journal)->set_step(i, {states[i], began, began + 500, "remark " + std::to_string(i)}).ok());
    }
  }
  const std::string path = std::string(kState) + "/" + kId + "/journal.json";
  check_stored("plan_journal", file_of(disk, path), [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    const auto kept = steps::Journal::read(disk, kState, kId);
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(kept->record.state, steps::RunState::kRollingBack);
    EXPECT_EQ(kept->record.ssh, "{\"user\":\"dolphin\"}");
    const std::vector<steps::StepRecord> expected{{StepState::kDone, 0, 500, "remark 0"},
                                                  {StepState::kBegun, 1000, 1500, "remark 1"},
                                                  {StepState::kUndoing, 2000, 2500, "remark 2"},
                                                  {StepState::kUndone, 3000, 3500, "remark 3"},
                                                  {StepState::kWaiting, 0, 0, ""}};
    EXPECT_EQ(kept->record.steps, expected);
  });
}

migrate::Member member() {
  return {.alias = "node1",
          .role = config::NodeMode::kDataNode,
          .host = "10.0.0.1",
          .port = 8902,
          .uuid = "uuid-1",
          .server = "/opt/pelorus/server"};
}

/// One step of every kind there was when it was stored.
migrate::Plan migrate_plan() {
  migrate::Plan plan;
  plan.target = {.hosts = {"10.0.0.1", "10.0.0.2"},
                 .replaced = "10.0.0.3",
                 .accept_risk = true,
                 .directory = "/opt/<HOST>",
                 .paths = {{"/data1", "/data2"}},
                 .moved = "10.0.0.4",
                 .moved_to = "10.0.0.5"};
  plan.before = {member()};
  plan.before[0].online = true;
  plan.before[0].chunks = 5;
  plan.additions = {{.alias = "node2",
                     .role = config::NodeMode::kDataNode,
                     .host = "10.0.0.2",
                     .port = 8902,
                     .server = "/opt/pelorus/server",
                     .like = "node1"}};
  plan.leaving = {"node1"};
  plan.moves = {{.alias = "node1", .setting = "volumes", .from = "/a", .to = "/b"}};
  for (const auto* name : {"check_host",
                           "send_package",
                           "write_config",
                           "start_controller",
                           "add_controller",
                           "add_agent",
                           "start_agent",
                           "configure_node",
                           "add_node",
                           "start_node",
                           "drain",
                           "spread",
                           "verify",
                           "move_leader",
                           "remove_controller",
                           "stop_controller",
                           "stop_node",
                           "remove_node",
                           "stop_agent",
                           "remove_agent",
                           "write_files",
                           "yield_leader",
                           "pause",
                           "readdress",
                           "copy_directories",
                           "set_directories",
                           "continue",
                           "write_cluster_files",
                           "stop_single",
                           "move_home",
                           "forget_source"}) {
    const auto kind = migrate::parse_step(name);
    EXPECT_TRUE(kind.has_value()) << name << ": plans of earlier programs have it";
    if (kind)
      plan.steps.push_back(
          {.kind = *kind, .subject = "node1", .host = "10.0.0.1", .bytes = 10, .effect = {"effect.none", {}}});
  }
  plan.fails_before = 1;
  plan.fails_after = 2;
  plan.id = migrate::plan_id(plan);
  return plan;
}

/// Texts in it may become better ones.
TEST(StoredBytes, migrate_plan) {
  const auto expected = migrate_plan();
  io::MemoryFileSystem disk;
  const auto text = boost::json::serialize(migrate::json_of(expected, Language::kEnglish));
  ASSERT_TRUE(migrate::Journal::create(disk, kState, expected, text, "{}").ok());
  const auto path = std::string(kState) + "/" + expected.id + "/plan.json";
  check_stored_varying("migrate_plan", file_of(disk, path), [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    const auto kept = migrate::Journal::read(disk, kState, expected.id);
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(kept->first, expected);
  });
}

TEST(StoredBytes, upgrade_plan) {
  upgrade::Plan expected;
  expected.wish = {.restart_only = false, .accept_downtime = true};
  expected.program = {
      .version = "0.2.0", .oldest_level = 1, .newest_level = 2, .fingerprint = "f", .machine = "x86_64", .bytes = 100};
  expected.level = 1;
  expected.members = {member()};
  expected.members[0].version = "0.1.0";
  expected.turns = {{.host = "10.0.0.1", .members = {"node1"}}};
  for (const auto* name : {"send", "exchange", "move_leader", "stop", "start", "await"}) {
    const auto kind = upgrade::parse_step(name);
    ASSERT_TRUE(kind.has_value()) << name << ": plans of earlier programs have it";
    const bool has_turn = *kind >= upgrade::StepKind::kMoveLeader;
    expected.steps.push_back({.kind = *kind,
                              .host = "10.0.0.1",
                              .server = *kind == upgrade::StepKind::kExchange ? "/opt/pelorus/server" : "",
                              .turn = has_turn ? 0 : -1});
  }
  expected.id = upgrade::plan_id(expected);
  const auto written = boost::json::serialize(upgrade::json_of(expected, Language::kEnglish)) + "\n";
  check_stored_varying("upgrade_plan", written, [&](const std::string& bytes) {
    const auto plan = upgrade::plan_of(bytes);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ(plan->id, upgrade::plan_id(*plan));
    EXPECT_EQ(*plan, expected);
  });
}

}  // namespace
}  // namespace pelorus::cli
