#include "exec/operators/range_aggregates.h"

#include "kernels/aggregate.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;

/// Feeds each range to a state with add(value), result() and perhaps remove(value). A range that goes on from the one
/// before it takes what is new, and gives up what is gone where that is less work than to begin again.
template <class R, class State, class T>
Shared<Vector> fold(std::span<const T> values, const RowRanges& ranges, Type type, int scale, const State& empty) {
  Vector out(type, ranges.size(), scale);
  auto& results = out.edit<R>();
  State state = empty;
  int64_t from = 0, to = 0;
  const auto each = [&](int64_t& at, int64_t end, auto&& take) {
    for (; at < end; ++at) {
      const T value = values[static_cast<size_t>(at)];
      if (!types::is_null(value)) take(value);
    }
  };
  for (size_t i = 0; i < ranges.size(); ++i) {
    const int64_t first = ranges.from[i], end = ranges.to[i];
    if constexpr (requires(State s, T value) { s.remove(value); }) {
      if (first > from && first <= to && end >= to && first - from < end - first)
        each(from, first, [&](T value) { state.remove(value); });
    }
    if (first != from || end < to) {
      state = empty;
      from = to = first;
    }
    each(to, end, [&](T value) { state.add(value); });
    results[i] = static_cast<R>(state.result());
  }
  return out;
}

template <class T>
struct Count {
  int32_t count = 0;
  void add(T) { ++count; }
  void remove(T) { --count; }
  int32_t result() const { return count; }
};

template <class T>
struct Extreme {
  bool greatest = true;
  T best = types::kNull<T>;
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
  if (function == "avg") return fold<double>(values, ranges, Type::kDouble, 0, kernels::Average());
  if (function != "sum") return std::nullopt;
  if constexpr (std::is_floating_point_v<T>)
    return fold<double>(values, ranges, Type::kDouble, 0, kernels::Sum());
  else
    return fold<int64_t>(values, ranges, Type::kLong, 0, kernels::SumWhole());
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
