// Opening a redo log: which files there must be, replay, and telling a torn end from damage.

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/log/write_ahead_log.h"

namespace pelorus::storage {
namespace {

/// What is read of a log file at a time, but for a larger record.
constexpr uint64_t kWindowBytes = 1 << 20;

/// Bytes of a file that is read from its beginning to its end: as a rule most of a log file was never written, so that
/// memory for all of it would be more than everything else a start takes.
class Window {
 public:
  Window(const io::File& file, const std::string& path, uint64_t file_bytes)
      : file_(file), path_(path), file_bytes_(file_bytes) {}

  uint64_t file_bytes() const { return file_bytes_; }
  /// At least `bytes` from byte `at` on, which the file must have; those read already behind them too. Valid until the
  /// next call. kCorrupt, kIo.
  Result<std::string_view> from(uint64_t at, uint64_t bytes) {
    if (at < first_ || at + bytes > first_ + held_) TRY_DONE(read(at, bytes));
    return std::string_view(buffer_.get() + (at - first_), held_ - (at - first_));
  }

 private:
  Status read(uint64_t at, uint64_t bytes) {
    held_ = 0;
    const uint64_t wanted = std::min(std::max(bytes, kWindowBytes), file_bytes_ - at);
    if (wanted > room_) {
      buffer_ = std::make_unique_for_overwrite<char[]>(wanted);
      room_ = wanted;
    }
    TRY_DONE(io::read_exactly(file_, path_, at, buffer_.get(), wanted));
    first_ = at;
    held_ = wanted;
    return {};
  }

  const io::File& file_;
  const std::string& path_;
  const uint64_t file_bytes_;
  std::unique_ptr<char[]> buffer_;
  uint64_t room_ = 0;
  uint64_t first_ = 0;
  uint64_t held_ = 0;
};

Error damaged(const std::string& path, uint64_t offset, uint64_t sequence) {
  return {ErrorCode::kCorrupt, "redo log is damaged before its end: " + path + " at byte " + std::to_string(offset) +
                                   ", record " + std::to_string(sequence) +
                                   "; restore the file, or remove this node's data and copy its replicas again"};
}

/// True when a frame behind `offset` says that record `expected` had been synced: then it is not torn but damaged.
Result<bool> was_synced(Window& window, uint64_t offset, uint64_t segment, uint64_t expected) {
  for (uint64_t at = offset; at + kFrameHeaderBytes <= window.file_bytes();) {
    TRY(const auto bytes, window.from(at, kFrameHeaderBytes));
    uint64_t in = 0;
    for (; in + kFrameHeaderBytes <= bytes.size(); in += kFrameAlignment) {
      const auto header = decode_frame_header(bytes.substr(in, kFrameHeaderBytes));
      if (header && header->segment == segment && header->durable >= expected) return true;
    }
    at += in;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<WriteAheadLog>> WriteAheadLog::open(io::FileSystem& files, LogOptions options,
                                                           const Replay& replay) {
  if (options.segment_bytes < 2 * kLogHeaderBytes) {
    return Error{ErrorCode::kInvalid,
                 "redo log files must have at least " + std::to_string(2 * kLogHeaderBytes) + " bytes"};
  }
  std::unique_ptr<WriteAheadLog> log(new WriteAheadLog(files, std::move(options)));
  TRY_DONE(log->recover(replay));
  return log;
}

Status WriteAheadLog::recover(const Replay& replay) {
  TRY_DONE(files_.make_directories(options_.directory));
  const std::string state_path = io::join_path(options_.directory, "log_state");
  TRY(const auto names, files_.list(options_.directory));
  const bool known = std::find(names.begin(), names.end(), "log_state") != names.end();
  if (!known) {
    for (const auto& name : names) {
      if (name.starts_with("log_") && name.ends_with(".wal")) {
        return Error{ErrorCode::kCorrupt, "redo log files without their log_state in " + options_.directory};
      }
    }
    log_ = Uuid::random();
    next_sequence_ = options_.sequence_least;
    last_sequence_ = durable_ = next_sequence_ - 1;
    return save_state(1, 0);
  }
  TRY(const auto content, io::read_file(files_, state_path, 4096));
  TRY(const auto state, decode_log_state(content, state_path));
  log_ = state.log;
  oldest_ = state.oldest;
  newest_ = state.newest;
  uint64_t expected = 0;
  std::string previous;
  uint64_t previous_stop = 0;
  for (uint64_t number = state.oldest; number <= state.newest; ++number) {
    const std::string path = path_of(number);
    TRY(const bool there, files_.exists(path));
    if (!there) return Error{ErrorCode::kCorrupt, "redo log file is missing: " + path};
    TRY(const auto file, files_.open(path, io::OpenMode::kRead));
    auto segment = std::make_shared<LogSegment>();
    segment->number = number;
    TRY(segment->bytes, file->size());
    std::string head(kLogHeaderBytes, '\0');
    TRY_DONE(io::read_exactly(*file, path, 0, head.data(), head.size()));
    const auto header = decode_segment_header(head);
    if (!header || header->segment != number || header->log != log_) {
      return Error{ErrorCode::kCorrupt, "redo log file has a damaged or foreign header: " + path};
    }
    if (segment->bytes < header->file_bytes) {
      return Error{ErrorCode::kCorrupt, "redo log file is shorter than it was made: " + path + ", " +
                                            std::to_string(segment->bytes) + " of " +
                                            std::to_string(header->file_bytes) + " bytes"};
    }
    if (expected != 0 && header->first_sequence != expected) return damaged(previous, previous_stop, expected);
    {
      const LogPin pin = segment;
      TRY(const auto replayed, replay_segment(*file, pin, number == state.newest, header->first_sequence, replay));
      expected = replayed.next_sequence;
      previous_stop = replayed.stopped_at;
    }
    previous = path;
    live_.push_back(std::move(segment));
  }
  next_sequence_ = std::max<uint64_t>(expected, 1);
  last_sequence_ = durable_ = next_sequence_ - 1;
  // What was replayed counts as durable from here on, also what only the operating system's cache had.
  if (options_.sync && !live_.empty()) {
    TRY(const auto newest, files_.open(path_of(newest_), io::OpenMode::kWrite));
    TRY_DONE(newest->sync());
    mark_end(*newest, *live_.back(), previous_stop);
  }
  for (const auto& name : names) {  // files of an unfinished release or roll
    const std::string path = io::join_path(options_.directory, name);
    const bool numbered = name.starts_with("log_") && name.ends_with(".wal");
    const bool live = std::any_of(live_.begin(), live_.end(),
                                  [&](const auto& segment) { return segment_file_name(segment->number) == name; });
    if ((numbered && !live) || name.starts_with("spare_") || name.ends_with(".new")) TRY_DONE(files_.remove(path));
  }
  return {};
}

Result<WriteAheadLog::Replayed> WriteAheadLog::replay_segment(const io::File& file, const LogPin& segment, bool newest,
                                                              uint64_t expected, const Replay& replay) {
  const std::string path = path_of(segment->number);
  Window window(file, path, segment->bytes);
  uint64_t at = kLogHeaderBytes;
  while (at + kFrameHeaderBytes <= segment->bytes) {
    TRY(auto bytes, window.from(at, kFrameHeaderBytes));
    const auto header = decode_frame_header(bytes.substr(0, kFrameHeaderBytes));
    if (!header || header->segment != segment->number || header->sequence != expected) break;
    if (header->payload_bytes > segment->bytes - at - kFrameHeaderBytes) break;
    TRY(bytes, window.from(at, kFrameHeaderBytes + header->payload_bytes));
    const auto payload = bytes.substr(kFrameHeaderBytes, header->payload_bytes);
    if (io::crc32c(payload) != header->payload_crc) break;
    TRY_DONE(replay({segment, expected}, header->type, payload));
    at += header->frame_bytes();
    ++expected;
  }
  if (newest) {
    TRY(const bool synced, was_synced(window, at, segment->number, expected));
    if (synced) return damaged(path, at, expected);
  }
  return Replayed{expected, at};
}

}  // namespace pelorus::storage
