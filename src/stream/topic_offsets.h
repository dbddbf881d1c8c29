#pragma once
// How far the subscribers of topics have come, kept across restarts (docs/formats/topic_offsets.md).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/file_system.h"

namespace pelorus::stream {

/// One small file a topic; a record is written in place, so that a kill of the process loses nothing and a power cut at
/// most the last ones. Thread-safe.
class TopicOffsets {
 public:
  /// Before anything else. `folder` empty: numbers are kept in memory only.
  void open(io::FileSystem& files, std::string folder);
  /// The number of the next row; nothing when none is kept.
  std::optional<int64_t> find(const std::string& topic);
  /// An error is logged once a topic; the number in memory counts meanwhile.
  void put(const std::string& topic, int64_t next_row);
  /// False when there was none.
  bool remove(const std::string& topic);
  bool is_on_disk() const { return !folder_.empty(); }

 private:
  struct Entry {
    std::unique_ptr<io::File> file;  // null: not opened, or it failed
    std::optional<int64_t> next_row;
    uint64_t writes = 0;
    bool failed = false;
  };
  Entry& entry_of(const std::string& topic);
  Status load(const std::string& topic, Entry& entry);
  Status write(const std::string& topic, Entry& entry);
  std::string path_of(const std::string& topic) const;

  io::FileSystem* files_ = nullptr;
  std::string folder_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace pelorus::stream
