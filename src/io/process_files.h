#pragma once
// The operating system's files as a running process uses them: every operation that changes the disk is a fault point
// (base/fault_point.h) named "<kind of file>.<operation>.before" or ".after".

#include <string>
#include <vector>

#include "io/posix_file_system.h"

namespace pelorus::io {

/// "redo_log.sync.before" and so on: every name an operation may have. Which kind a file is its name says: the folders
/// that write it are not known here, so a file of an unknown name is none.
std::vector<std::string> file_fault_names();

/// Passes everything on. Stateless and thread-safe; costs a relaxed load an operation while no fault is ordered.
class ProcessFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_directories(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override { return inner_.list(path); }
  Result<bool> exists(const std::string& path) override { return inner_.exists(path); }
  Result<Space> space(const std::string& path) override { return inner_.space(path); }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override { return inner_.lock(path); }

 private:
  PosixFileSystem inner_;
};

}  // namespace pelorus::io
