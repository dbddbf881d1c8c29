#pragma once
// The different values among many, as their bits.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pelorus::kernels {

/// A set of 64-bit patterns that is added to far more often than it grows: the patterns are all it holds, and a look-up
/// is so short that many wait for the memory at the same time.
class DistinctBits {
 public:
  void add_all(std::span<const uint64_t> patterns);
  template <class Visit>
  void each(Visit&& visit) const {
    if (has_free_) visit(kFree);
    for (const auto pattern : slots_) {
      if (pattern != kFree) visit(pattern);
    }
  }
  size_t count() const { return taken_ + (has_free_ ? 1 : 0); }

 private:
  static constexpr uint64_t kFree = 0x5bd1e995c2b2ae35;  // a slot that nothing took; as a pattern it is known apart

  void put(size_t slot, uint64_t pattern);

  std::vector<uint64_t> slots_ = std::vector<uint64_t>(64, kFree);  // a power of two of them, half is free at least
  int shift_ = 64 - 6;
  size_t taken_ = 0;
  bool has_free_ = false;
};

}  // namespace pelorus::kernels
