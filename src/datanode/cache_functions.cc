// The write buffer and the redo log as administrators see and set them.

#include <cmath>

#include "base/memory_limit.h"
#include "datanode/chunk_call.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

constexpr double kGigabyte = 1 << 30;

Value long_value(uint64_t number) { return Value::of_long(static_cast<int64_t>(number)); }

/// One write buffer holds the rows of both engines: what the parts of a column file in memory take is not told apart.
Value cache_size(const ChunkCall& call) {
  call.require_login();
  const auto status = call.store().status();
  return data::Vector::tuple({long_value(status.buffer_bytes), long_value(status.buffer_bytes), Value::of_long(0),
                              long_value(status.buffer_bytes_max)});
}

Value cache_limit(const ChunkCall& call) {
  call.require_login();
  return long_value(call.store().status().buffer_bytes_max);
}

/// Gigabytes of a positive number.
uint64_t bytes_of(const ChunkCall& call, size_t place, std::string_view parameter) {
  const auto& value = call.arguments()[place];
  const double gigabytes = value.is_scalar() && !value.is_null() && !value.is_text() ? value.scalar().as_double() : 0;
  if (!(gigabytes > 0) || std::isinf(gigabytes))
    call.arguments().refuse(parameter, "must be a number of gigabytes greater than 0");
  return static_cast<uint64_t>(gigabytes * kGigabyte);
}

std::string gigabytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", static_cast<double>(bytes) / kGigabyte);
  return text;
}

Value set_cache_size(const ChunkCall& call) {
  call.require_admin();
  const auto bytes = bytes_of(call, 0, "memSize");
  const auto most = memory::limit_bytes() / 2;
  if (most != 0 && bytes >= most)
    call.arguments().refuse("memSize", "must be less than half of maxMemSize, which is " +
                                           gigabytes(memory::limit_bytes()) + " GB on this node");
  call.store().set_buffer_bytes_max(bytes);
  return {};
}

Value set_max_memory(const ChunkCall& call) {
  call.require_admin();
  const auto bytes = bytes_of(call, 0, "maxMemSize");
  if (call.services().store != nullptr && bytes / 2 <= call.store().status().buffer_bytes_max)
    call.arguments().refuse("maxMemSize", "must be more than twice the write buffer, which is " +
                                              gigabytes(call.store().status().buffer_bytes_max) +
                                              " GB: make that smaller first (setOLAPCacheEngineSize)");
  memory::change_limit(bytes);
  return {};
}

/// What open transactions hold of a chunk here.
struct Open {
  std::vector<uint64_t> transactions;
  uint64_t rows = 0;
  uint64_t bytes = 0;
};

std::map<ChunkId, Open> open_writes(const ChunkCall& call) {
  std::map<ChunkId, Open> open;
  for (const auto& doubt : call.store().in_doubt()) {
    for (size_t i = 0; i < doubt.chunks.size(); ++i) {
      auto& one = open[doubt.chunks[i]];
      one.transactions.push_back(doubt.transaction.value);
      one.rows += doubt.rows[i];
      one.bytes += doubt.bytes[i];
    }
  }
  return open;
}

Value cache_stat(const ChunkCall& call) {
  call.require_login();
  const auto prepared = open_writes(call);
  const auto now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  TableRows rows({{"chunkId", Type::kString},
                  {"physicalName", Type::kString},
                  {"timeSinceLastWrite", Type::kLong},
                  {"cachedRowsOfCompletedTxn", Type::kLong},
                  {"cachedRowsOfUncompletedTxn", Type::kLong},
                  {"cachedMemOfCompletedTxn", Type::kLong},
                  {"cachedMemOfUncompletedTxn", Type::kLong},
                  {"cachedTids", Type::kString}});
  for (const auto& chunk : call.chunks()) {
    const auto& info = chunk.info;
    const auto found = prepared.find(info.chunk);
    if (info.rows_in_memory == 0 && found == prepared.end()) continue;
    const Open open = found == prepared.end() ? Open{} : found->second;
    std::string tids;
    for (const auto tid : open.transactions) tids += (tids.empty() ? "" : ",") + std::to_string(tid);
    const auto age = info.written_wall_ns == 0 ? types::kNull<int64_t> : (now - info.written_wall_ns) / 1'000'000;
    rows.add({text_value(std::to_string(info.chunk.value)), text_value(chunk.table), Value::of_long(age),
              long_value(info.rows_in_memory), long_value(open.rows), long_value(info.memory_bytes),
              long_value(open.bytes), text_value(tids)});
  }
  return rows.take();
}

/// The transaction that made the oldest version which is not in column files; null when the controllers' chain no
/// longer names it.
Value oldest_unflushed(const KnownChunk& chunk) {
  for (const auto& entry : chunk.facts.chain) {
    if (entry.version > chunk.info.flushed_version) return long_value(entry.transaction.value);
  }
  return Value::of_long(types::kNull<int64_t>);
}

/// By table. Log files go when nothing in them is needed, without a step between: what is flushed waits for nothing.
Value redo_log_stat(const ChunkCall& call) {
  call.require_login();
  struct Sums {
    uint64_t open = 0;
    uint64_t unflushed = 0;
    int64_t oldest = types::kNull<int64_t>;
  };
  std::map<std::string, Sums> tables;
  const auto prepared = open_writes(call);
  for (const auto& chunk : call.chunks()) {
    if (chunk.table.empty()) continue;
    const auto found = prepared.find(chunk.info.chunk);
    const uint64_t open = found == prepared.end() ? 0 : found->second.transactions.size();
    const uint64_t unflushed = chunk.info.version - std::min(chunk.info.version, chunk.info.flushed_version);
    if (open + unflushed == 0) continue;
    auto& sums = tables[chunk.database.substr(std::string_view("dfs:/").size()) + "/" + chunk.table];
    sums.open += open;
    sums.unflushed += unflushed;
    const auto oldest = unflushed == 0 ? Value() : oldest_unflushed(chunk);
    if (oldest.is_scalar() && !oldest.is_null() &&
        (sums.oldest == types::kNull<int64_t> || oldest.scalar().as_int64() < sums.oldest))
      sums.oldest = oldest.scalar().as_int64();
  }
  TableRows rows({{"physicalName", Type::kString},
                  {"txnCount", Type::kLong},
                  {"numOfTxnPendingGC", Type::kLong},
                  {"minTidPendingGC", Type::kLong},
                  {"numOfTxnPendingFlush", Type::kLong},
                  {"minTidPendingFlush", Type::kLong}});
  for (const auto& [name, sums] : tables) {
    rows.add({text_value(name), long_value(sums.open + sums.unflushed), Value::of_long(0),
              Value::of_long(types::kNull<int64_t>), long_value(sums.unflushed), Value::of_long(sums.oldest)});
  }
  return rows.take();
}

/// The rows of every chunk the transaction wrote to go into column files: then no log file is kept for it.
Value collect_redo_log(const ChunkCall& call) {
  call.require_admin();
  const auto tid = static_cast<uint64_t>(call.arguments().integer(0, "tid"));
  const auto open = call.store().in_doubt();
  if (std::any_of(open.begin(), open.end(), [&](const auto& one) { return one.transaction.value == tid; }))
    call.fail({ErrorCode::kConflict, "transaction " + std::to_string(tid) +
                                         " is not decided here yet: its redo log is needed until the controllers have "
                                         "told how it ended"});
  for (const auto& chunk : call.chunks()) {
    const auto& chain = chunk.facts.chain;
    const bool wrote =
        std::any_of(chain.begin(), chain.end(), [&](const auto& entry) { return entry.transaction.value == tid; });
    if (wrote) call.checked(call.store().flush(chunk.info.chunk));
  }
  return {};
}

}  // namespace

void register_cache_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("getOLAPCacheEngineSize", "", cache_size,
      "Returns a tuple of bytes: rows that are not in column files yet, open transactions included; of these in "
      "columns; "
      "of pointers to columns (0: there are none); how many there may be.");
  registry.add_alias("getCacheEngineMemSize", "getOLAPCacheEngineSize");
  row("getTSDBCacheEngineSize", "", cache_limit,
      "Returns how many bytes of rows may wait in memory to be written to column files; one write buffer serves both "
      "engines.");
  row("setOLAPCacheEngineSize", "memSize", set_cache_size,
      "Sets how many gigabytes of rows may wait in memory to be written to column files, until the node restarts.");
  registry.add_alias("setCacheEngineMemSize", "setOLAPCacheEngineSize");
  registry.add_alias("setTSDBCacheEngineSize", "setOLAPCacheEngineSize");
  row("getOLAPCacheEngineStat", "", cache_stat,
      "Returns one row for every chunk with committed rows that are not in column files yet or with open "
      "transactions.");
  registry.add_alias("getCacheEngineStat", "getOLAPCacheEngineStat");
  row("getRedoLogGCStat", "", redo_log_stat,
      "Returns one row for every table with transactions whose rows only the redo log of this data node holds "
      "durably.");
  row("imtForceGCRedolog", "tid", collect_redo_log,
      "Writes the rows of every chunk that a transaction wrote to into column files, so that the redo log need not "
      "keep it.");
  row("setMaxMemSize", "maxMemSize, [emergencyMemSize]", set_max_memory,
      "Sets how many gigabytes of memory the node may hold, until it restarts. No memory is kept apart for "
      "emergencies: emergencyMemSize is ignored.");
}

}  // namespace pelorus::datanode
