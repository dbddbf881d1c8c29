#include <algorithm>
#include <optional>

#include "functions/lift.h"
#include "data/columnar.h"
#include "functions/decimals/decimal_arithmetic.h"
#include "kernels/arithmetic.h"
#include "kernels/widen.h"
#include "types/representation.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using data::Dictionary;
using data::Matrix;
using data::Table;
using types::Repr;

/// A side of one run of a kernel: a vector, or a scalar for all rows.
struct Side {
  std::optional<Shared<Vector>> vector;
  Scalar scalar;

  Type type() const { return vector ? (*vector)->type() : scalar.type(); }
  Element element() const { return {type(), vector ? (*vector)->scale() : scalar.scale()}; }
  bool is_text() const { return types::is_literal(type()); }
};

bool needs_conversion(Element from, Element to) {
  if (from.type == to.type) return from.scale != to.scale;
  const auto plain = [](Type type) { return types::is_numeric(type) && !types::is_decimal(type); };
  if (to.type == Type::kBool) return true;
  if (plain(from.type) && plain(to.type)) return false;
  const auto whole = [](Type type) {
    return types::is_temporal(type) || types::is_integral(type) || type == Type::kBool;
  };
  if (whole(from.type) && whole(to.type)) return types::is_temporal(from.type) && types::is_temporal(to.type);
  if (types::is_decimal(from.type) && types::is_decimal(to.type)) return from.scale != to.scale;
  return true;
}

Side convert_side(std::string_view function, Side side, Element to) {
  if (!needs_conversion(side.element(), to)) return side;
  if (side.vector) {
    side.vector = converted(function, *side.vector, to.type, to.scale);
    return side;
  }
  auto scalar = data::convert(side.scalar, to.type, to.scale);
  if (!scalar) {
    throw ScriptError(std::string(function) + ": can't convert " + std::string(types::name_of(side.scalar.type())) +
                      " to " + std::string(types::name_of(to.type)) + ".");
  }
  side.scalar = *scalar;
  return side;
}

struct Payload {
  alignas(16) unsigned char bytes[16] = {};
};
Payload payload_of(const Scalar& scalar) {
  Payload payload;
  types::visit_fixed(scalar.repr(), [&]<class T>() {
    const T value = scalar.get<T>();
    std::memcpy(payload.bytes, &value, sizeof value);
  });
  return payload;
}

const void* values_of(const Vector& vector) {
  return types::visit_fixed(vector.repr(), [&]<class T>() -> const void* { return vector.values<T>().data(); });
}
void* places_of(Vector& vector) {
  return types::visit_fixed(vector.repr(), [&]<class T>() -> void* { return vector.edit<T>().data(); });
}

/// NULL alone takes the other side's type.
void type_void(Side& side, const Side& other) {
  if (side.type() != Type::kVoid) return;
  const auto element = other.element();
  const Type type = element.type == Type::kVoid ? Type::kInt : element.type;
  side.vector.reset();
  side.scalar = Scalar::null_of(type, element.scale);
}

Vector run_elements(const BinaryOperation& operation, const BinaryTypes& types, const Side& left, const Side& right,
                    size_t rows) {
  if (operation.elements == nullptr) {
    throw ScriptError("The function [" + std::string(operation.name) + "] does not support " +
                      std::string(types::name_of(types.left.type)) + ".");
  }
  Vector result(types.result.type, 0, types.result.scale);
  result.reserve(rows);
  for (size_t i = 0; i < rows; ++i) {
    const auto value = operation.elements(left.vector ? (*left.vector)->scalar_at(i) : left.scalar,
                                          right.vector ? (*right.vector)->scalar_at(i) : right.scalar);
    result.push_back(value);
  }
  return result;
}

void run_kernel(const BinaryOperation& operation, const BinaryTypes& types, const Side& left, const Side& right,
                void* out, size_t rows) {
  const auto kernel = (*operation.kernels)[static_cast<size_t>(types.compute)];
  if (kernel == nullptr) {
    throw ScriptError("The function [" + std::string(operation.name) + "] does not support " +
                      std::string(types::name_of(types.left.type)) + " and " +
                      std::string(types::name_of(types.right.type)) + ".");
  }
  const Payload left_payload = left.vector ? Payload() : payload_of(left.scalar);
  const Payload right_payload = right.vector ? Payload() : payload_of(right.scalar);
  const auto repr_of_side = [](const Side& side) { return types::repr_of(side.type()); };
  kernels::run_mixed(kernel,
                     {.left = repr_of_side(left),
                      .right = repr_of_side(right),
                      .compute = types.compute,
                      .produced = types.produced,
                      .result = types::repr_of(types.result.type)},
                     {left.vector ? values_of(**left.vector) : left_payload.bytes, !left.vector},
                     {right.vector ? values_of(**right.vector) : right_payload.bytes, !right.vector}, out, rows);
  if (types.wrap == 0) return;
  if (types::repr_of(types.result.type) == Repr::kI32) {
    kernels::wrap_modulo(static_cast<int32_t*>(out), rows, static_cast<int32_t>(types.wrap));
  } else {
    kernels::wrap_modulo(static_cast<int64_t*>(out), rows, types.wrap);
  }
}

TextLane text_lane(const Side& side) {
  if (side.vector) return {.vector = side.vector->get()};
  return {.single = side.scalar.is_text() ? side.scalar.text() : std::string()};
}

bool both_text(const Side& left, const Side& right) {
  const auto text_or_void = [](const Side& side) { return side.is_text() || side.type() == Type::kVoid; };
  return (left.is_text() || right.is_text()) && text_or_void(left) && text_or_void(right);
}

DecimalLane decimal_lane(const Side& side) {
  if (side.vector) return {.vector = side.vector->get()};
  return {.scalar = &side.scalar};
}

/// Two lanes of `rows` rows (or two scalars, rows == 1) into a vector.
Vector combine(const BinaryOperation& operation, Side left, Side right, size_t rows) {
  if (left.type() == Type::kVoid && left.vector) left = {.scalar = Scalar()};
  if (right.type() == Type::kVoid && right.vector) right = {.scalar = Scalar()};
  if (operation.text != nullptr && both_text(left, right))
    return operation.text(text_lane(left), text_lane(right), rows);
  type_void(left, right);
  type_void(right, left);
  const auto types = operation.types(operation.name, left.element(), right.element());
  if (is_decimal_arithmetic(operation.name, types))
    return decimal_result(operation.name, types, decimal_lane(left), decimal_lane(right), rows);
  left = convert_side(operation.name, std::move(left), types.left);
  right = convert_side(operation.name, std::move(right), types.right);
  if (types.by_element) return run_elements(operation, types, left, right, rows);
  Vector result(types.result.type, rows, types.result.scale);
  run_kernel(operation, types, left, right, places_of(result), rows);
  return result;
}

Value combine_scalars(const BinaryOperation& operation, const Scalar& x, const Scalar& y) {
  const bool nulls = x.type() == Type::kVoid && y.type() == Type::kVoid;
  Side left{.scalar = x}, right{.scalar = y};
  if (operation.text != nullptr && both_text(left, right)) return combine(operation, left, right, 1).at(0);
  type_void(left, right);
  type_void(right, left);
  const auto types = operation.types(operation.name, left.element(), right.element());
  if (nulls && types.result.type != Type::kBool) return Value::null();
  if (is_decimal_arithmetic(operation.name, types))
    return decimal_result(operation.name, types, decimal_lane(left), decimal_lane(right), 1).at(0);
  left = convert_side(operation.name, std::move(left), types.left);
  right = convert_side(operation.name, std::move(right), types.right);
  if (types.by_element) return run_elements(operation, types, left, right, 1).at(0);
  Payload out;
  run_kernel(operation, types, left, right, out.bytes, 1);
  return types::visit_fixed(types::repr_of(types.result.type), [&]<class T>() -> Value {
    T value;
    std::memcpy(&value, out.bytes, sizeof value);
    return Scalar::of<T>(types.result.type, value, types.result.scale);
  });
}

Side side_of(std::string_view function, const Value& value) {
  if (value.is_scalar()) return {.scalar = value.scalar()};
  if (value.is_missing()) return {};
  if (value.is_vector()) return {.vector = value.vector_shared()};
  throw ScriptError("The function [" + std::string(function) + "] does not accept " + value.type_text() + " here.");
}

/// Scalars, and vectors of single elements.
Value combine_vectors(const BinaryOperation& operation, const Value& left, const Value& right) {
  const auto l = side_of(operation.name, left);
  const auto r = side_of(operation.name, right);
  if (!l.vector && !r.vector) return combine_scalars(operation, l.scalar, r.scalar);
  const size_t rows = l.vector ? (*l.vector)->size() : (*r.vector)->size();
  if (l.vector && r.vector && (*l.vector)->size() != (*r.vector)->size()) {
    refuse_lengths(operation.name, (*l.vector)->size(), (*r.vector)->size());
  }
  return combine(operation, l, r, rows);
}

/// Element-wise over tuples; the other side is a tuple or vector of the same length, or repeats.
Value combine_tuples(const BinaryOperation& operation, const Value& left, const Value& right) {
  const auto is_list = [](const Value& v) { return v.is_vector(); };
  const size_t rows = left.is_tuple() ? left.vector().size() : right.vector().size();
  const auto pick = [&](const Value& side, size_t i) {
    if (!is_list(side)) return side;
    if (side.vector().size() != rows) refuse_lengths(operation.name, rows, side.vector().size());
    return side.vector().at(i);
  };
  std::vector<Value> parts;
  parts.reserve(rows);
  for (size_t i = 0; i < rows; ++i) parts.push_back(lift_binary(operation, pick(left, i), pick(right, i)));
  return data::like_columnar(Vector::tuple(std::move(parts)), data::is_columnar(left) || data::is_columnar(right));
}

/// Array vectors: rows of the same lengths pairwise, or one scalar per row, or one scalar.
Value combine_arrays(const BinaryOperation& operation, const Value& left, const Value& right) {
  const Value& shape = left.is_vector() && left.vector().is_array() ? left : right;
  const auto& array = shape.vector();
  const auto flat_side = [&](const Value& side) -> Value {
    if (side.is_scalar()) return side;
    if (!side.is_vector())
      throw ScriptError("The function [" + std::string(operation.name) + "] does not accept an array vector and " +
                        side.type_text() + ".");
    if (side.vector().is_array()) {
      if (!std::ranges::equal(side.vector().ends(), array.ends())) {
        throw ScriptError("The function [" + std::string(operation.name) + "] needs array vectors of the same shape.");
      }
      return side.vector().flat_shared();
    }
    if (side.vector().size() != array.size()) refuse_lengths(operation.name, array.size(), side.vector().size());
    Buffer<int64_t> rows;
    rows.reserve(array.flat().size());
    int64_t from = 0;
    for (size_t row = 0; row < array.size(); ++row) {
      for (int64_t at = from; at < array.ends()[row]; ++at) rows.push_back(static_cast<int64_t>(row));
      from = array.ends()[row];
    }
    return side.vector().take(rows);
  };
  const Value flat = combine_vectors(operation, flat_side(left), flat_side(right));
  return Vector::array(flat.vector_shared(), Buffer<int64_t>(array.ends().begin(), array.ends().end()));
}

Value matrix_like(const Matrix& shape, Vector values) {
  Matrix result = shape;
  result.values = std::move(values);
  return result;
}

/// Positions of the union of two label lists, left order first, then what only the right has; sorted if both are.
struct Alignment {
  Buffer<int64_t> left;
  Buffer<int64_t> right;
  Vector labels;
};
Alignment align_labels(const Vector& left, const Vector& right) {
  data::KeyIndex right_index;
  for (size_t i = 0; i < right.size(); ++i) right_index.add(right.scalar_at(i), static_cast<int64_t>(i));
  struct Row {
    Scalar label;
    int64_t left;
    int64_t right;
  };
  std::vector<Row> rows;
  data::KeyIndex seen;
  for (size_t i = 0; i < left.size(); ++i) {
    const auto label = left.scalar_at(i);
    seen.add(label, static_cast<int64_t>(i));
    rows.push_back({label, static_cast<int64_t>(i), right_index.find(label)});
  }
  for (size_t i = 0; i < right.size(); ++i) {
    const auto label = right.scalar_at(i);
    if (seen.find(label) < 0) rows.push_back({label, -1, static_cast<int64_t>(i)});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return types::compare(a.label, b.label) < 0; });
  Alignment alignment{{}, {}, Vector(left.type())};
  for (const auto& row : rows) {
    alignment.left.push_back(row.left < 0 ? INT64_MAX : row.left);
    alignment.right.push_back(row.right < 0 ? INT64_MAX : row.right);
    alignment.labels.push_back(row.label);
  }
  return alignment;
}

Matrix pick(const Matrix& m, std::span<const int64_t> rows, std::span<const int64_t> columns) {
  Buffer<int64_t> cells;
  cells.reserve(rows.size() * columns.size());
  for (const auto column : columns) {
    for (const auto row : rows) {
      const bool outside = column == INT64_MAX || row == INT64_MAX;
      cells.push_back(outside ? INT64_MAX : column * static_cast<int64_t>(m.rows) + row);
    }
  }
  Matrix result = m;
  result.values = m.values.take(cells);
  result.rows = rows.size();
  result.columns = columns.size();
  return result;
}

Buffer<int64_t> all_of(size_t count) {
  Buffer<int64_t> positions(count);
  for (size_t i = 0; i < count; ++i) positions[i] = static_cast<int64_t>(i);
  return positions;
}

/// Indexed series align rows, indexed matrices rows and columns, missing cells null.
bool align(Matrix& left, Matrix& right) {
  const bool by_label =
      (left.is_indexed_series || left.is_indexed_matrix) && (right.is_indexed_series || right.is_indexed_matrix);
  if (!by_label || !left.row_labels || !right.row_labels) return false;
  const auto rows = align_labels(**left.row_labels, **right.row_labels);
  auto left_columns = all_of(left.columns), right_columns = all_of(right.columns);
  std::optional<Shared<Vector>> labels = left.column_labels;
  if (left.is_indexed_matrix && right.is_indexed_matrix && left.column_labels && right.column_labels) {
    auto columns = align_labels(**left.column_labels, **right.column_labels);
    left_columns = columns.left;
    right_columns = columns.right;
    labels = Shared<Vector>(std::move(columns.labels));
  }
  left = pick(left, rows.left, left_columns);
  right = pick(right, rows.right, right_columns);
  left.row_labels = right.row_labels = Shared<Vector>(rows.labels);
  left.column_labels = right.column_labels = labels;
  return true;
}

Value combine_matrices(const BinaryOperation& operation, const Value& left, const Value& right) {
  if (left.is_matrix() && right.is_matrix()) {
    Matrix l = left.matrix(), r = right.matrix();
    align(l, r);
    const bool series = l.rows == r.rows && (l.columns == 1 || r.columns == 1);
    if (l.rows != r.rows || (l.columns != r.columns && !series)) {
      throw ScriptError("The function [" + std::string(operation.name) + "] needs matrices of the same shape, not " +
                        std::to_string(l.rows) + "x" + std::to_string(l.columns) + " and " + std::to_string(r.rows) +
                        "x" + std::to_string(r.columns) + ".");
    }
    if (l.columns != r.columns) {
      const auto& wide = l.columns > r.columns ? l : r;
      const Buffer<int64_t> repeated(wide.columns, 0);
      auto& narrow = l.columns > r.columns ? r : l;
      narrow.values = pick(narrow, all_of(narrow.rows), repeated).values;
      return matrix_like(wide, combine_vectors(operation, Vector(l.values), Vector(r.values)).vector());
    }
    return matrix_like(l, combine_vectors(operation, l.values, r.values).vector());
  }
  const bool matrix_left = left.is_matrix();
  const auto& matrix = matrix_left ? left.matrix() : right.matrix();
  Value other = matrix_left ? right : left;
  if (other.is_vector()) {
    if (other.vector().is_array())
      throw ScriptError("The function [" + std::string(operation.name) +
                        "] can't combine a matrix and an array vector.");
    if (other.vector().size() != matrix.rows) refuse_lengths(operation.name, matrix.rows, other.vector().size());
    Buffer<int64_t> rows(matrix.values.size());
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i % matrix.rows);
    other = other.vector().take(rows);
  }
  const Value values = matrix.values;
  return matrix_like(matrix,
                     combine_vectors(operation, matrix_left ? values : other, matrix_left ? other : values).vector());
}

bool takes_arithmetic(const Vector& column) {
  return types::is_numeric(column.type()) || types::is_temporal(column.type());
}

Value combine_tables(const BinaryOperation& operation, const Value& left, const Value& right) {
  const bool table_left = left.is_plain_table();
  const auto& shape = table_left ? left.table() : right.table();
  if (left.is_plain_table() && right.is_plain_table() && right.table().columns() != shape.columns()) {
    throw ScriptError("The function [" + std::string(operation.name) +
                      "] needs tables with as many columns on both sides.");
  }
  std::vector<std::string> names = shape.names();
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < shape.columns(); ++c) {
    const auto side = [&](const Value& v) { return v.is_plain_table() ? Value(v.table().column_shared(c)) : v; };
    const bool compares =
        types::is_literal(shape.column(c).type()) && !(side(table_left ? right : left).type() == Type::kString);
    if (compares && !takes_arithmetic(shape.column(c))) {
      columns.push_back(shape.column_shared(c));
      continue;
    }
    const Value result = lift_binary(operation, side(left), side(right));
    if (!result.is_vector() || result.vector().size() != shape.rows())
      refuse_lengths(operation.name, shape.rows(), data::size_of(result));
    columns.push_back(result.vector_shared());
  }
  return Table(std::move(names), std::move(columns));
}

Value combine_dictionaries(const BinaryOperation& operation, const Value& left, const Value& right) {
  if (left.is_dictionary() && right.is_dictionary()) {
    const auto& l = left.dictionary();
    const auto& r = right.dictionary();
    std::vector<Value> values;
    Vector keys = l.keys();
    for (size_t i = 0; i < l.size(); ++i)
      values.push_back(lift_binary(operation, l.values().at(i), r.get(l.keys().scalar_at(i))));
    for (size_t i = 0; i < r.size(); ++i) {
      const auto key = r.keys().scalar_at(i);
      if (l.find(key) >= 0) continue;
      keys.push_back(key);
      values.push_back(lift_binary(operation, l.get(key), r.values().at(i)));
    }
    return Dictionary(keys, vector_of(std::move(values)), l.ordered());
  }
  const auto& shape = left.is_dictionary() ? left.dictionary() : right.dictionary();
  const auto side = [](const Value& v) { return v.is_dictionary() ? Value(v.dictionary().values()) : v; };
  const Value values = lift_binary(operation, side(left), side(right));
  if (values.vector().size() != shape.size()) refuse_lengths(operation.name, shape.size(), values.vector().size());
  return Dictionary(shape.keys(), values.vector(), shape.ordered());
}

Value combine_pairs(const BinaryOperation& operation, const Value& left, const Value& right) {
  const auto side = [](const Value& v) { return v.is_pair() ? Value(v.pair().elements) : v; };
  const Value result = combine_vectors(operation, side(left), side(right));
  if ((left.is_vector() || right.is_vector())) return result;
  return data::Pair{result.vector()};
}

Value combine_sets(const BinaryOperation& operation, const Value& left, const Value& right) {
  if (operation.sets == nullptr)
    throw ScriptError("The function [" + std::string(operation.name) + "] does not support sets.");
  const auto as_set = [&](const Value& v) -> data::Set {
    if (v.is_set()) return v.set();
    auto elements = elements_of(v);
    if (!elements || !v.is_scalar())
      throw ScriptError("The function [" + std::string(operation.name) + "] needs sets on both sides.");
    return data::Set(**elements);
  };
  const auto l = as_set(left), r = as_set(right);
  if (l.type() != r.type() && data::common_type(l.type(), r.type()) == Type::kAny)
    throw ScriptError("The function [" + std::string(operation.name) + "] needs sets of one type, not " +
                      std::string(types::name_of(l.type())) + " and " + std::string(types::name_of(r.type())) + ".");
  return operation.sets(l, r);
}

}  // namespace

void refuse_lengths(std::string_view function, size_t left, size_t right) {
  throw ScriptError("The function [" + std::string(function) + "] needs operands of the same length, not " +
                    std::to_string(left) + " and " + std::to_string(right) + ".");
}

Value lift_binary(const BinaryOperation& operation, const Value& left, const Value& right) {
  const auto either = [&](auto&& holds) { return holds(left) || holds(right); };
  if (left.is_scalar() && right.is_scalar()) return combine_scalars(operation, left.scalar(), right.scalar());
  if (either([](const Value& v) { return v.is_table_object(); })) {
    const auto plain = [&](const Value& v) {
      return v.is_table_object() ? Value(table_argument(operation.name, v)) : v;
    };
    return lift_binary(operation, plain(left), plain(right));
  }
  if (either([](const Value& v) { return v.is_set(); })) return combine_sets(operation, left, right);
  if (either([](const Value& v) { return v.is_plain_table(); })) return combine_tables(operation, left, right);
  if (either([](const Value& v) { return v.is_dictionary(); })) return combine_dictionaries(operation, left, right);
  if (either([](const Value& v) { return v.is_tuple(); })) return combine_tuples(operation, left, right);
  if (either([](const Value& v) { return v.is_matrix(); })) return combine_matrices(operation, left, right);
  if (either([](const Value& v) { return v.is_vector() && v.vector().is_array(); })) {
    return combine_arrays(operation, left, right);
  }
  if (either([](const Value& v) { return v.is_pair(); })) return combine_pairs(operation, left, right);
  return combine_vectors(operation, left, right);
}

}  // namespace pelorus::functions
