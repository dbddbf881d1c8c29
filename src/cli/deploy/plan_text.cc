#include "cli/deploy/plan_text.h"

#include <algorithm>

#include "cli/value_text.h"

namespace pelorus::cli::deploy {
namespace {

namespace json = boost::json;
using config::NodeMode;

BothLanguages answer(bool yes) { return yes ? BothLanguages{"served", "可用"} : BothLanguages{"stop", "停止"}; }

BothLanguages copies(const Survival& row) {
  if (!row.reads) return {"-", "-"};
  return row.full_copies ? BothLanguages{"complete", "完整"} : BothLanguages{"fewer copies", "副本减少"};
}

std::string nodes_of(const Layout& layout, size_t host, NodeMode mode) {
  std::string text;
  for (const auto* node : layout.on_host(host)) {
    if (node->entry.mode == mode)
      text += (text.empty() ? "" : " ") + node->entry.site.alias + ":" + std::to_string(node->entry.site.port);
  }
  return text;
}

std::string tls_text(const Topology& topology, Language language) {
  const BothLanguages text = topology.uses_node_tls()
                                 ? BothLanguages{", TLS, between nodes too", "，TLS（节点之间亦然）"}
                             : topology.tls ? BothLanguages{", TLS for clients", "，客户端 TLS"}
                                            : BothLanguages{", no TLS", "，无 TLS"};
  return text.in(language);
}

std::string grade_name(Grade grade) {
  return grade == Grade::kGood ? "good" : grade == Grade::kWarning ? "warning" : "problem";
}

}  // namespace

std::string plan_text(const Topology& topology, const Layout& layout, Language language) {
  const auto say = [&](const char* en, const char* zh) {
    return std::string(language == Language::kEnglish ? en : zh);
  };
  TextTable nodes;
  nodes.names = {say("host", "主机"), say("controllers", "控制节点"), say("agent", "代理"),
                 say("data nodes", "数据节点")};
  nodes.right.assign(nodes.names.size(), false);
  for (size_t host = 0; host < topology.hosts.size(); ++host) {
    nodes.rows.push_back({topology.hosts[host], nodes_of(layout, host, NodeMode::kController),
                          nodes_of(layout, host, NodeMode::kAgent), nodes_of(layout, host, NodeMode::kDataNode)});
  }
  TextTable losses;
  losses.names = {say("when lost", "丢失"),  say("voters left", "剩余投票者"),
                  say("metadata", "元数据"), say("reads", "读"),
                  say("writes", "写"),       say("replicas", "副本")};
  losses.right.assign(losses.names.size(), false);
  const auto voters = std::to_string(layout.of(NodeMode::kController).size());
  losses.rows.push_back({say("before: no cluster", "之前：没有集群"), "-", "-", "-", "-", "-"});
  losses.rows.push_back({say("nothing", "无"), voters + "/" + voters, answer(true).in(language),
                         answer(true).in(language), answer(true).in(language), say("complete", "完整")});
  for (const auto& row : survival_of(topology, layout)) {
    losses.rows.push_back({row.lost, std::to_string(row.voters_left) + "/" + std::to_string(row.voters),
                           answer(row.metadata).in(language), answer(row.reads).in(language),
                           answer(row.writes).in(language), copies(row).in(language)});
  }
  return say("Cluster ", "集群 ") + topology.name + say(": in ", "：位于 ") + topology.directory +
         say(", data in ", "，数据位于 ") + topology.data_directory() + say(", replicas ", "，副本 ") +
         std::to_string(layout.replicas) + tls_text(topology, language) + "\n\n" + text_table(nodes) + "\n\n" +
         text_table(losses) + "\n";
}

json::object plan_json(const Topology& topology, const Layout& layout) {
  json::array nodes, losses;
  for (const auto& node : layout.nodes) {
    nodes.push_back(json::object{{"host", node.entry.site.host},
                                 {"port", node.entry.site.port},
                                 {"alias", node.entry.site.alias},
                                 {"role", std::string(config::mode_name(node.entry.mode))},
                                 {"server", layout.packages[node.package].directory}});
  }
  for (const auto& row : survival_of(topology, layout)) {
    losses.push_back(json::object{{"host", row.lost},
                                  {"votersLeft", row.voters_left},
                                  {"voters", row.voters},
                                  {"metadata", row.metadata},
                                  {"reads", row.reads},
                                  {"writes", row.writes},
                                  {"fullReplicas", row.full_copies}});
  }
  return {{"name", topology.name},
          {"directory", topology.directory},
          {"data", topology.data_directory()},
          {"replicas", layout.replicas},
          {"tls", topology.tls},
          {"nodeTls", topology.uses_node_tls()},
          {"nodes", std::move(nodes)},
          {"loss", std::move(losses)}};
}

std::string findings_text(const std::vector<Finding>& findings, Language language) {
  std::string text;
  size_t good = 0;
  bool repairable = false;
  for (const auto& finding : findings) {
    if (finding.grade == Grade::kGood) {
      ++good;
      continue;
    }
    const bool is_problem = finding.grade == Grade::kProblem;
    const BothLanguages word = is_problem ? BothLanguages{"PROBLEM", "问题"} : BothLanguages{"warning", "警告"};
    text += "  " + word.in(language) + "  " + (finding.host.empty() ? "" : finding.host + "  ") + finding.check + ": " +
            finding.detail.in(language) + (finding.repair.empty() ? "" : "  [--fix]") + "\n";
    repairable = repairable || !finding.repair.empty();
  }
  const auto count = std::to_string(good) + "/" + std::to_string(findings.size());
  text += BothLanguages{"  " + count + " checks are good", "  " + count + " 项检查通过"}.in(language);
  if (repairable)
    text += BothLanguages{"; those marked [--fix] can be repaired with --fix", "；标有 [--fix] 的可用 --fix 修复"}.in(
        language);
  return text + "\n";
}

json::array findings_json(const std::vector<Finding>& findings, Language language) {
  json::array rows;
  for (const auto& finding : findings) {
    rows.push_back(json::object{{"check", finding.check},
                                {"host", finding.host},
                                {"grade", grade_name(finding.grade)},
                                {"detail", finding.detail.in(language)},
                                {"repairable", !finding.repair.empty()}});
  }
  return rows;
}

}  // namespace pelorus::cli::deploy
