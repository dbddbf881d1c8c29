// Disks, memory, limits and file systems of the machines, and who can reach them.

#include <algorithm>
#include <charconv>
#include <set>

#include "cli/doctor/check.h"
#include "config/setting.h"

namespace pelorus::cli::doctor {
namespace {

constexpr double kDiskWarn = 0.80, kDiskProblem = 0.95;
constexpr int64_t kFilesWarn = 65536, kFilesProblem = 4096;
constexpr double kGigabyte = 1024.0 * 1024 * 1024;

struct MachineView {
  std::string host;
  observe::MachineFacts facts;
};

/// One for every host of the live cluster, or this machine when packages were looked at.
std::vector<MachineView> machines(const Facts& facts) {
  std::vector<MachineView> all;
  std::set<std::string> hosts;
  if (const auto* live = answering(facts)) {
    for (const auto& node : live->nodes) {
      if (node.machine && hosts.insert(node.row.host).second) all.push_back({node.row.host, *node.machine});
    }
  }
  if (all.empty() && facts.here) all.push_back({"localhost", *facts.here});
  return all;
}

struct PlaceView {
  std::string alias;
  const PlaceFacts* place;
};

/// Directories of live nodes, or of the packages.
std::vector<PlaceView> places(const Facts& facts) {
  std::vector<PlaceView> all;
  if (const auto* live = answering(facts)) {
    for (const auto& node : live->nodes) {
      for (const auto& place : node.places) all.push_back({node.row.alias, &place});
    }
  }
  if (!all.empty()) return all;
  for (const auto& package : facts.packages) {
    for (const auto& place : package.places) all.push_back({package.name, &place});
  }
  return all;
}

Outcome skipped_without_machine(const Facts& facts) {
  if (answering(facts) != nullptr)
    return skipped(in_both("No node told it; log in with --user.", "没有节点给出；请用 --user 登录。"));
  return skipped_without_live(facts);
}

Outcome judge_disk(const Facts& facts) {
  const auto all = places(facts);
  if (all.empty()) return skipped_without_machine(facts);
  std::vector<std::string> full;
  double most = 0;
  for (const auto& [alias, place] : all) {
    const auto& directory = place->directory;
    if (directory.capacity_bytes <= 0) continue;
    const double used = 1 - static_cast<double>(directory.free_bytes) / static_cast<double>(directory.capacity_bytes);
    most = std::max(most, used);
    if (used > kDiskWarn) full.push_back(fmt::format("{} {} {:.0f} %", alias, directory.path, used * 100));
  }
  if (full.empty())
    return fine(in_both("The fullest file system is used to {:.0f} %.", "最满的文件系统使用了 {:.0f} %。", most * 100));
  const auto reason = in_both("Disks are filling up: {}.", "磁盘将满：{}。", listed(full));
  const auto fix = in_both("Free space, drop old partitions, or add a directory on another disk to volumes.",
                           "释放空间、删除旧分区，或在 volumes 中增加另一块磁盘上的目录。");
  return most > kDiskProblem ? problem(reason, fix) : warning(reason, fix);
}

/// maxMemSize by host; a node without a ceiling counts as the whole machine.
std::map<std::string, double> promised_memory(const Facts& facts) {
  std::map<std::string, double> gigabytes_of;
  if (const auto* live = answering(facts)) {
    for (const auto& node : live->nodes) {
      if (node.is_up()) gigabytes_of[node.row.host] += node.row.memory_max;
    }
    return gigabytes_of;
  }
  std::set<std::string> seen;
  for (const auto& package : facts.packages) {
    for (const auto& local : package.nodes) {
      if (!seen.insert(local.entry.site.alias).second) continue;
      const auto& config = package.config;
      const auto mode = local.entry.mode;
      double size = 0;
      if (mode == config::NodeMode::kController && config.controller)
        size = config.controller->settings.number("maxMemSize");
      if (mode == config::NodeMode::kAgent && config.agent) size = config.agent->settings.number("maxMemSize");
      if (mode == config::NodeMode::kSingle && config.single) size = config.single->settings.number("maxMemSize");
      if (const auto settings = settings_of_node(config, local.entry.site.alias);
          settings.ok() && (mode == config::NodeMode::kDataNode || mode == config::NodeMode::kComputeNode)) {
        size = settings->number("maxMemSize");
      }
      gigabytes_of["localhost"] += size;
    }
  }
  return gigabytes_of;
}

Outcome judge_memory(const Facts& facts) {
  const auto all = machines(facts);
  if (all.empty()) return skipped_without_machine(facts);
  const auto promised = promised_memory(facts);
  std::vector<std::string> over;
  for (const auto& machine : all) {
    const auto found = promised.find(machine.host);
    if (found == promised.end() || machine.facts.memory_total_bytes == 0) continue;
    const auto total = static_cast<double>(machine.facts.memory_total_bytes);
    if (found->second * kGigabyte > total)
      over.push_back(fmt::format("{} {:g} GB > {}", machine.host, found->second, gigabytes(total)));
  }
  if (over.empty())
    return fine(in_both("The nodes' maxMemSize fits into their machines.", "各节点的 maxMemSize 之和不超过机器内存。"));
  return warning(
      in_both("The maxMemSize of a host's nodes adds up to more than its memory: {}.",
              "同一主机上节点的 maxMemSize 之和超过其内存：{}。", listed(over)),
      in_both("Lower maxMemSize in cluster.cfg, controller.cfg and agent.cfg until the sum is below the memory, or the "
              "system kills nodes.",
              "在 cluster.cfg、controller.cfg、agent.cfg 中降低 maxMemSize，使总和小于内存，否则系统会杀死节点。"));
}

Outcome judge_swap(const Facts& facts) {
  const auto all = machines(facts);
  if (all.empty()) return skipped_without_machine(facts);
  std::vector<std::string> swapping;
  for (const auto& machine : all) {
    const auto used = machine.facts.swap_used_bytes;
    if (used * 100 > machine.facts.swap_total_bytes && used > 0)
      swapping.push_back(machine.host + " " + gigabytes(static_cast<double>(used)));
  }
  if (swapping.empty()) return fine(in_both("No swap is in use.", "没有使用交换空间。"));
  return warning(in_both("Swap is in use: {}; nodes that swap miss heartbeats.",
                         "正在使用交换空间：{}；换页的节点会错过心跳。", listed(swapping)),
                 in_both("Lower maxMemSize or add memory; set vm.swappiness=1.",
                         "降低 maxMemSize 或增加内存；设置 vm.swappiness=1。"));
}

Outcome judge_files(const Facts& facts) {
  const auto all = machines(facts);
  if (all.empty()) return skipped_without_machine(facts);
  int64_t least = INT64_MAX;
  std::vector<std::string> low;
  for (const auto& machine : all) {
    least = std::min(least, machine.facts.open_files_max);
    if (machine.facts.open_files_max < kFilesWarn)
      low.push_back(fmt::format("{} {}", machine.host, machine.facts.open_files_max));
  }
  if (low.empty()) return fine(in_both("A process may open {} files or more.", "进程至少可打开 {} 个文件。", least));
  const auto reason = in_both("A process may open few files: {}; {} are advised.",
                              "进程可打开的文件数偏少：{}；建议 {}。", listed(low), kFilesWarn);
  const auto fix =
      in_both("Raise nofile in /etc/security/limits.conf (or LimitNOFILE of the service) and restart the nodes.",
              "在 /etc/security/limits.conf（或服务的 LimitNOFILE）中提高 nofile 并重启节点。");
  return least < kFilesProblem ? problem(reason, fix) : warning(reason, fix);
}

Outcome judge_huge_pages(const Facts& facts) {
  const auto all = machines(facts);
  if (all.empty()) return skipped_without_machine(facts);
  std::vector<std::string> always;
  for (const auto& machine : all) {
    if (machine.facts.huge_pages == "always") always.push_back(machine.host);
  }
  if (always.empty()) return fine(in_both("Transparent huge pages are not forced.", "未强制使用透明大页。"));
  return warning(in_both("Transparent huge pages are always on: {}; memory grows and pauses appear.",
                         "透明大页始终开启：{}；会增加内存占用和停顿。", listed(always)),
                 in_both("Write madvise to /sys/kernel/mm/transparent_hugepage/enabled, at every boot.",
                         "每次开机向 /sys/kernel/mm/transparent_hugepage/enabled 写入 madvise。"));
}

Outcome judge_file_systems(const Facts& facts) {
  const auto all = places(facts);
  if (all.empty()) return skipped_without_machine(facts);
  std::vector<std::string> lost, remote;
  for (const auto& [alias, place] : all) {
    const auto& directory = place->directory;
    const auto text = fmt::format("{} {} ({})", place->setting, directory.path, directory.file_system);
    if (observe::is_volatile(directory.file_system)) lost.push_back(text);
    if (observe::is_remote(directory.file_system)) remote.push_back(text);
  }
  const auto fix =
      in_both("Move these directories to a local disk with ext4 or xfs.", "把这些目录移到本地磁盘的 ext4 或 xfs 上。");
  if (!lost.empty()) {
    return problem(in_both("Directories lie in memory and are gone at the next boot: {}.",
                           "目录在内存文件系统中，重启后丢失：{}。", listed(lost)),
                   fix);
  }
  if (!remote.empty()) {
    return warning(
        in_both("Directories lie on a network file system: {}.", "目录在网络文件系统中：{}。", listed(remote)), fix);
  }
  return fine(in_both("All directories lie on local disks.", "所有目录都在本地磁盘上。"));
}

std::vector<std::string> open_addresses(const LiveFacts& live) {
  std::vector<std::string> open;
  for (const auto& node : live.nodes) {
    const auto& address = node.listens.empty() ? node.row.host : node.listens;
    if (!is_loopback_host(address)) open.push_back(node.row.alias + " " + address);
  }
  return open;
}

Outcome judge_password(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  if (live->user != "admin") return skipped(in_both("Only a login as admin shows it.", "只有以 admin 登录才能检查。"));
  if (!live->stock_password)
    return fine(in_both("The password of admin is not the customary one.", "admin 的密码不是默认密码。"));
  const auto open = open_addresses(*live);
  if (open.empty())
    return fine(
        in_both("The customary password is in use, on loopback addresses only.", "使用默认密码，但只监听回环地址。"));
  return problem(in_both("admin has the customary password on addresses others can reach: {}.",
                         "admin 使用默认密码，且他人可访问：{}。", listed(open)),
                 in_both("Change it now: changePwd(\"123456\", \"a better one\").",
                         "立即修改：changePwd(\"123456\", \"新密码\")。"));
}

Outcome judge_tls(const Facts& facts) {
  const auto* live = answering(facts);
  if (live == nullptr) return skipped_without_live(facts);
  std::vector<std::string> plain;
  size_t known = 0;
  for (const auto& node : live->nodes) {
    const auto found = node.settings.find("enableHTTPS");
    const auto& address = node.listens.empty() ? node.row.host : node.listens;
    if (found == node.settings.end()) continue;
    ++known;
    if (!is_loopback_host(address) && !config::parse_bool(found->second).value_or(false))
      plain.push_back(node.row.alias + " " + address);
  }
  if (known == 0) return skipped(in_both("No node told enableHTTPS.", "没有节点给出 enableHTTPS。"));
  if (plain.empty()) return fine(in_both("Nothing goes over a network in the clear.", "没有明文经过网络。"));
  return warning(
      in_both("Nodes listen without TLS on addresses others can reach: {}.", "节点在他人可访问的地址上未启用 TLS：{}。",
              listed(plain)),
      in_both("Set enableHTTPS=true with a certificate in keyPath, or keep the ports inside a trusted network.",
              "设置 enableHTTPS=true 并在 keyPath 放置证书，或只在可信网络中开放端口。"));
}

}  // namespace

std::vector<Check> machine_checks() {
  return {
      {"disk-space", "file systems used to more than 80 %", "使用超过 80 % 的文件系统", judge_disk},
      {"memory", "the sum of maxMemSize of each host", "每台主机的 maxMemSize 之和", judge_memory},
      {"swap", "whether swap is in use", "是否使用交换空间", judge_swap},
      {"open-files", "how many files a process may open", "进程可打开的文件数", judge_files},
      {"huge-pages", "transparent huge pages", "透明大页", judge_huge_pages},
      {"file-systems", "directories in memory or on a network", "内存或网络文件系统中的目录", judge_file_systems},
      {"password", "whether admin has the customary password", "admin 是否使用默认密码", judge_password},
      {"tls", "ports that others can reach without TLS", "他人可访问且未启用 TLS 的端口", judge_tls},
  };
}

}  // namespace pelorus::cli::doctor
