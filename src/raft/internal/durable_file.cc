#include "raft/internal/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pelorus::raft {

Error file_error(std::string_view what, const std::string& path) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::kNoSpace
                    : errno == ENOENT                  ? ErrorCode::kNotFound
                                                       : ErrorCode::kIo;
  return Error{code, std::string(what) + ": " + std::strerror(errno) + ": " + path};
}

Result<Bytes> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return file_error("cannot open", path);
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad()) return file_error("cannot read", path);
  return content.str();
}

Status sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file_error("cannot open directory", path);
  const int failed = ::fsync(fd);
  const Error error = file_error("cannot sync directory", path);
  ::close(fd);
  if (failed != 0) return error;
  return {};
}

Status replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return file_error("cannot create", fresh);
  bool written = true;
  while (written && !content.empty()) {
    const auto step = ::write(fd, content.data(), content.size());
    if (step < 0 && errno == EINTR) continue;
    written = step > 0;
    if (written) content.remove_prefix(static_cast<size_t>(step));
  }
  written = written && ::fsync(fd) == 0;
  const Error error = file_error("cannot write", fresh);
  ::close(fd);
  if (!written) return error;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return file_error("cannot rename to", path);
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

}  // namespace pelorus::raft
