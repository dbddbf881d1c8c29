// Averages of technical analysis: sma ema wma wilder dema tema trima gema kama ma, ewmMean and its kin,
// linearTimeTrend.

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/windows.h"
#include "kernels/calendar.h"
#include "types/format_value.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "technical";
constexpr std::string_view kNulls = "Nulls at the start are skipped; the first window - 1 results are null.";

using Series = std::vector<double>;
using kernels::kNull;

bool is_null(double x) { return x == kNull<double>; }

/// Position of the first element that is not null.
size_t begin_of(const Series& x) {
  size_t from = 0;
  while (from < x.size() && is_null(x[from])) ++from;
  return from;
}

Series simple(const Series& x, int64_t n) {
  Series out(x.size());
  const auto windows = row_windows({.rows = n, .periods = n}, x.size());
  kernels::sliding<kernels::Average, double>(std::span<const double>(x), windows.starts, out.data(), windows.keeps());
  return out;
}

/// Recursive average: begins with the mean of the first n elements, then moves by `alpha` of the distance.
Series recursive(const Series& x, int64_t n, double alpha, bool warm_up = false) {
  Series out(x.size(), kNull<double>);
  const size_t from = begin_of(x), need = warm_up ? 1 : static_cast<size_t>(n);
  double value = 0;
  for (size_t i = from; i < x.size(); ++i) {
    const size_t seen = i - from + 1;
    if (is_null(x[i])) {
      if (seen >= need) out[i] = value;
      continue;
    }
    if (seen < need) {
      value += x[i];
    } else if (seen == need) {
      value = (value + x[i]) / static_cast<double>(need);
      out[i] = value;
    } else {
      out[i] = value += alpha * (x[i] - value);
    }
  }
  return out;
}
Series exponential(const Series& x, int64_t n) { return recursive(x, n, 2.0 / static_cast<double>(n + 1)); }
Series wilder(const Series& x, int64_t n) { return recursive(x, n, 1.0 / static_cast<double>(n)); }

/// Weights 1 … n, the newest heaviest.
Series weighted(const Series& x, int64_t n) {
  Series out(x.size(), kNull<double>);
  const double total = static_cast<double>(n) * static_cast<double>(n + 1) / 2;
  for (size_t i = begin_of(x) + static_cast<size_t>(n) - 1; i < x.size(); ++i) {
    double sum = 0;
    bool complete = true;
    for (int64_t k = 0; k < n; ++k) {
      const double value = x[i - static_cast<size_t>(n - 1 - k)];
      complete = complete && !is_null(value);
      sum += value * static_cast<double>(k + 1);
    }
    if (complete) out[i] = sum / total;
  }
  return out;
}

Series combined(const Series& a, double fa, const Series& b, double fb) {
  Series out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = is_null(a[i]) || is_null(b[i]) ? kNull<double> : fa * a[i] + fb * b[i];
  return out;
}
Series double_exponential(const Series& x, int64_t n) {
  const auto once = exponential(x, n);
  return combined(once, 2, exponential(once, n), -1);
}
Series triple_exponential(const Series& x, int64_t n) {
  const auto once = exponential(x, n), twice = exponential(once, n);
  return combined(combined(once, 3, twice, -3), 1, exponential(twice, n), 1);
}
/// Tillson's average: six exponential ones, one of the other.
Series tillson(const Series& x, int64_t n, double factor) {
  std::vector<Series> smoothed{exponential(x, n)};
  while (smoothed.size() < 6) smoothed.push_back(exponential(smoothed.back(), n));
  const double v = factor, v2 = v * v, v3 = v2 * v;
  const auto outer = combined(smoothed[5], -v3, smoothed[4], 3 * (v2 + v3));
  const auto inner = combined(smoothed[3], -6 * v2 - 3 * (v + v3), smoothed[2], 1 + 3 * v + v3 + 3 * v2);
  return combined(outer, 1, inner, 1);
}
Series triangular(const Series& x, int64_t n) {
  const int64_t first = (n + 1) / 2, second = n % 2 == 0 ? n / 2 + 1 : first;
  return simple(simple(x, first), second);
}

/// Kaufman's average: the smoothing follows how straight the series runs.
Series adaptive(const Series& x, int64_t n) {
  Series out(x.size(), kNull<double>);
  const size_t from = begin_of(x), period = static_cast<size_t>(n);
  if (x.size() <= from + period) return out;
  double value = x[from + period - 1];
  const double slow = 2.0 / 31, fast = 2.0 / 3;
  for (size_t i = from + period; i < x.size(); ++i) {
    double path = 0;
    for (size_t k = i - period + 1; k <= i; ++k) path += std::fabs(x[k] - x[k - 1]);
    const double straight = path == 0 ? 1 : std::fabs(x[i] - x[i - period]) / path;
    const double factor = straight * (fast - slow) + slow;
    out[i] = value += factor * factor * (x[i] - value);
  }
  return out;
}

Series series_of(std::string_view name, const Shared<Vector>& vector) {
  const auto numbers = numeric_doubles(name, vector);
  return {doubles(numbers).begin(), doubles(numbers).end()};
}
Vector vector_from(const Series& values) {
  Vector result(Type::kDouble, values.size());
  std::copy(values.begin(), values.end(), result.edit<double>().begin());
  return result;
}

int64_t window_of_argument(const Arguments& a, size_t at) {
  const auto window = a.integer(at, "window");
  if (window < 1) a.refuse("window", "must be a positive integer.");
  return window;
}

using Smoothing = Series (*)(const Series&, int64_t);
Native smoothing(std::string_view name, Smoothing smooth) {
  return [name, smooth](CallContext&, std::span<Value> args) {
    const auto window = window_of_argument(Arguments(name, args), 1);
    return lift_map(name, args[0], Spread::kSeries,
                    [&](const Shared<Vector>& vector) { return vector_from(smooth(series_of(name, vector), window)); });
  };
}

Value ema(CallContext&, std::span<Value> args) {
  Arguments a("ema", args);
  const auto window = window_of_argument(a, 1);
  const bool warm_up = a.flag_or(2, "warmup", false);
  return lift_map("ema", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return vector_from(recursive(series_of("ema", vector), window, 2.0 / static_cast<double>(window + 1), warm_up));
  });
}
Value gema(CallContext&, std::span<Value> args) {
  Arguments a("gema", args);
  const auto window = window_of_argument(a, 1);
  const double alpha = a.number(2, "alpha");
  return lift_map("gema", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return vector_from(recursive(series_of("gema", vector), window, alpha));
  });
}

/// ma(X, window, type): 0 sma, 1 ema, 2 wma, 3 dema, 4 tema, 5 trima, 6 kama.
Value average_by_type(CallContext&, std::span<Value> args) {
  Arguments a("ma", args);
  constexpr Smoothing kKinds[] = {simple,     exponential, weighted, double_exponential, triple_exponential,
                                  triangular, adaptive};
  const auto window = window_of_argument(a, 1);
  const auto kind = a.integer_or(2, "maType", 0);
  if (kind < 0 || kind >= static_cast<int64_t>(std::size(kKinds))) a.refuse("maType", "must be between 0 and 6.");
  return lift_map("ma", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return vector_from(kKinds[kind](series_of("ma", vector), window));
  });
}

Value tillson_average(CallContext&, std::span<Value> args) {
  Arguments a("t3", args);
  const auto window = window_of_argument(a, 1);
  const double factor = a.number_or(2, "vfactor", 1);
  if (!(factor >= 0 && factor <= 1)) a.refuse("vfactor", "must be between 0 and 1.");
  return lift_map("t3", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return vector_from(tillson(series_of("t3", vector), window, factor));
  });
}

// --- exponentially weighted moments -----------------------------------------------------------------------------

struct Decay {
  double alpha = 0;
  int64_t periods = 0;
  bool adjust = true;
  bool ignore_nulls = false;
  bool bias = false;
  Series keep;  // with times: what is kept of the weights from the row before to this one
};

/// X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [other], [bias=false]
Decay decay_of(const Arguments& a) {
  Decay decay;
  if (a.has(1) && !a[1].is_null())
    decay.alpha = 1 / (1 + a.number(1, "com"));
  else if (a.has(2) && !a[2].is_null())
    decay.alpha = 2 / (a.number(2, "span") + 1);
  else if (a.has(3) && !a[3].is_null())
    decay.alpha = 1 - std::exp(-std::log(2.0) / a.number(3, "halfLife"));
  else
    decay.alpha = a.number(4, "alpha");
  if (!(decay.alpha > 0 && decay.alpha <= 1)) a.refuse("alpha", "must be above 0 and at most 1.");
  decay.periods = a.integer_or(5, "minPeriods", 0);
  decay.adjust = a.flag_or(6, "adjust", true);
  decay.ignore_nulls = a.flag_or(7, "ignoreNA", false);
  return decay;
}

Series decayed_mean(const Series& x, const Decay& decay) {
  Series out(x.size(), kNull<double>);
  double mean = kNull<double>, weight = 1;
  const double fresh = decay.adjust ? 1 : decay.alpha;
  int64_t count = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool present = !is_null(x[i]);
    count += present;
    if (!is_null(mean)) {
      if (present || !decay.ignore_nulls) {
        weight *= decay.keep.empty() ? 1 - decay.alpha : decay.keep[i];
        if (present) {
          mean = (weight * mean + fresh * x[i]) / (weight + fresh);
          weight = decay.adjust ? weight + fresh : 1;
        }
      }
    } else if (present) {
      mean = x[i];
    }
    if (count >= std::max<int64_t>(decay.periods, 1)) out[i] = mean;
  }
  return out;
}

/// Weighted covariance after pandas' ewm, bias removed unless asked to keep it.
Series decayed_covariance(const Series& x, const Series& y, const Decay& decay) {
  Series out(x.size(), kNull<double>);
  const double keep = 1 - decay.alpha, fresh = decay.adjust ? 1 : decay.alpha;
  double mean_x = 0, mean_y = 0, covariance = 0, sum = 1, sum_squares = 1, weight = 1;
  int64_t count = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool present = !is_null(x[i]) && !is_null(y[i]);
    if (count > 0 && (present || !decay.ignore_nulls)) {
      sum *= keep, sum_squares *= keep * keep, weight *= keep;
      if (present) {
        const double old_x = mean_x, old_y = mean_y, total = weight + fresh;
        mean_x = (weight * old_x + fresh * x[i]) / total;
        mean_y = (weight * old_y + fresh * y[i]) / total;
        covariance =
            (weight * (covariance + (old_x - mean_x) * (old_y - mean_y)) + fresh * (x[i] - mean_x) * (y[i] - mean_y)) /
            total;
        sum += fresh, sum_squares += fresh * fresh, weight = total;
        if (!decay.adjust) sum /= weight, sum_squares /= weight * weight, weight = 1;
      }
    } else if (count == 0 && present) {
      mean_x = x[i], mean_y = y[i];
    }
    count += present;
    if (count < std::max<int64_t>(decay.periods, 1)) continue;
    const double numerator = sum * sum, denominator = numerator - sum_squares;
    if (decay.bias)
      out[i] = covariance;
    else if (denominator > 0)
      out[i] = numerator / denominator * covariance;
  }
  return out;
}

bool is_trading_calendar(int32_t unit) { return unit > static_cast<int32_t>(types::DurationUnit::kBusinessDay); }

bool has_null(const Vector& vector) {
  for (size_t i = 0; i < vector.size(); ++i) {
    if (vector.is_null_at(i)) return true;
  }
  return false;
}

/// Numbers for `times`, one apart for each unit that `half_life` counts. Business days and the days of a trading
/// calendar are numbered one after another, days between them as the one before.
std::vector<int64_t> positions_of(CallContext& context, const Arguments& a, const Vector& times, int32_t unit) {
  const auto plain = as_longs(a.function(), Shared<Vector>(times));
  const auto days = plain->values<int64_t>();
  std::vector<int64_t> positions(days.begin(), days.end());
  const bool is_business_day = unit == static_cast<int32_t>(types::DurationUnit::kBusinessDay);
  if (!is_business_day && !is_trading_calendar(unit)) return positions;
  if (times.type() != Type::kDate) a.refuse("times", "must be of type DATE for business days and trading calendars.");
  if (is_business_day) {
    constexpr int64_t kFriday = 4;
    for (auto& day : positions) {
      const int64_t weekday = kernels::weekday_of(static_cast<int32_t>(day));
      day = (day - weekday) / 7 * 5 + std::min(weekday, kFriday);
    }
    return positions;
  }
  const auto calendar = context.find_function("getMarketCalendar");
  if (!calendar) a.refuse("halfLife", "names a trading calendar, which are not known here.");
  const Value open =
      context.call(*calendar, {Value::of_string(types::format_value(Scalar::of_duration({1, unit})).substr(1)),
                               times.at(0), times.at(times.size() - 1)});
  const auto open_days = open.vector().values<int32_t>();
  for (auto& day : positions)
    day = std::upper_bound(open_days.begin(), open_days.end(), static_cast<int32_t>(day)) - open_days.begin();
  return positions;
}

/// ewmMean by time: weights halve with every `halfLife` that passes between two rows.
Decay timed_decay(CallContext& context, const Arguments& a) {
  if (!a.has(3) || a[3].type() != Type::kDuration || a[3].is_null())
    a.refuse("halfLife", "must be a duration where times are given.");
  const auto half_life = a[3].scalar().get<types::Duration>();
  const auto times = a.vector(8, "times");
  Decay decay{.alpha = 0.5, .periods = a.integer_or(5, "minPeriods", 0), .adjust = a.flag_or(6, "adjust", true)};
  decay.ignore_nulls = a.flag_or(7, "ignoreNA", false);
  if (!decay.adjust) a.refuse("adjust", "must be true where times are given.");
  if (!types::is_temporal(times->type()) || has_null(*times)) a.refuse("times", "must be temporal, without nulls.");
  if (data::size_of(a[0]) != times->size()) refuse_lengths(a.function(), data::size_of(a[0]), times->size());
  if (half_life.count < 1) a.refuse("halfLife", "must be positive.");
  const auto positions = times->size() == 0 ? std::vector<int64_t>() : positions_of(context, a, *times, half_life.unit);
  const bool counts_days =
      half_life.unit == static_cast<int32_t>(types::DurationUnit::kBusinessDay) || is_trading_calendar(half_life.unit);
  const auto half =
      static_cast<double>(counts_days ? half_life.count : units_of(a.function(), half_life, times->type()));
  const auto plain = as_longs(a.function(), times);
  const auto given = plain->values<int64_t>();
  decay.keep.assign(positions.size(), 1);
  for (size_t i = 1; i < positions.size(); ++i) {
    if (given[i] <= given[i - 1]) a.refuse("times", "must ascend strictly.");
    decay.keep[i] = std::exp2(-static_cast<double>(positions[i] - positions[i - 1]) / half);
  }
  return decay;
}

Value decayed_mean_of(CallContext& context, std::span<Value> args) {
  const Arguments a("ewmMean", args);
  const bool has_times = a.has(8) && !a[8].is_void();
  if (!has_times && a.has(3) && a[3].type() == Type::kDuration) a.refuse("halfLife", "of a duration needs times.");
  const auto decay = has_times ? timed_decay(context, a) : decay_of(a);
  return lift_map("ewmMean", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return vector_from(decayed_mean(series_of("ewmMean", vector), decay));
  });
}
Native decayed_spread(std::string_view name, bool root) {
  return [name, root](CallContext&, std::span<Value> args) {
    Arguments a(name, args);
    auto decay = decay_of(a);
    decay.bias = a.flag_or(8, "bias", false);
    return lift_map(name, args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
      const auto x = series_of(name, vector);
      auto result = decayed_covariance(x, x, decay);
      for (auto& value : result) value = is_null(value) || !root ? value : std::sqrt(std::max(value, 0.0));
      return vector_from(result);
    });
  };
}
Native decayed_pair(std::string_view name, bool correlation) {
  return [name, correlation](CallContext&, std::span<Value> args) {
    Arguments a(name, args);
    auto decay = decay_of(a);
    decay.bias = correlation || a.flag_or(9, "bias", false);
    if (!a.has(8)) a.refuse("other", "is missing.");
    return lift_map2(name, args[0], args[8], [&](const Shared<Vector>& left, const Shared<Vector>& right) {
      if (left->size() != right->size()) refuse_lengths(name, left->size(), right->size());
      auto x = series_of(name, left), y = series_of(name, right);
      for (size_t i = 0; i < x.size(); ++i) {
        if (is_null(x[i]) || is_null(y[i])) x[i] = y[i] = kNull<double>;
      }
      auto result = decayed_covariance(x, y, decay);
      if (correlation) {
        const auto xx = decayed_covariance(x, x, decay), yy = decayed_covariance(y, y, decay);
        for (size_t i = 0; i < result.size(); ++i) {
          const double scale = is_null(result[i]) ? 0 : std::sqrt(xx[i] * yy[i]);
          result[i] = scale > 0 ? result[i] / scale : kNull<double>;
        }
      }
      return vector_from(result);
    });
  };
}

// --- others ------------------------------------------------------------------------------------------------------

/// Intercept and slope of the line through each window, time counting 0 … window - 1.
Value linear_trend(CallContext&, std::span<Value> args) {
  Arguments a("linearTimeTrend", args);
  const auto n = static_cast<size_t>(window_of_argument(a, 1));
  const auto x = series_of("linearTimeTrend", a.vector(0, "X"));
  Series intercepts(x.size(), kNull<double>), slopes(x.size(), kNull<double>);
  for (size_t i = n - 1; i < x.size() && n > 1; ++i) {
    kernels::CoMoments line;
    for (size_t k = 0; k < n; ++k) {
      if (!is_null(x[i - n + 1 + k])) line.add(x[i - n + 1 + k], static_cast<double>(k));
    }
    if (line.m2_y <= 0) continue;
    slopes[i] = line.c / line.m2_y;
    intercepts[i] = line.mean_x - slopes[i] * line.mean_y;
  }
  return Vector::tuple({vector_from(intercepts), vector_from(slopes)});
}

/// The largest of high - low, |high - previous close|, |low - previous close|.
Value true_range(CallContext&, std::span<Value> args) {
  Arguments a("trueRange", args);
  const auto high = series_of("trueRange", a.vector(0, "high")), low = series_of("trueRange", a.vector(1, "low")),
             close = series_of("trueRange", a.vector(2, "close"));
  if (high.size() != low.size() || high.size() != close.size()) refuse_lengths("trueRange", high.size(), low.size());
  Series out(high.size(), kNull<double>);
  for (size_t i = 0; i < out.size(); ++i) {
    if (i == 0 || is_null(high[i]) || is_null(low[i])) continue;
    out[i] = high[i] - low[i];
    if (is_null(close[i - 1])) continue;
    out[i] = std::max({out[i], std::fabs(high[i] - close[i - 1]), std::fabs(low[i] - close[i - 1])});
  }
  return vector_from(out);
}

constexpr std::string_view kDecayParameters =
    "X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [bias=false]";
constexpr std::string_view kMeanParameters =
    "X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [times]";
constexpr std::string_view kPairParameters =
    "X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [other], [bias=false]";

}  // namespace

void register_technical(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  row({"sma", "X, window", smoothing("sma", simple), "The simple moving average.", "sma(1 2 3, 2)", "[null,1.5,2.5]",
       kNulls});
  row({"ema", "X, window, [warmup=false]", ema,
       "The exponential average: the mean of the first window, then moved by 2/(window+1) of the distance.",
       "ema(1 3 5, 2)", "[null,2,4]", kNulls});
  row({"wma", "X, window", smoothing("wma", weighted), "The average with weights 1 to window.", "wma(1 4, 2)",
       "[null,3]", kNulls});
  row({"wilder", "X, window", smoothing("wilder", wilder), "The exponential average moved by 1/window of the distance.",
       "wilder(1 3 4, 2)", "[null,2,3]", kNulls});
  row({"gema", "X, window, alpha", gema, "The exponential average moved by alpha of the distance.",
       "gema(1 3 4, 2, 0.5)", "[null,2,3]", kNulls});
  row({"dema", "X, window", smoothing("dema", double_exponential), "The double exponential average.", "dema(1 1 1, 2)",
       "[null,null,1]", kNulls});
  row({"tema", "X, window", smoothing("tema", triple_exponential), "The triple exponential average.",
       "tema(1 1 1 1, 2)", "[null,null,null,1]", kNulls});
  row({"t3", "X, window, [vfactor=1.0]", tillson_average,
       "Tillson's average: of six exponential averages, each of the one before, weighted by vfactor.",
       "t3(1 1 1 1, 1, 0.7)", "[1,1,1,1]", kNulls});
  row({"trima", "X, window", smoothing("trima", triangular), "The triangular average.", "trima(1 2 3, 3)",
       "[null,null,2]", kNulls});
  row({"kama", "X, window", smoothing("kama", adaptive), "Kaufman's adaptive average.", "kama(1 1 1, 2)",
       "[null,null,1]", kNulls});
  row({"ma", "X, window, [maType=0]", average_by_type,
       "An average by number: 0 sma, 1 ema, 2 wma, 3 dema, 4 tema, 5 trima, 6 kama.", "ma(1 2 3, 2, 0)",
       "[null,1.5,2.5]", kNulls});
  row({"ewmMean", kMeanParameters, decayed_mean_of,
       "The exponentially weighted mean. With times, halfLife is a duration: weights halve with each that passes.",
       "ewmMean(10.0 11, com=1)", "[10,10.66666667]", "Nulls repeat the result so far."});
  row({"ewmVar", kDecayParameters, decayed_spread("ewmVar", false), "The exponentially weighted variance.",
       "ewmVar(1.0 1, com=1)", "[null,0]", "Nulls repeat the result so far."});
  row({"ewmStd", kDecayParameters, decayed_spread("ewmStd", true), "The exponentially weighted standard deviation.",
       "ewmStd(1.0 1, com=1)", "[null,0]", "Nulls repeat the result so far."});
  row({"ewmCov", kPairParameters, decayed_pair("ewmCov", false), "The exponentially weighted covariance.",
       "ewmCov(1.0 1, com=1, other=1.0 2)", "[null,0]", "Nulls repeat the result so far."});
  row({"ewmCorr", kPairParameters, decayed_pair("ewmCorr", true), "The exponentially weighted correlation.",
       "ewmCorr(1.0 2 3, com=1, other=1.0 2 3)", "[null,1,1]", "Nulls repeat the result so far."});
  row({"linearTimeTrend", "X, window", linear_trend, "Intercept and slope of the line through each window.",
       "linearTimeTrend(1.0 3, 2)", "([null,1],[null,2])", "Nulls are skipped."});
  row({"trueRange", "high, low, close", true_range, "The true range of each row.", "trueRange(5 6, 3 5, 4 5)",
       "[null,2]", "Null in the first row, and if high or low is."});
}

}  // namespace pelorus::functions
