#include "controller/functions/cluster_call.h"
#include "functions/declare.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using types::Type;

/// "cid:size:version -> …", newest last.
std::string chain_of(const meta::Chunk& chunk) {
  std::string text;
  for (const auto& entry : chunk.chain) {
    text += (text.empty() ? "" : " -> ") + std::to_string(entry.transaction.value) + ":" + std::to_string(entry.rows) +
            ":" + std::to_string(entry.version);
  }
  return text;
}

/// "alias:version:corrupted:inResolution:timestamp:volumeID,…"; a stale replica shows as corrupted.
std::string replicas_of(const meta::Chunk& chunk) {
  std::vector<std::string> items;
  for (const auto& replica : chunk.replicas) {
    items.push_back(replica.node + ":" + std::to_string(replica.version) + ":" + (replica.stale ? "1" : "0") + ":" +
                    (chunk.locked_by.value != 0 ? "1" : "0") + ":" + std::to_string(chunk.updated_ns / 1000000) + ":");
  }
  return joined(items, ",");
}

Value chunks_status(const ClusterCall& call) {
  TableRows rows({{"chunkId", Type::kString},
                  {"file", Type::kString},
                  {"size", Type::kLong},
                  {"version", Type::kInt},
                  {"vcLength", Type::kInt},
                  {"versionChain", Type::kString},
                  {"state", Type::kString},
                  {"replicas", Type::kString},
                  {"replicaCount", Type::kInt},
                  {"lastUpdated", Type::kTimestamp},
                  {"permission", Type::kString}});
  for (const auto& status : call.ask<meta::ChunksReply>(meta::kChunksStatus).chunks) {
    const auto& chunk = status.chunk;
    rows.add({text_value(std::to_string(chunk.id.value)), text_value(status.path), Value::of_long(0),
              Value::of_int(static_cast<int32_t>(chunk.version)),
              Value::of_int(static_cast<int32_t>(chunk.chain.size())), text_value(chain_of(chunk)),
              text_value(status.state), text_value(replicas_of(chunk)),
              Value::of_int(static_cast<int32_t>(chunk.replicas.size())), timestamp_value(chunk.updated_ns),
              text_value("READ_WRITE")});
  }
  return rows.take();
}

Value transactions(const ClusterCall& call) {
  TableRows rows({{"tid", Type::kLong},
                  {"startTime", Type::kTimestamp},
                  {"type", Type::kString},
                  {"status", Type::kString},
                  {"partitionCount", Type::kInt},
                  {"endTime", Type::kTimestamp},
                  {"elapsedTime", Type::kLong}});
  for (const auto& transaction : call.ask<meta::TransactionsReply>(meta::kListTransactions).transactions) {
    const auto elapsed =
        transaction.decided_ns == 0 ? types::kNull<int64_t> : (transaction.decided_ns - transaction.begun_ns) / 1000000;
    rows.add({Value::of_long(static_cast<int64_t>(transaction.id.value)), timestamp_value(transaction.begun_ns),
              text_value(std::string(name_of(transaction.type))), text_value(std::string(name_of(transaction.state))),
              Value::of_int(static_cast<int32_t>(transaction.chunks.size())), timestamp_value(transaction.decided_ns),
              Value::of_long(elapsed)});
  }
  return rows.take();
}

/// Committed transactions that some participant has not published.
Value unresolved(const ClusterCall& call) {
  TableRows rows({{"tid", Type::kLong},
                  {"cid", Type::kLong},
                  {"chunkId", Type::kString},
                  {"initiatingNode", Type::kString},
                  {"firstResolutionAt", Type::kTimestamp},
                  {"lastResolutionAt", Type::kTimestamp}});
  for (const auto& transaction : call.ask<meta::TransactionsReply>(meta::kListTransactions).transactions) {
    if (transaction.state != meta::TransactionState::kCommitted) continue;
    const auto id = Value::of_long(static_cast<int64_t>(transaction.id.value));
    for (const auto& part : transaction.chunks) {
      rows.add({id, id, text_value(std::to_string(part.chunk.value)), text_value(transaction.coordinator),
                timestamp_value(transaction.decided_ns), timestamp_value(transaction.decided_ns)});
    }
  }
  return rows.take();
}

const data::Schema& recovery_schema() {
  static const data::Schema kSchema = {
      {"TaskId", Type::kString},
      {"TaskType", Type::kString},
      {"ChunkId", Type::kString},
      {"ChunkPath", Type::kString},
      {"Source", Type::kString},
      {"Dest", Type::kString},
      {"Status", Type::kString},
      {"AttemptCount", Type::kInt},
      {"DeleteSource", Type::kBool},
      {"StartTime", Type::kTimestamp},
      {"LastDequeueTime", Type::kTimestamp},
      {"LastStartTime", Type::kTimestamp},
      {"FinishTime", Type::kTimestamp},
      {"IsIncrementalRecovery", Type::kBool},
      {"IsAsyncRecovery", Type::kBool},
      {"ChangeFromIncrementalToFull", Type::kBool},
      {"ChangeToSyncTime", Type::kTimestamp},
      {"FailureReason", Type::kString},
  };
  return kSchema;
}

/// The replica that goes once the one on `node` is good; null when that one is no move.
const meta::Replica* moved_from(const meta::Chunk& chunk, const std::string& node) {
  for (const auto& replica : chunk.replicas) {
    if (replica.successor == node) return &replica;
  }
  return nullptr;
}

/// One task for every stale replica: In-Progress when another replica can fill it, else Waiting.
Value recovery_tasks(const ClusterCall& call) {
  TableRows rows(recovery_schema());
  const auto never = timestamp_value(0);
  for (const auto& status : call.ask<meta::ChunksReply>(meta::kChunksStatus).chunks) {
    std::string source;
    for (const auto& replica : status.chunk.replicas) {
      if (!replica.stale && source.empty()) source = replica.node;
    }
    for (const auto& replica : status.chunk.replicas) {
      if (!replica.stale) continue;
      const auto id = std::to_string(status.chunk.id.value);
      const auto* leaving = moved_from(status.chunk, replica.node);
      rows.add({text_value(id + "-" + replica.node), text_value(leaving == nullptr ? "ChunkRecovery" : "LoadRebalance"),
                text_value(id), text_value(status.path),
                text_value(leaving == nullptr || source.empty() ? source : leaving->node), text_value(replica.node),
                text_value(source.empty() ? "Waiting" : "In-Progress"), Value::of_int(1),
                Value::of_bool(leaving != nullptr), timestamp_value(status.chunk.updated_ns), never, never, never,
                Value::of_bool(replica.version > 0), Value::of_bool(true), Value::of_bool(false), never,
                text_value(source.empty() ? "no good replica" : "")});
    }
  }
  return rows.take();
}

/// Chunk ids as getClusterChunksStatus prints them.
std::vector<ChunkId> chunk_ids(const Arguments& args, size_t i) {
  std::vector<ChunkId> ids;
  for (const auto& text : args.texts(i, "chunkId")) {
    uint64_t id = 0;
    for (const char c : text) {
      if (c < '0' || c > '9' || id > UINT64_MAX / 100) args.refuse("chunkId", "must be ids of getClusterChunksStatus");
      id = id * 10 + static_cast<uint64_t>(c - '0');
    }
    ids.push_back({id});
  }
  return ids;
}

Value change_replicas(const ClusterCall& call, const std::vector<ChunkId>& ids, const std::string& node,
                      meta::ReplicaChange::Kind kind) {
  meta::ChangeReplicas command;
  const bool adds = kind == meta::ReplicaChange::Kind::kAdd;
  for (const auto id : ids) command.changes.push_back({.chunk = id, .node = node, .kind = kind, .wanted = adds});
  call.change(command);
  return {};
}

Value move_replicas(const ClusterCall& call, const Arguments& args) {
  call.require_admin();
  call.send(meta::kMoveReplicas, meta::encode(meta::MoveRequest{.user = call.context().caller().user,
                                                                .source = args.text(0, "srcNode"),
                                                                .target = args.text(1, "destNode"),
                                                                .chunks = chunk_ids(args, 2)}));
  return {};
}

Value rebalance(const ClusterCall& call, const Arguments& args) {
  call.require_admin();
  const meta::RebalanceRequest request{.user = call.context().caller().user,
                                       .execute = args.flag_or(0, "exec", false),
                                       .unwritten_days = args.number_or(1, "updatedBeforeDays", 7)};
  if (!(request.unwritten_days >= 0 && request.unwritten_days <= 36500))
    args.refuse("updatedBeforeDays", "must be between 0 and 36500");
  TableRows rows({{"srcNode", Type::kString},
                  {"chunkId", Type::kString},
                  {"destNode", Type::kString},
                  {"destVolume", Type::kString}});
  for (const auto& move : call.ask<meta::RebalanceReply>(meta::kRebalance, request).moves) {
    rows.add(
        {text_value(move.node), text_value(std::to_string(move.chunk.value)), text_value(move.target), text_value("")});
  }
  return rows.take();
}

Value force_version(const ClusterCall& call, const Arguments& args) {
  call.require_admin();
  const auto id = chunk_ids(args, 0).at(0);
  const auto node = args.text(1, "nodeAlias");
  for (const auto& status : call.ask<meta::ChunksReply>(meta::kChunksStatus).chunks) {
    const auto* replica = status.chunk.id == id ? status.chunk.find(node) : nullptr;
    if (replica != nullptr) call.change(meta::ForceVersion{id, node, replica->version});
    if (replica != nullptr) return {};
  }
  args.refuse("nodeAlias", "must hold a replica of the chunk");
}

void register_replica_moves(functions::Registry& registry, const AskControllers& ask) {
  const std::string_view family = "cluster";
  declare(
      registry, family, Nature::kCommand,
      {.name = "moveReplicas",
       .parameters = "srcNode, destNode, chunkId",
       .run =
           [ask](CallContext& context, std::span<Value> args) {
             return move_replicas({"moveReplicas", context, ask}, {"moveReplicas", args});
           },
       .summary =
           "Moves replicas of the chunks in the background: copied first, removed from srcNode when the copy is good.",
       .example = ""});
  declare(
      registry, family, Nature::kWhole,
      {.name = "rebalanceChunksAmongDataNodes",
       .parameters = "[exec=false], [updatedBeforeDays=7.0]",
       .run =
           [ask](CallContext& context, std::span<Value> args) {
             return rebalance({"rebalanceChunksAmongDataNodes", context, ask}, {"rebalanceChunksAmongDataNodes", args});
           },
       .summary = "Returns the moves after which data nodes hold equally many replicas, and begins them if exec is "
                  "true. Chunks "
                  "written within updatedBeforeDays stay where they are.",
       .example = ""});
}

void register_replica_changes(functions::Registry& registry, const AskControllers& ask) {
  const std::string_view family = "cluster";
  declare(registry, family, Nature::kCommand,
          {.name = "copyReplicas",
           .parameters = "srcNode, destNode, chunkId",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 const ClusterCall call("copyReplicas", context, ask);
                 call.require_admin();
                 const Arguments a("copyReplicas", args);
                 return change_replicas(call, chunk_ids(a, 2), a.text(1, "destNode"), meta::ReplicaChange::Kind::kAdd);
               },
           .summary = "Adds a replica of the chunks on destNode; it is filled in the background.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "deleteReplicas",
           .parameters = "chunkId, nodeAlias",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 const ClusterCall call("deleteReplicas", context, ask);
                 call.require_admin();
                 const Arguments a("deleteReplicas", args);
                 return change_replicas(call, chunk_ids(a, 0), a.text(1, "nodeAlias"),
                                        meta::ReplicaChange::Kind::kRemove);
               },
           .summary = "Removes replicas from a node; the last good one stays.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "forceCorrectVersionByReplica",
           .parameters = "chunkId, nodeAlias",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return force_version({"forceCorrectVersionByReplica", context, ask},
                                      {"forceCorrectVersionByReplica", args});
               },
           .summary = "Takes the replica on nodeAlias as the chunk's truth; for emergencies, may lose commits.",
           .example = ""});
}

}  // namespace

void register_chunk_functions(functions::Registry& registry, AskControllers ask) {
  const std::string_view family = "cluster";
  const auto table = [&](std::string_view name, Value (*run)(const ClusterCall&), std::string_view summary,
                         bool admin) {
    declare(registry, family, Nature::kWhole,
            {.name = name,
             .parameters = "",
             .run =
                 [ask, name, run, admin](CallContext& context, std::span<Value>) {
                   const ClusterCall call(name, context, ask);
                   if (admin) call.require_admin();
                   return run(call);
                 },
             .summary = summary,
             .example = ""});
  };
  table("getClusterChunksStatus", chunks_status, "Returns one row for every chunk: version, state, replicas.", true);
  table("getTransactionStatus", transactions, "Returns running, committed and the latest finished transactions.",
        false);
  table("getUnresolvedTxn", unresolved, "Returns committed transactions that a participant has not carried out yet.",
        true);
  table("getRecoveryTaskStatus", recovery_tasks, "Returns one row for every replica that is being brought up to date.",
        true);
  register_replica_changes(registry, ask);
  register_replica_moves(registry, ask);
}

}  // namespace pelorus::controller
