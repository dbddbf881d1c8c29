#include "exec/parts/direct_totals.h"

#include <algorithm>
#include <type_traits>

#include "base/prefetch.h"
#include "data/convert.h"
#include "exec/operators/built_in.h"
#include "exec/operators/take_rows.h"
#include "kernels/elementwise.h"
#include "kernels/ranked_set.h"
#include "kernels/visit_number.h"
#include "kernels/widen.h"
#include "plan/split_aggregates.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;
using kernels::GroupTotals;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using types::Repr;

bool is_number(Type type) { return types::is_integral(type) || types::is_floating(type); }

/// Calls and element-wise operators are looked into; everything else stands in the way.
bool is_transparent(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary: return plan::is_elementwise(as<syntax::Binary>(expr)->op);
    case ExprKind::kUnary:
    case ExprKind::kComparisonChain:
    case ExprKind::kConditional:
    case ExprKind::kAlias: return true;
    default: return false;
  }
}

}  // namespace

DirectTotals::DirectTotals(RowScope& rows, Evaluator& evaluator)
    : rows_(rows), evaluator_(evaluator), parts_(rows, evaluator), groups_met_(parts_) {}

// --- what is asked -----------------------------------------------------------------------------------------------

bool DirectTotals::filter_by(const std::vector<syntax::ExprRef>& conditions) {
  conditions_ = conditions;
  return std::all_of(conditions.begin(), conditions.end(), [&](const auto& condition) {
    return parts_.take(*condition) && parts_.over_nothing(*condition).has_value();
  });
}

bool DirectTotals::group_by(const std::vector<SelectItem>& keys) {
  for (const auto& key : keys) key_names_.push_back(key.names[0]);
  return groups_met_.take(keys);
}

bool DirectTotals::is_key(const Expr& expr) const {
  if (groups_met_.empty()) return false;
  const auto* name = as<syntax::Name>(expr);
  const std::string text = name ? name->name : syntax::print(expr);
  const auto& keys = groups_met_.keys();
  return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.text == text; }) ||
         (name && std::find(key_names_.begin(), key_names_.end(), name->name) != key_names_.end());
}

bool DirectTotals::note(const Expr& expr) {
  if (is_key(expr) || expr.kind == ExprKind::kLiteral) return true;
  if (const auto* name = as<syntax::Name>(expr)) return rows_.find_column(name->name) < 0;
  if (expr.kind == ExprKind::kCall || expr.kind == ExprKind::kMethodCall) return note_call(expr);
  if (!is_transparent(expr)) return false;
  bool all = true;
  plan::for_each_child(expr, [&](const Expr& child) { all = note(child) && all; });
  return all;
}

std::optional<DirectTotals::Wanted> DirectTotals::wanted_of(const Expr& callee) const {
  static constexpr std::pair<std::string_view, Wanted> kRowsOfNames[] = {
      {"sum", Wanted::kSum},
      {"avg", Wanted::kAverage},
      {"count", Wanted::kCount},
      {"min", Wanted::kSmallest},
      {"nunique", Wanted::kDistinct},
      {"max", Wanted::kLargest},
      {"first", Wanted::kFirstRow},
      {"last", Wanted::kLastRow},
      {"var", Wanted::kVariance},
      {"std", Wanted::kDeviation},
      {"varp", Wanted::kPopulationVariance},
      {"stdp", Wanted::kPopulationDeviation},
      {"wavg", Wanted::kWeightedAverage},
      {"wsum", Wanted::kWeightedSum},
      {"corr", Wanted::kCorrelation},
      {"covar", Wanted::kCovariance},
      {"beta", Wanted::kSlope},
  };
  const auto* function = built_in(callee, evaluator_, rows_.constants());
  if (!function) return std::nullopt;
  for (const auto& [name, wanted] : kRowsOfNames) {
    if (function->name == name) return wanted;
  }
  return std::nullopt;
}

bool DirectTotals::note_call(const Expr& expr) {
  if (plan::is_count_of_rows(expr)) {
    counts_ = true;
    calls_.push_back({&expr, Wanted::kRows, 0});
    return true;
  }
  const auto [callee, arguments, plain] = plan::shape_of_call(expr);
  if (!plain || std::find(arguments.begin(), arguments.end(), nullptr) != arguments.end()) return false;
  if (const auto wanted = wanted_of(*callee)) {
    if (*wanted >= Wanted::kWeightedAverage)
      return arguments.size() == 2 && note_pair(expr, *wanted, *arguments[0], *arguments[1]);
    if (arguments.size() != 1) return false;
    if (*wanted == Wanted::kFirstRow || *wanted == Wanted::kLastRow) return note_end(expr, *wanted, *arguments[0]);
    return note_measure(expr, *wanted, *arguments[0]);
  }
  const auto function = evaluator_.find_function(*callee, rows_.constants());
  if (!function || plan::nature_of(*function) != plan::CallNature::kElementwise) return false;
  bool all = true;
  for (const auto* argument : arguments) all = note(*argument) && all;
  return all;
}

bool DirectTotals::note_end(const Expr& expr, Wanted wanted, const Expr& argument) {
  const int column = rows_.find_column(argument);
  if (column < 0 || rows_.column(static_cast<size_t>(column))->is_array()) return false;
  calls_.push_back({&expr, wanted, static_cast<size_t>(column)});
  return true;
}

bool DirectTotals::note_measure(const Expr& expr, Wanted wanted, const Expr& argument) {
  auto term = part_term(parts_, argument);
  if (!term) return false;
  const auto type = term->like->type();
  const auto repr = term->like->repr();
  const bool is_moment = wanted >= Wanted::kVariance && wanted <= Wanted::kPopulationDeviation;
  if (type == Type::kSymbol && wanted != Wanted::kDistinct) return false;
  if (wanted == Wanted::kSum && !is_number(type) && type != Type::kBool) return false;
  if ((wanted == Wanted::kAverage || is_moment) && !is_number(type)) return false;
  const auto found = std::find_if(terms_.begin(), terms_.end(), [&](const auto& t) { return t.text == term->text; });
  const auto place = static_cast<size_t>(found - terms_.begin());
  if (found == terms_.end()) {
    terms_.push_back(std::move(*term));
    measures_.push_back({.repr = repr});
  }
  auto& one = measures_[place];
  // The average of wide whole numbers must not wrap.
  const bool wide = wanted == Wanted::kAverage && repr == Repr::kI64;
  counts_ = counts_ || wanted == Wanted::kCount || wanted == Wanted::kAverage;
  one.real_sum = one.real_sum || wide;
  one.sum = one.sum || wanted == Wanted::kSum || (wanted == Wanted::kAverage && !wide);
  one.distinct = one.distinct || wanted == Wanted::kDistinct;
  one.least = one.least || wanted == Wanted::kSmallest;
  one.most = one.most || wanted == Wanted::kLargest;
  one.moments = one.moments || is_moment;
  calls_.push_back({&expr, wanted, place});
  return true;
}

bool DirectTotals::note_pair(const Expr& expr, Wanted wanted, const Expr& first, const Expr& second) {
  auto x = part_term(parts_, first), y = part_term(parts_, second);
  if (!x || !y || !is_number(x->like->type()) || !is_number(y->like->type())) return false;
  const auto found = std::find_if(pair_terms_.begin(), pair_terms_.end(), [&](const auto& pair) {
    return pair.first.text == x->text && pair.second.text == y->text;
  });
  const auto place = static_cast<size_t>(found - pair_terms_.begin());
  if (found == pair_terms_.end()) {
    pair_terms_.emplace_back(std::move(*x), std::move(*y));
    pairs_.emplace_back();
  }
  const bool is_weighted = wanted == Wanted::kWeightedAverage || wanted == Wanted::kWeightedSum;
  (is_weighted ? pairs_[place].weighted : pairs_[place].comoments) = true;
  calls_.push_back({&expr, wanted, place});
  return true;
}

/// Ends of groups whose column is measured anyway are kept with its other totals; of other columns, their rows are.
void DirectTotals::measure_ends() {
  for (auto& call : calls_) {
    if (call.wanted != Wanted::kFirstRow && call.wanted != Wanted::kLastRow) continue;
    const auto [callee, arguments, plain] = plan::shape_of_call(*call.expr);
    const auto text = syntax::print(*arguments[0]);
    const auto found = std::find_if(terms_.begin(), terms_.end(), [&](const auto& t) { return t.text == text; });
    if (groups_met_.empty() || found == terms_.end() || (*found).like->type() == Type::kSymbol) {
      ends_ = true;
      continue;
    }
    const bool is_first = call.wanted == Wanted::kFirstRow;
    call.wanted = is_first ? Wanted::kFirst : Wanted::kLast;
    call.place = static_cast<size_t>(found - terms_.begin());
    auto& measure = measures_[call.place];
    (is_first ? measure.first : measure.last) = true;
  }
}

// --- the pass ----------------------------------------------------------------------------------------------------

/// What one thread has seen.
class DirectTotals::Stretch {
 public:
  Stretch(DirectTotals& asked, size_t number)
      : asked_(asked), number_(number), totals_(asked.measures_, asked.pairs_, asked.ends_, asked.counts_) {}

  void add(RowParts::Part& part) {
    if (!part.filter()) return;
    kernels::MeasuredRows rows{.rows = part.rows(), .first = static_cast<int64_t>(part.first())};
    if (const auto kept = asked_.ends_ ? part.kept() : std::nullopt) rows.positions = kept->data();
    held_.clear();
    size_t groups = 1;
    if (!asked_.groups_met_.empty()) {
      groups_.resize(part.rows());
      asked_.groups_met_.number(number_, part, groups_.data());
      rows.numbers = groups_.data();
      rows.runs = asked_.groups_met_.runs(number_);
      groups = asked_.groups_met_.met(number_);
    }
    std::vector<const void*> values;
    for (const auto& term : asked_.terms_) values.push_back(values_of(term, part, held_));
    std::vector<std::pair<const double*, const double*>> pairs;
    for (const auto& [x, y] : asked_.pair_terms_) {
      const auto* first = doubles(x, part);
      pairs.emplace_back(first, doubles(y, part));
    }
    rows.values = values;
    rows.pairs = pairs;
    make_room(groups);
    totals_.add(rows, groups);
  }

  kernels::GroupTotals& totals() { return totals_; }

 private:
  /// For the groups that the stretch has when the rest of it goes on as it began: totals are hardly copied as they
  /// grow.
  void make_room(size_t groups) {
    constexpr size_t kLittle = 4096, kGrowthMost = 64;
    if (++parts_seen_; groups <= std::max(kLittle, totals_.room())) return;
    const auto [begin, end] = asked_.parts_.bounds(number_);
    const size_t parts = (end - begin) / data::kPartRows + 1;
    const size_t all = groups * parts / parts_seen_;
    totals_.make_room(std::clamp(all + all / 8, 2 * groups, kGrowthMost * groups));
  }

  const double* doubles(const PartTerm& term, RowParts::Part& part) {
    if (term.like->type() == Type::kDouble) return static_cast<const double*>(values_of(term, part, held_));
    if (const auto* column = part.column(*term.expr)) {
      Vector real(Type::kDouble, part.rows());
      kernels::widen(column->repr(), data_of(*column, part.first()), Repr::kF64, real.edit<double>().data(),
                     part.rows());
      held_.emplace_back(std::move(real));
      return held_.back()->values<double>().data();
    }
    const auto real = data::convert(values_like(term, part), Type::kDouble);
    if (!real) throw OtherType();
    held_.push_back(*real);
    return held_.back()->values<double>().data();
  }

  DirectTotals& asked_;
  const size_t number_;
  kernels::GroupTotals totals_;
  size_t parts_seen_ = 0;
  std::vector<uint32_t> groups_;      // of the part's rows
  std::vector<Shared<Vector>> held_;  // the part's values
};

bool DirectTotals::run() {
  std::vector<Stretch> stretches;
  measure_ends();
  for (const auto& key : groups_met_.keys()) parts_.let_order_by(*key.expr);
  parts_.filter_by(conditions_);
  const size_t count = parts_.stretches();
  groups_met_.prepare(count);
  for (size_t i = 0; i < count; ++i) stretches.emplace_back(*this, i);
  try {
    parts_.run([&](size_t stretch, RowParts::Part& part) { stretches[stretch].add(part); });
  } catch (const OtherType&) {
    return false;
  }
  for (auto& stretch : stretches) totals_.push_back(std::move(stretch.totals()));
  stretches.clear();
  if (groups_met_.empty()) {
    groups_ = 1;
    as_.assign(count, {0});
    for (auto& totals : totals_) totals.grow(1);
  } else {
    auto joined = groups_met_.join(evaluator_.workers());
    groups_ = joined.groups;
    key_values_ = std::move(joined.key_values);
    as_ = std::move(joined.as);
  }
  run_parts(evaluator_.workers(), count, [&](size_t, size_t stretch) { totals_[stretch].finish(); });
  for (size_t m = 0; m < measures_.size(); ++m)
    distinct_.push_back(measures_[m].distinct ? kernels::distinct_by_group(totals_, m, as_, groups_)
                                              : std::vector<int64_t>());
  merge();
  return true;
}

namespace {

/// The groups that several stretches have met, ranked. `as`: by stretch.
kernels::RankedSet met_again(const std::vector<std::vector<uint32_t>>& as, size_t groups) {
  kernels::RankedSet met(groups), again(groups);
  for (const auto& own : as) {
    for (const auto group : own) (met.has(group) ? again : met).add(group);
  }
  again.rank();
  return again;
}

}  // namespace

/// What several stretches have met is put together in the first of them, each thread a range of the groups.
void DirectTotals::merge() {
  constexpr size_t kGroupsOfShare = 1 << 14;
  struct First {
    uint32_t stretch = 0, group = kernels::kNoGroup;
  };
  if (totals_.size() == 1) return;
  for (auto& totals : totals_) {
    for (const auto& other : totals_) totals.expect(other);
  }
  const auto again = met_again(as_, groups_);
  auto* const workers = evaluator_.workers();
  const size_t shares = std::clamp<size_t>(again.count() / kGroupsOfShare, 1, workers ? workers->threads() : 1);
  std::vector<First> firsts(again.count());
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> merged(shares);  // stretches and their groups
  run_parts(workers, shares, [&](size_t, size_t share) {
    const size_t from = groups_ * share / shares, to = groups_ * (share + 1) / shares;
    std::vector<std::vector<kernels::GroupMove>> moves(totals_.size());  // by where they go
    for (uint32_t s = 0; s < totals_.size(); ++s) {
      for (auto& own : moves) own.clear();
      for (uint32_t g = 0; g < as_[s].size(); ++g) {
        const auto as = as_[s][g];
        if (as < from || as >= to || !again.has(as)) continue;
        if (auto& first = firsts[again.rank_of(as)]; first.group == kernels::kNoGroup)
          first = {s, g};
        else
          moves[first.stretch].push_back({g, first.group}), merged[share].emplace_back(s, g);
      }
      for (uint32_t into = 0; into < s; ++into) totals_[into].merge(totals_[s], moves[into]);
    }
  });
  for (const auto& own : merged) {
    for (const auto& [stretch, group] : own) as_[stretch][group] = kernels::kNoGroup;
  }
}

// --- what came out -----------------------------------------------------------------------------------------------

namespace {

/// The moments or comoments as the state that says what they come to.
template <class State, class Base>
double result_of(const Base& base) {
  State state;
  static_cast<Base&>(state) = base;
  return state.result();
}

}  // namespace

/// of(totals)(group), or of(totals, group), where it was met: states are read in their order, and only what comes of
/// them goes far.
template <class T, class Of>
data::Buffer<T> DirectTotals::by_group(Of&& of) const {
  data::Buffer<T> out(groups_);
  run_parts(evaluator_.workers(), totals_.size(), [&](size_t, size_t s) {
    const auto& as = as_[s];
    const auto of_group = [&] {
      if constexpr (std::is_invocable_v<Of, const GroupTotals&>)
        return of(totals_[s]);
      else
        return [&](size_t group) { return of(totals_[s], group); };
    }();
    for (size_t g = 0; g < as.size(); ++g) {
      prefetch<Access::kWrite>(out.data(), as[std::min(g + kPrefetchSteps, as.size() - 1)]);
      if (as[g] != kernels::kNoGroup) out[as[g]] = of_group(g);
    }
  });
  return out;
}

template <class T, class Of>
Shared<Vector> DirectTotals::column_of_groups(Type type, int scale, Of&& of) const {
  return Shared<Vector>(Vector::adopt<T>(type, by_group<T>(of), scale));
}

double DirectTotals::value_of_pair(const Call& call, const GroupTotals& totals, size_t group) const {
  const auto& pair = totals.pair(call.place);
  switch (call.wanted) {
    case Wanted::kWeightedAverage: return pair.weighted.at(group).result();
    case Wanted::kWeightedSum: return pair.weighted.at(group).products.result();
    case Wanted::kCorrelation: return result_of<kernels::Correlation>(pair.comoments.at(group));
    case Wanted::kCovariance: return result_of<kernels::Covariance>(pair.comoments.at(group));
    default: return result_of<kernels::Slope>(pair.comoments.at(group));
  }
}

Shared<Vector> DirectTotals::value_of_measure(const Call& call) const {
  const auto& like = *terms_[call.place].like;
  const auto count = [&](const GroupTotals& t, size_t g) { return t.count(call.place, g); };
  const auto real = [&](const GroupTotals& t, size_t g) { return t.real_sum(call.place, g); };
  const auto whole = [&](const GroupTotals& t, size_t g) {
    return static_cast<int64_t>(t.measure(call.place).whole[g]);
  };
  const auto moments = [&]<class State>() {
    return column_of_groups<double>(Type::kDouble, 0, [&](const GroupTotals& t, size_t g) {
      return result_of<State>(t.measure(call.place).moments.at(g));
    });
  };
  switch (call.wanted) {
    case Wanted::kCount:
      return column_of_groups<int32_t>(
          Type::kInt, 0, [&](const GroupTotals& t, size_t g) { return static_cast<int32_t>(count(t, g)); });
    case Wanted::kDistinct: {
      const auto& met = distinct_[call.place];
      return Shared<Vector>(Vector::adopt<int32_t>(Type::kInt, data::Buffer<int32_t>(met.begin(), met.end())));
    }
    case Wanted::kAverage:
      return column_of_groups<double>(Type::kDouble, 0, [&](const GroupTotals& t, size_t g) {
        if (count(t, g) == 0) return types::kNull<double>;
        const bool is_real = t.has_real_sum(call.place);
        const double sum = is_real ? real(t, g) : static_cast<double>(whole(t, g));
        return kernels::finite_or_null(sum / static_cast<double>(count(t, g)));
      });
    case Wanted::kSum:
      if (!types::is_floating(like.type())) {
        return column_of_groups<int64_t>(Type::kLong, 0, [&](const GroupTotals& t, size_t g) {
          return count(t, g) == 0 ? types::kNull<int64_t> : whole(t, g);
        });
      }
      return column_of_groups<double>(Type::kDouble, 0, [&](const GroupTotals& t, size_t g) {
        return count(t, g) == 0 ? types::kNull<double> : kernels::finite_or_null(real(t, g));
      });
    case Wanted::kVariance: return moments.operator()<kernels::SampleVariance>();
    case Wanted::kPopulationVariance: return moments.operator()<kernels::PopulationVariance>();
    case Wanted::kDeviation: return moments.operator()<kernels::SampleDeviation>();
    case Wanted::kPopulationDeviation: return moments.operator()<kernels::PopulationDeviation>();
    default: break;
  }
  return value_of_element(call);
}

/// One of the elements of a group.
Shared<Vector> DirectTotals::value_of_element(const Call& call) const {
  const auto& like = *terms_[call.place].like;
  const auto of = [&](const auto& low, const auto& high, const auto& first, const auto& last) {
    return (call.wanted == Wanted::kSmallest  ? low
            : call.wanted == Wanted::kLargest ? high
            : call.wanted == Wanted::kFirst   ? first
                                              : last)
        .data();
  };
  const bool is_extreme = call.wanted == Wanted::kSmallest || call.wanted == Wanted::kLargest;
  return kernels::visit_number(like.repr(), [&]<class T>() {
    return column_of_groups<T>(like.type(), like.scale(), [&](const GroupTotals& t) {
      const auto& own = t.measure(call.place);
      const auto* const values = [&] {
        if constexpr (std::is_floating_point_v<T>)
          return of(own.low_real, own.high_real, own.first_real, own.last_real);
        else
          return of(own.low, own.high, own.first, own.last);
      }();
      return [=, &t, place = call.place](size_t g) {
        return is_extreme && t.count(place, g) == 0 ? types::kNull<T> : static_cast<T>(values[g]);
      };
    });
  });
}

Shared<Vector> DirectTotals::value_of_end(const Call& call) const {
  const auto row = [&](const GroupTotals& t, size_t g) {
    return call.wanted == Wanted::kFirstRow ? t.first_rows()[g] : t.last_rows()[g];
  };
  const auto column = rows_.column(call.place);
  const bool is_plain = types::is_fixed(column->repr()) && !column->is_array();
  const bool always_has_rows = !groups_met_.empty();
  if (!is_plain || !always_has_rows) {
    const auto rows = by_group<int64_t>(row);
    return Shared<Vector>(take_rows(*column, rows, evaluator_.workers()));
  }
  return types::visit_fixed(column->repr(), [&]<class T>() {
    const auto from = column->values<T>();
    return Shared<Vector>(column_like(
        *column, by_group<T>([&](const GroupTotals& t, size_t g) { return from[static_cast<size_t>(row(t, g))]; })));
  });
}

Shared<Vector> DirectTotals::value_of(const Call& call) const {
  if (call.wanted == Wanted::kRows) {
    return column_of_groups<int32_t>(Type::kInt, 0,
                                     [&](const GroupTotals& t, size_t g) { return static_cast<int32_t>(t.rows()[g]); });
  }
  if (call.wanted == Wanted::kFirstRow || call.wanted == Wanted::kLastRow) return value_of_end(call);
  if (call.wanted < Wanted::kWeightedAverage) return value_of_measure(call);
  return column_of_groups<double>(Type::kDouble, 0,
                                  [&](const GroupTotals& t, size_t g) { return value_of_pair(call, t, g); });
}

std::vector<std::pair<const Expr*, Shared<Vector>>> DirectTotals::values() const {
  std::vector<std::pair<const Expr*, Shared<Vector>>> out;
  for (const auto& call : calls_) out.emplace_back(call.expr, value_of(call));
  return out;
}

}  // namespace pelorus::exec
