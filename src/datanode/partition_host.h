#pragma once
// The partitions of this data node, served to the cluster: transactions, scans, replica facts.

#include <functional>
#include <memory>

#include "datanode/scrub.h"
#include "datanode/transaction_host.h"
#include "dist/partition_service.h"
#include "functions/call_context.h"
#include "storage/chunk_store.h"

namespace pelorus::datanode {

/// A session of its own for a fragment, on behalf of `user`.
using SessionFactory = std::function<std::shared_ptr<functions::CallContext>(const std::string& user)>;

/// Created by server/roles.cc, lives as long as the node. Thread-safe: callers' threads do the work.
class PartitionHost final : public dist::PartitionService {
 public:
  PartitionHost(storage::ChunkStore& store, TransactionHost& transactions, Scrubber& scrubber, SessionFactory sessions)
      : store_(store), transactions_(transactions), scrubber_(scrubber), sessions_(std::move(sessions)) {}

  Status prepare(const dist::Ticket& ticket, const std::vector<dist::ChunkBlock>& blocks) override;
  Status settle(TransactionId transaction, const std::vector<dist::ChunkVersion>& versions) override {
    return transactions_.settle(transaction, versions);
  }
  Result<std::vector<data::Table>> scan(const exec::Fragment& fragment, const dist::TableColumns& columns,
                                        const std::vector<dist::ChunkVersion>& chunks) override;
  Result<dist::ChangeResult> change(const exec::Fragment& fragment, const dist::TableColumns& columns,
                                    const dist::ChunkVersion& chunk) override;
  Result<dist::RowPage> read_rows(const dist::TableColumns& columns, const dist::ChunkVersion& chunk,
                                  const dist::PageRequest& page) override;
  Result<std::vector<dist::ReplicaFacts>> replica_facts(const std::vector<ChunkId>& chunks) override;
  Result<std::vector<dist::ReplicaFacts>> verify(const std::vector<ChunkId>& chunks) override;
  Status flush() override;

 private:
  /// Waits a little for a version whose commit notice is on its way, asking the controllers about prepared
  /// transactions.
  Result<std::shared_ptr<const storage::ChunkSnapshot>> snapshot(const dist::ChunkVersion& chunk);
  /// Rows for a chunk that was written under older columns become its whole content under the new ones.
  Result<dist::ChunkBlock> under_new_columns(const dist::ChunkBlock& block);

  storage::ChunkStore& store_;
  TransactionHost& transactions_;
  Scrubber& scrubber_;  // is told of damage that a read meets
  const SessionFactory sessions_;
};

}  // namespace pelorus::datanode
