#pragma once
// A table's directory while a backup writes to it: one writer, files of earlier calls, the new manifest.

#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "backup/row_file.h"
#include "backup/save_table.h"

namespace pelorus::backup {

/// Holds the directory's lock. take_up() first. path_for() may be called from several threads at once for different
/// chunks, the rest by one.
class SaveDirectory {
 public:
  /// Makes and locks the directory, reads its manifest, finds whole files that a cut-short call has left.
  /// Errors: save_table's.
  static Result<std::unique_ptr<SaveDirectory>> open(const BackupServices& services, const SaveOptions& options,
                                                     BackupKind kind);

  /// The saved table as it is; nothing: none, or of an earlier table of the same name.
  const SavedTable* before() const { return before_ ? &*before_ : nullptr; }
  /// Makes sure that what is there is of this very table: one that was created anew starts a new backup, which needs
  /// `snapshot`. kConflict without.
  Status accept(const meta::Table& table);

  /// The partition is in the backup at this version, in a file of the right size.
  const SavedPartition* kept(const meta::Chunk& chunk, uint64_t schema_version, const std::string& query) const;
  /// A whole file of a cut-short call; nothing when there is none.
  std::optional<SavedPartition> left_over(const SavedPartition& wanted, const meta::Table& table) const;
  /// A path nothing uses yet.
  Result<std::string> path_for(const SavedPartition& wanted) const;

  /// Replaces the manifest, then removes the files it does not name.
  Status finish(const SavedTable& table);

 private:
  struct LeftOver {
    RowFileHead head;
    RowFileFacts facts;
  };
  SaveDirectory(const BackupServices& services, const SaveOptions& options, std::string path,
                std::unique_ptr<io::FileLock> lock)
      : files_(services.files), options_(options), path_(std::move(path)), lock_(std::move(lock)) {}
  Status find_left_overs();

  io::FileSystem& files_;
  const SaveOptions& options_;
  const std::string path_;
  const std::unique_ptr<io::FileLock> lock_;
  std::optional<SavedTable> before_;
  std::map<std::string, LeftOver> left_;  // by file name
};

}  // namespace pelorus::backup
