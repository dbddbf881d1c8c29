// restore restoreDB restoreTable migrate

#include "backup/functions.h"
#include "backup/functions_parts.h"
#include "exec/operators/resolve_source.h"
#include "functions/path_pattern.h"
#include "functions/table_rows.h"

namespace pelorus::backup {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;

/// Positions of restore's parameters.
enum Place { kDirectory, kDatabase, kTable, kPartition, kForce, kOutput, kParallel, kSnapshot, kKey };

const char* type_of(BackupKind kind) { return kind == BackupKind::kQuery ? "RESTORE_BY_SQL" : "RESTORE_BY_COPY_FILE"; }

void require_write(const BackupServices& services, const Call& call, const TableName& target) {
  const auto object = target.database + "/" + target.table;
  call.require(services, meta::AccessType::kTableInsert, object);
  call.require(services, meta::AccessType::kTableDelete, object);
}

/// What was not restored in one sentence; nothing when all was.
std::optional<Error> refusal_of(const Restored& restored) {
  if (restored.refused.empty()) return std::nullopt;
  std::string text = std::to_string(restored.refused.size()) + " partition(s) were refused and are as they were";
  for (const auto& refused : restored.refused)
    text +=
        "; " + (refused.partition.path.empty() ? "the only one" : refused.partition.path) + ": " + refused.why.message;
  text += ". Restored: " + std::to_string(restored.partitions.size());
  return Error{restored.refused[0].why.code, std::move(text)};
}

Result<Restored> run(const BackupServices& services, const Call& call, const RestoreOptions& options) {
  TRY(const auto saved,
      load_saved_table(services.files, options.directory, options.saved.database, options.saved.table));
  const RunningJob running(services.jobs, call, type_of(saved.kind), options.target);
  TRY(auto restored, restore_table(services, options, running.job()));
  if (auto refusal = refusal_of(restored)) return std::move(*refusal);
  return restored;
}

/// The tables of the backup whose names fit the pattern.
std::vector<TableName> chosen_tables(const BackupServices& services, const Call& call, const std::string& directory,
                                     const std::string& database, const std::string& pattern) {
  std::vector<TableName> chosen;
  for (const auto& name : call.checked(saved_tables(services.files, directory, database))) {
    if (pattern.empty() || name.table == pattern || functions::fits_pattern(pattern, name.table))
      chosen.push_back(name);
  }
  if (chosen.empty())
    call.fail({ErrorCode::kNotFound, "there is no backup of " + database + "/" + pattern + " in " + directory});
  return chosen;
}

Value restore(const BackupServices& services, const Call& call) {
  const auto& args = call.arguments();
  call.refuse_key(kKey);
  RestoreOptions options{.directory = call.directory(kDirectory)};
  options.partitions.patterns = args.texts(kPartition, "partition");
  options.force = args.flag_or(kForce, "force", false);
  options.parallel = args.flag_or(kParallel, "parallel", false);
  options.snapshot = args.flag_or(kSnapshot, "snapshot", false);
  options.cancellation = call.context().cancellation();
  std::optional<TableName> output;
  if (args.has(kOutput) && !args[kOutput].is_null()) {
    const auto table = exec::stored_table_of(args[kOutput]);
    if (!table) args.refuse("outputTable", "must be a stored table, as loadTable gives it");
    output = TableName{table->database(), table->name()};
  }
  std::vector<std::string> restored;
  for (const auto& name : chosen_tables(services, call, options.directory, call.database(kDatabase, "dbPath"),
                                        args.text(kTable, "tableName"))) {
    options.saved = name;
    options.target = output.value_or(name);
    require_write(services, call, options.target);
    for (auto& path : call.checked(run(services, call, options)).partitions) restored.push_back(std::move(path));
  }
  return data::Vector::of_strings(types::Type::kString, std::move(restored));
}

/// One saved table into a target that is made when it is missing.
Status bring(const BackupServices& services, const Call& call, const std::string& directory, const TableName& name,
             const TableName& target) {
  auto& catalogue = services.distribution.catalogue;
  TRY(const auto saved, load_saved_table(services.files, directory, name.database, name.table));
  TRY(const auto there, catalogue.find_database(target.database));
  if (!there || !there->tables.contains(target.table)) {
    call.require(services, meta::AccessType::kObjectCreate, target.database);
    TRY_DONE(make_target(catalogue, saved, target, call.user()));
  }
  require_write(services, call, target);
  RestoreOptions options{.directory = directory, .saved = name, .target = target, .parallel = true};
  options.cancellation = call.context().cancellation();
  TRY(const auto restored, run(services, call, options));
  return {};
}

Value migrate(const BackupServices& services, const Call& call) {
  call.refuse_key(5);
  const auto directory = call.directory(0);
  const auto database = call.text_or_nothing(1, "backupDBPath");
  const auto table = call.text_or_nothing(2, "backupTableName");
  const auto new_database = call.text_or_nothing(3, "newDBPath");
  const auto new_table = call.text_or_nothing(4, "newTableName");
  if (database.empty() && !(table.empty() && new_database.empty() && new_table.empty()))
    call.arguments().refuse("backupDBPath", "is needed by what follows it");
  if (table.empty() && !new_table.empty()) call.arguments().refuse("backupTableName", "is needed by newTableName");
  TableRows rows({{"dbName", types::Type::kString},
                  {"tableName", types::Type::kString},
                  {"success", types::Type::kBool},
                  {"errorMsg", types::Type::kString}});
  for (const auto& name : call.checked(saved_tables(services.files, directory, database))) {
    if (!table.empty() && name.table != table) continue;
    const TableName target{new_database.empty() ? name.database : new_database,
                           new_table.empty() ? name.table : new_table};
    Status done;
    try {
      done = bring(services, call, directory, name, target);
    } catch (const ScriptError& refused) {  // of rights: the other tables may be allowed
      done = Error{ErrorCode::kDenied, refused.message()};
    }
    rows.add({text_value(target.database), text_value(target.table), Value::of_bool(done.ok()),
              text_value(done.ok() ? "" : done.error().message)});
  }
  return rows.take();
}

Value bring_all(const BackupServices& services, const Call& call, const std::vector<TableName>& names,
                const TableName& renamed) {
  TableRows rows({{"dbName", types::Type::kString}, {"tableName", types::Type::kString}});
  for (const auto& name : names) {
    const TableName target{renamed.database.empty() ? name.database : renamed.database,
                           renamed.table.empty() ? name.table : renamed.table};
    const auto done = bring(services, call, call.directory(0), name, target);
    if (!done.ok()) call.fail({done.error().code, target.database + "/" + target.table + ": " + done.error().message});
    rows.add({text_value(target.database), text_value(target.table)});
  }
  return rows.take();
}

Value restore_database(const BackupServices& services, const Call& call) {
  const auto database = call.database(1, "dbPath");
  const auto names = call.checked(saved_tables(services.files, call.directory(0), database));
  return bring_all(services, call, names, {call.text_or_nothing(2, "newDBPath"), {}});
}

Value restore_one_table(const BackupServices& services, const Call& call) {
  const TableName name{call.database(1, "dbPath"), call.arguments().text(2, "tableName")};
  return bring_all(services, call, {name},
                   {call.text_or_nothing(3, "newDBPath"), call.text_or_nothing(4, "newTableName")});
}

}  // namespace

void register_restoring(functions::Registry& registry, const BackupServices& services) {
  const auto row = row_maker(registry, services);
  row("restore",
      "backupDir, dbPath, tableName, partition, [force=false], [outputTable], [parallel=false], [snapshot=false], "
      "[keyPath]",
      restore,
      "Replaces partitions of a table by the saved ones where they differ, each in one transaction; returns their "
      "paths. Damaged files are named and nothing of their partitions is changed.");
  row("restoreDB", "backupDir, dbPath, [newDBPath]", restore_database,
      "Brings all saved tables of a database back; database and tables are made where they are missing.");
  row("restoreTable", "backupDir, dbPath, tableName, [newDBPath], [newTableName]", restore_one_table,
      "Brings a saved table back; database and table are made where they are missing.");
  row("migrate", "backupDir, [backupDBPath], [backupTableName], [newDBPath], [newTableName], [keyPath]", migrate,
      "Brings saved databases and tables into this cluster, under new names if wanted; one row for each table.");
}

void register_backup_functions(functions::Registry& registry, const BackupServices& services) {
  register_saving(registry, services);
  register_restoring(registry, services);
}

}  // namespace pelorus::backup
