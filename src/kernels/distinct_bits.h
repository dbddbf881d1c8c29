#pragma once
// The different values among many, as their bits.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pelorus::kernels {

/// A set of 64-bit patterns that is added to far more often than it grows. A cache line of patterns is compared at
/// once, so that there is next to nothing to mispredict and look-ups do not wait for one another.
class DistinctBits {
 public:
  void add_all(std::span<const uint64_t> patterns);
  void merge(const DistinctBits& other);
  size_t count() const { return taken_ + (has_free_ ? 1 : 0); }

 private:
  struct alignas(64) Line {
    std::array<uint64_t, 8> patterns;  // taken ones first
  };
  static constexpr uint64_t kFree = 0x5bd1e995c2b2ae35;  // what nothing took; as a pattern it is known apart
  static Line free_line() {
    Line line;
    line.patterns.fill(kFree);
    return line;
  }

  void add_line(const Line& line);
  void put(size_t line, uint64_t pattern);
  void grow();

  std::vector<Line> lines_ = std::vector<Line>(8, free_line());  // a power of two of them, half is free at least
  int shift_ = 64 - 3;
  size_t taken_ = 0;
  bool has_free_ = false;
};

}  // namespace pelorus::kernels
