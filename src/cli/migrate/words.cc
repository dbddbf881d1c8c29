#include "cli/migrate/words.h"

#include <cstdio>
#include <cstdlib>

#include "base/check.h"

namespace pelorus::cli::migrate {
namespace {

struct Sentence {
  std::string_view code;
  std::string_view english;  // {0}, {1} … are the arguments
  std::string_view chinese;
};

constexpr Sentence kSentences[] = {
    // Steps: {0} the subject, {1} its host.
    {"step.check_host", "check {0}: connection, tools, room, ports, earlier members",
     "检查 {0}：连接、工具、空间、端口、遗留成员"},
    {"step.send_package", "send the programs to {0}", "把程序发送到 {0}"},
    {"step.write_config", "write the configuration of the new members on {0}", "在 {0} 上写入新成员的配置"},
    {"step.start_controller", "start {0} on {1}", "在 {1} 上启动 {0}"},
    {"step.add_controller", "add {0} to the controllers and wait for its vote",
     "把 {0} 加入控制节点组并等待其取得投票权"},
    {"step.add_agent", "add the agent {0} on {1}", "加入 {1} 上的代理节点 {0}"},
    {"step.start_agent", "start the agent {0} on {1}", "在 {1} 上启动代理节点 {0}"},
    {"step.configure_node", "write the settings of {0} into cluster.cfg", "把 {0} 的设置写入 cluster.cfg"},
    {"step.add_node", "add the data node {0} on {1}", "加入 {1} 上的数据节点 {0}"},
    {"step.start_node", "start {0} on {1}", "在 {1} 上启动 {0}"},
    {"step.drain", "move all replicas of {0} to other data nodes", "把 {0} 的全部副本迁移到其他数据节点"},
    {"step.spread", "give {0} its share of the replicas", "让 {0} 分担应有份额的副本"},
    {"step.verify", "compare content, users, views and settings with before ({0} the removals)",
     "与迁移前比对数据、用户、视图和设置（{0}）"},
    {"step.move_leader", "let a controller that stays lead", "让留下的控制节点成为主节点"},
    {"step.remove_controller", "take {0} on {1} out of the controllers", "把 {1} 上的 {0} 移出控制节点组"},
    {"step.stop_controller", "stop {0} on {1}", "停止 {1} 上的 {0}"},
    {"step.stop_node", "stop the empty data node {0} on {1}", "停止 {1} 上已清空的数据节点 {0}"},
    {"step.remove_node", "remove {0} from the cluster", "把 {0} 移出集群"},
    {"step.stop_agent", "stop the agent {0} on {1}", "停止 {1} 上的代理节点 {0}"},
    {"step.remove_agent", "remove the agent {0} from the cluster", "把代理节点 {0} 移出集群"},
    {"step.write_files", "bring the configuration files on {0} up to date", "更新 {0} 上的配置文件"},
    {"step.yield_leader", "let another controller than {0} lead", "让 {0} 以外的控制节点成为主节点"},
    {"step.pause", "stop {0} on {1} for a while", "暂时停止 {1} 上的 {0}"},
    {"step.readdress", "give {0} the address {1}", "把 {0} 的地址改为 {1}"},
    {"step.copy_directories", "copy the directories of {0} on {1}, with checksums", "复制 {1} 上 {0} 的目录并校验"},
    {"step.set_directories", "write the new directories of {0} into its settings", "把 {0} 的新目录写入设置"},
    {"step.continue", "start {0} on {1} and wait until it is complete", "启动 {1} 上的 {0} 并等待其完整"},
    {"step.write_cluster_files", "write the configuration of the cluster on {0}", "在 {0} 上写入集群的配置"},
    {"step.stop_single", "stop the single node {0} on {1}", "停止 {1} 上的单节点 {0}"},
    {"step.move_home", "put the directory of {0} where an agent's nodes have theirs",
     "把 {0} 的目录放到代理节点所管节点的位置"},
    {"step.forget_source", "take takeOverFrom out of the settings of {0}", "从 {0} 的设置中删除 takeOverFrom"},
    // Undoing.
    {"undo.none", "nothing needs to be undone", "无需撤销"},
    {"undo.remove_package", "remove the programs from {0}", "从 {0} 删除程序"},
    {"undo.with_package", "goes with the programs", "随程序一起删除"},
    {"undo.stop_controller", "stop {0} and remove its metadata", "停止 {0} 并删除其元数据"},
    {"undo.remove_controller", "take {0} out of the controllers", "把 {0} 移出控制节点组"},
    {"undo.remove_agent", "remove the agent {0}", "移除代理节点 {0}"},
    {"undo.stop_agent", "stop the agent {0}", "停止代理节点 {0}"},
    {"undo.unconfigure", "take the settings of {0} out of cluster.cfg", "从 cluster.cfg 删除 {0} 的设置"},
    {"undo.remove_node", "remove {0} and its empty directories", "移除 {0} 及其空目录"},
    {"undo.drain_and_stop", "move the replicas of {0} away and stop it", "迁走 {0} 的副本并停止它"},
    {"undo.undrain", "let {0} take replicas again", "让 {0} 重新接收副本"},
    {"undo.add_controller", "add {0} to the controllers again", "把 {0} 重新加入控制节点组"},
    {"undo.start_controller", "start {0} again, with empty directories", "以空目录重新启动 {0}"},
    {"undo.start_node", "start {0} again", "重新启动 {0}"},
    {"undo.add_node", "add {0} again, with empty directories", "以空目录重新加入 {0}"},
    {"undo.start_agent", "start the agent {0} again", "重新启动代理节点 {0}"},
    {"undo.add_agent", "add the agent {0} again", "重新加入代理节点 {0}"},
    {"undo.old_files", "put the old configuration files on {0} back", "恢复 {0} 上原来的配置文件"},
    {"undo.pause", "start {0} again", "重新启动 {0}"},
    {"undo.readdress", "give {0} its former address", "恢复 {0} 原来的地址"},
    {"undo.copy_directories", "copy the directories of {0} back", "把 {0} 的目录复制回去"},
    {"undo.set_directories", "write the former directories of {0} into its settings", "把 {0} 原来的目录写回设置"},
    {"undo.continue", "stop {0}", "停止 {0}"},
    {"undo.start_single", "start the single node {0} again", "重新启动单节点 {0}"},
    {"undo.move_home", "put the directory of {0} back", "把 {0} 的目录放回原处"},
    // Effects on safety.
    {"effect.none", "none", "无影响"},
    {"effect.voters", "{0} voters, of which {1} host(s) may fail", "{0} 个投票成员，可容忍 {1} 台主机故障"},
    {"effect.more_room", "replicas get more room", "副本有更多存放位置"},
    {"effect.copies_first", "copies first: never fewer replicas than before", "先复制后删除：副本数不会减少"},
    {"effect.gate", "nothing is removed unless it passes", "不通过则不移除任何成员"},
    {"effect.election", "writes pause for a moment", "写入会短暂停顿"},
    {"effect.empty_node", "none: it holds nothing", "无影响：节点上已无数据"},
    {"effect.one_less", "{0} of {1} controllers decide meanwhile", "期间由 {1} 个控制节点中的 {0} 个决策"},
    {"effect.no_controller", "nothing is decided until it is back", "在其恢复之前无法做任何决策"},
    {"effect.others_serve", "other replicas serve; none is lacking anything before it stops",
     "由其他副本提供服务；停止前所有副本完整"},
    {"effect.complete_again", "the next member waits until its replicas lack nothing",
     "其副本补齐之后才处理下一个成员"},
    {"effect.source_stays", "none: the source stays as it is", "无影响：源目录保持不变"},
    {"effect.away", "nothing is read or written for some seconds", "有几秒钟不能读写"},
    {"effect.back", "clients go on at the address they know", "客户端在原来的地址继续工作"},
    // Refusals.
    {"refuse.no_controllers", "this is no cluster: it has no controllers. A single node is made a cluster first.",
     "这不是集群：没有控制节点。请先把单节点改为集群。"},
    {"refuse.no_quorum", "no controller leads a majority: {0} of {1} voters are online. Start the others first.",
     "没有主节点或多数派：{1} 个投票成员中只有 {0} 个在线。请先启动其余控制节点。"},
    {"refuse.even",
     "{0} hosts: an even number of controllers survives no more failures than one fewer. Name 1, 3, 5 or 7 hosts.",
     "{0} 台主机：偶数个控制节点并不比少一个更可靠。请指定 1、3、5 或 7 台主机。"},
    {"refuse.many", "{0} hosts: more than 7 controllers only make decisions slower. Add data nodes with addNode.",
     "{0} 台主机：超过 7 个控制节点只会拖慢决策。请用 addNode 增加数据节点。"},
    {"refuse.twice", "{0} is named twice.", "{0} 被指定了两次。"},
    {"refuse.nobody_there", "no member lives on {0}, so nothing is there to be replaced.",
     "{0} 上没有集群成员，无可替换。"},
    {"refuse.offline", "{0} on {1} is offline. Start it, or replace its host with --replace {1}=NEWHOST.",
     "{1} 上的 {0} 不在线。请先启动它，或用 --replace {1}=新主机 替换。"},
    {"refuse.learner", "{0} does not vote yet: another change is under way. Wait until it does.",
     "{0} 还没有投票权：另一项变更正在进行。请等待其完成。"},
    {"refuse.draining", "{0} is being drained and would stay. End that first: undrainNode(\"{0}\").",
     "{0} 正在被清空，但它会留下。请先执行 undrainNode(\"{0}\")。"},
    {"refuse.compute_node",
     "the compute node {0} lives on {1}, which leaves. Stop and remove it first: stopDataNode, removeNode.",
     "计算节点 {0} 位于将要离开的主机 {1}。请先用 stopDataNode、removeNode 移除。"},
    {"refuse.few_nodes", "{0} data node(s) cannot hold {1} replicas (dfsReplicationFactor).",
     "{0} 个数据节点放不下 {1} 个副本（dfsReplicationFactor）。"},
    {"refuse.level_1", "dfsReplicaReliabilityLevel=1 wants {0} hosts with data nodes.",
     "dfsReplicaReliabilityLevel=1 要求 {0} 台主机有数据节点。"},
    {"refuse.controllers_only", "--controllers-only, but the host of the data node {0} leaves.",
     "指定了 --controllers-only，但数据节点 {0} 所在主机将离开。"},
    {"refuse.unreachable", "{0} cannot be worked on: {1}", "无法操作 {0}：{1}"},
    {"refuse.room", "{0} has too little room: about {1} are needed, {2} are free.",
     "{0} 空间不足：约需 {1}，可用 {2}。"},
    {"refuse.risk",
     "no failure would be survived then, of a host or of a controller; now more is. --accept-risk does it all the "
     "same.",
     "变更后主机或控制节点的任何故障都无法容忍，而现在可以。如仍要执行，请加 --accept-risk。"},
    {"refuse.nothing", "the cluster has this shape already.", "集群已经是这个形态。"},
    {"refuse.address_taken", "{0} is the address of {1} already.", "{0} 已经是 {1} 的地址。"},
    {"refuse.no_directory", "no controller or data node on {0} writes into {1}. getVolumes() lists what each writes.",
     "{0} 上没有控制节点或数据节点写入 {1}。getVolumes() 会列出各节点写入的目录。"},
    {"refuse.nested", "{0} and {1}: one of them lies in the other.", "{0} 与 {1} 互相包含。"},
    {"refuse.pause",
     "with {0} controller(s) none may be stopped, even for a moment, without losing the majority. --accept-risk does "
     "it "
     "all the same: nothing can be written meanwhile.",
     "只有 {0} 个控制节点时，停止任何一个都会失去多数派。如仍要执行，请加 --accept-risk：期间无法写入。"},
    {"refuse.no_single", "this is no single node: it belongs to a cluster already.",
     "这不是单节点：它已属于某个集群。"},
    {"refuse.no_package", "it is not known where the package of {0} lies: its home is not that of startSingle.sh.",
     "不知道 {0} 的安装包在哪里：其主目录不是 startSingle.sh 所用的。"},
    {"refuse.written",
     "{0} partition(s) were written since and would be lost. Stay with the cluster: resume, then finish.",
     "此后有 {0} 个分区被写入，回滚会丢失这些数据。请保留集群：先 resume，再 finish。"},
    // Warnings.
    {"warn.level",
     "dfsReplicaReliabilityLevel is {0}: two replicas may share a host where there is no other place. With "
     "distinct hosts, 1 forbids it.",
     "dfsReplicaReliabilityLevel 为 {0}：没有其他位置时两个副本可能在同一主机。主机各不相同时，设为 1 可禁止。"},
    {"warn.one_host", "replicas of a chunk share hosts: the loss of a host may lose the last copy.",
     "同一数据块的副本会在同一主机：失去一台主机可能丢失最后一份副本。"},
    {"warn.bytes", "how much data there is could not be measured: check the room yourself.",
     "未能测得数据量：请自行确认空间足够。"},
    {"warn.room", "the free room on {0} is not known.", "未能测得 {0} 的可用空间。"},
    {"warn.dead", "{0} on {1} does not answer: it is taken out without being stopped.",
     "{1} 上的 {0} 没有响应：将直接移出而不停止它。"},
    {"warn.no_other_replica", "partitions have no second replica: they cannot be used while their node is stopped.",
     "分区没有第二个副本：其节点停止期间无法使用。"},
    {"warn.loopback",
     "{0} is an address of this machine alone: members on other hosts cannot join. Give --host another one.",
     "{0} 只能在本机使用：其他主机上的成员无法加入。请用 --host 指定其他地址。"},
    {"warn.finding", "{0}", "{0}"},
    // Progress.
    {"progress.remark", "{0}", "{0}"},
    {"progress.send", "sending {1} to {0}", "正在向 {0} 发送 {1}"},
    {"progress.copy", "copying {0} to {1}", "正在把 {0} 复制到 {1}"},
    {"progress.drain", "{0}: {1} of {2} replicas moved, {3}, {4}/s", "{0}：已迁移 {1}/{2} 个副本，{3}，{4}/秒"},
    {"progress.before", "reading content and settings, to compare them afterwards",
     "正在读取数据摘要和设置，供之后比对"},
    {"progress.copies", "{0} replicas are being copied", "正在复制 {0} 个副本"},
    {"progress.done", "done. Nothing of the old members was deleted; `pelorus migrate finish {0} --yes` does that.",
     "完成。旧成员的文件均未删除；`pelorus migrate finish {0} --yes` 会删除它们。"},
    {"progress.rolled_back", "rolled back: the cluster has its old shape.", "已回滚：集群恢复原来的形态。"},
    {"progress.finished", "finished: what the old members had on disk is removed.", "已收尾：旧成员的磁盘文件已删除。"},
    // Differences.
    {"differ.table_gone", "the table {0} is gone", "表 {0} 不见了"},
    {"differ.chunk_gone", "{0}: the partition {1} is gone", "{0}：分区 {1} 不见了"},
    {"differ.chunk", "{0}: the partition {1} had {2} rows and has {3}, or other content",
     "{0}：分区 {1} 原有 {2} 行，现有 {3} 行，或内容不同"},
    {"differ.replicas", "{0}: replicas of the partition {1}: {2}", "{0}：分区 {1} 的副本：{2}"},
    {"differ.section", "{0} differ from before", "{0} 与之前不同"},
    {"verify.equal",
     "equal: {0} tables, {1} rows before and {2} now, {3} chunks with the same hash, {4} written meanwhile",
     "一致：{0} 张表，之前 {1} 行，现在 {2} 行，{3} 个数据块摘要相同，{4} 个期间有写入"},
    // Headings and labels of the plan.
    {"label.plan", "Plan {0}", "计划 {0}"},
    {"label.before", "now", "现状"},
    {"label.after", "then", "目标"},
    {"label.hosts_fail", "hosts that may fail (controllers)", "可容忍故障的主机数（控制节点）"},
    {"label.steps", "Steps", "步骤"},
    {"label.effect", "safety", "安全影响"},
    {"label.undo", "undo", "撤销"},
    {"label.bytes", "about", "约"},
    {"label.warning", "Note", "注意"},
    {"label.refused", "This cannot be done:", "无法执行："},
    {"label.apply", "Nothing was changed. To do it: pelorus migrate apply {0}",
     "尚未做任何更改。执行：pelorus migrate apply {0}"},
    {"label.plan_only", "From files: only shown. A plan that can be applied is made from the running cluster.",
     "来自配置文件：仅供查看。可执行的计划须从运行中的集群生成。"},
    {"label.stopped", "stopped at step {0} of {1}: {2}", "停在第 {0}/{1} 步：{2}"},
    {"label.resume", "To go on: pelorus migrate resume {0}   To undo: pelorus migrate rollback {0}",
     "继续：pelorus migrate resume {0}   撤销：pelorus migrate rollback {0}"},
    {"label.changed", "the cluster is no longer what plan {0} was made for ({1}). Make a new plan.",
     "集群已不是计划 {0} 生成时的样子（{1}）。请重新生成计划。"},
    {"label.state", "state", "状态"},
    {"label.leftovers", "This would remove, for good:", "将永久删除："},
    {"label.ask_yes", "Give --yes to do it.", "加上 --yes 执行。"},
    {"label.no_plans", "no plans in {0}", "{0} 中没有计划"},
};

const Sentence* find(std::string_view code) {
  for (const auto& sentence : kSentences) {
    if (sentence.code == code) return &sentence;
  }
  return nullptr;
}

}  // namespace

Language language_of(std::string_view wanted) {
  if (wanted == "zh") return Language::kChinese;
  if (wanted == "en") return Language::kEnglish;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0')
      return std::string_view(value).starts_with("zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

bool knows(std::string_view code) { return find(code) != nullptr; }

std::string say(Language language, const Note& note) {
  const auto* sentence = find(note.code);
  CHECK_WITH(sentence != nullptr, "a sentence without words: " + note.code);
  const auto text = language == Language::kChinese ? sentence->chinese : sentence->english;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_argument = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}';
    const auto index = is_argument ? static_cast<size_t>(text[i + 1] - '0') : 0;
    if (!is_argument || index >= note.arguments.size()) {
      out += text[i];
      continue;
    }
    out += note.arguments[index];
    i += 2;
  }
  return out;
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 0) return "?";
  constexpr std::string_view kUnits[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, kUnits[unit].data());
  return text;
}

}  // namespace pelorus::cli::migrate
