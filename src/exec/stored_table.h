#pragma once
// Tables whose rows live in partitions, as the query side sees them. dist implements them over the cluster.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "data/table.h"
#include "data/value.h"
#include "meta/partition_scheme.h"

namespace pelorus::exec {

/// Work sent to the node that holds a partition: script text over one partition, which the text calls kFragmentSource.
/// The text is self-contained: no session variables, only `variables`; no functions but built-ins, function views and
/// those of `definitions`.
struct Fragment {
  std::string text;         // one select, update or delete, or a call
  std::string definitions;  // script that defines the user functions it calls
  std::vector<std::pair<std::string, data::Value>> variables;
  std::string user;  // on whose behalf; grants were checked by the sender
};
inline constexpr std::string_view kFragmentSource = "partition_rows_";

struct StoredPartition {
  meta::PartitionKey key;  // no parts: a dimension table's only chunk
  int64_t rows = -1;       // at the snapshot's version; -1 when the node asked does not know
  bool is_local = false;   // a replica lies on this node
};

struct ScanOptions {
  size_t at_once = 0;  // partitions in flight at most; 0: as many as the implementation likes
  CancellationToken cancellation;
};

/// One partition's result. Called by one thread at a time. False: enough, stop without an error.
using ScanSink = std::function<bool(size_t partition, data::Table part)>;

/// The partitions and their versions as of the moment it was opened: every scan through it sees the same rows.
/// Thread-safe.
class StoredSnapshot {
 public:
  virtual ~StoredSnapshot() = default;
  /// In the order of the scheme, later levels fastest; only partitions that have a chunk.
  virtual std::span<const StoredPartition> partitions() const = 0;
  /// Runs the fragment over each of the partitions (indexes into partitions()); delivers one table for each, in this
  /// order, so that the same query adds the same numbers up alike. Errors of
  /// the script come as kScript with its text; a lost replica is retried elsewhere before kUnavailable.
  virtual Status scan(const Fragment& fragment, std::span<const size_t> partitions, const ScanOptions& options,
                      const ScanSink& sink) const = 0;
};

/// What a statement does to rows: says which rights it takes.
enum class RowChange : uint8_t { kUpdate, kUpsert, kDelete };

/// What becomes of one partition of a change.
struct PartitionChange {
  meta::PartitionKey key;
  std::shared_ptr<const Fragment> fragment;  // an update, a delete, an upsert!
  std::optional<data::Table> if_new;         // the content of a partition that has no chunk yet; none: it must have one
  // Of a table with soft_delete_keys(), instead of the fragment, which is not run then: the partition is not rewritten,
  // what changes in it is appended.
  /// Selects those columns of rows that go: they are marked. Null: none go.
  std::shared_ptr<const Fragment> deleted = nullptr;
  /// Gives whole rows, which take the place of those with the same keys. Null: none come.
  std::shared_ptr<const Fragment> added = nullptr;

  bool appends() const { return deleted != nullptr || added != nullptr; }
};

/// What addColumn, dropColumns!, rename!, replaceColumn! and setColumnComment ask of a stored table.
struct ColumnChange {
  enum class Kind : uint8_t { kAdd, kDrop, kRename, kRetype, kDescribe };
  Kind kind = Kind::kAdd;
  std::string column;
  std::string new_name;               // kRename
  data::ColumnDefinition definition;  // kAdd, kRetype; its comment: kDescribe
};

/// A table in a database. snapshot() of TableObject reads everything; edit() fails; append() splits by partition.
class StoredTable : public data::TableObject {
 public:
  bool is_stored() const final { return true; }
  /// "dfs://trades".
  virtual const std::string& database() const = 0;
  virtual const std::string& name() const = 0;
  /// No levels: a dimension table.
  virtual meta::PartitionScheme scheme() const = 0;
  /// One column a level.
  virtual std::vector<std::string> partition_columns() const = 0;
  /// Renews schema() when the columns have been changed elsewhere: ask for it afterwards.
  virtual Result<std::shared_ptr<const StoredSnapshot>> open_snapshot() const = 0;
  /// What append() does before anything is written: rights, types, the split by partition. The result writes the rows,
  /// once, on any thread; meanwhile the next rows may be split. Errors of both: as append().
  using Append = std::function<Result<int64_t>()>;
  virtual Result<Append> begin_append(const data::Table& rows) {
    return Append([this, rows] { return append(rows); });
  }
  /// Of a table that keeps marks of deleted rows until its files are merged (softDelete): the columns that tell the
  /// rows of a partition apart. Empty: changes rewrite partitions.
  virtual std::vector<std::string> soft_delete_keys() const { return {}; }
  /// Replaces the rows of each partition by what its fragment leaves in kFragmentSource, in one transaction: all
  /// partitions or none, and readers see all or none. A database with atomic='CHUNK' makes it one transaction a
  /// partition. Returns the rows changed. Errors: kScript of a fragment; kConflict ("<ChunkInTransaction>…") when
  /// another transaction holds one of the partitions; kDenied when the user may not do `what` to rows.
  virtual Result<int64_t> change(RowChange what, std::span<const PartitionChange> changes) = 0;
  /// All or nothing, in this order. New columns are null in old rows; values of a changed type are converted.
  virtual Status change_columns(std::span<const ColumnChange> changes) {
    (void)changes;
    return Error{ErrorCode::kInvalid, "The columns of " + name() + " can't be changed."};
  }
};

}  // namespace pelorus::exec
