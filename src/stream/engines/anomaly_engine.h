#pragma once
// Finds rows and windows for which a condition holds.

#include <optional>
#include <string>
#include <vector>

#include "plan/where_totals.h"
#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// Windows for conditions with aggregates: `window` and `step` in units of the time column, window a multiple of step;
/// both 0: there are none.
struct AnomalyTerms {
  int64_t window = 0;
  int64_t step = 0;
  bool round_time = true;
  std::vector<std::string> descriptions;  // by condition, instead of its text; empty: none
};

/// A condition on columns is asked of each row. One on aggregates is asked of each window [start, end) when the first
/// row at or after its end comes, and put out with the end as its time. One that compares aggregates with columns is
/// asked of each row, its aggregates being those of the last window with rows. Windows of a key follow those of
/// TimeSeriesEngine; rows of a key that go back in time are left out of them. The output has the time, the keys, the
/// number of the condition and its text, in the order of the rows that brought it about.
class AnomalyDetectionEngine final : public Engine {
 public:
  /// ScriptError: a condition has an aggregate and there are no windows.
  AnomalyDetectionEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, AnomalyTerms anomalies);

 protected:
  std::string kind() const override { return "AnomalyDetectionEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(memories_.size()); }
  data::Value state() const override;
  void set_state(const data::Value& state) override { memories_ = memories_of(state, calls_); }

 private:
  /// A condition with aggregates.
  struct WindowMetric {
    size_t number;
    std::vector<plan::WhereTotal> totals;
    bool looks_at_rows;  // compares them with columns
  };
  struct Window {
    data::Table rows;
    std::vector<int64_t> times;
    int64_t next_end = 0;
    int64_t last = types::kNull<int64_t>;
    std::vector<std::optional<Metric>> known;  // by window metric that looks at rows: with the aggregates' values
  };
  struct Alert {
    int64_t row;  // of the batch: what brought it about
    bool at_row;  // else by a window that it closed
    size_t metric;
    int64_t time;
  };

  static std::vector<WindowMetric> windows_of(const std::vector<Metric>& metrics, const data::Schema& schema,
                                              exec::Evaluator& evaluator);
  void judge_rows(const data::Table& own, const std::vector<int64_t>& places, const std::string& key,
                  std::span<const int64_t> times, std::vector<Alert>* alerts);
  void judge_windows(const data::Table& own, const std::vector<int64_t>& places, Window& window,
                     std::span<const int64_t> times, std::vector<Alert>* alerts);
  void close_windows(Window& window, int64_t now, int64_t place, std::vector<Alert>* alerts);
  /// The metric with what its aggregates are over `rows`.
  Metric settled(const WindowMetric& window, const data::Table& rows);
  bool holds(const Metric& metric, const data::Table& rows);
  data::Table as_table(const std::vector<Alert>& alerts, const data::Table& rows) const;

  const AnomalyTerms anomalies_;
  const std::vector<Metric> metrics_;
  const size_t time_;
  const std::vector<size_t> keys_;
  const std::vector<WindowMetric> windows_;
  const std::vector<size_t> row_numbers_;  // of metrics_, the others: asked of rows alone
  const std::vector<Metric> row_metrics_;  // the same
  StatefulCalls calls_;
  KeyedMemories memories_;
  std::unordered_map<std::string, Window> open_;
};

}  // namespace pelorus::stream
