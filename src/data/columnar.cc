#include "data/columnar.h"

namespace pelorus::data {

bool can_be_columnar(const Vector& tuple) {
  if (!tuple.is_tuple()) return false;
  Type type = Type::kVoid;
  bool has_vector = false;
  for (const auto& row : tuple.values_any()) {
    if (!row.is_scalar() && !(row.is_vector() && !row.vector().is_array())) return false;
    has_vector = has_vector || row.is_vector();
    if (row.type() == Type::kVoid) continue;
    if (row.type() == Type::kAny || (type != Type::kVoid && row.type() != type)) return false;
    type = row.type();
  }
  return has_vector && type != Type::kVoid;
}

Vector marked_columnar(const Vector& tuple, bool on) {
  Vector marked(Type::kAny, 0, on ? kColumnarScale : 0);
  const auto values = tuple.values_any();
  marked.edit_any().assign(values.begin(), values.end());
  return marked;
}

Vector like_columnar(Vector tuple, bool wanted) {
  if (!wanted || !can_be_columnar(tuple)) return tuple;
  return marked_columnar(tuple, true);
}

Shared<Vector> row_vector(const Vector& rows, size_t i) {
  const Value row = rows.at(i);
  if (row.is_vector()) return row.vector_shared();
  return row.is_void() ? Shared<Vector>(Vector(Type::kVoid)) : Shared<Vector>(Vector::filled(row.scalar(), 1));
}

}  // namespace pelorus::data
