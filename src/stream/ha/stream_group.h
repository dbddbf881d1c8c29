#pragma once
// A Raft group of data nodes that keeps highly available stream tables.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "raft/libraft_log.h"
#include "stream/ha/group_machine.h"

namespace pelorus::stream {

class StreamGroup;

/// A table of a group as the sessions of a member see it: its rows are those this member has applied; appends go
/// through the leader's log. Thread-safe.
class HaStreamTable final : public data::TableObject {
 public:
  HaStreamTable(std::string name, std::shared_ptr<StreamTable> rows, StreamGroup& group)
      : name_(std::move(name)), rows_(std::move(rows)), group_(group) {}

  std::string type_text() const override { return "STREAMING TABLE"; }
  data::Schema schema() const override { return rows_->schema(); }
  Result<data::Table> snapshot() const override { return rows_->snapshot(); }
  /// Returns once a majority of the members keeps the rows. Errors: kNotLeader "<NotLeader>host:port:alias";
  /// kUnavailable; kOutcomeUnknown. What is larger than a command is stored in parts.
  Result<int64_t> append(const data::Table& rows) override;
  Status edit(const std::function<Status(data::Table&)>& change) override { return rows_->edit(change); }

  const std::string& name() const { return name_; }
  const std::shared_ptr<StreamTable>& rows() const { return rows_; }
  StreamGroup& group() const { return group_; }

 private:
  const std::string name_;
  const std::shared_ptr<StreamTable> rows_;
  StreamGroup& group_;
};

struct StreamGroupTerms {
  int64_t id = 0;
  std::vector<std::string> members;                              // aliases
  std::function<std::string(const std::string& alias)> site_of;  // "host:port:alias"
  /// Shows a table to the sessions of the node; null: it is gone. On the group's thread.
  std::function<void(const std::string& name, std::shared_ptr<HaStreamTable> table)> table_changed;
  /// This member begins or ceases to lead: subscribers' connections end, so that they look for the leader. On the
  /// group's thread. May be empty.
  std::function<void(bool leads)> leadership_changed = {};
};

/// One member of a group. Made at the node's start; its log begins when all members are known. Thread-safe.
class StreamGroup {
 public:
  static constexpr std::chrono::milliseconds kAnswerWait{15'000};

  StreamGroup(StreamGroupTerms terms, const Clock& clock);
  ~StreamGroup() { stop(); }

  /// Once. `founders`: the members, where the group may be founded; empty where it was founded before. Options:
  /// directory, group and self are the caller's.
  Status start(raft::LibraftOptions options, const raft::AddressBook& book, const std::vector<raft::Member>& founders);
  /// Appends that wait are answered.
  void stop();
  /// A connection of another member; closed when the log has not begun.
  void accept(int fd, std::string already_read);

  int64_t id() const { return terms_.id; }
  const std::vector<std::string>& members() const { return terms_.members; }
  std::string site_of(const std::string& alias) const { return terms_.site_of(alias); }
  /// Why there is no log; empty once there is one.
  std::string waits_for() const;
  void set_waits_for(std::string reason);
  /// The leader's alias. kUnavailable while none is known.
  Result<std::string> leader() const;
  bool leads() const;
  /// On the leader: hands leadership to another member and waits for it. kNotLeader elsewhere; kUnavailable when that
  /// member does not take it.
  Status transfer(const std::string& alias);

  /// On the leader; kNotLeader elsewhere. Errors of the state as kInvalid.
  Status create(const std::string& name, const data::Table& columns, const std::vector<std::string>& keys,
                int64_t retention_minutes);
  Status drop(const std::string& name);
  Result<int64_t> append(const std::string& name, const data::Table& rows);
  /// Null when this member knows none of that name.
  std::shared_ptr<StreamTable> find(const std::string& name) const { return machine_.find(name); }

 private:
  std::shared_ptr<raft::LibraftLog> log() const;
  Error not_leader(const std::string& leader) const;
  Result<int64_t> propose(const GroupCommand& command);
  Result<int64_t> append_part(const std::string& name, const data::Table& rows);

  const StreamGroupTerms terms_;
  const Clock& clock_;
  GroupMachine machine_;
  mutable std::mutex mutex_;
  std::shared_ptr<raft::LibraftLog> log_;  // guarded by mutex_; null until start()
  std::string waits_for_;                  // guarded by mutex_
};

/// The groups of a node. Filled before the first script, then read by any thread.
class StreamGroups {
 public:
  void add(std::unique_ptr<StreamGroup> group) { groups_.push_back(std::move(group)); }
  const std::vector<std::unique_ptr<StreamGroup>>& all() const { return groups_; }
  /// Null when this node is no member of it.
  StreamGroup* find(int64_t id) const;

 private:
  std::vector<std::unique_ptr<StreamGroup>> groups_;
};

}  // namespace pelorus::stream
