#include "kernels/distinct_bits.h"

#include <utility>

#include "base/wide_vectors.h"

namespace pelorus::kernels {
namespace {

constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;

/// The place of the first pattern that is not in its own line, or is `free`; `count` when there is none.
template <class Line>
PELORUS_WIDE size_t first_unmet(const Line* lines, int shift, uint64_t free, const uint64_t* patterns, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const uint64_t pattern = patterns[i];
    const auto& line = lines[(pattern * kSpread) >> shift].patterns;
    uint64_t found = 0;
    for (const auto other : line) found |= other == pattern ? ~uint64_t{0} : 0;
    if (found == 0 || pattern == free) return i;
  }
  return count;
}

}  // namespace

void DistinctBits::add_all(std::span<const uint64_t> patterns) {
  while (true) {
    patterns = patterns.subspan(first_unmet(lines_.data(), shift_, kFree, patterns.data(), patterns.size()));
    if (patterns.empty()) return;
    put((patterns[0] * kSpread) >> shift_, patterns[0]);
    patterns = patterns.subspan(1);
  }
}

void DistinctBits::put(size_t at, uint64_t pattern) {
  if (pattern == kFree) {
    has_free_ = true;
    return;
  }
  while (true) {
    for (auto& own : lines_[at].patterns) {
      if (own == pattern) return;
      if (own != kFree) continue;
      own = pattern;
      if (++taken_ * 2 > lines_.size() * 8) grow();
      return;
    }
    at = (at + 1) & (lines_.size() - 1);
  }
}

void DistinctBits::grow() {
  const auto before = std::exchange(lines_, std::vector<Line>(2 * lines_.size(), free_line()));
  --shift_;
  taken_ = 0;
  for (const auto& line : before) add_line(line);
}

void DistinctBits::add_line(const Line& line) {
  const auto end = std::find(line.patterns.begin(), line.patterns.end(), kFree);
  add_all(std::span(line.patterns).first(static_cast<size_t>(end - line.patterns.begin())));
}

void DistinctBits::merge(const DistinctBits& other) {
  has_free_ = has_free_ || other.has_free_;
  for (const auto& line : other.lines_) add_line(line);
}

}  // namespace pelorus::kernels
