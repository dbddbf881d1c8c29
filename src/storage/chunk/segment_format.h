#pragma once
// Bytes of a column file's header, footer and trailer (docs/formats/column_file.md §2, §3, §5).

#include <string>
#include <string_view>

#include "base/error.h"
#include "storage/chunk/segment.h"

namespace pelorus::storage {

inline constexpr uint64_t kColumnHeaderBytes = 28;
inline constexpr uint64_t kColumnTrailerBytes = 24;

/// 1: rows as they came; 2: sorted rows with a key directory, newer encodings.
inline constexpr uint32_t kColumnFormatNewest = 3;

std::string encode_column_header(ChunkId chunk, uint64_t file_number, uint32_t format);
/// 0: these bytes are no such header.
uint32_t format_of_header(std::string_view bytes, ChunkId chunk, uint64_t file_number);

std::string encode_footer(const SegmentIndex& index, uint32_t format);
Result<SegmentIndex> decode_footer(std::string_view bytes, uint64_t file_bytes, uint32_t format);

struct ColumnTrailer {
  uint64_t footer_offset = 0;
  uint64_t footer_bytes = 0;
  uint32_t footer_crc = 0;
};
std::string encode_trailer(const ColumnTrailer& trailer);
Result<ColumnTrailer> decode_trailer(std::string_view bytes);

}  // namespace pelorus::storage
