// Moving forms over windows of rows (msum …) and of time (tmsum …): one set of functions, two sources of windows.

#include <cmath>

#include "functions/builtins/register_builtins.h"
#include "functions/assemble.h"
#include "functions/declare.h"
#include "functions/quantiles.h"
#include "functions/series.h"
#include "functions/windows.h"
#include "kernels/moving_rows.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "moving";
constexpr std::string_view kNulls =
    "Nulls in a window are skipped. Without minPeriods the first window - 1 results are null.";

using data::Buffer;
using kernels::kNull;

/// A moving function of one vector, given its windows.
using Slide = std::function<Vector(std::string_view name, const Shared<Vector>&, const Windows&)>;
using Slide2 =
    std::function<Vector(std::string_view name, const Shared<Vector>&, const Shared<Vector>&, const Windows&)>;

/// The aggregates that are added up window by window where windows are short.
template <class State>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate = std::nullopt;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::Sum> = kernels::RowsAggregate::kSum;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::Average> = kernels::RowsAggregate::kAverage;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::SampleVariance> =
    kernels::RowsAggregate::kSampleVariance;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::PopulationVariance> =
    kernels::RowsAggregate::kPopulationVariance;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::SampleDeviation> =
    kernels::RowsAggregate::kSampleDeviation;
template <>
constexpr std::optional<kernels::RowsAggregate> kRowsAggregate<kernels::PopulationDeviation> =
    kernels::RowsAggregate::kPopulationDeviation;

template <class State>
Vector slide_state(std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
  const auto numbers = numeric_doubles(name, vector);
  Vector result(Type::kDouble, numbers->size());
  if constexpr (kRowsAggregate<State>.has_value()) {
    if (windows.are_of_rows && windows.rule.rows <= kernels::kShortWindowRows) {
      kernels::sliding_rows(doubles(numbers), 0, windows.rule, *kRowsAggregate<State>, result.edit<double>().data());
      return result;
    }
  }
  kernels::sliding<State, double>(doubles(numbers), windows.starts, result.edit<double>().data(), windows.keeps());
  return result;
}

Vector slide_sum(std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
  const bool whole = vector->type() == Type::kBool || types::is_integral(vector->type());
  if (!whole) return slide_state<kernels::Sum>(name, vector, windows);
  Vector result(Type::kLong, vector->size());
  types::visit_fixed(vector->repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      kernels::sliding<kernels::SumWhole, T>(vector->values<T>(), windows.starts, result.edit<int64_t>().data(),
                                             windows.keeps());
    }
  });
  return result;
}

template <class State>
Vector slide_pair(std::string_view name, const Shared<Vector>& left, const Shared<Vector>& right,
                  const Windows& windows) {
  if (left->size() != right->size()) refuse_lengths(name, left->size(), right->size());
  const auto a = numeric_doubles(name, left), b = numeric_doubles(name, right);
  Vector result(Type::kDouble, a->size());
  kernels::sliding2<State>(doubles(a), doubles(b), windows.starts, result.edit<double>().data(), windows.keeps());
  return result;
}

/// Position in the vector of each window's extreme, -1 for none.
Buffer<int64_t> extreme_rows(std::string_view name, const Shared<Vector>& vector, const Windows& windows,
                             bool largest) {
  Buffer<int64_t> rows(vector->size());
  if (!types::is_fixed(vector->repr()) || vector->type() == Type::kSymbol || vector->repr() == types::Repr::kB16)
    usage_error(name, "X must be numeric or temporal.");
  types::visit_fixed(vector->repr(), [&]<class T>() {
    if constexpr (!std::is_same_v<T, types::Bytes16>)
      kernels::sliding_extreme<T>(vector->values<T>(), windows.starts, largest, rows.data(), windows.keeps());
  });
  return rows;
}

template <bool kLargest>
Vector slide_extreme(std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
  auto rows = extreme_rows(name, vector, windows, kLargest);
  for (auto& row : rows) row = row < 0 ? INT64_MAX : row;
  return vector->take(rows);
}
template <bool kLargest>
Vector slide_extreme_position(std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
  const auto rows = extreme_rows(name, vector, windows, kLargest);
  Vector result(Type::kInt, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    result.edit<int32_t>()[i] =
        rows[i] < 0 ? kNull<int32_t> : static_cast<int32_t>(rows[i] - static_cast<int64_t>(windows.starts[i]));
  }
  return result;
}

Vector slide_count(std::string_view, const Shared<Vector>& vector, const Windows& windows) {
  Vector result(Type::kInt, vector->size());
  int32_t count = 0;
  size_t from = 0;
  for (size_t i = 0; i < vector->size(); ++i) {
    for (; from < windows.starts[i]; ++from) count -= !vector->is_null_at(from);
    count += !vector->is_null_at(i);
    const bool counts = windows.rule.only_full || count >= windows.rule.periods || windows.rule.periods == 1;
    result.edit<int32_t>()[i] = counts ? count : kNull<int32_t>;
  }
  return result;
}

/// The first (or last) element of each window, null or not.
template <bool kFirst>
Vector slide_end(std::string_view, const Shared<Vector>& vector, const Windows& windows) {
  Buffer<int64_t> rows(vector->size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto size = static_cast<int64_t>(i - windows.starts[i] + 1);
    rows[i] = windows.counts(i, size) ? static_cast<int64_t>(kFirst ? windows.starts[i] : i) : INT64_MAX;
  }
  return vector->take(rows);
}

Vector slide_quantile(std::string_view name, const Shared<Vector>& vector, const Windows& windows, double share,
                      Interpolation interpolation) {
  const auto numbers = numeric_doubles(name, vector);
  Vector result(Type::kDouble, numbers->size());
  auto& out = result.edit<double>();
  kernels::sliding_sorted(doubles(numbers), windows.starts, [&](size_t i, std::span<const double> sorted) {
    out[i] = windows.counts(i, static_cast<int64_t>(sorted.size())) ? quantile_of(sorted, share, interpolation)
                                                                    : kNull<double>;
  });
  return result;
}
Vector slide_median(std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
  return slide_quantile(name, vector, windows, 0.5, Interpolation::kLinear);
}

/// Mean absolute deviation from the mean, or the median one from the median.
Vector slide_deviation(std::string_view name, const Shared<Vector>& vector, const Windows& windows, bool of_median) {
  const auto numbers = numeric_doubles(name, vector);
  Vector result(Type::kDouble, numbers->size());
  auto& out = result.edit<double>();
  std::vector<double> distances;
  kernels::sliding_sorted(doubles(numbers), windows.starts, [&](size_t i, std::span<const double> sorted) {
    out[i] = kNull<double>;
    if (sorted.empty() || !windows.counts(i, static_cast<int64_t>(sorted.size()))) return;
    const double middle = of_median ? quantile_of(sorted, 0.5, Interpolation::kLinear)
                                    : kernels::fold<kernels::Average, double>(sorted).result();
    distances.clear();
    for (const double value : sorted) distances.push_back(std::fabs(value - middle));
    std::sort(distances.begin(), distances.end());
    out[i] = of_median ? quantile_of(distances, 0.5, Interpolation::kLinear)
                       : kernels::fold<kernels::Average, double>(std::span<const double>(distances)).result();
  });
  return result;
}

/// The mean of each window weighted by position: `weights` go to its last elements.
Vector slide_weights(std::string_view name, const Shared<Vector>& vector, std::span<const double> weights) {
  const auto numbers = numeric_doubles(name, vector);
  const auto values = doubles(numbers);
  Vector result(Type::kDouble, values.size());
  auto& out = result.edit<double>();
  for (size_t i = 0; i < values.size(); ++i) {
    double sum = 0, total = 0;
    for (size_t k = 0; i + 1 >= weights.size() && k < weights.size(); ++k) {
      const double value = values[i + 1 - weights.size() + k];
      if (value == kNull<double> || weights[k] == kNull<double>) continue;
      sum += value * weights[k];
      total += weights[k];
    }
    out[i] = total == 0 ? kNull<double> : sum / total;
  }
  return result;
}

/// Where the newest element of a window stands among equals.
enum class RankTies : uint8_t { kMin, kMax, kAverage };
struct RankRule {
  bool ascending = true;
  bool percent = false;
  bool ignores_nulls = true;  // else they take part as smallest
  RankTies ties = RankTies::kMin;
};

RankTies ties_argument(const Arguments& a, size_t at) {
  const auto text = a.text_or(at, "tiesMethod", "min");
  if (text == "min") return RankTies::kMin;
  if (text == "max") return RankTies::kMax;
  if (text == "average") return RankTies::kAverage;
  a.refuse("tiesMethod", "must be min, max or average.");
}

/// The rank of the newest element among its window, from 0; with percent: from the share of one element to 1.
Vector slide_rank(std::string_view name, const Shared<Vector>& vector, const Windows& windows, const RankRule& rule) {
  const auto numbers = numeric_doubles(name, vector);
  const auto values = doubles(numbers);
  if (windows.starts.size() != values.size()) refuse_lengths(name, windows.starts.size(), values.size());
  Vector result(Type::kDouble, values.size());
  auto& out = result.edit<double>();
  kernels::sliding_sorted(values, windows.starts, [&](size_t i, std::span<const double> sorted) {
    out[i] = kNull<double>;
    const bool is_null = values[i] == kNull<double>;
    const auto rows = static_cast<int64_t>(i - windows.starts[i] + 1);
    const auto known = static_cast<int64_t>(sorted.size());
    if ((is_null && rule.ignores_nulls) || !windows.counts(i, known)) return;
    const int64_t nulls = rule.ignores_nulls ? 0 : rows - known;
    const int64_t below =
        is_null ? 0 : nulls + (std::lower_bound(sorted.begin(), sorted.end(), values[i]) - sorted.begin());
    const int64_t equal = is_null ? nulls
                                  : std::upper_bound(sorted.begin(), sorted.end(), values[i]) -
                                        std::lower_bound(sorted.begin(), sorted.end(), values[i]);
    const int64_t first = rule.ascending ? below : known + nulls - below - equal;
    out[i] = static_cast<double>(first) + (rule.ties == RankTies::kMin   ? 0
                                           : rule.ties == RankTies::kMax ? static_cast<double>(equal - 1)
                                                                         : static_cast<double>(equal - 1) / 2);
    if (rule.percent) out[i] = (out[i] + 1) / static_cast<double>(known + nulls);
  });
  const bool whole = !rule.percent && rule.ties != RankTies::kAverage;
  return whole ? *converted(name, Shared<Vector>(result), Type::kInt) : result;
}

struct SlideRow {
  std::string_view rows;  // name over windows of rows
  std::string_view time;  // and of time
  Slide slide;
  std::string_view summary;
  std::string_view example;
  std::string_view result;
};

const std::vector<SlideRow>& slide_rows() {
  using namespace kernels;
  static const std::vector<SlideRow> kRows = {
      {"msum", "tmsum", slide_sum, "The sum of each window.", "msum(1 2 3, 2)", "[null,3,5]"},
      {"mavg", "tmavg", slide_state<Average>, "The mean of each window.", "mavg(1 2 4, 2)", "[null,1.5,3]"},
      {"msum2", "tmsum2", slide_state<PowerSum<2>>, "The sum of squares of each window.", "msum2(1 2 3, 2)",
       "[null,5,13]"},
      {"mprod", "tmprod", slide_state<Product>, "The product of each window.", "mprod(1 2 3, 2)", "[null,2,6]"},
      {"mvar", "tmvar", slide_state<SampleVariance>, "The sample variance of each window.", "mvar(1 3, 2)", "[null,2]"},
      {"mvarp", "tmvarp", slide_state<PopulationVariance>, "The population variance of each window.", "mvarp(1 3, 2)",
       "[null,1]"},
      {"mstd", "tmstd", slide_state<SampleDeviation>, "The sample standard deviation of each window.", "mstd(1 1, 2)",
       "[null,0]"},
      {"mstdp", "tmstdp", slide_state<PopulationDeviation>, "The population standard deviation of each window.",
       "mstdp(1 3, 2)", "[null,1]"},
      {"mskew", "tmskew", slide_state<Skewness>, "The skewness of each window.", "mskew(1 2 3, 3)", "[null,null,0]"},
      {"mkurtosis", "tmkurtosis", slide_state<Kurtosis>, "The kurtosis of each window.", "mkurtosis(1 2 3 4, 4)",
       "[null,null,null,1.64]"},
      {"mmax", "tmmax", slide_extreme<true>, "The largest element of each window.", "mmax(5 3 8, 2)", "[null,5,8]"},
      {"mmin", "tmmin", slide_extreme<false>, "The smallest element of each window.", "mmin(5 3 8, 2)", "[null,3,3]"},
      {"mimax", "tmimax", slide_extreme_position<true>, "The position of the largest element of each window.",
       "mimax(5 3 8, 2)", "[null,0,1]"},
      {"mimin", "tmimin", slide_extreme_position<false>, "The position of the smallest element of each window.",
       "mimin(5 3 8, 2)", "[null,1,0]"},
      {"mcount", "tmcount", slide_count, "The number of non-null elements of each window.", "mcount(5 NULL 8, 2)",
       "[1,1,1]"},
      {"mfirst", "tmfirst", slide_end<true>, "The first element of each window.", "mfirst(5 3 8, 2)", "[null,5,3]"},
      {"mlast", "tmlast", slide_end<false>, "The last element of each window.", "mlast(5 3 8, 2)", "[null,3,8]"},
      {"mmed", "tmmed", slide_median, "The median of each window.", "mmed(5 3 8, 2)", "[null,4,5.5]"},
  };
  return kRows;
}

struct SlideRow2 {
  std::string_view rows;
  std::string_view time;
  Slide2 slide;
  std::string_view summary;
};
const std::vector<SlideRow2>& slide_rows2() {
  using namespace kernels;
  static const std::vector<SlideRow2> kRows = {
      {"mcorr", "tmcorr", slide_pair<Correlation>, "The correlation of each window."},
      {"mcovar", "tmcovar", slide_pair<Covariance>, "The sample covariance of each window."},
      {"mcovarp", "tmcovarp", slide_pair<PopulationCovariance>, "The population covariance of each window."},
      {"mbeta", "tmbeta", slide_pair<Slope>, "The regression slope of the first on the second of each window."},
      {"mwavg", "tmwavg", slide_pair<WeightedAverage>, "The weighted mean of each window."},
      {"mwsum", "tmwsum", slide_pair<WeightedSum>, "The weighted sum of each window."},
  };
  return kRows;
}

Value slide_over(std::string_view name, const Value& x, const WindowChoice& choice, const Slide& slide) {
  return lift_map(name, x, Spread::kSeries,
                  [&](const Shared<Vector>& vector) { return slide(name, vector, choice.over(name, vector->size())); });
}

void register_row_windows(Registry& registry) {
  for (const auto& row : slide_rows()) {
    const auto name = row.rows;
    if (name == "mavg") continue;
    declare(registry, kFamily, Nature::kVector,
            {name, "X, window, [minPeriods]",
             [name, &row](CallContext&, std::span<Value> args) {
               return slide_over(name, args[0], window_choice(Arguments(name, args), 1, 2, args[0]), row.slide);
             },
             row.summary, row.example, row.result, kNulls});
  }
  for (const auto& row : slide_rows2()) {
    const auto name = row.rows;
    declare(registry, kFamily, Nature::kVector,
            {name,
             "X, Y, window, [minPeriods]",
             [name, &row](CallContext&, std::span<Value> args) {
               const auto choice = window_choice(Arguments(name, args), 2, 3, args[0]);
               return lift_map2(name, args[0], args[1], [&](const Shared<Vector>& x, const Shared<Vector>& y) {
                 return row.slide(name, x, y, choice.over(name, x->size()));
               });
             },
             row.summary,
             {},
             {},
             kNulls});
  }
}

/// mavg(X, window) or mavg(X, weights).
Value moving_average(CallContext&, std::span<Value> args) {
  Arguments a("mavg", args);
  if (!args[1].is_vector())
    return slide_over("mavg", args[0], window_choice(a, 1, 2, args[0]), slide_state<kernels::Average>);
  const auto weights = numeric_doubles("mavg", args[1].vector_shared());
  return lift_map("mavg", args[0], Spread::kSeries,
                  [&](const Shared<Vector>& vector) { return slide_weights("mavg", vector, doubles(weights)); });
}

Value moving_deviation(CallContext&, std::span<Value> args) {
  Arguments a("mmad", args);
  const bool of_median = a.flag_or(2, "useMedian", false);
  return slide_over("mmad", args[0], window_choice(a, 1, 3, args[0]),
                    [&](std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
                      return slide_deviation(name, vector, windows, of_median);
                    });
}

Value time_deviation(CallContext&, std::span<Value> args) {
  Arguments a("tmmad", args);
  const bool of_median = a.flag_or(3, "useMedian", false);
  const auto windows = time_windows(a, 0, 2);
  return lift_map("tmmad", args[1], Spread::kSeries, [&](const Shared<Vector>& vector) {
    if (vector->size() != windows.starts.size()) refuse_lengths("tmmad", windows.starts.size(), vector->size());
    return slide_deviation("tmmad", vector, windows, of_median);
  });
}

void register_time_windows(Registry& registry) {
  for (const auto& row : slide_rows()) {
    const auto name = row.time;
    declare(registry, kFamily, Nature::kVector,
            {name,
             "T, X, window",
             [name, &row](CallContext&, std::span<Value> args) {
               const auto windows = time_windows(Arguments(name, args), 0, 2);
               return lift_map(name, args[1], Spread::kSeries, [&](const Shared<Vector>& vector) {
                 if (vector->size() != windows.starts.size())
                   refuse_lengths(name, windows.starts.size(), vector->size());
                 return row.slide(name, vector, windows);
               });
             },
             row.summary,
             {},
             {},
             "Nulls in a window are skipped."});
  }
  for (const auto& row : slide_rows2()) {
    const auto name = row.time;
    declare(registry, kFamily, Nature::kVector,
            {name,
             "T, X, Y, window",
             [name, &row](CallContext&, std::span<Value> args) {
               const auto windows = time_windows(Arguments(name, args), 0, 3);
               return lift_map2(name, args[1], args[2], [&](const Shared<Vector>& x, const Shared<Vector>& y) {
                 if (x->size() != windows.starts.size()) refuse_lengths(name, windows.starts.size(), x->size());
                 return row.slide(name, x, y, windows);
               });
             },
             row.summary,
             {},
             {},
             "Rows where either is null are skipped."});
  }
}

Value moving_rank(CallContext&, std::span<Value> args) {
  Arguments a("mrank", args);
  const RankRule rule{.ascending = a.flag_or(1, "ascending", true),
                      .percent = a.flag_or(5, "percent", false),
                      .ignores_nulls = a.flag_or(3, "ignoreNA", true),
                      .ties = ties_argument(a, 4)};
  return slide_over("mrank", args[0], window_choice(a, 2, 6, args[0]),
                    [&](std::string_view name, const Shared<Vector>& vector, Windows windows) {
                      // Only full windows count; how many of their elements are null does not matter.
                      if (windows.rule.only_full) windows.rule.periods = 0;
                      return slide_rank(name, vector, windows, rule);
                    });
}

Value moving_percentile(CallContext&, std::span<Value> args) {
  Arguments a("mpercentile", args);
  const double share = a.number(1, "percent") / 100;
  if (share < 0 || share > 1) a.refuse("percent", "must be between 0 and 100.");
  const auto interpolation = interpolation_of(a, 3);
  return slide_over("mpercentile", args[0], window_choice(a, 2, 4, args[0]),
                    [&](std::string_view name, const Shared<Vector>& vector, const Windows& windows) {
                      return slide_quantile(name, vector, windows, share, interpolation);
                    });
}

Value time_rank(CallContext&, std::span<Value> args) {
  Arguments a("tmrank", args);
  const RankRule rule{.ascending = a.flag_or(2, "ascending", true),
                      .percent = a.flag_or(6, "percent", false),
                      .ignores_nulls = a.flag_or(4, "ignoreNA", true),
                      .ties = ties_argument(a, 5)};
  const auto windows = time_windows(a, 0, 3);
  return lift_map("tmrank", args[1], Spread::kSeries,
                  [&](const Shared<Vector>& vector) { return slide_rank("tmrank", vector, windows, rule); });
}

/// Rows of each window, as array-vector rows of positions or of elements.
Value window_rows(std::string_view name, std::span<Value> args, bool positions) {
  Arguments a(name, args);
  const auto x = a.vector(0, "X");
  kernels::Window window{.rows = a.integer(1, "window"), .periods = 1, .only_full = false};
  if (window.rows < 1) a.refuse("window", "must be a positive integer.");
  const bool fixed = a.flag_or(2, "fixed", false);
  Buffer<int64_t> rows, ends;
  for (size_t i = 0; i < x->size(); ++i) {
    if (fixed) {
      for (int64_t gap = static_cast<int64_t>(i) + 1; gap < window.rows; ++gap) rows.push_back(INT64_MAX);
    }
    for (size_t k = window.start(i); k <= i; ++k) rows.push_back(static_cast<int64_t>(k));
    ends.push_back(static_cast<int64_t>(rows.size()));
  }
  if (!positions) return picked_rows(*x, std::move(rows), std::move(ends));
  for (auto& row : rows) row = row == INT64_MAX ? kNull<int64_t> : row;
  return Vector::array(*converted(name, Shared<Vector>(Vector::adopt(Type::kLong, std::move(rows))), Type::kInt),
                       std::move(ends));
}

}  // namespace

void register_moving(Registry& registry) {
  register_row_windows(registry);
  register_time_windows(registry);
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  row({"mavg", "X, window|weights, [minPeriods]", moving_average,
       "The mean of each window, or the one weighted by position.", "mavg(1 2 4, 2)", "[null,1.5,3]", kNulls});
  row({"mmad", "X, window, [useMedian=false], [minPeriods]", moving_deviation,
       "The mean absolute deviation from the mean of each window, or the median one from the median.", "mmad(1 3, 2)",
       "[null,1]", kNulls});
  row({"tmmad", "T, X, window, [useMedian=false]", time_deviation,
       "The mean absolute deviation from the mean of each window of time, or the median one from the median.",
       "tmmad(1 2, 1 3, 2)", "[0,1]", "Nulls in a window are skipped."});
  row({"mrank", "X, ascending, window, [ignoreNA=true], [tiesMethod='min'], [percent=false], [minPeriods]", moving_rank,
       "The rank of the newest element among its window, from 0.", "mrank(5 3 8, true, 2)", "[null,0,1]", kNulls});
  row({"mpercentile", "X, percent, window, [interpolation='linear'], [minPeriods]", moving_percentile,
       "A percentile of each window.", "mpercentile(5 3 8, 50, 2)", "[null,4,5.5]", kNulls});
  row({"tmrank", "T, X, ascending, window, [ignoreNA=true], [tiesMethod='min'], [percent=false]", time_rank,
       "The rank of the newest element among its window of time, from 0.", "tmrank(1 2 3, 5 3 8, true, 2)", "[0,0,1]"});
  row({"movingWindowIndex", "X, window, [fixed=false]",
       [](CallContext&, std::span<Value> args) { return window_rows("movingWindowIndex", args, true); },
       "The positions each window holds.", "movingWindowIndex(5 6 7, 2)", "[[0],[0,1],[1,2]]"});
  row({"movingWindowData", "X, window, [fixed=false]",
       [](CallContext&, std::span<Value> args) { return window_rows("movingWindowData", args, false); },
       "The elements each window holds.", "movingWindowData(5 6 7, 2)", "[[5],[5,6],[6,7]]"});
}

}  // namespace pelorus::functions
