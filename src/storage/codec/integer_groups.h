#pragma once
// Integers in groups of 1,024, each bit-packed in the way that is smallest for it (docs/formats/column_file.md §4).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "storage/row_selection.h"

namespace pelorus::storage {

inline constexpr size_t kGroupRows = 1024;

/// Values to be encoded, whose size is known before. Null is INT64_MIN. Every group is either values less their
/// minimum, or the differences of neighbours less their minimum (never with nulls), so that one outlier widens one
/// group only.
class IntegerGroups {
 public:
  /// `values` must outlive it. Cost: two passes.
  explicit IntegerGroups(std::span<const int64_t> values);

  /// What encode() gives.
  size_t bytes() const { return bytes_; }
  std::string encode() const;

 private:
  /// How a group is to be written.
  struct Group {
    uint8_t form = 0;
    unsigned bits = 0;
    int64_t base = 0;
    int64_t step = 0;
  };
  static Group plan(std::span<const int64_t> values);
  static size_t bytes_of(const Group& group, size_t count);
  static void put(const Group& group, std::span<const int64_t> values, std::string& out);

  const std::span<const int64_t> values_;
  std::vector<Group> groups_;
  size_t bytes_ = 0;
};

/// Takes the values of a stretch of rows: `first_row`, counted from the block's first.
using GroupSink = std::function<void(size_t first_row, std::span<const int64_t> values)>;

/// Decodes the groups that hold rows of `ranges` (ascending, within `rows`) and gives those rows, a stretch at a time.
/// kCorrupt unless the bytes are groups of exactly `rows` values; what was given by then is worth nothing.
Status decode_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, const GroupSink& sink);

}  // namespace pelorus::storage
