#pragma once
// Aggregates over windows of time, for each key.

#include <map>
#include <optional>
#include <vector>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// Parts of every day in which windows run, in units of the time column since midnight; none: all day.
struct DailySessions {
  std::vector<int64_t> begins;  // rising; each before its end, each end not behind the next begin
  std::vector<int64_t> ends;
  bool merges_end = false;  // a row at the very end of a session still counts into its last window
  int64_t day = 0;          // length of a day; 0: times are times of day themselves

  /// The session, by its first and last moment, whose windows take a row; nothing behind the last one of the day.
  struct Session {
    int64_t begin, end;
  };
  std::optional<Session> session_of(int64_t time) const;
};

struct WindowTerms {
  int64_t window = 0;        // in units of the time column
  int64_t step = 0;          // window is a multiple of it
  bool shows_start = false;  // else a window's end stands in the output
  bool round_time = true;    // coarser alignment of steps of a minute and more
  enum class Fill : uint8_t { kNone, kNull, kPrevious, kConstants } fill = Fill::kNone;
  data::Value constants;  // of kConstants: one for each metric
  DailySessions sessions = {};
};

/// A window [start, end) of a key is closed by its first row at or after the end. Rows before the first open window are
/// dropped. Times of a key must not go back further than that.
class TimeSeriesEngine final : public Engine {
 public:
  TimeSeriesEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, WindowTerms windows);

 protected:
  std::string kind() const override {
    return windows_.sessions.begins.empty() ? "TimeSeriesEngine" : "DailyTimeSeriesEngine";
  }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }
  data::Value state() const override;
  void set_state(const data::Value& state) override;

 private:
  /// Rows that open windows of a key still need.
  struct State {
    data::Table rows;
    std::vector<int64_t> times;
    int64_t next_end = 0;  // of the oldest open window
    int64_t session_end = INT64_MAX;
    data::Table last;  // the row put out last, for filling
  };
  struct Output;
  /// The moment at which a row counts: of sessions not before they begin. Nothing: it is left out.
  std::optional<int64_t> enter(State& state, int64_t time, bool is_new, const data::Table& keys, Output* output);
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
