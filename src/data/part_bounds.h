#pragma once
// What is known of the parts of a column, so that queries can leave parts and rows out.

#include <cstdint>
#include <vector>

#include "data/vector.h"
#include "kernels/part_directory.h"

namespace pelorus::data {

using kernels::kPartRows;

/// Part p: rows p * kPartRows on.
struct PartBounds {
  Shared<Vector> least, greatest;  // by part, of the column's type
  std::vector<int8_t> has_null;    // by part; then the other two say nothing
  std::vector<int8_t> ascends;     // by part: 1 where no value is below the one before

  size_t parts() const { return has_null.size(); }
};

/// Bounds of the parts of a long column of whole numbers or moments; null: it is none, or they are not known yet.
std::shared_ptr<const PartBounds> bounds_of(const Vector& column);

/// Where the values of a long column of symbols or whole numbers are; it has no others than lowest … lowest + values -
/// 1 (symbols: codes from 0 on). Null: there are too many, the directory is not known yet, or memory is scarce.
std::shared_ptr<const kernels::PartDirectory> directory_of(const Vector& column, int64_t lowest, size_t values,
                                                           WorkerPool* workers);

}  // namespace pelorus::data
