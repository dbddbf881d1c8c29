#include "stream/engines/join_engine.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/script_error.h"
#include "functions/arguments.h"
#include "stream/engines/batch_order.h"

namespace pelorus::stream {

using data::Schema;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

namespace {

size_t column_in(const Schema& schema, const std::string& name, const std::string& engine) {
  const int found = find_column(schema, name);
  if (found < 0) throw ScriptError("A table of the engine " + engine + " has no column " + name + ".");
  return static_cast<size_t>(found);
}

bool same_text(std::string_view left, std::string_view right) {
  Schema one{{.name = std::string(left)}};
  return find_column(one, right) == 0;
}

JoinTerms with_left_key_types(JoinTerms join, const EngineTerms& terms) {
  if (join.right_keys.size() != terms.keys.size())
    throw ScriptError("matchingColumn must name as many columns of the right table as of the left one.");
  for (size_t k = 0; k < terms.keys.size(); ++k) {
    auto& right = join.right[column_in(join.right, join.right_keys[k], terms.name)];
    right.type = terms.input[column_in(terms.input, terms.keys[k], terms.name)].type;
  }
  return join;
}

}  // namespace

/// Columns of both sides by name. With `row` the left side's are the values of that row.
class JoinEngine::PairScope final : public exec::Scope {
 public:
  PairScope(const JoinTerms& join, const Table& left, const Table& right, bool left_is_row)
      : exec::Scope(nullptr), join_(join), left_(left), right_(right), left_is_row_(left_is_row) {}

  std::optional<Value> find(std::string_view name) override {
    if (const int c = find_column(left_.schema(), name); c >= 0) return left_value(c);
    if (const int c = find_column(right_.schema(), name); c >= 0)
      return Value(right_.column_shared(static_cast<size_t>(c)));
    return std::nullopt;
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    if (!join_.left_name.empty() && same_text(join_.left_name, qualifier)) {
      if (const int c = find_column(left_.schema(), name); c >= 0) return left_value(c);
    }
    if (!join_.right_name.empty() && same_text(join_.right_name, qualifier)) {
      if (const int c = find_column(right_.schema(), name); c >= 0)
        return Value(right_.column_shared(static_cast<size_t>(c)));
    }
    return std::nullopt;
  }

 private:
  Value left_value(int column) const {
    const auto c = static_cast<size_t>(column);
    return left_is_row_ ? left_.column(c).at(0) : Value(left_.column_shared(c));
  }

  const JoinTerms& join_;
  const Table& left_;
  const Table& right_;
  const bool left_is_row_;
};

JoinEngine::JoinEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, JoinTerms join)
    : Engine(std::move(terms), std::move(session)),
      join_(with_left_key_types(std::move(join), this->terms())),
      metrics_(metrics_of(this->terms().metrics)),
      left_keys_(input_columns(this->terms().keys)),
      latest_right_(types::kNull<int64_t>) {
  for (const auto& key : join_.right_keys) right_keys_.push_back(column_in(join_.right, key, name()));
  if (!this->terms().time_column.empty()) left_time_ = static_cast<int>(input_column(this->terms().time_column));
  if (!join_.right_time.empty()) right_time_ = static_cast<int>(column_in(join_.right, join_.right_time, name()));
}

Result<int64_t> JoinEngine::append_left(const Table& rows) {
  return feed(rows, terms().input, [this](const Table& typed) { return take(typed, true); });
}

Result<int64_t> JoinEngine::append_right(const Table& rows) {
  return feed(rows, join_.right, [this](const Table& typed) { return take(typed, false); });
}

Table JoinEngine::process(const Table&) {
  throw ScriptError(
      "rows come to an engine that joins by appendForJoin(engine, isLeftTable, data), or through "
      "getLeftStream(engine) and getRightStream(engine)");
}

Table JoinEngine::take(const Table& rows, bool is_left) {
  Table output;
  if (rows.rows() == 0) return output;
  const int time = is_left ? left_time_ : right_time_;
  std::vector<int64_t> times(rows.rows(), types::kNull<int64_t>);
  if (time >= 0) {
    const auto longs = functions::as_longs("join engine", rows.column_shared(static_cast<size_t>(time)));
    times.assign(longs->values<int64_t>().begin(), longs->values<int64_t>().end());
  }
  causes_.clear();
  for (const auto& group : rows_by_key(rows, is_left ? left_keys_ : right_keys_)) {
    Arrival arrival{.key = group.key,
                    .rows = group.rows.size() == rows.rows() ? rows : rows.take(group.rows),
                    .times = {},
                    .places = {group.rows.begin(), group.rows.end()}};
    for (const auto row : group.rows) arrival.times.push_back(times[static_cast<size_t>(row)]);
    if (is_left)
      take_left(arrival, &output);
    else
      take_right(arrival, &output);
  }
  if (!is_left) {
    latest_right_ = std::max(latest_right_, *std::max_element(times.begin(), times.end()));
    after_right(latest_right_, &output);
  }
  return in_order_of(std::exchange(causes_, {}), std::move(output));
}

void JoinEngine::add_left_columns(const Table& left, size_t rows, bool with_time, std::vector<std::string>* names,
                                  std::vector<Shared<Vector>>* columns) const {
  const auto add = [&](size_t c) {
    names->push_back(left.names()[c]);
    columns->push_back(left.rows() == rows ? left.column_shared(c)
                                           : Shared<Vector>(Vector::filled(left.column(c).scalar_at(0), rows)));
  };
  constexpr int64_t kNsPerMs = 1'000'000;
  if (with_time && left_time_ < 0) {
    names->emplace_back("time ");  // no column has such a name
    columns->emplace_back(
        Vector::filled(data::Scalar::of<int64_t>(Type::kTimestamp, SystemClock().wall_ns() / kNsPerMs), rows));
  } else if (with_time) {
    add(static_cast<size_t>(left_time_));
  }
  for (const auto key : left_keys_) {
    if (!with_time || left_time_ != static_cast<int>(key)) add(key);
  }
}

Table JoinEngine::joined(const Table& left, const Table& right, bool with_time) {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  add_left_columns(left, left.rows(), with_time, &names, &columns);
  PairScope scope(join_, left, right, false);
  for (size_t m = 0; m < metrics_.size(); ++m) {
    const Value value = evaluate(metrics_[m], scope, interpreter());
    names.push_back("metric " + std::to_string(m));
    if (value.is_scalar()) {
      columns.emplace_back(Vector::filled(value.scalar(), left.rows()));
    } else if (value.is_vector() && value.vector().size() == left.rows()) {
      columns.push_back(value.vector_shared());
    } else {
      throw ScriptError("The metric [" + metrics_[m].text + "] must give one value for each pair of rows.");
    }
  }
  return Table(std::move(names), std::move(columns));
}

Table JoinEngine::joined_window(const Table& left, const Table& right, bool as_arrays) {
  PairScope scope(join_, left, right, true);
  std::vector<Value> values;
  size_t rows = 1;
  for (const auto& metric : metrics_) {
    Value value = evaluate(metric, scope, interpreter());
    if (value.is_vector() && as_arrays) {
      const auto size = static_cast<int64_t>(value.vector().size());
      value = Value(Vector::array(value.vector_shared(), {size}));
    } else if (value.is_vector()) {
      rows = std::max(rows, value.vector().size());
    }
    values.push_back(std::move(value));
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  add_left_columns(left, rows, true, &names, &columns);
  for (size_t m = 0; m < values.size(); ++m) {
    const bool is_column = values[m].is_vector();
    if (!is_column && !values[m].is_scalar())
      throw ScriptError("The metric [" + metrics_[m].text + "] must give a scalar or a vector.");
    if (is_column && values[m].vector().size() != rows && !values[m].vector().empty())
      throw ScriptError("The metric [" + metrics_[m].text + "] must give as many values as the window has rows.");
    names.push_back("metric " + std::to_string(m));
    if (!is_column) {
      columns.emplace_back(Vector::filled(values[m].scalar(), rows));
      continue;
    }
    Vector column = values[m].vector();
    column.resize(rows);  // a window without rows gives a null
    columns.emplace_back(std::move(column));
  }
  return Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::stream
