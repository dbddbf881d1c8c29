// Functions that call a function over windows and groups: moving, rolling, window, groupby, contextby, pivot.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "functions/assemble.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/element_names.h"
#include "functions/parts.h"
#include "functions/windows.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "higher-order";

Value call_on(CallContext& context, const Value& function, std::vector<Value> columns) {
  return context.call(function, std::span<Value>(columns));
}

/// A window function over matrices is one over each of their columns. `data_at`: the argument that holds them.
using WindowFunction = Value (*)(CallContext& context, std::span<Value> values);

bool holds_matrix(const Value& data) {
  if (data.is_matrix()) return true;
  if (!data.is_tuple()) return false;
  const auto parts = data.vector().values_any();
  return std::any_of(parts.begin(), parts.end(), [](const Value& part) { return part.is_matrix(); });
}

Value by_columns(CallContext& context, std::span<Value> values, size_t data_at, WindowFunction function) {
  if (!holds_matrix(values[data_at])) return function(context, values);
  const Value data = values[data_at];
  const Value shape = data.is_matrix()                  ? data
                      : data.vector().at(0).is_matrix() ? data.vector().at(0)
                                                        : data.vector().at(1);
  const auto column = [](const Value& part, size_t c) {
    if (!part.is_matrix()) return part;
    if (c >= part.matrix().columns) throw ScriptError("The matrices must have the same number of columns.");
    return Value(part.matrix().column(c));
  };
  std::vector<Value> results;
  for (size_t c = 0; c < shape.matrix().columns; ++c) {
    std::vector<Value> one(values.begin(), values.end());
    if (data.is_matrix()) {
      one[data_at] = column(data, c);
    } else {
      std::vector<Value> parts;
      for (const auto& part : data.vector().values_any()) parts.push_back(column(part, c));
      one[data_at] = Vector::tuple(std::move(parts));
    }
    results.push_back(function(context, one));
  }
  // Vectors of every column go one under another where a window gives several rows.
  Value joined = assemble(std::move(results));
  if (!joined.is_matrix()) return joined;
  data::Matrix matrix = joined.matrix();
  matrix.column_labels = shape.matrix().column_labels;
  if (matrix.rows == shape.matrix().rows) matrix.row_labels = shape.matrix().row_labels;
  return matrix;
}

/// Windows that have too few rows give null.
Value moving(CallContext& context, std::span<Value> values) {
  const Arguments arguments("moving", values);
  const auto columns = argument_columns("moving", values[1]);
  const size_t rows = length_of("moving", columns);
  const int64_t width = arguments.integer(2, "window");
  const int64_t least = arguments.integer_or(3, "minPeriods", width);
  if (width < 1) usage_error("moving", "window must be a positive integer.");
  std::vector<Value> results;
  results.reserve(rows);
  for (size_t i = 0; i < rows; ++i) {
    const size_t count = std::min<size_t>(i + 1, static_cast<size_t>(width));
    const bool is_full = static_cast<int64_t>(count) >= least;
    results.push_back(is_full ? call_on(context, values[0], window_of(columns, i + 1 - count, count)) : Value::null());
  }
  return vector_or_tuple(std::move(results));
}

Value one_after_another(const std::vector<Value>& results) {
  std::vector<Value> cells;
  for (const auto& result : results) {
    for (size_t i = 0; i < data::size_of(result); ++i) cells.push_back(result.vector().at(i));
  }
  return vector_or_tuple(std::move(cells));
}

/// The labels of a matrix at the ends of its windows.
Value with_end_labels(const Value& result, const Value& data, int64_t width, int64_t step) {
  if (!result.is_matrix() || !data.is_matrix() || !data.matrix().row_labels) return result;
  data::Buffer<int64_t> ends;
  for (int64_t end = width - 1; end < static_cast<int64_t>(data.matrix().rows); end += step) ends.push_back(end);
  data::Matrix matrix = result.matrix();
  if (ends.size() == matrix.rows) matrix.row_labels = Shared<Vector>((*data.matrix().row_labels)->take(ends));
  return matrix;
}

/// Every `step` rows one full window; what a vector function gives for them stands one after another.
Value rolling(CallContext& context, std::span<Value> values) {
  const Arguments arguments("rolling", values);
  const auto columns = argument_columns("rolling", values[1]);
  const size_t rows = length_of("rolling", columns);
  const int64_t width = arguments.integer(2, "window");
  const int64_t step = arguments.integer_or(3, "step", 1);
  if (width < 1 || step < 1) usage_error("rolling", "window and step must be positive integers.");
  std::vector<Value> results;
  for (size_t from = 0; from + static_cast<size_t>(width) <= rows; from += static_cast<size_t>(step)) {
    results.push_back(call_on(context, values[0], window_of(columns, from, static_cast<size_t>(width))));
  }
  if (!results.empty() && results[0].is_vector() && !results[0].is_tuple()) return one_after_another(results);
  return assemble(std::move(results));
}

/// A whole number or, in the units of `type`, a duration; nothing for what is neither.
std::optional<int64_t> span_of(std::string_view function, const Value& distance, std::optional<Type> type) {
  if (!distance.is_scalar() || distance.is_null()) return std::nullopt;
  if (types::is_integral(distance.type())) return distance.scalar().as_int64();
  if (!type || distance.type() != Type::kDuration) return std::nullopt;
  return units_of(function, distance.scalar().get<types::Duration>(), *type);
}

/// From how far before (negative) to how far behind a row its window reaches.
struct Range {
  int64_t from = 0, to = 0;
};

Range range_of(std::string_view function, const Value& range, std::optional<Type> type) {
  const auto* requirement =
      type ? "range must be a pair of whole numbers or durations." : "range must be a pair of whole numbers.";
  if (!range.is_pair()) usage_error(function, requirement);
  const Vector& ends = range.pair().elements;
  const auto from = span_of(function, ends.at(0), type), to = span_of(function, ends.at(1), type);
  if (!from || !to) usage_error(function, requirement);
  return {*from, *to};
}

int64_t saturated_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

/// Rows i+a .. i+b, clipped to what is there.
Value window(CallContext& context, std::span<Value> values) {
  const auto columns = argument_columns("window", values[1]);
  const auto rows = static_cast<int64_t>(length_of("window", columns));
  const auto range = range_of("window", values[2], std::nullopt);
  std::vector<Value> results;
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t first = std::clamp<int64_t>(saturated_sum(i, range.from), 0, rows);
    const int64_t last = std::clamp<int64_t>(saturated_sum(i + 1, range.to), first, rows);
    results.push_back(
        call_on(context, values[0], window_of(columns, static_cast<size_t>(first), static_cast<size_t>(last - first))));
  }
  return vector_or_tuple(std::move(results));
}

std::vector<int64_t> times_of(std::string_view function, const Value& value) {
  if (!value.is_vector()) usage_error(function, "T must be a vector of integers or temporals.");
  const auto times = as_longs(function, value.vector_shared());
  std::vector<int64_t> result(times->values<int64_t>().begin(), times->values<int64_t>().end());
  if (!std::is_sorted(result.begin(), result.end())) usage_error(function, "T must be sorted in ascending order.");
  return result;
}

/// Times of day without the pause [from, to): what comes behind it follows at once, day by day.
void leave_out_pause(const Arguments& a, Type type, std::vector<int64_t>* times) {
  constexpr Type kTimes[] = {Type::kTimestamp, Type::kNanotimestamp, Type::kTime, Type::kNanotime};
  if (std::find(std::begin(kTimes), std::end(kTimes), type) == std::end(kTimes))
    a.refuse("excludedPeriod", "needs T of type TIME, NANOTIME, TIMESTAMP or NANOTIMESTAMP.");
  const bool is_pause = a[5].is_pair() && types::units_per_day(a[5].pair().elements.type()) > 1;
  if (!is_pause) a.refuse("excludedPeriod", "must be a pair of times of day.");
  const Vector& ends = a[5].pair().elements;
  const int64_t day = types::units_per_day(type), own_day = types::units_per_day(ends.type());
  const auto in_units = [&](size_t i) {
    return static_cast<int64_t>(static_cast<__int128>(ends.scalar_at(i).as_int64()) * day / own_day);
  };
  const int64_t from = in_units(0), to = in_units(1);
  if (ends.is_null_at(0) || ends.is_null_at(1) || from < 0 || to < from || to >= day)
    a.refuse("excludedPeriod", "must lie within one day.");
  for (auto& time : *times) {
    if (types::is_null(time)) continue;
    const int64_t days = (time >= 0 ? time : time - day + 1) / day, of_day = time - days * day;
    if (of_day > from && of_day < to) a.refuse("T", "must hold no time within excludedPeriod.");
    time = days * (day - (to - from)) + (of_day >= to ? of_day - (to - from) : of_day);
  }
}

/// func, funcArgs, T, range, [prevailing=0], [excludedPeriod]: rows whose time lies in [t + from, t + to], both ends
/// closed. Rows of the same time as an end: all of them; with prevailing 1 the last one at the left end; with 2 none
/// before the row itself where the range begins at 0, none behind it where it ends at 0.
Value time_window(CallContext& context, std::span<Value> values) {
  const Arguments a("twindow", values);
  const auto columns = argument_columns("twindow", values[1]);
  auto times = times_of("twindow", values[2]);
  if (times.size() != length_of("twindow", columns))
    usage_error("twindow", "T and the data must have the same length.");
  const auto range = range_of("twindow", values[3], values[2].vector().type());
  const auto prevailing = a.has(4) && a[4].type() == Type::kBool ? int64_t{a.flag_or(4, "prevailing", false)}
                                                                 : a.integer_or(4, "prevailing", 0);
  if (prevailing < 0 || prevailing > 2) a.refuse("prevailing", "must be 0, 1 or 2.");
  if (a.has(5) && !a[5].is_void()) {
    if (prevailing != 0) a.refuse("excludedPeriod", "can't be combined with prevailing.");
    leave_out_pause(a, values[2].vector().type(), &times);
  }
  std::vector<Value> results;
  const auto begin = times.begin();
  for (size_t i = 0; i < times.size(); ++i) {
    const int64_t left = saturated_sum(times[i], range.from), right = saturated_sum(times[i], range.to);
    auto first = static_cast<size_t>(std::lower_bound(begin, times.end(), left) - begin);
    auto last = static_cast<size_t>(std::upper_bound(begin, times.end(), right) - begin);
    if (prevailing == 1 && first < times.size() && times[first] == left)
      first = static_cast<size_t>(std::upper_bound(begin, times.end(), left) - begin) - 1;
    if (prevailing == 2 && range.from == 0) first = i;
    if (prevailing == 2 && range.to == 0) last = i + 1;
    last = std::max(first, last);
    results.push_back(call_on(context, values[0], window_of(columns, first, last - first)));
  }
  return vector_or_tuple(std::move(results));
}

/// window(): a range of durations counts along the labels of an indexed series or matrix.
Value window_of_rows_or_labels(CallContext& context, std::span<Value> values) {
  const bool by_time = values[2].is_pair() && values[2].pair().elements.at(0).type() == Type::kDuration;
  if (!by_time) return by_columns(context, values, 1, window);
  if (!values[1].is_matrix() || !values[1].matrix().row_labels)
    usage_error("window", "range may hold durations only for an indexed series or an indexed matrix.");
  std::vector<Value> all{values[0], values[1], Value(*values[1].matrix().row_labels), values[2]};
  return by_columns(context, all, 1, time_window);
}

/// Rows whose time lies in (t - window, t].
Value time_moving(CallContext& context, std::span<Value> values) {
  const auto times = times_of("tmoving", values[1]);
  const auto columns = argument_columns("tmoving", values[2]);
  if (times.size() != length_of("tmoving", columns))
    usage_error("tmoving", "T and the data must have the same length.");
  const auto width = span_of("tmoving", values[3], values[1].vector().type());
  if (!width || *width < 1) usage_error("tmoving", "window must be a positive whole number or a duration.");
  std::vector<Value> results;
  for (size_t i = 0; i < times.size(); ++i) {
    const auto first = static_cast<size_t>(
        std::upper_bound(times.begin(), times.end(), saturated_sum(times[i], -*width)) - times.begin());
    results.push_back(call_on(context, values[0], window_of(columns, first, i + 1 - first)));
  }
  return vector_or_tuple(std::move(results));
}

/// What an argument's columns are called where the call tells: a vector's variable, or those in brackets. "" for
/// others.
std::vector<std::string> column_names_of(CallContext& context, size_t argument, size_t columns) {
  const auto names = context.argument_names();
  std::vector<std::string> found(columns);
  if (argument < names.size() && columns == 1) found[0] = names[argument];
  const auto* written = dynamic_cast<const ElementNames*>(&context);
  const auto elements = written != nullptr ? written->element_names(argument) : std::vector<std::string>();
  if (elements.size() == columns) found = elements;
  return found;
}

/// One row per group: the keys and the result.
Value group_by(CallContext& context, std::span<Value> values) {
  const auto columns = argument_columns("groupby", values[1]);
  const auto groups = group_by_keys("groupby", values[2], length_of("groupby", columns));
  const auto data_names = column_names_of(context, 1, columns.size());
  auto column_names = column_names_of(context, 2, groups.keys.size());
  std::vector<Value> results;
  for (const auto& rows : groups.rows) results.push_back(call_on(context, values[0], rows_of(columns, rows)));
  std::vector<Shared<Vector>> table_columns;
  size_t unnamed = 0;
  for (size_t k = 0; k < groups.keys.size(); ++k) {
    if (column_names[k].empty()) column_names[k] = "groupingKey" + (unnamed > 0 ? std::to_string(unnamed) : "");
    unnamed += column_names[k].starts_with("groupingKey");
    table_columns.push_back(groups.keys[k].vector_shared());
  }
  const std::string function_name =
      values[0].is_function() && values[0].function()->kind() == data::FunctionObject::Kind::kSystem
          ? values[0].function()->print()
          : "";
  const bool is_named = !data_names.empty() && !data_names[0].empty();
  column_names.push_back(is_named ? function_name + "_" + data_names[0] : "result");
  table_columns.push_back(vector_or_tuple(std::move(results)).vector_shared());
  return data::Table(std::move(column_names), std::move(table_columns));
}

/// Results back in the order of the rows: scalars repeat over their group.
Value spread_over_rows(std::string_view function, const std::vector<std::vector<int64_t>>& groups,
                       std::vector<Value> results, size_t rows) {
  std::vector<Value> cells(rows);
  for (size_t g = 0; g < groups.size(); ++g) {
    const bool is_vector = results[g].is_vector();
    if (is_vector && results[g].vector().size() != groups[g].size()) {
      usage_error(function, "The function must give a scalar or as many elements as the group has.");
    }
    for (size_t i = 0; i < groups[g].size(); ++i) {
      cells[static_cast<size_t>(groups[g][i])] = is_vector ? results[g].vector().at(i) : results[g];
    }
  }
  return vector_or_tuple(std::move(cells));
}

Value context_by(CallContext& context, std::span<Value> values) {
  const auto columns = argument_columns("contextby", values[1]);
  const size_t rows = length_of("contextby", columns);
  auto groups = group_by_keys("contextby", values[2], rows);
  const Arguments arguments("contextby", values);
  if (arguments.has(3)) {
    const Value& sort_column = values[3];
    const bool ascending = arguments.flag_or(4, "sortOrder", true);
    if (!sort_column.is_vector() || sort_column.vector().size() != rows)
      usage_error("contextby", "sortingCol must be as long as X.");
    for (auto& group : groups.rows) {
      std::stable_sort(group.begin(), group.end(), [&](int64_t a, int64_t b) {
        const int order = types::compare(sort_column.vector().scalar_at(static_cast<size_t>(a)),
                                         sort_column.vector().scalar_at(static_cast<size_t>(b)));
        return ascending ? order < 0 : order > 0;
      });
    }
  }
  std::vector<Value> results;
  for (const auto& group : groups.rows) results.push_back(call_on(context, values[0], rows_of(columns, group)));
  return spread_over_rows("contextby", groups.rows, std::move(results), rows);
}

/// Runs of equal neighbours in `segment` are the groups.
Value segment_by(CallContext& context, std::span<Value> values) {
  const auto columns = argument_columns("segmentby", values[1]);
  const size_t rows = length_of("segmentby", columns);
  if (!values[2].is_vector() || values[2].vector().size() != rows)
    usage_error("segmentby", "segment must be as long as X.");
  const Vector& segment = values[2].vector();
  std::vector<std::vector<int64_t>> groups;
  for (size_t i = 0; i < rows; ++i) {
    if (i == 0 || types::compare(segment.scalar_at(i - 1), segment.scalar_at(i)) != 0) groups.emplace_back();
    groups.back().push_back(static_cast<int64_t>(i));
  }
  std::vector<Value> results;
  for (const auto& group : groups) results.push_back(call_on(context, values[0], rows_of(columns, group)));
  return spread_over_rows("segmentby", groups, std::move(results), rows);
}

/// The function over the rows with the `top` smallest (or largest) values of the sorting column.
Value aggregate_top(CallContext& context, std::span<Value> values) {
  const Arguments arguments("aggrTopN", values);
  const auto columns = argument_columns("aggrTopN", values[1]);
  const size_t rows = length_of("aggrTopN", columns);
  if (!values[2].is_vector() || values[2].vector().size() != rows)
    usage_error("aggrTopN", "sortingCol must be as long as the data.");
  const double top = arguments.number(3, "top");
  const bool ascending = arguments.flag_or(4, "ascending", true);
  std::vector<int64_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int relation = types::compare(values[2].vector().scalar_at(static_cast<size_t>(a)),
                                        values[2].vector().scalar_at(static_cast<size_t>(b)));
    return ascending ? relation < 0 : relation > 0;
  });
  const double wanted = top < 1 ? std::floor(top * static_cast<double>(rows)) : top;
  order.resize(std::min(rows, static_cast<size_t>(std::max(wanted, 0.0))));
  return call_on(context, values[0], rows_of(columns, order));
}

/// A matrix: one row per distinct row key, one column per distinct column key; cells without data are null.
Value pivot(CallContext& context, std::span<Value> values) {
  const auto columns = argument_columns("pivot", values[1]);
  const size_t rows = length_of("pivot", columns);
  const auto row_groups = group_by_keys("pivot", values[2], rows);
  const auto column_groups = group_by_keys("pivot", values[3], rows);
  if (row_groups.keys.size() != 1 || column_groups.keys.size() != 1)
    usage_error("pivot", "rowAlignCol and colAlignCol must be vectors.");
  std::vector<size_t> row_of(rows);
  for (size_t r = 0; r < row_groups.rows.size(); ++r) {
    for (const int64_t row : row_groups.rows[r]) row_of[static_cast<size_t>(row)] = r;
  }
  std::vector<Value> cells(row_groups.rows.size() * column_groups.rows.size());
  for (size_t c = 0; c < column_groups.rows.size(); ++c) {
    std::vector<std::vector<int64_t>> picks(row_groups.rows.size());
    for (const int64_t row : column_groups.rows[c]) picks[row_of[static_cast<size_t>(row)]].push_back(row);
    for (size_t r = 0; r < picks.size(); ++r) {
      if (picks[r].empty()) continue;
      cells[c * row_groups.rows.size() + r] = call_on(context, values[0], rows_of(columns, picks[r]));
    }
  }
  const Value flat = vector_or_tuple(std::move(cells));
  if (flat.is_tuple()) usage_error("pivot", "The function must give scalars of one type.");
  data::Matrix matrix;
  matrix.values = flat.vector();
  matrix.rows = row_groups.rows.size();
  matrix.columns = column_groups.rows.size();
  matrix.row_labels = row_groups.keys[0].vector_shared();
  matrix.column_labels = column_groups.keys[0].vector_shared();
  return matrix;
}

}  // namespace

void register_window_calls(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto columns = [](WindowFunction function, size_t data_at) -> Native {
    return [=](CallContext& c, std::span<Value> a) { return by_columns(c, a, data_at, function); };
  };
  row({"moving", "func, funcArgs, window, [minPeriods]", columns(moving, 1),
       "Applies func to the last `window` rows at each row.", "moving(sum, 1..5, 3)", "[null,null,6,9,12]"});
  row({"rolling", "func, funcArgs, window, [step=1], [fill]",
       [](CallContext& c, std::span<Value> a) {
         const Value data = a[1];
         const Arguments arguments("rolling", a);
         const auto width = arguments.integer(2, "window"), step = arguments.integer_or(3, "step", 1);
         return with_end_labels(by_columns(c, a, 1, rolling), data, width, step);
       },
       "Applies func to full windows that start every `step` rows.", "rolling(sum, 1..6, 3, 3)", "[6,15]"});
  row({"window", "func, funcArgs, range", window_of_rows_or_labels,
       "Applies func to rows i+a to i+b around each row i.", "window(sum, 1 2 3, -1:1)", "[3,6,5]"});
  row({"twindow", "func, funcArgs, T, range, [prevailing=0], [excludedPeriod]", columns(time_window, 1),
       "Applies func to rows whose time lies in a closed range around each time. prevailing: 0 all rows of the times "
       "at both ends, 1 only the last at the left end, 2 where an end is 0 the row itself is the end. excludedPeriod "
       "is a "
       "pause of the day, which takes no time.",
       "twindow(sum, 1 2 4 8, 1 2 4 5, -1:1)", "[3,3,12,12]"});
  row({"tmoving", "func, T, funcArgs, window", columns(time_moving, 2),
       "Applies func to rows of the last `window` units of time.", "tmoving(sum, 1 2 4 5, 1 2 4 8, 2)", "[1,3,4,12]"});
  row({"groupby", "func, funcArgs, groupingCol", group_by, "Applies func to each group; a table of keys and results.",
       "size(groupby(sum, 1 2 3, `a`b`a))", "2"});
  row({"contextby", "func, funcArgs, groupingCol, [sortingCol], [sortOrder]", context_by,
       "Applies func to each group; the result is as long as the input.", "contextby(sum, 1 2 3 4, `a`b`a`b)",
       "[4,6,4,6]"});
  row({"segmentby", "func, funcArgs, segment", segment_by, "Applies func to runs of equal neighbours.",
       "segmentby(cumsum, 1 2 3 4, 0 0 1 0)", "[1,3,3,4]"});
  row({"aggrTopN", "func, funcArgs, sortingCol, top, [ascending=true]", aggregate_top,
       "Applies func to the rows that sort first.", "aggrTopN(avg, 10.0 20 30 40, 4 1 3 2, 2)", "30"});
  row({"pivot", "func, funcArgs, rowAlignCol, colAlignCol", pivot,
       "A matrix of func over the rows of each pair of keys.", "pivot(sum, 1 2 3 4, `a`a`b`b, `x`y`x`y)",
       "matrix[[1,3],[2,4]]"});
}

}  // namespace pelorus::functions
