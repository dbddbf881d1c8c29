#pragma once
// Appends to one table that come while another is under way are committed together, in one transaction.

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"
#include "exec/route_rows.h"
#include "meta/messages.h"
#include "meta/partition_scheme.h"

namespace pelorus::dist {

/// Group commit of a node's appends: syncs and rounds are paid once for all that wait. Only for appends that may become
/// visible together, whose success does not depend on one another, and which may be made anew when they have failed.
/// Thread-safe; the work is done on the callers' threads.
class JointAppends {
 public:
  /// What appends have in common that may be joined.
  struct Target {
    TableId table;
    uint64_t schema_version = 0;
    auto operator<=>(const Target&) const = default;
  };
  /// What was joined: by partition, ascending, rows one below the other.
  struct Joined {
    std::vector<meta::PartitionKey> keys;
    std::vector<data::Table> rows;
    std::optional<meta::BeginReply> begun;  // their transaction, where the commit before them has begun it
  };
  class Next;
  /// Carries out the rows of all partitions, all or none, or ends the transaction that was begun for them.
  using Commit = std::function<Status(Joined& joined, Next& next)>;

  /// What is done to the joined rows of each partition, while the commit before is still under way.
  using Arrange = std::function<data::Table(data::Table rows)>;

  /// Returns when the rows have been carried out, by `commit` or by that of another append to the target. They have the
  /// same columns in all appends. The outcome is that of all that were joined.
  Status append(const Target& target, const exec::RowRoutes& rows, const Arrange& arrange, const Commit& commit);

  /// Whether an append is worth joining: a large one pays its syncs by itself.
  static bool may_join(const exec::RowRoutes& rows) {
    return rows.keys().size() <= kPartitionsMax && rows.table().memory_bytes() <= kBytesMax;
  }

  // Limits of what is joined:
  static constexpr size_t kAppendsMax = 64;
  static constexpr uint64_t kBytesMax = 16ull << 20;
  static constexpr size_t kPartitionsMax = 1024;

 private:
  struct Waiting;
  struct Queue {
    std::list<Waiting*> waiting;   // in order of coming
    Waiting* next = nullptr;       // leads those that are being put together
    Waiting* under_way = nullptr;  // leads those that are being committed
  };

  static Waiting* form_next(Queue& queue);
  static void go_on(Queue& queue);

  std::mutex mutex_;
  std::map<Target, Queue> queues_;  // guarded by mutex_
};

/// Those that come after a commit, for it to make ready.
class JointAppends::Next {
 public:
  /// They are put together from now on, otherwise when the commit has ended. Their partitions, ascending; none where
  /// nobody waits.
  std::vector<meta::PartitionKey> form();
  /// Their transaction is begun. At most once, after form() gave their partitions.
  void set_begun(meta::BeginReply begun);

 private:
  friend class JointAppends;
  Next(JointAppends& appends, Queue& queue) : appends_(appends), queue_(queue) {}

  JointAppends& appends_;
  Queue& queue_;
};

}  // namespace pelorus::dist
