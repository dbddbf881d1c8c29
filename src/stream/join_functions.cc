// Functions that make engines which join streams, and feed them.

#include "base/script_error.h"
#include "functions/declare.h"
#include "functions/windows.h"
#include "stream/engine_arguments.h"
#include "stream/engines/join_engines.h"
#include "stream/engines/session_window_engine.h"
#include "stream/functions.h"
#include "types/temporal.h"

namespace pelorus::stream {
namespace {

using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr size_t kNowhere = 999;
constexpr int64_t kRowsKept = 5000;   // garbageSize
constexpr int64_t kDelaySeconds = 3;  // maxDelayedTime

void refuse_options(const Arguments& a, std::initializer_list<std::pair<size_t, std::string_view>> options) {
  for (const auto& [place, parameter] : options) refuse_option(a, place, parameter);
}

/// Columns of both sides: one name or vector for both, or a tuple of the two sides' names.
std::pair<std::vector<std::string>, std::vector<std::string>> names_of_sides(const Arguments& a, size_t i,
                                                                             std::string_view parameter) {
  if (!a[i].is_tuple()) return {a.texts(i, parameter), a.texts(i, parameter)};
  const auto sides = a[i].vector().values_any();
  if (sides.size() != 2) a.refuse(parameter, "must be names, or a tuple of the left and the right table's names.");
  std::vector<Value> values(sides.begin(), sides.end());
  const Arguments both(a.function(), values);
  return {both.texts(0, parameter), both.texts(1, parameter)};
}

/// The terms that all joins share: name, leftTable, rightTable, outputTable stand first.
struct CommonTerms {
  EngineTerms engine;
  JoinTerms join;
};
CommonTerms common_terms(CallContext& context, const Arguments& a, size_t metrics, size_t keys, size_t time) {
  const auto names = context.argument_names();
  CommonTerms terms;
  if (names.size() > 1) terms.join.left_name = names[1];
  if (names.size() > 2) terms.join.right_name = names[2];
  terms.engine.name = a.text(0, "name");
  terms.engine.user = context.caller().user;
  terms.engine.metrics = metric_codes(a[metrics]);
  terms.engine.input = schema_argument(a, 1, "leftTable");
  if (!a[2].is_code()) terms.join.right = schema_argument(a, 2, "rightTable");
  if (!a[3].is_table()) a.refuse("outputTable", "must be a table.");
  terms.engine.output = table_object_of(context, a.function(), a[3]);
  std::tie(terms.engine.keys, terms.join.right_keys) = names_of_sides(a, keys, "matchingColumn");
  if (time == kNowhere || !a.has(time) || a[time].is_void()) return terms;
  // One name for both, or a vector of two.
  const auto times = a.texts(time, "timeColumn");
  if (times.size() > 2) a.refuse("timeColumn", "must be one name, or the left and the right table's.");
  terms.engine.time_column = times[0];
  terms.join.right_time = times.back();
  return terms;
}

std::unique_ptr<exec::WorkerSession> session_of(CallContext& context) {
  return std::make_unique<exec::WorkerSession>(context);
}

Value make_asof(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createAsofJoinEngine", args);
  auto terms = common_terms(context, a, 4, 5, 6);
  refuse_options(a, {{8, "delayedTime"},
                     {10, "sortByTime"},
                     {11, "outputElapsedMicroseconds"},
                     {12, "snapshotDir"},
                     {13, "snapshotIntervalInMsgCount"}});
  if (a.flag_or(7, "useSystemTime", false)) {
    terms.engine.time_column.clear();
    terms.join.right_time.clear();
  } else if (terms.engine.time_column.empty()) {
    a.refuse("timeColumn", "must be given unless useSystemTime is true.");
  }
  return added(services,
               std::make_shared<AsofJoinEngine>(std::move(terms.engine), session_of(context), std::move(terms.join)));
}

Value make_lookup(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createLookupJoinEngine", args);
  auto terms = common_terms(context, a, 4, 5, kNowhere);
  refuse_options(a, {{8, "outputElapsedMicroseconds"}, {11, "snapshotDir"}, {12, "snapshotIntervalInMsgCount"}});
  LookupTerms lookup{.keeps_all = a.flag_or(9, "keepDuplicates", false),
                     .only_matched = a.flag_or(10, "isInnerJoin", false)};
  terms.join.right_time = a.text_or(6, "rightTimeColumn", "");
  auto session = session_of(context);
  if (a.has(7) && !a[7].is_void()) {
    if (!a[7].is_scalar() || a[7].type() != Type::kDuration)
      a.refuse("checkTimes", "must be a DURATION; times of the day are not offered yet.");
    lookup.every = std::chrono::milliseconds(
        functions::units_of(a.function(), a[7].scalar().get<types::Duration>(), Type::kTimestamp));
    // A plain table is read again through the variable's object, so that changes are seen.
    lookup.source = a[2].is_code() ? a[2] : Value(table_object_of(context, a.function(), a[2]));
  }
  if (a[2].is_code()) {
    if (lookup.source.is_void()) a.refuse("checkTimes", "must be given when rightTable is a query.");
    const Value rows = session->interpreter().context().evaluate(*a[2].code());
    terms.join.right = functions::table_argument(a.function(), rows).schema();
  }
  return added(services, std::make_shared<LookupJoinEngine>(std::move(terms.engine), std::move(session),
                                                            std::move(terms.join), std::move(lookup)));
}

Value make_left_semi(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createLeftSemiJoinEngine", args);
  auto terms = common_terms(context, a, 4, 5, kNowhere);
  refuse_options(a, {{8, "snapshotDir"}, {9, "snapshotIntervalInMsgCount"}});
  return added(services,
               std::make_shared<LeftSemiJoinEngine>(std::move(terms.engine), session_of(context), std::move(terms.join),
                                                    a.flag_or(7, "updateRightTable", false)));
}

/// maxDelayedTime in units of the left side's time column; three seconds when it is not given.
int64_t delay_of(const Arguments& a, size_t i, const EngineTerms& terms) {
  const int time = find_column(terms.input, terms.time_column);
  const Type type = time < 0 ? Type::kVoid : terms.input[static_cast<size_t>(time)].type;
  const int64_t seconds_per_day = 86'400, per_day = types::units_per_day(type);
  return a.integer_or(i, "maxDelayedTime",
                      per_day < seconds_per_day ? kDelaySeconds : kDelaySeconds * (per_day / seconds_per_day));
}

Value make_equi(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createEquiJoinEngine", args);
  auto terms = common_terms(context, a, 4, 5, 6);
  refuse_options(a, {{9, "snapshotDir"}, {10, "snapshotIntervalInMsgCount"}});
  if (terms.engine.time_column.empty()) a.refuse("timeColumn", "must be given.");
  const auto kept = a.integer_or(7, "garbageSize", kRowsKept);
  if (kept <= 0) a.refuse("garbageSize", "must be positive.");
  const auto delay = delay_of(a, 8, terms.engine);
  return added(services, std::make_shared<EquiJoinEngine>(std::move(terms.engine), session_of(context),
                                                          std::move(terms.join), static_cast<size_t>(kept), delay));
}

int64_t bound_of(const Arguments& a, const Value& bound, Type time) {
  if (bound.is_scalar() && bound.type() == Type::kDuration)
    return functions::units_of(a.function(), bound.scalar().get<types::Duration>(), time);
  if (!bound.is_scalar() || bound.is_null() || !types::is_integral(bound.type()))
    a.refuse("window", "must be a pair of whole numbers or durations, such as -2:2.");
  return bound.scalar().as_int64();
}

Value make_window(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createWindowJoinEngine", args);
  auto terms = common_terms(context, a, 5, 6, 7);
  refuse_options(a, {{8, "useSystemTime"},
                     {12, "outputElapsedMicroseconds"},
                     {13, "sortByTime"},
                     {15, "snapshotDir"},
                     {16, "snapshotIntervalInMsgCount"},
                     {18, "keyPurgeFreqInSec"}});
  const int time = find_column(terms.engine.input, terms.engine.time_column);
  if (time < 0) a.refuse("timeColumn", "must name a column of leftTable.");
  if (!a[4].is_pair()) a.refuse("window", "must be a pair of whole numbers or durations, such as -2:2.");
  const Type type = terms.engine.input[static_cast<size_t>(time)].type;
  WindowJoinTerms windows{.from = bound_of(a, a[4].pair().elements.at(0), type),
                          .to = bound_of(a, a[4].pair().elements.at(1), type),
                          .closed_right = a.text_or(14, "closed", "left") == "right",
                          .delay = delay_of(a, 10, terms.engine)};
  if (windows.from > windows.to) a.refuse("window", "must not end before it begins.");
  if (a.has(11) && !a[11].is_void()) {
    const auto fill = functions::elements_of(a[11]);
    if (!fill || (*fill)->size() != terms.engine.output->schema().size())
      a.refuse("nullFill", "must have a value for each column of outputTable.");
    for (size_t i = 0; i < (*fill)->size(); ++i) windows.null_fill.push_back((*fill)->at(i));
  }
  return added(services, std::make_shared<WindowJoinEngine>(std::move(terms.engine), session_of(context),
                                                            std::move(terms.join), std::move(windows)));
}

Value make_session_window(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createSessionWindowEngine", args);
  refuse_options(a, {{6, "useSystemTime"}, {8, "updateTime"}, {12, "raftGroup"}, {13, "forceTriggerTime"}});
  EngineTerms terms{.name = a.text(0, "name"),
                    .user = context.caller().user,
                    .input = schema_argument(a, 3, "dummyTable"),
                    .metrics = metric_codes(a[2])};
  if (!a[4].is_table()) a.refuse("outputTable", "must be a table.");
  terms.output = table_object_of(context, a.function(), a[4]);
  if (!a.has(5) || a[5].is_void()) a.refuse("timeColumn", "must be given: the system's time is not offered yet.");
  terms.time_column = a.texts(5, "timeColumn")[0];
  if (a.has(7) && !a[7].is_void()) terms.keys = a.texts(7, "keyColumn");
  terms.snapshots = snapshot_terms(a, context, services, 10);
  const SessionTerms sessions{.gap = a.integer(1, "sessionGap"),
                              .shows_start = a.flag_or(9, "useSessionStartTime", true)};
  return added(services, std::make_shared<SessionWindowEngine>(std::move(terms), session_of(context), sessions));
}

std::shared_ptr<JoinEngine> join_engine(const Arguments& a) {
  auto engine = a[0].is_table_object() ? std::dynamic_pointer_cast<JoinEngine>(a[0].table_object()) : nullptr;
  if (engine == nullptr) a.refuse("engine", "must be an engine that joins streams.");
  return engine;
}

Value side_of(CallContext&, std::span<Value> args, std::string_view function, bool is_left) {
  return data::TableRef(std::make_shared<JoinSide>(join_engine(Arguments(function, args)), is_left));
}

Value append_for_join(CallContext&, std::span<Value> args) {
  const Arguments a("appendForJoin", args);
  const auto engine = join_engine(a);
  const auto rows = functions::table_argument(a.function(), a[2]);
  const auto done = a.flag_or(1, "isLeftTable", true) ? engine->append_left(rows) : engine->append_right(rows);
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::of_long(*done);
}

/// What all examples begin with.
#define TWO_STREAMS                                                                                        \
  "l = table(1:0, `sym`t`p, [SYMBOL, DATETIME, INT]); r = table(1:0, `sym`t`q, [SYMBOL, DATETIME, INT])\n" \
  "t = 2021.05.06T10:00:00\n"
#define TIMED_OUTPUT "out = table(9:0, `t`sym`p`q, [DATETIME, SYMBOL, INT, INT])\n"
#define KEYED_OUTPUT "out = table(9:0, `sym`p`q, [SYMBOL, INT, INT])\n"
#define FED                                                              \
  "appendForJoin(e, true, table(`a`a as sym, t + 5 9 as t, 1 2 as p))\n" \
  "appendForJoin(e, false, table(`a`a as sym, t + 4 9 as t, 10 20 as q)); exec q from out"

void register_feeding(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, "stream-engines", Nature::kWhole, std::move(d)); };
  row({"appendForJoin", "engine, isLeftTable, data", append_for_join, "Feeds a side of an engine that joins.",
       TWO_STREAMS KEYED_OUTPUT "e = createLookupJoinEngine(\"exampleFeed\", l, r, out, <[p, q]>, `sym)\n"
                                "appendForJoin(e, false, table([`a] as sym, [t] as t, [7] as q))\n"
                                "appendForJoin(e, true, table([`a] as sym, [t] as t, [1] as p)); exec q from out",
       "[7]"});
  row({"getLeftStream", "joinEngine",
       [](CallContext& c, std::span<Value> args) { return side_of(c, args, "getLeftStream", true); },
       "The left side of an engine that joins, as a table to feed.",
       TWO_STREAMS KEYED_OUTPUT "e = createLookupJoinEngine(\"exampleLeft\", l, r, out, <[p, q]>, `sym)\n"
                                "getLeftStream(e).append!(table([`a] as sym, [t] as t, [1] as p)); exec p from out",
       "[1]"});
  row({"getRightStream", "joinEngine",
       [](CallContext& c, std::span<Value> args) { return side_of(c, args, "getRightStream", false); },
       "The right side of an engine that joins, as a table to feed.",
       TWO_STREAMS KEYED_OUTPUT "e = createLeftSemiJoinEngine(\"exampleRight\", l, r, out, <[p, q]>, `sym)\n"
                                "appendForJoin(e, true, table([`a] as sym, [t] as t, [1] as p))\n"
                                "getRightStream(e).append!(table([`a] as sym, [t] as t, [8] as q)); exec q from out",
       "[8]"});
}

}  // namespace

void register_join_engines(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
  };
  const auto row = [&](Declaration d) { functions::declare(registry, "stream-engines", Nature::kWhole, std::move(d)); };
  row({"createAsofJoinEngine",
       "name, leftTable, rightTable, outputTable, metrics, matchingColumn, [timeColumn], [useSystemTime=false], "
       "[delayedTime], [garbageSize=5000], [sortByTime=false], [outputElapsedMicroseconds=false], [snapshotDir], "
       "[snapshotIntervalInMsgCount]",
       bound(make_asof), "An engine that joins each left row with the last right row that is not later.",
       TWO_STREAMS TIMED_OUTPUT "e = createAsofJoinEngine(\"exampleAsof\", l, r, out, <[p, q]>, `sym, `t)\n" FED,
       "[10]"});
  row({"createLookupJoinEngine",
       "name, leftTable, rightTable, outputTable, metrics, matchingColumn, [rightTimeColumn], [checkTimes], "
       "[outputElapsedMicroseconds=false], [keepDuplicates=false], [isInnerJoin=false], [snapshotDir], "
       "[snapshotIntervalInMsgCount]",
       bound(make_lookup), "An engine that joins each left row with what the right side has for its key now.",
       TWO_STREAMS KEYED_OUTPUT "e = createLookupJoinEngine(\"exampleLookup\", l, r, out, <[p, q]>, `sym)\n" FED,
       "[null,null]"});
  row({"createLeftSemiJoinEngine",
       "name, leftTable, rightTable, outputTable, metrics, matchingColumn, [garbageSize=5000], "
       "[updateRightTable=false], [snapshotDir], [snapshotIntervalInMsgCount]",
       bound(make_left_semi), "An engine whose left rows wait for a right row of their key.",
       TWO_STREAMS KEYED_OUTPUT "e = createLeftSemiJoinEngine(\"exampleSemi\", l, r, out, <[p, q]>, `sym)\n" FED,
       "[10,10]"});
  row({"createEquiJoinEngine",
       "name, leftTable, rightTable, outputTable, metrics, matchingColumn, timeColumn, [garbageSize=5000], "
       "[maxDelayedTime], [snapshotDir], [snapshotIntervalInMsgCount]",
       bound(make_equi), "An engine that joins rows of equal key and time.",
       TWO_STREAMS TIMED_OUTPUT "e = createEquiJoinEngine(\"exampleEqui\", l, r, out, <[p, q]>, `sym, `t)\n" FED,
       "[20]"});
  registry.add_alias("createEqualJoinEngine", "createEquiJoinEngine");
  row({"createWindowJoinEngine",
       "name, leftTable, rightTable, outputTable, window, metrics, matchingColumn, [timeColumn], "
       "[useSystemTime=false], [garbageSize=5000], [maxDelayedTime], [nullFill], [outputElapsedMicroseconds=false], "
       "[sortByTime=false], [closed='left'], [snapshotDir], [snapshotIntervalInMsgCount], [cachedTableCapacity=1024], "
       "[keyPurgeFreqInSec]",
       bound(make_window), "An engine that joins each left row with the right rows of a window around it.",
       TWO_STREAMS TIMED_OUTPUT
       "e = createWindowJoinEngine(\"exampleWindow\", l, r, out, -2:2, <[p, sum(q)]>, `sym, `t)\n" FED,
       "[10]"});
  row({"createSessionWindowEngine",
       "name, sessionGap, metrics, dummyTable, outputTable, [timeColumn], [useSystemTime=false], [keyColumn], "
       "[updateTime], [useSessionStartTime=true], [snapshotDir], [snapshotIntervalInMsgCount], [raftGroup], "
       "[forceTriggerTime]",
       bound(make_session_window), "An engine of aggregates over stretches of rows without a long pause.",
       "src = table(1:0, `t`v, [DATETIME, INT]); out = table(9:0, `t`s, [DATETIME, LONG])\n"
       "e = createSessionWindowEngine(\"exampleSession\", 10, <sum(v)>, src, out, `t)\n"
       "e.append!(table(2021.05.06T10:00:10 + 0 5 40 as t, 1 2 3 as v)); exec s from out",
       "[3]"});
  register_feeding(registry);
}

#undef TWO_STREAMS
#undef TIMED_OUTPUT
#undef KEYED_OUTPUT
#undef FED

}  // namespace pelorus::stream
