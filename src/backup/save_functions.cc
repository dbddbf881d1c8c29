// backup backupDB backupTable

#include "backup/call.h"
#include "backup/functions.h"
#include "backup/functions_parts.h"
#include "dist/table_columns.h"
#include "exec/operators/resolve_source.h"
#include "exec/route_rows.h"
#include "exec/user_function.h"
#include "functions/declare.h"
#include "syntax/sql.h"

namespace pelorus::backup {
namespace {

using data::Value;

/// Positions of backup's parameters.
enum Place { kDirectory, kWhat, kForce, kParallel, kSnapshot, kTable, kPartition, kKey };

/// Parts of one level that `value` (a scalar or a vector) names.
std::vector<types::Scalar> parts_of(const Call& call, const meta::PartitionLevel& level, const Value& value) {
  std::vector<types::Scalar> parts;
  const auto values = functions::elements_of(value);
  if (!values) call.arguments().refuse("partition", "holds something that is no value");
  for (size_t i = 0; i < (*values)->size(); ++i) {
    const auto key = call.checked(meta::locate({.levels = {level}}, {(*values)->scalar_at(i)}));
    parts.push_back(key.parts.at(0));
  }
  return parts;
}

/// Paths ("/20240101/0_50", with wildcards), or values: of the only level, or a tuple with one entry a level.
PartitionFilter filter_of(const Call& call, const meta::PartitionScheme& scheme) {
  PartitionFilter filter;
  const auto& args = call.arguments();
  if (!args.has(kPartition) || args[kPartition].is_null()) return filter;
  const auto& value = args[kPartition];
  const auto elements = functions::elements_of(value);
  const bool paths = elements && (*elements)->size() > 0 && types::is_literal((*elements)->type()) &&
                     (*elements)->text_at(0).starts_with("/");
  if (paths) {
    filter.patterns = args.texts(kPartition, "partition");
    return filter;
  }
  if (scheme.levels.size() == 1) {
    filter.parts.push_back(parts_of(call, scheme.levels[0], value));
    return filter;
  }
  if (!value.is_tuple() || value.vector().size() != scheme.levels.size())
    args.refuse("partition", "must be paths that begin with '/', or a tuple with one entry for each level");
  for (size_t level = 0; level < scheme.levels.size(); ++level) {
    const auto entry = value.vector().at(level);
    const bool any = entry.is_void() || entry.is_missing() || (entry.is_vector() && entry.vector().size() == 0);
    filter.parts.push_back(any ? std::vector<types::Scalar>() : parts_of(call, scheme.levels[level], entry));
  }
  return filter;
}

SaveOptions options_of(const Call& call, const TableName& table) {
  SaveOptions options{.directory = call.directory(kDirectory), .database = table.database, .table = table.table};
  options.cancellation = call.context().cancellation();
  return options;
}

int64_t save(const BackupServices& services, const Call& call, const SaveOptions& options) {
  call.require(services, meta::AccessType::kTableRead, options.database + "/" + options.table);
  const RunningJob running(services.jobs, call, "BACKUP_BY_COPY_FILE", {options.database, options.table});
  return call.checked(save_table(services, options, running.job()));
}

Value count_value(int64_t count) { return Value::of_int(static_cast<int32_t>(count)); }

std::vector<std::string> tables_of(const BackupServices& services, const Call& call, const std::string& path) {
  const auto found = call.checked(services.distribution.catalogue.find_database(path));
  if (!found) call.fail({ErrorCode::kNotFound, "the database " + path + " does not exist"});
  std::vector<std::string> names;
  for (const auto& [name, id] : found->tables) names.push_back(name);
  return names;
}

/// The table a select reads and nothing else.
std::shared_ptr<exec::StoredTable> table_of(const Call& call, const exec::CodeValue& code) {
  const auto* query = syntax::as<syntax::Query>(code.body());
  const bool plain = query != nullptr && query->from && query->from->kind == syntax::Source::Kind::kTable &&
                     query->with.empty() && query->unions.empty() && !query->is_exec && !query->distinct &&
                     query->grouping == syntax::Grouping::kNone && !query->top && !query->limit;
  if (!plain)
    call.arguments().refuse("sqlObj", "must select rows of one stored table: <select * from loadTable(…) where …>");
  const exec::CodeValue source(query->from->table, code.captured());
  auto table = exec::stored_table_of(call.context().evaluate(source));
  if (!table) call.arguments().refuse("sqlObj", "must select from a stored table");
  return table;
}

Value save_by_query(const BackupServices& services, const Call& call) {
  const auto& args = call.arguments();
  const auto code = args[kWhat].code();
  const auto* known = dynamic_cast<const exec::CodeValue*>(code.get());
  if (known == nullptr) args.refuse("sqlObj", "must be code such as <select * from loadTable(…)>");
  const auto table = table_of(call, *known);
  const TableName name{table->database(), table->name()};
  const auto known_table = call.checked(services.distribution.catalogue.table(name.database, name.table));
  const auto& facts = *known_table;
  const auto rows = functions::table_argument("backup", call.context().evaluate(*code));
  const auto wanted = dist::schema_of(facts.table);
  if (rows.names() != data::Table(wanted).names())
    args.refuse("sqlObj", "must select all columns of the table, in their order");
  data::Table fitted(wanted);
  call.checked(fitted.append(rows));
  std::vector<QueryRows> found;
  for (auto& part : call.checked(exec::split_rows(fitted, table->scheme(), table->partition_columns())))
    found.push_back({part.key, std::move(part.rows)});
  auto options = options_of(call, name);
  options.force = args.flag_or(kForce, "force", false);
  call.require(services, meta::AccessType::kTableRead, name.database + "/" + name.table);
  const RunningJob running(services.jobs, call, "BACKUP_BY_SQL", name);
  return count_value(call.checked(save_query(services, options, facts, code->print(), found, running.job())));
}

Value back_up(const BackupServices& services, const Call& call) {
  const auto& args = call.arguments();
  call.refuse_key(kKey);
  if (args[kWhat].is_code()) return save_by_query(services, call);
  const auto database = call.database(kWhat, "dbPath");
  auto tables = args.has(kTable) && !args[kTable].is_null() ? args.texts(kTable, "tableName")
                                                            : tables_of(services, call, database);
  int64_t count = 0;
  for (const auto& table : tables) {
    auto options = options_of(call, {database, table});
    options.force = args.flag_or(kForce, "force", false);
    options.parallel = args.flag_or(kParallel, "parallel", false);
    options.snapshot = args.flag_or(kSnapshot, "snapshot", true);
    const auto facts = call.checked(services.distribution.catalogue.find_database(database));
    if (!facts) call.fail({ErrorCode::kNotFound, "the database " + database + " does not exist"});
    options.partitions = filter_of(call, facts->scheme);
    count += save(services, call, options);
  }
  return count_value(count);
}

Value back_up_whole(const BackupServices& services, const Call& call, std::vector<std::string> tables) {
  int64_t count = 0;
  for (const auto& table : tables) {
    auto options = options_of(call, {call.database(1, "dbPath"), table});
    options.parallel = true;
    count += save(services, call, options);
  }
  return count_value(count);
}

}  // namespace

void register_saving(functions::Registry& registry, const BackupServices& services) {
  const auto row = row_maker(registry, services);
  row("backup",
      "backupDir, dbPath|sqlObj, [force=false], [parallel=false], [snapshot=true], [tableName], [partition], [keyPath]",
      back_up,
      "Saves partitions of stored tables that have changed since the last backup into a directory of this node, or "
      "what "
      "a select finds in them; returns how many were saved.");
  row(
      "backupDB", "backupDir, dbPath",
      [](const BackupServices& s, const Call& call) {
        return back_up_whole(s, call, tables_of(s, call, call.database(1, "dbPath")));
      },
      "Saves the changed partitions of all tables of a database; returns how many were saved.");
  row(
      "backupTable", "backupDir, dbPath, tableName",
      [](const BackupServices& s, const Call& call) {
        return back_up_whole(s, call, {call.arguments().text(2, "tableName")});
      },
      "Saves the changed partitions of a table; returns how many were saved.");
}

}  // namespace pelorus::backup
