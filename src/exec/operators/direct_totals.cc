#include "exec/operators/direct_totals.h"

#include <algorithm>
#include <numeric>

#include "exec/operators/key_columns.h"
#include "functions/registry.h"
#include "kernels/elementwise.h"
#include "plan/split_aggregates.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using types::Repr;

bool is_measurable(Repr repr) {
  switch (repr) {
    case Repr::kI8:
    case Repr::kI16:
    case Repr::kI32:
    case Repr::kI64:
    case Repr::kF32:
    case Repr::kF64: return true;
    default: return false;
  }
}

bool is_real(const Vector& column) { return types::is_floating(column.type()); }

template <class F>
auto visit_plain(Repr repr, F&& f) {
  switch (repr) {
    case Repr::kI8: return f.template operator()<int8_t>();
    case Repr::kI16: return f.template operator()<int16_t>();
    case Repr::kI32: return f.template operator()<int32_t>();
    case Repr::kF32: return f.template operator()<float>();
    case Repr::kF64: return f.template operator()<double>();
    default: return f.template operator()<int64_t>();
  }
}

const void* data_of(const Vector& column) {
  return visit_plain(column.repr(), [&]<class T>() -> const void* { return column.values<T>().data(); });
}

/// Calls and element-wise operators are looked into; everything else stands in the way.
bool is_transparent(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary: {
      const auto op = as<syntax::Binary>(expr)->op;
      return op != syntax::BinaryOperator::kDot && op != syntax::BinaryOperator::kJoin &&
             op != syntax::BinaryOperator::kSequence && op != syntax::BinaryOperator::kEachAt;
    }
    case ExprKind::kUnary:
    case ExprKind::kComparisonChain:
    case ExprKind::kConditional:
    case ExprKind::kAlias: return true;
    default: return false;
  }
}

}  // namespace

DirectTotals::DirectTotals(RowScope& rows, Evaluator& evaluator, std::span<const KeyValues> keys)
    : rows_(rows), evaluator_(evaluator), keys_(keys) {}

bool DirectTotals::is_key(const Expr& expr) const {
  if (keys_.empty()) return false;
  const auto* name = as<syntax::Name>(expr);
  const std::string text = name ? name->name : syntax::print(expr);
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const auto& key) { return key.text == text || (name && key.name == text); });
}

bool DirectTotals::note(const Expr& expr) {
  if (is_key(expr) || expr.kind == ExprKind::kLiteral) return true;
  if (const auto* name = as<syntax::Name>(expr)) return rows_.find_column(name->name) < 0;
  if (expr.kind == ExprKind::kCall || expr.kind == ExprKind::kMethodCall) return note_call(expr);
  if (!is_transparent(expr)) return false;
  bool all = true;
  plan::for_each_child(expr, [&](const Expr& child) { all = note(child) && all; });
  return all;
}

std::optional<DirectTotals::Wanted> DirectTotals::wanted_of(const Expr& callee) const {
  const auto function = evaluator_.find_function(callee, rows_.constants());
  const auto* builtin = function ? dynamic_cast<const functions::Builtin*>(function->get()) : nullptr;
  if (!builtin) return std::nullopt;
  const auto& name = builtin->function().name;
  if (name == "sum") return Wanted::kSum;
  if (name == "avg") return Wanted::kAverage;
  if (name == "count") return Wanted::kCount;
  if (name == "min") return Wanted::kSmallest;
  if (name == "max") return Wanted::kLargest;
  return std::nullopt;
}

int DirectTotals::column_of(const Expr& argument) const {
  if (const auto* name = as<syntax::Name>(argument)) return rows_.find_column(name->name);
  const auto* member = as<syntax::Member>(argument);
  const auto* object = member ? as<syntax::Name>(member->object) : nullptr;
  return object ? rows_.find_column(object->name, member->name) : -1;
}

bool DirectTotals::note_call(const Expr& expr) {
  if (plan::is_count_of_rows(expr)) {
    calls_.push_back({&expr, Wanted::kRows, 0});
    return true;
  }
  const auto* call = as<syntax::Call>(expr);
  const auto* method = as<syntax::MethodCall>(expr);
  std::vector<const Expr*> arguments;
  if (method) arguments.push_back(method->object.get());
  for (const auto& argument : call ? call->arguments : method->arguments) {
    if (!argument.name.empty() || !argument.value) return false;
    arguments.push_back(argument.value.get());
  }
  const auto& callee = call ? *call->function : *method->function;
  const auto wanted = wanted_of(callee);
  if (wanted) return arguments.size() == 1 && note_aggregate(expr, *wanted, *arguments[0]);
  const auto function = evaluator_.find_function(callee, rows_.constants());
  if (!function || plan::nature_of(*function) != plan::CallNature::kElementwise) return false;
  bool all = true;
  for (const auto* argument : arguments) all = note(*argument) && all;
  return all;
}

bool DirectTotals::note_aggregate(const Expr& expr, Wanted wanted, const Expr& argument) {
  const int column = column_of(argument);
  if (column < 0) return false;
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  const auto measure = static_cast<size_t>(found - columns_.begin());
  const auto values = found == columns_.end() ? rows_.column(static_cast<size_t>(column)) : vectors_[measure];
  const auto type = values->type();
  const bool is_plain =
      !values->is_array() && is_measurable(values->repr()) && type != Type::kSymbol && type != Type::kVoid;
  const bool is_number = types::is_integral(type) || types::is_floating(type);
  if (!is_plain) return false;
  if (wanted == Wanted::kSum && !is_number && type != Type::kBool) return false;
  if (wanted == Wanted::kAverage && !is_number) return false;
  if (found == columns_.end()) {
    columns_.push_back(column);
    vectors_.push_back(values);
    measures_.push_back({.repr = values->repr(), .values = data_of(*values)});
  }
  auto& one = measures_[measure];
  // The average of wide whole numbers must not wrap.
  const bool wide = wanted == Wanted::kAverage && values->repr() == Repr::kI64;
  one.real_sum = one.real_sum || wide;
  one.sum = one.sum || wanted == Wanted::kSum || (wanted == Wanted::kAverage && !wide);
  one.extremes = one.extremes || wanted == Wanted::kSmallest || wanted == Wanted::kLargest;
  calls_.push_back({&expr, wanted, measure});
  return true;
}

std::optional<std::vector<kernels::DirectKey>> DirectTotals::direct_keys() const {
  std::vector<kernels::DirectKey> keys;
  for (const auto& key : keys_) {
    const auto& values = *key.values;
    const bool is_whole = is_measurable(values.repr()) && !is_real(values) && values.type() != Type::kVoid;
    if (values.is_array() || !is_whole) return std::nullopt;
    kernels::DirectKey direct{.repr = values.repr(), .values = data_of(values)};
    if (values.type() == Type::kSymbol) direct.codes = static_cast<uint32_t>(values.symbols().size());
    keys.push_back(direct);
  }
  return keys;
}

bool DirectTotals::run() {
  const auto keys = direct_keys();
  if (!keys) return false;
  totals_ = kernels::total_groups(*keys, measures_, rows_.rows(), evaluator_.workers());
  if (!totals_) return false;
  order_groups();
  return true;
}

/// Codes of symbols say nothing about the order of their texts.
void DirectTotals::order_groups() {
  if (std::none_of(keys_.begin(), keys_.end(), [](const auto& key) { return key.values->type() == Type::kSymbol; }))
    return;
  std::vector<OrderColumn> columns;
  for (size_t k = 0; k < keys_.size(); ++k) columns.push_back({key_values(k)});
  order_ = order_rows(columns, groups());
}

Shared<Vector> DirectTotals::key_values(size_t key) const {
  const auto& places = totals_->keys[key];
  const auto& values = *keys_[key].values;
  if (values.type() == Type::kSymbol) {
    Shared<Vector> texts(
        Vector::of_symbols(values.symbols_shared(), data::Buffer<int32_t>(places.begin(), places.end())));
    return order_.empty() ? texts : Shared<Vector>(texts->take(order_));
  }
  auto out = visit_plain(values.repr(), [&]<class T>() {
    data::Buffer<T> numbers;
    numbers.reserve(places.size());
    for (const auto place : places) {
      numbers.push_back(place == 0 ? types::kNull<T> : static_cast<T>(totals_->low[key] + place - 1));
    }
    return Vector::adopt<T>(values.type(), std::move(numbers), values.scale());
  });
  return order_.empty() ? Shared<Vector>(std::move(out)) : Shared<Vector>(out.take(order_));
}

Shared<Vector> DirectTotals::value_of(const Call& call) const {
  const size_t count = groups();
  const auto by_group = [&]<class T>(Type type, int scale, auto&& value) {
    data::Buffer<T> out(count);
    for (size_t g = 0; g < count; ++g) out[g] = value(g);
    return Shared<Vector>(Vector::adopt<T>(type, std::move(out), scale));
  };
  if (call.wanted == Wanted::kRows) {
    return by_group.operator()<int32_t>(Type::kInt, 0,
                                        [&](size_t g) { return static_cast<int32_t>(totals_->rows[g]); });
  }
  const auto& totals = totals_->measures[call.measure];
  const auto& column = *vectors_[call.measure];
  const auto total = [&](size_t g) {
    return totals.real.empty() ? static_cast<double>(totals.whole[g]) : totals.real[g];
  };
  switch (call.wanted) {
    case Wanted::kCount:
      return by_group.operator()<int32_t>(Type::kInt, 0,
                                          [&](size_t g) { return static_cast<int32_t>(totals.count[g]); });
    case Wanted::kAverage:
      return by_group.operator()<double>(Type::kDouble, 0, [&](size_t g) {
        if (totals.count[g] == 0) return types::kNull<double>;
        return kernels::finite_or_null(total(g) / static_cast<double>(totals.count[g]));
      });
    case Wanted::kSum:
      if (!is_real(column)) {
        return by_group.operator()<int64_t>(
            Type::kLong, 0, [&](size_t g) { return totals.count[g] == 0 ? types::kNull<int64_t> : totals.whole[g]; });
      }
      return by_group.operator()<double>(Type::kDouble, 0, [&](size_t g) {
        return totals.count[g] == 0 ? types::kNull<double> : kernels::finite_or_null(totals.real[g]);
      });
    default: break;
  }
  const bool low = call.wanted == Wanted::kSmallest;
  return visit_plain(column.repr(), [&]<class T>() {
    return by_group.template operator()<T>(column.type(), column.scale(), [&](size_t g) {
      if (totals.count[g] == 0) return types::kNull<T>;
      if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(low ? totals.low_real[g] : totals.high_real[g]);
      else
        return static_cast<T>(low ? totals.low[g] : totals.high[g]);
    });
  });
}

std::vector<std::pair<const Expr*, Shared<Vector>>> DirectTotals::values() const {
  std::vector<std::pair<const Expr*, Shared<Vector>>> out;
  for (const auto& call : calls_) {
    auto value = value_of(call);
    if (!order_.empty()) value = Shared<Vector>(value->take(order_));
    out.emplace_back(call.expr, std::move(value));
  }
  return out;
}

}  // namespace pelorus::exec
