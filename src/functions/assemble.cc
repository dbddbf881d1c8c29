#include "functions/assemble.h"

#include "data/convert.h"

namespace pelorus::functions {
namespace {

using data::Dictionary;
using data::Matrix;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

bool may_be_element(const Value& value) { return value.is_scalar() && value.type() != Type::kDuration; }

/// kVoid when there is no common type (also when everything is VOID).
Type common_element_type(const std::vector<Value>& parts, int* scale) {
  Type type = Type::kVoid;
  *scale = 0;
  for (const auto& part : parts) {
    if (!may_be_element(part)) return Type::kVoid;
    const auto& scalar = part.scalar();
    if (scalar.type() == Type::kVoid) continue;
    if (type == Type::kVoid) {
      type = scalar.type();
      *scale = scalar.scale();
    } else if (type != scalar.type()) {
      type = data::common_type(type, scalar.type());
    }
    if (type == Type::kAny) return Type::kVoid;
    if (types::is_decimal(type) && scalar.scale() != *scale) return Type::kVoid;
  }
  return type;
}

/// Vectors of one length and one plain type become columns.
bool make_matrix(const std::vector<Value>& parts, Value* result) {
  const Vector& first = parts[0].vector();
  if (first.is_tuple() || first.is_array()) return false;
  Vector values(first.type(), 0, first.scale());
  for (const auto& part : parts) {
    if (!part.is_vector() || part.vector().type() != first.type() || part.vector().is_array() ||
        part.vector().size() != first.size() || part.vector().scale() != first.scale()) {
      return false;
    }
  }
  for (const auto& part : parts) values.append(part.vector());
  Matrix matrix;
  matrix.rows = first.size();
  matrix.columns = parts.size();
  matrix.values = std::move(values);
  *result = Value(std::move(matrix));
  return true;
}

/// Dictionaries with the same text keys become rows.
bool make_table(const std::vector<Value>& parts, Value* result) {
  const Dictionary& first = parts[0].dictionary();
  if (!types::is_literal(first.key_type()) || first.size() == 0) return false;
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t k = 0; k < first.size(); ++k) {
    const auto key = first.keys().scalar_at(k);
    std::vector<Value> cells;
    for (const auto& part : parts) {
      if (!part.is_dictionary() || part.dictionary().size() != first.size()) return false;
      if (part.dictionary().find(key) < 0) return false;
      cells.push_back(part.dictionary().get(key));
    }
    Value column = vector_or_tuple(std::move(cells));
    names.push_back(key.text());
    columns.push_back(column.vector_shared());
  }
  *result = Value(Table(std::move(names), std::move(columns)));
  return true;
}

}  // namespace

Value vector_or_tuple(std::vector<Value> parts) {
  int scale = 0;
  const Type type = common_element_type(parts, &scale);
  if (type == Type::kVoid || parts.empty()) return Vector::tuple(std::move(parts));
  Vector vector(type, 0, scale);
  vector.reserve(parts.size());
  for (const auto& part : parts) {
    if (!vector.push_back(part)) return Vector::tuple(std::move(parts));
  }
  return vector;
}

Value assemble(std::vector<Value> parts) {
  if (parts.empty()) return Vector::tuple({});
  Value result;
  if (parts[0].is_vector() && make_matrix(parts, &result)) return result;
  if (parts[0].is_dictionary() && make_table(parts, &result)) return result;
  return vector_or_tuple(std::move(parts));
}

Vector picked_rows(const Vector& x, data::Buffer<int64_t> picks, data::Buffer<int64_t> ends) {
  if (!x.is_array() && !x.is_tuple() && !types::is_literal(x.type()))
    return Vector::array(Shared<Vector>(x.take(picks)), std::move(ends));
  std::vector<Value> rows;
  size_t begin = 0;
  for (const auto end : ends) {
    const auto row = std::span(picks).subspan(begin, static_cast<size_t>(end) - begin);
    rows.emplace_back(x.take(data::Buffer<int64_t>(row.begin(), row.end())));
    begin = static_cast<size_t>(end);
  }
  return Vector::tuple(std::move(rows));
}

}  // namespace pelorus::functions
