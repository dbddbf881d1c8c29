#pragma once
// Least and greatest elements of the parts of a column, so that queries can leave parts out.

#include <atomic>
#include <memory>
#include <vector>

#include "data/shared.h"

namespace pelorus::data {

class Vector;

inline constexpr size_t kBoundedRows = 16384;

/// Part p: rows p * kBoundedRows on.
struct PartBounds {
  Shared<Vector> least, greatest;  // by part, of the column's type
  std::vector<int8_t> has_null;    // by part; then the other two say nothing
};

/// What is known of a column's bounds: nothing until they are asked for twice between changes, as looking for them
/// costs as much as reading the column. Asking is thread-safe. Copies and moved ones know nothing.
class BoundsMemo {
 public:
  BoundsMemo() = default;
  BoundsMemo(const BoundsMemo&) noexcept {}
  BoundsMemo& operator=(const BoundsMemo&) noexcept {
    forget();
    return *this;
  }

  void forget() noexcept {
    if (times_asked_.load(std::memory_order_relaxed) == 0) return;
    times_asked_ = 0;
    bounds_ = std::shared_ptr<const PartBounds>();
  }
  /// `column`: the one this belongs to. Null: not known.
  std::shared_ptr<const PartBounds> ask(const Vector& column) const;

 private:
  mutable std::atomic<uint8_t> times_asked_{0};
  mutable std::atomic<std::shared_ptr<const PartBounds>> bounds_;
};

}  // namespace pelorus::data
