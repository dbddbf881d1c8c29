// More moving and running functions: ends that are not null, ranges of highs and lows, streaks, drawdowns, peaks.

#include <cmath>

#include "functions/builtins/series/register_series.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/quantiles.h"
#include "functions/windows.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "moving";

using data::Buffer;
using types::kNull;
using Span = std::span<const double>;

constexpr double kNone = kNull<double>;

int64_t known_in(Span window) {
  return static_cast<int64_t>(window.size()) - std::count(window.begin(), window.end(), kNone);
}

// --- of one window; the newest element is the last -----------------------------------------------------------------

/// Positions of windows that hold nulls only.
constexpr double kNowhere = -1;

/// Position of the first (last) element that is not null.
double first_known(Span window) {
  for (size_t i = 0; i < window.size(); ++i) {
    if (window[i] != kNone) return static_cast<double>(i);
  }
  return kNowhere;
}
double last_known(Span window) {
  for (size_t i = window.size(); i > 0; --i) {
    if (window[i - 1] != kNone) return static_cast<double>(i - 1);
  }
  return kNowhere;
}
/// Position of the extreme, the last of equals.
template <bool kLargest>
double last_extreme(Span window) {
  double best = kNone, at = kNowhere;
  for (size_t i = 0; i < window.size(); ++i) {
    if (window[i] == kNone || (best != kNone && (kLargest ? window[i] < best : window[i] > best))) continue;
    best = window[i];
    at = static_cast<double>(i);
  }
  return at;
}
/// How many neighbours to the left are smaller (larger), one after another. A null is smaller than any number.
template <bool kHigh>
double range_before(Span window) {
  const double newest = window.back();
  size_t count = 0;
  while (count + 1 < window.size()) {
    const double other = window[window.size() - 2 - count];
    if (kHigh ? !(other < newest) : !(other > newest)) break;
    ++count;
  }
  return static_cast<double>(count);
}
double best_streak(Span window) {
  double best = 0, sum = 0;
  for (const double value : window) {
    sum = value != kNone && value > 0 ? sum + value : 0;
    best = std::max(best, sum);
  }
  return best;
}

/// The largest fall from a high so far; as a share of it with `ratio`.
double drawdown(Span values, bool ratio) {
  double high = kNone, worst = 0;
  for (const double value : values) {
    if (value == kNone) continue;
    if (high == kNone || value > high) high = value;
    const double fall = ratio ? (high == 0 ? 0 : (high - value) / high) : high - value;
    worst = std::max(worst, fall);
  }
  return high == kNone ? kNone : worst;
}

struct WindowRow {
  std::string_view rows;  // over windows of rows or labels
  std::string_view time;  // over windows of time; empty: none
  double (*of_window)(Span window);
  std::string_view summary;
  std::string_view example;
  std::string_view result;
  std::string_view time_example;
  std::string_view time_result;
};
const WindowRow kWindowRows[] = {
    {"mifirstNot", "tmifirstNot", first_known,
     "The position of the first element of each window that is not null; -1 where there is none.",
     "mifirstNot(NULL 2 3, 2)", "[null,1,0]", "tmifirstNot(1 2 4, NULL 2 3, 2)", "[-1,1,0]"},
    {"milastNot", "tmilastNot", last_known,
     "The position of the last element of each window that is not null; -1 where there is none.",
     "milastNot(1 NULL 3, 2)", "[null,0,1]", "tmilastNot(1 2 4, 1 NULL 3, 2)", "[0,0,0]"},
    {"mimaxLast", "tmimaxLast", last_extreme<true>,
     "The position of the largest element of each window, the last of equals.", "mimaxLast(3 3 1, 2)", "[null,1,0]",
     "tmimaxLast(1 2 4, 3 3 1, 2)", "[0,1,0]"},
    {"miminLast", "tmiminLast", last_extreme<false>,
     "The position of the smallest element of each window, the last of equals.", "miminLast(3 3 4, 2)", "[null,1,0]",
     "tmiminLast(1 2 4, 3 3 4, 2)", "[0,1,0]"},
    {"mTopRange", "tmTopRange", range_before<true>,
     "How many neighbours before the newest element of each window are smaller, one after another.",
     "mTopRange(1 2 3 1, 3)", "[null,null,2,0]", "tmTopRange(1 2 3 4, 1 2 3 1, 3)", "[0,1,2,0]"},
    {"mLowRange", "tmLowRange", range_before<false>,
     "How many neighbours before the newest element of each window are larger, one after another.",
     "mLowRange(3 2 1 3, 3)", "[null,null,2,0]", "tmLowRange(1 2 3 4, 3 2 1 3, 3)", "[0,1,2,0]"},
    {"mmaxPositiveStreak", "", best_streak, "The largest sum of positive elements in a row in each window.",
     "mmaxPositiveStreak(1 2 -1 4, 3)", "[null,null,3,4]", "", ""},
};

/// A window counts as one that holds `known_least` elements at least.
Vector over_windows(std::string_view name, const Shared<Vector>& vector, const Windows& windows, bool whole,
                    const std::function<double(Span)>& of_window, int64_t known_least = 0) {
  const auto numbers = numeric_doubles(name, vector);
  const auto values = doubles(numbers);
  Vector result(Type::kDouble, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto window = values.subspan(windows.starts[i], i - windows.starts[i] + 1);
    const int64_t known = windows.rule.only_full ? windows.rule.periods : std::max(known_in(window), known_least);
    result.edit<double>()[i] = windows.counts(i, known) ? of_window(window) : kNone;
  }
  return whole ? *converted(name, Shared<Vector>(result), Type::kInt) : result;
}

/// Positions are told of windows without elements, too: kNowhere.
int64_t known_least(const WindowRow& row) {
  const bool is_position = row.of_window == first_known || row.of_window == last_known ||
                           row.of_window == last_extreme<true> || row.of_window == last_extreme<false>;
  return is_position ? 1 : 0;
}

/// Whether results of a row are positions and counts.
bool is_whole(const WindowRow& row) { return row.of_window != best_streak; }

Windows checked(std::string_view name, const Windows& windows, size_t rows) {
  if (windows.starts.size() != rows) refuse_lengths(name, windows.starts.size(), rows);
  return windows;
}

/// mfirstNot(X, window, [k], [minPeriods]): elements themselves, of any type.
Value first_not(std::string_view name, std::span<Value> args, bool first) {
  Arguments a(name, args);
  auto choice = window_choice(a, 1, 3, args[0]);
  const bool excludes = a.has(2) && !args[2].is_null();
  const double excluded = excludes ? a.number(2, "k") : kNone;
  return lift_map(name, args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    auto windows = choice.over(name, vector->size());
    if (!a.has(3)) windows.rule = {.rows = windows.rule.rows, .periods = 1, .only_full = windows.rule.only_full};
    const auto numbers = as_doubles(name, vector);
    const auto values = doubles(numbers);
    Buffer<int64_t> rows(values.size(), INT64_MAX);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t from = windows.starts[i];
      if (!windows.counts(i, windows.rule.only_full ? 1 : known_in(values.subspan(from, i - from + 1)))) continue;
      for (size_t step = 0; step <= i - from; ++step) {
        const size_t at = first ? from + step : i - step;
        if (values[at] == kNone || (excludes && values[at] == excluded)) continue;
        rows[i] = static_cast<int64_t>(at);
        break;
      }
    }
    return vector->take(rows);
  });
}

/// mmse(Y, X, window, [minPeriods]): slope and mean squared error of the line through each window.
Value mean_squared_error(CallContext&, std::span<Value> args) {
  Arguments a("mmse", args);
  const auto y = numeric_doubles("mmse", a.vector(0, "Y")), x = numeric_doubles("mmse", a.vector(1, "X"));
  if (x->size() != y->size()) refuse_lengths("mmse", y->size(), x->size());
  const auto windows = window_choice(a, 2, 3, args[0]).over("mmse", x->size());
  Vector slopes(Type::kDouble, x->size()), errors(Type::kDouble, x->size());
  for (size_t i = 0; i < x->size(); ++i) {
    double count = 0, mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (size_t k = windows.starts[i]; k <= i; ++k) {
      const double u = doubles(x)[k], v = doubles(y)[k];
      if (u == kNone || v == kNone) continue;
      ++count;
      const double dx = u - mean_x, dy = v - mean_y;
      mean_x += dx / count;
      mean_y += dy / count;
      xx += dx * (u - mean_x);
      yy += dy * (v - mean_y);
      xy += dx * (v - mean_y);
    }
    const bool counts = windows.counts(i, static_cast<int64_t>(count)) && xx > 0;
    slopes.edit<double>()[i] = counts ? xy / xx : kNone;
    errors.edit<double>()[i] = counts ? std::max(yy - xy * xy / xx, 0.0) / count : kNone;
  }
  return Vector::tuple({slopes, errors});
}

Value time_percentile(CallContext&, std::span<Value> args) {
  Arguments a("tmpercentile", args);
  const double share = a.number(2, "percent") / 100;
  if (share < 0 || share > 1) a.refuse("percent", "must be between 0 and 100.");
  const auto interpolation = interpolation_of(a, 4);
  const auto windows = time_windows(a, 0, 3);
  return lift_map("tmpercentile", args[1], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return over_windows(
        "tmpercentile", vector, checked("tmpercentile", windows, vector->size()), false, [&](Span window) {
          std::vector<double> sorted;
          std::copy_if(window.begin(), window.end(), std::back_inserter(sorted), [](double v) { return v != kNone; });
          std::sort(sorted.begin(), sorted.end());
          return quantile_of(sorted, share, interpolation);
        });
  });
}

/// The element that was current `window` before each time.
Value time_move(CallContext&, std::span<Value> args) {
  Arguments a("tmove", args);
  const auto times_vector = a.vector(0, "T");
  const auto times = as_longs("tmove", times_vector);
  const auto values = times->values<int64_t>();
  const auto duration = duration_of(args[2]);
  const int64_t span = duration ? units_of("tmove", *duration, times_vector->type()) : a.integer(2, "window");
  if (!std::is_sorted(values.begin(), values.end())) a.refuse("T", "must not descend.");
  Buffer<int64_t> rows(values.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = std::upper_bound(values.begin(), values.end(), values[i] - span) - values.begin();
    rows[i] = at == 0 ? INT64_MAX : at - 1;
  }
  return lift_map_any(args[1], Spread::kSeries, [&](const Shared<Vector>& vector) {
    if (vector->size() != rows.size()) refuse_lengths("tmove", rows.size(), vector->size());
    return vector->take(rows);
  });
}

// --- of the whole series -------------------------------------------------------------------------------------------

Value map_doubles(std::string_view name, const Value& x, bool whole,
                  const std::function<void(Span in, Buffer<double>& out)>& map) {
  return lift_map(name, x, Spread::kSeries, [&](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles(name, vector);
    Vector result(Type::kDouble, numbers->size());
    map(doubles(numbers), result.edit<double>());
    return whole ? *converted(name, Shared<Vector>(result), Type::kInt) : result;
  });
}

template <bool kHigh>
Native ranges(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) {
    return map_doubles(name, args[0], true, [](Span in, Buffer<double>& out) {
      for (size_t i = 0; i < in.size(); ++i) out[i] = range_before<kHigh>(in.first(i + 1));
    });
  };
}

Value running_drawdown(CallContext&, std::span<Value> args) {
  const bool ratio = Arguments("cummdd", args).flag_or(1, "ratio", true);
  return map_doubles("cummdd", args[0], false, [&](Span in, Buffer<double>& out) {
    for (size_t i = 0; i < in.size(); ++i) out[i] = drawdown(in.first(i + 1), ratio);
  });
}

/// Group numbers of elements added up until they reach the threshold, or the sum at a group's edge.
Value volume_bar(CallContext&, std::span<Value> args) {
  Arguments a("volumeBar", args);
  const auto label = a.text_or(2, "label", "seq");
  if (label != "seq" && label != "left" && label != "right") a.refuse("label", "must be seq, left or right.");
  const auto x = numeric_doubles("volumeBar", a.vector(0, "X"));
  const auto values = doubles(x);
  double threshold = a.number(1, "interval"), total = 0;
  for (const double value : values) total += value == kNone ? 0 : value;
  if (std::fabs(threshold) < 1) threshold = std::trunc(total * std::fabs(threshold));
  if (threshold == 0) a.refuse("interval", "must not be 0.");
  Vector result(Type::kDouble, values.size());
  double sum = 0, before = 0, group = 0;
  size_t begin = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i] == kNone ? 0 : values[i];
    const bool ends = threshold > 0 ? sum >= threshold : sum <= threshold;
    if (!ends && i + 1 < values.size()) continue;
    for (size_t k = begin; k <= i; ++k)
      result.edit<double>()[k] = label == "seq" ? group : label == "left" ? before : before + sum;
    before += sum;
    begin = i + 1;
    ++group;
    sum = 0;
  }
  const bool whole = types::is_integral(a.vector(0, "X")->type());
  return whole ? *converted("volumeBar", Shared<Vector>(result), label == "seq" ? Type::kInt : Type::kLong) : result;
}

Value sum_bars(CallContext&, std::span<Value> args) {
  const double goal = Arguments("sumbars", args).number(1, "Y");
  return map_doubles("sumbars", args[0], true, [&](Span in, Buffer<double>& out) {
    for (size_t i = 0; i < in.size(); ++i) {
      double sum = 0;
      out[i] = 0;
      for (size_t k = 0; k <= i && out[i] == 0; ++k) {
        sum += in[i - k] == kNone ? 0 : in[i - k];
        if (sum >= goal) out[i] = static_cast<double>(k + 1);
      }
    }
  });
}

/// The state before (behind) that of each element: the nearest value that differs from it, nulls left out.
Value neighbour_state(std::string_view name, const Value& x, bool previous) {
  return lift_map(name, x, Spread::kSeries, [&](const Shared<Vector>& vector) {
    const auto numbers = as_doubles(name, vector);
    const auto values = doubles(numbers);
    Buffer<int64_t> rows(values.size(), INT64_MAX);
    // `now`: where the current state is; `other`: where the one before it is.
    int64_t now = INT64_MAX, other = INT64_MAX;
    bool broken = false;  // by a null: an equal value behind it is a state of its own
    for (size_t step = 0; step < values.size(); ++step) {
      const size_t i = previous ? step : values.size() - 1 - step;
      if (values[i] == kNone) {
        rows[i] = now;
        broken = true;
        continue;
      }
      if (broken || now == INT64_MAX || values[static_cast<size_t>(now)] != values[i]) other = now;
      broken = false;
      now = static_cast<int64_t>(i);
      rows[i] = other;
    }
    return vector->take(rows);
  });
}

/// Whether each element is above (below) what lies on both sides; not strict: a level stretch counts once, in its
/// middle.
Value extremes(std::string_view name, std::span<Value> args, double sign) {
  const bool strict = Arguments(name, args).flag_or(1, "strict", true);
  return lift_map(name, args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles(name, vector);
    const auto values = doubles(numbers);
    Vector flags(Type::kBool, values.size());
    auto& out = flags.edit<int8_t>();
    std::fill(out.begin(), out.end(), int8_t{0});
    for (size_t i = 1; i + 1 < values.size();) {
      size_t end = i;
      while (!strict && end + 1 < values.size() && values[end + 1] == values[i]) ++end;
      const bool inside =
          end + 1 < values.size() && values[i] != kNone && values[i - 1] != kNone && values[end + 1] != kNone;
      if (inside && sign * values[i] > sign * values[i - 1] && sign * values[i] > sign * values[end + 1])
        out[(i + end) / 2] = 1;
      i = end + 1;
    }
    return flags;
  });
}

void register_of_series(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  row({"topRange", "X", ranges<true>("topRange"),
       "How many neighbours before each element are smaller, one after another.", "topRange(3 1 2 4)", "[0,0,1,3]",
       "A null is smaller than any number."});
  row({"lowRange", "X", ranges<false>("lowRange"),
       "How many neighbours before each element are larger, one after another.", "lowRange(3 4 2 1)", "[0,0,2,3]",
       "A null is smaller than any number."});
  row({"cummdd", "X, [ratio=true]", running_drawdown,
       "The largest fall from a high so far, as a share of it or as it is.", "cummdd(4 2 8 6)", "[0,0.5,0.5,0.5]",
       "Nulls are skipped."});
  row({"volumeBar", "X, interval, [label='seq']", volume_bar,
       "Numbers of groups whose elements add up to a threshold, or the sum at their edge.", "volumeBar(1 3 4 2, 4)",
       "[0,0,1,2]", "A null adds nothing."});
  row({"sumbars", "X, Y", sum_bars, "How many elements back from each one add up to Y; 0 where they do not.",
       "sumbars(1 2 3, 3)", "[0,2,1]", "A null adds nothing."});
  row({"prevState", "X",
       [](CallContext&, std::span<Value> args) { return neighbour_state("prevState", args[0], true); },
       "The value of the run of equal elements before that of each element.", "prevState(1 1 2 2)", "[null,null,1,1]",
       "A null has no state."});
  row({"nextState", "X",
       [](CallContext&, std::span<Value> args) { return neighbour_state("nextState", args[0], false); },
       "The value of the run of equal elements behind that of each element.", "nextState(1 1 2 2)", "[2,2,null,null]",
       "A null has no state."});
  row({"isPeak", "X, [strict=true]", [](CallContext&, std::span<Value> args) { return extremes("isPeak", args, 1); },
       "Whether each element lies above both neighbours.", "isPeak(1 3 2)", "[false,true,false]",
       "Nulls are no peaks."});
  row({"isValley", "X, [strict=true]",
       [](CallContext&, std::span<Value> args) { return extremes("isValley", args, -1); },
       "Whether each element lies below both neighbours.", "isValley(3 1 2)", "[false,true,false]",
       "Nulls are no valleys."});
  const auto whole = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  whole({"maxDrawdown", "X, [ratio=true]",
         [](CallContext&, std::span<Value> args) {
           const bool ratio = Arguments("maxDrawdown", args).flag_or(1, "ratio", true);
           return lift_reduce("maxDrawdown", args[0], [&](const Shared<Vector>& v) {
             return Value::of_double(drawdown(doubles(numeric_doubles("maxDrawdown", v)), ratio));
           });
         },
         "The largest fall from a high, as a share of it or as it is.", "maxDrawdown(4 2 8 6)", "0.5",
         "Nulls are skipped."});
  whole({"maxPositiveStreak", "X",
         [](CallContext&, std::span<Value> args) {
           return lift_reduce("maxPositiveStreak", args[0], [](const Shared<Vector>& v) {
             return Value::of_double(best_streak(doubles(numeric_doubles("maxPositiveStreak", v))));
           });
         },
         "The largest sum of positive elements in a row.", "maxPositiveStreak(1 2 -1 4)", "4",
         "A null ends a streak."});
}

}  // namespace

void register_window_extras(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  for (const auto& r : kWindowRows) {
    row({r.rows, "X, window, [minPeriods]",
         [&r](CallContext&, std::span<Value> args) {
           const auto choice = window_choice(Arguments(r.rows, args), 1, 2, args[0]);
           return lift_map(r.rows, args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
             return over_windows(r.rows, vector, choice.over(r.rows, vector->size()), is_whole(r), r.of_window,
                                 known_least(r));
           });
         },
         r.summary, r.example, r.result, "Only full windows count unless minPeriods is given."});
    if (r.time.empty()) continue;
    row({r.time, "T, X, window",
         [&r](CallContext&, std::span<Value> args) {
           const auto windows = time_windows(Arguments(r.time, args), 0, 2);
           return lift_map(r.time, args[1], Spread::kSeries, [&](const Shared<Vector>& vector) {
             return over_windows(r.time, vector, checked(r.time, windows, vector->size()), is_whole(r), r.of_window,
                                 known_least(r));
           });
         },
         r.summary, r.time_example, r.time_result, "Windows of time."});
  }
  row({"mfirstNot", "X, window, [k], [minPeriods]",
       [](CallContext&, std::span<Value> args) { return first_not("mfirstNot", args, true); },
       "The first element of each window that is neither null nor k.", "mfirstNot(NULL 2 NULL 4, 2)", "[null,2,2,4]"});
  row({"mlastNot", "X, window, [k], [minPeriods]",
       [](CallContext&, std::span<Value> args) { return first_not("mlastNot", args, false); },
       "The last element of each window that is neither null nor k.", "mlastNot(1 2 NULL 4, 2)", "[null,2,2,4]"});
  row({"mmse", "Y, X, window, [minPeriods]", mean_squared_error,
       "Slope and mean squared error of the least-squares line of each window.", "mmse(2 4 6, 1 2 3, 3)[0]",
       "[null,null,2]", "Rows where either is null are skipped."});
  row({"tmpercentile", "T, X, percent, window, [interpolation='linear']", time_percentile,
       "A percentile of each window of time.", "tmpercentile(1 2 3, 5 3 8, 50, 2)", "[5,4,5.5]", "Nulls are skipped."});
  row({"tmove", "T, X, window", time_move, "The element that was current so much before each time.",
       "tmove(1 2 5, 7 8 9, 3)", "[null,null,8]"});
  register_of_series(registry);
}

}  // namespace pelorus::functions
