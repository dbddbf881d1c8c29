#include "dist/table_columns.h"

#include <algorithm>

#include "data/convert.h"

namespace pelorus::dist {
namespace {

using exec::ColumnChange;
using Columns = std::vector<meta::Column>;

/// Ends what a user called the column and begins the schema version that added it; not to be typed by accident.
constexpr char kVersionMark = '\x1f';
/// Of a table with soft deletes; no column of a user's is called so.
const std::string kDeletedColumn = std::string(1, kVersionMark) + "deleted";

Error invalid(std::string text) { return {ErrorCode::kInvalid, std::move(text)}; }

Result<Columns::iterator> find(Columns& columns, const std::string& name) {
  const auto found = std::ranges::find(columns, name, &meta::Column::name);
  if (found == columns.end()) return invalid("Unrecognized column name [" + name + "]");
  return found;
}

bool is_key(const meta::Table& table, const std::string& name) {
  for (const auto* names : {&table.partition_columns, &table.sort_columns, &table.primary_key}) {
    if (std::ranges::find(*names, name) != names->end()) return true;
  }
  return false;
}

Status add(const meta::Table& table, const data::ColumnDefinition& added, Columns& columns) {
  if (std::ranges::find(columns, added.name, &meta::Column::name) != columns.end()) {
    return invalid("Duplicate column name: [" + added.name + "]. RefId:S02001");
  }
  if (!types::is_storable(added.type)) {
    return invalid("The column [" + added.name + "] can't be stored: " + std::string(types::name_of(added.type)));
  }
  columns.push_back({.name = added.name,
                     .type = added.type,
                     .array = added.array,
                     .scale = added.scale,
                     .comment = added.comment,
                     .compress_method = {},
                     .stored_name = added.name + kVersionMark + std::to_string(table.schema_version + 1)});
  return {};
}

Status rename(const std::string& new_name, meta::Column& column, const Columns& columns) {
  if (new_name == column.name) return {};
  if (new_name.empty()) return invalid("A column needs a name.");
  if (std::ranges::find(columns, new_name, &meta::Column::name) != columns.end()) {
    return invalid("Duplicate column name: [" + new_name + "]. RefId:S02001");
  }
  column.stored_name = column.name_in_chunks();
  column.name = new_name;
  return {};
}

Status retype(const data::ColumnDefinition& wanted, meta::Column& column) {
  if (wanted.array != column.array || !types::is_storable(wanted.type) ||
      !data::is_storable_as(column.type, wanted.type)) {
    return invalid("The column [" + column.name + "] can't change from " + std::string(types::name_of(column.type)) +
                   " to " + std::string(types::name_of(wanted.type)) + ".");
  }
  column.type = wanted.type;
  column.scale = wanted.scale;
  return {};
}

}  // namespace

data::Schema schema_of(const meta::Table& table) {
  data::Schema schema;
  for (const auto& column : table.columns) {
    schema.push_back({.name = column.name,
                      .type = column.type,
                      .array = column.array,
                      .scale = column.scale,
                      .comment = column.comment});
  }
  return schema;
}

bool is_soft_delete(const meta::Table& table) {
  const auto found = table.options.find(kSoftDeleteOption);
  return found != table.options.end() && found->second == "true";
}

RowOrder order_of(const meta::Table& table) {
  RowOrder order;
  for (const auto& name : table.sort_columns) {
    const auto found = std::ranges::find(table.columns, name, &meta::Column::name);
    CHECK(found != table.columns.end());  // sort columns are neither dropped nor renamed
    order.columns.push_back(static_cast<uint32_t>(found - table.columns.begin()));
  }
  if (!order.columns.empty()) order.keep_duplicates = table.keep_duplicates;
  order.soft_delete = is_soft_delete(table);
  if (std::ranges::all_of(table.columns, [](const auto& column) { return column.compress_method.empty(); }))
    return order;
  for (const auto& column : table.columns) order.compression.push_back(column.compress_method);
  if (order.soft_delete) order.compression.emplace_back();
  return order;
}

int64_t rows_after(const RowOrder& order, int64_t before, int64_t added, bool replaced) {
  const bool drops_rows = !order.columns.empty() && order.keep_duplicates != "ALL";
  if (drops_rows && added > 0) return -1;
  if (replaced) return added;
  return before < 0 ? -1 : before + added;
}

data::Table as_stored(data::Table rows, const meta::Table& table) {
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> columns;
  for (size_t c = 0; c < rows.columns(); ++c) {
    names.push_back(table.columns[c].name_in_chunks());
    columns.push_back(rows.column_shared(c));
  }
  if (is_soft_delete(table)) {
    names.push_back(kDeletedColumn);
    columns.emplace_back(data::Vector::filled(types::Scalar::of_bool(false), rows.rows()));
  }
  return {std::move(names), std::move(columns)};
}

data::Table deletion_marks(const data::Table& keys, const meta::Table& table) {
  const size_t rows = keys.rows();
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> columns;
  for (const auto& column : table.columns) {
    names.push_back(column.name_in_chunks());
    if (const int key = keys.find(column.name); key >= 0) {
      columns.push_back(keys.column_shared(static_cast<size_t>(key)));
    } else if (column.array) {
      columns.emplace_back(data::Vector::array(data::Shared<data::Vector>(data::Vector(column.type, 0, column.scale)),
                                               data::Buffer<int64_t>(rows, 0)));
    } else {
      columns.emplace_back(data::Vector::nulls(column.type, rows, column.scale));
    }
  }
  names.push_back(kDeletedColumn);
  columns.emplace_back(data::Vector::filled(types::Scalar::of_bool(true), rows));
  return {std::move(names), std::move(columns)};
}

Result<Columns> changed_columns(const meta::Table& table, std::span<const ColumnChange> changes) {
  auto columns = table.columns;
  for (const auto& change : changes) {
    if (change.kind == ColumnChange::Kind::kAdd) {
      TRY_DONE(add(table, change.definition, columns));
      continue;
    }
    TRY(const auto column, find(columns, change.column));
    if (change.kind == ColumnChange::Kind::kDescribe) {
      column->comment = change.definition.comment;
      continue;
    }
    if (is_key(table, change.column)) {
      return invalid("The partitioning, sort or key column [" + change.column + "] can't be changed.");
    }
    switch (change.kind) {
      case ColumnChange::Kind::kRename: TRY_DONE(rename(change.new_name, *column, columns)); break;
      case ColumnChange::Kind::kRetype: TRY_DONE(retype(change.definition, *column)); break;
      default: columns.erase(column);
    }
  }
  return columns;
}

}  // namespace pelorus::dist
