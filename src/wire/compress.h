#pragma once
// Blocks of compressed columns (docs/protocol/native.md §7.2). Pure functions over bytes.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/vector.h"

namespace pelorus::wire {

enum class CompressMethod : uint8_t { kLz4 = 1, kDeltaOfDelta = 2 };

/// One block never holds more than this many bytes before compression.
inline constexpr size_t kBlockBytesMax = 65536;
/// Longest block payload accepted from a peer (delta-of-delta may grow what it packs).
inline constexpr size_t kBlockPayloadMax = 1 << 20;

/// One raw LZ4 block. Errors: kCorrupt.
Result<std::string> unpack_lz4(std::string_view payload);
/// One delta-of-delta block of `unit`-byte integers (2, 4 or 8), at most `elements_max` of them.
/// Errors: kCorrupt when the bits end before an element does.
Result<std::string> unpack_delta(std::string_view payload, int unit, size_t elements_max);

/// `raw` is at most kBlockBytesMax bytes.
std::string pack_lz4(std::string_view raw);
/// `raw` is whole little-endian integers of `unit` bytes; the smallest integer is null.
std::string pack_delta(std::string_view raw, int unit);

/// True for the types whose elements the delta-of-delta method may carry: SHORT, INT, LONG and temporals.
bool may_pack_delta(data::Type type);

}  // namespace pelorus::wire
