#include "exec/sql_functions.h"

#include <algorithm>
#include <filesystem>

#include "base/script_error.h"
#include "data/convert.h"
#include "data/row_index.h"
#include "exec/change_stored.h"
#include "exec/sources/data_source.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/join_call.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/resolve_source.h"
#include "exec/operators/select_items.h"
#include "exec/operators/window_join.h"
#include "exec/route_rows.h"
#include "exec/sql_change.h"
#include "exec/user_function.h"
#include "functions/append.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/type_argument.h"
#include "plan/split_aggregates.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Table;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "tables";

Evaluator& evaluator_of(CallContext& context) {
  auto* evaluator = dynamic_cast<Evaluator*>(&context);
  if (!evaluator) throw ScriptError("This function runs only in a session with an interpreter.");
  return *evaluator;
}

/// Gives the rows of args[0], a plain table or a table object, to `change`; the changed table.
template <class Change>
Value changed(std::string_view function, Value& target, const Change& change) {
  if (target.is_plain_table()) {
    Table rows = target.table();
    change(rows);
    target = Value(std::move(rows));
    return target;
  }
  if (!target.is_table_object()) functions::usage_error(function, "The first argument must be a table.");
  std::exception_ptr failure;
  const auto status = target.table_object()->edit([&](Table& rows) -> Status {
    try {
      change(rows);
    } catch (const ScriptError&) {
      failure = std::current_exception();
      return Error{ErrorCode::kScript, ""};
    }
    return {};
  });
  if (failure) std::rethrow_exception(failure);
  if (!status.ok()) throw ScriptError(status.error().message);
  return target;
}

size_t column_number(const Table& table, const std::string& name) {
  const int found = table.find(name);
  if (found < 0) throw ScriptError("Unrecognized column name [" + name + "]");
  return static_cast<size_t>(found);
}

// ---- joins

Relation relation_argument(CallContext& context, std::string_view function, const Value& value,
                           const std::string& name) {
  if (!value.is_table()) functions::usage_error(function, "The first two arguments must be tables.");
  return relation_of({value, name}, evaluator_of(context));
}

Relation filtered(Relation side, const Value& filter, CallContext& context) {
  if (filter.is_null()) return side;
  RowScope rows(std::move(side), nullptr);
  filter_rows(code_bodies(filter), rows, evaluator_of(context));
  return Relation::of(rows.table(),
                      rows.relation().columns.empty() ? std::string() : rows.relation().columns[0].qualifier);
}

functions::Native join_function(std::string_view name) {
  return [name](CallContext& context, std::span<Value> args) -> Value {
    const auto given = context.argument_names();
    const std::vector<std::string> names(given.begin(), given.end());
    const auto name_of = [&](size_t i) { return i < names.size() ? names[i] : std::string(); };
    const auto at = [&](size_t i) { return i < args.size() && !args[i].is_missing() ? args[i] : Value(); };
    Relation left = relation_argument(context, name, args[0], name_of(0));
    Relation right = relation_argument(context, name, args[1], name_of(1));
    if (name == "wj" || name == "pwj") {
      return window_join_by_name(name, std::move(left), std::move(right), at(2), at(3), at(4), at(5),
                                 evaluator_of(context))
          .table(nullptr);
    }
    left = filtered(std::move(left), at(4), context);
    right = filtered(std::move(right), at(5), context);
    return join_by_name(name, std::move(left), std::move(right), at(2), at(3), evaluator_of(context)).table(nullptr);
  };
}

void register_joins(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto equal = [&](std::string_view name, std::string_view summary, std::string_view example,
                         std::string_view result) {
    row({name, "leftTable, rightTable, matchingCols, [rightMatchingCols], [leftFilter], [rightFilter]",
         join_function(name), summary, example, result});
  };
  equal("ej", "Rows of two tables with equal keys.", "ej(table(1 2 as k, 3 4 as a), table(2 3 as k, 5 6 as b), `k)",
        "table{k:[2],a:[4],b:[5]}");
  equal("sej", "Rows of two tables with equal keys, in order of the keys.",
        "sej(table(2 1 as k), table(1 2 as k, 5 6 as b), `k)", "table{k:[1,2],b:[5,6]}");
  equal("lj", "All rows of the left table with the matching rows of the right one.",
        "lj(table(1 2 as k), table(2 3 as k, 5 6 as b), `k)", "table{k:[1,2],b:[null,5]}");
  equal("lsj", "Like lj, but only the first matching row.", "lsj(table(1 2 as k), table(2 2 as k, 5 6 as b), `k)",
        "table{k:[1,2],b:[null,5]}");
  equal("fj", "All rows of both tables, matched where keys are equal.",
        "fj(table(1 2 as k, 3 4 as a), table(2 3 as k, 5 6 as b), `k).b", "[null,5,6]");
  row({"cj", "leftTable, rightTable", join_function("cj"), "Every row of one table with every row of the other.",
       "cj(table(1 2 as a), table(3 4 as b))", "table{a:[1,1,2,2],b:[3,4,3,4]}"});
  row({"aj", "leftTable, rightTable, matchingCols, [rightMatchingCols]", join_function("aj"),
       "Each left row with the last right row not after it.", "aj(table(1 5 as t), table(0 4 as t, 7 8 as b), `t).b",
       "[7,8]"});
  row({"pj", "leftTable, rightTable, matchingCols, [rightMatchingCols]", join_function("pj"),
       "Rows whose left key begins with the right key.", "pj(table([`ab] as k), table([`a] as k, [1] as b), `k).b",
       "[1]"});
  row({"wj", "leftTable, rightTable, window, aggs, matchingCols, [rightMatchingCols]", join_function("wj"),
       "Aggregates of the right rows in a window around each left row.",
       "wj(table(1 5 as t), table(0 4 as t, 7 8 as b), -1:0, <sum(b)>, `t).sum_b", "[7,8]"});
  row({"pwj", "leftTable, rightTable, window, aggs, matchingCols, [rightMatchingCols]", join_function("pwj"),
       "Like wj; the row before an empty window counts too.",
       "pwj(table(2 5 as t), table(0 4 as t, 7 8 as b), 0:0, <sum(b)>, `t).sum_b", "[7,8]"});
}

// ---- keyed tables

Value keyed_table(CallContext& context, std::span<Value> args, Table::KeyKind kind) {
  const std::string_view function = kind == Table::KeyKind::kKeyed ? "keyedTable" : "indexedTable";
  Arguments a(function, args);
  const auto given = context.argument_names();
  std::vector<std::string> names(given.begin(), given.end());
  const auto keys = a.texts(0, "keyColumns");
  Table rows;
  if (args.size() == 2 && args[1].is_table()) {
    rows = functions::table_argument(function, args[1]);
  } else if (args[1].is_pair() && args.size() >= 3) {
    const auto make = context.find_function("table");
    std::vector<Value> rest(args.begin() + 1, args.end());
    rows = context.call(*make, std::span<Value>(rest)).table();
  } else {
    std::vector<std::string> columns;
    for (size_t i = 1; i < args.size(); ++i)
      columns.push_back(i < names.size() && !names[i].empty() ? names[i] : "C" + std::to_string(i - 1));
    rows = functions::assemble_table(std::move(columns), {args.begin() + 1, args.end()});
  }
  rows.set_keys(Table::KeyKind::kNone, {});
  for (const auto& key : keys) {
    const auto& column = rows.column(column_number(rows, key));
    if (column.is_array() || column.is_tuple())
      throw ScriptError("A key column can't be an array vector or a tuple: [" + key + "]");
  }
  Table out = rows.slice(0, 0);
  out.set_keys(kind, keys);
  if (const auto done = out.append(rows); !done.ok()) throw ScriptError(done.error().message);
  return out;
}

Value slice_by_key(CallContext&, std::span<Value> args) {
  Arguments a("sliceByKey", args);
  Table table = functions::table_argument("sliceByKey", args[0]);
  const auto& key_names = table.key_columns();
  if (key_names.empty()) functions::usage_error("sliceByKey", "The table must be a keyed or indexed table.");
  std::vector<Value> given{args[1]};
  if (key_names.size() > 1) {
    if (!args[1].is_vector() || args[1].vector().size() != key_names.size())
      functions::usage_error("sliceByKey", "rowKeys must have one element for each key column.");
    given.clear();
    for (size_t k = 0; k < key_names.size(); ++k) given.push_back(args[1].vector().at(k));
  }
  std::vector<Shared<Vector>> keys;
  for (size_t k = 0; k < given.size(); ++k) {
    const auto& column = table.column(column_number(table, key_names[k]));
    const auto elements = functions::elements_of(given[k]);
    if (!elements) functions::usage_error("sliceByKey", "rowKeys must be a scalar or a vector.");
    keys.push_back(functions::converted("sliceByKey", *elements, column.type(), column.scale()));
    if (keys.back()->size() != keys[0]->size())
      functions::usage_error("sliceByKey", "All rowKeys must be of the same length.");
  }
  data::RowIndex::Columns columns_of_keys, wanted_keys;
  for (const auto& name : key_names) columns_of_keys.push_back(&table.column(column_number(table, name)));
  for (const auto& key : keys) wanted_keys.push_back(key.get());
  const data::RowIndex index(columns_of_keys, table.rows());
  std::vector<int64_t> rows;
  for (size_t i = 0; i < keys[0]->size(); ++i) {
    const int64_t row = index.find(data::RowIndex::key_of(wanted_keys, i));
    if (row >= 0) rows.push_back(row);
  }
  Table found = table.take(rows);
  found.set_keys(Table::KeyKind::kNone, {});
  if (!a.has(2)) return found;
  const auto wanted = a.texts(2, "cols");
  if (args[2].is_scalar()) return found.column_shared(column_number(found, wanted[0]));
  std::vector<Shared<Vector>> columns;
  for (const auto& name : wanted) columns.push_back(found.column_shared(column_number(found, name)));
  return Table(wanted, std::move(columns));
}

/// Rows of equal keys take the new values, the others are added.
void overwrite(Table& table, const Table& rows, const std::vector<std::string>& key_names, bool ignore_null) {
  std::vector<size_t> keys;
  for (const auto& key : key_names) keys.push_back(column_number(table, key));
  std::vector<Shared<Vector>> columns, added;
  for (size_t c = 0; c < table.columns(); ++c) {
    columns.push_back(table.column_shared(c));
    added.push_back(
        functions::converted("upsert!", rows.column_shared(c), table.column(c).type(), table.column(c).scale()));
  }
  data::overwrite_rows(keys, added, ignore_null, columns);
  Table out(table.names(), std::move(columns));
  out.set_keys(table.key_kind(), table.key_columns());
  table = std::move(out);
}

struct StoredUpsert {
  bool ignore_null = false;
  bool appends = false;  // PartitionChange::added, which gives the new rows
  std::vector<std::string> keys;
  std::vector<std::string> sort_columns;  // of partitions that exist, afterwards
};

/// keyColNames and the partition columns together make the key.
StoredUpsert stored_upsert(const StoredTable& stored, const Arguments& a, bool ignore_null) {
  if (!a.has(3)) functions::usage_error("upsert!", "keyColNames is needed for a stored table.");
  StoredUpsert asked{.ignore_null = ignore_null, .keys = a.texts(3, "keyColNames"), .sort_columns = {}};
  for (const auto& column : stored.partition_columns()) {
    if (std::ranges::find(asked.keys, column) == asked.keys.end()) asked.keys.push_back(column);
  }
  const auto soft_keys = stored.soft_delete_keys();
  const auto among = [](const std::vector<std::string>& names) {
    return [&names](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
  };
  // Where the key is what tells rows apart anyway, the new ones win by being newer.
  const auto is_known = [&](const std::string& key) {
    return among(soft_keys)(key) || among(stored.partition_columns())(key);
  };
  asked.appends = !soft_keys.empty() && !ignore_null && std::ranges::all_of(soft_keys, among(asked.keys)) &&
                  std::ranges::all_of(asked.keys, is_known);
  if (!a.has(4)) return asked;
  for (const auto& [name, value] : stored.properties()) {
    if (name == "sortColumns")
      throw ScriptError("upsert! => sortColumns sort the partitions of OLAP tables only; " + stored.database() + "/" +
                        stored.name() + " keeps its rows in the order of its own sortColumns");
  }
  asked.sort_columns = a.texts(4, "sortColumns");
  return asked;
}

/// What makes a partition hold `rows`, or, of one that is appended to, gives them.
std::shared_ptr<const Fragment> upsert_fragment(Table rows, const StoredUpsert& asked, const std::string& user) {
  const std::string source(kFragmentSource);
  Fragment fragment{
      .text = "new_rows_", .definitions = {}, .variables = {{"new_rows_", Value(std::move(rows))}}, .user = user};
  if (asked.appends) return std::make_shared<const Fragment>(std::move(fragment));
  fragment.text = "upsert!(" + source + ", new_rows_, ignore_null_, key_columns_)";
  if (!asked.sort_columns.empty()) fragment.text += "; sortBy!(" + source + ", sort_columns_)";
  fragment.variables.emplace_back("ignore_null_", Value::of_bool(asked.ignore_null));
  fragment.variables.emplace_back("key_columns_", Value(Vector::of_strings(data::Type::kString, asked.keys)));
  fragment.variables.emplace_back("sort_columns_", Value(Vector::of_strings(data::Type::kString, asked.sort_columns)));
  return std::make_shared<const Fragment>(std::move(fragment));
}

/// One transaction over all partitions; those that do not exist yet count as empty.
void upsert_stored(StoredTable& stored, const Table& rows, const StoredUpsert& asked, CallContext& context) {
  std::vector<PartitionChange> changes;
  for (auto& part : value_or_throw(split_rows(rows, stored.scheme(), stored.partition_columns()))) {
    Table alone(stored.schema());
    overwrite(alone, part.rows, asked.keys, asked.ignore_null);
    PartitionChange change{.key = std::move(part.key), .fragment = {}, .if_new = alone};
    auto& fragment = asked.appends ? change.added : change.fragment;
    fragment = upsert_fragment(asked.appends ? std::move(alone) : std::move(part.rows), asked, context.caller().user);
    changes.push_back(std::move(change));
  }
  if (!changes.empty()) (void)value_or_throw(stored.change(RowChange::kUpsert, changes));
}

Value upsert_rows(std::string_view function, CallContext& context, std::span<Value> args) {
  Arguments a(function, args);
  const bool ignore_null = a.flag_or(2, "ignoreNull", false);
  if (!args[0].is_table()) functions::usage_error(function, "The first argument must be a table.");
  if (const auto stored = stored_table_of(args[0])) {
    const auto asked = stored_upsert(*stored, a, ignore_null);
    auto rows = functions::rows_for("upsert!", stored->schema(), args[1]);
    const auto schema = stored->schema();
    for (size_t c = 0; c < schema.size(); ++c) {
      if (rows.names()[c] != schema[c].name)
        throw ScriptError("The columns of the new rows must be named and ordered like those of the table: [" +
                          rows.names()[c] + "]");
    }
    upsert_stored(*stored, rows, asked, context);
    return args[0];
  }
  return changed(function, args[0], [&](Table& table) {
    const auto rows = functions::rows_for("upsert!", table.schema(), args[1]);
    const auto key_names = table.key_columns().empty()
                               ? (a.has(3) ? a.texts(3, "keyColNames") : std::vector<std::string>{})
                               : table.key_columns();
    if (key_names.empty()) functions::usage_error(function, "keyColNames is needed for a table without keys.");
    overwrite(table, rows, key_names, ignore_null);
  });
}

Value upsert(CallContext& context, std::span<Value> args) { return upsert_rows("upsert!", context, args); }

int64_t rows_of(const Value& table, CallContext& context) {
  syntax::Query query;
  query.is_exec = true;
  query.items.push_back(plan::call_node("count", {std::make_shared<syntax::Star>()}));
  syntax::Source source;
  source.table = HeldValue::node(table);
  query.from = std::make_shared<const syntax::Source>(std::move(source));
  return evaluator_of(context).evaluate(query, nullptr).scalar().as_int64();
}

/// How many of the new rows hold nothing but nulls beside their keys.
int64_t rows_without_values(const Table& rows, const std::vector<std::string>& keys) {
  int64_t count = 0;
  for (size_t row = 0; row < rows.rows(); ++row) {
    bool has_value = false;
    for (size_t c = 0; c < rows.columns(); ++c) {
      const bool is_key = std::ranges::find(keys, rows.names()[c]) != keys.end();
      has_value = has_value || (!is_key && !rows.column(c).is_null_at(row));
    }
    count += has_value ? 0 : 1;
  }
  return count;
}

/// The rows added and those overwritten, told apart by the number of rows before and after. With ignoreNull a row of
/// nulls overwrites nothing.
Value table_upsert(CallContext& context, std::span<Value> args) {
  if (!args[0].is_table()) functions::usage_error("tableUpsert", "The first argument must be a table.");
  const int64_t before = rows_of(args[0], context);
  const Arguments a("tableUpsert", args);
  auto rows = functions::table_argument("tableUpsert", args[1]);
  auto keys = args[0].is_plain_table() ? args[0].table().key_columns() : std::vector<std::string>();
  if (keys.empty() && a.has(3)) keys = a.texts(3, "keyColNames");
  const auto schema = args[0].is_plain_table() ? args[0].table().schema() : args[0].table_object()->schema();
  // New rows go by position.
  for (size_t c = 0; c < std::min(rows.columns(), schema.size()); ++c) {
    if (rows.names()[c] != schema[c].name && rows.find(schema[c].name) < 0) rows.rename_column(c, schema[c].name);
  }
  const int64_t idle = a.flag_or(2, "ignoreNull", false) ? rows_without_values(rows, keys) : 0;
  const auto given = static_cast<int64_t>(rows.rows());
  args[0] = upsert_rows("tableUpsert", context, args);
  const int64_t added = rows_of(args[0], context) - before;
  return data::Pair{Vector::adopt<int64_t>(data::Type::kLong,
                                           data::Buffer<int64_t>{added, std::max<int64_t>(given - added - idle, 0)})};
}

/// runSQL(X, [sqlStd], [variables]): the variables are the session's while X runs.
Value run_sql(CallContext& context, std::span<Value> args) {
  Arguments a("runSQL", args);
  const auto script = a.text(0, "X");
  const auto dialect = a.has(1) && !a[1].is_null() ? a.text(1, "sqlStd") : std::string("ddb");
  if (dialect != "ddb") a.refuse("sqlStd", "must be 'ddb': other dialects are not known here.");
  std::vector<std::pair<std::string, std::optional<Value>>> kept;
  const auto give_back = [&] {
    for (auto& [name, value] : kept) {
      if (value)
        context.set_variable(name, *std::move(value));
      else
        (void)context.erase_variable(name);
    }
  };
  if (a.has(2) && !a[2].is_null()) {
    if (!a[2].is_dictionary()) a.refuse("variables", "must be a dictionary.");
    const auto& variables = a[2].dictionary();
    for (size_t i = 0; i < variables.size(); ++i) {
      const Value name = variables.keys().at(i);
      if (!name.is_text()) a.refuse("variables", "must have texts as keys.");
      const auto* before = context.find_variable(name.text());
      const bool is_shared = context.shared_objects().find(name.text()).has_value();
      kept.emplace_back(name.text(), before != nullptr && !is_shared ? std::optional<Value>(*before) : std::nullopt);
      context.set_variable(name.text(), variables.values().at(i));
    }
  }
  try {
    Value result = context.run_script(script);
    give_back();
    return result;
  } catch (...) {
    give_back();
    throw;
  }
}

Value matched_row_count(CallContext& context, std::span<Value>) {
  const Value* rows = context.find_variable(kMatchedRows);
  return rows != nullptr && rows->is_scalar() ? *rows : Value::of_long(0);
}

// ---- rows and columns in place

Value sort_by(CallContext& context, std::span<Value> args) {
  Arguments a("sortBy!", args);
  return changed("sortBy!", args[0], [&](Table& table) {
    std::vector<OrderColumn> columns;
    const auto ascending = [&](size_t i) {
      if (!a.has(2)) return true;
      if (args[2].is_scalar()) return args[2].scalar().as_int64() != 0;
      return i >= args[2].vector().size() || args[2].vector().scalar_at(i).as_int64() != 0;
    };
    if (args[1].is_code() || args[1].is_tuple()) {
      RowScope rows(Relation::of(table, ""), nullptr);
      for (const auto& body : code_bodies(args[1])) {
        const Value key = evaluator_of(context).evaluate(*body, &rows);
        if (!key.is_vector() || key.vector().size() != table.rows())
          functions::usage_error("sortBy!", "sortColumns must have one element for each row.");
        columns.push_back({key.vector_shared(), !ascending(columns.size()), !ascending(columns.size())});
      }
    } else {
      for (const auto& name : a.texts(1, "sortColumns")) {
        columns.push_back(
            {table.column_shared(column_number(table, name)), !ascending(columns.size()), !ascending(columns.size())});
      }
    }
    table = table.take(order_rows(columns, table.rows()));
  });
}

/// CODE as its expression, anything else as the value itself.
syntax::ExprRef expression_of(const Value& value) {
  return value.is_code() ? code_bodies(value).at(0) : HeldValue::node(value);
}

std::vector<syntax::ExprRef> conditions_of(const Arguments& a, size_t i) {
  return a.has(i) ? code_bodies(a[i]) : std::vector<syntax::ExprRef>{};
}

Value update_columns(CallContext& context, std::span<Value> args) {
  Arguments a("update!", args);
  const auto names = a.texts(1, "colNames");
  syntax::Update update;
  update.table = plan::name_node("table");
  update.where = conditions_of(a, 3);
  for (size_t i = 0; i < names.size(); ++i) {
    const bool listed = args[2].is_tuple() && names.size() > 1;
    if (listed && args[2].vector().size() != names.size())
      functions::usage_error("update!", "newValues must have one element for each column.");
    update.items.push_back({names[i], expression_of(listed ? args[2].vector().at(i) : args[2])});
  }
  auto& evaluator = evaluator_of(context);
  if (const auto stored = stored_table_of(args[0])) {
    update_stored(update, *stored, evaluator);
    return args[0];
  }
  return changed("update!", args[0], [&](Table& table) { update_rows(update, table, evaluator); });
}

Value erase(CallContext& context, std::span<Value> args) {
  Arguments a("erase!", args);
  if (args[0].is_dictionary() || args[0].is_set()) {
    const auto keys = a.vector(1, "keys");
    for (size_t i = 0; i < keys->size(); ++i) {
      const Value key = keys->at(i);
      if (!key.is_scalar()) functions::usage_error("erase!", "The keys must be scalars.");
      if (args[0].is_dictionary()) {
        const auto fitted = data::convert(key.scalar(), args[0].dictionary().key_type());
        (void)args[0].edit_dictionary().erase(fitted.value_or(key.scalar()));
      } else {
        const auto fitted = data::convert(key.scalar(), args[0].set().type());
        (void)args[0].edit_set().erase(fitted.value_or(key.scalar()));
      }
    }
    return args[0];
  }
  syntax::Delete statement;
  statement.table = plan::name_node("table");
  statement.where = conditions_of(a, 1);
  auto& evaluator = evaluator_of(context);
  if (const auto stored = stored_table_of(args[0])) {
    delete_stored(statement, *stored, evaluator);
    return args[0];
  }
  return changed("erase!", args[0], [&](Table& table) { delete_rows(statement, table, evaluator); });
}

void change_stored_columns(StoredTable& stored, const std::vector<ColumnChange>& changes) {
  if (const auto done = stored.change_columns(changes); !done.ok()) throw ScriptError(done.error().message);
}

Value replace_column(CallContext&, std::span<Value> args) {
  Arguments a("replaceColumn!", args);
  const auto name = a.text(1, "colName");
  const auto column = a.vector(2, "newCol");
  if (const auto stored = stored_table_of(args[0])) {
    change_stored_columns(
        *stored, {{ColumnChange::Kind::kRetype,
                   name,
                   {},
                   {.name = name, .type = column->type(), .array = column->is_array(), .scale = column->scale()}}});
    return args[0];
  }
  return changed("replaceColumn!", args[0], [&](Table& table) {
    const size_t c = column_number(table, name);
    if (column->size() != table.rows())
      functions::usage_error("replaceColumn!", "newCol must have as many elements as the table has rows.");
    table.set_column(table.names()[c], column);
  });
}

Shared<Vector> labels(const Arguments& a, size_t i, size_t size) {
  const auto names = a.vector(i, "names");
  if (names->size() != size) functions::usage_error("rename!", "There must be as many names as rows or columns.");
  return names;
}

Value rename(CallContext&, std::span<Value> args) {
  Arguments a("rename!", args);
  if (args[0].is_matrix()) {
    auto& matrix = args[0].edit_matrix();
    const bool names_rows = args.size() > 2;  // rename!(m, rows, ) leaves the columns alone
    if (names_rows && a.has(1)) matrix.row_labels = labels(a, 1, matrix.rows);
    if (!names_rows || a.has(2)) matrix.column_labels = labels(a, names_rows ? 2 : 1, matrix.columns);
    return args[0];
  }
  std::vector<std::string> from, to = a.texts(a.has(2) ? 2 : 1, "newColNames");
  if (a.has(2))
    from = a.texts(1, "oldColNames");
  else if (args[0].is_plain_table())
    from = args[0].table().names();
  else if (args[0].is_table_object())
    for (const auto& column : args[0].table_object()->schema()) from.push_back(column.name);
  if (from.size() < to.size() || (a.has(2) && from.size() != to.size()))
    functions::usage_error("rename!", "There must be as many new names as old ones.");
  from.resize(to.size());
  if (const auto stored = stored_table_of(args[0])) {
    std::vector<ColumnChange> changes;
    for (size_t i = 0; i < to.size(); ++i) changes.push_back({ColumnChange::Kind::kRename, from[i], to[i], {}});
    change_stored_columns(*stored, changes);
    return args[0];
  }
  return changed("rename!", args[0], [&](Table& table) {
    std::vector<size_t> places;
    for (const auto& name : from) places.push_back(column_number(table, name));
    auto names = table.names();
    for (size_t i = 0; i < to.size(); ++i) names[places[i]] = to[i];
    auto sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) throw ScriptError("Duplicate column name: [" + *twice + "]. RefId:S02001");
    for (size_t i = 0; i < to.size(); ++i) table.rename_column(places[i], to[i]);
  });
}

Value drop_columns(CallContext&, std::span<Value> args) {
  Arguments a("dropColumns!", args);
  const auto names = a.texts(1, "colNames");
  if (const auto stored = stored_table_of(args[0])) {
    std::vector<ColumnChange> changes;
    for (const auto& name : names) changes.push_back({ColumnChange::Kind::kDrop, name, {}, {}});
    change_stored_columns(*stored, changes);
    return args[0];
  }
  return changed("dropColumns!", args[0], [&](Table& table) {
    for (const auto& name : names) table.drop_column(column_number(table, name));
  });
}

Value add_column(CallContext&, std::span<Value> args) {
  Arguments a("addColumn", args);
  const auto names = a.texts(1, "colNames");
  std::vector<Value> types{args[2]};
  if (args[2].is_vector()) {
    types.clear();
    for (size_t i = 0; i < args[2].vector().size(); ++i) types.push_back(args[2].vector().at(i));
  }
  if (types.size() != names.size()) functions::usage_error("addColumn", "There must be as many types as names.");
  data::Schema added;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto type = functions::type_argument("addColumn", types[i]);
    added.push_back({.name = names[i], .type = type.type, .array = type.array, .scale = type.scale});
  }
  if (const auto stored = stored_table_of(args[0])) {
    std::vector<ColumnChange> changes;
    for (const auto& column : added) changes.push_back({ColumnChange::Kind::kAdd, column.name, {}, column});
    change_stored_columns(*stored, changes);
    return args[0];
  }
  return changed("addColumn", args[0], [&](Table& table) {
    for (const auto& column : added) {
      if (table.find(column.name) >= 0) throw ScriptError("Duplicate column name: [" + column.name + "]. RefId:S02001");
      table.set_column(column.name, null_column(column, table.rows()));
    }
  });
}

Value reorder_columns(CallContext&, std::span<Value> args) {
  Arguments a("reorderColumns!", args);
  const auto first = a.texts(1, "reorderedColNames");
  return changed("reorderColumns!", args[0], [&](Table& table) {
    std::vector<std::string> names;
    std::vector<Shared<Vector>> columns;
    const auto add = [&](size_t c) {
      names.push_back(table.names()[c]);
      columns.push_back(table.column_shared(c));
    };
    for (const auto& name : first) add(column_number(table, name));
    for (size_t c = 0; c < table.columns(); ++c) {
      if (std::find(names.begin(), names.end(), table.names()[c]) == names.end()) add(c);
    }
    if (names.size() != table.columns()) functions::usage_error("reorderColumns!", "A column may be named once only.");
    Table out(std::move(names), std::move(columns));
    out.set_keys(table.key_kind(), table.key_columns());
    table = std::move(out);
  });
}

Value exists(CallContext&, std::span<Value> args) {
  const Value& found = args[0];
  if (found.is_table()) return Value::of_bool(functions::table_argument("exists", found).rows() > 0);
  if (found.is_text()) {
    std::error_code error;
    return Value::of_bool(std::filesystem::exists(found.text(), error));
  }
  if (found.is_vector()) return Value::of_bool(found.vector().size() > 0);
  return Value::of_bool(!found.is_void());
}

void register_changes(functions::Registry& registry) {
  const auto change = [&](Declaration d) {
    d.changes_first = true;
    functions::declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  change({"upsert!", "obj, newData, [ignoreNull=false], [keyColNames], [sortColumns]", upsert,
          "Overwrites the rows of equal keys and adds the others.",
          "t = table(1 2 as k, 3 4 as v); upsert!(t, table(2 3 as k, 8 9 as v), , `k); t.v", "[3,8,9]"});
  functions::declare(registry, kFamily, Nature::kCommand,
                     {.name = "tableUpsert",
                      .parameters = "obj, newData, [ignoreNull=false], [keyColNames], [sortColumns]",
                      .run = table_upsert,
                      .summary = "As upsert!; gives how many rows were added and how many overwritten.",
                      .example = "t = keyedTable(`k, 1 2 as k, 3 4 as v); tableUpsert(t, table(2 3 as k, 8 9 as v))",
                      .result = "1:1",
                      .changes_first = true});
  change({"sortBy!", "table, sortColumns, [sortDirections]", sort_by, "Puts the rows in order.",
          "t = table(3 1 2 as k); t.sortBy!(`k); t.k", "[1,2,3]"});
  change({"update!", "table, colNames, newValues, [filter]", update_columns,
          "Sets columns, of all rows or of those where a condition holds.",
          "t = table(1 2 as k); t.update!(`k, <k * 10>, <k > 1>); t.k", "[1,20]"});
  change({"erase!", "obj, filter", erase, "Deletes rows where a condition holds, or keys.",
          "t = table(1 2 as k); t.erase!(<k > 1>); t.k", "[1]"});
  change({"replaceColumn!", "table, colName, newCol", replace_column, "Puts another column in the place of one.",
          "t = table(1 2 as k); t.replaceColumn!(`k, 3.5 4.5); t.k", "[3.5,4.5]"});
  change({"rename!", "X, names, [newNames]", rename, "Renames columns of a table, labels of a matrix.",
          "t = table(1 2 as k); t.rename!(`k, `n); t.columnNames()", "[\"n\"]"});
  change({"dropColumns!", "table, colNames", drop_columns, "Removes columns.",
          "t = table(1 as a, 2 as b); t.dropColumns!(`a); t.columnNames()", "[\"b\"]"});
  change({"addColumn", "table, colNames, colTypes", add_column, "Adds columns of nulls.",
          "t = table(1 2 as a); addColumn(t, `b, INT); t.b", "[null,null]"});
  change({"reorderColumns!", "table, reorderedColNames", reorder_columns, "Puts the named columns first.",
          "t = table(1 as a, 2 as b); t.reorderColumns!(`b); t.columnNames()", "[\"b\",\"a\"]"});
}

}  // namespace

/// INT where all values are in its range, LONG otherwise.
Value narrow_count(CallContext&, std::span<Value> args) {
  const auto fits = [](int64_t n) { return n == types::kNull<int64_t> || std::abs(n) <= INT32_MAX; };
  const Value& counts = args[0];
  if (counts.is_scalar() && counts.type() == data::Type::kLong) {
    const auto n = counts.scalar().as_int64();
    return counts.is_null() || !fits(n) ? counts : Value::of_int(static_cast<int32_t>(n));
  }
  if (!counts.is_vector() || counts.vector().type() != data::Type::kLong) return counts;
  const auto values = counts.vector().values<int64_t>();
  if (!std::all_of(values.begin(), values.end(), fits)) return counts;
  return Value(*data::convert(counts.vector_shared(), data::Type::kInt));
}

void register_sql_functions(functions::Registry& registry) {
  functions::declare(registry, kFamily, Nature::kElementwise,
                     {plan::kNarrowCount, "X", narrow_count,
                      "Counts as INT, or as LONG when one is too large for it: puts together counts of partitions.",
                      "narrowCount(5l)", "5"});
  register_joins(registry);
  register_data_source_functions(registry);
  register_changes(registry);
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"keyedTable", "keyColumns, X, [args...]",
       [](CallContext& c, std::span<Value> a) { return keyed_table(c, a, Table::KeyKind::kKeyed); },
       "A table whose rows have distinct keys; adding a row with a known key overwrites.",
       "keyedTable(`k, 1 2 1 as k, 3 4 5 as v).v", "[5,4]"});
  row({"indexedTable", "keyColumns, X, [args...]",
       [](CallContext& c, std::span<Value> a) { return keyed_table(c, a, Table::KeyKind::kIndexed); },
       "Like keyedTable; queries by the first key are its purpose.", "indexedTable(`k, 1 2 1 as k, 3 4 5 as v).v",
       "[5,4]"});
  row({"runSQL", "X, [sqlStd='ddb'], [variables]", run_sql,
       "Runs a script in which names stand for the values of a dictionary: parameters need not be written into the "
       "text.",
       "t = table(1 2 3 as a); exec a from runSQL(\"select a from t where a > least\", , {least: 1})", "[2,3]"});
  row({"matchedRowCount", "", matched_row_count,
       "How many rows the latest update, delete or insert of this session was about; 0 before the first one. An insert "
       "counts new rows only.",
       "t = table(1 2 3 as a); update t set a = 0 where a > 1; matchedRowCount()", "2"});
  row({"sliceByKey", "table, rowKeys, [cols], [preserveOrder=false]", slice_by_key, "The rows with these keys.",
       "sliceByKey(keyedTable(`k, 1 2 as k, 3 4 as v), 2).v", "[4]"});
  row({"exists", "subquery", exists, "Whether a query gives any rows, or a file or folder of the node exists.",
       "exists(select * from table(1 2 as a))", "true"});
}

}  // namespace pelorus::exec
