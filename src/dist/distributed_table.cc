#include "dist/distributed_table.h"

#include <map>
#include <numeric>

#include "dist/database_handle.h"

namespace pelorus::dist {

using data::Value;

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

DistributedTable::DistributedTable(Distribution& distribution, ReplicatedWriter& writer, TableFacts facts,
                                   std::string user)
    : distribution_(distribution), writer_(writer), facts_(std::move(facts)), user_(std::move(user)) {}

std::string DistributedTable::type_text() const {
  return facts_.table.is_dimension() ? "DIMENSION TABLE" : "SEGMENTED DFS TABLE";
}

data::Schema DistributedTable::schema() const { return schema_of(facts_.table); }

meta::PartitionScheme DistributedTable::scheme() const {
  return facts_.table.is_dimension() ? meta::PartitionScheme{} : facts_.database.scheme;
}

data::Properties DistributedTable::properties() const {
  data::Properties all;
  all.emplace_back("databaseUrl", Value::of_string(database()));
  all.emplace_back("tableName", Value::of_string(name()));
  all.emplace_back("tableOwner", Value::of_string(facts_.table.owner));
  all.emplace_back("engineType", Value::of_string(facts_.database.engine));
  all.emplace_back("chunkGranularity", Value::of_string(facts_.database.chunk_granularity));
  if (facts_.table.is_dimension()) {
    all.emplace_back("partitionColumnIndex", Value::of_int(-1));
    return all;
  }
  data::Vector indexes(types::Type::kInt);
  data::Vector types(types::Type::kInt);
  for (const auto& column : facts_.table.partition_columns) {
    for (size_t c = 0; c < facts_.table.columns.size(); ++c) {
      if (facts_.table.columns[c].name != column) continue;
      indexes.push_back(Value::of_int(static_cast<int32_t>(c)));
      types.push_back(Value::of_int(static_cast<int32_t>(facts_.table.columns[c].type)));
    }
  }
  const bool single = facts_.table.partition_columns.size() == 1;
  auto names = data::Vector::of_strings(types::Type::kString, facts_.table.partition_columns);
  all.emplace_back("partitionColumnName", single ? names.at(0) : Value(names));
  all.emplace_back("partitionColumnIndex", single ? indexes.at(0) : Value(indexes));
  all.emplace_back("partitionColumnType", single ? types.at(0) : Value(types));
  for (auto& entry : scheme_properties(facts_.database.scheme)) all.push_back(std::move(entry));
  if (!facts_.table.sort_columns.empty()) {
    all.emplace_back("sortColumns", data::Vector::of_strings(types::Type::kString, facts_.table.sort_columns));
    all.emplace_back("keepDuplicates", Value::of_string(facts_.table.keep_duplicates));
  }
  return all;
}

Result<std::shared_ptr<const exec::StoredSnapshot>> DistributedTable::open_snapshot() const {
  TRY(auto now, distribution_.catalogue.table(database(), name()));
  return std::shared_ptr<const exec::StoredSnapshot>(
      std::make_shared<PartitionedSnapshot>(distribution_, std::move(now)));
}

Result<data::Table> DistributedTable::snapshot() const {
  TRY(const auto view, open_snapshot());
  std::vector<size_t> all(view->partitions().size());
  std::iota(all.begin(), all.end(), size_t{0});
  const exec::Fragment everything{
      .text = "select * from " + std::string(exec::kFragmentSource), .definitions = {}, .variables = {}, .user = user_};
  data::Table rows(schema());
  Status appended;
  TRY_DONE(
      view->scan(everything, all, {.in_order = true, .at_once = 0, .cancellation = {}}, [&](size_t, data::Table part) {
        appended = rows.append(part);
        return appended.ok();
      }));
  TRY_DONE(appended);
  return rows;
}

Result<int64_t> DistributedTable::append(const data::Table& rows) {
  TRY(const auto access, distribution_.catalogue.access(user_));
  TRY_DONE(access.check(meta::AccessType::kTableInsert, database() + "/" + name(), facts_.database.owner));
  return writer_.append(facts_, rows);
}

Status DistributedTable::edit(const std::function<Status(data::Table&)>&) {
  return Error{ErrorCode::kInvalid,
               "rows of a stored table are changed by update, delete, upsert! or append!, not in place: " + database() +
                   "/" + name()};
}

Result<int64_t> DistributedTable::change(const exec::Fragment& fragment, std::span<const meta::PartitionKey> keys) {
  TRY(const auto access, distribution_.catalogue.access(user_));
  TRY_DONE(access.check(meta::AccessType::kTableUpdate, database() + "/" + name(), facts_.database.owner));
  return writer_.change(facts_, fragment, keys);
}

}  // namespace pelorus::dist
