#pragma once
// A set of whole numbers as bits, which tells how many of its members are below one of them.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pelorus::kernels {

/// First all members are added, then rank() once, then they are asked for. Memory: 0.19 bytes for each number below
/// the bound.
class RankedSet {
 public:
  /// Members are below `bound`; at most 2^32 of them.
  explicit RankedSet(uint64_t bound) : words_(bound / 64 + 1) {}

  void add(uint64_t number) { words_[number / 64] |= uint64_t{1} << number % 64; }
  bool has(uint64_t number) const { return (words_[number / 64] >> number % 64 & 1) != 0; }
  void rank();

  size_t count() const { return count_; }
  /// `number` is a member.
  uint32_t rank_of(uint64_t number) const {
    const uint64_t lower = words_[number / 64] & ((uint64_t{1} << number % 64) - 1);
    return below_[number / 64] + static_cast<uint32_t>(std::popcount(lower));
  }
  /// Of many members. Cost: a load of two neighbours and some cycles each.
  void ranks_of(std::span<const uint64_t> numbers, uint32_t* ranks) const;
  /// visit(number, rank) for the members of one of `shares` ranges of numbers, ascending.
  template <class Visit>
  void each(size_t share, size_t shares, Visit&& visit) const {
    const size_t end = words_.size() * (share + 1) / shares;
    for (size_t w = words_.size() * share / shares; w < end; ++w) {
      uint32_t rank = below_[w];
      for (uint64_t left = words_[w]; left != 0; left &= left - 1)
        visit(w * 64 + static_cast<uint64_t>(std::countr_zero(left)), rank++);
    }
  }

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> below_;  // by word: members in the words before it
  size_t count_ = 0;
};

}  // namespace pelorus::kernels
