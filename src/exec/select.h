#pragma once
// select and exec over rows in memory.

#include <functional>
#include <optional>
#include <vector>

#include "data/value.h"
#include "exec/evaluator.h"
#include "exec/operators/explanation.h"
#include "exec/operators/order_result.h"
#include "exec/operators/relation.h"
#include "exec/operators/result_columns.h"
#include "exec/operators/select_items.h"
#include "syntax/sql.h"

namespace pelorus::exec {

/// Hints of language reference §3.12 that change what a query does here.
inline constexpr int kHintLocal = 1;
inline constexpr int kHintKeepOrder = 128;
inline constexpr int kHintSequential = 512;
inline constexpr int kHintExplain = 32768;
/// With kHintExplain, of what partitions are asked: a table with one row, the result and its explanation.
inline constexpr int kHintExplainResult = 65536;

struct InPassing;

/// What the steps of one query share.
struct QueryStep {
  const syntax::Query& query;
  Evaluator& evaluator;
  RowScope& rows;
  bool merges_partials = false;                  // aggregates of aggregates are meant
  std::vector<syntax::ExprRef> conditions = {};  // of where: rows that fail one are still in
  RowLimit limit = {};                           // of the result's rows; of a context's it is not this one
  Explanation* explanation = nullptr;            // null: nobody wants to know

  /// Takes those rows out; `in_passing`: what goes with that, if all conditions look at their row alone.
  void filter();
  void filter(const InPassing& in_passing);
  /// The conditions were met in the pass that added the rows up.
  void filtered_in_passing();
};
struct SelectOptions {
  bool merges_partials = false;
  Explanation* explanation = nullptr;
  std::optional<std::vector<syntax::ExprRef>> where = {};  // what is left of the query's own to check
};

/// A step's outcome: the columns, and whether rows were grouped (order by sees only result columns then).
struct StepResult {
  data::Table table;
  bool all_scalar = false;  // no grouping, every item an aggregate or constant
  bool grouped = false;
  size_t key_columns = 0;                                       // leading columns that are keys, not items
  std::vector<std::pair<std::string, std::string>> item_texts;  // printed item → result column
};

/// The query from its `from` on, unions and `with` left out, over `rows` (where not yet applied). An exec gives a
/// vector, scalar, matrix or table, a select a table.
data::Value run_select(const syntax::Query& query, Evaluator& evaluator, RowScope& rows, SelectOptions options = {});
/// A copy of the query of groups whose having speaks of columns where it named select items or keys; nothing without
/// having.
std::optional<syntax::Query> with_having_spelled_out(const syntax::Query& query,
                                                     const std::function<bool(const syntax::Name&)>& is_column);
/// The result in the form that select or exec promises.
data::Value shape_result(const syntax::Query& query, StepResult result);

// The branches of run_select; all but contexts may find the conditions still to be met.
StepResult select_plain(QueryStep& step);
StepResult select_groups(QueryStep& step);
StepResult select_contexts(const QueryStep& step);
data::Value select_pivot(QueryStep& step);

/// Groups whose items all are of aggregates that were taken in one pass over the rows, conditions included.
struct PassedGroups {
  size_t count = 0;
  std::vector<data::Shared<data::Vector>> key_values;  // by key, then by group, ascending
  std::vector<std::pair<const syntax::Expr*, data::Shared<data::Vector>>>
      aggregates;  // calls and their values by group
};
/// Nothing when it takes more than such a pass. The step's conditions are met afterwards in any case.
std::optional<PassedGroups> group_in_passing(QueryStep& step, const std::vector<SelectItem>& keys,
                                             const std::vector<SelectItem>& items);

/// Columns of the keys (language reference §3.5): name, printed expression, values by row.
struct KeyValues {
  std::string name;
  std::string text;
  data::Shared<data::Vector> values;
  bool named = false;
};
std::vector<KeyValues> evaluate_keys(const std::vector<syntax::ExprRef>& keys, const QueryStep& step);

}  // namespace pelorus::exec
