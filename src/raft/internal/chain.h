#pragma once
// The hash chain over all commands of a group.

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace pelorus::raft {

/// The next link (XXH3, 64 bits): two members with the same link have applied the same commands.
inline uint64_t next_link(uint64_t link, std::string_view commands) {
  return XXH3_64bits_withSeed(commands.data(), commands.size(), link);
}

}  // namespace pelorus::raft
