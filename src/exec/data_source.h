#pragma once
// A query that is run piece by piece by others: what sqlDS gives, mr and replay take.

#include <vector>

#include "functions/registry.h"

namespace pelorus::exec {

/// A query, with functions its rows go through one after another.
class DataSource final : public data::HandleObject {
 public:
  explicit DataSource(data::CodeRef query, std::vector<data::Value> transforms = {})
      : query_(std::move(query)), transforms_(std::move(transforms)) {}

  std::string kind() const override { return "DATASOURCE"; }
  std::string describe() const override { return "DataSource" + query_->print(); }
  const data::CodeRef& query() const { return query_; }
  const std::vector<data::Value>& transforms() const { return transforms_; }
  /// Runs the query in the caller's session. ScriptError when it gives no table.
  data::Table rows(functions::CallContext& context) const;

 private:
  const data::CodeRef query_;
  const std::vector<data::Value> transforms_;
};

/// The source a value stands for: null when it is none.
std::shared_ptr<const DataSource> data_source_of(const data::Value& value);

/// sqlDS replayDS transDS! mr imr
void register_data_source_functions(functions::Registry& registry);

}  // namespace pelorus::exec
