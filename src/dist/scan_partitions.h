#pragma once
// A statement's view of a stored table: chunk versions fixed when it was opened, read from any good replica.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "dist/catalogue.h"
#include "dist/partition_service.h"
#include "exec/stored_table.h"

namespace pelorus::dist {

/// What reading and writing partitions needs of the node. All outlive the tables made from it.
struct Distribution {
  Catalogue& catalogue;
  PartitionServices& services;
  ThreadPool& pool;                 // threads that wait for peers
  std::string self;                 // this node's alias
  std::function<uint32_t()> level;  // the cluster's feature level
};

class PartitionedSnapshot final : public exec::StoredSnapshot {
 public:
  /// Cost: grows with the table's partitions, but copies no more of them than their keys.
  PartitionedSnapshot(Distribution& distribution, std::shared_ptr<const TableFacts> facts);

  std::span<const exec::StoredPartition> partitions() const override { return partitions_; }
  Status scan(const exec::Fragment& fragment, std::span<const size_t> partitions, const exec::ScanOptions& options,
              const exec::ScanSink& sink) const override;

 private:
  friend class ScanRun;
  /// Aliases of good replicas of partition p, the one to ask first in front.
  std::vector<std::string> replicas_of(size_t p) const;

  Distribution& distribution_;
  const std::shared_ptr<const TableFacts> facts_;
  std::vector<const meta::Chunk*> chunks_;         // of facts_: those with a committed version, in the scheme's order
  std::vector<exec::StoredPartition> partitions_;  // same order
};

}  // namespace pelorus::dist
