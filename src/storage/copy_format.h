#pragma once
// Messages of a chunk's copy between replicas (docs/formats/replica_copy.md). Private to the folder.

#include <cstdint>

namespace pelorus::storage {

inline constexpr uint32_t kCopyMagic = 0x58524C50;  // "PLRX"
inline constexpr uint32_t kCopyFormat = 1;
inline constexpr uint32_t kCopyFormatSorted = 2;   // with a sort rule behind the schema
inline constexpr uint32_t kCopyFormatOptions = 3;  // with table options there
inline constexpr size_t kMessageHeadBytes = 8;
inline constexpr size_t kMessageBytesWanted = 3u << 20;

enum class MessageKind : uint8_t { kHead = 1, kRows = 2, kEnd = 3, kFile = 4, kFileBytes = 5 };

}  // namespace pelorus::storage
