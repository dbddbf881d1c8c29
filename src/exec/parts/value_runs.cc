// Values that are known by runs of equal ones, without reading all of them.

#include <algorithm>
#include <array>

#include "exec/operators/take_rows.h"
#include "exec/parts/one_column.h"
#include "exec/parts/part_groups.h"
#include "exec/parts/row_parts.h"
#include "kernels/fill_runs.h"
#include "kernels/steps.h"
#include "kernels/visit_number.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::kPartRows;
using data::Shared;
using data::Vector;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;

/// Values that go up are looked at by each so many rows first; where two of them differ, more closely between them.
constexpr std::array<int64_t, 3> kStrides{128, 12, 1};
/// Where more than so many of the first ones differ, it is cheaper to read the values.
constexpr size_t kRowsOfGap = 512;
/// Of fewer rows it is cheaper to read the values.
constexpr size_t kRowsLeast = 512;
/// Steps between elements are looked for where they have so many rows each on average; numbers beyond that are not
/// looked at, whose distances might have no number.
constexpr size_t kRowsOfStep = 1 << 13;
constexpr int64_t kFarthest = int64_t{1} << 62;
/// Rows that come late make runs of their own: of more than one in so many it is cheaper to read the values, and where
/// fewer than one in so many rows is left.
constexpr size_t kRowsOfRun = 128, kRowsOfLeft = 4;

/// From some thousand places within a distance to all.
std::vector<int64_t> strides_within(int64_t distance) {
  constexpr int64_t kFirst = 1 << 12, kNext = 1 << 6;
  std::vector<int64_t> out{std::max<int64_t>(distance / kFirst, 1)};
  while (out.back() > 1) out.push_back(std::max<int64_t>(out.back() / kNext, 1));
  return out;
}

/// The column itself, or what cuts it without going down where it goes up.
bool goes_up_with(const Expr& expr, std::string_view column, const std::function<bool(const Expr&)>& is_constant) {
  const auto names_it = [&](const Expr& node) {
    const auto* name = as<syntax::Name>(node);
    return name && name->name == column;
  };
  if (names_it(expr)) return true;
  if (expr.kind != ExprKind::kCall && expr.kind != ExprKind::kMethodCall) return false;
  const auto [function, arguments, plain] = plan::shape_of_call(expr);
  const auto* name = as<syntax::Name>(*function);
  if (!name || !plain || arguments.empty() || !names_it(*arguments[0])) return false;
  if (arguments.size() == 1) return type_of_ascending(name->name) || name->name == "year";
  return name->name == "bar" && arguments.size() == 2 && is_constant(*arguments[1]);
}

/// Two places, such as rows, at which a function differs that goes up with them.
template <class T>
struct Gap {
  int64_t low, high;
  T below, above;
};

/// Every `stride` places between the two of each gap; and the later one.
template <class T>
kernels::RowNumbers places_within(const std::vector<Gap<T>>& gaps, int64_t stride) {
  kernels::RowNumbers out;
  for (const auto& gap : gaps) {
    for (int64_t left = gap.high - gap.low; left > stride; left -= stride) out.push_back(gap.high - left + stride);
    out.push_back(gap.high);
  }
  return out;
}

/// The gaps between neighbours of those places.
template <class T>
std::vector<Gap<T>> gaps_within(const std::vector<Gap<T>>& gaps, const kernels::RowNumbers& places,
                                std::span<const T> values) {
  std::vector<Gap<T>> out;
  size_t i = 0;
  for (const auto& gap : gaps) {
    int64_t low = gap.low;
    T below = gap.below;
    for (; low != gap.high; low = places[i++]) {
      if (values[i] != below) out.push_back({low, places[i], below, values[i]});
      below = values[i];
    }
  }
  return out;
}

/// All gaps between neighbours (where the last stride is 1) within a wide one, looked for more closely from stride to
/// stride. values_at(places): what the function is there. Nothing: it is of another type, or there are more than
/// `most`.
template <class T, class At>
std::optional<std::vector<Gap<T>>> find_gaps(const Gap<T>& all, std::span<const int64_t> strides, size_t most,
                                             data::Type type, At values_at) {
  std::vector<Gap<T>> gaps{all};
  for (const auto stride : strides) {
    const auto places = places_within(gaps, stride);
    const Shared<Vector> values = values_at(places);
    if (values->type() != type) return std::nullopt;
    gaps = gaps_within<T>(gaps, places, values->template values<T>());
    if (gaps.size() > most) return std::nullopt;
  }
  return gaps;
}

/// How many of ascending places are below `bound`: without jumps, which could not be foretold.
size_t count_below(std::span<const uint16_t> places, uint32_t bound) {
  const auto* base = places.data();
  for (size_t left = places.size(); left > 0;) {
    const size_t half = (left + 1) / 2;
    base += base[half - 1] < bound ? half : 0;
    left -= half;
  }
  return static_cast<size_t>(base - places.data());
}

/// Of ascending places.
void cut(std::span<const uint16_t> places, std::span<const uint32_t> step_ends, size_t rows_before,
         kernels::StepRuns& out) {
  size_t at = 0;
  for (size_t step = 0; at < places.size(); ++step) {
    const size_t rows = count_below(places.subspan(at), step_ends[step]);
    if (rows > 0) out.add(step, rows_before + (at += rows));
  }
}

/// Of places in any order, counted from `first`.
void cut(std::span<const int64_t> places, std::span<const uint32_t> step_ends, int64_t first, kernels::StepRuns& out) {
  for (size_t i = 0; i < places.size();) {
    const auto end = std::upper_bound(step_ends.begin(), step_ends.end(), static_cast<uint32_t>(places[i] - first));
    const int64_t from = first + (end == step_ends.begin() ? 0 : *(end - 1)), to = first + *end;
    while (i < places.size() && places[i] >= from && places[i] < to) ++i;
    out.add(static_cast<size_t>(end - step_ends.begin()), i);
  }
}

}  // namespace

Shared<Vector> expand(const ValueRuns& runs) {
  return types::visit_fixed(runs.values->repr(), [&]<class T>() {
    const auto each = runs.values->values<T>();
    data::Buffer<T> out(runs.ends.empty() ? 0 : runs.ends.back());
    kernels::fill_runs<T>(each, runs.ends, out.data());
    return Shared<Vector>(column_like(*runs.values, std::move(out)));
  });
}

std::optional<RowParts::Ascending> RowParts::ascending(const Expr& expr) {
  const auto* column = only_column(expr);
  if (!column || !goes_up_with(expr, column->first, [&](const Expr& other) { return is_constant(other); }))
    return std::nullopt;
  const auto* ends = bounds().bounds_of(column->first);
  if (!ends) return std::nullopt;
  const auto over = [&](const Shared<Vector>& values) {
    OneColumn scope(column->first, *values, variables_);
    const Value value = evaluator_.evaluate(expr, &scope);
    return value.is_vector() ? std::optional(value.vector_shared()) : std::nullopt;
  };
  const auto least = over(ends->least), greatest = over(ends->greatest);
  const size_t parts = ends->has_null.size();
  if (!least || !greatest || (*least)->size() != parts) return std::nullopt;
  Ascending out{&expr, column->first, column->second, *least, *greatest, {}, {}, {}};
  out.order.resize(parts);
  bool is_any_mixed = false;
  kernels::visit_number((*least)->repr(), [&]<class T>() {
    const auto &low = (*least)->values<T>(), &high = (*greatest)->values<T>();
    for (size_t p = 0; p < parts; ++p) {
      if (ends->has_null[p] != 0) continue;
      out.order[p] = low[p] == high[p] ? Order::kSame : ends->ascends[p] != 0 ? Order::kAscending : Order::kMixed;
      is_any_mixed = is_any_mixed || out.order[p] == Order::kMixed;
    }
  });
  // What is the column itself has no fewer steps than values.
  if (is_any_mixed && expr.kind != ExprKind::kName) find_steps(*ends, out);
  return out;
}

/// Where the values of mixed parts go up, by elements of the column. Nothing, if that is often, or these are too far
/// apart.
void RowParts::find_steps(const data::PartBounds& ends, Ascending& known) {
  kernels::visit_whole(known.column->repr(), [&]<class X>() {
    const auto least = ends.least->values<X>(), greatest = ends.greatest->values<X>();
    int64_t low = kFarthest, high = -kFarthest;
    for (size_t p = 0; p < known.order.size(); ++p) {
      if (known.order[p] != Order::kMixed) continue;
      low = std::min<int64_t>(low, least[p]), high = std::max<int64_t>(high, greatest[p]);
    }
    if (low < -kFarthest || high > kFarthest) return;
    const auto at = [&](const kernels::RowNumbers& places) {
      return values_of(known, column_like(*known.column, data::Buffer<X>(places.begin(), places.end())), evaluator_);
    };
    const Shared<Vector> outer = at({low, high});
    if (outer->type() != known.least->type()) return;
    kernels::visit_whole(outer->repr(), [&]<class T>() {
      const auto bounds = outer->values<T>();
      const auto gaps = find_gaps<T>({low, high, bounds[0], bounds[1]}, strides_within(high - low),
                                     rows() / kRowsOfStep, outer->type(), at);
      if (!gaps) return;
      known.begins = {low};
      data::Buffer<T> each(1, bounds[0]);
      for (const auto& gap : *gaps) known.begins.push_back(gap.high), each.push_back(gap.above);
      known.steps = Shared<Vector>(column_like(*outer, std::move(each)));
    });
  });
}

/// What `known` says for some elements of its column.
Shared<Vector> RowParts::values_of(const Ascending& known, Vector elements, Evaluator& evaluator) const {
  const size_t count = elements.size();
  OneColumn scope(known.name, std::move(elements), variables_);
  const Value value = evaluator.evaluate(*known.expr, &scope);
  return value.is_vector() ? value.vector_shared() : Vector::filled(value.scalar(), count);
}

std::optional<ValueRuns> RowParts::Part::runs(const Expr& expr, const Ascending* known) {
  if (are_lists_) {
    const auto* name = as<syntax::Name>(expr);
    const auto column = name ? owner_.columns_.find(name->name) : owner_.columns_.end();
    if (column != owner_.columns_.end() && column->second.get() == owner_.looked_up_->ordered_by)
      return runs_of_lists(*column->second);
  }
  if (!known) return std::nullopt;
  const auto order = known->order[number()];
  if (order == Order::kSame) {
    const auto value = known->least->scalar_at(number());
    return ValueRuns{Vector::filled(value, 1), {static_cast<uint32_t>(rows())}};
  }
  if (rows() < kRowsLeast) return std::nullopt;
  const auto all = order == Order::kAscending ? runs_of_ascending(*known)
                   : order == Order::kMixed   ? runs_of_mixed(*known)
                                              : std::nullopt;
  return all ? std::optional(of_rows_left(*all)) : std::nullopt;
}

/// Of the column whose directory gave the rows: it is not read for them.
ValueRuns RowParts::Part::runs_of_lists(const Vector& column) const {
  const auto& held = owner_.looked_up_->held;
  return kernels::visit_whole(column.repr(), [&]<class T>() {
    data::Buffer<T> each;
    std::vector<uint32_t> ends;
    uint32_t end = 0;
    for (size_t i = 0; i < lists_.size(); ++i) {
      if (lists_[i].empty()) continue;
      each.push_back(static_cast<T>(owner_.looked_up_->judged->lowest + held[i]));
      ends.push_back(end += static_cast<uint32_t>(lists_[i].size()));
    }
    return ValueRuns{Shared<Vector>(column_like(column, std::move(each))), std::move(ends)};
  });
}

size_t RowParts::Part::rows_at_first() const { return std::min(kPartRows, owner_.rows() - from_); }

/// Of all rows of the part, whether they are left or not.
std::optional<ValueRuns> RowParts::Part::runs_of_ascending(const Ascending& known) const {
  const size_t rows = rows_at_first();
  const auto first = static_cast<int64_t>(from_), last = static_cast<int64_t>(from_ + rows - 1);
  return kernels::visit_whole(known.least->repr(), [&]<class T>() -> std::optional<ValueRuns> {
    const auto lowest = known.least->values<T>()[number()], highest = known.greatest->values<T>()[number()];
    const auto gaps = find_gaps<T>({first, last, lowest, highest}, kStrides, rows / kRowsOfGap, known.least->type(),
                                   [&](const kernels::RowNumbers& places) {
                                     return owner_.values_of(known, known.column->take(places), evaluator_);
                                   });
    if (!gaps) return std::nullopt;
    data::Buffer<T> each;
    std::vector<uint32_t> until;
    const auto end_at = [&](T value, int64_t row) {
      each.push_back(value);
      until.push_back(static_cast<uint32_t>(row - first));
    };
    for (const auto& gap : *gaps) end_at(gap.below, gap.high);
    end_at(highest, last + 1);
    return ValueRuns{Shared<Vector>(column_like(*known.least, std::move(each))), std::move(until)};
  });
}

/// The same where some rows come late: the column is read, but nothing is made of its values.
std::optional<ValueRuns> RowParts::Part::runs_of_mixed(const Ascending& known) const {
  const size_t all = rows_at_first();
  if (known.begins.empty() || rows() < all / kRowsOfLeft) return std::nullopt;
  const kernels::WholeKey elements{known.column->repr(), data_of(*known.column, from_)};
  kernels::StepRuns runs;
  if (!kernels::cut_into_steps(elements, all, known.begins, all / kRowsOfRun, runs)) return std::nullopt;
  return ValueRuns{Shared<Vector>(known.steps->take(runs.steps)), std::move(runs.ends)};
}

ValueRuns RowParts::Part::of_rows_left(const ValueRuns& steps) {
  if (is_whole_) return steps;
  kernels::StepRuns out;
  if (are_lists_) {
    size_t before = 0;
    for (const auto& list : lists_) {
      cut(list, steps.ends, before, out);
      before += list.size();
    }
  } else {
    cut(*kept(), steps.ends, static_cast<int64_t>(from_), out);
  }
  return {Shared<Vector>(steps.values->take(out.steps)), std::move(out.ends)};
}

}  // namespace pelorus::exec
