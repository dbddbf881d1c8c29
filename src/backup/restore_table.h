#pragma once
// Saved tables back into the cluster, each partition in one transaction.

#include <string>
#include <vector>

#include "backup/save_table.h"

namespace pelorus::backup {

struct RestoreOptions {
  std::string directory;
  TableName saved;   // in the backup
  TableName target;  // in the cluster; must exist
  PartitionFilter partitions;
  bool force = false;     // also partitions that are what was saved
  bool parallel = false;  // kAtOnce partitions at the same time
  bool snapshot = false;  // partitions the table has and the backup has not are dropped
  CancellationToken cancellation;
};

/// A partition that was not restored, or not saved well, and why.
struct Refused {
  SavedPartition partition;
  Error why;
};

struct Restored {
  std::vector<std::string> partitions;  // paths with the target's database, in the order of keys
  std::vector<Refused> refused;         // damaged files, rows that do not fit; nothing of them was written
};

/// Replaces partitions of the target by the saved ones, those a file of which is damaged left alone. Columns are found
/// by what they are in the very table that was saved, whatever was renamed, added or dropped since; in another table by
/// name, and there the types must be the same. Rows must belong to the same partition of the target.
/// Errors: kNotFound (backup, target); kInvalid (columns); kConflict, kUnavailable, kNoSpace of the writes, naming the
/// partition: those before it stay restored.
Result<Restored> restore_table(const BackupServices& services, const RestoreOptions& options, Job& job);

/// The rows of one saved partition, checked, under the user's names of the columns.
Result<data::Table> read_saved(io::FileSystem& files, const std::string& directory, const SavedTable& table,
                               const SavedPartition& partition);

/// Makes the database and the table of a backup under the target's names unless they are there. kInvalid when there
/// are others of these names with another scheme or other columns.
Status make_target(dist::Catalogue& catalogue, const SavedTable& saved, const TableName& target,
                   const std::string& owner);

}  // namespace pelorus::backup
