#include "raft/single_node_log.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/memory_limit.h"
#include "raft/internal/command_file.h"
#include "raft/internal/entry_format.h"
#include "raft/internal/mailbox.h"

namespace pelorus::raft {

namespace {

constexpr uint64_t kTerm = 1;
constexpr uint64_t kSnapshotBytesMax = 16ull << 30;
constexpr size_t kGroupBytesMax = 4u << 20;  // commands written and synced at once
constexpr std::chrono::seconds kDiskLookPeriod{1};

Error stopped() { return Error{ErrorCode::kUnavailable, "the replicated log is not running"}; }

Status single_only() { return Error{ErrorCode::kInvalid, "a log in single mode has one member only"}; }

/// What waits is written and synced as one frame, applied and answered: by a proposer that would wait for it anyway,
/// which saves it two hand-offs between threads, or by the log's own thread.
class SingleNodeLog final : public ReplicatedLog {
 public:
  SingleNodeLog(SingleNodeOptions options, StateMachine& machine, io::FileSystem& files)
      : options_(std::move(options)),
        machine_(machine),
        files_(files),
        mailbox_({options_.queue_commands_max, options_.queue_bytes_max}),
        file_(files) {}
  ~SingleNodeLog() override { stop(); }

  Status bootstrap(const std::vector<Member>& members) override;
  Status start() override;
  void stop() override;
  void propose(Bytes command, ProposeDone done) override;
  void read_barrier(Done done) override;
  void add_learner(const Member&, Done done) override { done(single_only()); }
  void promote(const std::string&, Done done) override { done(single_only()); }
  void demote(const std::string&, Done done) override { done(single_only()); }
  void remove(const std::string&, Done done) override { done(single_only()); }
  void transfer_leadership(const std::string& alias, Done done) override {
    done(alias == options_.self.alias ? Status() : single_only());
  }
  LogStatus status() const override;

 private:
  Status recover();
  std::string snapshot_path() const { return io::join_path(options_.directory, "snapshot"); }
  void run();
  void propose_and_help(std::vector<Proposal> proposals) override;
  /// Whether somebody has to serve it.
  bool put(Proposal proposal);
  void serve();
  void serve(Mailbox::Mail mail);
  void commit(std::vector<Proposal>& group);
  void take_snapshot();
  void wake();
  void publish();

  const SingleNodeOptions options_;
  StateMachine& machine_;
  io::FileSystem& files_;
  Mailbox mailbox_;
  std::mutex service_mutex_;  // held by who serves; guards, once the log runs, all down to leads_
  CommandFile file_;
  uint64_t count_ = 0;  // commands applied
  uint64_t snapshot_count_ = 0;
  std::optional<Error> failure_;
  bool is_full_ = false;     // the last append found no space
  uint64_t bytes_free_ = 0;  // as of the last look
  std::chrono::steady_clock::time_point look_at_disk_{};
  bool leads_ = false;  // the machine has been told

  std::mutex life_mutex_;
  bool was_started_ = false;  // guarded by life_mutex_
  std::thread thread_;
  std::atomic<bool> runs_{false};
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool has_mail_ = false;  // guarded by wake_mutex_
  bool ends_ = false;      // guarded by wake_mutex_
  mutable std::mutex status_mutex_;
  LogStatus status_;  // guarded by status_mutex_
};

Status SingleNodeLog::bootstrap(const std::vector<Member>& members) {
  if (members.size() != 1 || members.front().id != options_.self.id) return single_only();
  TRY_DONE(files_.make_directories(options_.directory));
  std::vector<std::string> older;
  TRY(const auto newest, newest_command_file(files_, options_.directory, older));
  if (!newest.empty()) return Error{ErrorCode::kAlreadyExists, "the directory holds a log: " + options_.directory};
  return {};
}

Status SingleNodeLog::recover() {
  TRY_DONE(files_.make_directories(options_.directory));
  TRY(const bool has_snapshot, files_.exists(snapshot_path()));
  std::vector<std::string> older;
  TRY(const auto newest, newest_command_file(files_, options_.directory, older));
  if (newest.empty()) {
    if (has_snapshot)
      return Error{ErrorCode::kCorrupt,
                   "log file is missing beside its snapshot; restore it from a backup: " + options_.directory};
    return file_.create(options_.directory, 0);
  }
  if (has_snapshot) {
    TRY(const auto bytes, io::read_file(files_, snapshot_path(), kSnapshotBytesMax));
    const auto content = decode_snapshot(bytes);
    if (!content.ok()) return Error{ErrorCode::kCorrupt, content.error().message + ": " + snapshot_path()};
    TRY_DONE(machine_.restore(content.value().state));
    count_ = snapshot_count_ = content.value().at.command_count;
  }
  const auto replay = [&](uint64_t index, std::string_view command) -> Status {
    if (index <= snapshot_count_) return {};  // the snapshot was written, its new log file was not
    machine_.apply(index, command);
    count_ = index;
    return {};
  };
  TRY_DONE(file_.open(newest, replay));
  if (file_.base() > snapshot_count_) {
    return Error{ErrorCode::kCorrupt, "snapshot of the log is missing or too old: log begins at " +
                                          std::to_string(file_.base()) + ": " + newest};
  }
  for (const auto& path : older) TRY_DONE(files_.remove(path));
  return {};
}

Status SingleNodeLog::start() {
  const std::lock_guard lock(life_mutex_);
  if (was_started_) return Error{ErrorCode::kInvalid, "a log starts once only: make a new one"};
  was_started_ = true;
  TRY_DONE(recover());
  runs_ = true;
  thread_ = std::thread([this] { run(); });
  return {};
}

void SingleNodeLog::stop() {
  const std::lock_guard lock(life_mutex_);
  mailbox_.close();
  runs_ = false;
  {
    const std::lock_guard waking(wake_mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard last_helper(service_mutex_);
}

void SingleNodeLog::wake() {
  {
    const std::lock_guard lock(wake_mutex_);
    has_mail_ = true;
  }
  wake_.notify_one();
}

void SingleNodeLog::run() {
  pthread_setname_np(pthread_self(), "raft-single");
  {
    const std::lock_guard lock(service_mutex_);
    publish();
  }
  machine_.leadership_changed(true, kTerm);
  {
    const std::lock_guard lock(service_mutex_);
    leads_ = true;
  }
  for (bool ends = false; !ends;) {
    {
      std::unique_lock lock(wake_mutex_);
      wake_.wait(lock, [this] { return has_mail_ || ends_; });
      has_mail_ = false;
      ends = ends_;
    }
    serve();
  }
  serve();
  machine_.leadership_changed(false, kTerm);
  const std::lock_guard lock(status_mutex_);
  status_.role = LogRole::kStopped;
}

void SingleNodeLog::serve() {
  const std::lock_guard lock(service_mutex_);
  serve(mailbox_.take());
}

void SingleNodeLog::serve(Mailbox::Mail mail) {
  const memory::NeverRefused whole;
  std::vector<Proposal> group;
  size_t bytes = 0;
  for (auto& proposal : mail.proposals) {
    if (!group.empty() && bytes + entry_cost(proposal.command) > kGroupBytesMax) {
      commit(group);
      bytes = 0;
    }
    bytes += entry_cost(proposal.command);
    group.push_back(std::move(proposal));
  }
  if (!group.empty()) commit(group);
  for (const auto& reader : mail.barriers) reader(failure_ ? Status(stopped()) : Status());
  if (!failure_ && file_.size() > options_.snapshot_after_bytes) take_snapshot();
  publish();
}

void SingleNodeLog::commit(std::vector<Proposal>& group) {
  std::vector<std::string_view> commands;
  size_t bytes = 0;
  for (const auto& each : group) {
    commands.push_back(each.command);
    bytes += each.command.size();
  }
  Status written = failure_ ? Status(stopped()) : file_.append(count_ + 1, commands);
  is_full_ = !written.ok() && written.error().code == ErrorCode::kNoSpace;
  mailbox_.answered(group.size(), bytes);
  if (!written.ok() && !failure_ && !is_full_) {
    failure_ = written.error();
    log_error("single-node log stopped: " + failure_->message);
    written = Error{ErrorCode::kOutcomeUnknown, failure_->message};
  }
  for (auto& each : group) {
    if (written.ok()) {
      each.done(machine_.apply(++count_, each.command));
    } else {
      each.done(written.error());
    }
  }
  group.clear();
}

/// Snapshot first, then a new file, then the old one goes: a crash in between leaves something to recover from.
void SingleNodeLog::take_snapshot() {
  const auto old = file_.path();
  const auto bytes = encode_snapshot(Uuid{}, LogPlace{count_, 0}, machine_.snapshot());
  Status taken = io::replace_file(files_, snapshot_path(), bytes);
  if (taken.ok()) {
    snapshot_count_ = count_;
    taken = file_.create(options_.directory, count_);
  }
  if (!taken.ok()) {
    failure_ = taken.error();
    log_error("single-node log stopped: cannot take a snapshot: " + failure_->message);
    return;
  }
  if (const auto removed = files_.remove(old); !removed.ok()) log_warning(removed.error().message);
}

void SingleNodeLog::publish() {
  if (const auto now = std::chrono::steady_clock::now(); now >= look_at_disk_) {
    const auto space = files_.space(options_.directory);
    bytes_free_ = space.ok() ? space.value().bytes_free : 0;
    look_at_disk_ = now + kDiskLookPeriod;
  }
  const std::lock_guard lock(status_mutex_);
  status_.role = failure_ ? LogRole::kStopped : LogRole::kLeader;
  status_.term = kTerm;
  status_.leader = options_.self.alias;
  status_.commit_index = status_.applied_index = status_.command_count = count_;
  status_.snapshot_index = snapshot_count_;
  status_.members = {Member{options_.self.id, options_.self.alias, MemberRole::kVoter}};
  status_.disk_capacity_bytes = bytes_free_;
  status_.disk_healthy = !failure_ && !is_full_;
  if (failure_) status_.failure = failure_->message;
}

bool SingleNodeLog::put(Proposal proposal) {
  std::optional<Error> refused;
  if (const auto size = proposal.command.size(); size > options_.command_bytes_max) {
    refused = Error{ErrorCode::kLimit, "command is too large for the replicated log: " + std::to_string(size) +
                                           " bytes, at most " + std::to_string(options_.command_bytes_max)};
  } else if (!runs_) {
    refused = stopped();
  } else {
    const auto put = mailbox_.put(proposal);
    if (put != Mailbox::Put::kRefused) return put == Mailbox::Put::kFirst;
    refused = runs_ ? Error{ErrorCode::kUnavailable, "too many proposals wait for the replicated log"} : stopped();
  }
  proposal.done(*refused);
  return false;
}

void SingleNodeLog::propose(Bytes command, ProposeDone done) {
  if (put({std::move(command), std::move(done)})) wake();
}

void SingleNodeLog::propose_and_help(std::vector<Proposal> proposals) {
  bool is_first = false;
  for (auto& each : proposals) is_first |= put(std::move(each));
  if (!is_first) return;
  if (const std::unique_lock lock(service_mutex_, std::try_to_lock); lock.owns_lock() && leads_)
    return serve(mailbox_.take());
  wake();
}

void SingleNodeLog::read_barrier(Done done) {
  const auto put = runs_ ? mailbox_.put(done) : Mailbox::Put::kRefused;
  if (put == Mailbox::Put::kRefused) return done(stopped());
  if (put == Mailbox::Put::kFirst) wake();
}

LogStatus SingleNodeLog::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace

std::unique_ptr<ReplicatedLog> make_single_node_log(SingleNodeOptions options, StateMachine& machine,
                                                    io::FileSystem& files) {
  return std::make_unique<SingleNodeLog>(std::move(options), machine, files);
}

}  // namespace pelorus::raft
