#include "backup/restore_table.h"

#include <algorithm>
#include <mutex>

#include "backup/row_file.h"
#include "base/memory_limit.h"
#include "datanode/column_view.h"
#include "dist/table_columns.h"
#include "exec/route_rows.h"

namespace pelorus::backup {
namespace {

using Columns = std::vector<meta::Column>;

Error invalid(std::string text) { return {ErrorCode::kInvalid, std::move(text)}; }

std::string label_of(const TableName& name) { return name.database + "/" + name.table; }

const meta::Column* find_by_name(const Columns& columns, const std::string& name) {
  const auto found = std::ranges::find(columns, name, &meta::Column::name);
  return found == columns.end() ? nullptr : &*found;
}

/// The target's columns with the names that the saved rows use for them.
Result<Columns> columns_of_another(const Columns& target, const Columns& saved, const std::string& label) {
  for (const auto& column : saved) {
    if (find_by_name(target, column.name) == nullptr)
      return invalid("the column [" + column.name + "] of the backup is not in " + label);
  }
  auto columns = target;
  for (auto& column : columns) {
    const auto* source = find_by_name(saved, column.name);
    if (source == nullptr) return invalid("the column [" + column.name + "] of " + label + " is not in the backup");
    const bool same = source->type == column.type && source->array == column.array && source->scale == column.scale;
    if (!same)
      return invalid("the column [" + column.name + "] is " + std::string(types::name_of(source->type)) +
                     " in the backup and " + std::string(types::name_of(column.type)) + " in " + label);
    column.stored_name = source->name_in_chunks();
  }
  return columns;
}

class TableRestore {
 public:
  TableRestore(const BackupServices& services, const RestoreOptions& options, Job& job)
      : services_(services), options_(options), job_(job) {}

  Result<Restored> run() {
    const auto& saved = options_.saved;
    TRY(table_, load_saved_table(services_.files, options_.directory, saved.database, saved.table));
    TRY(facts_, services_.distribution.catalogue.table(options_.target.database, options_.target.table));
    same_table_ = facts_->table.id == table_.table.id && facts_->table.created_ns == table_.table.created_ns;
    if (!same_table_) {
      TRY(const auto fits, columns_of_another(facts_->table.columns, table_.table.columns, label_of(options_.target)));
    }
    std::vector<const SavedPartition*> wanted;
    for (const auto& partition : table_.partitions) {
      if (!options_.partitions.takes(saved.database, partition.path, partition.key)) continue;
      if (options_.force || !is_there(partition)) wanted.push_back(&partition);
    }
    job_.total = static_cast<int64_t>(wanted.size());
    std::vector<Status> results(wanted.size());
    std::vector<char> tried(wanted.size(), 0);
    std::atomic<bool> failed{false};
    work_through(wanted.size(), options_.parallel ? kAtOnce : 1, [&](size_t i) {
      if (failed) return;
      tried[i] = 1;
      results[i] = memory::refused_as_error([&] { return restore_one(*wanted[i]); });
      if (results[i].ok()) ++job_.done;
      if (!results[i].ok() && !is_of_the_partition(results[i].error())) failed = true;
    });
    Restored restored;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!results[i].ok() && !is_of_the_partition(results[i].error())) return named(results[i].error(), *wanted[i]);
      if (!results[i].ok()) restored.refused.push_back({*wanted[i], results[i].error()});
      if (results[i].ok() && tried[i] != 0) restored.partitions.push_back(options_.target.database + wanted[i]->path);
    }
    if (options_.snapshot) TRY_DONE(drop_others());
    return restored;
  }

 private:
  /// The others may go well.
  static bool is_of_the_partition(const Error& error) {
    return error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kInvalid;
  }

  static Error named(const Error& error, const SavedPartition& partition) {
    return {error.code, "the partition " + partition.path + " was not restored: " + error.message};
  }

  /// The target's partition is the saved version.
  bool is_there(const SavedPartition& partition) const {
    if (!same_table_ || table_.kind != BackupKind::kPartitions) return false;
    const auto found = facts_->chunks.find(partition.chunk);
    return found != facts_->chunks.end() && found->second.version == partition.version;
  }

  Status restore_one(const SavedPartition& partition) {
    if (options_.cancellation.cancelled()) return Error{ErrorCode::kCancelled, "the restore was cancelled"};
    const auto directory = table_directory(options_.directory, options_.saved.database, options_.saved.table);
    TRY(const auto file, SavedRows::open(services_.files, directory, table_, partition));
    TRY(auto rows, file->read_all());
    TRY(rows, fitted(file->head().columns, std::move(rows)));
    TRY(const auto key, key_of(partition, rows));
    TRY(const auto count, services_.writer.replace(*facts_, key, rows));
    if (count != partition.rows) return Error{ErrorCode::kInternal, "another number of rows was written than was read"};
    return {};
  }

  /// The saved rows under the target's columns.
  Result<data::Table> fitted(const Columns& saved, data::Table rows) const {
    auto columns = facts_->table.columns;
    if (!same_table_) {
      TRY(columns, columns_of_another(facts_->table.columns, saved, label_of(options_.target)));
    }
    const datanode::ColumnView view(columns, rows.schema());
    std::vector<std::string> names;
    std::vector<data::Shared<data::Vector>> values;
    for (size_t c = 0; c < columns.size(); ++c) {
      names.push_back(columns[c].name);
      if (view.stored(c) < 0) {
        values.push_back(view.nulls(c, rows.rows()));
        continue;
      }
      TRY(auto column, view.fitted(c, rows.column_shared(static_cast<size_t>(view.stored(c)))));
      values.push_back(std::move(column));
    }
    return data::Table(std::move(names), std::move(values));
  }

  /// The target's partition that takes all the rows.
  Result<meta::PartitionKey> key_of(const SavedPartition& partition, const data::Table& rows) const {
    if (facts_->table.is_dimension() != partition.key.parts.empty())
      return invalid("of a dimension table and a partitioned one neither can be restored into the other: " +
                     label_of(options_.target));
    if (facts_->table.is_dimension() || rows.rows() == 0) return partition.key;
    TRY(const auto parts, exec::split_rows(rows, facts_->database.scheme, facts_->table.partition_columns));
    if (parts.size() != 1 || meta::path_of(facts_->database.scheme, parts[0].key) != partition.path)
      return invalid("the rows do not make one partition of " + options_.target.database +
                     ": its scheme is not that of the backup");
    return parts[0].key;
  }

  Status drop_others() {
    std::set<std::string> saved;
    for (const auto& partition : table_.partitions) saved.insert(partition.path);
    meta::DropPartitions gone{.database = options_.target.database, .table = options_.target.table};
    for (const auto& [id, chunk] : facts_->chunks) {
      const auto path = meta::path_of(facts_->database.scheme, chunk.key);
      const bool wanted = options_.partitions.takes(options_.saved.database, path, chunk.key);
      if (chunk.version > 0 && wanted && !saved.contains(path)) gone.keys.push_back(chunk.key);
    }
    return gone.keys.empty() ? Status() : services_.distribution.catalogue.drop_partitions(gone);
  }

  const BackupServices& services_;
  const RestoreOptions& options_;
  Job& job_;
  SavedTable table_;
  dist::FactsRef facts_;
  bool same_table_ = false;
};

}  // namespace

Result<Restored> restore_table(const BackupServices& services, const RestoreOptions& options, Job& job) {
  return TableRestore(services, options, job).run();
}

Result<data::Table> read_saved(io::FileSystem& files, const std::string& directory, const SavedTable& table,
                               const SavedPartition& partition) {
  const auto path = table_directory(directory, table.database.path, table.table.name);
  TRY(const auto file, SavedRows::open(files, path, table, partition));
  TRY(auto rows, file->read_all());
  for (size_t c = 0; c < file->head().columns.size(); ++c) rows.rename_column(c, file->head().columns[c].name);
  return rows;
}

Status make_target(dist::Catalogue& catalogue, const SavedTable& saved, const TableName& target,
                   const std::string& owner) {
  TRY(auto database, catalogue.find_database(target.database));
  if (!database) {
    auto made = saved.database;
    made.id = {};
    made.path = target.database;
    made.owner = owner;
    made.created_ns = 0;
    const auto status = catalogue.create_database(made);
    if (!status.ok() && status.error().code != ErrorCode::kAlreadyExists) return status;
    TRY(database, catalogue.find_database(target.database));
    if (!database) return Error{ErrorCode::kConflict, target.database + " was dropped while it was being created"};
  }
  if (database->tables.contains(target.table)) return {};  // its columns are compared when rows come
  const auto& levels = database->scheme.levels;
  const bool same = levels.size() == saved.database.scheme.levels.size() &&
                    std::ranges::equal(levels, saved.database.scheme.levels, [](const auto& a, const auto& b) {
                      return a.type == b.type && a.value_type == b.value_type && a.buckets == b.buckets;
                    });
  if (!same && !saved.table.is_dimension())
    return invalid(target.database +
                   " exists with another partition scheme than the backup's; restore into another "
                   "database");
  auto made = saved.table;
  made.id = {};
  made.database = target.database;
  made.name = target.table;
  made.owner = owner;
  made.created_ns = 0;
  made.schema_version = 1;
  for (auto& column : made.columns) column.stored_name.clear();
  return catalogue.create_table(made);
}

}  // namespace pelorus::backup
