#pragma once
// Where `use a::b` finds a module's text.

#include <optional>
#include <string>
#include <string_view>

#include "functions/registry.h"
#include "io/file_system.h"

namespace pelorus::server {

/// The module directory of one node. Thread-safe; reads the files at every call.
class ModuleFiles {
 public:
  /// `files` outlives it.
  ModuleFiles(io::FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  /// The text of module "a::b": a/b.dom, else a/b.dos. Nothing when there is neither; ScriptError for files that can't
  /// be used.
  std::optional<std::string> read(std::string_view name) const;
  const std::string& directory() const { return directory_; }
  io::FileSystem& files() const { return files_; }

 private:
  io::FileSystem& files_;
  const std::string directory_;
};

/// saveModule clearCachedModules. `modules` outlives the registry.
void register_modules(functions::Registry& registry, const ModuleFiles& modules);

}  // namespace pelorus::server
