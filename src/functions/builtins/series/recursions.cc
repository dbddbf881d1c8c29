// Series that follow from themselves: iterate, talibNull, dynamicGroupCumsum, dynamicGroupCumcount.

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/lift.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "recursions";

using types::kNull;
using Series = std::vector<double>;

Series series(std::string_view name, const Value& x) {
  const auto elements = elements_of(x);
  if (!elements) usage_error(name, "Numbers are expected.");
  const auto numbers = numeric_doubles(name, *elements);
  return {doubles(numbers).begin(), doubles(numbers).end()};
}
Vector vector_from(const Series& values) {
  Vector result(Type::kDouble, values.size());
  std::copy(values.begin(), values.end(), result.edit<double>().begin());
  return result;
}

/// With one start: x[n] = x[n-1] * coeffs[n] + input[n]. With k starts: x[n] = the last k values times coeffs, plus
/// input[n]. A single number as input is how many values are wanted.
Value iterate(CallContext& context, std::span<Value> args) {
  Arguments a("iterate", args);
  Series history = series("iterate", args[0]);
  const Series factors = series("iterate", args[1]);
  const bool counts = args[2].is_scalar();
  const auto length = counts ? a.integer(2, "input") : static_cast<int64_t>(data::size_of(args[2]));
  constexpr int64_t kLengthMax = int64_t{1} << 28;
  if (length < 0 || length > kLengthMax) a.refuse("input", "asks for too many values.");
  context.reserve_memory(length * 8);
  const Series input = counts ? Series() : series("iterate", args[2]);
  const size_t n = static_cast<size_t>(length), starts = history.size();
  if (args[0].is_scalar()) {
    if (factors.size() != 1 && factors.size() != n) refuse_lengths("iterate", n, factors.size());
    Series out(n);
    double value = history[0];
    for (size_t i = 0; i < n; ++i) {
      out[i] = value = value * factors[factors.size() == 1 ? 0 : i] + (counts ? 0 : input[i]);
    }
    return vector_from(out);
  }
  if (factors.size() != starts) refuse_lengths("iterate", starts, factors.size());
  for (size_t i = 0; i < n; ++i) {
    double value = counts ? 0 : input[i];
    for (size_t k = 0; k < starts; ++k) value += factors[k] * history[i + k];
    history.push_back(value);
  }
  history.erase(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(starts));
  return vector_from(history);
}

/// The vectors with everything before their first complete row set to null.
Value align_nulls(CallContext&, std::span<Value> args) {
  Arguments a("talibNull", args);
  std::vector<Shared<Vector>> columns;
  for (size_t i = 0; i < args.size(); ++i) {
    columns.push_back(a.vector(i, "args"));
    if (columns[i]->size() != columns[0]->size()) refuse_lengths("talibNull", columns[0]->size(), columns[i]->size());
  }
  const size_t rows = columns[0]->size();
  const auto is_complete = [&](size_t row) {
    for (const auto& column : columns) {
      if (column->is_null_at(row)) return false;
    }
    return true;
  };
  size_t first = 0;
  while (first < rows && !is_complete(first)) ++first;
  std::vector<Value> parts;
  for (auto& column : columns) {
    Vector changed = *column;
    for (size_t r = 0; r < first; ++r) changed.set_null(r);
    parts.emplace_back(std::move(changed));
  }
  return Vector::tuple(std::move(parts));
}

size_t group_count(const Arguments& a, size_t at) {
  const auto count = a.integer(at, "groupCount");
  if (count < 2 || count > 8) a.refuse("groupCount", "must be between 2 and 8.");
  return static_cast<size_t>(count);
}

/// Each group's running total as rows move between groups: `amount(i)` enters the new group, `former(i)` leaves the
/// old.
template <class T, class Amount, class Former>
Value by_moving_group(std::string_view name, const Value& membership, const Value& previous, size_t groups, Type type,
                      Amount&& amount, Former&& former) {
  const auto now = as_longs(name, elements_for(name, membership)),
             before = as_longs(name, elements_for(name, previous));
  if (now->size() != before->size()) refuse_lengths(name, now->size(), before->size());
  const auto to = now->values<int64_t>(), from = before->values<int64_t>();
  const auto is_group = [&](int64_t g) { return g >= 0 && g < static_cast<int64_t>(groups); };
  std::vector<Vector> columns(groups, Vector(type, to.size()));
  std::vector<T> totals(groups);
  for (size_t i = 0; i < to.size(); ++i) {
    if (is_group(from[i])) totals[static_cast<size_t>(from[i])] -= former(i);
    if (is_group(to[i])) totals[static_cast<size_t>(to[i])] += amount(i);
    for (size_t g = 0; g < groups; ++g) columns[g].edit<T>()[i] = totals[g];
  }
  return Vector::tuple({columns.begin(), columns.end()});
}

Value group_sums(CallContext&, std::span<Value> args) {
  Arguments a("dynamicGroupCumsum", args);
  const auto now = series("dynamicGroupCumsum", args[0]), before = series("dynamicGroupCumsum", args[1]);
  if (now.size() != before.size() || now.size() != data::size_of(args[2]))
    refuse_lengths("dynamicGroupCumsum", now.size(), before.size());
  const auto value = [](double x) { return x == kNull<double> ? 0 : x; };
  return by_moving_group<double>(
      "dynamicGroupCumsum", args[2], args[3], group_count(a, 4), Type::kDouble, [&](size_t i) { return value(now[i]); },
      [&](size_t i) { return value(before[i]); });
}
Value group_counts(CallContext&, std::span<Value> args) {
  Arguments a("dynamicGroupCumcount", args);
  const auto one = [](size_t) { return 1; };
  return by_moving_group<int32_t>("dynamicGroupCumcount", args[0], args[1], group_count(a, 2), Type::kInt, one, one);
}

}  // namespace

void register_recursions(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"iterate", "init, coeffs, input", iterate,
       "x[n] = x[n-1] * coeffs[n] + input[n]; with several starts the last values times coeffs plus input[n].",
       "iterate(1, 0.5, 3)", "[0.5,0.25,0.125]"});
  row({"talibNull", "args...", align_nulls, "Vectors with null before the first row that is complete in all of them.",
       "talibNull(1 2 3, NULL 5 6)", "([null,2,3],[null,5,6])"});
  row({"dynamicGroupCumsum", "cumMetric, prevCumMetric, membership, prevMembership, groupCount", group_sums,
       "Running sums by groups between which things move.",
       "dynamicGroupCumsum(5 7 9, NULL 5 NULL, 0 1 0, NULL 0 NULL, 2)", "([5,0,9],[0,7,7])"});
  row({"dynamicGroupCumcount", "membership, prevMembership, groupCount", group_counts,
       "Running counts by groups between which things move.", "dynamicGroupCumcount(0 1 0, NULL 0 NULL, 2)",
       "([1,0,1],[0,1,1])"});
}

}  // namespace pelorus::functions
