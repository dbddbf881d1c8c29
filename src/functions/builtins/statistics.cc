// Aggregates of order and of pairs: med percentile mode nunique mad corr covar wavg wsum beta …; zscore and demean.

#include <algorithm>
#include <cmath>

#include "data/convert.h"
#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/lift.h"
#include "functions/quantiles.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "statistics";
constexpr std::string_view kSkipsNulls = "Nulls are skipped; nothing but nulls gives null.";

using data::Buffer;

std::vector<double> sorted_numbers(std::string_view name, const Shared<Vector>& vector) {
  const auto numbers = numeric_doubles(name, vector);
  std::vector<double> sorted;
  sorted.reserve(numbers->size());
  for (const double value : doubles(numbers)) {
    if (value != types::kNull<double>) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

double median(std::string_view name, const Shared<Vector>& vector) {
  const auto numbers = numeric_doubles(name, vector);
  return quantile_among(doubles(numbers), 0.5, Interpolation::kLinear);
}

Value percentile(std::string_view name, std::span<Value> args, double whole) {
  Arguments a(name, args);
  const double share = a.number(1, "percent") / whole;
  if (share < 0 || share > 1)
    a.refuse("percent", whole == 1 ? "must be between 0 and 1." : "must be between 0 and 100.");
  const auto interpolation = interpolation_of(a, 2);
  return lift_reduce(name, args[0], [&](const Shared<Vector>& vector) -> Value {
    const auto numbers = numeric_doubles(name, vector);
    return Value::of_double(quantile_among(doubles(numbers), share, interpolation));
  });
}

Value quantile_series(CallContext&, std::span<Value> args) {
  Arguments a("quantileSeries", args);
  const auto shares = numeric_doubles("quantileSeries", a.vector(1, "q"));
  const auto interpolation = interpolation_of(a, 2);
  const auto sorted = sorted_numbers("quantileSeries", a.vector(0, "X"));
  Vector result(Type::kDouble);
  for (const double share : doubles(shares)) {
    if (!(share >= 0 && share <= 1)) a.refuse("q", "must be between 0 and 1.");
    result.push_back(Value::of_double(quantile_of(sorted, share, interpolation)));
  }
  return result;
}

Vector median_groups(const Vector& values, std::span<const uint32_t> group_of_row, size_t groups) {
  std::vector<std::vector<double>> members(groups);
  const auto numbers = as_doubles("med", Shared<Vector>(values));
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = doubles(numbers)[i];
    if (value != types::kNull<double>) members[group_of_row[i]].push_back(value);
  }
  Vector result(Type::kDouble, groups);
  for (size_t g = 0; g < groups; ++g) {
    result.edit<double>()[g] = quantile_among(members[g], 0.5, Interpolation::kLinear);
  }
  return result;
}

Value most_frequent(const Shared<Vector>& vector) {
  const auto distinct = distinct_of("mode", *vector);
  std::vector<int64_t> counts(distinct.firsts.size());
  for (size_t i = 0; i < vector->size(); ++i) ++counts[distinct.group_of_row[i]];
  int64_t best = 0;
  Value result = Scalar::null_of(vector->type(), vector->scale());
  for (size_t g = 0; g < counts.size(); ++g) {
    const auto row = static_cast<size_t>(distinct.firsts[g]);
    if (vector->is_null_at(row)) continue;
    const bool smaller_tie = counts[g] == best && types::compare(vector->scalar_at(row), result.scalar()) < 0;
    if (counts[g] > best || smaller_tie) {
      best = counts[g];
      result = vector->at(row);
    }
  }
  return result;
}

Value count_distinct(CallContext&, std::span<Value> args) {
  const bool ignore_nulls = Arguments("nunique", args).flag_or(1, "ignoreNull", false);
  if (args[0].is_tuple()) {
    // Rows across several columns.
    const auto& columns = args[0].vector();
    std::vector<uint32_t> row_groups;
    size_t groups = 1;
    for (const auto& column : columns.values_any()) {
      const auto part = distinct_of("nunique", *elements_for("nunique", column));
      if (row_groups.empty()) {
        row_groups = part.group_of_row;
        groups = part.firsts.size();
        continue;
      }
      Vector combined(Type::kLong, row_groups.size());
      for (size_t i = 0; i < row_groups.size(); ++i) {
        combined.edit<int64_t>()[i] = static_cast<int64_t>(row_groups[i]) << 32 | part.group_of_row[i];
      }
      const auto merged = distinct_of("nunique", combined);
      row_groups = merged.group_of_row;
      groups = merged.firsts.size();
    }
    return Value::of_int(row_groups.empty() ? 0 : static_cast<int32_t>(groups));
  }
  return lift_reduce("nunique", args[0], [&](const Shared<Vector>& vector) {
    const auto distinct = distinct_of("nunique", *vector);
    auto count = static_cast<int32_t>(distinct.firsts.size());
    for (const auto row : distinct.firsts) count -= ignore_nulls && vector->is_null_at(static_cast<size_t>(row));
    return Value::of_int(count);
  });
}

Value deviation(CallContext&, std::span<Value> args) {
  const bool from_median = Arguments("mad", args).flag_or(1, "useMedian", false);
  return lift_reduce("mad", args[0], [&](const Shared<Vector>& vector) -> Value {
    auto values = sorted_numbers("mad", vector);
    const double centre = from_median ? quantile_of(values, 0.5, Interpolation::kLinear)
                                      : kernels::fold<kernels::Average, double>(values).result();
    for (auto& value : values) value = std::fabs(value - centre);
    std::sort(values.begin(), values.end());
    return Value::of_double(from_median ? quantile_of(values, 0.5, Interpolation::kLinear)
                                        : kernels::fold<kernels::Average, double>(values).result());
  });
}

/// Numbers, or times as the numbers that they are.
Shared<Vector> ranked_numbers(std::string_view name, const Shared<Vector>& vector) {
  if (types::is_temporal(vector->type()) && !vector->is_array()) {
    if (auto numbers = data::convert(vector, Type::kLong)) return *std::move(numbers);
  }
  return numeric_doubles(name, vector);
}

/// Average ranks from 1, ties shared; of LONG or DOUBLE without nulls.
Vector average_ranks(std::string_view name, const Vector& numbers) {
  const auto order = order_of(name, numbers, true);
  Vector ranks(Type::kDouble, order.size());
  auto& out = ranks.edit<double>();
  const auto share = [&](const auto& values) {
    for (size_t from = 0; from < order.size();) {
      size_t to = from;
      while (to < order.size() && values[static_cast<size_t>(order[to])] == values[static_cast<size_t>(order[from])])
        ++to;
      for (size_t k = from; k < to; ++k) out[static_cast<size_t>(order[k])] = static_cast<double>(from + to + 1) / 2;
      from = to;
    }
  };
  if (numbers.type() == Type::kLong)
    share(numbers.values<int64_t>());
  else
    share(numbers.values<double>());
  return ranks;
}

/// Of the pairs without nulls.
Value spearman(CallContext&, std::span<Value> args) {
  return lift_reduce2("spearmanr", args[0], args[1], [](const Shared<Vector>& x, const Shared<Vector>& y) -> Value {
    if (x->size() != y->size()) refuse_lengths("spearmanr", x->size(), y->size());
    const auto left = ranked_numbers("spearmanr", x), right = ranked_numbers("spearmanr", y);
    std::vector<int64_t> pairs;
    for (size_t i = 0; i < x->size(); ++i) {
      if (!left->is_null_at(i) && !right->is_null_at(i)) pairs.push_back(static_cast<int64_t>(i));
    }
    const auto a = average_ranks("spearmanr", left->take(pairs)), b = average_ranks("spearmanr", right->take(pairs));
    return Value::of_double(kernels::fold2<kernels::Correlation>(a.values<double>(), b.values<double>()).result());
  });
}

/// Sorts, and returns how many pairs stood the wrong way round.
int64_t sort_counting(std::span<double> values, std::span<double> room) {
  if (values.size() < 2) return 0;
  const size_t half = values.size() / 2;
  int64_t swaps = sort_counting(values.first(half), room) + sort_counting(values.subspan(half), room);
  std::copy(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half), room.begin());
  for (size_t left = 0, right = half, at = 0; left < half; ++at) {
    const bool takes_right = right < values.size() && values[right] < room[left];
    if (takes_right) swaps += static_cast<int64_t>(half - left);
    values[at] = takes_right ? values[right++] : room[left++];
  }
  return swaps;
}

/// How many pairs are equal among neighbours of `count` elements in order.
template <class Same>
int64_t equal_pairs(size_t count, Same&& same) {
  int64_t pairs = 0, run = 0;
  for (size_t i = 1; i < count; ++i) pairs += run = same(i - 1, i) ? run + 1 : 0;
  return pairs;
}

/// Tau-b of the rows that have both (Knight's algorithm). Cost: O(n log n).
double kendall_of(std::span<const double> x, std::span<const double> y) {
  std::vector<std::pair<double, double>> rows;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != types::kNull<double> && y[i] != types::kNull<double>) rows.emplace_back(x[i], y[i]);
  }
  std::sort(rows.begin(), rows.end());
  std::vector<double> second, room(rows.size());
  for (const auto& row : rows) second.push_back(row.second);
  const auto count = static_cast<int64_t>(rows.size()), all = count * (count - 1) / 2;
  const auto same_x = equal_pairs(rows.size(), [&](size_t a, size_t b) { return rows[a].first == rows[b].first; });
  const auto same_both = equal_pairs(rows.size(), [&](size_t a, size_t b) { return rows[a] == rows[b]; });
  const auto swaps = sort_counting(second, room);
  const auto same_y = equal_pairs(rows.size(), [&](size_t a, size_t b) { return second[a] == second[b]; });
  const double pairs_x = static_cast<double>(all - same_x), pairs_y = static_cast<double>(all - same_y);
  if (pairs_x == 0 || pairs_y == 0) return types::kNull<double>;
  return static_cast<double>(all - same_x - same_y + same_both - 2 * swaps) / std::sqrt(pairs_x * pairs_y);
}

Value kendall(CallContext&, std::span<Value> args) {
  return lift_reduce2("kendall", args[0], args[1], [](const Shared<Vector>& left, const Shared<Vector>& right) {
    const auto x = numeric_doubles("kendall", left), y = numeric_doubles("kendall", right);
    return Value::of_double(kendall_of(doubles(x), doubles(y)));
  });
}

/// value minus the mean, divided by the deviation when asked.
Value centred(std::string_view name, const Value& x, bool scaled) {
  return lift_map(name, x, Spread::kSeries, [&](const Shared<Vector>& vector) {
    Vector result = *numeric_doubles(name, vector);
    const auto state = kernels::fold<kernels::SampleDeviation, double>(result.values<double>());
    const double deviation = scaled ? state.result() : 1;
    for (auto& value : result.edit<double>()) {
      if (value == types::kNull<double>) continue;
      value =
          deviation == 0 || deviation == types::kNull<double> ? types::kNull<double> : (value - state.mean) / deviation;
    }
    return result;
  });
}

/// The rows of x by value, nulls where the policy wants them: upper, lower, omit or raise.
std::vector<int64_t> order_with_nulls(const Arguments& a, const Vector& x, const std::string& policy) {
  auto order = order_of(a.function(), x, true);
  const auto known = std::stable_partition(order.begin(), order.end(),
                                           [&](int64_t row) { return x.is_null_at(static_cast<size_t>(row)); });
  if (policy == "lower") return order;
  if (policy == "raise" && known != order.begin()) a.refuse("X", "must have no nulls when nanPolicy is raise.");
  if (policy == "omit") return {known, order.end()};
  if (policy != "upper" && policy != "raise") a.refuse("nanPolicy", "must be upper, lower, raise or omit.");
  std::rotate(order.begin(), known, order.end());
  return order;
}

/// winsorize(X, limit, [inclusive], [nanPolicy])
Value winsorize(CallContext&, std::span<Value> args) {
  Arguments a("winsorize", args);
  const auto limits = numeric_doubles("winsorize", a.vector(1, "limit"));
  if (limits->empty() || limits->size() > 2) a.refuse("limit", "must be one share of the vector or two.");
  const double low = doubles(limits)[0], high = limits->size() > 1 ? doubles(limits)[1] : low;
  if (!(low >= 0) || !(high >= 0) || low + high >= 1) a.refuse("limit", "must be shares of the vector.");
  bool cuts[2] = {true, true};
  if (a.has(2) && !args[2].is_null()) {
    const auto flags = converted("winsorize", a.vector(2, "inclusive"), Type::kBool);
    if (flags->empty() || flags->size() > 2) a.refuse("inclusive", "must be one truth value or two.");
    cuts[0] = flags->values<int8_t>()[0] != 0;
    cuts[1] = flags->values<int8_t>()[flags->size() - 1] != 0;
  }
  const auto x = a.vector(0, "X");
  const auto order = order_with_nulls(a, *x, a.has(3) && !args[3].is_null() ? a.text(3, "nanPolicy") : "upper");
  Buffer<int64_t> rows(x->size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const auto masked = [&](double share, bool cut) {
    const double count = share * static_cast<double>(order.size());
    return static_cast<size_t>(cut ? count : std::round(count));
  };
  const size_t from = masked(low, cuts[0]), to = order.size() - std::min(order.size(), masked(high, cuts[1]));
  if (order.empty()) return Value(x);
  if (from >= to) a.refuse("limit", "leaves no element.");
  for (size_t k = 0; k < from; ++k) rows[static_cast<size_t>(order[k])] = order[from];
  for (size_t k = to; k < order.size(); ++k) rows[static_cast<size_t>(order[k])] = order[to - 1];
  return x->take(rows);
}

/// Count Avg Stdev Min Max Median of a vector, and the name it is called by.
Value summary_of(CallContext& context, std::span<Value> args) {
  const auto x = Arguments("stat", args).vector(0, "X");
  const auto sorted = sorted_numbers("stat", x);
  data::Dictionary result(Type::kString, Type::kAny);
  const auto names = context.argument_names();
  result.set(Scalar::of_string("Name"), Value::of_string(names.empty() ? "" : names[0]));
  const auto state = kernels::fold<kernels::SampleDeviation, double>(sorted);
  const auto put = [&](const char* name, double value) {
    result.set(Scalar::of_string(name), Value::of_double(value));
  };
  put("Avg", sorted.empty() ? types::kNull<double> : state.mean);
  put("Max", sorted.empty() ? types::kNull<double> : sorted.back());
  put("Min", sorted.empty() ? types::kNull<double> : sorted.front());
  result.set(Scalar::of_string("Count"), Value::of_int(static_cast<int32_t>(sorted.size())));
  result.set(Scalar::of_string("Size"), Value::of_int(static_cast<int32_t>(x->size())));
  put("Stdev", state.result());
  put("Median", quantile_of(sorted, 0.5, Interpolation::kLinear));
  return result;
}

template <class State>
Value pairwise_matrix(std::string_view name, const Value& x) {
  if (!x.is_matrix()) usage_error(name, "X must be a matrix.");
  const auto& m = x.matrix();
  const auto values = numeric_doubles(name, Shared<Vector>(m.values));
  data::Matrix result{.values = Vector(Type::kDouble, m.columns * m.columns), .rows = m.columns, .columns = m.columns};
  result.row_labels = result.column_labels = m.column_labels;
  auto& out = result.values.edit<double>();
  for (size_t i = 0; i < m.columns; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const double value = kernels::fold2<State>(doubles(values).subspan(i * m.rows, m.rows),
                                                 doubles(values).subspan(j * m.rows, m.rows))
                               .result();
      out[i * m.columns + j] = out[j * m.columns + i] = value;
    }
  }
  return result;
}

template <class State>
Native of_pair(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) { return reduce_pairs<State>(name, args[0], args[1]); };
}
Native percentile_of(std::string_view name, double whole) {
  return [name, whole](CallContext&, std::span<Value> args) { return percentile(name, args, whole); };
}

}  // namespace

void register_statistics(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  using namespace kernels;
  row({"med",
       "X",
       [](CallContext&, std::span<Value> args) {
         return lift_reduce("med", args[0], [](const Shared<Vector>& v) { return Value::of_double(median("med", v)); });
       },
       "The median.",
       "med(4 NULL 15 16)",
       "15",
       kSkipsNulls,
       {is_plain_numeric, median_groups}});
  row({"percentile", "X, percent, [interpolation='linear']", percentile_of("percentile", 100),
       "The value below which so many percent lie.", "percentile(1 2 3 4, 50)", "2.5", kSkipsNulls});
  row({"quantile", "X, q, [interpolation='linear']", percentile_of("quantile", 1),
       "The value below which a share q lies.", "quantile(1 2 3 4, 0.5)", "2.5", kSkipsNulls});
  row({"quantileSeries", "X, q, [interpolation='linear']", quantile_series, "Several quantiles.",
       "quantileSeries(1 2 3, 0 1)", "[1,3]", kSkipsNulls});
  row({"mode", "X", [](CallContext&, std::span<Value> args) { return lift_reduce("mode", args[0], most_frequent); },
       "The most frequent value; of equals the smallest.", "mode(3 5 3)", "3", kSkipsNulls});
  row({"nunique", "X, [ignoreNull=false]", count_distinct, "The number of distinct values.", "nunique(3 5 3)", "2",
       "A null is a value unless ignoreNull."});
  row({"mad", "X, [useMedian=false]", deviation, "The mean (or median) absolute deviation.", "mad(1 2 3)",
       "0.6666666667", kSkipsNulls});
  row({"corr", "X, Y", of_pair<Correlation>("corr"), "Pearson's correlation.", "corr(1 2 3, 2 4 6)", "1",
       "Rows where either is null are skipped."});
  row({"covar", "X, Y", of_pair<Covariance>("covar"), "The sample covariance.", "covar(1 2 3, 1 2 3)", "1",
       "Rows where either is null are skipped."});
  row({"covarp", "X, Y", of_pair<PopulationCovariance>("covarp"), "The population covariance.", "covarp(1 3, 1 3)", "1",
       "Rows where either is null are skipped."});
  row({"beta", "Y, X", of_pair<Slope>("beta"), "The slope of the least-squares line of Y on X.", "beta(2 4 6, 1 2 3)",
       "2", "Rows where either is null are skipped."});
  row({"wavg", "X, Y", of_pair<WeightedAverage>("wavg"), "The mean of X weighted by Y.", "wavg(2 NULL 4, 1 5 3)", "3.5",
       "Rows where either is null are skipped."});
  row({"wsum", "X, Y", of_pair<WeightedSum>("wsum"), "The sum of X times Y.", "wsum(1 2, 3 4)", "11",
       "Rows where either is null are skipped."});
  row({"spearmanr", "X, Y", spearman, "Spearman's rank correlation.", "spearmanr(1 2 3, 1 4 9)", "1",
       "Rows where either is null are skipped."});
  row({"kendall", "X, Y", kendall, "Kendall's rank correlation.", "kendall(1 2 3, 1 4 9)", "1",
       "Rows where either is null are skipped."});
  const auto series = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  series({"zscore", "X", [](CallContext&, std::span<Value> args) { return centred("zscore", args[0], true); },
          "Deviations from the mean in standard deviations.", "zscore(1 2 3)", "[-1,0,1]", "Null stays null."});
  series({"demean", "X", [](CallContext&, std::span<Value> args) { return centred("demean", args[0], false); },
          "Deviations from the mean.", "demean(1 2 3)", "[-1,0,1]", "Null stays null."});
  series({"winsorize", "X, limit, [inclusive=true], [nanPolicy='upper']", winsorize,
          "X with the extreme shares brought to the nearest value that remains.", "winsorize(1..10, 0.1)",
          "[2,2,3,4,5,6,7,8,9,9]"});
  declare(registry, kFamily, Nature::kWhole,
          {"stat", "X", summary_of, "A dictionary of summary statistics.", "stat(1 2 3 4).Avg", "2.5", kSkipsNulls});
  declare(registry, kFamily, Nature::kWhole,
          {"corrMatrix", "X",
           [](CallContext&, std::span<Value> args) { return pairwise_matrix<Correlation>("corrMatrix", args[0]); },
           "Correlations of every two columns.", "corrMatrix(matrix(1 2 3, 2 4 6))", "matrix[[1,1],[1,1]]"});
  declare(registry, kFamily, Nature::kWhole,
          {"covarMatrix", "X",
           [](CallContext&, std::span<Value> args) { return pairwise_matrix<Covariance>("covarMatrix", args[0]); },
           "Covariances of every two columns.", "covarMatrix(matrix(1 2 3, 1 2 3))", "matrix[[1,1],[1,1]]"});
}

}  // namespace pelorus::functions
