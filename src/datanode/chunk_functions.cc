// getChunksMeta getAllChunks getTabletsMeta getTableDiskUsage

#include "datanode/chunk_functions.h"

#include <set>

#include "datanode/chunk_call.h"
#include "functions/path_pattern.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

constexpr int64_t kTopDefault = 1024;
constexpr std::string_view kScheme = "dfs:/";

/// Numbers as clients see them (cluster reference §3.5).
enum ChunkState : int32_t { kFinal = 0, kAfterCommit = 2, kWaitingForRecovery = 3 };

int32_t state_of(const KnownChunk& chunk) {
  if (!chunk.info.damage.empty() || chunk.is_stale) return kWaitingForRecovery;
  return chunk.info.versions_waiting > 0 ? kAfterCommit : kFinal;
}

std::string versions_of(const meta::Chunk& chunk) {
  std::string text;
  for (const auto& entry : chunk.chain) {
    text += (text.empty() ? "" : ",") + std::string("cid : ") + std::to_string(entry.transaction.value) +
            ",size : " + std::to_string(entry.rows) + ",version : " + std::to_string(entry.version);
  }
  return text;
}

std::string commits_of(const meta::Chunk& chunk) {
  std::string text;
  for (const auto& entry : chunk.chain) text += (text.empty() ? "" : ",") + std::to_string(entry.transaction.value);
  return "[" + text + "]";
}

/// A path pattern; what names a database only, or with "dfs://", counts as well.
bool fits(const std::string& pattern, const std::string& dfs_path) {
  if (pattern.empty()) return true;
  const auto bare = pattern.starts_with(kScheme) ? pattern.substr(kScheme.size()) : pattern;
  return functions::fits_pattern(bare, dfs_path);
}

/// At most so many rows; -1: all.
bool is_enough(int64_t top, int64_t rows) { return top >= 0 && rows >= top; }

Value chunks_meta(const ChunkCall& call, const std::string& pattern, int64_t top) {
  call.require_login();
  TableRows rows({{"site", Type::kString},
                  {"chunkId", Type::kString},
                  {"path", Type::kString},
                  {"dfsPath", Type::kString},
                  {"type", Type::kInt},
                  {"flag", Type::kInt},
                  {"size", Type::kLong},
                  {"version", Type::kInt},
                  {"state", Type::kInt},
                  {"versionList", Type::kString},
                  {"resolved", Type::kBool}});
  constexpr int32_t kTablet = 1;
  int64_t count = 0;
  for (const auto& chunk : call.chunks()) {
    if (is_enough(top, count)) break;
    if (!fits(pattern, chunk.dfs_path)) continue;
    ++count;
    const bool is_leaving = chunk.table.empty();
    rows.add({text_value(call.services().self), text_value(std::to_string(chunk.info.chunk.value)),
              text_value(directory_of(chunk.info)), text_value(chunk.dfs_path), Value::of_int(kTablet),
              Value::of_int(is_leaving ? 1 : 0), Value::of_long(static_cast<int64_t>(chunk.info.bytes_on_disk)),
              Value::of_int(static_cast<int32_t>(chunk.info.version)), Value::of_int(state_of(chunk)),
              text_value(versions_of(chunk.facts)), Value::of_bool(chunk.facts.locked_by.value == 0)});
  }
  return rows.take();
}

Value tablets_meta(const ChunkCall& call) {
  call.require_login();
  const auto& args = call.arguments();
  const auto pattern = call.text_or_nothing(0, "chunkPath");
  const auto table = call.text_or_nothing(1, "tableName");
  const bool with_usage = args.flag_or(2, "diskUsage", false);
  const auto top = args.integer_or(3, "top", kTopDefault);
  TableRows rows({{"chunkId", Type::kString},
                  {"path", Type::kString},
                  {"dfsPath", Type::kString},
                  {"tableName", Type::kString},
                  {"version", Type::kInt},
                  {"rowNum", Type::kLong},
                  {"createCids", Type::kString},
                  {"latestPhysicalDir", Type::kString},
                  {"diskUsage", Type::kLong}});
  int64_t count = 0;
  for (const auto& chunk : call.chunks()) {
    if (is_enough(top, count)) break;
    if (chunk.table.empty() || chunk.info.rows == 0 || !fits(pattern, chunk.dfs_path)) continue;
    if (!table.empty() && !functions::fits_pattern(table, chunk.table)) continue;
    ++count;
    const auto usage = with_usage ? static_cast<int64_t>(chunk.info.bytes_on_disk) : int64_t{-1};
    const auto directory = directory_of(chunk.info);
    rows.add({text_value(std::to_string(chunk.info.chunk.value)), text_value(directory), text_value(chunk.dfs_path),
              text_value(chunk.table), Value::of_int(static_cast<int32_t>(chunk.info.version)),
              Value::of_long(static_cast<int64_t>(chunk.info.rows)), text_value(commits_of(chunk.facts)),
              text_value(directory.substr(directory.rfind('/') + 1)), Value::of_long(usage)});
  }
  return rows.take();
}

/// Bytes of the table's chunks on every data node that answers, by node.
std::map<std::string, int64_t> usage_by_node(const ChunkCall& call, const std::string& database,
                                             const std::string& table) {
  const auto path = database.starts_with(kScheme) ? database.substr(kScheme.size()) : database;
  const dist::RemoteCall ask{
      .user = call.context().caller().user,
      .is_admin = call.context().caller().is_admin,
      .function = "getTabletsMeta",
      .arguments = {text_value(path + "%"), text_value(table), Value::of_bool(true), Value::of_int(-1)}};
  std::map<std::string, int64_t> bytes;
  for (const auto& node : call.checked(call.services().remote.data_nodes())) {
    const auto answer = call.services().remote.run(node, ask);
    if (!answer.ok()) {
      call.context().print("getTableDiskUsage: " + node + " does not answer: " + answer.error().message);
      continue;
    }
    const auto rows = functions::table_argument("getTableDiskUsage", *answer);
    const auto usage = rows.find("diskUsage");
    const auto paths = rows.find("dfsPath");
    for (size_t r = 0; r < rows.rows(); ++r) {
      const auto of_chunk = rows.column(static_cast<size_t>(paths)).text_at(r);
      if (of_chunk != path && !of_chunk.starts_with(path + "/")) continue;  // "/db2" is not below "/db"
      bytes[node] += rows.column(static_cast<size_t>(usage)).scalar_at(r).as_int64();
    }
  }
  return bytes;
}

Value table_disk_usage(const ChunkCall& call) {
  call.require_login();
  constexpr double kGigabyte = 1 << 30;
  const auto& args = call.arguments();
  const auto bytes = usage_by_node(call, args.text(0, "database"), args.text(1, "tableName"));
  const bool by_node = args.flag_or(2, "byNode", false);
  int64_t all = 0;
  TableRows by({{"node", Type::kString}, {"diskGB", Type::kDouble}});
  for (const auto& [node, usage] : bytes) {
    all += usage;
    by.add({text_value(node), Value::of_double(static_cast<double>(usage) / kGigabyte)});
  }
  if (by_node) return by.take();
  TableRows whole({{"diskGB", Type::kDouble}});
  whole.add({Value::of_double(static_cast<double>(all) / kGigabyte)});
  return whole.take();
}

/// The longest "dfs://db/table" that the path begins with, cut before the table.
void name_chunk(const std::set<std::string>& tables, const std::string& path, KnownChunk& chunk) {
  for (auto end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
    const auto prefix = path.substr(0, end);
    if (!tables.contains(prefix)) continue;
    const auto slash = prefix.rfind('/');
    chunk.database = prefix.substr(0, slash);
    chunk.table = prefix.substr(slash + 1);
    chunk.dfs_path = chunk.database.substr(kScheme.size()) + path.substr(end);
    return;
  }
}

}  // namespace

std::vector<KnownChunk> ChunkCall::chunks() const {
  auto infos = store().chunks();
  const auto answer = checked(services_.controllers.call(meta::kChunksStatus, {}));
  auto reply = checked(meta::decode<meta::ChunksReply>(answer, meta::kChunksStatus));
  const auto listed = checked(services_.controllers.call(meta::kListCatalogue, {}));
  const auto catalogue = checked(meta::decode<meta::CatalogueReply>(listed, meta::kListCatalogue));
  std::set<std::string> tables;
  for (const auto& database : catalogue.databases) {
    for (const auto& table : database.tables) tables.insert(database.database + "/" + table);
  }
  std::map<ChunkId, meta::ChunkStatus*> known;
  for (auto& status : reply.chunks) known[status.chunk.id] = &status;
  std::vector<KnownChunk> chunks;
  for (auto& info : infos) {
    KnownChunk chunk{.info = std::move(info)};
    if (const auto found = known.find(chunk.info.chunk); found != known.end()) {
      name_chunk(tables, found->second->path, chunk);
      chunk.facts = found->second->chunk;
      const auto* replica = chunk.facts.find(services_.self);
      chunk.is_stale = replica == nullptr || replica->stale;
    }
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::string directory_of(const storage::ChunkInfo& info) {
  if (info.volume.empty()) return {};
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(info.chunk.value));
  return io::join_path(io::join_path(info.volume, "chunks"), name);
}

void register_chunk_questions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row(
      "getChunksMeta", "[chunkPath], [top=1024]",
      [](const ChunkCall& call) {
        return chunks_meta(call, call.text_or_nothing(0, "chunkPath"),
                           call.arguments().integer_or(1, "top", kTopDefault));
      },
      "Returns one row for every chunk of this data node whose path fits the pattern; top -1: all of them.");
  row(
      "getAllChunks", "", [](const ChunkCall& call) { return chunks_meta(call, "", -1); },
      "Returns one row for every chunk of this data node.");
  row("getTabletsMeta", "[chunkPath], [tableName], [diskUsage=false], [top=1024]", tablets_meta,
      "Returns one row for every chunk of this data node that holds rows: table, version, rows, bytes on disk.");
  row("getTableDiskUsage", "database, tableName, [byNode=false]", table_disk_usage,
      "Returns the gigabytes that all replicas of a table take on disk, on request by node.");
}

}  // namespace pelorus::datanode
