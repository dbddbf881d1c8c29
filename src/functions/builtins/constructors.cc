// Vectors, pairs, sets, dictionaries, matrices out of nothing or of one another.

#include <algorithm>

#include "data/columnar.h"
#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "constructors";

using data::Buffer;
using data::Dictionary;
using data::Matrix;
using data::Set;
using data::Table;

/// Zeros, false, empty texts; VOID in tuples.
Vector blank(TypeArgument type, size_t size) {
  Vector vector(type.type, size, type.scale);
  if (!types::is_fixed(vector.repr())) return vector;
  types::visit_fixed(vector.repr(), [&]<class T>() {
    auto& values = vector.edit<T>();
    std::fill(values.begin(), values.end(), T{});
  });
  return vector;
}

/// Asks for the memory of so many elements.
void reserve_elements(CallContext& context, const Arguments& a, std::string_view parameter, int64_t count) {
  constexpr int64_t kElementsMost = int64_t{1} << 48;
  if (count > kElementsMost) a.refuse(parameter, "asks for more elements than any memory holds.");
  context.reserve_memory(count * 8);
}

Value make_array(CallContext& context, std::span<Value> args) {
  Arguments a("array", args);
  const auto size = a.integer_or(1, "initialSize", 0);
  if (size < 0) a.refuse("initialSize", "must not be negative.");
  reserve_elements(context, a, "initialSize", size);
  TypeArgument type;
  if (args[0].is_vector() || args[0].is_matrix())
    type = {args[0].type(), args[0].is_vector() && args[0].vector().is_array(), 0};
  else
    type = type_argument("array", args[0]);
  if (type.array) {
    return Vector::array(Vector(type.type, 0, type.scale), Buffer<int64_t>(static_cast<size_t>(size), 0));
  }
  if (type.type == Type::kVoid) throw ScriptError("Not allowed to create void vector");
  if (a.has(3)) {
    auto value = data::convert(a.vector(3, "defaultValue"), type.type, type.scale);
    if (!value || (*value)->size() != 1) a.refuse("defaultValue", "must be a scalar of the vector's type.");
    return repeated(**value, 0, static_cast<size_t>(size));
  }
  auto result = blank(type, static_cast<size_t>(size));
  const auto capacity = a.integer_or(2, "capacity", 0);
  if (capacity > size && capacity <= (1 << 24)) result.reserve(static_cast<size_t>(capacity));
  return result;
}

/// Elements of a vector, rows of a matrix or table.
Value picked(const Value& x, const Buffer<int64_t>& rows) {
  if (x.is_table()) {
    const auto table = table_argument("take", x);
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column(c).take(rows));
    return Table(table.names(), std::move(columns));
  }
  if (!x.is_matrix()) return x.vector().take(rows);
  const auto& m = x.matrix();
  Buffer<int64_t> cells;
  for (size_t c = 0; c < m.columns; ++c) {
    for (const auto row : rows) cells.push_back(static_cast<int64_t>(c * m.rows) + row);
  }
  Matrix result{.values = m.values.take(cells), .rows = rows.size(), .columns = m.columns};
  result.column_labels = m.column_labels;
  if (m.row_labels) result.row_labels = Shared<Vector>((*m.row_labels)->take(rows));
  return result;
}

/// take with one count per element or row; those with none or fewer are left out.
Value take_each(CallContext& context, const Arguments& a, const Value& x, const Vector& counts) {
  const size_t size = x.is_matrix()  ? x.matrix().rows
                      : x.is_table() ? table_argument("take", x).rows()
                                     : x.vector().size();
  if (size != counts.size()) refuse_lengths("take", size, counts.size());
  const auto numbers = as_longs("take", Shared<Vector>(counts));
  Buffer<int64_t> rows;
  for (size_t i = 0; i < size; ++i) {
    const auto count = numbers->values<int64_t>()[i];
    if (count > 0) reserve_elements(context, a, "n", count);
    for (int64_t k = 0; k < count; ++k) rows.push_back(static_cast<int64_t>(i));
  }
  return picked(x, rows);
}

Value take(CallContext& context, std::span<Value> args) {
  Arguments a("take", args);
  if (args[1].is_vector() && (args[0].is_vector() || args[0].is_matrix() || args[0].is_table()))
    return take_each(context, a, args[0], args[1].vector());
  if (args[1].is_vector() && args[0].is_scalar() && args[1].vector().size() == 1)
    return take_each(context, a, Value(a.vector(0, "X")), args[1].vector());
  const auto count = a.integer(1, "n");
  const auto wanted = static_cast<size_t>(count < 0 ? -count : count);
  reserve_elements(context, a, "n", static_cast<int64_t>(wanted));
  const auto start = [&](size_t size) { return count >= 0 || size == 0 ? size_t{0} : (size - wanted % size) % size; };
  if (args[0].is_void()) throw ScriptError("Not allowed to create void vector");
  if (args[0].is_table()) {
    const auto table = table_argument("take", args[0]);
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < table.columns(); ++c)
      columns.emplace_back(repeated(table.column(c), start(table.rows()), wanted));
    return Table(table.names(), std::move(columns));
  }
  if (args[0].is_matrix()) {
    const size_t size = args[0].matrix().rows;
    if (size == 0 && wanted > 0) usage_error("take", "The matrix has no rows.");
    Buffer<int64_t> rows(wanted);
    for (size_t i = 0; i < wanted; ++i) rows[i] = static_cast<int64_t>((start(size) + i) % size);
    return picked(args[0], rows);
  }
  if (args[0].is_function() || args[0].is_code() || args[0].is_dictionary())
    return Vector::tuple(std::vector<Value>(wanted, args[0]));
  const auto x = a.vector(0, "X");
  if (x->type() == Type::kDuration && args[0].is_scalar()) return Vector::tuple(std::vector<Value>(wanted, args[0]));
  return repeated(*x, start(x->size()), wanted);
}

/// from, from ± 1, … to.
Value sequence(const Value& from, const Value& to) {
  if (!from.is_scalar() || !to.is_scalar()) usage_error("seq", "X and Y must be scalars.");
  const auto both = vector_of({from, to});
  if (both.is_tuple() || !(types::is_integral(both.type()) || types::is_temporal(both.type())) || both.is_null_at(0) ||
      both.is_null_at(1)) {
    usage_error("seq", "X and Y must be integers or temporal values of one type, not null.");
  }
  const int64_t first = both.scalar_at(0).as_int64(), last = both.scalar_at(1).as_int64();
  const auto size = static_cast<uint64_t>(first <= last ? last - first : first - last) + 1;
  constexpr uint64_t kElementsMax = uint64_t{1} << 33;
  if (size > kElementsMax) usage_error("seq", "The range is too long.");
  Vector result(both.type(), size);
  types::visit_fixed(result.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      auto& values = result.edit<T>();
      const int64_t step = first <= last ? 1 : -1;
      for (size_t i = 0; i < size; ++i) values[i] = static_cast<T>(first + step * static_cast<int64_t>(i));
    }
  });
  return result;
}

Value til(CallContext&, std::span<Value> args) {
  const Arguments a("til", args);
  const auto count = a.integer(0, "n");
  if (count <= 0) return Vector(Type::kInt);
  if (count > INT32_MAX) a.refuse("n", "must be an INT: the numbers are INTs.");
  return sequence(Value::of_int(0), Value::of_int(static_cast<int32_t>(count - 1)));
}

bool names_type(const Value& value, TypeArgument* type) {
  if (value.is_text()) return parse_type_name(value.text(), type);
  return value.is_scalar() && types::is_integral(value.type()) && parse_type_code(value.scalar().as_int64(), type);
}

Value make_dictionary(CallContext&, std::span<Value> args) {
  Arguments a("dict", args);
  bool ordered = false;
  if (a.has(2)) ordered = args[2].is_text() ? args[2].text() == "true" : a.flag_or(2, "ordered", false);
  if (args.size() < 2 || args[1].is_missing()) {
    const auto table = table_argument("dict", args[0]);
    std::vector<Value> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
    return Dictionary(Vector::of_strings(Type::kString, table.names()), Vector::tuple(std::move(columns)), ordered);
  }
  TypeArgument key, value;
  if (names_type(args[0], &key) && names_type(args[1], &value)) {
    return Dictionary(key.type, value.array ? Type::kAny : value.type, ordered, value.scale);
  }
  const auto keys = a.vector(0, "keyObj");
  auto values = a.vector(1, "valueObj");
  if (keys->is_array()) a.refuse("keyObj", "must hold scalars.");
  if (values->is_array()) values = converted("dict", values, values->type());
  if (values->size() != keys->size()) refuse_lengths("dict", keys->size(), values->size());
  if (values->is_array()) {
    std::vector<Value> rows;
    for (size_t i = 0; i < values->size(); ++i) rows.push_back(values->at(i));
    return Dictionary(*keys, Vector::tuple(std::move(rows)), ordered);
  }
  return Dictionary(*keys, *values, ordered);
}

Value make_synchronised(CallContext& context, std::span<Value> args) {
  Arguments a("syncDict", args);
  Value result = make_dictionary(context, args.subspan(0, std::min<size_t>(args.size(), 2)));
  if (a.has(2)) context.shared_objects().put(a.text(2, "sharedName"), result);
  return result;
}

Value make_set(CallContext&, std::span<Value> args) {
  const auto elements = Arguments("set", args).vector(0, "X");
  if (elements->is_array()) return Set(elements->flat());
  if (elements->is_tuple()) {
    auto flat = vector_of({elements->values_any().begin(), elements->values_any().end()});
    if (flat.is_tuple()) usage_error("set", "X must be a vector of scalars of one type.");
    return Set(flat);
  }
  return Set(*elements);
}

/// Columns side by side, widened to a common type.
Value columns_to_matrix(std::string_view name, const std::vector<Value>& columns) {
  std::vector<Shared<Vector>> parts;
  size_t rows = 0;
  Type type = Type::kVoid;
  int scale = 0;
  for (const auto& column : columns) {
    auto elements = elements_of(column);
    if (!elements || (*elements)->is_array())
      usage_error(name, "Columns must be vectors, not " + column.type_text() + ".");
    if ((*elements)->is_tuple() && !column.is_void()) {
      auto flat = vector_of({(*elements)->values_any().begin(), (*elements)->values_any().end()});
      elements = Shared<Vector>(std::move(flat));
    }
    const size_t height = column.is_matrix() ? column.matrix().rows : (*elements)->size();
    if (parts.empty()) rows = height;
    if (height != rows) refuse_lengths(name, rows, height);
    type = data::common_type(type, (*elements)->type());
    scale = std::max(scale, (*elements)->scale());
    parts.push_back(*elements);
  }
  if (type == Type::kAny) usage_error(name, "Columns must hold values of one type.");
  Vector values(type, 0, scale);
  for (const auto& part : parts) values.append(*converted(name, part, type, scale));
  const size_t count = rows == 0 ? parts.size() : values.size() / rows;
  return Matrix{.values = std::move(values), .rows = rows, .columns = count};
}

Value typed_matrix(const Arguments& a) {
  const auto type = type_argument("matrix", a[0]);
  const auto rows = a.integer(1, "rows"), columns = a.integer(2, "columns");
  if (rows < 0 || columns < 0 || rows * columns > (int64_t{1} << 32))
    a.refuse("rows", "and columns must be reasonable sizes.");
  Vector values = blank(type, static_cast<size_t>(rows * columns));
  if (a.has(4))
    values = repeated(*converted("matrix", a.vector(4, "defaultValue"), type.type, type.scale), 0,
                      static_cast<size_t>(rows * columns));
  return Matrix{
      .values = std::move(values), .rows = static_cast<size_t>(rows), .columns = static_cast<size_t>(columns)};
}

Value table_to_matrix(const Table& table) {
  std::vector<Value> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
  auto matrix = columns_to_matrix("matrix", columns).matrix();
  matrix.column_labels = Shared<Vector>(Vector::of_strings(Type::kString, table.names()));
  return matrix;
}

Value make_matrix(CallContext&, std::span<Value> args) {
  Arguments a("matrix", args);
  if (args.size() >= 3 &&
      std::all_of(args.begin(), args.end(), [](const Value& v) { return v.is_scalar() || v.is_missing(); })) {
    return typed_matrix(a);
  }
  if (args.size() == 1 && args[0].is_table()) return table_to_matrix(table_argument("matrix", args[0]));
  if (args.size() == 1 && args[0].is_matrix()) return args[0];
  if (args.size() == 1 && args[0].is_vector() && (args[0].is_tuple() || args[0].vector().is_array())) {
    std::vector<Value> columns;
    for (size_t i = 0; i < args[0].vector().size(); ++i) columns.push_back(args[0].vector().at(i));
    const bool nested = !columns.empty() && !columns[0].is_scalar();
    if (nested) return columns_to_matrix("matrix", columns);
  }
  return columns_to_matrix("matrix", {args.begin(), args.end()});
}

Value make_array_vector(CallContext&, std::span<Value> args) {
  Arguments a("arrayVector", args);
  const auto ends = as_longs("arrayVector", a.vector(0, "index"));
  const auto flat = a.vector(1, "value");
  int64_t before = 0;
  for (const auto end : ends->values<int64_t>()) {
    if (end < before) a.refuse("index", "must not descend.");
    before = end;
  }
  if (before != static_cast<int64_t>(flat->size())) a.refuse("index", "must end with the number of values.");
  return Vector::array(flat, Buffer<int64_t>(ends->values<int64_t>().begin(), ends->values<int64_t>().end()));
}

Value make_fixed_length_array_vector(CallContext&, std::span<Value> args) {
  std::vector<Value> columns;
  for (const auto& arg : args) {
    if (arg.is_tuple())
      columns.insert(columns.end(), arg.vector().values_any().begin(), arg.vector().values_any().end());
    else if (arg.is_table()) {
      const auto table = table_argument("fixedLengthArrayVector", arg);
      for (size_t c = 0; c < table.columns(); ++c) columns.emplace_back(table.column_shared(c));
    } else if (arg.is_matrix()) {
      for (size_t c = 0; c < arg.matrix().columns; ++c) columns.emplace_back(arg.matrix().column(c));
    } else {
      columns.push_back(arg);
    }
  }
  std::vector<Value> plain;
  for (const auto& each : columns) {
    if (!each.is_vector() || !each.vector().is_array()) {
      plain.push_back(each);
      continue;
    }
    // The columns of an array vector: as many as its longest row has elements.
    const Vector& array = each.vector();
    size_t width = 0;
    for (size_t row = 0; row < array.size(); ++row) width = std::max(width, data::size_of(array.at(row)));
    for (size_t c = 0; c < width; ++c) {
      Buffer<int64_t> picks(array.size());
      int64_t from = 0;
      for (size_t row = 0; row < array.size(); ++row) {
        const int64_t end = array.ends()[row];
        picks[row] = from + static_cast<int64_t>(c) < end ? from + static_cast<int64_t>(c) : INT64_MAX;
        from = end;
      }
      plain.emplace_back(array.flat().take(picks));
    }
  }
  const auto matrix = columns_to_matrix("fixedLengthArrayVector", plain).matrix();
  Buffer<int64_t> cells(matrix.values.size()), ends(matrix.rows);
  for (size_t row = 0; row < matrix.rows; ++row) {
    for (size_t c = 0; c < matrix.columns; ++c)
      cells[row * matrix.columns + c] = static_cast<int64_t>(c * matrix.rows + row);
    ends[row] = static_cast<int64_t>((row + 1) * matrix.columns);
  }
  return Vector::array(matrix.values.take(cells), std::move(ends));
}

Value set_columnar(CallContext&, std::span<Value> args) {
  const Arguments a("setColumnarTuple!", args);
  if (!args[0].is_tuple()) usage_error("setColumnarTuple!", "X must be a tuple.");
  const bool on = a.flag_or(1, "on", true);
  if (on && !data::can_be_columnar(args[0].vector()))
    usage_error("setColumnarTuple!", "X must be a tuple of vectors and scalars of one type.");
  if (on != data::is_columnar(args[0])) args[0] = data::marked_columnar(args[0].vector(), on);
  return args[0];
}

}  // namespace

void register_constructors(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"array", "dataType, [initialSize=0], [capacity], [defaultValue]", make_array,
       "A vector of a type: zeros, false or empty texts unless a default value is given.", "array(INT, 3)", "[0,0,0]"});
  registry.add_alias("bigarray", "array");
  row({"take", "X, n", take,
       "n elements of X, starting over at its end; a negative n: the last ones; a vector n: each element so many "
       "times.",
       "take(7 8 9, 5)", "[7,8,9,7,8]"});
  row({"seq", "X, Y", [](CallContext&, std::span<Value> args) { return sequence(args[0], args[1]); },
       "All values from X to Y, up or down.", "seq(3, 1)", "[3,2,1]"});
  row({"til", "n", til, "0 to n-1.", "til(4)", "[0,1,2,3]"});
  row({"dict", "keyObj, [valueObj], [ordered=false]", make_dictionary,
       "A dictionary of keys and values, or an empty one of two types.", "dict(1 2 1, 5 6 7)", "dict{1->7,2->6}"});
  row({"syncDict", "keyObj, valueObj, [sharedName]", make_synchronised, "A dictionary that sessions may share.",
       "syncDict(INT, INT)", "dict{}"});
  row({"set", "X", make_set, "The distinct elements of X as a set.", "set(3 1 3)", "set{1,3}"});
  row({"matrix", "X, [args...]", make_matrix, "A matrix of columns, of a table, or of a type and size.",
       "matrix(1 2, 3 4)", "matrix[[1,2],[3,4]]"});
  row({"arrayVector", "index, value", make_array_vector,
       "An array vector: rows of value ending before the positions of index.", "arrayVector(2 3, 7 8 9)",
       "[[7,8],[9]]"});
  row({"fixedLengthArrayVector", "args...", make_fixed_length_array_vector,
       "An array vector whose rows hold one element of each argument.", "fixedLengthArrayVector(1 2, 3 4)",
       "[[1,3],[2,4]]"});
  row({.name = "setColumnarTuple!",
       .parameters = "X, [on=true]",
       .run = set_columnar,
       .summary = "Makes a tuple of vectors a column of rows, so that x[i] is column i; with on=false a tuple again.",
       .example = "x = [1 2, 3 4 5]; setColumnarTuple!(x); x[2]",
       .result = "[null,5]",
       .changes_first = true});
  row({"isColumnarTuple", "X",
       [](CallContext&, std::span<Value> args) { return Value::of_bool(data::is_columnar(args[0])); },
       "Whether X is a tuple that is a column of rows: in tables, and by setColumnarTuple!.",
       "isColumnarTuple(table([1 2, 3 4] as v).v)", "true"});
  row({"join", "X, Y", [](CallContext&, std::span<Value> args) { return join(args[0], args[1]); },
       "Y after X; a column to a matrix; tables side by side.", "join(1 2, 3)", "[1,2,3]"});
}

}  // namespace pelorus::functions
