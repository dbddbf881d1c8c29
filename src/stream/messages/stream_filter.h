#pragma once
// An engine without results of its own: it parts a stream among handlers.

#include <map>
#include <optional>
#include <utility>

#include "stream/engines/engine.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// One handler and which rows it gets: those that meet every part that is given.
struct FilterRule {
  std::vector<std::pair<data::Scalar, data::Scalar>> times;  // both ends belong to it; empty: any time
  std::vector<std::string> values;                           // of the condition column, or kinds of messages
  std::vector<Metric> expressions;                           // all must be true
  data::Value handler;                                       // a function of one table, or a table
};

struct FilterTerms {
  std::vector<FilterRule> rules;
  std::string condition_column;                 // empty: values say nothing
  std::map<std::string, data::Schema> schemas;  // of messages by kind; empty: rows are not messages
};

/// Messages are unpacked and handed on in the order they came, neighbours of one kind together; plain rows go to one
/// handler after another, batch by batch.
class StreamFilter final : public Engine {
 public:
  /// ScriptError when columns are missing or messages lack one of their three columns.
  StreamFilter(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, FilterTerms filter);

 private:
  std::string kind() const override { return "StreamFilter"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(filter_.rules.size()); }

  void hand_on(const FilterRule& rule, data::Table rows);
  std::vector<bool> met_by(const FilterRule& rule, const data::Table& rows);
  void process_messages(const data::Table& rows);

  const FilterTerms filter_;
  size_t time_column_ = 0;
  std::optional<size_t> condition_column_;
};

}  // namespace pelorus::stream
