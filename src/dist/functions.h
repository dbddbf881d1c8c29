#pragma once
// Built-ins over databases and nodes, registered by server/roles.cc.

#include "data/oltp_databases.h"
#include "dist/distributed_table.h"
#include "dist/file_tables.h"
#include "dist/remote_run.h"
#include "functions/registry.h"

namespace pelorus::dist {

/// Everything they work with; outlives the registry.
struct DistributedServices {
  Distribution& distribution;
  ReplicatedWriter& writer;
  RemoteRun& remote;
  bool chunk_granularity = false;       // enableChunkGranularityConfig: database() may be given chunkGranularity
  FileTables* files = nullptr;          // never null once functions are registered
  data::OltpDatabases* oltp = nullptr;  // null: IMOLTP is off
};

/// ScriptError, with what to do, where IMOLTP is off.
data::OltpDatabases& oltp_of(const DistributedServices& services, std::string_view function);

/// database createPartitionedTable createDimensionTable createTable loadTable dropTable dropDatabase dropPartition
/// existsDatabase existsTable getTables getClusterDFSTables getClusterDFSDatabases truncate addValuePartitions
/// addRangePartitions setAtomicLevel setRetentionPolicy getAllDBGranularity
void register_definition_functions(functions::Registry& registry, DistributedServices services);

/// rpc pnodeRun remoteRun-less node functions: flushOLAPCache getReplicaHashes clearAllCache
void register_cluster_functions(functions::Registry& registry, DistributedServices services);

/// createIMOLTPTable triggerCheckpointForIMOLTP
void register_oltp_functions(functions::Registry& registry, DistributedServices services);

/// saveTable
void register_file_tables(functions::Registry& registry, FileTables& files);

/// loadTextEx loadTableBySQL
void register_loading_functions(functions::Registry& registry);

}  // namespace pelorus::dist
