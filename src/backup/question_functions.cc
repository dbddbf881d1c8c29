// checkBackup getBackupList getBackupMeta getBackupStatus loadBackup

#include "backup/functions.h"
#include "backup/functions_parts.h"
#include "functions/table_rows.h"

namespace pelorus::backup {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using functions::timestamp_value;
using types::Type;

Value number(uint64_t value) { return Value::of_long(static_cast<int64_t>(value)); }
Value commit_of(const SavedPartition& partition) {
  return partition.commit == 0 ? number(partition.version) : number(partition.commit);
}
std::string chunk_path(const SavedTable& table, const SavedPartition& partition) {
  return table.database.path + partition.path;
}

SavedTable loaded(const BackupServices& services, const Call& call, const std::string& table) {
  return call.checked(load_saved_table(services.files, call.directory(0), call.database(1, "dbPath"), table));
}

/// The one partition whose path is `path` or fits it.
const SavedPartition& chosen(const Call& call, const SavedTable& table, const std::string& path) {
  const PartitionFilter filter{.patterns = {path}, .parts = {}};
  const SavedPartition* found = nullptr;
  for (const auto& partition : table.partitions) {
    if (!filter.takes(table.database.path, partition.path, partition.key)) continue;
    if (found != nullptr)
      call.fail({ErrorCode::kInvalid, path + " fits several partitions; name one, such as " + found->path});
    found = &partition;
  }
  if (found == nullptr)
    call.fail({ErrorCode::kNotFound, "the backup has no partition " + path + "; getBackupList lists them"});
  return *found;
}

Value check_backup(const BackupServices& services, const Call& call) {
  const auto directory = call.directory(0);
  const auto database = call.database(1, "dbPath");
  const auto wanted = call.text_or_nothing(2, "tableName");
  PartitionFilter filter;
  if (call.arguments().has(3) && !call.arguments()[3].is_null())
    filter.patterns = call.arguments().texts(3, "partition");
  TableRows rows({{"dbName", Type::kString},
                  {"tableName", Type::kString},
                  {"chunkPath", Type::kString},
                  {"chunkID", Type::kString},
                  {"partitionPath", Type::kString}});
  std::vector<TableName> names{{database, wanted}};
  if (wanted.empty()) names = call.checked(saved_tables(services.files, directory, database));
  for (const auto& name : names) {
    const auto table = call.checked(load_saved_table(services.files, directory, name.database, name.table));
    const auto path = table_directory(directory, name.database, name.table);
    for (const auto& partition : table.partitions) {
      if (!filter.takes(database, partition.path, partition.key)) continue;
      const auto problem = check_saved_partition(services.files, path, table, partition);
      if (!problem) continue;
      call.context().print("checkBackup: " + problem->message);
      rows.add({text_value(database), text_value(name.table), text_value(io::join_path(path, partition.file)),
                text_value(std::to_string(partition.chunk.value)), text_value(chunk_path(table, partition))});
    }
  }
  return rows.take();
}

Value backup_list(const BackupServices& services, const Call& call) {
  const auto table = loaded(services, call, call.arguments().text(2, "tableName"));
  TableRows rows({{"chunkID", Type::kString},
                  {"chunkPath", Type::kString},
                  {"cid", Type::kLong},
                  {"rows", Type::kLong},
                  {"updateTime", Type::kTimestamp}});
  for (const auto& partition : table.partitions)
    rows.add({text_value(std::to_string(partition.chunk.value)), text_value(chunk_path(table, partition)),
              commit_of(partition), Value::of_long(partition.rows), timestamp_value(partition.updated_ns)});
  return rows.take();
}

Value schema_value(const meta::Table& table) {
  TableRows rows({{"name", Type::kString}, {"typeString", Type::kString}, {"typeInt", Type::kInt}});
  for (const auto& column : table.columns) {
    const std::string text(types::name_of(column.type));
    rows.add({text_value(column.name), text_value(column.array ? text + "[]" : text),
              Value::of_int(static_cast<int32_t>(column.type) + (column.array ? 64 : 0))});
  }
  return rows.take();
}

Value backup_meta(const BackupServices& services, const Call& call) {
  const auto table = loaded(services, call, call.arguments().text(3, "tableName"));
  const auto& partition = chosen(call, table, call.arguments().text(2, "partition"));
  data::Dictionary facts(Type::kString, Type::kAny, true);
  const auto set = [&](const char* key, Value value) { facts.set(types::Scalar::of_string(key), std::move(value)); };
  set("schema", schema_value(table.table));
  set("dfsPath", text_value(chunk_path(table, partition)));
  set("chunkID", text_value(std::to_string(partition.chunk.value)));
  set("rows", Value::of_long(partition.rows));
  set("cid", commit_of(partition));
  return facts;
}

Value backup_status(const BackupServices& services, const Call& call) {
  const auto wanted = call.text_or_nothing(0, "userName");
  const bool all = call.context().caller().is_admin;
  TableRows rows({{"userName", Type::kString},
                  {"type", Type::kString},
                  {"startTime", Type::kTimestamp},
                  {"dbName", Type::kString},
                  {"tableName", Type::kString},
                  {"totalPartitions", Type::kInt},
                  {"completedPartitions", Type::kInt},
                  {"percentComplete", Type::kDouble},
                  {"endTime", Type::kTimestamp},
                  {"completed", Type::kBool}});
  for (const auto& job : services.jobs.all()) {
    if ((!wanted.empty() && job->user != wanted) || (!all && job->user != call.user())) continue;
    const auto total = job->total.load();
    const auto done = job->done.load();
    const double percent = total == 0 ? 100.0 : 100.0 * static_cast<double>(done) / static_cast<double>(total);
    const auto ended = job->ended_ns.load();
    rows.add({text_value(job->user), text_value(job->type), timestamp_value(job->started_ns), text_value(job->database),
              text_value(job->table), Value::of_int(static_cast<int32_t>(total)),
              Value::of_int(static_cast<int32_t>(done)), Value::of_double(percent), timestamp_value(ended),
              Value::of_bool(ended != 0 && done == total)});
  }
  return rows.take();
}

Value load_backup(const BackupServices& services, const Call& call) {
  const auto table = loaded(services, call, call.arguments().text(3, "tableName"));
  if (table.kind != BackupKind::kQuery)
    call.fail({ErrorCode::kInvalid,
               "only backups made by select are loaded into memory; restore() brings this one "
               "back into a table"});
  call.require(services, meta::AccessType::kTableRead, table.database.path + "/" + table.table.name);
  const auto& partition = chosen(call, table, call.arguments().text(2, "partition"));
  call.context().reserve_memory(static_cast<int64_t>(partition.file_bytes));
  return call.checked(read_saved(services.files, call.directory(0), table, partition));
}

}  // namespace

void register_backup_questions(functions::Registry& registry, const BackupServices& services) {
  const auto row = row_maker(registry, services);
  row("checkBackup", "backupDir, dbPath, [tableName], [partition]", check_backup,
      "Reads saved partitions in full and returns one row for every damaged one; none when all are sound.");
  row("getBackupList", "backupDir, dbPath, tableName", backup_list,
      "Returns one row for every saved partition of a table.");
  row("getBackupMeta", "backupDir, dbPath, partition, tableName", backup_meta,
      "Returns what is known of one saved partition: schema, path, rows, chunk, commit.");
  row("getBackupStatus", "[userName]", backup_status,
      "Returns the backups and restores of this node since it started; those of all users to administrators.");
  row("loadBackup", "backupDir, dbPath, partition, tableName", load_backup,
      "Returns the rows of one partition of a backup that was made by select.");
}

}  // namespace pelorus::backup
