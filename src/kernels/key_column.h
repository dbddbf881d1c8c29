#pragma once
// A column as sorting, grouping and joining see it: plain values, no form.

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "types/null.h"
#include "types/representation.h"

namespace pelorus::kernels {

/// `values` points at `rows` elements of the plain type of `repr` (kText: std::string; never kMixed). Does not own.
struct KeyColumn {
  types::Repr repr = types::Repr::kI64;
  const void* values = nullptr;
  size_t rows = 0;
  /// SYMBOL codes only: ranks[code] orders code by its text, dense from 0 over the codes that occur; kNullRank marks
  /// the code of the null text, which orders before rank 0. Codes that do not occur may hold anything.
  std::span<const int32_t> ranks = {};

  static constexpr int32_t kNullRank = -1;

  template <class T>
  std::span<const T> as() const {
    return {static_cast<const T*>(values), rows};
  }
};

/// Null of a key: the reserved value; also NaN, which must order somewhere.
template <class T>
inline bool is_null_key(const T& value) {
  if constexpr (std::is_floating_point_v<T>)
    return value == types::kNull<T> || std::isnan(value);
  else
    return types::is_null(value);
}

/// Calls f.template operator()<T>() with the element type, std::string for kText.
template <class F>
decltype(auto) visit_key(types::Repr repr, F&& f) {
  if (repr == types::Repr::kText) return f.template operator()<std::string>();
  return types::visit_fixed(repr, std::forward<F>(f));
}

}  // namespace pelorus::kernels
