#pragma once
// The only code that knows forms: carries element-wise, vector and aggregate functions over scalars, vectors, pairs,
// matrices, tables, dictionaries, sets, array vectors and tuples, and puts the form back around the result.

#include <functional>
#include <string_view>

#include "data/value.h"
#include "functions/arguments.h"
#include "functions/type_rules.h"
#include "kernels/elementwise.h"

namespace pelorus::functions {

/// One side of a text operation.
struct TextLane {
  const Vector* vector = nullptr;  // STRING, SYMBOL or BLOB; null: `single` for all rows
  std::string single;

  const std::string& at(size_t row) const { return vector != nullptr ? vector->text_at(row) : single; }
};

/// An element-wise function of two arguments.
struct BinaryOperation {
  std::string_view name;
  BinaryRule types;
  const kernels::KernelRow* kernels;
  /// When both sides are text (VOID counts as ""); null: text is refused by the type rule.
  Vector (*text)(const TextLane& left, const TextLane& right, size_t rows) = nullptr;
  /// When both sides are sets; null: refused.
  Value (*sets)(const data::Set& left, const data::Set& right) = nullptr;
  /// For types without a kernel: operands already of the rule's types.
  Scalar (*elements)(const Scalar& left, const Scalar& right) = nullptr;
};

/// Broadcasting: scalars repeat; a vector meets every column of a matrix or table; an array vector takes one scalar per
/// row; dictionaries match by key; tuples recurse. ScriptError when lengths or types do not fit.
Value lift_binary(const BinaryOperation& operation, const Value& left, const Value& right);

/// How a vector function meets what is more than one vector.
enum class Spread : uint8_t {
  kElements,  // position does not matter: matrices whole, array vectors through their flat values
  kSeries,    // order matters: matrices by column, array vectors by row
};
using VectorFunction = std::function<Vector(const Shared<Vector>&)>;

/// Applies a function that keeps the length. Scalars become vectors of one and back; VOID stays VOID; tables: every
/// column of a numeric or temporal type, others unchanged; dictionaries: their values; tuples recurse.
Value lift_map(std::string_view function, const Value& x, Spread spread, const VectorFunction& map);
/// The same with text columns and VOID included (isNull, string, upper).
Value lift_map_any(const Value& x, Spread spread, const VectorFunction& map);
/// Two arguments in step, of which the second may be a scalar that repeats: mcorr, mwavg, rank-like pairs.
using VectorFunction2 = std::function<Vector(const Shared<Vector>&, const Shared<Vector>&)>;
Value lift_map2(std::string_view function, const Value& x, const Value& y, const VectorFunction2& map);

using Reduction = std::function<Value(const Shared<Vector>&)>;
/// Reduces a vector to a scalar; matrices and tables by column, array vectors by row, tuples by element (a tuple of
/// scalars counts as a vector).
Value lift_reduce(std::string_view function, const Value& x, const Reduction& reduce);
using Reduction2 = std::function<Value(const Shared<Vector>&, const Shared<Vector>&)>;
Value lift_reduce2(std::string_view function, const Value& x, const Value& y, const Reduction2& reduce);

/// elements_of(value), or ScriptError naming the function: it is a function, a table, code …
Shared<Vector> elements_for(std::string_view function, const Value& value);

/// `scalar` repeated, if `vector` has not `rows` elements already.
Shared<Vector> stretched(std::string_view function, const Shared<Vector>& vector, size_t rows);
[[noreturn]] void refuse_lengths(std::string_view function, size_t left, size_t right);

}  // namespace pelorus::functions
