// Chunks and their replicas, transactions, and what keeps acknowledged rows.

#include <algorithm>
#include <charconv>
#include <set>

#include "cli/doctor/check.h"
#include "config/setting.h"

namespace pelorus::cli::doctor {
namespace {

constexpr int kController = 2, kSingle = 3;
constexpr int64_t kOpenMaxMs = 10 * 60 * 1000;

bool is_single(const LiveFacts& live) { return live.nodes.size() == 1 && live.nodes[0].row.mode == kSingle; }

/// A setting of the first controller (or the single node) that told it; nothing when none did.
std::optional<int64_t> controllers_number(const LiveFacts& live, const std::string& name) {
  for (const auto& node : live.nodes) {
    const auto found = node.settings.find(name);
    if ((node.row.mode != kController && node.row.mode != kSingle) || found == node.settings.end()) continue;
    if (const auto number = config::parse_int(found->second)) return number;
  }
  return std::nullopt;
}

Outcome skipped_by_right(const LiveFacts& live) {
  return skipped(in_both("Only an administrator may see this; log in with --user: {}",
                         "只有管理员可见，请用 --user 登录：{}", live.refusal));
}

Outcome judge_chunks(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!live->chunks) return skipped_by_right(*live);
  std::vector<std::string> broken, behind;
  for (const auto& chunk : *live->chunks) {
    const bool is_behind = std::any_of(chunk.replicas.begin(), chunk.replicas.end(),
                                       [](const ReplicaFacts& replica) { return replica.is_stale; });
    if (chunk.state != "COMPLETE" && !is_behind) broken.push_back(chunk.file + " (" + chunk.state + ")");
    if (is_behind) behind.push_back(chunk.file);
  }
  if (!behind.empty()) {
    return problem(in_both("{} chunks have a replica that lacks rows: {}.", "{} 个分区有副本落后：{}。", behind.size(),
                           listed(behind)),
                   in_both("Start the data nodes that are down; getRecoveryTaskStatus() shows how they catch up.",
                           "启动已停止的数据节点；getRecoveryTaskStatus() 显示追赶进度。"));
  }
  if (!broken.empty()) {
    return problem(
        in_both("{} chunks are not COMPLETE: {}.", "{} 个分区状态不是 COMPLETE：{}。", broken.size(), listed(broken)),
        in_both("Start the data nodes that are down and wait; then look at getClusterChunksStatus().",
                "启动已停止的数据节点并等待；然后查看 getClusterChunksStatus()。"));
  }
  return fine(in_both("All {} chunks are COMPLETE.", "{} 个分区全部为 COMPLETE。", live->chunks->size()));
}

Outcome judge_replica_count(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!live->chunks) return skipped_by_right(*live);
  const auto factor = controllers_number(*live, "dfsReplicationFactor");
  if (!factor)
    return skipped(in_both("No controller told dfsReplicationFactor.", "没有控制节点给出 dfsReplicationFactor。"));
  std::vector<std::string> thin;
  for (const auto& chunk : *live->chunks) {
    if (chunk.replicas.size() < static_cast<size_t>(*factor)) thin.push_back(chunk.file);
  }
  if (thin.empty()) return fine(in_both("Every chunk has {} replicas.", "每个分区都有 {} 个副本。", *factor));
  return warning(in_both("{} chunks have fewer than {} replicas: {}.", "{} 个分区的副本少于 {} 个：{}。", thin.size(),
                         *factor, listed(thin)),
                 in_both("Add replicas with copyReplicas(source, destination, chunkId).",
                         "用 copyReplicas(源, 目标, chunkId) 增加副本。"));
}

Outcome judge_replica_hosts(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (is_single(*live)) return skipped(in_both("It is a single node.", "这是单节点。"));
  if (!live->chunks) return skipped_by_right(*live);
  std::set<std::string> data_hosts;
  for (const auto& node : live->nodes) {
    if (node.row.mode == 0) data_hosts.insert(node.row.host);
  }
  const auto level = controllers_number(*live, "dfsReplicaReliabilityLevel").value_or(0);
  std::vector<std::string> shared;
  for (const auto& chunk : *live->chunks) {
    std::set<std::string> hosts;
    for (const auto& replica : chunk.replicas) {
      const auto* node = live->find(replica.node);
      hosts.insert(node == nullptr ? replica.node : node->row.host);
    }
    if (chunk.replicas.size() > 1 && hosts.size() == 1) shared.push_back(chunk.file);
  }
  if (shared.empty())
    return fine(in_both("No chunk has all replicas on one host.", "没有分区的全部副本都在同一主机上。"));
  const auto reason =
      in_both("{} chunks have all their replicas on one host and are lost with it: {} (dfsReplicaReliabilityLevel={}).",
              "{} 个分区的全部副本在同一主机上，主机损坏则丢失：{}（dfsReplicaReliabilityLevel={}）。", shared.size(),
              listed(shared), level);
  if (data_hosts.size() < 2) {
    return warning(
        reason,
        in_both("Run data nodes on a second server, then move replicas there with copyReplicas and deleteReplicas.",
                "在第二台服务器上运行数据节点，再用 copyReplicas 和 deleteReplicas 移动副本。"));
  }
  const auto fix = in_both("Set dfsReplicaReliabilityLevel=1 and move replicas with copyReplicas and deleteReplicas.",
                           "设置 dfsReplicaReliabilityLevel=1，并用 copyReplicas 和 deleteReplicas 移动副本。");
  return level == 1 ? problem(reason, fix) : warning(reason, fix);
}

Outcome judge_factor(const Facts& facts) {
  std::optional<int64_t> factor;
  if (const auto* live = answering(facts)) {
    if (is_single(*live)) return skipped(in_both("It is a single node.", "这是单节点。"));
    factor = controllers_number(*live, "dfsReplicationFactor");
  }
  for (const auto& package : facts.packages) {
    if (!factor && package.config.controller)
      factor = package.config.controller->settings.integer("dfsReplicationFactor");
  }
  if (!factor)
    return skipped(in_both("No controller told dfsReplicationFactor.", "没有控制节点给出 dfsReplicationFactor。"));
  if (*factor > 1) return fine(in_both("New chunks get {} replicas.", "新分区有 {} 个副本。", *factor));
  return warning(in_both("dfsReplicationFactor is 1: the loss of one disk loses rows.",
                         "dfsReplicationFactor 为 1：一块磁盘损坏就会丢失数据。"),
                 in_both("Set dfsReplicationFactor=2 in every controller.cfg; existing chunks need copyReplicas.",
                         "在每个 controller.cfg 中设置 dfsReplicationFactor=2；已有分区需用 copyReplicas。"));
}

Outcome judge_transactions(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!live->transactions) return skipped_by_right(*live);
  std::vector<std::string> old;
  for (const auto& transaction : *live->transactions) {
    if (transaction.age_ms > kOpenMaxMs)
      old.push_back(fmt::format("{} {} {} s", transaction.id, transaction.status, transaction.age_ms / 1000));
  }
  if (old.empty())
    return fine(in_both("No transaction is open for more than 10 minutes.", "没有超过 10 分钟未结束的事务。"));
  return warning(
      in_both("Transactions are open for more than 10 minutes: {}.", "有超过 10 分钟未结束的事务：{}。", listed(old)),
      in_both("Start the data nodes that are down: they carry out or roll back what is decided; getUnresolvedTxn() "
              "names them.",
              "启动已停止的数据节点，它们会完成或回滚已决定的事务；getUnresolvedTxn() 会列出。"));
}

Outcome judge_sync(const Facts& facts) {
  std::vector<std::string> lazy;
  size_t known = 0;
  if (const auto* live = answering(facts)) {
    for (const auto& node : live->nodes) {
      const auto found = node.settings.find("dataSync");
      if (found == node.settings.end() || node.row.mode == 1 || node.row.mode == 4) continue;
      ++known;
      if (!config::parse_bool(found->second).value_or(true)) lazy.push_back(node.row.alias);
    }
  }
  if (known == 0) {
    for (const auto& package : facts.packages) {
      const auto& role = package.config.controller ? package.config.controller : package.config.single;
      if (!role) continue;
      ++known;
      if (!role->settings.boolean("dataSync")) lazy.push_back(role->settings.alias());
    }
  }
  if (known == 0) return skipped(in_both("No node told dataSync.", "没有节点给出 dataSync。"));
  if (lazy.empty()) return fine(in_both("Rows are on disk before they are acknowledged.", "数据落盘后才确认写入。"));
  return problem(in_both("dataSync=0 on {}: acknowledged rows are lost when the machine loses power.",
                         "{} 上 dataSync=0：机器断电会丢失已确认的数据。", listed(lazy)),
                 in_both("Set dataSync=1 and restart these nodes.", "设置 dataSync=1 并重启这些节点。"));
}

}  // namespace

std::vector<Check> data_checks() {
  return {
      {"chunks", "chunks that are not COMPLETE, replicas that lack rows", "状态不是 COMPLETE 的分区、落后的副本",
       judge_chunks},
      {"replica-count", "chunks with fewer replicas than dfsReplicationFactor",
       "副本数少于 dfsReplicationFactor 的分区", judge_replica_count},
      {"replica-hosts", "chunks whose replicas share a host", "副本都在同一主机上的分区", judge_replica_hosts},
      {"replication-factor", "dfsReplicationFactor", "dfsReplicationFactor", judge_factor},
      {"transactions", "transactions that do not end", "长时间未结束的事务", judge_transactions},
      {"data-sync", "dataSync", "dataSync", judge_sync},
  };
}

}  // namespace pelorus::cli::doctor
