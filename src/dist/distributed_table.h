#pragma once
// loadTable("dfs://db", "t"): a stored table over the cluster.

#include <memory>
#include <mutex>
#include <string>

#include "dist/scan_partitions.h"
#include "dist/write_replicas.h"

namespace pelorus::dist {

/// Holds the schema as it was when loaded; every read and write asks for the chunks anew. Thread-safe.
class DistributedTable final : public exec::StoredTable {
 public:
  /// `user`: on whose behalf rows are written; rights are checked with every write.
  DistributedTable(Distribution& distribution, ReplicatedWriter& writer, TableFacts facts, std::string user);

  std::string type_text() const override;
  data::Schema schema() const override;
  data::Properties properties() const override;
  Result<data::Table> snapshot() const override;
  Result<int64_t> append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override;

  const std::string& database() const override { return facts_.database.path; }
  const std::string& name() const override { return facts_.table.name; }
  meta::PartitionScheme scheme() const override;
  std::vector<std::string> partition_columns() const override { return facts_.table.partition_columns; }
  Result<std::shared_ptr<const exec::StoredSnapshot>> open_snapshot() const override;
  Result<int64_t> change(const exec::Fragment& fragment, std::span<const meta::PartitionKey> keys) override;

  const TableFacts& facts() const { return facts_; }

 private:
  Distribution& distribution_;
  ReplicatedWriter& writer_;
  const TableFacts facts_;
  const std::string user_;
};

/// The columns of a stored table as the value model has them.
data::Schema schema_of(const meta::Table& table);

}  // namespace pelorus::dist
