#include "stream/engines/engine.h"

#include <unordered_map>

#include "base/script_error.h"
#include "data/row_index.h"

namespace pelorus::stream {

using data::Table;

Result<int64_t> Engine::append(const Table& rows) {
  Table typed(terms_.input);
  TRY_DONE(typed.append(rows));
  const std::lock_guard lock(mutex_);
  try {
    const Table results = process(typed);
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

size_t Engine::input_column(const std::string& column) const {
  for (size_t c = 0; c < terms_.input.size(); ++c) {
    if (terms_.input[c].name == column) return c;
  }
  throw ScriptError("The dummy table of the engine " + terms_.name + " has no column " + column + ".");
}

std::vector<size_t> Engine::input_columns(const std::vector<std::string>& columns) const {
  std::vector<size_t> positions;
  for (const auto& column : columns) positions.push_back(input_column(column));
  return positions;
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
