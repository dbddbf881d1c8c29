#include "functions/delimited/record_index.h"

#include <algorithm>
#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pelorus::functions {
namespace {

constexpr size_t kRecordsMost = 8192;
constexpr size_t kBytesMost = 1u << 30;  // places are 32 bits
constexpr size_t kStep = 64;             // bytes looked at together

/// Bit i: at[i] == wanted; of kStep bytes.
uint64_t places_of(const char* at, char wanted) {
#ifdef __SSE2__
  const __m128i all = _mm_set1_epi8(wanted);
  const auto quarter = [&](size_t q) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + q * 16));
    return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, all)))) << (q * 16);
  };
  return quarter(0) | quarter(1) | quarter(2) | quarter(3);
#else
  uint64_t places = 0;
  for (size_t i = 0; i < kStep; ++i) places |= static_cast<uint64_t>(at[i] == wanted) << i;
  return places;
#endif
}

}  // namespace

size_t RecordIndex::find(std::string_view text, char delimiter, size_t cells) {
  text_ = text.substr(0, kBytesMost);
  cells_ = cells;
  records_ = 0;
  const size_t places_most = kRecordsMost * cells;
  ends_.resize(1 + places_most + kStep);  // one step may find so many more
  ends_[0] = UINT32_MAX;
  uint32_t* const places = ends_.data() + 1;
  size_t count = 0;
  bool fits = true;
  for (size_t at = 0; at < text_.size() && count < places_most && fits; at += kStep) {
    char tail[kStep] = {};
    const size_t left = std::min(kStep, text_.size() - at);
    const char* bytes = text_.data() + at;
    if (left < kStep) bytes = std::copy_n(bytes, left, tail) - left;
    const uint64_t inside = left < kStep ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
    uint64_t lines = places_of(bytes, '\n') & inside;
    uint64_t all = (places_of(bytes, delimiter) & inside) | lines;
    const uint64_t returns = places_of(bytes, '\r') & inside;
    const bool line_next = at + kStep < text_.size() && text_[at + kStep] == '\n';
    const uint64_t before_lines = (lines >> 1) | (static_cast<uint64_t>(line_next) << (kStep - 1));
    const uint64_t odd = (places_of(bytes, '"') & inside) | (returns & ~before_lines);
    if (odd != 0) {  // the record it lies in is not for us
      const uint64_t before = (odd & -odd) - 1;
      lines &= before;
      all &= before;
    }
    const size_t known = count;
    for (uint64_t rest = all; rest != 0; rest &= rest - 1)
      places[count++] = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(rest));
    for (uint64_t rest = lines; rest != 0 && fits; rest &= rest - 1) {
      const uint64_t before = (rest & -rest) - 1;
      const size_t cells_so_far = known + static_cast<size_t>(std::popcount(all & before)) + 1;
      fits = cells_so_far == (records_ + 1) * cells && records_ < kRecordsMost;
      records_ += fits ? 1 : 0;
    }
    fits = fits && odd == 0;
  }
  return records_ == 0 ? 0 : places[records_ * cells - 1] + 1;
}

}  // namespace pelorus::functions
