#include "cli/migrate/plan.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "cli/migrate/in_place.h"
#include "cli/migrate/offline.h"
#include "cli/migrate/plan_json.h"
#include "cli/migrate/shape.h"
#include "cli/migrate/single.h"

namespace pelorus::cli::migrate {
namespace {

struct StepRow {
  StepKind kind;
  std::string_view name;
  std::string_view undo;  // code of the note
};

constexpr StepRow kSteps[] = {
    {StepKind::kCheckHost, "check_host", "undo.none"},
    {StepKind::kSendPackage, "send_package", "undo.remove_package"},
    {StepKind::kWriteConfig, "write_config", "undo.with_package"},
    {StepKind::kStartController, "start_controller", "undo.stop_controller"},
    {StepKind::kAddController, "add_controller", "undo.remove_controller"},
    {StepKind::kAddAgent, "add_agent", "undo.remove_agent"},
    {StepKind::kStartAgent, "start_agent", "undo.stop_agent"},
    {StepKind::kConfigureNode, "configure_node", "undo.unconfigure"},
    {StepKind::kAddNode, "add_node", "undo.remove_node"},
    {StepKind::kStartNode, "start_node", "undo.drain_and_stop"},
    {StepKind::kDrain, "drain", "undo.undrain"},
    {StepKind::kSpread, "spread", "undo.none"},
    {StepKind::kVerify, "verify", "undo.none"},
    {StepKind::kMoveLeader, "move_leader", "undo.none"},
    {StepKind::kRemoveController, "remove_controller", "undo.add_controller"},
    {StepKind::kStopController, "stop_controller", "undo.start_controller"},
    {StepKind::kStopNode, "stop_node", "undo.start_node"},
    {StepKind::kRemoveNode, "remove_node", "undo.add_node"},
    {StepKind::kStopAgent, "stop_agent", "undo.start_agent"},
    {StepKind::kRemoveAgent, "remove_agent", "undo.add_agent"},
    {StepKind::kWriteFiles, "write_files", "undo.old_files"},
    {StepKind::kYieldLeader, "yield_leader", "undo.none"},
    {StepKind::kPause, "pause", "undo.pause"},
    {StepKind::kReaddress, "readdress", "undo.readdress"},
    {StepKind::kCopyDirectories, "copy_directories", "undo.copy_directories"},
    {StepKind::kSetDirectories, "set_directories", "undo.set_directories"},
    {StepKind::kContinue, "continue", "undo.continue"},
    {StepKind::kWriteClusterFiles, "write_cluster_files", "undo.old_files"},
    {StepKind::kStopSingle, "stop_single", "undo.start_single"},
    {StepKind::kMoveHome, "move_home", "undo.move_home"},
    {StepKind::kForgetSource, "forget_source", "undo.none"},
    {StepKind::kHalt, "halt", "undo.halt"},
    {StepKind::kKeepState, "keep_state", "undo.keep_state"},
    {StepKind::kCopyMember, "copy_member", "undo.copy_member"},
    {StepKind::kFence, "fence", "undo.fence"},
    {StepKind::kNoteState, "note_state", "undo.none"},
    {StepKind::kJoin, "join", "undo.join"},
    {StepKind::kBegin, "begin", "undo.begin"},
};

const StepRow& row_of(StepKind kind) { return kSteps[static_cast<size_t>(kind)]; }

const Addition* find_made(const std::vector<Addition>& list, std::string_view alias) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Addition& made) { return made.alias == alias; });
  return found == list.end() ? nullptr : &*found;
}

class Planner {
 public:
  Planner(const ClusterFacts& facts, const Target& target, const Shape& shape)
      : facts_(facts), target_(target), shape_(shape) {}

  std::vector<Step> steps() {
    for (const auto& member : members_of(facts_.members, NodeMode::kController)) voters_.push_back(member.host);
    prepare_hosts();
    add_members();
    move_data();
    remove_members();
    write_files();
    add(StepKind::kVerify, "after", "", {"effect.none", {}});
    return std::move(steps_);
  }

 private:
  void add(StepKind kind, const std::string& subject, const std::string& host, Note effect, int64_t bytes = 0) {
    steps_.push_back({kind, subject, host, bytes, std::move(effect)});
  }

  Note voters_now() const {
    std::vector<std::string> hosts = voters_;
    std::sort(hosts.begin(), hosts.end());
    std::vector<int> counts;
    for (size_t i = 0; i < hosts.size(); ++i) {
      if (i == 0 || hosts[i] != hosts[i - 1]) counts.push_back(0);
      ++counts.back();
    }
    return {"effect.voters", {std::to_string(hosts.size()), std::to_string(hosts_that_may_fail(counts))}};
  }

  /// Hosts that get a program: those where a controller or an agent is made.
  void prepare_hosts() {
    std::vector<std::string> hosts;
    for (const auto& made : shape_.additions) {
      if (std::find(hosts.begin(), hosts.end(), made.host) == hosts.end()) hosts.push_back(made.host);
    }
    const auto gets_program = [&](const std::string& host) {
      return std::any_of(shape_.additions.begin(), shape_.additions.end(),
                         [&](const Addition& made) { return made.host == host && made.role != NodeMode::kDataNode; });
    };
    for (const auto& host : hosts) add(StepKind::kCheckHost, host, host, {"effect.none", {}});
    for (const auto& host : hosts) {
      if (!gets_program(host)) continue;
      add(StepKind::kSendPackage, host, host, {"effect.none", {}}, -1);
      add(StepKind::kWriteConfig, host, host, {"effect.none", {}});
    }
  }

  void add_members() {
    const auto each = [&](NodeMode role, const auto& deed) {
      for (const auto& made : shape_.additions) {
        if (made.role == role) deed(made);
      }
    };
    each(NodeMode::kController, [&](const Addition& made) {
      add(StepKind::kStartController, made.alias, made.host, {"effect.none", {}});
      voters_.push_back(made.host);
      add(StepKind::kAddController, made.alias, made.host, voters_now());
    });
    each(NodeMode::kAgent, [&](const Addition& made) {
      add(StepKind::kAddAgent, made.alias, made.host, {"effect.none", {}});
      add(StepKind::kStartAgent, made.alias, made.host, {"effect.none", {}});
    });
    each(NodeMode::kDataNode, [&](const Addition& made) {
      add(StepKind::kConfigureNode, made.alias, made.host, {"effect.none", {}});
      add(StepKind::kAddNode, made.alias, made.host, {"effect.none", {}});
      add(StepKind::kStartNode, made.alias, made.host, {"effect.more_room", {}});
    });
  }

  void move_data() {
    const int64_t share = share_bytes(facts_, shape_);
    for (const auto& member : members_of(shape_.leaving, NodeMode::kDataNode)) {
      add(StepKind::kDrain, member.alias, member.host, {"effect.copies_first", {}}, share);
    }
    for (const auto& made : shape_.additions) {
      if (made.role == NodeMode::kDataNode)
        add(StepKind::kSpread, made.alias, made.host, {"effect.copies_first", {}}, share);
    }
    if (!shape_.leaving.empty()) add(StepKind::kVerify, "before", "", {"effect.gate", {}});
  }

  void remove_members() {
    const auto controllers = members_of(shape_.leaving, NodeMode::kController);
    if (!controllers.empty()) add(StepKind::kMoveLeader, "", "", {"effect.election", {}});
    for (const auto& member : controllers) {
      voters_.erase(std::find(voters_.begin(), voters_.end(), member.host));
      add(StepKind::kRemoveController, member.alias, member.host, voters_now());
      add(StepKind::kStopController, member.alias, member.host, {"effect.none", {}});
    }
    for (const auto& member : members_of(shape_.leaving, NodeMode::kDataNode)) {
      add(StepKind::kStopNode, member.alias, member.host, {"effect.empty_node", {}});
      add(StepKind::kRemoveNode, member.alias, member.host, {"effect.none", {}});
    }
    for (const auto& member : members_of(shape_.leaving, NodeMode::kAgent)) {
      add(StepKind::kStopAgent, member.alias, member.host, {"effect.none", {}});
      add(StepKind::kRemoveAgent, member.alias, member.host, {"effect.none", {}});
    }
  }

  void write_files() {
    for (const auto& host : target_.hosts) add(StepKind::kWriteFiles, host, host, {"effect.none", {}});
  }

  const ClusterFacts& facts_;
  const Target& target_;
  const Shape& shape_;
  std::vector<std::string> voters_;  // the host of each
  std::vector<Step> steps_;
};

}  // namespace

std::string_view step_name(StepKind kind) { return row_of(kind).name; }

std::optional<StepKind> parse_step(std::string_view name) {
  for (const auto& row : kSteps) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

bool Plan::leaves(std::string_view alias) const {
  return std::find(leaving.begin(), leaving.end(), alias) != leaving.end();
}

const Addition* Plan::addition(std::string_view alias) const { return find_made(additions, alias); }
const Addition* Plan::relocation(std::string_view alias) const { return find_made(relocations, alias); }

std::vector<Addition> Plan::arrivals(std::string_view host) const {
  std::vector<Addition> found;
  for (const auto* list : {&relocations, &additions}) {
    std::copy_if(list->begin(), list->end(), std::back_inserter(found),
                 [&](const Addition& made) { return made.host == host; });
  }
  return found;
}

std::set<std::string> Plan::neighbours(std::string_view alias, std::string_view host) const {
  std::set<std::string> found;
  for (const auto& member : before) {
    if (member.host == host) found.insert(member.alias);
  }
  for (const auto& made : arrivals(host)) found.insert(made.alias);
  found.erase(std::string(alias));
  return found;
}

std::string Plan::host_after(const Member& member) const {
  const auto* moved = relocation(member.alias);
  return moved == nullptr ? host_after(member.host) : moved->host;
}

Note deed_of(const Step& step) { return {"step." + std::string(step_name(step.kind)), {step.subject, step.host}}; }
Note undo_of(const Step& step) { return {std::string(row_of(step.kind).undo), {step.subject, step.host}}; }

std::string plan_id(const Plan& plan) {
  const auto text = identity_json(plan);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
  std::string id;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (size_t i = 0; i < 6; ++i) {
    id += kDigits[digest[i] >> 4];
    id += kDigits[digest[i] & 15];
  }
  return id;
}

PlanOutcome make_plan(const ClusterFacts& facts, const Target& target) {
  if (target.is_in_place()) return make_plan_in_place(facts, target);
  if (target.to_cluster) return make_plan_of_single(facts, target);
  if (target.offline) return make_plan_offline(facts, target);
  PlanOutcome outcome;
  const auto shape = make_shape(facts, target);
  outcome.refusals = refusals_of(facts, target, shape);
  auto& plan = outcome.plan;
  plan.target = target;
  plan.before = facts.members;
  plan.additions = shape.additions;
  for (const auto& member : shape.leaving) plan.leaving.push_back(member.alias);
  plan.warnings = warnings_of(facts, target, shape);
  plan.fails_before = hosts_that_may_fail_among(facts.members);
  plan.fails_after = hosts_that_may_fail(shape.voters_by_host());
  if (outcome.refusals.empty() && plan.additions.empty() && plan.leaving.empty())
    outcome.refusals.push_back({"refuse.nothing", {}});
  if (outcome.refusals.empty()) plan.steps = Planner(facts, target, shape).steps();
  plan.id = plan_id(plan);
  return outcome;
}

}  // namespace pelorus::cli::migrate
