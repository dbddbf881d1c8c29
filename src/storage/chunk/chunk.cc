#include "storage/chunk/chunk.h"

#include <algorithm>

#include "base/check.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kOldGenerationBytesMax = 64ull << 20;  // rows in memory that only old versions need, a chunk
/// Readers that were told a version read it within this time.
constexpr int64_t kSettlingNs = 5'000'000'000;
/// Blocks in memory that become one.
constexpr size_t kMergedAtOnce = 8;
/// A block of so many rows and bytes stays as it is: reading it costs hardly more than reading it as a part of another.
constexpr size_t kLargeRows = 4096;
constexpr uint64_t kLargeBytes = 256 << 10;

Error chunk_error(ErrorCode code, ChunkId id, const std::string& fact) {
  return {code, fact + ": chunk " + std::to_string(id.value)};
}

std::shared_ptr<const ChunkState> no_rows(data::Schema schema, SortRule sort, uint64_t generation) {
  return std::make_shared<const ChunkState>(std::move(schema), std::move(sort), generation);
}

bool is_large(const Part& part) { return part.rows >= kLargeRows && part.block->bytes >= kLargeBytes; }

/// Less the first one, of each row.
data::Vector versions_of(std::span<const Part> blocks, size_t rows) {
  data::Vector versions(types::Type::kInt);
  auto& numbers = versions.edit<int32_t>();
  numbers.reserve(rows);
  for (const auto& part : blocks) {
    const auto base = static_cast<int32_t>(part.block->first_version - blocks.front().block->first_version);
    if (part.block->row_versions.empty()) numbers.insert(numbers.end(), part.rows, base);
    for (const auto version : part.block->row_versions) numbers.push_back(base + static_cast<int32_t>(version));
  }
  return versions;
}

}  // namespace

Chunk::Chunk(ChunkContext context, ChunkId id, uint64_t log_floor)
    : context_(context),
      id_(id),
      state_(no_rows({}, {}, 1)),
      dictionaries_(std::make_shared<ChunkDictionaries>(data::Schema{}, std::vector<std::shared_ptr<const Segment>>{})),
      log_floor_(log_floor),
      versions_{{0, 1, 0}} {}

Chunk::Chunk(ChunkContext context, std::string volume, std::string directory, const Manifest& manifest)
    : context_(context),
      id_(manifest.chunk),
      next_file_(manifest.next_file),
      manifest_generation_(manifest.generation),
      last_generation_(manifest.generation),
      compression_(manifest.compression),
      version_(manifest.version),
      flushed_version_(manifest.version),
      log_floor_(manifest.log_floor),
      versions_(manifest.versions.begin(), manifest.versions.end()),
      volume_(std::move(volume)),
      directory_(std::move(directory)) {
  std::vector<Part> parts;
  for (const auto& facts : manifest.segments) {
    on_disk_.push_back(
        std::make_shared<const Segment>(context_.files, segment_path(directory_, facts.file_number), id_, facts));
    parts.push_back({0, facts.rows, on_disk_.back(), nullptr});
  }
  const ChunkState empty(manifest.schema, manifest.sort, manifest.generation);
  state_ = std::make_shared<const ChunkState>(empty, std::move(parts));
  dictionaries_ = std::make_shared<ChunkDictionaries>(manifest.schema, on_disk_);
  if (versions_.empty()) versions_.push_back({version_, manifest.generation, state_->rows()});
}

Chunk::Chunk(ChunkContext context, ChunkId id, std::string volume, std::string directory, std::string damage)
    : Chunk(context, id, 0) {
  volume_ = std::move(volume);
  directory_ = std::move(directory);
  damage_ = std::move(damage);
}

Result<std::unique_ptr<Chunk::Turn>> Chunk::take_turn(bool for_import) {
  std::unique_lock lock(turn_mutex_);
  turn_ended_.wait(lock, [&] { return !busy_ || importing_; });
  if (busy_) return chunk_error(ErrorCode::kConflict, id_, "a copy of another replica is being taken");
  busy_ = true;
  importing_ = for_import;
  return std::make_unique<Turn>(*this);
}

void Chunk::end_turn() {
  const std::lock_guard lock(turn_mutex_);
  busy_ = importing_ = false;
  turn_ended_.notify_all();
}

Status Chunk::register_write(const PreparedWrite& write, Version base_version) {
  const std::lock_guard lock(writer_mutex_);
  if (dropping_) return chunk_error(ErrorCode::kConflict, id_, "the chunk is being dropped");
  if (!damage_.empty()) return Error{ErrorCode::kCorrupt, damage_};
  if (base_version != kLatestVersion && base_version != version_) {
    return chunk_error(ErrorCode::kStale, id_,
                       "version is " + std::to_string(version_) + ", not " + std::to_string(base_version));
  }
  const bool alone = prepared_appends_ + prepared_replaces_ == 0;
  if (prepared_replaces_ > 0 || (write.kind == WriteKind::kReplace && !alone)) {
    return chunk_error(ErrorCode::kConflict, id_, "another transaction changes the partition");
  }
  if (write.kind == WriteKind::kAppend && (write.schema != state_->schema() || write.sort != state_->sort())) {
    // Before the first commit the schema and order are those of the writes prepared.
    if (version_ != 0 || (!alone && !state_->schema().empty())) {
      return chunk_error(ErrorCode::kInvalid, id_, "rows do not have the schema and order of the chunk");
    }
    const std::lock_guard publish_lock(publish_mutex_);
    state_ = no_rows(write.schema, write.sort, state_->generation());
    dictionaries_ = std::make_shared<ChunkDictionaries>(write.schema, std::vector<std::shared_ptr<const Segment>>{});
  }
  for (size_t c = 0; c < write.schema.size(); ++c) {
    if (write.schema[c].type != types::Type::kSymbol) continue;
    if (write.kind == WriteKind::kAppend) TRY_DONE(dictionaries_->check_room(c, write.rows.column(c).symbols()));
  }
  (write.kind == WriteKind::kReplace ? prepared_replaces_ : prepared_appends_) += 1;
  return {};
}

void Chunk::unregister_write(const PreparedWrite& write) {
  const std::lock_guard lock(writer_mutex_);
  size_t& prepared = write.kind == WriteKind::kReplace ? prepared_replaces_ : prepared_appends_;
  CHECK(prepared > 0);
  --prepared;
}

Status Chunk::load_dictionaries() {
  std::shared_ptr<ChunkDictionaries> dictionaries;
  {
    const std::lock_guard lock(publish_mutex_);
    dictionaries = dictionaries_;
  }
  return dictionaries->load();
}

void Chunk::apply(PreparedWrite write, Version version) {
  const std::lock_guard lock(writer_mutex_);
  if (dropped_ || version <= version_ || waiting_.contains(version)) {
    context_.budget.release(write.bytes);
    return;
  }
  waiting_.emplace(version, std::move(write));
  while (!waiting_.empty() && waiting_.begin()->first == version_ + 1) {
    PreparedWrite next = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    apply_next(std::move(next));
  }
}

void Chunk::apply_next(PreparedWrite write) {
  const Version version = version_ + 1;
  if (pins_.empty() || pins_.back().second != write.pin) pins_.emplace_back(version, write.pin);
  pins_.back().first = version;
  compression_ = write.compression;
  if (write.kind == WriteKind::kReplace) {
    replace_content(write);
  } else {
    append_block(write);
  }
}

/// As rows of the next version.
std::shared_ptr<MemoryBlock> Chunk::to_block(const PreparedWrite& write, ChunkDictionaries& dictionaries) const {
  std::vector<data::Shared<data::Vector>> columns;
  for (size_t c = 0; c < write.schema.size(); ++c) {
    const auto& column = write.rows.column(c);
    if (write.schema[c].type == types::Type::kSymbol) {
      columns.emplace_back(data::Vector::adopt<int32_t>(
          types::Type::kInt, dictionaries.recode(c, column.symbols(), column.values<int32_t>())));
    } else {
      columns.push_back(write.rows.column_shared(c));
    }
  }
  auto block = std::make_shared<MemoryBlock>();
  block->rows = data::Table(write.rows.names(), std::move(columns));
  block->bytes = write.bytes;
  block->first_version = block->last_version = version_ + 1;
  if (write.sort.sorts()) block->directory = directory_of(block->rows, write.sort);
  return block;
}

/// The blocks of `tail` as one.
std::shared_ptr<MemoryBlock> Chunk::merged(std::span<const Part> tail) const {
  auto block = std::make_shared<MemoryBlock>();
  block->first_version = tail.front().block->first_version;
  block->last_version = tail.back().block->last_version;
  size_t rows = 0;
  for (const auto& part : tail) {
    block->bytes += part.block->bytes;
    rows += part.rows;
  }
  const auto& names = tail.front().block->rows.names();
  std::vector<data::Vector> columns;
  for (size_t c = 0; c < names.size(); ++c) {
    data::Vector& column = columns.emplace_back(tail.front().block->rows.column(c).slice(0, 0));
    column.reserve(rows);
    for (const auto& part : tail) column.append(part.block->rows.column(c));
  }
  if (state_->sort().sorts()) {
    const ChunkState runs(*state_, {tail.begin(), tail.end()});
    // Nothing is left out: older versions are among the rows.
    const auto order = runs.arrange({{0, rows}}, *dictionaries_, KeepDuplicates::kAll);
    CHECK(order.ok());  // all of it is in memory
    columns.push_back(versions_of(tail, rows));
    columns = order->arranged(std::move(columns));
    for (const auto version : columns.back().values<int32_t>())
      block->row_versions.push_back(static_cast<uint32_t>(version));
    columns.pop_back();
  }
  std::vector<data::Shared<data::Vector>> shared;
  for (auto& column : columns) shared.emplace_back(std::move(column));
  block->rows = data::Table(names, std::move(shared));
  if (state_->sort().sorts()) block->directory = directory_of(block->rows, state_->sort());
  return block;
}

/// How many parts from the end are to become one; 0: none. Of one magnitude there are fewer than kMergedAtOnce but
/// for large ones, so a row is copied once a magnitude, and a chunk has few parts whatever the size of its writes.
size_t Chunk::mergeable_tail(const std::vector<Part>& parts) const {
  const auto magnitude = [](size_t rows) {
    size_t power = 0;
    for (; rows >= kMergedAtOnce; rows /= kMergedAtOnce) ++power;
    return power;
  };
  const size_t newest = magnitude(parts.back().rows);
  size_t alike = 0, fit = 0, rows = 0;
  for (size_t p = parts.size(); p > frozen_parts_; --p) {
    const Part& part = parts[p - 1];
    if (part.segment || is_large(part) || magnitude(part.rows) > newest) break;
    ++alike;
    rows += part.rows;
    if (rows <= context_.options.block_rows) fit = alike;
  }
  return alike < kMergedAtOnce || fit < 2 ? 0 : fit;
}

std::vector<Part> Chunk::merged_tail(std::vector<Part> parts) const {
  for (size_t count = mergeable_tail(parts); count > 0; count = mergeable_tail(parts)) {
    const auto first = parts.end() - static_cast<ptrdiff_t>(count);
    auto block = merged({first, parts.end()});
    const size_t rows = block->rows.rows();
    parts.erase(first, parts.end());
    parts.push_back({0, rows, nullptr, std::move(block)});
  }
  return parts;
}

void Chunk::append_block(const PreparedWrite& write) {
  std::vector<Part> parts = state_->parts();
  if (write.rows.rows() > 0) {
    parts.push_back({0, write.rows.rows(), nullptr, to_block(write, *dictionaries_)});
    parts = merged_tail(std::move(parts));
  } else {
    context_.budget.release(write.bytes);
  }
  auto state = std::make_shared<const ChunkState>(*state_, std::move(parts));
  const std::lock_guard publish_lock(publish_mutex_);
  state_ = std::move(state);
  add_version(version_ + 1, state_->rows());
}

void Chunk::replace_content(const PreparedWrite& write) {
  context_.budget.release(state_->memory_bytes());  // no flush will write the old rows any more
  auto dictionaries = std::make_shared<ChunkDictionaries>(write.schema, std::vector<std::shared_ptr<const Segment>>{});
  std::vector<Part> parts;
  if (write.rows.rows() > 0) {
    parts.push_back({0, write.rows.rows(), nullptr, to_block(write, *dictionaries)});
  } else {
    context_.budget.release(write.bytes);
  }
  const ChunkState empty(write.schema, write.sort, ++last_generation_);
  auto state = std::make_shared<const ChunkState>(empty, std::move(parts));
  const std::lock_guard publish_lock(publish_mutex_);
  old_generations_.push_back({std::move(state_), std::move(dictionaries_), context_.clock.wall_ns(), false});
  state_ = std::move(state);
  dictionaries_ = std::move(dictionaries);
  frozen_parts_ = 0;
  add_version(version_ + 1, state_->rows());
  prune_locked();
}

/// publish_mutex_ held.
void Chunk::add_version(Version version, size_t rows) {
  version_ = version;
  written_wall_ns_ = context_.clock.wall_ns();
  versions_.push_back({version, state_->generation(), rows});
  if (versions_.size() > context_.options.versions_kept_max)
    versions_.erase(versions_.begin(), versions_.end() - static_cast<ptrdiff_t>(context_.options.versions_kept_max));
}

/// publish_mutex_ held. What goes is left in forgotten_.
void Chunk::prune_locked() {
  const auto retention = std::chrono::nanoseconds(context_.options.generation_retention).count();
  const int64_t now = context_.clock.wall_ns();
  uint64_t memory = 0;
  size_t replaced = 0;
  for (const auto& old : old_generations_) {
    memory += old.state->memory_bytes();
    replaced += old.rewritten ? 0 : 1;
  }
  while (!old_generations_.empty()) {
    const auto& oldest = old_generations_.front();
    const int64_t age = now - oldest.replaced_wall_ns;
    const bool fits = replaced <= context_.options.generations_kept_max && memory <= kOldGenerationBytesMax;
    if (oldest.rewritten ? age < kSettlingNs : fits && age < retention) break;
    memory -= oldest.state->memory_bytes();
    replaced -= oldest.rewritten ? 0 : 1;
    const uint64_t gone = oldest.state->generation();
    forgotten_.push_back(std::move(old_generations_.front()));
    old_generations_.erase(old_generations_.begin());
    const auto kept = std::ranges::find_if(versions_, [&](const auto& entry) { return entry.generation > gone; });
    versions_.erase(versions_.begin(), kept);
  }
}

void Chunk::prune() {
  std::vector<OldGeneration> forgotten;  // letting go may remove files: not under the mutexes
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard publish_lock(publish_mutex_);
  prune_locked();
  forgotten.swap(forgotten_);
}

void Chunk::let_go() const {
  std::vector<OldGeneration> held;
  {
    const std::lock_guard lock(publish_mutex_);
    held = old_generations_;
    if (state_) held.push_back({.state = state_, .dictionaries = dictionaries_});
  }
  for (const auto& one : held) {
    one.state->let_go();
    if (one.dictionaries) one.dictionaries->let_go();
  }
}

bool Chunk::has(Version version) const {
  const std::lock_guard lock(writer_mutex_);
  return version <= version_ || waiting_.contains(version);
}

uint64_t Chunk::learnt_bytes() const {
  std::shared_ptr<const ChunkState> state;
  {
    const std::lock_guard lock(publish_mutex_);
    state = state_;
  }
  uint64_t bytes = 0;
  for (size_t p = 0; state && p < state->segment_count(); ++p) bytes += state->parts()[p].segment->learnt_bytes();
  return bytes;
}

Result<std::shared_ptr<const ChunkSnapshot>> Chunk::snapshot(Version version) const {
  last_read_ = context_.clock.now();
  Held held;
  {
    const std::lock_guard lock(publish_mutex_);
    TRY(held, hold_locked(version));
  }
  return snapshot_of(held);
}

std::shared_ptr<const ChunkSnapshot> Chunk::snapshot_of(const Held& held) const {
  auto state = held.state;
  size_t rows = held.rows;
  if (state->sort().sorts()) {
    if (state->newest_in_memory() > held.version) state = state->with_versions(0, held.version, true);
    rows = state->rows();
  }
  return std::make_shared<const ChunkSnapshot>(std::move(state), held.dictionaries, id_, held.version, rows);
}

Result<Chunk::ExportView> Chunk::export_view(Version from_version, CopyForm form) const {
  Held held;
  std::optional<size_t> rows_before;
  Compressions compression;
  {
    const std::lock_guard writer_lock(writer_mutex_);
    const std::lock_guard lock(publish_mutex_);
    compression = compression_;
    TRY(held, hold_locked(kLatestVersion));
    for (const auto& entry : versions_) {
      const bool same = entry.version == from_version && entry.generation == state_->generation();
      if (same && from_version > 0) rows_before = entry.rows;
    }
  }
  if (from_version > held.version) {
    return chunk_error(
        ErrorCode::kStale, id_,
        "this replica is at version " + std::to_string(held.version) + ", older than " + std::to_string(from_version));
  }
  const bool sorts = held.state->sort().sorts();
  if (!rows_before && form == CopyForm::kFiles && held.state->segment_count() > 0) {
    std::vector<std::shared_ptr<const Segment>> files;
    for (size_t p = 0; p < held.state->segment_count(); ++p) files.push_back(held.state->parts()[p].segment);
    const size_t rows_in_files = held.state->rows() - held.state->memory_rows();
    if (sorts) held.state = held.state->with_versions(0, held.version, false);
    return ExportView{snapshot_of(held), 0, sorts ? 0 : rows_in_files, compression, std::move(files)};
  }
  if (!rows_before) return ExportView{snapshot_of(held), 0, 0, compression, {}};
  if (!sorts) return ExportView{snapshot_of(held), from_version, *rows_before, compression, {}};
  // All that came after a version of this generation is in memory.
  held.state = held.state->with_versions(from_version, held.version, false);
  return ExportView{snapshot_of(held), from_version, 0, compression, {}};
}

/// publish_mutex_ held.
Result<Chunk::Held> Chunk::hold_locked(Version version) const {
  if (!damage_.empty()) return Error{ErrorCode::kCorrupt, damage_};
  if (version == kLatestVersion) version = version_;
  if (version > version_) {
    return chunk_error(ErrorCode::kStale, id_,
                       "version " + std::to_string(version) + " is not here yet, only " + std::to_string(version_));
  }
  const auto entry = std::partition_point(versions_.begin(), versions_.end(),
                                          [&](const VersionEntry& known) { return known.version < version; });
  const Error gone = chunk_error(ErrorCode::kStale, id_, "version " + std::to_string(version) + " is no longer kept");
  if (entry == versions_.end() || entry->version != version) return gone;
  if (entry->generation == state_->generation()) return Held{state_, dictionaries_, version, entry->rows};
  for (const auto& old : old_generations_) {
    if (old.state->generation() == entry->generation) return Held{old.state, old.dictionaries, version, entry->rows};
  }
  return gone;
}

std::string Chunk::volume() const {
  const std::lock_guard lock(publish_mutex_);
  return volume_;
}

ChunkInfo Chunk::info() const {
  ChunkInfo info;
  const std::lock_guard lock(writer_mutex_);
  const std::lock_guard publish_lock(publish_mutex_);
  info.chunk = id_;
  info.schema = state_->schema();
  info.sort = state_->sort();
  info.version = version_;
  info.rows = state_->rows();
  info.rows_in_memory = state_->memory_rows();
  info.memory_bytes = state_->memory_bytes();
  info.flushed_version = flushed_version_;
  info.written_wall_ns = written_wall_ns_;
  info.segments = state_->segment_count();
  info.volume = volume_;
  info.versions_waiting = waiting_.size();
  info.damage = damage_;
  for (size_t p = 0; p < state_->segment_count(); ++p) {
    const auto& segment = *state_->parts()[p].segment;
    info.bytes_on_disk += segment.facts().file_bytes;
    if (info.damage.empty()) info.damage = segment.damage();
  }
  return info;
}

uint64_t Chunk::log_floor() const {
  const std::lock_guard lock(publish_mutex_);
  return log_floor_;
}

uint64_t Chunk::memory_bytes() const {
  const std::lock_guard lock(publish_mutex_);
  return state_->memory_bytes();
}

LogPin Chunk::oldest_pin() const {
  const std::lock_guard lock(writer_mutex_);
  return pins_.empty() ? nullptr : pins_.front().second;
}

bool Chunk::is_empty_and_unused() const {
  const std::lock_guard lock(writer_mutex_);
  return version_ == 0 && prepared_appends_ + prepared_replaces_ == 0 && waiting_.empty() && directory_.empty();
}

bool Chunk::needs_flush() const {
  const std::lock_guard lock(publish_mutex_);
  return damage_.empty() && version_ != flushed_version_;
}

}  // namespace pelorus::storage
