#include "stream/engines/session_window_engine.h"

#include "base/script_error.h"
#include "functions/arguments.h"
#include "stream/engines/batch_order.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Value;
using data::Vector;

SessionWindowEngine::SessionWindowEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                                         SessionTerms sessions)
    : Engine(std::move(terms), std::move(session)),
      sessions_(sessions),
      metrics_(metrics_of(this->terms().metrics)),
      time_(input_column(this->terms().time_column)),
      keys_(input_columns(this->terms().keys)) {
  if (sessions_.gap <= 0) throw ScriptError("sessionGap must be a positive whole number.");
}

Table SessionWindowEngine::process(const Table& rows) {
  Table output;
  std::vector<int64_t> causes;  // rows that closed the sessions put out
  const auto times = functions::as_longs("createSessionWindowEngine", rows.column_shared(time_));
  for (const auto& group : rows_by_key(rows, keys_)) {
    auto& state = states_[group.key];
    std::vector<int64_t> fresh;  // of the open session, not yet in state.rows
    const auto take_in = [&] {
      if (!fresh.empty()) add_rows(rows.take(fresh), &state.rows);
      fresh.clear();
    };
    for (const auto row : group.rows) {
      const int64_t time = times->values<int64_t>()[static_cast<size_t>(row)];
      const bool is_open = state.rows.rows() > 0 || !fresh.empty();
      if (time == types::kNull<int64_t> || (is_open && time < state.last)) continue;
      if (is_open && time >= state.last + sessions_.gap) {
        take_in();
        add_rows(results_of(state), &output);
        causes.push_back(row);
        state.rows = Table();
      }
      fresh.push_back(row);
      state.last = time;
    }
    take_in();
  }
  return in_order_of(causes, std::move(output));
}

Value SessionWindowEngine::state() const {
  StateWriter all;
  std::vector<std::string> keys;
  for (const auto& [key, state] : states_) keys.push_back(key);
  all.add_bytes(keys);
  for (const auto& [key, state] : states_) {
    all.add(state.rows);
    all.add(state.last);
  }
  return all.take();
}

void SessionWindowEngine::set_state(const Value& value) {
  StateReader all(value);
  for (const auto& key : all.bytes()) {
    State& state = states_[key];
    state.rows = all.table();
    state.last = all.number();
  }
}

Table SessionWindowEngine::results_of(const State& state) {
  std::vector<std::string> names{terms().time_column};
  std::vector<Shared<Vector>> columns;
  const auto start = state.rows.column(time_).slice(0, 1);
  if (sessions_.shows_start)
    columns.emplace_back(start);
  else
    columns.emplace_back(Vector::filled(time_scalar(start.type(), state.last + sessions_.gap), 1));
  for (const auto key : keys_) {
    names.push_back(state.rows.names()[key]);
    columns.emplace_back(state.rows.column(key).slice(0, 1));
  }
  exec::RowScope scope(exec::Relation::of(state.rows, ""), nullptr);
  for (size_t m = 0; m < metrics_.size(); ++m) {
    const Value value = evaluate(metrics_[m], scope, interpreter());
    if (!value.is_scalar())
      throw ScriptError("The metric [" + metrics_[m].text + "] must give one value for a session.");
    names.push_back("metric " + std::to_string(m));
    columns.emplace_back(Vector::filled(value.scalar(), 1));
  }
  return Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::stream
