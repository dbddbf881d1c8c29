// Functions that make and show engines.

#include <algorithm>
#include <array>
#include <cctype>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "stream/engine_arguments.h"
#include "stream/engines/anomaly_engine.h"
#include "stream/engines/cross_sectional_engine.h"
#include "stream/engines/reactive_state_engine.h"
#include "stream/engines/time_series_engine.h"
#include "types/temporal.h"
#include "stream/functions.h"

namespace pelorus::stream {

std::vector<data::Value> metric_codes(const data::Value& metrics) {
  if (!metrics.is_tuple()) return {metrics};
  const auto codes = metrics.vector().values_any();
  return {codes.begin(), codes.end()};
}

void refuse_option(const functions::Arguments& a, size_t i, std::string_view parameter) {
  if (a.has(i) && !a[i].is_null() && !(a[i].type() == data::Type::kBool && !a.flag_or(i, parameter, false)))
    a.refuse(parameter, "is not offered yet.");
}

void set_fill(const functions::Arguments& a, const data::Value& fill, WindowTerms* windows) {
  if (fill.is_null()) return;
  const std::string word = fill.is_text() ? fill.text() : "";
  if (!fill.is_text()) {
    windows->fill = WindowTerms::Fill::kConstants;
    windows->constants = fill;
  } else if (word == "null") {
    windows->fill = WindowTerms::Fill::kNull;
  } else if (word == "ffill") {
    windows->fill = WindowTerms::Fill::kPrevious;
  } else if (word != "none") {
    a.refuse("fill", "must be none, null, ffill or a value for each metric.");
  }
}

CrossSectionTerms cross_section_terms(const functions::Arguments& a, size_t pattern_at, size_t interval_at) {
  using Trigger = CrossSectionTerms::Trigger;
  CrossSectionTerms terms;
  const auto pattern = a.text_or(pattern_at, "triggeringPattern", "perBatch");
  if (pattern == "perRow") {
    terms.trigger = Trigger::kRow;
  } else if (pattern == "keyCount" || pattern == "dataInterval") {
    terms.trigger = pattern == "keyCount" ? Trigger::kKeyCount : Trigger::kDataInterval;
    constexpr int64_t kIntervalDefault = 1000;
    if (a.has(interval_at) && a[interval_at].is_tuple())
      a.refuse("triggeringInterval", "must be a whole number; a time limit besides the count is not offered yet.");
    terms.interval = a.integer_or(interval_at, "triggeringInterval", kIntervalDefault);
  } else if (pattern != "perBatch") {
    a.refuse("triggeringPattern", "must be perBatch, perRow, keyCount or dataInterval.");
  }
  return terms;
}

SnapshotTerms snapshot_terms(const functions::Arguments& a, functions::CallContext& context,
                             const StreamServices& services, size_t folder_at) {
  const size_t interval_at = folder_at + 1;
  const bool is_wanted = is_given(a, folder_at);
  if (is_wanted != is_given(a, interval_at))
    a.refuse(is_wanted ? "snapshotIntervalInMsgCount" : "snapshotDir", "is missing: snapshots need both.");
  if (!is_wanted) return {};
  functions::require_login(context, a.function());
  SnapshotTerms terms{.files = services.files,
                      .folder = a.text(folder_at, "snapshotDir"),
                      .interval = a.integer(interval_at, "snapshotIntervalInMsgCount")};
  if (terms.interval <= 0) a.refuse("snapshotIntervalInMsgCount", "must be positive.");
  const auto name = a.text(0, "name");
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_plain))
    a.refuse("name", "must consist of letters, digits and _ when there are snapshots.");
  if (terms.files == nullptr) a.refuse("snapshotDir", "can't be used: this program keeps no files.");
  const auto names = terms.files->list(terms.folder);
  if (!names.ok()) a.refuse("snapshotDir", "must be an existing directory: " + names.error().message);
  return terms;
}

data::Value added(StreamServices& services, std::shared_ptr<Engine> engine) {
  engine->load_snapshot();
  services.engines.add(engine);
  return data::TableRef(std::move(engine));
}

data::Schema schema_argument(const functions::Arguments& a, size_t i, std::string_view parameter) {
  if (!a[i].is_table()) a.refuse(parameter, "must be a table.");
  return a[i].is_table_object() ? a[i].table_object()->schema() : a[i].table().schema();
}

namespace {

using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "stream-engines";

/// Where the arguments common to all engines stand.
struct Places {
  size_t metrics, dummy, output, key, time;
};
constexpr size_t kNowhere = 999;

EngineTerms terms_of(const Arguments& a, CallContext& context, const Places& at) {
  EngineTerms terms{.name = a.text(0, "name"), .user = context.caller().user};
  terms.metrics = metric_codes(a[at.metrics]);
  terms.input = schema_argument(a, at.dummy, "dummyTable");
  if (!a[at.output].is_table()) a.refuse("outputTable", "must be a table.");
  terms.output = table_object_of(context, a.function(), a[at.output]);
  if (is_given(a, at.key)) terms.keys = a.texts(at.key, "keyColumn");
  if (is_given(a, at.time)) terms.time_column = a.texts(at.time, "timeColumn")[0];
  return terms;
}

Value make_reactive(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("createReactiveStateEngine", args);
  auto terms = terms_of(a, context, {.metrics = 1, .dummy = 2, .output = 3, .key = 4, .time = kNowhere});
  const Value filter = a.has(5) ? args[5] : Value::null();
  for (const size_t i : {9, 10, 11}) refuse_option(a, i, "this option");
  terms.snapshots = snapshot_terms(a, context, services, 6);
  return added(services, std::make_shared<ReactiveStateEngine>(std::move(terms),
                                                               std::make_unique<exec::WorkerSession>(context), filter));
}

WindowTerms windows_of(const Arguments& a) {
  WindowTerms windows{.window = a.integer(1, "windowSize"),
                      .step = a.integer(2, "step"),
                      .shows_start = a.flag_or(11, "useWindowStartTime", false),
                      .round_time = a.flag_or(12, "roundTime", true)};
  if (a.has(15)) set_fill(a, a[15], &windows);
  return windows;
}

/// What time-series engines have in common; `others`: positions of options that are not there.
EngineTerms time_series_terms(const Arguments& a, CallContext& context, std::initializer_list<size_t> others) {
  auto terms = terms_of(a, context, {.metrics = 3, .dummy = 4, .output = 5, .key = 8, .time = 6});
  refuse_option(a, 7, "useSystemTime");
  refuse_option(a, 10, "updateTime");
  for (const size_t i : others) refuse_option(a, i, "this option");
  if (terms.time_column.empty()) a.refuse("timeColumn", "is missing.");
  return terms;
}

Value make_time_series(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("createTimeSeriesEngine", args);
  auto terms = time_series_terms(a, context, {16, 18});
  terms.snapshots = snapshot_terms(a, context, services, 13);
  return added(services, std::make_shared<TimeSeriesEngine>(
                             std::move(terms), std::make_unique<exec::WorkerSession>(context), windows_of(a)));
}

/// sessionBegin and sessionEnd as moments of a day in the units of the time column.
DailySessions sessions_of(const Arguments& a, Type type) {
  DailySessions sessions{.merges_end = a.flag_or(18, "mergeSessionEnd", false)};
  const int64_t per_day = types::units_per_day(type);
  if (per_day < 86'400)
    a.refuse("timeColumn", "must be of type SECOND, TIME, NANOTIME, DATETIME, TIMESTAMP or NANOTIMESTAMP.");
  sessions.day = types::is_time_of_day(type) ? 0 : per_day;
  const Type clock = types::is_time_of_day(type)    ? type
                     : type == Type::kTimestamp     ? Type::kTime
                     : type == Type::kNanotimestamp ? Type::kNanotime
                                                    : Type::kSecond;
  const auto moments = [&](size_t i, std::string_view parameter, int64_t otherwise, int64_t midnight) {
    if (!is_given(a, i)) return std::vector<int64_t>{otherwise};
    const auto given =
        functions::as_longs(a.function(), functions::converted(a.function(), a.vector(i, parameter), clock));
    std::vector<int64_t> result(given->values<int64_t>().begin(), given->values<int64_t>().end());
    for (auto& moment : result) moment = moment == 0 ? midnight : moment;
    return result;
  };
  sessions.begins = moments(16, "sessionBegin", 0, 0);
  sessions.ends = moments(17, "sessionEnd", per_day, per_day);
  if (sessions.begins.size() != sessions.ends.size()) a.refuse("sessionEnd", "must have one end for each beginning.");
  for (size_t i = 0; i < sessions.begins.size(); ++i) {
    if (sessions.begins[i] >= sessions.ends[i]) a.refuse("sessionEnd", "must be behind its beginning on the same day.");
    if (i > 0 && sessions.begins[i] < sessions.ends[i - 1])
      a.refuse("sessionBegin", "must not be before the last session ends.");
  }
  return sessions;
}

Value make_daily(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("createDailyTimeSeriesEngine", args);
  auto terms = time_series_terms(a, context, {19, 20, 21});
  terms.snapshots = snapshot_terms(a, context, services, 13);
  WindowTerms windows = windows_of(a);
  for (size_t c = 0; c < terms.input.size(); ++c) {
    if (terms.input[c].name == terms.time_column) windows.sessions = sessions_of(a, terms.input[c].type);
  }
  if (windows.sessions.begins.empty()) a.refuse("timeColumn", "must name a column of dummyTable.");
  return added(services, std::make_shared<TimeSeriesEngine>(
                             std::move(terms), std::make_unique<exec::WorkerSession>(context), std::move(windows)));
}

Value make_cross_sectional(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("createCrossSectionalEngine", args);
  auto terms = terms_of(a, context, {.metrics = 1, .dummy = 2, .output = 3, .key = 4, .time = 8});
  if (terms.keys.empty()) a.refuse("keyColumn", "must name a column.");
  if (a.flag_or(7, "useSystemTime", terms.time_column.empty())) terms.time_column.clear();
  auto cross = cross_section_terms(a, 5, 6);
  cross.last_batch_only = a.flag_or(9, "lastBatchOnly", false);
  cross.context_column = a.text_or(10, "contextByColumn", "");
  cross.round_time = a.flag_or(15, "roundTime", true);
  for (const size_t i : {13, 14, 16, 17}) refuse_option(a, i, "this option");
  terms.snapshots = snapshot_terms(a, context, services, 11);
  return added(services, std::make_shared<CrossSectionalEngine>(
                             std::move(terms), std::make_unique<exec::WorkerSession>(context), std::move(cross)));
}

Value make_anomaly(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("createAnomalyDetectionEngine", args);
  auto terms = terms_of(a, context, {.metrics = 1, .dummy = 2, .output = 3, .key = 5, .time = 4});
  AnomalyTerms anomalies{.window = a.integer_or(6, "windowSize", 0),
                         .step = a.integer_or(7, "step", 0),
                         .round_time = a.flag_or(9, "roundTime", true),
                         .descriptions = {}};
  if (a.has(13) && !a[13].is_void()) anomalies.descriptions = a.texts(13, "anomalyDescription");
  for (const auto& [i, parameter] : {std::pair{10, "snapshotDir"}, {12, "raftGroup"}})
    refuse_option(a, static_cast<size_t>(i), parameter);
  return added(services, std::make_shared<AnomalyDetectionEngine>(
                             std::move(terms), std::make_unique<exec::WorkerSession>(context), std::move(anomalies)));
}

Value find_engine(StreamServices& services, CallContext& context, std::span<Value> args) {
  const auto name = Arguments("getStreamEngine", args).text(0, "name");
  auto engine = services.engines.find(name);
  if (engine == nullptr) throw ScriptError("There is no stream engine named " + name + ".");
  return exec::limited(data::TableRef(std::move(engine)), name, services.engine_access.rights(context.caller(), name));
}

Value drop_engine(StreamServices& services, CallContext& context, std::span<Value> args) {
  const auto name = Arguments("dropStreamEngine", args).text(0, "name");
  const auto engine = services.engines.find(name);
  if (engine == nullptr) throw ScriptError("There is no stream engine named " + name + ".");
  if (!services.engine_access.rights(context.caller(), name).own)
    throw ScriptError("<NoPrivilege>No access to drop stream engine " + name +
                      ": only an administrator or the user who made it may.");
  engine->drop();
  services.engines.remove(name);
  services.engine_access.forget(name);
  return Value::null();
}

Value warm_up(StreamServices&, CallContext&, std::span<Value> args) {
  const Arguments a("warmupStreamEngine", args);
  const auto engine = a[0].is_table_object() ? std::dynamic_pointer_cast<Engine>(a[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be a stream engine.");
  const auto done = engine->warm_up(functions::table_argument(a.function(), a[1]));
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::null();
}

Value snapshot_message_id(StreamServices&, CallContext&, std::span<Value> args) {
  const Arguments a("getSnapshotMsgId", args);
  const auto engine = a[0].is_table_object() ? std::dynamic_pointer_cast<Engine>(a[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be a stream engine.");
  return Value::of_long(engine->snapshot_message_id());
}

/// A table for each kind of engine.
Value engine_statistics(StreamServices& services, CallContext&, std::span<Value>) {
  data::Dictionary result(Type::kString, Type::kAny, true);
  for (const char* kind :
       {"TimeSeriesEngine", "DailyTimeSeriesEngine", "CrossSectionalEngine", "AnomalyDetectionEngine",
        "ReactiveStreamEngine", "SessionWindowEngine", "AsofJoinEngine", "EquiJoinEngine", "LeftSemiJoinEngine",
        "LookupJoinEngine", "WindowJoinEngine", "OrderBookSnapshotEngine", "CEPEngine", "StreamEventSerializer"}) {
    std::vector<std::string> names, users, states, errors;
    std::array<Vector, 4> counts{Vector(Type::kLong), Vector(Type::kLong), Vector(Type::kLong), Vector(Type::kLong)};
    for (const auto& engine : services.engines.all()) {
      const auto facts = engine->facts();
      if (facts.kind != kind) continue;
      names.push_back(facts.name);
      users.push_back(facts.user);
      states.emplace_back(facts.last_error.empty() ? "OK" : "FATAL");
      errors.push_back(facts.last_error);
      size_t c = 0;
      for (const auto count : {facts.groups, facts.rows_in, facts.rows_out, facts.metrics})
        counts[c++].edit<int64_t>().push_back(count);
    }
    if (names.empty()) continue;
    const auto texts = [](std::vector<std::string>& values) {
      return Vector::of_strings(Type::kString, std::move(values));
    };
    result.set(
        data::Scalar::of_string(kind),
        Table({"name", "user", "status", "lastErrMsg", "numGroups", "numRows", "numOutputRows", "numMetrics"},
              {texts(names), texts(users), texts(states), texts(errors), counts[0], counts[1], counts[2], counts[3]}));
  }
  return result;
}

/// An example: tables to feed, the call that makes `e`, and what comes out.
constexpr std::string_view kReactiveExample =
    "src = table(1:0, `sym`v, [SYMBOL, INT]); out = table(9:0, `sym`p, [SYMBOL, INT])\n"
    "e = createReactiveStateEngine(\"exampleR\", <prev(v)>, src, out, `sym)\n"
    "e.append!(table(`a`b`a as sym, 1 2 3 as v)); exec p from out";
constexpr std::string_view kTimeSeriesExample =
    "src = table(1:0, `t`v, [DATETIME, INT]); out = table(9:0, `t`s, [DATETIME, LONG])\n"
    "e = createTimeSeriesEngine(\"exampleT\", 60, 60, <sum(v)>, src, out, `t)\n"
    "e.append!(table(2021.05.06T10:00:10 + 0 20 70 as t, 1 2 3 as v)); exec s from out";
constexpr std::string_view kDailyExample =
    "src = table(1:0, `t`v, [DATETIME, INT]); out = table(9:0, `t`s, [DATETIME, LONG])\n"
    "e = createDailyTimeSeriesEngine(name=\"exampleD\", windowSize=60, step=60, metrics=<sum(v)>, dummyTable=src, "
    "outputTable=out, timeColumn=`t, sessionBegin=09:30:00, sessionEnd=11:30:00)\n"
    "e.append!(table([2021.05.06T09:10:00, 2021.05.06T09:30:20, 2021.05.06T09:31:00] as t, 1 2 3 as v)); exec s from "
    "out";
constexpr std::string_view kCrossSectionalExample =
    "src = table(1:0, `sym`v, [SYMBOL, INT]); out = table(9:0, `t`s, [TIMESTAMP, LONG])\n"
    "e = createCrossSectionalEngine(\"exampleC\", <sum(v)>, src, out, `sym)\n"
    "e.append!(table(`a`b as sym, 1 2 as v)); e.append!(table([`a] as sym, [5] as v)); exec s from out";
constexpr std::string_view kAnomalyExample =
    "src = table(1:0, `t`v, [DATETIME, INT]); out = table(9:0, `t`kind`why, [DATETIME, INT, STRING])\n"
    "e = createAnomalyDetectionEngine(\"exampleA\", <[v > 5, v < 2]>, src, out, `t)\n"
    "e.append!(table(2021.05.06T10:00:10 + 0 1 2 as t, 1 3 9 as v)); exec kind from out";

/// What can be asked of engines.
void register_engine_questions(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kWhole, {"getSnapshotMsgId", "engine", bound(snapshot_message_id),
                       "The number of the last row that the engine's last snapshot covers, -1 where there is none: an "
                       "engine made anew goes on from there with subscribeTable(offset=getSnapshotMsgId(engine)+1).",
                       "src = table(1:0, [`v], [INT]); out = table(9:0, [`s], [LONG])\n"
                       "e = createReactiveStateEngine(\"exampleKept\", <cumsum(v)>, src, out); getSnapshotMsgId(e)",
                       "-1"});
  row(Nature::kWhole, {"getStreamEngineStat", "", bound(engine_statistics),
                       "A dictionary of a table for each kind of engine.", "size(getStreamEngineStat()) >= 0", "true"});
  registry.add_alias("getAggregatorStat", "getStreamEngineStat");
}

}  // namespace

void register_engine_functions(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Nature nature, Declaration d) { functions::declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kWhole,
      {"createReactiveStateEngine",
       "name, metrics, dummyTable, outputTable, [keyColumn], [filter], [snapshotDir], [snapshotIntervalInMsgCount], "
       "[keepOrder], [keyPurgeFilter], [keyPurgeFreqInSecond], [raftGroup], [outputElapsedMicroseconds=false], "
       "[keyCapacity=1024], [parallelism=1]",
       bound(make_reactive),
       "An engine that gives a row for each row, with metrics that look back at the key's earlier rows.",
       kReactiveExample, "[null,null,1]"});
  row(Nature::kWhole,
      {"createTimeSeriesEngine",
       "name, windowSize, step, metrics, dummyTable, outputTable, [timeColumn], [useSystemTime=false], [keyColumn], "
       "[garbageSize=50000], [updateTime], [useWindowStartTime=false], [roundTime=true], [snapshotDir], "
       "[snapshotIntervalInMsgCount], [fill='none'], [sharedDictName], [parallelism=1], [forceTriggerTime]",
       bound(make_time_series), "An engine of aggregates over windows of time, for each key.", kTimeSeriesExample,
       "[3]"});
  registry.add_alias("createTimeSeriesAggregator", "createTimeSeriesEngine");
  row(Nature::kWhole,
      {"createDailyTimeSeriesEngine",
       "name, windowSize, step, metrics, dummyTable, outputTable, [timeColumn], [useSystemTime=false], [keyColumn], "
       "[garbageSize=50000], [updateTime], [useWindowStartTime=false], [roundTime=true], [snapshotDir], "
       "[snapshotIntervalInMsgCount], [fill='none'], [sessionBegin], [sessionEnd], [mergeSessionEnd=false], "
       "[forceTriggerTime], [raftGroup], [forceTriggerSessionEndTime]",
       bound(make_daily), "An engine of aggregates over windows of time inside the sessions of each day, for each key.",
       kDailyExample, "[3]"});
  row(Nature::kWhole,
      {"createCrossSectionalEngine",
       "name, metrics, dummyTable, outputTable, keyColumn, [triggeringPattern='perBatch'], [triggeringInterval=1000], "
       "[useSystemTime=true], [timeColumn], [lastBatchOnly=false], [contextByColumn], [snapshotDir], "
       "[snapshotIntervalInMsgCount], [raftGroup], [outputElapsedMicroseconds=false], [roundTime=true], [keyFilter], "
       "[updatedContextGroupsOnly=false]",
       bound(make_cross_sectional), "An engine of metrics over the latest row of every key.", kCrossSectionalExample,
       "[3,7]"});
  registry.add_alias("createCrossSectionalAggregator", "createCrossSectionalEngine");
  row(Nature::kWhole,
      {"createAnomalyDetectionEngine",
       "name, metrics, dummyTable, outputTable, timeColumn, [keyColumn], [windowSize], [step], [garbageSize], "
       "[roundTime=true], [snapshotDir], [snapshotIntervalInMsgCount], [raftGroup], [anomalyDescription]",
       bound(make_anomaly),
       "An engine that puts out the rows for which one of its conditions holds; aggregates "
       "in them are those of windows.",
       kAnomalyExample, "[1,0]"});
  row(Nature::kWhole, {"getStreamEngine", "name", bound(find_engine), "The engine of that name.",
                       "try { getStreamEngine(`nothing) } catch(ex) { }"});
  registry.add_alias("getAggregator", "getStreamEngine");
  row(Nature::kCommand, {"dropStreamEngine",
                         "name",
                         bound(drop_engine),
                         "Drops an engine.",
                         "try { dropStreamEngine(`nothing) } catch(ex) { }",
                         {}});
  registry.add_alias("dropAggregator", "dropStreamEngine");
  row(Nature::kCommand, {"warmupStreamEngine", "engine, msgs", bound(warm_up),
                         "Lets an engine take rows in without putting anything out.",
                         "src = table(1:0, [`v], [INT]); out = table(9:0, [`s], [LONG])\n"
                         "e = createReactiveStateEngine(\"exampleWarm\", <cumsum(v)>, src, out)\n"
                         "warmupStreamEngine(e, table(1 2 3 as v)); e.append!(table([4] as v)); exec s from out",
                         "[10]"});
  register_engine_questions(registry, services);
  register_join_engines(registry, services);
  register_order_book(registry, services);
  register_engine_parser(registry, services);
}

}  // namespace pelorus::stream
