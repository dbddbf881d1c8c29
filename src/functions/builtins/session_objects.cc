// Functions on what a session knows: variables, definitions, shared objects, CODE.

#include "data/shared_table.h"
#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "session";

Value eval(CallContext& context, std::span<Value> arguments) {
  if (!arguments[0].is_code()) {
    if (!arguments[0].is_tuple()) return arguments[0];
    std::vector<Value> results;
    for (const auto& part : arguments[0].vector().values_any())
      results.push_back(part.is_code() ? context.evaluate(*part.code()) : part);
    return vector_of(std::move(results));
  }
  const data::CodeRef code = arguments[0].code();
  return context.evaluate(*code);
}

Value object_by_name(CallContext& context, std::span<Value> values) {
  const Arguments arguments("objByName", values);
  const std::string name = arguments.text(0, "name");
  if (arguments.flag_or(1, "sharedVar", false)) {
    if (auto shared = context.shared_objects().find(name)) return *std::move(shared);
  } else if (const Value* found = context.find_variable(name)) {
    return *found;
  }
  throw ScriptError("Can't find the object with name " + name);
}

Value run_script(CallContext& context, std::span<Value> values) {
  return context.run_script(Arguments("runScript", values).text(0, "script"));
}

/// The constants VAR, SHARED, DEF.
enum class ObjectKind : int64_t { kVariable = 0, kShared = 1, kDefinition = 2 };

Value undefine(CallContext& context, std::span<Value> values) {
  const Arguments arguments("undef", values);
  const auto kind = static_cast<ObjectKind>(arguments.integer_or(1, "objType", 0));
  const auto names = arguments.texts(0, "obj");
  const bool all = names.size() == 1 && names[0] == "all";
  if (all) {
    const auto every = kind == ObjectKind::kShared ? context.shared_objects().names() : context.variable_names();
    for (const auto& name : every) {
      kind == ObjectKind::kShared ? context.shared_objects().erase(name) : context.erase_variable(name);
    }
    return Value::null();
  }
  for (const auto& name : names) {
    const bool done = kind == ObjectKind::kShared ? context.shared_objects().erase(name) : context.erase_variable(name);
    if (!done && kind != ObjectKind::kDefinition) throw ScriptError("Can't find the object with name " + name);
  }
  return Value::null();
}

Value share(CallContext& context, std::span<Value> values) {
  const std::string name = Arguments("share", values).text(1, "sharedName");
  if (values[0].is_plain_table()) values[0] = data::TableRef(std::make_shared<data::SharedTable>(values[0].table()));
  context.shared_objects().put(name, values[0]);
  return Value::null();
}

Value objects(CallContext& context, std::span<Value> values) {
  const bool with_shared = Arguments("objs", values).flag_or(0, "shared", false);
  std::vector<std::string> names;
  std::vector<std::string> kinds;
  Vector rows(Type::kInt);
  Vector shared_flags(Type::kBool);
  const auto add = [&](const std::string& name, const Value& value, bool is_shared) {
    names.push_back(name);
    kinds.push_back(value.type_text());
    rows.edit<int32_t>().push_back(static_cast<int32_t>(data::size_of(value)));
    shared_flags.edit<int8_t>().push_back(is_shared ? 1 : 0);
  };
  for (const auto& name : context.variable_names()) {
    if (const Value* value = context.find_variable(name)) add(name, *value, false);
  }
  if (with_shared) {
    for (const auto& name : context.shared_objects().names()) {
      if (const auto value = context.shared_objects().find(name)) add(name, *value, true);
    }
  }
  std::vector<Shared<Vector>> columns{Vector::of_strings(Type::kString, names),
                                      Vector::of_strings(Type::kString, kinds), std::move(rows),
                                      std::move(shared_flags)};
  return data::Table({"name", "type", "rows", "shared"}, std::move(columns));
}

}  // namespace

void register_session_objects(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto command = [&](Declaration d) { declare(registry, kFamily, Nature::kCommand, std::move(d)); };
  row({"eval", "X", eval, "Evaluates code.", "eval(<3 + 4 * 2>)", "11"});
  row({"objByName", "name, [sharedVar=false]", object_by_name, "The variable or shared object of that name.",
       "x = 5\nobjByName(\"x\")", "5"});
  command({"runScript", "script", run_script, "Runs script text in this session.", "runScript(\"1 + 2\")", "3"});
  command({"undef", "obj, [objType=0]", undefine, "Forgets variables or shared objects.", "x = 1\nundef(\"x\")"});
  command({.name = "share",
           .parameters = "table, sharedName",
           .run = share,
           .summary = "Makes an object visible to all sessions.",
           .example = "t = table(1 2 as a)\nshare(t, \"shared_example\")\nundef(\"shared_example\", SHARED)",
           .changes_first = true});
  row({"objs", "[shared=false]", objects, "The session's variables.", "x = 1\nsize(objs()) > 0", "true"});
}

}  // namespace pelorus::functions
