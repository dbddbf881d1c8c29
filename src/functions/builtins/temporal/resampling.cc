// Series brought to another frequency: resample asFreq transFreq temporalSeq.

#include <algorithm>

#include "functions/arguments.h"
#include "functions/assemble.h"
#include "functions/cast.h"
#include "functions/builtins/temporal/period.h"
#include "functions/builtins/temporal/register_temporal.h"
#include "functions/declare.h"
#include "functions/lift.h"
#include "functions/unary.h"
#include "functions/windows.h"
#include "kernels/calendar.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "temporal";
constexpr int64_t kBinsMax = 10'000'000;

using kernels::floor_divide;
using types::DurationUnit;
using types::kNull;

/// A frequency with its count: "2M", "3min".
struct Frequency {
  int64_t count = 1;
  std::string unit;
};

Frequency frequency_of(const Arguments& a, size_t at) {
  const auto text = a.text(at, "rule");
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0) ++digits;
  if (digits > 9) a.refuse("rule", "has too large a count.");
  Frequency frequency{.unit = text.substr(digits)};
  if (digits > 0) frequency.count = std::stoll(text.substr(0, digits));
  if (frequency.count < 1) a.refuse("rule", "must have a positive count.");
  return frequency;
}

/// Nanoseconds of a unit of fixed length; 0 for others.
int64_t fixed_unit(std::string_view unit) {
  const auto ns = [](DurationUnit each) { return kernels::nanoseconds_of(each); };
  if (unit == "D") return ns(DurationUnit::kDay);
  if (unit == "H") return ns(DurationUnit::kHour);
  if (unit == "min") return ns(DurationUnit::kMinute);
  if (unit == "S") return ns(DurationUnit::kSecond);
  if (unit == "L") return ns(DurationUnit::kMillisecond);
  if (unit == "U") return ns(DurationUnit::kMicrosecond);
  return unit == "N" ? 1 : 0;
}

/// Numbered bins and their labels, values of `label_type`.
struct Bins {
  std::function<int64_t(int64_t value)> bin_of;
  std::function<int64_t(int64_t bin)> label_of;
  Type label_type;
};

struct Sides {
  bool closed_right;
  bool label_right;
};
Sides sides_of(const Arguments& a, size_t at, const std::string& unit, bool from_end) {
  const bool right = from_end || unit == "M" || unit == "A" || unit == "Q" || unit == "BM" || unit == "BA" ||
                     unit == "BQ" || unit == "W";
  const auto side = [&](size_t i, std::string_view name, bool otherwise) {
    const auto text = a.text_or(i, name, otherwise ? "right" : "left");
    if (text != "left" && text != "right") a.refuse(name, "must be left or right.");
    return text == "right";
  };
  const bool closed = side(at, "closed", right);
  return {closed, side(at + 1, "label", a.function() == "asFreq" ? closed : right)};
}

/// Where bins of a fixed length begin, in the units of `type`.
int64_t origin_of(const Arguments& a, size_t at, Type type, int64_t first, int64_t last) {
  const int64_t per_day = types::units_per_day(type);
  if (!a.has(at) || a[at].is_null()) return floor_divide(first, per_day) * per_day;
  if (!a[at].is_text())
    return as_longs(a.function(), converted(a.function(), a.vector(at, "origin"), type))->values<int64_t>()[0];
  const auto text = a.text(at, "origin");
  if (text == "epoch") return 0;
  if (text == "start") return first;
  if (text == "end") return last;
  if (text == "start_day") return floor_divide(first, per_day) * per_day;
  if (text == "end_day") return -floor_divide(-last, per_day) * per_day;
  a.refuse("origin", "must be epoch, start, start_day, end, end_day or a time.");
}

Bins fixed_bins(const Arguments& a, size_t closed_at, const Frequency& frequency, Type type, int64_t first,
                int64_t last) {
  const int64_t per_day = types::units_per_day(type);
  const int64_t unit_ns = fixed_unit(frequency.unit), type_ns = 86'400'000'000'000 / std::max<int64_t>(per_day, 1);
  if (per_day == 0 || unit_ns % type_ns != 0)
    a.refuse("rule", "is finer than " + std::string(types::name_of(type)) + ".");
  const int64_t span = frequency.count * (unit_ns / type_ns);
  const size_t origin_at = closed_at + 2;
  // transFreq labels intervals by their beginning even so, unless it is told otherwise.
  const bool from_end = a.has(origin_at) && a[origin_at].is_text() && a.function() != "transFreq" &&
                        a.text(origin_at, "origin").starts_with("end");
  const auto sides = sides_of(a, closed_at, frequency.unit, from_end);
  const int64_t origin = origin_of(a, origin_at, type, first, last);
  const bool by_day = frequency.unit == "D";
  return {.bin_of =
              [=](int64_t value) {
                return sides.closed_right ? -floor_divide(-(value - origin), span) - 1
                                          : floor_divide(value - origin, span);
              },
          .label_of =
              [=](int64_t bin) {
                const int64_t label = origin + (bin + (sides.label_right ? 1 : 0)) * span;
                return by_day ? floor_divide(label, per_day) : label;
              },
          .label_type = by_day ? Type::kDate : type};
}

Bins calendar_bins(const Arguments& a, const Frequency& frequency, Type type, int64_t first) {
  const auto period = period_of_frequency(frequency.unit);
  if (!period)
    a.refuse("rule",
             "must be one of B W WOM LWOM M MS BM BMS SM SMS Q QS BQ BQS REQ A AS BA BAS RE SA SAS D H min S L U N, "
             "with a count before it or not.");
  const int64_t base = period->number_of(kernels::days_of(first, type)), n = frequency.count;
  return {.bin_of =
              [=](int64_t value) {
                const int64_t number = period->number_of(kernels::days_of(value, type));
                return (period->stride(number, base, n) - base) / n;
              },
          .label_of = [=](int64_t bin) { return period->day_of(base + bin * n); },
          .label_type = Type::kDate};
}

/// Bins for times from `first` to `last` of `type`; arguments from `closed_at` on are closed, label, origin.
Bins bins_of(const Arguments& a, size_t rule_at, size_t closed_at, Type type, int64_t first, int64_t last) {
  const auto frequency = frequency_of(a, rule_at);
  if (!types::is_temporal(type)) a.refuse("X", "must have temporal labels.");
  if (fixed_unit(frequency.unit) > 0) return fixed_bins(a, closed_at, frequency, type, first, last);
  if (types::is_time_of_day(type)) a.refuse("rule", "needs labels with a date.");
  return calendar_bins(a, frequency, type, first);
}

Vector labels_of(std::string_view function, const Bins& bins, int64_t from, int64_t to) {
  if (to - from >= kBinsMax)
    throw ScriptError(std::string(function) + ": more than ten million intervals are asked for.");
  Vector labels(Type::kLong);
  for (int64_t bin = from; bin <= to; ++bin) labels.edit<int64_t>().push_back(bins.label_of(bin));
  Vector typed(bins.label_type, labels.size());
  types::visit_fixed(typed.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      for (size_t i = 0; i < labels.size(); ++i) typed.edit<T>()[i] = static_cast<T>(labels.values<int64_t>()[i]);
    }
  });
  return typed;
}

/// resample(X, rule, func, [closed], [label], [origin])
Value resample(CallContext& context, std::span<Value> args) {
  Arguments a("resample", args);
  if (!args[0].is_matrix() || !args[0].matrix().row_labels)
    a.refuse("X", "must be a series or matrix with row labels.");
  if (!args[2].is_function()) a.refuse("func", "must be an aggregate function.");
  const auto& matrix = args[0].matrix();
  const auto& labels = *matrix.row_labels;
  const auto times = as_longs("resample", labels);
  const auto values = times->values<int64_t>();
  if (values.empty()) return args[0];
  if (!std::is_sorted(values.begin(), values.end()) || values[0] == kNull<int64_t>)
    a.refuse("X", "must have row labels that rise and are not null.");
  const auto bins = bins_of(a, 1, 3, labels->type(), values.front(), values.back());
  const int64_t first = bins.bin_of(values.front()), last = bins.bin_of(values.back());
  const Vector out_labels = labels_of("resample", bins, first, last);
  std::vector<size_t> ends(out_labels.size());  // rows of each bin: up to here
  for (size_t i = 0; i < values.size(); ++i) ends[static_cast<size_t>(bins.bin_of(values[i]) - first)] = i + 1;
  for (size_t b = 1; b < ends.size(); ++b) ends[b] = std::max(ends[b], ends[b - 1]);
  std::vector<Value> cells;
  for (size_t c = 0; c < matrix.columns; ++c) {
    const Vector column = matrix.column(c);
    for (size_t b = 0; b < ends.size(); ++b) {
      const size_t from = b == 0 ? 0 : ends[b - 1];
      cells.push_back(from == ends[b] ? Value::null() : context.call(args[2], {column.slice(from, ends[b] - from)}));
    }
  }
  const Value joined = vector_or_tuple(std::move(cells));
  if (joined.is_tuple()) a.refuse("func", "must give scalars of one type.");
  data::Matrix result = matrix;
  result.values = joined.vector();
  result.rows = out_labels.size();
  result.row_labels = Shared<Vector>(out_labels);
  return result;
}

/// temporalSeq(start, end, rule, [closed], [label], [origin])
Value sequence(CallContext&, std::span<Value> args) {
  Arguments a("temporalSeq", args);
  if (!args[0].is_scalar() || args[0].type() != args[1].type())
    a.refuse("end", "must be a scalar of the type of start.");
  const Type type = args[0].type();
  const auto bounds = as_longs("temporalSeq", Shared<Vector>(vector_of({args[0], args[1]})));
  const int64_t first = bounds->values<int64_t>()[0], last = bounds->values<int64_t>()[1];
  if (first > last) a.refuse("end", "must not be before start.");
  const auto bins = bins_of(a, 2, 3, type, first, last);
  return labels_of("temporalSeq", bins, bins.bin_of(first), bins.bin_of(last));
}

/// transFreq(X, rule, [closed], [label], [origin])
Value to_labels(CallContext&, std::span<Value> args) {
  Arguments a("transFreq", args);
  return lift_map("transFreq", args[0], Spread::kElements, [&](const Shared<Vector>& vector) -> Vector {
    const auto times = as_longs("transFreq", vector);
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (const auto value : times->values<int64_t>()) {
      if (value == kNull<int64_t>) continue;
      first = std::min(first, value);
      last = std::max(last, value);
    }
    if (first > last) return *vector;
    const auto bins = bins_of(a, 1, 2, vector->type(), first, last);
    return map_whole(*times, bins.label_type, [&](int64_t value) {
      return value == kNull<int64_t> ? value : bins.label_of(bins.bin_of(value));
    });
  });
}

/// Labels of the type of X's own, where they can be found among them.
const data::Matrix& labelled_rows(const Arguments& a) {
  if (!a[0].is_matrix() || !a[0].matrix().row_labels) a.refuse("X", "must be a series or matrix with row labels.");
  return a[0].matrix();
}

/// asFreq(X, rule, [closed], [label], [origin])
Value at_frequency(CallContext&, std::span<Value> args) {
  Arguments a("asFreq", args);
  const auto& matrix = labelled_rows(a);
  const auto& labels = *matrix.row_labels;
  const auto times = as_longs("asFreq", labels);
  const auto values = times->values<int64_t>();
  if (values.empty()) return args[0];
  if (!std::is_sorted(values.begin(), values.end()) || values[0] == kNull<int64_t>)
    a.refuse("X", "must have row labels that rise and are not null.");
  const auto bins = bins_of(a, 1, 2, labels->type(), values.front(), values.back());
  Shared<Vector> wanted = labels_of("asFreq", bins, bins.bin_of(values.front()), bins.bin_of(values.back()));
  const auto places = as_longs("asFreq", converted("asFreq", wanted, labels->type()));
  // A calendar's last label may lie behind the last row.
  if (fixed_unit(frequency_of(a, 1).unit) == 0 && places->values<int64_t>().back() > values.back())
    wanted = wanted->slice(0, wanted->size() - 1);
  std::vector<int64_t> rows;
  for (const auto place : places->values<int64_t>().first(wanted->size())) {
    const auto at = std::lower_bound(values.begin(), values.end(), place);
    rows.push_back(at != values.end() && *at == place ? at - values.begin() : -1);
  }
  data::Matrix result = matrix;
  Vector cells(matrix.values.type(), 0, matrix.values.scale());
  for (size_t c = 0; c < matrix.columns; ++c) cells.append(matrix.column(c).take(rows));
  result.values = std::move(cells);
  result.rows = rows.size();
  result.row_labels = wanted;
  return result;
}

/// Sessions of a day: where they begin and, where given, end; all in the units of the values.
struct Sessions {
  std::vector<int64_t> begins;
  std::vector<int64_t> ends;
  int64_t day = 0;  // 0: values are times of day that do not pass midnight
};

Sessions sessions_of(const Arguments& a, Type type) {
  Sessions sessions;
  const Type clock = types::is_time_of_day(type)    ? type
                     : type == Type::kTimestamp     ? Type::kTime
                     : type == Type::kNanotimestamp ? Type::kNanotime
                                                    : Type::kSecond;
  sessions.day = types::units_per_day(type);
  const auto read = [&](size_t i, std::string_view name) {
    const auto times = as_longs(a.function(), converted(a.function(), a.vector(i, name), clock));
    return std::vector<int64_t>(times->values<int64_t>().begin(), times->values<int64_t>().end());
  };
  sessions.begins = read(1, "timeOffset");
  if (sessions.begins.empty() || !std::is_sorted(sessions.begins.begin(), sessions.begins.end()))
    a.refuse("timeOffset", "must rise.");
  if (a.has(3) && !a[3].is_null()) sessions.ends = read(3, "timeEnd");
  if (!sessions.ends.empty() && sessions.ends.size() != sessions.begins.size())
    a.refuse("timeEnd", "must be as long as timeOffset.");
  return sessions;
}

/// dailyAlignedBar(X, timeOffset, n, [timeEnd], [mergeSessionEnd])
Value aligned_bar(CallContext&, std::span<Value> args) {
  Arguments a("dailyAlignedBar", args);
  const bool merges = a.flag_or(4, "mergeSessionEnd", false);
  return lift_map("dailyAlignedBar", args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    const Type type = vector->type();
    if (!types::is_temporal(type) || types::units_per_day(type) < 86400)
      a.refuse("X", "must be of type SECOND, TIME, NANOTIME, DATETIME, TIMESTAMP or NANOTIMESTAMP.");
    const auto sessions = sessions_of(a, type);
    const auto duration = duration_of(args[2]);
    const int64_t span = duration ? units_of("dailyAlignedBar", *duration, type) : a.integer(2, "n");
    if (span < 1) a.refuse("n", "must be positive.");
    return map_whole(*vector, type, [&](int64_t value) {
      if (value == kNull<int64_t>) return value;
      const int64_t midnight = floor_divide(value, sessions.day) * sessions.day, clock = value - midnight;
      // Before the first session of a day the last one of the day before goes on.
      auto at = std::upper_bound(sessions.begins.begin(), sessions.begins.end(), clock) - sessions.begins.begin() - 1;
      const int64_t back = at < 0 ? sessions.day : 0;
      if (at < 0) at = static_cast<std::ptrdiff_t>(sessions.begins.size()) - 1;
      const auto session = static_cast<size_t>(at);
      const int64_t begin = midnight - back + sessions.begins[session];
      int64_t bar = value - (value - begin) % span;
      if (merges && !sessions.ends.empty()) {
        const int64_t length = (sessions.ends[session] - sessions.begins[session] + sessions.day) % sessions.day;
        if (value == begin + length && bar == value && length > 0) bar -= span;
      }
      return bar;
    });
  });
}

}  // namespace

void register_resampling(Registry& registry) {
  declare(registry, kFamily, Nature::kWhole,
          {"resample", "X, rule, func, [closed], [label], [origin='start_day']", resample,
           "An aggregate of a labelled series or matrix over intervals of a frequency; empty intervals give null.",
           "s = indexedSeries(2021.01.30 2021.01.31 2021.03.02, 1 2 4)\ns.resample(\"M\", sum)",
           "matrix[[3,null,4]]rows[2021.01.31,2021.02.28,2021.03.31]"});
  declare(registry, kFamily, Nature::kWhole,
          {"asFreq", "X, rule, [closed], [label], [origin='start_day']", at_frequency,
           "A labelled series or matrix at the labels of a frequency, null where it has no such label.",
           "s = indexedSeries(2021.01.30 2021.01.31 2021.03.31, 1 2 4)\ns.asFreq(\"M\")",
           "matrix[[2,null,4]]rows[2021.01.31,2021.02.28,2021.03.31]"});
  registry.add_alias("asfreq", "asFreq");
  declare(registry, kFamily, Nature::kElementwise,
          {"transFreq", "X, rule, [closed], [label], [origin='start_day']", to_labels,
           "The label of the interval of a frequency that each time lies in.",
           "transFreq(2021.01.30 2021.03.02, \"M\")", "[2021.01.31,2021.03.31]", "Null stays null."});
  registry.add_alias("isYearBegin", "isYearStart");
  declare(registry, kFamily, Nature::kWhole,
          {"temporalSeq", "start, end, rule, [closed], [label], [origin='start_day']", sequence,
           "The labels of the intervals of a frequency from start to end.",
           "temporalSeq(2021.01.30, 2021.03.02, \"M\")", "[2021.01.31,2021.02.28,2021.03.31]"});
  declare(registry, kFamily, Nature::kElementwise,
          {"dailyAlignedBar", "X, timeOffset, n, [timeEnd], [mergeSessionEnd=false]", aligned_bar,
           "The beginning of the window of each time, counted from the beginning of its session.",
           "dailyAlignedBar(10:40:00 13:10:00, 09:30:00 13:00:00, 3600)", "[10:30:00,13:00:00]", "Null stays null."});
}

}  // namespace pelorus::functions
