#include "cli/demo/demo_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>

namespace pelorus::cli {
namespace {

constexpr size_t kStateBytesMax = 16 << 10;

bool is_mine(int file) {
  struct stat facts {};
  return fstat(file, &facts) == 0 && facts.st_uid == getuid();
}

Error not_mine(const std::filesystem::path& path) {
  return {ErrorCode::kDenied, "It belongs to another user: " + path.string()};
}

Error no_demo() { return {ErrorCode::kUnavailable, "No demo is running. Start one: pelorus demo"}; }

}  // namespace

std::filesystem::path demo_state_path() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code failure;
  if (runtime != nullptr && *runtime == '/' && std::filesystem::is_directory(runtime, failure)) {
    return std::filesystem::path(runtime) / "pelorus-demo.json";
  }
  return "/tmp/pelorus-demo-" + std::to_string(getuid()) + ".json";
}

Result<DemoState> DemoState::claim(std::filesystem::path path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return Error{ErrorCode::kIo, "cannot be written: " + path.string()};
  const bool mine = is_mine(file);
  if (mine && flock(file, LOCK_EX | LOCK_NB) == 0) return DemoState(std::move(path), file);
  close(file);
  if (!mine) return not_mine(path);
  return Error{ErrorCode::kAlreadyExists, "a demo is running"};
}

DemoState::DemoState(DemoState&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

DemoState::~DemoState() {
  if (file_ < 0) return;
  unlink(path_.c_str());
  close(file_);
}

Status DemoState::write(const DemoPlace& place) {
  const std::string text = boost::json::serialize(boost::json::object{{"directory", place.directory.string()},
                                                                      {"base", place.base},
                                                                      {"keep", place.keeps_files},
                                                                      {"pid", static_cast<int64_t>(getpid())}}) +
                           "\n";
  if (ftruncate(file_, 0) == 0 && pwrite(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    return {};
  }
  return Error{ErrorCode::kIo, "cannot be written: " + path_.string()};
}

Result<DemoRecord> read_demo_record(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return no_demo();
  std::string text(kStateBytesMax, '\0');
  const ssize_t count = read(file, text.data(), text.size());
  const bool mine = is_mine(file);
  const bool is_owned = flock(file, LOCK_SH | LOCK_NB) != 0;
  close(file);
  if (!mine) return not_mine(path);
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  if (text.empty()) return no_demo();  // it is being started
  boost::json::error_code failure;
  const auto parsed = boost::json::parse(text, failure);
  const auto* object = failure ? nullptr : parsed.if_object();
  const auto find = [&](const char* name) { return object == nullptr ? nullptr : object->if_contains(name); };
  const auto *directory = find("directory"), *base = find("base"), *keep = find("keep"), *pid = find("pid");
  if (directory == nullptr || !directory->is_string() || base == nullptr || !base->is_int64() || keep == nullptr ||
      !keep->is_bool() || pid == nullptr || !pid->is_int64() || pid->as_int64() <= 1) {
    return Error{ErrorCode::kCorrupt, "It cannot be understood; remove it: " + path.string()};
  }
  return DemoRecord{{std::string(directory->as_string()), static_cast<int>(base->as_int64()), keep->as_bool()},
                    static_cast<pid_t>(pid->as_int64()),
                    is_owned};
}

}  // namespace pelorus::cli
