#pragma once
// From columns of tables to the plain key columns that kernels sort, group and join by.

#include <deque>
#include <string>
#include <vector>

#include "data/vector.h"
#include "kernels/join.h"
#include "kernels/key_column.h"
#include "kernels/sort.h"

namespace pelorus::exec {

/// Key columns and what they point into. Not movable once columns were added (the kernels hold pointers).
class KeyColumns {
 public:
  KeyColumns() = default;
  KeyColumns(const KeyColumns&) = delete;
  KeyColumns& operator=(const KeyColumns&) = delete;

  /// Keeps a share of `column`. ScriptError for array vectors and tuples, naming `what` ("group by").
  void add(const data::Shared<data::Vector>& column, std::string_view what);
  const std::vector<kernels::KeyColumn>& columns() const { return keys_; }

 private:
  std::deque<data::Shared<data::Vector>> held_;
  std::deque<std::vector<int32_t>> ranks_;
  std::vector<kernels::KeyColumn> keys_;
};

/// Rows in order of `columns`.
struct OrderColumn {
  data::Shared<data::Vector> values;
  bool descending = false;
  bool nulls_last = false;
};
/// `count`: only the first so many.
kernels::RowNumbers order_rows(const std::vector<OrderColumn>& columns, size_t rows, size_t count = SIZE_MAX);

/// Group numbers of rows by columns, ascending. `workers` may be null.
kernels::Groups group_by_columns(const std::vector<data::Shared<data::Vector>>& columns, size_t rows,
                                 std::string_view what, WorkerPool* workers);
/// The same of rows that lie in the order of the columns, which are of fixed width: neighbours that differ begin a
/// group.
kernels::Groups group_in_order(const std::vector<data::Shared<data::Vector>>& columns, size_t rows);

/// Makes two key columns comparable (same representation, one code space) and matches them pairwise. The columns
/// outlive the result. ScriptError when their types cannot be compared.
kernels::MatchedKeys match_key_columns(const std::vector<data::Shared<data::Vector>>& left,
                                       const std::vector<data::Shared<data::Vector>>& right, bool nulls_match);
/// Of `matched` right keys that a directory is worth while for: the rows of each are to be looked for. Cost: none, but
/// for what data::directory_of() says.
void note_directory(kernels::MatchedKeys& matched, const std::vector<data::Shared<data::Vector>>& right,
                    WorkerPool* workers);

/// Two columns converted to one type: SYMBOL and STRING to STRING, INT and LONG to LONG, DATE and TIMESTAMP to the
/// finer.
std::pair<data::Shared<data::Vector>, data::Shared<data::Vector>> same_type(const data::Shared<data::Vector>& left,
                                                                            const data::Shared<data::Vector>& right);

}  // namespace pelorus::exec
