#include "kernels/hash.h"

#include <functional>

namespace pelorus::kernels {

size_t KeyHash::operator()(std::string_view text) const { return mix(std::hash<std::string_view>{}(text)); }

uint32_t murmur2(const void* bytes, size_t size) {
  constexpr uint32_t kMultiplier = 0x5BD1E995;
  constexpr int kShift = 24;
  auto hash = static_cast<uint32_t>(size);
  auto at = static_cast<const unsigned char*>(bytes);
  for (; size >= 4; size -= 4, at += 4) {
    uint32_t word;
    std::memcpy(&word, at, 4);
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash = hash * kMultiplier ^ word;
  }
  if (size >= 3) hash ^= static_cast<uint32_t>(at[2]) << 16;
  if (size >= 2) hash ^= static_cast<uint32_t>(at[1]) << 8;
  if (size >= 1) {
    hash ^= at[0];
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  return hash ^ hash >> 15;
}

}  // namespace pelorus::kernels
