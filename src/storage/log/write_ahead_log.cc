#include "storage/log/write_ahead_log.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "io/checksum.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kBatchBytesMax = 64ull << 20;  // written by one leader before it looks at the queue again
constexpr size_t kSparesMax = 3;
constexpr char kZeros[kFrameAlignment] = {};

bool is_full(const Error& error) { return error.code == ErrorCode::kNoSpace; }

}  // namespace

Error WriteAheadLog::failed_error() const {
  return {ErrorCode::kIo, "the redo log has failed and takes no more writes; check the disk of " + options_.directory +
                              " and restart the node: " + failure_};
}

Result<LoggedRecord> WriteAheadLog::append(RecordType type, std::span<const std::string_view> parts) {
  auto item = std::make_shared<Item>();
  item->type = type;
  item->parts = parts;
  for (const auto part : parts) {
    item->payload_bytes += part.size();
    item->payload_crc = io::crc32c(part, item->payload_crc);
  }
  std::unique_lock lock(mutex_);
  if (!failure_.empty()) return failed_error();
  if (stopped_) return Error{ErrorCode::kUnavailable, "the redo log is closed: the node stops"};
  queue_.push_back(item);
  return wait_for(lock, item);
}

Result<LoggedRecord> WriteAheadLog::wait_for(std::unique_lock<std::mutex>& lock, const ItemRef& item) {
  while (!item->done) {
    if (leading_) {
      changed_.wait(lock);
    } else {
      leading_ = true;
      lead(lock);
      resign(lock);
    }
  }
  if (item->error) return *item->error;
  return item->record;
}

void WriteAheadLog::append_later(RecordType type, std::string payload) {
  auto item = std::make_shared<Item>();
  item->type = type;
  item->owned = std::move(payload);
  item->owned_view = item->owned;
  item->parts = {&item->owned_view, 1};
  item->payload_bytes = item->owned.size();
  item->payload_crc = io::crc32c(item->owned);
  item->later = true;
  const std::lock_guard lock(mutex_);
  if (failure_.empty() && !stopped_) queue_.push_back(std::move(item));
}

/// Takes one batch from the queue and sees it to the disk. The lock is not held meanwhile.
void WriteAheadLog::lead(std::unique_lock<std::mutex>& lock) {
  if (queue_.empty()) return;
  const auto frame_bytes = [](const Item& item) {
    return FrameHeader{.payload_bytes = item.payload_bytes}.frame_bytes();
  };
  const uint64_t first = frame_bytes(*queue_.front());
  const bool fits = current_ && position_ + first + kMarkBytes <= current_->bytes;
  if (!fits) {
    lock.unlock();
    const Status rolled = roll(first);
    lock.lock();
    if (!rolled.ok()) {
      fail_waiting(rolled.error());
      return;
    }
  }
  std::vector<ItemRef> batch;
  uint64_t bytes = 0;
  while (!queue_.empty()) {
    const uint64_t next = frame_bytes(*queue_.front());
    if (position_ + bytes + next + kMarkBytes > current_->bytes || (bytes > 0 && bytes + next > kBatchBytesMax)) break;
    bytes += next;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  lock.unlock();
  const Status outcome = write_batch(batch);
  lock.lock();
  finish_batch(batch, outcome);
  const bool closes = batch.back()->type == RecordType::kEnd;  // its own loss loses nothing
  if (!outcome.ok() || !options_.sync || closes || !queue_.empty()) return;
  changed_.notify_all();  // whoever waited for the batch need not wait for this
  lock.unlock();
  mark_end(*file_, *current_, position_);
  lock.lock();
}

/// Nobody waits until the mark is on the disk: it is when the operating system writes its cache back, or is
/// overwritten by the next record, which says the same. One that cannot be written leaves the end as it is without.
void WriteAheadLog::mark_end(io::File& file, const LogSegment& segment, uint64_t position) const {
  if (position + kMarkBytes > segment.bytes) return;
  const FrameHeader mark{.segment = segment.number, .sequence = kMarkSequence, .durable = durable_};
  (void)file.write_at(position, encode_frame_header(mark));
}

/// Nothing of the batch counts unless all of it was written and synced.
void WriteAheadLog::finish_batch(const std::vector<ItemRef>& batch, const Status& outcome) {
  if (outcome.ok()) {
    for (const auto& item : batch) item->done = true;
    last_sequence_ = next_sequence_ - 1;
    return;
  }
  for (auto item = batch.rbegin(); item != batch.rend(); ++item) queue_.push_front(*item);
  fail_waiting(outcome.error());
}

/// Called when the disk did not take what stands in the queue. kNoSpace leaves later records waiting for better times.
void WriteAheadLog::fail_waiting(const Error& error) {
  if (!is_full(error) && failure_.empty()) {
    failure_ = error.message;
    log_error("the redo log has failed, writes are refused until a restart: " + failure_);
  }
  std::deque<ItemRef> kept;
  for (auto& item : queue_) {
    if (item->later && is_full(error)) {
      kept.push_back(std::move(item));
      continue;
    }
    item->error = is_full(error) ? error : failed_error();
    item->done = true;
  }
  queue_ = std::move(kept);
}

Status WriteAheadLog::become_leader(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [&] { return !leading_; });
  if (!failure_.empty()) return failed_error();
  leading_ = true;
  return {};
}

void WriteAheadLog::resign(std::unique_lock<std::mutex>&) {
  leading_ = false;
  changed_.notify_all();
}

Status WriteAheadLog::flush_pending() {
  std::unique_lock lock(mutex_);
  TRY_DONE(become_leader(lock));
  Status outcome;
  while (outcome.ok() && !queue_.empty()) {
    const uint64_t before = last_sequence_;
    lead(lock);
    if (!failure_.empty())
      outcome = failed_error();
    else if (last_sequence_ == before && !queue_.empty()) {
      outcome = Error{ErrorCode::kNoSpace, "the disk of the redo log is full: " + options_.directory};
    }
  }
  if (outcome.ok() && !options_.sync && file_ && durable_ + 1 < next_sequence_) {
    lock.unlock();
    outcome = file_->sync();
    lock.lock();
    if (outcome.ok()) {
      durable_ = next_sequence_ - 1;
      mark_end(*file_, *current_, position_);
    } else {
      fail_waiting(outcome.error());
    }
  }
  resign(lock);
  return outcome;
}

Status WriteAheadLog::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return {};
  }
  TRY_DONE(flush_pending());
  // The closing record says that everything before it was synced; its own loss loses nothing.
  bool worth_closing = false;
  {
    const std::lock_guard lock(mutex_);
    worth_closing = current_ != nullptr && last_sequence_ > 0;
  }
  Status outcome;
  if (worth_closing) {
    const auto closed = append(RecordType::kEnd, {});
    if (!closed.ok())
      outcome = closed.error();
    else if (!options_.sync)
      outcome = flush_pending();
  }
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  return outcome;
}

Status WriteAheadLog::write_batch(const std::vector<ItemRef>& batch) {
  std::deque<std::string> headers;
  std::vector<std::string_view> parts;
  uint64_t sequence = next_sequence_;
  uint64_t bytes = 0;
  for (const auto& item : batch) {
    const FrameHeader header{item->payload_crc, item->payload_bytes, current_->number, sequence, durable_, item->type};
    headers.push_back(encode_frame_header(header));
    parts.push_back(headers.back());
    parts.insert(parts.end(), item->parts.begin(), item->parts.end());
    parts.emplace_back(kZeros, header.frame_bytes() - kFrameHeaderBytes - header.payload_bytes);
    bytes += header.frame_bytes();
    item->record = {current_, sequence++};
  }
  TRY_DONE(file_->write(position_, parts));
  if (options_.sync) {
    const Status synced = file_->sync();
    // A full disk is reported by the write; at a sync it means that accepted bytes were lost.
    if (!synced.ok()) return Error{ErrorCode::kIo, synced.error().message};
  }
  position_ += bytes;
  next_sequence_ = sequence;
  if (options_.sync) durable_ = sequence - 1;
  return {};
}

Status WriteAheadLog::save_state(uint64_t oldest, uint64_t newest) {
  TRY_DONE(io::replace_file(files_, io::join_path(options_.directory, "log_state"),
                            encode_log_state({log_, oldest, newest})));
  oldest_ = oldest;
  newest_ = newest;
  return {};
}

/// Begins the next file. Its name enters log_state before any record enters the file.
Status WriteAheadLog::roll(uint64_t bytes_needed) {
  if (file_ && !options_.sync) {
    const Status synced = file_->sync();
    if (!synced.ok()) return Error{ErrorCode::kIo, synced.error().message};
    durable_ = next_sequence_ - 1;
  }
  auto segment = std::make_shared<LogSegment>();
  segment->number = newest_ + 1;
  segment->bytes = std::max(options_.segment_bytes, kLogHeaderBytes + bytes_needed + kMarkBytes);
  const std::string path = path_of(segment->number);
  const std::string header = encode_segment_header({log_, segment->number, next_sequence_, segment->bytes});
  std::unique_ptr<io::File> file;
  if (!spares_.empty() && segment->bytes == options_.segment_bytes) {
    TRY(file, files_.open(spares_.back(), io::OpenMode::kWrite));
    TRY_DONE(file->write_at(0, header));
    TRY_DONE(file->sync());
    TRY_DONE(files_.rename(spares_.back(), path));
    spares_.pop_back();
  } else {
    TRY(file, files_.open(path, io::OpenMode::kCreate));
    Status made = file->allocate(segment->bytes);
    if (made.ok()) made = file->write_at(0, header);
    if (!made.ok()) {
      file.reset();
      (void)files_.remove(path);  // log_state does not name it: a rest is ignored and overwritten
      return made;
    }
    TRY_DONE(file->sync());
  }
  TRY_DONE(files_.sync_directory(options_.directory));
  TRY_DONE(save_state(oldest_, segment->number));
  file_ = std::move(file);
  position_ = kLogHeaderBytes;
  const std::lock_guard lock(mutex_);
  current_ = segment;
  live_.push_back(std::move(segment));
  return {};
}

Status WriteAheadLog::release() {
  std::unique_lock lock(mutex_);
  TRY_DONE(become_leader(lock));
  std::vector<std::shared_ptr<const LogSegment>> released;
  while (live_.size() > 1 && live_.front().use_count() == 1) {
    released.push_back(std::move(live_.front()));
    live_.pop_front();
  }
  Status outcome;
  if (!released.empty()) {
    lock.unlock();
    outcome = save_state(released.back()->number + 1, newest_);
    for (const auto& segment : released) {
      if (!outcome.ok()) break;
      const std::string path = path_of(segment->number);
      const std::string spare = io::join_path(options_.directory, "spare_" + std::to_string(segment->number));
      if (segment->bytes == options_.segment_bytes && spares_.size() < kSparesMax) {
        outcome = files_.rename(path, spare);
        if (outcome.ok()) spares_.push_back(spare);
      } else {
        outcome = files_.remove(path);
      }
    }
    lock.lock();
  }
  resign(lock);
  return outcome;
}

Status WriteAheadLog::drop_spares() {
  std::unique_lock lock(mutex_);
  TRY_DONE(become_leader(lock));
  lock.unlock();
  Status outcome;
  while (outcome.ok() && !spares_.empty()) {
    outcome = files_.remove(spares_.back());
    spares_.pop_back();
  }
  lock.lock();
  resign(lock);
  return outcome;
}

uint64_t WriteAheadLog::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return last_sequence_;
}

LogPin WriteAheadLog::oldest() const {
  const std::lock_guard lock(mutex_);
  return live_.empty() ? nullptr : live_.front();
}

uint64_t WriteAheadLog::bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& segment : live_) bytes += segment->bytes;
  return bytes;
}

std::string WriteAheadLog::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace pelorus::storage
