#pragma once
// Databases of a node whose tables are in memory, have keys and change by transactions: oltp://…

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/table.h"

namespace pelorus::data {

inline constexpr std::string_view kOltpPrefix = "oltp://";
inline bool is_oltp_path(std::string_view path) { return path.starts_with(kOltpPrefix); }

/// Columns that find rows.
struct OltpKey {
  std::vector<std::string> columns;
  bool unique = false;
};

struct OltpTableTerms {
  std::string name;
  Schema schema;
  std::vector<std::string> primary_key;  // unique
  std::vector<OltpKey> secondary_keys;
};

/// Thread-safe. Databases go by their path, "oltp://name". Errors: kNotFound and kAlreadyExists name what, kInvalid for
/// what can't be, kIo and kNoSpace when a change can't be logged; then nothing has changed.
class OltpDatabases {
 public:
  virtual ~OltpDatabases() = default;

  virtual bool has_database(const std::string& path) const = 0;
  virtual std::vector<std::string> databases() const = 0;
  /// Fine when it exists.
  virtual Status create_database(const std::string& path) = 0;
  /// With its tables.
  virtual Status drop_database(const std::string& path) = 0;

  virtual std::vector<std::string> tables(const std::string& path) const = 0;
  virtual Result<TableRef> table(const std::string& path, const std::string& name) const = 0;
  virtual Result<TableRef> create_table(const std::string& path, const OltpTableTerms& terms) = 0;
  virtual Status drop_table(const std::string& path, const std::string& name) = 0;

  /// Writes all tables to disk, so that the log before can be given up. Without `force` only when the log has grown
  /// since. `wait`: returns when it is done, else at once.
  virtual Status checkpoint(bool force, bool wait) = 0;
};

}  // namespace pelorus::data
