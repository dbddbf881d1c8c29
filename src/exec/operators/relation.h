#pragma once
// What `from` gives: named columns whose values are read or gathered only when an expression asks.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/worker_pool.h"
#include "data/table.h"
#include "data/value.h"
#include "exec/column_source.h"
#include "exec/operators/row_placement.h"
#include "exec/scope.h"
#include "kernels/row_numbers.h"

namespace pelorus::exec {

using RowNumbers = kernels::RowNumbers;
using RowNumbersRef = std::shared_ptr<const RowNumbers>;

/// One column a query can name.
struct RelationColumn {
  std::string name;       // its name in `select *`; unique among the shown columns
  std::string qualifier;  // the table's alias or variable; may be empty
  std::string own_name;   // its name in that table
  bool hidden = false;    // found as qualifier.own_name only
  bool starred = true;    // part of `select *`
  data::Shared<data::Vector> values = {};
  std::shared_ptr<ColumnSource> source = {};  // instead of values: read on demand
  size_t source_column = 0;
  int map = -1;  // index into Relation::maps: row i shows element (*maps[map])[i]; -1: element i
};

/// Cheap to copy and to join: joining composes maps and gathers nothing.
struct Relation {
  std::vector<RelationColumn> columns;
  std::vector<RowNumbersRef> maps;
  size_t rows = 0;

  static Relation of(const data::Table& table, const std::string& qualifier);
  static Relation of(std::shared_ptr<ColumnSource> source, const std::string& qualifier);
  /// Column number by name among the shown columns, exactly first, then without case; -1: none.
  int find(std::string_view name) const;
  int find_qualified(std::string_view qualifier, std::string_view name) const;
  /// Elements of column `c` at `rows` (null: all rows of the relation). ScriptError when a source cannot be read.
  data::Shared<data::Vector> gather(size_t c, const RowNumbers* rows, WorkerPool* workers = nullptr);
  /// The columns of `select *` at `rows`.
  data::Table table(const RowNumbers* rows);
};

/// A scope without names.
class EmptyScope final : public Scope {
 public:
  using Scope::Scope;
  std::optional<data::Value> find(std::string_view) override { return std::nullopt; }
};

/// The rows of a relation that are still in, as names for the evaluator.
class RowScope final : public Scope {
 public:
  RowScope(Relation relation, Scope* outer) : Scope(outer), relation_(std::move(relation)), constants_(outer) {}

  std::optional<data::Value> find(std::string_view name) override;
  std::optional<data::Value> find_qualified(std::string_view qualifier, std::string_view name) override;
  /// count(*), and what was put.
  std::optional<data::Value> find_computed(const syntax::Expr& node) override;
  /// A value for all rows that stands for `node` (an over() column).
  void put_computed(const syntax::Expr& node, data::Value value) { computed_[&node] = std::move(value); }
  /// For expressions that name no column: nested queries still know that they are nested.
  Scope* constants() { return &constants_; }

  Relation& relation() { return relation_; }
  const Relation& relation() const { return relation_; }
  size_t rows() const { return selection_ ? selection_->size() : relation_.rows; }
  bool has_all_rows() const { return !selection_ && !placement_; }
  /// Column number, -1: none; for finding out what an expression depends on.
  int find_column(std::string_view name) const { return relation_.find(name); }
  int find_column(std::string_view qualifier, std::string_view name) const {
    return relation_.find_qualified(qualifier, name);
  }
  /// Of the column that a name, or table.name, stands for.
  int find_column(const syntax::Expr& expr) const;
  data::Shared<data::Vector> column(size_t c);
  /// Keeps the rows where `keep` is 1; keep.size() == rows().
  void filter(std::span<const int8_t> keep);
  /// Keeps rows()[numbers[i]], in that order.
  void pick(RowNumbers numbers);
  /// Puts all rows to their places; columns follow when they are asked for.
  void place(std::shared_ptr<const RowPlacement> placement);
  /// Columns are gathered by these threads from now on; null: by the caller's alone.
  void share_work(WorkerPool* workers) { workers_ = workers; }
  /// Row numbers of the relation that are in; null: all, in order.
  const RowNumbers* selection();
  data::Table table() { return relation_.table(selection()); }

 private:
  void renumber(RowNumbers& numbers) const;

  Relation relation_;
  EmptyScope constants_;
  std::optional<RowNumbers> selection_;
  std::shared_ptr<const RowPlacement> placement_;  // of what is selected
  std::unordered_map<const syntax::Expr*, data::Value> computed_;
  std::unordered_map<size_t, data::Shared<data::Vector>> gathered_;
  WorkerPool* workers_ = nullptr;
};

/// Throws ScriptError with the error's message when `result` failed.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result.ok()) throw ScriptError(result.error().message);
  return std::move(result).value();
}

}  // namespace pelorus::exec
