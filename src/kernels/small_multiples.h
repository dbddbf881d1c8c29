#pragma once
// The different values among numbers that are small multiples of a unit, as prices are of a cent.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pelorus::kernels {

/// A byte for each multiple there may be: a value costs a store. The unit, 1, 1/100 or 1/10,000, is chosen by the
/// first values; whatever is no multiple of it, or too far from 0, is handed back.
class SmallMultiples {
 public:
  /// Writes the values it does not take to `rest`, which has room for all of them; returns how many. Doubles, or whole
  /// numbers of 8 to 64 bits. 0 and -0 are one value; nulls and NaN are not taken.
  template <class T>
  size_t add_all(const T* values, size_t count, T* rest);
  /// Calls visit(value), a double, with each value once.
  template <class Visit>
  void each(Visit&& visit) const {
    for (size_t place = 1; place < met_.size(); ++place) {
      if (met_[place] != 0) visit(value_at(place));
    }
  }
  size_t count() const;

 private:
  template <class T>
  void choose_unit(const T* values, size_t count);
  double value_at(size_t place) const;

  double units_ = 0;          // in 1; 0: not chosen yet, negative: nothing is taken
  std::vector<uint8_t> met_;  // by place: 0 is for what is not taken, small multiples are next to it
};

}  // namespace pelorus::kernels
