#pragma once
// What a table asks of the encodings of a column.

#include <cstdint>
#include <vector>

namespace pelorus::storage {

/// Numbers are on disk: never reuse one. Each adds one encoding to those that a block is tried in; the smallest wins.
enum class Compression : uint8_t {
  kUsual = 0,  // nothing: light encodings, LZ4
  kDelta = 1,  // how the steps between integers change
  kZstd = 2,   // ZSTD
  kChimp = 3,  // the bits in which doubles differ
};

/// One a column; empty: all kUsual.
using Compressions = std::vector<Compression>;

}  // namespace pelorus::storage
