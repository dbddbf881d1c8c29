#include "exec/operators/range_aggregates.h"

#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "kernels/aggregate.h"
#include "kernels/ranges.h"
#include "kernels/stretches.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::as;

template <class T>
class RangeAggregates {
 public:
  RangeAggregates(const Vector& column, const RowRanges& ranges, WorkerPool* workers)
      : column_(column), values_(column.values<T>()), ranges_(ranges), stretches_(ranges.size(), workers) {}

  std::optional<Shared<Vector>> of(std::string_view function) const;

 private:
  /// work(begin, end, results) for stretches of ranges.
  template <class R, class Work>
  Shared<Vector> filled(Type type, int scale, Work&& work) const {
    Vector out(type, ranges_.size(), scale);
    auto* const results = out.edit<R>().data();
    stretches_.each([&](size_t, size_t begin, size_t end) { work(begin, end, results); });
    return out;
  }
  template <class R, class State>
  Shared<Vector> fold(Type type, int scale, const State& empty) const {
    return filled<R>(type, scale, [&](size_t begin, size_t end, R* results) {
      kernels::RangeFold<State, T> fold(values_.data(), empty);
      for (size_t i = begin; i < end; ++i)
        results[i] = static_cast<R>(fold.over(ranges_.from[i], ranges_.to[i]).result());
    });
  }
  Shared<Vector> total(kernels::RangeTotal total) const;
  Shared<Vector> ends(bool last) const;

  const Vector& column_;
  const std::span<const T> values_;
  const RowRanges& ranges_;
  const kernels::Stretches stretches_;
};

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
Shared<Vector> RangeAggregates<T>::ends(bool last) const {
  return filled<T>(column_.type(), column_.scale(), [&](size_t begin, size_t end, T* results) {
    for (size_t i = begin; i < end; ++i) {
      const bool empty = ranges_.from[i] >= ranges_.to[i];
      results[i] = empty ? types::kNull<T> : values_[static_cast<size_t>(last ? ranges_.to[i] - 1 : ranges_.from[i])];
    }
  });
}

template <class T>
Shared<Vector> RangeAggregates<T>::total(kernels::RangeTotal total) const {
  return filled<double>(Type::kDouble, 0, [&](size_t begin, size_t end, double* results) {
    const auto some = [&](const std::vector<int64_t>& places) { return std::span(places).subspan(begin, end - begin); };
    kernels::total_ranges(values_, some(ranges_.from), some(ranges_.to), total, results + begin);
  });
}

template <class T>
std::optional<Shared<Vector>> RangeAggregates<T>::of(std::string_view function) const {
  if (function == "first" || function == "last") return ends(function == "last");
  if (function == "count") return fold<int32_t>(Type::kInt, 0, Count<T>{});
  if (function == "max" || function == "min")
    return fold<T>(column_.type(), column_.scale(), Extreme<T>{.greatest = function == "max"});
  if (!types::is_floating(column_.type()) && !types::is_integral(column_.type())) return std::nullopt;
  if constexpr (std::is_same_v<T, double>) {
    if (function == "avg") return total(kernels::RangeTotal::kAverage);
    if (function == "sum") return total(kernels::RangeTotal::kSum);
  }
  if (function == "avg") return fold<double>(Type::kDouble, 0, kernels::Average());
  if (function != "sum") return std::nullopt;
  if constexpr (std::is_floating_point_v<T>)
    return fold<double>(Type::kDouble, 0, kernels::Sum());
  else
    return fold<int64_t>(Type::kLong, 0, kernels::SumWhole());
}

}  // namespace

std::optional<Shared<Vector>> aggregate_ranges(std::string_view function, const Vector& values, const RowRanges& ranges,
                                               WorkerPool* workers) {
  if (values.is_array() || !types::is_fixed(values.repr()) || values.type() == Type::kSymbol) return std::nullopt;
  return types::visit_fixed(values.repr(), [&]<class T>() -> std::optional<Shared<Vector>> {
    if constexpr (std::is_arithmetic_v<T>)
      return RangeAggregates<T>(values, ranges, workers).of(function);
    else
      return std::nullopt;
  });
}

namespace {

std::optional<Shared<Vector>> plain_aggregate(const syntax::Expr& expr, RowScope& rows, const RowRanges& ranges,
                                              WorkerPool* workers) {
  const auto* call = as<syntax::Call>(expr);
  const auto* function = call ? as<syntax::Name>(call->function) : nullptr;
  if (!function || call->arguments.size() != 1 || !call->arguments[0].value) return std::nullopt;
  const auto* column = as<syntax::Name>(call->arguments[0].value);
  if (!column) return std::nullopt;
  const auto value = rows.find(column->name);
  if (!value) return std::nullopt;
  return aggregate_ranges(function->name, value->vector(), ranges, workers);
}

/// The rows of one window as names.
class WindowScope final : public Scope {
 public:
  explicit WindowScope(RowScope& rows) : Scope(rows.outer()), rows_(rows) {}
  void enter(int64_t from, int64_t to) {
    from_ = static_cast<size_t>(from);
    size_ = static_cast<size_t>(to - from);
  }
  std::optional<Value> find(std::string_view name) override { return slice(rows_.find(name)); }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return slice(rows_.find_qualified(qualifier, name));
  }
  std::optional<Value> find_computed(const syntax::Expr& node) override {
    if (!plan::is_count_of_rows(node)) return std::nullopt;
    return Value::of_int(static_cast<int32_t>(size_));
  }

 private:
  std::optional<Value> slice(const std::optional<Value>& column) const {
    if (!column) return std::nullopt;
    return Value(column->vector().slice(from_, size_));
  }
  RowScope& rows_;
  size_t from_ = 0;
  size_t size_ = 0;
};

}  // namespace

Shared<Vector> aggregate_windows(const syntax::Expr& expr, RowScope& rows, const RowRanges& ranges,
                                 Evaluator& evaluator) {
  if (auto plain = plain_aggregate(expr, rows, ranges, evaluator.workers())) return *plain;
  WindowScope scope(rows);
  std::vector<Value> results;
  results.reserve(ranges.from.size());
  for (size_t i = 0; i < ranges.from.size(); ++i) {
    scope.enter(ranges.from[i], ranges.to[i]);
    results.push_back(evaluator.evaluate(expr, &scope));
    if (i % 4096 == 0) check_cancelled(evaluator);
  }
  return vector_of_scalars(results);
}

}  // namespace pelorus::exec
