#include "config/node_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/site.h"

namespace pelorus::config {
namespace {

namespace fs = std::filesystem;

constexpr int kStartTicksField = 22;  // proc(5), counted from 1
constexpr int kStateField = 3;

std::string read_small_file(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  text.resize(4096);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

/// Field `number` of /proc/<pid>/stat; the program's name, field 2, may hold blanks and brackets.
std::string stat_field(const std::string& stat, int number) {
  const auto after_name = stat.rfind(')');
  if (after_name == std::string::npos) return {};
  std::istringstream rest(stat.substr(after_name + 1));
  std::string field;
  for (int i = kStateField; i <= number; ++i) rest >> field;
  return field;
}

template <class T>
std::optional<T> number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  T value{};
  const auto* begin = text.data() + at + label.size();
  if (std::from_chars(begin, text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

/// A write lock on the whole file, owned by the open file: it ends with it and is not lost when another
/// descriptor of the same file is closed. Can be asked about without being taken.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

Error cannot(std::string_view what, const fs::path& path) {
  return {ErrorCode::kIo, "cannot " + std::string(what) + ": " + std::strerror(errno) + ": " + path.string()};
}

}  // namespace

std::string ProcessIdentity::to_string() const {
  return "pid=" + std::to_string(pid) + " start=" + std::to_string(start_ticks) + " boot=" + boot_id + "\n";
}

std::optional<ProcessIdentity> ProcessIdentity::parse(std::string_view text) {
  const auto pid = number_after<int>(text, "pid=");
  const auto start = number_after<uint64_t>(text, "start=");
  const auto boot = text.find("boot=");
  if (!pid || *pid <= 0 || !start || boot == std::string_view::npos) return std::nullopt;
  const auto id = text.substr(boot + 5);
  return ProcessIdentity{*pid, *start, std::string(trim(id.substr(0, id.find('\n'))))};
}

std::optional<ProcessIdentity> ProcessIdentity::of_process(int pid) {
  const auto stat = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  const auto state = stat_field(stat, kStateField);
  if (state.empty() || state == "Z" || state == "X") return std::nullopt;
  ProcessIdentity identity;
  identity.pid = pid;
  const auto ticks = stat_field(stat, kStartTicksField);
  std::from_chars(ticks.data(), ticks.data() + ticks.size(), identity.start_ticks);
  identity.boot_id = trim(read_small_file("/proc/sys/kernel/random/boot_id"));
  return identity;
}

ProcessIdentity ProcessIdentity::of_this_process() {
  return of_process(getpid()).value_or(ProcessIdentity{getpid(), 0, ""});
}

bool ProcessIdentity::is_alive() const { return of_process(pid) == *this; }

Result<NodeLock> NodeLock::take(const fs::path& directory) {
  std::error_code failure;
  fs::create_directories(directory, failure);
  if (failure) {
    return Error{ErrorCode::kIo, "cannot make directory: " + failure.message() + ": " + directory.string()};
  }
  const auto lock_path = directory / "node.lock";
  const int file = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return cannot("open lock file", lock_path);
  NodeLock lock(file, directory);
  auto request = whole_file();
  if (fcntl(file, F_OFD_SETLK, &request) != 0) {
    const int reason = errno;
    lock.forget();
    errno = reason;
    if (reason != EAGAIN && reason != EACCES) return cannot("lock", lock_path);
    const auto holder = ProcessIdentity::parse(read_small_file(directory / "node.pid"));
    return Error{ErrorCode::kAlreadyExists, "the node is running already" +
                                                (holder ? ", pid " + std::to_string(holder->pid) : std::string()) +
                                                ": " + directory.string()};
  }
  fs::remove(directory / "node.state", failure);  // of the run before: it must not be taken for this one's
  const auto pid_path = directory / "node.pid";
  const auto new_path = directory / "node.pid.new";
  std::ofstream out(new_path, std::ios::trunc);
  out << ProcessIdentity::of_this_process().to_string();
  out.close();
  if (!out) return cannot("write", new_path);
  fs::rename(new_path, pid_path, failure);
  if (failure) return Error{ErrorCode::kIo, "cannot rename: " + failure.message() + ": " + pid_path.string()};
  return lock;
}

NodeLock::NodeLock(NodeLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)), directory_(std::move(other.directory_)) {}

void NodeLock::forget() {
  close(file_);
  file_ = -1;
}

NodeLock::~NodeLock() {
  if (file_ < 0) return;
  std::error_code ignored;
  fs::remove(directory_ / "node.pid", ignored);
  close(file_);
}

std::optional<ProcessIdentity> running_node(const fs::path& directory) {
  const auto identity = ProcessIdentity::parse(read_small_file(directory / "node.pid"));
  if (!identity || !identity->is_alive()) return std::nullopt;
  const int file = open((directory / "node.lock").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  auto request = whole_file();
  const bool is_held = fcntl(file, F_OFD_GETLK, &request) == 0 && request.l_type != F_UNLCK;
  close(file);
  return is_held ? identity : std::nullopt;
}

}  // namespace pelorus::config
