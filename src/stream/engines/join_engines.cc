#include "stream/engines/join_engines.h"

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"

namespace pelorus::stream {

using data::Table;
using data::Value;

namespace {

/// A row number that take() turns into nulls.
constexpr int64_t kNoRow = INT64_MAX;

size_t as_size(int64_t position) { return static_cast<size_t>(position); }

/// How many of the ascending times are not later than `time`.
size_t count_until(const std::vector<int64_t>& times, int64_t time) {
  return static_cast<size_t>(std::upper_bound(times.begin(), times.end(), time) - times.begin());
}
/// How many are earlier.
size_t count_before(const std::vector<int64_t>& times, int64_t time) {
  return static_cast<size_t>(std::lower_bound(times.begin(), times.end(), time) - times.begin());
}

}  // namespace

void TimedRows::append(const Table& more, const std::vector<int64_t>& more_times) {
  add_rows(more, &rows);
  times.insert(times.end(), more_times.begin(), more_times.end());
}

void TimedRows::drop_first(size_t count) {
  if (count == 0) return;
  rows = rows.slice(count, rows.rows() - count);
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(count));
}

// ---- asof

AsofJoinEngine::State& AsofJoinEngine::state_of(const Arrival& arrival) {
  auto& state = states_[arrival.key];
  if (state.left.rows.columns() == 0) state = {{Table(schema()), {}}, {Table(right_schema()), {}}};
  return state;
}

void AsofJoinEngine::take_left(const Arrival& arrival, Table* output) {
  auto& state = state_of(arrival);
  state.left.append(arrival.rows, arrival.times);
  put_out(state, output);
}

void AsofJoinEngine::take_right(const Arrival& arrival, Table* output) {
  auto& state = state_of(arrival);
  state.right.append(arrival.rows, arrival.times);
  if (terms().time_column.empty()) state.right.drop_first(state.right.times.size() - 1);
  put_out(state, output);
}

void AsofJoinEngine::put_out(State& state, Table* output) {
  const bool by_arrival = terms().time_column.empty();
  size_t ready = by_arrival ? state.left.times.size() : 0;
  if (!by_arrival && !state.right.times.empty()) ready = count_before(state.left.times, state.right.times.back());
  if (ready == 0) return;
  std::vector<int64_t> matches;
  for (size_t i = 0; i < ready; ++i) {
    const size_t until = by_arrival ? state.right.times.size() : count_until(state.right.times, state.left.times[i]);
    matches.push_back(until == 0 ? kNoRow : static_cast<int64_t>(until) - 1);
  }
  add_rows(joined(state.left.rows.slice(0, ready), state.right.rows.take(matches), true), output);
  state.left.drop_first(ready);
  if (!by_arrival && matches.back() != kNoRow)
    state.right.drop_first(as_size(matches.back()));  // later rows may meet it too
}

// ---- lookup

LookupJoinEngine::LookupJoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join,
                                   LookupTerms lookup)
    : JoinEngine(std::move(terms), std::move(session), std::move(join)), lookup_(std::move(lookup)) {
  if (!lookup_.source.is_void()) read_again();
}

void LookupJoinEngine::read_again() {
  const Value value =
      lookup_.source.is_code() ? interpreter().context().evaluate(*lookup_.source.code()) : lookup_.source;
  const Table rows = functions::table_argument("createLookupJoinEngine", value);
  right_.clear();
  Table typed(right_schema());
  if (const auto done = typed.append(rows); !done.ok()) throw ScriptError(done.error().message);
  take_again(typed);
  read_at_ = std::chrono::steady_clock::now();
}

void LookupJoinEngine::take_left(const Arrival& arrival, Table* output) {
  if (read_at_ && lookup_.every.count() > 0 && std::chrono::steady_clock::now() - *read_at_ >= lookup_.every)
    read_again();
  const auto found = right_.find(arrival.key);
  const bool has_match = found != right_.end() && found->second.rows.rows() > 0;
  if (!has_match && (lookup_.only_matched || lookup_.keeps_all)) return;
  const size_t matches = has_match ? found->second.rows.rows() : 1;
  std::vector<int64_t> left, right;
  for (size_t i = 0; i < arrival.rows.rows(); ++i) {
    for (size_t k = 0; k < matches; ++k) {
      left.push_back(static_cast<int64_t>(i));
      right.push_back(has_match ? static_cast<int64_t>(k) : kNoRow);
    }
  }
  const Table none(right_schema());
  for (const auto row : left) brought_by(arrival.places[static_cast<size_t>(row)]);
  add_rows(joined(arrival.rows.take(left), (has_match ? found->second.rows : none).take(right), false), output);
}

void LookupJoinEngine::take_right(const Arrival& arrival, Table*) {
  auto& known = right_[arrival.key];
  known.append(arrival.rows, arrival.times);
  if (lookup_.keeps_all) return;
  // The greatest time; of equal ones, and without a time column, the last to come.
  size_t last = known.times.size() - 1;
  for (size_t i = known.times.size(); i-- > 0;) {
    if (known.times[i] > known.times[last]) last = i;
  }
  known = {known.rows.slice(last, 1), {known.times[last]}};
}

// ---- left semi

void LeftSemiJoinEngine::put_out(const Table& left, const Table& right, Table* output) {
  const std::vector<int64_t> same(left.rows(), 0);
  add_rows(joined(left, right.take(same), false), output);
}

void LeftSemiJoinEngine::take_left(const Arrival& arrival, Table* output) {
  const auto found = right_.find(arrival.key);
  if (found == right_.end()) {
    add_rows(arrival.rows, &waiting_[arrival.key]);
    return;
  }
  for (const auto place : arrival.places) brought_by(place);
  put_out(arrival.rows, found->second, output);
}

void LeftSemiJoinEngine::take_right(const Arrival& arrival, Table* output) {
  const auto [known, is_new] = right_.try_emplace(arrival.key, arrival.rows.slice(0, 1));
  const auto waiting = waiting_.find(arrival.key);
  if (last_right_) known->second = arrival.rows.slice(arrival.rows.rows() - 1, 1);
  if (waiting == waiting_.end()) return;
  for (size_t i = 0; i < waiting->second.rows(); ++i) brought_by(arrival.places[0]);
  put_out(waiting->second, known->second, output);
  waiting_.erase(waiting);
}

// ---- equi

void EquiJoinEngine::take_one(const Arrival& arrival, bool is_left, Table* output) {
  auto& state = states_[arrival.key];
  Side& own = is_left ? state.left : state.right;
  Side& other = is_left ? state.right : state.left;
  for (size_t i = 0; i < arrival.times.size(); ++i) {
    const Table row = arrival.rows.slice(i, 1);
    const auto met = other.find(arrival.times[i]);
    if (met == other.end()) {
      own.insert_or_assign(arrival.times[i], Kept{row, false});
      continue;
    }
    met->second.has_met = true;
    brought_by(arrival.places[i]);
    add_rows(is_left ? joined(row, met->second.row, true) : joined(met->second.row, row, true), output);
  }
  for (Side* side : {&own, &other}) {
    if (side->size() > rows_max_) forget(*side);
  }
}

void EquiJoinEngine::forget(Side& side) const {
  const int64_t latest = side.rbegin()->first;
  std::erase_if(side, [&](const auto& entry) { return entry.second.has_met || entry.first < latest - delay_; });
}

// ---- window

WindowJoinEngine::State& WindowJoinEngine::state_of(const Arrival& arrival) {
  auto& state = states_[arrival.key];
  if (state.left.rows.columns() == 0) state = {{Table(schema()), {}}, {Table(right_schema()), {}}, {}};
  return state;
}

void WindowJoinEngine::take_left(const Arrival& arrival, Table* output) {
  auto& state = state_of(arrival);
  state.left.append(arrival.rows, arrival.times);
  waiting_.insert(arrival.key);
  if (!state.right.times.empty()) close(state, state.right.times.back(), output);
  if (state.left.times.empty()) waiting_.erase(arrival.key);
}

void WindowJoinEngine::take_right(const Arrival& arrival, Table* output) {
  auto& state = state_of(arrival);
  state.right.append(arrival.rows, arrival.times);
  close(state, state.right.times.back(), output);
  if (state.left.times.empty()) waiting_.erase(arrival.key);
}

void WindowJoinEngine::after_right(int64_t latest, Table* output) {
  if (windows_.is_between()) return;
  for (auto key = waiting_.begin(); key != waiting_.end();) {
    auto& state = states_[*key];
    close(state, latest - windows_.delay, output);
    key = state.left.times.empty() ? waiting_.erase(key) : std::next(key);
  }
}

void WindowJoinEngine::close(State& state, int64_t now, Table* output) {
  size_t done = 0;
  for (; done < state.left.times.size(); ++done) {
    const int64_t time = state.left.times[done];
    size_t from = 0, to = 0;
    if (!windows_.is_between()) {
      if (now <= time + windows_.to) break;
      from = count_before(state.right.times, time + windows_.from);
      to = count_until(state.right.times, time + windows_.to);
    } else if (windows_.closed_right) {
      if (now <= time) break;
      from = state.before ? count_until(state.right.times, *state.before) : 0;
      to = count_until(state.right.times, time);
    } else {
      if (now < time) break;
      from = state.before ? count_before(state.right.times, *state.before) : 0;
      to = count_before(state.right.times, time);
    }
    const Table window = state.right.rows.slice(from, std::max(to, from) - from);
    add_rows(filled(joined_window(state.left.rows.slice(done, 1), window, windows_.is_between())), output);
    state.before = time;
  }
  if (done == 0) return;
  state.left.drop_first(done);
  // Left rows to come are not earlier than the last one.
  const int64_t needed = windows_.is_between() ? *state.before : *state.before + windows_.from;
  state.right.drop_first(count_before(state.right.times, needed));
}

Table WindowJoinEngine::filled(Table rows) const {
  for (size_t c = 0; c < rows.columns() && c < windows_.null_fill.size(); ++c) {
    if (rows.column(c).is_array()) continue;
    for (size_t r = 0; r < rows.rows(); ++r) {
      if (rows.column(c).is_null_at(r) && !rows.edit_column(c).set(r, windows_.null_fill[c]))
        throw ScriptError("nullFill has a value of another type than column " + std::to_string(c) + " of the output.");
    }
  }
  return rows;
}

}  // namespace pelorus::stream
