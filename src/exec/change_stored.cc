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

  std::shared_ptr<const Fragment> fragment_of(std::string text) {
    Fragment fragment;
    fragment.text = std::move(text);
    fragment.user = evaluator_.context().caller().user;
    capture_.fill(fragment);
    return std::make_shared<const Fragment>(std::move(fragment));
  }

  /// What is appended instead of running the statement, as in PartitionChange.
  struct Appended {
    std::shared_ptr<const Fragment> deleted;
    std::shared_ptr<const Fragment> added;
  };
  int64_t run(const syntax::Expr& statement, const std::vector<ExprRef>& where, const Appended& appended) {
    const auto shared = fragment_of(syntax::print(statement));
    const auto constraint = plan::constraint_of(where, schema_, capture_.constant_value());
    std::vector<PartitionChange> changes;
    for (const auto& partition : snapshot_->partitions()) {
      if (plan::may_match(constraint, {scheme_, partition_columns_}, partition.key))
        changes.push_back({.key = partition.key,
                           .fragment = shared,
                           .if_new = {},
                           .deleted = appended.deleted,
                           .added = appended.added});
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

const std::string kChangedRows = "changed_rows_";  // in a fragment

ExprRef fragment_source() { return plan::name_node(std::string(kFragmentSource)); }

/// select `columns` (empty: all) from the partition, of the rows that a statement is about.
template <class Statement>
std::string select_touched(const Statement& statement, const std::vector<std::string>& columns) {
  syntax::Query rows;
  for (const auto& column : columns) rows.items.push_back(plan::name_node(column));
  if (columns.empty()) rows.items.push_back(std::make_shared<const syntax::Star>());
  syntax::Source source;
  source.table = fragment_source();
  rows.from = std::make_shared<const syntax::Source>(std::move(source));
  rows.where = statement.where;
  return syntax::print(rows);
}

/// The rows of an update as it leaves them. With new values in `keys` the old rows must be marked too.
StoredChange::Appended appended_by(const syntax::Update& update, const std::vector<std::string>& keys,
                                   StoredChange& change) {
  // Groups that `having` leaves out would be found among the rows and counted.
  if (keys.empty() || update.having) return {};
  auto rest = std::make_shared<syntax::Update>(update);
  rest->table = plan::name_node(kChangedRows);
  rest->where.clear();
  StoredChange::Appended appended;
  appended.added = change.fragment_of(kChangedRows + " = " + select_touched(update, {}) + ";\n" + syntax::print(*rest) +
                                      ";\n" + kChangedRows);
  const bool moves = std::ranges::any_of(
      update.items, [&](const auto& item) { return std::ranges::find(keys, item.column) != keys.end(); });
  if (moves) appended.deleted = change.fragment_of(select_touched(update, keys));
  return appended;
}

}  // namespace

int64_t update_stored(const syntax::Update& update, StoredTable& table, Evaluator& evaluator) {
  if (update.from) throw ScriptError("update … from is not supported for a partitioned table.");
  StoredChange change(RowChange::kUpdate, table, evaluator);
  auto statement = std::make_shared<syntax::Update>(update);
  statement->table = fragment_source();
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
  return change.run(*statement, update.where, appended_by(*statement, table.soft_delete_keys(), change));
}

int64_t delete_stored(const syntax::Delete& original, StoredTable& table, Evaluator& evaluator) {
  if (original.from) throw ScriptError("delete … from a join is not supported for a partitioned table.");
  StoredChange change(RowChange::kDelete, table, evaluator);
  auto statement = std::make_shared<syntax::Delete>(original);
  statement->table = fragment_source();
  for (const auto& condition : original.where) change.refuse_reach(condition, original.context, original.map);
  change.capture_clauses(*statement);
  const auto keys = table.soft_delete_keys();
  StoredChange::Appended appended;
  // Groups choose rows by what the whole partition holds: such a delete rewrites it.
  if (!keys.empty() && original.context.empty())
    appended.deleted = change.fragment_of(select_touched(*statement, keys));
  return change.run(*statement, original.where, appended);
}

}  // namespace pelorus::exec
