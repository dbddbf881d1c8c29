#pragma once
// Sums, averages, counts and extremes of plain columns, taken over all rows or by group in one pass of the kernels.

#include <optional>
#include <utility>
#include <vector>

#include "exec/operators/relation.h"
#include "exec/select.h"
#include "kernels/group_totals.h"

namespace pelorus::exec {

/// For one query step, one thread. First the expressions are shown to it, then it runs once.
class DirectTotals {
 public:
  /// Keys of group by with their values by row; none: all rows are one group. All outlive this.
  DirectTotals(RowScope& rows, Evaluator& evaluator, std::span<const KeyValues> keys);

  /// Notes the calls sum, avg, count, min, max of a column and count(*) in `expr`. True when it rests on them, on keys
  /// and on constants alone.
  bool note(const syntax::Expr& expr);
  bool has_calls() const { return !calls_.empty(); }
  /// False when the keys are of another kind or have too many values: then nothing was done.
  bool run();

  /// After run(): ascending by the keys.
  size_t groups() const { return totals_->rows.size(); }
  data::Shared<data::Vector> key_values(size_t key) const;
  /// The calls noted and their values by group.
  std::vector<std::pair<const syntax::Expr*, data::Shared<data::Vector>>> values() const;

 private:
  enum class Wanted : uint8_t { kRows, kCount, kSum, kAverage, kSmallest, kLargest };
  struct Call {
    const syntax::Expr* expr;
    Wanted wanted;
    size_t measure;  // index into columns_; not of kRows
  };

  bool is_key(const syntax::Expr& expr) const;
  bool note_call(const syntax::Expr& expr);
  std::optional<Wanted> wanted_of(const syntax::Expr& callee) const;
  /// The column an argument names; -1: it is no plain one.
  int column_of(const syntax::Expr& argument) const;
  bool note_aggregate(const syntax::Expr& expr, Wanted wanted, const syntax::Expr& argument);
  std::optional<std::vector<kernels::DirectKey>> direct_keys() const;
  void order_groups();
  data::Shared<data::Vector> value_of(const Call& call) const;

  RowScope& rows_;
  Evaluator& evaluator_;
  const std::span<const KeyValues> keys_;
  std::vector<Call> calls_;
  std::vector<int> columns_;                         // measured columns by number
  std::vector<data::Shared<data::Vector>> vectors_;  // and their values
  std::vector<kernels::Measure> measures_;
  std::optional<kernels::GroupTotals> totals_;
  std::vector<int64_t> order_;  // of groups when a key is a SYMBOL; empty: as they are
};

}  // namespace pelorus::exec
