// Stream tables whose rows are also on disk.

#include <algorithm>
#include <cctype>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/engine_arguments.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "streams";

void check(const Status& status) {
  if (!status.ok()) throw ScriptError(status.error().message);
}

/// The folder of a table's rows. ScriptError when the node has none or the name would lead out of it.
std::string folder_of(const StreamServices& services, const Arguments& a, const std::string& name) {
  if (services.persistence_folder.empty() || services.files == nullptr)
    throw ScriptError(std::string(a.function()) + ": the node has no persistenceDir; set it in its configuration.");
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(),
                                                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  if (!plain) a.refuse("tableName", "must consist of letters, digits and underscores.");
  return io::join_path(services.persistence_folder, name);
}

void persist(StreamServices& services, const Arguments& a, StreamTable& table, const std::string& name, size_t at) {
  auto terms = persistence_terms(a, at);
  terms.folder = folder_of(services, a, name);
  persist_rows(services, table, terms);
}

std::shared_ptr<StreamTable> table_argument(const Arguments& a) {
  auto table = stream_table_of(a[0]);
  if (table == nullptr) a.refuse("table", "must be a stream table.");
  if (ha_table_of(a[0]) != nullptr) a.refuse("table", "is highly available: its group keeps its rows on disk.");
  return table;
}

Value share_and_persist(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("enableTableShareAndPersistence", args);
  const auto table = table_argument(a);
  const auto name = a.text(1, "tableName");
  if (context.shared_objects().find(name)) throw ScriptError("A shared object named " + name + " exists already.");
  persist(services, a, *table, name, 2);
  context.shared_objects().put(name, args[0]);
  return Value::null();
}

Value persist_shared(StreamServices& services, CallContext& context, std::span<Value> args) {
  Arguments a("enableTablePersistence", args);
  const auto table = table_argument(a);
  for (const auto& name : context.shared_objects().names()) {
    const auto found = context.shared_objects().find(name);
    if (!found || stream_table_of(*found) != table) continue;
    persist(services, a, *table, name, 1);
    return Value::null();
  }
  throw ScriptError("enableTablePersistence: share the table first.");
}

Value stop(StreamServices&, CallContext&, std::span<Value> args) {
  Arguments a("disableTablePersistence", args);
  if (table_argument(a)->stop_persisting() == nullptr) throw ScriptError("The stream table is not persisted.");
  return Value::null();
}

Value clear(StreamServices& services, CallContext&, std::span<Value> args) {
  Arguments a("clearTablePersistence", args);
  const auto log = table_argument(a)->stop_persisting();
  if (log == nullptr) throw ScriptError("The stream table is not persisted.");
  check(StreamLog::remove(*services.files, log->terms().folder));
  return Value::null();
}

Value facts(StreamServices&, CallContext&, std::span<Value> args) {
  Arguments a("getPersistenceMeta", args);
  const auto table = table_argument(a);
  const auto persistence = table->persistence();
  if (!persistence) throw ScriptError("The stream table is not persisted.");
  data::Dictionary result(data::Type::kString, data::Type::kAny, true);
  const auto put = [&](const char* name, Value value) { result.set(data::Scalar::of_string(name), value); };
  put("totalSize", Value::of_long(table->rows()));
  put("sizeInMemory", Value::of_long(table->rows() - table->first_row()));
  put("memoryOffset", Value::of_long(table->first_row()));
  put("diskOffset", Value::of_long(table->oldest_row()));
  put("sizeOnDisk", Value::of_long(static_cast<int64_t>(persistence->bytes)));
  put("asynWrite", Value::of_bool(!persistence->terms.sync_each));
  put("retentionMinutes", Value::of_long(persistence->terms.retention.count()));
  put("persistenceDir", Value::of_string(persistence->terms.folder));
  return result;
}

}  // namespace

PersistenceTerms persistence_terms(const Arguments& a, size_t at) {
  const auto retention = a.integer_or(at + 3, "retentionMinutes", 1440);
  constexpr int64_t kMinutesMax = 100LL * 366 * 1440;
  if (retention <= 0 || retention > kMinutesMax) a.refuse("retentionMinutes", "must be positive.");
  constexpr int64_t kMemoryRowsMin = 1000;
  int64_t memory_rows = is_given(a, at + 2) ? a.integer(at + 2, "cacheSize") : 0;
  if (memory_rows < 0) a.refuse("cacheSize", "must not be negative.");
  if (memory_rows > 0) memory_rows = std::max(memory_rows, kMemoryRowsMin);
  return {.folder = {},
          .sync_each = !a.flag_or(at, "asynWrite", true),
          .retention = std::chrono::minutes(retention),
          .memory_rows_max = memory_rows};
}

void persist_rows(StreamServices& services, StreamTable& table, const PersistenceTerms& terms) {
  StreamLog::Loaded loaded;
  auto log = StreamLog::open(*services.files, services.clock,
                             {.folder = terms.folder, .sync_each = terms.sync_each, .retention = terms.retention},
                             table.schema(), &loaded);
  check(log.ok() ? Status() : log.error());
  check(table.persist(*services.files, std::move(log).value(), std::move(loaded), terms.memory_rows_max));
}

void register_persistence(functions::Registry& registry, StreamServices& services) {
  const auto row = [&](auto* run, Declaration d) {
    d.run = [&services, run](CallContext& context, std::span<Value> args) { return run(services, context, args); };
    functions::declare(registry, kFamily, Nature::kCommand, std::move(d));
  };
  row(share_and_persist,
      {.name = "enableTableShareAndPersistence",
       .parameters = "table, tableName, [asynWrite=true], [compress=true], [cacheSize], [retentionMinutes=1440], "
                     "[flushMode=0], [preCache]",
       .summary =
           "Shares a stream table whose rows are also written to persistenceDir; rows found there come first. With "
           "asynWrite a power cut may take the last ones. cacheSize: beyond 2.5 times so many rows the older ones "
           "leave the "
           "memory; subscribers get them from disk, queries see them no more.",
       .example = "enableTableShareAndPersistence(streamTable(10:0, `a, [INT]), `exampleStreamD)\ngo\n"
                  "exampleStreamD.append!(table(1 2 as a)); size(exampleStreamD)",
       .result = "2"});
  row(persist_shared,
      {.name = "enableTablePersistence",
       .parameters = "table, [asynWrite=true], [compress=true], [cacheSize], [retentionMinutes=1440], [flushMode=0]",
       .summary = "Writes the rows of a shared stream table to persistenceDir as well.",
       .example = "share streamTable(10:0, `a, [INT]) as exampleStreamE\ngo\nenableTablePersistence(exampleStreamE)"});
  row(stop, {.name = "disableTablePersistence",
             .parameters = "table",
             .summary = "Rows of the stream table go to memory only; those written stay.",
             .example = "enableTableShareAndPersistence(streamTable(10:0, `a, [INT]), `exampleStreamF)\ngo\n"
                        "disableTablePersistence(exampleStreamF)"});
  row(clear, {.name = "clearTablePersistence",
              .parameters = "table",
              .summary = "Stops writing the rows of a stream table and deletes those written.",
              .example = "enableTableShareAndPersistence(streamTable(10:0, `a, [INT]), `exampleStreamG)\ngo\n"
                         "clearTablePersistence(exampleStreamG)"});
  row(facts, {.name = "getPersistenceMeta",
              .parameters = "table",
              .summary = "Sizes and terms of a persisted stream table.",
              .example = "enableTableShareAndPersistence(streamTable(10:0, `a, [INT]), `exampleStreamH)\ngo\n"
                         "getPersistenceMeta(exampleStreamH).totalSize",
              .result = "0"});
}

}  // namespace pelorus::stream
