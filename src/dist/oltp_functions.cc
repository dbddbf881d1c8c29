// IMOLTP databases of this node: what is theirs alone.

#include "base/script_error.h"
#include "dist/database_handle.h"
#include "dist/functions.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/file_access.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

/// One secondary key for each of several flags; else all columns are one key.
std::vector<data::OltpKey> secondary_keys(const Arguments& a) {
  std::vector<data::OltpKey> keys;
  if (!a.has(4) || a[4].is_void()) return keys;
  const auto columns = a.texts(4, "secondaryKey");
  if (!a.has(5) || a[5].is_scalar()) {
    keys.push_back({.columns = columns, .unique = a.flag_or(5, "uniqueFlag", false)});
    return keys;
  }
  const auto flags = functions::converted("createIMOLTPTable", a.vector(5, "uniqueFlag"), types::Type::kBool);
  if (flags->size() != columns.size()) a.refuse("uniqueFlag", "must have one element for each secondary key.");
  for (size_t i = 0; i < columns.size(); ++i)
    keys.push_back({.columns = {columns[i]}, .unique = flags->values<int8_t>()[i] == 1});
  return keys;
}

Value create_table(const DistributedServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("createIMOLTPTable", args);
  functions::require_login(context, "createIMOLTPTable");
  auto& oltp = oltp_of(services, "createIMOLTPTable");
  const auto& database = database_handle(args[0], "createIMOLTPTable");
  if (!data::is_oltp_path(database.path())) a.refuse("dbHandle", "must be of a database oltp://…");
  if (!args[1].is_table()) a.refuse("table", "must be a table.");
  data::OltpTableTerms terms{.name = a.text(2, "tableName")};
  terms.schema = args[1].is_plain_table() ? args[1].table().schema() : args[1].table_object()->schema();
  terms.primary_key = a.texts(3, "primaryKey");
  terms.secondary_keys = secondary_keys(a);
  auto table = oltp.create_table(database.path(), terms);
  if (!table.ok()) throw ScriptError("createIMOLTPTable => " + table.error().message);
  return std::move(*table);
}

Value trigger_checkpoint(const DistributedServices& services, CallContext& context, std::span<Value> args) {
  const Arguments a("triggerCheckpointForIMOLTP", args);
  functions::require_login(context, "triggerCheckpointForIMOLTP");
  auto& oltp = oltp_of(services, "triggerCheckpointForIMOLTP");
  const auto done = oltp.checkpoint(a.flag_or(0, "force", false), a.flag_or(1, "sync", false));
  if (!done.ok()) throw ScriptError("triggerCheckpointForIMOLTP => " + done.error().message);
  return {};
}

}  // namespace

data::OltpDatabases& oltp_of(const DistributedServices& services, std::string_view function) {
  if (services.oltp != nullptr) return *services.oltp;
  throw ScriptError(std::string(function) +
                    " => IMOLTP databases are off: set enableIMOLTPEngine=true for a node in single mode and start it "
                    "again");
}

void register_oltp_functions(functions::Registry& registry, DistributedServices services) {
  functions::declare(
      registry, "databases", Nature::kWhole,
      {"createIMOLTPTable", "dbHandle, table, tableName, primaryKey, [secondaryKey], [uniqueFlag]",
       [services](CallContext& context, std::span<Value> args) { return create_table(services, context, args); },
       "An empty table in memory with the columns of another one. No two rows have the same primary key, "
       "or the same unique secondary key. Changes are on disk before they are seen; in a transaction "
       "block they are made together or not at all. With one uniqueFlag secondaryKey is one key.",
       "db = database(\"oltp://d\", VALUE, 1..3, engine=\"IMOLTP\"); "
       "createIMOLTPTable(db, table(1:0, `id`v, [LONG, INT]), \"t\", `id)"});
  functions::declare(
      registry, "databases", Nature::kCommand,
      {"triggerCheckpointForIMOLTP", "[force=false], [sync=false]",
       [services](CallContext& context, std::span<Value> args) { return trigger_checkpoint(services, context, args); },
       "Writes all IMOLTP tables to disk, so that their log begins anew; without force only when something "
       "has changed. sync: returns when that is done.",
       "triggerCheckpointForIMOLTP(true, true)"});
}

}  // namespace pelorus::dist
