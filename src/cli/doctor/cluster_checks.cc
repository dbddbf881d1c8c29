// The controllers' group, the members, their ports, versions and clocks.

#include <algorithm>
#include <set>

#include "cli/doctor/check.h"

namespace pelorus::cli::doctor {
namespace {

constexpr int kAgent = 1, kController = 2, kSingle = 3;
constexpr int64_t kLagMax = 1000;  // entries of the log
constexpr int64_t kSkewWarnMs = 1000;
constexpr int64_t kSkewProblemMs = 60'000;

bool is_data_node(const NodeFacts& node) { return node.row.mode == 0 || node.row.mode == 4; }

bool is_cluster(const LiveFacts& live) {
  return std::any_of(live.nodes.begin(), live.nodes.end(),
                     [](const NodeFacts& node) { return node.row.mode != kSingle; });
}

Outcome skipped_for_single() { return skipped(in_both("It is a single node.", "这是单节点。")); }

struct Quorum {
  size_t voters = 0;
  size_t online = 0;
  std::vector<std::string> down;
  size_t needed() const { return voters / 2 + 1; }
};

Quorum quorum_of(const LiveFacts& live) {
  Quorum quorum;
  auto voters = live.voters;
  if (voters.empty()) {  // no leader: what cluster.nodes lists
    for (const auto& node : live.nodes) {
      if (node.row.mode == kController) voters.push_back(node.row.alias);
    }
  }
  quorum.voters = voters.size();
  for (const auto& alias : voters) {
    const auto* node = live.find(alias);
    const bool is_up = node != nullptr && node->is_up();
    if (is_up) ++quorum.online;
    if (!is_up) quorum.down.push_back(alias);
  }
  return quorum;
}

Outcome judge_answer(const Facts& facts) {
  if (!facts.live) return skipped_without_live(facts);
  if (facts.live->is_denied) {
    return problem(in_both("{} refuses the login: {}.", "{} 拒绝登录：{}。", facts.live->asked, facts.live->failure),
                   in_both("Give the right --user and --password.", "给出正确的 --user 和 --password。"));
  }
  if (facts.live->failure.empty()) return fine(in_both("{} answers.", "{} 有应答。", facts.live->asked));
  return problem(in_both("No node was reached: {}.", "无法连接任何节点：{}。", facts.live->failure),
                 in_both("Start the controllers, or give the address of a running node with --host and --port.",
                         "启动控制节点，或用 --host 和 --port 指定正在运行的节点。"));
}

Outcome judge_leader(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!is_cluster(*live)) return skipped_for_single();
  if (!live->leader.empty()) return fine(in_both("{} leads.", "主控制节点是 {}。", live->leader));
  return problem(
      in_both("No controller leads, so nothing can be written or changed.", "没有主控制节点，无法写入或更改。"),
      in_both("Start the controllers that are down: a majority must be online and reach each other.",
              "启动已停止的控制节点：必须有多数控制节点在线且能互相连接。"));
}

Outcome judge_quorum(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!is_cluster(*live)) return skipped_for_single();
  const auto quorum = quorum_of(*live);
  if (live->voters.empty() && facts.packages.empty()) {
    return skipped(in_both("No leader tells who votes; give --package to ask the controllers of its cluster.nodes.",
                           "没有主控制节点给出成员；用 --package 可询问其 cluster.nodes 中的控制节点。"));
  }
  const auto down = listed(quorum.down);
  const auto fix = in_both("Start {} with startController.sh in its package and look at its log.",
                           "在其安装包中用 startController.sh 启动 {}，并查看其日志。", down);
  if (quorum.online < quorum.needed()) {
    return problem(in_both("{} of {} controllers are online, {} are needed; down: {}.",
                           "{} / {} 个控制节点在线，至少需要 {} 个；已停止：{}。", quorum.online, quorum.voters,
                           quorum.needed(), down),
                   fix);
  }
  if (quorum.online == quorum.voters) {
    return fine(in_both("All {} controllers are online, {} may fail.", "{} 个控制节点全部在线，可失去 {} 个。",
                        quorum.voters, quorum.voters - quorum.needed()));
  }
  const auto spare = quorum.online - quorum.needed();
  return problem(
      in_both("{} of {} controllers are online; down: {}; {} more may fail.",
              "{} / {} 个控制节点在线；已停止：{}；还可失去 {} 个。", quorum.online, quorum.voters, down, spare),
      fix);
}

Outcome judge_odd(const Facts& facts) {
  size_t count = 0;
  if (const auto* live = answering(facts)) {
    count = quorum_of(*live).voters;
  } else if (!facts.packages.empty()) {
    for (const auto& record : facts.packages.front().config.nodes.records) {
      if (record.node.mode == config::NodeMode::kController) ++count;
    }
  } else {
    return skipped_without_live(facts);
  }
  if (count == 0) return skipped_for_single();
  if (count % 2 == 1) return fine(in_both("The number of controllers is odd: {}.", "控制节点数为奇数：{}。", count));
  return warning(in_both("{} controllers survive no more failures than {}.",
                         "{} 个控制节点能承受的故障数与 {} 个相同。", count, count - 1),
                 in_both("Add one controller or remove one, so that their number is odd.",
                         "增加或减少一个控制节点，使数量为奇数。"));
}

Outcome judge_hosts(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (!is_cluster(*live)) return skipped_for_single();
  std::map<std::string, size_t> count_of;
  const auto quorum = quorum_of(*live);
  for (const auto& node : live->nodes) {
    if (node.row.mode == kController) ++count_of[node.row.host];
  }
  if (quorum.voters < 2) return skipped(in_both("There is one controller.", "只有一个控制节点。"));
  const auto most = std::max_element(count_of.begin(), count_of.end(),
                                     [](const auto& left, const auto& right) { return left.second < right.second; });
  if (most->second < 2) return fine(in_both("Every controller has a host of its own.", "每个控制节点各在一台主机上。"));
  const auto fix = in_both("Move controllers to other servers until no server holds more than one.",
                           "把控制节点分散到其他服务器，每台服务器最多一个。");
  if (quorum.voters - most->second >= quorum.needed()) {
    return warning(
        in_both("Host {} holds {} controllers; if it fails, the others still are a majority, with less to spare.",
                "主机 {} 上有 {} 个控制节点；该主机故障后其余仍为多数，但余量减少。", most->first, most->second),
        fix);
  }
  return warning(
      in_both("Host {} holds {} of {} controllers; if it fails, no majority is left: no writes, no changes, no "
              "logins until it is back.",
              "主机 {} 上有 {}/{} 个控制节点；该主机故障后没有多数控制节点，恢复之前不能写入、更改和登录。",
              most->first, most->second, quorum.voters),
      fix);
}

Outcome judge_lag(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  int64_t newest = 0;
  size_t known = 0;
  for (const auto& node : live->nodes) {
    if (node.raft_committed) newest = std::max(newest, *node.raft_committed);
    if (node.raft_applied) ++known;
  }
  if (known < 2)
    return skipped(in_both("Fewer than two controllers told their position.", "给出日志位置的控制节点少于两个。"));
  std::vector<std::string> late;
  for (const auto& node : live->nodes) {
    if (node.raft_applied && newest - *node.raft_applied > kLagMax) {
      late.push_back(fmt::format("{} -{}", node.row.alias, newest - *node.raft_applied));
    }
  }
  if (late.empty())
    return fine(
        in_both("{} controllers have applied the log up to {}.", "{} 个控制节点的日志已应用到 {}。", known, newest));
  return warning(
      in_both("Controllers are behind the metadata log: {}.", "控制节点的元数据日志落后：{}。", listed(late)),
      in_both("Look at disk and network of those controllers; if one does not catch up, restart it.",
              "检查这些控制节点的磁盘和网络；若一直追不上，请重启。"));
}

Outcome judge_agents(const Facts& facts) {
  std::set<std::string> hosts, homeless;
  std::vector<std::string> nodes;
  const auto add = [&](const std::string& alias, const std::string& host) {
    if (!hosts.contains(host)) nodes.push_back(alias + " (" + host + ")");
    if (!hosts.contains(host)) homeless.insert(host);
  };
  if (const auto* live = answering(facts)) {
    if (!is_cluster(*live)) return skipped_for_single();
    for (const auto& node : live->nodes) {
      if (node.row.mode == kAgent && node.is_up()) hosts.insert(node.row.host);
    }
    for (const auto& node : live->nodes) {
      if (is_data_node(node)) add(node.row.alias, node.row.host);
    }
  } else if (!facts.packages.empty()) {
    const auto& records = facts.packages.front().config.nodes.records;
    for (const auto& record : records) {
      if (record.node.mode == config::NodeMode::kAgent) hosts.insert(record.node.site.host);
    }
    for (const auto& record : records) {
      const auto mode = record.node.mode;
      if (mode == config::NodeMode::kDataNode || mode == config::NodeMode::kComputeNode)
        add(record.node.site.alias, record.node.site.host);
    }
  } else {
    return skipped_without_live(facts);
  }
  if (nodes.empty())
    return fine(in_both("Every data node's host has its agent.", "每个数据节点所在主机都有代理节点。"));
  return problem(
      in_both("No agent serves the host of {}: these nodes cannot be started.",
              "{} 所在主机没有可用的代理节点：无法启动这些节点。", listed(nodes)),
      in_both(
          "Run startAgent.sh on {}; if it runs, correct localSite, sites and controllerSite in its agent.cfg, then the "
          "addresses in cluster.nodes.",
          "在 {} 上运行 startAgent.sh；若已运行，先检查 agent.cfg 的 localSite、sites、controllerSite，再检查 "
          "cluster.nodes 中的地址。",
          listed({homeless.begin(), homeless.end()})));
}

Outcome judge_members(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  std::vector<std::string> down;
  for (const auto& node : live->nodes) {
    if (!node.is_up() && node.row.mode != kController) down.push_back(node.row.alias);
  }
  if (down.empty()) return fine(in_both("All agents and data nodes are online.", "所有代理节点和数据节点都在线。"));
  return warning(
      in_both("Offline: {}.", "离线：{}。", listed(down)),
      in_both("Start data nodes with startDataNode and agents with startAgent.sh; their logs say why they ended.",
              "用 startDataNode 启动数据节点，用 startAgent.sh 启动代理节点；停止原因见其日志。"));
}

Outcome judge_reach(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  std::vector<std::string> refused, silent;
  for (const auto& node : live->nodes) {
    if (!node.row.online || node.failure.empty()) continue;
    auto& kind = node.is_silent ? silent : refused;
    kind.push_back(fmt::format("{} {}:{}", node.row.alias, node.row.host, node.row.port));
  }
  if (!silent.empty()) {
    return problem(
        in_both("No answer from here: {}.", "从本机访问无应答：{}。", listed(silent)),
        in_both("Open these ports in the firewall between this machine and theirs; if the node is on this machine, its "
                "process hangs.",
                "在两台机器之间的防火墙中开放这些端口；若节点就在本机，则是进程挂起。"));
  }
  if (!refused.empty()) {
    return problem(in_both("Online for the cluster, and cannot be used from here: {}.",
                           "集群中在线，但从本机无法使用：{}。", listed(refused)),
                   in_both("Correct the address in cluster.nodes or listenAddress, so that clients reach it too.",
                           "更正 cluster.nodes 中的地址或 listenAddress，使客户端也能访问。"));
  }
  return fine(in_both("Every online node answers at its address.", "所有在线节点都在其地址上应答。"));
}

Outcome judge_versions(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  std::map<std::string, std::vector<std::string>> nodes_of;
  for (const auto& node : live->nodes) {
    if (!node.version.empty()) nodes_of[node.version].push_back(node.row.alias);
  }
  if (nodes_of.empty()) return skipped(in_both("No node told its version.", "没有节点给出版本。"));
  if (nodes_of.size() == 1) return fine(in_both("All nodes run {}.", "所有节点运行 {}。", nodes_of.begin()->first));
  std::vector<std::string> parts;
  for (const auto& [version, nodes] : nodes_of) parts.push_back(version + ": " + listed(nodes));
  return warning(
      in_both("Nodes run different versions: {}.", "节点版本不一致：{}。", fmt::format("{}", fmt::join(parts, "; "))),
      in_both("Finish the upgrade: give every package the same programs and restart its nodes one by one.",
              "完成升级：让每个安装包使用相同的程序，并逐个重启节点。"));
}

Outcome judge_clocks(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  const NodeFacts* first = nullptr;
  const NodeFacts* last = nullptr;
  for (const auto& node : live->nodes) {
    if (!node.clock_ahead_ms) continue;
    if (first == nullptr || *node.clock_ahead_ms < *first->clock_ahead_ms) first = &node;
    if (last == nullptr || *node.clock_ahead_ms > *last->clock_ahead_ms) last = &node;
  }
  if (first == nullptr)
    return skipped(in_both("No node told its time; log in with --user.", "没有节点给出时间；请用 --user 登录。"));
  const auto apart = *last->clock_ahead_ms - *first->clock_ahead_ms;
  const auto sure = apart - first->clock_doubt_ms - last->clock_doubt_ms;
  if (sure < kSkewWarnMs) return fine(in_both("Clocks are at most {} ms apart.", "时钟相差不超过 {} 毫秒。", apart));
  const BothLanguages reason{
      fmt::format("The clock of {} is {} ms ahead of that of {}.", last->row.alias, apart, first->row.alias),
      fmt::format("{} 的时钟比 {} 快 {} 毫秒。", last->row.alias, first->row.alias, apart)};
  const auto fix =
      in_both("Synchronise the clocks with NTP (chrony) on every server.", "在每台服务器上用 NTP（chrony）同步时钟。");
  return sure < kSkewProblemMs ? warning(reason, fix) : problem(reason, fix);
}

}  // namespace

std::vector<Check> cluster_checks() {
  return {
      {"answer", "whether a node of the cluster answers", "集群是否有节点应答", judge_answer},
      {"leader", "whether a controller leads", "是否有主控制节点", judge_leader},
      {"quorum", "controllers that are down, and how many more may fail", "已停止的控制节点，以及还可失去几个",
       judge_quorum},
      {"odd-controllers", "whether the number of controllers is odd", "控制节点数是否为奇数", judge_odd},
      {"controller-hosts", "controllers that share a host", "同一主机上的控制节点", judge_hosts},
      {"log-lag", "how far controllers are behind the metadata log", "控制节点元数据日志的落后程度", judge_lag},
      {"agents", "whether every data node's host has an agent", "数据节点所在主机是否有代理节点", judge_agents},
      {"members", "agents and data nodes that are offline", "离线的代理节点和数据节点", judge_members},
      {"reachable", "whether every online node can be reached from here", "从本机能否访问所有在线节点", judge_reach},
      {"versions", "whether all nodes run one version", "节点版本是否一致", judge_versions},
      {"clocks", "how far the nodes' clocks are apart", "各节点时钟的差异", judge_clocks},
  };
}

}  // namespace pelorus::cli::doctor
