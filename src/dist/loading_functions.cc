// loadTextEx and loadTableBySQL: loading in one call, made of the functions a script would call one after another.

#include <future>
#include <optional>

#include "base/script_error.h"
#include "dist/functions.h"
#include "exec/operators/resolve_source.h"
#include "exec/stored_table.h"
#include "functions/appended_columns.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/delimited/text_source.h"
#include "functions/file_access.h"

namespace pelorus::dist {
namespace {

using data::Value;
using functions::CallContext;
using functions::Nature;

Value call(CallContext& context, const char* name, std::vector<Value> arguments) {
  const auto function = context.find_function(name);
  if (!function) throw ScriptError("Can't find the function " + std::string(name) + ".");
  return context.call(*function, arguments);
}

Value or_missing(const functions::Arguments& args, size_t i) { return args.has(i) ? args[i] : Value::missing(); }

/// Positions of loadTextEx's parameters.
enum Place { kDatabase, kTable, kPartitionColumns, kFile, kDelimiter, kSchema, kSkipRows, kTransform, kSortColumns };

void create_table_like(CallContext& context, const functions::Arguments& args, const Value& rows) {
  const bool partitioned = args.has(kPartitionColumns) && !args.texts(kPartitionColumns, "partitionColumns").empty();
  std::vector<Value> words{args[kDatabase], rows, args[kTable]};
  if (partitioned) words.push_back(args[kPartitionColumns]);
  words.push_back(Value::missing());  // compressMethods
  words.push_back(or_missing(args, kSortColumns));
  call(context, partitioned ? "createPartitionedTable" : "createDimensionTable", std::move(words));
}

/// Reads a source one piece ahead on a thread of its own, so that parsing and storing overlap.
class ReadAhead {
 public:
  explicit ReadAhead(functions::TextSource& source) : source_(source) { read(); }
  ~ReadAhead() {
    if (next_.valid()) next_.wait();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::optional<data::Table> next() {
    auto rows = next_.get();
    if (rows) read();
    return rows;
  }

 private:
  void read() {
    next_ = std::async(std::launch::async, [this] { return source_.next(); });
  }

  functions::TextSource& source_;
  std::future<std::optional<data::Table>> next_;
};

/// Appends one piece after another. While one is being written, which is mostly waiting for the disk, the next is
/// split.
class Appends {
 public:
  ~Appends() {
    if (under_way_.valid()) under_way_.wait();
  }
  /// A failure of the piece before is thrown by the call for the next one, or by finish().
  void add(CallContext& context, Value& table, Value rows) {
    const auto count = static_cast<int64_t>(functions::table_argument("loadTextEx", rows).rows());
    const auto stored_table = exec::stored_table_of(table);
    if (!stored_table) {
      finish();
      call(context, "append!", {table, std::move(rows)});
      stored_ += count;
      return;
    }
    auto fitting = functions::appended_rows("append!", *stored_table, rows);
    rows = {};
    auto write = stored_table->begin_append(fitting);
    finish();
    if (!write.ok()) throw ScriptError(write.error().message);
    counted_ = count;
    under_way_ = std::async(std::launch::async, [stored_table, write = std::move(write).value()] { return write(); });
  }
  void finish() {
    if (!under_way_.valid()) return;
    const auto written = under_way_.get();
    if (!written.ok()) throw ScriptError(written.error().message);
    stored_ += counted_;
  }
  /// Rows of the pieces that were written.
  int64_t stored() const { return stored_; }

 private:
  std::future<Result<int64_t>> under_way_;
  int64_t counted_ = 0;  // rows of it
  int64_t stored_ = 0;
};

/// How far the file came that ended with `error`.
void add_progress(ScriptError& error, Appends& appends) {
  try {
    appends.finish();  // the piece before the one that failed
  } catch (const ScriptError&) {
    // That one failed too: one of the two is told.
  }
  if (appends.stored() > 0)
    error.add_frame("loadTextEx(the first " + std::to_string(appends.stored()) + " rows of the file are stored)");
}

/// Every piece of the file is a transaction of its own: a file may be larger than memory, and an error tells how far it
/// came.
Value load_text_ex(CallContext& context, std::span<Value> values) {
  const functions::Arguments args("loadTextEx", values);
  functions::require_login(context, "loadTextEx");
  const auto skipped = args.integer_or(kSkipRows, "skipRows", 0);
  if (skipped < 0 || skipped > 1024) args.refuse("skipRows", "must be between 0 and 1024.");
  const functions::TextLayout layout{.delimiter = functions::delimiter_of(args, kDelimiter),
                                     .skip_rows = static_cast<size_t>(skipped)};
  functions::TextSource source("loadTextEx", args.text(kFile, "filename"), layout, or_missing(args, kSchema));
  ReadAhead pieces(source);
  std::optional<Value> table;
  Appends appends;
  try {
    while (auto piece = pieces.next()) {
      Value rows(std::move(*piece));
      if (args.has(kTransform)) rows = context.call(args[kTransform], {rows});
      if (!rows.is_table()) args.refuse("transform", "must return a table");
      if (!table) {
        const auto exists = call(context, "existsTable", {args[kDatabase], args[kTable]});
        if (exists.is_null() || exists.scalar().as_int64() == 0) create_table_like(context, args, rows);
        table = call(context, "loadTable", {args[kDatabase], args[kTable]});
      }
      appends.add(context, *table, std::move(rows));
    }
    appends.finish();
  } catch (ScriptError& error) {
    add_progress(error, appends);
    throw;
  }
  return *table;  // a file without records gives one piece without rows
}

Value load_by_sql(CallContext& context, std::span<Value> values) {
  const functions::Arguments args("loadTableBySQL", values);
  auto rows = args[0].is_code() ? context.evaluate(*args[0].code()) : context.run_script(args.text(0, "sql"));
  if (!rows.is_table()) args.refuse("sql", "must be a select statement");
  return rows;
}

}  // namespace

void register_loading_functions(functions::Registry& registry) {
  const std::string_view family = "databases";
  declare(registry, family, Nature::kWhole,
          {.name = "loadTextEx",
           .parameters = "dbHandle, tableName, partitionColumns, filename, [delimiter], [schema], [skipRows=0], "
                         "[transform], [sortColumns]",
           .run = load_text_ex,
           .summary = "Appends a delimited text file to a stored table, which is created where it does not exist.",
           .example = ""});
  declare(registry, family, Nature::kWhole,
          {.name = "loadTableBySQL",
           .parameters = "sql",
           .run = load_by_sql,
           .summary = "Loads the rows a select statement finds into a table in memory.",
           .example = ""});
}

}  // namespace pelorus::dist
