#include "cli/upgrade/words.h"

namespace pelorus::cli::upgrade {
namespace {

constexpr steps::Sentence kSentences[] = {
    // Steps: {0} the host, {1} the package or the processes.
    {"step.send", "send the programs to {0}", "把程序发送到 {0}"},
    {"step.exchange", "exchange the programs in {1} on {0}; the old ones are kept",
     "更换 {0} 上 {1} 的程序；旧程序保留"},
    {"step.move_leader", "let a controller other than {1} lead", "让 {1} 以外的控制节点成为主节点"},
    {"step.stop", "stop {1} on {0}", "停止 {0} 上的 {1}"},
    {"step.start", "start {1} on {0}", "启动 {0} 上的 {1}"},
    {"step.await", "wait until {1} have caught up and all replicas are complete", "等待 {1} 追上进度且所有副本完整"},
    {"undo.send", "remove the programs that were sent to {0}", "删除发送到 {0} 的程序"},
    {"undo.exchange", "put the old programs back into {1} on {0}", "恢复 {0} 上 {1} 的旧程序"},

    {"refuse.single", "{0} is a single node; use upgrade.sh in its package",
     "{0} 是单节点；请使用程序包中的 upgrade.sh"},
    {"refuse.offline", "{0} is not running. Start it, or remove it from the cluster",
     "{0} 未运行。请启动它，或将其移出集群"},
    {"refuse.place", "it is not known where the package of {0} lies: its home is not below clusterDemo/data",
     "无法得知 {0} 的程序包位置：其主目录不在 clusterDemo/data 之下"},
    {"refuse.vote", "the controller {0} does not vote yet; wait until it does, or promote it",
     "控制节点 {0} 尚无投票权；请等待或提升它"},
    {"refuse.leader", "no controller leads", "没有主控制节点"},
    {"refuse.stale",
     "{0} replicas are not complete; wait until getRecoveryTaskStatus() is empty and all data nodes run",
     "{0} 个副本不完整；请等待 getRecoveryTaskStatus() 为空且所有数据节点运行"},
    {"refuse.too_old",
     "version {0} knows the feature levels {1} to {2}; the cluster is at {3}, which cannot be taken back",
     "版本 {0} 支持特性级别 {1} 至 {2}；集群已处于 {3}，无法回退"},
    {"refuse.jump",
     "version {0} knows the feature levels {1} to {2}; the cluster is at {3}. Upgrade to a version in between first, "
     "and finalize it",
     "版本 {0} 支持特性级别 {1} 至 {2}；集群处于 {3}。请先升级到中间版本并完成定版"},
    {"refuse.host", "{0}: {1}", "{0}：{1}"},
    {"refuse.machine", "{0} is a {1}, the package is for {2}", "{0} 是 {1}，程序包适用于 {2}"},
    {"refuse.space", "{0} has {1} free beside its packages and needs {2}", "{0} 的程序包所在磁盘剩余 {1}，需要 {2}"},
    {"refuse.downtime", "something would not be served meanwhile; --accept-downtime does it all the same:",
     "期间部分服务会中断；使用 --accept-downtime 可仍然执行："},
    {"lose.majority", "without {0} only {1} of {2} controllers are left: no writes",
     "缺少 {0} 时仅剩 {1}/{2} 个控制节点：无法写入"},
    {"lose.chunks", "without {0} no replica of {1} chunks is left", "缺少 {0} 时有 {1} 个分区没有可用副本"},
    {"warn.by_process", "no whole host may be away, so it is done process by process",
     "不能让整台主机离线，因此逐个进程执行"},

    {"progress.remark", "  {0}", "  {0}"},
    {"progress.begun", "plan {0}", "计划 {0}"},
    {"progress.copies", "  {0} replicas are still to be completed", "  还有 {0} 个副本待补全"},
    {"progress.done_upgrade",
     "done: every member runs {0}. To stay: pelorus upgrade finalize {1}   To go back: pelorus upgrade rollback {1}",
     "完成：所有成员运行 {0}。定版：pelorus upgrade finalize {1}   回退：pelorus upgrade rollback {1}"},
    {"progress.done_restart", "done: every member was restarted", "完成：所有成员已重启"},
    {"progress.rolled_back", "rolled back: every member runs what it ran before", "已回退：所有成员运行原来的程序"},
    {"progress.finalized", "finalized: the cluster is at feature level {0}; the old programs were removed",
     "已定版：集群处于特性级别 {0}；旧程序已删除"},

    {"label.refused", "This cannot be done:", "无法执行："},
    {"label.head_upgrade", "Plan {0}: {1} members from {2} to {3}, feature level {4}",
     "计划 {0}：{1} 个成员从 {2} 到 {3}，特性级别 {4}"},
    {"label.head_restart", "Plan {0}: {1} members are restarted", "计划 {0}：重启 {1} 个成员"},
    {"label.apply", "Nothing was changed. To do it: pelorus upgrade apply {0}",
     "尚未做任何更改。执行：pelorus upgrade apply {0}"},
    {"label.stopped", "stopped at step {0} of {1}: {2}", "停在第 {0}/{1} 步：{2}"},
    {"label.resume", "To go on: pelorus upgrade apply {0}   To go back: pelorus upgrade rollback {0}",
     "继续：pelorus upgrade apply {0}   回退：pelorus upgrade rollback {0}"},
    {"label.resume_back", "To go on: pelorus upgrade rollback {0}", "继续：pelorus upgrade rollback {0}"},
    {"label.changed", "the cluster is no longer what plan {0} was made for ({1}). Make a new plan.",
     "集群已不是计划 {0} 生成时的样子（{1}）。请重新生成计划。"},
    {"label.state", "state: {0}", "状态：{0}"},
    {"label.finalize",
     "Every member runs {0}. This would raise the feature level from {1} to {2} and remove the old programs: no way "
     "back.",
     "所有成员运行 {0}。将把特性级别从 {1} 提升到 {2} 并删除旧程序：无法回退。"},
    {"label.ask_yes", "Give --yes to do it.", "加上 --yes 执行。"},
    {"label.no_plans", "no plans in {0}", "{0} 中没有计划"},
    {"label.not_now", "plan {0} is {1}: {2} is not possible", "计划 {0} 处于 {1}：不能执行 {2}"},
};

}  // namespace

bool knows(std::string_view code) { return steps::find(kSentences, code) != nullptr; }

std::string say(Language language, const steps::Note& note) { return steps::say(kSentences, language, note); }

}  // namespace pelorus::cli::upgrade
