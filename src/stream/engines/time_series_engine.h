#pragma once
// Aggregates over windows of time, for each key.

#include <map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

struct WindowTerms {
  int64_t window = 0;        // in units of the time column
  int64_t step = 0;          // window is a multiple of it
  bool shows_start = false;  // else a window's end stands in the output
  bool round_time = true;    // coarser alignment of steps of a minute and more
  enum class Fill : uint8_t { kNone, kNull, kPrevious, kConstants } fill = Fill::kNone;
  data::Value constants;  // of kConstants: one for each metric
};

/// A window [start, end) of a key is closed by its first row at or after the end. Rows before the first open window are
/// dropped. Times of a key must not go back further than that.
class TimeSeriesEngine final : public Engine {
 public:
  TimeSeriesEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, WindowTerms windows);

 protected:
  std::string kind() const override { return "TimeSeriesEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }

 private:
  /// Rows that open windows of a key still need.
  struct State {
    data::Table rows;
    std::vector<int64_t> times;
    int64_t next_end = 0;  // of the oldest open window
    data::Table last;      // the row put out last, for filling
  };
  struct Output;
  void close_windows(State& state, int64_t now, const data::Table& keys, Output* output);
  void put_out(State& state, int64_t end, const data::Table& window, const data::Table& keys, Output* output);
  void drop_old_rows(State& state);

  const WindowTerms windows_;
  const std::vector<Metric> metrics_;
  size_t time_ = 0;
  std::vector<size_t> keys_;
  std::map<std::string, State> states_;
};

/// The unit the first window of a key is aligned to: times are rounded down to a multiple of it. In units of `type`.
int64_t alignment_of(int64_t step, data::Type type, bool round_time);

}  // namespace pelorus::stream
