// A package on this machine: its files, processes, ports and logs.

#include <algorithm>

#include "cli/config/cross_check.h"
#include "cli/doctor/check.h"
#include "config/setting.h"

namespace pelorus::cli::doctor {
namespace {

using config::Severity;

template <class Add>
void for_each_node(const Facts& facts, const Add& add) {
  for (const auto& package : facts.packages) {
    for (const auto& node : package.nodes) add(package, node);
  }
}

std::string with_more(const config::Findings& findings) {
  const auto first = findings.front().describe();
  return findings.size() == 1 ? first : fmt::format("{} (+{})", first, findings.size() - 1);
}

Outcome judge_config(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  config::Findings errors, warnings;
  for (const auto& package : facts.packages) {
    auto all = package.config.findings;
    const auto crossed = cross_check(package.config);
    all.insert(all.end(), crossed.begin(), crossed.end());
    for (const auto& finding : all) {
      if (finding.severity == Severity::kError) errors.push_back(finding);
      if (finding.severity == Severity::kWarning) warnings.push_back(finding);
    }
  }
  const auto fix = in_both("Correct the line; pelorus config check shows all of them.",
                           "更正该行；pelorus config check 会列出全部。");
  if (!errors.empty())
    return problem(in_both("A node would refuse its configuration: {}.", "节点会拒绝其配置：{}。", with_more(errors)),
                   fix);
  if (!warnings.empty())
    return warning(in_both("The configuration has doubtful lines: {}.", "配置中有可疑的行：{}。", with_more(warnings)),
                   fix);
  return fine(in_both("The configuration files have no faults.", "配置文件没有错误。"));
}

Outcome judge_unknown(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> unknown;
  const auto note = [&](const std::string& name, const std::string& file, int line) {
    const auto text = fmt::format("{} ({}:{})", name, file, line);
    const bool is_known = config::find_setting(name) != nullptr || config::is_known_without_effect(name);
    if (!is_known && std::find(unknown.begin(), unknown.end(), text) == unknown.end()) unknown.push_back(text);
  };
  for (const auto& package : facts.packages) {
    for (const auto* role : {&package.config.controller, &package.config.agent, &package.config.single}) {
      if (!*role) continue;
      for (const auto& [name, value] : (*role)->settings.all_set()) note(name, value.second.file, value.second.line);
    }
    const auto& values = package.config.cluster.values();
    for (const auto& entry : values.entries) note(entry.key, values.file, entry.line);
  }
  if (unknown.empty()) return fine(in_both("Every setting is known.", "所有配置项都已知。"));
  return warning(in_both("Unknown settings are ignored: {}.", "未知的配置项被忽略：{}。", listed(unknown)),
                 in_both("Correct the spelling; pelorus config check names the nearest setting.",
                         "更正拼写；pelorus config check 会提示最接近的配置项。"));
}

Outcome judge_addresses(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> foreign;
  config::Findings disagree;
  for (const auto& package : facts.packages) {
    foreign.insert(foreign.end(), package.foreign_addresses.begin(), package.foreign_addresses.end());
    for (const auto& finding : check_addresses(package.config)) {
      if (finding.severity != Severity::kNote) disagree.push_back(finding);
    }
  }
  if (!foreign.empty()) {
    return problem(in_both("This machine does not have the address of: {}.", "本机没有以下地址：{}。", listed(foreign)),
                   in_both("Write this machine's address into localSite and sites, and the same into cluster.nodes.",
                           "在 localSite 和 sites 中写本机地址，并与 cluster.nodes 一致。"));
  }
  if (!disagree.empty()) {
    return problem(in_both("Files disagree about an address: {}.", "各文件中的地址不一致：{}。", with_more(disagree)),
                   in_both("Give the node one address in localSite, sites, controllerSite and cluster.nodes.",
                           "使 localSite、sites、controllerSite 和 cluster.nodes 中的地址一致。"));
  }
  return fine(in_both("Own addresses are this machine's, in all files alike.", "自身地址属于本机，且各文件一致。"));
}

Outcome judge_drift(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> lines;
  std::vector<PackageConfig> configs;
  for (const auto& package : facts.packages) configs.push_back(package.config);
  for (const auto& finding : compare_packages(configs)) lines.push_back(finding.describe());
  const auto* live = answering(facts);
  if (live != nullptr && !live->drift_refusal.empty()) {
    return skipped(in_both("The cluster did not tell what is in effect: {}", "集群没有给出实际生效的配置：{}",
                           live->drift_refusal));
  }
  if (live != nullptr) {
    for (const auto& difference : live->drift)
      lines.push_back(fmt::format("{}:{} {}", difference.file, difference.line, difference.key));
  } else if (facts.packages.size() == 1) {
    return skipped(in_both("There is nothing to compare with: give several packages or --host.",
                           "没有可比较的对象：给出多个安装包或 --host。"));
  }
  if (lines.empty())
    return fine(in_both("Files, and what the cluster works with, agree.", "文件与集群实际使用的配置一致。"));
  return warning(in_both("{} lines differ: {}.", "{} 行不一致：{}。", lines.size(), listed(lines)),
                 in_both("Make the copies alike; pelorus config diff shows what is in effect, and nodes read changes "
                         "at their next start.",
                         "使各副本一致；pelorus config diff 显示实际生效的内容，更改在节点下次启动时生效。"));
}

Outcome judge_processes(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> stopped;
  size_t running = 0;
  for_each_node(facts, [&](const PackageFacts&, const LocalNode& node) {
    if (node.is_running) ++running;
    if (!node.is_running && node.was_started)
      stopped.push_back(node.entry.site.alias + (node.state.empty() ? "" : " (" + node.state + ")"));
  });
  if (stopped.empty()) return fine(in_both("{} nodes of the package run.", "安装包中有 {} 个节点在运行。", running));
  return warning(
      in_both("Nodes that have run here do not run now: {}.", "曾在此运行的节点现在没有运行：{}。", listed(stopped)),
      in_both("Start them with startController.sh, startAgent.sh or startDataNode; pelorus logs shows why they ended.",
              "用 startController.sh、startAgent.sh 或 startDataNode 启动；pelorus logs 显示停止原因。"));
}

Outcome judge_ports(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> taken, closed;
  for_each_node(facts, [&](const PackageFacts&, const LocalNode& node) {
    const auto where = fmt::format("{} {}", node.entry.site.alias, node.entry.site.address());
    const auto owner =
        node.port_owner > 0 ? fmt::format("pid {} {}", node.port_owner, node.port_program) : "another user's process";
    if (node.port_owner != 0 && !node.owner_is_node) taken.push_back(where + ": " + owner);
    if (node.port_owner == 0 && node.is_running) closed.push_back(where);
  });
  if (!taken.empty()) {
    return problem(in_both("Ports are taken by other programs: {}.", "端口被其他程序占用：{}。", listed(taken)),
                   in_both("Stop that program, or give the node another port in localSite and cluster.nodes.",
                           "停止该程序，或在 localSite 和 cluster.nodes 中换一个端口。"));
  }
  if (!closed.empty()) {
    return problem(in_both("Nodes run and do not listen: {}.", "节点在运行但没有监听：{}。", listed(closed)),
                   in_both("Wait for the end of its start, or look at its log.", "等待启动完成，或查看其日志。"));
  }
  return fine(in_both("No port is taken by another program.", "没有端口被其他程序占用。"));
}

Outcome judge_ownership(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> closed, foreign;
  for (const auto& package : facts.packages) {
    for (const auto& place : package.places) {
      const auto& directory = place.directory;
      const auto text = fmt::format("{} {} ({})", place.setting, directory.path, directory.owner);
      if (!directory.writable) closed.push_back(text);
      if (directory.exists && !package.owner.empty() && directory.owner != package.owner) foreign.push_back(text);
    }
  }
  const auto fix = in_both("Give the package and its directories to the user who runs the nodes: chown -R USER.",
                           "把安装包及其目录交给运行节点的用户：chown -R 用户。");
  if (!closed.empty())
    return problem(in_both("Directories cannot be written: {}.", "目录不可写：{}。", listed(closed)), fix);
  if (!foreign.empty()) {
    return warning(in_both("Directories belong to another user than the package: {}.", "目录的所有者与安装包不同：{}。",
                           listed(foreign)),
                   fix);
  }
  return fine(in_both("Home and volumes can be written.", "主目录和卷可写。"));
}

Outcome judge_nested(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> nested;
  for (const auto& package : facts.packages) {
    if (!package.nested.empty()) nested.push_back(package.nested);
  }
  if (nested.empty()) return fine(in_both("No package lies inside another.", "没有嵌套的安装包。"));
  return warning(in_both("A second package lies inside: {}; it was copied onto an existing directory.",
                         "安装包内嵌套了第二个安装包：{}；复制时目标目录已存在。", listed(nested)),
                 in_both("Compare the two, keep the newer files, and remove the inner one.",
                         "比较两者，保留较新的文件，删除内层安装包。"));
}

Outcome judge_pids(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> stale;
  for_each_node(facts, [&](const PackageFacts&, const LocalNode& node) {
    if (node.has_stale_pid) stale.push_back(node.entry.site.alias);
  });
  if (stale.empty()) return fine(in_both("Every node.pid names a living process.", "所有 node.pid 都对应存活的进程。"));
  return warning(in_both("node.pid is left over from a process that was killed or crashed: {}.",
                         "node.pid 是被杀死或崩溃的进程留下的：{}。", listed(stale)),
                 in_both("Start the node, which replaces the file; its log and the system's (dmesg) say why it ended.",
                         "启动该节点即可替换该文件；停止原因见其日志和系统日志（dmesg）。"));
}

Outcome judge_crashes(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> signs;
  for (const auto& package : facts.packages) {
    for (const auto& sign : package.crashes)
      signs.push_back(sign.text.empty() ? sign.file : sign.file + ": " + sign.text);
  }
  if (signs.empty())
    return fine(in_both("No core file and no crash in the logs.", "没有 core 文件，日志中没有崩溃记录。"));
  return problem(in_both("A node has crashed: {}.", "节点曾崩溃：{}。", listed(signs)),
                 in_both("Make a support bundle (pelorus support-bundle), report it, and then remove core file or log.",
                         "用 pelorus support-bundle 生成支持包并报告，然后删除 core 文件或日志。"));
}

Outcome judge_errors(const Facts& facts) {
  if (facts.packages.empty()) return skipped_without_package();
  std::vector<std::string> errors;
  for (const auto& package : facts.packages) {
    for (const auto& log : package.errors) errors.push_back(fmt::format("{} {}: {}", log.alias, log.count, log.last));
  }
  if (errors.empty()) return fine(in_both("No <ERROR> line in the last hour.", "最近一小时没有 <ERROR> 行。"));
  return warning(
      in_both("Logs have <ERROR> lines of the last hour: {}.", "最近一小时日志中有 <ERROR> 行：{}。", listed(errors)),
      in_both("Read them: pelorus logs --errors --since 1h.", "查看：pelorus logs --errors --since 1h。"));
}

}  // namespace

std::vector<Check> file_checks() {
  return {
      {"config-files", "what the nodes would say of their configuration files", "节点读取配置文件时的结论",
       judge_config},
      {"unknown-settings", "settings that nobody reads", "无人读取的配置项", judge_unknown},
      {"addresses", "own addresses in localSite, sites and cluster.nodes",
       "localSite、sites、cluster.nodes 中的自身地址", judge_addresses},
      {"config-drift", "copies of the files, and what is in effect", "各份文件以及实际生效的配置", judge_drift},
      {"processes", "nodes that have run here and do not now", "曾运行而现在停止的节点", judge_processes},
      {"ports", "ports of this package's nodes", "安装包中节点的端口", judge_ports},
      {"ownership", "whether home and volumes can be written, and whose they are", "主目录和卷是否可写及其所有者",
       judge_ownership},
      {"nested-package", "a package copied into itself", "嵌套复制的安装包", judge_nested},
      {"stale-pid", "node.pid of dead processes", "已结束进程的 node.pid", judge_pids},
      {"crashes", "core files and crash lines in logs", "core 文件和日志中的崩溃记录", judge_crashes},
      {"log-errors", "<ERROR> lines of the last hour", "最近一小时的 <ERROR> 行", judge_errors},
  };
}

}  // namespace pelorus::cli::doctor
