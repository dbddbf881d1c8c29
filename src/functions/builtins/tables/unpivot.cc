// Shapes of labelled things: unpivot, loc.

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/indexing.h"
#include "functions/lift.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "tables";

using data::Buffer;
using data::Matrix;
using data::Table;

// --- unpivot -----------------------------------------------------------------------------------------------------

/// Columns by name or number.
std::vector<size_t> columns_argument(const Arguments& a, size_t i, std::string_view parameter, const Table& table) {
  std::vector<size_t> columns;
  if (!a.has(i) || a[i].is_void()) return columns;
  const auto wanted = a.vector(i, parameter);
  for (size_t k = 0; k < wanted->size(); ++k) {
    const auto item = wanted->scalar_at(k);
    if (!item.is_text() && !types::is_integral(item.type()))
      a.refuse(parameter, "must be names or numbers of columns.");
    const int64_t at = item.is_text() ? table.find(item.text()) : item.as_int64();
    if (at < 0 || at >= static_cast<int64_t>(table.columns()))
      throw ScriptError("unpivot: the table has no column " + cast_text(item) + ".");
    columns.push_back(static_cast<size_t>(at));
  }
  return columns;
}

Value unpivot(CallContext& context, std::span<Value> args) {
  Arguments a("unpivot", args);
  if (!args[0].is_table()) a.refuse("obj", "must be a table.");
  const auto table = table_argument("unpivot", args[0]);
  const auto keys = columns_argument(a, 1, "keyColNames", table),
             values = columns_argument(a, 2, "valueColNames", table);
  if (values.empty()) a.refuse("valueColNames", "must name a column.");
  std::vector<std::string> labels;
  for (const auto c : values) labels.push_back(table.names()[c]);
  Shared<Vector> kinds = Vector::of_strings(Type::kString, labels);
  if (a.has(3) && args[3].is_function()) {
    std::vector<Value> named;
    for (const auto& label : labels) named.push_back(context.call(args[3], {Value::of_string(label)}));
    kinds = vector_of(std::move(named));
  }
  const size_t rows = table.rows();
  Type type = table.column(values[0]).type();
  int scale = 0;
  for (const auto c : values) {
    type = data::common_type(type, table.column(c).type());
    scale = std::max(scale, table.column(c).scale());
  }
  if (type == Type::kAny) throw ScriptError("unpivot: the value columns have types that do not go together.");
  Buffer<int64_t> row_of(rows * values.size()), kind_of(rows * values.size());
  Vector cells(type, 0, scale);
  for (size_t v = 0; v < values.size(); ++v) {
    for (size_t r = 0; r < rows; ++r) {
      row_of[v * rows + r] = static_cast<int64_t>(r);
      kind_of[v * rows + r] = static_cast<int64_t>(v);
    }
    cells.append(*converted("unpivot", table.column_shared(values[v]), type, scale));
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (const auto c : keys) {
    names.push_back(table.names()[c]);
    columns.emplace_back(table.column(c).take(row_of));
  }
  names.insert(names.end(), {"valueType", "value"});
  columns.emplace_back(kinds->take(kind_of));
  columns.emplace_back(std::move(cells));
  return Table(std::move(names), std::move(columns));
}

// --- loc ---------------------------------------------------------------------------------------------------------

/// Positions of labels that a filter names: one label, several, a closed range of them, or flags; all when there is
/// none.
Buffer<int64_t> positions_of(const Value& filter, const std::optional<Shared<Vector>>& labels, size_t count) {
  Buffer<int64_t> positions;
  if (filter.is_missing() || filter.is_void()) {
    for (size_t i = 0; i < count; ++i) positions.push_back(static_cast<int64_t>(i));
    return positions;
  }
  if (filter.is_vector() && filter.vector().type() == Type::kBool) {
    const auto flags = filter.vector().values<int8_t>();
    if (flags.size() != count) refuse_lengths("loc", count, flags.size());
    for (size_t i = 0; i < count; ++i) {
      if (flags[i] == 1) positions.push_back(static_cast<int64_t>(i));
    }
    return positions;
  }
  if (!labels) usage_error("loc", "The object has no labels.");
  const auto wanted = elements_of(filter);
  if (!wanted) usage_error("loc", "A filter must be labels, a pair of labels or flags.");
  if (filter.is_pair()) {
    const auto bounds = converted("loc", *wanted, (*labels)->type(), (*labels)->scale());
    const auto low = bounds->scalar_at(0), high = bounds->scalar_at(1);
    for (size_t i = 0; i < count; ++i) {
      const auto label = (*labels)->scalar_at(i);
      const bool inside =
          (low.is_null() || types::compare(label, low) >= 0) && (high.is_null() || types::compare(label, high) <= 0);
      if (inside) positions.push_back(static_cast<int64_t>(i));
    }
    return positions;
  }
  positions = Finder("loc", **labels).find(*wanted);
  for (const auto position : positions) {
    if (position < 0) throw ScriptError("loc: there is no such label.");
  }
  return positions;
}

Value locate(CallContext&, std::span<Value> args) {
  const Value rows = args[1], columns = args.size() > 2 ? args[2] : Value::missing();
  if (args[0].is_table()) {
    const auto table = table_argument("loc", args[0]);
    std::optional<Shared<Vector>> labels;
    if (!table.key_columns().empty()) {
      const int key = table.find(table.key_columns()[0]);
      labels = table.column_shared(static_cast<size_t>(key));
    }
    const auto picked = table.take(positions_of(rows, labels, table.rows()));
    std::vector<std::string> names;
    std::vector<Shared<Vector>> kept;
    const auto wanted =
        positions_of(columns, Shared<Vector>(Vector::of_strings(Type::kString, table.names())), table.columns());
    for (const auto c : wanted) {
      names.push_back(picked.names()[static_cast<size_t>(c)]);
      kept.push_back(picked.column_shared(static_cast<size_t>(c)));
    }
    return Table(std::move(names), std::move(kept));
  }
  if (!args[0].is_matrix()) usage_error("loc", "The object must be a matrix or a table.");
  const auto& m = args[0].matrix();
  const auto r = positions_of(rows, m.row_labels, m.rows), c = positions_of(columns, m.column_labels, m.columns);
  Buffer<int64_t> cells;
  cells.reserve(r.size() * c.size());
  for (const auto column : c) {
    for (const auto row : r) cells.push_back(column * static_cast<int64_t>(m.rows) + row);
  }
  Vector values = m.values.take(cells);
  if (rows.is_scalar() && !rows.is_missing() && columns.is_scalar() && !columns.is_missing()) return values.at(0);
  if (columns.is_scalar() && !columns.is_missing()) return values;
  Matrix result{.values = std::move(values), .rows = r.size(), .columns = c.size()};
  if (m.row_labels) result.row_labels = Shared<Vector>((*m.row_labels)->take(r));
  if (m.column_labels) result.column_labels = Shared<Vector>((*m.column_labels)->take(c));
  result.is_indexed_series = m.is_indexed_series && c.size() == 1;
  result.is_indexed_matrix = m.is_indexed_matrix;
  return result;
}

}  // namespace

void register_labelled(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"unpivot", "obj, keyColNames, valueColNames, [func]", unpivot,
       "Several columns as rows of one: the keys, valueType and value.",
       "unpivot(table(1 2 as id, 5 6 as a, 7 8 as b), `id, `a`b)",
       "table{id:[1,2,1,2],valueType:[\"a\",\"a\",\"b\",\"b\"],value:[5,6,7,8]}"});
  row({"loc", "obj, rowFilter, [colFilter], [view=false]", locate,
       "Rows and columns by their labels, ranges of labels or flags.",
       "m = 1..6$3:2; m.rename!(`x`y`z, `a`b); loc(m, `y:`z, [`b])", "matrix[[5,6]]"});
}

}  // namespace pelorus::functions
