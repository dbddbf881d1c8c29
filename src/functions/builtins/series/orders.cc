// Questions about order and frequency: isMonotonic isortTop percentileRank bucketCount histogram.

#include <algorithm>
#include <cmath>

#include "functions/aggregate_states.h"
#include "functions/builtins/series/register_series.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "order";
constexpr double kNone = types::kNull<double>;

using data::Buffer;

/// Whether no element is beyond its successor. Nulls are smallest.
Value monotonic(std::string_view name, std::span<Value> args, bool rising) {
  const auto x = Arguments(name, args).vector(0, "X");
  for (size_t i = 1; i < x->size(); ++i) {
    const int order = types::compare(x->scalar_at(i - 1), x->scalar_at(i));
    if (rising ? order > 0 : order < 0) return Value::of_bool(false);
  }
  return Value::of_bool(true);
}

double percentile_rank(std::span<const double> sorted, double score, std::string_view method) {
  const auto size = static_cast<double>(sorted.size());
  const auto below = static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), score) - sorted.begin());
  const auto up_to = static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), score) - sorted.begin());
  if (sorted.empty()) return kNone;
  if (method == "strict") return below / size * 100;
  if (method == "weak") return up_to / size * 100;
  if (method == "mean") return (below + up_to) / 2 / size * 100;
  if (method == "rank") return (below + up_to + (up_to > below ? 1 : 0)) / 2 / size * 100;
  if (size == 1) return up_to > below ? 100 : kNone;
  if (up_to > below) return below / (size - (up_to - below)) * 100;
  if (below == 0 || below == size) return kNone;
  // Between two elements: in proportion, each at its own rank.
  const double low = sorted[static_cast<size_t>(below) - 1], high = sorted[static_cast<size_t>(below)];
  const double from = percentile_rank(sorted, low, "excel"), to = percentile_rank(sorted, high, "excel");
  return from + (to - from) * (score - low) / (high - low);
}

Value rank_of_score(CallContext&, std::span<Value> args) {
  Arguments a("percentileRank", args);
  const double score = a.number(1, "score");
  const auto method = a.text_or(2, "method", "excel");
  for (const auto* known : {"excel", "rank", "strict", "weak", "mean", ""}) {
    if (method == known) break;
    if (*known == '\0') a.refuse("method", "must be excel, rank, strict, weak or mean.");
  }
  return lift_reduce("percentileRank", args[0], [&](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles("percentileRank", vector);
    std::vector<double> sorted;
    for (const double value : doubles(numbers)) {
      if (value != kNone) sorted.push_back(value);
    }
    std::sort(sorted.begin(), sorted.end());
    return Value::of_double(percentile_rank(sorted, score, method));
  });
}

/// bucketCount(vector, dataRange, bucketNum, [includeOutbound])
Value bucket_count(CallContext&, std::span<Value> args) {
  Arguments a("bucketCount", args);
  const auto numbers = numeric_doubles("bucketCount", a.vector(0, "vector"));
  if (!args[1].is_pair()) a.refuse("dataRange", "must be a pair.");
  const double low = args[1].pair().elements.scalar_at(0).as_double(),
               high = args[1].pair().elements.scalar_at(1).as_double();
  const int64_t count = a.integer(2, "bucketNum");
  constexpr int64_t kBucketsMax = 1 << 20;
  if (count < 1 || count > kBucketsMax || !(low < high))
    a.refuse("bucketNum", "must be positive, and dataRange must rise.");
  const bool outside = a.flag_or(3, "includeOutbound", false);
  Vector result(Type::kInt, static_cast<size_t>(count) + (outside ? 2 : 0));
  auto& out = result.edit<int32_t>();
  std::fill(out.begin(), out.end(), 0);
  for (const double value : doubles(numbers)) {
    if (value == kNone) continue;
    int64_t at = static_cast<int64_t>(std::floor((value - low) / (high - low) * static_cast<double>(count)));
    if (value < low) at = -1;
    if (value >= high) at = count;
    if (outside) ++at;
    if (at >= 0 && at < static_cast<int64_t>(out.size())) ++out[static_cast<size_t>(at)];
  }
  return result;
}

std::vector<double> edges_of(const Arguments& a, double low, double high) {
  std::vector<double> edges;
  if (a.has(1) && !a[1].is_scalar()) {
    const auto given = numeric_doubles("histogram", a.vector(1, "bins"));
    edges.assign(doubles(given).begin(), doubles(given).end());
    if (edges.size() < 2 || !std::is_sorted(edges.begin(), edges.end())) a.refuse("bins", "must hold edges that rise.");
    return edges;
  }
  const int64_t count = a.integer_or(1, "bins", 10);
  constexpr int64_t kBinsMax = 1 << 20;
  if (count < 1 || count > kBinsMax) a.refuse("bins", "must be positive.");
  if (low == high) low -= 0.5, high += 0.5;
  for (int64_t i = 0; i <= count; ++i)
    edges.push_back(i == count ? high : low + (high - low) * static_cast<double>(i) / static_cast<double>(count));
  return edges;
}

/// histogram(X, [bins], [range], [density], [weights]): counts H between edges; the last bin is closed.
Value histogram(CallContext&, std::span<Value> args) {
  Arguments a("histogram", args);
  const auto numbers = numeric_doubles("histogram", a.vector(0, "X"));
  double low = INFINITY, high = -INFINITY;
  for (const double value : doubles(numbers)) {
    if (value == kNone) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const bool ranged = a.has(2) && !args[2].is_null();
  if (ranged) {
    const auto range = numeric_doubles("histogram", a.vector(2, "range"));
    if (range->size() != 2) a.refuse("range", "must hold two numbers.");
    low = doubles(range)[0];
    high = doubles(range)[1];
  }
  const auto edges = edges_of(a, low, high);
  std::optional<Shared<Vector>> weights;
  if (a.has(4) && !args[4].is_null()) weights = numeric_doubles("histogram", a.vector(4, "weights"));
  if (weights && (*weights)->size() != numbers->size())
    refuse_lengths("histogram", numbers->size(), (*weights)->size());
  Vector counts(Type::kDouble, edges.size() - 1);
  auto& out = counts.edit<double>();
  std::fill(out.begin(), out.end(), 0.0);
  double total = 0;
  for (size_t i = 0; i < numbers->size(); ++i) {
    const double value = doubles(numbers)[i];
    if (value == kNone || value < edges.front() || value > edges.back() || (ranged && (value < low || value > high)))
      continue;
    const auto above = static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin());
    const double weight = weights ? doubles(*weights)[i] : 1;
    out[std::min(above, edges.size() - 1) - 1] += weight;
    total += weight;
  }
  const bool density = a.flag_or(3, "density", false);
  for (size_t i = 0; density && total > 0 && i < out.size(); ++i) out[i] /= total * (edges[i + 1] - edges[i]);
  data::Dictionary result(Type::kString, Type::kAny, true);
  const bool whole = !density && !weights;
  result.set(Scalar::of_string("H"),
             whole ? Value(converted("histogram", Shared<Vector>(counts), Type::kLong)) : Value(counts));
  result.set(Scalar::of_string("edges"), Vector::adopt(Type::kDouble, Buffer<double>(edges.begin(), edges.end())));
  return result;
}

}  // namespace

void register_orders(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"isMonotonicIncreasing", "X",
       [](CallContext&, std::span<Value> args) { return monotonic("isMonotonicIncreasing", args, true); },
       "Whether no element is greater than its successor.", "isMonotonicIncreasing(1 3 3)", "true",
       "Nulls are smallest."});
  registry.add_alias("isMonotonic", "isMonotonicIncreasing");
  row({"isMonotonicDecreasing", "X",
       [](CallContext&, std::span<Value> args) { return monotonic("isMonotonicDecreasing", args, false); },
       "Whether no element is less than its successor.", "isMonotonicDecreasing(3 1 2)", "false",
       "Nulls are smallest."});
  declare(registry, kFamily, Nature::kAggregate,
          {"percentileRank", "X, score, [method='excel']", rank_of_score,
           "How many percent of the elements lie below a score.", "percentileRank(2 3 4 4 5, 3)", "25",
           "Nulls are skipped."});
  row({"bucketCount", "vector, dataRange, bucketNum, [includeOutbound=false]", bucket_count,
       "How many elements fall into each of so many equal parts of a range.", "bucketCount(9 23 54 36, 12:54, 2, true)",
       "[1,1,1,1]", "Nulls are skipped."});
  row({"histogram", "X, [bins=10], [range], [density=false], [weights]", histogram,
       "How many elements lie between edges, and the edges.", "histogram(3 4 5 6, 3 5 7).H", "[2,2]",
       "Nulls are skipped."});
}

}  // namespace pelorus::functions
