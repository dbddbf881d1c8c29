#pragma once
// The state of a stream group: its tables with the rows that are kept, the same on every member.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "raft/replicated_log.h"
#include "stream/ha/group_command.h"
#include "stream/stream_table.h"

namespace pelorus::stream {

/// Fed by the group's thread; the tables may be read by any.
class GroupMachine final : public raft::StateMachine {
 public:
  /// Rows of all tables of a group, as they came in: beyond, appends are refused until rows have aged.
  static constexpr int64_t kBytesMax = int64_t{256} << 20;
  static constexpr size_t kRequestsKept = 65536;  // repeated appends are recognised among so many

  /// Called on the group's thread when a table appears and, with null, when it is gone.
  using TableChanged = std::function<void(const std::string& name, std::shared_ptr<StreamTable> table)>;
  /// Called on the group's thread when this member begins or ceases to lead. May be empty.
  using LeadershipChanged = std::function<void(bool leads)>;
  explicit GroupMachine(TableChanged changed, LeadershipChanged leadership_changed = {})
      : changed_(std::move(changed)), leadership_changed_(std::move(leadership_changed)) {}

  Bytes apply(uint64_t index, std::string_view command) override;
  Bytes snapshot() override;
  Status restore(std::string_view snapshot) override;
  void leadership_changed(bool leads, uint64_t term) override;

  /// Null when there is none.
  std::shared_ptr<StreamTable> find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  /// Rows of about a minute: where they begin, when the first came, what they took in the log.
  struct Mark {
    int64_t first_row = 0;
    int64_t time_ms = 0;
    int64_t bytes = 0;
  };
  struct Kept {
    std::shared_ptr<StreamTable> table;
    std::vector<std::string> keys;
    int64_t retention_minutes = 0;
    int64_t made_by = 0;  // number of the command: tells it from a later table of the same name
    std::deque<Mark> marks;
  };
  using Tables = std::map<std::string, Kept>;
  Result<int64_t> carry_out(const GroupCommand& command, int64_t index, int64_t bytes);
  Result<int64_t> create(const GroupCommand& command, int64_t index);
  Result<int64_t> append(const GroupCommand& command, int64_t bytes);
  void drop_expired(Kept& kept, int64_t now_ms);
  void remember(const std::string& request, int64_t rows);
  Status restore_state(const data::Value& state);
  /// The table of a snapshot: `before`'s own, brought forward, where it is the same one, so that its subscribers go on.
  Status take_over(const std::string& name, const data::Table& rows, int64_t first_row, Tables* before, Kept* kept);

  const TableChanged changed_;
  const LeadershipChanged leadership_changed_;
  mutable std::mutex mutex_;
  Tables tables_;                              // guarded by mutex_ where other threads read; changed by the group's
  int64_t bytes_ = 0;                          // the group's thread
  std::map<std::string, int64_t> requests_;    // the group's thread: rows that each added
  std::deque<std::string> requests_in_order_;  // the group's thread: oldest first
};

}  // namespace pelorus::stream
