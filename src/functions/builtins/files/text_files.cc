// Delimited text files to tables and back: loadText extractTextSchema saveText.

#include <fstream>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/delimited/text_source.h"
#include "functions/file_access.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "text-files";

using data::Table;

Value load_text(CallContext& context, std::span<Value> args) {
  Arguments a("loadText", args);
  TextLayout layout{.delimiter = delimiter_of(a, 1)};
  const auto skipped = a.integer_or(3, "skipRows", 0);
  if (skipped < 0 || skipped > 1024) a.refuse("skipRows", "must be between 0 and 1024.");
  layout.skip_rows = static_cast<size_t>(skipped);
  if (a.has(5) && !args[5].is_null()) layout.header = a.flag_or(5, "containHeader", true) ? 1 : 0;
  require_login(context, a.function());
  TextSource source(a.function(), a.text(0, "filename"), layout, a.has(2) ? args[2] : Value());
  context.reserve_memory(static_cast<int64_t>(source.file_bytes()) * 2);
  return read_all(source);
}

Value extract_schema(CallContext& context, std::span<Value> args) {
  Arguments a("extractTextSchema", args);
  TextLayout layout{.delimiter = delimiter_of(a, 1)};
  layout.skip_rows = static_cast<size_t>(std::max<int64_t>(0, a.integer_or(2, "skipRows", 0)));
  require_login(context, a.function());
  const TextSource source(a.function(), a.text(0, "filename"), layout, Value());
  std::vector<std::string> names, types;
  for (const auto& column : source.columns()) {
    names.push_back(column.definition.name);
    types.emplace_back(types::name_of(column.definition.type));
  }
  return Table({"name", "type"}, {Vector::of_strings(Type::kString, std::move(names)),
                                  Vector::of_strings(Type::kString, std::move(types))});
}

Value save_text(CallContext& context, std::span<Value> args) {
  require_login(context, "saveText");
  Arguments a("saveText", args);
  const char delimiter = delimiter_of(a, 2);
  const bool append = a.flag_or(3, "append", false), header = a.flag_or(4, "header", true);
  const auto path = a.text(1, "filename");
  Table table;
  if (args[0].is_table())
    table = table_argument("saveText", args[0]);
  else if (args[0].is_matrix() || args[0].is_vector() || args[0].is_scalar())
    table = assemble_table({"value"}, {*elements_of(args[0])});
  else
    a.refuse("obj", "must be a table, matrix or vector.");
  std::ofstream file(path, append ? std::ios::binary | std::ios::app : std::ios::binary);
  if (header && !append && args[0].is_table()) {
    std::string names;
    for (const auto& name : table.names()) names += (names.empty() ? "" : std::string(1, delimiter)) + name;
    file << names << '\n';
  }
  write_table(table, delimiter, [&](std::string_view records) { file << records; });
  file.flush();
  if (!file) throw ScriptError("Can't write the file " + path + ".");
  return Value::null();
}

Value save_plain(CallContext& context, std::span<Value> args) {
  require_login(context, "saveTextFile");
  Arguments a("saveTextFile", args);
  const auto path = a.text(1, "filename");
  std::ofstream file(path, a.flag_or(2, "append", false) ? std::ios::binary | std::ios::app : std::ios::binary);
  file << a.text(0, "content");
  file.flush();
  if (!file) throw ScriptError("Can't write the file " + path + ".");
  return Value::of_bool(true);
}

}  // namespace

void register_text_files(Registry& registry) {
  const auto row = [&](Nature nature, Declaration d) { declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kWhole,
      {"loadText", "filename, [delimiter], [schema], [skipRows=0], [arrayDelimiter], [containHeader], [arrayMarker]",
       load_text, "A delimited text file as a table; types are guessed unless a schema names them.",
       "saveTextFile(\"a,b\\n1,x\\n2,y\\n\", \"/tmp/pelorus-example-m\"); loadText(\"/tmp/pelorus-example-m\")",
       "table{a:[1,2],b:[\"x\",\"y\"]}"});
  registry.add_alias("ploadText", "loadText");
  row(Nature::kWhole, {"extractTextSchema", "filename, [delimiter], [skipRows=0]", extract_schema,
                       "The names and types loadText would give.",
                       "saveTextFile(\"a,b\\n1,x\\n\", \"/tmp/pelorus-example-n\"); "
                       "extractTextSchema(\"/tmp/pelorus-example-n\").name",
                       "[\"a\",\"b\"]"});
  row(Nature::kCommand, {"saveText", "obj, filename, [delimiter], [append=false], [header=true]", save_text,
                         "Writes a table as delimited text.",
                         "saveText(table(1 2 as a), \"/tmp/pelorus-example-o\"); "
                         "file(\"/tmp/pelorus-example-o\").readLines()",
                         "[\"a\",\"1\",\"2\"]"});
  row(Nature::kCommand, {"saveTextFile", "content, filename, [append=false]", save_plain, "Writes a text to a file.",
                         "saveTextFile(\"x\", \"/tmp/pelorus-example-p\")", "true"});
}

}  // namespace pelorus::functions
