#include "storage/log/log_format.h"

#include "base/bytes.h"
#include "io/checksum.h"

namespace pelorus::storage {
namespace {

constexpr uint32_t kFrameMagic = 0x46524C50;    // "PLRF"
constexpr uint32_t kSegmentMagic = 0x4C524C50;  // "PLRL"
constexpr uint32_t kStateMagic = 0x53524C50;    // "PLRS"
constexpr uint32_t kFormat = 1;

}  // namespace

std::string encode_frame_header(const FrameHeader& header) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kFrameMagic);
  writer.put<uint32_t>(header.payload_crc);
  writer.put<uint64_t>(header.payload_bytes);
  writer.put<uint64_t>(header.segment);
  writer.put<uint64_t>(header.sequence);
  writer.put<uint64_t>(header.durable);
  writer.put<uint32_t>(static_cast<uint32_t>(header.type));
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

std::optional<FrameHeader> decode_frame_header(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.get<uint32_t>() != kFrameMagic) return std::nullopt;
  FrameHeader header;
  header.payload_crc = reader.get<uint32_t>();
  header.payload_bytes = reader.get<uint64_t>();
  header.segment = reader.get<uint64_t>();
  header.sequence = reader.get<uint64_t>();
  header.durable = reader.get<uint64_t>();
  header.type = static_cast<RecordType>(reader.get<uint32_t>());
  const auto crc = reader.get<uint32_t>();
  if (!reader.ok() || crc != io::crc32c(bytes.substr(0, kFrameHeaderBytes - 4))) return std::nullopt;
  return header;
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kSegmentMagic);
  writer.put<uint32_t>(kFormat);
  writer.put(header.log.bytes);
  writer.put<uint64_t>(header.segment);
  writer.put<uint64_t>(header.first_sequence);
  writer.put<uint64_t>(header.file_bytes);
  bytes.resize(kLogHeaderBytes - 4);
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kLogHeaderBytes) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.get<uint32_t>() != kSegmentMagic || reader.get<uint32_t>() != kFormat) return std::nullopt;
  SegmentHeader header;
  header.log.bytes = reader.get<std::array<uint8_t, 16>>();
  header.segment = reader.get<uint64_t>();
  header.first_sequence = reader.get<uint64_t>();
  header.file_bytes = reader.get<uint64_t>();
  uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + kLogHeaderBytes - 4, 4);
  if (crc != io::crc32c(bytes.substr(0, kLogHeaderBytes - 4))) return std::nullopt;
  return header;
}

std::string encode_log_state(const LogState& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint32_t>(kStateMagic);
  writer.put<uint32_t>(kFormat);
  writer.put(state.log.bytes);
  writer.put<uint64_t>(state.oldest);
  writer.put<uint64_t>(state.newest);
  writer.put<uint32_t>(io::crc32c(bytes));
  return bytes;
}

Result<LogState> decode_log_state(std::string_view bytes, const std::string& path) {
  ByteReader reader(bytes);
  const auto magic = reader.get<uint32_t>();
  const auto format = reader.get<uint32_t>();
  LogState state;
  state.log.bytes = reader.get<std::array<uint8_t, 16>>();
  state.oldest = reader.get<uint64_t>();
  state.newest = reader.get<uint64_t>();
  const size_t covered = reader.position();
  const auto crc = reader.get<uint32_t>();
  const bool good = reader.ok() && reader.at_end() && magic == kStateMagic &&
                    crc == io::crc32c(bytes.substr(0, covered)) && state.oldest >= 1 &&
                    state.newest + 1 >= state.oldest;
  if (!good) return Error{ErrorCode::kCorrupt, "redo log state is damaged: " + path};
  if (format != kFormat) {
    return Error{ErrorCode::kInvalid,
                 "redo log has a format this version does not know: " + path + ", format " + std::to_string(format)};
  }
  return state;
}

std::string segment_file_name(uint64_t segment) {
  const std::string digits = std::to_string(segment);
  return "log_" + std::string(16 - std::min<size_t>(16, digits.size()), '0') + digits + ".wal";
}

}  // namespace pelorus::storage
