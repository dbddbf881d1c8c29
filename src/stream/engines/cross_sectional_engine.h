#pragma once
// Metrics over the latest row of every key.

#include <unordered_map>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

struct CrossSectionTerms {
  bool every_row = false;        // perRow; else perBatch
  bool last_batch_only = false;  // only keys of the batch take part
  std::string context_column;    // metrics by groups of this column; empty: over all
};

/// Aggregates give one output row, vector functions one for each key. The output begins with the time of the batch.
class CrossSectionalEngine final : public Engine {
 public:
  CrossSectionalEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, CrossSectionTerms cross);

 protected:
  std::string kind() const override { return "CrossSectionalEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(row_of_key_.size()); }

 private:
  void take_in(const data::Table& rows);
  data::Table put_out(const data::Table& batch);
  /// The output of one context's rows.
  data::Table results_of(const data::Table& own, const data::Table& batch);

  const CrossSectionTerms cross_;
  const std::vector<Metric> metrics_;
  const std::vector<size_t> keys_;
  std::unordered_map<std::string, size_t> row_of_key_;  // in latest_
  data::Table latest_;
};

/// Boolean metrics over each row by itself; those that hold are put out with the metric's number and text.
class AnomalyDetectionEngine final : public Engine {
 public:
  AnomalyDetectionEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session);

 protected:
  std::string kind() const override { return "AnomalyDetectionEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(memories_.size()); }

 private:
  const std::vector<Metric> metrics_;
  const size_t time_;
  const std::vector<size_t> keys_;
  StatefulCalls calls_;
  std::unordered_map<std::string, MetricMemory> memories_;
};

}  // namespace pelorus::stream
