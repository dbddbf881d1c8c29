#pragma once
// Writes to stored tables: rows to the redo logs of every replica, then the decision of the controllers.

#include <span>
#include <string>
#include <vector>

#include "base/request_scope.h"
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

  /// Splits the rows by partition (columns by position, converted to the table's types) and appends all of them or
  /// none. Returns the rows added: those of new VALUE partitions may be left out (NewValuePolicy). Errors: kInvalid
  /// (types, values outside the scheme, columns changed since `table` was asked for), kConflict (others hold the chunks
  /// for too long), kUnavailable, kNoSpace, kOutcomeUnknown.
  Result<int64_t> append(const TableFacts& table, const data::Table& rows);

  /// Replaces partitions by what the fragment makes of them; returns the rows changed.
  Result<int64_t> change(const TableFacts& table, const exec::Fragment& fragment,
                         std::span<const meta::PartitionKey> keys);

  /// The rows, of exactly the table's columns, become the whole content of one partition, which is made when there is
  /// none; nothing looks whether they belong there. Returns their number. Errors: as append. Not numbered among the
  /// writes of a client's request.
  Result<int64_t> replace(const TableFacts& table, const meta::PartitionKey& key, const data::Table& rows);

 private:
  struct Write;
  /// One transaction; kConflict, kStale, kUnavailable: it changed nothing and may be begun anew.
  Result<int64_t> append_once(const TableFacts& table, const std::vector<meta::PartitionKey>& keys,
                              const std::vector<data::Table>& rows, int64_t count);
  Result<int64_t> replace_once(const TableFacts& table, const meta::PartitionKey& key, const data::Table& stored);
  Result<int64_t> change_once(const TableFacts& table, const exec::Fragment& fragment,
                              std::span<const meta::PartitionKey> keys);
  /// Carries out the policy on rows split by partition; `count` becomes that of the rows left.
  Status judge_new_values(const TableFacts& table, std::vector<exec::RoutedRows>& parts, int64_t& count) const;
  Result<meta::BeginReply> begin(meta::TransactionType type, const TableFacts& table,
                                 const std::vector<meta::PartitionKey>& keys, RequestScope::WriteNumber number);
  /// In which data nodes keep the table's rows; none in a cluster some of whose programs may not know how.
  RowOrder order(const TableFacts& table) const;
  Ticket ticket(TransactionId transaction) const { return {transaction, distribution_.self, epoch_()}; }
  /// From prepare to the notices: carries out what txn::Coordinator says.
  Result<int64_t> drive(const Write& write, int64_t answer);
  Status prepare(const Write& write, const txn::PrepareOrder& asked);
  Result<meta::Decided> decide(const Write& write, const txn::DecisionRequest& request, int64_t answer);
  void notify(const txn::Notice& notice);

  Distribution& distribution_;
  const std::function<uint64_t()> epoch_;
  const NewValuePolicy new_values_;
};

}  // namespace pelorus::dist
