#include "stream/engines/cross_sectional_engine.h"

#include <algorithm>

#include "base/clock.h"
#include "base/script_error.h"
#include "data/row_index.h"
#include "functions/arguments.h"
#include "kernels/calendar.h"
#include "stream/engines/time_series_engine.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

namespace {

CrossSectionTerms checked(CrossSectionTerms cross, const EngineTerms& terms) {
  const bool by_time = cross.trigger == CrossSectionTerms::Trigger::kKeyCount ||
                       cross.trigger == CrossSectionTerms::Trigger::kDataInterval;
  if (!by_time) return cross;
  if (terms.time_column.empty())
    throw ScriptError("triggeringPattern keyCount and dataInterval need timeColumn, and useSystemTime=false.");
  if (cross.interval <= 0) throw ScriptError("triggeringInterval must be a positive whole number.");
  return cross;
}

}  // namespace

CrossSectionalEngine::CrossSectionalEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                                           CrossSectionTerms cross)
    : Engine(std::move(terms), std::move(session)),
      cross_(checked(std::move(cross), this->terms())),
      metrics_(metrics_of(this->terms().metrics)),
      keys_(input_columns(this->terms().keys)),
      latest_(this->terms().input),
      waiting_(this->terms().input) {}

void CrossSectionalEngine::take_in(const Table& rows) {
  data::RowIndex::Columns columns;
  for (const auto c : keys_) columns.push_back(&rows.column(c));
  std::vector<int64_t> fresh;
  for (size_t r = 0; r < rows.rows(); ++r) {
    const auto [found, is_new] = row_of_key_.emplace(data::RowIndex::key_of(columns, r), latest_.rows() + fresh.size());
    if (is_new) {
      fresh.push_back(static_cast<int64_t>(r));
      continue;
    }
    const size_t known = found->second;
    for (size_t c = 0; c < rows.columns(); ++c) {
      if (known < latest_.rows()) latest_.edit_column(c).set(known, rows.column(c).at(r));
    }
    if (known >= latest_.rows()) fresh[known - latest_.rows()] = static_cast<int64_t>(r);
  }
  if (!fresh.empty()) (void)latest_.append(rows.take(fresh));  // of one schema: cannot fail
}

Value CrossSectionalEngine::state() const {
  StateWriter all;
  all.add(latest_);
  all.add(waiting_);
  all.add(last_time_);
  all.add(window_end_);
  all.add(has_time_ ? 1 : 0);
  return all.take();
}

void CrossSectionalEngine::set_state(const Value& value) {
  StateReader all(value);
  const Table latest = all.table();
  waiting_ = all.table();
  last_time_ = all.number();
  window_end_ = all.number();
  has_time_ = all.number() != 0;
  take_in(latest);
}

Table CrossSectionalEngine::results_of(const Table& own, const data::Scalar& time) {
  exec::RowScope scope(exec::Relation::of(own, ""), nullptr);
  std::vector<Value> values;
  size_t rows = 1;
  for (const auto& metric : metrics_) {
    values.push_back(evaluate(metric, scope, interpreter()));
    if (values.back().is_vector()) rows = values.back().vector().size();
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  const auto add = [&](const std::string& name, const data::Scalar& repeated) {
    names.push_back(name);
    columns.emplace_back(Vector::filled(repeated, rows));
  };
  constexpr int64_t kNsPerMs = 1'000'000;
  const bool is_now = time.type() == Type::kVoid;
  add("time", is_now ? data::Scalar::of<int64_t>(Type::kTimestamp, SystemClock().wall_ns() / kNsPerMs) : time);
  if (!cross_.context_column.empty())
    add(cross_.context_column, own.column(input_column(cross_.context_column)).scalar_at(0));
  for (size_t m = 0; m < values.size(); ++m) {
    const auto name = "metric" + std::to_string(m);
    if (values[m].is_scalar()) {
      add(name, values[m].scalar());
      continue;
    }
    if (!values[m].is_vector() || values[m].vector().size() != rows)
      throw ScriptError("The metric [" + metrics_[m].text + "] must give a scalar, or a vector as long as the others.");
    names.push_back(name);
    columns.push_back(values[m].vector_shared());
  }
  return Table(std::move(names), std::move(columns));
}

Table CrossSectionalEngine::put_out(const Table& batch, const data::Scalar& time) {
  const Table section = cross_.last_batch_only ? batch : latest_;
  std::vector<size_t> context;
  if (!cross_.context_column.empty()) context.push_back(input_column(cross_.context_column));
  Table all;
  for (const auto& group : rows_by_key(section, context)) add_rows(results_of(section.take(group.rows), time), &all);
  return all;
}

Table CrossSectionalEngine::process(const Table& rows) {
  using Trigger = CrossSectionTerms::Trigger;
  if (rows.rows() == 0) return Table();
  if (cross_.trigger == Trigger::kKeyCount || cross_.trigger == Trigger::kDataInterval) return process_by_time(rows);
  const auto time_at = [&](size_t r) {
    return terms().time_column.empty() ? data::Scalar() : rows.column(input_column(terms().time_column)).scalar_at(r);
  };
  if (cross_.trigger == Trigger::kBatch) {
    take_in(rows);
    return put_out(rows, time_at(rows.rows() - 1));
  }
  Table all;
  for (size_t r = 0; r < rows.rows(); ++r) {
    const Table row = rows.slice(r, 1);
    take_in(row);
    add_rows(put_out(row, time_at(r)), &all);
  }
  return all;
}

data::Scalar CrossSectionalEngine::time_of(int64_t units) const {
  return time_scalar(terms().input[input_column(terms().time_column)].type, units);
}

void CrossSectionalEngine::close_times(int64_t time, Table* output) {
  const auto put = [&](int64_t at) {
    if (waiting_.rows() > 0) add_rows(put_out(waiting_, time_of(at)), output);
    waiting_ = Table(terms().input);
  };
  if (cross_.trigger == CrossSectionTerms::Trigger::kKeyCount) {
    if (has_time_ && time > last_time_) put(last_time_);
    last_time_ = time;
  } else if (!has_time_) {
    const auto type = terms().input[input_column(terms().time_column)].type;
    const int64_t alignment = alignment_of(cross_.interval, type, cross_.round_time);
    window_end_ = kernels::floor_divide(time, alignment) * alignment + cross_.interval;
    if (window_end_ <= time) window_end_ += (time - window_end_) / cross_.interval * cross_.interval + cross_.interval;
  } else if (time >= window_end_) {
    put(window_end_);
    window_end_ += (time - window_end_) / cross_.interval * cross_.interval + cross_.interval;
  }
  has_time_ = true;
}

Table CrossSectionalEngine::process_by_time(const Table& rows) {
  const bool counts = cross_.trigger == CrossSectionTerms::Trigger::kKeyCount;
  const auto times =
      functions::as_longs("createCrossSectionalEngine", rows.column_shared(input_column(terms().time_column)));
  const auto time_at = [&](size_t r) { return times->values<int64_t>()[r]; };
  Table all;
  for (size_t r = 0; r < rows.rows();) {
    // Rows of one time, as many as may be taken in before an output.
    const size_t most = counts ? static_cast<size_t>(cross_.interval) - waiting_.rows() : rows.rows();
    size_t end = r + 1;
    while (end < rows.rows() && time_at(end) == time_at(r) && end - r < most) ++end;
    const bool is_late = has_time_ && counts && time_at(r) < last_time_;
    if (time_at(r) == types::kNull<int64_t> || is_late) {
      r = end;
      continue;
    }
    close_times(time_at(r), &all);
    const Table part = rows.slice(r, end - r);
    take_in(part);
    (void)waiting_.append(part);  // of one schema: cannot fail
    r = end;
    if (!counts || waiting_.rows() < static_cast<size_t>(cross_.interval)) continue;
    add_rows(put_out(waiting_, time_of(last_time_)), &all);
    waiting_ = Table(terms().input);
  }
  return all;
}

}  // namespace pelorus::stream
