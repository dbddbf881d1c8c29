#pragma once
// What the arguments of a call must be: each reader names the function and the parameter in its ScriptError.

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/script_error.h"
#include "data/convert.h"
#include "data/value.h"

namespace pelorus::functions {

using data::Scalar;
using data::Shared;
using data::Type;
using data::Value;
using data::Vector;

/// "Usage: f(…). requirement"
[[noreturn]] void usage_error(std::string_view function, std::string_view requirement);

/// A view of one call's arguments; lives no longer than the call. Positions count from 0.
class Arguments {
 public:
  Arguments(std::string_view function, std::span<Value> values) : function_(function), values_(values) {}

  std::string_view function() const { return function_; }
  size_t size() const { return values_.size(); }
  /// Given and not skipped.
  bool has(size_t i) const { return i < values_.size() && !values_[i].is_missing(); }
  Value& operator[](size_t i) const { return values_[i]; }
  std::span<Value> from(size_t i) const { return values_.subspan(std::min(i, values_.size())); }

  /// A scalar that is a whole number (floats are rounded); null is refused.
  int64_t integer(size_t i, std::string_view parameter) const;
  int64_t integer_or(size_t i, std::string_view parameter, int64_t otherwise) const {
    return has(i) ? integer(i, parameter) : otherwise;
  }
  double number(size_t i, std::string_view parameter) const;
  double number_or(size_t i, std::string_view parameter, double otherwise) const {
    return has(i) ? number(i, parameter) : otherwise;
  }
  bool flag_or(size_t i, std::string_view parameter, bool otherwise) const;
  /// A text scalar (a CHAR counts as the text of that character).
  std::string text(size_t i, std::string_view parameter) const;
  std::string text_or(size_t i, std::string_view parameter, std::string otherwise) const {
    return has(i) ? text(i, parameter) : std::move(otherwise);
  }
  /// A text scalar or a vector of texts.
  std::vector<std::string> texts(size_t i, std::string_view parameter) const;
  /// A scalar as a vector of one, a pair, set or vector as its elements, a matrix as its values; others are refused.
  Shared<Vector> vector(size_t i, std::string_view parameter) const;

  [[noreturn]] void refuse(std::string_view parameter, std::string_view requirement) const;

 private:
  std::string_view function_;
  std::span<Value> values_;
};

/// The elements of scalar, vector, pair, set, matrix values, dictionary values; nothing for other forms.
std::optional<Shared<Vector>> elements_of(const Value& value);

/// `vector` as doubles, nulls into nulls; ScriptError naming the function when it holds no numbers (temporals count).
Shared<Vector> as_doubles(std::string_view function, const Shared<Vector>& vector);
/// Whole numbers, booleans and temporals as int64; floats are rounded.
Shared<Vector> as_longs(std::string_view function, const Shared<Vector>& vector);
/// `vector` as element type `type`, or a ScriptError naming both types.
Shared<Vector> converted(std::string_view function, const Shared<Vector>& vector, Type type, int scale = 0);
/// Rows of a table value, whatever its kind; ScriptError otherwise.
data::Table table_argument(std::string_view function, const Value& value);

/// A vector of the scalars' common type; a tuple when there is none or when a value is no scalar.
Vector vector_of(std::vector<Value> values);

}  // namespace pelorus::functions
