#include "cli/deploy/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace pelorus::cli::deploy {
namespace {

constexpr double kGbInKb = 1024.0 * 1024;
constexpr double kSkewMost = 0.5, kSkewFar = 30;  // seconds
constexpr double kFilesLeast = 65536, kFilesWanted = 1048576;

std::string gb(double kilobytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", kilobytes / kGbInKb);
  return text;
}

std::string plain(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", number);
  return number > 1e17 ? "unlimited" : text;
}

/// "2.36" of "glibc 2.36" against the oldest the programs are built for.
bool is_old(const std::string& version, int major, int minor) {
  int found_major = 0, found_minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &found_major, &found_minor) < 1) return false;
  return found_major < major || (found_major == major && found_minor < minor);
}

/// Judges one host.
class HostJudge {
 public:
  HostJudge(const Topology& topology, const Layout& layout, const PackageFacts& package, const HostFacts& facts,
            size_t host, std::vector<Finding>& findings)
      : topology_(topology), layout_(layout), package_(package), facts_(facts), host_(host), findings_(findings) {}

  void judge() {
    system();
    resources();
    limits();
    time_and_place();
    for (const char* place : {"directory", "data"}) check_place(place);
    contents();
    network();
    tools();
    installed();
  }

 private:
  void add(const char* check, Grade grade, BothLanguages detail, std::string repair = "") {
    findings_.push_back({check, topology_.hosts[host_], grade, std::move(detail), std::move(repair)});
  }
  /// `fault` applies unless `good`.
  void expect(bool good, const char* check, const BothLanguages& fine, Grade grade, const BothLanguages& fault,
              const std::string& repair = "") {
    if (good) {
      add(check, Grade::kGood, fine);
    } else {
      add(check, grade, fault, repair);
    }
  }
  std::string owner() const { return facts_.text("user"); }
  void system();
  void resources();
  void limits();
  void time_and_place();
  void check_place(const std::string& name);
  void contents();
  void network();
  void ports();
  void tools();
  void installed();
  bool is_taken(const PlannedNode& node) const;

  const Topology& topology_;
  const Layout& layout_;
  const PackageFacts& package_;
  const HostFacts& facts_;
  const size_t host_;
  std::vector<Finding>& findings_;
};

void HostJudge::system() {
  const auto system = facts_.text("system"), machine = facts_.text("machine"), kernel = facts_.text("kernel"),
             libc = facts_.text("libc");
  add("ssh", Grade::kGood, {"answers as " + owner(), "以 " + owner() + " 身份应答"});
  expect(system == "Linux", "system", same(system), Grade::kProblem,
         {"Linux is needed, this is " + system, "需要 Linux，这里是 " + system});
  expect(machine == package_.machine, "architecture", same(machine), Grade::kProblem,
         {"the package is for " + package_.machine + ", the host is " + machine,
          "安装包适用于 " + package_.machine + "，主机是 " + machine});
  expect(!is_old(kernel, 4, 18), "kernel", same(kernel), Grade::kProblem,
         {"Linux 4.18 or newer is needed, this is " + kernel, "需要 Linux 4.18 或更新版本，这里是 " + kernel});
  const bool is_glibc = libc.starts_with("glibc ");
  expect(
      is_glibc && !is_old(libc.substr(6), 2, 34), "c-library", same(libc), Grade::kProblem,
      {"the GNU C library 2.34 or newer is needed, this is " + libc, "需要 GNU C 库 2.34 或更新版本，这里是 " + libc});
  expect(facts_.is("root"), "rights", {"root, or sudo without a password", "root 或免密码 sudo"}, Grade::kGood,
         {"an ordinary user; enough for everything but repairs", "普通用户；除修复外足够"});
  const auto charmap = facts_.text("charmap");
  expect(charmap == "UTF-8" || charmap.empty() || charmap.find("ASCII") != std::string::npos ||
             charmap.find("ANSI") != std::string::npos,
         "locale", same(charmap.empty() ? "C" : charmap), Grade::kWarning,
         {"texts are UTF-8, the locale is " + charmap, "文本使用 UTF-8，区域设置为 " + charmap});
}

void HostJudge::resources() {
  const double memory = facts_.number("memory_kb"), free = facts_.number("memory_free_kb"),
               cores = facts_.number("cores");
  const auto nodes = static_cast<double>(layout_.on_host(host_).size());
  expect(memory >= 0.5 * nodes * kGbInKb, "memory", same(gb(memory)), Grade::kProblem,
         {gb(memory) + " for " + plain(nodes) + " nodes: at least half a GB each is needed",
          plain(nodes) + " 个节点只有 " + gb(memory) + "：每个节点至少需要 0.5 GB"});
  expect(free >= 0.25 * nodes * kGbInKb, "free-memory", same(gb(free)), Grade::kWarning,
         {"only " + gb(free) + " are free", "空闲内存只有 " + gb(free)});
  expect(cores >= 2, "cores", same(plain(cores)), Grade::kWarning,
         {"one core for " + plain(nodes) + " nodes", plain(nodes) + " 个节点只有一个处理器核"});
  const double swap = facts_.number("swap_kb"), swappiness = facts_.number("swappiness");
  expect(swap <= 0 || swappiness <= 10, "swap", {"none, or hardly used", "没有，或几乎不用"}, Grade::kWarning,
         {gb(swap) + " of swap with swappiness " + plain(swappiness) + ": a node that is swapped out counts as dead",
          "交换区 " + gb(swap) + "，swappiness " + plain(swappiness) + "：被换出的节点会被视为失效"},
         "echo vm.swappiness=1 >/etc/sysctl.d/90-pelorus-swap.conf && sysctl -q -w vm.swappiness=1");
  expect(facts_.text("thp") != "always", "huge-pages", same(facts_.text("thp")), Grade::kWarning,
         {"transparent huge pages are 'always': memory use grows and pauses come; madvise is better",
          "透明大页为 always：内存占用增加并产生停顿；建议 madvise"},
         "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled");
  expect(facts_.number("maps") < 0 || facts_.number("maps") >= 65530, "memory-maps", same(facts_.text("maps")),
         Grade::kWarning,
         {"vm.max_map_count is " + facts_.text("maps") + ", 65530 or more is usual",
          "vm.max_map_count 为 " + facts_.text("maps") + "，通常至少 65530"},
         "echo vm.max_map_count=262144 >/etc/sysctl.d/90-pelorus-maps.conf && sysctl -q -w vm.max_map_count=262144");
  expect(facts_.is("tmp_writable") && facts_.number("tmp_free_kb") >= 64 * 1024, "temporary-space",
         same(gb(facts_.number("tmp_free_kb"))), Grade::kWarning,
         {"the temporary folder has " + gb(facts_.number("tmp_free_kb")),
          "临时目录只有 " + gb(facts_.number("tmp_free_kb"))});
}

void HostJudge::limits() {
  const double files = facts_.number("files"), processes = facts_.number("processes");
  const std::string repair =
      "printf '%s soft nofile 1048576\\n%s hard nofile 1048576\\n%s soft nproc 65536\\n%s hard nproc 65536\\n' " +
      owner() + " " + owner() + " " + owner() + " " + owner() + " >/etc/security/limits.d/90-pelorus.conf";
  expect(
      files >= kFilesLeast, "open-files", same(plain(files)), Grade::kWarning,
      {"at most " + plain(files) + " open files; " + plain(kFilesWanted) + " are wanted, the nodes take the hard limit",
       "最多打开 " + plain(files) + " 个文件；建议 " + plain(kFilesWanted) + "，节点使用硬限制"},
      repair);
  expect(processes < 0 || processes >= 4096, "processes", same(processes < 0 ? "?" : plain(processes)), Grade::kWarning,
         {"at most " + plain(processes) + " threads; 4096 or more are wanted",
          "最多 " + plain(processes) + " 个线程；建议至少 4096"},
         repair);
}

void HostJudge::time_and_place() {
  const double skew = std::abs(facts_.number("time") - facts_.asked_at);
  const double doubt = facts_.asked_for / 2 + kSkewMost;
  char text[48];
  std::snprintf(text, sizeof text, "%.1f s", skew);
  expect(skew <= doubt, "clock", same(text), skew > doubt + kSkewFar ? Grade::kProblem : Grade::kWarning,
         {std::string("the clock is ") + text + " off this machine's: times in logs and now() would disagree",
          std::string("时钟与本机相差 ") + text + "：日志时间与 now() 会不一致"},
         "timedatectl set-ntp true");
  const auto ntp = facts_.text("ntp");
  expect(ntp == "yes" || ntp.empty(), "time-service",
         ntp.empty() ? BothLanguages{"not known", "未知"} : BothLanguages{"synchronised", "已同步"}, Grade::kWarning,
         {"the clock is not synchronised by NTP", "时钟没有通过 NTP 同步"}, "timedatectl set-ntp true");
}

void HostJudge::check_place(const std::string& name) {
  const auto path = name == "data" ? topology_.data_directory() : topology_.directory;
  const auto prefixed = [&](const char* rest) { return name + rest; };
  const std::string repair = "mkdir -p " + shell_word(path) + " && chown " + owner() + " " + shell_word(path);
  expect(!facts_.is(prefixed("_file")), (name + "-kind").c_str(), same(path), Grade::kProblem,
         {path + " is a file, no folder", path + " 是文件，不是目录"});
  const bool readonly = facts_.is(prefixed("_readonly"));
  expect(facts_.is(prefixed("_writable")) && !readonly, (name + "-rights").c_str(), same(path), Grade::kProblem,
         {facts_.text(prefixed("_near")) + " belongs to " + facts_.text(prefixed("_owner")) + " and " + owner() +
              " cannot write it" + (readonly ? " (mounted read-only)" : ""),
          facts_.text(prefixed("_near")) + " 属于 " + facts_.text(prefixed("_owner")) + "，" + owner() + " 无法写入" +
              (readonly ? "（只读挂载）" : "")},
         readonly ? "" : repair);
  const auto type = facts_.text(prefixed("_type"));
  const bool remote = type == "nfs" || type == "nfs4" || type == "cifs" || type == "smb2" || type == "fuseblk";
  expect(!remote && type != "tmpfs" && type != "ramfs", (name + "-file-system").c_str(), same(type),
         name == "data" && remote ? Grade::kProblem : Grade::kWarning,
         {path + " is on " + type +
              (remote ? ": syncs there promise little, and a lost network stops the node"
                      : ": it is empty after a restart of the host"),
          path + " 位于 " + type + (remote ? "：同步不可靠，网络中断会使节点停止" : "：主机重启后内容消失")});
  expect(!facts_.is(prefixed("_noexec")) || name == "data", (name + "-programs").c_str(),
         {"programs run there", "可以运行程序"}, Grade::kProblem,
         {path + " is mounted noexec", path + " 以 noexec 挂载"});
  const double free = facts_.number(prefixed("_free_kb"));
  double needed = name == "data" ? 1 * kGbInKb : package_.bytes / 1024 * 1.2;
  const bool is_installed = !facts_.text("ours").empty();
  if (is_installed) needed = 256 * 1024;
  expect(free >= needed, (name + "-space").c_str(), same(gb(free)), Grade::kProblem,
         {gb(free) + " free in " + path + ", " + gb(needed) + " are needed",
          path + " 空闲 " + gb(free) + "，需要 " + gb(needed)});
  const double inodes = facts_.number(prefixed("_inodes"));
  expect(inodes < 0 || inodes == 0 || inodes >= 20000, (name + "-inodes").c_str(), same(plain(inodes)), Grade::kProblem,
         {"only " + plain(inodes) + " inodes are left in " + path, path + " 只剩 " + plain(inodes) + " 个 inode"});
}

void HostJudge::contents() {
  const auto ours = facts_.text("ours"), content = facts_.text("content"), data = facts_.text("data_content");
  expect(!ours.empty() || content.empty(), "directory-content",
         ours.empty() ? BothLanguages{"empty", "空"} : BothLanguages{"of this cluster", "属于本集群"}, Grade::kProblem,
         {topology_.directory + " holds something else: " + content + "… Give another --directory, or empty it",
          topology_.directory + " 中有其他内容：" + content + "……请换一个 --directory，或清空它"});
  expect(ours.empty() || ours == topology_.name, "cluster-name", same(topology_.name), Grade::kProblem,
         {"another cluster lives in " + topology_.directory + ": " + ours + ", not " + topology_.name,
          topology_.directory + " 中是另一个集群：" + ours + "，不是 " + topology_.name});
  expect(!ours.empty() || data.empty(), "data-content",
         data.empty() ? BothLanguages{"empty", "空"} : BothLanguages{"of this cluster", "属于本集群"}, Grade::kProblem,
         {topology_.data_directory() + " holds data of nobody known: " + data + "…",
          topology_.data_directory() + " 中有来历不明的数据：" + data + "……"});
}

bool HostJudge::is_taken(const PlannedNode& node) const {
  if (!facts_.text("state:" + node.entry.site.alias).empty()) return false;  // by itself
  std::string own = node.entry.site.host;
  std::istringstream resolved(facts_.text("resolved"));
  for (std::string pair; resolved >> pair;) {
    const auto arrow = pair.find('>');
    if (pair.substr(0, arrow) == own && arrow + 1 < pair.size()) own = pair.substr(arrow + 1);
  }
  in_addr address{};
  char wanted[9] = "", port[5];
  if (inet_pton(AF_INET, own.c_str(), &address) == 1) std::snprintf(wanted, sizeof wanted, "%08X", address.s_addr);
  std::snprintf(port, sizeof port, "%04X", node.entry.site.port);
  const bool everywhere = !own.starts_with("127.");
  for (const auto& listener : facts_.list("listening")) {
    const auto colon = listener.find(':');
    if (colon == std::string::npos || listener.substr(colon + 1) != port) continue;
    const auto at = listener.substr(0, colon);
    if (at.find_first_not_of('0') == std::string::npos || at == wanted || (everywhere && at.size() == 8)) return true;
  }
  return false;
}

void HostJudge::ports() {
  std::string taken, wanted;
  for (const auto* node : layout_.on_host(host_)) {
    const auto port = std::to_string(node->entry.site.port);
    wanted += (wanted.empty() ? "" : " ") + port;
    if (is_taken(*node)) taken += " " + port;
  }
  expect(taken.empty(), "ports", same(wanted), Grade::kProblem,
         {"taken by other programs:" + taken + ". Give another --port or end them",
          "被其他程序占用：" + taken + "。请换一个 --port 或结束它们"});
}

void HostJudge::network() {
  const auto& host = topology_.hosts[host_];
  std::string own, missing;
  std::istringstream resolved(facts_.text("resolved"));
  for (std::string pair; resolved >> pair;) {
    const auto arrow = pair.find('>');
    const auto name = pair.substr(0, arrow);
    if (arrow + 1 >= pair.size()) missing += " " + name;
    if (name == host) own = pair.substr(std::min(pair.size(), arrow + 1));
  }
  expect(missing.empty(), "names", {"all hosts are found", "所有主机都能解析"}, Grade::kProblem,
         {"not found here:" + missing + ". Name them in /etc/hosts or DNS, or give addresses",
          "此处无法解析：" + missing + "。请写入 /etc/hosts 或 DNS，或使用地址"});
  const auto addresses = facts_.list("addresses");
  expect(own.starts_with("127.") || addresses.contains(own) || addresses.empty() || own.empty(), "address", same(own),
         Grade::kProblem,
         {host + " is " + own + ", which is no address of this host: its nodes could not be reached under it",
          host + " 解析为 " + own + "，不是该主机的地址：其节点无法通过它访问"});
  expect(!own.starts_with("127.") || topology_.hosts.size() == 1 ||
             std::ranges::all_of(topology_.hosts, [](const auto& one) { return one.starts_with("127."); }),
         "address-reach", {"others can use it", "其他主机可用"}, Grade::kProblem,
         {host + " is " + own + " there: a loopback address, which other hosts cannot reach. Look at its /etc/hosts",
          host + " 在该主机上解析为 " + own + "：其他主机无法访问的回环地址。请检查其 /etc/hosts"});
  ports();
}

void HostJudge::tools() {
  const auto tools = facts_.list("tools");
  std::string missing;
  for (const char* tool : {"tar", "dd", "awk", "sed", "find", "cp", "mv", "cat", "kill", "nohup"}) {
    if (!tools.contains(tool)) missing += std::string(" ") + tool;
  }
  expect(missing.empty(), "tools", {"all there", "齐全"}, Grade::kProblem,
         {"not installed:" + missing, "没有安装：" + missing});
  expect(true, "rsync", tools.contains("rsync") ? same("rsync") : BothLanguages{"none; tar is used", "没有；使用 tar"},
         Grade::kGood, {});
  expect(facts_.text("shell") == "works", "shell", same("sh"), Grade::kProblem, {"sh does not work", "sh 无法运行"});
}

void HostJudge::installed() {
  bool founded = false, differs = false;
  for (const auto* node : layout_.on_host(host_)) founded = founded || facts_.is("founded:" + node->entry.site.alias);
  for (const auto& package : layout_.packages) {
    const auto print = facts_.text("package:" + package.directory);
    differs = differs || (package.host == host_ && !print.empty() && print != package_.fingerprint);
  }
  expect(!founded || !differs, "version", {"the same, or none yet", "相同，或尚未安装"}, Grade::kProblem,
         {"another version serves a founded cluster here; deploy does not upgrade",
          "此处的集群正由另一个版本提供服务；deploy 不做升级"});
  const auto mode = facts_.text("key_mode");
  expect(mode.empty() || mode == "600" || mode == "400", "key-rights", same(mode.empty() ? "-" : mode), Grade::kProblem,
         {"the cluster key can be read by others (" + mode + ")", "集群密钥可被他人读取（" + mode + "）"},
         "chmod 600 " + shell_word(topology_.directory + "/keys/cluster.key"));
}

void judge_together(const Topology& topology, const Layout& layout, const std::vector<HostFacts>& facts,
                    std::vector<Finding>& findings) {
  const auto expect = [&](bool good, const char* check, BothLanguages fine, Grade grade, BothLanguages fault) {
    findings.push_back({check, "", good ? Grade::kGood : grade, good ? std::move(fine) : std::move(fault), ""});
  };
  std::map<std::string, std::string> boots, names;
  std::set<std::string> clusters, keys;
  std::string twice, same_names;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].failure) continue;
    const auto& host = topology.hosts[i];
    const auto [boot, is_new] = boots.emplace(facts[i].text("boot"), host);
    // Loopback addresses of one machine are the tests' hosts, and operators' trials.
    if (!is_new && !host.starts_with("127.")) twice += " " + boot->second + "=" + host;
    const auto [name, is_new_name] = names.emplace(facts[i].text("hostname"), host);
    if (!is_new_name && is_new) same_names += " " + name->second + "=" + host;
    for (const auto& node : layout.nodes) {
      const auto cluster = facts[i].text("cluster:" + node.entry.site.alias);
      if (node.host == i && !cluster.empty() && cluster.find_first_not_of("0-") != std::string::npos)
        clusters.insert(cluster);
    }
    if (const auto key = facts[i].text("has_cluster.key"); !key.empty()) keys.insert(key);
  }
  expect(twice.empty(), "duplicate-hosts", {"none", "没有"}, Grade::kProblem,
         {"two names of one machine:" + twice + ": its loss would be the loss of both",
          "同一台机器的两个名字：" + twice + "：丢失它等于丢失两台"});
  expect(same_names.empty(), "hostnames", {"unique", "唯一"}, Grade::kWarning,
         {"hosts call themselves the same:" + same_names + "; their logs are easily mixed up",
          "主机名相同：" + same_names + "；日志容易混淆"});
  std::string found;
  for (const auto& cluster : clusters) found += " " + cluster;
  expect(clusters.size() <= 1, "cluster-uuid",
         {found.empty() ? "none yet" : found.substr(1), found.empty() ? "尚无" : found.substr(1)}, Grade::kProblem,
         {"nodes of different clusters:" + found + ". Deploy joins none; give the strangers another directory",
          "节点属于不同的集群：" + found + "。deploy 不会合并它们；请为其他集群使用别的目录"});
  expect(keys.size() <= 1, "cluster-key",
         keys.empty() ? BothLanguages{"none yet", "尚无"} : BothLanguages{"the same", "相同"}, Grade::kProblem,
         {"the hosts have different cluster keys; remove the wrong ones", "各主机的集群密钥不同；请删除错误的密钥"});
  const auto unsafe = unsafe_points(topology, layout);
  expect(unsafe.empty(), "voters-and-replicas",
         {std::to_string(layout.of(config::NodeMode::kController).size()) + " voters, " +
              std::to_string(layout.replicas) + " replicas",
          std::to_string(layout.of(config::NodeMode::kController).size()) + " 个投票者，" +
              std::to_string(layout.replicas) + " 个副本"},
         Grade::kProblem, unsafe.empty() ? BothLanguages{} : unsafe.front());
}

}  // namespace

std::vector<Finding> judge(const Topology& topology, const Layout& layout, const PackageFacts& package,
                           const std::vector<HostFacts>& facts) {
  std::vector<Finding> findings;
  for (size_t host = 0; host < facts.size(); ++host) {
    if (facts[host].failure) {
      findings.push_back({"ssh", topology.hosts[host], Grade::kProblem, same(facts[host].failure->message), ""});
    } else {
      HostJudge(topology, layout, package, facts[host], host, findings).judge();
    }
  }
  judge_together(topology, layout, facts, findings);
  return findings;
}

std::string founded_cluster(const Layout& layout, const std::vector<HostFacts>& facts) {
  for (const auto& node : layout.nodes) {
    const auto& alias = node.entry.site.alias;
    if (node.host < facts.size() && facts[node.host].is("founded:" + alias))
      return facts[node.host].text("cluster:" + alias);
  }
  return "";
}

Grade worst(const std::vector<Finding>& findings) {
  auto grade = Grade::kGood;
  for (const auto& finding : findings) grade = std::max(grade, finding.grade);
  return grade;
}

}  // namespace pelorus::cli::deploy
