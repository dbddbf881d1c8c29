#include "cli/upgrade/plan.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>

#include "cli/upgrade/plan_json.h"

namespace pelorus::cli::upgrade {
namespace {

constexpr std::string_view kStepNames[] = {"send", "exchange", "move_leader", "stop", "start", "await"};

/// Data first, so that an agent is there as long as its nodes are, and a controller as long as anybody.
int rank_of(const Member& member) {
  switch (member.role) {
    case NodeMode::kDataNode: return 0;
    case NodeMode::kComputeNode: return 1;
    case NodeMode::kAgent: return 2;
    default: return 3;
  }
}

std::vector<Member> in_order_of_stops(std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& left, const Member& right) { return rank_of(left) < rank_of(right); });
  return members;
}

std::vector<Turn> turns_by_host(const std::vector<Member>& members) {
  std::vector<Turn> turns;
  for (const auto& host : migrate::hosts_of(members)) {
    Turn turn{.host = host, .members = {}};
    for (const auto& member : in_order_of_stops(migrate::members_on(members, host)))
      turn.members.push_back(member.alias);
    turns.push_back(std::move(turn));
  }
  return turns;
}

std::vector<Turn> turns_by_process(const std::vector<Member>& members) {
  std::vector<Turn> turns;
  for (const auto& member : in_order_of_stops(members))
    turns.push_back({.host = member.host, .members = {member.alias}});
  return turns;
}

bool is_away(const Turn& turn, const std::string& alias) {
  return std::find(turn.members.begin(), turn.members.end(), alias) != turn.members.end();
}

/// What is not served while the turn is away.
std::vector<Note> losses_of(const Facts& facts, const Turn& turn) {
  std::vector<Note> losses;
  int voters = 0, left = 0;
  for (const auto& member : facts.members) {
    if (member.role != NodeMode::kController || !member.votes) continue;
    ++voters;
    if (!is_away(turn, member.alias)) ++left;
  }
  if (left < voters && left * 2 <= voters)
    losses.push_back({"lose.majority", {names_of(turn.members), std::to_string(left), std::to_string(voters)}});
  int64_t chunks = 0;
  for (const auto& [nodes, count] : facts.replicas.chunks) {
    if (std::all_of(nodes.begin(), nodes.end(), [&](const auto& alias) { return is_away(turn, alias); }))
      chunks += count;
  }
  if (chunks > 0) losses.push_back({"lose.chunks", {names_of(turn.members), std::to_string(chunks)}});
  return losses;
}

std::vector<Note> losses_of(const Facts& facts, const std::vector<Turn>& turns) {
  std::vector<Note> all;
  for (const auto& turn : turns) {
    for (auto& loss : losses_of(facts, turn)) all.push_back(std::move(loss));
  }
  return all;
}

void judge_members(const Facts& facts, std::vector<Note>& refusals) {
  bool leads = false;
  for (const auto& member : facts.members) {
    if (member.role == NodeMode::kSingle) refusals.push_back({"refuse.single", {member.alias}});
    if (!member.online) refusals.push_back({"refuse.offline", {member.site()}});
    if (member.online && member.server.empty()) refusals.push_back({"refuse.place", {member.site()}});
    if (member.role == NodeMode::kController && member.online && !member.votes)
      refusals.push_back({"refuse.vote", {member.alias}});
    leads = leads || member.leads;
  }
  const bool has_controllers = !migrate::members_of(facts.members, NodeMode::kController).empty();
  if (!leads && has_controllers) refusals.push_back({"refuse.leader", {}});
  if (facts.replicas.stale > 0) refusals.push_back({"refuse.stale", {std::to_string(facts.replicas.stale)}});
}

void judge_program(const Facts& facts, const Program& program, std::vector<Note>& refusals) {
  if (facts.level < program.oldest_level || facts.level > program.newest_level) {
    refusals.push_back({facts.level > program.newest_level ? "refuse.too_old" : "refuse.jump",
                        {program.version, std::to_string(program.oldest_level), std::to_string(program.newest_level),
                         std::to_string(facts.level)}});
  }
}

void judge_hosts(const Facts& facts, const Wish& wish, const Program& program, std::vector<Note>& refusals) {
  for (const auto& host : migrate::hosts_of(facts.members)) {
    const auto found = facts.hosts.find(host);
    if (found == facts.hosts.end()) continue;
    const auto& seen = found->second;
    if (!seen.problem.empty()) refusals.push_back({"refuse.host", {host, seen.problem}});
    if (wish.restart_only || !seen.problem.empty()) continue;
    if (seen.machine != program.machine) refusals.push_back({"refuse.machine", {host, seen.machine, program.machine}});
    std::set<std::string> servers;
    for (const auto& member : migrate::members_on(facts.members, host)) servers.insert(member.server);
    // Sent once, and a copy for each package.
    const auto needed = program.bytes * static_cast<int64_t>(servers.size() + 1);
    if (seen.bytes_free >= 0 && seen.bytes_free < needed)
      refusals.push_back({"refuse.space", {host, steps::bytes_text(seen.bytes_free), steps::bytes_text(needed)}});
  }
}

void add_turn(Plan& plan, int number, bool exchanges) {
  const auto& turn = plan.turns[static_cast<size_t>(number)];
  const auto add = [&](StepKind kind, const std::string& server) {
    plan.steps.push_back({.kind = kind, .host = turn.host, .server = server, .turn = number});
  };
  const bool has_controller = std::any_of(turn.members.begin(), turn.members.end(), [&](const std::string& alias) {
    return migrate::find_member(plan.members, alias)->role == NodeMode::kController;
  });
  const bool may_move = migrate::members_of(plan.members, NodeMode::kController).size() > 1;
  if (has_controller && may_move) add(StepKind::kMoveLeader, "");
  add(StepKind::kStop, "");
  if (exchanges) {
    for (const auto& server : plan.servers_on(turn.host)) add(StepKind::kExchange, server);
  }
  add(StepKind::kStart, "");
  add(StepKind::kAwait, "");
}

void add_steps(Plan& plan) {
  const auto hosts = migrate::hosts_of(plan.members);
  const bool by_hosts = plan.by_hosts();
  if (!plan.wish.restart_only) {
    for (const auto& host : hosts) plan.steps.push_back({.kind = StepKind::kSend, .host = host, .server = {}});
  }
  // Processes that share a package with others cannot wait until all of it are away: what runs keeps its old program.
  if (!plan.wish.restart_only && !by_hosts) {
    for (const auto& host : hosts) {
      for (const auto& server : plan.servers_on(host))
        plan.steps.push_back({.kind = StepKind::kExchange, .host = host, .server = server});
    }
  }
  for (size_t i = 0; i < plan.turns.size(); ++i)
    add_turn(plan, static_cast<int>(i), by_hosts && !plan.wish.restart_only);
}

}  // namespace

std::string_view step_name(StepKind kind) { return kStepNames[static_cast<size_t>(kind)]; }

std::optional<StepKind> parse_step(std::string_view name) {
  for (size_t i = 0; i < std::size(kStepNames); ++i) {
    if (kStepNames[i] == name) return static_cast<StepKind>(i);
  }
  return std::nullopt;
}

std::vector<std::string> Plan::servers_on(const std::string& host) const {
  std::vector<std::string> servers;
  for (const auto& member : migrate::members_on(members, host)) {
    if (std::find(servers.begin(), servers.end(), member.server) == servers.end()) servers.push_back(member.server);
  }
  return servers;
}

std::vector<Member> Plan::members_of(const Step& step) const {
  std::vector<Member> found;
  if (step.turn < 0) return found;
  for (const auto& alias : turns[static_cast<size_t>(step.turn)].members) {
    if (const auto* member = migrate::find_member(members, alias)) found.push_back(*member);
  }
  return found;
}

bool Plan::by_hosts() const { return turns == turns_by_host(members); }

std::string names_of(const std::vector<std::string>& members) {
  std::string text;
  for (const auto& alias : members) text += (text.empty() ? "" : " ") + alias;
  return text;
}

PlanOutcome make_plan(const Facts& facts, const Wish& wish, const Program& program) {
  PlanOutcome outcome;
  auto& plan = outcome.plan;
  plan.wish = wish;
  plan.program = program;
  plan.level = facts.level;
  plan.members = facts.members;
  judge_members(facts, outcome.refusals);
  if (!wish.restart_only) judge_program(facts, program, outcome.refusals);
  judge_hosts(facts, wish, program, outcome.refusals);
  plan.turns = turns_by_host(facts.members);
  if (!losses_of(facts, plan.turns).empty()) {
    plan.turns = turns_by_process(facts.members);
    plan.warnings.push_back({"warn.by_process", {}});
  }
  auto losses = losses_of(facts, plan.turns);
  auto& told = wish.accept_downtime ? plan.warnings : outcome.refusals;
  if (!losses.empty() && !wish.accept_downtime) outcome.refusals.push_back({"refuse.downtime", {}});
  told.insert(told.end(), losses.begin(), losses.end());
  add_steps(plan);
  plan.id = plan_id(plan);
  return outcome;
}

std::string plan_id(const Plan& plan) {
  const auto text = identity_json(plan);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (unsigned i = 0; i < 6; ++i) {
    id += kDigits[digest[i] >> 4];
    id += kDigits[digest[i] & 15];
  }
  return id;
}

Note deed_of(const Plan& plan, const Step& step) {
  const std::string code = "step." + std::string(step_name(step.kind));
  if (step.turn < 0 || step.kind == StepKind::kExchange) return {code, {step.host, step.server}};
  return {code, {step.host, names_of(plan.turns[static_cast<size_t>(step.turn)].members)}};
}

Note undo_of(const Plan& plan, const Step& step) {
  auto note = deed_of(plan, step);
  if (step.kind == StepKind::kSend) note.code = "undo.send";
  if (step.kind == StepKind::kExchange) note.code = "undo.exchange";
  return note;
}

}  // namespace pelorus::cli::upgrade
