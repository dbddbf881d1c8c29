#include "exec/operators/window_join.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/column_names.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/join_relations.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/range_aggregates.h"
#include "exec/operators/select_items.h"
#include "exec/user_function.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Buffer;
using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::as;

/// Places [from, to) in the right rows ordered by key and moment, one range per left row.
struct Ranges : RowRanges {
  RowNumbers right_order;
};

int64_t bound_in_units(const Value& bound, Type moment) {
  if (bound.is_scalar() && bound.type() == Type::kDuration)
    return units_of(bound.scalar().get<types::Duration>(), moment);
  if (!bound.is_scalar() || !types::is_integral(bound.type())) {
    throw ScriptError("The window of a window join must be a pair of integers or durations.");
  }
  return bound.scalar().as_int64();
}

Shared<Vector> as_longs(const Shared<Vector>& moments) {
  const Type type = moments->type();
  if (!types::is_temporal(type) && !types::is_integral(type)) {
    throw ScriptError("The last matching column of a window join must be temporal or integral.");
  }
  Vector out(Type::kLong, moments->size());
  auto& longs = out.edit<int64_t>();
  types::visit_fixed(moments->repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      const auto values = moments->values<T>();
      for (size_t i = 0; i < values.size(); ++i)
        longs[i] = types::is_null(values[i]) ? types::kNull<int64_t> : values[i];
    }
  });
  return out;
}

class RangeFinder {
 public:
  RangeFinder(const kernels::MatchedKeys& keys, std::span<const int64_t> left, std::span<const int64_t> right)
      : keys_(keys), left_(left), right_(right), directory_(kernels::gather_groups(keys.right, keys.count)) {
    const auto earlier = [&](int64_t a, int64_t b) {
      return right_[static_cast<size_t>(a)] < right_[static_cast<size_t>(b)];
    };
    for (size_t g = 0; g < directory_.count(); ++g) {
      const auto begin = directory_.order.begin() + directory_.starts[g],
                 end = directory_.order.begin() + directory_.starts[g + 1];
      if (!std::is_sorted(begin, end, earlier)) std::stable_sort(begin, end, earlier);
    }
  }

  Ranges find(int64_t from, int64_t to, bool prevailing) {
    Ranges ranges;
    ranges.from.resize(left_.size());
    ranges.to.resize(left_.size());
    std::vector<int64_t> previous(directory_.count(), types::kNull<int64_t>);
    const bool since_previous = from == 0 && to == 0 && !prevailing;
    for (size_t i = 0; i < left_.size(); ++i) {
      const uint32_t key = keys_.left[i];
      if (key == kernels::kNoGroup) continue;
      const int64_t moment = left_[i];
      if (since_previous) {
        ranges.from[i] =
            previous[key] == types::kNull<int64_t> ? directory_.starts[key] : first_not_before(key, previous[key]);
        ranges.to[i] = first_not_before(key, moment);
        previous[key] = moment;
      } else {
        ranges.from[i] = prevailing ? prevailing_at(key, moment + from) : first_not_before(key, moment + from);
        ranges.to[i] = first_after(key, moment + to);
      }
      ranges.to[i] = std::max(ranges.to[i], ranges.from[i]);
    }
    ranges.right_order = directory_.order;
    return ranges;
  }

 private:
  int64_t moment_at(int64_t place) const {
    return right_[static_cast<size_t>(directory_.order[static_cast<size_t>(place)])];
  }
  template <class Before>
  int64_t search(uint32_t key, Before before) const {
    int64_t low = directory_.starts[key], high = directory_.starts[key + 1];
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (before(moment_at(middle)))
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
  int64_t first_not_before(uint32_t key, int64_t moment) const {
    return search(key, [moment](int64_t at) { return at < moment; });
  }
  int64_t first_after(uint32_t key, int64_t moment) const {
    return search(key, [moment](int64_t at) { return at <= moment; });
  }
  int64_t prevailing_at(uint32_t key, int64_t moment) const {
    return std::max(first_after(key, moment) - 1, directory_.starts[key]);
  }

  const kernels::MatchedKeys& keys_;
  std::span<const int64_t> left_;
  std::span<const int64_t> right_;
  kernels::GroupDirectory directory_;
};

std::optional<Shared<Vector>> plain_aggregate(const syntax::Expr& expr, RowScope& right, const Ranges& ranges) {
  const auto* call = as<syntax::Call>(expr);
  const auto* function = call ? as<syntax::Name>(call->function) : nullptr;
  if (!function || call->arguments.size() != 1 || !call->arguments[0].value) return std::nullopt;
  const auto* column = as<syntax::Name>(call->arguments[0].value);
  if (!column) return std::nullopt;
  const auto value = right.find(column->name);
  if (!value) return std::nullopt;
  return aggregate_ranges(function->name, value->vector(), ranges);
}

/// The right rows of one window as names.
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

Shared<Vector> aggregate_windows(const syntax::Expr& expr, RowScope& right, const Ranges& ranges,
                                 Evaluator& evaluator) {
  if (auto plain = plain_aggregate(expr, right, ranges)) return *plain;
  WindowScope scope(right);
  std::vector<Value> results;
  results.reserve(ranges.from.size());
  for (size_t i = 0; i < ranges.from.size(); ++i) {
    scope.enter(ranges.from[i], ranges.to[i]);
    results.push_back(evaluator.evaluate(expr, &scope));
    if (i % 4096 == 0) check_cancelled(evaluator);
  }
  return vector_of_scalars(results);
}

kernels::MatchedKeys match_leading(Relation& left, Relation& right, JoinKeys keys) {
  keys.left.pop_back();
  keys.right.pop_back();
  kernels::MatchedKeys matched;
  if (keys.left.empty()) {
    matched.left.assign(left.rows, 0);
    matched.right.assign(right.rows, 0);
    matched.count = 1;
    return matched;
  }
  std::vector<Shared<Vector>> l, r;
  for (const auto c : keys.left) l.push_back(left.gather(c, nullptr));
  for (const auto c : keys.right) r.push_back(right.gather(c, nullptr));
  return match_key_columns(l, r, true);
}

}  // namespace

void WindowJoin::set_window(const Value& pair) {
  if (pair.is_pair()) {
    from = pair.pair().elements.at(0);
    to = pair.pair().elements.at(1);
  } else if (pair.is_vector() && pair.vector().size() == 2) {
    from = pair.vector().at(0);
    to = pair.vector().at(1);
  } else {
    throw ScriptError("The window of a window join must be a pair.");
  }
}

Relation window_join(Relation left, Relation right, const WindowJoin& options, Evaluator& evaluator, Scope* outer) {
  const auto keys = resolve_keys(left, right, options.left_keys, options.right_keys);
  auto matched = match_leading(left, right, keys);
  kernels::forget_unmatched(matched);
  const auto [left_moments, right_moments] =
      same_type(left.gather(keys.left.back(), nullptr), right.gather(keys.right.back(), nullptr));
  const auto left_longs = as_longs(left_moments), right_longs = as_longs(right_moments);
  RangeFinder finder(matched, left_longs->values<int64_t>(), right_longs->values<int64_t>());
  const Type unit = left_moments->type();
  const auto ranges =
      finder.find(bound_in_units(options.from, unit), bound_in_units(options.to, unit), options.prevailing);
  RowScope rows(std::move(right), outer);
  rows.share_work(evaluator.workers());
  rows.pick(ranges.right_order);
  for (const auto& item : expand_items(options.aggregates, rows, evaluator)) {
    RelationColumn column;
    column.name = column.own_name = item.names.at(0);
    column.values = aggregate_windows(*item.expr, rows, ranges, evaluator);
    for (int suffix = 1; left.find(column.name) >= 0; ++suffix)
      column.name = item.names[0] + "_" + std::to_string(suffix);
    left.columns.push_back(std::move(column));
  }
  return left;
}

namespace {

/// The code's expression with the locals it captured put in by value.
syntax::ExprRef self_contained(const CodeValue& code) {
  const auto& captured = code.captured();
  return plan::rewrite(code.body(), [&](const syntax::ExprRef& node) -> syntax::ExprRef {
    const auto* name = as<syntax::Name>(*node);
    if (!name || name->slot < 0) return nullptr;
    const auto found =
        std::find_if(captured.begin(), captured.end(), [&](const auto& c) { return c.slot == name->slot; });
    return found == captured.end() ? nullptr : HeldValue::node(found->value);
  });
}

}  // namespace

std::vector<syntax::ExprRef> code_bodies(const Value& code) {
  std::vector<syntax::ExprRef> bodies;
  const auto add = [&](const Value& part) {
    const auto* body = part.is_code() ? dynamic_cast<const CodeValue*>(part.code().get()) : nullptr;
    if (!body) throw ScriptError("A piece of code expected, as in <[sum(x), avg(y)]>");
    bodies.push_back(self_contained(*body));
  };
  if (!code.is_tuple()) {
    add(code);
    return bodies;
  }
  for (const auto& part : code.vector().values_any()) add(part);
  return bodies;
}

}  // namespace pelorus::exec
