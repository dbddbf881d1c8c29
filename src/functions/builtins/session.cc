// What a script asks of its surroundings: now today print sleep mem …, and time zones of this node.

#include <unistd.h>

#include <fstream>

#include "functions/append.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/local_time.h"
#include "functions/print_value.h"
#include "functions/texts.h"
#include "functions/unary.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "session";
constexpr int64_t kNsPerSecond = 1'000'000'000;

Value now(CallContext&, std::span<Value> args) {
  const int64_t ns = local_ns();
  if (Arguments("now", args).flag_or(0, "nanoSecond", false)) return Scalar::of<int64_t>(Type::kNanotimestamp, ns);
  return Scalar::of<int64_t>(Type::kTimestamp, ns / 1'000'000);
}

Value today(CallContext&, std::span<Value>) {
  return Scalar::of<int32_t>(Type::kDate, static_cast<int32_t>(local_ns() / (86400 * kNsPerSecond)));
}

/// UTC to local time, or back.
Value change_zone(std::string_view name, const Value& x, int64_t direction) {
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const int64_t per_second = types::units_per_day(vector->type()) / 86400;
    if (!types::is_temporal(vector->type()) || types::is_time_of_day(vector->type()) || per_second == 0)
      usage_error(name, "X must be a DATETIME, TIMESTAMP or NANOTIMESTAMP.");
    return map_whole(*vector, vector->type(), [&](int64_t value) {
      if (value == types::kNull<int64_t>) return value;
      int64_t seconds = value / per_second;
      if (direction < 0) seconds -= zone_offset(seconds);
      return value + direction * zone_offset(seconds) * per_second;
    });
  });
}

Value print(CallContext& context, std::span<Value> args) {
  for (const auto& arg : args) context.print(print_value(arg) + "\n");
  return Value::null();
}

Value sleep(CallContext& context, std::span<Value> args) {
  const auto milliseconds = Arguments("sleep", args).integer(0, "milliseconds");
  if (milliseconds > 0) context.sleep_ms(milliseconds);
  return Value::null();
}

/// Resident bytes of this process; 0 when the system does not tell.
int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

Value memory(CallContext&, std::span<Value>) {
  data::Dictionary result(Type::kString, Type::kLong, true);
  result.set(Scalar::of_string("allocatedBytes"), Value::of_long(resident_bytes()));
  result.set(Scalar::of_string("freeBytes"), Value::of_long(0));
  return result;
}

int64_t bytes_of(const Value& value) {
  if (value.is_vector()) return static_cast<int64_t>(value.vector().memory_bytes());
  if (value.is_table()) return static_cast<int64_t>(table_argument("memSize", value).memory_bytes());
  if (const auto elements = elements_of(value)) return static_cast<int64_t>((*elements)->memory_bytes());
  return static_cast<int64_t>(sizeof(Value));
}

/// "f(X, [Y])"
std::string signature_of(const Function& function) {
  std::string text = function.name + "(";
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const auto& parameter = function.parameters[i];
    const bool repeats = function.variadic && i + 1 == function.parameters.size();
    text += (i == 0 ? "" : ", ") +
            (parameter.optional ? "[" + std::string(parameter.name) + "]" : std::string(parameter.name)) +
            (repeats ? "..." : "");
  }
  return text + ")";
}

/// The built-ins whose names match a pattern (% any text, ? one character), or hold it when it has neither.
Value definitions(const Registry& registry, std::span<Value> args) {
  auto pattern = Arguments("defs", args).text_or(0, "X", "%");
  if (pattern.find_first_of("%?") == std::string::npos) pattern = "%" + pattern + "%";
  std::vector<std::string> names, signatures;
  Vector commands(Type::kBool), user(Type::kBool), least(Type::kInt), most(Type::kInt);
  constexpr size_t kManyParameters = 512;
  for (const auto& name : registry.names()) {
    if (!matches_wildcard(name, pattern)) continue;
    const auto& function = registry.find(name)->function();
    names.push_back(name);
    signatures.push_back(signature_of(function).substr(function.name.size()));
    commands.edit<int8_t>().push_back(function.nature == Nature::kCommand ? 1 : 0);
    user.edit<int8_t>().push_back(0);
    least.edit<int32_t>().push_back(static_cast<int32_t>(function.arguments_min()));
    most.edit<int32_t>().push_back(static_cast<int32_t>(std::min(function.arguments_max(), kManyParameters)));
  }
  return data::Table({"name", "isCommand", "userDefined", "minParamCount", "maxParamCount", "syntax"},
                     {Vector::of_strings(Type::kString, std::move(names)), std::move(commands), std::move(user),
                      std::move(least), std::move(most), Vector::of_strings(Type::kString, std::move(signatures))});
}

/// Null: it is none.
const Builtin* builtin_of(const Value& value) {
  return value.is_function() ? dynamic_cast<const Builtin*>(value.function().get()) : nullptr;
}

Value syntax_of(CallContext&, std::span<Value> args) {
  const auto* builtin = builtin_of(args[0]);
  if (builtin == nullptr) usage_error("syntax", "X must be a built-in function.");
  return Value::of_string(signature_of(builtin->function()));
}

/// How a built-in is called, what it does and an example with its result.
std::string help_text(const Function& function) {
  const auto& doc = function.doc;
  std::string text = signature_of(function);
  const auto line = [&](std::string_view before, std::string_view said) {
    if (!said.empty()) text += "\n" + std::string(before) + std::string(said);
  };
  line("  ", doc.summary);
  line("  ", doc.nulls);
  line("Example: ", doc.example);
  line("  gives ", doc.result);
  return text;
}

Value help(const Registry& registry, std::span<Value> args) {
  if (const auto* builtin = builtin_of(args[0])) return Value::of_string(help_text(builtin->function()));
  if (args[0].is_function()) return Value::of_string(args[0].function()->print());
  const auto name = Arguments("help", args).text(0, "name");
  const auto found = registry.find(name);
  if (!found)
    throw ScriptError("There is no built-in function " + name + "; defs(\"" + name.substr(0, 3) +
                      "\") lists those of such a name.");
  return Value::of_string(help_text(found->function()));
}

Value is_defined(CallContext& context, std::span<Value> args) {
  Arguments a("defined", args);
  enum : int64_t { kVariable = 0, kShared = 1, kDefinition = 2 };
  const auto kind = a.integer_or(1, "type", kVariable);
  Vector flags(Type::kBool);
  for (const auto& name : a.texts(0, "names")) {
    const bool found = kind == kShared       ? context.shared_objects().find(name).has_value()
                       : kind == kDefinition ? context.find_function(name).has_value()
                                             : context.find_variable(name) != nullptr;
    flags.edit<int8_t>().push_back(found ? 1 : 0);
  }
  return args[0].is_scalar() ? flags.at(0) : Value(flags);
}

/// Plug-ins are libraries of another server; scripts guard their loading with try, so the name exists.
Value refuse_plugin(std::string_view name) { throw ScriptError(std::string(name) + ": this server has no plug-ins."); }

}  // namespace

void register_session(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto command = [&](Declaration d) { declare(registry, kFamily, Nature::kCommand, std::move(d)); };
  row({"now", "[nanoSecond=false]", now, "The node's local time.", "typestr(now())", "\"TIMESTAMP\""});
  row({"today", "", today, "The node's local date.", "typestr(today())", "\"DATE\""});
  row({"localtime", "X", [](CallContext&, std::span<Value> args) { return change_zone("localtime", args[0], 1); },
       "UTC as the node's local time.", "typestr(localtime(2021.05.06T00:00:00))", "\"DATETIME\"", "Null stays null."});
  row({"gmtime", "X", [](CallContext&, std::span<Value> args) { return change_zone("gmtime", args[0], -1); },
       "The node's local time as UTC.", "gmtime(localtime(2021.05.06T00:00:00))", "2021.05.06T00:00:00",
       "Null stays null."});
  command({"print", "X, [args...]", print, "Shows values to the client as the script runs.", "print(1 2)", {}});
  command({"sleep", "milliseconds", sleep, "Waits.", "sleep(1)", {}});
  row({"mem", "[freeUnusedBlocks=false]", memory, "Memory the node holds, in bytes.", "mem()[`allocatedBytes] > 0",
       "true"});
  row({"defs", "[X]", [&registry](CallContext&, std::span<Value> args) { return definitions(registry, args); },
       "The built-in functions, or those whose names match.", "exec syntax from defs(\"memSize\")", "[\"(X)\"]"});
  row({"syntax", "X", syntax_of, "How a function is called.", "syntax(temporalAdd)",
       "\"temporalAdd(date, duration, [unit])\""});
  row({"help", "name", [&registry](CallContext&, std::span<Value> args) { return help(registry, args); },
       "How a function is called, what it does and an example; name: the function or its name.",
       "split(help(`ltrim), \"\\n\")[0]", "\"ltrim(X)\""});
  row({"defined", "names, [type=VAR]", is_defined,
       "Whether there are variables, shared objects or functions of the names.", "x = 1; defined(`x`nothing)",
       "[true,false]"});
  command({"loadPlugin",
           "filePath",
           [](CallContext&, std::span<Value>) { return refuse_plugin("loadPlugin"); },
           "Refused: this server has no plug-ins.",
           "try { loadPlugin(\"x\") } catch(ex) { 1 }",
           {}});
  command({"installPlugin",
           "pluginName, [pluginVersion]",
           [](CallContext&, std::span<Value>) { return refuse_plugin("installPlugin"); },
           "Refused: this server has no plug-ins.",
           "try { installPlugin(\"x\") } catch(ex) { 1 }",
           {}});
  row({"memSize", "X", [](CallContext&, std::span<Value> args) { return Value::of_long(bytes_of(args[0])); },
       "Bytes a value holds.", "memSize(1..1000) >= 4000", "true"});
}

}  // namespace pelorus::functions
