#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <mutex>

namespace pelorus {
namespace {

struct Sink {
  std::mutex mutex;
  LogOptions options;   // guarded by mutex
  int file = -1;        // guarded by mutex
  int64_t written = 0;  // guarded by mutex
  std::atomic<LogLevel> level{LogLevel::kInfo};
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "<DEBUG>";
    case LogLevel::kInfo: return "<INFO>";
    case LogLevel::kWarning: return "<WARNING>";
    case LogLevel::kError: return "<ERROR>";
  }
  return "<INFO>";
}

std::string stamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  localtime_r(&now.tv_sec, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  char fraction[24];
  std::snprintf(fraction, sizeof fraction, ".%06ld", now.tv_nsec / 1000);
  return std::string(text, size) + fraction;
}

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/// <dir>/<date><3 digits><name>, the first number that is free.
std::string archive_path(const std::string& path) {
  const std::filesystem::path full(path);
  const std::time_t now = std::time(nullptr);
  tm parts{};
  localtime_r(&now, &parts);
  char date[16];
  std::strftime(date, sizeof date, "%Y%m%d", &parts);
  for (int sequence = 0; sequence < 1000; ++sequence) {
    char number[8];
    std::snprintf(number, sizeof number, "%03d", sequence);
    auto candidate = full.parent_path() / (std::string(date) + number + full.filename().string());
    if (!std::filesystem::exists(candidate)) return candidate.string();
  }
  return path + ".old";
}

/// Caller holds the mutex.
void rotate_if_full(Sink& s) {
  if (s.file < 0 || s.written < s.options.bytes_max) return;
  std::rename(s.options.path.c_str(), archive_path(s.options.path).c_str());
  const int next = open_for_append(s.options.path);
  if (next < 0) return;
  ::close(s.file);
  s.file = next;
  s.written = 0;
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(file, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    text.remove_prefix(static_cast<size_t>(done));
  }
}

}  // namespace

Status open_log(const LogOptions& options) {
  auto& s = sink();
  const std::lock_guard lock(s.mutex);
  s.options = options;
  s.level = options.level;
  if (options.path.empty()) return {};
  std::error_code ignored;
  const auto parent = std::filesystem::path(options.path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, ignored);
  const int file = open_for_append(options.path);
  if (file < 0) return Error{ErrorCode::kIo, "cannot open the log file " + options.path + ": " + std::strerror(errno)};
  struct stat facts {};
  if (::fstat(file, &facts) == 0) s.written = facts.st_size;
  if (s.file >= 0) ::close(s.file);
  s.file = file;
  return {};
}

void set_log_level(LogLevel level) { sink().level = level; }

void log_message(LogLevel level, std::string_view message) {
  auto& s = sink();
  if (level < s.level.load(std::memory_order_relaxed)) return;
  std::string line = stamp();
  line.append(" ").append(level_name(level)).append(" :").append(message);
  for (auto& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  line.push_back('\n');
  const std::lock_guard lock(s.mutex);
  if (s.file >= 0) {
    rotate_if_full(s);
    write_all(s.file, line);
    s.written += static_cast<int64_t>(line.size());
  }
  if (s.file < 0)
    write_all(s.options.also_stdout ? STDOUT_FILENO : STDERR_FILENO, line);
  else if (s.options.also_stdout)
    write_all(STDOUT_FILENO, line);
}

}  // namespace pelorus
