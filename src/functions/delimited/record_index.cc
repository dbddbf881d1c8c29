#include "functions/delimited/record_index.h"

#include <algorithm>
#include <bit>

#include "base/wide_vectors.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace pelorus::functions {
namespace {

constexpr size_t kRecordsMost = 8192;
constexpr size_t kBytesMost = 1u << 30;  // places are 32 bits
constexpr size_t kStep = 64;             // bytes looked at together
constexpr size_t kAtOnce = 8;            // places written together, of which fewer may count

/// What stands in kStep bytes; bit i speaks of byte i.
struct Marks {
  uint64_t feeds = 0;
  uint64_t delimiters = 0;
  uint64_t odd = 0;  // quotes and carriage returns
};

#ifdef __SSE2__
inline Marks marks_of(const char* text, char delimiter) {
  __m128i bytes[4];
  for (size_t q = 0; q < 4; ++q) bytes[q] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + q);
  const auto places = [&](char wanted) {
    const __m128i all = _mm_set1_epi8(wanted);
    const auto quarter = [&](size_t q) {
      const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes[q], all)));
      return static_cast<uint64_t>(mask) << (q * 16);
    };
    return quarter(0) | quarter(1) | quarter(2) | quarter(3);
  };
  return {places('\n'), places(delimiter), places('"') | places('\r')};
}
#else
inline Marks marks_of(const char* text, char delimiter) {
  const auto places = [&](char wanted) {
    uint64_t found = 0;
    for (size_t i = 0; i < kStep; ++i) found |= static_cast<uint64_t>(text[i] == wanted) << i;
    return found;
  };
  return {places('\n'), places(delimiter), places('"') | places('\r')};
}
#endif

/// The first of the odd bytes that is no carriage return before a line feed; kStep: none.
size_t first_odd(uint64_t odd, std::string_view text, size_t at) {
  for (; odd != 0; odd &= odd - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(odd));
    const bool ends_line = text[at + i] == '\r' && at + i + 1 < text.size() && text[at + i + 1] == '\n';
    if (!ends_line) return i;
  }
  return kStep;
}

/// Where the cells of a text end, as far as there are no odd bytes.
struct Found {
  size_t places = 0;
  size_t lines = 0;  // line feeds among them, or more
};

/// Puts them to `out`, until there are `most` or some more. In groups of kAtOnce: a loop that ended with the last place
/// of a step would end differently each time.
template <Marks kMarksOf(const char*, char)>
[[gnu::always_inline]] inline Found find_places(std::string_view text, char delimiter, size_t most, uint32_t* out) {
  Found found;
  for (size_t at = 0; at < text.size() && found.places < most; at += kStep) {
    char tail[kStep] = {};
    const size_t left = text.size() - at;
    const char* bytes = text.data() + at;
    if (left < kStep) bytes = std::copy_n(bytes, left, tail) - left;
    const Marks marks = kMarksOf(bytes, delimiter);
    uint64_t ends = marks.delimiters | marks.feeds;
    const size_t odd = marks.odd == 0 ? kStep : first_odd(marks.odd, text, at);
    if (odd < kStep) ends &= (uint64_t{1} << odd) - 1;  // the record it lies in is not for us
    found.lines += static_cast<size_t>(std::popcount(marks.feeds));
    const auto count = static_cast<size_t>(std::popcount(ends));
    for (size_t done = 0; done < count; done += kAtOnce) {
      uint32_t* const next = out + found.places + done;
      for (size_t i = 0; i < kAtOnce; ++i) {
        next[i] = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(ends));
        ends &= ends - 1;
      }
    }
    found.places += count;
    if (odd < kStep) break;
  }
  return found;
}

using FindPlaces = Found (*)(std::string_view text, char delimiter, size_t most, uint32_t* out);

Found find_places_plain(std::string_view text, char delimiter, size_t most, uint32_t* out) {
  return find_places<marks_of>(text, delimiter, most, out);
}

#ifdef PELORUS_HAS_AVX2_CLONES
#define PELORUS_WIDE_BITS __attribute__((target("avx2,bmi,popcnt")))

/// The same with twice as many bytes in a register.
PELORUS_WIDE_BITS inline Marks wide_marks_of(const char* text, char delimiter) {
  const auto* const bytes = reinterpret_cast<const __m256i*>(text);
  const __m256i low = _mm256_loadu_si256(bytes), high = _mm256_loadu_si256(bytes + 1);
  const __m256i feed = _mm256_set1_epi8('\n'), end = _mm256_set1_epi8(delimiter);
  const __m256i quote = _mm256_set1_epi8('"'), back = _mm256_set1_epi8('\r');
  const auto low_odd = _mm256_or_si256(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(low, back));
  const auto high_odd = _mm256_or_si256(_mm256_cmpeq_epi8(high, quote), _mm256_cmpeq_epi8(high, back));
  const __m256i found[6] = {_mm256_cmpeq_epi8(low, feed),
                            _mm256_cmpeq_epi8(high, feed),
                            _mm256_cmpeq_epi8(low, end),
                            _mm256_cmpeq_epi8(high, end),
                            low_odd,
                            high_odd};
  uint64_t masks[3];
  for (size_t m = 0; m < 3; ++m) {
    masks[m] = static_cast<uint32_t>(_mm256_movemask_epi8(found[2 * m]));
    masks[m] |= static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(found[2 * m + 1]))) << 32;
  }
  return {masks[0], masks[1], masks[2]};
}

PELORUS_WIDE_BITS Found find_places_wide(std::string_view text, char delimiter, size_t most, uint32_t* out) {
  return find_places<wide_marks_of>(text, delimiter, most, out);
}

const FindPlaces find_places_here =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")
        ? find_places_wide
        : find_places_plain;
#else
constexpr FindPlaces find_places_here = find_places_plain;
#endif

}  // namespace

size_t RecordIndex::find(std::string_view text, char delimiter, size_t cells) {
  text_ = text.substr(0, kBytesMost);
  cells_ = cells;
  const size_t places_most = kRecordsMost * cells;
  ends_.resize(1 + places_most + kStep + kAtOnce);  // a step may find so many more
  ends_[0] = UINT32_MAX;
  const auto found = find_places_here(text_, delimiter, places_most, ends_.data() + 1);
  records_ = count_records(found.places, found.lines);
  return records_ == 0 ? 0 : ends_[records_ * cells] + 1;
}

/// Every record ends where its last cell does, and no other cell ends with a line: looked at for all of them, and place
/// by place only where that is not so.
size_t RecordIndex::count_records(size_t places, size_t lines) const {
  const uint32_t* const ends = ends_.data() + 1;
  const size_t whole = places / cells_;
  size_t ended = 0;
  for (size_t r = 0; r < whole; ++r) ended += text_[ends[(r + 1) * cells_ - 1]] == '\n' ? 1 : 0;
  if (ended == whole && lines == whole) return whole;
  size_t records = 0;
  for (size_t i = 0; i < places; ++i) {
    const bool is_last = (i + 1) % cells_ == 0;
    if ((text_[ends[i]] == '\n') != is_last) break;
    records += is_last ? 1 : 0;
  }
  return records;
}

}  // namespace pelorus::functions
