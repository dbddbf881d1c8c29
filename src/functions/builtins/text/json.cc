// JSON: toStdJson fromStdJson toJson fromJson parseJsonTable.

#include <algorithm>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/json_value.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "json";

Value to_standard(CallContext&, std::span<Value> args) { return Value::of_string(to_standard_json(args[0])); }
Value to_typed(CallContext& context, std::span<Value> args) {
  const auto names = context.argument_names();
  return Value::of_string(to_typed_json(args[0], names.empty() ? std::string_view() : names[0]));
}

Value from_standard(CallContext&, std::span<Value> args) {
  Arguments a("fromStdJson", args);
  if (args[0].is_scalar()) return from_standard_json("fromStdJson", a.text(0, "X"));
  std::vector<Value> parts;
  for (const auto& text : a.texts(0, "X")) parts.push_back(from_standard_json("fromStdJson", text));
  return vector_of(std::move(parts));
}
Value from_typed(CallContext&, std::span<Value> args) {
  return from_typed_json(Arguments("fromJson", args).text(0, "X"));
}

/// Objects, one a row, as a table of the columns of all of them.
Value parse_table(CallContext&, std::span<Value> args) {
  Arguments a("parseJsonTable", args);
  std::vector<Value> rows;
  for (const auto& text : a.texts(0, "json")) {
    const Value parsed = from_standard_json("parseJsonTable", text);
    if (parsed.is_dictionary())
      rows.push_back(parsed);
    else if (parsed.is_tuple())
      rows.insert(rows.end(), parsed.vector().values_any().begin(), parsed.vector().values_any().end());
  }
  std::vector<std::string> names;
  for (const auto& row : rows) {
    if (!row.is_dictionary()) a.refuse("json", "must hold objects.");
    for (size_t i = 0; i < row.dictionary().size(); ++i) {
      const auto& name = row.dictionary().keys().text_at(i);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::vector<Value> columns;
  for (const auto& name : names) {
    std::vector<Value> cells;
    for (const auto& row : rows) cells.push_back(row.dictionary().get(name));
    columns.emplace_back(vector_of(std::move(cells)));
  }
  return assemble_table(std::move(names), columns);
}

}  // namespace

void register_json(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"toStdJson", "obj", to_standard, "The value as standard JSON.", "toStdJson(1 2 3)", "\"[1,2,3]\""});
  row({"fromStdJson", "X", from_standard, "The value of standard JSON.", "fromStdJson(\"[1,2,3]\")", "[1,2,3]"});
  row({"toJson", "X", to_typed, "The value as JSON that keeps name, form, type and size.", "fromJson(toJson(1 2))",
       "[1,2]"});
  row({"fromJson", "X", from_typed, "The value of what toJson wrote.", "fromJson(toJson(2021.05.06))", "2021.05.06"});
  row({"parseJsonTable", "json, [schema]", parse_table, "Objects, one a row, as a table.",
       "parseJsonTable(\"{\\\"a\\\": 1}\")", "table{a:[1]}"});
}

}  // namespace pelorus::functions
