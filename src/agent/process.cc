#include "agent/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace pelorus::agent {
namespace {

/// The attributes and file actions of a spawn; freed together.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

void plan_detachment(SpawnPlan& plan, const Launch& launch) {
  posix_spawn_file_actions_addchdir_np(&plan.actions, launch.directory.c_str());
  posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&plan.actions, STDOUT_FILENO, launch.output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0644);
  posix_spawn_file_actions_adddup2(&plan.actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, STDERR_FILENO + 1);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

}  // namespace

Result<int> launch_detached(const Launch& launch) {
  SpawnPlan plan;
  plan_detachment(plan, launch);
  std::vector<char*> arguments = {const_cast<char*>(launch.program.c_str())};
  for (const auto& argument : launch.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int failure =
      posix_spawn(&pid, launch.program.c_str(), &plan.actions, &plan.attributes, arguments.data(), environ);
  if (failure != 0) {
    return Error{ErrorCode::kIo, std::string("cannot start the program: ") + std::strerror(failure) + ": " +
                                     launch.program + " in " + launch.directory};
  }
  return static_cast<int>(pid);
}

std::optional<ExitReason> take_exit(int pid) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  if (WIFSIGNALED(status)) {
    return ExitReason{false, "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")"};
  }
  return ExitReason{WEXITSTATUS(status) == 0, "exit code " + std::to_string(WEXITSTATUS(status))};
}

std::string tail_of_file(const std::string& path, size_t bytes_max) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<size_t>(std::max<std::streamoff>(0, file.tellg()));
  const auto begin = size > bytes_max ? size - bytes_max : 0;
  file.seekg(static_cast<std::streamoff>(begin));
  std::string text(size - begin, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  const auto line_end = text.find('\n');
  if (begin > 0 && line_end != std::string::npos) text.erase(0, line_end + 1);
  return text;
}

}  // namespace pelorus::agent
