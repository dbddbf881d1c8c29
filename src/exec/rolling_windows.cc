#include "exec/rolling_windows.h"

#include <algorithm>

#include "base/script_error.h"
#include "exec/operators/interval_keys.h"
#include "exec/operators/take_rows.h"
#include "exec/operators/window_join.h"
#include "functions/arguments.h"
#include "kernels/calendar.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using syntax::as;

constexpr std::string_view kUsage =
    "Usage: roll(X, step, [stepType='time'], [fill='none'], [closed='left'], [origin='start_day'], [exclude], "
    "[label]). ";

[[noreturn]] void refuse(std::string_view requirement) {
  throw ScriptError(std::string(kUsage) + std::string(requirement));
}

std::string choice(const Value& given, std::string_view name, std::initializer_list<std::string_view> choices) {
  const std::string text = given.is_missing() ? std::string(*choices.begin()) : given.is_text() ? given.text() : "";
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  std::string all;
  for (const auto known : choices) all += (all.empty() ? "'" : ", '") + std::string(known) + "'";
  refuse(std::string(name) + " must be one of " + all + ".");
}

std::vector<int64_t> longs_of(const Shared<Vector>& values) {
  const auto longs = functions::as_longs("roll", values);
  const auto span = longs->values<int64_t>();
  return {span.begin(), span.end()};
}

/// A moment of type `type` as months since 1970.01.
int64_t month_of(int64_t value, Type type) { return types::convert_temporal(value, type, Type::kMonth) - 1970 * 12; }
int64_t moment_of(int64_t month, Type type) { return types::convert_temporal(month + 1970 * 12, Type::kMonth, type); }

}  // namespace

const syntax::Call* roll_call(const syntax::Expr& expr) {
  const auto* call = as<syntax::Call>(expr);
  const auto* name = call ? as<syntax::Name>(call->function) : nullptr;
  return name && name->name == "roll" ? call : nullptr;
}

int64_t TimeSteps::edge_before(int64_t value) const {
  const int64_t inside = right_closed ? value - 1 : value;
  if (!by_months) return floor_to(inside, step, start);
  return moment_of(floor_to(month_of(inside, type), step, month_of(start, type)), type);
}

int64_t TimeSteps::next(int64_t edge) const {
  return by_months ? moment_of(month_of(edge, type) + step, type) : edge + step;
}

int64_t TimeSteps::previous(int64_t edge) const {
  const int64_t before = by_months ? moment_of(month_of(edge, type) - step, type) : edge - step;
  const int64_t midnight = start_of_day(before, type);
  for (const auto& pause : pauses) {
    if (before >= midnight + pause.from && next(before) <= midnight + pause.to)
      return floor_to(midnight + pause.from - step, step, start);
  }
  return before;
}

int64_t TimeSteps::after_pause(int64_t edge) const {
  const int64_t midnight = start_of_day(edge, type);
  for (const auto& pause : pauses) {
    if (edge >= midnight + pause.from && next(edge) <= midnight + pause.to)
      return floor_to(midnight + pause.to, step, start);
  }
  return edge;
}

RollingWindows::RollingWindows(const syntax::Call& call, RowScope& rows, Evaluator& evaluator) {
  const auto given = [&](size_t position, std::string_view name, Scope* scope) {
    return window_argument(call, position, name, evaluator, scope);
  };
  auto* constants = rows.constants();
  const Value x = given(0, "X", &rows);
  if (!x.is_vector() || x.vector().size() != rows.rows()) refuse("X must be a column of the table.");
  x_ = x.vector_shared();
  const auto kind = choice(given(2, "stepType", constants), "stepType", {"time", "row", "volume", "cumvol", "window"});
  kind_ = kind == "time"     ? Kind::kTime
          : kind == "row"    ? Kind::kRow
          : kind == "volume" ? Kind::kVolume
          : kind == "cumvol" ? Kind::kTotalVolume
                             : Kind::kGiven;
  const auto fill = choice(given(3, "fill", constants), "fill", {"none", "null", "prev"});
  fill_ = fill == "none" ? RollFill::kNone : fill == "null" ? RollFill::kNull : RollFill::kPrevious;
  times_.right_closed = choice(given(4, "closed", constants), "closed", {"left", "right"}) == "right";
  origin_ = choice(given(5, "origin", constants), "origin", {"start_day", "start", "epoch"});
  const Value step = given(1, "step", constants), label = given(7, "label", constants);
  if (kind_ == Kind::kVolume || kind_ == Kind::kTotalVolume) {
    const auto doubles = functions::as_doubles("roll", x_);
    volumes_.assign(doubles->values<double>().begin(), doubles->values<double>().end());
  } else if (kind_ != Kind::kRow) {
    const bool is_moment = types::is_temporal(x_->type()) && x_->type() != Type::kMonth;
    if (!is_moment) refuse("X must be a temporal column, such as of type TIMESTAMP.");
    moments_ = longs_of(x_);
    times_.type = x_->type();
  }
  if (kind_ == Kind::kGiven)
    set_given(step, label);
  else
    set_step(step);
  if (kind_ == Kind::kTime) set_pauses(given(6, "exclude", constants));
}

void RollingWindows::set_step(const Value& step) {
  if (!step.is_scalar() || step.is_null()) refuse("step must be a scalar.");
  const bool is_duration = step.type() == Type::kDuration;
  if (kind_ == Kind::kTime) {
    if (!is_duration && !types::is_integral(step.type())) refuse("step must be a duration, such as 60s.");
    const auto duration = is_duration ? step.scalar().get<types::Duration>() : types::Duration{};
    times_.by_months = is_duration && static_cast<types::DurationUnit>(duration.unit) == types::DurationUnit::kMonth &&
                       !types::is_time_of_day(x_->type());
    row_step_ = times_.step = times_.by_months ? duration.count
                              : is_duration    ? units_of(duration, x_->type())
                                               : step.scalar().as_int64();
  } else if (is_duration || !types::is_numeric(step.type())) {
    refuse("step must be a number when stepType is not 'time'.");
  } else {
    volume_step_ = step.scalar().as_double();
    row_step_ = step.scalar().as_int64();
  }
  const bool is_positive = kind_ == Kind::kVolume || kind_ == Kind::kTotalVolume ? volume_step_ > 0 : row_step_ > 0;
  if (!is_positive) refuse("step must be positive.");
}

void RollingWindows::set_pauses(const Value& exclude) {
  if (exclude.is_missing()) return;
  std::vector<Value> pairs;
  if (exclude.is_pair())
    pairs.push_back(exclude);
  else if (exclude.is_tuple())
    pairs.assign(exclude.vector().values_any().begin(), exclude.vector().values_any().end());
  else
    refuse("exclude must be a tuple of pairs of times, such as (11:30:00 : 13:00:00).");
  const int64_t day = types::units_per_day(x_->type());
  for (const auto& pair : pairs) {
    if (!pair.is_pair() || !types::is_time_of_day(pair.pair().elements.at(0).type()))
      refuse("exclude must be a tuple of pairs of times, such as (11:30:00 : 13:00:00).");
    TimeSteps::Pause pause;
    for (const auto& [element, place] : {std::pair(size_t{0}, &pause.from), std::pair(size_t{1}, &pause.to)}) {
      const auto& moment = pair.pair().elements.at(element);
      const int64_t own = types::units_per_day(moment.type());
      *place = static_cast<int64_t>(static_cast<__int128>(moment.scalar().as_int64()) * day / own);
    }
    if (pause.from >= pause.to) refuse("The first time of each pair of exclude must come before the second.");
    times_.pauses.push_back(pause);
  }
}

void RollingWindows::set_given(const Value& step, const Value& label) {
  const bool is_couple = step.is_tuple() && step.vector().size() == 2;
  const auto from = is_couple ? functions::elements_of(step.vector().at(0)) : std::nullopt;
  const auto to = is_couple ? functions::elements_of(step.vector().at(1)) : std::nullopt;
  if (!from || !to || (*from)->size() != (*to)->size() || (*from)->type() != x_->type() || (*to)->type() != x_->type())
    refuse(
        "With stepType 'window' step must be a tuple of two vectors, where windows begin and end, of the type of X.");
  given_from_ = longs_of(*from);
  given_to_ = longs_of(*to);
  for (size_t i = 0; i < given_from_.size(); ++i) {
    if (given_from_[i] >= given_to_[i]) refuse("Each window must end after it begins.");
  }
  given_labels_ = *to;
  if (label.is_missing()) return;
  const auto labels = functions::elements_of(label);
  if (!labels || (*labels)->size() != given_from_.size()) refuse("label must have one text for each window.");
  given_labels_ = *labels;
}

void RollingWindows::check_ascending(int64_t begin, int64_t end) const {
  for (int64_t i = begin; i < end; ++i) {
    const auto at = static_cast<size_t>(i);
    const bool is_moment = !moments_.empty();
    if (is_moment ? types::is_null(moments_[at]) : types::is_null(volumes_[at])) refuse("X must not contain nulls.");
    if (i > begin && (is_moment ? moments_[at] < moments_[at - 1] : volumes_[at] < volumes_[at - 1]))
      refuse("X must ascend in each group; csort puts it in order.");
  }
}

int64_t RollingWindows::row_at(int64_t begin, int64_t end, int64_t edge) const {
  const auto first = moments_.begin() + begin, last = moments_.begin() + end;
  return begin + (times_.right_closed ? std::upper_bound(first, last, edge) : std::lower_bound(first, last, edge)) -
         first;
}

void RollingWindows::add(int64_t from, int64_t to, int64_t group, int64_t edge, int64_t end) {
  if (steps_.size() >= kMost) refuse("These are more than 268,435,456 windows: choose a longer step.");
  steps_.from.push_back(from);
  steps_.to.push_back(to);
  group_rows_.push_back(group);
  edges_.push_back(edge);
  ends_.push_back(end);
  starts_.push_back(times_.start);
}

void RollingWindows::add_times(int64_t begin, int64_t end) {
  const int64_t first = moments_[static_cast<size_t>(begin)];
  times_.start = origin_ == "epoch" ? 0 : origin_ == "start" ? first : start_of_day(first, x_->type());
  if (times_.by_months) times_.start = moment_of(month_of(times_.start, x_->type()), x_->type());
  int64_t edge = times_.edge_before(first);
  for (int64_t row = begin; row < end;) {
    const int64_t next = times_.next(edge);
    const int64_t to = row_at(row, end, next);
    if (to > row || fill_ != RollFill::kNone) add(row, to, begin, edge, next);
    row = to;
    if (row == end) break;
    edge = fill_ == RollFill::kNone ? times_.edge_before(moments_[static_cast<size_t>(row)]) : next;
    // A window inside a pause is left out, unless there are rows in it all the same.
    const int64_t resumed = times_.after_pause(edge);
    if (resumed != edge && row_at(row, end, resumed) == row) edge = resumed;
  }
}

void RollingWindows::add_rows(int64_t begin, int64_t end) {
  for (int64_t row = begin; row + row_step_ <= end; row += row_step_) add(row, row + row_step_, begin, 0, 0);
}

void RollingWindows::add_volumes(int64_t begin, int64_t end) {
  double before = 0, sum = 0;
  int64_t from = begin;
  for (int64_t row = begin; row < end; ++row) {
    const double value = volumes_[static_cast<size_t>(row)];
    if (kind_ == Kind::kTotalVolume)
      sum = value - before;
    else
      sum += types::is_null(value) ? 0 : value;
    if (sum < volume_step_) continue;
    add(from, row + 1, begin, 0, 0);
    from = row + 1;
    before = value;
    sum = 0;
  }
}

void RollingWindows::add_given(int64_t begin, int64_t end) {
  for (size_t i = 0; i < given_from_.size(); ++i) {
    const int64_t from = row_at(begin, end, given_from_[i]), to = row_at(begin, end, given_to_[i]);
    if (from == to && fill_ == RollFill::kNone) continue;
    add(from, to, begin, static_cast<int64_t>(i), given_to_[i]);
  }
}

void RollingWindows::add_group(int64_t begin, int64_t end) {
  if (begin == end) return;
  if (kind_ != Kind::kRow && kind_ != Kind::kVolume) check_ascending(begin, end);
  switch (kind_) {
    case Kind::kTime: add_times(begin, end); break;
    case Kind::kRow: add_rows(begin, end); break;
    case Kind::kVolume:
    case Kind::kTotalVolume: add_volumes(begin, end); break;
    case Kind::kGiven: add_given(begin, end); break;
  }
}

Shared<Vector> RollingWindows::labels() const {
  if (kind_ == Kind::kGiven) return Shared<Vector>(given_labels_->take(edges_));
  if (kind_ != Kind::kTime) {
    kernels::RowNumbers last(size());
    for (size_t i = 0; i < last.size(); ++i) last[i] = steps_.to[i] - 1;
    return Shared<Vector>(x_->take(last));
  }
  return types::visit_fixed(x_->repr(), [&]<class T>() -> Shared<Vector> {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      data::Buffer<T> values(ends_.size());
      for (size_t i = 0; i < ends_.size(); ++i) values[i] = static_cast<T>(ends_[i]);
      return Shared<Vector>(column_like<T>(*x_, std::move(values)));
    } else {
      return x_;
    }
  });
}

RowRanges RollingWindows::of_width(const Value& width) const {
  if (kind_ == Kind::kGiven) throw ScriptError("With stepType 'window' roll takes aggregates: its windows are given.");
  const bool is_duration = width.is_scalar() && width.type() == Type::kDuration;
  if (is_duration && kind_ != Kind::kTime)
    throw ScriptError("The window must be an integer where the stepType of roll is not 'time'.");
  if (!is_duration && (!width.is_scalar() || width.is_null() || !types::is_integral(width.type())))
    throw ScriptError("The window must be an integer or a duration.");
  const int64_t count =
      is_duration ? units_of(width.scalar().get<types::Duration>(), x_->type()) : width.scalar().as_int64();
  if (count <= 0) throw ScriptError("The window must be positive.");
  RowRanges out{std::vector<int64_t>(size()), steps_.to};
  auto times = times_;
  for (size_t i = 0; i < size(); ++i) {
    const int64_t begin = group_rows_[i], end = steps_.to[i];
    if (kind_ == Kind::kRow) {
      out.from[i] = std::max(begin, end - count);
    } else if (kind_ != Kind::kTime) {
      const size_t steps = std::min(static_cast<size_t>(count) - 1, i);
      out.from[i] = std::max(begin, steps_.from[i - steps]);
    } else if (is_duration) {
      out.from[i] = row_at(begin, end, ends_[i] - count);
    } else {
      times.start = starts_[i];
      int64_t edge = edges_[i];
      for (int64_t k = 1; k < count && edge > moments_[static_cast<size_t>(begin)]; ++k) edge = times.previous(edge);
      out.from[i] = row_at(begin, end, edge);
    }
  }
  return out;
}

}  // namespace pelorus::exec
