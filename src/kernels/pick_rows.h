#pragma once
// Numbers of the rows that a condition keeps.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pelorus::kernels {

/// Numbers are written eight at a time, before it is known how many of them stay.
inline constexpr size_t kPickSpare = 8;

/// For each flag that is 1 (not 0, not null): its place counted from `first`, in order. `out` has room for kPickSpare
/// numbers more than there are such flags. Returns how many they are. Cost: about a cycle a flag.
size_t pick_rows(std::span<const int8_t> flags, int64_t first, int64_t* out);
/// The same with numbers[place]; `out` may be where `numbers` is.
size_t pick_rows(std::span<const int8_t> flags, const int64_t* numbers, int64_t* out);

}  // namespace pelorus::kernels
