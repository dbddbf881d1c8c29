#pragma once
// Aggregates over stretches of rows with no long pause between them, for each key.

#include <map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

struct SessionTerms {
  int64_t gap = 0;          // in units of the time column: a pause this long ends a session
  bool shows_start = true;  // else the end, which is the last row's time and the gap
};

/// A session of a key is put out when its next row comes after the gap. Rows older than the key's last one are dropped.
class SessionWindowEngine final : public Engine {
 public:
  SessionWindowEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, SessionTerms sessions);

 protected:
  std::string kind() const override { return "SessionWindowEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(states_.size()); }
  data::Value state() const override;
  void set_state(const data::Value& state) override;

 private:
  struct State {
    data::Table rows;
    int64_t last = 0;  // time of the last row
  };
  data::Table results_of(const State& state);

  const SessionTerms sessions_;
  const std::vector<Metric> metrics_;
  const size_t time_;
  const std::vector<size_t> keys_;
  std::map<std::string, State> states_;
};

}  // namespace pelorus::stream
