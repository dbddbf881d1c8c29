#include "storage/chunk/segment_format.h"

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

constexpr uint32_t kColumnMagic = 0x43524C50;   // "PLRC"
constexpr uint32_t kTrailerMagic = 0x45524C50;  // "PLRE"
constexpr size_t kBlockEntryBytes = 8 + 8 + 4 + 4 + 1 + 1 + 8 + 16 + 16;

void put_block(const BlockEntry& block, ByteWriter& writer) {
  writer.put<uint64_t>(block.offset);
  writer.put<uint64_t>(block.bytes);
  writer.put<uint32_t>(block.rows);
  writer.put<uint32_t>(block.crc);
  writer.put<uint8_t>(static_cast<uint8_t>(block.encoding));
  writer.put<uint8_t>(block.facts.ordered ? 1 : 0);
  writer.put<uint64_t>(block.facts.nulls);
  writer.put_raw(block.facts.min, sizeof block.facts.min);
  writer.put_raw(block.facts.max, sizeof block.facts.max);
}

BlockEntry get_block(ByteReader& reader) {
  BlockEntry block;
  block.offset = reader.get<uint64_t>();
  block.bytes = reader.get<uint64_t>();
  block.rows = reader.get<uint32_t>();
  block.crc = reader.get<uint32_t>();
  block.encoding = static_cast<Encoding>(reader.get<uint8_t>());
  block.facts.ordered = reader.get<uint8_t>() != 0;
  block.facts.nulls = reader.get<uint64_t>();
  const auto min = reader.get_raw(sizeof block.facts.min);
  const auto max = reader.get_raw(sizeof block.facts.max);
  if (reader.ok()) {
    std::memcpy(block.facts.min, min.data(), min.size());
    std::memcpy(block.facts.max, max.data(), max.size());
  }
  return block;
}

bool lies_within(const BlockEntry& block, uint64_t file_bytes) {
  return block.offset >= kColumnHeaderBytes && block.offset <= file_bytes && block.bytes <= file_bytes - block.offset;
}

bool get_directory(ByteReader& reader, uint64_t file_bytes, SegmentIndex& index) {
  const auto columns = reader.get<uint32_t>();
  if (!reader.ok() || columns > index.columns.size()) return false;
  for (uint32_t k = 0; k < columns; ++k) {
    const auto column = reader.get<uint32_t>();
    if (column >= index.columns.size() || index.columns[column].array) return false;
    index.sort_columns.push_back(column);
  }
  if (columns == 0) return true;
  index.directory = get_block(reader);
  return lies_within(index.directory, file_bytes);
}

}  // namespace

std::string encode_column_header(ChunkId chunk, uint64_t file_number, uint32_t format) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kColumnMagic);
  writer.put<uint32_t>(format);
  writer.put<uint64_t>(chunk.value);
  writer.put<uint64_t>(file_number);
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

uint32_t format_of_header(std::string_view bytes, ChunkId chunk, uint64_t file_number) {
  for (uint32_t format = 1; format <= kColumnFormatNewest; ++format) {
    if (bytes == encode_column_header(chunk, file_number, format)) return format;
  }
  return 0;
}

std::string encode_footer(const SegmentIndex& index, uint32_t format) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint64_t>(index.rows);
  writer.put<uint32_t>(static_cast<uint32_t>(index.columns.size()));
  for (const auto& column : index.columns) {
    writer.put<uint8_t>(static_cast<uint8_t>(column.type));
    writer.put<uint8_t>(column.array ? 1 : 0);
    writer.put<uint16_t>(static_cast<uint16_t>(column.scale));
    writer.put<uint32_t>(column.dictionary.first_code);
    writer.put<uint32_t>(column.dictionary.count);
    put_block(column.dictionary.block, writer);
    writer.put<uint32_t>(static_cast<uint32_t>(column.blocks.size()));
    for (const auto& block : column.blocks) put_block(block, writer);
  }
  if (format < 2) return bytes;
  writer.put<uint32_t>(static_cast<uint32_t>(index.sort_columns.size()));
  for (const auto column : index.sort_columns) writer.put<uint32_t>(column);
  if (!index.sort_columns.empty()) put_block(index.directory, writer);
  return bytes;
}

Result<SegmentIndex> decode_footer(std::string_view bytes, uint64_t file_bytes, uint32_t format) {
  const Error corrupt{ErrorCode::kCorrupt, "column file footer makes no sense"};
  ByteReader reader(bytes);
  SegmentIndex index;
  index.rows = reader.get<uint64_t>();
  const auto columns = reader.get<uint32_t>();
  if (columns > kColumnsMax) return corrupt;
  for (uint32_t c = 0; c < columns; ++c) {
    SegmentIndex::Column column;
    column.type = static_cast<types::Type>(reader.get<uint8_t>());
    column.array = reader.get<uint8_t>() != 0;
    column.scale = reader.get<uint16_t>();
    column.dictionary.first_code = reader.get<uint32_t>();
    column.dictionary.count = reader.get<uint32_t>();
    column.dictionary.block = get_block(reader);
    const auto blocks = reader.get<uint32_t>();
    if (!reader.ok() || !types::is_storable(column.type) || blocks > reader.left() / kBlockEntryBytes) return corrupt;
    if (column.dictionary.count > 0 && !lies_within(column.dictionary.block, file_bytes)) return corrupt;
    uint64_t row = 0;
    for (uint32_t b = 0; b < blocks; ++b) {
      BlockEntry block = get_block(reader);
      if (!lies_within(block, file_bytes)) return corrupt;
      block.first_row = row;
      row += block.rows;
      column.blocks.push_back(block);
    }
    if (row != index.rows) return corrupt;
    index.columns.push_back(std::move(column));
  }
  if (format >= 2 && !get_directory(reader, file_bytes, index)) return corrupt;
  if (!reader.ok() || !reader.at_end()) return corrupt;
  return index;
}

std::string encode_trailer(const ColumnTrailer& trailer) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint64_t>(trailer.footer_offset);
  writer.put<uint64_t>(trailer.footer_bytes);
  writer.put<uint32_t>(trailer.footer_crc);
  writer.put<uint32_t>(kTrailerMagic);
  return bytes;
}

Result<ColumnTrailer> decode_trailer(std::string_view bytes) {
  ByteReader reader(bytes);
  ColumnTrailer trailer;
  trailer.footer_offset = reader.get<uint64_t>();
  trailer.footer_bytes = reader.get<uint64_t>();
  trailer.footer_crc = reader.get<uint32_t>();
  if (reader.get<uint32_t>() != kTrailerMagic || !reader.ok()) {
    return Error{ErrorCode::kCorrupt, "column file has no trailer"};
  }
  return trailer;
}

}  // namespace pelorus::storage
