#include "wire/compress.h"
#include "wire/internal/frame.h"

namespace pelorus::wire {
namespace {

using data::Type;
using data::Value;

/// A compressed column (§7.2): blocks that unpack to the element area of the vector.
class CompressedFrame final : public Frame {
 public:
  Step step(Input& in) override {
    if (body_ == nullptr) {
      if (!in.get(&header_)) return Step::kMore;
      if (const auto step = open(in); step != Step::kDone) return step;
    }
    while (bytes_left_ > 0) {
      if (const auto step = take_block(in); step != Step::kDone) return step;
    }
    if (unpacked_) return Step::kDone;
    return finish_body(in);
  }
  Value result() override { return Value(body_->finish()); }

 private:
  struct __attribute__((packed)) Header {
    int32_t byte_size;
    int32_t columns;
    int8_t version;
    uint8_t flag;
    int8_t character_code;
    uint8_t method;
    uint8_t type;
    int8_t unit;
    int16_t scale;
    int32_t extra;
    int32_t elements;
    int32_t checksum;
  };
  static constexpr int32_t kHeaderShare = 20;  // bytes of the header that byte_size counts

  Step open(Input& in) {
    if (!in.limits().allow_compressed) return in.limit("compressed columns are not accepted before login");
    bool array = false;
    if (!split_type_code(header_.type, &type_, &array) || type_ == Type::kVoid) {
      return in.corrupt("a compressed column of type " + std::to_string(header_.type));
    }
    if (header_.byte_size < kHeaderShare || header_.elements < 0 || header_.columns != 1) {
      return in.corrupt("a compressed column of " + std::to_string(header_.elements) + " elements in " +
                        std::to_string(header_.byte_size) + " bytes");
    }
    const bool delta = header_.method == static_cast<uint8_t>(CompressMethod::kDeltaOfDelta);
    if (!delta && header_.method != static_cast<uint8_t>(CompressMethod::kLz4)) {
      return in.corrupt("compression method " + std::to_string(header_.method));
    }
    if (delta && (array || !may_pack_delta(type_))) return in.corrupt("a delta compression of such a column");
    const int32_t scale = types::is_decimal(type_) ? header_.scale : 0;
    if (!is_scale_valid(type_, scale)) return in.corrupt("a decimal of scale " + std::to_string(scale));
    std::optional<uint64_t> array_elements;
    if (array && header_.extra >= 0) array_elements = static_cast<uint64_t>(header_.extra);
    body_ = make_body({.type = type_,
                       .array = array,
                       .count = static_cast<size_t>(header_.elements),
                       .scale = scale,
                       .array_elements = array_elements});
    if (body_ == nullptr) return in.corrupt("a compressed column of type " + std::to_string(header_.type));
    inner_.emplace(in.limits());
    bytes_left_ = static_cast<uint32_t>(header_.byte_size - kHeaderShare);
    delta_left_ = static_cast<size_t>(header_.elements);
    return Step::kDone;
  }

  Step take_block(Input& in) {
    if (!has_block_size_) {
      uint32_t size = 0;
      if (!in.get(&size)) return Step::kMore;
      block_size_ = size & 0x7FFFFFFF;
      if (bytes_left_ < sizeof size || block_size_ > bytes_left_ - sizeof size || block_size_ > kBlockPayloadMax) {
        return in.corrupt("a compressed block of " + std::to_string(block_size_) + " bytes where " +
                          std::to_string(bytes_left_) + " are left");
      }
      block_.clear();
      has_block_size_ = true;
    }
    const size_t had = block_.size();
    const size_t count = std::min(block_size_ - had, in.left());
    block_.resize(had + count);
    in.copy(block_.data() + had, count);
    if (block_.size() < block_size_) return Step::kMore;
    has_block_size_ = false;
    bytes_left_ -= static_cast<uint32_t>(block_size_ + sizeof(uint32_t));
    return unpack(in);
  }

  Step unpack(Input& in) {
    const int unit = types::width_of(type_);
    auto raw = header_.method == static_cast<uint8_t>(CompressMethod::kLz4) ? unpack_lz4(block_)
                                                                            : unpack_delta(block_, unit, delta_left_);
    if (!raw.ok()) {
      in.set_fault(raw.error());
      return Step::kFault;
    }
    if (header_.method == static_cast<uint8_t>(CompressMethod::kDeltaOfDelta)) {
      delta_left_ -= raw->size() / static_cast<size_t>(unit);
    }
    inner_->set(*raw);
    return run_body(in);
  }

  /// Feeds what inner_ holds to the body.
  Step run_body(Input& in) {
    const auto step = body_->step(*inner_);
    if (step == Step::kFault) {
      in.set_fault(*inner_->fault());
      return Step::kFault;
    }
    if (step == Step::kDone) {
      if (inner_->left() > 0) return in.corrupt("a compressed column holds more than its elements");
      unpacked_ = true;
    }
    return Step::kDone;
  }

  Step finish_body(Input& in) {
    inner_->set({});
    if (const auto step = run_body(in); step == Step::kFault) return step;
    if (!unpacked_) return in.corrupt("a compressed column holds fewer than its elements");
    return Step::kDone;
  }

  Header header_{};
  Type type_ = Type::kVoid;
  std::unique_ptr<Body> body_;
  std::optional<Input> inner_;
  bool unpacked_ = false;  // set once the body is complete
  uint32_t bytes_left_ = 0;
  size_t delta_left_ = 0;
  bool has_block_size_ = false;
  size_t block_size_ = 0;
  std::string block_;
};

}  // namespace

std::unique_ptr<Frame> make_compressed_frame() { return std::make_unique<CompressedFrame>(); }

}  // namespace pelorus::wire
