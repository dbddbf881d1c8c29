#include "cli/process/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <thread>

namespace pelorus::cli {
namespace {

constexpr int kCannotRun = 127;

/// In the child: only calls that are safe after fork.
[[noreturn]] void become(char* const* words, const char* directory, const ChildProcess::Streams& streams) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int input = streams.input >= 0 ? streams.input : open("/dev/null", O_RDONLY);
  if (chdir(directory) == 0 && input >= 0 && dup2(input, STDIN_FILENO) >= 0 &&
      dup2(streams.output, STDOUT_FILENO) >= 0 && dup2(streams.errors, STDERR_FILENO) >= 0) {
    execvp(words[0], words);
  }
  _exit(kCannotRun);
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<ChildProcess> ChildProcess::start_with(const std::vector<std::string>& words, const Streams& streams) {
  const auto pointers = pointers_to(words);
  const pid_t pid = fork();
  if (pid == 0) become(pointers.data(), ".", streams);
  if (pid > 0) return ChildProcess(pid, -1);
  return Error{ErrorCode::kIo, words[0] + " cannot be started: " + std::strerror(errno)};
}

Result<ChildProcess> ChildProcess::start(const ProgramLine& program, bool output_pipe) {
  const auto words = pointers_to(program.words);
  const int file = open(program.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Error{ErrorCode::kIo, program.output.string() + ": " + std::strerror(errno)};
  int ends[2] = {-1, -1};
  if (output_pipe && pipe2(ends, O_CLOEXEC) != 0) {
    close(file);
    return Error{ErrorCode::kIo, std::string("no pipe: ") + std::strerror(errno)};
  }
  const pid_t pid = fork();
  if (pid == 0) become(words.data(), program.directory.c_str(), {-1, output_pipe ? ends[1] : file, file});
  const int failure = errno;
  close(file);
  if (output_pipe) close(ends[1]);
  if (pid > 0) return ChildProcess(pid, ends[0]);
  if (output_pipe) close(ends[0]);
  return Error{ErrorCode::kIo, program.words[0] + " cannot be started: " + std::strerror(failure)};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)) {}

ChildProcess::~ChildProcess() {
  if (output_ >= 0) close(output_);
  if (pid_ > 0) kill_group();
}

void ChildProcess::kill_group() {
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<int> ChildProcess::wait(std::chrono::seconds at_most, Interrupt* interrupt) {
  constexpr auto kStep = std::chrono::milliseconds(20);
  const auto give_up = std::chrono::steady_clock::now() + at_most;
  while (true) {
    if (const auto status = poll()) return *status;
    if (std::chrono::steady_clock::now() >= give_up) {
      kill_group();
      return Error{ErrorCode::kTimeout, "no end after " + std::to_string(at_most.count()) + " s"};
    }
    if (interrupt == nullptr) {
      std::this_thread::sleep_for(kStep);
    } else if (interrupt->wait(kStep)) {
      kill_group();
      return Error{ErrorCode::kCancelled, "interrupted"};
    }
  }
}

Status run_program(const ProgramLine& program, std::chrono::seconds at_most, Interrupt* interrupt) {
  TRY(auto child, ChildProcess::start(program, false));
  auto status = child.wait(at_most, interrupt);
  std::string line;
  for (const auto& word : program.words) line += (line.empty() ? "" : " ") + word;
  if (!status.ok()) return Error{status.error().code, line + ": " + status.error().message};
  if (*status == 0) return {};
  return Error{ErrorCode::kUnavailable,
               line + " ended with status " + std::to_string(*status) + ":\n" + last_lines(program.output, 8)};
}

std::string last_lines(const std::filesystem::path& file, size_t lines) {
  std::ifstream in(file);
  std::deque<std::string> kept;
  for (std::string line; std::getline(in, line);) {
    kept.push_back(line);
    if (kept.size() > lines) kept.pop_front();
  }
  std::string text;
  for (const auto& line : kept) text += line + "\n";
  return text;
}

}  // namespace pelorus::cli
