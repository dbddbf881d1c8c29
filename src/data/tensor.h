#pragma once
// Numbers in several dimensions, for exchange with programs that compute with them: what tensor() makes.

#include <cstdint>
#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::data {

/// The form tensors travel under; no other value has it.
inline constexpr Form kTensorForm{10};

/// Immutable. Elements in the order in which the last dimension changes fastest.
class Tensor final : public HandleObject {
 public:
  /// One dimension at least; `elements.size()` is the product of `shape` (checked). BOOL, CHAR, SHORT, INT, LONG, FLOAT
  /// or DOUBLE.
  Tensor(Vector elements, std::vector<int64_t> shape);

  std::string kind() const override;
  /// "tensor<int[2][3]>:" and a line for each part of the first dimension: its numbers up to two dimensions, else its
  /// shape.
  std::string describe() const override;
  const Vector& elements() const { return elements_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  /// Elements between neighbours of each dimension.
  std::vector<int64_t> strides() const;

  /// Null when the value is no tensor.
  static const Tensor* of(const Value& value) {
    return value.is_handle() ? dynamic_cast<const Tensor*>(value.handle().get()) : nullptr;
  }

 private:
  const Vector elements_;
  const std::vector<int64_t> shape_;
};

}  // namespace pelorus::data
