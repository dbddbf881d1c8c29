#include "kernels/copy_past_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pelorus::kernels {

#ifdef __SSE2__

void copy_past_cache(const void* from, size_t bytes, void* to) {
  constexpr size_t kLine = 64, kWord = sizeof(__m128i);
  const auto* source = static_cast<const char*>(from);
  auto* target = static_cast<char*>(to);
  const size_t head = std::min(bytes, (kLine - reinterpret_cast<uintptr_t>(target) % kLine) % kLine);
  std::memcpy(target, source, head);
  source += head, target += head, bytes -= head;
  for (; bytes >= kLine; source += kLine, target += kLine, bytes -= kLine) {
    for (size_t at = 0; at < kLine; at += kWord) {
      const auto word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + at));
      _mm_stream_si128(reinterpret_cast<__m128i*>(target + at), word);
    }
  }
  std::memcpy(target, source, bytes);
  _mm_sfence();
}

#else

void copy_past_cache(const void* from, size_t bytes, void* to) { std::memcpy(to, from, bytes); }

#endif

}  // namespace pelorus::kernels
