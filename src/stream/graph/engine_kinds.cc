#include "stream/graph/engine_kinds.h"

#include <algorithm>
#include <array>

#include "base/script_error.h"
#include "exec/operators/column_names.h"
#include "exec/worker_session.h"
#include "stream/engine_arguments.h"
#include "stream/engines/metrics.h"
#include "stream/engines/sample_rows.h"
#include "stream/graph/full_name.h"

namespace pelorus::stream {
namespace {

using data::Schema;
using data::Type;
using data::Value;
using syntax::as;

#define GRAPH_OF_TRADES                                               \
  "if (!existsCatalog(\"sheet\")) { createCatalog(\"sheet\") }\ngo\n" \
  "use catalog sheet\ng = createStreamGraph(\"example\")\n"           \
  "s = g.source(\"trades\", `time`sym`price, [TIMESTAMP, SYMBOL, DOUBLE])\n"
#define SECOND_STREAM "r = g.source(\"quotes\", `time`sym`bid, [TIMESTAMP, SYMBOL, DOUBLE])\n"

constexpr std::string_view kSeries =
    "stream, windowSize, step, metrics, [timeColumn], [useSystemTime=false], [keyColumn], [updateTime], "
    "[useWindowStartTime=false], [roundTime=true], [fill='none'], [forceTriggerTime], [keyPurgeFreqInSecond=-1], "
    "[closed='left'], [subWindow], [parallelism=1], [acceptedDelay=0]";

constexpr std::array kKinds{
    EngineKind{"DStream::timeSeriesEngine", kSeries, "createTimeSeriesEngine", LeadingColumns::kTimeAndKeys, false,
               "Aggregates over windows of time, for each key: createTimeSeriesEngine's.",
               GRAPH_OF_TRADES "s.timeSeriesEngine(60000, 60000, <[first(price), max(price) as high]>, `time, false, "
                               "`sym).getOutputSchema().columnNames()",
               "[\"time\",\"sym\",\"first_price\",\"high\"]"},
    EngineKind{
        "DStream::dailyTimeSeriesEngine",
        "stream, windowSize, step, metrics, sessionBegin, [sessionEnd], [timeColumn], [useSystemTime=false], "
        "[keyColumn], [updateTime], [useWindowStartTime=false], [roundTime=true], [fill='none'], "
        "[mergeSessionEnd=false], [forceTriggerTime], [forceTriggerSessionEndTime], [keyPurgeFreqInSecond], "
        "[closed='left'], [subWindow], [parallelism=1], [acceptedDelay=0], [keyPurgeDaily=true]",
        "createDailyTimeSeriesEngine", LeadingColumns::kTimeAndKeys, false,
        "Aggregates over windows of time inside the sessions of each day: createDailyTimeSeriesEngine's.",
        GRAPH_OF_TRADES
        "s.dailyTimeSeriesEngine(60000, 60000, <[sum(price)]>, 09:30:00.000, 11:30:00.000, `time, keyColumn=`sym)"
        ".getOutputSchema().columnNames()",
        "[\"time\",\"sym\",\"sum_price\"]"},
    EngineKind{
        "DStream::reactiveStateEngine",
        "stream, metrics, [keyColumn], [filter], [keepOrder], [keyPurgeFilter], [keyPurgeFreqInSecond=0], "
        "[keyCapacity=1024], [parallelism=1]",
        "createReactiveStateEngine", LeadingColumns::kKeys, false,
        "A row for each row, with metrics that look back at the key's earlier rows: createReactiveStateEngine's.",
        GRAPH_OF_TRADES "s.reactiveStateEngine(<[time, mavg(price, 3)]>, `sym).getOutputSchema().columnNames()",
        "[\"sym\",\"time\",\"mavg_price\"]"},
    EngineKind{"DStream::crossSectionalEngine",
               "stream, metrics, keyColumn, [triggeringPattern='perBatch'], [triggeringInterval=1000], "
               "[useSystemTime=true], [timeColumn], [lastBatchOnly=false], [contextByColumn], [roundTime=true], "
               "[keyFilter]",
               "createCrossSectionalEngine", LeadingColumns::kTimeAndContext, false,
               "Metrics over the latest row of every key: createCrossSectionalEngine's.",
               GRAPH_OF_TRADES
               "s.crossSectionalEngine(<[avg(price), count(price)]>, `sym).getOutputSchema().columnNames()",
               "[\"time\",\"avg_price\",\"count_price\"]"},
    EngineKind{"DStream::sessionWindowEngine",
               "stream, sessionGap, metrics, [timeColumn], [useSystemTime=false], [keyColumn], [updateTime], "
               "[useSessionStartTime=true], [forceTriggerTime]",
               "createSessionWindowEngine", LeadingColumns::kTimeAndKeys, false,
               "Aggregates over stretches of rows without a gap: createSessionWindowEngine's.",
               GRAPH_OF_TRADES "s.sessionWindowEngine(5000, <sum(price)>, `time).getOutputSchema().columnNames()",
               "[\"time\",\"sum_price\"]"},
    EngineKind{"DStream::anomalyDetectionEngine",
               "stream, metrics, timeColumn, [keyColumn], [windowSize], [step], [garbageSize], [roundTime=true], "
               "[anomalyDescription]",
               "createAnomalyDetectionEngine", LeadingColumns::kAnomaly, false,
               "The rows for which one of its conditions holds: createAnomalyDetectionEngine's.",
               GRAPH_OF_TRADES "s.anomalyDetectionEngine(<[price > 5, price < 1]>, `time, `sym).getOutputSchema()."
                               "columnNames()",
               "[\"time\",\"sym\",\"type\",\"metric\"]"},
    EngineKind{"DStream::asofJoinEngine",
               "stream, rightStream, metrics, matchingColumn, [timeColumn], [useSystemTime=false], [delayedTime], "
               "[garbageSize], [sortByTime]",
               "createAsofJoinEngine", LeadingColumns::kTimeAndMatching, true,
               "Each left row with the latest right one: createAsofJoinEngine's.",
               GRAPH_OF_TRADES SECOND_STREAM
               "s.asofJoinEngine(r, <[price, bid, abs(price - bid)]>, `sym, `time).getOutputSchema().columnNames()",
               "[\"time\",\"sym\",\"price\",\"bid\",\"abs\"]"},
    EngineKind{"DStream::equalJoinEngine",
               "stream, rightStream, metrics, matchingColumn, timeColumn, [garbageSize=5000], [maxDelayedTime]",
               "createEquiJoinEngine", LeadingColumns::kTimeAndMatching, true,
               "Rows of both sides that match: createEquiJoinEngine's.",
               GRAPH_OF_TRADES SECOND_STREAM
               "s.equalJoinEngine(r, [<price>, <bid>, <price*bid>], `sym, `time).getOutputSchema().columnNames()",
               "[\"time\",\"sym\",\"price\",\"bid\",\"price_mul\"]"},
    EngineKind{"DStream::leftSemiJoinEngine",
               "stream, rightStream, metrics, matchingColumn, [garbageSize=5000], [updateRightTable=false]",
               "createLeftSemiJoinEngine", LeadingColumns::kMatching, true,
               "Each left row with the first or the last right one that matches: createLeftSemiJoinEngine's.",
               GRAPH_OF_TRADES SECOND_STREAM
               "s.leftSemiJoinEngine(r, <[price, bid]>, `time`sym).getOutputSchema().columnNames()",
               "[\"time\",\"sym\",\"price\",\"bid\"]"},
    EngineKind{"DStream::lookupJoinEngine",
               "stream, rightStream, metrics, matchingColumn, [rightTimeColumn], [checkTimes], [keepDuplicates=false]",
               "createLookupJoinEngine", LeadingColumns::kMatching, true,
               "Each left row at once with the latest right one that matches: createLookupJoinEngine's.",
               GRAPH_OF_TRADES SECOND_STREAM
               "s.lookupJoinEngine(r, <[price, bid]>, `sym).getOutputSchema().columnNames()",
               "[\"sym\",\"price\",\"bid\"]"},
    EngineKind{
        "DStream::windowJoinEngine",
        "stream, rightStream, window, metrics, matchingColumn, [timeColumn], [useSystemTime=false], [garbageSize], "
        "[maxDelayedTime], [nullFill], [sortByTime], [closed]",
        "createWindowJoinEngine", LeadingColumns::kTimeAndMatching, true,
        "Each left row with aggregates over the right rows around its time: createWindowJoinEngine's.",
        GRAPH_OF_TRADES SECOND_STREAM
        "s.windowJoinEngine(r, -2:2, <[price, sum(bid)]>, `sym, `time).getOutputSchema().columnNames()",
        "[\"time\",\"sym\",\"price\",\"sum_bid\"]"},
};

/// As a query would call it, but what an operator gives by its column first: price_mul.
std::string name_of_metric(const syntax::Expr& metric) {
  const auto name = exec::automatic_name(metric, nullptr);
  const auto cut = name.find('_');
  if (metric.kind != syntax::ExprKind::kBinary || cut == std::string::npos) return name;
  return name.substr(cut + 1) + "_" + name.substr(0, cut);
}

/// The columns of one engine under construction.
class Output {
 public:
  Output(const EngineKind& kind, const GraphNode& node, const std::vector<const GraphNode*>& inputs,
         functions::CallContext& context)
      : kind_(kind), node_(node), inputs_(inputs), probe_(context) {}

  Schema run() {
    switch (kind_.leading) {
      case LeadingColumns::kKeys: add_named("keyColumn"); break;
      case LeadingColumns::kTimeAndKeys:
      case LeadingColumns::kAnomaly:
        add_named("timeColumn");
        add_named("keyColumn");
        break;
      case LeadingColumns::kTimeAndContext:
        if (is_given("timeColumn") && !is_true("useSystemTime"))
          add_named("timeColumn");
        else
          add({.name = "time", .type = Type::kTimestamp});
        add_named("contextByColumn");
        break;
      case LeadingColumns::kMatching: add_named("matchingColumn"); break;
      case LeadingColumns::kTimeAndMatching:
        if (is_given("timeColumn") && !is_true("useSystemTime"))
          add_named("timeColumn", 1);
        else
          add({.name = "time", .type = Type::kTimestamp});
        add_named("matchingColumn");
        break;
    }
    if (kind_.leading == LeadingColumns::kAnomaly) {
      add({.name = "type", .type = Type::kInt});
      add({.name = "metric", .type = Type::kString});
    } else {
      add_metrics();
    }
    return std::move(columns_);
  }

 private:
  bool is_given(std::string_view parameter) const {
    const auto* value = node_.argument(parameter);
    return value != nullptr && !value->is_void();
  }
  bool is_true(std::string_view parameter) const {
    const auto* value = node_.argument(parameter);
    return value != nullptr && value->is_scalar() && !value->is_null() && value->scalar().as_int64() != 0;
  }
  void add(data::ColumnDefinition column) {
    columns_.push_back(std::move(column));
    given_.push_back(false);
  }

  /// Columns of the left side that an argument names, the first `most` of them; one that is there already is not
  /// repeated.
  void add_named(std::string_view parameter, size_t most = SIZE_MAX) {
    if (!is_given(parameter)) return;
    Value value = *node_.argument(parameter);
    // A tuple has the left side's names first.
    if (value.is_tuple() && kind_.joins && parameter == "matchingColumn") value = value.vector().values_any()[0];
    const functions::Arguments a(kind_.method, std::span<Value>(&value, 1));
    const auto names = a.texts(0, parameter);
    for (size_t i = 0; i < std::min(most, names.size()); ++i) {
      const int found = find_column(inputs_[0]->schema, names[i]);
      if (found < 0) a.refuse(parameter, "names " + names[i] + ", which is no column of the stream.");
      const auto& column = inputs_[0]->schema[static_cast<size_t>(found)];
      if (find_column(columns_, column.name) < 0) add(column);
    }
  }

  void add_metrics() {
    const auto* metrics = node_.argument("metrics");
    if (metrics == nullptr) return;  // the call itself tells that they are missing
    std::vector<std::unique_ptr<exec::RowScope>> scopes;
    exec::Scope* scope = nullptr;
    // The left side lies over the right one.
    for (size_t i = inputs_.size(); i-- > 0;) {
      scopes.push_back(std::make_unique<exec::RowScope>(
          exec::Relation::of(sample_of(inputs_[i]->schema), std::string(last_part(inputs_[i]->name))), scope));
      scope = scopes.back().get();
    }
    std::vector<std::string> names;
    const size_t leading = columns_.size();
    for (const auto& column : columns_) names.push_back(column.name);
    for (const auto& code : metric_codes(*metrics)) {
      for (const auto& part : parts_of(code)) {
        const auto* alias = as<syntax::Alias>(*part);
        const bool is_named = alias != nullptr && alias->names.size() == 1;
        const auto& body = alias != nullptr ? alias->value : part;
        names.push_back(is_named ? alias->names[0] : name_of_metric(*body));
        given_.push_back(is_named);
      }
      for (const auto& metric : metrics_of({code})) {
        columns_.push_back(probed(metric, *scope, probe_.interpreter()));
        if (gives_window(*metric.body)) columns_.back().array = true;
      }
    }
    std::vector<bool> given(given_.begin(), given_.end());
    exec::make_unique(names, given);
    for (size_t c = leading; c < columns_.size(); ++c) columns_[c].name = names[c];
  }

  /// A right column as it is, in a window between two left rows: an array for each left row.
  bool gives_window(const syntax::Expr& metric) const {
    const auto* window = node_.argument("window");
    const auto* name = as<syntax::Name>(metric);
    if (window == nullptr || !window->is_pair() || name == nullptr) return false;
    const auto& ends = window->pair().elements;
    return ends.scalar_at(0).as_int64() == 0 && ends.scalar_at(1).as_int64() == 0 &&
           find_column(inputs_[0]->schema, name->name) < 0;
  }

  static std::vector<syntax::ExprRef> parts_of(const Value& code) {
    const auto* held = code.is_code() ? dynamic_cast<const exec::CodeValue*>(code.code().get()) : nullptr;
    if (held == nullptr) return {};  // metrics_of refuses it
    if (const auto* bracket = as<syntax::VectorBracket>(held->body())) return bracket->elements;
    if (const auto* tuple = as<syntax::Tuple>(held->body())) return tuple->elements;
    return {held->body()};
  }

  const EngineKind& kind_;
  const GraphNode& node_;
  const std::vector<const GraphNode*>& inputs_;
  exec::WorkerSession probe_;
  Schema columns_;
  std::vector<bool> given_;
};

}  // namespace

std::span<const EngineKind> engine_kinds() { return kKinds; }

const EngineKind* find_engine_kind(std::string_view call) {
  for (const auto& kind : kKinds) {
    if (kind.method.substr(kind.method.rfind(':') + 1) == call) return &kind;
  }
  return nullptr;
}

Schema engine_output(const EngineKind& kind, const GraphNode& node, const std::vector<const GraphNode*>& inputs,
                     functions::CallContext& context) {
  return Output(kind, node, inputs, context).run();
}

}  // namespace pelorus::stream
