#include "exec/change_stored.h"

#include <algorithm>

#include "base/script_error.h"
#include "exec/capture_constants.h"
#include "exec/operators/relation.h"
#include "exec/operators/row_reach.h"
#include "plan/distribute.h"
#include "plan/prune_partitions.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using syntax::ExprRef;

/// What update and delete share: pruning, constants, the fragment.
class StoredChange {
 public:
  StoredChange(RowChange what, StoredTable& table, Evaluator& evaluator)
      : what_(what),
        table_(table),
        evaluator_(evaluator),
        snapshot_(value_or_throw(table.open_snapshot())),
        schema_(table.schema()),
        scheme_(table.scheme()),
        partition_columns_(table.partition_columns()),
        capture_(schema_, "", evaluator, &constants_) {}

  ConstantCapture& capture() { return capture_; }
  const data::Schema& schema() const { return schema_; }

  template <class Statement>
  void capture_clauses(Statement& statement) {
    for (auto* list : {&statement.where, &statement.context}) {
      for (auto& expr : *list) expr = capture_.capture(expr);
    }
    for (auto& key : statement.csort) key.key = capture_.capture(key.key);
    statement.having = capture_.capture(statement.having);
    statement.map = false;
  }

  /// What looks at other rows would see those of one partition only. A function that can't be looked into is taken to
  /// judge its row.
  void refuse_reach(const ExprRef& expr, const std::vector<ExprRef>& context, bool map) const {
    if (map || !expr || partition_columns_.empty()) return;
    const auto covers = [this](const std::vector<ExprRef>& keys) {
      return plan::keys_cover_partitions(keys, {schema_, scheme_, partition_columns_});
    };
    const auto lookup = capture_.lookup();
    const ReachFacts facts{schema_, lookup,
                           [this](const syntax::Expr& part) { return capture_.depends_on_columns(part); }, covers};
    if (reach_of(*expr, facts) <= Reach::kUnknown) return;
    if (!context.empty() && covers(context)) return;
    throw ScriptError(
        "Aggregate or order-sensitive functions are not allowed without context by clause when updating a partitioned "
        "table.");
  }

  std::shared_ptr<const Fragment> fragment_of(const syntax::Expr& statement) {
    Fragment fragment;
    fragment.text = syntax::print(statement);
    fragment.user = evaluator_.context().caller().user;
    capture_.fill(fragment);
    return std::make_shared<const Fragment>(std::move(fragment));
  }

  /// `deleted`: PartitionChange::deleted, or null.
  int64_t run(const syntax::Expr& statement, const std::vector<ExprRef>& where, const syntax::Expr* deleted = nullptr) {
    const auto shared = fragment_of(statement);
    const auto marks = deleted == nullptr ? nullptr : fragment_of(*deleted);
    const auto constraint = plan::constraint_of(where, schema_, capture_.constant_value());
    std::vector<PartitionChange> changes;
    for (const auto& partition : snapshot_->partitions()) {
      if (plan::may_match(constraint, {scheme_, partition_columns_}, partition.key))
        changes.push_back({.key = partition.key, .fragment = shared, .if_new = {}, .deleted = marks});
    }
    return changes.empty() ? 0 : value_or_throw(table_.change(what_, changes));
  }

 private:
  const RowChange what_;
  StoredTable& table_;
  Evaluator& evaluator_;
  const std::shared_ptr<const StoredSnapshot> snapshot_;  // before what it may renew: the columns
  const data::Schema schema_;
  const meta::PartitionScheme scheme_;
  const std::vector<std::string> partition_columns_;
  EmptyScope constants_;
  ConstantCapture capture_;
};

}  // namespace

int64_t update_stored(const syntax::Update& update, StoredTable& table, Evaluator& evaluator) {
  if (update.from) throw ScriptError("update … from is not supported for a partitioned table.");
  StoredChange change(RowChange::kUpdate, table, evaluator);
  auto statement = std::make_shared<syntax::Update>(update);
  statement->table = plan::name_node(std::string(kFragmentSource));
  const auto partition_columns = table.partition_columns();
  for (auto& item : statement->items) {
    const bool known = std::any_of(change.schema().begin(), change.schema().end(),
                                   [&](const auto& c) { return c.name == item.column; });
    if (!known) throw ScriptError("Unrecognized column name [" + item.column + "]");
    if (std::find(partition_columns.begin(), partition_columns.end(), item.column) != partition_columns.end()) {
      throw ScriptError("The partitioning column [" + item.column + "] can't be updated.");
    }
    change.refuse_reach(item.value, update.context, update.map);
    item.value = change.capture().capture(item.value);
  }
  for (const auto& condition : update.where) change.refuse_reach(condition, update.context, update.map);
  change.capture_clauses(*statement);
  return change.run(*statement, update.where);
}

int64_t delete_stored(const syntax::Delete& original, StoredTable& table, Evaluator& evaluator) {
  if (original.from) throw ScriptError("delete … from a join is not supported for a partitioned table.");
  StoredChange change(RowChange::kDelete, table, evaluator);
  auto statement = std::make_shared<syntax::Delete>(original);
  statement->table = plan::name_node(std::string(kFragmentSource));
  for (const auto& condition : original.where) change.refuse_reach(condition, original.context, original.map);
  change.capture_clauses(*statement);
  const auto keys = table.soft_delete_keys();
  // Groups choose rows by what the whole partition holds: such a delete rewrites it.
  if (keys.empty() || !original.context.empty()) return change.run(*statement, original.where);
  syntax::Query rows;
  for (const auto& key : keys) rows.items.push_back(plan::name_node(key));
  syntax::Source source;
  source.table = statement->table;
  rows.from = std::make_shared<const syntax::Source>(std::move(source));
  rows.where = statement->where;
  return change.run(*statement, original.where, &rows);
}

}  // namespace pelorus::exec
