#pragma once
// Writes to stored tables: rows to the redo logs of every replica, then the decision of the controllers.

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/request_scope.h"
#include "dist/joint_appends.h"
#include "dist/partition_turns.h"
#include "dist/scan_partitions.h"
#include "exec/route_rows.h"
#include "txn/coordinator.h"

namespace pelorus::dist {

/// What becomes of appended rows whose value a VALUE scheme lacks (newValuePartitionPolicy): they get a new partition,
/// are left out, or refuse the whole append.
enum class NewValuePolicy : uint8_t { kAdd, kSkip, kFail };

/// Drives two-phase commit as coordinator (architecture: transactions and replicas). Thread-safe; one call is one
/// transaction and blocks its thread. Acknowledged means: durable on every replica the decision names, and decided by a
/// majority of the controllers.
class ReplicatedWriter {
 public:
  /// `epoch`: of this node's registration, asked at every transaction.
  ReplicatedWriter(Distribution& distribution, std::function<uint64_t()> epoch,
                   NewValuePolicy new_values = NewValuePolicy::kAdd)
      : distribution_(distribution), epoch_(std::move(epoch)), new_values_(new_values) {}

  /// Rows to append, by partition.
  struct RoutedAppend {
    exec::RowRoutes routes;            // of the rows as chunks keep them
    std::vector<data::Table> parts;    // of each partition; none yet where the append may be joined with others
    RequestScope::WriteNumber number;  // among the writes of a client's request
  };
  /// Splits rows by partition (columns by position, converted to the table's types); the first step of an append, which
  /// writes nothing. Rows of new VALUE partitions may be left out (NewValuePolicy). `number`: that of an earlier
  /// attempt with the same rows; without one the thread's next. Errors: kInvalid (types, values outside the scheme).
  Result<RoutedAppend> route(const TableFacts& table, const data::Table& rows,
                             const std::optional<RequestScope::WriteNumber>& number = {});
  /// Appends all of them or none; with atomic='CHUNK' all of a partition or none, and an error tells how many
  /// partitions were written. Returns the rows added. Errors: kInvalid (columns changed since `table` was asked for),
  /// kConflict (another transaction writes to one of the chunks; with atomic='CHUNK' only when it does so for too
  /// long), kUnavailable, kNoSpace, kOutcomeUnknown.
  Result<int64_t> append(const TableFacts& table, RoutedAppend& routed);

  /// Replaces partitions by what their fragments make of them, all or none; returns the rows changed. A partition
  /// without a chunk gets `if_new`, under the same policy as appended rows. Errors: as append, kScript of a fragment.
  Result<int64_t> change(const TableFacts& table, std::span<const exec::PartitionChange> changes);

  /// The rows, of exactly the table's columns, become the whole content of one partition, which is made when there is
  /// none; nothing looks whether they belong there. Returns their number. Errors: as append. Not numbered among the
  /// writes of a client's request.
  Result<int64_t> replace(const TableFacts& table, const meta::PartitionKey& key, const data::Table& rows);

  /// A change of the catalogue, asked for again while running transactions refuse it (kConflict), half a minute at
  /// most.
  Status change_definition(const std::function<Status()>& change) const;

  /// The node stops: what cannot be written now is refused, whatever it waits for.
  void end_patience() { is_patient_ = false; }

 private:
  struct Write;
  using Number = RequestScope::WriteNumber;
  /// A write split by partition: `once(first, last, number)` writes the parts of that stretch in one transaction.
  using WriteOnce = std::function<Result<int64_t>(size_t first, size_t last, const Number& number)>;
  /// All parts, those of `keys`, in one transaction or, with atomic='CHUNK', each in its own, after those of this
  /// node's other writers that came before; each until it succeeds or patience ends.
  Result<int64_t> write_parts(const TableFacts& table, std::span<const meta::PartitionKey> keys, const Number& number,
                              const WriteOnce& once);
  void make_parts(const TableFacts& table, RoutedAppend& routed) const;  // in one copy of the rows
  /// In the order in which the replicas log them, which spares each of them the sorting.
  data::Table in_order(const TableFacts& table, data::Table rows) const;
  /// With atomic='CHUNK', in one transaction with the appends of other statements of this node. kConflict, kStale,
  /// kUnavailable and others but kOutcomeUnknown: it changed nothing, and the parts may be written each on its own.
  Result<int64_t> append_jointly(const TableFacts& table, const exec::RowRoutes& rows);
  /// For a while: another node's writers would wait for all partitions of joined appends.
  void stay_apart();
  /// `attempt()` until it succeeds, fails for good, or patience ends.
  Result<int64_t> patiently(bool waits_for_writers, const std::function<Result<int64_t>()>& attempt) const;
  /// For how long a transaction that ended with `error` may be begun anew: it certainly changed nothing.
  std::chrono::seconds patience(const Error& error, bool waits_for_writers) const;
  /// One transaction; kConflict, kStale, kUnavailable: it changed nothing and may be begun anew.
  Result<int64_t> append_once(const TableFacts& table, std::span<const meta::PartitionKey> keys,
                              std::span<const data::Table> rows, const Number& number);
  /// From the begin on. `next`: who waits for the partitions.
  Result<int64_t> append_begun(const TableFacts& table, meta::BeginReply begun, std::span<const data::Table> rows,
                               JointAppends::Next* next = nullptr);
  Result<int64_t> replace_once(const TableFacts& table, const meta::PartitionKey& key, const data::Table& stored);
  Result<int64_t> change_once(const TableFacts& table, std::span<const exec::PartitionChange> changes,
                              const Number& number);
  /// What a change leaves of the chunks of a begun transaction, from the first replica of each that can tell.
  std::vector<Result<ChangeResult>> changed_rows(const TableFacts& table,
                                                 std::span<const exec::PartitionChange> changes,
                                                 const std::vector<meta::BegunChunk>& chunks);
  /// Carries out the policy on the partitions of a write: which of them are to be left out.
  Result<std::vector<bool>> left_out(const TableFacts& table, std::span<const meta::PartitionKey> keys) const;
  meta::BeginTransaction begin_request(meta::TransactionType type, const TableFacts& table,
                                       std::span<const meta::PartitionKey> keys, const Number& number) const;
  Result<meta::BeginReply> begin(meta::TransactionType type, const TableFacts& table,
                                 std::span<const meta::PartitionKey> keys, const Number& number);
  void roll_back(TransactionId transaction);
  /// In which data nodes keep the table's rows; none in a cluster some of whose programs may not know how.
  RowOrder order(const TableFacts& table) const;
  Ticket ticket(TransactionId transaction) const { return {transaction, distribution_.self, epoch_()}; }
  /// From prepare to the notices: carries out what txn::Coordinator says. `decider`: asks for the decision.
  using Decider = std::function<Result<meta::Decided>(const meta::Decide&)>;
  Result<int64_t> drive(const Write& write, int64_t answer, const Decider& decider = {});
  Status prepare(const Write& write, const txn::PrepareOrder& asked);
  static meta::Decide decision(const Write& write, const txn::DecisionRequest& request, int64_t answer);
  /// The decision, and the begin of those that wait, in one round of the controllers.
  Result<meta::Decided> decide_and_begin(const TableFacts& table, const meta::Decide& decision,
                                         JointAppends::Next& next);
  void notify(const txn::Notice& notice);

  Distribution& distribution_;
  const std::function<uint64_t()> epoch_;
  const NewValuePolicy new_values_;
  PartitionTurns turns_;
  JointAppends joint_appends_;
  std::atomic<bool> is_patient_ = true;
  std::atomic<std::chrono::steady_clock::time_point> apart_until_{};  // until when appends are not joined
};

}  // namespace pelorus::dist
