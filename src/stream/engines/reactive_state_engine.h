#pragma once
// One output row for each input row: keys and metrics that may look back at earlier rows of the same key.

#include <optional>
#include <unordered_map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

class ReactiveStateEngine final : public Engine {
 public:
  /// `filter`: CODE; rows for which it does not hold feed the memory but give no output. VOID: none.
  ReactiveStateEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, const data::Value& filter);

 protected:
  std::string kind() const override { return "ReactiveStreamEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(memories_.size()); }
  data::Value state() const override { return memories_state(memories_); }
  void set_state(const data::Value& state) override { memories_ = memories_of(state, calls_); }

 private:
  const std::vector<Metric> metrics_;
  const std::vector<Metric> filter_;  // none or one
  std::vector<Metric> all_;           // metrics, then filter
  std::vector<size_t> keys_;
  StatefulCalls calls_;
  KeyedMemories memories_;
};

/// `parts[i]` are the rows `places[i]` of the whole; all the same columns. Names are those of `names`.
data::Table assembled(const std::vector<std::string>& names,
                      const std::vector<std::vector<data::Shared<data::Vector>>>& parts,
                      const std::vector<std::vector<int64_t>>& places);

}  // namespace pelorus::stream
