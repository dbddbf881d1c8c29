// pivot by: the last key becomes columns.
#include <algorithm>

#include "base/script_error.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/order_result.h"
#include "exec/select.h"
#include "syntax/print.h"
#include "types/format_value.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;

/// Columns a pivot may grow to before it is surely a mistake.
constexpr size_t kPivotColumnsMax = 65536;

std::vector<Shared<Vector>> values_of(const std::vector<KeyValues>& keys, size_t count) {
  std::vector<Shared<Vector>> out;
  for (size_t k = 0; k < count; ++k) out.push_back(keys[k].values);
  return out;
}

/// One value per (row keys, column) cell: aggregates as they are, of plain columns the last row.
Shared<Vector> cell_values(const SelectItem& item, GroupedEvaluation& evaluation, const kernels::Groups& cells) {
  const auto value = evaluation.evaluate(*item.expr);
  if (value.level == Level::kGroup) return value.value.vector_shared();
  if (value.level == Level::kConstant && value.value.is_scalar())
    return Vector::filled(value.value.scalar(), cells.count());
  if (value.level != Level::kRow || !value.value.is_vector()) {
    throw ScriptError("The measure [" + syntax::print(*item.expr) + "] of pivot by must be a column or an aggregate.");
  }
  RowNumbers last(cells.count(), -1);
  for (size_t i = 0; i < cells.of_row.size(); ++i) last[cells.of_row[i]] = static_cast<int64_t>(i);
  return Shared<Vector>(value.value.vector().take(last));
}

struct Pivot {
  std::vector<KeyValues> keys;
  kernels::Groups rows;     // by the row keys
  kernels::Groups columns;  // by the last key
  kernels::Groups cells;    // by both
  Shared<Vector> column_labels;

  std::string column_name(size_t c) const {
    const auto text = types::format_value(column_labels->scalar_at(c));
    return text.empty() ? "NULL" : text;
  }
  /// By column and row key: the cell shown there, -1 none.
  std::vector<RowNumbers> grid() const {
    std::vector<RowNumbers> out(columns.count(), RowNumbers(rows.count(), -1));
    for (size_t cell = 0; cell < cells.count(); ++cell) {
      const auto row = static_cast<size_t>(cells.first_row[cell]);
      out[columns.of_row[row]][rows.of_row[row]] = static_cast<int64_t>(cell);
    }
    return out;
  }
};

/// `keys`: values by row, of so many rows; or `by_cell`, in the order of the cells.
Pivot make_pivot(std::vector<KeyValues> keys, size_t rows, bool by_cell, WorkerPool* workers) {
  Pivot pivot;
  pivot.keys = std::move(keys);
  const size_t last = pivot.keys.size() - 1;
  const auto grouped = [&](size_t count) {
    const auto columns = values_of(pivot.keys, count);
    return by_cell ? group_in_order(columns, rows) : group_by_columns(columns, rows, "pivot by", workers);
  };
  pivot.rows = grouped(last);
  pivot.columns = group_by_columns({pivot.keys[last].values}, rows, "pivot by", workers);
  pivot.cells = grouped(last + 1);
  pivot.column_labels = Shared<Vector>(pivot.keys[last].values->take(pivot.columns.first_row));
  if (pivot.columns.count() > kPivotColumnsMax) {
    throw ScriptError("pivot by would give " + std::to_string(pivot.columns.count()) + " columns; at most " +
                      std::to_string(kPivotColumnsMax) + " are allowed.");
  }
  return pivot;
}

/// What exec … pivot by gives.
Value labelled_matrix(const Pivot& pivot, const std::vector<Shared<Vector>>& columns) {
  data::Matrix matrix;
  matrix.rows = pivot.rows.count();
  matrix.columns = columns.size();
  Vector values = columns.empty() ? Vector(types::Type::kDouble) : Vector(*columns[0]);
  for (size_t c = 1; c < columns.size(); ++c) values.append(*columns[c]);
  matrix.values = std::move(values);
  matrix.row_labels = Shared<Vector>(pivot.keys[0].values->take(pivot.rows.first_row));
  matrix.column_labels = pivot.column_labels;
  return Value(std::move(matrix));
}

}  // namespace

Value select_pivot(QueryStep& step) {
  const Explanation::Timed timed(step.explanation, "pivotBy");
  const auto items = expand_items(step.query.items, step.rows, step.evaluator);
  const auto key_items = expand_items(step.query.keys, step.rows, step.evaluator);
  if (key_items.size() < 2) throw ScriptError("pivot by needs at least two columns.");
  const auto passed = group_in_passing(step, key_items, items);
  std::vector<KeyValues> keys;
  if (!passed) keys = evaluate_keys(step.query.keys, step);
  for (size_t k = 0; passed && k < key_items.size(); ++k) {
    const auto& item = key_items[k];
    keys.push_back({item.names.at(0), syntax::print(*item.expr), passed->key_values[k], item.named});
  }
  const auto pivot = make_pivot(std::move(keys), passed ? passed->count : step.rows.rows(), passed.has_value(),
                                step.evaluator.workers());
  GroupedEvaluation::Options options;
  for (size_t k = 0; passed && k < key_items.size(); ++k)
    options.keys.push_back({pivot.keys[k].name, pivot.keys[k].text, pivot.keys[k].values});
  GroupedEvaluation evaluation(step.evaluator, step.rows, pivot.cells, std::move(options));
  for (size_t call = 0; passed && call < passed->aggregates.size(); ++call)
    evaluation.put(*passed->aggregates[call].first, Level::kGroup, passed->aggregates[call].second);
  ResultColumns columns;
  for (size_t k = 0; k + 1 < pivot.keys.size(); ++k) {
    columns.add(pivot.keys[k].name, Shared<Vector>(pivot.keys[k].values->take(pivot.rows.first_row)), true);
  }
  std::vector<Shared<Vector>> measures;
  const auto grid = pivot.grid();
  for (const auto& item : items) {
    check_cancelled(step.evaluator);
    const auto cells = cell_values(item, evaluation, pivot.cells);
    for (size_t c = 0; c < pivot.columns.count(); ++c) {
      measures.push_back(Shared<Vector>(cells->take(grid[c])));
      const auto name = pivot.column_name(c);
      columns.add(items.size() == 1 ? name : item.names[0] + "_" + name, measures.back(), false);
    }
  }
  if (step.query.is_exec && items.size() == 1 && pivot.keys.size() == 2) return labelled_matrix(pivot, measures);
  const auto limit = limit_of(step.query, step.evaluator, step.rows.constants());
  return Value(
      order_and_limit(columns.table(), step.query.order, limit, {}, nullptr, step.evaluator, step.rows.outer()));
}

}  // namespace pelorus::exec
