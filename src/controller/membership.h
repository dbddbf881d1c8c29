#pragma once
// How a controllers' group begins and grows. Pure decisions; the server's wiring and the service carry them out.
//
// The voters come from the Raft log alone. A controller with an empty directory founds a cluster only together with all
// listed controllers, empty too and of one mind; if any of them belongs to a cluster it joins that one as a learner.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "meta/messages.h"
#include "meta/state.h"
#include "raft/replicated_log.h"

namespace pelorus::controller {

struct BootstrapView {
  meta::ControllerState self;
  /// The other controllers of this one's cluster.nodes; nothing for those that cannot be reached.
  std::map<std::string, std::optional<meta::ControllerState>> peers;
  bool forced = false;  // -bootstrap 1: do not wait for those that cannot be reached
};

struct BootstrapDecision {
  enum class Verdict : uint8_t {
    kResume,  // this controller belongs to a cluster: start the log
    kFound,   // the first by alias: make a cluster UUID, persist the foundation, then bootstrap the log with `voters`
    kAdopt,   // another one founds: bootstrap with its foundation
    kJoin,  // a cluster exists: start with an empty log (under a new node UUID if had_log), register, wait to be added
    kWait,  // ask again soon; `reason` says for whom
  };
  Verdict verdict = Verdict::kWait;
  std::string reason;
  Uuid cluster;                         // kAdopt, kJoin
  std::vector<raft::Member> voters;     // kFound, kAdopt
  std::vector<meta::Founder> founders;  // the same with their node UUIDs, for the foundation to be persisted
};

/// Cannot found two clusters out of one list: only the first alias founds, the others take exactly its foundation, and
/// none of them does while a peer belongs to a cluster already.
BootstrapDecision decide_bootstrap(const BootstrapView& view);

/// What becomes of a controller whose log is damaged.
struct DamageDecision {
  enum class Verdict : uint8_t {
    kRejoin,  // another controller has the cluster's log: this one is set aside, and its owner joins as another node
    kWait,    // the others that might have it are silent: the damaged log is all there may be, so it stays
    kStop,    // no other controller has it: the operator's
  };
  Verdict verdict = Verdict::kWait;
  std::string reason;
};
/// `view.self.cluster`: the cluster the log is of.
DamageDecision decide_damage(const BootstrapView& view);

/// The one change of the group to make next so that its voters are the controllers of the state.
struct MemberChange {
  enum class Kind : uint8_t { kAddLearner, kPromote, kDemote, kRemove, kHandOver };
  Kind kind;
  raft::Member member;
};
/// Nothing while all is as it should be, or while a majority of the voters would not be live. A controller that lost
/// its disk comes back with another UUID: its old identity is removed first. Controllers taken out of the state are
/// removed, those that are to be learners only are demoted; if that is `leader`, another one leads first.
std::optional<MemberChange> next_member_change(const meta::State& state, const std::vector<raft::Member>& members,
                                               const std::set<std::string>& live, const std::string& leader);

enum class VoteChange : uint8_t { kPromote, kDemote, kRemove };
/// Whether an operator may ask for the change: `alias` is a controller, is there for a promotion, and the voters after
/// it have a live majority. The reason names numbers and what to do; it is the leader's last word (no kUnavailable,
/// after which callers ask again).
Status check_vote_change(const meta::State& state, const std::vector<raft::Member>& members,
                         const std::set<std::string>& live, VoteChange change, const std::string& alias);
/// Whether `alias` (empty: any other voter) can take over from `leader`: a live voter.
Status check_transfer(const meta::State& state, const std::vector<raft::Member>& members,
                      const std::set<std::string>& live, const std::string& leader, const std::string& alias);

}  // namespace pelorus::controller
