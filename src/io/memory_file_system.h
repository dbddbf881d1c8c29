#pragma once
// A disk in memory for tests. It remembers what was synced, so that crash() can leave what a power cut might.

#include <map>
#include <mutex>
#include <random>
#include <set>

#include "io/file_system.h"

namespace pelorus::io {

enum class CrashStyle : uint8_t {
  kDropUnsynced,  // exactly what was synced
  kKeepAll,       // the process died, the machine lives
  kRandom,        // any sector of an unsynced write, some of the unsynced names
};

class MemoryFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_directories(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<Space> space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  /// The power goes: content and names become what `style` says; locks are gone; open files write nowhere.
  void crash(CrashStyle style, uint64_t seed);

  // For tests that damage files by hand; the damage counts as synced. kNotFound when there is no such file.
  Status flip_bit(const std::string& path, uint64_t bit);
  Status cut(const std::string& path, uint64_t bytes);
  /// Full paths of all files, sorted.
  std::vector<std::string> files() const;
  /// An independent copy of the disk as it is, everything synced.
  std::unique_ptr<MemoryFileSystem> copy() const;

  struct Inode;  // shared with open files; defined in the source

 private:
  struct NameChange {
    std::string from;  // empty: `to` is made
    std::string to;    // empty: `from` is removed
    std::shared_ptr<Inode> inode;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  static void apply(Names& names, const NameChange& change);
  void change_name(NameChange change);

  mutable std::mutex mutex_;
  Names names_;                                  // guarded by mutex_
  Names durable_names_;                          // guarded by mutex_
  std::vector<NameChange> pending_;              // guarded by mutex_; in order
  std::set<std::string> directories_{"/", "."};  // guarded by mutex_
  std::set<std::string> locks_;                  // guarded by mutex_
  uint64_t life_ = 0;                            // guarded by mutex_; +1 with every crash
  friend class MemoryLock;
};

}  // namespace pelorus::io
