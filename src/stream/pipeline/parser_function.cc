// streamEngineParser: metrics that nest operations of several engines become a cascade of them.

#include <algorithm>

#include "base/script_error.h"
#include "functions/declare.h"
#include "plan/walk.h"
#include "stream/engine_arguments.h"
#include "stream/engines/reactive_state_engine.h"
#include "stream/engines/sample_rows.h"
#include "stream/functions.h"
#include "stream/pipeline/inline_functions.h"
#include "stream/pipeline/stages.h"
#include "syntax/print.h"

namespace pelorus::stream {
namespace {

using data::Schema;
using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using syntax::ExprRef;

/// Where the arguments stand.
enum Place : size_t {
  kName,
  kMetrics,
  kDummy,
  kOutput,
  kKeys,
  kTime,
  kSystemTime,
  kSnapshotDir,
  kSnapshotInterval,
  kRaftGroup,
  kFilter,
  kKeepOrder,
  kPurgeFilter,
  kPurgeSeconds,
  kPattern,
  kInterval,
  kLastBatch,
  kContext,
  kUpdateTime,
  kWindowStart,
  kRoundTime,
  kForceTrigger,
  kSessionBegin,
  kSessionEnd,
  kMergeSession,
  kClosed,
  kFill,
  kGarbage,
  kForceSession,
  kPurgeSec,
};

/// What an intermediate time column is called when the rows bring none.
constexpr std::string_view kOwnTime = "datatime";

void refuse_what_is_missing(const Arguments& a) {
  constexpr std::pair<Place, std::string_view> kMissing[] = {{kSnapshotDir, "snapshotDir"},
                                                             {kSnapshotInterval, "snapshotIntervalInMsgCount"},
                                                             {kRaftGroup, "raftGroup"},
                                                             {kPurgeFilter, "keyPurgeFilter"},
                                                             {kPurgeSeconds, "keyPurgeFreqInSecond"},
                                                             {kUpdateTime, "updateTime"},
                                                             {kForceTrigger, "forceTriggerTime"},
                                                             {kSessionBegin, "sessionBegin"},
                                                             {kSessionEnd, "sessionEnd"},
                                                             {kMergeSession, "mergeSessionEnd"},
                                                             {kForceSession, "forceTriggerSessionEndTime"}};
  for (const auto& [place, name] : kMissing) refuse_option(a, place, name);
  if (a.integer_or(kPurgeSec, "keyPurgeFreqInSec", -1) != -1) a.refuse("keyPurgeFreqInSec", "is not offered yet.");
  if (a.text_or(kClosed, "closed", "left") != "left")
    a.refuse("closed", "must be left: windows that hold their end are not offered yet.");
  if (a.text_or(kPattern, "triggeringPattern", "") == "keyCount" && !a.flag_or(kKeepOrder, "keepOrder", true))
    a.refuse("keepOrder", "can't be false when triggeringPattern is keyCount.");
}

ExprRef code_part(const Value& code) {
  const auto metrics = metrics_of({code});
  if (metrics.size() != 1) throw ScriptError("streamEngineParser: filter must be one expression.");
  return metrics[0].body;
}

Value code_of(const ExprRef& expr) { return data::CodeRef(std::make_shared<exec::CodeValue>(expr)); }

class CascadeBuilder {
 public:
  CascadeBuilder(StreamServices& services, CallContext& context, const Arguments& a)
      : services_(services),
        context_(context),
        a_(a),
        probe_(context),
        schema_(schema_argument(a, kDummy, "dummyTable")) {
    name_ = a.text(kName, "name");
    for (const auto& key : a.texts(kKeys, "keyColumn")) keys_.push_back(known_column(key, "keyColumn"));
    const bool system_time = a.flag_or(kSystemTime, "useSystemTime", false);
    if (a.has(kTime) && !a[kTime].is_void()) {
      const auto names = a.texts(kTime, "timeColumn");
      if (names.size() != 1)
        a.refuse("timeColumn", "must name one column; a date and a time column are not offered yet.");
      time_ = known_column(names[0], "timeColumn");
    }
    if (system_time && !time_.empty()) a.refuse("timeColumn", "does not go together with useSystemTime.");
    system_time_ = system_time;
    output_ = table_object_of(context, a.function(), a[kOutput]);
  }

  Value run() {
    cut();
    settle_output();
    // Schemas follow the rows, engines are made against them: each needs the one behind it.
    std::vector<Schema> inputs{schema_};
    std::vector<std::string> times{time_};
    for (size_t i = 0; i + 1 < stages_.size(); ++i) {
      check_stage(stages_[i], times.back());
      inputs.push_back(output_schema(stages_[i], inputs.back(), &times));
    }
    check_stage(stages_.back(), times.back());
    std::vector<std::shared_ptr<Engine>> engines(stages_.size());
    data::TableRef next = output_;
    for (size_t i = stages_.size(); i-- > 0;) {
      engines[i] = engine_of(i, inputs[i], times[i], next);
      next = engines[i];
    }
    for (size_t i = 0; i < engines.size(); ++i) {
      try {
        services_.engines.add(engines[i]);
      } catch (const ScriptError&) {
        for (size_t k = 0; k < i; ++k) services_.engines.remove(engines[k]->name());
        throw;
      }
    }
    return next;
  }

 private:
  std::string known_column(const std::string& name, std::string_view parameter) const {
    const int found = find_column(schema_, name);
    if (found < 0) a_.refuse(parameter, "names " + name + ", which dummyTable does not have.");
    return schema_[static_cast<size_t>(found)].name;
  }
  bool is_key(const ExprRef& expr) const {
    const auto* name = syntax::as<syntax::Name>(expr);
    Schema keys;
    for (const auto& key : keys_) keys.push_back({.name = key});
    return name != nullptr && name->slot < 0 && find_column(keys, name->name) >= 0;
  }

  void cut() {
    std::vector<ExprRef> metrics;
    for (const auto& metric : metrics_of(metric_codes(a_[kMetrics])))
      metrics.push_back(inlined(metric, probe_.interpreter()));
    StageTerms terms{.carried = keys_};
    for (const auto& column : schema_) terms.base_columns.push_back(column.name);
    terms.carried.push_back(time_.empty() ? std::string(kOwnTime) : time_);
    context_column_ = a_.text_or(kContext, "contextByColumn", "");
    if (!context_column_.empty()) {
      const int found = find_column(schema_, context_column_);
      if (found >= 0) context_column_ = schema_[static_cast<size_t>(found)].name;
      const bool is_carried =
          std::find(terms.carried.begin(), terms.carried.end(), context_column_) != terms.carried.end();
      if (!is_carried) terms.section_column = {context_column_};
    }
    if (a_.has(kFilter) && !a_[kFilter].is_void()) {
      terms.filter = code_part(a_[kFilter]);
      filter_ = a_[kFilter];
    }
    stages_ = stages_of(metrics, terms, probe_.interpreter());
    const auto is_state = [](const Stage& stage) { return stage.kind == StageKind::kState; };
    const auto last_state = std::find_if(stages_.rbegin(), stages_.rend(), is_state);
    filtered_ = static_cast<size_t>(stages_.rend() - last_state) - 1;
    if (!filter_.is_void() && last_state == stages_.rend())
      a_.refuse("filter", "needs a metric that looks back at earlier rows.");
  }

  /// The last stage gives what outputTable has columns for.
  void settle_output() {
    const Schema columns = output_->schema();
    const bool begins_with_time = !columns.empty() && types::is_temporal(columns[0].type);
    if (stages_.back().kind != StageKind::kState && !begins_with_time) {
      // Rows by time, but the table begins with the keys: a last stage turns them round.
      Stage turn{.kind = StageKind::kState};
      for (const auto& column : stages_.back().columns)
        turn.columns.push_back({column.name, is_key(column.value) ? column.value : plan::name_node(column.name)});
      stages_.push_back(std::move(turn));
    }
    auto& last = stages_.back();
    size_t expected = last.columns.size();
    if (last.kind == StageKind::kState) {
      const auto own = static_cast<size_t>(
          std::count_if(last.columns.begin(), last.columns.end(), [&](const auto& c) { return !is_key(c.value); }));
      const bool shows_time = columns.size() == keys_.size() + 1 + own &&
                              types::is_temporal(columns[keys_.size()].type) && !(time_.empty() && stages_.size() == 1);
      const bool shows_keys_once = shows_time || columns.size() != keys_.size() + last.columns.size();
      if (shows_keys_once) std::erase_if(last.columns, [&](const auto& c) { return is_key(c.value); });
      last_shows_time_ = shows_time;
      expected = keys_.size() + (shows_time ? 1 : 0) + last.columns.size();
    } else {
      expected += last.kind == StageKind::kWindows ? 1 + keys_.size() : context_column_.empty() ? 1 : 2;
    }
    if (columns.size() != expected) {
      a_.refuse("outputTable", "has " + std::to_string(columns.size()) + " columns, but the metrics give " +
                                   std::to_string(expected) + ": " + described(last) + ".");
    }
  }
  std::string described(const Stage& last) const {
    const std::string metrics = std::to_string(last.columns.size()) + " metrics";
    if (last.kind == StageKind::kState) return "the keys, " + metrics;
    if (last.kind == StageKind::kWindows) return "the time, the keys, " + metrics;
    return std::string("the time, ") + (context_column_.empty() ? "" : "contextByColumn, ") + metrics;
  }

  void check_stage(const Stage& stage, const std::string& time) const {
    if (stage.kind == StageKind::kWindows && time.empty())
      a_.refuse("timeColumn", "must be given: windows of the system's time are not offered yet.");
    if (stage.kind == StageKind::kCrossSection && time.empty() && !system_time_)
      a_.refuse("timeColumn", "must be given unless useSystemTime is true.");
  }

  /// The codes of a stage's engine; those of all but the last also carry keys and time as far as the engine does not.
  std::vector<std::pair<std::string, ExprRef>> codes_of(const Stage& stage, bool is_last,
                                                        const std::string& time) const {
    std::vector<std::pair<std::string, ExprRef>> codes;
    const auto add = [&](const std::string& column) { codes.emplace_back(column, plan::name_node(column)); };
    const bool is_state = stage.kind == StageKind::kState;
    if (is_state && (is_last ? last_shows_time_ : !time.empty())) add(time);
    if (!is_last && stage.kind == StageKind::kCrossSection) {
      for (const auto& key : keys_) add(key);
    }
    for (const auto& column : stage.columns) {
      const bool is_row = stage.kind == StageKind::kWindows && column.value->kind == syntax::ExprKind::kName;
      codes.emplace_back(column.name, is_row ? plan::call_node("last", {column.value}) : column.value);
    }
    return codes;
  }

  data::ColumnDefinition column_of(const Schema& schema, const std::string& name) const {
    const int found = find_column(schema, name);
    if (found < 0) a_.refuse("contextByColumn", "names " + name + ", which no stage gives.");
    return schema[static_cast<size_t>(found)];
  }

  /// What the engine of a stage that is not the last puts out.
  Schema output_schema(const Stage& stage, const Schema& input, std::vector<std::string>* times) {
    Schema output;
    const std::string time = times->back();
    if (stage.kind == StageKind::kState) {
      for (const auto& key : keys_) output.push_back(column_of(input, key));
      times->push_back(time);
    } else {
      times->push_back(time.empty() ? std::string(kOwnTime) : time);
      output.push_back({.name = times->back(), .type = time.empty() ? Type::kTimestamp : column_of(input, time).type});
      if (stage.kind == StageKind::kWindows) {
        for (const auto& key : keys_) output.push_back(column_of(input, key));
      } else if (!context_column_.empty() && context_column_ != time) {
        const bool is_key = std::find(keys_.begin(), keys_.end(), context_column_) != keys_.end();
        auto column = column_of(input, context_column_);
        if (is_key || gives(stage, context_column_)) column.name += "_context";  // comes a second time under its name
        output.push_back(column);
      }
    }
    exec::RowScope sample(exec::Relation::of(sample_of(input), ""), nullptr);
    for (const auto& [name, expr] : codes_of(stage, false, time))
      output.push_back(column_of_metric(name, expr, sample));
    return output;
  }
  static bool gives(const Stage& stage, const std::string& name) {
    return std::any_of(stage.columns.begin(), stage.columns.end(),
                       [&](const auto& column) { return column.name == name; });
  }

  data::ColumnDefinition column_of_metric(const std::string& name, const ExprRef& expr, exec::Scope& sample) {
    auto column = probed(Metric{expr, {}, syntax::print(*expr)}, sample, probe_.interpreter());
    column.name = name;
    return column;
  }

  std::shared_ptr<Engine> engine_of(size_t i, const Schema& input, const std::string& time,
                                    const data::TableRef& output) {
    const Stage& stage = stages_[i];
    EngineTerms terms{.name = name_ + std::to_string(i), .user = context_.caller().user, .input = input};
    for (const auto& [name, expr] : codes_of(stage, i + 1 == stages_.size(), time))
      terms.metrics.push_back(code_of(expr));
    terms.output = output;
    terms.keys = keys_;
    terms.time_column = time;
    auto session = std::make_unique<exec::WorkerSession>(context_);
    if (stage.kind == StageKind::kState) {
      return std::make_shared<ReactiveStateEngine>(std::move(terms), std::move(session),
                                                   i == filtered_ ? filter_ : Value());
    }
    if (stage.kind == StageKind::kWindows) {
      WindowTerms windows{.window = stage.window,
                          .step = stage.step,
                          .shows_start = a_.flag_or(kWindowStart, "useWindowStartTime", false),
                          .round_time = a_.flag_or(kRoundTime, "roundTime", true)};
      set_fill(a_, stage.fill.is_void() && a_.has(kFill) ? a_[kFill] : stage.fill, &windows);
      return std::make_shared<TimeSeriesEngine>(std::move(terms), std::move(session), std::move(windows));
    }
    auto cross = cross_section_terms(a_, kPattern, kInterval);
    cross.last_batch_only = a_.flag_or(kLastBatch, "lastBatchOnly", false);
    cross.context_column = context_column_;
    cross.round_time = a_.flag_or(kRoundTime, "roundTime", true);
    return std::make_shared<CrossSectionalEngine>(std::move(terms), std::move(session), std::move(cross));
  }

  StreamServices& services_;
  CallContext& context_;
  const Arguments& a_;
  exec::WorkerSession probe_;
  const Schema schema_;
  std::string name_;
  std::vector<std::string> keys_;
  std::string time_;
  bool system_time_ = false;
  std::string context_column_;
  Value filter_;
  data::TableRef output_;
  std::vector<Stage> stages_;
  size_t filtered_ = 0;
  bool last_shows_time_ = false;
};

Value parse_engines(StreamServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("streamEngineParser", args);
  refuse_what_is_missing(a);
  return CascadeBuilder(services, context, a).run();
}

constexpr std::string_view kExample =
    "src = table(1:0, `sym`t`v, [SYMBOL, TIMESTAMP, DOUBLE]); out = table(9:0, `t`sym`r, [TIMESTAMP, SYMBOL, INT])\n"
    "e = streamEngineParser(name=\"exampleP\", metrics=<[sym, rowRank(mavg(v, 2))]>, dummyTable=src, outputTable=out, "
    "keyColumn=`sym, timeColumn=`t)\n"
    "t = 2021.05.06T10:00:10.000\n"
    "e.append!(table(`a`b as sym, [t, t] as t, 1.0 9 as v))\n"
    "e.append!(table(`a`b as sym, [t + 1, t + 1] as t, 7.0 2 as v)); exec r from out";

}  // namespace

void register_engine_parser(functions::Registry& registry, StreamServices& services) {
  functions::declare(
      registry, "stream-engines", Nature::kWhole,
      {"streamEngineParser",
       "name, metrics, dummyTable, outputTable, keyColumn, [timeColumn], [useSystemTime=false], [snapshotDir], "
       "[snapshotIntervalInMsgCount], [raftGroup], [filter], [keepOrder], [keyPurgeFilter], [keyPurgeFreqInSecond], "
       "[triggeringPattern='perBatch'], [triggeringInterval=1000], [lastBatchOnly=false], [contextByColumn], "
       "[updateTime], [useWindowStartTime=false], [roundTime=true], [forceTriggerTime], [sessionBegin], [sessionEnd], "
       "[mergeSessionEnd=false], [closed='left'], [fill='none'], [garbageSize], [forceTriggerSessionEndTime], "
       "[keyPurgeFreqInSec=-1]",
       [&services](CallContext& context, std::span<Value> args) { return parse_engines(services, context, args); },
       "A cascade of engines for metrics that nest row functions, rolling() and functions that look back; the first "
       "one. The engines are called name0, name1 ….",
       kExample, "[null,null,0,1]"});
}

}  // namespace pelorus::stream
