// The functions of scripts that concern scheduled jobs.

#include "base/script_error.h"
#include "exec/session_texts.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/texts.h"
#include "session/scheduled_jobs.h"
#include "types/format_value.h"

namespace pelorus::session {
namespace {

using data::Scalar;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "jobs";
/// Two runs of a job on one day are at least so many minutes apart.
constexpr int32_t kMinutesApart = 30;

std::vector<int32_t> minutes_of(const Arguments& a, size_t i) {
  const auto given = a.vector(i, "scheduledTime");
  if (given->type() != Type::kMinute || given->empty())
    a.refuse("scheduledTime", "must be of type MINUTE, such as 15:30m.");
  std::vector<int32_t> minutes(given->values<int32_t>().begin(), given->values<int32_t>().end());
  std::sort(minutes.begin(), minutes.end());
  if (types::is_null(minutes[0])) a.refuse("scheduledTime", "must not be null.");
  for (size_t m = 1; m < minutes.size(); ++m) {
    if (minutes[m] - minutes[m - 1] < kMinutesApart)
      a.refuse("scheduledTime", "must be at least " + std::to_string(kMinutesApart) + " minutes apart.");
  }
  return minutes;
}

int32_t date_of(const Arguments& a, size_t i, std::string_view parameter) {
  if (!a[i].is_scalar() || a[i].type() != Type::kDate || a[i].is_null()) a.refuse(parameter, "must be of type DATE.");
  return a[i].scalar().get<int32_t>();
}

std::vector<int32_t> days_of(const Arguments& a, size_t i, const std::string& frequency) {
  if (frequency == "D") return {};
  const int64_t least = frequency == "W" ? 0 : 1, most = frequency == "W" ? 6 : 31;
  std::vector<int32_t> days;
  if (a.has(i) && !a[i].is_void()) {
    const auto given = functions::as_longs(a.function(), a.vector(i, "days"));
    for (const auto day : given->values<int64_t>()) {
      if (day < least || day > most)
        a.refuse("days", frequency == "W" ? "must be weekdays from Sunday 0 to Saturday 6."
                                          : "must be days of the month from 1 to 31.");
      days.push_back(static_cast<int32_t>(day));
    }
  }
  if (days.empty()) a.refuse("days", "must be given when frequency is W or M.");
  return days;
}

Value schedule(ScheduledJobs& jobs, CallContext& context, std::span<Value> args) {
  const Arguments a("scheduleJob", args);
  functions::require_login(context, "scheduleJob");
  if (!a[2].is_function()) a.refuse("jobFunc", "must be a function without arguments.");
  const auto frequency = a.text(6, "frequency");
  if (frequency != "D" && frequency != "W" && frequency != "M") a.refuse("frequency", "must be 'D', 'W' or 'M'.");
  if (a.has(8) && !a[8].is_void()) a.refuse("onComplete", "is not offered yet.");
  const auto text = exec::function_text(*a[2].function());
  ScheduledJob job{.id = a.text(0, "jobId"),
                   .user = context.caller().user,
                   .is_admin = context.caller().is_admin,
                   .description = a.text(1, "jobDesc"),
                   .definitions = exec::definitions_for(context, {text}),
                   .function = text,
                   .minutes = minutes_of(a, 3),
                   .first_day = date_of(a, 4, "startDate"),
                   .last_day = date_of(a, 5, "endDate"),
                   .frequency = frequency,
                   .days = days_of(a, 7, frequency)};
  if (job.id.empty()) a.refuse("jobId", "must not be empty.");
  if (job.last_day < job.first_day) a.refuse("endDate", "must not be before startDate.");
  const auto id = job.id;
  jobs.add(std::move(job));
  return Value::of_string(id);
}

bool may_see(const CallContext& context, const ScheduledJob& job) {
  return context.caller().is_admin || context.caller().user == job.user;
}

std::string joined(const std::vector<int32_t>& numbers, Type type) {
  std::string text;
  for (const auto number : numbers) {
    const auto shown =
        type == Type::kInt ? std::to_string(number) : types::format_value(Scalar::of<int32_t>(type, number));
    text += (text.empty() ? "" : ",") + shown;
  }
  return text;
}

Value show(const ScheduledJobs& jobs, CallContext& context, std::span<Value> args, const std::string& node) {
  const auto pattern = Arguments("getScheduledJobs", args).text_or(0, "pattern", "%");
  std::vector<std::string> nodes, users, ids, descriptions, frequencies, times, days;
  Vector first(Type::kDate), last(Type::kDate);
  for (const auto& job : jobs.all()) {
    if (!may_see(context, job) || !functions::matches_wildcard(job.id, pattern)) continue;
    nodes.push_back(node);
    users.push_back(job.user);
    ids.push_back(job.id);
    descriptions.push_back(job.description);
    first.edit<int32_t>().push_back(job.first_day);
    last.edit<int32_t>().push_back(job.last_day);
    frequencies.push_back(job.frequency);
    times.push_back(joined(job.minutes, Type::kMinute));
    days.push_back(joined(job.days, Type::kInt));
  }
  const auto texts = [](std::vector<std::string>& values) {
    return Vector::of_strings(Type::kString, std::move(values));
  };
  return Table({"node", "userId", "jobId", "jobDesc", "startDate", "endDate", "frequency", "scheduleTime", "days"},
               {texts(nodes), texts(users), texts(ids), texts(descriptions), first, last, texts(frequencies),
                texts(times), texts(days)});
}

Value forget(ScheduledJobs& jobs, CallContext& context, std::span<Value> args) {
  const auto id = Arguments("deleteScheduledJob", args).text(0, "jobId");
  for (const auto& job : jobs.all()) {
    if (job.id == id && may_see(context, job) && jobs.remove(id)) return Value::null();
  }
  throw ScriptError("There is no scheduled job " + id + ".");
}

}  // namespace

void register_scheduled_jobs(functions::Registry& registry, ScheduledJobs& jobs, const std::string& node) {
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kCommand, {"scheduleJob",
                         "jobId, jobDesc, jobFunc, scheduledTime, startDate, endDate, frequency, [days], [onComplete], "
                         "[priority], [parallelism]",
                         [&jobs](CallContext& c, std::span<Value> a) { return schedule(jobs, c, a); },
                         "Runs a function at minutes of the node's local day, every day ('D'), on weekdays from Sunday "
                         "0 ('W') or on days of "
                         "the month ('M'); kept over restarts. The job's id.",
                         "scheduleJob(`exampleDaily, \"counts\", count{1 2 3}, 15:30m, 2021.05.06, 2021.05.08, 'D')\n"
                         "deleteScheduledJob(`exampleDaily)",
                         {}});
  row(Nature::kWhole, {"getScheduledJobs", "[jobIdPattern]",
                       [&jobs, node](CallContext& c, std::span<Value> a) { return show(jobs, c, a, node); },
                       "The scheduled jobs, all or those whose ids match (% and ?).", "typestr(getScheduledJobs())",
                       "\"IN-MEMORY TABLE\""});
  row(Nature::kCommand, {"deleteScheduledJob",
                         "jobId",
                         [&jobs](CallContext& c, std::span<Value> a) { return forget(jobs, c, a); },
                         "Forgets a scheduled job.",
                         "try { deleteScheduledJob(`nothing) } catch(ex) { }",
                         {}});
}

}  // namespace pelorus::session
