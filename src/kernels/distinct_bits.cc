#include "kernels/distinct_bits.h"

#include <utility>

namespace pelorus::kernels {

void DistinctBits::add_all(std::span<const uint64_t> patterns) {
  const uint64_t* slots = slots_.data();
  size_t last_slot = slots_.size() - 1;
  for (const auto pattern : patterns) {
    has_free_ = has_free_ || pattern == kFree;
    size_t slot = (pattern * 0x9e3779b97f4a7c15) >> shift_;
    while (slots[slot] != pattern) {
      if (slots[slot] == kFree) {
        put(slot, pattern);
        slots = slots_.data(), last_slot = slots_.size() - 1;
        break;
      }
      slot = (slot + 1) & last_slot;
    }
  }
}

void DistinctBits::put(size_t slot, uint64_t pattern) {
  slots_[slot] = pattern;
  if (++taken_ * 2 <= slots_.size()) return;
  const auto before = std::exchange(slots_, std::vector<uint64_t>(2 * slots_.size(), kFree));
  --shift_;
  taken_ = 0;
  for (const auto& own : before) {
    if (own != kFree) add_all(std::span(&own, 1));
  }
}

}  // namespace pelorus::kernels
