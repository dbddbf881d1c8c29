// insert, update, delete on tables in memory; those on stored tables are handed on.
#include "exec/sql_change.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/change_stored.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/order_result.h"
#include "exec/operators/resolve_source.h"
#include "exec/sql_runner.h"
#include "functions/appended_columns.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Vector;
using syntax::as;

void throw_if_failed(const Status& status) {
  if (!status.ok()) throw ScriptError(status.error().message);
}

/// Gives the named table's current rows to `change`; plain variables and shared tables alike. `on_stored` takes the
/// rest.
template <class Change, class OnStored>
void with_table(const syntax::Expr& target, Evaluator& evaluator, const Change& change, const OnStored& on_stored) {
  const auto* name = as<syntax::Name>(target);
  Value* variable = name ? evaluator.find_variable(*name) : nullptr;
  if (variable && variable->is_plain_table()) {
    Table edited = variable->table();
    change(edited);
    variable = evaluator.find_variable(*name);  // evaluating may have moved the variables
    if (!variable) throw ScriptError("Can't recognize table " + name->name);
    *variable = Value(std::move(edited));
    return;
  }
  const Value value = variable ? *variable : evaluator.evaluate(target, nullptr);
  if (!value.is_table_object()) throw ScriptError("Can't recognize table " + syntax::print(target));
  if (auto stored = stored_table_of(value)) return on_stored(*stored);
  std::exception_ptr failure;
  const auto status = value.table_object()->edit([&](Table& rows) -> Status {
    try {
      change(rows);
    } catch (const ScriptError&) {
      failure = std::current_exception();
      return Error{ErrorCode::kScript, ""};
    }
    return {};
  });
  if (failure) std::rethrow_exception(failure);
  throw_if_failed(status);
}

/// Row numbers of `table` behind the rows of a joined relation; null: they are the same.
const RowNumbers* rows_behind(const Relation& relation, const Table& table) {
  for (const auto& column : relation.columns) {
    if (table.columns() > 0 && column.values.shares_with(table.column_shared(0)))
      return column.map < 0 ? nullptr : relation.maps[static_cast<size_t>(column.map)].get();
  }
  throw ScriptError("The table to change must be one of the joined tables.");
}

/// The rows a change is about, numbered in the table to change.
class Touched {
 public:
  /// Applies `where`. With `from` the rows are those of a join that has `table` as one side.
  Touched(const Table& table, const syntax::Expr& target, const syntax::SourceRef& from,
          const std::vector<syntax::ExprRef>& where, Evaluator& evaluator)
      : scope_(from ? resolve_source(*from, evaluator, nullptr) : Relation::of(table, qualifier_of(target)), nullptr),
        behind_(from ? rows_behind(scope_.relation(), table) : nullptr) {
    filter_rows(where, scope_, evaluator);
  }

  RowScope& scope() { return scope_; }
  RowNumbers rows() {
    RowNumbers out(scope_.rows());
    const auto* selection = scope_.selection();
    for (size_t i = 0; i < out.size(); ++i) {
      const auto row = selection ? (*selection)[i] : static_cast<int64_t>(i);
      out[i] = behind_ ? (*behind_)[static_cast<size_t>(row)] : row;
    }
    return out;
  }

 private:
  static std::string qualifier_of(const syntax::Expr& target) {
    const auto* name = as<syntax::Name>(target);
    return name ? name->name : std::string();
  }

  RowScope scope_;
  const RowNumbers* behind_;
};

struct ContextParts {
  const std::vector<syntax::ExprRef>& keys;
  const std::vector<syntax::OrderKey>& csort;
  const syntax::ExprRef& having;
};

std::optional<kernels::Groups> group_context(const ContextParts& parts, RowScope& rows, Evaluator& evaluator) {
  if (parts.keys.empty()) return std::nullopt;
  if (!parts.csort.empty()) {
    std::vector<OrderColumn> columns;
    for (const auto& key : parts.csort) {
      const Value value = evaluator.evaluate(*key.key, &rows);
      if (value.is_vector()) columns.push_back({value.vector_shared(), key.descending, is_nulls_last(key)});
    }
    rows.pick(order_rows(columns, rows.rows()));
  }
  const auto group = [&] {
    std::vector<Shared<Vector>> keys;
    for (const auto& key : parts.keys) {
      const auto* alias = as<syntax::Alias>(key);
      const Value value = evaluator.evaluate(alias ? *alias->value : *key, &rows);
      keys.push_back(value.is_vector() ? value.vector_shared()
                                       : Shared<Vector>(Vector::filled(value.scalar(), rows.rows())));
    }
    return group_by_columns(keys, rows.rows(), "context by", nullptr);
  };
  auto groups = group();
  if (!parts.having) return groups;
  GroupedEvaluation::Options options;
  options.refuse_nested = false;
  GroupedEvaluation evaluation(evaluator, rows, groups, options);
  rows.filter(flags_of(Value(evaluation.by_row(*parts.having)), rows.rows()));
  return group();
}

[[noreturn]] void throw_incompatible(Type expected, Type actual) {
  throw ScriptError("Incompatible type. Expected: " + std::string(name_of(expected)) +
                    ", Actual: " + std::string(name_of(actual)));
}

/// Writes `values` (one per row, or a scalar) into the column at `rows`; a new column starts as nulls.
void write_column(Table& table, const std::string& name, const RowNumbers& rows, const Value& values) {
  const int found = table.find(name);
  const bool is_new = found < 0;
  Type type = is_new ? values.type() : table.column(static_cast<size_t>(found)).type();
  if (type == Type::kVoid && is_new) throw ScriptError("Not allowed to create void vector");
  const int scale = is_new ? (values.is_vector() ? values.vector().scale() : values.scalar().scale())
                           : table.column(static_cast<size_t>(found)).scale();
  const bool whole = rows.size() == table.rows() && std::is_sorted(rows.begin(), rows.end());
  const bool typed = values.type() != Type::kVoid && values.type() != Type::kAny;
  if (typed && !data::is_storable_as(values.type(), type)) throw_incompatible(type, values.type());
  std::optional<Shared<Vector>> fitted;
  if (values.is_vector()) {
    fitted = data::convert(values.vector_shared(), type, scale);
    if (!fitted) throw_incompatible(type, values.type());
  }
  if (whole && fitted && (*fitted)->size() == rows.size()) {
    table.set_column(is_new ? name : table.names()[static_cast<size_t>(found)], *fitted);
    return;
  }
  Vector column = is_new ? Vector::nulls(type, table.rows(), scale) : Vector(table.column(static_cast<size_t>(found)));
  if (fitted && !column.is_array() && column.type() != Type::kSymbol && types::is_fixed(column.repr())) {
    types::visit_fixed(column.repr(), [&]<class T>() {
      auto& to = column.edit<T>();
      const auto from = (*fitted)->values<T>();
      for (size_t i = 0; i < rows.size(); ++i) to[static_cast<size_t>(rows[i])] = from[i];
    });
  } else {
    for (size_t i = 0; i < rows.size(); ++i) {
      const Value value = fitted ? (*fitted)->at(i) : values;
      if (!column.set(static_cast<size_t>(rows[i]), value)) throw_incompatible(type, values.type());
    }
  }
  table.set_column(is_new ? name : table.names()[static_cast<size_t>(found)], std::move(column));
}

}  // namespace

Shared<Vector> null_column(const data::ColumnDefinition& column, size_t rows) {
  if (!column.array) return Vector::nulls(column.type, rows, column.scale);
  return Vector::array(Shared<Vector>(Vector(column.type, 0, column.scale)), data::Buffer<int64_t>(rows, 0));
}

int64_t update_rows(const syntax::Update& update, Table& table, Evaluator& evaluator) {
  Touched touched(table, *update.table, update.from, update.where, evaluator);
  const auto groups = group_context({update.context, update.csort, update.having}, touched.scope(), evaluator);
  const RowNumbers rows = touched.rows();
  std::vector<Value> values;
  std::optional<GroupedEvaluation> evaluation;
  if (groups) evaluation.emplace(evaluator, touched.scope(), *groups, GroupedEvaluation::Options{{}, false, {}});
  const auto& keys = table.key_columns();
  for (const auto& item : update.items) {
    if (std::ranges::find(keys, item.column) != keys.end()) throw ScriptError("Can't update a key column.");
    Value value = groups ? Value(evaluation->by_row(*item.value)) : evaluator.evaluate(*item.value, &touched.scope());
    const bool fits = value.is_scalar() || (value.is_vector() && value.vector().size() == rows.size());
    if (!fits)
      throw ScriptError("The value of column [" + item.column +
                        "] must be a scalar or have one element for each updated row.");
    values.push_back(std::move(value));
  }
  if (rows.empty()) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (table.find(update.items[i].column) < 0) write_column(table, update.items[i].column, {}, values[i]);
    }
    return 0;
  }
  for (size_t i = 0; i < values.size(); ++i) write_column(table, update.items[i].column, rows, values[i]);
  return static_cast<int64_t>(rows.size());
}

int64_t delete_rows(const syntax::Delete& statement, Table& table, Evaluator& evaluator) {
  Touched touched(table, *statement.table, statement.from, statement.where, evaluator);
  (void)group_context({statement.context, statement.csort, statement.having}, touched.scope(), evaluator);
  const RowNumbers rows = touched.rows();
  if (rows.empty()) return 0;
  std::vector<int8_t> keep(table.rows(), 1);
  for (const auto row : rows) {
    if (row >= 0) keep[static_cast<size_t>(row)] = 0;
  }
  table = table.filter(keep);
  return std::ranges::count(keep, 0);
}

namespace {

/// The target column of each value of an insert.
std::vector<size_t> insert_columns(const syntax::Insert& insert, const data::Schema& schema) {
  std::vector<size_t> out;
  for (const auto& name : insert.columns) {
    const auto found = std::find_if(schema.begin(), schema.end(), [&](const auto& c) { return c.name == name; });
    if (found == schema.end()) throw ScriptError("Unrecognized column name [" + name + "]");
    out.push_back(static_cast<size_t>(found - schema.begin()));
  }
  for (size_t c = 0; insert.columns.empty() && c < schema.size(); ++c) out.push_back(c);
  return out;
}

size_t rows_in(const Value& value, bool array_column) {
  if (!value.is_vector()) return 1;
  if (array_column && !value.vector().is_array() && !value.is_tuple()) return 1;
  return value.vector().size();
}

void append_value(Vector& column, const Value& value, size_t rows, const data::ColumnDefinition& definition) {
  const bool spread = value.is_vector() && rows_in(value, definition.array) == rows &&
                      !(definition.array && rows == 1 && !value.vector().is_array());
  for (size_t i = 0; i < rows; ++i) {
    const Value element = spread ? value.vector().at(i) : value;
    const bool was_pushed = column.push_back(element.is_missing() ? Value() : element);
    // A text that reads as no value of the column's type is a mistake, not a null.
    const bool is_unreadable = was_pushed && element.is_text() && !element.is_null() && !column.is_tuple() &&
                               !column.is_array() && column.is_null_at(column.size() - 1);
    if (!was_pushed || is_unreadable) {
      throw ScriptError("Incompatible type. Expected: " + std::string(name_of(column.type())) +
                        ", Actual: " + std::string(name_of(value.type())));
    }
  }
}

/// The rows of `values (…), (…)` as a table of the target's schema.
Table inserted_rows(const syntax::Insert& insert, const data::Schema& schema, Evaluator& evaluator) {
  const auto targets = insert_columns(insert, schema);
  std::vector<Vector> columns;
  for (const auto& definition : schema) {
    columns.push_back(definition.array ? Vector::array(Shared<Vector>(Vector(definition.type, 0, definition.scale)), {})
                                       : Vector(definition.type, 0, definition.scale));
  }
  for (const auto& row : insert.rows) {
    if (row.size() != targets.size()) {
      throw ScriptError("The number of values must equal the number of columns: " + std::to_string(row.size()) +
                        " values, " + std::to_string(targets.size()) + " columns.");
    }
    std::vector<Value> values;
    size_t rows = 1;
    for (size_t i = 0; i < row.size(); ++i) {
      values.push_back(evaluator.evaluate(*row[i], nullptr));
      rows = std::max(rows, rows_in(values.back(), schema[targets[i]].array));
    }
    for (size_t c = 0; c < schema.size(); ++c) {
      const auto at = std::find(targets.begin(), targets.end(), c);
      append_value(columns[c], at == targets.end() ? Value() : values[static_cast<size_t>(at - targets.begin())], rows,
                   schema[c]);
    }
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> shared;
  for (size_t c = 0; c < schema.size(); ++c) {
    names.push_back(schema[c].name);
    shared.push_back(std::move(columns[c]));
  }
  return Table(std::move(names), std::move(shared));
}

/// The query's columns at their places, the others null.
Table arranged(const syntax::Insert& insert, const Table& rows, const data::Schema& schema) {
  const auto targets = insert_columns(insert, schema);
  if (rows.columns() != targets.size())
    throw ScriptError("The number of columns of the query must equal the number of columns to insert.");
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < schema.size(); ++c) {
    const auto at = std::find(targets.begin(), targets.end(), c);
    names.push_back(schema[c].name);
    columns.push_back(at == targets.end() ? Shared<Vector>(Vector::nulls(schema[c].type, rows.rows(), schema[c].scale))
                                          : rows.column_shared(static_cast<size_t>(at - targets.begin())));
  }
  return Table(std::move(names), std::move(columns));
}

Table rows_to_insert(const syntax::Insert& insert, const data::Schema& schema, Evaluator& evaluator) {
  if (!insert.query) return inserted_rows(insert, schema, evaluator);
  const Value result = run_whole_query(*insert.query, evaluator, nullptr);
  if (!result.is_plain_table()) throw ScriptError("The query of an insert must give a table.");
  return arranged(insert, result.table(), schema);
}

void note_matched(int64_t rows, Evaluator& evaluator) {
  evaluator.context().set_variable(std::string(kMatchedRows), Value::of_long(rows));
}

}  // namespace

Value QueryRunner::run_update(const syntax::Update& update, Evaluator& evaluator) {
  int64_t matched = 0;
  with_table(
      *update.table, evaluator, [&](Table& table) { matched = update_rows(update, table, evaluator); },
      [&](StoredTable& stored) { matched = update_stored(update, stored, evaluator); });
  note_matched(matched, evaluator);
  return {};
}

Value QueryRunner::run_delete(const syntax::Delete& statement, Evaluator& evaluator) {
  int64_t matched = 0;
  with_table(
      *statement.table, evaluator, [&](Table& table) { matched = delete_rows(statement, table, evaluator); },
      [&](StoredTable& stored) { matched = delete_stored(statement, stored, evaluator); });
  note_matched(matched, evaluator);
  return {};
}

Value QueryRunner::run_insert(const syntax::Insert& insert, Evaluator& evaluator) {
  const auto* name = as<syntax::Name>(insert.table);
  Value* variable = name ? evaluator.find_variable(*name) : nullptr;
  if (variable && variable->is_plain_table()) {
    const auto rows = rows_to_insert(insert, variable->table().schema(), evaluator);
    variable = evaluator.find_variable(*name);
    auto& table = variable->edit_table();
    const size_t before = table.rows();
    throw_if_failed(table.append(rows));
    // Rows of known keys took the place of others.
    note_matched(static_cast<int64_t>(table.rows() - before), evaluator);
    return {};
  }
  const Value value = variable ? *variable : evaluator.evaluate(*insert.table, nullptr);
  if (!value.is_table_object()) throw ScriptError("Can't recognize table " + syntax::print(*insert.table));
  const auto rows = rows_to_insert(insert, functions::appended_columns(*value.table_object()), evaluator);
  note_matched(value_or_throw(value.table_object()->append(rows)), evaluator);
  return {};
}

}  // namespace pelorus::exec
