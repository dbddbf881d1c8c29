#pragma once
// CRC-32C (Castagnoli), the checksum of every file format of ours.

#include <cstdint>
#include <string_view>

namespace pelorus::io {

/// Of `bytes`; pass the checksum of what stands before them to continue it.
uint32_t crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace pelorus::io
