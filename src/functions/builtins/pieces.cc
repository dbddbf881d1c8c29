// Pieces of things: row col cell head tail subarray slice cut flatten drop! remove! erase! stretch …

#include <algorithm>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/indexing.h"
#include "functions/lift.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "pieces";

Value index(const Value& x, const Value& position) { return index_value(x, std::span(&position, 1)); }
Value index(const Value& x, const Value& rows, const Value& columns) {
  const Value positions[] = {rows, columns};
  return index_value(x, positions);
}

using data::Buffer;
using data::Table;

Value part_of(std::string_view name, const Value& x, int64_t from, int64_t count, bool by_columns = false);
size_t height_of(const Value& x);

Value row(CallContext&, std::span<Value> args) {
  if (!args[1].is_pair()) return row_of(args[0], Arguments("row", args).integer(1, "index"));
  const auto positions = pair_positions(args[1].pair(), static_cast<int64_t>(height_of(args[0])));
  return part_of("row", args[0], positions.empty() ? 0 : positions[0], static_cast<int64_t>(positions.size()));
}

/// Some columns of a table, by position.
Value columns_at(const Value& x, const Value& positions) {
  const auto table = table_argument("col", x);
  const auto count = static_cast<int64_t>(table.columns());
  std::vector<int64_t> chosen;
  if (positions.is_pair()) {
    chosen = pair_positions(positions.pair(), count);
  } else {
    const auto given = as_longs("col", elements_for("col", positions));
    chosen.assign(given->values<int64_t>().begin(), given->values<int64_t>().end());
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (const auto c : chosen) {
    if (c < 0 || c >= count) throw ScriptError("col: column " + std::to_string(c) + " is out of range.");
    names.push_back(table.names()[static_cast<size_t>(c)]);
    columns.push_back(table.column_shared(static_cast<size_t>(c)));
  }
  return Table(std::move(names), std::move(columns));
}

Value column(CallContext&, std::span<Value> args) {
  const auto& x = args[0];
  if (!args[1].is_scalar() && x.is_matrix()) return index(x, args[1]);
  if (!args[1].is_scalar() && x.is_table()) return columns_at(x, args[1]);
  const auto c = Arguments("col", args).integer(1, "index");
  if (x.is_matrix()) {
    if (c < 0 || c >= static_cast<int64_t>(x.matrix().columns))
      throw ScriptError("col: column " + std::to_string(c) + " is out of range.");
    return x.matrix().column(static_cast<size_t>(c));
  }
  if (x.is_table()) {
    const auto table = table_argument("col", x);
    if (c < 0 || c >= static_cast<int64_t>(table.columns()))
      throw ScriptError("col: column " + std::to_string(c) + " is out of range.");
    return table.column_shared(static_cast<size_t>(c));
  }
  return index(x, args[1]);
}

Value cell(CallContext&, std::span<Value> args) { return index(args[0], args[1], args[2]); }

Value cells(CallContext&, std::span<Value> args) {
  Arguments a("cells", args);
  const auto rows = as_longs("cells", a.vector(1, "row")), columns = as_longs("cells", a.vector(2, "col"));
  if (!args[0].is_matrix() || rows->size() != columns->size())
    usage_error("cells", "A matrix and as many rows as columns are expected.");
  const auto& m = args[0].matrix();
  Buffer<int64_t> picked(rows->size());
  for (size_t i = 0; i < picked.size(); ++i) {
    const auto r = rows->values<int64_t>()[i], c = columns->values<int64_t>()[i];
    const bool inside = r >= 0 && c >= 0 && r < static_cast<int64_t>(m.rows) && c < static_cast<int64_t>(m.columns);
    picked[i] = inside ? c * static_cast<int64_t>(m.rows) + r : INT64_MAX;
  }
  return m.values.take(picked);
}

/// Rows [from, from + count) of anything with rows; of a matrix its columns where asked.
Value part_of(std::string_view name, const Value& x, int64_t from, int64_t count, bool by_columns) {
  const auto f = static_cast<size_t>(from), n = static_cast<size_t>(count);
  if (x.is_table()) return table_argument(name, x).slice(f, n);
  if (x.is_vector()) return x.vector().slice(f, n);
  if (x.is_matrix()) {
    Vector bounds(Type::kLong);
    bounds.push_back(Value::of_long(from));
    bounds.push_back(Value::of_long(from + count));
    return by_columns ? index(x, data::Pair{bounds}) : index(x, data::Pair{bounds}, Value::missing());
  }
  if (x.is_dictionary()) {
    const auto& d = x.dictionary();
    return data::Dictionary(d.keys().slice(f, n), d.values().slice(f, n), d.ordered());
  }
  usage_error(name, "X must be a vector, matrix or table.");
}
size_t height_of(const Value& x) { return x.is_matrix() ? x.matrix().rows : data::size_of(x); }
/// What head, tail and drop count: columns of a matrix, rows of everything else.
size_t width_of(const Value& x) { return x.is_matrix() ? x.matrix().columns : data::size_of(x); }

Value end_rows(std::string_view name, std::span<Value> args, bool first) {
  const auto size = static_cast<int64_t>(width_of(args[0]));
  const bool one = args.size() < 2 || args[1].is_missing();
  auto count = Arguments(name, args).integer_or(1, "n", 1);
  if (count < 0) count = std::max<int64_t>(0, size + count);
  count = std::min(count, size);
  if (one && args[0].is_vector())
    return args[0].vector().empty() ? Value(Scalar::null_of(args[0].type()))
                                    : args[0].vector().at(first ? 0 : args[0].vector().size() - 1);
  if (one && args[0].is_matrix() && size > 0) return args[0].matrix().column(first ? 0 : static_cast<size_t>(size) - 1);
  return part_of(name, args[0], first ? 0 : size - count, count, true);
}

Value subarray(CallContext&, std::span<Value> args) {
  if (!args[1].is_pair()) usage_error("subarray", "range must be a pair.");
  const auto positions = pair_positions(args[1].pair(), static_cast<int64_t>(height_of(args[0])));
  const auto size = static_cast<int64_t>(positions.size());
  if (size > 1 && positions[0] > positions[1]) return index(args[0], args[1]);
  return part_of("subarray", args[0], size == 0 ? 0 : positions[0], size);
}

Value slice(CallContext&, std::span<Value> args) {
  return args.size() > 2 ? index(args[0], args[1], args[2]) : index(args[0], args[1]);
}

/// Pieces of a size, or starting at positions.
Value cut(CallContext&, std::span<Value> args) {
  Arguments a("cut", args);
  const auto size = static_cast<int64_t>(args[0].is_matrix() ? args[0].matrix().columns : data::size_of(args[0]));
  std::vector<int64_t> starts;
  if (args[1].is_scalar()) {
    const auto step = a.integer(1, "size");
    if (step < 1) a.refuse("size", "must be positive.");
    for (int64_t at = 0; at < size; at += step) starts.push_back(at);
  } else {
    const auto given = as_longs("cut", a.vector(1, "cutPositions"));
    starts.assign(given->values<int64_t>().begin(), given->values<int64_t>().end());
    if (!std::is_sorted(starts.begin(), starts.end()) ||
        (!starts.empty() && (starts.front() < 0 || starts.back() > size)))
      a.refuse("cutPositions", "must rise within the vector.");
  }
  std::vector<Value> parts;
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t end = i + 1 < starts.size() ? starts[i + 1] : size;
    if (args[0].is_matrix()) {
      Vector bounds(Type::kLong);
      bounds.push_back(Value::of_long(starts[i]));
      bounds.push_back(Value::of_long(end));
      parts.push_back(index(args[0], data::Pair{bounds}));
    } else {
      parts.push_back(part_of("cut", args[0], starts[i], end - starts[i]));
    }
  }
  return Vector::tuple(std::move(parts));
}

/// Rows of each member of a tuple.
Value subtuple(CallContext&, std::span<Value> args) {
  if (!args[0].is_tuple()) usage_error("subtuple", "X must be a tuple of vectors.");
  if (!args[1].is_pair()) usage_error("subtuple", "range must be a pair.");
  std::vector<Value> parts;
  for (const auto& part : args[0].vector().values_any()) parts.push_back(index(part, args[1]));
  return Vector::tuple(std::move(parts));
}

void flatten_into(const Value& value, std::vector<Value>& out) {
  if (value.is_tuple()) {
    for (const auto& part : value.vector().values_any()) flatten_into(part, out);
  } else if (value.is_vector() && value.vector().is_array()) {
    out.emplace_back(value.vector().flat_shared());
  } else if (value.is_matrix()) {
    out.emplace_back(value.matrix().values);
  } else {
    out.push_back(value);
  }
}

bool holds_tuple(const Value& x) {
  if (!x.is_tuple()) return false;
  const auto parts = x.vector().values_any();
  return std::any_of(parts.begin(), parts.end(), [](const Value& part) { return part.is_tuple(); });
}

Value flat(const Value& x);

/// Tuples inside a tuple are made flat, one level a call; everything else becomes one vector.
Value flatten(CallContext&, std::span<Value> args) { return flat(args[0]); }

Value flat(const Value& x) {
  std::vector<Value> parts;
  if (holds_tuple(x)) {
    for (const auto& part : x.vector().values_any()) parts.push_back(part.is_tuple() ? flat(part) : part);
    return Vector::tuple(std::move(parts));
  }
  flatten_into(x, parts);
  if (parts.empty()) return Vector();
  if (parts.size() == 1 && parts[0].is_vector()) return parts[0];
  Type type = Type::kVoid;
  int scale = 0;
  for (const auto& part : parts) {
    const auto elements = elements_of(part);
    if (!elements) return Vector::tuple(std::move(parts));
    type = data::common_type(type, (*elements)->type());
    scale = std::max(scale, (*elements)->scale());
  }
  if (type == Type::kAny || type == Type::kVoid || type == Type::kDuration) return Vector::tuple(std::move(parts));
  Vector result(type, 0, scale);
  for (const auto& part : parts) result.append(*converted("flatten", elements_for("flatten", part), type, scale));
  return result;
}

/// First n elements dropped, or the last ones for a negative n; from a table, the columns named.
Value drop(CallContext&, std::span<Value> args) {
  const auto size = static_cast<int64_t>(width_of(args[0]));
  const auto count = Arguments("drop", args).integer(1, "count");
  const int64_t left = std::max<int64_t>(0, size - std::abs(count));
  return part_of("drop", args[0], count >= 0 ? size - left : 0, left, true);
}

Value drop_columns(CallContext& context, std::span<Value> args) {
  Arguments a("drop!", args);
  if (args[0].is_vector()) {
    args[0] = drop(context, args);
    return args[0];
  }
  const auto names = a.texts(1, "colNames");
  const auto drop_from = [&](Table& table) -> Status {
    for (const auto& name : names) {
      const int c = table.find(name);
      if (c < 0) return Error{ErrorCode::kInvalid, "Unrecognized column name [" + name + "]"};
      table.drop_column(static_cast<size_t>(c));
    }
    return {};
  };
  Status done;
  if (args[0].is_plain_table())
    done = drop_from(args[0].edit_table());
  else if (args[0].is_table_object())
    done = args[0].table_object()->edit(drop_from);
  else
    usage_error("drop!", "X must be a table.");
  if (!done.ok()) throw ScriptError(done.error().message);
  return args[0];
}

Value remove(CallContext&, std::span<Value> args) {
  if (!args[0].is_vector()) usage_error("remove!", "X must be a vector.");
  const auto positions = as_longs("remove!", Arguments("remove!", args).vector(1, "index"));
  Buffer<int8_t> keep(args[0].vector().size(), 1);
  for (const auto at : positions->values<int64_t>()) {
    if (at < 0 || at >= static_cast<int64_t>(keep.size()))
      throw ScriptError("remove!: position " + std::to_string(at) + " is out of range.");
    keep[static_cast<size_t>(at)] = 0;
  }
  args[0] = args[0].vector().filter(keep);
  return args[0];
}

Value pop(CallContext&, std::span<Value> args) {
  if (!args[0].is_vector() || args[0].vector().empty()) usage_error("pop!", "X must be a vector that is not empty.");
  const size_t last = args[0].vector().size() - 1;
  const Value result = args[0].vector().at(last);
  args[0] = args[0].vector().slice(0, last);
  return result;
}

/// Rows of x repeated until there are n, the first ones once more where n is no multiple.
Value stretch(CallContext&, std::span<Value> args) {
  Arguments a("stretch", args);
  const auto size = a.integer(1, "n");
  if (size < 0) a.refuse("n", "must not be negative.");
  const auto height = static_cast<int64_t>(height_of(args[0]));
  const int64_t each = height == 0 ? 0 : size / height, longer = height == 0 ? 0 : size % height;
  Buffer<int64_t> rows;
  for (int64_t row = 0; row < height; ++row) rows.insert(rows.end(), static_cast<size_t>(each + (row < longer)), row);
  rows.resize(static_cast<size_t>(size), INT64_MAX);
  if (args[0].is_table()) {
    const auto table = table_argument("stretch", args[0]);
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column(c).take(rows));
    return Table(table.names(), std::move(columns));
  }
  if (!args[0].is_matrix()) return a.vector(0, "X")->take(rows);
  data::Matrix matrix = args[0].matrix();
  Vector values(matrix.values.type(), 0, matrix.values.scale());
  for (size_t c = 0; c < matrix.columns; ++c) values.append(matrix.column(c).take(rows));
  matrix.values = std::move(values);
  matrix.rows = rows.size();
  if (matrix.row_labels) matrix.row_labels = Shared<Vector>((*matrix.row_labels)->take(rows));
  return matrix;
}

/// As append!, but matrices get more columns and tables stand side by side.
Value append_all(CallContext& context, std::span<Value> args) {
  if (args[0].is_matrix() || (args[0].is_plain_table() && args[1].is_table())) {
    args[0] = join(args[0], args[1]);
    return args[0];
  }
  append_to(context, "join!", args[0], args[1]);
  return args[0];
}

Value copy(CallContext&, std::span<Value> args) {
  if (args[0].is_table_object()) return table_argument("copy", args[0]);
  return args[0];
}

Value replace(CallContext&, std::span<Value> args) {
  if (!args[1].is_scalar() || !args[2].is_scalar())
    usage_error("replace", "The old and the new value must be scalars.");
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const auto from = data::convert(args[1].scalar(), vector->type(), vector->scale());
    Vector result = *vector;
    for (size_t i = 0; from && i < vector->size(); ++i) {
      if (vector->scalar_at(i) == *from && !result.set(i, args[2]))
        usage_error("replace", "The new value does not fit the vector's type.");
    }
    return result;
  });
}

}  // namespace

void register_pieces(Registry& registry) {
  const auto add = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto change = [&](Declaration d) {
    d.changes_first = true;
    declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  add({"row", "X, index", row, "A row of a matrix, table or array vector.", "row(1..6$2:3, 0)", "[1,3,5]"});
  add({"col", "X, index", column, "A column of a matrix or table.", "col(1..6$2:3, 1)", "[3,4]"});
  add({"cell", "X, row, col", cell, "One element of a matrix or table.", "cell(1..6$2:3, 1, 2)", "6"});
  add({"cells", "X, row, col", cells, "Elements of a matrix at rows and columns.", "cells(1..6$2:3, 0 1, 0 2)",
       "[1,6]"});
  add({"head", "X, [n=1]", [](CallContext&, std::span<Value> args) { return end_rows("head", args, true); },
       "The first n elements or rows.", "head(8 3 5, 2)", "[8,3]"});
  add({"tail", "X, [n=1]", [](CallContext&, std::span<Value> args) { return end_rows("tail", args, false); },
       "The last n elements or rows.", "tail(8 3 5, 2)", "[3,5]"});
  add({"subarray", "X, range", subarray, "The elements of a half-open range.", "subarray(8 3 5 9, 1:3)", "[3,5]"});
  add({"subtuple", "X, range", subtuple, "Rows of each member of a tuple.", "subtuple((1..5, 11..15), 1:3)",
       "([2,3],[12,13])"});
  add({"slice", "X, index, [colIndex]", slice, "Rows and columns of X.", "slice(8 3 5, 0 2)", "[8,5]"});
  add({"cut", "X, size", cut, "Pieces of X of a size, or starting at positions.", "cut(1 2 3, 2)", "([1,2],[3])"});
  add({"flatten", "X", flatten, "All elements of a matrix, tuple or array vector as one vector.", "flatten([1 2, 3 4])",
       "[1,2,3,4]"});
  add({"drop", "X, count", drop, "X without its first elements, or its last for a negative count.", "drop(1 2 3, 1)",
       "[2,3]"});
  change({"drop!", "X, colNames", drop_columns, "Drops columns of a table.",
          "t = table(1 as a, 2 as b); t.drop!(`a); t.columnNames()", "[\"b\"]"});
  change({"remove!", "X, index", remove, "Removes the elements at positions.", "x = 8 3 5; x.remove!(0 2); x", "[3]"});
  change({"pop!", "X", pop, "Removes the last element and returns it.", "x = 1 2; x.pop!()", "2"});
  change({"replace!", "X, oldValue, newValue",
          [](CallContext& context, std::span<Value> args) {
            args[0] = replace(context, args);
            return args[0];
          },
          "Replaces one value of X in place.", "x = 1 2 1; x.replace!(1, 9); x", "[9,2,9]"});
  change({"join!", "X, Y", append_all, "Adds Y at the end of X.", "x = 1 2; x.join!(3); x", "[1,2,3]"});
  add({"stretch", "X, n", stretch, "The elements of X spread evenly over n places.", "stretch(1 2, 5)", "[1,1,1,2,2]"});
  add({"copy", "X", copy, "A copy.", "copy(1 2)", "[1,2]"});
  add({"replace", "X, oldValue, newValue", replace, "X with one value replaced.", "replace(1 2 1, 1, 9)", "[9,2,9]"});
}

}  // namespace pelorus::functions
