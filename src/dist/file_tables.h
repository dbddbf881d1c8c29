#pragma once
// Tables kept as single files in a directory of the node's machine, outside of the cluster's databases: what
// database("/directory") and saveTable are about.

#include <string>

#include "base/error.h"
#include "data/table.h"

namespace pelorus::dist {

/// The server implements it. Thread-safe; writers of one table at the same time leave the rows of one of them.
class FileTables {
 public:
  virtual ~FileTables() = default;
  virtual Result<bool> exists(const std::string& directory, const std::string& name) = 0;
  /// kNotFound when there is none, kCorrupt when its file is damaged.
  virtual Result<data::Table> load(const std::string& directory, const std::string& name) = 0;
  /// Replaces it. Whole and on disk when it returns.
  virtual Status save(const std::string& directory, const std::string& name, const data::Table& rows) = 0;
  /// kNotFound when there is none.
  virtual Status drop(const std::string& directory, const std::string& name) = 0;
};

/// A directory of the machine, not a database of the cluster.
inline bool is_directory_path(std::string_view path) { return path.starts_with('/'); }
/// ScriptError unless it can be the name of a file.
void check_file_table_name(std::string_view function, const std::string& name);

}  // namespace pelorus::dist
