#pragma once
// The append-only file of a single-node log: checksummed frames, each one group of commands written and synced at
// once. Format: docs/internals/raft.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "io/file_system.h"

namespace pelorus::raft {

class CommandFile {
 public:
  explicit CommandFile(io::FileSystem& files) : files_(files) {}

  /// Makes `directory`/log-<base>, synced, for the commands behind number `base`.
  Status create(const std::string& directory, uint64_t base);
  /// Opens the file and hands every command over in order. A torn last frame is cut off; damage before the last
  /// frame is kCorrupt naming file and offset.
  Status open(const std::string& path, const std::function<Status(uint64_t, std::string_view)>& command);
  /// Writes the commands as one frame and syncs. kNoSpace: nothing was written, the file is as before. Any other
  /// error: what is on disk is unknown and the file must not be used further.
  Status append(uint64_t first_index, const std::vector<std::string_view>& commands);

  const std::string& path() const { return path_; }
  uint64_t base() const { return base_; }
  uint64_t size() const { return size_; }

 private:
  Status cut_tail(std::string_view content, uint64_t good_bytes);

  io::FileSystem& files_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  uint64_t base_ = 0;
  uint64_t size_ = 0;
  bool is_broken_ = false;
};

/// The newest log file of a directory; empty when there is none. Older ones go to `older`.
Result<std::string> newest_command_file(io::FileSystem& files, const std::string& directory,
                                        std::vector<std::string>& older);

}  // namespace pelorus::raft
