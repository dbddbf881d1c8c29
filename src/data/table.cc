#include "data/table.h"

#include <strings.h>

#include <unordered_set>

#include "base/check.h"
#include "data/columnar.h"
#include "data/convert.h"
#include "data/row_index.h"

namespace pelorus::data {
namespace {

Vector empty_column(const ColumnDefinition& column) {
  Vector flat(column.type, 0, column.scale);
  return column.array ? Vector::array(std::move(flat), {}) : flat;
}

/// `column` as the type of `like`, or nothing.
std::optional<Shared<Vector>> fit(const Shared<Vector>& column, const Vector& like) {
  if (!like.is_array()) {
    if (column->is_array()) return std::nullopt;
    if (column->is_tuple() && like.type() == Type::kAny) return column;
    const bool storable =
        column->type() == Type::kVoid || column->type() == Type::kAny || is_storable_as(column->type(), like.type());
    return storable ? convert(column, like.type(), like.scale()) : std::nullopt;
  }
  Vector rows = Vector::array(Vector(like.type(), 0, like.scale()), {});
  if (column->is_array()) {
    auto flat = convert(column->flat_shared(), like.type(), like.scale());
    if (!flat) return std::nullopt;
    return Shared<Vector>(Vector::array(*flat, Buffer<int64_t>(column->ends().begin(), column->ends().end())));
  }
  if (!column->is_tuple()) return std::nullopt;
  for (size_t i = 0; i < column->size(); ++i) {
    if (!rows.push_back(column->at(i))) return std::nullopt;
  }
  return Shared<Vector>(std::move(rows));
}

/// A tuple that can be a column of rows is one in a table.
void mark_columnar(Shared<Vector>& column) {
  if (column->is_tuple() && !is_columnar(*column) && can_be_columnar(*column))
    column = Shared<Vector>(marked_columnar(*column, true));
}

}  // namespace

Table::Table(std::vector<std::string> names, std::vector<Shared<Vector>> columns)
    : names_(std::move(names)), columns_(std::move(columns)) {
  CHECK(names_.size() == columns_.size());
  std::unordered_set<std::string_view> seen;
  for (size_t c = 0; c < columns_.size(); ++c) {
    CHECK_WITH(columns_[c]->size() == columns_[0]->size(), "columns of different lengths");
    CHECK_WITH(seen.insert(names_[c]).second, "duplicate column name");
    mark_columnar(columns_[c]);
  }
}

Table::Table(const Schema& schema) {
  for (const auto& column : schema) {
    names_.push_back(column.name);
    columns_.emplace_back(empty_column(column));
  }
}

int Table::find(std::string_view name) const {
  for (size_t c = 0; c < names_.size(); ++c) {
    if (names_[c] == name) return static_cast<int>(c);
  }
  for (size_t c = 0; c < names_.size(); ++c) {
    if (names_[c].size() == name.size() && strncasecmp(names_[c].data(), name.data(), name.size()) == 0) {
      return static_cast<int>(c);
    }
  }
  return -1;
}

Schema Table::schema() const {
  Schema schema;
  for (size_t c = 0; c < names_.size(); ++c) {
    schema.push_back({.name = names_[c],
                      .type = columns_[c]->type(),
                      .array = columns_[c]->is_array(),
                      .scale = columns_[c]->scale(),
                      .comment = {}});
  }
  return schema;
}

size_t Table::memory_bytes() const {
  size_t bytes = 0;
  for (const auto& column : columns_) bytes += column->memory_bytes();
  return bytes;
}

void Table::set_column(const std::string& name, Shared<Vector> column) {
  CHECK(columns_.empty() || column->size() == rows());
  mark_columnar(column);
  const int at = find(name);
  if (at >= 0) {
    columns_[static_cast<size_t>(at)] = std::move(column);
  } else {
    names_.push_back(name);
    columns_.push_back(std::move(column));
  }
}

void Table::drop_column(size_t c) {
  std::erase(key_columns_, names_[c]);
  if (key_columns_.empty()) key_kind_ = KeyKind::kNone;
  names_.erase(names_.begin() + static_cast<int64_t>(c));
  columns_.erase(columns_.begin() + static_cast<int64_t>(c));
}

void Table::rename_column(size_t c, std::string name) {
  for (auto& key : key_columns_) {
    if (key == names_[c]) key = name;
  }
  names_[c] = std::move(name);
}

Status Table::append(const Table& other) {
  if (other.columns() != columns()) {
    return Error{ErrorCode::kInvalid,
                 "The number of columns of the table to insert must be the same as that of the original table: " +
                     std::to_string(other.columns()) + " given, " + std::to_string(columns()) + " expected"};
  }
  std::vector<Shared<Vector>> fitted;
  for (size_t c = 0; c < columns(); ++c) {
    auto column = fit(other.columns_[c], *columns_[c]);
    if (!column) {
      return Error{ErrorCode::kInvalid, "Incompatible type. Expected: " + std::string(name_of(columns_[c]->type())) +
                                            ", Actual: " + std::string(name_of(other.columns_[c]->type())) +
                                            " in column " + names_[c]};
    }
    fitted.push_back(std::move(*column));
  }
  if (key_kind_ != KeyKind::kNone) {
    std::vector<size_t> keys;
    for (const auto& name : key_columns_) keys.push_back(static_cast<size_t>(find(name)));
    overwrite_rows(keys, fitted, false, columns_);
    return {};
  }
  const size_t before = rows();
  try {
    for (size_t c = 0; c < columns(); ++c) {
      if (before == 0)
        columns_[c] = std::move(fitted[c]);
      else
        columns_[c].edit().append(*fitted[c]);
    }
  } catch (...) {  // maxMemSize, most likely: all columns keep one length
    for (auto& column : columns_) {
      if (column->size() > before) column.edit().resize(before);
    }
    throw;
  }
  return {};
}

Table Table::slice(size_t from, size_t count) const {
  Table out = *this;
  for (auto& column : out.columns_) column = column->slice(from, count);
  return out;
}

Table Table::take(std::span<const int64_t> rows) const {
  Table out = *this;
  for (auto& column : out.columns_) column = column->take(rows);
  return out;
}

Table Table::filter(std::span<const int8_t> keep) const {
  Table out = *this;
  for (auto& column : out.columns_) column = column->filter(keep);
  return out;
}

void Table::set_keys(KeyKind kind, std::vector<std::string> columns) {
  for (const auto& name : columns) CHECK_WITH(find(name) >= 0, "a key column is missing");
  key_kind_ = kind;
  key_columns_ = std::move(columns);
}

}  // namespace pelorus::data
