// Opening a node's store: directories, manifests, replay of the redo log.

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/side_by_side.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr size_t kBlockRowsMax = 1u << 20;

Status check_options(const StoreOptions& options) {
  if (options.block_rows < 2 || options.block_rows > kBlockRowsMax) {
    return Error{ErrorCode::kInvalid, "rows of a column block must be 2 to " + std::to_string(kBlockRowsMax) +
                                          ", not " + std::to_string(options.block_rows)};
  }
  if (options.buffer_bytes_max == 0)
    return Error{ErrorCode::kInvalid, "the write buffer needs some memory (OLAPCacheEngineSize)"};
  return {};
}

}  // namespace

Result<std::unique_ptr<ChunkStore>> ChunkStore::open(io::FileSystem& files, const Clock& clock, StoreOptions options) {
  TRY_DONE(check_options(options));
  auto store = std::make_unique<NodeStore>(files, clock, std::move(options));
  TRY_DONE(store->start());
  return std::unique_ptr<ChunkStore>(std::move(store));
}

Status NodeStore::start() {
  TRY_DONE(lock_directories());
  TRY(auto opened_volumes, open_directories(files_, options_.identity, options_.directories));
  {
    const std::lock_guard lock(mutex_);
    volumes_ = std::move(opened_volumes);
  }
  TRY(auto directories, list_chunk_directories(files_, volumes(), options_.chunks_at_once));
  TRY_DONE(settle_moves(files_, directories));
  TRY_DONE(load_chunks(directories));
  const auto opened = open_log();
  if (!opened.ok() && opened.error().code == ErrorCode::kCorrupt && options_.may_lose_log)
    TRY_DONE(set_log_aside(opened.error()));
  else
    TRY_DONE(opened);
  if (options_.background) background_ = std::thread([this] { run_background(); });
  yielding_.emplace([this] { let_go(); });
  return {};
}

Status NodeStore::open_log() {
  LogOptions log_options{
      .directory = options_.directories.redo_log, .segment_bytes = options_.log_segment_bytes, .sync = options_.sync};
  // Numbers up to a chunk's floor do not concern it, also not those of a log that follows a lost one.
  for (const auto& chunk : all())
    log_options.sequence_least = std::max(log_options.sequence_least, chunk->log_floor() + 1);
  TRY(log_,
      WriteAheadLog::open(files_, log_options, [this](const auto& record, RecordType type, std::string_view payload) {
        return replay(record, type, payload);
      }));
  return {};
}

/// Whatever was replayed is taken back, so that chunks are as their manifests say.
Status NodeStore::set_log_aside(const Error& damage) {
  const auto& directory = options_.directories.redo_log;
  const std::string aside = io::join_path(directory, "damaged_" + std::to_string(clock_.wall_ns() / 1000000000));
  log_error(damage.message + "; the redo log is set aside to " + aside +
            ", and what this node lacks for it is copied from other replicas");
  chunks_.clear();
  transactions_.clear();
  budget_.release(budget_.used());
  TRY_DONE(files_.make_directories(aside));
  TRY(const auto names, files_.list(directory));
  // log_state last: until then the next open finds the log damaged again.
  for (const bool state : {false, true}) {
    for (const auto& name : names) {
      const bool is_log = name.starts_with("log_") || name.starts_with("spare_");
      if (is_log && (name == "log_state") == state)
        TRY_DONE(files_.rename(io::join_path(directory, name), io::join_path(aside, name)));
    }
    TRY_DONE(files_.sync_directory(aside));
    TRY_DONE(files_.sync_directory(directory));
  }
  TRY(const auto chunks, list_chunk_directories(files_, volumes(), options_.chunks_at_once));
  TRY_DONE(load_chunks(chunks));
  return open_log();
}

Status NodeStore::lock_directories() {
  std::set<std::string> paths{options_.directories.redo_log, options_.directories.metadata};
  paths.insert(options_.directories.volumes.begin(), options_.directories.volumes.end());
  for (const auto& path : paths) {
    TRY_DONE(files_.make_directories(path));
    TRY(auto lock, files_.lock(io::join_path(path, "lock")));
    locks_.push_back(std::move(lock));
  }
  return {};
}

Status NodeStore::load_chunks(const std::vector<ChunkDirectory>& directories) {
  std::vector<ChunkRef> loaded(directories.size());
  TRY_DONE(side_by_side(directories.size(), options_.chunks_at_once, [&](size_t i) -> Status {
    TRY(loaded[i], load_chunk(directories[i]));
    return {};
  }));
  const std::lock_guard lock(mutex_);
  for (auto& chunk : loaded) {
    if (!chunk) continue;
    const auto [known, is_new] = chunks_.try_emplace(chunk->id(), chunk);
    if (!is_new)
      return Error{ErrorCode::kInvalid, "chunk " + std::to_string(chunk->id().value) +
                                            " is on two volumes: " + known->second->volume() + " and " +
                                            chunk->volume() + "; take one copy away"};
  }
  return {};
}

/// Null when nothing is left of it: it was dropped, or never had a manifest.
Result<NodeStore::ChunkRef> NodeStore::load_chunk(const ChunkDirectory& found) {
  const ChunkId id{std::stoull(found.name, nullptr, 16)};
  const std::string directory = found.path();
  auto manifest = read_manifest(files_, directory);
  const bool has_columns =
      std::any_of(found.files.begin(), found.files.end(), [](const auto& file) { return file.ends_with(".col"); });
  if (!manifest.ok() && manifest.error().code == ErrorCode::kNotFound) {
    // A chunk has a manifest before any column file.
    if (!has_columns) {
      TRY_DONE(remove_dropped(directory));
      return ChunkRef();
    }
    manifest = Error{ErrorCode::kCorrupt, "chunk manifest is missing: " + manifest_path(directory)};
  }
  if (manifest.ok() && manifest->chunk != id) {
    manifest = Error{ErrorCode::kCorrupt, "chunk manifest is of another chunk: " + manifest_path(directory)};
  }
  if (!manifest.ok()) {
    if (manifest.error().code != ErrorCode::kCorrupt) return manifest.error();
    log_error(manifest.error().message);
    return std::make_shared<Chunk>(context_, id, found.volume, directory, manifest.error().message);
  }
  if (manifest->dropped) {
    TRY_DONE(remove_dropped(directory));
    return ChunkRef();
  }
  std::set<std::string> wanted{manifest_path(directory)};
  for (const auto& segment : manifest->segments) wanted.insert(segment_path(directory, segment.file_number));
  for (const auto& file : found.files) {
    const std::string path = io::join_path(directory, file);
    if (!wanted.contains(path)) TRY_DONE(files_.remove(path));
  }
  return std::make_shared<Chunk>(context_, found.volume, directory, *manifest);
}

Status NodeStore::remove_dropped(const std::string& directory) {
  TRY(const auto names, files_.list(directory));
  for (const auto& name : names) {
    if (name != "manifest") TRY_DONE(files_.remove(io::join_path(directory, name)));
  }
  TRY(const bool left, files_.exists(manifest_path(directory)));
  if (left) {
    // The tombstone goes last.
    TRY_DONE(files_.sync_directory(directory));
    TRY_DONE(files_.remove(manifest_path(directory)));
  }
  return files_.remove_directory(directory);
}

Status NodeStore::replay(const LoggedRecord& record, RecordType type, std::string_view payload) {
  switch (type) {
    case RecordType::kPrepare: return replay_prepare(record, payload);
    case RecordType::kCommit: {
      TRY(const auto commit, decode_commit(payload));
      replay_commit(record, commit);
      return flush_for_room();
    }
    case RecordType::kAbort: {
      TRY(const auto transaction, decode_number(payload));
      Transaction taken;
      if (take_out({transaction}, taken)) (void)apply_versions(taken, {}, record.sequence);
      return {};
    }
    case RecordType::kDrop: {
      TRY(const auto chunk, decode_number(payload));
      return replay_drop(record, {chunk});
    }
    case RecordType::kEnd: return {};
  }
  return Error{ErrorCode::kCorrupt, "redo log has a record of unknown type " + std::to_string(static_cast<int>(type))};
}

Status NodeStore::replay_prepare(const LoggedRecord& record, std::string_view payload) {
  TRY(auto prepare, decode_prepare(payload));
  Transaction repeated;
  if (take_out(prepare.transaction, repeated)) (void)apply_versions(repeated, {}, record.sequence);
  Transaction transaction{{}, true, prepare.wall_ns};
  for (auto& write : prepare.writes) {
    const auto chunk = find_or_make(write.chunk, record.sequence - 1);
    Status fine = chunk->load_dictionaries();
    if (fine.ok()) fine = chunk->register_write(write, kLatestVersion);
    if (!fine.ok()) {  // a damaged chunk: it will be copied from another replica
      log_warning("redo log: " + fine.error().message);
      continue;
    }
    write.bytes = write.rows.memory_bytes() + 1;
    write.pin = record.pin;
    budget_.take(write.bytes);
    transaction.writes.push_back(std::move(write));
  }
  const std::lock_guard lock(mutex_);
  if (!transaction.writes.empty()) transactions_.insert_or_assign(prepare.transaction, std::move(transaction));
  return {};
}

void NodeStore::replay_commit(const LoggedRecord& record, const CommitRecord& commit) {
  Transaction taken;
  (void)take_out(commit.transaction, taken);
  const Status applied = apply_versions(taken, commit.versions, record.sequence);
  // Nothing to stop for: the chunk was dropped later on, or its version tells the controllers that it is stale.
  if (!applied.ok()) log_warning("redo log: " + applied.error().message);
}

Status NodeStore::replay_drop(const LoggedRecord& record, ChunkId id) {
  const auto chunk = find(id);
  if (!chunk.ok() || record.sequence <= chunk.value()->log_floor()) return {};
  TRY_DONE(chunk.value()->drop([]() -> Status { return {}; }));
  remove_prepared(id);
  {
    const std::lock_guard lock(mutex_);
    chunks_.erase(id);
  }
  return chunk.value()->remove_files();
}

/// The log may hold more than fits into the buffer.
Status NodeStore::flush_for_room() {
  if (budget_.used() <= budget_.bytes_max()) return {};
  return flush_largest([&] { return budget_.used() <= budget_.bytes_max() / 2; });
}

}  // namespace pelorus::storage
