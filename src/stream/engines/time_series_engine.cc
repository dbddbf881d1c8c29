#include "stream/engines/time_series_engine.h"

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "kernels/calendar.h"
#include "stream/engines/batch_order.h"
#include "types/temporal.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Value;
using data::Vector;

namespace {

/// Smallest of `ladder` that reaches `step`; the last one repeated in whole multiples beyond.
int64_t rung(int64_t step, std::initializer_list<int64_t> ladder) {
  for (const auto size : ladder) {
    if (step <= size) return size;
  }
  const int64_t last = *(ladder.end() - 1);
  return (step + last - 1) / last * last;
}

}  // namespace

int64_t alignment_of(int64_t step, data::Type type, bool round_time) {
  const int64_t per_day = types::units_per_day(type);
  if (per_day == 0 || per_day < 86400) return step;  // minutes, hours, days and months align to the step itself
  const int64_t per_second = per_day / 86400;
  if (step >= per_second) {
    const int64_t seconds = (step + per_second - 1) / per_second;
    if (!round_time && seconds > 60) return 60 * per_second;
    return per_second * rung(seconds, {1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600});
  }
  // Below a second: by the same steps of milliseconds, microseconds or nanoseconds.
  int64_t unit = 1;
  while (step > unit * 1000) unit *= 1000;
  return std::min(per_second,
                  unit * rung((step + unit - 1) / unit, {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000}));
}

struct TimeSeriesEngine::Output {
  std::vector<int64_t> times;
  Table keys;
  std::vector<Shared<Vector>> metrics;
  int64_t row = 0;              // of the batch, being taken in
  std::vector<int64_t> causes;  // rows that closed the windows
};

TimeSeriesEngine::TimeSeriesEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, WindowTerms windows)
    : Engine(std::move(terms), std::move(session)),
      windows_(std::move(windows)),
      metrics_(metrics_of(this->terms().metrics)) {
  time_ = input_column(this->terms().time_column);
  for (const auto& key : this->terms().keys) keys_.push_back(input_column(key));
  if (windows_.step <= 0 || windows_.window <= 0 || windows_.window % windows_.step != 0)
    throw ScriptError("windowSize must be a positive multiple of step.");
}

Table TimeSeriesEngine::process(const Table& rows) {
  Output output;
  const auto times = functions::as_longs("createTimeSeriesEngine", rows.column_shared(time_));
  for (const auto& group : rows_by_key(rows, keys_)) {
    auto [found, is_new] = states_.try_emplace(group.key);
    State& state = found->second;
    Table keys(std::vector<std::string>(terms().keys), [&] {
      std::vector<Shared<Vector>> columns;
      for (const auto c : keys_) columns.emplace_back(rows.column(c).slice(static_cast<size_t>(group.rows[0]), 1));
      return columns;
    }());
    if (is_new) state.rows = Table(terms().input);
    bool is_first = is_new;
    for (const auto row : group.rows) {
      const int64_t arrived = times->values<int64_t>()[static_cast<size_t>(row)];
      if (arrived == types::kNull<int64_t>) continue;
      output.row = row;
      const auto time = enter(state, arrived, is_first, keys, &output);
      if (!time) continue;
      is_first = false;
      if (*time < state.next_end - windows_.window) continue;
      close_windows(state, *time, keys, &output);
      (void)state.rows.append(rows.slice(static_cast<size_t>(row), 1));  // of one schema: cannot fail
      state.times.push_back(*time);
    }
    if (is_first) states_.erase(found);  // no row of it counted
  }
  if (output.times.empty()) return Table();
  // Numbers of the time column's own units, as its type.
  Vector typed(terms().input[time_].type, output.times.size());
  types::visit_fixed(typed.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      for (size_t i = 0; i < output.times.size(); ++i) typed.edit<T>()[i] = static_cast<T>(output.times[i]);
    }
  });
  std::vector<std::string> names{terms().time_column};
  std::vector<Shared<Vector>> columns{Shared<Vector>(std::move(typed))};
  for (size_t c = 0; c < output.keys.columns(); ++c) {
    names.push_back(output.keys.names()[c]);
    columns.push_back(output.keys.column_shared(c));
  }
  for (size_t m = 0; m < output.metrics.size(); ++m) {
    names.push_back("metric" + std::to_string(m));
    columns.push_back(output.metrics[m]);
  }
  return in_order_of(output.causes, Table(std::move(names), std::move(columns)));
}

Value TimeSeriesEngine::state() const {
  StateWriter all;
  std::vector<std::string> keys;
  for (const auto& [key, state] : states_) keys.push_back(key);
  all.add_bytes(keys);
  for (const auto& [key, state] : states_) {
    all.add(state.rows);
    all.add(state.times);
    all.add(state.next_end);
    all.add(state.session_end);
    all.add(state.last);
  }
  return all.take();
}

void TimeSeriesEngine::set_state(const Value& value) {
  StateReader all(value);
  for (const auto& key : all.bytes()) {
    State& state = states_[key];
    state.rows = all.table();
    state.times = all.numbers();
    state.next_end = all.number();
    state.session_end = all.number();
    state.last = all.table();
  }
}

std::optional<int64_t> TimeSeriesEngine::enter(State& state, int64_t time, bool is_new, const Table& keys,
                                               Output* output) {
  const auto& sessions = windows_.sessions;
  if (sessions.begins.empty()) {
    if (!is_new) return time;
    const int64_t alignment = alignment_of(windows_.step, terms().input[time_].type, windows_.round_time);
    state.next_end = kernels::floor_divide(time, alignment) * alignment + windows_.step;
    while (state.next_end <= time) state.next_end += windows_.step;
    return time;
  }
  const auto session = sessions.session_of(time);
  if (!session) {
    // Behind the last session: what it still holds is put out.
    if (!is_new && time >= state.session_end) close_windows(state, state.session_end, keys, output);
    return std::nullopt;
  }
  if (is_new || session->end > state.session_end) {
    if (!is_new) {
      close_windows(state, state.session_end, keys, output);
      state.rows = Table(terms().input);
      state.times.clear();
    }
    state.next_end = session->begin + windows_.step;
    // Windows end no earlier than their session, so that the last one is whole.
    const int64_t steps = (session->end - session->begin + windows_.step - 1) / windows_.step;
    state.session_end = session->begin + steps * windows_.step;
  }
  const int64_t moment = std::max(time, session->begin);
  return sessions.merges_end && moment == session->end ? moment - 1 : moment;
}

std::optional<DailySessions::Session> DailySessions::session_of(int64_t time) const {
  const int64_t midnight = day == 0 ? 0 : kernels::floor_divide(time, day) * day;
  for (size_t i = 0; i < begins.size(); ++i) {
    const bool is_inside = time - midnight < ends[i] || (merges_end && time - midnight == ends[i]);
    if (is_inside) return Session{midnight + begins[i], midnight + ends[i]};
  }
  return std::nullopt;
}

void TimeSeriesEngine::close_windows(State& state, int64_t now, const Table& keys, Output* output) {
  while (state.next_end <= now) {
    const int64_t start = state.next_end - windows_.window;
    std::vector<int64_t> inside;
    for (size_t i = 0; i < state.times.size(); ++i) {
      if (state.times[i] >= start && state.times[i] < state.next_end) inside.push_back(static_cast<int64_t>(i));
    }
    if (!inside.empty() || windows_.fill != WindowTerms::Fill::kNone)
      put_out(state, state.next_end, state.rows.take(inside), keys, output);
    state.next_end += windows_.step;
    drop_old_rows(state);
    const bool nothing_left = state.times.empty() && windows_.fill == WindowTerms::Fill::kNone;
    if (nothing_left && state.next_end <= now) {  // straight to the window that `now` falls into
      state.next_end += (now - state.next_end) / windows_.step * windows_.step;
      if (state.next_end <= now) state.next_end += windows_.step;
    }
  }
}

void TimeSeriesEngine::drop_old_rows(State& state) {
  const int64_t start = state.next_end - windows_.window;
  std::vector<int64_t> kept;
  for (size_t i = 0; i < state.times.size(); ++i) {
    if (state.times[i] >= start) kept.push_back(static_cast<int64_t>(i));
  }
  if (kept.size() == state.times.size()) return;
  state.rows = state.rows.take(kept);
  std::vector<int64_t> times;
  for (const auto i : kept) times.push_back(state.times[static_cast<size_t>(i)]);
  state.times = std::move(times);
}

void TimeSeriesEngine::put_out(State& state, int64_t end, const Table& window, const Table& keys, Output* output) {
  std::vector<Shared<Vector>> values;
  for (size_t m = 0; m < metrics_.size(); ++m) {
    if (window.rows() > 0) {
      exec::RowScope scope(exec::Relation::of(window, ""), nullptr);
      const Value value = evaluate(metrics_[m], scope, interpreter());
      if (!value.is_scalar())
        throw ScriptError("The metric [" + metrics_[m].text + "] must give one value for a window.");
      values.emplace_back(Vector::filled(value.scalar(), 1));
    } else if (windows_.fill == WindowTerms::Fill::kConstants) {
      const auto constants = functions::elements_of(windows_.constants);
      if (!constants || (*constants)->size() <= m) throw ScriptError("fill must have one value for each metric.");
      values.emplace_back((*constants)->slice(m, 1));
    } else if (windows_.fill == WindowTerms::Fill::kPrevious && state.last.columns() > m) {
      values.push_back(state.last.column_shared(m));
    } else {
      values.emplace_back(Vector::nulls(data::Type::kDouble, 1));
    }
  }
  std::vector<std::string> names;
  for (size_t m = 0; m < values.size(); ++m) names.push_back("metric" + std::to_string(m));
  state.last = Table(names, values);
  output->causes.push_back(output->row);
  output->times.push_back(windows_.shows_start ? end - windows_.window : end);
  if (output->metrics.empty()) {
    output->keys = keys;
    output->metrics = std::move(values);
    return;
  }
  (void)output->keys.append(keys);  // of one schema: cannot fail
  for (size_t m = 0; m < values.size(); ++m) {
    Vector& column = output->metrics[m].edit();
    if (column.type() != values[m]->type() && window.rows() > 0) {
      // Filled rows came first: the metric's own type is known only now.
      column = *functions::converted("metrics", Shared<Vector>(column), values[m]->type(), values[m]->scale());
    }
    column.append(*functions::converted("metrics", values[m], column.type(), column.scale()));
  }
}

}  // namespace pelorus::stream
