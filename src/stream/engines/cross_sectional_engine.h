#pragma once
// Metrics over the latest row of every key.

#include <unordered_map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

struct CrossSectionTerms {
  enum class Trigger : uint8_t {
    kBatch,         // perBatch
    kRow,           // perRow
    kKeyCount,      // keyCount: `interval` rows of one time, or the first row of a later one
    kDataInterval,  // dataInterval: windows of `interval` units of the time column, closed by a later row
  } trigger = Trigger::kBatch;
  int64_t interval = 0;
  bool round_time = true;        // alignment of kDataInterval's windows; see alignment_of
  bool last_batch_only = false;  // only keys of the batch take part
  std::string context_column;    // metrics by groups of this column; empty: over all
};

/// Aggregates give one output row, vector functions one for each key. The output begins with the time of the batch, of
/// the rows that were counted, or of the window's end. With kKeyCount rows older than the last one are dropped.
class CrossSectionalEngine final : public Engine {
 public:
  CrossSectionalEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, CrossSectionTerms cross);

 protected:
  std::string kind() const override { return "CrossSectionalEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(row_of_key_.size()); }
  data::Value state() const override;
  void set_state(const data::Value& state) override;

 private:
  void take_in(const data::Table& rows);
  data::Table process_by_time(const data::Table& rows);
  /// What is due before a row of that time: adds to `output`.
  void close_times(int64_t time, data::Table* output);
  /// Metrics of the latest rows, or of `batch` with last_batch_only, under the time `time`; VOID: now.
  data::Table put_out(const data::Table& batch, const data::Scalar& time);
  /// The output of one context's rows.
  data::Table results_of(const data::Table& own, const data::Scalar& time);
  data::Scalar time_of(int64_t units) const;

  const CrossSectionTerms cross_;
  const std::vector<Metric> metrics_;
  const std::vector<size_t> keys_;
  std::unordered_map<std::string, size_t> row_of_key_;  // in latest_
  data::Table latest_;
  data::Table waiting_;     // rows taken in since the last output, where that waits
  int64_t last_time_ = 0;   // of waiting_, kKeyCount
  int64_t window_end_ = 0;  // of the open window, kDataInterval
  bool has_time_ = false;   // one of the two has its meaning
};

}  // namespace pelorus::stream
