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
  /// Carries out the rows of all partitions, all or none. Ascending by key.
  using Commit = std::function<Status(std::span<const meta::PartitionKey> keys, std::span<const data::Table> rows)>;

  /// Returns when the rows have been carried out, by `commit` or by that of another append to the target. `keys`
  /// ascend; `rows` of one key have the same columns in all appends. The outcome is that of all that were joined.
  Status append(const Target& target, std::span<const meta::PartitionKey> keys, std::span<const data::Table> rows,
                const Commit& commit);

  static constexpr size_t kAppendsMax = 64;           // joined at most
  static constexpr uint64_t kBytesMax = 16ull << 20;  // of their rows, but for a single append
  static constexpr size_t kPartitionsMax = 1024;      // of all of them, likewise

 private:
  struct Waiting;
  using Queue = std::list<Waiting*>;  // in order of coming; its first one leads, the others wait

  static std::vector<Waiting*> next_to_join(const Queue& queue);
  static Status carry_out(std::span<Waiting* const> joined, const Commit& commit);

  std::mutex mutex_;
  std::map<Target, Queue> queues_;  // guarded by mutex_
};

}  // namespace pelorus::dist
