#pragma once
// The effective settings of this process: value, type and origin of each.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting.h"
#include "config/site.h"

namespace pelorus::config {

/// Where a value came from.
struct Origin {
  enum class Kind : uint8_t { kDefault, kFile, kCommandLine, kOnline };
  Kind kind = Kind::kDefault;
  std::string file;
  int line = 0;

  /// "default", "config/agent.cfg:3", "-workerNum", "setDynamicConfig".
  std::string describe(std::string_view name) const;
};

/// Immutable once loaded, but for set(). Not synchronised: share it const.
/// Getters stop the process (CHECK) when no such setting exists or the getter does not fit its type; a value that
/// is malformed or absent gives the default. Names are those of settings_table.h.
class Settings {
 public:
  Settings() = default;

  /// `name` may be a synonym. Later calls replace earlier ones: apply files first, flags last.
  void set(std::string_view name, std::string value, Origin origin);
  /// The directory of the program; the default of `home` and a place relative paths are searched in.
  void set_program_directory(std::filesystem::path directory) { program_directory_ = std::move(directory); }

  bool boolean(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  /// Gigabytes as bytes; 0 stays 0.
  int64_t bytes(std::string_view name) const;
  std::string text(std::string_view name) const;
  /// Items of a list, trimmed, none empty.
  std::vector<std::string> list(std::string_view name) const;
  /// Absolute; empty when unset. A relative path is looked for in home, the working directory and the program's
  /// directory, and lies in home when none has it.
  std::filesystem::path path(std::string_view name) const;
  /// Of kPathList, as path().
  std::vector<std::filesystem::path> paths(std::string_view name) const;

  /// Set by a file, a flag or online; a default does not count.
  bool is_set(std::string_view name) const;
  Origin origin(std::string_view name) const;

  NodeMode mode() const;
  NodeTlsMode node_tls() const { return parse_node_tls(text("enableRpcSSL")); }
  Site local_site() const;
  std::string alias() const { return local_site().alias; }
  /// Items of `sites`; malformed ones are left out (validate reports them).
  std::vector<RoleSite> sites() const;
  std::optional<Site> controller_site() const;
  /// Absolute.
  std::filesystem::path home() const;
  /// Holds node.pid, node.lock, keys: <home>/<alias>, or home itself when it is named like the alias, as the home
  /// of a node started by an agent is.
  std::filesystem::path node_directory() const;

  /// Every name that is set, with its value: what an agent hands to a node it starts.
  const std::map<std::string, std::pair<std::string, Origin>>& all_set() const { return values_; }

 private:
  /// Value as text with the default and its <words> filled in.
  std::string resolved(const Setting& setting) const;
  std::string default_of(const Setting& setting) const;

  std::map<std::string, std::pair<std::string, Origin>> values_;
  std::filesystem::path program_directory_;
};

}  // namespace pelorus::config
