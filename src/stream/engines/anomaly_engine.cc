#include "stream/engines/anomaly_engine.h"

#include <algorithm>
#include <tuple>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "kernels/calendar.h"
#include "plan/walk.h"
#include "stream/engines/time_series_engine.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using syntax::ExprRef;

namespace {

plan::FunctionLookup lookup_of(exec::Evaluator& evaluator) {
  return [&evaluator](const syntax::Expr& callee) -> data::FunctionRef {
    const auto found = evaluator.find_function(callee, nullptr);
    return found ? *found : nullptr;
  };
}

bool looks_at_columns(const syntax::Expr& expr, const data::Schema& schema) {
  return plan::any_node(expr, [&](const syntax::Expr& node) {
    const auto* name = syntax::as<syntax::Name>(node);
    return node.kind == syntax::ExprKind::kStar || (name && find_column(schema, name->name) >= 0);
  });
}

std::vector<Metric> some_of(const std::vector<Metric>& metrics, const std::vector<size_t>& numbers) {
  std::vector<Metric> out;
  for (const auto m : numbers) out.push_back(metrics[m]);
  return out;
}

/// Of `count` metrics, those that are none of `windows`.
template <class WindowMetric>
std::vector<size_t> others(size_t count, const std::vector<WindowMetric>& windows) {
  std::vector<size_t> numbers;
  for (size_t m = 0; m < count; ++m) {
    if (std::ranges::find(windows, m, &WindowMetric::number) == windows.end()) numbers.push_back(m);
  }
  return numbers;
}

}  // namespace

AnomalyDetectionEngine::AnomalyDetectionEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                                               AnomalyTerms anomalies)
    : Engine(std::move(terms), std::move(session)),
      anomalies_(std::move(anomalies)),
      metrics_(metrics_of(this->terms().metrics)),
      time_(input_column(this->terms().time_column)),
      keys_(input_columns(this->terms().keys)),
      windows_(windows_of(metrics_, this->terms().input, interpreter())),
      row_numbers_(others(metrics_.size(), windows_)),
      row_metrics_(some_of(metrics_, row_numbers_)),
      calls_(row_metrics_, this->terms().input, interpreter()) {
  const auto& sizes = anomalies_;
  if (sizes.window < 0 || sizes.step < 0 || (sizes.window == 0) != (sizes.step == 0) ||
      (sizes.step > 0 && sizes.window % sizes.step != 0))
    throw ScriptError("windowSize must be a positive multiple of step.");
  if (!sizes.descriptions.empty() && sizes.descriptions.size() != metrics_.size())
    throw ScriptError("anomalyDescription must have one text for each of the metrics.");
  if (sizes.window == 0 && !windows_.empty())
    throw ScriptError("The metric [" + metrics_[windows_[0].number].text +
                      "] has an aggregate: windowSize and step must be given.");
}

std::vector<AnomalyDetectionEngine::WindowMetric> AnomalyDetectionEngine::windows_of(const std::vector<Metric>& metrics,
                                                                                     const data::Schema& schema,
                                                                                     exec::Evaluator& evaluator) {
  const auto lookup = lookup_of(evaluator);
  const auto of_columns = [&](const syntax::Expr& expr) { return looks_at_columns(expr, schema); };
  std::vector<WindowMetric> windows;
  for (size_t m = 0; m < metrics.size(); ++m) {
    auto totals = plan::totals_in(metrics[m].body, lookup, of_columns);
    if (totals.empty()) continue;
    const std::vector<ExprRef> nothing(totals.size(), std::make_shared<syntax::Literal>());
    const auto rest = plan::with_totals(metrics[m].body, nothing, lookup, of_columns);
    windows.push_back({m, std::move(totals), of_columns(*rest)});
  }
  return windows;
}

/// Windows are not kept.
Value AnomalyDetectionEngine::state() const { return windows_.empty() ? memories_state(memories_) : Value::null(); }

Table AnomalyDetectionEngine::process(const Table& rows) {
  std::vector<Alert> alerts;
  const auto times = functions::as_longs("createAnomalyDetectionEngine", rows.column_shared(time_));
  for (const auto& group : rows_by_key(rows, keys_)) {
    const std::vector<int64_t> places(group.rows.begin(), group.rows.end());
    const Table own = places.size() == rows.rows() ? rows : rows.take(places);
    std::vector<int64_t> own_times;
    for (const auto place : places) own_times.push_back(times->values<int64_t>()[static_cast<size_t>(place)]);
    judge_rows(own, places, group.key, own_times, &alerts);
    if (!windows_.empty()) judge_windows(own, places, open_[group.key], own_times, &alerts);
  }
  std::ranges::stable_sort(alerts, [](const Alert& a, const Alert& b) {
    if (a.row != b.row || a.at_row != b.at_row) return std::tie(a.row, a.at_row) < std::tie(b.row, b.at_row);
    return a.at_row && a.metric < b.metric;
  });
  return as_table(alerts, rows);
}

void AnomalyDetectionEngine::judge_rows(const Table& own, const std::vector<int64_t>& places, const std::string& key,
                                        std::span<const int64_t> times, std::vector<Alert>* alerts) {
  exec::RowScope scope(exec::Relation::of(own, ""), nullptr);
  memories_[key].feed(calls_, row_metrics_, scope, interpreter());
  for (size_t m = 0; m < row_metrics_.size(); ++m) {
    const auto flags =
        functions::converted("metrics", evaluate_column(row_metrics_[m], scope, interpreter()), Type::kBool);
    for (size_t r = 0; r < places.size(); ++r) {
      if (flags->values<int8_t>()[r] == 1) alerts->push_back({places[r], true, row_numbers_[m], times[r]});
    }
  }
}

void AnomalyDetectionEngine::judge_windows(const Table& own, const std::vector<int64_t>& places, Window& window,
                                           std::span<const int64_t> times, std::vector<Alert>* alerts) {
  window.known.resize(windows_.size());
  for (size_t r = 0; r < places.size(); ++r) {
    const int64_t time = times[r];
    const bool is_new = window.last == types::kNull<int64_t>;
    if (time == types::kNull<int64_t> || (!is_new && time < window.last)) continue;
    if (is_new) {
      const int64_t unit = alignment_of(anomalies_.step, terms().input[time_].type, anomalies_.round_time);
      window.rows = Table(terms().input);
      window.next_end = kernels::floor_divide(time, unit) * unit + anomalies_.step;
      while (window.next_end <= time) window.next_end += anomalies_.step;
    }
    close_windows(window, time, places[r], alerts);
    window.last = time;
    const Table row = own.slice(r, 1);
    for (size_t w = 0; w < windows_.size(); ++w) {
      const auto& known = window.known[w];
      if (known && holds(*known, row)) alerts->push_back({places[r], true, windows_[w].number, time});
    }
    (void)window.rows.append(row);  // of one schema: cannot fail
    window.times.push_back(time);
  }
}

void AnomalyDetectionEngine::close_windows(Window& window, int64_t now, int64_t place, std::vector<Alert>* alerts) {
  const auto keep_from = [&](int64_t start) {
    const auto first = std::ranges::lower_bound(window.times, start) - window.times.begin();
    if (first == 0) return;
    window.rows = window.rows.slice(static_cast<size_t>(first), window.times.size() - static_cast<size_t>(first));
    window.times.erase(window.times.begin(), window.times.begin() + first);
  };
  while (window.next_end <= now) {
    keep_from(window.next_end - anomalies_.window);
    const auto size =
        static_cast<size_t>(std::ranges::lower_bound(window.times, window.next_end) - window.times.begin());
    if (size > 0) {
      const Table inside = window.rows.slice(0, size);
      for (size_t w = 0; w < windows_.size(); ++w) {
        if (windows_[w].looks_at_rows)
          window.known[w] = settled(windows_[w], inside);
        else if (holds(metrics_[windows_[w].number], inside))
          alerts->push_back({place, false, windows_[w].number, window.next_end});
      }
    }
    // Without rows straight to the window that `now` falls into.
    const int64_t steps = window.times.empty() ? std::max<int64_t>(1, (now - window.next_end) / anomalies_.step) : 1;
    window.next_end += steps * anomalies_.step;
  }
}

Metric AnomalyDetectionEngine::settled(const WindowMetric& window, const Table& rows) {
  exec::RowScope scope(exec::Relation::of(rows, ""), nullptr);
  Metric out = metrics_[window.number];
  std::vector<ExprRef> values;
  for (const auto& total : window.totals) {
    Metric part = out;
    part.body = total.expr;
    values.push_back(exec::HeldValue::node(evaluate(part, scope, interpreter())));
  }
  out.body = plan::with_totals(out.body, values, lookup_of(interpreter()),
                               [this](const syntax::Expr& expr) { return looks_at_columns(expr, terms().input); });
  return out;
}

bool AnomalyDetectionEngine::holds(const Metric& metric, const Table& rows) {
  exec::RowScope scope(exec::Relation::of(rows, ""), nullptr);
  Value value = evaluate(metric, scope, interpreter());
  if (value.is_vector() && value.vector().size() == 1) value = value.vector().at(0);
  if (!value.is_scalar()) throw ScriptError("The metric [" + metric.text + "] must give one value.");
  const auto flag = value.is_null() ? std::nullopt : data::convert(value.scalar(), Type::kBool);
  return flag && flag->as_int64() == 1;
}

Table AnomalyDetectionEngine::as_table(const std::vector<Alert>& alerts, const Table& rows) const {
  std::vector<int64_t> places;
  Vector times(terms().input[time_].type), kinds(Type::kInt);
  std::vector<std::string> texts;
  for (const auto& alert : alerts) {
    places.push_back(alert.row);
    (void)times.push_back(Value(time_scalar(times.type(), alert.time)));
    kinds.edit<int32_t>().push_back(static_cast<int32_t>(alert.metric));
    texts.push_back(anomalies_.descriptions.empty() ? metrics_[alert.metric].text
                                                    : anomalies_.descriptions[alert.metric]);
  }
  std::vector<std::string> names{terms().time_column};
  std::vector<Shared<Vector>> columns{Shared<Vector>(std::move(times))};
  for (const auto key : keys_) {
    names.push_back(rows.names()[key]);
    columns.emplace_back(rows.column(key).take(places));
  }
  names.insert(names.end(), {"anomalyType", "anomalyString"});
  columns.emplace_back(std::move(kinds));
  columns.emplace_back(Vector::of_strings(Type::kString, std::move(texts)));
  return Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::stream
