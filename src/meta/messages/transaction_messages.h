#pragma once
// Between the node that writes and the controllers. All requests may be sent to any controller: followers forward.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "meta/catalogue.h"
#include "meta/commands/transaction_commands.h"

namespace pelorus::meta {

/// Request: BeginTransaction without placements and time. Answer: BeginReply. Errors as at the command;
/// kOutcomeUnknown: repeat with the same client and sequence, or forget it (its locks fall with the coordinator's
/// timeout).
inline constexpr std::string_view kBeginTransaction = "meta.begin_transaction";
struct BeginReply {
  Begun begun;
  std::set<std::string> down;  // nodes the leader holds for dead: count them as failed without asking
  template <class A>
  void fields(A& a) {
    a(begun, down);
  }
};

/// Request: Decide without time, or DecideAndBegin. Answer: Decided or DecidedAndBegun: what was decided, which may
/// differ from what was asked for. After kOutcomeUnknown repeat it, or ask kGetDecisions.
inline constexpr std::string_view kDecide = "meta.decide";
/// A decision, and right behind it the transaction that waits for its partitions: one round of the controllers for
/// both. Leaders of programs that know Decide only make the decision and leave the rest out. So do all where another
/// node waits for one of the partitions, which would never find it free.
struct DecideAndBegin : Decide {
  std::optional<BeginTransaction> next;  // as in kBeginTransaction
  template <class A>
  void fields(A& a) {
    Decide::fields(a);
    a(next);
  }
};
struct DecidedAndBegun : Decided {
  std::optional<BeginReply> next;  // none: it was not begun, for whatever reason
  bool others_wait = false;        // the reason: begin it by itself
  template <class A>
  void fields(A& a) {
    Decided::fields(a);
    a(next, others_wait);
  }
};

/// Linearizable: a transaction that is not there was never begun or is aborted.
inline constexpr std::string_view kGetDecisions = "meta.get_decisions";
struct DecisionsRequest {
  std::vector<TransactionId> transactions;
  template <class A>
  void fields(A& a) {
    a(transactions);
  }
};
struct Decision {
  TransactionId transaction;
  TransactionState state = TransactionState::kAborted;
  std::vector<TransactionChunk> chunks;  // of a commit: versions made and who prepared
  template <class A>
  void fields(A& a) {
    a(transaction, state, chunks);
  }
};
struct DecisionsReply {
  std::vector<Decision> decisions;  // as asked
  template <class A>
  void fields(A& a) {
    a(decisions);
  }
};

/// Any other change: users' statements and operators' commands. Times and placements are set by the leader, which takes
/// only commands of the catalogue, of users and rights, of records and of the configuration. Answer: as at the command.
inline constexpr std::string_view kChange = "meta.change";
struct ChangeRequest {
  std::string user;  // for the audit log; rights were checked by the sender
  Bytes command;     // encode_command()
  template <class A>
  void fields(A& a) {
    a(user, command);
  }
};

}  // namespace pelorus::meta
