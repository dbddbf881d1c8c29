// Aggregates of the first n elements of a window by a sort key: msumTopN, tmavgTopN, cumstdTopN …

#include <algorithm>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/windows.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "top-n";

using kernels::kNull;

enum class Ties : uint8_t { kOldest, kLatest, kAll };

struct TopRule {
  int64_t count = 1;
  bool ascending = true;
  Ties ties = Ties::kLatest;
};

TopRule rule_of(const Arguments& a, size_t at) {
  TopRule rule{.count = a.integer(at, "top"), .ascending = a.flag_or(at + 1, "ascending", true)};
  if (rule.count < 1) a.refuse("top", "must be a positive integer.");
  const auto ties = a.text_or(at + 2, "tiesMethod", "latest");
  if (ties == "oldest")
    rule.ties = Ties::kOldest;
  else if (ties == "all")
    rule.ties = Ties::kAll;
  else if (ties != "latest")
    a.refuse("tiesMethod", "must be oldest, latest or all.");
  return rule;
}

/// Rows of [from, to] in order of the key; rows with a null key are left out.
void top_rows(std::span<const double> keys, size_t from, size_t to, const TopRule& rule, std::vector<size_t>& rows) {
  rows.clear();
  for (size_t i = from; i <= to; ++i) {
    if (keys[i] != kNull<double>) rows.push_back(i);
  }
  std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
    if (keys[a] != keys[b]) return rule.ascending ? keys[a] < keys[b] : keys[b] < keys[a];
    return rule.ties == Ties::kLatest ? a > b : a < b;
  });
  auto count = static_cast<size_t>(rule.count);
  if (rows.size() <= count) return;
  while (rule.ties == Ties::kAll && count < rows.size() && keys[rows[count]] == keys[rows[count - 1]]) ++count;
  rows.resize(count);
  std::sort(rows.begin(), rows.end());
}

using Fold1 = double (*)(std::span<const double> x, std::span<const size_t> rows);
using Fold2 = double (*)(std::span<const double> x, std::span<const double> y, std::span<const size_t> rows);

template <class State>
double fold_rows(std::span<const double> x, std::span<const size_t> rows) {
  State state;
  for (const auto row : rows) {
    if (x[row] != kNull<double>) state.add(x[row]);
  }
  return state.result();
}
template <class State>
double fold_rows2(std::span<const double> x, std::span<const double> y, std::span<const size_t> rows) {
  State state;
  for (const auto row : rows) {
    if (x[row] != kNull<double> && y[row] != kNull<double>) state.add(x[row], y[row]);
  }
  return state.result();
}

struct Shape {
  size_t value;   // position of X among the arguments
  size_t window;  // of the window; SIZE_MAX: cumulative
  bool by_time;   // argument 0 is the time
};

std::vector<size_t> starts_of(const Arguments& a, const Shape& shape, size_t rows) {
  if (shape.window == SIZE_MAX) return std::vector<size_t>(rows, 0);
  if (shape.by_time) {
    auto windows = time_windows(a, 0, shape.window);
    if (windows.starts.size() != rows) refuse_lengths(a.function(), windows.starts.size(), rows);
    return std::move(windows.starts);
  }
  const auto window = a.integer(shape.window, "window");
  if (window < 1) a.refuse("window", "must be a positive integer.");
  return kernels::window_starts(rows, {.rows = window});
}

Vector run(const Arguments& a, const Shape& shape, const Shared<Vector>& sort_by, const TopRule& rule,
           const std::function<double(std::span<const size_t>)>& fold) {
  const auto keys = as_doubles(a.function(), sort_by);
  const auto starts = starts_of(a, shape, keys->size());
  Vector result(Type::kDouble, keys->size());
  std::vector<size_t> rows;
  for (size_t i = 0; i < keys->size(); ++i) {
    top_rows(doubles(keys), starts[i], i, rule, rows);
    result.edit<double>()[i] = fold(rows);
  }
  return result;
}

Native one_series(std::string_view name, Shape shape, Fold1 fold) {
  return [=](CallContext&, std::span<Value> args) {
    Arguments a(name, args);
    const auto rule = rule_of(a, shape.window == SIZE_MAX ? shape.value + 2 : shape.window + 1);
    return lift_map2(
        name, args[shape.value], args[shape.value + 1], [&](const Shared<Vector>& x, const Shared<Vector>& s) {
          if (x->size() != s->size()) refuse_lengths(name, x->size(), s->size());
          const auto values = numeric_doubles(name, x);
          return run(a, shape, s, rule, [&](std::span<const size_t> rows) { return fold(doubles(values), rows); });
        });
  };
}
/// `one` for each column of those of three arguments that are matrices; the others meet every column.
Value by_matrix_columns(std::string_view name, std::span<const Value> parts,
                        const std::function<Vector(const Value&, const Value&, const Value&)>& one) {
  const Value* shape = nullptr;
  for (const auto& part : parts) {
    if (!part.is_matrix() && !elements_of(part)) usage_error(name, "Vectors or matrices are expected.");
    if (part.is_matrix() && shape == nullptr) shape = &part;
  }
  if (shape == nullptr) return one(parts[0], parts[1], parts[2]);
  data::Matrix result = shape->matrix();
  Vector values(Type::kDouble);
  for (size_t c = 0; c < result.columns; ++c) {
    const auto column = [&](const Value& part) {
      if (!part.is_matrix()) return part;
      if (part.matrix().columns != result.columns) refuse_lengths(name, result.columns, part.matrix().columns);
      return Value(part.matrix().column(c));
    };
    values.append(one(column(parts[0]), column(parts[1]), column(parts[2])));
  }
  result.values = std::move(values);
  return result;
}

Native two_series(std::string_view name, Shape shape, Fold2 fold) {
  return [=](CallContext&, std::span<Value> args) -> Value {
    Arguments a(name, args);
    const auto rule = rule_of(a, shape.window == SIZE_MAX ? shape.value + 3 : shape.window + 1);
    const auto one = [&](const Value& first, const Value& second, const Value& keys) {
      const auto x = numeric_doubles(name, elements_for(name, first)),
                 y = numeric_doubles(name, elements_for(name, second));
      const auto s = elements_for(name, keys);
      if (x->size() != y->size()) refuse_lengths(name, x->size(), y->size());
      if (x->size() != s->size()) refuse_lengths(name, x->size(), s->size());
      return run(a, shape, s, rule, [&](std::span<const size_t> rows) { return fold(doubles(x), doubles(y), rows); });
    };
    return by_matrix_columns(name, args.subspan(shape.value, 3), one);
  };
}

struct Row1 {
  std::string_view rows, time, running;
  Fold1 fold;
};
struct Row2 {
  std::string_view rows, time, running;
  Fold2 fold;
};

}  // namespace

void register_top_n(Registry& registry) {
  using namespace kernels;
  const Row1 kOne[] = {
      {"msumTopN", "tmsumTopN", "cumsumTopN", fold_rows<Sum>},
      {"mavgTopN", "tmavgTopN", "cumavgTopN", fold_rows<Average>},
      {"mstdTopN", "tmstdTopN", "cumstdTopN", fold_rows<SampleDeviation>},
      {"mstdpTopN", "tmstdpTopN", "cumstdpTopN", fold_rows<PopulationDeviation>},
      {"mvarTopN", "tmvarTopN", "cumvarTopN", fold_rows<SampleVariance>},
      {"mvarpTopN", "tmvarpTopN", "cumvarpTopN", fold_rows<PopulationVariance>},
      {"mskewTopN", "tmskewTopN", "cumskewTopN", fold_rows<Skewness>},
      {"mkurtosisTopN", "tmkurtosisTopN", "cumkurtosisTopN", fold_rows<Kurtosis>},
  };
  const Row2 kTwo[] = {
      {"mcorrTopN", "tmcorrTopN", "cumcorrTopN", fold_rows2<Correlation>},
      {"mcovarTopN", "tmcovarTopN", "cumcovarTopN", fold_rows2<Covariance>},
      {"mcovarpTopN", "tmcovarpTopN", "cumcovarpTopN", fold_rows2<PopulationCovariance>},
      {"mbetaTopN", "tmbetaTopN", "cumbetaTopN", fold_rows2<Slope>},
      {"mwsumTopN", "tmwsumTopN", "cumwsumTopN", fold_rows2<WeightedSum>},
  };
  const auto row = [&](std::string_view name, std::string_view parameters, Native native, std::string_view summary) {
    declare(registry, kFamily, Nature::kVector,
            {name, parameters, std::move(native), summary, {}, {}, "Rows with a null key or value are skipped."});
  };
  for (const auto& r : kOne) {
    row(r.rows, "X, S, window, top, [ascending=true], [tiesMethod='latest']", one_series(r.rows, {0, 2, false}, r.fold),
        "The aggregate of X over the rows of each window that come first by S.");
    row(r.time, "T, X, S, window, top, [ascending=true], [tiesMethod='latest']",
        one_series(r.time, {1, 3, true}, r.fold),
        "The aggregate of X over the rows of each window of time that come first by S.");
    row(r.running, "X, S, top, [ascending=true], [tiesMethod='latest']",
        one_series(r.running, {0, SIZE_MAX, false}, r.fold),
        "The aggregate of X over the rows so far that come first by S.");
  }
  for (const auto& r : kTwo) {
    row(r.rows, "X, Y, S, window, top, [ascending=true], [tiesMethod='latest']",
        two_series(r.rows, {0, 3, false}, r.fold),
        "The aggregate of X and Y over the rows of each window that come first by S.");
    row(r.time, "T, X, Y, S, window, top, [ascending=true], [tiesMethod='latest']",
        two_series(r.time, {1, 4, true}, r.fold),
        "The aggregate of X and Y over the rows of each window of time that come first by S.");
    row(r.running, "X, Y, S, top, [ascending=true], [tiesMethod='latest']",
        two_series(r.running, {0, SIZE_MAX, false}, r.fold),
        "The aggregate of X and Y over the rows so far that come first by S.");
  }
}

}  // namespace pelorus::functions
