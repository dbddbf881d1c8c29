#include "exec/operators/interval_keys.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/column_names.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/window_join.h"
#include "syntax/print.h"
#include "types/temporal.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::as;

const syntax::Call* interval_call(const syntax::Expr& expr) {
  const auto* call = as<syntax::Call>(expr);
  const auto* name = call ? as<syntax::Name>(call->function) : nullptr;
  return name && name->name == "interval" ? call : nullptr;
}

std::vector<int64_t> longs_of(const Vector& column) {
  std::vector<int64_t> out(column.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = column.scalar_at(i).as_int64();
  return out;
}

Shared<Vector> typed(const std::vector<int64_t>& values, const Vector& like) {
  data::Buffer<int64_t> longs(values.begin(), values.end());
  Vector out(like.type(), values.size());
  types::visit_fixed(out.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      auto& to = out.edit<T>();
      for (size_t i = 0; i < values.size(); ++i)
        to[i] = types::is_null(longs[i]) ? types::kNull<T> : static_cast<T>(longs[i]);
    }
  });
  return out;
}

void compute(const syntax::Call& call, IntervalKeys& out, RowScope& rows, Evaluator& evaluator) {
  if (call.arguments.size() < 3)
    throw ScriptError("Usage: interval(X, duration, fill, [step], [explicitOffset], [closed], [label], [origin]).");
  const Value x = evaluator.evaluate(*call.arguments[0].value, &rows);
  if (!x.is_vector() || (!types::is_temporal(x.type()) && !types::is_integral(x.type()))) {
    throw ScriptError("The first argument of interval must be a temporal or integral column.");
  }
  auto* constants = rows.constants();
  const Value width = window_argument(call, 1, "duration", evaluator, constants);
  out.fill = window_argument(call, 2, "fill", evaluator, constants);
  const Value closed = window_argument(call, 5, "closed", evaluator, constants),
              label = window_argument(call, 6, "label", evaluator, constants);
  out.width = width.is_scalar() && width.type() == Type::kDuration
                  ? units_of(width.scalar().get<types::Duration>(), x.type())
              : width.is_scalar() && !width.is_null() ? width.scalar().as_int64()
                                                      : 0;
  if (out.width <= 0) throw ScriptError("The duration of interval must be positive.");
  auto values = longs_of(x.vector());
  int64_t first = INT64_MAX;
  for (const auto value : values) first = types::is_null(value) ? first : std::min(first, value);
  const Value origin = window_argument(call, 7, "origin", evaluator, constants);
  int64_t start = first == INT64_MAX ? 0 : start_of_day(first, x.type());
  if (origin.is_text() && origin.text() == "epoch")
    start = 0;
  else if (origin.is_text() && origin.text() == "start")
    start = first;
  else if (origin.is_scalar() && types::is_temporal(origin.type()))
    start = origin.scalar().as_int64();
  const bool right_closed = closed.is_text() && closed.text() == "right";
  const bool right_label = label.is_text() ? label.text() == "right" : right_closed;
  for (auto& value : values) {
    if (types::is_null(value)) {
      out.key_rows_dropped = true;
      continue;
    }
    value = floor_to(right_closed ? value - 1 : value, out.width, start) + (right_label ? out.width : 0);
  }
  out.key.values = typed(values, x.vector());
}

/// Where rows of the result go once empty buckets are added; -1: an empty bucket.
struct Filled {
  RowNumbers rows;  // source row or -1
  RowNumbers like;  // a row with the same other keys
  std::vector<int64_t> labels;
};

Filled spread_out(const std::vector<int64_t>& labels, const std::vector<uint32_t>& others, size_t groups,
                  int64_t width) {
  const auto directory = kernels::gather_groups(others, groups);
  Filled out;
  for (size_t g = 0; g < groups; ++g) {
    auto rows = directory.rows_of(g);
    std::vector<int64_t> sorted(rows.begin(), rows.end());
    std::stable_sort(sorted.begin(), sorted.end(), [&](int64_t a, int64_t b) {
      return labels[static_cast<size_t>(a)] < labels[static_cast<size_t>(b)];
    });
    int64_t next = types::kNull<int64_t>;
    for (const auto row : sorted) {
      const int64_t label = labels[static_cast<size_t>(row)];
      for (; !types::is_null(next) && next < label; next += width) {
        out.rows.push_back(-1);
        out.like.push_back(row);
        out.labels.push_back(next);
      }
      out.rows.push_back(row);
      out.like.push_back(row);
      out.labels.push_back(label);
      next = label + width;
    }
  }
  return out;
}

/// -1 entries take the neighbour before (or after); the row numbers stay within one combination of other keys since a
/// combination never begins or ends with an empty bucket.
RowNumbers carried(const RowNumbers& rows, bool forward) {
  RowNumbers out = rows;
  if (forward) {
    for (size_t i = 1; i < out.size(); ++i) out[i] = out[i] < 0 ? out[i - 1] : out[i];
  } else {
    for (size_t i = out.size() - 1; i-- > 0;) out[i] = out[i] < 0 ? out[i + 1] : out[i];
  }
  return out;
}

Shared<Vector> linear(const Vector& column, const RowNumbers& rows) {
  const auto before = carried(rows, true), after = carried(rows, false);
  Vector out(Type::kDouble, 0);
  for (size_t i = 0, last = 0, next = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) last = i;
    for (next = i; next < rows.size() && rows[next] < 0; ++next) {
    }
    const double a = column.scalar_at(static_cast<size_t>(before[i])).as_double();
    const double b = column.scalar_at(static_cast<size_t>(after[i])).as_double();
    const double share = next == last ? 0 : static_cast<double>(i - last) / static_cast<double>(next - last);
    out.edit<double>().push_back(types::is_null(a) || types::is_null(b) ? types::kNull<double> : a + (b - a) * share);
  }
  return out;
}

Shared<Vector> filled(const Shared<Vector>& column, const RowNumbers& rows, const Value& fill) {
  const std::string how = fill.is_text() ? fill.text() : "";
  if (how == "prev") return column->take(carried(rows, true));
  if (how == "post") return column->take(carried(rows, false));
  if (how == "linear" && types::is_numeric(column->type())) return linear(*column, rows);
  Vector out = column->take(rows);
  if (how == "null" || fill.is_null() || fill.is_missing() || how == "linear") return out;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 && !out.set(i, fill)) throw ScriptError("The fill of interval does not fit the column's type.");
  }
  return out;
}

}  // namespace

Value window_argument(const syntax::Call& call, size_t position, std::string_view name, Evaluator& evaluator,
                      Scope* scope) {
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const auto& given = call.arguments[i];
    if (given.value && (given.name == name || (given.name.empty() && i == position)))
      return evaluator.evaluate(*given.value, scope);
  }
  return Value::missing();
}

int64_t floor_to(int64_t value, int64_t width, int64_t origin) {
  const int64_t off = value - origin;
  return value - (off % width + width) % width;
}

int64_t start_of_day(int64_t value, Type type) {
  const int64_t day = types::units_per_day(type);
  return day <= 0 || types::is_time_of_day(type) ? 0 : floor_to(value, day, 0);
}

IntervalKeys take_interval_key(const std::vector<syntax::ExprRef>& keys, RowScope& rows, Evaluator& evaluator) {
  IntervalKeys out;
  for (size_t k = 0; k < keys.size(); ++k) {
    const auto* alias = as<syntax::Alias>(keys[k]);
    const auto& bare = alias ? alias->value : keys[k];
    const auto* call = interval_call(*bare);
    if (!call) {
      out.other_keys.push_back(keys[k]);
      continue;
    }
    if (out.present) throw ScriptError("group by takes one interval only.");
    out.present = true;
    out.position = k;
    out.key.named = alias != nullptr;
    out.key.name = alias && !alias->names.empty() ? alias->names[0] : automatic_name(*bare, &rows);
    out.key.text = syntax::print(*bare);
    compute(*call, out, rows, evaluator);
  }
  return out;
}

data::Table fill_intervals(data::Table result, const IntervalKeys& intervals, const std::vector<GroupKey>& keys,
                           Evaluator&) {
  if (result.rows() == 0 || (intervals.fill.is_text() && intervals.fill.text() == "none")) return result;
  const int label_column = result.find(intervals.key.name);
  if (label_column < 0) throw ScriptError("The interval must be part of the result to be filled.");
  std::vector<Shared<Vector>> others;
  std::vector<std::string> other_names;
  for (const auto& key : keys) {
    if (key.name == intervals.key.name) continue;
    const int c = result.find(key.name);
    if (c < 0) continue;
    others.push_back(result.column_shared(static_cast<size_t>(c)));
    other_names.push_back(result.names()[static_cast<size_t>(c)]);
  }
  const auto combinations = group_by_columns(others, result.rows(), "group by", nullptr);
  const auto& labels = result.column(static_cast<size_t>(label_column));
  const auto wide = spread_out(longs_of(labels), combinations.of_row, combinations.count(), intervals.width);
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < result.columns(); ++c) {
    const bool is_other = std::find(other_names.begin(), other_names.end(), result.names()[c]) != other_names.end();
    if (static_cast<int>(c) == label_column)
      columns.push_back(typed(wide.labels, labels));
    else if (is_other)
      columns.push_back(Shared<Vector>(result.column(c).take(wide.like)));
    else
      columns.push_back(filled(result.column_shared(c), wide.rows, intervals.fill));
  }
  return data::Table(result.names(), std::move(columns));
}

}  // namespace pelorus::exec
