// Values that are known by runs of equal ones, without reading all of them.

#include <algorithm>
#include <array>

#include "exec/operators/take_rows.h"
#include "exec/parts/one_column.h"
#include "exec/parts/row_parts.h"
#include "kernels/fill_runs.h"
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

/// Two rows whose values differ.
template <class T>
struct Gap {
  int64_t low, high;
  T below, above;
};

/// Every `stride` rows between the two of each gap; and the later one.
template <class T>
kernels::RowNumbers rows_within(const std::vector<Gap<T>>& gaps, int64_t stride) {
  kernels::RowNumbers out;
  for (const auto& gap : gaps) {
    for (int64_t row = gap.low + stride; row < gap.high; row += stride) out.push_back(row);
    out.push_back(gap.high);
  }
  return out;
}

/// The gaps between neighbours of those rows.
template <class T>
std::vector<Gap<T>> gaps_within(const std::vector<Gap<T>>& gaps, const kernels::RowNumbers& rows,
                                std::span<const T> values) {
  std::vector<Gap<T>> out;
  size_t i = 0;
  for (const auto& gap : gaps) {
    int64_t low = gap.low;
    T below = gap.below;
    for (; low != gap.high; low = rows[i++]) {
      if (values[i] != below) out.push_back({low, rows[i], below, values[i]});
      below = values[i];
    }
  }
  return out;
}

/// Runs of the rows that are left, by the number of the step each is in.
struct StepRuns {
  kernels::RowNumbers steps;
  std::vector<uint32_t> ends;

  void add(size_t step, size_t end) {
    steps.push_back(static_cast<int64_t>(step));
    ends.push_back(static_cast<uint32_t>(end));
  }
};

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
void cut(std::span<const uint16_t> places, std::span<const uint32_t> step_ends, size_t rows_before, StepRuns& out) {
  size_t at = 0;
  for (size_t step = 0; at < places.size(); ++step) {
    const size_t rows = count_below(places.subspan(at), step_ends[step]);
    if (rows > 0) out.add(step, rows_before + (at += rows));
  }
}

/// Of places in any order, counted from `first`.
void cut(std::span<const int64_t> places, std::span<const uint32_t> step_ends, int64_t first, StepRuns& out) {
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
  Ascending out{&expr, column->first, column->second, *least, *greatest, {}, {}};
  out.is_same.resize(parts), out.goes_up.resize(parts);
  kernels::visit_number((*least)->repr(), [&]<class T>() {
    const auto &low = (*least)->values<T>(), &high = (*greatest)->values<T>();
    for (size_t p = 0; p < parts; ++p) {
      out.is_same[p] = low[p] == high[p] && ends->has_null[p] == 0;
      out.goes_up[p] = ends->ascends[p] != 0 && ends->has_null[p] == 0;
    }
  });
  return out;
}

std::optional<ValueRuns> RowParts::Part::runs(const Expr& expr, const Ascending* known) {
  if (are_lists_) {
    const auto* name = as<syntax::Name>(expr);
    const auto column = name ? owner_.columns_.find(name->name) : owner_.columns_.end();
    if (column != owner_.columns_.end() && column->second.get() == owner_.looked_up_->ordered_by)
      return runs_of_lists(*column->second);
  }
  if (!known) return std::nullopt;
  if (known->is_same[number()] != 0) {
    const auto value = known->least->scalar_at(number());
    return ValueRuns{Vector::filled(value, 1), {static_cast<uint32_t>(rows())}};
  }
  if (known->goes_up[number()] == 0 || rows() < kRowsLeast) return std::nullopt;
  const auto all = steps(*known);
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

/// The values of some rows, which ascend.
Shared<Vector> RowParts::Part::values_at(const Ascending& known, const kernels::RowNumbers& rows) const {
  OneColumn scope(known.name, known.column->take(rows), owner_.variables_);
  const Value value = evaluator_.evaluate(*known.expr, &scope);
  if (value.is_vector() && value.vector().size() == rows.size()) return value.vector_shared();
  return Vector::filled(value.scalar(), rows.size());
}

/// Of all rows of the part, whether they are left or not.
std::optional<ValueRuns> RowParts::Part::steps(const Ascending& known) const {
  const size_t rows = std::min(kPartRows, owner_.rows() - from_);
  const auto first = static_cast<int64_t>(from_), last = static_cast<int64_t>(from_ + rows - 1);
  return kernels::visit_whole(known.least->repr(), [&]<class T>() -> std::optional<ValueRuns> {
    const auto lowest = known.least->values<T>()[number()], highest = known.greatest->values<T>()[number()];
    std::vector<Gap<T>> gaps{{first, last, lowest, highest}};
    for (const auto stride : kStrides) {
      const auto places = rows_within(gaps, stride);
      const Shared<Vector> values = values_at(known, places);
      if (values->repr() != known.least->repr()) return std::nullopt;
      gaps = gaps_within<T>(gaps, places, values->values<T>());
      if (gaps.size() * kRowsOfGap > rows) return std::nullopt;
    }
    data::Buffer<T> each;
    std::vector<uint32_t> until;
    const auto end_at = [&](T value, int64_t row) {
      each.push_back(value);
      until.push_back(static_cast<uint32_t>(row - first));
    };
    for (const auto& gap : gaps) end_at(gap.below, gap.high);
    end_at(highest, last + 1);
    return ValueRuns{Shared<Vector>(column_like(*known.least, std::move(each))), std::move(until)};
  });
}

ValueRuns RowParts::Part::of_rows_left(const ValueRuns& steps) {
  if (is_whole_) return steps;
  StepRuns out;
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
