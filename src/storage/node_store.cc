// Transactions and reading; opening is in open_store.cc, the background work in upkeep.cc.

#include "storage/node_store.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "base/log.h"
#include "base/memory_limit.h"
#include "data/sorted_rows.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kBytesPerWrite = 256;  // counted for a prepared write beside its rows

}  // namespace

NodeStore::NodeStore(io::FileSystem& files, const Clock& clock, StoreOptions options)
    : files_(files),
      clock_(clock),
      options_(std::move(options)),
      budget_(options_.buffer_bytes_max),
      context_{files_, clock_, options_, budget_} {}

NodeStore::~NodeStore() { (void)stop(); }

Result<NodeStore::ChunkRef> NodeStore::find(ChunkId chunk) const {
  const std::lock_guard lock(mutex_);
  const auto found = chunks_.find(chunk);
  if (found == chunks_.end()) {
    return Error{ErrorCode::kNotFound, "this node has no such chunk: " + std::to_string(chunk.value)};
  }
  return found->second;
}

NodeStore::ChunkRef NodeStore::find_or_make(ChunkId chunk, uint64_t log_floor) {
  const std::lock_guard lock(mutex_);
  auto& place = chunks_[chunk];
  if (!place) place = std::make_shared<Chunk>(context_, chunk, log_floor);
  return place;
}

/// A chunk made for a prepare that came to nothing. References are gained under mutex_ only, so a count of two means
/// the map's and the caller's.
void NodeStore::forget_if_unused(const ChunkRef& chunk) {
  const std::lock_guard lock(mutex_);
  const auto found = chunks_.find(chunk->id());
  if (found != chunks_.end() && found->second == chunk && chunk.use_count() <= 2 && chunk->is_empty_and_unused()) {
    chunks_.erase(found);
  }
}

std::vector<NodeStore::ChunkRef> NodeStore::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<ChunkRef> chunks;
  for (const auto& [id, chunk] : chunks_) chunks.push_back(chunk);
  return chunks;
}

Result<std::vector<PreparedWrite>> NodeStore::check_writes(std::span<ChunkWrite> writes) const {
  if (writes.empty()) return Error{ErrorCode::kInvalid, "a transaction writes to at least one chunk"};
  std::vector<PreparedWrite> prepared;
  std::unordered_set<ChunkId> chunks;
  for (const auto& write : writes) {
    TRY_DONE(check_rows_fit(write.schema, write.rows));
    TRY_DONE(check_sort_fits(write.sort, write.schema));
    if (!write.compression.empty() && write.compression.size() != write.schema.size())
      return Error{ErrorCode::kInvalid, "a write has a compression method for each column, or for none"};
    if (!chunks.insert(write.chunk).second)
      return Error{ErrorCode::kInvalid, "a transaction writes to a chunk once: " + std::to_string(write.chunk.value)};
  }
  for (auto& write : writes) {
    PreparedWrite one{write.chunk, write.kind, write.schema,     write.sort, with_compact_symbols(write.rows),
                      0,           nullptr,    write.compression};
    if (one.sort.sorts()) one.rows = data::sorted_rows(std::move(one.rows), one.sort.columns);
    one.bytes = one.rows.memory_bytes() + kBytesPerWrite;
    prepared.push_back(std::move(one));
  }
  return prepared;
}

/// True when the transaction is known here: then `outcome` answers the repeated prepare.
bool NodeStore::is_prepared(TransactionId transaction, std::span<const ChunkWrite> writes, Status& outcome) const {
  const std::lock_guard lock(mutex_);
  const auto found = transactions_.find(transaction);
  if (found == transactions_.end()) return false;
  std::unordered_set<ChunkId> known;
  for (const auto& write : found->second.writes) known.insert(write.chunk);
  const bool same = known.size() == writes.size() && std::all_of(writes.begin(), writes.end(), [&](const auto& write) {
                      return known.contains(write.chunk);
                    });
  if (!same) {
    outcome = Error{ErrorCode::kConflict,
                    "transaction has prepared other chunks before: " + std::to_string(transaction.value)};
  }
  return true;
}

Status NodeStore::register_writes(std::span<const PreparedWrite> writes, std::span<const ChunkWrite> asked) {
  for (size_t i = 0; i < writes.size(); ++i) {
    const auto chunk = find_or_make(writes[i].chunk, log_->last_sequence());
    Status fine = chunk->load_dictionaries();
    if (fine.ok()) fine = chunk->register_write(writes[i], asked[i].base_version);
    if (fine.ok()) continue;
    give_up(writes.first(i));
    forget_if_unused(chunk);
    return fine;
  }
  return {};
}

/// Takes registered writes back.
void NodeStore::give_up(std::span<const PreparedWrite> writes) {
  for (const auto& write : writes) {
    const auto chunk = find(write.chunk);
    if (!chunk.ok()) continue;
    chunk.value()->unregister_write(write);
    forget_if_unused(chunk.value());
  }
}

/// Why the write buffer is not emptied, when that is known.
Error NodeStore::no_room(const Error& full) const {
  const std::lock_guard lock(mutex_);
  if (background_failure_.ok()) return full;
  const auto& cause = background_failure_.error();
  const bool is_disk = cause.code == ErrorCode::kNoSpace || cause.code == ErrorCode::kIo;
  return {is_disk ? cause.code : full.code, full.message + "; " + cause.message};
}

Status NodeStore::prepare(TransactionId transaction, std::span<ChunkWrite> writes) {
  const memory::NeverRefused bounded_by_the_buffer;
  Status repeated;
  if (is_prepared(transaction, writes, repeated)) return repeated;
  TRY(auto prepared, check_writes(writes));
  uint64_t bytes = 0;
  for (const auto& write : prepared) bytes += write.bytes;
  if (static_cast<double>(budget_.used() + bytes) > options_.flush_share * static_cast<double>(budget_.bytes_max())) {
    wake_.notify_one();
  }
  if (const auto room = budget_.reserve(bytes, options_.buffer_wait); !room.ok()) return no_room(room.error());
  Status outcome = register_writes(prepared, writes);
  if (outcome.ok()) {
    PartList parts;
    const int64_t now = clock_.wall_ns();
    encode_prepare(transaction, now, prepared, parts);
    const auto logged = log_->append(RecordType::kPrepare, parts.parts());
    if (logged.ok()) {
      for (auto& write : prepared) write.pin = logged->pin;
      const std::lock_guard lock(mutex_);
      const auto [place, is_new] = transactions_.try_emplace(transaction, Transaction{{}, false, now});
      if (is_new) {
        place->second.writes = std::move(prepared);
        return {};
      }
      outcome =
          Error{ErrorCode::kConflict, "transaction was prepared twice at once: " + std::to_string(transaction.value)};
    } else {
      outcome = logged.error();
    }
    give_up(prepared);
  }
  budget_.release(bytes);
  return outcome;
}

bool NodeStore::take_out(TransactionId transaction, Transaction& taken) {
  const std::lock_guard lock(mutex_);
  const auto found = transactions_.find(transaction);
  if (found == transactions_.end()) return false;
  taken = std::move(found->second);
  transactions_.erase(found);
  return true;
}

/// `sequence`: of the commit's record in a replay, UINT64_MAX otherwise.
Status NodeStore::apply_versions(Transaction& taken, std::span<const ChunkVersion> versions, uint64_t sequence) {
  Status outcome;
  std::unordered_map<ChunkId, PreparedWrite*> writes;
  for (auto& write : taken.writes) writes.emplace(write.chunk, &write);
  for (const auto& entry : versions) {
    const auto chunk = find(entry.chunk);
    const auto place = writes.find(entry.chunk);
    auto* write = place != writes.end() && place->second->bytes > 0 ? place->second : nullptr;
    const bool concerned = chunk.ok() && sequence > chunk.value()->log_floor();
    if (concerned && write != nullptr) {
      chunk.value()->unregister_write(*write);
      chunk.value()->apply(std::move(*write), entry.version);
      write->bytes = 0;  // taken over
    } else if (!chunk.ok() || (concerned && !chunk.value()->has(entry.version))) {
      outcome = Error{ErrorCode::kNotFound, "nothing is prepared for version " + std::to_string(entry.version) +
                                                " of chunk " + std::to_string(entry.chunk.value) +
                                                ": this replica is stale and must be copied from another"};
    }
  }
  for (const auto& write : taken.writes) {
    if (write.bytes == 0) continue;
    give_up({&write, 1});
    budget_.release(write.bytes);
  }
  return outcome;
}

Status NodeStore::commit(TransactionId transaction, std::span<const ChunkVersion> versions) {
  const memory::NeverRefused decided;
  const std::lock_guard lock(outcome_mutex_);
  Transaction taken;
  if (take_out(transaction, taken)) log_->append_later(RecordType::kCommit, encode_commit(transaction, versions));
  return apply_versions(taken, versions, UINT64_MAX);
}

Status NodeStore::abort(TransactionId transaction) {
  const memory::NeverRefused decided;
  const std::lock_guard lock(outcome_mutex_);
  Transaction taken;
  if (!take_out(transaction, taken)) return {};
  log_->append_later(RecordType::kAbort, encode_number(transaction.value));
  return apply_versions(taken, {}, UINT64_MAX);
}

std::vector<InDoubt> NodeStore::in_doubt() const {
  const std::lock_guard lock(mutex_);
  std::vector<InDoubt> list;
  for (const auto& [id, transaction] : transactions_) {
    InDoubt entry{
        .transaction = id, .recovered = transaction.recovered, .prepared_wall_ns = transaction.prepared_wall_ns};
    for (const auto& write : transaction.writes) {
      entry.chunks.push_back(write.chunk);
      entry.rows.push_back(write.rows.rows());
      entry.bytes.push_back(write.bytes);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Result<std::shared_ptr<const ChunkSnapshot>> NodeStore::snapshot(ChunkId chunk, Version version) {
  TRY(const auto found, find(chunk));
  return found->snapshot(version);
}

/// Prepared writes of a chunk that goes.
void NodeStore::remove_prepared(ChunkId chunk) {
  const std::lock_guard lock(mutex_);
  for (auto entry = transactions_.begin(); entry != transactions_.end();) {
    auto& writes = entry->second.writes;
    for (auto write = writes.begin(); write != writes.end();) {
      if (write->chunk != chunk) {
        ++write;
        continue;
      }
      budget_.release(write->bytes);
      write = writes.erase(write);
    }
    entry = writes.empty() ? transactions_.erase(entry) : std::next(entry);
  }
}

Status NodeStore::drop(ChunkId chunk) {
  const memory::NeverRefused whole;
  TRY(const auto found, find(chunk));
  const std::string payload = encode_number(chunk.value);
  const std::string_view parts[] = {payload};
  TRY_DONE(found->drop([&]() -> Status {
    const auto logged = log_->append(RecordType::kDrop, parts);
    if (!logged.ok()) return logged.error();
    return {};
  }));
  {
    const std::lock_guard outcome_lock(outcome_mutex_);
    remove_prepared(chunk);
    const std::lock_guard lock(mutex_);
    chunks_.erase(chunk);
  }
  return found->remove_files();
}

std::vector<ChunkInfo> NodeStore::chunks() const {
  std::vector<ChunkInfo> list;
  for (const auto& chunk : all()) list.push_back(chunk->info());
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.chunk < b.chunk; });
  return list;
}

Result<ChunkInfo> NodeStore::info(ChunkId chunk) const {
  TRY(const auto found, find(chunk));
  return found->info();
}

StoreStatus NodeStore::status() const {
  StoreStatus status;
  status.buffer_bytes = budget_.used();
  status.buffer_bytes_max = budget_.bytes_max();
  status.index_bytes = index_bytes_;
  status.index_bytes_max = options_.index_bytes_max;
  status.log_bytes = log_->bytes();
  status.log_failure = log_->failure();
  const std::lock_guard lock(mutex_);
  status.chunks = chunks_.size();
  status.prepared = transactions_.size();
  if (!background_failure_.ok()) status.background_failure = background_failure_.error().message;
  return status;
}

Result<std::vector<FileInfo>> NodeStore::files(ChunkId chunk) {
  TRY(const auto found, find(chunk));
  return found->files();
}

Result<std::vector<SortKeyRows>> NodeStore::sort_keys(ChunkId chunk) {
  TRY(const auto found, find(chunk));
  return found->sort_keys();
}

void NodeStore::set_buffer_bytes_max(uint64_t bytes) {
  budget_.set_bytes_max(bytes);
  wake_.notify_one();
}

Result<ContentHash> NodeStore::content_hash(ChunkId chunk, Version version) {
  TRY(const auto view, snapshot(chunk, version));
  return view->content_hash();
}

Status NodeStore::verify(ChunkId chunk) {
  TRY(const auto found, find(chunk));
  return found->verify();
}

}  // namespace pelorus::storage
