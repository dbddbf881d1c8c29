#include "data/tensor.h"

#include "base/check.h"
#include "types/format_value.h"

namespace pelorus::data {
namespace {

/// "int"
std::string lower_name(Type type) {
  std::string name(types::name_of(type));
  for (auto& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return name;
}

std::string shape_text(const std::vector<int64_t>& shape, size_t from) {
  std::string text;
  for (size_t d = from; d < shape.size(); ++d) text += "[" + std::to_string(shape[d]) + "]";
  return text;
}

}  // namespace

Tensor::Tensor(Vector elements, std::vector<int64_t> shape) : elements_(std::move(elements)), shape_(std::move(shape)) {
  int64_t count = 1;
  for (const auto length : shape_) count *= length;
  CHECK(!shape_.empty() && count == static_cast<int64_t>(elements_.size()));
}

std::string Tensor::kind() const { return std::string(types::name_of(elements_.type())) + " TENSOR"; }

std::string Tensor::describe() const {
  constexpr int64_t kShownMax = 20;
  const auto name = lower_name(elements_.type());
  std::string text = "tensor<" + name + shape_text(shape_, 0) + ">:";
  for (int64_t i = 0; i < std::min(shape_[0], kShownMax); ++i) {
    text += "\n" + std::to_string(i) + ": " + name + shape_text(shape_, 1);
    if (shape_.size() > 2) continue;
    const int64_t length = shape_.size() == 2 ? shape_[1] : 1;
    text += shape_.size() == 2 ? " [" : " ";
    for (int64_t k = 0; k < std::min(length, kShownMax); ++k)
      text += (k > 0 ? ", " : "") + types::format_value(elements_.scalar_at(static_cast<size_t>(i * length + k)));
    if (length > kShownMax) text += ", ...";
    if (shape_.size() == 2) text += "]";
  }
  if (shape_[0] > kShownMax) text += "\n...";
  return text;
}

std::vector<int64_t> Tensor::strides() const {
  std::vector<int64_t> strides(shape_.size(), 1);
  for (size_t d = shape_.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * shape_[d + 1];
  return strides;
}

}  // namespace pelorus::data
