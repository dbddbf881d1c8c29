#include "stream/cep/data_view.h"

#include <algorithm>

#include "base/log.h"
#include "base/script_error.h"
#include "data/row_index.h"

namespace pelorus::stream {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

data::Schema row_schema(const EngineTerms& terms, const DataViewTerms& view) {
  auto schema = terms.output->schema();
  if (!view.shows_operation) return schema;
  if (schema.empty() || schema[0].type != Type::kChar)
    throw ScriptError("createDataViewEngine: the first column of outputTable must be of type CHAR for the operation.");
  schema.erase(schema.begin());
  return schema;
}

/// What rows to take in look like: `terms` with that as its input.
EngineTerms with_input(EngineTerms terms, const DataViewTerms& view) {
  terms.input = row_schema(terms, view);
  const int time = find_column(terms.input, terms.time_column);
  if (time < 0) throw ScriptError("createDataViewEngine: outputTable has no column " + terms.time_column + ".");
  if (!types::is_temporal(terms.input[static_cast<size_t>(time)].type))
    throw ScriptError("createDataViewEngine: the column " + terms.time_column + " of outputTable must be a time.");
  if (view.use_system_time) terms.input.erase(terms.input.begin() + time);
  return terms;
}

}  // namespace

DataView::DataView(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, DataViewTerms view)
    : Engine(with_input(std::move(terms), view), std::move(session)),
      view_(view),
      row_schema_(row_schema(this->terms(), view)),
      latest_(row_schema_),
      pending_(row_schema_),
      shown_(row_schema_) {
  for (const auto& key : keys()) {
    const int column = find_column(row_schema_, key);
    if (column < 0) throw ScriptError("createDataViewEngine: outputTable has no column " + key + ".");
    key_columns_.push_back(static_cast<size_t>(column));
  }
  time_column_ = static_cast<size_t>(find_column(row_schema_, this->terms().time_column));
  if (view_.throttle) thread_ = std::thread([this] { flush_regularly(); });
}

DataView::~DataView() {
  {
    const std::lock_guard lock(wake_mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Result<Table> DataView::snapshot() const {
  const std::lock_guard lock(shown_mutex_);
  return shown_;
}

std::string DataView::key_at(const Table& rows, size_t row) const {
  data::RowIndex::Columns columns;
  for (const auto c : key_columns_) columns.push_back(&rows.column(c));
  return data::RowIndex::key_of(columns, row);
}

/// Rows of the input with the time of now, if that is not theirs.
Table DataView::with_time(const Table& rows) {
  if (!view_.use_system_time) return rows;
  const Value now = interpreter().call_text("now", {});
  Table all;
  for (size_t c = 0, from = 0; c < row_schema_.size(); ++c) {
    all.set_column(row_schema_[c].name, c == time_column_ ? Shared<Vector>(Vector::filled(now.scalar(), rows.rows()))
                                                          : rows.column_shared(from++));
  }
  Table typed(row_schema_);
  if (const auto done = typed.append(all); !done.ok()) throw ScriptError(done.error().message);
  return typed;
}

void DataView::reindex() {
  row_of_key_.clear();
  for (size_t r = 0; r < latest_.rows(); ++r) row_of_key_[key_at(latest_, r)] = static_cast<int64_t>(r);
}

Table DataView::output_of(const Table& rows, const std::vector<char>& operations) const {
  if (!view_.shows_operation) return rows;
  Table out;
  Vector letters(Type::kChar, operations.size());
  for (size_t i = 0; i < operations.size(); ++i) letters.edit<int8_t>()[i] = static_cast<int8_t>(operations[i]);
  out.set_column(terms().output->schema()[0].name, Shared<Vector>(std::move(letters)));
  for (size_t c = 0; c < rows.columns(); ++c) out.set_column(rows.names()[c], rows.column_shared(c));
  return out;
}

/// Those rows of latest_ are new: what is to be put out now.
Table DataView::changed(const std::vector<int64_t>& rows, const std::vector<char>& operations) {
  {
    const std::lock_guard lock(shown_mutex_);
    shown_ = latest_;
  }
  const Table part = latest_.take(rows);
  if (!view_.throttle) return output_of(part, operations);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto key = key_at(part, i);
    std::vector<int64_t> others;
    char operation = operations[i];
    for (size_t p = 0; p < pending_.rows(); ++p) {
      if (key_at(pending_, p) != key)
        others.push_back(static_cast<int64_t>(p));
      else if (pending_operations_[p] == 'A')
        operation = 'A';
    }
    std::vector<char> kept;
    for (const auto p : others) kept.push_back(pending_operations_[static_cast<size_t>(p)]);
    pending_ = pending_.take(others);
    pending_operations_ = std::move(kept);
    add_rows(part.slice(i, 1), &pending_);
    pending_operations_.push_back(operation);
  }
  return {};
}

Table DataView::process(const Table& rows) {
  const Table all = with_time(rows);
  Table out;
  for (size_t r = 0; r < all.rows(); ++r) {
    const auto key = key_at(all, r);
    const auto found = row_of_key_.find(key);
    const bool is_new = found == row_of_key_.end();
    int64_t at = is_new ? static_cast<int64_t>(latest_.rows()) : found->second;
    if (is_new) {
      add_rows(all.slice(r, 1), &latest_);
      row_of_key_[key] = at;
    } else {
      for (size_t c = 0; c < all.columns(); ++c)
        latest_.edit_column(c).set(static_cast<size_t>(at), all.column(c).at(r));
    }
    const Table part = changed({at}, {is_new ? 'A' : 'U'});
    if (part.rows() > 0) add_rows(part, &out);
  }
  return out;
}

std::vector<int64_t> DataView::rows_of(const std::vector<Value>& keys) const {
  if (keys.size() != key_columns_.size())
    throw ScriptError("The data view " + name() + " has " + std::to_string(key_columns_.size()) +
                      " key columns, but values for " + std::to_string(keys.size()) + " were given.");
  Table wanted;
  for (size_t k = 0; k < keys.size(); ++k) {
    const auto& column = row_schema_[key_columns_[k]];
    Vector values(column.type, 0, column.scale);
    const size_t count = keys[k].is_vector() ? keys[k].vector().size() : 1;
    for (size_t i = 0; i < count; ++i) {
      if (!values.push_back(keys[k].is_vector() ? keys[k].vector().at(i) : keys[k]))
        throw ScriptError("The key column " + column.name + " can't hold " + keys[k].type_text() + ".");
    }
    if (k > 0 && values.size() != wanted.rows()) throw ScriptError("The keys must be of the same length.");
    wanted.set_column(column.name, Shared<Vector>(std::move(values)));
  }
  std::vector<int64_t> rows;
  for (size_t i = 0; i < wanted.rows(); ++i) {
    data::RowIndex::Columns columns;
    for (size_t k = 0; k < keys.size(); ++k) columns.push_back(&wanted.column(k));
    const auto found = row_of_key_.find(data::RowIndex::key_of(columns, i));
    if (found == row_of_key_.end()) throw ScriptError("The data view " + name() + " has no row of such a key.");
    rows.push_back(found->second);
  }
  return rows;
}

Status DataView::remove(const std::vector<Value>& keys) {
  const auto done = feed(Table(), {}, [&](const Table&) {
    const auto rows = rows_of(keys);
    const Table out = changed(rows, std::vector<char>(rows.size(), 'D'));
    std::vector<int64_t> kept;
    for (size_t r = 0; r < latest_.rows(); ++r) {
      if (std::find(rows.begin(), rows.end(), static_cast<int64_t>(r)) == rows.end())
        kept.push_back(static_cast<int64_t>(r));
    }
    latest_ = latest_.take(kept);
    reindex();
    const std::lock_guard lock(shown_mutex_);
    shown_ = latest_;
    return view_.shows_operation ? out : Table();
  });
  return done.ok() ? Status() : Status(done.error());
}

Status DataView::update(const std::vector<Value>& keys, const std::vector<std::string>& names,
                        const std::vector<Value>& values) {
  const auto done = feed(Table(), {}, [&](const Table&) {
    const auto rows = rows_of(keys);
    if (names.size() != values.size())
      throw ScriptError("There are " + std::to_string(names.size()) + " names but " + std::to_string(values.size()) +
                        " values.");
    for (size_t i = 0; i < names.size(); ++i) {
      const int c = find_column(row_schema_, names[i]);
      if (c < 0) throw ScriptError("The data view " + name() + " has no column " + names[i] + ".");
      const bool spreads = values[i].is_vector() && !row_schema_[static_cast<size_t>(c)].array;
      if (spreads && values[i].vector().size() != rows.size())
        throw ScriptError("There must be one new value of " + names[i] + ", or one for each key.");
      for (size_t r = 0; r < rows.size(); ++r) {
        const Value part = spreads ? values[i].vector().at(r) : values[i];
        if (!latest_.edit_column(static_cast<size_t>(c)).set(static_cast<size_t>(rows[r]), part))
          throw ScriptError("The column " + names[i] + " can't hold " + part.type_text() + ".");
      }
    }
    if (view_.use_system_time) {
      const Value now = interpreter().call_text("now", {});
      for (const auto r : rows) latest_.edit_column(time_column_).set(static_cast<size_t>(r), now);
    }
    reindex();
    return changed(rows, std::vector<char>(rows.size(), 'U'));
  });
  return done.ok() ? Status() : Status(done.error());
}

/// The changes since the last time.
Table DataView::pending_output() {
  std::vector<int64_t> rows;
  std::vector<char> operations;
  for (size_t p = 0; p < pending_.rows(); ++p) {
    const char operation = pending_operations_[p];
    // What was removed is told only where operations are shown.
    if (operation == 'D' && !view_.shows_operation) continue;
    if (operation == 'A' && !row_of_key_.contains(key_at(pending_, p))) continue;
    rows.push_back(static_cast<int64_t>(p));
    operations.push_back(operation);
  }
  const Table out = output_of(pending_.take(rows), operations);
  pending_ = Table(row_schema_);
  pending_operations_.clear();
  return out;
}

void DataView::flush_regularly() {
  std::unique_lock lock(wake_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, *view_.throttle, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    try {
      const auto done = feed(Table(), {}, [this](const Table&) { return pending_output(); });
      if (!done.ok()) log_error(done.error().message);
    } catch (const std::bad_alloc&) {
      log_error("The data view " + name() + " lacks the memory to put its changes out.");
    }
    lock.lock();
  }
}

}  // namespace pelorus::stream
