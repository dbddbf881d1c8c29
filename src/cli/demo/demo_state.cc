#include "cli/demo/demo_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>

namespace pelorus::cli {
namespace {

constexpr size_t kStateBytesMax = 16 << 10;

}  // namespace

std::filesystem::path demo_state_path() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code failure;
  if (runtime != nullptr && *runtime == '/' && std::filesystem::is_directory(runtime, failure)) {
    return std::filesystem::path(runtime) / "pelorus-demo.json";
  }
  return "/tmp/pelorus-demo-" + std::to_string(getuid()) + ".json";
}

Status write_demo_state(const std::filesystem::path& path, const DemoPlace& place) {
  const std::string text =
      boost::json::serialize(boost::json::object{{"directory", place.directory.string()}, {"base", place.base}}) + "\n";
  unlink(path.c_str());
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return Error{ErrorCode::kIo, "cannot be written: " + path.string()};
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  if (!written) return Error{ErrorCode::kIo, "cannot be written: " + path.string()};
  return {};
}

Result<DemoPlace> read_demo_state(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return Error{ErrorCode::kUnavailable, "No demo is running. Start one: pelorus demo"};
  struct stat facts {};
  std::string text(kStateBytesMax, '\0');
  const ssize_t count = read(file, text.data(), text.size());
  const bool is_mine = fstat(file, &facts) == 0 && facts.st_uid == getuid();
  close(file);
  if (!is_mine) return Error{ErrorCode::kDenied, "It belongs to another user: " + path.string()};
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  boost::json::error_code failure;
  const auto parsed = boost::json::parse(text, failure);
  const auto* object = failure ? nullptr : parsed.if_object();
  const auto* directory = object == nullptr ? nullptr : object->if_contains("directory");
  const auto* base = object == nullptr ? nullptr : object->if_contains("base");
  if (directory == nullptr || !directory->is_string() || base == nullptr || !base->is_int64()) {
    return Error{ErrorCode::kCorrupt, "It cannot be understood; remove it: " + path.string()};
  }
  return DemoPlace{std::string(directory->as_string()), static_cast<int>(base->as_int64())};
}

}  // namespace pelorus::cli
