#pragma once
// The file operations everything durable is built on. Production takes PosixFileSystem; tests bring
// MemoryFileSystem (knows what a power cut would keep) and FaultyFileSystem (makes operations fail).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pelorus::io {

enum class OpenMode : uint8_t {
  kRead,    // must exist; writing is refused
  kWrite,   // must exist; content is kept
  kCreate,  // made when missing, emptied when there
};

struct Space {
  uint64_t bytes_total = 0;
  uint64_t bytes_free = 0;
};

/// One open file. Reads may run beside each other and beside a write to another range; one writer at a time.
/// Errors of all operations: kNoSpace when the disk or quota is full, kIo otherwise; the message names the path.
class File {
 public:
  virtual ~File() = default;

  /// Reads up to `bytes` at `offset`; less only at the end of the file. Returns what was read.
  virtual Result<size_t> read(uint64_t offset, void* into, size_t bytes) const = 0;
  /// Writes the parts one after another at `offset`. After an error any part may or may not be in the file.
  virtual Status write(uint64_t offset, std::span<const std::string_view> parts) = 0;
  /// Makes the file at least `bytes` long with space reserved, so that later writes below cannot find the disk full.
  virtual Status allocate(uint64_t bytes) = 0;
  virtual Status truncate(uint64_t bytes) = 0;
  /// Content and size survive a power cut once this returns; the name needs sync_directory. After an error nothing
  /// written since the last success may be trusted, and trying again proves nothing.
  virtual Status sync() = 0;
  virtual Result<uint64_t> size() const = 0;

  Status write_at(uint64_t offset, std::string_view bytes) { return write(offset, {&bytes, 1}); }
};

/// Held while the object lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Thread-safe. Paths are absolute or relative to the process; '/' separates.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// kNotFound when it must exist and does not.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Replaces `to` when it exists. Durable after sync_directory of the parent.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// kNotFound when there is no such file.
  virtual Status remove(const std::string& path) = 0;
  /// Makes the directory and its parents, and syncs each parent that got a new name. Fine when it exists.
  virtual Status make_directories(const std::string& path) = 0;
  /// An empty directory; kNotFound when there is none.
  virtual Status remove_directory(const std::string& path) = 0;
  /// Names made, renamed or removed in it survive a power cut once this returns.
  virtual Status sync_directory(const std::string& path) = 0;
  /// Names of files and directories in it, sorted, without "." and "..". kNotFound when there is no such directory.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Of the disk that holds `path`.
  virtual Result<Space> space(const std::string& path) = 0;
  /// Makes the file and locks it against other processes; kConflict when it is held.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

/// The whole content. kLimit when it is longer than `bytes_max`.
Result<std::string> read_file(FileSystem& files, const std::string& path, uint64_t bytes_max);
/// Reads exactly `bytes`; kCorrupt naming path and offset when the file ends before.
Status read_exactly(const File& file, const std::string& path, uint64_t offset, void* into, size_t bytes);
/// Replaces the content so that a power cut leaves the old or the new one: temporary file, sync, rename, sync
/// directory.
Status replace_file(FileSystem& files, const std::string& path, std::string_view content);
/// "a/b" and "c" give "a/b/c".
std::string join_path(std::string_view directory, std::string_view name);
/// The directory part; "." when there is none.
std::string parent_path(const std::string& path);

}  // namespace pelorus::io
