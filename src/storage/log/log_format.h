#pragma once
// Bytes of the redo log's frames and headers (docs/formats/write_ahead_log.md §1–3).

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ids.h"

namespace pelorus::storage {

enum class RecordType : uint8_t { kPrepare = 1, kCommit = 2, kAbort = 3, kDrop = 4, kEnd = 5 };

inline constexpr uint64_t kLogHeaderBytes = 4096;  // before the first frame of a file
inline constexpr uint64_t kFrameHeaderBytes = 48;
inline constexpr uint64_t kFrameAlignment = 64;

/// A frame without payload behind the newest record, which says by its `durable` that the record was synced. No record:
/// the next one takes its place.
inline constexpr uint64_t kMarkSequence = 0;
inline constexpr uint64_t kMarkBytes = kFrameAlignment;

struct FrameHeader {
  uint32_t payload_crc = 0;
  uint64_t payload_bytes = 0;
  uint64_t segment = 0;   // number of the file it was written into: older content of a recycled file differs here
  uint64_t sequence = 0;  // 1, 2, 3 … through the life of the log
  uint64_t durable = 0;   // every record up to this one was synced before this frame was written
  RecordType type = RecordType::kEnd;

  uint64_t frame_bytes() const {
    return (kFrameHeaderBytes + payload_bytes + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
  }
};

std::string encode_frame_header(const FrameHeader& header);
/// Nothing when the bytes are no frame header with a good checksum.
std::optional<FrameHeader> decode_frame_header(std::string_view bytes);

struct SegmentHeader {
  Uuid log;
  uint64_t segment = 0;
  uint64_t first_sequence = 0;  // every record before it is in an earlier file and was synced before this header
  uint64_t file_bytes = 0;      // reserved for the file: a shorter one was cut
};

/// kLogHeaderBytes long.
std::string encode_segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

/// Which files the log consists of; the content of the file log_state.
struct LogState {
  Uuid log;
  uint64_t oldest = 1;
  uint64_t newest = 0;  // oldest - 1: none
};

std::string encode_log_state(const LogState& state);
Result<LogState> decode_log_state(std::string_view bytes, const std::string& path);

/// "log_0000000000000007.wal"
std::string segment_file_name(uint64_t segment);

}  // namespace pelorus::storage
