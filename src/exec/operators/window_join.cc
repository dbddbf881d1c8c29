#include "exec/operators/window_join.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/column_names.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/join_relations.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/range_aggregates.h"
#include "exec/operators/select_items.h"
#include "exec/operators/take_rows.h"
#include "exec/user_function.h"
#include "kernels/ranges.h"
#include "kernels/stretches.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Buffer;
using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::as;

int64_t bound_in_units(const Value& bound, Type moment) {
  if (bound.is_scalar() && bound.type() == Type::kDuration)
    return units_of(bound.scalar().get<types::Duration>(), moment);
  if (!bound.is_scalar() || !types::is_integral(bound.type())) {
    throw ScriptError("The window of a window join must be a pair of integers or durations.");
  }
  return bound.scalar().as_int64();
}

/// As a column of 64-bit numbers; the one given, where it is such a column.
Shared<Vector> as_longs(const Shared<Vector>& moments) {
  const Type type = moments->type();
  if (!types::is_temporal(type) && !types::is_integral(type)) {
    throw ScriptError("The last matching column of a window join must be temporal or integral.");
  }
  if (moments->repr() == types::Repr::kI64 && !moments->is_array()) return moments;
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

/// For each left row a range of the right rows, which it puts in order by key and moment. Null moments have empty ones.
class RangeFinder {
 public:
  RangeFinder(const kernels::MatchedKeys& keys, std::span<const int64_t> left, std::span<const int64_t> right,
              WorkerPool* workers)
      : keys_(keys),
        left_(left),
        workers_(workers),
        directory_(kernels::wanted_rows(keys, workers)),
        moments_(directory_.order.size()) {
    const auto moment_of = [&](int64_t row) { return right[static_cast<size_t>(row)]; };
    const auto note_moments = [&](size_t from, size_t to) {
      for (size_t place = from; place < to; ++place) moments_[place] = moment_of(directory_.order[place]);
    };
    share_range(workers, moments_.size(), note_moments);
    for (size_t g = 0; g < directory_.count(); ++g) {
      const auto begin = directory_.starts[g], end = directory_.starts[g + 1];
      if (ascend(begin, end)) continue;
      std::stable_sort(directory_.order.begin() + begin, directory_.order.begin() + end,
                       [&](int64_t a, int64_t b) { return moment_of(a) < moment_of(b); });
      note_moments(static_cast<size_t>(begin), static_cast<size_t>(end));
    }
  }

  /// Windows [moment + from, moment + to].
  RowRanges find(int64_t from, int64_t to, bool prevailing) {
    auto ranges = of_left();
    kernels::Stretches(left_.size(), workers_).each([&](size_t, size_t begin, size_t end) {
      look_for(prevailing ? after(from) : from, begin, end, ranges.from);
      look_for(after(to), begin, end, ranges.to);
      for (size_t i = begin; i < end; ++i) {
        if (prevailing && keys_.left[i] != kernels::kNoGroup && !types::is_null(left_[i]))
          ranges.from[i] = std::max(ranges.from[i] - 1, directory_.starts[keys_.left[i]]);
        ranges.to[i] = std::max(ranges.to[i], ranges.from[i]);
      }
    });
    return ranges;
  }

  /// Windows that begin where the one of the left row before, of the same key, ends: moments at or after that row's, up
  /// to before this one's.
  RowRanges find_since_previous() {
    auto ranges = of_left();
    look_for(0, 0, left_.size(), ranges.to);
    std::vector<int64_t> places(directory_.starts);
    for (size_t i = 0; i < left_.size(); ++i) {
      const uint32_t key = keys_.left[i];
      if (key == kernels::kNoGroup || types::is_null(left_[i])) continue;
      ranges.from[i] = std::exchange(places[key], ranges.to[i]);
      ranges.to[i] = std::max(ranges.to[i], ranges.from[i]);
    }
    return ranges;
  }

  /// The places that ranges are of, as rows of the right side.
  RowNumbers take_order() { return std::move(directory_.order); }

 private:
  RowRanges of_left() const {
    RowRanges ranges;
    ranges.from.resize(left_.size());
    ranges.to.resize(left_.size());
    return ranges;
  }

  /// One beyond, or as far as numbers go.
  static int64_t after(int64_t shift) { return shift == std::numeric_limits<int64_t>::max() ? shift : shift + 1; }

  /// places[i], of some left rows: the first one of the key's that is not before moment + shift.
  void look_for(int64_t shift, size_t begin, size_t end, std::vector<int64_t>& places) const {
    // Left rows that follow one another look for places close together.
    std::vector<int64_t> near(directory_.starts);
    const auto groups = std::span(keys_.left).subspan(begin, end - begin);
    kernels::find_places({moments_, directory_.starts}, groups, left_.subspan(begin, end - begin), shift, near,
                         places.data() + begin);
  }

  bool ascend(int64_t begin, int64_t end) const {
    const auto all =
        std::span<const int64_t>(moments_).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    std::atomic<bool> so = true;
    kernels::Stretches(all.size(), workers_).each([&](size_t, size_t from, size_t to) {
      from -= from > 0 ? 1 : 0;
      if (!kernels::ascend(all.subspan(from, to - from))) so = false;
    });
    return so;
  }

  const kernels::MatchedKeys& keys_;
  std::span<const int64_t> left_;
  WorkerPool* const workers_;
  kernels::GroupDirectory directory_;
  Buffer<int64_t> moments_;  // by place in the directory
};

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
  std::vector<Shared<Vector>> left_keys, right_keys;
  for (const auto c : keys.left) left_keys.push_back(left.gather(c, nullptr, evaluator.workers()));
  for (const auto c : keys.right) right_keys.push_back(right.gather(c, nullptr, evaluator.workers()));
  const auto [left_moments, right_moments] = same_type(left_keys.back(), right_keys.back());
  left_keys.pop_back();
  right_keys.pop_back();
  auto matched = left_keys.empty() ? kernels::MatchedKeys::all_equal(left.rows, right.rows)
                                   : match_key_columns(left_keys, right_keys, true);
  note_directory(matched, right_keys, evaluator.workers());
  const auto left_longs = as_longs(left_moments), right_longs = as_longs(right_moments);
  RangeFinder finder(matched, left_longs->values<int64_t>(), right_longs->values<int64_t>(), evaluator.workers());
  const Type unit = left_moments->type();
  const auto from = bound_in_units(options.from, unit), to = bound_in_units(options.to, unit);
  const bool since_previous = from == 0 && to == 0 && !options.prevailing;
  const auto ranges = since_previous ? finder.find_since_previous() : finder.find(from, to, options.prevailing);
  RowScope rows(std::move(right), outer);
  rows.share_work(evaluator.workers());
  rows.pick(finder.take_order());
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
