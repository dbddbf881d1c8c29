#pragma once
// Several sorted runs of rows as one sorted sequence.

#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "data/symbol_base.h"
#include "storage/chunk/key_directory.h"

namespace pelorus::storage {

/// Rows sorted by the chunk's rule that lie one after another; later runs came later.
struct SortedRun {
  size_t first_row = 0;  // as stored; runs ascend and do not overlap
  std::shared_ptr<const KeyDirectory> directory;
};

struct ArrangeOptions {
  KeepDuplicates keep = KeepDuplicates::kAll;
  std::vector<std::shared_ptr<data::SymbolBase>> texts;  // of each key column; null where it is no SYMBOL
};

/// Values of the last sort column for ascending ranges of stored rows.
using LastColumnReader = std::function<Result<data::Vector>(const std::vector<RowRange>& stored)>;

/// The rows of `wanted` (ascending stored ranges) in the order of the rule, without those that KeepDuplicates drops;
/// they are compared only with one another. Keys whose runs follow one another in the last column cost nothing a row;
/// only for the others `read` is called, once. Cost besides: keys × runs, sorted.
Result<RowSelection> arrange_rows(const std::vector<SortedRun>& runs, const std::vector<RowRange>& wanted,
                                  const ArrangeOptions& options, const LastColumnReader& read);

}  // namespace pelorus::storage
