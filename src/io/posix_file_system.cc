#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace pelorus::io {
namespace {

constexpr uint64_t kWriteBehindBytes = 1u << 20;  // a write of so many begins to go to disk at once

ErrorCode code_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return ErrorCode::kNoSpace;
    case ENOENT: return ErrorCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY: return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::kDenied;
    default: return ErrorCode::kIo;
  }
}

Error failure(std::string_view deed, const std::string& path, int number = errno) {
  return {code_of(number), "cannot " + std::string(deed) + ' ' + path + ": " + std::generic_category().message(number)};
}

Error not_a_directory(const std::string& path) { return {ErrorCode::kAlreadyExists, "not a directory: " + path}; }

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<size_t> read(uint64_t offset, void* into, size_t bytes) const override {
    size_t done = 0;
    while (done < bytes) {
      const ssize_t got =
          ::pread(descriptor_, static_cast<char*>(into) + done, bytes - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure("read", path_);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status write(uint64_t offset, std::span<const std::string_view> parts) override {
    std::vector<iovec> vectors;
    vectors.reserve(parts.size());
    for (const auto part : parts) {
      if (!part.empty()) vectors.push_back({const_cast<char*>(part.data()), part.size()});
    }
    const uint64_t from = offset;
    size_t at = 0;
    while (at < vectors.size()) {
      const int count = static_cast<int>(std::min<size_t>(vectors.size() - at, IOV_MAX));
      const ssize_t wrote = ::pwritev(descriptor_, vectors.data() + at, count, static_cast<off_t>(offset));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return failure("write", path_);
      offset += static_cast<uint64_t>(wrote);
      auto left = static_cast<size_t>(wrote);
      while (at < vectors.size() && left >= vectors[at].iov_len) left -= vectors[at++].iov_len;
      if (left > 0) {
        vectors[at].iov_base = static_cast<char*>(vectors[at].iov_base) + left;
        vectors[at].iov_len -= left;
      }
    }
    // A hint, so that sync() has less to wait for; what fails is told by sync().
    if (offset - from >= kWriteBehindBytes)
      (void)::sync_file_range(descriptor_, static_cast<off_t>(from), static_cast<off_t>(offset - from),
                              SYNC_FILE_RANGE_WRITE);
    return {};
  }

  Status allocate(uint64_t bytes) override {
    int number = 0;
    do {
      number = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(bytes));
    } while (number == EINTR);
    if (number != 0) return failure("reserve " + std::to_string(bytes) + " bytes for", path_, number);
    return {};
  }
  Status truncate(uint64_t bytes) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) return failure("truncate", path_);
    return {};
  }
  Status sync() override {
    if (::fdatasync(descriptor_) != 0) return failure("sync", path_);
    return {};
  }
  Result<uint64_t> size() const override {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) return failure("look at", path_);
    return static_cast<uint64_t>(facts.st_size);
  }

 private:
  const int descriptor_;
  const std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { ::close(descriptor_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  const int descriptor_;
};

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, OpenMode mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::kRead: flags |= O_RDONLY; break;
    case OpenMode::kWrite: flags |= O_RDWR; break;
    case OpenMode::kCreate: flags |= O_RDWR | O_CREAT | O_TRUNC; break;
  }
  const int descriptor = ::open(path.c_str(), flags, 0640);
  if (descriptor < 0) return failure("open", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
}

Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename to " + to, from);
  return {};
}

Status PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failure("remove", path);
  return {};
}

Status PosixFileSystem::make_directories(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) return {};
    return not_a_directory(path);
  }
  const std::string parent = parent_path(path);
  if (parent != path) TRY_DONE(make_directories(parent));
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return failure("make directory", path);
  return sync_directory(parent);
}

Status PosixFileSystem::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) != 0) return failure("remove directory", path);
  return {};
}

Status PosixFileSystem::sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure("open directory", path);
  const int outcome = ::fsync(descriptor);
  const int number = errno;
  ::close(descriptor);
  if (outcome != 0) return failure("sync directory", path, number);
  return {};
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return errno == ENOTDIR ? not_a_directory(path) : failure("list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int number = errno;
  ::closedir(directory);
  if (number != 0) return failure("list", path, number);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixFileSystem::exists(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return failure("look at", path);
}

Result<Space> PosixFileSystem::space(const std::string& path) {
  struct statvfs facts {};
  if (::statvfs(path.c_str(), &facts) != 0) return failure("look at the disk of", path);
  return Space{static_cast<uint64_t>(facts.f_blocks) * facts.f_frsize,
               static_cast<uint64_t>(facts.f_bavail) * facts.f_frsize};
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::lock(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return failure("open lock file", path);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    ::close(descriptor);
    if (number != EWOULDBLOCK) return failure("lock", path, number);
    return Error{ErrorCode::kConflict, "another process uses this directory; stop it first: " + path};
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(descriptor));
}

}  // namespace pelorus::io
