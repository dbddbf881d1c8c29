#pragma once
// loadTable("dfs://db", "t"): a stored table over the cluster.

#include <memory>
#include <mutex>
#include <string>

#include "dist/scan_partitions.h"
#include "dist/write_replicas.h"

namespace pelorus::dist {

/// Every read asks for the chunks and columns anew; a write that meets changed columns does too. Thread-safe.
class DistributedTable final : public exec::StoredTable {
 public:
  /// `user`: on whose behalf rows are written; rights are checked with every write.
  DistributedTable(Distribution& distribution, ReplicatedWriter& writer, FactsRef facts, std::string user);

  std::string type_text() const override;
  data::Schema schema() const override;
  data::Properties properties() const override;
  Result<data::Table> snapshot() const override;
  Result<int64_t> append(const data::Table& rows) override;
  Result<Append> begin_append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override;

  const std::string& database() const override { return database_; }
  const std::string& name() const override { return name_; }
  meta::PartitionScheme scheme() const override;
  std::vector<std::string> partition_columns() const override { return facts()->table.partition_columns; }
  Result<std::shared_ptr<const exec::StoredSnapshot>> open_snapshot() const override;
  std::vector<std::string> soft_delete_keys() const override;
  Result<int64_t> change(exec::RowChange what, std::span<const exec::PartitionChange> changes) override;
  /// Waits for writers of the table; rows are not touched. Needs the right to manage the database.
  Status change_columns(std::span<const exec::ColumnChange> changes) override;

 private:
  /// As last heard.
  FactsRef facts() const;
  Result<FactsRef> ask_again() const;

  Distribution& distribution_;
  ReplicatedWriter& writer_;
  const std::string database_;
  const std::string name_;
  const std::string user_;
  mutable std::mutex mutex_;
  mutable FactsRef facts_;  // guarded by mutex_
};

}  // namespace pelorus::dist
