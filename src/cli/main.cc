#include <csignal>

#include "cli/command.h"

int main(int count, char** words) {
  // A reader that leaves (| head) ends us quietly where we write; sockets report it as an error.
  std::signal(SIGPIPE, SIG_IGN);
  auto terminal = pelorus::cli::Terminal::of_process();
  return static_cast<int>(pelorus::cli::run_tool({words, words + count}, terminal));
}
