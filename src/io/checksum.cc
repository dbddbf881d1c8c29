#include "io/checksum.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace pelorus::io {

uint32_t crc32c(std::string_view bytes, uint32_t before) {
  constexpr size_t kCallMax = 1u << 30;  // the library counts in int
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kCallMax);
    // The library's parameter is not const, though it only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(size), state);
    bytes.remove_prefix(size);
  }
  return ~state;
}

}  // namespace pelorus::io
