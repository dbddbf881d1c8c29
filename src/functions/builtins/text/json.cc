// JSON: toStdJson fromStdJson toJson fromJson.

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

}  // namespace

void register_json(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"toStdJson", "obj", to_standard, "The value as standard JSON.", "toStdJson(1 2 3)", "\"[1,2,3]\""});
  row({"fromStdJson", "X", from_standard, "The value of standard JSON.", "fromStdJson(\"[1,2,3]\")", "[1,2,3]"});
  row({"toJson", "X", to_typed, "The value as JSON that keeps name, form, type and size.", "fromJson(toJson(1 2))",
       "[1,2]"});
  row({"fromJson", "X", from_typed, "The value of what toJson wrote.", "fromJson(toJson(2021.05.06))", "2021.05.06"});
}

}  // namespace pelorus::functions
