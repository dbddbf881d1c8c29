#pragma once
// Starting programs that outlive the one that starts them, and hearing how they ended.

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::agent {

struct Launch {
  std::string program;                 // absolute
  std::vector<std::string> arguments;  // without the program's name
  std::string directory;               // working directory
  std::string output;                  // file that takes standard output and error, appended to
};

/// Starts a process in a session of its own, with no open file but the three standard ones and default signals:
/// it survives the end of this process and of its terminal. Its number, or kIo with the reason and the path.
Result<int> launch_detached(const Launch& launch);

/// How a child of this process ended: "exit code 3", "signal 9 (Killed)".
struct ExitReason {
  bool is_clean = false;  // exit code 0
  std::string text;
};

/// Takes the exit of child `pid`; nothing while it runs or when it is no child of this process.
std::optional<ExitReason> take_exit(int pid);

/// The last `bytes_max` bytes of a file, from the beginning of a line; empty when there is none.
std::string tail_of_file(const std::string& path, size_t bytes_max);

}  // namespace pelorus::agent
