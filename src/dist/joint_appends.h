#pragma once
// Appends to one table that come while another is under way are committed together, in one transaction.

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"
#include "exec/route_rows.h"
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
  /// Carries out the rows of all partitions, all or none. Ascending by key. `nearly_done()`: the next appends may be
  /// put together meanwhile; they are at the end in any case.
  using Commit = std::function<Status(std::span<const meta::PartitionKey> keys, std::span<const data::Table> rows,
                                      const std::function<void()>& nearly_done)>;

  /// Returns when the rows have been carried out, by `commit` or by that of another append to the target. They have the
  /// same columns in all appends. The outcome is that of all that were joined.
  Status append(const Target& target, const exec::RowRoutes& rows, const Commit& commit);

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

  static void form_next(Queue& queue);
  static void go_on(Queue& queue);

  std::mutex mutex_;
  std::map<Target, Queue> queues_;  // guarded by mutex_
};

}  // namespace pelorus::dist
