#pragma once
// PartitionService of another node, over rpc; and the book that finds the right one.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "dist/partition_service.h"
#include "rpc/caller.h"

namespace pelorus::dist {

/// Thread-safe. Errors of the way there: rpc/caller.h.
class RemotePartitions final : public PartitionService {
 public:
  RemotePartitions(rpc::Caller& caller, std::string alias) : caller_(caller), alias_(std::move(alias)) {}

  Status prepare(const Ticket& ticket, const std::vector<ChunkBlock>& blocks) override;
  Status settle(TransactionId transaction, const std::vector<ChunkVersion>& versions) override;
  Result<std::vector<data::Table>> scan(const exec::Fragment& fragment, const TableColumns& columns,
                                        const std::vector<ChunkVersion>& chunks) override;
  Result<ChangeResult> change(const exec::Fragment& fragment, const TableColumns& columns,
                              const ChunkVersion& chunk) override;
  Result<RowPage> read_rows(const TableColumns& columns, const ChunkVersion& chunk, const PageRequest& page) override;
  Result<std::vector<ReplicaFacts>> replica_facts(const std::vector<ChunkId>& chunks) override;
  Result<std::vector<ReplicaFacts>> verify(const std::vector<ChunkId>& chunks) override;
  Status flush() override;

 private:
  rpc::Caller& caller_;
  const std::string alias_;
};

/// Services by alias; this node's own without the network. Thread-safe.
class PartitionServiceBook final : public PartitionServices {
 public:
  /// `local` may be null: a node without partitions of its own.
  PartitionServiceBook(rpc::Caller& caller, std::string self, std::shared_ptr<PartitionService> local)
      : caller_(caller), self_(std::move(self)), local_(std::move(local)) {}

  std::shared_ptr<PartitionService> of(const std::string& alias) override;

 private:
  rpc::Caller& caller_;
  const std::string self_;
  const std::shared_ptr<PartitionService> local_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<PartitionService>> remote_;  // guarded by mutex_
};

}  // namespace pelorus::dist
