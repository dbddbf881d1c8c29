// Running forms of aggregates: cumsum cummax cumavg …

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/quantiles.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "running";
constexpr std::string_view kNulls = "Nulls are skipped: a null element repeats the result so far.";

using data::Buffer;

template <class State>
Native running_state(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) {
    return lift_map(name, args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
      const auto numbers = numeric_doubles(name, vector);
      Vector result(Type::kDouble, numbers->size());
      kernels::running<State, double>(doubles(numbers), result.edit<double>().data());
      return result;
    });
  };
}
template <class State>
Native running_pair(std::string_view name) {
  return [name](CallContext&, std::span<Value> args) {
    return lift_map2(name, args[0], args[1], [&](const Shared<Vector>& left, const Shared<Vector>& right) {
      if (left->size() != right->size()) refuse_lengths(name, left->size(), right->size());
      const auto a = numeric_doubles(name, left), b = numeric_doubles(name, right);
      Vector result(Type::kDouble, a->size());
      kernels::running2<State>(doubles(a), doubles(b), result.edit<double>().data());
      return result;
    });
  };
}

Value running_sum(CallContext&, std::span<Value> args) {
  return lift_map("cumsum", args[0], Spread::kSeries, [](const Shared<Vector>& vector) {
    const bool whole = vector->type() == Type::kBool || types::is_integral(vector->type());
    if (!whole) {
      const auto numbers = numeric_doubles("cumsum", vector);
      Vector result(Type::kDouble, numbers->size());
      kernels::running<kernels::Sum, double>(doubles(numbers), result.edit<double>().data());
      return result;
    }
    Vector result(Type::kLong, vector->size());
    types::visit_fixed(vector->repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T>)
        kernels::running<kernels::SumWhole, T>(vector->values<T>(), result.edit<int64_t>().data());
    });
    return result;
  });
}

/// Rows to take so that each element is the best so far; `better(i, held)`.
template <class Better>
Vector best_so_far(const Vector& vector, Better&& better) {
  Buffer<int64_t> rows(vector.size());
  int64_t held = INT64_MAX;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!vector.is_null_at(i) && (held == INT64_MAX || better(i, static_cast<size_t>(held))))
      held = static_cast<int64_t>(i);
    rows[i] = held;
  }
  return vector.take(rows);
}

Native running_extreme(bool largest) {
  return [largest](CallContext&, std::span<Value> args) {
    return lift_map_any(args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
      if (types::is_fixed(vector->repr()) && vector->type() != Type::kSymbol && vector->repr() != types::Repr::kB16) {
        return types::visit_fixed(vector->repr(), [&]<class T>() {
          const auto v = vector->values<T>();
          return best_so_far(*vector, [&](size_t i, size_t held) { return largest ? v[held] < v[i] : v[i] < v[held]; });
        });
      }
      return best_so_far(*vector, [&](size_t i, size_t held) {
        const int order = types::compare(vector->scalar_at(i), vector->scalar_at(held));
        return largest ? order > 0 : order < 0;
      });
    });
  };
}

Value running_count(CallContext&, std::span<Value> args) {
  return lift_map_any(args[0], Spread::kSeries, [](const Shared<Vector>& vector) {
    Vector result(Type::kInt, vector->size());
    int32_t count = 0;
    for (size_t i = 0; i < vector->size(); ++i) result.edit<int32_t>()[i] = count += !vector->is_null_at(i);
    return result;
  });
}

/// The first or the last non-null element so far, not counting `besides`.
Native running_not(std::string_view name, bool first) {
  return [name, first](CallContext&, std::span<Value> args) {
    const bool has_besides = args.size() > 1 && !args[1].is_void();
    if (has_besides && !args[1].is_scalar()) usage_error(name, "k must be a scalar.");
    return lift_map_any(args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
      Buffer<int64_t> rows(vector->size());
      int64_t held = INT64_MAX;
      for (size_t i = 0; i < rows.size(); ++i) {
        const bool wanted =
            !vector->is_null_at(i) && !(has_besides && types::compare(vector->scalar_at(i), args[1].scalar()) == 0);
        if (wanted && (!first || held == INT64_MAX)) held = static_cast<int64_t>(i);
        rows[i] = held;
      }
      return vector->take(rows);
    });
  };
}

/// Keeps all elements seen, sorted; use(sorted, value or null) gives each result.
template <class Use>
Vector over_sorted_prefixes(std::string_view name, const Shared<Vector>& vector, Use&& use) {
  const auto numbers = numeric_doubles(name, vector);
  std::vector<double> sorted;
  Vector result(Type::kDouble, numbers->size());
  auto& out = result.edit<double>();
  for (size_t i = 0; i < numbers->size(); ++i) {
    const double value = doubles(numbers)[i];
    if (value != types::kNull<double>) sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), value), value);
    out[i] = use(std::span<const double>(sorted), value);
  }
  return result;
}

Value running_median(CallContext&, std::span<Value> args) {
  return lift_map("cummed", args[0], Spread::kSeries, [](const Shared<Vector>& vector) {
    return over_sorted_prefixes("cummed", vector, [](std::span<const double> sorted, double) {
      return quantile_of(sorted, 0.5, Interpolation::kLinear);
    });
  });
}

Value running_percentile(CallContext&, std::span<Value> args) {
  Arguments a("cumpercentile", args);
  const double share = a.number(1, "percent") / 100;
  if (!(share >= 0 && share <= 1)) a.refuse("percent", "must be between 0 and 100.");
  const auto interpolation = interpolation_of(a, 2);
  return lift_map("cumpercentile", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    return over_sorted_prefixes("cumpercentile", vector, [&](std::span<const double> sorted, double) {
      return quantile_of(sorted, share, interpolation);
    });
  });
}

/// cumrank(X, [ascending], [ignoreNA], [tiesMethod], [percent]): as rank() of what came so far.
Value running_rank(CallContext&, std::span<Value> args) {
  Arguments a("cumrank", args);
  const bool ascending = a.flag_or(1, "ascending", true), percent = a.flag_or(4, "percent", false);
  const bool ignores_nulls = a.flag_or(2, "ignoreNA", true);
  const auto ties = a.text_or(3, "tiesMethod", "min");
  if (ties != "min" && ties != "max" && ties != "average") a.refuse("tiesMethod", "must be min, max or average.");
  return lift_map("cumrank", args[0], Spread::kSeries, [&](const Shared<Vector>& vector) {
    double rows = 0;
    const auto ranks = over_sorted_prefixes("cumrank", vector, [&](std::span<const double> sorted, double value) {
      const bool is_null = value == types::kNull<double>;
      if (++rows; is_null && ignores_nulls) return value;
      const auto known = static_cast<double>(sorted.size()), nulls = ignores_nulls ? 0 : rows - known;
      const auto first = std::lower_bound(sorted.begin(), sorted.end(), value);
      const auto last = std::upper_bound(sorted.begin(), sorted.end(), value);
      const double below = is_null ? 0 : nulls + static_cast<double>(first - sorted.begin());
      const double equal = is_null ? nulls : static_cast<double>(last - first);
      double rank = ascending ? below : known + nulls - below - equal;
      rank += ties == "min" ? 0 : ties == "max" ? equal - 1 : (equal - 1) / 2;
      return percent ? (rank + 1) / (known + nulls) : rank;
    });
    return percent || ties == "average" ? ranks : *converted("cumrank", Shared<Vector>(ranks), Type::kInt);
  });
}

Value running_distinct(CallContext&, std::span<Value> args) {
  return lift_map_any(args[0], Spread::kSeries, [](const Shared<Vector>& vector) {
    const auto distinct = distinct_of("cumnunique", *vector);
    Vector result(Type::kInt, vector->size());
    int32_t count = 0;
    for (size_t i = 0; i < vector->size(); ++i) {
      const bool fresh = distinct.firsts[distinct.group_of_row[i]] == static_cast<int64_t>(i);
      result.edit<int32_t>()[i] = count += fresh;
    }
    return result;
  });
}

/// Sum of the current run of positive elements; anything else starts over.
Value positive_streak(CallContext&, std::span<Value> args) {
  return lift_map("cumPositiveStreak", args[0], Spread::kSeries, [](const Shared<Vector>& vector) {
    Vector result = *numeric_doubles("cumPositiveStreak", vector);
    double streak = 0;
    for (auto& value : result.edit<double>()) {
      if (value == types::kNull<double>) {
        streak = 0;
        continue;
      }
      streak = value > 0 ? streak + value : 0;
      value = streak;
    }
    if (types::is_floating(vector->type())) return result;
    return *converted("cumPositiveStreak", Shared<Vector>(result), Type::kLong);
  });
}

}  // namespace

void register_running(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kVector, std::move(d)); };
  using namespace kernels;
  row({"cumsum", "X", running_sum, "The sum so far.", "cumsum(NULL 2 NULL 3)", "[null,2,2,5]", kNulls});
  row({"cumavg", "X", running_state<Average>("cumavg"), "The mean so far.", "cumavg(5 3)", "[5,4]", kNulls});
  row({"cumprod", "X", running_state<Product>("cumprod"), "The product so far.", "cumprod(1 2 3)", "[1,2,6]", kNulls});
  row({"cumsum2", "X", running_state<PowerSum<2>>("cumsum2"), "The sum of squares so far.", "cumsum2(1 2)", "[1,5]",
       kNulls});
  row({"cumsum3", "X", running_state<PowerSum<3>>("cumsum3"), "The sum of cubes so far.", "cumsum3(1 2)", "[1,9]",
       kNulls});
  row({"cumsum4", "X", running_state<PowerSum<4>>("cumsum4"), "The sum of fourth powers so far.", "cumsum4(1 2)",
       "[1,17]", kNulls});
  row({"cumvar", "X", running_state<SampleVariance>("cumvar"), "The sample variance so far.", "cumvar(1 3)", "[null,2]",
       kNulls});
  row({"cumvarp", "X", running_state<PopulationVariance>("cumvarp"), "The population variance so far.", "cumvarp(1 3)",
       "[0,1]", kNulls});
  row({"cumstd", "X", running_state<SampleDeviation>("cumstd"), "The sample standard deviation so far.", "cumstd(1 1)",
       "[null,0]", kNulls});
  row({"cumstdp", "X", running_state<PopulationDeviation>("cumstdp"), "The population standard deviation so far.",
       "cumstdp(1 3)", "[0,1]", kNulls});
  row({"cumcount", "X", running_count, "The number of non-null elements so far.", "cumcount(1 NULL 3)", "[1,1,2]"});
  row({"cummax", "X", running_extreme(true), "The largest element so far.", "cummax(5 3 8)", "[5,5,8]", kNulls});
  row({"cummin", "X", running_extreme(false), "The smallest element so far.", "cummin(5 3 8)", "[5,3,3]", kNulls});
  row({"cumfirstNot", "X, [k]", running_not("cumfirstNot", true), "The first element that is not null so far.",
       "cumfirstNot(NULL 4 5)", "[null,4,4]", kNulls});
  row({"cumlastNot", "X, [k]", running_not("cumlastNot", false), "The last element that is not null so far.",
       "cumlastNot(4 NULL 7)", "[4,4,7]", kNulls});
  row({"cummed", "X", running_median, "The median so far.", "cummed(5 3)", "[5,4]", kNulls});
  row({"cumpercentile", "X, percent, [interpolation='linear']", running_percentile, "The percentile so far.",
       "cumpercentile(5 3, 50)", "[5,4]", kNulls});
  row({"cumrank", "X, [ascending=true], [ignoreNA=true], [tiesMethod='min'], [percent=false]", running_rank,
       "The rank of each element among those so far, from 0.", "cumrank(5 3 8)", "[0,0,2]"});
  row({"cumnunique", "X", running_distinct, "The number of distinct elements so far.", "cumnunique(3 3 4)", "[1,1,2]"});
  row({"cumPositiveStreak", "X", positive_streak, "The sum of the current run of positive elements.",
       "cumPositiveStreak(1 2 -1 3)", "[1,3,0,3]"});
  row({"cumcorr", "X, Y", running_pair<Correlation>("cumcorr"), "The correlation so far.", "cumcorr(1 2 3, 2 4 6)",
       "[null,1,1]", kNulls});
  row({"cumcovar", "X, Y", running_pair<Covariance>("cumcovar"), "The sample covariance so far.", "cumcovar(1 3, 1 3)",
       "[null,2]", kNulls});
  row({"cumcovarp", "X, Y", running_pair<PopulationCovariance>("cumcovarp"), "The population covariance so far.",
       "cumcovarp(1 3, 1 3)", "[0,1]", kNulls});
  row({"cumbeta", "Y, X", running_pair<Slope>("cumbeta"), "The regression slope so far.", "cumbeta(2 4, 1 2)",
       "[null,2]", kNulls});
  row({"cumwavg", "X, Y", running_pair<WeightedAverage>("cumwavg"), "The weighted mean so far.", "cumwavg(1 3, 1 1)",
       "[1,2]", kNulls});
  row({"cumwsum", "X, Y", running_pair<WeightedSum>("cumwsum"), "The weighted sum so far.", "cumwsum(1 3, 1 2)",
       "[1,7]", kNulls});
}

}  // namespace pelorus::functions
