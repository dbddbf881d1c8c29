// Jobs run in their minutes on their days, and are there again after a restart.

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/script_error.h"
#include "exec/language_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "session/scheduled_jobs.h"

namespace pelorus::session {
namespace {

using data::Value;
using std::chrono::hours;
using std::chrono::minutes;

/// Thursday 1970.01.01, 00:00 UTC when it begins.
class ScheduledJobsTest : public testing::Test {
 protected:
  ScheduledJobsTest() {
    setenv("TZ", "UTC", 1);
    tzset();
    functions::register_builtins(registry_);
    exec::register_language_functions(registry_);
    register_job_functions(registry_, jobs_, "node1");
    register_scheduled_jobs(registry_, schedule_, "node1");
    scope_.caller = {.user = "admin", .is_admin = true};
    EXPECT_TRUE(schedule_.open(storage()).ok());
    schedule_.run_due();
  }
  ScheduledJobs::Storage storage() {
    return {.load = [this]() -> Result<std::string> { return kept_; },
            .save = [this](const std::string& bytes) -> Status {
              if (disk_full_) return Error{ErrorCode::kNoSpace, "the disk is full"};
              kept_ = bytes;
              return {};
            }};
  }
  Value run(const std::string& script) { return interpreter_.run(script); }
  std::string error_of(const std::string& script) {
    try {
      run(script);
      return "";
    } catch (const ScriptError& error) {
      return error.message();
    }
  }
  /// Goes on minute by minute; how many jobs ran.
  size_t pass(minutes time) {
    const size_t before = jobs_.all().size();
    for (minutes m{0}; m < time; ++m) {
      clock_.advance(minutes(1));
      schedule_.run_due();
      schedule_.run_due();  // a second look in the same minute starts nothing
    }
    return jobs_.all().size() - before;
  }

  std::string kept_;
  bool disk_full_ = false;
  ManualClock clock_;
  SystemClock real_clock_;
  functions::Registry registry_;
  exec::NodeSharedObjects shared_;
  exec::QueryRunner sql_;
  exec::Surroundings surroundings_{registry_, shared_, sql_, real_clock_, {}, {}};
  exec::SessionScope scope_{1};
  exec::Interpreter interpreter_{surroundings_, scope_};
  BackgroundJobs jobs_{real_clock_};
  ScheduledJobs schedule_{surroundings_, jobs_, clock_};
};

TEST_F(ScheduledJobsTest, a_daily_job_runs_in_its_minutes_between_its_days) {
  run("def base(x) { return x + 1 }\ndef work(x, y) { return base(x) * y }\n"
      "scheduleJob(`d, \"daily\", work{2, 5}, 00:10m 12:00m, 1970.01.01, 1970.01.02, 'D')");
  EXPECT_EQ(pass(minutes(9)), 0u);
  EXPECT_EQ(pass(minutes(1)), 1u);
  EXPECT_EQ(run("getJobReturn(getRecentJobs().jobId[0], true)").scalar().as_int64(), 15);
  EXPECT_EQ(pass(hours(12)), 1u);
  EXPECT_EQ(pass(hours(24)), 2u);
  EXPECT_EQ(pass(hours(24)), 0u);
}

TEST_F(ScheduledJobsTest, weekdays_and_days_of_the_month) {
  run("scheduleJob(`w, \"\", now{false}, 06:00m, 1970.01.01, 1970.12.31, 'W', 0 4)");  // Sunday, Thursday
  EXPECT_EQ(pass(hours(24 * 7)), 2u);
  run("deleteScheduledJob(`w)\nscheduleJob(`m, \"\", now{false}, 06:00m, 1970.01.01, 1970.12.31, 'M', 9 31)");
  EXPECT_EQ(pass(hours(24 * 3)), 1u);  // 8, 9 and 10 January
}

TEST_F(ScheduledJobsTest, a_restarted_node_knows_its_jobs_and_their_functions) {
  run("def helper(x) { return x * 7 }\ndef work() { return helper(6) }\n"
      "scheduleJob(`again, \"kept\", work, 00:05m, 1970.01.01, 1970.01.02, 'D')");
  ScheduledJobs after(surroundings_, jobs_, clock_);
  ASSERT_TRUE(after.open(storage()).ok());
  after.run_due();
  clock_.advance(minutes(5));
  after.run_due();
  EXPECT_EQ(run("getJobReturn(`again, true)").scalar().as_int64(), 42);
  EXPECT_EQ(run("exec frequency + scheduleTime from getScheduledJobs(\"ag%\")").vector().text_at(0), "D00:05m");
}

TEST_F(ScheduledJobsTest, what_was_missed_runs_once) {
  run("scheduleJob(`d, \"\", now{false}, 00:10m 01:00m, 1970.01.01, 1970.01.02, 'D')");
  clock_.advance(hours(3));
  schedule_.run_due();
  EXPECT_EQ(jobs_.all().size(), 1u);
}

TEST_F(ScheduledJobsTest, mistakes_are_told_when_the_job_is_made) {
  const std::string tail = ", 1970.01.01, 1970.01.02, 'D')";
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 00:10m 00:20m" + tail).find("30 minutes apart"),
            std::string::npos);
  EXPECT_NE(error_of("scheduleJob(`x, \"\", 5, 00:10m" + tail).find("jobFunc"), std::string::npos);
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 10" + tail).find("MINUTE"), std::string::npos);
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 00:10m, 1970.01.01, 1970.01.02, 'W')").find("days"),
            std::string::npos);
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 00:10m, 1970.01.02, 1970.01.01, 'D')").find("endDate"),
            std::string::npos);
  EXPECT_NE(error_of("deleteScheduledJob(`x)").find("no scheduled job"), std::string::npos);
  run("scheduleJob(`x, \"\", now{false}, 00:10m" + tail);
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 00:10m" + tail).find("already"), std::string::npos);
}

TEST_F(ScheduledJobsTest, a_job_that_cannot_be_kept_is_refused) {
  disk_full_ = true;
  EXPECT_NE(error_of("scheduleJob(`x, \"\", now{false}, 00:10m, 1970.01.01, 1970.01.02, 'D')").find("disk is full"),
            std::string::npos);
  EXPECT_TRUE(schedule_.all().empty());
}

TEST_F(ScheduledJobsTest, damaged_bytes_are_not_written_over) {
  kept_ = "nonsense";
  ScheduledJobs after(surroundings_, jobs_, clock_);
  EXPECT_FALSE(after.open(storage()).ok());
  EXPECT_THROW(after.add({.id = "a", .function = "now", .minutes = {1}, .frequency = "D"}), ScriptError);
  EXPECT_EQ(kept_, "nonsense");
}

TEST_F(ScheduledJobsTest, jobs_of_other_users_are_hidden) {
  run("scheduleJob(`x, \"\", now{false}, 00:10m, 1970.01.01, 1970.01.02, 'D')");
  scope_.caller = {.user = "someone"};
  EXPECT_EQ(run("rows(getScheduledJobs())").scalar().as_int64(), 0);
  EXPECT_NE(error_of("deleteScheduledJob(`x)").find("no scheduled job"), std::string::npos);
  scope_.caller = {};
  EXPECT_NE(error_of("scheduleJob(`y, \"\", now{false}, 00:10m, 1970.01.01, 1970.01.02, 'D')").find("NoPrivilege"),
            std::string::npos);
}

}  // namespace
}  // namespace pelorus::session
