// k-means, and asking models for what they say about new rows.

#include <algorithm>
#include <cmath>
#include <random>

#include "functions/arguments.h"
#include "functions/builtins/models/register_models.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "models";

using data::Dictionary;
using data::Matrix;
using Point = std::vector<double>;

/// Rows of a table or matrix of numbers. ScriptError for nulls.
std::vector<Point> points_of(std::string_view function, const Value& x) {
  std::vector<Shared<Vector>> columns;
  if (x.is_matrix()) {
    for (size_t c = 0; c < x.matrix().columns; ++c) columns.emplace_back(x.matrix().column(c));
  } else {
    const auto table = table_argument(function, x);
    for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
  }
  std::vector<Point> points(columns.empty() ? 0 : columns[0]->size());
  for (const auto& column : columns) {
    const auto numbers = as_doubles(function, column);
    for (size_t r = 0; r < points.size(); ++r) {
      if (numbers->is_null_at(r)) usage_error(function, "X must not hold nulls.");
      points[r].push_back(numbers->values<double>()[r]);
    }
  }
  return points;
}

double distance(const Point& a, const Point& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

size_t nearest(const Point& point, const std::vector<Point>& centers) {
  size_t best = 0;
  for (size_t k = 1; k < centers.size(); ++k) {
    if (distance(point, centers[k]) < distance(point, centers[best])) best = k;
  }
  return best;
}

Vector labels_of(const std::vector<Point>& points, const std::vector<Point>& centers) {
  Vector labels(Type::kInt);
  for (const auto& point : points) labels.edit<int32_t>().push_back(static_cast<int32_t>(nearest(point, centers)));
  return labels;
}

/// The first centers: given rows, different rows by chance, or rows far from those chosen already.
std::vector<Point> first_centers(const Arguments& a, size_t i, const std::vector<Point>& points, size_t k,
                                 std::mt19937_64& random) {
  const bool is_word = !a.has(i) || a[i].is_void() || a[i].is_text();
  if (!is_word) {
    auto centers = points_of(a.function(), a[i]);
    if (centers.size() != k || centers[0].size() != points[0].size())
      a.refuse("init", "must have a row for each cluster and as many columns as X.");
    return centers;
  }
  const auto word = a.has(i) && a[i].is_text() ? a[i].text() : std::string("random");
  if (word != "random" && word != "k-means++") a.refuse("init", "must be random, k-means++ or a matrix of centers.");
  std::vector<double> weights(points.size(), 1.0);
  std::vector<Point> centers;
  while (centers.size() < k) {
    const size_t chosen = std::discrete_distribution<size_t>(weights.begin(), weights.end())(random);
    centers.push_back(points[chosen]);
    for (size_t r = 0; r < points.size(); ++r) {
      const double apart = distance(points[r], centers[nearest(points[r], centers)]);
      weights[r] = word == "random" ? (apart > 0 ? 1 : 0) : apart;
    }
    const bool any_left = std::any_of(weights.begin(), weights.end(), [](double w) { return w > 0; });
    if (!any_left && centers.size() < k) usage_error(a.function(), "X has fewer different rows than k.");
  }
  return centers;
}

/// Centers move to the middle of the rows nearest to them until none changes its rows. A center without rows stays.
void settle(const std::vector<Point>& points, int64_t rounds, std::vector<Point>* centers) {
  std::vector<size_t> owner(points.size(), SIZE_MAX);
  for (int64_t round = 0; round < rounds; ++round) {
    bool changed = false;
    std::vector<Point> sums(centers->size(), Point(points[0].size(), 0.0));
    std::vector<double> counts(centers->size(), 0.0);
    for (size_t r = 0; r < points.size(); ++r) {
      const size_t best = nearest(points[r], *centers);
      changed = changed || best != owner[r];
      owner[r] = best;
      counts[best] += 1;
      for (size_t c = 0; c < points[r].size(); ++c) sums[best][c] += points[r][c];
    }
    if (!changed) return;
    for (size_t k = 0; k < centers->size(); ++k) {
      for (size_t c = 0; c < points[0].size() && counts[k] > 0; ++c) (*centers)[k][c] = sums[k][c] / counts[k];
    }
  }
}

Matrix matrix_of(const std::vector<Point>& rows) {
  Matrix matrix{
      .values = Vector(Type::kDouble, rows.size() * rows[0].size()), .rows = rows.size(), .columns = rows[0].size()};
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < rows[r].size(); ++c) matrix.values.edit<double>()[c * rows.size() + r] = rows[r][c];
  }
  return matrix;
}

/// predict of a model: model.predict(model, X)
Value nearest_centers(CallContext&, std::span<Value> args) {
  const Arguments a("kmeansPredict", args);
  if (!a[0].is_dictionary()) a.refuse("model", "must be what kmeans gives.");
  const auto centers = points_of(a.function(), a[0].dictionary().get(std::string_view("centers")));
  const auto points = points_of(a.function(), a[1]);
  if (!points.empty() && points[0].size() != centers[0].size())
    a.refuse("X", "must have as many columns as the model.");
  return labels_of(points, centers);
}

/// kmeans(X, k, [maxIter=300], [randomSeed], [init='random'])
Value kmeans(CallContext& context, std::span<Value> args) {
  const Arguments a("kmeans", args);
  const auto points = points_of(a.function(), a[0]);
  const auto k = a.integer(1, "k");
  if (points.empty() || k < 1 || k > static_cast<int64_t>(points.size()))
    a.refuse("k", "must be positive and not more than the rows of X.");
  const auto rounds = a.has(2) && !a[2].is_void() ? a.integer(2, "maxIter") : int64_t{300};
  if (rounds < 1) a.refuse("maxIter", "must be positive.");
  std::mt19937_64 seeded;
  const bool has_seed = a.has(3) && !a[3].is_void();
  if (has_seed) seeded.seed(static_cast<uint64_t>(a.integer(3, "randomSeed")));
  auto centers = first_centers(a, 4, points, static_cast<size_t>(k), has_seed ? seeded : context.random());
  settle(points, rounds, &centers);
  Dictionary model(Type::kString, Type::kAny, true);
  model.set(Scalar::of_string("centers"), matrix_of(centers));
  if (const auto predict = context.find_function("kmeansPredict")) model.set(Scalar::of_string("predict"), *predict);
  model.set(Scalar::of_string("modelName"), Value::of_string("KMeans"));
  model.set(Scalar::of_string("labels"), labels_of(points, centers));
  return model;
}

Value predict(CallContext& context, std::span<Value> args) {
  const Arguments a("predict", args);
  const Value function = a[0].is_dictionary() ? a[0].dictionary().get(std::string_view("predict")) : Value();
  if (!function.is_function())
    a.refuse("model", "must be a dictionary with a function at predict, such as kmeans gives.");
  return context.call(function, {a[0], a[1]});
}

}  // namespace

void register_clusters(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = "Nulls are refused.";
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"kmeans", "X, k, [maxIter=300], [randomSeed], [init='random']", kmeans,
       "Groups rows around k centers: a dictionary of centers (a row each), labels from 0, and a function for predict.",
       "kmeans(table(1.0 1.2 9 9.4 as x), 2, init=matrix([0.0, 5.0])).labels", "[0,0,1,1]"});
  row({"kmeansPredict", "model, X", nearest_centers, "The nearest center of each row; predict(model, X) calls it.",
       "kmeansPredict(kmeans(table(1.0 1.2 9 9.4 as x), 2, init=matrix([0.0, 5.0])), table(2.0 8 as x))", "[0,1]"});
  row({"predict", "model, X", predict, "What a model says about rows.",
       "predict(kmeans(table(1.0 1.2 9 9.4 as x), 2, init=matrix([0.0, 5.0])), table(2.0 8 as x))", "[0,1]"});
}

}  // namespace pelorus::functions
