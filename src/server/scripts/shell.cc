// shell: a command of the operating system, where the operator allows it.

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "server/scripts/register_scripts.h"

extern char** environ;

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;

/// A process group of its own, so that everything a command starts can be ended. Standard input is empty.
pid_t start(const std::string& command) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
  std::string shell = "sh", option = "-c", text = command;
  char* words[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t process = 0;
  const int failed = posix_spawn(&process, "/bin/sh", &actions, &attributes, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) throw ScriptError(std::string("shell => the command can't be started: ") + std::strerror(failed));
  return process;
}

/// The status wait() gives: 0 when all went well, exit code times 256, or the signal that ended it.
Value run(CallContext& context, std::span<Value> values) {
  constexpr int64_t kBetweenLooksMs = 10;
  const auto command = functions::Arguments("shell", values).text(0, "cmd");
  const pid_t process = start(command);
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(process, &status, WNOHANG);
    if (ended == process) return Value::of_int(status);
    if (ended < 0 && errno != EINTR)
      throw ScriptError(std::string("shell => the command's end is not known: ") + std::strerror(errno));
    try {
      context.sleep_ms(kBetweenLooksMs);
    } catch (const ScriptError&) {
      ::kill(-process, SIGKILL);
      while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
      }
      throw;
    }
  }
}

}  // namespace

void register_shell(functions::Registry& registry, bool allowed) {
  functions::declare(
      registry, "node", functions::Nature::kCommand,
      {.name = "shell",
       .parameters = "cmd",
       .run = [allowed](CallContext& context, std::span<Value> values) -> Value {
         if (!context.caller().is_admin)
           throw ScriptError("<NoPrivilege>shell: only an administrator may run commands of the system.");
         if (!allowed)
           throw ScriptError(
               "shell => commands of the system are switched off on this node; set "
               "enableShellFunction=true and start it again.");
         return run(context, values);
       },
       .summary = "Runs a command with /bin/sh as the node's own user and waits for it; 0 when it went "
                  "well, otherwise the status that wait() reports. Cancelling the statement ends it.",
       .example = "try { shell(\"true\") } catch(ex) { 0 }"});
}

}  // namespace pelorus::server
