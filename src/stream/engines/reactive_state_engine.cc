#include "stream/engines/reactive_state_engine.h"

#include <algorithm>
#include <numeric>

#include "base/script_error.h"
#include "functions/arguments.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Value;
using data::Vector;

namespace {

std::vector<Metric> joined(std::vector<Metric> first, const std::vector<Metric>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

ReactiveStateEngine::ReactiveStateEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                                         const Value& filter)
    : Engine(std::move(terms), std::move(session)),
      metrics_(metrics_of(this->terms().metrics)),
      filter_(filter.is_void() ? std::vector<Metric>() : metrics_of({filter})),
      all_(joined(metrics_, filter_)),
      calls_(all_, this->terms().input, interpreter()) {
  for (const auto& key : this->terms().keys) keys_.push_back(input_column(key));
  if (filter_.size() > 1) throw ScriptError("filter must be one expression.");
}

Table ReactiveStateEngine::process(const Table& rows) {
  std::vector<std::vector<Shared<Vector>>> parts;
  std::vector<std::vector<int64_t>> places;
  for (auto& group : rows_by_key(rows, keys_)) {
    const bool is_whole = group.rows.size() == rows.rows();
    const Table own = is_whole ? rows : rows.take(group.rows);
    exec::RowScope scope(exec::Relation::of(own, ""), nullptr);
    memories_[group.key].feed(calls_, all_, scope, interpreter());
    std::vector<Shared<Vector>> columns;
    for (const auto key : keys_) columns.push_back(own.column_shared(key));
    for (const auto& metric : metrics_) columns.push_back(evaluate_column(metric, scope, interpreter()));
    if (!filter_.empty()) {
      const auto flags =
          functions::converted("filter", evaluate_column(filter_[0], scope, interpreter()), data::Type::kBool);
      std::vector<int64_t> kept;
      for (size_t r = 0; r < group.rows.size(); ++r) {
        if (flags->values<int8_t>()[r] == 1) kept.push_back(group.rows[r]);
      }
      group.rows = std::move(kept);
      for (auto& column : columns) column = Shared<Vector>(column->filter(flags->values<int8_t>()));
    }
    parts.push_back(std::move(columns));
    places.push_back(std::move(group.rows));
  }
  std::vector<std::string> names = terms().keys;
  for (size_t m = 0; m < metrics_.size(); ++m) names.push_back("metric" + std::to_string(m));
  return assembled(names, parts, places);
}

Table assembled(const std::vector<std::string>& names, const std::vector<std::vector<Shared<Vector>>>& parts,
                const std::vector<std::vector<int64_t>>& places) {
  if (parts.empty()) return Table();
  std::vector<Shared<Vector>> columns = parts[0];
  std::vector<int64_t> rows = places[0];
  for (size_t p = 1; p < parts.size(); ++p) {
    for (size_t c = 0; c < columns.size(); ++c) {
      const auto& like = *columns[c];
      columns[c].edit().append(*functions::converted("metrics", parts[p][c], like.type(), like.scale()));
    }
    rows.insert(rows.end(), places[p].begin(), places[p].end());
  }
  // Back into the order the rows came in.
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return rows[static_cast<size_t>(a)] < rows[static_cast<size_t>(b)]; });
  if (!std::is_sorted(order.begin(), order.end())) {
    for (auto& column : columns) column = Shared<Vector>(column->take(order));
  }
  return Table(names, std::move(columns));
}

}  // namespace pelorus::stream
