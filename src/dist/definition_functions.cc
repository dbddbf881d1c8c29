// database(…), createPartitionedTable(…), loadTable(…) and their kin.

#include <algorithm>

#include "base/script_error.h"
#include "dist/database_handle.h"
#include "dist/functions.h"
#include "dist/table_columns.h"
#include "dist/table_options.h"
#include "exec/operators/resolve_source.h"
#include "functions/file_access.h"
#include "meta/levels.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::CallContext;
using functions::Nature;
using Arguments = std::span<Value>;

bool given(Arguments args, size_t i) { return i < args.size() && !args[i].is_missing() && !args[i].is_void(); }

/// A CHAR counts as the text of that character: clients write 't' for a table named t.
std::string text_of(const Value& value, const std::string& function, const char* name) {
  if (value.is_text()) return value.text();
  if (value.is_scalar() && value.scalar().type() == data::Type::kChar && !value.is_null())
    return {static_cast<char>(value.scalar().get<int8_t>())};
  throw ScriptError("Usage: " + function + ". " + name + " must be a string.");
}

template <class T>
T unwrap(Result<T> result, const std::string& function) {
  if (!result.ok()) throw ScriptError(function + " => " + result.error().message);
  return std::move(result).value();
}
void unwrap(Status status, const std::string& function) {
  if (!status.ok()) throw ScriptError(function + " => " + status.error().message);
}

/// "dfs://x" of a handle or a text.
std::string path_of(const Value& value, const std::string& function) {
  if (value.is_text()) return value.text();
  return database_handle(value, function).path();
}

std::shared_ptr<exec::StoredTable> stored_table(const Value& value, const std::string& function) {
  auto stored = exec::stored_table_of(value);
  if (!stored) throw ScriptError(function + " => table must be a table of a database");
  return stored;
}

/// The second argument, of a table in a directory.
std::string file_table_name(const std::string& function, Arguments args) {
  auto name = text_of(args[1], function, "tableName");
  check_file_table_name(function, name);
  return name;
}

class Definitions {
 public:
  explicit Definitions(DistributedServices services) : services_(services) {}

  Value database(CallContext& context, Arguments args) const {
    const std::string path = given(args, 0) ? text_of(args[0], "database", "directory") : "";
    std::optional<meta::PartitionScheme> scheme;
    if (given(args, 1)) {
      if (!given(args, 2))
        throw ScriptError(
            "Usage: database(directory, [partitionType], [partitionScheme]). partitionScheme is missing.");
      scheme = parse_scheme(args[1], args[2]);
    }
    if (path.empty()) return handle({.scheme = scheme.value_or(meta::PartitionScheme{})});
    if (is_directory_path(path)) {
      functions::require_login(context, "database");
      if (scheme) throw ScriptError("database => only dfs:// databases have partitions: " + path);
      return handle({.path = path});
    }
    if (data::is_oltp_path(path)) return oltp_database(context, args, path, scheme.has_value());
    if (!path.starts_with("dfs://") || path.size() == 6) {
      throw ScriptError("database => the directory of a stored database begins with dfs://: " + path);
    }
    auto existing = unwrap(catalogue().find_database(path), "database");
    if (existing) {
      if (scheme && existing->scheme.type() != scheme->type()) {
        throw ScriptError("database => " + path + " exists with another partition scheme; open it with database(\"" +
                          path + "\")");
      }
      return opened(std::move(*existing));
    }
    if (!scheme)
      throw ScriptError("database => the database " + path +
                        " does not exist; give partitionType and partitionScheme to create it");
    check(context, meta::AccessType::kObjectCreate, path, "create databases");
    meta::Database made{.path = path, .scheme = std::move(*scheme)};
    made.owner = context.caller().user;
    if (given(args, 4)) made.engine = text_of(args[4], "database", "engine");
    if (made.engine != "OLAP" && made.engine != "TSDB" && made.engine != "PKEY")
      throw ScriptError("database => unknown engine " + made.engine + "; use OLAP, TSDB or PKEY");
    if (given(args, 5)) made.atomic_chunk = is_atomic_chunk(text_of(args[5], "database", "atomic"), "database");
    if (given(args, 6)) made.chunk_granularity = chunk_granularity(text_of(args[6], "database", "chunkGranularity"));
    const auto status = catalogue().create_database(made);
    if (!status.ok() && status.error().code != ErrorCode::kAlreadyExists) unwrap(status, "database");
    existing = unwrap(catalogue().find_database(path), "database");
    if (!existing) throw ScriptError("database => " + path + " was dropped while it was being created");
    return handle(std::move(*existing));
  }

  /// Its scheme says nothing: there are no partitions.
  Value oltp_database(CallContext& context, Arguments args, const std::string& path, bool may_create) const {
    functions::require_login(context, "database");
    auto& oltp = oltp_of(services_, "database");
    if (given(args, 4) && text_of(args[4], "database", "engine") != "IMOLTP")
      throw ScriptError("database => the engine of an oltp:// database is IMOLTP");
    if (!may_create && !oltp.has_database(path))
      throw ScriptError("database => the database " + path +
                        " does not exist; give partitionType and partitionScheme to create it");
    unwrap(oltp.create_database(path), "database");
    return handle({.path = path, .engine = "IMOLTP"});
  }

  /// createPartitionedTable(db, table, name, partitionColumns, …) and createDimensionTable(db, table, name, …).
  Value create_table(CallContext& context, Arguments args, bool partitioned) const {
    const std::string function = partitioned ? "createPartitionedTable" : "createDimensionTable";
    const auto& db = database_handle(args[0], function).database();
    if (db.path.empty())
      throw ScriptError(function +
                        " => partitioned tables in memory need share and are not stored; use a dfs:// database");
    if (!args[1].is_table())
      throw ScriptError("Usage: " + function + "(dbHandle, table, tableName, …). table must be a table.");
    meta::Table table{.database = db.path, .name = text_of(args[2], function, "tableName")};
    table.owner = context.caller().user;
    const auto schema = args[1].is_plain_table() ? args[1].table().schema() : args[1].table_object()->schema();
    for (const auto& column : schema) {
      if (!types::is_storable(column.type)) {
        throw ScriptError(function + " => column " + column.name + " of type " +
                          std::string(types::name_of(column.type)) + " cannot be stored");
      }
      table.columns.push_back({.name = column.name,
                               .type = column.type,
                               .array = column.array,
                               .scale = column.scale,
                               .comment = column.comment});
    }
    size_t next = 3;
    if (partitioned) {
      if (!given(args, 3))
        throw ScriptError(
            "Usage: createPartitionedTable(dbHandle, table, tableName, partitionColumns, …). partitionColumns is "
            "missing.");
      table.partition_columns = partition_columns(db, table, texts_of(args[3], function, "partitionColumns"));
      next = 4;
    }
    const auto word = [&](size_t i) { return next + i < args.size() ? args[next + i] : Value::missing(); };
    if (partitioned && given(args, next + 3))
      context.print(
          "createPartitionedTable: sortKeyMappingFunction has no effect: a partition may hold any number of "
          "sort keys here.");
    take_table_options({.compress_methods = word(0),
                        .sort_columns = word(1),
                        .keep_duplicates = word(2),
                        .soft_delete = word(partitioned ? 4 : 3)},
                       db, services_.distribution.level(), function, table);
    check(context, meta::AccessType::kObjectCreate, db.path, "create tables", db.owner);
    unwrap(catalogue().create_table(table), function);
    return load(context, db.path, table.name, function);
  }

  Value load_table(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "loadTable");
    if (is_directory_path(path)) {
      functions::require_login(context, "loadTable");
      return unwrap(services_.files->load(path, file_table_name("loadTable", args)), "loadTable");
    }
    if (data::is_oltp_path(path)) {
      functions::require_login(context, "loadTable");
      return unwrap(oltp_of(services_, "loadTable").table(path, text_of(args[1], "loadTable", "tableName")),
                    "loadTable");
    }
    auto table = load(context, path, text_of(args[1], "loadTable", "tableName"), "loadTable");
    const bool in_memory =
        given(args, 3) && args[3].is_scalar() && !args[3].is_null() && args[3].scalar().as_int64() != 0;
    if (!in_memory) return table;
    return unwrap(table.table_object()->snapshot(), "loadTable");
  }

  Value drop_table(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "dropTable");
    if (is_directory_path(path)) {
      functions::require_login(context, "dropTable");
      unwrap(services_.files->drop(path, file_table_name("dropTable", args)), "dropTable");
      return {};
    }
    const auto& name = text_of(args[1], "dropTable", "tableName");
    if (data::is_oltp_path(path)) {
      functions::require_login(context, "dropTable");
      unwrap(oltp_of(services_, "dropTable").drop_table(path, name), "dropTable");
      return {};
    }
    check(context, meta::AccessType::kObjectDelete, path, "delete tables", owner_of(path));
    change_when_free([&] { return catalogue().drop_table(path, name); }, "dropTable");
    return {};
  }

  Value forget(Arguments args) const {
    const auto path = path_of(args[0], "clearCachedDatabase");
    const auto found = unwrap(catalogue().find_database(path), "clearCachedDatabase");
    if (!found) throw ScriptError("clearCachedDatabase => the database " + path + " does not exist");
    if (given(args, 1) && !found->tables.contains(text_of(args[1], "clearCachedDatabase", "tableName")))
      throw ScriptError("clearCachedDatabase => the database " + path + " has no table " + args[1].text());
    return {};
  }

  Value drop_database(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "dropDatabase");
    if (data::is_oltp_path(path)) {
      functions::require_login(context, "dropDatabase");
      unwrap(oltp_of(services_, "dropDatabase").drop_database(path), "dropDatabase");
      return {};
    }
    check(context, meta::AccessType::kObjectDelete, path, "delete databases", owner_of(path));
    change_when_free([&] { return catalogue().drop_database(path); }, "dropDatabase");
    return {};
  }

  Value drop_partition(CallContext& context, Arguments args) const {
    const auto& db = database_handle(args[0], "dropPartition").database();
    check(context, meta::AccessType::kTableDelete, db.path, "delete partitions", db.owner);
    meta::DropPartitions partitions{.database = db.path};
    if (given(args, 2)) {
      partitions.table = text_of(args[2], "dropPartition", "tableName");
    } else if (!db.locks_whole_partitions()) {
      throw ScriptError("dropPartition => tableName is needed: chunkGranularity of " + db.path +
                        " is TABLE. Without it partitions of all tables are dropped where it is DATABASE.");
    }
    partitions.delete_schema =
        given(args, 4) && args[4].is_scalar() && !args[4].is_null() && args[4].scalar().as_int64() != 0;
    const auto add = [&](const Value& item) {
      if (item.is_text() && item.text().starts_with("/")) {
        partitions.keys.push_back(unwrap(meta::parse_path(db.scheme, item.text()), "dropPartition"));
        return;
      }
      if (!item.is_scalar())
        throw ScriptError(
            "Usage: dropPartition(dbHandle, partitionPaths, [tableName]). A partition is a path such as \"/20240101\" "
            "or a value.");
      partitions.keys.push_back(
          unwrap(meta::locate({.levels = {db.scheme.levels.at(0)}}, {item.scalar()}), "dropPartition"));
    };
    if (args[1].is_vector()) {
      for (size_t i = 0; i < args[1].vector().size(); ++i) add(args[1].vector().at(i));
    } else {
      add(args[1]);
    }
    change_when_free([&] { return catalogue().drop_partitions(partitions); }, "dropPartition");
    return {};
  }

  /// Of "dfs://db/20240101/0_50": whether the table has rows, or had some, in that partition.
  Value exists_partition(CallContext& context, Arguments args) const {
    const auto path = text_of(args[0], "existsPartition", "path");
    const auto slash = path.find('/', std::string_view("dfs://").size());
    if (!path.starts_with("dfs://") || slash == std::string::npos)
      throw ScriptError("existsPartition => path must name a partition, such as dfs://db/20240101, not " + path);
    const auto database = path.substr(0, slash);
    if (!given(args, 1)) throw ScriptError("existsPartition => tableName is needed: chunks are kept for each table");
    const auto& table = text_of(args[1], "existsPartition", "tableName");
    const auto facts = unwrap(catalogue().table(database, table), "existsPartition");
    check(context, meta::AccessType::kTableRead, database + "/" + table, "read table", facts->database.owner);
    const auto key = unwrap(meta::parse_path(facts->database.scheme, path.substr(slash)), "existsPartition");
    return Value::of_bool(std::ranges::any_of(
        facts->chunks, [&](const auto& entry) { return entry.second.key == key && entry.second.version > 0; }));
  }

  Value set_atomic_level(CallContext& context, Arguments args) const {
    const auto& handle = database_handle(args[0], "setAtomicLevel");
    const bool by_chunk = is_atomic_chunk(text_of(args[1], "setAtomicLevel", "atomic"), "setAtomicLevel");
    check(context, meta::AccessType::kDatabaseManage, handle.path(), "manage databases", owner_of(handle.path()));
    unwrap(catalogue().alter_database({.path = handle.path(), .atomic_chunk = by_chunk}), "setAtomicLevel");
    handle.note_atomic_chunk(by_chunk);
    return {};
  }

  Value set_retention_policy(CallContext& context, Arguments args) const {
    const std::string function = "setRetentionPolicy";
    const auto& handle = database_handle(args[0], function);
    const auto& db = handle.database();
    const auto integer = [&](size_t at, const char* name) {
      if (!args[at].is_scalar() || !types::is_integral(args[at].type()) || args[at].is_null())
        throw ScriptError(function + " => " + name + " must be an integer.");
      return args[at].scalar().as_int64();
    };
    if (db.id == DatabaseId()) throw ScriptError(function + " => only dfs:// databases have partitions that are kept.");
    meta::RetentionPolicy policy{.database = db.id, .hours = integer(1, "retentionHours")};
    if (given(args, 2)) {
      const auto level = integer(2, "retentionDimension");
      if (level < 0) throw ScriptError(function + " => retentionDimension must not be negative.");
      policy.level = static_cast<uint32_t>(std::min<int64_t>(level, meta::kPartitionLevelsMax));
    }
    if (given(args, 3))
      throw ScriptError(
          function +
          " => hoursToColdVolume can't be given: this server has no cold volumes; all data stay in volumes.");
    check(context, meta::AccessType::kDatabaseManage, handle.path(), "manage databases", owner_of(handle.path()));
    unwrap(meta::check(db.scheme, policy), function);
    unwrap(catalogue().set_retention(policy), function);
    handle.note_retention(policy);
    return {};
  }

  Value granularities(CallContext& context) const {
    const auto access = unwrap(catalogue().access(context.caller().user), "getAllDBGranularity");
    data::Dictionary all(types::Type::kString, types::Type::kString);
    for (const auto& entry : unwrap(catalogue().databases(), "getAllDBGranularity")) {
      if (!access.may(meta::AccessType::kDatabaseRead, entry.database, entry.owner)) continue;
      const auto database = unwrap(catalogue().find_database(entry.database), "getAllDBGranularity");
      if (!database) continue;  // dropped meanwhile
      all.set(types::Scalar::of_string(database->path.substr(std::string("dfs:/").size())),
              Value::of_string(database->chunk_granularity));
    }
    return all;
  }

  Value truncate(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "truncate");
    const auto& name = text_of(args[1], "truncate", "tableName");
    check(context, meta::AccessType::kTableDelete, path + "/" + name, "delete rows", owner_of(path));
    const meta::DropPartitions all{.database = path, .table = name, .keys = {meta::PartitionKey{}}};
    change_when_free([&] { return catalogue().drop_partitions(all); }, "truncate");
    return {};
  }

  Value rename_table(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "renameTable");
    const auto& name = text_of(args[1], "renameTable", "tableName");
    const auto& new_name = text_of(args[2], "renameTable", "newTableName");
    if (new_name.empty()) throw ScriptError("renameTable => newTableName must not be empty");
    check(context, meta::AccessType::kDatabaseManage, path, "rename tables", owner_of(path));
    const auto table = unwrap(catalogue().table(path, name), "renameTable")->table;
    alter(path, table, new_name, "renameTable");
    return {};
  }

  Value set_column_comment(Arguments args) const {
    const std::string function = "setColumnComment";
    const auto stored = stored_table(args[0], function);
    if (!args[1].is_dictionary())
      throw ScriptError(function + " => columnComments must be a dictionary of column names and comments");
    const auto& comments = args[1].dictionary();
    std::vector<exec::ColumnChange> changes;
    for (size_t i = 0; i < comments.size(); ++i) {
      const auto name = comments.keys().at(i), comment = comments.values().at(i);
      if (!name.is_text() || !comment.is_text())
        throw ScriptError(function + " => names of columns and their comments must be texts");
      changes.push_back({exec::ColumnChange::Kind::kDescribe, name.text(), {}, {.comment = comment.text()}});
    }
    unwrap(stored->change_columns(changes), function);
    return args[0];
  }

  Value set_table_comment(CallContext& context, Arguments args) const {
    const std::string function = "setTableComment";
    const auto stored = stored_table(args[0], function);
    const auto& path = stored->database();
    check(context, meta::AccessType::kDatabaseManage, path, "describe tables", owner_of(path));
    auto table = unwrap(catalogue().table(path, stored->name()), function)->table;
    table.options[kCommentOption] = text_of(args[1], function, "comment");
    alter(path, table, {}, function);
    unwrap(stored->open_snapshot(), function);  // the handle is to know it
    return {};
  }

  Value exists_database(Arguments args) const {
    if (const auto path = text_of(args[0], "existsDatabase", "dbUrl"); data::is_oltp_path(path))
      return Value::of_bool(oltp_of(services_, "existsDatabase").has_database(path));
    return Value::of_bool(
        unwrap(catalogue().find_database(text_of(args[0], "existsDatabase", "dbUrl")), "existsDatabase").has_value());
  }

  Value exists_table(CallContext& context, Arguments args) const {
    const auto path = path_of(args[0], "existsTable");
    if (is_directory_path(path)) {
      functions::require_login(context, "existsTable");
      return Value::of_bool(unwrap(services_.files->exists(path, file_table_name("existsTable", args)), "existsTable"));
    }
    if (data::is_oltp_path(path)) {
      const auto names = oltp_of(services_, "existsTable").tables(path);
      return Value::of_bool(std::ranges::find(names, text_of(args[1], "existsTable", "tableName")) != names.end());
    }
    const auto found = unwrap(catalogue().find_database(path), "existsTable");
    return Value::of_bool(found && found->tables.contains(text_of(args[1], "existsTable", "tableName")));
  }

  Value tables_of(Arguments args) const {
    const auto path = path_of(args[0], "getTables");
    if (data::is_oltp_path(path))
      return data::Vector::of_strings(types::Type::kString, oltp_of(services_, "getTables").tables(path));
    const auto found = unwrap(catalogue().find_database(path), "getTables");
    if (!found) throw ScriptError("getTables => the database " + path + " does not exist");
    std::vector<std::string> names;
    for (const auto& [name, id] : found->tables) names.push_back(name);
    return data::Vector::of_strings(types::Type::kString, std::move(names));
  }

  Value list_tables(Arguments args) const {
    const auto path = path_of(args[0], "listTables");
    std::vector<std::string> names, ids;
    if (data::is_oltp_path(path)) {
      names = oltp_of(services_, "listTables").tables(path);
      ids.resize(names.size());
    } else {
      const auto found = unwrap(catalogue().find_database(path), "listTables");
      if (!found) throw ScriptError("listTables => the database " + path + " does not exist");
      for (const auto& [name, id] : found->tables) {
        names.push_back(name);
        ids.push_back(std::to_string(id.value));
      }
    }
    return data::Table({"tableName", "physicalIndex"},
                       {data::Vector::of_strings(types::Type::kString, std::move(names)),
                        data::Vector::of_strings(types::Type::kString, std::move(ids))});
  }

  /// What the caller may see: databases, or their tables as "dfs://db/table".
  Value list(CallContext& context, bool tables, const std::string& database = {}) const {
    const auto access = unwrap(catalogue().access(context.caller().user), "getClusterDFSTables");
    std::vector<std::string> names;
    for (const auto& db : unwrap(catalogue().databases(), "getClusterDFSTables")) {
      if (!database.empty() && db.database != database) continue;
      if (!tables && access.may(meta::AccessType::kDatabaseRead, db.database, db.owner)) names.push_back(db.database);
      if (!tables) continue;
      for (const auto& name : db.tables) {
        const auto full = db.database + "/" + name;
        if (access.may(meta::AccessType::kTableRead, full, db.owner)) names.push_back(full);
      }
    }
    return data::Vector::of_strings(types::Type::kString, std::move(names));
  }

  Value add_partitions(CallContext& context, Arguments args, const std::string& function) const {
    const auto& db = database_handle(args[0], function).database();
    check(context, meta::AccessType::kDatabaseManage, db.path, "manage databases", db.owner);
    meta::AddPartitions partitions{.database = db.path};
    if (given(args, 2)) partitions.level = static_cast<uint32_t>(args[2].scalar().as_int64());
    if (!args[1].is_vector() && !args[1].is_scalar())
      throw ScriptError("Usage: " + function + "(dbHandle, newValues, [level]).");
    const auto values = args[1].is_vector() ? args[1].vector() : data::Vector::filled(args[1].scalar(), 1);
    for (size_t i = 0; i < values.size(); ++i) partitions.values.push_back(values.scalar_at(i));
    unwrap(catalogue().add_partitions(partitions), function);
    return {};
  }

 private:
  Catalogue& catalogue() const { return services_.distribution.catalogue; }

  /// Once no transaction is in its way.
  void change_when_free(const std::function<Status()>& change, const std::string& function) const {
    unwrap(services_.writer.change_definition(change), function);
  }

  /// Gives a table the columns and options of `table` and, unless it is empty, another name.
  void alter(const std::string& path, const meta::Table& table, const std::string& new_name,
             const std::string& function) const {
    const meta::AlterTable change{.database = path,
                                  .name = table.name,
                                  .expected_schema_version = table.schema_version,
                                  .new_name = new_name,
                                  .columns = table.columns,
                                  .options = table.options};
    change_when_free([&] { return catalogue().alter_table(change); }, function);
  }

  static bool is_atomic_chunk(const std::string& atomic, const std::string& function) {
    if (atomic != "TRANS" && atomic != "CHUNK")
      throw ScriptError(function + " => atomic must be TRANS or CHUNK, not " + atomic);
    return atomic == "CHUNK";
  }
  std::string chunk_granularity(const std::string& granularity) const {
    if (granularity != "TABLE" && granularity != "DATABASE")
      throw ScriptError("database => chunkGranularity must be TABLE or DATABASE, not " + granularity);
    if (!services_.chunk_granularity)
      throw ScriptError(
          "database => chunkGranularity can be given only where enableChunkGranularityConfig=true is "
          "set; leave it out, or set that for this node and start it again");
    if (granularity == "DATABASE")
      unwrap(meta::check_level("chunkGranularity 'DATABASE'", meta::kTableOptionsLevel, services_.distribution.level()),
             "database");
    return granularity;
  }

  static Value handle(meta::Database database) {
    return data::HandleRef(std::make_shared<DatabaseHandle>(std::move(database)));
  }

  /// A database of the cluster, with what else is known of it.
  Value opened(meta::Database database) const {
    auto retention = unwrap(catalogue().retention(database.id), "database");
    return data::HandleRef(std::make_shared<DatabaseHandle>(std::move(database), std::move(retention)));
  }

  std::string owner_of(const std::string& path) const {
    const auto found = catalogue().find_database(path);
    return found.ok() && found->has_value() ? (*found)->owner : "";
  }

  void check(CallContext& context, meta::AccessType type, const std::string& object, const std::string& deed,
             const std::string& owner = {}) const {
    const auto access = unwrap(catalogue().access(context.caller().user), "access rights");
    if (const auto allowed = access.check(type, object, owner); !allowed.ok()) {
      // The tag must stand at the very beginning: clients look for it there.
      throw ScriptError(allowed.error().message.starts_with("<")
                            ? allowed.error().message
                            : "<NoPrivilege>Not granted to " + deed + ": " + object);
    }
  }

  Value load(CallContext& context, const std::string& path, const std::string& name,
             const std::string& function) const {
    auto facts = unwrap(catalogue().table(path, name), function);
    check(context, meta::AccessType::kTableRead, path + "/" + name, "read table", facts->database.owner);
    return data::TableRef(std::make_shared<DistributedTable>(services_.distribution, services_.writer, std::move(facts),
                                                             context.caller().user));
  }

  static std::vector<std::string> partition_columns(const meta::Database& db, const meta::Table& table,
                                                    std::vector<std::string> names) {
    if (names.size() != db.scheme.levels.size()) {
      throw ScriptError("createPartitionedTable => the database has " + std::to_string(db.scheme.levels.size()) +
                        " partition levels, but " + std::to_string(names.size()) + " partition columns were given");
    }
    for (size_t level = 0; level < names.size(); ++level) {
      const auto column = std::ranges::find(table.columns, names[level], &meta::Column::name);
      if (column == table.columns.end())
        throw ScriptError("createPartitionedTable => Unrecognized column name [" + names[level] + "]");
      unwrap(meta::check_column(db.scheme.levels[level], column->type, column->name), "createPartitionedTable");
    }
    return names;
  }

  const DistributedServices services_;
};

using DefinitionsRef = std::shared_ptr<const Definitions>;
constexpr std::string_view kFamily = "databases";

void register_makers(functions::Registry& registry, const DefinitionsRef& d) {
  registry.add({.name = "database",
                .parameters = {{"directory", true},
                               {"partitionType", true},
                               {"partitionScheme", true},
                               {"locations", true},
                               {"engine", true},
                               {"atomic", true},
                               {"chunkGranularity", true}},
                .run = [d](CallContext& c, Arguments a) { return d->database(c, a); },
                .doc = {.summary = "Creates or opens a database."},
                .family = kFamily});
  registry.add({.name = "createPartitionedTable",
                .parameters = {{"dbHandle"},
                               {"table"},
                               {"tableName"},
                               {"partitionColumns", true},
                               {"compressMethods", true},
                               {"sortColumns", true},
                               {"keepDuplicates", true},
                               {"sortKeyMappingFunction", true},
                               {"softDelete", true}},
                .run = [d](CallContext& c, Arguments a) { return d->create_table(c, a, true); },
                .doc = {.summary = "Creates an empty partitioned table with the columns of another table."},
                .family = kFamily});
  registry.add({.name = "createDimensionTable",
                .parameters = {{"dbHandle"},
                               {"table"},
                               {"tableName"},
                               {"compressMethods", true},
                               {"sortColumns", true},
                               {"keepDuplicates", true},
                               {"softDelete", true}},
                .run = [d](CallContext& c, Arguments a) { return d->create_table(c, a, false); },
                .doc = {.summary = "Creates an empty table of one partition."},
                .family = kFamily});
  registry.add_alias("createTable", "createDimensionTable");
  registry.add(
      {.name = "loadTable",
       .parameters = {{"database"}, {"tableName"}, {"partitions", true}, {"memoryMode", true}},
       .run = [d](CallContext& c, Arguments a) { return d->load_table(c, a); },
       .doc = {.summary = "Opens a stored table; rows are read when a query asks for them, or at once in memory mode."},
       .family = kFamily});
}

void register_commands(functions::Registry& registry, const DefinitionsRef& d) {
  const auto command = [&](const char* name, std::vector<functions::Parameter> parameters, functions::Native run,
                           const char* summary) {
    registry.add({.name = name,
                  .parameters = std::move(parameters),
                  .nature = Nature::kCommand,
                  .run = std::move(run),
                  .doc = {.summary = summary},
                  .family = kFamily});
  };
  command(
      "dropTable", {{"dbHandle"}, {"tableName"}}, [d](CallContext& c, Arguments a) { return d->drop_table(c, a); },
      "Deletes a table and its rows.");
  command(
      "clearCachedDatabase", {{"dbUrl"}, {"tableName", true}}, [d](CallContext&, Arguments a) { return d->forget(a); },
      "Forgets what this node keeps of a database's tables beyond a query, which is nothing; an error when there is no "
      "such database or table.");
  command(
      "dropDatabase", {{"dbUrl"}}, [d](CallContext& c, Arguments a) { return d->drop_database(c, a); },
      "Deletes a database and its tables.");
  command(
      "dropPartition",
      {{"dbHandle"}, {"partitionPaths"}, {"tableName", true}, {"forceDelete", true}, {"deleteSchema", true}},
      [d](CallContext& c, Arguments a) { return d->drop_partition(c, a); }, "Deletes partitions.");
  command(
      "truncate", {{"dbUrl"}, {"tableName"}}, [d](CallContext& c, Arguments a) { return d->truncate(c, a); },
      "Deletes all rows of a table.");
  command(
      "renameTable", {{"dbHandle"}, {"tableName"}, {"newTableName"}},
      [d](CallContext& c, Arguments a) { return d->rename_table(c, a); },
      "Gives a stored table another name; handles under the old one are to be loaded again.");
  command(
      "setColumnComment", {{"table"}, {"columnComments"}},
      [d](CallContext&, Arguments a) { return d->set_column_comment(a); },
      "Describes columns of a stored table: comment in colDefs of schema().");
  command(
      "setTableComment", {{"table"}, {"comment"}},
      [d](CallContext& c, Arguments a) { return d->set_table_comment(c, a); },
      "Describes a stored table: tableComment of schema().");
  command(
      "addValuePartitions", {{"dbHandle"}, {"newValues"}, {"level", true}},
      [d](CallContext& c, Arguments a) { return d->add_partitions(c, a, "addValuePartitions"); },
      "Adds values to a VALUE level.");
  command(
      "setAtomicLevel", {{"dbHandle"}, {"atomic"}},
      [d](CallContext& c, Arguments a) { return d->set_atomic_level(c, a); },
      "Sets at which level writes to a database are atomic: TRANS or CHUNK.");
  command(
      "setRetentionPolicy",
      {{"dbHandle"}, {"retentionHours"}, {"retentionDimension", true}, {"hoursToColdVolume", true}},
      [d](CallContext& c, Arguments a) { return d->set_retention_policy(c, a); },
      "Keeps the partitions of a database for so many hours after their end, by the machine's clock; then the "
      "controllers delete them. What had ended more than ten days before that is left alone. retentionDimension: the "
      "level that is by DATE or DATEHOUR, 0 unless given.");
  command(
      "addRangePartitions", {{"dbHandle"}, {"newRanges"}, {"level", true}},
      [d](CallContext& c, Arguments a) { return d->add_partitions(c, a, "addRangePartitions"); },
      "Adds boundaries to a RANGE level.");
}

void register_questions(functions::Registry& registry, const DefinitionsRef& d) {
  registry.add({.name = "existsDatabase",
                .parameters = {{"dbUrl"}},
                .run = [d](CallContext&, Arguments a) { return d->exists_database(a); },
                .doc = {.summary = "Whether a database exists."},
                .family = kFamily});
  registry.add({.name = "existsTable",
                .parameters = {{"dbUrl"}, {"tableName"}},
                .run = [d](CallContext& c, Arguments a) { return d->exists_table(c, a); },
                .doc = {.summary = "Whether a table exists."},
                .family = kFamily});
  registry.add({.name = "getTables",
                .parameters = {{"dbHandle"}},
                .run = [d](CallContext&, Arguments a) { return d->tables_of(a); },
                .doc = {.summary = "Names of the tables of a database."},
                .family = kFamily});
  registry.add({.name = "existsPartition",
                .parameters = {{"path"}, {"tableName", true}},
                .run = [d](CallContext& c, Arguments a) { return d->exists_partition(c, a); },
                .doc = {.summary = "Whether a table has a partition, named as dfs://db/20240101/0_50."},
                .family = kFamily});
  registry.add(
      {.name = "getDFSTablesByDatabase",
       .parameters = {{"directory"}},
       .run = [d](CallContext& c, Arguments a) { return d->list(c, true, path_of(a[0], "getDFSTablesByDatabase")); },
       .doc = {.summary = "All tables of a database that the caller may read, as dfs://db/table."},
       .family = kFamily});
  registry.add({.name = "getAllDBGranularity",
                .parameters = {},
                .run = [d](CallContext& c, Arguments) { return d->granularities(c); },
                .doc = {.summary = "From databases the caller may read to their chunk granularity: TABLE or DATABASE."},
                .family = kFamily});
  registry.add({.name = "getClusterDFSTables",
                .parameters = {{"includeSysTable", true}},
                .run = [d](CallContext& c, Arguments) { return d->list(c, true); },
                .doc = {.summary = "All stored tables the caller may read."},
                .family = kFamily});
  registry.add({.name = "getClusterDFSDatabases",
                .parameters = {{"includeSysDb", true}},
                .run = [d](CallContext& c, Arguments) { return d->list(c, false); },
                .doc = {.summary = "All databases the caller may read."},
                .family = kFamily});
  registry.add_alias("getDFSDatabases", "getClusterDFSDatabases");
  registry.add({.name = "listTables",
                .parameters = {{"dbUrl"}},
                .run = [d](CallContext&, Arguments a) { return d->list_tables(a); },
                .doc = {.summary = "The tables of a database: tableName, and physicalIndex, the table's id."},
                .family = kFamily});
}

}  // namespace

void register_definition_functions(functions::Registry& registry, DistributedServices services) {
  const auto definitions = std::make_shared<const Definitions>(services);
  register_makers(registry, definitions);
  register_commands(registry, definitions);
  register_questions(registry, definitions);
}

}  // namespace pelorus::dist
