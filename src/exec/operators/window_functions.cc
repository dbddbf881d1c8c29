#include "exec/operators/window_functions.h"

#include <algorithm>
#include <array>

#include "base/script_error.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/grouped_evaluation.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/order_result.h"
#include "exec/operators/range_aggregates.h"
#include "exec/operators/window_join.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Buffer;
using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::FrameBound;
using syntax::Over;

/// Rows sorted by partition and order keys. Places count in that order.
struct Layout {
  RowNumbers order;            // row at each place
  std::vector<int64_t> begin;  // of the partition, by place
  std::vector<int64_t> end;
  std::vector<int64_t> peer_begin;  // rows with equal order keys
  std::vector<int64_t> peer_end;
  size_t size() const { return order.size(); }
};

std::vector<OrderColumn> order_columns(const Over& over, RowScope& rows, Evaluator& evaluator) {
  std::vector<OrderColumn> columns;
  for (const auto& key : over.order) {
    const Value value = evaluator.evaluate(*key.key, &rows);
    if (value.is_vector()) columns.push_back({value.vector_shared(), key.descending, is_nulls_last(key)});
  }
  return columns;
}

/// Ends of runs of equal numbers.
void mark_runs(const std::vector<uint32_t>& numbers, std::vector<int64_t>& begin, std::vector<int64_t>& end) {
  const size_t size = numbers.size();
  begin.resize(size);
  end.resize(size);
  for (size_t i = 0; i < size;) {
    size_t stop = i;
    while (stop < size && numbers[stop] == numbers[i]) ++stop;
    for (size_t k = i; k < stop; ++k) {
      begin[k] = static_cast<int64_t>(i);
      end[k] = static_cast<int64_t>(stop);
    }
    i = stop;
  }
}

Layout layout_of(const Over& over, RowScope& rows, Evaluator& evaluator) {
  std::vector<Shared<Vector>> partition;
  for (const auto& key : over.partition) {
    const Value value = evaluator.evaluate(*key, &rows);
    if (value.is_vector()) partition.push_back(value.vector_shared());
  }
  const auto groups = group_by_columns(partition, rows.rows(), "partition by", evaluator.workers());
  auto order_by = order_columns(over, rows, evaluator);
  std::vector<Shared<Vector>> keys;
  for (const auto& column : order_by) keys.push_back(column.values);
  Buffer<int64_t> numbers(groups.of_row.begin(), groups.of_row.end());
  order_by.insert(order_by.begin(),
                  OrderColumn{Shared<Vector>(Vector::adopt<int64_t>(Type::kLong, std::move(numbers)))});
  Layout out;
  out.order = order_rows(order_by, rows.rows());
  keys.push_back(order_by[0].values);
  const auto peers = group_by_columns(keys, rows.rows(), "order by", evaluator.workers());
  std::vector<uint32_t> group_at, peer_at;
  for (const auto row : out.order) {
    group_at.push_back(groups.of_row[static_cast<size_t>(row)]);
    peer_at.push_back(peers.of_row[static_cast<size_t>(row)]);
  }
  mark_runs(group_at, out.begin, out.end);
  mark_runs(peer_at, out.peer_begin, out.peer_end);
  return out;
}

int64_t distance_of(const FrameBound& bound, Type unit, Evaluator& evaluator, Scope* constants) {
  const Value value = evaluator.evaluate(*bound.distance, constants);
  if (value.is_scalar() && value.type() == Type::kDuration)
    return units_of(value.scalar().get<types::Duration>(), unit);
  if (!value.is_scalar() || !types::is_integral(value.type()) || value.is_null() || value.scalar().as_int64() < 0) {
    throw ScriptError("The distance of a frame bound must be a non-negative integer or a duration.");
  }
  return value.scalar().as_int64();
}

/// The signed offset of a bound from the current row.
int64_t offset_of(const FrameBound& bound, Type unit, Evaluator& evaluator, Scope* constants) {
  switch (bound.kind) {
    case FrameBound::Kind::kPreceding: return -distance_of(bound, unit, evaluator, constants);
    case FrameBound::Kind::kFollowing: return distance_of(bound, unit, evaluator, constants);
    default: return 0;
  }
}

RowRanges row_frames(const Over& over, const Layout& layout, Evaluator& evaluator, Scope* constants) {
  const int64_t from = offset_of(over.from, Type::kInt, evaluator, constants);
  const int64_t to = offset_of(over.to, Type::kInt, evaluator, constants);
  RowRanges frames;
  for (size_t i = 0; i < layout.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    const int64_t begin = over.from.kind == FrameBound::Kind::kUnboundedPreceding ? layout.begin[i] : place + from;
    const int64_t end = over.to.kind == FrameBound::Kind::kUnboundedFollowing ? layout.end[i] : place + to + 1;
    frames.from.push_back(std::clamp(begin, layout.begin[i], layout.end[i]));
    frames.to.push_back(std::clamp(end, frames.from.back(), layout.end[i]));
  }
  return frames;
}

/// Order keys as ascending numbers at each place.
std::vector<int64_t> moments_of(const Over& over, const Layout& layout, RowScope& rows, Evaluator& evaluator,
                                Type* unit) {
  if (over.order.size() != 1) throw ScriptError("A range frame needs exactly one order by key.");
  const Value value = evaluator.evaluate(*over.order[0].key, &rows);
  *unit = value.type();
  if (!value.is_vector() || (!types::is_temporal(*unit) && !types::is_integral(*unit))) {
    throw ScriptError("The order by key of a range frame must be integral or temporal.");
  }
  std::vector<int64_t> out;
  for (const auto row : layout.order) {
    const int64_t moment = value.vector().scalar_at(static_cast<size_t>(row)).as_int64();
    out.push_back(over.order[0].descending && !types::is_null(moment) ? -moment : moment);
  }
  return out;
}

RowRanges range_frames(const Over& over, const Layout& layout, RowScope& rows, Evaluator& evaluator) {
  const auto is_distance = [](const FrameBound& bound) {
    return bound.kind == FrameBound::Kind::kPreceding || bound.kind == FrameBound::Kind::kFollowing;
  };
  Type unit = Type::kInt;
  std::vector<int64_t> moments;
  if (is_distance(over.from) || is_distance(over.to)) moments = moments_of(over, layout, rows, evaluator, &unit);
  const int64_t from = offset_of(over.from, unit, evaluator, rows.constants());
  const int64_t to = offset_of(over.to, unit, evaluator, rows.constants());
  RowRanges frames;
  for (size_t i = 0; i < layout.size(); ++i) {
    int64_t begin = layout.begin[i], end = layout.end[i];
    if (is_distance(over.from)) {
      begin = std::lower_bound(moments.begin() + begin, moments.begin() + end, moments[i] + from) - moments.begin();
    } else if (over.from.kind == FrameBound::Kind::kCurrentRow) {
      begin = layout.peer_begin[i];
    }
    if (is_distance(over.to)) {
      end =
          std::upper_bound(moments.begin() + layout.begin[i], moments.begin() + end, moments[i] + to) - moments.begin();
    } else if (over.to.kind == FrameBound::Kind::kCurrentRow) {
      end = layout.peer_end[i];
    }
    frames.from.push_back(begin);
    frames.to.push_back(std::max(begin, end));
  }
  return frames;
}

RowRanges frames_of(const Over& over, const Layout& layout, RowScope& rows, Evaluator& evaluator) {
  if (!over.has_frame && over.order.empty()) return {layout.begin, layout.end};
  if (over.has_frame && over.unit == syntax::FrameUnit::kRows)
    return row_frames(over, layout, evaluator, rows.constants());
  return range_frames(over, layout, rows, evaluator);
}

using Ranking = double (*)(const Layout&, size_t place);
struct RankingRow {
  std::string_view name;
  Type type;
  Ranking run;
};

double partition_rows(const Layout& l, size_t i) { return static_cast<double>(l.end[i] - l.begin[i]); }

constexpr std::array kRankings{
    RankingRow{"row_number", Type::kInt,
               [](const Layout& l, size_t i) { return static_cast<double>(static_cast<int64_t>(i) - l.begin[i] + 1); }},
    RankingRow{"rank", Type::kInt,
               [](const Layout& l, size_t i) { return static_cast<double>(l.peer_begin[i] - l.begin[i] + 1); }},
    RankingRow{"percent_rank", Type::kDouble,
               [](const Layout& l, size_t i) {
                 const double rows = partition_rows(l, i);
                 return rows <= 1 ? 0.0 : static_cast<double>(l.peer_begin[i] - l.begin[i]) / (rows - 1);
               }},
    RankingRow{"cume_dist", Type::kDouble,
               [](const Layout& l, size_t i) {
                 return static_cast<double>(l.peer_end[i] - l.begin[i]) / partition_rows(l, i);
               }},
};

Vector numbers(Type type, const Layout& layout, const std::function<double(size_t)>& at) {
  Vector out(type, layout.size());
  for (size_t i = 0; i < layout.size(); ++i) {
    if (type == Type::kInt)
      out.edit<int32_t>()[i] = static_cast<int32_t>(at(i));
    else
      out.edit<double>()[i] = at(i);
  }
  return out;
}

Vector dense_ranks(const Layout& layout) {
  int32_t rank = 0;
  return numbers(Type::kInt, layout, [&](size_t i) {
    if (layout.begin[i] == static_cast<int64_t>(i))
      rank = 1;
    else if (layout.peer_begin[i] == static_cast<int64_t>(i))
      ++rank;
    return rank;
  });
}

/// Buckets as equal as possible, the first ones larger.
Vector tiles(const Layout& layout, int64_t count) {
  if (count <= 0) throw ScriptError("The number of buckets of ntile must be positive.");
  return numbers(Type::kInt, layout, [&](size_t i) {
    const int64_t rows = layout.end[i] - layout.begin[i], at = static_cast<int64_t>(i) - layout.begin[i];
    const int64_t size = rows / count, larger = rows % count;
    if (at < larger * (size + 1)) return static_cast<double>(at / (size + 1) + 1);
    return static_cast<double>(larger + (at - larger * (size + 1)) / std::max<int64_t>(size, 1) + 1);
  });
}

/// One over() being computed. Arguments are columns in place order, or constants.
class WindowCall {
 public:
  WindowCall(const Over& over, RowScope& rows, Evaluator& evaluator)
      : over_(over), rows_(rows), evaluator_(evaluator), layout_(layout_of(over, rows, evaluator)) {
    for (const auto& argument : over.arguments) {
      if (!argument.value || argument.value->kind == syntax::ExprKind::kStar) {
        arguments_.push_back(Value::missing());
        continue;
      }
      Value value = evaluator.evaluate(*argument.value, &rows);
      const bool is_column = value.is_vector() && value.vector().size() == layout_.size();
      arguments_.push_back(is_column ? Value(value.vector().take(layout_.order)) : std::move(value));
    }
  }

  Value run() {
    Vector at_place = compute();
    RowNumbers back(layout_.size());
    for (size_t i = 0; i < back.size(); ++i) back[static_cast<size_t>(layout_.order[i])] = static_cast<int64_t>(i);
    return Value(at_place.take(back));
  }

 private:
  Vector compute() {
    const auto& name = over_.function;
    for (const auto& row : kRankings) {
      if (row.name == name) return numbers(row.type, layout_, [&](size_t i) { return row.run(layout_, i); });
    }
    if (name == "dense_rank") return dense_ranks(layout_);
    if (name == "ntile") return tiles(layout_, integer(0, 1));
    if (name == "lead") return shifted(integer(1, 1));
    if (name == "lag") return shifted(-integer(1, 1));
    const auto frames = frames_of(over_, layout_, rows_, evaluator_);
    if (name == "nth_value") return nth(frames, integer(1, 1));
    if (name == "count" && arguments_.size() == 1 && arguments_[0].is_missing()) {
      return numbers(Type::kInt, layout_, [&](size_t i) { return static_cast<double>(frames.to[i] - frames.from[i]); });
    }
    const std::string function = name == "first_value" ? "first" : name == "last_value" ? "last" : name;
    if (arguments_.size() == 1 && arguments_[0].is_vector()) {
      if (auto plain = aggregate_ranges(function, arguments_[0].vector(), frames, evaluator_.workers())) return **plain;
    }
    return call_by_frame(function, frames);
  }

  const Vector& column() const {
    if (arguments_.empty() || !arguments_[0].is_vector())
      throw ScriptError("The first argument of " + over_.function + " must be a column.");
    return arguments_[0].vector();
  }

  int64_t integer(size_t at, int64_t otherwise) const {
    if (at >= arguments_.size() || arguments_[at].is_missing()) return otherwise;
    const auto& value = arguments_[at];
    if (!value.is_scalar() || !types::is_integral(value.type()))
      throw ScriptError("An argument of " + over_.function + " must be an integer.");
    return value.scalar().as_int64();
  }

  Vector shifted(int64_t offset) const {
    RowNumbers from(layout_.size());
    std::vector<size_t> outside;
    for (size_t i = 0; i < from.size(); ++i) {
      const int64_t place = static_cast<int64_t>(i) + offset;
      const bool inside = place >= layout_.begin[i] && place < layout_.end[i];
      from[i] = inside ? place : -1;
      if (!inside) outside.push_back(i);
    }
    Vector out = column().take(from);
    if (arguments_.size() > 2 && !arguments_[2].is_null()) {
      for (const auto i : outside) {
        if (!out.set(i, arguments_[2]))
          throw ScriptError("The default of " + over_.function + " does not fit the column's type.");
      }
    }
    return out;
  }

  Vector nth(const RowRanges& frames, int64_t n) const {
    RowNumbers from(layout_.size());
    for (size_t i = 0; i < from.size(); ++i) {
      const int64_t place = frames.from[i] + n - 1;
      from[i] = n > 0 && place < frames.to[i] ? place : -1;
    }
    return column().take(from);
  }

  Vector call_by_frame(const std::string& function, const RowRanges& frames) {
    const auto callee = evaluator_.context().find_function(function);
    if (!callee) throw ScriptError("Can't recognize function name " + function);
    std::vector<Value> results;
    for (size_t i = 0; i < layout_.size(); ++i) {
      if (i > 0 && frames.from[i] == frames.from[i - 1] && frames.to[i] == frames.to[i - 1]) {
        results.push_back(results.back());
        continue;
      }
      if (i % 1024 == 0) check_cancelled(evaluator_);
      std::vector<Value> parts;
      for (const auto& argument : arguments_) {
        const bool is_column = argument.is_vector() && argument.vector().size() == layout_.size();
        parts.push_back(is_column ? Value(argument.vector().slice(static_cast<size_t>(frames.from[i]),
                                                                  static_cast<size_t>(frames.to[i] - frames.from[i])))
                                  : argument);
      }
      results.push_back(evaluator_.context().call(*callee, std::span<Value>(parts)));
    }
    return *vector_of_scalars(results);
  }

  const Over& over_;
  RowScope& rows_;
  Evaluator& evaluator_;
  const Layout layout_;
  std::vector<Value> arguments_;
};

}  // namespace

void compute_window_functions(const syntax::Expr& expr, RowScope& rows, Evaluator& evaluator) {
  plan::for_each_child(expr, [&](const syntax::Expr& child) { compute_window_functions(child, rows, evaluator); });
  if (const auto* over = syntax::as<Over>(expr)) rows.put_computed(expr, WindowCall(*over, rows, evaluator).run());
}

}  // namespace pelorus::exec
