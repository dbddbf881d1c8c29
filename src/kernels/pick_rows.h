#pragma once
// Numbers of the rows that a condition keeps.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/part_directory.h"
#include "types/representation.h"

namespace pelorus::kernels {

/// Numbers are written up to eight at a time, before it is known how many of them stay.
inline constexpr size_t kPickSpare = 8;

/// For each flag that is 1 (not 0, not null): its place counted from `first`, in order. `out` has room for kPickSpare
/// numbers more than there are such flags. Returns how many they are. Cost: about a cycle a flag.
size_t pick_rows(std::span<const int8_t> flags, int64_t first, int64_t* out);
/// The same with numbers[place]; `out` may be where `numbers` is.
size_t pick_rows(std::span<const int8_t> flags, const int64_t* numbers, int64_t* out);

/// Whole numbers, each of `lowest` … `lowest` + holds.size() - 1, and what was found of each: 1 where a condition
/// holds, 0 elsewhere.
struct JudgedValues {
  types::Repr repr = types::Repr::kI32;
  const void* values = nullptr;
  int64_t lowest = 0;
  std::vector<int8_t> holds;
};

/// The numbers of those of `rows` rows from `first` on whose values the condition holds for; as above otherwise. Cost:
/// two cycles a row.
size_t pick_rows(const JudgedValues& values, size_t first, size_t rows, int64_t* out);
/// The same of the rows with these `numbers`.
size_t pick_rows(const JudgedValues& values, const int64_t* numbers, size_t rows, int64_t* out);

/// `first` + each of the places in `lists`, which ascend in each list and of which no two are equal, in ascending
/// order; places are below kPartRows. `out` has room for kPickSpare numbers more. Returns how many they are. Cost: one
/// list: some cycles for eight; otherwise a pass over a byte for each row of the part and some cycles a place.
size_t merge_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out);
/// The same, one list after the other.
size_t join_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out);

}  // namespace pelorus::kernels
