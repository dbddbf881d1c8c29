#pragma once
// Frames between nodes, after the handshake. Format: docs/protocol/rpc.md, "Frames".

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace pelorus::rpc {

inline constexpr size_t kFrameHeadBytes = 24;
inline constexpr size_t kMethodBytesMax = 128;
inline constexpr size_t kPayloadBytesMax = 1UL << 30;

enum class FrameKind : uint8_t {
  kRequest = 1,
  kResponse = 2,  // payload: the result
  kError = 3,     // payload: u16 code, message
  kCancel = 4,    // the caller no longer waits for this call
  kPing = 5,
  kPong = 6,
};

inline constexpr uint8_t kUrgentFlag = 1;

/// A frame that has been read whole and fits its checksum.
struct Frame {
  FrameKind kind = FrameKind::kPing;
  uint8_t flags = 0;
  uint64_t call_id = 0;
  uint32_t deadline_ms = 0;  // from arrival; 0: none
  uint16_t method_bytes = 0;
  Bytes body;  // method, then payload

  std::string_view method() const { return std::string_view(body).substr(0, method_bytes); }
  std::string_view payload() const { return std::string_view(body).substr(method_bytes); }
  /// Without a copy when there is no method, as in responses.
  Bytes take_payload() {
    if (method_bytes == 0) return std::move(body);
    return Bytes(payload());
  }
};

/// A frame ready to be sent: two pieces, so that the payload is never copied.
struct OutgoingFrame {
  Bytes head;  // 24 bytes and the method
  Bytes payload;
  uint64_t call_id = 0;
  size_t size() const { return head.size() + payload.size(); }
};

struct FrameFields {
  FrameKind kind = FrameKind::kPing;
  uint8_t flags = 0;
  uint64_t call_id = 0;
  uint32_t deadline_ms = 0;
  std::string_view method = {};
};

/// `payload` is at most kPayloadBytesMax and the method at most kMethodBytesMax: the callers' duty.
OutgoingFrame make_frame(const FrameFields& fields, Bytes payload);

/// An Error as payload of a kError frame, and back.
Bytes encode_error(const Error& error);
Error decode_error(std::string_view payload);

/// Cuts a stream of bytes into frames. Of the frame in progress it sets aside 16 MiB at most, or twice what has
/// arrived, and touches 256 KiB more than has arrived.
class FrameReader {
 public:
  /// Takes what it can use from `bytes` and drops it there; a frame when one is whole. Call again until nothing
  /// is left and no frame comes. kCorrupt: not a frame, checksum, or too long; the connection is of no more use.
  Result<std::optional<Frame>> read(std::string_view& bytes);

  /// Where to receive a long body directly: room for at most `want` more bytes, empty unless inside a body.
  /// Say how many arrived with `commit`.
  std::pair<char*, size_t> body_room(size_t want);
  void commit(size_t received);

 private:
  Status begin_body();
  Result<std::optional<Frame>> finish_if_whole();

  Bytes head_;
  Frame frame_;
  size_t body_bytes_ = 0;  // stated length of the body
  size_t arrived_ = 0;     // of the body
  bool in_body_ = false;
  uint32_t stated_crc_ = 0;
  uint32_t crc_ = 0;  // of what arrived so far
};

}  // namespace pelorus::rpc
