#include "stream/engines/engine.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "base/script_error.h"
#include "data/row_index.h"

namespace pelorus::stream {

using data::Table;

Result<int64_t> Engine::feed(const Table& rows, const data::Schema& schema,
                             const std::function<Table(const Table&)>& work) {
  Table typed(schema);
  TRY_DONE(typed.append(rows));
  const std::lock_guard lock(mutex_);
  try {
    const Table results = work(typed);
    rows_in_ += static_cast<int64_t>(typed.rows());
    if (results.rows() > 0) {
      TRY(const auto added, terms_.output->append(results));
      rows_out_ += added;
    }
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
