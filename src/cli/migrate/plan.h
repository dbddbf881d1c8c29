#pragma once
// From the cluster as it is to the target, as a list of small steps. Pure: no network, no clock, no file.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/migrate/topology.h"
#include "cli/migrate/words.h"

namespace pelorus::cli::migrate {

/// In the order in which a plan uses them. Names in JSON: step_name().
enum class StepKind : uint8_t {
  kCheckHost,        // subject: a host
  kSendPackage,      // a host
  kWriteConfig,      // a host
  kStartController,  // an alias, as all that follow but for kVerify, kWriteFiles and kMoveLeader
  kAddController,
  kAddAgent,
  kStartAgent,
  kConfigureNode,
  kAddNode,
  kStartNode,
  kDrain,
  kSpread,
  kVerify,      // "before" the removals and "after" them
  kMoveLeader,  // no subject
  kRemoveController,
  kStopController,
  kStopNode,
  kRemoveNode,
  kStopAgent,
  kRemoveAgent,
  kWriteFiles,  // a host that stays
  // Changes in which everybody stays. The host is where the member is told to be.
  kYieldLeader,
  kPause,
  kReaddress,
  kCopyDirectories,
  kSetDirectories,
  kContinue,
  // A single node becomes a cluster.
  kWriteClusterFiles,
  kStopSingle,
  kMoveHome,
  kForgetSource,
  // Everything is stopped, and members go to other hosts as they are. The host is where the member is just then.
  kHalt,
  kKeepState,
  kCopyMember,
  kFence,
  kNoteState,  // no subject
  kJoin,       // who is made
  kBegin,
};
inline constexpr StepKind kLastStep = StepKind::kBegin;
std::string_view step_name(StepKind kind);
std::optional<StepKind> parse_step(std::string_view name);

struct Step {
  StepKind kind = StepKind::kVerify;
  std::string subject;
  std::string host;
  int64_t bytes = 0;  // sent or copied, an estimate; -1: not known
  Note effect;        // on safety
  bool operator==(const Step&) const = default;
};

/// A member that the plan makes, and the one whose settings it takes.
struct Addition {
  std::string alias;
  NodeMode role = NodeMode::kDataNode;
  std::string host;
  int port = 0;
  std::string server;  // folder server/ of its package
  std::string like;
  bool operator==(const Addition&) const = default;
};

/// One setting of a member whose value changes; both values whole, several directories with commas between.
struct DirectoryMove {
  std::string alias;
  std::string setting;
  std::string from;
  std::string to;
  bool operator==(const DirectoryMove&) const = default;
};

struct Plan {
  std::string id;  // 12 hexadecimal digits over target, members and steps
  Target target;
  std::vector<Member> before;
  std::vector<Addition> additions;
  std::vector<Addition> relocations;  // members that live elsewhere in the end, each like itself
  std::vector<std::string> leaving;   // aliases
  std::vector<DirectoryMove> moves;
  std::vector<Step> steps;
  int fails_before = 0;  // hosts that may be lost
  int fails_after = 0;
  std::vector<Note> warnings;
  bool operator==(const Plan&) const = default;

  bool leaves(std::string_view alias) const;
  const Addition* addition(std::string_view alias) const;
  const Addition* relocation(std::string_view alias) const;
  /// Who comes to live on `host`.
  std::vector<Addition> arrivals(std::string_view host) const;
  /// The others that are on `host` before or after.
  std::set<std::string> neighbours(std::string_view alias, std::string_view host) const;
  /// Where those who are on `host` now are in the end.
  std::string host_after(const std::string& host) const { return host == target.moved ? target.moved_to : host; }
  std::string host_after(const Member& member) const;
};

struct PlanOutcome {
  Plan plan;
  std::vector<Note> refusals;  // empty: the plan may be applied
};

PlanOutcome make_plan(const ClusterFacts& facts, const Target& target);
/// Over target, members and steps; estimates do not count.
std::string plan_id(const Plan& plan);

/// What a step does, and what undoes it ("undo.none" when nothing needs to).
Note deed_of(const Step& step);
Note undo_of(const Step& step);

}  // namespace pelorus::cli::migrate
