// Plans and journals on the operator's computer, of upgrades and migrations: a newer tool goes on with them.

#include "base/stored_bytes.h"

#include "cli/migrate/fake_world.h"
#include "cli/migrate/plan_json.h"
#include "cli/upgrade/plan_json.h"
#include "io/memory_file_system.h"

namespace pelorus::cli {
namespace {

using steps::Journal;
using steps::Language;
using steps::RunState;
using steps::StepState;

struct Files {
  std::string plan, journal;
};

/// Of a plan whose first step was begun.
Files kept(const std::string& id, const std::string& plan, size_t steps) {
  io::MemoryFileSystem disk;
  EXPECT_TRUE(Journal::create(disk, "/s", id, plan, steps, R"({"sshUser":"ops"})").ok());
  auto journal = Journal::open(disk, "/s", id);
  EXPECT_TRUE(journal.ok());
  EXPECT_TRUE((*journal)->set_run(RunState::kRunning).ok());
  EXPECT_TRUE(
      (*journal)->set_step(0, {.state = StepState::kBegun, .began_ms = 1000, .ended_ms = 0, .remark = "r"}).ok());
  return {io::read_file(disk, "/s/" + id + "/plan.json", 1 << 20).value(),
          io::read_file(disk, "/s/" + id + "/journal.json", 1 << 20).value()};
}

void check_journal(const std::string& id, const std::string& name, const Files& files, size_t steps) {
  check_stored(name, files.journal, [&](const std::string& bytes) {
    io::MemoryFileSystem disk;
    ASSERT_TRUE(disk.make_directories("/s/" + id).ok());
    ASSERT_TRUE(io::replace_file(disk, "/s/" + id + "/plan.json", files.plan).ok());
    ASSERT_TRUE(io::replace_file(disk, "/s/" + id + "/journal.json", bytes).ok());
    const auto read = Journal::read(disk, "/s", id);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->record.state, RunState::kRunning);
    ASSERT_EQ(read->record.steps.size(), steps);
    EXPECT_EQ(read->record.steps[0].state, StepState::kBegun);
    EXPECT_EQ(read->record.steps[0].remark, "r");
    EXPECT_EQ(read->record.ssh, R"({"sshUser":"ops"})");
  });
}

TEST(StoredBytes, upgrade_plan_and_journal) {
  upgrade::Facts facts;
  facts.members = migrate::facts_on({"A", "B", "C"}).members;
  const auto plan = upgrade::make_plan(facts, {}, {.version = "0.2.0", .newest_level = 2, .fingerprint = "f"}).plan;
  const auto files =
      kept(plan.id, boost::json::serialize(upgrade::json_of(plan, Language::kEnglish)), plan.steps.size());
  check_stored("upgrade_plan.json", files.plan, [&](const std::string& bytes) {
    const auto read = upgrade::plan_of(bytes);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->turns, plan.turns);
    EXPECT_EQ(read->steps, plan.steps);
    EXPECT_EQ(read->program.version, "0.2.0");
  });
  check_journal(plan.id, "upgrade_journal.json", files, plan.steps.size());
}

TEST(StoredBytes, migration_plan_and_journal) {
  migrate::Target target;
  target.hosts = {"A", "B", "C"};
  const auto plan = migrate::make_plan(migrate::pseudo_facts("A"), target).plan;
  const auto files =
      kept(plan.id, boost::json::serialize(migrate::json_of(plan, Language::kEnglish)), plan.steps.size());
  check_stored("migration_plan.json", files.plan, [&](const std::string& bytes) {
    const auto read = migrate::plan_of(boost::json::parse(bytes));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->steps, plan.steps);
    EXPECT_EQ(read->id, migrate::plan_id(*read));
  });
  check_journal(plan.id, "migration_journal.json", files, plan.steps.size());
}

}  // namespace
}  // namespace pelorus::cli
