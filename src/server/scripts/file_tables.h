#pragma once
// Tables as files: docs/formats/stored_object.md.

#include "dist/file_tables.h"
#include "io/file_system.h"

namespace pelorus::server {

/// Each table is <directory>/<name>.table.
class StoredFileTables final : public dist::FileTables {
 public:
  /// `files` outlives it.
  explicit StoredFileTables(io::FileSystem& files) : files_(files) {}
  Result<bool> exists(const std::string& directory, const std::string& name) override;
  Result<data::Table> load(const std::string& directory, const std::string& name) override;
  Status save(const std::string& directory, const std::string& name, const data::Table& rows) override;
  Status drop(const std::string& directory, const std::string& name) override;

 private:
  io::FileSystem& files_;
};

}  // namespace pelorus::server
