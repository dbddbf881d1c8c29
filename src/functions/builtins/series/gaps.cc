// interpolate; rows of moving windows of time: tmovingWindowData; oneHot.

#include <algorithm>

#include "functions/append.h"
#include "functions/builtins/series/register_gaps.h"
#include "functions/cast.h"
#include "functions/assemble.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/windows.h"

namespace pelorus::functions {
namespace {

using data::Buffer;
using types::kNull;

enum class Direction : uint8_t { kForward, kBackward, kBoth };
enum class Area : uint8_t { kAll, kInside, kOutside };

/// What interpolate fills, and how. Elements are told by their positions, places by x.
class Gaps {
 public:
  Gaps(const Arguments& a, std::vector<double> values, std::vector<double> x)
      : values_(std::move(values)), x_(std::move(x)), method_(a.text_or(1, "method", "linear")) {
    if (method_ != "linear" && method_ != "pad" && method_ != "nearest" && method_ != "krogh")
      a.refuse("method", "must be linear, pad, nearest or krogh.");
    limit_ = a.has(2) && !a[2].is_null() ? a.integer(2, "limit") : INT64_MAX;
    if (limit_ < 1) a.refuse("limit", "must be positive.");
    const auto direction = a.text_or(4, "limitDirection", "forward");
    if (direction != "forward" && direction != "backward" && direction != "both")
      a.refuse("limitDirection", "must be forward, backward or both.");
    direction_ = direction == "forward"    ? Direction::kForward
                 : direction == "backward" ? Direction::kBackward
                                           : Direction::kBoth;
    const auto area = a.has(5) && !a[5].is_null() ? a.text(5, "limitArea") : "";
    if (!area.empty() && area != "inside" && area != "outside") a.refuse("limitArea", "must be inside or outside.");
    area_ = area.empty() ? Area::kAll : area == "inside" ? Area::kInside : Area::kOutside;
    for (size_t i = 0; i < values_.size(); ++i) {
      if (values_[i] != kNull<double>) known_.push_back(i);
    }
    if (method_ == "krogh") divide_differences();
  }

  Vector fill() const {
    Vector result(Type::kDouble, values_.size());
    auto& out = result.edit<double>();
    size_t next = 0;  // of known_
    for (size_t i = 0; i < values_.size(); ++i) {
      while (next < known_.size() && known_[next] < i) ++next;
      const bool is_known = next < known_.size() && known_[next] == i;
      out[i] = is_known ? values_[i] : at(i, next);
    }
    return result;
  }

 private:
  /// The element at i, which lies between known_[next - 1] and known_[next] where there are such.
  double at(size_t i, size_t next) const {
    const bool has_before = next > 0, has_after = next < known_.size();
    const bool is_inside = has_before && has_after;
    if ((area_ == Area::kInside && !is_inside) || (area_ == Area::kOutside && is_inside)) return kNull<double>;
    const size_t before = has_before ? known_[next - 1] : 0, after = has_after ? known_[next] : 0;
    const bool forward = has_before && direction_ != Direction::kBackward && static_cast<int64_t>(i - before) <= limit_;
    const bool backward = has_after && direction_ != Direction::kForward && static_cast<int64_t>(after - i) <= limit_;
    if (!forward && !backward) return kNull<double>;
    if (method_ == "krogh") return polynomial(x_[i]);
    if (method_ == "pad") return values_[forward ? before : after];
    if (!is_inside) return values_[has_before ? before : after];
    if (method_ == "nearest") return values_[x_[i] - x_[before] <= x_[after] - x_[i] ? before : after];
    const double width = x_[after] - x_[before];
    const double share = width == 0 ? 0 : (x_[i] - x_[before]) / width;
    return values_[before] + (values_[after] - values_[before]) * share;
  }

  /// Newton's form of the polynomial through all known elements.
  void divide_differences() {
    for (const auto i : known_) differences_.push_back(values_[i]);
    for (size_t order = 1; order < known_.size(); ++order) {
      for (size_t k = known_.size() - 1; k >= order; --k) {
        differences_[k] = (differences_[k] - differences_[k - 1]) / (x_[known_[k]] - x_[known_[k - order]]);
      }
    }
  }
  double polynomial(double x) const {
    double value = 0;
    for (size_t k = known_.size(); k-- > 0;) value = value * (x - x_[known_[k]]) + differences_[k];
    return value;
  }

  const std::vector<double> values_, x_;
  const std::string method_;
  int64_t limit_ = INT64_MAX;
  Direction direction_ = Direction::kForward;
  Area area_ = Area::kAll;
  std::vector<size_t> known_;
  std::vector<double> differences_;
};

std::vector<double> numbers_of(std::string_view function, const Shared<Vector>& vector) {
  const auto numbers = as_doubles(function, vector);
  return {numbers->values<double>().begin(), numbers->values<double>().end()};
}

/// interpolate(X, [method], [limit], [inplace], [limitDirection], [limitArea], [index])
Value interpolate(CallContext&, std::span<Value> args) {
  Arguments a("interpolate", args);
  const auto x = a.vector(0, "X");
  if (!types::is_numeric(x->type())) a.refuse("X", "must be a numeric vector.");
  std::vector<double> places(x->size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<double>(i);
  if (a.has(6) && !a[6].is_null()) {
    places = numbers_of("interpolate", a.vector(6, "index"));
    if (places.size() != x->size()) a.refuse("index", "must be as long as X.");
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] == kNull<double> || (i > 0 && places[i] < places[i - 1]))
        a.refuse("index", "must rise and hold no nulls.");
    }
  }
  const Shared<Vector> filled = Gaps(a, numbers_of("interpolate", x), std::move(places)).fill();
  if (a.flag_or(3, "inplace", false)) args[0] = Value(converted("interpolate", filled, x->type(), x->scale()));
  return Value(filled);
}

/// tmovingWindowData(T, X, window, [leftClosed])
Value time_window_rows(CallContext&, std::span<Value> args) {
  Arguments a("tmovingWindowData", args);
  const auto times = a.vector(0, "T"), x = a.vector(1, "X");
  if (times->size() != x->size()) refuse_lengths("tmovingWindowData", times->size(), x->size());
  auto starts = time_windows(a, times, 2).starts;
  if (a.flag_or(3, "leftClosed", false)) {
    // One unit more of time reaches the left edge.
    const auto duration = duration_of(a[2]);
    const int64_t span = duration ? units_of("tmovingWindowData", *duration, times->type()) : a.integer(2, "window");
    const auto plain = as_longs("tmovingWindowData", times);
    starts = kernels::time_window_starts(plain->values<int64_t>(), span + 1);
  }
  Buffer<int64_t> rows, ends;
  for (size_t i = 0; i < x->size(); ++i) {
    for (size_t k = starts[i]; k <= i; ++k) rows.push_back(static_cast<int64_t>(k));
    ends.push_back(static_cast<int64_t>(rows.size()));
  }
  return picked_rows(*x, std::move(rows), std::move(ends));
}

/// oneHot(obj, encodingColumns): a column of 0 and 1 for each value, in the order they first appear.
Value one_hot(CallContext&, std::span<Value> args) {
  Arguments a("oneHot", args);
  const auto table = table_argument("oneHot", args[0]);
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  std::vector<int> encoded;
  constexpr size_t kValuesMax = 4096;
  for (const auto& name : a.texts(1, "encodingColumns")) {
    const int c = table.find(name);
    if (c < 0) throw ScriptError("Unrecognized column name [" + name + "]");
    encoded.push_back(c);
    const auto& column = table.column(static_cast<size_t>(c));
    std::vector<std::string> values;
    std::vector<size_t> value_of(column.size());
    for (size_t row = 0; row < column.size(); ++row) {
      const auto text = column.type() == Type::kBool ? std::to_string(column.scalar_at(row).as_int64())
                                                     : cast_text(column.scalar_at(row));
      const auto found = std::find(values.begin(), values.end(), text);
      value_of[row] = static_cast<size_t>(found - values.begin());
      if (found == values.end()) values.push_back(text);
      if (values.size() > kValuesMax) a.refuse("encodingColumns", "must not name a column of more than 4,096 values.");
    }
    for (size_t v = 0; v < values.size(); ++v) {
      Vector flags(Type::kInt, column.size());
      for (size_t row = 0; row < column.size(); ++row) flags.edit<int32_t>()[row] = value_of[row] == v;
      names.push_back(table.names()[static_cast<size_t>(c)] + "_" + values[v]);
      columns.emplace_back(std::move(flags));
    }
  }
  for (size_t c = 0; c < table.columns(); ++c) {
    if (std::find(encoded.begin(), encoded.end(), static_cast<int>(c)) != encoded.end()) continue;
    names.push_back(table.names()[c]);
    columns.push_back(table.column_shared(c));
  }
  return data::Table(std::move(names), std::move(columns));
}

}  // namespace

void register_gaps(Registry& registry) {
  declare(
      registry, "nulls", Nature::kVector,
      {.name = "interpolate",
       .parameters = "X, [method='linear'], [limit], [inplace=false], [limitDirection='forward'], [limitArea], "
                     "[index]",
       .run = interpolate,
       .summary = "Fills nulls from their neighbours: along a line, with the one before, the nearest one, or by the "
                  "polynomial through all.",
       .example = "interpolate([1, NULL, 3, NULL])",
       .result = "[1,2,3,3]",
       .nulls = "Nulls before the first element stay unless limitDirection is backward or both.",
       .changes_first = true});
  declare(registry, "moving", Nature::kVector,
          {"tmovingWindowData", "T, X, window, [leftClosed=false]", time_window_rows,
           "The elements that each window of time holds.", "tmovingWindowData(1 2 4, 5 6 7, 2)", "[[5],[5,6],[7]]"});
  declare(registry, "tables", Nature::kWhole,
          {"oneHot", "obj, encodingColumns", one_hot, "A column of 0 and 1 for each value of the columns named, first.",
           "oneHot(table(`a`b`a as s, 1 2 3 as v), `s)", "table{s_a:[1,0,1],s_b:[0,1,0],v:[1,2,3]}"});
}

}  // namespace pelorus::functions
