#include "exec/operators/result_columns.h"

#include <algorithm>

#include "base/script_error.h"
#include "exec/operators/column_names.h"
#include "exec/operators/grouped_evaluation.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::Shared;
using data::Value;
using data::Vector;

std::vector<Value> spread(const Value& value, size_t count) {
  std::vector<Value> parts;
  if (value.is_dictionary()) {
    const auto& values = value.dictionary().values();
    for (size_t i = 0; i < values.size(); ++i) parts.push_back(values.at(i));
  } else if (value.is_matrix()) {
    for (size_t c = 0; c < value.matrix().columns; ++c) parts.push_back(Value(value.matrix().column(c)));
  } else if (value.is_plain_table()) {
    for (size_t c = 0; c < value.table().columns(); ++c) parts.push_back(Value(value.table().column_shared(c)));
  } else if (value.is_vector()) {
    for (size_t i = 0; i < value.vector().size(); ++i) parts.push_back(value.vector().at(i));
  } else if (value.is_pair()) {
    for (size_t i = 0; i < 2; ++i) parts.push_back(value.pair().elements.at(i));
  } else {
    parts.push_back(value);
  }
  if (parts.size() != count) {
    throw ScriptError("The number of aliases must equal the number of columns: " + std::to_string(count) +
                      " aliases, " + std::to_string(parts.size()) + " columns.");
  }
  return parts;
}

void ResultColumns::add_value(const std::string& name, Value value, bool named) {
  if (value.is_pair() || value.is_matrix() || value.is_set() || value.is_dictionary() || value.is_table()) {
    throw ScriptError("The column [" + name + "] must be a scalar or a vector.");
  }
  entries_.push_back({name, std::move(value), named});
}

void ResultColumns::add(const SelectItem& item, const Value& value) {
  if (item.names.size() == 1 && !value.is_matrix()) return add_value(item.names[0], value, item.named);
  if (item.names.size() == 1) {
    const auto parts = spread(value, value.matrix().columns);
    for (size_t p = 0; p < parts.size(); ++p) add_value(item.names[0] + "_" + std::to_string(p), parts[p], item.named);
    return;
  }
  const auto parts = spread(value, item.names.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    if (!item.names[p].empty()) add_value(item.names[p], parts[p], item.named);
  }
}

void ResultColumns::add(const std::string& name, Shared<Vector> column, bool named) {
  entries_.push_back({name, Value(std::move(column)), named});
}

void ResultColumns::add_parts(const SelectItem& item, const std::vector<Value>& by_group) {
  std::vector<std::vector<Value>> columns(item.names.size());
  for (const auto& value : by_group) {
    auto parts = spread(value, item.names.size());
    for (size_t p = 0; p < parts.size(); ++p) columns[p].push_back(std::move(parts[p]));
  }
  for (size_t p = 0; p < columns.size(); ++p) {
    if (!item.names[p].empty()) add(item.names[p], vector_of_scalars(columns[p]), item.named);
  }
}

bool ResultColumns::all_scalar() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.value.is_vector(); });
}

data::Table ResultColumns::table() const {
  size_t rows = 1;
  bool any_vector = false;
  for (const auto& entry : entries_) {
    if (!entry.value.is_vector()) continue;
    const size_t size = entry.value.vector().size();
    if (any_vector && size != rows) throw ScriptError("All columns must be of the same length. RefId:S02010");
    rows = size;
    any_vector = true;
  }
  std::vector<std::string> names;
  std::vector<bool> given;
  std::vector<Shared<Vector>> columns;
  for (const auto& entry : entries_) {
    names.push_back(entry.name);
    given.push_back(entry.named);
    if (entry.value.is_vector())
      columns.push_back(entry.value.vector_shared());
    else if (entry.value.is_scalar())
      columns.push_back(Vector::filled(entry.value.scalar(), rows));
    else
      columns.push_back(Vector::tuple(std::vector<Value>(rows, entry.value)));
  }
  make_unique(names, given);
  return data::Table(std::move(names), std::move(columns));
}

}  // namespace pelorus::exec
