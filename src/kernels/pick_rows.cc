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

/// Flags that are looked at together.
constexpr size_t kWord = 64;

/// The lowest bits of eight bytes.
uint8_t bits_of(const int8_t* flags) {
  uint64_t eight;
  std::memcpy(&eight, flags, sizeof eight);
  return static_cast<uint8_t>((eight & 0x0101010101010101) * 0x0102040810204080 >> 56);
}

/// Numbers that go up from `first`, or those at `numbers`.
struct Ascending {
  int64_t first;
  int64_t operator[](size_t i) const { return first + static_cast<int64_t>(i); }
};
struct Listed {
  const int64_t* numbers;
  int64_t operator[](size_t i) const { return numbers[i]; }
};

/// Writes eight numbers of which those stay that `bits` says; returns where the next ones go. There is no jump: which
/// rows are kept is hard to foretell.
template <class Numbers>
__attribute__((always_inline)) inline int64_t* put_eight(uint8_t bits, Numbers from, size_t begin, int64_t* next) {
  const auto& places = kPlaces[bits];
  std::array<int64_t, 8> eight;
  for (size_t k = 0; k < 8; ++k) eight[k] = from[begin + places[k]];
  std::memcpy(next, eight.data(), sizeof eight);
  return next + __builtin_popcount(bits);
}

/// The numbers that 64 flags say, from `begin` on: where few are set, one by one.
template <class Numbers>
__attribute__((always_inline)) inline int64_t* put_word(uint64_t bits, Numbers from, size_t begin, int64_t* next) {
  constexpr int kMany = 24;
  if (__builtin_popcountll(bits) >= kMany) {
    for (size_t k = 0; k < kWord; k += 8) next = put_eight(static_cast<uint8_t>(bits >> k), from, begin + k, next);
    return next;
  }
  for (; bits != 0; bits &= bits - 1) *next++ = from[begin + static_cast<size_t>(__builtin_ctzll(bits))];
  return next;
}

/// flag(i) is 0 or 1; bits(i): those of i … i + 7.
template <class Numbers, class Bits, class Flag>
__attribute__((always_inline)) inline size_t pick(size_t rows, Numbers from, int64_t* out, Bits bits, Flag flag) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + kWord <= rows; i += kWord) {
    uint64_t word = 0;
    for (size_t k = 0; k < kWord; k += 8) word |= static_cast<uint64_t>(bits(i + k)) << k;
    next = put_word(word, from, i, next);
  }
  for (; i < rows; ++i) {
    *next = from[i];
    next += flag(i);
  }
  return static_cast<size_t>(next - out);
}

template <class Numbers>
__attribute__((always_inline)) inline size_t pick_flagged(std::span<const int8_t> flags, Numbers from, int64_t* out) {
  return pick(
      flags.size(), from, out, [&](size_t i) { return bits_of(flags.data() + i); },
      [&](size_t i) { return flags[i] == 1; });
}

template <class T, class Numbers>
__attribute__((always_inline)) inline size_t pick_judged(const JudgedValues& judged, size_t rows, Numbers from,
                                                         int64_t* out) {
  const auto* const values = static_cast<const T*>(judged.values);
  const auto* const holds = judged.holds.data();
  const auto flag = [&, lowest = judged.lowest](size_t i) { return holds[values[from[i]] - lowest]; };
  const auto bits = [&](size_t i) {
    unsigned eight = 0;
    for (size_t k = 0; k < 8; ++k) eight |= static_cast<unsigned>(flag(i + k)) << k;
    return eight;
  };
  return pick(rows, from, out, bits, flag);
}

template <class T>
PELORUS_WIDE size_t pick_neighbours(const JudgedValues& judged, int64_t first, size_t rows, int64_t* out) {
  return pick_judged<T>(judged, rows, Ascending{first}, out);
}
template <class T>
PELORUS_WIDE size_t pick_listed(const JudgedValues& judged, const int64_t* numbers, size_t rows, int64_t* out) {
  return pick_judged<T>(judged, rows, Listed{numbers}, out);
}

}  // namespace

PELORUS_WIDE size_t pick_rows(std::span<const int8_t> flags, int64_t first, int64_t* out) {
  return pick_flagged(flags, Ascending{first}, out);
}

PELORUS_WIDE size_t pick_rows(std::span<const int8_t> flags, const int64_t* numbers, int64_t* out) {
  return pick_flagged(flags, Listed{numbers}, out);
}

size_t pick_rows(const JudgedValues& values, size_t first, size_t rows, int64_t* out) {
  return visit_whole(values.repr,
                     [&]<class T>() { return pick_neighbours<T>(values, static_cast<int64_t>(first), rows, out); });
}

size_t pick_rows(const JudgedValues& values, const int64_t* numbers, size_t rows, int64_t* out) {
  return visit_whole(values.repr, [&]<class T>() { return pick_listed<T>(values, numbers, rows, out); });
}

PELORUS_WIDE size_t join_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  int64_t* next = out;
  for (const auto& places : lists) {
    for (size_t i = 0; i < places.size(); ++i) next[i] = first + places[i];
    next += places.size();
  }
  return static_cast<size_t>(next - out);
}

/// A byte marks each row: marks do not wait for one another, as bits of a word would.
size_t merge_places(std::span<const std::span<const uint16_t>> lists, int64_t first, int64_t* out) {
  if (lists.size() == 1) return join_places(lists, first, out);
  std::array<int8_t, kPartRows> is_in{};
  for (const auto& places : lists) {
    for (const auto place : places) is_in[place] = 1;
  }
  return pick_rows(is_in, first, out);
}

}  // namespace pelorus::kernels
