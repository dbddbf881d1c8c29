#pragma once
// What database("dfs://x") gives a script.

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/objects.h"
#include "data/value.h"
#include "meta/catalogue.h"
#include "meta/retention.h"

namespace pelorus::dist {

/// Names a database; holds the scheme as it was when opened. Immutable but for what setAtomicLevel and
/// setRetentionPolicy tell it. Thread-safe. With an empty path it is only a scheme: a dimension of a COMPO database, or
/// an in-memory partitioned database.
class DatabaseHandle final : public data::HandleObject {
 public:
  explicit DatabaseHandle(meta::Database database, std::optional<meta::RetentionPolicy> retention = {})
      : database_(std::move(database)), atomic_chunk_(database_.atomic_chunk), retention_(std::move(retention)) {}

  std::string kind() const override { return "HANDLE"; }
  std::string describe() const override;
  data::Properties properties() const override;
  const meta::Database& database() const { return database_; }
  const std::string& path() const { return database_.path; }
  /// The database was changed through this handle.
  void note_atomic_chunk(bool atomic_chunk) const { atomic_chunk_ = atomic_chunk; }
  void note_retention(const meta::RetentionPolicy& retention) const {
    const std::lock_guard lock(mutex_);
    retention_ = retention;
  }

 private:
  const meta::Database database_;
  mutable std::atomic<bool> atomic_chunk_;
  mutable std::mutex mutex_;
  mutable std::optional<meta::RetentionPolicy> retention_;  // guarded by mutex_
};

/// The handle behind a value, or ScriptError "Usage: <function>. db must be a database handle".
const DatabaseHandle& database_handle(const data::Value& value, std::string_view function);

/// A scheme from the arguments of database(): `type` is VALUE, RANGE … as constant or text, `scheme` what belongs to it
/// (COMPO: a tuple of handles). ScriptError when they do not fit.
meta::PartitionScheme parse_scheme(const data::Value& type, const data::Value& scheme);

/// The value clients read as partitionSchema: VALUE, RANGE: a vector; HASH: bucket count; LIST: a tuple of vectors.
data::Value scheme_value(const meta::PartitionLevel& level);

/// partitionType, partitionTypeName, partitionSchema as schema() of a database and of its tables has them.
data::Properties scheme_properties(const meta::PartitionScheme& scheme);

}  // namespace pelorus::dist
