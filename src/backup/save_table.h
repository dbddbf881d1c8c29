#pragma once
// Tables of the cluster into a directory of this node.

#include <functional>
#include <string>

#include "backup/jobs.h"
#include "backup/partition_filter.h"
#include "backup/saved_table.h"
#include "base/cancellation.h"
#include "dist/write_replicas.h"

namespace pelorus::backup {

/// What backups and restores work with; all outlive them.
struct BackupServices {
  io::FileSystem& files;
  dist::Distribution& distribution;
  dist::ReplicatedWriter& writer;
  const Clock& clock;
  Jobs& jobs;
};

/// Of one call for one table.
struct SaveOptions {
  std::string directory;  // made when missing
  std::string database;
  std::string table;
  PartitionFilter partitions;
  bool force = false;     // read everything again
  bool parallel = false;  // kAtOnce partitions at the same time
  bool snapshot = true;   // with all partitions wanted: those the table has no more leave the backup too
  CancellationToken cancellation;
};

/// Partitions read or restored at once with `parallel`.
inline constexpr size_t kAtOnce = 4;

/// `work(i)` for 0 <= i < count on `at_once` threads, this one among them; every index is worked on.
void work_through(size_t count, size_t at_once, const std::function<void(size_t)>& work);

/// Saves the partitions whose version is not in the backup yet, read from any good replica. All of them, and those that
/// were there already, are then as of one moment (of the wanted ones when `partitions` says which). Returns how many
/// were saved by this call or by one that was cut short before it. The old backup stays whole until the new one is.
/// Errors: kNotFound (table); kConflict when another call works there, or the table is replaced faster than it can be
/// read; kInvalid "S01022" for a directory of select backups; kCorrupt for a damaged manifest unless `force`;
/// kUnavailable naming a partition no replica of which can be read; kNoSpace, kIo; kCancelled. What was saved until
/// then is taken up by the next call.
Result<int64_t> save_table(const BackupServices& services, const SaveOptions& options, Job& job);

/// One partition's rows of a select.
struct QueryRows {
  meta::PartitionKey key;
  data::Table rows;  // of exactly the table's columns
};
/// Saves what `query` has found; `facts` are of the moment before it was run. Partitions whose version and query are in
/// the backup already are left alone unless `force`; those of other queries stay. Returns the partitions saved.
/// Errors: as above; "S01022" for a directory of partition backups.
Result<int64_t> save_query(const BackupServices& services, const SaveOptions& options, const dist::TableFacts& facts,
                           const std::string& query, const std::vector<QueryRows>& found, Job& job);

}  // namespace pelorus::backup
