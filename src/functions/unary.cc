#include "functions/unary.h"

#include "kernels/widen.h"

namespace pelorus::functions {

Vector run_unary(const kernels::UnaryRow& row, const Vector& vector, Type type, types::Repr produced) {
  auto compute = vector.repr();
  if (row[static_cast<size_t>(compute)] == nullptr) compute = compute_repr(compute);
  if (row[static_cast<size_t>(compute)] == nullptr) compute = types::Repr::kF64;
  Vector result(type, vector.size(), types::is_decimal(type) ? vector.scale() : 0);
  types::visit_fixed(vector.repr(), [&]<class T>() {
    types::visit_fixed(result.repr(), [&]<class R>() {
      kernels::run_mixed(row[static_cast<size_t>(compute)], vector.repr(), compute, produced, result.repr(),
                         vector.values<T>().data(), result.edit<R>().data(), vector.size());
    });
  });
  return result;
}

Value map_same_type(std::string_view function, const Value& x, const kernels::UnaryRow& row) {
  return lift_map(function, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (!types::is_numeric(vector->type()))
      usage_error(function, "X must be numeric, not " + std::string(types::name_of(vector->type())) + ".");
    const Type type = vector->type() == Type::kBool ? Type::kInt : vector->type();
    return run_unary(row, *vector, type, compute_repr(vector->repr()));
  });
}

Value map_double(std::string_view function, const Value& x, const kernels::UnaryRow& row) {
  return lift_map(function, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    if (!types::is_numeric(vector->type()))
      usage_error(function, "X must be numeric, not " + std::string(types::name_of(vector->type())) + ".");
    if (types::is_decimal(vector->type())) {
      return run_unary(row, *converted(function, vector, Type::kDouble), Type::kDouble, types::Repr::kF64);
    }
    return run_unary(row, *vector, Type::kDouble, types::Repr::kF64);
  });
}

}  // namespace pelorus::functions
