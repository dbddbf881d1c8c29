// The functions of scripts that concern background jobs.

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "session/background_jobs.h"

namespace pelorus::session {
namespace {

using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "jobs";

bool may_see(const CallContext& context, const BackgroundJob& job) {
  return context.caller().is_admin || context.caller().user == job.user;
}

BackgroundJob job_of(const BackgroundJobs& jobs, const CallContext& context, const Arguments& a) {
  const auto id = a.text(0, "jobId");
  auto job = jobs.find(id);
  if (!job || !may_see(context, *job)) throw ScriptError("There is no job " + id + ".");
  return *std::move(job);
}

Value table_of(const std::vector<BackgroundJob>& jobs, const std::string& node) {
  std::vector<std::string> nodes, users, ids, descriptions, addresses, errors;
  Vector priorities(Type::kInt), parallel(Type::kInt), ports(Type::kInt);
  Vector received(Type::kTimestamp), started(Type::kTimestamp), ended(Type::kTimestamp);
  const auto stamp = [](Vector& column, int64_t ns) {
    constexpr int64_t kNsPerMs = 1'000'000;
    column.edit<int64_t>().push_back(ns == 0 ? types::kNull<int64_t> : ns / kNsPerMs);
  };
  for (const auto& job : jobs) {
    nodes.push_back(node);
    users.push_back(job.user);
    ids.push_back(job.id);
    descriptions.push_back(job.description);
    addresses.push_back(job.remote_ip);
    errors.push_back(job.error);
    priorities.edit<int32_t>().push_back(4);
    parallel.edit<int32_t>().push_back(1);
    ports.edit<int32_t>().push_back(job.remote_port);
    stamp(received, job.received_ns);
    stamp(started, job.started_ns);
    stamp(ended, job.ended_ns);
  }
  const auto texts = [](std::vector<std::string> values) {
    return Vector::of_strings(Type::kString, std::move(values));
  };
  return Table({"node", "userID", "jobId", "rootJobId", "jobDesc", "priority", "parallelism", "clientIp", "clientPort",
                "receivedTime", "startTime", "endTime", "errorMsg"},
               {texts(nodes), texts(users), texts(ids), texts(ids), texts(descriptions), priorities, parallel,
                texts(addresses), ports, received, started, ended, texts(errors)});
}

Value submit(BackgroundJobs& jobs, CallContext& context, std::span<Value> args, std::string_view name,
             size_t function_at) {
  Arguments a(name, args);
  const Value& function = a[function_at];
  if (!function.is_function()) a.refuse("jobDef", "must be a function.");
  auto session = std::make_unique<exec::WorkerSession>(context);
  const auto& caller = context.caller();
  const auto given = a.from(function_at + 1);
  return Value::of_string(jobs.submit({.id = a.text(0, "jobId"),
                                       .user = caller.user,
                                       .description = a.text(1, "jobDesc"),
                                       .remote_ip = caller.remote_ip,
                                       .remote_port = caller.remote_port},
                                      std::move(session), function, {given.begin(), given.end()}));
}

Value recent(const BackgroundJobs& jobs, CallContext& context, std::span<Value> args, const std::string& node) {
  auto all = jobs.all();
  std::erase_if(all, [&](const BackgroundJob& job) { return !may_see(context, job); });
  const auto top = Arguments("getRecentJobs", args).integer_or(0, "top", static_cast<int64_t>(all.size()));
  if (top >= 0 && top < static_cast<int64_t>(all.size())) all.erase(all.begin(), all.end() - top);
  return table_of(all, node);
}

Value outcome(const BackgroundJobs& jobs, CallContext& context, std::span<Value> args) {
  Arguments a("getJobReturn", args);
  auto job = job_of(jobs, context, a);
  constexpr int64_t kPauseMs = 10;
  while (job.ended_ns == 0 && a.flag_or(1, "blocking", false)) {
    context.sleep_ms(kPauseMs);
    job = job_of(jobs, context, a);
  }
  if (job.ended_ns == 0) throw ScriptError("The job " + job.id + " has not ended yet.");
  if (!job.error.empty()) throw ScriptError("The job " + job.id + " failed: " + job.error);
  return job.result.value_or(Value::null());
}

Value cancel(BackgroundJobs& jobs, CallContext& context, std::span<Value> args) {
  for (const auto& id : Arguments("cancelJob", args).texts(0, "jobId")) {
    const auto job = jobs.find(id);
    if (!job || !may_see(context, *job)) throw ScriptError("There is no job " + id + ".");
    (void)jobs.cancel(id);
  }
  return Value::null();
}

}  // namespace

void register_job_functions(functions::Registry& registry, BackgroundJobs& jobs, const std::string& node) {
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kWhole, {"submitJob", "jobId, jobDesc, jobDef, [args...]",
                       [&jobs](CallContext& c, std::span<Value> a) { return submit(jobs, c, a, "submitJob", 2); },
                       "Runs a function in the background; the job's id.",
                       "getJobReturn(submitJob(`example, \"adds\", add, 3, 4), true)", "7"});
  row(Nature::kWhole, {"submitJobEx", "jobId, jobDesc, priority, parallelism, jobDef, [args...]",
                       [&jobs](CallContext& c, std::span<Value> a) { return submit(jobs, c, a, "submitJobEx", 4); },
                       "Like submitJob; priority and parallelism change nothing here.",
                       "getJobReturn(submitJobEx(`example, \"adds\", 4, 2, add, 3, 4), true)", "7"});
  row(Nature::kWhole,
      {"getRecentJobs", "[top]", [&jobs, node](CallContext& c, std::span<Value> a) { return recent(jobs, c, a, node); },
       "The background jobs of this node, the last one last.", "typestr(getRecentJobs())", "\"IN-MEMORY TABLE\""});
  row(Nature::kWhole, {"getJobStatus", "jobId",
                       [&jobs, node](CallContext& c, std::span<Value> a) {
                         return table_of({job_of(jobs, c, Arguments("getJobStatus", a))}, node);
                       },
                       "A job's row of getRecentJobs.",
                       "exec jobDesc from getJobStatus(submitJob(`example, \"adds\", add, 3, 4))", "[\"adds\"]"});
  row(Nature::kWhole,
      {"getJobMessage", "jobId",
       [&jobs](CallContext& c, std::span<Value> a) {
         return Value::of_string(job_of(jobs, c, Arguments("getJobMessage", a)).messages);
       },
       "What a job has printed.", "typestr(getJobMessage(submitJob(`example, \"adds\", add, 3, 4)))", "\"STRING\""});
  row(Nature::kWhole, {"getJobReturn", "jobId, [blocking=false]",
                       [&jobs](CallContext& c, std::span<Value> a) { return outcome(jobs, c, a); },
                       "A job's value; waits for it when blocking. A failed job's error is thrown.",
                       "getJobReturn(submitJob(`example, \"adds\", add, 3, 4), true)", "7"});
  row(Nature::kCommand, {"cancelJob",
                         "jobId",
                         [&jobs](CallContext& c, std::span<Value> a) { return cancel(jobs, c, a); },
                         "Ends jobs at their next statement.",
                         "cancelJob(submitJob(`example, \"adds\", add, 3, 4))",
                         {}});
}

}  // namespace pelorus::session
