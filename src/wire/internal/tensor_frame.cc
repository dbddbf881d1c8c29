// Tensors: shape, strides, then the elements.

#include "data/tensor.h"
#include "wire/internal/frame.h"

namespace pelorus::wire {
namespace {

using data::Type;

class TensorFrame final : public Frame {
 public:
  explicit TensorFrame(Type type) : type_(type) {}

  Step step(Input& in) override {
    while (body_ == nullptr) {
      if (const auto step = head(in)) return *step;
    }
    return body_->step(in);
  }
  std::span<char> direct() override { return body_ != nullptr ? body_->direct() : std::span<char>(); }
  void direct_done(size_t size) override { body_->direct_done(size); }
  data::Value result() override { return data::HandleRef(std::make_shared<data::Tensor>(body_->finish(), shape_)); }

 private:
  static constexpr int32_t kDimensionsMax = 64;

  /// Reads one number of the head; what to do instead of going on with the next.
  std::optional<Step> head(Input& in) {
    if (place_ < kBytes) {
      uint8_t kind = 0;  // of tensor, of device
      if (!in.get(&kind)) return Step::kMore;
      if (kind != 0) return in.corrupt("a tensor of kind " + std::to_string(kind));
      ++place_;
      return std::nullopt;
    }
    if (place_ < kBytes + kInts) {
      int32_t number = 0;  // flags, dimensions
      if (!in.get(&number)) return Step::kMore;
      dimensions_ = number;
      ++place_;
      if (place_ == kBytes + kInts && (number < 1 || number > kDimensionsMax))
        return in.corrupt("a tensor of " + std::to_string(number) + " dimensions");
      return std::nullopt;
    }
    int64_t number = 0;  // shape, strides, preserved, element count
    if (!in.get(&number)) return Step::kMore;
    const auto at = place_++ - kBytes - kInts;
    if (at < dimensions_) {
      if (number < 0 || number > INT32_MAX) return in.corrupt("a tensor of length " + std::to_string(number));
      shape_.push_back(number);
      __extension__ using Wide = unsigned __int128;
      const Wide product = static_cast<Wide>(count_) * static_cast<uint64_t>(number);
      if (product > INT32_MAX) return in.corrupt("a tensor of too many elements");
      count_ = static_cast<uint64_t>(product);
    } else if (at < 2 * dimensions_) {
      strides_.push_back(number);
    } else if (at == 2 * dimensions_ + 1) {
      if (static_cast<uint64_t>(number) != count_ || !is_dense()) return in.corrupt("a tensor with gaps");
      body_ = make_body({.type = type_, .count = count_});
    }
    return std::nullopt;
  }

  bool is_dense() const {
    int64_t stride = 1;
    for (size_t d = shape_.size(); d-- > 0;) {
      if (strides_[d] != stride) return false;
      stride *= shape_[d];
    }
    return true;
  }

  static constexpr int64_t kBytes = 2, kInts = 2;

  const Type type_;
  int64_t place_ = 0;  // numbers of the head that were read
  int64_t dimensions_ = 0;
  std::vector<int64_t> shape_, strides_;
  uint64_t count_ = 1;
  std::unique_ptr<Body> body_;
};

}  // namespace

std::unique_ptr<Frame> make_tensor_frame(uint8_t type) {
  switch (static_cast<Type>(type)) {
    case Type::kBool:
    case Type::kChar:
    case Type::kShort:
    case Type::kInt:
    case Type::kLong:
    case Type::kFloat:
    case Type::kDouble: return std::make_unique<TensorFrame>(static_cast<Type>(type));
    default: return nullptr;
  }
}

}  // namespace pelorus::wire
