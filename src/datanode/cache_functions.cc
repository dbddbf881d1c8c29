// getOLAPCacheEngineSize getOLAPCacheEngineStat

#include "datanode/chunk_call.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

Value cache_size(const ChunkCall& call) {
  call.require_login();
  const auto status = call.store().status();
  data::Vector sizes(Type::kLong);
  for (const auto bytes : {status.buffer_bytes, status.buffer_bytes_max})
    sizes.push_back(Value::of_long(static_cast<int64_t>(bytes)));
  return sizes;
}

Value cache_stat(const ChunkCall& call) {
  call.require_login();
  std::map<ChunkId, std::vector<uint64_t>> prepared;
  for (const auto& open : call.store().in_doubt()) {
    for (const auto chunk : open.chunks) prepared[chunk].push_back(open.transaction.value);
  }
  TableRows rows({{"chunkId", Type::kString},
                  {"physicalName", Type::kString},
                  {"cachedRowsOfCompletedTxn", Type::kLong},
                  {"cachedTids", Type::kString}});
  for (const auto& info : call.store().chunks()) {
    const auto open = prepared.find(info.chunk);
    if (info.rows_in_memory == 0 && open == prepared.end()) continue;
    std::string tids;
    if (open != prepared.end()) {
      for (const auto tid : open->second) tids += (tids.empty() ? "" : ",") + std::to_string(tid);
    }
    rows.add({text_value(std::to_string(info.chunk.value)), text_value(directory_of(info)),
              Value::of_long(static_cast<int64_t>(info.rows_in_memory)), text_value(tids)});
  }
  return rows.take();
}

}  // namespace

void register_cache_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("getOLAPCacheEngineSize", "", cache_size,
      "Returns the bytes of rows that are not in column files yet, open transactions included, and how many there may "
      "be.");
  // One write buffer holds the rows of both engines.
  registry.add_alias("getCacheEngineMemSize", "getOLAPCacheEngineSize");
  registry.add_alias("getTSDBCacheEngineSize", "getOLAPCacheEngineSize");
  row("getOLAPCacheEngineStat", "", cache_stat,
      "Returns one row for every chunk with committed rows that are not in column files yet or with open "
      "transactions.");
}

}  // namespace pelorus::datanode
