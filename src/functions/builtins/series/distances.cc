// Distances between two series, and what else is summed over pairs: euclidean tanimoto cosine minkowski seuclidean
// wsum2 rms, risks of returns, autocorrelations.

#include <algorithm>
#include <cmath>
#include <random>

#include "functions/aggregate_states.h"
#include "functions/builtins/series/register_series.h"
#include "functions/declare.h"
#include "functions/builtins/series/same_labels.h"
#include "functions/quantiles.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "statistics";
constexpr std::string_view kPairNulls = "Rows where either is null are skipped.";
constexpr double kNone = types::kNull<double>;

using Span = std::span<const double>;

/// f over the rows of two series where neither is null.
template <class F>
size_t for_pairs(Span x, Span y, F&& f) {
  size_t count = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == kNone || y[i] == kNone) continue;
    f(x[i], y[i]);
    ++count;
  }
  return count;
}

double euclidean(Span x, Span y) {
  double sum = 0;
  const auto count = for_pairs(x, y, [&](double a, double b) { sum += (a - b) * (a - b); });
  return count == 0 ? kNone : std::sqrt(sum);
}
/// Products of the pairs and squares of both.
struct Products {
  double xy = 0, xx = 0, yy = 0;
  size_t count = 0;
};
Products products_of(Span x, Span y) {
  Products p;
  p.count = for_pairs(x, y, [&](double a, double b) {
    p.xy += a * b;
    p.xx += a * a;
    p.yy += b * b;
  });
  return p;
}
double tanimoto(Span x, Span y) {
  const auto p = products_of(x, y);
  const double whole = p.xx + p.yy - p.xy;
  return p.count == 0 || whole == 0 ? kNone : 1 - p.xy / whole;
}
double cosine(Span x, Span y) {
  const auto p = products_of(x, y);
  return p.xx == 0 || p.yy == 0 ? kNone : p.xy / std::sqrt(p.xx * p.yy);
}
double weighted_squares(Span x, Span y) {
  double sum = 0;
  const auto count = for_pairs(x, y, [&](double a, double b) { sum += a * a * b; });
  return count == 0 ? kNone : sum;
}

using PairFold = double (*)(Span x, Span y);
Native of_pairs(std::string_view name, PairFold fold) {
  return [name, fold](CallContext& context, std::span<Value> args) {
    const auto [left, right] = over_same_labels(context, args[0], args[1]);
    const Value result = lift_reduce2(name, left, right, [&](const Shared<Vector>& x, const Shared<Vector>& y) {
      if (x->size() != y->size()) refuse_lengths(name, x->size(), y->size());
      const auto a = numeric_doubles(name, x), b = numeric_doubles(name, y);
      return Value::of_double(fold(doubles(a), doubles(b)));
    });
    const auto is_series = [](const Value& value) { return value.is_matrix() && value.matrix().is_indexed_series; };
    return is_series(args[0]) && is_series(args[1]) && result.is_vector() ? result.vector().at(0) : result;
  };
}

/// Two vectors of one length without nulls, and a third of weights where it is given.
struct Three {
  Shared<Vector> x, y;
  std::optional<Shared<Vector>> z;
};
Three three_of(const Arguments& a, size_t z_at, std::string_view z_name) {
  Three three{numeric_doubles(a.function(), a.vector(0, "X")), numeric_doubles(a.function(), a.vector(1, "Y")), {}};
  if (a.has(z_at) && !a[z_at].is_null()) three.z = numeric_doubles(a.function(), a.vector(z_at, z_name));
  if (three.x->size() != three.y->size()) refuse_lengths(a.function(), three.x->size(), three.y->size());
  if (three.z && (*three.z)->size() != three.x->size())
    refuse_lengths(a.function(), three.x->size(), (*three.z)->size());
  return three;
}

Value minkowski(CallContext&, std::span<Value> args) {
  Arguments a("minkowski", args);
  const double p = a.number(2, "p");
  if (p <= 0) a.refuse("p", "must be positive.");
  const auto three = three_of(a, 3, "weights");
  double sum = 0;
  for (size_t i = 0; i < three.x->size(); ++i) {
    const double u = doubles(three.x)[i], v = doubles(three.y)[i];
    if (u != kNone && v != kNone) sum += (three.z ? doubles(*three.z)[i] : 1) * std::pow(std::fabs(u - v), p);
  }
  return Value::of_double(std::pow(sum, 1 / p));
}

/// Each difference over the square root of its variance.
Value standardized(CallContext&, std::span<Value> args) {
  Arguments a("seuclidean", args);
  const auto three = three_of(a, 2, "Z");
  if (!three.z) a.refuse("Z", "must not be null.");
  double sum = 0;
  for (size_t i = 0; i < three.x->size(); ++i) {
    const double u = doubles(three.x)[i], v = doubles(three.y)[i], variance = doubles(*three.z)[i];
    if (variance == 0) a.refuse("Z", "must not hold 0.");
    if (u != kNone && v != kNone && variance != kNone) sum += (u - v) * (u - v) / variance;
  }
  return Value::of_double(std::sqrt(sum));
}

Value root_mean_square(CallContext&, std::span<Value> args) {
  return lift_reduce("rms", args[0], [](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles("rms", vector);
    double sum = 0, count = 0;
    for (const double value : doubles(numbers)) {
      if (value == kNone) continue;
      sum += value * value;
      ++count;
    }
    return Value::of_double(count == 0 ? kNone : std::sqrt(sum / count));
  });
}

/// Both means are that of the whole series.
double autocorrelation(Span x, int64_t lag) {
  const auto state = kernels::fold<kernels::Average, double>(x);
  const double mean = state.result();
  double shifted = 0, own = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == kNone) continue;
    own += (x[i] - mean) * (x[i] - mean);
    const auto before = static_cast<int64_t>(i) - lag;
    if (before >= 0 && x[static_cast<size_t>(before)] != kNone)
      shifted += (x[i] - mean) * (x[static_cast<size_t>(before)] - mean);
  }
  return own == 0 ? kNone : shifted / own;
}

int64_t lag_argument(const Arguments& a, std::string_view parameter, size_t size) {
  const int64_t lag = a.integer(1, parameter);
  if (lag < 1 || lag >= static_cast<int64_t>(size))
    a.refuse(parameter, "must be between 1 and the length of X less 1.");
  return lag;
}

Value autocorr(CallContext&, std::span<Value> args) {
  Arguments a("autocorr", args);
  return lift_reduce("autocorr", args[0], [&](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles("autocorr", vector);
    return Value::of_double(autocorrelation(doubles(numbers), lag_argument(a, "lag", numbers->size())));
  });
}
Value autocorrelations(CallContext&, std::span<Value> args) {
  Arguments a("acf", args);
  const auto numbers = numeric_doubles("acf", a.vector(0, "X"));
  const auto most = lag_argument(a, "maxLag", numbers->size());
  Vector result(Type::kDouble, static_cast<size_t>(most));
  for (int64_t lag = 1; lag <= most; ++lag)
    result.edit<double>()[static_cast<size_t>(lag - 1)] = autocorrelation(doubles(numbers), lag);
  return result;
}

// --- risk ----------------------------------------------------------------------------------------------------------

/// The quantile of the standard normal distribution, by bisection of its distribution function.
double normal_quantile(double share) {
  double low = -40, high = 40;
  for (int turn = 0; turn < 200; ++turn) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return (low + high) / 2;
}
double normal_density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0)); }

struct Returns {
  std::vector<double> sorted;
  double mean, deviation;
};
Returns returns_of(const Arguments& a, bool logarithmic) {
  const auto numbers = numeric_doubles(a.function(), a.vector(0, "returns"));
  Returns returns;
  for (const double value : doubles(numbers)) {
    if (value == kNone) continue;
    if (value <= -1) a.refuse("returns", "must be greater than -1.");
    returns.sorted.push_back(logarithmic ? std::log1p(value) : value);
  }
  if (returns.sorted.empty()) a.refuse("returns", "must hold a number.");
  std::sort(returns.sorted.begin(), returns.sorted.end());
  const auto state = kernels::fold<kernels::SampleDeviation, double>(Span(returns.sorted));
  returns.mean = state.mean;
  returns.deviation = returns.sorted.size() > 1 ? state.result() : 0;
  return returns;
}

/// The loss not passed with the confidence asked for; with `beyond`, the mean of those that pass it.
Value risk(std::string_view name, CallContext& context, std::span<Value> args, bool beyond) {
  Arguments a(name, args);
  const auto method = a.text(1, "method");
  const double share = 1 - a.number_or(2, "confidenceLevel", 0.95);
  if (share <= 0 || share >= 1) a.refuse("confidenceLevel", "must be between 0 and 1.");
  const bool logarithmic = method == "logNormal";
  auto returns = returns_of(a, logarithmic);
  if (method == "normal" || logarithmic) {
    const double z = normal_quantile(share);
    const double at = returns.mean + returns.deviation * z;
    if (!logarithmic)
      return Value::of_double(std::fabs(beyond ? returns.mean - returns.deviation * normal_density(z) / share : at));
    const double variance = returns.deviation * returns.deviation;
    const double tail =
        std::exp(returns.mean + variance / 2) * std::erfc(-(z - returns.deviation) / std::sqrt(2.0)) / 2 / share;
    return Value::of_double(std::fabs((beyond ? tail : std::exp(at)) - 1));
  }
  if (method == "monteCarlo") {
    std::normal_distribution<double> draw(returns.mean, returns.deviation);
    returns.sorted.assign(10'000, 0);
    for (auto& value : returns.sorted) value = draw(context.random());
    std::sort(returns.sorted.begin(), returns.sorted.end());
  } else if (method != "historical") {
    a.refuse("method", "must be normal, logNormal, historical or monteCarlo.");
  }
  const double limit = quantile_of(returns.sorted, share, Interpolation::kLinear);
  if (!beyond) return Value::of_double(std::fabs(limit));
  double sum = 0, count = 0;
  for (const double value : returns.sorted) {
    if (value >= limit) break;
    sum += value;
    ++count;
  }
  return Value::of_double(std::fabs(count == 0 ? limit : sum / count));
}

/// The elements of X where Y is not null either, of their own type.
Native of_both(std::string_view name, bool only_numbers, Value (*total)(const Vector& kept)) {
  return [name, only_numbers, total](CallContext&, std::span<Value> args) {
    return lift_reduce2(name, args[0], args[1], [&](const Shared<Vector>& x, const Shared<Vector>& y) {
      if (only_numbers && x->type() != Type::kBool) (void)numeric_doubles(name, x->slice(0, 0));
      std::vector<int64_t> rows;
      for (size_t i = 0; i < x->size(); ++i) {
        if (!x->is_null_at(i) && !y->is_null_at(i)) rows.push_back(static_cast<int64_t>(i));
      }
      return total(x->take(rows));
    });
  };
}

Value context_sum(const Vector& kept) {
  const bool is_whole = types::is_integral(kept.type()) || kept.type() == Type::kBool;
  double sum = 0;
  int64_t whole = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (is_whole)
      whole += kept.scalar_at(i).as_int64();
    else
      sum += kept.scalar_at(i).as_double();
  }
  if (kept.size() == 0) return types::Scalar::null_of(is_whole ? Type::kLong : Type::kDouble);
  return is_whole ? Value::of_long(whole) : Value::of_double(sum);
}

Value context_squares(const Vector& kept) {
  double sum = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    const double value = kept.scalar_at(i).as_double();
    sum += value * value;
  }
  return Value::of_double(kept.size() == 0 ? kNone : sum);
}

}  // namespace

void register_distances(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kAggregate, std::move(d)); };
  row({"euclidean", "X, Y", of_pairs("euclidean", euclidean), "The Euclidean distance.", "euclidean(0 3, 4 3)", "4",
       kPairNulls});
  row({"tanimoto", "X, Y", of_pairs("tanimoto", tanimoto), "The Tanimoto distance.", "tanimoto(1 0, 1 1)", "0.5",
       kPairNulls});
  row({"cosine", "X, Y", of_pairs("cosine", cosine), "The cosine of the angle between X and Y.", "cosine(1 0, 2 0)",
       "1", kPairNulls});
  row({"wsum2", "X, Y", of_pairs("wsum2", weighted_squares), "The sum of squares of X weighted by Y.",
       "wsum2(3 4, 1 2)", "41", kPairNulls});
  row({"contextSum", "X, Y", of_both("contextSum", true, context_sum),
       "The sum of the elements of X where Y is not null.", "contextSum(1 2 NULL 4, 1 NULL 3 4)", "5", kPairNulls});
  row({"contextSum2", "X, Y", of_both("contextSum2", true, context_squares),
       "The sum of squares of the elements of X where Y is not null.", "contextSum2(1 2 3, 10 NULL 30)", "10",
       kPairNulls});
  row({"contextCount", "X, Y",
       of_both("contextCount", false,
               [](const Vector& kept) { return Value::of_int(static_cast<int32_t>(kept.size())); }),
       "How many elements are null neither in X nor in Y.", "contextCount(1 2 NULL, 1 NULL 3)", "1"});
  registry.add_alias("median", "med");
  row({"minkowski", "X, Y, p, [weights]", minkowski, "The Minkowski distance of order p.", "minkowski(1 2, 4 6, 1)",
       "7", kPairNulls});
  row({"seuclidean", "X, Y, Z", standardized,
       "The Euclidean distance in units of the standard deviations whose squares Z holds.", "seuclidean(1 5, 4 5, 9 1)",
       "1", kPairNulls});
  row({"rms", "X", root_mean_square, "The root of the mean square.", "rms(3 3)", "3", "Nulls are skipped."});
  row({"autocorr", "X, lag", autocorr, "The correlation of X with itself so many elements before.",
       "autocorr(1 2 1 2, 2)", "0.5", "Nulls are skipped."});
  declare(registry, kFamily, Nature::kWhole,
          {"acf", "X, maxLag", autocorrelations, "autocorr of every lag up to maxLag.", "acf(1 2 1 2, 2)",
           "[-0.75,0.5]", "Nulls are skipped."});
  row({"valueAtRisk", "returns, method, [confidenceLevel=0.95]",
       [](CallContext& c, std::span<Value> args) { return risk("valueAtRisk", c, args, false); },
       "The loss that returns do not pass with a confidence.", "valueAtRisk(-0.1 0 0.1, `historical, 0.5)", "0",
       "Nulls are skipped."});
  row({"condValueAtRisk", "returns, method, [confidenceLevel=0.95]",
       [](CallContext& c, std::span<Value> args) { return risk("condValueAtRisk", c, args, true); },
       "The mean of the losses beyond the value at risk.", "condValueAtRisk(-0.1 0 0.1, `historical, 0.5)", "0.1",
       "Nulls are skipped."});
  registry.add_alias("VaR", "valueAtRisk");
  registry.add_alias("CVaR", "condValueAtRisk");
}

}  // namespace pelorus::functions
