// docs/formats/node-directory.md: the scheduled jobs as programs of every level wrote them.

#include "base/stored_bytes.h"

#include "exec/language_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "session/scheduled_jobs.h"

namespace pelorus::session {
namespace {

TEST(StoredBytes, scheduled_jobs) {
  functions::Registry registry;
  functions::register_builtins(registry);
  exec::register_language_functions(registry);
  exec::NodeSharedObjects shared;
  exec::QueryRunner sql;
  SystemClock clock;
  const exec::Surroundings surroundings{registry, shared, sql, clock, {}, {}};
  BackgroundJobs jobs{clock};
  const ScheduledJob job{.id = "weekly",
                         .user = "admin",
                         .is_admin = true,
                         .description = "on Sundays",
                         .definitions = "def f() { return 1 }",
                         .function = "f",
                         .minutes = {10, 720},
                         .first_day = 19000,
                         .last_day = 19365,
                         .frequency = "W",
                         .days = {0, 4}};
  std::string kept;
  const auto schedule = [&] {
    auto made = std::make_unique<ScheduledJobs>(surroundings, jobs, clock);
    const auto opened = made->open({.load = [&]() -> Result<std::string> { return kept; },
                                    .save = [&](const std::string& bytes) -> Status {
                                      kept = bytes;
                                      return {};
                                    }});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return made;
  };
  schedule()->add(job);
  check_stored("scheduled_jobs", kept, [&](const std::string& bytes) {
    kept = bytes;
    const auto all = schedule()->all();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].id, "weekly");
    EXPECT_EQ(all[0].user, "admin");
    EXPECT_TRUE(all[0].is_admin);
    EXPECT_EQ(all[0].description, "on Sundays");
    EXPECT_EQ(all[0].definitions, job.definitions);
    EXPECT_EQ(all[0].function, "f");
    EXPECT_EQ(all[0].minutes, job.minutes);
    EXPECT_EQ(all[0].first_day, 19000);
    EXPECT_EQ(all[0].last_day, 19365);
    EXPECT_EQ(all[0].frequency, "W");
    EXPECT_EQ(all[0].days, job.days);
  });
}

}  // namespace
}  // namespace pelorus::session
