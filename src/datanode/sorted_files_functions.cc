// getTSDBMetaData getTSDBSortKeyEntry getTSDBDataStat getLevelFileIndexCacheStatus invalidateLevelIndexCache

#include <algorithm>

#include "data/collections.h"
#include "datanode/chunk_call.h"
#include "functions/path_pattern.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

constexpr size_t kChunksAsked = 1024;

/// This node's chunks of TSDB tables.
std::vector<KnownChunk> sorted_chunks(const ChunkCall& call) {
  auto chunks = call.chunks();
  std::erase_if(chunks, [](const auto& chunk) { return !chunk.info.sort.sorts() || chunk.table.empty(); });
  return chunks;
}

/// Files have no levels here: all of a chunk are of level 0.
Value files(const ChunkCall& call) {
  call.require_login();
  TableRows rows({{"chunkId", Type::kString},
                  {"chunkPath", Type::kString},
                  {"level", Type::kInt},
                  {"table", Type::kString},
                  {"files", Type::kString}});
  for (const auto& chunk : sorted_chunks(call)) {
    std::string names;
    for (const auto& file : call.checked(call.store().files(chunk.info.chunk)))
      names += (names.empty() ? "" : ",") + file.name;
    rows.add({text_value(std::to_string(chunk.info.chunk.value)), text_value(directory_of(chunk.info)),
              Value::of_int(0), text_value(chunk.table), text_value(names)});
  }
  return rows.take();
}

std::vector<KnownChunk> chosen_chunks(const ChunkCall& call, size_t place) {
  const auto texts = call.arguments().texts(place, "chunkId");
  if (texts.size() > kChunksAsked)
    call.arguments().refuse("chunkId", "must name at most " + std::to_string(kChunksAsked) + " chunks");
  const auto known = call.chunks();
  std::vector<KnownChunk> chosen;
  for (const auto& text : texts) {
    const auto id = call.chunk_id(text, "chunkId", "ids");
    const auto found = std::ranges::find_if(known, [&](const auto& chunk) { return chunk.info.chunk == id; });
    if (found == known.end())
      call.fail({ErrorCode::kNotFound, "this node holds no chunk " + text + "; getChunksMeta names those it holds"});
    if (!found->info.sort.sorts())
      call.fail({ErrorCode::kInvalid, "chunk " + text + " is not of a TSDB table: its rows have no sort keys"});
    chosen.push_back(*found);
  }
  return chosen;
}

Value sort_keys(const ChunkCall& call) {
  call.require_login();
  const auto table = call.text_or_nothing(1, "tableName");
  TableRows rows({{"chunkId", Type::kString},
                  {"chunkPath", Type::kString},
                  {"tableName", Type::kString},
                  {"file", Type::kString},
                  {"key", Type::kString},
                  {"size", Type::kLong}});
  for (const auto& chunk : chosen_chunks(call, 0)) {
    if (!table.empty() && chunk.table != table) continue;
    for (const auto& entry : call.checked(call.store().sort_keys(chunk.info.chunk))) {
      rows.add({text_value(std::to_string(chunk.info.chunk.value)), text_value(chunk.dfs_path), text_value(chunk.table),
                text_value(entry.file), text_value(entry.key), Value::of_long(static_cast<int64_t>(entry.rows))});
    }
  }
  return rows.take();
}

Value data_stat(const ChunkCall& call) {
  call.require_login();
  const auto pattern = [&](size_t place, std::string_view name) {
    const auto text = call.text_or_nothing(place, name);
    return text.empty() ? std::string("*") : text;
  };
  const auto database = pattern(0, "dbName"), table = pattern(1, "tableName");
  const bool chosen = call.arguments().has(2);
  if (chosen && (database != "*" || table != "*"))
    call.arguments().refuse("chunkId", "can't be given together with dbName or tableName");
  TableRows rows({{"dbName", Type::kString},
                  {"chunkId", Type::kString},
                  {"tableName", Type::kString},
                  {"levelFileCount", Type::kLong},
                  {"sortKeyEntryCount", Type::kLong}});
  for (const auto& chunk : chosen ? chosen_chunks(call, 2) : sorted_chunks(call)) {
    if (!functions::fits_pattern(database, chunk.database) || !functions::fits_pattern(table, chunk.table)) continue;
    const auto found = call.checked(call.store().files(chunk.info.chunk));
    int64_t keys = 0;
    for (const auto& file : found) keys += static_cast<int64_t>(file.sort_keys);
    rows.add({text_value(chunk.database), text_value(std::to_string(chunk.info.chunk.value)), text_value(chunk.table),
              Value::of_long(static_cast<int64_t>(found.size())), Value::of_long(keys)});
  }
  return rows.take();
}

Value index_cache(const ChunkCall& call) {
  call.require_login();
  const auto status = call.store().status();
  data::Dictionary cache(Type::kString, Type::kAny);
  cache.set(types::Scalar::of_string("usage"), Value::of_long(static_cast<int64_t>(status.index_bytes)));
  cache.set(types::Scalar::of_string("capacity"), Value::of_long(static_cast<int64_t>(status.index_bytes_max)));
  return cache;
}

Value empty_index_cache(const ChunkCall& call) {
  call.require_admin();
  call.store().let_go();
  return {};
}

}  // namespace

void register_sorted_file_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("getTSDBMetaData", "", files,
      "Returns one row for every chunk of a TSDB table on this data node: its directory and its column files.");
  row("getTSDBSortKeyEntry", "chunkId, [tableName]", sort_keys,
      "Returns one row for every sort key of every column file of TSDB chunks of this data node, with its number of "
      "rows. What is not in files yet is not counted: flushTSDBCache writes it there.");
  row("getTSDBDataStat", "[dbName=\"*\"], [tableName=\"*\"], [chunkId]", data_stat,
      "Returns one row for every chunk of a TSDB table on this data node: how many column files it has and how many "
      "sort keys they hold, each counted in every file.");
  row("getLevelFileIndexCacheStatus", "", index_cache,
      "Returns how many bytes this data node keeps of what reads have learnt of column files, some seconds old, and "
      "how many it may keep (TSDBLevelFileIndexCacheSize).");
  row("invalidateLevelIndexCache", "", empty_index_cache,
      "Forgets what reads have learnt of column files; they read it anew.");
}

}  // namespace pelorus::datanode
