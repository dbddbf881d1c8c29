// File work of a chunk: flush, compaction, drop, verification. All of it under the chunk's turn.

#include <algorithm>

#include "base/check.h"
#include "storage/chunk/chunk.h"

namespace pelorus::storage {
namespace {

constexpr size_t kVersionsStoredMax = 64;  // in a manifest

std::string chunk_directory(const std::string& volume, ChunkId id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string name(16, '0');
  for (size_t i = 0; i < 16; ++i) name[15 - i] = kDigits[(id.value >> (4 * i)) & 15];
  return io::join_path(io::join_path(volume, "chunks"), name);
}

struct Run {
  size_t first = 0;
  size_t count = 0;
};

/// The newest segments, as long as each older one is not much larger than what it joins: every row is then rewritten
/// a number of times that grows with the logarithm of the chunk only.
Run newest_run(const std::vector<Part>& parts, size_t segments, size_t rows_max) {
  size_t first = segments;
  size_t rows = 0;
  while (first > 0) {
    const size_t next = parts[first - 1].rows;
    if (rows + next > rows_max || (segments - first >= 2 && next > 4 * rows)) break;
    rows += next;
    --first;
  }
  return {first, segments - first};
}

/// The first run of at least two neighbours at or after `from` that fit together.
Run next_run(const std::vector<Part>& parts, size_t segments, size_t from, size_t rows_max) {
  for (size_t first = from; first < segments; ++first) {
    size_t rows = parts[first].rows;
    size_t end = first + 1;
    while (end < segments && rows + parts[end].rows <= rows_max) rows += parts[end++].rows;
    if (end - first >= 2) return {first, end - first};
  }
  return {segments, 0};
}

}  // namespace

Status Chunk::prepare_directory(const std::string& volume_for_new) {
  if (manifest_generation_ != 0) return {};
  const bool known = !directory_.empty();  // set once, by the turn
  const std::string directory = known ? directory_ : chunk_directory(volume_for_new, id_);
  TRY_DONE(context_.files.make_directories(directory));
  TRY(const auto names, context_.files.list(directory));
  for (const auto& name : names) {  // files of a dropped or damaged chunk of this id
    if (name.ends_with(".col"))
      next_file_ = std::max<uint64_t>(next_file_, std::strtoull(name.c_str(), nullptr, 10) + 1);
  }
  if (!known) {
    const std::lock_guard lock(writer_mutex_);
    const std::lock_guard publish_lock(publish_mutex_);
    volume_ = volume_for_new;
    directory_ = directory;
  }
  if (!damage_.empty()) return {};  // the damaged manifest stays until an import replaces it
  // Column files without a manifest mean that it was lost, so there is one before the first of them.
  Manifest first;
  first.chunk = id_;
  first.log_floor = log_floor();
  first.next_file = next_file_;
  const auto moment = stored_moment();
  first.schema = moment.state->schema();
  first.sort = moment.state->sort();
  first.compression = moment.compression;
  first.generation = moment.state->generation();
  TRY_DONE(write_manifest(context_.files, directory, first));
  manifest_generation_ = first.generation;
  return {};
}

std::string Chunk::next_segment_path(uint64_t* file_number) {
  *file_number = next_file_++;
  return segment_path(directory_, *file_number);
}

Chunk::Published Chunk::freeze() {
  const std::lock_guard lock(writer_mutex_);
  frozen_parts_ = state_->parts().size();
  Published moment{state_, dictionaries_, version_, state_->generation(), {}, dictionaries_->sizes(), compression_};
  // Sorting mixes the versions: only the newest can be told from what is written now.
  const bool sorts = state_->sort().sorts();
  if (sorts) moment.generation = ++last_generation_;
  for (const auto& entry : versions_) {
    if (entry.generation == state_->generation() && (!sorts || entry.version == version_))
      moment.versions.push_back(entry);
  }
  return moment;
}

/// writer_mutex_ and publish_mutex_ held: the rows of `moment` lie as `parts` now.
void Chunk::begin_generation(const Published& moment, std::vector<Part> parts) {
  old_generations_.push_back({state_, dictionaries_, context_.clock.wall_ns(), true});
  state_ = std::make_shared<const ChunkState>(*state_, std::move(parts), moment.generation);
  for (auto& entry : versions_) {
    if (entry.version >= moment.version) entry.generation = moment.generation;
  }
  prune_locked();
}

void Chunk::unfreeze() {
  const std::lock_guard lock(writer_mutex_);
  frozen_parts_ = 0;
}

Status Chunk::save_manifest(const Published& moment, const std::vector<std::shared_ptr<const Segment>>& segments) {
  Manifest manifest;
  manifest.chunk = id_;
  manifest.version = moment.version;
  manifest.generation = moment.generation;
  manifest.log_floor = log_floor();
  manifest.next_file = next_file_;
  manifest.schema = moment.state->schema();
  manifest.sort = moment.state->sort();
  manifest.compression = moment.compression;
  const size_t skipped = moment.versions.size() - std::min(moment.versions.size(), kVersionsStoredMax);
  manifest.versions.assign(moment.versions.begin() + static_cast<ptrdiff_t>(skipped), moment.versions.end());
  for (const auto& segment : segments) manifest.segments.push_back(segment->facts());
  const Status written = write_manifest(context_.files, directory_, manifest);
  const auto named = [&](const auto& segment) {
    return std::find(segments.begin(), segments.end(), segment) != segments.end();
  };
  if (!written.ok()) {
    // Whether the disk has the old or the new manifest is open: keep the files of both until the next one is written.
    for (const auto& segment : segments) {
      if (std::find(on_disk_.begin(), on_disk_.end(), segment) == on_disk_.end()) on_disk_.push_back(segment);
    }
    return written;
  }
  for (const auto& segment : on_disk_) {
    if (!named(segment)) segment->mark_obsolete();
  }
  on_disk_ = segments;
  manifest_generation_ = manifest.generation;
  return {};
}

/// Some of the moment's rows, in the chunk's order, as a new segment with these texts.
Result<std::shared_ptr<const Segment>> Chunk::write_rows(const Published& moment, const std::vector<RowRange>& stored,
                                                         std::vector<SegmentPlan::NewTexts> texts) {
  SegmentPlan plan;
  plan.chunk = id_;
  plan.path = next_segment_path(&plan.file_number);
  plan.schema = moment.state->schema();
  plan.sort = moment.state->sort();
  plan.compression = moment.compression;
  plan.format = context_.options.column_format();
  plan.block_rows = context_.options.block_rows;
  plan.dictionaries = std::move(texts);
  std::optional<RowSelection> order;
  if (plan.sort.sorts()) {
    // A row that marks a deletion is needed as long as rows that it deletes lie in front of these.
    const bool keeps_marks = plan.sort.marks_deletions() && stored.front().from > 0;
    TRY(order,
        moment.state->arrange(stored, *moment.dictionaries, keeps_marks ? KeepDuplicates::kLast : plan.sort.keep));
  } else {
    order.emplace(stored);
  }
  plan.rows = order->rows();
  std::optional<std::pair<size_t, data::Vector>> sorted;  // a column that was put in order as a whole
  const auto read = [&](size_t column, RowRange range) -> Result<data::Vector> {
    if (!plan.sort.sorts()) return moment.state->read(column, order->part(range).stored());
    if (!sorted || sorted->first != column) {
      TRY(auto rows, moment.state->read(column, order->stored()));
      sorted.emplace(column, order->arranged(std::move(rows)));
    }
    return sorted->second.slice(range.from, range.size());
  };
  TRY(const auto facts, write_segment(context_.files, plan, read));
  TRY_DONE(context_.files.sync_directory(directory_));
  return std::make_shared<const Segment>(context_.files, plan.path, id_, facts);
}

Result<std::shared_ptr<const Segment>> Chunk::write_memory_rows(const Published& moment) {
  std::vector<SegmentPlan::NewTexts> texts;
  const auto stored = moment.dictionaries->stored_sizes();
  for (size_t c = 0; c < stored.size(); ++c) {
    texts.push_back({stored[c], moment.dictionaries->texts(c, stored[c], moment.dictionary_sizes[c])});
  }
  const size_t rows = moment.state->rows();
  return write_rows(moment, {{rows - moment.state->memory_rows(), rows}}, std::move(texts));
}

void Chunk::publish_flush(const Published& moment, std::shared_ptr<const Segment> added) {
  const std::lock_guard lock(writer_mutex_);
  frozen_parts_ = 0;
  const auto kept = std::ranges::find_if(pins_, [&](const auto& pin) { return pin.first > moment.version; });
  pins_.erase(pins_.begin(), kept);
  // After a replace meanwhile the rows written are an old generation's; their budget went back then.
  const bool same = state_->generation() == moment.state->generation();
  std::vector<Part> parts = state_->parts();
  if (same && added) {
    const auto from = parts.begin() + static_cast<ptrdiff_t>(moment.state->segment_count());
    const auto to = parts.begin() + static_cast<ptrdiff_t>(moment.state->parts().size());
    const Part part{0, added->facts().rows, added, nullptr};
    parts.insert(parts.erase(from, to), part);
    context_.budget.release(moment.state->memory_bytes());
  }
  if (same) moment.dictionaries->set_stored_sizes(moment.dictionary_sizes);
  const std::lock_guard publish_lock(publish_mutex_);
  flushed_version_ = moment.version;
  if (same && moment.generation != state_->generation())
    begin_generation(moment, std::move(parts));
  else if (same)
    state_ = std::make_shared<const ChunkState>(*state_, std::move(parts));
}

Status Chunk::flush_in_turn(const std::string& volume_for_new) {
  {
    const std::lock_guard lock(writer_mutex_);
    if (dropped_) return {};  // its budget went back with the drop
  }
  if (!needs_flush()) return {};
  TRY_DONE(load_dictionaries());
  TRY_DONE(prepare_directory(volume_for_new));
  const Published moment = freeze();
  std::vector<std::shared_ptr<const Segment>> segments;
  for (size_t p = 0; p < moment.state->segment_count(); ++p) segments.push_back(moment.state->parts()[p].segment);
  std::shared_ptr<const Segment> added;
  Status outcome;
  if (moment.state->memory_rows() > 0) {
    auto written = write_memory_rows(moment);
    if (written.ok())
      segments.push_back(added = std::move(written).value());
    else
      outcome = written.error();
  }
  if (outcome.ok()) outcome = save_manifest(moment, segments);
  if (outcome.ok())
    publish_flush(moment, std::move(added));
  else
    unfreeze();
  return outcome;
}

Status Chunk::flush(const std::string& volume_for_new) {
  TRY(const auto turn, take_turn());
  return flush_in_turn(volume_for_new);
}

bool Chunk::wants_compaction() const {
  const std::lock_guard lock(publish_mutex_);
  const size_t segments = state_->segment_count();
  return segments > context_.options.segments_max &&
         newest_run(state_->parts(), segments, context_.options.segment_rows_max).count >= 2;
}

/// What the manifest says now, as a moment: memory rows are in its state but not in its version.
Chunk::Published Chunk::stored_moment() const {
  const std::lock_guard lock(writer_mutex_);
  Published moment{state_, dictionaries_, flushed_version_, state_->generation(), {}, {}, compression_};
  for (const auto& entry : versions_) {
    if (entry.generation == state_->generation() && entry.version <= flushed_version_) moment.versions.push_back(entry);
  }
  return moment;
}

Status Chunk::compact(bool all) {
  TRY(const auto turn, take_turn());
  {
    const std::lock_guard lock(writer_mutex_);
    if (dropped_) return {};
  }
  for (size_t from = 0;;) {
    const Published moment = stored_moment();
    if (moment.state->generation() != manifest_generation_)
      return {};  // replaced: the flush to come removes the segments
    const size_t segments = moment.state->segment_count();
    const size_t rows_max = context_.options.segment_rows_max;
    Run run;
    if (all)
      run = next_run(moment.state->parts(), segments, from, rows_max);
    else if (segments > context_.options.segments_max)
      run = newest_run(moment.state->parts(), segments, rows_max);
    if (run.count < 2) return {};
    TRY_DONE(moment.dictionaries->load());
    TRY_DONE(merge_segments(moment, run.first, run.count));
    from = run.first + 1;
    if (!all) return {};
  }
}

Status Chunk::merge_segments(const Published& moment, size_t first, size_t count) {
  const auto& parts = moment.state->parts();
  TRY(const auto oldest, parts[first].segment->index());
  TRY(const auto newest, parts[first + count - 1].segment->index());
  std::vector<SegmentPlan::NewTexts> texts;
  for (size_t c = 0; c < moment.state->schema().size(); ++c) {
    const auto from = oldest->columns[c].dictionary.first_code;
    const auto to = newest->columns[c].dictionary.first_code + newest->columns[c].dictionary.count;
    texts.push_back({from, moment.dictionaries->texts(c, from, to)});
  }
  const auto& last = parts[first + count - 1];
  TRY(const auto merged, write_rows(moment, {{parts[first].first_row, last.first_row + last.rows}}, std::move(texts)));
  std::vector<std::shared_ptr<const Segment>> segments;
  for (size_t p = 0; p < moment.state->segment_count(); ++p) {
    if (p == first) segments.push_back(merged);
    if (p < first || p >= first + count) segments.push_back(parts[p].segment);
  }
  TRY_DONE(save_manifest(moment, segments));
  const std::lock_guard lock(writer_mutex_);
  if (state_->generation() != moment.state->generation()) return {};
  std::vector<Part> now = state_->parts();
  const auto from = now.begin() + static_cast<ptrdiff_t>(first);
  now.insert(now.erase(from, from + static_cast<ptrdiff_t>(count)), Part{0, merged->facts().rows, merged, nullptr});
  auto state = std::make_shared<const ChunkState>(*state_, std::move(now));
  const std::lock_guard publish_lock(publish_mutex_);
  state_ = std::move(state);
  return {};
}

Status Chunk::verify() {
  std::shared_ptr<const ChunkState> state;
  std::string directory;
  Version flushed = 0;
  {
    const std::lock_guard lock(publish_mutex_);
    if (!damage_.empty()) return Error{ErrorCode::kCorrupt, damage_};
    state = state_;
    directory = directory_;
    flushed = flushed_version_;
  }
  if (flushed > 0) {
    auto manifest = read_manifest(context_.files, directory);
    if (!manifest.ok() && manifest.error().code == ErrorCode::kNotFound)
      manifest = Error{ErrorCode::kCorrupt, "chunk manifest is missing: " + manifest_path(directory)};
    if (!manifest.ok()) {
      if (manifest.error().code == ErrorCode::kCorrupt) note_damage(manifest.error().message);
      return manifest.error();
    }
  }
  for (size_t p = 0; p < state->segment_count(); ++p) TRY_DONE(state->parts()[p].segment->verify());
  return {};
}

/// The next open could not take the chunk for whole: it is to be copied before that.
void Chunk::note_damage(const std::string& damage) {
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard publish_lock(publish_mutex_);
  if (!dropping_ && damage_.empty()) damage_ = damage;
}

Status Chunk::drop(const std::function<Status()>& log_it) {
  TRY(const auto turn, take_turn());
  {
    const std::lock_guard lock(writer_mutex_);
    if (dropping_) return Error{ErrorCode::kNotFound, "the chunk is dropped already: " + std::to_string(id_.value)};
    dropping_ = true;
  }
  const Status logged = log_it();
  const std::lock_guard lock(writer_mutex_);
  if (!logged.ok()) {
    dropping_ = false;
    return logged;
  }
  const std::lock_guard publish_lock(publish_mutex_);
  context_.budget.release(state_->memory_bytes());
  for (const auto& [version, write] : waiting_) context_.budget.release(write.bytes);
  waiting_.clear();
  pins_.clear();
  dropped_ = true;
  return {};
}

Status Chunk::remove_files() {
  TRY(const auto turn, take_turn());
  if (directory_.empty()) return {};
  Manifest grave;
  grave.chunk = id_;
  grave.dropped = true;
  grave.next_file = next_file_;
  if (!left_behind_.empty()) TRY_DONE(write_manifest(context_.files, left_behind_, grave));
  TRY_DONE(write_manifest(context_.files, directory_, grave));
  for (const auto& segment : on_disk_) segment->mark_obsolete();
  on_disk_.clear();
  {
    auto state = std::make_shared<const ChunkState>(data::Schema{}, SortRule{}, 0);
    std::vector<OldGeneration> old;  // letting go removes files: not under the mutexes
    std::vector<OldGeneration> forgotten;
    const std::lock_guard lock(writer_mutex_);
    const std::lock_guard publish_lock(publish_mutex_);
    old.swap(old_generations_);
    forgotten.swap(forgotten_);
    state.swap(state_);
  }
  return remove_directory(directory_);
}

/// When readers still hold files the directory stays, with a manifest that says why; the next open removes it.
Status Chunk::remove_directory(const std::string& directory) {
  TRY(const auto names, context_.files.list(directory));
  for (const auto& name : names) {
    if (name.ends_with(".col")) return {};
  }
  // The manifest goes last: column files that a power cut brings back must meet it.
  TRY_DONE(context_.files.sync_directory(directory));
  for (const auto& name : names) TRY_DONE(context_.files.remove(io::join_path(directory, name)));
  return context_.files.remove_directory(directory);
}

Chunk::ImportTarget Chunk::import_target() const {
  const std::lock_guard lock(publish_mutex_);
  return {version_, state_->generation(), dictionaries_, state_->schema(), state_->sort(), !damage_.empty()};
}

Status Chunk::install(Imported imported) {
  if (!imported.whole && imported.from_version == imported.to_version) return {};
  std::shared_ptr<const ChunkState> before;  // letting go may remove files: not under the mutexes
  const std::lock_guard lock(writer_mutex_);
  if (dropping_) return Error{ErrorCode::kConflict, "the chunk is being dropped: " + std::to_string(id_.value)};
  std::vector<Part> parts;
  if (!imported.whole) {
    if (version_ != imported.from_version || state_->generation() != imported.generation) {
      return Error{ErrorCode::kStale,
                   "the chunk changed while it was copied; copy it again: " + std::to_string(id_.value)};
    }
    parts = state_->parts();
    CHECK(state_->memory_rows() == 0);  // flushed when the import began, and no version was added since
  }
  for (const auto& facts : imported.segments) {
    parts.push_back(
        {0, facts.rows,
         std::make_shared<const Segment>(context_.files, segment_path(directory_, facts.file_number), id_, facts),
         nullptr});
  }
  {
    const std::lock_guard publish_lock(publish_mutex_);
    // In a sorted chunk the rows added mix with the others: the present content stays for its readers.
    const bool mixed = !imported.whole && imported.sort.sorts();
    if (mixed) old_generations_.push_back({state_, dictionaries_, context_.clock.wall_ns(), true});
    const uint64_t generation = imported.whole || mixed ? ++last_generation_ : state_->generation();
    if (imported.whole) context_.budget.release(state_->memory_bytes());
    before = state_;
    compression_ = imported.compression;
    const ChunkState empty(imported.schema, imported.sort, generation);
    state_ = std::make_shared<const ChunkState>(empty, std::move(parts));
    dictionaries_ = imported.dictionaries;
    frozen_parts_ = 0;
    damage_.clear();
    if (imported.whole) {
      for (auto& old : old_generations_) forgotten_.push_back(std::move(old));
      old_generations_.clear();
      versions_.clear();
      log_floor_ = imported.log_floor;
      pins_.clear();
    }
    add_version(imported.to_version, state_->rows());
    flushed_version_ = imported.from_version;  // differs from version_: the manifest is still to be written
  }
  dictionaries_->set_stored_sizes(imported.dictionary_sizes);
  while (!waiting_.empty() && waiting_.begin()->first <= version_ + 1) {
    PreparedWrite next = std::move(waiting_.begin()->second);
    const Version version = waiting_.begin()->first;
    waiting_.erase(waiting_.begin());
    if (version == version_ + 1)
      apply_next(std::move(next));
    else
      context_.budget.release(next.bytes);
  }
  return {};
}

}  // namespace pelorus::storage
