// byRow and byColumn: a function over the rows or columns of whatever has both, the form put back around the results.

#include "data/columnar.h"
#include "functions/assemble.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "higher-order";

using data::Buffer;
using data::Matrix;
using data::Table;

/// kArray: array vectors and columnar tuples, whose elements are rows.
enum class Form : uint8_t { kMatrix, kTable, kTuple, kArray, kOther };

Form form_of(const Value& x) {
  if (x.is_matrix()) return Form::kMatrix;
  if (x.is_table()) return Form::kTable;
  if (x.is_vector() && (x.vector().is_array() || data::is_columnar(x))) return Form::kArray;
  return x.is_tuple() ? Form::kTuple : Form::kOther;
}

/// Element i of each of several vectors; shorter ones have a null there.
Value across(const std::vector<Value>& vectors, size_t i) {
  std::vector<Value> cells;
  for (const auto& each : vectors) {
    const auto& vector = each.vector();
    cells.push_back(i < vector.size() ? vector.at(i) : Value(Scalar::null_of(vector.type(), vector.scale())));
  }
  return vector_of(std::move(cells));
}

/// The other direction of vectors that stand side by side.
std::vector<Value> turned(const std::vector<Value>& vectors) {
  size_t longest = 0;
  for (const auto& each : vectors) longest = std::max(longest, each.vector().size());
  std::vector<Value> result;
  for (size_t i = 0; i < longest; ++i) result.push_back(across(vectors, i));
  return result;
}

std::vector<Value> columns_of(std::string_view function, const Value& x) {
  std::vector<Value> columns;
  if (x.is_matrix()) {
    for (size_t c = 0; c < x.matrix().columns; ++c) columns.emplace_back(x.matrix().column(c));
    return columns;
  }
  if (x.is_table()) {
    const Table table = table_argument(function, x);
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
    return columns;
  }
  return parts_or_self(x);
}

/// Parts in the direction asked for. Rows of an array vector are its elements, those of a tuple run across them.
std::vector<Value> parts_along(std::string_view function, const Value& x, bool by_row) {
  const Form form = form_of(x);
  auto parts = columns_of(function, x);
  if (form == Form::kOther || by_row == (form == Form::kArray)) return parts;
  const bool vectors = std::all_of(parts.begin(), parts.end(), [](const Value& part) { return part.is_vector(); });
  return vectors ? turned(parts) : parts;
}

bool are_vectors_of(const std::vector<Value>& results, const std::vector<Value>& parts) {
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].is_vector() || !parts[i].is_vector() || results[i].vector().size() != parts[i].vector().size())
      return false;
  }
  return !results.empty();
}

Value matrix_like(const Value& x, const std::vector<Value>& columns) {
  const Value joined = assemble(columns);
  if (!joined.is_matrix()) return joined;
  Matrix matrix = joined.matrix();
  matrix.row_labels = x.matrix().row_labels;
  matrix.column_labels = x.matrix().column_labels;
  return matrix;
}

Value table_like(const Value& x, const std::vector<Value>& columns) {
  std::vector<Shared<Vector>> vectors;
  for (const auto& column : columns)
    vectors.push_back(column.is_vector() ? column.vector_shared() : Shared<Vector>(vector_of({column})));
  return Table(table_argument("byColumn", x).names(), std::move(vectors));
}

Value array_of(const std::vector<Value>& rows) {
  Vector flat(rows[0].vector().type(), 0, rows[0].vector().scale());
  Buffer<int64_t> ends;
  for (const auto& row : rows) {
    flat.append(row.vector());
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  return Vector::array(std::move(flat), std::move(ends));
}

/// Results as long as their parts keep the form of x; scalars become a vector, by column a table or tuple.
Value put_back(const Value& x, bool by_row, const std::vector<Value>& parts, std::vector<Value> results) {
  const Form form = form_of(x);
  if (!are_vectors_of(results, parts)) {
    if (form == Form::kTable && !by_row) return table_like(x, results);
    if (form == Form::kTuple && !by_row) return Vector::tuple(std::move(results));
    return assemble(std::move(results));
  }
  if (form == Form::kOther) return assemble(std::move(results));
  const auto side_by_side = by_row == (form == Form::kArray) ? results : turned(results);
  if (form == Form::kMatrix) return matrix_like(x, side_by_side);
  if (form == Form::kTable) return table_like(x, side_by_side);
  if (x.is_tuple()) return data::like_columnar(Vector::tuple(side_by_side), data::is_columnar(x));
  return array_of(side_by_side);
}

Value by_part(CallContext& context, std::string_view name, std::span<Value> arguments, bool by_row) {
  Arguments a(name, arguments);
  const Value& x = arguments[1];
  if (form_of(x) == Form::kOther && x.is_vector() && !a.has(2)) return context.call(arguments[0], {x});
  const auto parts = parts_along(name, x, by_row);
  std::vector<Value> others;
  if (a.has(2)) {
    others = parts_along(name, arguments[2], by_row);
    if (others.size() != parts.size()) a.refuse("Y", "must have as many rows or columns as X.");
  }
  std::vector<Value> results;
  for (size_t i = 0; i < parts.size(); ++i)
    results.push_back(others.empty() ? context.call(arguments[0], {parts[i]})
                                     : context.call(arguments[0], {parts[i], others[i]}));
  return put_back(x, by_row, parts, std::move(results));
}

}  // namespace

void register_by_parts(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"byRow", "func, X, [Y]", [](CallContext& c, std::span<Value> a) { return by_part(c, "byRow", a, true); },
       "Applies func to each row, or to the rows of X and Y in step.", "byRow(sum, matrix(1 2, 3 4))", "[4,6]"});
  row({"byColumn", "func, X, [Y]", [](CallContext& c, std::span<Value> a) { return by_part(c, "byColumn", a, false); },
       "Applies func to each column, or to the columns of X and Y in step.", "byColumn(max, matrix(1 9, 3 4))",
       "[9,4]"});
}

}  // namespace pelorus::functions
