#pragma once
// One member of one group over the engine: its thread, its queue and its answers. See docs/internals/raft.md.

#include <uv.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "raft/internal/engine.h"
#include "raft/internal/identity.h"
#include "raft/internal/mailbox.h"
#include "raft/internal/replay.h"
#include "raft/internal/transport.h"
#include "raft/libraft_log.h"

namespace pelorus::raft {

class LibraftMember final : public LibraftLog {
 public:
  LibraftMember(LibraftOptions options, StateMachine& machine, const AddressBook& book);
  ~LibraftMember() override;

  Status bootstrap(const std::vector<Member>& members) override;
  Status start() override;
  void stop() override;
  void propose(Bytes command, ProposeDone done) override;
  void read_barrier(Done done) override;
  void add_learner(const Member& member, Done done) override;
  void promote(const std::string& alias, Done done) override;
  void demote(const std::string& alias, Done done) override;
  void remove(const std::string& alias, Done done) override;
  void transfer_leadership(const std::string& alias, Done done) override;
  LogStatus status() const override;
  void accept_connection(int fd, std::string already_read) override;

 private:
  /// Commands proposed as one entry, and readers that wait for the same commit.
  struct Batch {
    LogPlace before;
    std::vector<ProposeDone> dones;
    std::vector<Bytes> results;
    std::vector<Done> readers;
    size_t bytes = 0;
  };
  struct Change {
    std::string what;  // for messages
    Done done;
    std::optional<uint64_t> then_learner;  // assign this role next: an addition takes two steps
  };

  // On the caller's thread, before the group's thread exists.
  Status prepare();
  Status open_engine();
  void discard_engine();
  raft_engine_hooks hooks();
  Error load_failure() const;

  // The engine's hooks.
  void on_apply(uint64_t index, std::string_view bytes);
  int on_snapshot(uint64_t index, void** data, size_t* size);
  int on_restore(uint64_t index, std::string_view bytes);
  int on_loaded(Status checked);

  // The group's thread.
  void run();
  void turn();
  void close_engine();
  void fail(Error error);
  void observe();
  void lose_leadership(uint64_t term);
  void open_term();
  void term_opened(uint64_t term, int status);
  void refresh_members();
  void save_mark();
  void pump();
  void submit_batch();
  void submit_readers();
  void batch_done(Batch* batch, int status);
  void readers_done(int status);
  void refuse_waiting(const Error& error);
  void publish();
  Error not_leader() const;
  Error engine_failure(int status, std::string_view what) const;
  const Member* find(std::string_view alias) const;
  bool is_live(uint64_t member) const;
  Status keeps_majority(const Member& changed, MemberRole role_after, bool removed) const;

  // Membership; on the group's thread.
  void begin_task(std::function<void()> task, const Done& done);
  Status may_change() const;
  void begin_add(const Member& member, Done done);
  void begin_assign(const std::string& alias, MemberRole role, Done done);
  void begin_remove(const std::string& alias, Done done);
  void begin_transfer(const std::string& alias, Done done);
  void changed(int status);

  void watch();

  const LibraftOptions options_;
  const Uuid group_;
  StateMachine& machine_;
  const AddressBook& book_;
  Mailbox mailbox_;

  // Set before the thread starts, then the thread's own.
  Identity identity_;
  StorageCheck storage_;
  uv_loop_t loop_;
  uv_async_t wake_;
  uv_check_t check_;
  std::unique_ptr<Transport> transport_;
  raft_engine* engine_ = nullptr;
  bool engine_closing_ = false;
  Replay replay_;
  LoadCheck load_check_;
  std::optional<Error> load_error_;
  std::deque<Proposal> waiting_;
  std::vector<Done> waiting_readers_;
  std::vector<Done> running_readers_;
  std::deque<std::unique_ptr<Batch>> in_flight_;
  std::optional<Change> change_;
  std::map<uint64_t, uint64_t> heard_ms_;
  std::vector<Member> members_;
  raft_engine_facts seen_{};
  uint64_t lead_term_ = 0;  // the term this member leads; 0: it does not
  bool term_barrier_runs_ = false;
  bool is_open_ = false;    // the first barrier of the term is applied: proposals may go
  LogPlace propose_place_;  // behind everything proposed in this term
  uint64_t bytes_since_snapshot_ = 0;
  uint64_t snapshot_bytes_ = 0;  // of the last one
  uint64_t entries_since_snapshot_ = 0;
  uint64_t snapshot_index_ = 0;
  std::optional<Error> failure_;

  // Life, guarded by life_mutex_ (never held while the thread is joined by another stop()).
  enum class Life { kNew, kPrepared, kRunning, kStopped };
  std::mutex life_mutex_;
  Life life_ = Life::kNew;
  bool loop_open_ = false;
  std::thread thread_;
  std::thread watchdog_;
  std::mutex watch_mutex_;
  std::condition_variable watch_stop_;
  bool watch_ends_ = false;  // guarded by watch_mutex_
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_awake_{false};  // wake_ may be used
  std::atomic<int64_t> turned_ms_{0};

  mutable std::mutex status_mutex_;
  LogStatus status_;  // guarded by status_mutex_
};

}  // namespace pelorus::raft
