#include "stream/engines/engine.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "base/log.h"
#include "base/script_error.h"
#include "data/row_index.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

using data::Table;

Result<int64_t> Engine::feed(const Table& rows, const data::Schema& schema,
                             const std::function<Table(const Table&)>& work, std::optional<int64_t> last_id) {
  Table typed(schema);
  TRY_DONE(typed.append(rows));
  const std::lock_guard lock(mutex_);
  try {
    const Table results = work(typed);
    const auto count = static_cast<int64_t>(typed.rows());
    rows_in_ += count;
    message_id_ = last_id.value_or(message_id_ + count);
    rows_since_snapshot_ += count;
    if (results.rows() > 0) {
      TRY(const auto added, terms_.output->append(results));
      rows_out_ += added;
    }
    if (terms_.snapshots.files != nullptr && rows_since_snapshot_ >= terms_.snapshots.interval) make_snapshot();
  } catch (const ScriptError& error) {
    last_error_ = error.message();
    return Error{ErrorCode::kScript, "The engine " + terms_.name + " failed: " + error.message()};
  }
  return static_cast<int64_t>(typed.rows());
}

EngineFacts Engine::facts() const {
  const std::lock_guard lock(mutex_);
  return {.kind = kind(),
          .name = terms_.name,
          .user = terms_.user,
          .last_error = last_error_,
          .rows_in = rows_in_,
          .rows_out = rows_out_,
          .groups = groups(),
          .metrics = static_cast<int64_t>(terms_.metrics.size())};
}

std::string Engine::made_by() const {
  std::string text = kind();
  for (const auto& column : terms_.input)
    text += "\ncolumn " + column.name + " " + std::string(types::name_of(column.type)) + (column.array ? "[]" : "");
  for (const auto& key : terms_.keys) text += "\nkey " + key;
  text += "\ntime " + terms_.time_column;
  for (const auto& metric : metrics_of(terms_.metrics)) text += "\nmetric " + metric.text;
  return text;
}

void Engine::make_snapshot() {
  const auto done = write_snapshot(
      terms_.snapshots, terms_.name,
      {.made_by = made_by(), .message_id = message_id_, .rows_in = rows_in_, .rows_out = rows_out_, .state = state()});
  if (!done.ok()) {  // the rows were taken in all the same; the next ones try again
    last_error_ = "The snapshot failed: " + done.error().message;
    log_error("The engine " + terms_.name + ": " + last_error_);
    return;
  }
  snapshot_message_id_ = message_id_;
  rows_since_snapshot_ = 0;
}

void Engine::load_snapshot() {
  if (terms_.snapshots.files == nullptr) return;
  const auto read = read_snapshot(terms_.snapshots, terms_.name);
  if (!read.ok()) throw ScriptError("The engine " + terms_.name + ": " + read.error().message + ".");
  if (!*read) return;
  const EngineSnapshot& snapshot = **read;
  const std::lock_guard lock(mutex_);
  if (snapshot.made_by != made_by())
    throw ScriptError("The snapshot of " + terms_.name + " in " + terms_.snapshots.folder +
                      " is of an engine of another kind, or of other columns, keys or metrics: delete it or give the "
                      "engine another name.");
  try {
    set_state(snapshot.state);
  } catch (const ScriptError& error) {
    throw ScriptError("The snapshot of " + terms_.name + " in " + terms_.snapshots.folder +
                      " can't be used: " + error.message());
  }
  rows_in_ = snapshot.rows_in;
  rows_out_ = snapshot.rows_out;
  message_id_ = snapshot_message_id_ = snapshot.message_id;
}

int64_t Engine::snapshot_message_id() const {
  const std::lock_guard lock(mutex_);
  return snapshot_message_id_;
}

int find_column(const data::Schema& schema, std::string_view name) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  int found = -1;
  for (size_t c = 0; c < schema.size(); ++c) {
    if (schema[c].name == name) return static_cast<int>(c);
    const auto& other = schema[c].name;
    if (found < 0 && std::equal(other.begin(), other.end(), name.begin(), name.end(), same))
      found = static_cast<int>(c);
  }
  return found;
}

size_t Engine::input_column(const std::string& column) const {
  const int found = find_column(terms_.input, column);
  if (found >= 0) return static_cast<size_t>(found);
  throw ScriptError("The dummy table of the engine " + terms_.name + " has no column " + column + ".");
}

std::vector<size_t> Engine::input_columns(const std::vector<std::string>& columns) const {
  std::vector<size_t> positions;
  for (const auto& column : columns) positions.push_back(input_column(column));
  return positions;
}

data::Scalar time_scalar(data::Type type, int64_t units) {
  data::Vector time(type, 1);
  types::visit_fixed(time.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) time.edit<T>()[0] = static_cast<T>(units);
  });
  return time.scalar_at(0);
}

void add_rows(const Table& part, Table* all) {
  if (all->columns() == 0) {
    *all = part;
    return;
  }
  if (const auto done = all->append(part); !done.ok()) throw ScriptError(done.error().message);
}

std::vector<KeyedRows> rows_by_key(const Table& rows, const std::vector<size_t>& keys) {
  std::vector<KeyedRows> groups;
  if (keys.empty()) {
    groups.emplace_back();
    for (size_t r = 0; r < rows.rows(); ++r) groups[0].rows.push_back(static_cast<int64_t>(r));
    return groups;
  }
  data::RowIndex::Columns columns;
  for (const auto c : keys) columns.push_back(&rows.column(c));
  std::unordered_map<std::string, size_t> group_of_key;
  for (size_t r = 0; r < rows.rows(); ++r) {
    const auto key = data::RowIndex::key_of(columns, r);
    const auto [found, is_new] = group_of_key.emplace(key, groups.size());
    if (is_new) groups.push_back({key, {}});
    groups[found->second].rows.push_back(static_cast<int64_t>(r));
  }
  return groups;
}

}  // namespace pelorus::stream
