#include "dist/distributed_table.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "dist/database_handle.h"
#include "dist/table_columns.h"
#include "dist/table_options.h"

namespace pelorus::dist {

using data::Value;

namespace {

/// A row for each column, as schema() shows it.
data::Table compression_of(const meta::Table& table) {
  std::vector<std::string> names, methods;
  for (const auto& column : table.columns) {
    names.push_back(column.name);
    methods.push_back(column.compress_method.empty() ? kUsualCompression : column.compress_method);
  }
  return {{"name", "compressMethods"},
          {data::Vector::of_strings(types::Type::kString, std::move(names)),
           data::Vector::of_strings(types::Type::kString, std::move(methods))}};
}

}  // namespace

DistributedTable::DistributedTable(Distribution& distribution, ReplicatedWriter& writer, FactsRef facts,
                                   std::string user)
    : distribution_(distribution),
      writer_(writer),
      database_(facts->database.path),
      name_(facts->table.name),
      user_(std::move(user)),
      facts_(std::move(facts)) {}

FactsRef DistributedTable::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

Result<FactsRef> DistributedTable::ask_again() const {
  TRY(const auto heard, distribution_.catalogue.table(database_, name_));
  const std::lock_guard lock(mutex_);
  facts_ = heard;
  return heard;
}

std::string DistributedTable::type_text() const {
  return facts()->table.is_dimension() ? "DIMENSION TABLE" : "SEGMENTED DFS TABLE";
}

data::Schema DistributedTable::schema() const { return schema_of(facts()->table); }

meta::PartitionScheme DistributedTable::scheme() const {
  const auto known = facts();
  return known->table.is_dimension() ? meta::PartitionScheme{} : known->database.scheme;
}

data::Properties DistributedTable::properties() const {
  const auto known = facts();
  const auto& table = known->table;
  data::Properties all;
  all.emplace_back("databaseUrl", Value::of_string(database()));
  all.emplace_back("tableName", Value::of_string(name()));
  all.emplace_back("tableOwner", Value::of_string(table.owner));
  all.emplace_back("engineType", Value::of_string(known->database.engine));
  all.emplace_back("chunkGranularity", Value::of_string(known->database.chunk_granularity));
  all.emplace_back("compressMethods", compression_of(table));
  if (const auto comment = table.options.find(kCommentOption); comment != table.options.end())
    all.emplace_back("tableComment", Value::of_string(comment->second));
  if (!table.sort_columns.empty()) {
    all.emplace_back("sortColumns", data::Vector::of_strings(types::Type::kString, table.sort_columns));
    all.emplace_back("keepDuplicates", Value::of_string(table.keep_duplicates));
    all.emplace_back("softDelete", Value::of_bool(is_soft_delete(table)));
  }
  if (table.is_dimension()) {
    all.emplace_back("partitionColumnIndex", Value::of_int(-1));
    return all;
  }
  data::Vector indexes(types::Type::kInt);
  data::Vector types(types::Type::kInt);
  for (const auto& column : table.partition_columns) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].name != column) continue;
      indexes.push_back(Value::of_int(static_cast<int32_t>(c)));
      types.push_back(Value::of_int(static_cast<int32_t>(table.columns[c].type)));
    }
  }
  const bool single = table.partition_columns.size() == 1;
  auto names = data::Vector::of_strings(types::Type::kString, table.partition_columns);
  all.emplace_back("partitionColumnName", single ? names.at(0) : Value(names));
  all.emplace_back("partitionColumnIndex", single ? indexes.at(0) : Value(indexes));
  all.emplace_back("partitionColumnType", single ? types.at(0) : Value(types));
  for (auto& entry : scheme_properties(known->database.scheme)) all.push_back(std::move(entry));
  return all;
}

Result<std::shared_ptr<const exec::StoredSnapshot>> DistributedTable::open_snapshot() const {
  TRY(const auto now, ask_again());
  return std::shared_ptr<const exec::StoredSnapshot>(std::make_shared<PartitionedSnapshot>(distribution_, now));
}

Result<data::Table> DistributedTable::snapshot() const {
  TRY(const auto view, open_snapshot());
  std::vector<size_t> all(view->partitions().size());
  std::iota(all.begin(), all.end(), size_t{0});
  const exec::Fragment everything{
      .text = "select * from " + std::string(exec::kFragmentSource), .definitions = {}, .variables = {}, .user = user_};
  data::Table rows(schema());
  Status appended;
  TRY_DONE(view->scan(everything, all, {.at_once = 0, .cancellation = {}}, [&](size_t, data::Table part) {
    appended = rows.append(part);
    return appended.ok();
  }));
  TRY_DONE(appended);
  return rows;
}

Result<int64_t> DistributedTable::append(const data::Table& rows) {
  TRY(const auto write, begin_append(rows));
  return write();
}

Result<DistributedTable::Append> DistributedTable::begin_append(const data::Table& rows) {
  auto known = facts();
  TRY(const auto access, distribution_.catalogue.access(user_));
  TRY_DONE(access.check(meta::AccessType::kTableInsert, database() + "/" + name(), known->database.owner));
  auto routed = writer_.route(*known, rows);
  if (!routed.ok() && routed.error().code == ErrorCode::kInvalid) {
    TRY(auto now, ask_again());
    if (now->table.schema_version == known->table.schema_version) return routed.error();
    known = std::move(now);
    routed = writer_.route(*known, rows);
  }
  if (!routed.ok()) return routed.error();
  // The rows stay for the case that the columns have been changed meanwhile.
  return Append([this, known, rows, routed = std::move(routed).value()]() mutable -> Result<int64_t> {
    auto written = writer_.append(*known, routed);
    if (written.ok() || written.error().code != ErrorCode::kInvalid) return written;
    TRY(const auto now, ask_again());
    if (now->table.schema_version == known->table.schema_version) return written;
    TRY(auto anew, writer_.route(*now, rows, routed.number));
    return writer_.append(*now, anew);
  });
}

Status DistributedTable::edit(const std::function<Status(data::Table&)>&) {
  return Error{ErrorCode::kInvalid,
               "rows of a stored table are changed by update, delete, upsert! or append!, not in place: " + database() +
                   "/" + name()};
}

std::vector<std::string> DistributedTable::soft_delete_keys() const {
  const auto known = facts();
  return is_soft_delete(known->table) ? known->table.sort_columns : std::vector<std::string>{};
}

Result<int64_t> DistributedTable::change(exec::RowChange what, std::span<const exec::PartitionChange> changes) {
  const auto known = facts();
  const auto object = database() + "/" + name();
  TRY(const auto access, distribution_.catalogue.access(user_));
  const auto right = what == exec::RowChange::kDelete ? meta::AccessType::kTableDelete : meta::AccessType::kTableUpdate;
  TRY_DONE(access.check(right, object, known->database.owner));
  const bool adds = std::ranges::any_of(changes, [](const auto& one) { return one.if_new.has_value(); });
  if (adds) TRY_DONE(access.check(meta::AccessType::kTableInsert, object, known->database.owner));
  return writer_.change(*known, changes);
}

Status DistributedTable::change_columns(std::span<const exec::ColumnChange> changes) {
  TRY(const auto access, distribution_.catalogue.access(user_));
  TRY_DONE(access.check(meta::AccessType::kDatabaseManage, database(), facts()->database.owner));
  TRY_DONE(writer_.change_definition([&]() -> Status {
    TRY(const auto known, ask_again());
    const auto& table = known->table;
    TRY(auto columns, changed_columns(table, changes));
    auto changed = distribution_.catalogue.alter_table({.database = database(),
                                                        .name = name(),
                                                        .expected_schema_version = table.schema_version,
                                                        .new_name = {},
                                                        .columns = std::move(columns),
                                                        .options = table.options});
    // Somebody else was quicker: to be done again on what that has left.
    if (!changed.ok() && changed.error().code == ErrorCode::kStale)
      return Error{ErrorCode::kConflict, changed.error().message};
    return changed;
  }));
  TRY(const auto heard, ask_again());
  return {};
}

}  // namespace pelorus::dist
