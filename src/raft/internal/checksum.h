#pragma once
// The two hashes of this folder's formats.

#include <isa-l/crc.h>
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace pelorus::raft {

/// CRC-32C (Castagnoli) as in iSCSI: finds damage.
inline uint32_t checksum_of(std::string_view bytes) {
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  uint32_t crc = 0xffffffffu;
  while (!bytes.empty()) {  // the library counts in int
    const auto step = bytes.size() < (1u << 30) ? bytes.size() : (1u << 30);
    crc = crc32_iscsi(data, static_cast<int>(step), crc);
    data += step;
    bytes.remove_prefix(step);
  }
  return crc ^ 0xffffffffu;
}

/// The next link of the chain over all commands of a group (XXH3, 64 bits).
inline uint64_t next_link(uint64_t link, std::string_view commands) {
  return XXH3_64bits_withSeed(commands.data(), commands.size(), link);
}

}  // namespace pelorus::raft
