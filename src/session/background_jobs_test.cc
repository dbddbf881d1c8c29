// Jobs end, fail, are named apart and can be cancelled.

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/script_error.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "session/background_jobs.h"

namespace pelorus::session {
namespace {

using data::Value;

class BackgroundJobsTest : public testing::Test {
 protected:
  BackgroundJobsTest() {
    functions::register_builtins(registry_);
    exec::register_language_functions(registry_);
    register_job_functions(registry_, jobs_, "node1");
    scope_.caller = {.user = "admin", .is_admin = true};
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

  SystemClock clock_;
  functions::Registry registry_;
  exec::NodeSharedObjects shared_;
  exec::QueryRunner sql_;
  exec::Surroundings surroundings_{registry_, shared_, sql_, clock_, {}, {}};
  exec::SessionScope scope_{1};
  exec::Interpreter interpreter_{surroundings_, scope_};
  BackgroundJobs jobs_{clock_};
};

TEST_F(BackgroundJobsTest, a_job_calls_functions_of_the_session_that_submitted_it) {
  const Value value =
      run("def twice(x) { return 2 * x }\ndef work(x) { print(x); return twice(x) + 1 }\n"
          "id = submitJob(`a, \"sums\", work, 20)\ngetJobReturn(id, true)");
  EXPECT_EQ(value.scalar().as_int64(), 41);
  EXPECT_EQ(run("strip(getJobMessage(`a))").text(), "20");
}

TEST_F(BackgroundJobsTest, a_taken_id_gets_a_suffix) {
  EXPECT_EQ(run("submitJob(`b, \"\", add, 1, 2)").text(), "b");
  EXPECT_TRUE(run("submitJob(`b, \"\", add, 1, 2)").text().starts_with("b2"));
  EXPECT_EQ(run("rows(getRecentJobs())").scalar().as_int64(), 2);
}

TEST_F(BackgroundJobsTest, an_error_is_kept) {
  EXPECT_NE(error_of("def fails() { throw \"no luck\" }\nid = submitJob(`c, \"\", fails)\ngetJobReturn(id, true)")
                .find("no luck"),
            std::string::npos);
  EXPECT_NE(run("exec first(errorMsg) from getJobStatus(`c)").text().find("no luck"), std::string::npos);
}

TEST_F(BackgroundJobsTest, a_fault_of_the_program_ends_the_job_alone) {
  registry_.add({.name = "faulty", .run = [](functions::CallContext&, std::span<Value>) -> Value {
                   CHECK(false);
                   return Value::null();
                 }});
  EXPECT_NE(error_of("id = submitJob(`d, \"\", faulty)\ngetJobReturn(id, true)").find("does not accept"),
            std::string::npos);
  EXPECT_EQ(run("1 + 1").scalar().as_int64(), 2);
}

TEST_F(BackgroundJobsTest, a_cancelled_job_ends) {
  const auto error = error_of(
      "def waits() { sleep(60000) }\nid = submitJob(`d, \"\", waits)\ncancelJob(id)\n"
      "getJobReturn(id, true)");
  EXPECT_NE(error.find("failed"), std::string::npos);
}

TEST_F(BackgroundJobsTest, jobs_of_other_users_are_hidden) {
  run("submitJob(`e, \"\", add, 1, 2)");
  scope_.caller = {.user = "someone"};
  EXPECT_NE(error_of("getJobStatus(`e)").find("no job"), std::string::npos);
  EXPECT_EQ(run("rows(getRecentJobs())").scalar().as_int64(), 0);
}

}  // namespace
}  // namespace pelorus::session
