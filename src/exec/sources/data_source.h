#pragma once
// Rows that are read piece by piece by others: what sqlDS and textChunkDS give, mr and replay take.

#include <functional>
#include <string>
#include <vector>

#include "functions/registry.h"

namespace pelorus::exec {

/// Where rows come from, with functions they go through one after another. Immutable.
class DataSource final : public data::HandleObject {
 public:
  using Read = std::function<data::Value(functions::CallContext&)>;

  /// The rows of a query, run in the caller's session.
  explicit DataSource(const data::CodeRef& query);
  /// `description` stands behind "DataSource".
  DataSource(std::string description, Read read, std::vector<data::Value> transforms = {})
      : description_(std::move(description)), read_(std::move(read)), transforms_(std::move(transforms)) {}

  std::string kind() const override { return "DATASOURCE"; }
  std::string describe() const override { return "DataSource" + description_; }
  std::shared_ptr<DataSource> with_transform(const data::Value& function) const;
  /// Reads them. ScriptError when that gives no table.
  data::Table rows(functions::CallContext& context) const;

 private:
  const std::string description_;
  const Read read_;
  const std::vector<data::Value> transforms_;
};

/// The source a value stands for: null when it is none.
std::shared_ptr<const DataSource> data_source_of(const data::Value& value);

/// sqlDS replayDS transDS! mr imr
void register_data_source_functions(functions::Registry& registry);
/// textChunkDS
void register_text_chunks(functions::Registry& registry);

/// cachedTable
void register_cached_tables(functions::Registry& registry);

/// One source for each partition that a query over a partitioned table would read, in their order; a single source for
/// a query over anything else.
std::vector<data::Value> sources_by_partition(const data::CodeRef& query, functions::CallContext& context);
/// repartitionDS and what stands in clauses only: partition, sample, interval
void register_partitions(functions::Registry& registry);

}  // namespace pelorus::exec
