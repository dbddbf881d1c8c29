#pragma once
// The redo log of one node: records that are durable when append() returns, replayed in order by open().

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "storage/log/log_format.h"

namespace pelorus::storage {

/// One file of the log. Whoever holds a LogPin to it keeps it and all later ones from being recycled.
struct LogSegment {
  uint64_t number = 0;
  uint64_t bytes = 0;
};
using LogPin = std::shared_ptr<const LogSegment>;

struct LogOptions {
  std::string directory;
  uint64_t segment_bytes = 64ull << 20;  // a record that is larger gets a file of its own
  bool sync = true;                      // false: append() returns once the operating system has the bytes
  uint64_t sequence_least = 1;           // of the first record of a new log
};

struct LoggedRecord {
  LogPin pin;
  uint64_t sequence = 0;
};

/// Thread-safe. Of the threads that wait in append(), one writes and syncs for all (the leader); no other thread
/// touches the files meanwhile, so file work needs no mutex.
///
/// After a failed write or sync nothing is retried: what the disk holds is unknown. The log is then failed for good and
/// refuses every append with kIo until the node is restarted. A full disk (kNoSpace) fails only the appends at hand.
class WriteAheadLog {
 public:
  /// Called for every record in order. An error stops the open.
  using Replay = std::function<Status(const LoggedRecord&, RecordType, std::string_view payload)>;

  /// Makes the log when the directory holds none. The end of the newest file may be torn: what was never acknowledged
  /// is dropped. kCorrupt naming file and place when a record that had been synced is damaged or a file is missing.
  /// That the last batch was synced stands in a mark behind it, which nobody syncs: known limit: damage to that batch
  /// looks like a torn write when the machine lost its power before the operating system had written the mark.
  static Result<std::unique_ptr<WriteAheadLog>> open(io::FileSystem& files, LogOptions options, const Replay& replay);

  /// Durable on return (with options.sync). The parts are read before it returns.
  Result<LoggedRecord> append(RecordType type, std::span<const std::string_view> parts);
  /// Written with the next append, flush_pending() or stop(). Kept in memory while the disk is full.
  void append_later(RecordType type, std::string payload);
  /// Writes and syncs all that append_later left.
  Status flush_pending();
  /// Recycles the oldest files nobody pins; the newest stays.
  Status release();
  /// Removes recycled files that wait for use: a full disk needs the room.
  Status drop_spares();
  /// flush_pending(), and a closing record so that any damage to what stands before it will be noticed. Refuses
  /// appends from then on (kUnavailable).
  Status stop();

  /// Of the newest record written.
  uint64_t last_sequence() const;
  /// The oldest file still needed.
  LogPin oldest() const;
  uint64_t bytes() const;
  /// Empty while the log is well.
  std::string failure() const;

 private:
  struct Item {
    RecordType type = RecordType::kEnd;
    std::span<const std::string_view> parts;
    uint64_t payload_bytes = 0;
    uint32_t payload_crc = 0;
    std::string owned;  // append_later
    std::string_view owned_view;
    bool later = false;
    bool done = false;
    std::optional<Error> error;
    LoggedRecord record;
  };
  using ItemRef = std::shared_ptr<Item>;

  WriteAheadLog(io::FileSystem& files, LogOptions options) : files_(files), options_(std::move(options)) {}

  Status recover(const Replay& replay);
  struct Replayed {
    uint64_t next_sequence = 0;
    uint64_t stopped_at = 0;  // offset in the file
  };
  Result<Replayed> replay_segment(const io::File& file, const LogPin& segment, bool newest, uint64_t expected,
                                  const Replay& replay);

  Result<LoggedRecord> wait_for(std::unique_lock<std::mutex>& lock, const ItemRef& item);
  void lead(std::unique_lock<std::mutex>& lock);
  void finish_batch(const std::vector<ItemRef>& batch, const Status& outcome);
  void fail_waiting(const Error& error);
  Status become_leader(std::unique_lock<std::mutex>& lock);
  void resign(std::unique_lock<std::mutex>& lock);
  Error failed_error() const;

  // Leader only.
  Status roll(uint64_t bytes_needed);
  Status write_batch(const std::vector<ItemRef>& batch);
  /// Also of open(): says behind the last record that all up to durable_ were synced.
  void mark_end(io::File& file, const LogSegment& segment, uint64_t position) const;
  Status save_state(uint64_t oldest, uint64_t newest);
  std::string path_of(uint64_t segment) const { return io::join_path(options_.directory, segment_file_name(segment)); }

  io::FileSystem& files_;
  const LogOptions options_;
  Uuid log_;  // set by recover()

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ItemRef> queue_;                           // guarded by mutex_
  std::deque<std::shared_ptr<const LogSegment>> live_;  // guarded by mutex_; oldest first
  bool leading_ = false;                                // guarded by mutex_
  bool stopped_ = false;                                // guarded by mutex_
  std::string failure_;                                 // guarded by mutex_
  uint64_t last_sequence_ = 0;                          // guarded by mutex_; changed by the leader

  // Of the leader, and of open() before there is one.
  std::unique_ptr<io::File> file_;             // of current_
  std::shared_ptr<const LogSegment> current_;  // null until the first append after open()
  uint64_t position_ = 0;                      // where the next frame goes in current_
  uint64_t next_sequence_ = 1;
  uint64_t durable_ = 0;  // last sequence known synced
  uint64_t oldest_ = 1;   // as in log_state
  uint64_t newest_ = 0;
  std::vector<std::string> spares_;  // recycled files, all of segment_bytes
};

}  // namespace pelorus::storage
