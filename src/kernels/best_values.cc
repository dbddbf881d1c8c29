#include "kernels/best_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/wide_vectors.h"
#include "kernels/visit_number.h"
#include "types/null.h"

namespace pelorus::kernels {
namespace {

/// What cannot be compared is kept.
template <class T>
PELORUS_WIDE void flag_above(const T* values, size_t rows, T worst, bool keeps_ties, int8_t* flags) {
  if (keeps_ties) {
    for (size_t i = 0; i < rows; ++i) flags[i] = !(values[i] < worst);
  } else {
    for (size_t i = 0; i < rows; ++i) flags[i] = !(values[i] <= worst);
  }
}
template <class T>
PELORUS_WIDE void flag_below(const T* values, size_t rows, T worst, bool keeps_ties, int8_t* flags) {
  if (keeps_ties) {
    for (size_t i = 0; i < rows; ++i) flags[i] = !(values[i] > worst);
  } else {
    for (size_t i = 0; i < rows; ++i) flags[i] = !(values[i] >= worst);
  }
}

/// Plain comparison puts a negative infinity below null, which is the lowest.
template <class T>
bool is_sure(T worst) {
  return !std::is_floating_point_v<T> || worst > types::kNull<T>;
}

}  // namespace

template <class T, class Wide>
void BestValues::judge(const T* values, size_t rows, std::vector<Wide>& best, int8_t* flags) {
  if (has_worst_ && is_sure(static_cast<T>(best.back()))) {
    const auto worst = static_cast<T>(best.back());
    descending_ ? flag_above(values, rows, worst, keeps_ties_, flags)
                : flag_below(values, rows, worst, keeps_ties_, flags);
  } else {
    std::fill_n(flags, rows, int8_t{1});
  }
  for (size_t i = 0; i < rows; ++i) {
    if (flags[i] == 0 || values[i] != values[i]) continue;
    best.push_back(static_cast<Wide>(values[i]));
  }
  if (best.size() < count_) return;
  const auto last = best.begin() + static_cast<std::ptrdiff_t>(count_ - 1);
  if (descending_)
    std::nth_element(best.begin(), last, best.end(), std::greater<>());
  else
    std::nth_element(best.begin(), last, best.end());
  best.resize(count_);
  has_worst_ = true;
}

void BestValues::judge(const void* values, size_t rows, int8_t* flags) {
  visit_number(repr_, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>)
      judge(static_cast<const T*>(values), rows, reals_, flags);
    else
      judge(static_cast<const T*>(values), rows, wholes_, flags);
  });
}

}  // namespace pelorus::kernels
