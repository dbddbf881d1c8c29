#include "rpc/frame.h"

#include <algorithm>

#include "io/checksum.h"

namespace pelorus::rpc {
namespace {

constexpr size_t kChecksumEnd = 8;               // length and checksum stand before what is checked
constexpr size_t kBodyStepBytes = 256 << 10;     // of a body, made ready at once
constexpr size_t kBodyReservedMax = 16UL << 20;  // set aside for a body by its stated length; untouched until it comes

}  // namespace

OutgoingFrame make_frame(const FrameFields& fields, Bytes payload) {
  CHECK(payload.size() <= kPayloadBytesMax && fields.method.size() <= kMethodBytesMax);
  OutgoingFrame frame;
  frame.call_id = fields.call_id;
  Bytes checked;
  ByteWriter writer(checked);
  writer.put<uint64_t>(fields.call_id);
  writer.put(static_cast<uint8_t>(fields.kind));
  writer.put(fields.flags);
  writer.put(static_cast<uint16_t>(fields.method.size()));
  writer.put(fields.deadline_ms);
  writer.put_raw(fields.method.data(), fields.method.size());
  ByteWriter head(frame.head);
  head.put(static_cast<uint32_t>(fields.method.size() + payload.size()));
  head.put(io::crc32c(payload, io::crc32c(checked)));
  head.put_raw(checked.data(), checked.size());
  frame.payload = std::move(payload);
  return frame;
}

Bytes encode_error(const Error& error) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.put(static_cast<uint16_t>(error.code));
  writer.put_raw(error.message.data(), error.message.size());
  return bytes;
}

Error decode_error(std::string_view payload) {
  ByteReader reader(payload);
  const auto number = reader.get<uint16_t>();
  if (!reader.ok()) return {ErrorCode::kCorrupt, "an error without a code came from the peer"};
  const auto code = static_cast<ErrorCode>(number);
  const bool is_known = facts(code).code == code;
  return {is_known ? code : ErrorCode::kInternal, std::string(reader.get_raw(reader.left()))};
}

Status FrameReader::begin_body() {
  ByteReader reader(head_);
  body_bytes_ = reader.get<uint32_t>();
  stated_crc_ = reader.get<uint32_t>();
  frame_ = Frame();
  frame_.call_id = reader.get<uint64_t>();
  const auto kind = reader.get<uint8_t>();
  frame_.flags = reader.get<uint8_t>();
  frame_.method_bytes = reader.get<uint16_t>();
  frame_.deadline_ms = reader.get<uint32_t>();
  if (kind < static_cast<uint8_t>(FrameKind::kRequest) || kind > static_cast<uint8_t>(FrameKind::kPong)) {
    return Error{ErrorCode::kCorrupt, "unknown kind of frame: " + std::to_string(kind)};
  }
  frame_.kind = static_cast<FrameKind>(kind);
  if (frame_.method_bytes > kMethodBytesMax || frame_.method_bytes > body_bytes_ ||
      body_bytes_ - frame_.method_bytes > kPayloadBytesMax) {
    return Error{ErrorCode::kCorrupt, "a frame states impossible lengths: body " + std::to_string(body_bytes_) +
                                          ", method " + std::to_string(frame_.method_bytes)};
  }
  crc_ = io::crc32c(std::string_view(head_).substr(kChecksumEnd));
  arrived_ = 0;
  in_body_ = true;
  return {};
}

std::pair<char*, size_t> FrameReader::body_room(size_t want) {
  if (!in_body_ || arrived_ == body_bytes_) return {nullptr, 0};
  if (frame_.body.size() == arrived_) {
    if (arrived_ == frame_.body.capacity() || arrived_ == 0)
      frame_.body.reserve(std::min(body_bytes_, std::max(kBodyReservedMax, 2 * arrived_)));
    frame_.body.resize(std::min(body_bytes_, arrived_ + kBodyStepBytes));  // what is cleared stays in the cache
  }
  return {frame_.body.data() + arrived_, std::min(want, frame_.body.size() - arrived_)};
}

void FrameReader::commit(size_t received) {
  crc_ = io::crc32c(std::string_view(frame_.body).substr(arrived_, received), crc_);
  arrived_ += received;
}

Result<std::optional<Frame>> FrameReader::finish_if_whole() {
  if (!in_body_ || arrived_ < body_bytes_) return std::optional<Frame>();
  if (crc_ != stated_crc_) {
    return Error{ErrorCode::kCorrupt, "a frame fails its checksum, " + std::to_string(body_bytes_) + " bytes"};
  }
  in_body_ = false;
  head_.clear();
  return std::optional<Frame>(std::move(frame_));
}

Result<std::optional<Frame>> FrameReader::read(std::string_view& bytes) {
  if (!in_body_) {
    const auto taken = std::min(kFrameHeadBytes - head_.size(), bytes.size());
    head_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (head_.size() < kFrameHeadBytes) return std::optional<Frame>();
    TRY_DONE(begin_body());
  }
  while (!bytes.empty()) {
    const auto [room, size] = body_room(bytes.size());
    if (size == 0) break;
    std::memcpy(room, bytes.data(), size);
    bytes.remove_prefix(size);
    commit(size);
  }
  return finish_if_whole();
}

}  // namespace pelorus::rpc
