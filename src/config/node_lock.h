#pragma once
// One process per node directory: node.lock is held as long as the process lives, node.pid says who holds it.

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace pelorus::config {

/// Who a process is, even after its number was given to another one or the machine started again.
struct ProcessIdentity {
  int pid = 0;
  uint64_t start_ticks = 0;  // /proc/<pid>/stat field 22: clock ticks since boot
  std::string boot_id;       // /proc/sys/kernel/random/boot_id

  bool operator==(const ProcessIdentity&) const = default;
  /// "pid=… start=… boot=…", the line in node.pid.
  std::string to_string() const;
  static std::optional<ProcessIdentity> parse(std::string_view text);
  static ProcessIdentity of_this_process();
  /// Empty when there is no such process (a zombie counts as none).
  static std::optional<ProcessIdentity> of_process(int pid);
  /// Is this very process still there?
  bool is_alive() const;
};

/// Held for the life of a node. Releases the lock and removes node.pid when destroyed; a crash releases the lock
/// and leaves node.pid, which readers recognise as stale.
class NodeLock {
 public:
  /// Makes `directory` when missing, removes a node.state of an earlier run. kAlreadyExists names the process that
  /// holds it; kIo with the path otherwise.
  static Result<NodeLock> take(const std::filesystem::path& directory);
  ~NodeLock();
  NodeLock(NodeLock&& other) noexcept;
  NodeLock& operator=(NodeLock&&) = delete;

 private:
  NodeLock(int file, std::filesystem::path directory) : file_(file), directory_(std::move(directory)) {}
  /// Closes the file and leaves node.pid, which is another process's.
  void forget();

  int file_ = -1;
  std::filesystem::path directory_;
};

/// The process that node.pid names, if it lives and the lock is held; empty for a stale or foreign file.
std::optional<ProcessIdentity> running_node(const std::filesystem::path& directory);

}  // namespace pelorus::config
