#pragma once
// Divisions of the calendar into numbered periods, shared by yearBegin … and by what samples series.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace pelorus::functions {

/// A division of the days into numbered periods; days count from 1970.01.01.
struct Period {
  std::function<int64_t(int64_t day)> number_of;
  std::function<int64_t(int64_t number)> day_of;  // the day that stands for a period
  bool is_end = false;                            // several periods as one: the last stands for them, not the first

  /// The first or last of the n periods, counted from number `base` on, that `number` is among.
  int64_t stride(int64_t number, int64_t base, int64_t n) const;
};

/// The division that a frequency such as "BM" or "QS" names, without its count; nothing for others.
std::optional<Period> period_of_frequency(std::string_view frequency);

}  // namespace pelorus::functions
