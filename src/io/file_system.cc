#include "io/file_system.h"

namespace pelorus::io {

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string parent_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status read_exactly(const File& file, const std::string& path, uint64_t offset, void* into, size_t bytes) {
  TRY(const size_t got, file.read(offset, into, bytes));
  if (got == bytes) return {};
  return Error{ErrorCode::kCorrupt, "file ends too early: " + path + ", wanted " + std::to_string(bytes) +
                                        " bytes at " + std::to_string(offset) + ", found " + std::to_string(got)};
}

Result<std::string> read_file(FileSystem& files, const std::string& path, uint64_t bytes_max) {
  TRY(const auto file, files.open(path, OpenMode::kRead));
  TRY(const uint64_t size, file->size());
  if (size > bytes_max) {
    return Error{ErrorCode::kLimit, "file is larger than expected: " + path + ", " + std::to_string(size) +
                                        " bytes, at most " + std::to_string(bytes_max)};
  }
  std::string content(size, '\0');
  TRY_DONE(read_exactly(*file, path, 0, content.data(), size));
  return content;
}

Status replace_file(FileSystem& files, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  {
    TRY(const auto file, files.open(temporary, OpenMode::kCreate));
    TRY_DONE(file->write_at(0, content));
    TRY_DONE(file->sync());
  }
  TRY_DONE(files.rename(temporary, path));
  return files.sync_directory(parent_path(path));
}

}  // namespace pelorus::io
