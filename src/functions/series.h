#pragma once
// Moves of whole vectors that several families need.

#include "functions/arguments.h"

namespace pelorus::functions {

/// `count` elements of `x` from `start` on, starting over at the end. No per-element allocation for fixed widths;
/// SYMBOL shares its base. An empty x gives nulls.
Vector repeated(const Vector& x, size_t start, size_t count);
/// Element i of the result is element i - distance of x; null where there is none. A distance may be negative.
Vector shifted(const Vector& x, int64_t distance);
Vector reversed(const Vector& x);

/// Elements are plain numbers of which types::kNull is the null: is_null_at may be replaced by a comparison.
inline bool has_reserved_null(const Vector& x) {
  const auto repr = x.repr();
  return !x.is_array() && types::is_fixed(repr) && repr != types::Repr::kB16 && x.type() != Type::kSymbol &&
         x.type() != Type::kVoid;
}

/// Positions that sort `x`; equal elements keep their order, nulls are smallest. Text by bytes.
/// ScriptError for tuples and array vectors.
std::vector<int64_t> order_of(std::string_view function, const Vector& x, bool ascending);
/// Group number of each element, numbered by first appearance; `firsts`: position of each group's first element.
struct Distinct {
  std::vector<uint32_t> group_of_row;
  std::vector<int64_t> firsts;
};
Distinct distinct_of(std::string_view function, const Vector& x);

/// Looks elements up by value: position of the first equal one, or -1. Built once, O(1) per question.
class Finder {
 public:
  Finder(std::string_view function, const Vector& in);
  /// One position for each element of `keys`, converted to the type searched.
  data::Buffer<int64_t> find(const Shared<Vector>& keys) const;

 private:
  std::string_view function_;
  Type type_;
  int scale_;
  data::KeyIndex index_;
};

}  // namespace pelorus::functions
