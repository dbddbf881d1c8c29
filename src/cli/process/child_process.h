#pragma once
// Programs that commands of the tool run: scripts of the package, ssh, tar, npm.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/process/interrupt.h"

namespace pelorus::cli {

struct ProgramLine {
  std::vector<std::string> words;  // words[0] is looked up in PATH
  std::filesystem::path output;    // standard output and error are appended to it
  std::filesystem::path directory = ".";
};

/// A process in a group of its own, so that Ctrl-C of the terminal does not reach it. Killed with its group when still
/// running at destruction.
class ChildProcess {
 public:
  /// `output_pipe`: standard output can be read from output() instead of going to the file.
  static Result<ChildProcess> start(const ProgramLine& program, bool output_pipe);
  /// With the caller's files as standard input, output and error; they stay the caller's.
  struct Streams {
    int input = -1;  // -1: nothing to read
    int output = -1;
    int errors = -1;
  };
  static Result<ChildProcess> start_with(const std::vector<std::string>& words, const Streams& streams);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  int output() const { return output_; }
  /// Its exit status (128 + signal when killed). Errors: kTimeout, kCancelled on an interrupt; it is then killed.
  Result<int> wait(std::chrono::seconds at_most, Interrupt* interrupt);
  /// Its exit status when it has ended, without waiting.
  std::optional<int> poll();
  void kill() {
    if (pid_ > 0) kill_group();
  }

 private:
  ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  void kill_group();
  pid_t pid_ = -1;
  int output_ = -1;
};

/// Starts and waits. Errors: kUnavailable when it cannot be started or its status is not 0, with the end of its output;
/// kTimeout; kCancelled.
Status run_program(const ProgramLine& program, std::chrono::seconds at_most, Interrupt* interrupt);
/// The last lines of a file, for messages.
std::string last_lines(const std::filesystem::path& file, size_t lines);

}  // namespace pelorus::cli
