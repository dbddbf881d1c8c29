#pragma once
// Sums, averages, counts, extremes, ends and deviations of row-wise expressions, filtered, taken over all rows or by
// group in one pass: conditions, keys and measures of a part of the rows are computed while they are in the cache.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exec/parts/part_groups.h"
#include "kernels/group_totals.h"

namespace pelorus::exec {

/// For one query step, one thread. First the expressions are shown to it, then it runs once. Whatever says false leaves
/// the step to be done another way.
class DirectTotals {
 public:
  /// Both outlive this, and so do the expressions.
  DirectTotals(RowScope& rows, Evaluator& evaluator);

  /// Rows that fail one of the conditions are left out.
  bool filter_by(const std::vector<syntax::ExprRef>& conditions);
  bool group_by(const std::vector<SelectItem>& keys);
  /// Notes the aggregates in `expr`. True when it rests on them, on keys and on constants alone.
  bool note(const syntax::Expr& expr);
  bool has_calls() const { return !calls_.empty(); }
  /// False: nothing was done.
  bool run();

  /// After run(): ascending by the keys.
  size_t groups() const { return groups_; }
  const data::Shared<data::Vector>& key_values(size_t key) const { return key_values_[key]; }
  /// The calls noted and their values by group.
  std::vector<std::pair<const syntax::Expr*, data::Shared<data::Vector>>> values() const;

 private:
  enum class Wanted : uint8_t {
    kRows,
    kCount,
    kSum,
    kAverage,
    kSmallest,
    kLargest,
    kFirst,
    kLast,
    kFirstRow,
    kLastRow,
    kDistinct,
    kVariance,
    kPopulationVariance,
    kDeviation,
    kPopulationDeviation,
    kWeightedAverage,
    kWeightedSum,
    kCorrelation,
    kCovariance,
    kSlope
  };
  struct Call {
    const syntax::Expr* expr;
    Wanted wanted;
    size_t place;  // of its measure or pair; the column of kFirstRow, kLastRow
  };
  class Stretch;

  void merge();

  bool is_key(const syntax::Expr& expr) const;
  bool note_call(const syntax::Expr& expr);
  bool note_measure(const syntax::Expr& expr, Wanted wanted, const syntax::Expr& argument);
  bool note_pair(const syntax::Expr& expr, Wanted wanted, const syntax::Expr& first, const syntax::Expr& second);
  bool note_end(const syntax::Expr& expr, Wanted wanted, const syntax::Expr& argument);
  std::optional<Wanted> wanted_of(const syntax::Expr& callee) const;
  void measure_ends();
  template <class T, class Of>
  data::Buffer<T> by_group(Of&& of) const;
  template <class T, class Of>
  data::Shared<data::Vector> column_of_groups(data::Type type, int scale, Of&& of) const;
  data::Shared<data::Vector> value_of(const Call& call) const;
  data::Shared<data::Vector> value_of_measure(const Call& call) const;
  data::Shared<data::Vector> value_of_element(const Call& call) const;
  data::Shared<data::Vector> value_of_end(const Call& call) const;
  double value_of_pair(const Call& call, const kernels::GroupTotals& totals, size_t group) const;

  RowScope& rows_;
  Evaluator& evaluator_;
  RowParts parts_;
  std::vector<syntax::ExprRef> conditions_;
  PartGroups groups_met_;
  std::vector<std::string> key_names_;
  std::vector<Call> calls_;
  std::vector<PartTerm> terms_;  // measured, by number
  std::vector<kernels::Measure> measures_;
  std::vector<std::pair<PartTerm, PartTerm>> pair_terms_;
  std::vector<kernels::PairMeasure> pairs_;
  bool ends_ = false, counts_ = false;
  size_t groups_ = 0;
  std::vector<data::Shared<data::Vector>> key_values_;
  std::vector<kernels::GroupTotals> totals_;    // by stretch
  std::vector<std::vector<uint32_t>> as_;       // by stretch: which group each of its groups is; kNoGroup: merged into
                                                // that of a stretch before
  std::vector<std::vector<int64_t>> distinct_;  // by measure and group
};

}  // namespace pelorus::exec
