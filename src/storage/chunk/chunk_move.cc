// A chunk from one volume of its node to another, under its turn.

#include <map>

#include "base/log.h"
#include "storage/chunk/chunk.h"
#include "storage/chunk/move_marks.h"

namespace pelorus::storage {
namespace {

constexpr size_t kPieceBytes = 1u << 20;
constexpr int kFlushesMax = 5;  // while the content is replaced again and again
constexpr uint64_t kManifestBytesMax = 1ull << 30;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Status copy_file(io::FileSystem& files, const std::string& from, const std::string& to) {
  TRY(const auto source, files.open(from, io::OpenMode::kRead));
  TRY(const auto bytes, source->size());
  TRY(const auto target, files.open(to, io::OpenMode::kCreate));
  std::string piece;
  for (uint64_t offset = 0; offset < bytes; offset += piece.size()) {
    piece.resize(std::min<uint64_t>(kPieceBytes, bytes - offset));
    TRY_DONE(io::read_exactly(*source, from, offset, piece.data(), piece.size()));
    TRY_DONE(target->write_at(offset, piece));
  }
  return target->sync();
}

}  // namespace

Status Chunk::move(const std::string& volume) {
  TRY(const auto turn, take_turn());
  if (!left_behind_.empty())
    return Error{ErrorCode::kConflict, "an earlier move of chunk " + std::to_string(id_.value) + " could not end in " +
                                           left_behind_ + "; restart the node first"};
  for (int flushes = 0;; ++flushes) {
    TRY_DONE(check_movable());
    TRY_DONE(flush_in_turn(volume));
    if (manifest_generation_ == 0 || volume_ == volume) return {};  // nothing on disk, or there already
    TRY_DONE(load_dictionaries());                                  // from the files that go
    if (stored_moment().state->generation() == manifest_generation_) break;
    if (flushes == kFlushesMax)
      return Error{ErrorCode::kConflict, "chunk " + std::to_string(id_.value) +
                                             " is replaced faster than it can be written; move it at a quieter time"};
  }
  const auto target = io::join_path(io::join_path(volume, "chunks"), base_name(directory_));
  TRY_DONE(begin_arrival(context_.files, target));
  if (const auto copied = copy_files(target); !copied.ok()) {
    (void)remove_chunk_directory(context_.files, target, kArrivingMark);  // else the next open does
    return copied;
  }
  if (const auto arrived = end_arrival(context_.files, target); !arrived.ok()) return give_up_arrival(target, arrived);
  switch_to(volume, target);
  return {};
}

Status Chunk::check_movable() const {
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard publish_lock(publish_mutex_);
  if (dropping_ || dropped_)
    return Error{ErrorCode::kNotFound, "the chunk is being dropped: " + std::to_string(id_.value)};
  if (!damage_.empty()) return Error{ErrorCode::kCorrupt, damage_};
  return {};
}

/// The segments, compared with their checksums, and the manifest as it stands.
Status Chunk::copy_files(const std::string& target) const {
  for (const auto& segment : on_disk_) {
    const auto path = segment_path(target, segment->facts().file_number);
    TRY_DONE(copy_file(context_.files, segment->path(), path));
    TRY_DONE(Segment(context_.files, path, id_, segment->facts()).verify());
  }
  TRY(const auto manifest, read_manifest(context_.files, directory_));
  TRY(const auto bytes, io::read_file(context_.files, manifest_path(directory_), kManifestBytesMax));
  return io::replace_file(context_.files, manifest_path(target), bytes);
}

/// Whether the target is the chunk is open: it must not be, or nothing may be written any more.
Status Chunk::give_up_arrival(const std::string& target, const Status& why) {
  const auto arrived = io::join_path(target, kArrivedMark);
  const auto removed = remove_chunk_directory(context_.files, target, kArrivingMark);
  const auto left = context_.files.exists(arrived);
  if (removed.ok() && left.ok() && !*left) return why;
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard publish_lock(publish_mutex_);
  damage_ = "whether chunk " + std::to_string(id_.value) + " moved to " + target +
            " could not be made certain; restart the node: " + why.error().message;
  log_error(damage_);
  return Error{ErrorCode::kIo, damage_};
}

void Chunk::switch_to(const std::string& volume, const std::string& target) {
  const auto source = directory_;
  std::map<const Segment*, std::shared_ptr<const Segment>> moved;
  std::vector<std::shared_ptr<const Segment>> before;
  before.swap(on_disk_);
  for (const auto& segment : before) {
    const auto path = segment_path(target, segment->facts().file_number);
    on_disk_.push_back(std::make_shared<const Segment>(context_.files, path, id_, segment->facts()));
    moved.emplace(segment.get(), on_disk_.back());
  }
  std::shared_ptr<const ChunkState> old_state;  // letting go removes files: not under the mutexes
  {
    const std::lock_guard lock(writer_mutex_);
    std::vector<Part> parts = state_->parts();
    for (auto& part : parts) {
      const auto found = moved.find(part.segment.get());
      if (part.segment && found != moved.end()) part.segment = found->second;
    }
    auto state = std::make_shared<const ChunkState>(*state_, std::move(parts));
    const std::lock_guard publish_lock(publish_mutex_);
    old_state = std::exchange(state_, std::move(state));
    volume_ = volume;
    directory_ = target;
  }
  for (const auto& segment : before) segment->mark_obsolete();
  before.clear();
  moved.clear();
  old_state.reset();
  bury(source);
}

/// A manifest in the old place says that nothing there counts any more; then the mark in the new one may go.
void Chunk::bury(const std::string& source) {
  Manifest grave;
  grave.chunk = id_;
  grave.dropped = true;
  grave.next_file = next_file_;
  if (const auto buried = write_manifest(context_.files, source, grave); !buried.ok()) {
    log_warning("the old place of a moved chunk stays until the next start: " + buried.error().message);
    left_behind_ = source;
    return;
  }
  auto cleared = context_.files.remove(io::join_path(directory_, kArrivedMark));
  if (cleared.ok()) cleared = remove_directory(source);
  if (!cleared.ok()) log_warning("the old place of a moved chunk is not cleared: " + cleared.error().message);
}

}  // namespace pelorus::storage
