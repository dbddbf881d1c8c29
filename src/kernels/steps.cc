#include "kernels/steps.h"

#include <algorithm>

#include "base/wide_vectors.h"
#include "kernels/visit_number.h"

namespace pelorus::kernels {
namespace {

/// Rows that are looked at together.
constexpr size_t kSome = 64;

/// How many leading values are from `low` to low + reach.
template <class T>
PELORUS_WIDE size_t rows_within(const T* values, size_t rows, int64_t low, uint64_t reach) {
  const auto is_within = [&](size_t i) {
    return static_cast<uint64_t>(int64_t{values[i]}) - static_cast<uint64_t>(low) <= reach;
  };
  size_t length = 0;
  for (; length + kSome <= rows; length += kSome) {
    int64_t outside = 0;
    for (size_t i = length; i < length + kSome; ++i) outside |= is_within(i) ? 0 : 1;
    if (outside != 0) break;
  }
  while (length < rows && is_within(length)) ++length;
  return length;
}

}  // namespace

bool cut_into_steps(const WholeKey& key, size_t rows, std::span<const int64_t> begins, size_t most, StepRuns& out) {
  return visit_whole(key.repr, [&]<class T>() {
    const auto* const values = static_cast<const T*>(key.values);
    for (size_t i = 0; i < rows;) {
      if (out.ends.size() == most) return false;
      const auto next = std::upper_bound(begins.begin() + 1, begins.end(), int64_t{values[i]});
      const int64_t low = *(next - 1);
      const int64_t last = next == begins.end() ? INT64_MAX : *next - 1;
      i += rows_within(values + i, rows - i, low, static_cast<uint64_t>(last) - static_cast<uint64_t>(low));
      out.add(static_cast<size_t>(next - begins.begin()) - 1, i);
    }
    return true;
  });
}

}  // namespace pelorus::kernels
