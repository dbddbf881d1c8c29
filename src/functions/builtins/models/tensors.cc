// tensor: vectors, matrices, tables and tuples of them as numbers in several dimensions.

#include <algorithm>

#include "data/tensor.h"
#include "functions/arguments.h"
#include "functions/builtins/models/register_models.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr size_t kDimensionsMax = 10;

using Shape = std::vector<int64_t>;

/// The numbers of one value, last dimension fastest.
struct Part {
  Vector elements;
  Shape shape;
};

[[noreturn]] void refuse(std::string_view why) { usage_error("tensor", why); }

bool is_element_type(Type type) {
  return type == Type::kBool || type == Type::kChar || type == Type::kShort || type == Type::kInt ||
         type == Type::kLong || type == Type::kFloat || type == Type::kDouble;
}

const Vector& checked(const Vector& vector) {
  if (vector.is_array() || !is_element_type(vector.type()))
    refuse("X must hold BOOL, CHAR, SHORT, INT, LONG, FLOAT or DOUBLE.");
  return vector;
}

/// Columns of equal length side by side: rows first. Columns of unlike numbers become DOUBLE.
Part of_columns(const std::vector<Shared<Vector>>& columns) {
  if (columns.empty()) refuse("X must not be empty.");
  Type type = columns[0]->type();
  for (const auto& column : columns) {
    checked(*column);
    if (column->size() != columns[0]->size()) refuse("the vectors of X must be of equal length.");
    if (column->type() != type) type = Type::kDouble;
  }
  std::vector<Shared<Vector>> alike;
  for (const auto& column : columns) alike.push_back(converted("tensor", column, type));
  const size_t rows = columns[0]->size();
  Vector elements(type, rows * columns.size());
  types::visit_fixed(elements.repr(), [&]<class T>() {
    auto& out = elements.edit<T>();
    for (size_t c = 0; c < alike.size(); ++c) {
      const auto values = alike[c]->values<T>();
      for (size_t r = 0; r < rows; ++r) out[r * alike.size() + c] = values[r];
    }
  });
  return {std::move(elements), {static_cast<int64_t>(rows), static_cast<int64_t>(columns.size())}};
}

Part part_of(const Value& x, size_t depth);

/// Equal parts behind one another.
Part of_parts(std::span<const Value> values, size_t depth) {
  if (values.empty()) refuse("X must not be empty.");
  Part all = part_of(values[0], depth + 1);
  for (const auto& value : values.subspan(1)) {
    const Part next = part_of(value, depth + 1);
    if (next.shape != all.shape || next.elements.type() != all.elements.type())
      refuse("the parts of X must be of one shape and type.");
    all.elements.append(next.elements);
  }
  all.shape.insert(all.shape.begin(), static_cast<int64_t>(values.size()));
  if (all.shape.size() > kDimensionsMax) refuse("X must have 10 dimensions at most.");
  return all;
}

Part part_of(const Value& x, size_t depth) {
  if (depth > kDimensionsMax) refuse("X must have 10 dimensions at most.");
  if (x.is_scalar()) return {checked(vector_of({x})), {1}};
  if (x.is_matrix()) {
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < x.matrix().columns; ++c) columns.emplace_back(x.matrix().column(c));
    return of_columns(columns);
  }
  if (x.is_table()) {
    const auto table = table_argument("tensor", x);
    std::vector<Shared<Vector>> columns;
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
    return of_columns(columns);
  }
  if (x.is_tuple()) {
    const auto values = x.vector().values_any();
    const bool are_columns =
        std::all_of(values.begin(), values.end(), [](const Value& v) { return v.is_vector() && !v.is_tuple(); });
    if (!are_columns) return of_parts(values, depth);
    std::vector<Shared<Vector>> columns;
    for (const auto& value : values) columns.push_back(value.vector_shared());
    return of_columns(columns);
  }
  if (!x.is_vector()) refuse("X must be a scalar, vector, matrix, table or a tuple of them.");
  return {checked(x.vector()), {static_cast<int64_t>(x.vector().size())}};
}

Value tensor(CallContext&, std::span<Value> args) {
  auto part = part_of(args[0], 0);
  return data::HandleRef(std::make_shared<data::Tensor>(std::move(part.elements), std::move(part.shape)));
}

}  // namespace

void register_tensors(Registry& registry) {
  declare(registry, "types", Nature::kWhole,
          {.name = "tensor",
           .parameters = "X",
           .run = tensor,
           .summary = "Numbers in one to ten dimensions for programs that compute with them: a matrix, a table or a "
                      "tuple of columns gives rows by columns, other tuples add a dimension before those of their "
                      "members.",
           .example = "string(tensor(1..6$2:3))",
           .result = "\"tensor<int[2][3]>:\\n0: int[3] [1, 3, 5]\\n1: int[3] [2, 4, 6]\"",
           .nulls = "A null keeps its place as the type's null."});
}

}  // namespace pelorus::functions
