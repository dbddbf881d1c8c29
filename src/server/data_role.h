#pragma once
// What a node that holds partitions has besides: the chunk store and everything that serves and mends it.

#include <memory>

#include "datanode/copy_replica.h"
#include "datanode/partition_host.h"
#include "datanode/partition_methods.h"
#include "datanode/reconcile.h"
#include "dist/presence.h"
#include "server/start_up.h"

namespace pelorus::server {

/// Members in order of life. Opened once the node's cluster is known.
class DataRole {
 public:
  static Result<std::unique_ptr<DataRole>> open(NodeEnvironment& environment, io::FileSystem& files, const Clock& clock,
                                                dist::Catalogue& catalogue, rpc::Caller& caller,
                                                datanode::SessionFactory sessions, std::function<uint64_t()> epoch);
  void register_methods(rpc::Methods& methods);
  /// `report`: the controllers are to hear anew what this node holds; `hurry`: what it has done since the last time.
  /// Neither may block.
  void start(std::function<void()> report, std::function<void()> hurry) {
    reconciler_.start(std::move(hurry));
    transactions_.start(report);
    scrubber_.start(std::move(report));
  }
  /// Before statements are waited for: those that write column files end soon.
  void begin_stop() { store_->begin_stop(); }
  void stop();
  /// Replicas are copied here at most so fast; 0: no limit.
  void limit_copies(uint64_t bytes_per_second) { copier_.throttle().set(bytes_per_second); }
  dist::PartitionService& partitions() { return host_; }
  storage::ChunkStore& store() { return *store_; }
  /// Adds what a holder of partitions has to say and do.
  void add_hooks(dist::PresenceHooks& hooks);

 private:
  DataRole(std::unique_ptr<storage::ChunkStore> store, const Clock& clock, dist::Catalogue& catalogue,
           rpc::Caller& caller, datanode::SessionFactory sessions, std::function<uint64_t()> epoch,
           const std::string& alias, datanode::ScrubTerms scrub, size_t copies);

  std::unique_ptr<storage::ChunkStore> store_;
  datanode::TransactionHost transactions_;
  datanode::Scrubber scrubber_;
  datanode::PartitionHost host_;
  datanode::ExportDesk exports_;
  datanode::ReplicaCopier copier_;
  datanode::Reconciler reconciler_;
};

/// A node whose home is new and whose data directories are not is the node they belong to: nodes are moved by copying
/// their directories, and the home of a node an agent started is in that agent's package. The directories of another
/// alias are left alone, as are those of a node that has joined a cluster. kCorrupt for damaged identity files.
Status take_over_data(NodeEnvironment& environment, io::FileSystem& files);

/// Rows a node keeps in memory before they are in column files: the operator's cache (0: not set), never more than a
/// quarter of the node's memory (0: no limit).
uint64_t write_buffer_bytes(uint64_t cache_bytes, uint64_t memory_bytes);

}  // namespace pelorus::server
