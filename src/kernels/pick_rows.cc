#include "kernels/pick_rows.h"

#include <array>
#include <cstring>

#include "base/wide_vectors.h"
#include "kernels/visit_number.h"

namespace pelorus::kernels {
namespace {

using Places = std::array<uint8_t, 8>;

/// By eight flags as bits: the places of those that are set, then anything.
constexpr std::array<Places, 256> kPlaces = [] {
  std::array<Places, 256> out{};
  for (size_t flags = 0; flags < out.size(); ++flags) {
    size_t count = 0;
    for (uint8_t place = 0; place < 8; ++place) {
      if (flags >> place & 1) out[flags][count++] = place;
    }
  }
  return out;
}();

/// The lowest bits of eight bytes.
uint8_t bits_of(const int8_t* flags) {
  uint64_t eight;
  std::memcpy(&eight, flags, sizeof eight);
  return static_cast<uint8_t>((eight & 0x0101010101010101) * 0x0102040810204080 >> 56);
}

/// Writes eight numbers of which those stay that `bits` says; returns where the next ones go. There is no jump: which
/// rows are kept is hard to foretell.
int64_t* put(uint8_t bits, int64_t first, int64_t* next) {
  const auto& places = kPlaces[bits];
  for (size_t k = 0; k < 8; ++k) next[k] = first + places[k];
  return next + __builtin_popcount(bits);
}
int64_t* put(uint8_t bits, const int64_t* numbers, int64_t* next) {
  const auto& places = kPlaces[bits];
  std::array<int64_t, 8> eight;
  std::memcpy(eight.data(), numbers, sizeof eight);
  for (size_t k = 0; k < 8; ++k) next[k] = eight[places[k]];
  return next + __builtin_popcount(bits);
}

template <class T>
PELORUS_WIDE size_t pick_judged(const T* values, int64_t lowest, const int8_t* holds, size_t first, size_t rows,
                                int64_t* out) {
  int64_t* next = out;
  size_t i = first;
  const size_t end = first + rows;
  for (; i + 8 <= end; i += 8) {
    unsigned bits = 0;
    for (size_t k = 0; k < 8; ++k) bits |= static_cast<unsigned>(holds[values[i + k] - lowest]) << k;
    next = put(static_cast<uint8_t>(bits), static_cast<int64_t>(i), next);
  }
  for (; i < end; ++i) {
    *next = static_cast<int64_t>(i);
    next += holds[values[i] - lowest];
  }
  return static_cast<size_t>(next - out);
}

template <class T>
PELORUS_WIDE size_t pick_judged(const T* values, int64_t lowest, const int8_t* holds, const int64_t* numbers,
                                size_t rows, int64_t* out) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    unsigned bits = 0;
    for (size_t k = 0; k < 8; ++k) bits |= static_cast<unsigned>(holds[values[numbers[i + k]] - lowest]) << k;
    next = put(static_cast<uint8_t>(bits), numbers + i, next);
  }
  for (; i < rows; ++i) {
    const int64_t number = numbers[i];
    *next = number;
    next += holds[values[number] - lowest];
  }
  return static_cast<size_t>(next - out);
}

}  // namespace

PELORUS_WIDE size_t pick_rows(std::span<const int8_t> flags, int64_t first, int64_t* out) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) next = put(bits_of(flags.data() + i), first + static_cast<int64_t>(i), next);
  for (; i < flags.size(); ++i) {
    *next = first + static_cast<int64_t>(i);
    next += flags[i] == 1;
  }
  return static_cast<size_t>(next - out);
}

PELORUS_WIDE size_t pick_rows(std::span<const int8_t> flags, const int64_t* numbers, int64_t* out) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) next = put(bits_of(flags.data() + i), numbers + i, next);
  for (; i < flags.size(); ++i) {
    *next = numbers[i];
    next += flags[i] == 1;
  }
  return static_cast<size_t>(next - out);
}

size_t pick_rows(const JudgedValues& values, size_t first, size_t rows, int64_t* out) {
  return visit_whole(values.repr, [&]<class T>() {
    return pick_judged(static_cast<const T*>(values.values), values.lowest, values.holds.data(), first, rows, out);
  });
}

size_t pick_rows(const JudgedValues& values, const int64_t* numbers, size_t rows, int64_t* out) {
  return visit_whole(values.repr, [&]<class T>() {
    return pick_judged(static_cast<const T*>(values.values), values.lowest, values.holds.data(), numbers, rows, out);
  });
}

PELORUS_WIDE size_t join_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  int64_t* next = out;
  for (const auto& places : lists) {
    for (size_t i = 0; i < places.size(); ++i) next[i] = first + places[i];
    next += places.size();
  }
  return static_cast<size_t>(next - out);
}

namespace {

/// A byte for each row: marks do not wait for one another, as bits of a word would.
size_t merge_many(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  std::array<int8_t, kPartRows> is_in{};
  for (const auto& places : lists) {
    for (const auto place : places) is_in[place] = 1;
  }
  return pick_rows(is_in, first, out);
}

size_t merge_few(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  constexpr size_t kBits = 64;
  std::array<uint64_t, kPartRows / kBits> is_in{};
  for (const auto& places : lists) {
    for (const auto place : places) is_in[place / kBits] |= uint64_t{1} << place % kBits;
  }
  int64_t* next = out;
  for (size_t word = 0; word < is_in.size(); ++word) {
    for (uint64_t bits = is_in[word]; bits != 0; bits &= bits - 1)
      *next++ = first + static_cast<int64_t>(word * kBits) + __builtin_ctzll(bits);
  }
  return static_cast<size_t>(next - out);
}

}  // namespace

size_t merge_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  constexpr size_t kFew = kPartRows / 16;
  if (lists.size() == 1) return join_places(lists, first, out);
  size_t places = 0;
  for (const auto& list : lists) places += list.size();
  return places <= kFew ? merge_few(lists, first, out) : merge_many(lists, first, out);
}

}  // namespace pelorus::kernels
