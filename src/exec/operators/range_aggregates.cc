#include "exec/operators/range_aggregates.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;

/// Feeds each range to a state with clear(), add(value), result().
template <class R, class State, class T>
Shared<Vector> fold(std::span<const T> values, const RowRanges& ranges, Type type, int scale, State state) {
  Vector out(type, ranges.size(), scale);
  auto& results = out.edit<R>();
  int64_t from = 0, to = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges.from[i] != from || ranges.to[i] < to) {
      state.clear();
      from = to = ranges.from[i];
    }
    for (; to < ranges.to[i]; ++to) {
      const T value = values[static_cast<size_t>(to)];
      if (!types::is_null(value)) state.add(value);
    }
    results[i] = static_cast<R>(state.result());
  }
  return out;
}

template <class T, class S>
struct Sum {
  S sum = 0;
  int64_t count = 0;
  void clear() { sum = 0, count = 0; }
  void add(T value) { sum += static_cast<S>(value), ++count; }
  S result() const { return count == 0 ? types::kNull<S> : sum; }
};

template <class T>
struct Average : Sum<T, double> {
  double result() const {
    return this->count == 0 ? types::kNull<double> : this->sum / static_cast<double>(this->count);
  }
};

template <class T>
struct Count {
  int32_t count = 0;
  void clear() { count = 0; }
  void add(T) { ++count; }
  int32_t result() const { return count; }
};

template <class T>
struct Extreme {
  bool greatest = true;
  T best = types::kNull<T>;
  void clear() { best = types::kNull<T>; }
  void add(T value) {
    if (types::is_null(best) || (greatest ? value > best : value < best)) best = value;
  }
  T result() const { return best; }
};

template <class T>
Shared<Vector> ends(std::span<const T> values, const RowRanges& ranges, const Vector& like, bool last) {
  Vector out(like.type(), ranges.size(), like.scale());
  auto& results = out.edit<T>();
  for (size_t i = 0; i < ranges.size(); ++i) {
    const bool empty = ranges.from[i] >= ranges.to[i];
    results[i] = empty ? types::kNull<T> : values[static_cast<size_t>(last ? ranges.to[i] - 1 : ranges.from[i])];
  }
  return out;
}

template <class T>
std::optional<Shared<Vector>> aggregate(std::string_view function, const Vector& column, const RowRanges& ranges) {
  const auto values = column.values<T>();
  if (function == "first" || function == "last") return ends<T>(values, ranges, column, function == "last");
  if (function == "count") return fold<int32_t>(values, ranges, Type::kInt, 0, Count<T>{});
  if (function == "max" || function == "min") {
    return fold<T>(values, ranges, column.type(), column.scale(), Extreme<T>{.greatest = function == "max"});
  }
  if (!types::is_floating(column.type()) && !types::is_integral(column.type())) return std::nullopt;
  if (function == "avg") return fold<double>(values, ranges, Type::kDouble, 0, Average<T>{});
  if (function != "sum") return std::nullopt;
  using S = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
  return fold<S>(values, ranges, std::is_floating_point_v<T> ? Type::kDouble : Type::kLong, 0, Sum<T, S>{});
}

}  // namespace

std::optional<Shared<Vector>> aggregate_ranges(std::string_view function, const Vector& values,
                                               const RowRanges& ranges) {
  if (values.is_array() || !types::is_fixed(values.repr()) || values.type() == Type::kSymbol) return std::nullopt;
  return types::visit_fixed(values.repr(), [&]<class T>() -> std::optional<Shared<Vector>> {
    if constexpr (std::is_arithmetic_v<T>)
      return aggregate<T>(function, values, ranges);
    else
      return std::nullopt;
  });
}

}  // namespace pelorus::exec
