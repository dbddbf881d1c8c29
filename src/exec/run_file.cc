// run(file): a script kept on the node.

#include <filesystem>
#include <fstream>

#include "base/script_error.h"
#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/file_access.h"

namespace pelorus::exec {
namespace {

using functions::Arguments;
using functions::CallContext;
using functions::Nature;

constexpr uintmax_t kScriptBytesMax = 64 << 20;

std::string text_of_file(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) throw ScriptError("run: can't read the file " + path + ": " + error.message() + ".");
  if (bytes > kScriptBytesMax) throw ScriptError("run: the file " + path + " is too long for a script.");
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes)))
    throw ScriptError("run: can't read the file " + path + ".");
  return text;
}

/// run(scriptFile, [newSession=false], [clean=true])
Value run_file(CallContext& context, std::span<Value> values) {
  const Arguments a("run", values);
  functions::require_login(context, "run");
  auto* interpreter = dynamic_cast<Interpreter*>(&context);
  if (interpreter == nullptr) throw ScriptError("run: only scripts can run files.");
  const std::string path = a.text(0, "scriptFile");
  const std::string text = text_of_file(path);
  auto& session = interpreter->session();
  try {
    if (a.flag_or(1, "newSession", false)) {
      SessionScope apart(session.random());
      apart.caller = session.caller;
      apart.cancellation = session.cancellation;
      apart.print_sink = session.print_sink;
      apart.reserve_memory = session.reserve_memory;
      Interpreter(interpreter->surroundings(), apart).run(text);
      return Value::null();
    }
    interpreter->run(text);
  } catch (const ThrownError&) {
    throw;  // of a class of its own, which the script around may look at
  } catch (const ScriptError& error) {
    throw ScriptError(path + ": " + error.message());
  }
  if (a.flag_or(2, "clean", true)) session.clear_variables();
  return Value::null();
}

}  // namespace

void register_files_to_run(functions::Registry& registry) {
  functions::declare(
      registry, "session", Nature::kCommand,
      {"run", "scriptFile, [newSession=false], [clean=true]", run_file,
       "Runs a script file of the node. Afterwards the session's variables are forgotten unless clean is false; "
       "functions stay.",
       "saveTextFile(\"def thrice(x) { return 3 * x }\", \"/tmp/pelorus-example-run\")\n"
       "run(\"/tmp/pelorus-example-run\", clean=false)\ngo\nthrice(14)",
       "42"});
}

}  // namespace pelorus::exec
