// addVolumes getAllStorages getClusterVolumeUsage moveChunksAcrossVolume rebalanceChunksWithinDataNode

#include <algorithm>

#include "datanode/chunk_call.h"
#include "datanode/volume_plan.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

struct VolumeUsage {
  std::string path;
  uint64_t capacity_bytes = 0;
  uint64_t used_bytes = 0;  // of the disk, by anybody
  uint64_t chunk_bytes = 0;
  size_t chunks = 0;
};

std::vector<VolumeUsage> volumes_of(const ChunkCall& call) {
  auto& store = call.store();
  const auto infos = store.chunks();
  std::vector<VolumeUsage> volumes;
  for (const auto& path : store.volumes()) {
    const auto space = call.checked(call.services().files.space(path));
    VolumeUsage usage{.path = path,
                      .capacity_bytes = space.bytes_total,
                      .used_bytes = space.bytes_total - std::min(space.bytes_total, space.bytes_free)};
    for (const auto& info : infos) {
      if (info.volume != path) continue;
      ++usage.chunks;
      usage.chunk_bytes += info.bytes_on_disk;
    }
    volumes.push_back(std::move(usage));
  }
  return volumes;
}

Value number(uint64_t value) { return Value::of_long(static_cast<int64_t>(value)); }

Value all_storages(const ChunkCall& call) {
  call.require_login();
  TableRows rows({{"volumePath", Type::kString},
                  {"capacity", Type::kLong},
                  {"usage", Type::kLong},
                  {"chunks", Type::kInt},
                  {"chunkBytes", Type::kLong}});
  for (const auto& volume : volumes_of(call))
    rows.add({text_value(volume.path), number(volume.capacity_bytes), number(volume.used_bytes),
              Value::of_int(static_cast<int32_t>(volume.chunks)), number(volume.chunk_bytes)});
  return rows.take();
}

Value cluster_volume_usage(const ChunkCall& call) {
  call.require_admin();
  TableRows rows({{"node", Type::kString},
                  {"volumePath", Type::kString},
                  {"volumeId", Type::kString},
                  {"usage", Type::kLong},
                  {"capacity", Type::kLong}});
  const dist::RemoteCall ask{.user = call.context().caller().user,
                             .is_admin = call.context().caller().is_admin,
                             .function = "getAllStorages",
                             .arguments = {}};
  for (const auto& node : call.checked(call.services().remote.data_nodes())) {
    const auto answer = call.services().remote.run(node, ask);
    if (!answer.ok()) {
      call.context().print("getClusterVolumeUsage: " + node + " does not answer: " + answer.error().message);
      continue;
    }
    const auto found = functions::table_argument("getClusterVolumeUsage", *answer);
    for (size_t r = 0; r < found.rows(); ++r) {
      const auto cell = [&](const char* name) { return found.column(static_cast<size_t>(found.find(name))).at(r); };
      const auto path = cell("volumePath");
      rows.add({text_value(node), path, text_value(node + ":" + path.text()), cell("usage"), cell("capacity")});
    }
  }
  return rows.take();
}

/// The volume that the path names, or lies in.
std::string volume_named(const ChunkCall& call, size_t i, std::string_view parameter) {
  auto path = call.arguments().text(i, parameter);
  while (path.size() > 1 && path.ends_with("/")) path.pop_back();
  std::string known;
  for (const auto& volume : call.store().volumes()) {
    if (path == volume || path.starts_with(volume + "/")) return volume;
    known += (known.empty() ? "" : ", ") + volume;
  }
  call.arguments().refuse(parameter, "must be a volume of this node or a path in one; it has " + known);
}

Value move_across(const ChunkCall& call) {
  call.require_admin();
  const auto& args = call.arguments();
  const auto from = volume_named(call, 0, "srcPath");
  const auto to = volume_named(call, 1, "destPath");
  if (!args.flag_or(3, "isDelSrc", true))
    args.refuse("isDelSrc", "must be true: a chunk is in one place only; backup() makes copies");
  std::vector<ChunkId> chunks;
  for (const auto& text : args.texts(2, "chunkIds")) {
    const auto chunk = call.chunk_id(text, "chunkIds", "ids");
    const auto info = call.checked(call.store().info(chunk));
    if (info.volume != from)
      call.fail({ErrorCode::kInvalid, "chunk " + text + " is on " +
                                          (info.volume.empty() ? "no volume yet" : info.volume) + ", not on " + from +
                                          "; nothing was moved"});
    chunks.push_back(chunk);
  }
  for (const auto chunk : chunks) call.checked(call.store().move(chunk, to));
  return {};
}

Value add_volumes(const ChunkCall& call) {
  call.require_admin();
  std::vector<std::string> paths;
  for (auto path : call.arguments().texts(0, "volumes")) {
    while (path.size() > 1 && path.ends_with("/")) path.pop_back();
    if (!path.starts_with("/")) call.arguments().refuse("volumes", "must be absolute paths, not " + path);
    paths.push_back(std::move(path));
  }
  for (const auto& path : paths) {
    const auto added = call.store().add_volume(path);
    if (!added.ok()) call.fail(added.error());
    call.context().print("addVolumes: " + path + " is in use. Add it to the setting volumes of " +
                         call.services().self + ": the node does not start without it.");
  }
  return {};
}

std::vector<VolumeMove> plan_here(const ChunkCall& call, double days) {
  std::vector<VolumeShare> shares;
  for (const auto& volume : volumes_of(call)) shares.push_back({volume.path, volume.capacity_bytes});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double now_ns = static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  constexpr double kDayNs = 86400e9;
  std::vector<PlacedChunk> chunks;
  for (const auto& chunk : call.chunks()) {
    const bool settled = static_cast<double>(chunk.facts.updated_ns) <= now_ns - days * kDayNs;
    const bool sound = chunk.info.damage.empty() && !chunk.table.empty();
    chunks.push_back({chunk.info.chunk, chunk.info.volume, chunk.info.bytes_on_disk, settled && sound});
  }
  return plan_volume_moves(shares, std::move(chunks));
}

Value rebalance_within(const ChunkCall& call) {
  call.require_admin();
  const auto& args = call.arguments();
  const auto node = args.text(0, "nodeAlias");
  if (node != call.services().self) {
    const dist::RemoteCall there{.user = call.context().caller().user,
                                 .is_admin = true,
                                 .function = "rebalanceChunksWithinDataNode",
                                 .arguments = {text_value(node), Value::of_bool(args.flag_or(1, "exec", false)),
                                               Value::of_double(args.number_or(2, "updatedBeforeDays", 7))}};
    return call.checked(call.services().remote.run(node, there));
  }
  const auto days = args.number_or(2, "updatedBeforeDays", 7);
  if (!(days >= 0)) args.refuse("updatedBeforeDays", "must not be negative");
  const auto moves = plan_here(call, days);
  TableRows rows({{"chunkId", Type::kString}, {"srcVolume", Type::kString}, {"destVolume", Type::kString}});
  for (const auto& move : moves) {
    if (args.flag_or(1, "exec", false)) call.checked(call.store().move(move.chunk, move.to));
    rows.add({text_value(std::to_string(move.chunk.value)), text_value(move.from), text_value(move.to)});
  }
  return rows.take();
}

}  // namespace

void register_volume_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("getAllStorages", "", all_storages,
      "Returns one row for every volume of this data node: bytes of the disk, of them in use, chunks and their bytes.");
  row("getClusterVolumeUsage", "", cluster_volume_usage, "Returns one row for every volume of every data node.");
  row("addVolumes", "volumes", add_volumes,
      "Makes directories (absolute paths) volumes of this data node, for chunks to come and to be moved to; from then "
      "on "
      "they belong into its setting volumes.");
  row("moveChunksAcrossVolume", "srcPath, destPath, chunkIds, [isDelSrc=true]", move_across,
      "Moves chunks of this data node from one of its volumes to another, one after another; reads and writes go on.");
  row("rebalanceChunksWithinDataNode", "nodeAlias, [exec=false], [updatedBeforeDays=7.0]", rebalance_within,
      "Returns the chunks to be moved so that a node's volumes fill equally; with exec moves them before it returns.");
}

}  // namespace pelorus::datanode
