#include "kernels/ranked_set.h"

#include "base/wide_vectors.h"

namespace pelorus::kernels {
namespace {

/// `below`: by word, how many members the words before it have. Returns how many all have.
PELORUS_WIDE size_t count_below(const uint64_t* words, size_t count, uint32_t* below) {
  size_t members = 0;
  for (size_t w = 0; w < count; ++w) {
    below[w] = static_cast<uint32_t>(members);
    members += static_cast<size_t>(__builtin_popcountll(words[w]));
  }
  return members;
}

PELORUS_WIDE void rank_each(const uint64_t* words, const uint32_t* below, const uint64_t* numbers, size_t count,
                            uint32_t* ranks) {
  for (size_t i = 0; i < count; ++i) {
    const uint64_t word = numbers[i] / 64;
    const uint64_t lower = words[word] & ((uint64_t{1} << numbers[i] % 64) - 1);
    ranks[i] = below[word] + static_cast<uint32_t>(__builtin_popcountll(lower));
  }
}

}  // namespace

void RankedSet::rank() {
  below_.resize(words_.size());
  count_ = count_below(words_.data(), words_.size(), below_.data());
}

void RankedSet::ranks_of(std::span<const uint64_t> numbers, uint32_t* ranks) const {
  rank_each(words_.data(), below_.data(), numbers.data(), numbers.size(), ranks);
}

}  // namespace pelorus::kernels
