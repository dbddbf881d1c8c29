#pragma once
// A running cluster gets other programs, or the same ones again, a few processes at a time. Pure: no network, no clock.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/migrate/cluster.h"
#include "cli/steps/words.h"

namespace pelorus::cli::upgrade {

using migrate::Member;
using migrate::NodeMode;
using migrate::Replicas;
using steps::Note;

/// A package's programs.
struct Program {
  std::string version;
  int oldest_level = 1;
  int newest_level = 1;
  std::string fingerprint;  // of the package's files
  std::string machine;      // uname -m
  int64_t bytes = 0;
  bool operator==(const Program&) const = default;
};

struct HostFacts {
  std::string problem;      // why nothing can be done there; empty: reachable, writable, not used by another plan
  std::string machine;      // uname -m
  int64_t bytes_free = -1;  // beside the packages; -1: not known
};

struct Facts {
  std::vector<Member> members;  // sorted
  int level = 1;                // feature level of the cluster
  Replicas replicas;
  std::map<std::string, HostFacts> hosts;
};

/// What the operator wants.
struct Wish {
  bool restart_only = false;     // the same programs
  bool accept_downtime = false;  // also where something is not served while its process is away
  bool operator==(const Wish&) const = default;
};

/// Processes that are away at the same time.
struct Turn {
  std::string host;
  std::vector<std::string> members;  // in the order in which they are stopped; started the other way round
  bool operator==(const Turn&) const = default;
};

/// In the order in which a plan uses them.
enum class StepKind : uint8_t {
  kSend,        // to a host
  kExchange,    // programs of one package
  kMoveLeader,  // away from a turn
  kStop,        // a turn, as all that follow
  kStart,
  kAwait,
};
std::string_view step_name(StepKind kind);
std::optional<StepKind> parse_step(std::string_view name);

struct Step {
  StepKind kind = StepKind::kAwait;
  std::string host;
  std::string server;  // kExchange: folder server/ of the package
  int turn = -1;       // of Plan::turns; -1: of none
  bool operator==(const Step&) const = default;
};

struct Plan {
  std::string id;  // 12 hexadecimal digits over wish, program, members and steps
  Wish wish;
  Program program;
  int level = 1;
  std::vector<Member> members;  // as they were
  std::vector<Turn> turns;
  std::vector<Step> steps;
  std::vector<Note> warnings;
  bool operator==(const Plan&) const = default;

  /// Folders server/ of the packages on the host, each once.
  std::vector<std::string> servers_on(const std::string& host) const;
  std::vector<Member> members_of(const Step& step) const;
  /// One turn for each host: nothing is away when a whole host is.
  bool by_hosts() const;
};

struct PlanOutcome {
  Plan plan;
  std::vector<Note> refusals;  // empty: the plan may be applied
};

PlanOutcome make_plan(const Facts& facts, const Wish& wish, const Program& program);
/// Over what the steps rely on; leaders, replicas and loads do not count.
std::string plan_id(const Plan& plan);

/// What a step does, and what it does on the way back.
Note deed_of(const Plan& plan, const Step& step);
Note undo_of(const Plan& plan, const Step& step);
/// "controller1 agent1 node1"
std::string names_of(const std::vector<std::string>& members);

}  // namespace pelorus::cli::upgrade
