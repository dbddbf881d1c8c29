// Modules: script files of definitions under the module directory, as text (.dos) or compiled by saveModule (.dom).

#include "server/scripts/modules.h"

#include <algorithm>
#include <cctype>

#include "base/script_error.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/function_call.h"
#include "server/scripts/stored_object.h"
#include "syntax/parse_script.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;
using functions::FunctionCall;

constexpr uint64_t kModuleBytesMax = uint64_t{64} << 20;

/// "a::b" is a/b; nothing for what is no module's name.
std::optional<std::string> file_of(std::string_view name) {
  std::string path;
  while (true) {
    const auto end = name.find("::");
    const auto word = name.substr(0, end);
    const bool is_word = !word.empty() && std::all_of(word.begin(), word.end(),
                                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    if (!is_word) return std::nullopt;
    path += (path.empty() ? "" : "/") + std::string(word);
    if (end == std::string_view::npos) return path;
    name.remove_prefix(end + 2);
  }
}

void require_module(const std::string& text, const std::string& name) {
  syntax::ScriptParser parser(text);
  bool is_first = true;
  while (!parser.done()) {
    for (const auto& statement : parser.next(syntax::AnyName{}).statements) {
      const auto* head = syntax::as<syntax::Module>(*statement);
      if (is_first && (head == nullptr || head->path != name))
        throw ScriptError("saveModule => the first line of the module must be: module " + name);
      is_first = false;
    }
  }
  if (is_first) throw ScriptError("saveModule => the module " + name + " is empty.");
}

Value save_module(const ModuleFiles& modules, CallContext& context, std::span<Value> values) {
  const FunctionCall call("saveModule", context, values);
  functions::require_login(context, call.name());
  const auto& a = call.arguments();
  const auto name = a.text(0, "name");
  const auto path = file_of(name);
  if (!path) a.refuse("name", "must be the name of a module such as a::b.");
  const auto base = io::join_path(a.text_or(1, "moduleDir", modules.directory()), *path);
  auto& files = modules.files();
  const auto text = call.checked(io::read_file(files, base + ".dos", kModuleBytesMax));
  require_module(text, name);
  if (call.checked(files.exists(base + ".dom")) && !a.flag_or(2, "overwrite", false))
    throw ScriptError("saveModule => the file " + base + ".dom exists; pass overwrite=true to replace it.");
  call.checked(io::replace_file(files, base + ".dom", stored_object(StoredKind::kModule, text)));
  return Value::null();
}

Value forget_modules(CallContext& context, std::span<Value>) {
  if (!context.caller().is_admin)
    throw ScriptError("<NoPrivilege>clearCachedModules: only an administrator may call it.");
  return Value::null();
}

}  // namespace

std::optional<std::string> ModuleFiles::read(std::string_view name) const {
  const auto path = file_of(name);
  if (!path) return std::nullopt;
  const auto base = io::join_path(directory_, *path);
  for (const bool is_compiled : {true, false}) {
    const auto file = base + (is_compiled ? ".dom" : ".dos");
    const auto exists = files_.exists(file);
    if (exists.ok() && !*exists) continue;
    auto bytes = io::read_file(files_, file, kModuleBytesMax);
    if (bytes.ok() && is_compiled) bytes = stored_payload(*bytes, StoredKind::kModule);
    if (!bytes.ok()) throw ScriptError("the file " + file + " can't be used: " + bytes.error().message);
    return std::move(*bytes);
  }
  return std::nullopt;
}

void register_modules(functions::Registry& registry, const ModuleFiles& modules) {
  functions::declare(
      registry, "modules", functions::Nature::kCommand,
      {.name = "saveModule",
       .parameters = "name, [moduleDir], [overwrite=false]",
       .run = [&modules](CallContext& c, std::span<Value> v) { return save_module(modules, c, v); },
       .summary = "Checks a module's text (.dos) and writes it beside as one checksummed file (.dom), "
                  "which `use` takes first.",
       .example = "mkdir(\"/tmp/pelorus-example-modules\"); saveTextFile(\"module one\\ndef f() { return 1 "
                  "}\", \"/tmp/pelorus-example-modules/one.dos\"); saveModule(\"one\", "
                  "\"/tmp/pelorus-example-modules\", true)"});
  functions::declare(registry, "modules", functions::Nature::kCommand,
                     {.name = "clearCachedModules",
                      .parameters = "",
                      .run = forget_modules,
                      .summary = "Makes the next `use` read module files anew, which it does here in any case.",
                      .example = "clearCachedModules()"});
}

}  // namespace pelorus::server
