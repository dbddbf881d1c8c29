// join(X, Y), the operator <-.

#include <numeric>

#include "functions/append.h"
#include "functions/elementwise.h"

namespace pelorus::functions {
namespace {

using data::Matrix;
using data::Table;

Value join_matrix(const Matrix& left, const Value& right) {
  auto elements = elements_of(right);
  if (!elements) usage_error("join", "A matrix can be joined with a matrix or a column.");
  const size_t rows = right.is_matrix() ? right.matrix().rows : (*elements)->size();
  if (rows != left.rows) refuse_lengths("join", left.rows, rows);
  const Type type = data::common_type(left.values.type(), (*elements)->type());
  if (type == Type::kAny) usage_error("join", "Columns must hold values of one type.");
  const int scale = std::max(left.values.scale(), (*elements)->scale());
  Matrix result = left;
  result.values = *converted("join", Shared<Vector>(left.values), type, scale);
  result.values.append(*converted("join", *elements, type, scale));
  result.columns = left.rows == 0 ? left.columns : result.values.size() / left.rows;
  if (result.column_labels && right.is_matrix() && right.matrix().column_labels) {
    auto labels = **result.column_labels;
    labels.append(*converted("join", *right.matrix().column_labels, labels.type()));
    result.column_labels = Shared<Vector>(std::move(labels));
  } else {
    result.column_labels.reset();
  }
  return result;
}

Value join_tables(const Table& left, const Table& right) {
  if (left.rows() != right.rows()) refuse_lengths("join", left.rows(), right.rows());
  Table result = left;
  for (size_t c = 0; c < right.columns(); ++c) result.set_column(right.names()[c], right.column_shared(c));
  return result;
}

Value join_tuples(const Value& x, const Value& y) {
  std::vector<Value> parts;
  for (const auto* side : {&x, &y}) {
    if (side->is_vector()) {
      for (size_t i = 0; i < side->vector().size(); ++i) parts.push_back(side->vector().at(i));
    } else {
      parts.push_back(*side);
    }
  }
  return Vector::tuple(std::move(parts));
}

}  // namespace

Value join(const Value& x, const Value& y) {
  if (x.is_matrix()) return join_matrix(x.matrix(), y);
  if (x.is_table() && y.is_table()) return join_tables(table_argument("join", x), table_argument("join", y));
  if (x.is_tuple() || y.is_tuple()) return join_tuples(x, y);
  const auto left = elements_of(x), right = elements_of(y);
  if (!left || !right) return join_tuples(x, y);
  if ((*left)->is_array() || (*right)->is_array()) {
    if (!(*left)->is_array() || !(*right)->is_array() || (*left)->type() != (*right)->type())
      usage_error("join", "Both must be array vectors of one type.");
    Vector result = **left;
    result.append(**right);
    return result;
  }
  const Type type = data::common_type((*left)->type(), (*right)->type());
  if (type == Type::kAny || type == Type::kVoid || type == Type::kDuration) return join_tuples(x, y);
  const int scale = std::max((*left)->scale(), (*right)->scale());
  const bool keep_symbol = (*left)->type() == Type::kSymbol;
  Vector result = *converted("join", *left, keep_symbol ? Type::kSymbol : type, scale);
  result.append(*converted("join", *right, result.type(), scale));
  return result;
}

}  // namespace pelorus::functions
