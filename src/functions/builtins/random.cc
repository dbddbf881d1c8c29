// Random numbers and samples from the session's generator.

#include <random>

#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/series.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "random";

using data::Buffer;

/// Uniform in [0, bound) without the division of %: Lemire's multiply-shift; the bias is below 2^-32 for bounds < 2^32.
uint64_t below(std::mt19937_64& generator, uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(generator()) * bound) >> 64);
}

/// In [0, 1).
double unit(std::mt19937_64& generator) { return static_cast<double>(generator() >> 11) * 0x1.0p-53; }

Vector random_below(const Arguments& a, const Scalar& bound, size_t count, std::mt19937_64& generator) {
  Vector result(bound.type(), count, bound.scale());
  types::visit_fixed(result.repr(), [&]<class T>() {
    auto& values = result.edit<T>();
    if constexpr (std::is_floating_point_v<T>) {
      const double top = bound.as_double();
      for (auto& value : values) value = static_cast<T>(unit(generator) * top);
    } else if constexpr (std::is_integral_v<T>) {
      const auto top = static_cast<int64_t>(bound.get<T>());
      if (top <= 0) a.refuse("X", "must be positive.");
      for (auto& value : values) value = static_cast<T>(below(generator, static_cast<uint64_t>(top)));
    } else {
      a.refuse("X", "must be a number or a vector.");
    }
  });
  return result;
}

Vector sample(const Vector& from, size_t count, std::mt19937_64& generator) {
  const auto size = static_cast<uint64_t>(from.size());
  Buffer<int64_t> rows(count);
  for (auto& row : rows) row = static_cast<int64_t>(below(generator, size));
  return from.take(rows);
}

/// How many, and in which form: a number or rows:columns.
struct Count {
  size_t total = 1;
  std::optional<std::pair<size_t, size_t>> shape;
  bool scalar = false;
};
Count count_of(const Arguments& a, size_t i, std::string_view parameter) {
  constexpr int64_t kElementsMax = int64_t{1} << 33;
  Count count;
  if (!a.has(i)) {
    count.scalar = true;
    return count;
  }
  if (a[i].is_pair()) {
    const auto shape = as_longs(a.function(), Shared<Vector>(a[i].pair().elements));
    const auto rows = shape->values<int64_t>()[0], columns = shape->values<int64_t>()[1];
    if (rows < 0 || columns < 0 || rows > (1 << 30) || columns > (1 << 30))
      a.refuse(parameter, "must be rows:columns.");
    count.shape = {static_cast<size_t>(rows), static_cast<size_t>(columns)};
    count.total = count.shape->first * count.shape->second;
    return count;
  }
  const auto total = a.integer(i, parameter);
  if (total < 0 || total > kElementsMax) a.refuse(parameter, "must be a reasonable number of elements.");
  count.total = static_cast<size_t>(total);
  return count;
}

Value shaped(Vector values, const Count& count) {
  if (count.scalar) return values.at(0);
  if (!count.shape) return values;
  return data::Matrix{.values = std::move(values), .rows = count.shape->first, .columns = count.shape->second};
}

Value random_values(CallContext& context, std::span<Value> args) {
  Arguments a("rand", args);
  const auto count = count_of(a, 1, "count");
  context.reserve_memory(static_cast<int64_t>(count.total) * 8);
  if (args[0].is_scalar() && !args[0].is_text() && types::is_fixed(types::repr_of(args[0].type()))) {
    if (args[0].is_null()) a.refuse("X", "must not be null.");
    return shaped(random_below(a, args[0].scalar(), count.total, context.random()), count);
  }
  const auto from = a.vector(0, "X");
  if (from->empty()) a.refuse("X", "must not be empty.");
  return shaped(sample(*from, count.total, context.random()), count);
}

template <class Draw>
Value draw(const Arguments& a, CallContext& context, size_t count_at, Draw&& draw) {
  const auto count = count_of(a, count_at, "count");
  context.reserve_memory(static_cast<int64_t>(count.total) * 8);
  Vector values(Type::kDouble, count.total);
  for (auto& value : values.edit<double>()) value = draw(context.random());
  return shaped(std::move(values), count);
}

Value normal(CallContext& context, std::span<Value> args) {
  Arguments a("norm", args);
  const double mean = a.number(0, "mean"), deviation = a.number(1, "std");
  if (deviation < 0) a.refuse("std", "must not be negative.");
  std::normal_distribution<double> distribution(0, 1);
  return draw(a, context, 2, [&](std::mt19937_64& generator) { return mean + deviation * distribution(generator); });
}
Value uniform(CallContext& context, std::span<Value> args) {
  Arguments a("randUniform", args);
  const double low = a.number(0, "lower"), high = a.number(1, "upper");
  return draw(a, context, 2, [&](std::mt19937_64& generator) { return low + unit(generator) * (high - low); });
}
Value exponential(CallContext& context, std::span<Value> args) {
  Arguments a("randExp", args);
  const double mean = a.number(0, "mean");
  if (mean <= 0) a.refuse("mean", "must be positive.");
  std::exponential_distribution<double> distribution(1 / mean);
  return draw(a, context, 1, [&](std::mt19937_64& generator) { return distribution(generator); });
}
Value poisson(CallContext& context, std::span<Value> args) {
  Arguments a("randPoisson", args);
  const double mean = a.number(0, "mean");
  constexpr double kMeanMost = 1e15;  // larger ones are no longer told apart from their neighbours
  if (!(mean > 0 && mean <= kMeanMost)) a.refuse("mean", "must be positive, and at most 1e15.");
  std::poisson_distribution<int64_t> distribution(mean);
  return draw(a, context, 1, [&](std::mt19937_64& generator) { return static_cast<double>(distribution(generator)); });
}
Value binomial(CallContext& context, std::span<Value> args) {
  Arguments a("randBinomial", args);
  const auto trials = a.integer(0, "trials");
  const double probability = a.number(1, "p");
  if (trials < 0 || probability < 0 || probability > 1) a.refuse("p", "must be between 0 and 1, trials not negative.");
  std::binomial_distribution<int64_t> distribution(trials, probability);
  return draw(a, context, 2, [&](std::mt19937_64& generator) { return static_cast<double>(distribution(generator)); });
}

Value shuffle(CallContext& context, std::span<Value> args) {
  const auto x = Arguments("shuffle", args).vector(0, "X");
  Buffer<int64_t> rows(x->size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[below(context.random(), i)]);
  return x->take(rows);
}
Value shuffle_in_place(CallContext& context, std::span<Value> args) {
  args[0] = shuffle(context, args);
  return args[0];
}

Value set_seed(CallContext& context, std::span<Value> args) {
  context.random().seed(static_cast<uint64_t>(Arguments("setRandomSeed", args).integer(0, "seed")));
  return Value::null();
}

}  // namespace

void register_random(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"rand", "X, [count]", random_values,
       "Random numbers from 0 to X, or random elements of a vector; count may be rows:columns.",
       "all(rand(10, 50) < 10)", "true"});
  row({"norm", "mean, std, [count]", normal, "Normally distributed random numbers.", "size(norm(0, 1, 5))", "5"});
  registry.add_alias("randNormal", "norm");
  row({"randUniform", "lower, upper, [count]", uniform, "Evenly distributed random numbers.", "randUniform(2, 2, 1)",
       "[2]"});
  row({"randExp", "mean, [count]", exponential, "Exponentially distributed random numbers.", "size(randExp(1, 3))",
       "3"});
  row({"randPoisson", "mean, [count]", poisson, "Poisson distributed random numbers.", "size(randPoisson(1, 3))", "3"});
  row({"randBinomial", "trials, p, [count]", binomial, "Binomially distributed random numbers.",
       "randBinomial(3, 1, 2)", "[3,3]"});
  row({"shuffle", "X", shuffle, "The elements of X in random order.", "sort(shuffle(3 1 2))", "[1,2,3]"});
  declare(registry, kFamily, Nature::kCommand,
          {.name = "shuffle!",
           .parameters = "X",
           .run = shuffle_in_place,
           .summary = "Puts the elements of X in random order.",
           .example = "x = 3 3; x.shuffle!(); x",
           .result = "[3,3]",
           .changes_first = true});
  declare(
      registry, kFamily, Nature::kCommand,
      {"setRandomSeed", "seed", set_seed, "Makes the session's random numbers repeatable.", "setRandomSeed(1)", {}});
}

}  // namespace pelorus::functions
