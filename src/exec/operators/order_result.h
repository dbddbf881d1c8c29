#pragma once
// order by, distinct, top and limit of a finished result.

#include <optional>
#include <vector>

#include "data/table.h"
#include "exec/evaluator.h"
#include "exec/operators/relation.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// Rows [from, from + count), or the last -count.
struct RowLimit {
  int64_t from = 0;
  int64_t count = INT64_MAX;  // negative: the last so many
  bool is_all() const { return from == 0 && count == INT64_MAX; }
  /// Clipped to `rows`.
  std::pair<size_t, size_t> range(size_t rows) const;
};
/// top and limit of a query. ScriptError: not an integer.
RowLimit limit_of(const syntax::Query& query, Evaluator& evaluator, Scope* constants);

/// Sorts and cuts `result`. Keys are looked up among the result's columns first; then, when `source` is given and has
/// as many rows as the result, among its columns. Items let a key repeat an item's expression.
data::Table order_and_limit(data::Table result, const std::vector<syntax::OrderKey>& keys, const RowLimit& limit,
                            const std::vector<std::pair<std::string, std::string>>& item_texts, RowScope* source,
                            Evaluator& evaluator, Scope* outer);

/// First of equal rows, in their order.
data::Table distinct_rows(const data::Table& table);

bool is_nulls_last(const syntax::OrderKey& key);

}  // namespace pelorus::exec
