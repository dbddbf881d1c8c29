#include "kernels/pick_rows.h"

#include <array>
#include <cstring>

#include "base/wide_vectors.h"

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

}  // namespace

PELORUS_WIDE size_t pick_rows(std::span<const int8_t> flags, int64_t first, int64_t* out) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) {
    const uint8_t bits = bits_of(flags.data() + i);
    if (bits == 0) continue;
    const auto& places = kPlaces[bits];
    const int64_t from = first + static_cast<int64_t>(i);
    for (size_t k = 0; k < 8; ++k) next[k] = from + places[k];
    next += __builtin_popcount(bits);
  }
  for (; i < flags.size(); ++i) {
    *next = first + static_cast<int64_t>(i);
    next += flags[i] == 1;
  }
  return static_cast<size_t>(next - out);
}

size_t pick_rows(std::span<const int8_t> flags, const int64_t* numbers, int64_t* out) {
  int64_t* next = out;
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) {
    const uint8_t bits = bits_of(flags.data() + i);
    if (bits == 0) continue;
    const auto& places = kPlaces[bits];
    std::array<int64_t, 8> eight;
    std::memcpy(eight.data(), numbers + i, sizeof eight);
    for (size_t k = 0; k < 8; ++k) next[k] = eight[places[k]];
    next += __builtin_popcount(bits);
  }
  for (; i < flags.size(); ++i) {
    *next = numbers[i];
    next += flags[i] == 1;
  }
  return static_cast<size_t>(next - out);
}

}  // namespace pelorus::kernels
