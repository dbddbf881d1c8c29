#pragma once
// Named places where a process can be made to die, fail or wait: what the crash suites aim at
// (docs/internals/fault_points.md). Compiled in always; a place costs one relaxed load while nothing was ordered.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pelorus {

/// Steps of transactions, replicas and the metadata log. Operations on files are named by io/process_files.h. The names
/// stand in fault_point.cc, in this order.
enum class FaultPoint : uint8_t {
  // The node that got a write.
  kBeginAsked,
  kBeginAnswered,
  kChangeRead,
  kPrepareSent,
  kPrepareAnswered,
  kDecisionAsked,
  kDecisionAnswered,
  kNoticeSent,
  kNoticeAnswered,
  kWriterAnswered,
  // A node with a replica.
  kPrepareReceived,
  kPrepareStored,
  kPrepareDone,
  kNoticeReceived,
  kPublishBegun,
  kPublishDone,
  kRollbackBegun,
  kRollbackDone,
  kOutcomeAsked,
  kOutcomeLearnt,
  kPublishedSynced,
  kPublishedConfirmed,
  kOrderTaken,
  kCopyOpened,
  kCopyReceived,
  kImportFinishing,
  kImportFinished,
  kHoldBegun,
  kHoldEnded,
  kDropBegun,
  kDropDone,
  kExportOpened,
  kExportRead,
  kReportMade,
  kRegistrationSent,
  kRegistrationAnswered,
  kHeartbeatSent,
  kHeartbeatAnswered,
  // Controllers.
  kBeginReceived,
  kBeginRecorded,
  kDecideReceived,
  kDecideRecorded,
  kDecisionsRead,
  kChangeReceived,
  kChangeRecorded,
  kCompletionBegun,
  kCompletionRecorded,
  kReplicasChanging,
  kReplicasChanged,
  kExpiryBegun,
  kExpiryRecorded,
  kRegistrationReceived,
  kRegistrationRecorded,
  kRecoveryPlanned,
  // The replicated log; the first twelve in the order of raft/internal/engine.h.
  kLogAppendBegun,
  kLogAppendDone,
  kLogTruncateBegun,
  kLogTruncateDone,
  kTermBegun,
  kTermDone,
  kVoteBegun,
  kVoteDone,
  kSnapshotStoreBegun,
  kSnapshotStoreDone,
  kLogMessageSent,
  kLogMessageReceived,
  kSnapshotTaken,
  kSnapshotRestored,
  kApplyBegun,
  kApplyDone,
  kTermOpened,
};
inline constexpr size_t kFaultPointCount = static_cast<size_t>(FaultPoint::kTermOpened) + 1;

std::span<const std::string_view> fault_point_names();

/// What a process is told to do to itself.
struct FaultOrder {
  enum class Action : uint8_t {
    kDie,    // SIGKILL at that passage: nothing is flushed, nothing is said
    kError,  // operations on files fail with kIo from that passage on; steps go on
    kDelay,  // every passage from that one on waits
  };
  std::string name;
  uint64_t passage = 1;  // the first is 1
  Action action = Action::kDie;
  std::chrono::milliseconds delay{0};
};

/// From "name:passage", "name:passage:die", "name:passage:error" or "name:passage:delay=MILLISECONDS". kInvalid says
/// what is wrong; that the name exists the caller checks.
Result<FaultOrder> parse_fault_order(std::string_view text);
/// Several of those with commas between: whichever is reached first takes effect, and the others stay ordered.
Result<std::vector<FaultOrder>> parse_fault_orders(std::string_view text);
/// At the start of the process, before it has threads, or from a test. Takes the place of all earlier orders; none: no
/// fault any more. A process that dies of one says on its standard error at which point, and at which passage.
void order_faults(std::vector<FaultOrder> orders);

namespace fault_detail {
extern std::atomic<bool> is_ordered;
Status pass(std::string_view name);
}  // namespace fault_detail

inline bool faults_are_ordered() { return fault_detail::is_ordered.load(std::memory_order_relaxed); }
/// The process is at the named place now. kIo when the order says so.
inline Status pass_fault(std::string_view name) { return faults_are_ordered() ? fault_detail::pass(name) : Status(); }
/// The process is at this step now.
inline void reach(FaultPoint point) {
  if (faults_are_ordered()) (void)fault_detail::pass(fault_point_names()[static_cast<size_t>(point)]);
}

}  // namespace pelorus
