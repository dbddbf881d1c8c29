#pragma once
// The engines that join two streams.

#include <chrono>
#include <map>
#include <set>

#include "stream/engines/join_engine.h"

namespace pelorus::stream {

/// Rows of one key that are still needed, with their times.
struct TimedRows {
  data::Table rows;
  std::vector<int64_t> times;

  void append(const data::Table& more, const std::vector<int64_t>& more_times);
  void drop_first(size_t count);
};

/// Each left row meets the last right row that is not later than it, once the right side has a later one; without a
/// time column the last right row there is.
class AsofJoinEngine final : public JoinEngine {
 public:
  using JoinEngine::JoinEngine;

 protected:
  std::string kind() const override { return "AsofJoinEngine"; }
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }
  void take_left(const Arrival& arrival, data::Table* output) override;
  void take_right(const Arrival& arrival, data::Table* output) override;

 private:
  struct State {
    TimedRows left, right;
  };
  State& state_of(const Arrival& arrival);
  void put_out(State& state, data::Table* output);

  std::unordered_map<std::string, State> states_;
};

struct LookupTerms {
  bool keeps_all = false;     // every right row of the key, else the last one; then only left rows with a match
  bool only_matched = false;  // inner join
  data::Value source;         // a table or CODE that is read again; VOID: right rows are fed only
  std::chrono::milliseconds every{0};  // how old what was read may be
};

/// Each left row meets what the right side has for its key now.
class LookupJoinEngine final : public JoinEngine {
 public:
  LookupJoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join, LookupTerms lookup);

 protected:
  std::string kind() const override { return "LookupJoinEngine"; }
  int64_t groups() const override { return static_cast<int64_t>(right_.size()); }
  void take_left(const Arrival& arrival, data::Table* output) override;
  void take_right(const Arrival& arrival, data::Table* output) override;

 private:
  void read_again();

  const LookupTerms lookup_;
  std::unordered_map<std::string, TimedRows> right_;
  std::optional<std::chrono::steady_clock::time_point> read_at_;
};

/// Each left row waits until the right side has a row of its key, and meets the first or the last of them.
class LeftSemiJoinEngine final : public JoinEngine {
 public:
  LeftSemiJoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join, bool last_right)
      : JoinEngine(std::move(terms), std::move(session), std::move(join)), last_right_(last_right) {}

 protected:
  std::string kind() const override { return "LeftSemiJoinEngine"; }
  int64_t groups() const override { return static_cast<int64_t>(right_.size()); }
  void take_left(const Arrival& arrival, data::Table* output) override;
  void take_right(const Arrival& arrival, data::Table* output) override;

 private:
  void put_out(const data::Table& left, const data::Table& right, data::Table* output);

  const bool last_right_;
  std::unordered_map<std::string, data::Table> right_;
  std::unordered_map<std::string, data::Table> waiting_;
};

/// Rows of equal key and time meet when the second of them comes. Rows that met, and older ones than the latest time
/// less `delay`, are forgotten when a side has more than `rows_max` of a key.
class EquiJoinEngine final : public JoinEngine {
 public:
  EquiJoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join, size_t rows_max,
                 int64_t delay)
      : JoinEngine(std::move(terms), std::move(session), std::move(join)), rows_max_(rows_max), delay_(delay) {}

 protected:
  std::string kind() const override { return "EquiJoinEngine"; }
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }
  void take_left(const Arrival& arrival, data::Table* output) override { take_one(arrival, true, output); }
  void take_right(const Arrival& arrival, data::Table* output) override { take_one(arrival, false, output); }

 private:
  struct Kept {
    data::Table row;
    bool has_met = false;
  };
  using Side = std::map<int64_t, Kept>;
  void take_one(const Arrival& arrival, bool is_left, data::Table* output);
  void forget(Side& side) const;

  struct State {
    Side left, right;
  };
  const size_t rows_max_;
  const int64_t delay_;
  std::unordered_map<std::string, State> states_;
};

struct WindowJoinTerms {
  int64_t from = 0, to = 0;   // the window is [time + from, time + to]; 0:0: from the left row before up to this one
  bool closed_right = false;  // of 0:0: (before, this] instead of [before, this)
  int64_t delay = 0;          // a window this much older than the right side's latest time is closed by any key's row
  std::vector<data::Value> null_fill;  // by output column; empty: nulls stay

  bool is_between() const { return from == 0 && to == 0; }
};

/// Each left row meets the right rows of a window around it, once the right side is past it.
class WindowJoinEngine final : public JoinEngine {
 public:
  WindowJoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join,
                   WindowJoinTerms windows)
      : JoinEngine(std::move(terms), std::move(session), std::move(join)), windows_(std::move(windows)) {}

 protected:
  std::string kind() const override { return "WindowJoinEngine"; }
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }
  void take_left(const Arrival& arrival, data::Table* output) override;
  void take_right(const Arrival& arrival, data::Table* output) override;
  void after_right(int64_t latest, data::Table* output) override;

 private:
  struct State {
    TimedRows left, right;
    std::optional<int64_t> before;  // time of the left row put out last
  };
  State& state_of(const Arrival& arrival);
  /// Windows that right rows up to `now` have closed; `now` of the key itself or, less the delay, of any key.
  void close(State& state, int64_t now, data::Table* output);
  data::Table filled(data::Table rows) const;

  const WindowJoinTerms windows_;
  std::unordered_map<std::string, State> states_;
  std::set<std::string> waiting_;  // keys with left rows
};

}  // namespace pelorus::stream
