#pragma once
// Writing what is too much for the caches.

#include <cstddef>

namespace pelorus::kernels {

/// Results of so many bytes are out of the caches before anyone reads them.
inline constexpr size_t kPastCacheBytes = size_t{32} << 20;

/// As memcpy. Whole lines go to memory without being read first, which spares a third of the traffic; whoever reads
/// them next reads them from there. Other threads see them after the next synchronisation, as they do plain writes.
void copy_past_cache(const void* from, size_t bytes, void* to);

}  // namespace pelorus::kernels
