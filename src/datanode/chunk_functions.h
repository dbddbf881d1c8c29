#pragma once
// Built-ins about the chunks and volumes of this node. Registered on every node; they say so where it holds no data.

#include "dist/controller_client.h"
#include "dist/remote_run.h"
#include "functions/registry.h"
#include "io/file_system.h"
#include "storage/chunk_store.h"

namespace pelorus::datanode {

/// All outlive the registry.
struct ChunkServices {
  storage::ChunkStore* store = nullptr;  // null: no data node
  dist::ControllerClient& controllers;
  dist::RemoteRun& remote;
  io::FileSystem& files;
  std::string self;  // alias
};

/// getChunksMeta getAllChunks getTabletsMeta getTableDiskUsage
void register_chunk_questions(functions::Registry& registry, const ChunkServices& services);
/// getAllStorages getClusterVolumeUsage moveChunksAcrossVolume rebalanceChunksWithinDataNode
void register_volume_functions(functions::Registry& registry, const ChunkServices& services);
/// getOLAPCacheEngineSize getTSDBCacheEngineSize setOLAPCacheEngineSize getOLAPCacheEngineStat getRedoLogGCStat
/// imtForceGCRedolog setMaxMemSize
void register_cache_functions(functions::Registry& registry, const ChunkServices& services);

/// triggerTSDBCompaction getTSDBCompactionTaskStatus
void register_compaction_functions(functions::Registry& registry, const ChunkServices& services);
/// getTSDBMetaData getTSDBSortKeyEntry getTSDBDataStat getLevelFileIndexCacheStatus invalidateLevelIndexCache
void register_sorted_file_functions(functions::Registry& registry, const ChunkServices& services);

}  // namespace pelorus::datanode
