#include "raft/internal/libraft_member.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/fault_point.h"
#include "base/log.h"

namespace pelorus::raft {

namespace {

/// Entries proposed and not yet applied. More would not fill the disk better, fewer make the batches larger.
constexpr size_t kBatchesInFlight = 4;

LibraftMember* member(void* owner) { return static_cast<LibraftMember*>(owner); }

Error stopped() { return Error{ErrorCode::kUnavailable, "the replicated log is not running"}; }

Error queue_full() { return Error{ErrorCode::kUnavailable, "too many proposals wait for the replicated log"}; }

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Preamble own_preamble(const LibraftOptions& options) {
  return Preamble{.group = options.group,
                  .cluster = options.cluster,
                  .node = options.node,
                  .id = options.self.id,
                  .alias = options.self.alias,
                  .instance = Uuid::random()};
}

}  // namespace

LibraftMember::LibraftMember(LibraftOptions options, StateMachine& machine, const AddressBook& book)
    : options_(std::move(options)),
      group_(group_uuid(options_.cluster, options_.group)),
      machine_(machine),
      book_(book),
      mailbox_({options_.queue_commands_max, options_.queue_bytes_max}),
      replay_(group_, machine),
      load_check_(group_) {}

LibraftMember::~LibraftMember() { stop(); }

// ---- start and stop ----

Status LibraftMember::prepare() {
  Identity self{.cluster = options_.cluster,
                .node = options_.node,
                .group = options_.group,
                .id = options_.self.id,
                .alias = options_.self.alias};
  TRY(storage_, check_storage(options_.directory, self, identity_));
  identity_.alias = options_.self.alias;
  if (storage_.is_new) TRY_DONE(write_identity(options_.directory, identity_));
  return open_engine();
}

raft_engine_hooks LibraftMember::hooks() {
  const auto view = [](const void* data, size_t size) {
    return std::string_view(static_cast<const char*>(data), data == nullptr ? 0 : size);
  };
  static constexpr auto bytes = view;
  raft_engine_hooks hooks{};
  hooks.owner = this;
  hooks.apply = [](void* owner, uint64_t index, const void* data, size_t size) {
    member(owner)->on_apply(index, bytes(data, size));
  };
  hooks.snapshot = [](void* owner, uint64_t index, void** data, size_t* size) {
    return member(owner)->on_snapshot(index, data, size);
  };
  hooks.restore = [](void* owner, uint64_t index, const void* data, size_t size) {
    return member(owner)->on_restore(index, bytes(data, size));
  };
  hooks.loaded_snapshot = [](void* owner, uint64_t index, const void* data, size_t size) {
    auto* self = member(owner);
    self->snapshot_index_ = index;
    return self->on_loaded(self->load_check_.snapshot(index, bytes(data, size)));
  };
  hooks.loaded_command = [](void* owner, uint64_t index, const void* data, size_t size) {
    auto* self = member(owner);
    return self->on_loaded(self->load_check_.command(index, bytes(data, size)));
  };
  hooks.loaded = [](void* owner, uint64_t, uint64_t last_index) {
    auto* self = member(owner);
    if (last_index >= self->identity_.committed_index) return 0;
    return self->on_loaded(Error{
        ErrorCode::kCorrupt, "log lost its end: it reached entry " + std::to_string(self->identity_.committed_index) +
                                 ", now it ends at " + std::to_string(last_index) + "; rejoin as a new member"});
  };
  hooks.heard = [](void* owner, uint64_t peer) {
    auto* self = member(owner);
    self->heard_ms_[peer] = uv_now(&self->loop_);
    self->transport_->heard(peer);
  };
  hooks.connect = [](void* owner, void* request, uint64_t peer, const char* alias) {
    return member(owner)->transport_->dial(request, peer, alias) ? 0 : 1;
  };
  hooks.close_transport = [](void* owner) { member(owner)->transport_->close(); };
  if (faults_are_ordered()) {
    hooks.reach = [](void*, raft_engine_step step) {
      reach(static_cast<FaultPoint>(static_cast<int>(FaultPoint::kLogAppendBegun) + static_cast<int>(step)));
    };
  }
  return hooks;
}

Status LibraftMember::open_engine() {
  uv_loop_init(&loop_);
  loop_open_ = true;
  const auto election_ms = static_cast<unsigned>(options_.election_timeout.count());
  transport_ = std::make_unique<Transport>(&loop_,
                                           TransportOptions{.self = own_preamble(options_),
                                                            .cluster_key = options_.cluster_key,
                                                            .tls = options_.tls,
                                                            .hosts = options_.hosts,
                                                            .duplicate_window_ms = election_ms,
                                                            .unanswered_ms = std::max(2000u, 4 * election_ms)},
                                           book_);
  const auto directory = engine_directory(options_.directory);
  const raft_engine_options engine_options{
      .id = options_.self.id,
      .alias = options_.self.alias.c_str(),
      .directory = directory.c_str(),
      .election_timeout_ms = election_ms,
      .heartbeat_ms = static_cast<unsigned>(options_.heartbeat.count()),
      .connect_retry_ms = static_cast<unsigned>(options_.connect_retry.count()),
      .install_snapshot_timeout_ms = static_cast<unsigned>(options_.install_snapshot_timeout.count()),
      .segment_bytes = options_.segment_bytes,
      .snapshot_threshold = options_.snapshot_after_entries,
      .snapshot_trailing = options_.snapshot_trailing,
      .raise_term = storage_.lost_metadata};
  const auto engine_hooks = hooks();
  engine_ = raft_engine_open(&loop_, &engine_options, &engine_hooks);
  CHECK(engine_ != nullptr);
  transport_->attach(engine_);
  if (raft_engine_error(engine_) == RAFT_ENGINE_OK) return {};
  const auto error = load_failure();
  raft_engine_free(std::exchange(engine_, nullptr));
  return error;
}

/// For an engine that was opened and did not start.
void LibraftMember::discard_engine() {
  if (engine_ != nullptr) {
    raft_engine_close(engine_, [](void*) {});
    uv_run(&loop_, UV_RUN_DEFAULT);
    raft_engine_free(std::exchange(engine_, nullptr));
  }
  if (std::exchange(loop_open_, false)) CHECK(uv_loop_close(&loop_) == 0);
}

Error LibraftMember::load_failure() const {
  if (load_error_) return Error{load_error_->code, load_error_->message + ": " + engine_directory(options_.directory)};
  // A file that was cut is an input/output error for the library.
  const std::string_view message = raft_engine_message(engine_);
  const bool is_cut =
      message.find("short read") != std::string_view::npos || message.find("file has only") != std::string_view::npos;
  const auto code = raft_engine_error(engine_) == RAFT_ENGINE_NO_SPACE            ? ErrorCode::kNoSpace
                    : raft_engine_error(engine_) == RAFT_ENGINE_CORRUPT || is_cut ? ErrorCode::kCorrupt
                                                                                  : ErrorCode::kIo;
  return Error{code,
               "cannot open the replicated log: " + std::string(message) + ": " + engine_directory(options_.directory)};
}

Status LibraftMember::bootstrap(const std::vector<Member>& members) {
  const std::lock_guard lock(life_mutex_);
  if (life_ != Life::kNew) return Error{ErrorCode::kInvalid, "bootstrap() must be the first call on a log"};
  std::vector<uint64_t> ids;
  std::vector<const char*> aliases;
  std::vector<int> roles;
  bool has_self = false;
  for (const auto& each : members) {
    ids.push_back(each.id);
    aliases.push_back(each.alias.c_str());
    roles.push_back(each.role == MemberRole::kVoter ? RAFT_ENGINE_VOTER : RAFT_ENGINE_LEARNER);
    if (!is_preamble_name(each.alias)) return Error{ErrorCode::kInvalid, "bad alias of a member: " + each.alias};
    has_self = has_self || each.id == options_.self.id;
  }
  if (!has_self) return Error{ErrorCode::kInvalid, "founding members do not include this one: " + options_.self.alias};
  life_ = Life::kPrepared;
  if (auto prepared = prepare(); !prepared.ok()) {
    life_ = Life::kStopped;
    return prepared;
  }
  if (storage_.has_log) return Error{ErrorCode::kAlreadyExists, "the directory holds a group: " + options_.directory};
  if (raft_engine_bootstrap(engine_, ids.data(), aliases.data(), roles.data(), static_cast<unsigned>(ids.size())) !=
      RAFT_ENGINE_OK) {
    return Error{ErrorCode::kInvalid, "cannot found the group: " + std::string(raft_engine_message(engine_))};
  }
  identity_.was_voter = true;  // only now: a crash before leaves an empty directory that may start anew
  return write_identity(options_.directory, identity_);
}

Status LibraftMember::start() {
  const std::lock_guard lock(life_mutex_);
  if (life_ == Life::kRunning || life_ == Life::kStopped)
    return Error{ErrorCode::kInvalid, "a log starts once only: make a new one"};
  Status result;
  if (life_ == Life::kNew) result = prepare();
  life_ = Life::kStopped;
  if (result.ok() && raft_engine_start(engine_) != RAFT_ENGINE_OK) result = load_failure();
  if (!result.ok()) {
    discard_engine();
    return result;
  }
  uv_async_init(&loop_, &wake_, [](uv_async_t*) {});
  uv_check_init(&loop_, &check_);
  check_.data = this;
  uv_check_start(&check_, [](uv_check_t* handle) { member(handle->data)->turn(); });
  turned_ms_ = steady_ms();
  is_awake_ = true;
  life_ = Life::kRunning;
  observe();
  publish();
  thread_ = std::thread([this] { run(); });
  if (options_.stuck) watchdog_ = std::thread([this] { watch(); });
  return {};
}

void LibraftMember::stop() {
  const std::lock_guard lock(life_mutex_);
  mailbox_.close();
  if (life_ == Life::kRunning) {
    stopping_ = true;
    uv_async_send(&wake_);
    thread_.join();
    is_awake_ = false;
    {
      const std::lock_guard watching(watch_mutex_);
      watch_ends_ = true;
    }
    watch_stop_.notify_all();
    if (watchdog_.joinable()) watchdog_.join();
  }
  discard_engine();
  life_ = Life::kStopped;
}

void LibraftMember::run() {
  const auto name = ("raft-" + options_.group).substr(0, 15);
  pthread_setname_np(pthread_self(), name.c_str());
  sigset_t broken_pipe;  // a peer that closes its socket must not end the process
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void LibraftMember::watch() {
  std::unique_lock lock(watch_mutex_);
  int64_t told_for = 0;
  while (!watch_stop_.wait_for(lock, options_.stuck_after / 4, [this] { return watch_ends_; })) {
    const int64_t turned = turned_ms_;
    const auto silent = std::chrono::milliseconds(steady_ms() - turned);
    if (silent < options_.stuck_after || turned == told_for) continue;
    told_for = turned;
    lock.unlock();
    options_.stuck(silent);
    lock.lock();
  }
}

void LibraftMember::close_engine() {
  if (engine_ == nullptr || engine_closing_) return;
  save_mark();
  engine_closing_ = true;
  raft_engine_close(engine_, [](void* owner) {
    auto* self = member(owner);
    // Freed on a later turn: the engine is still on the stack.
    self->engine_closing_ = false;
    uv_async_send(&self->wake_);
    self->seen_ = {};
    auto* engine = std::exchange(self->engine_, nullptr);
    raft_engine_free(engine);
  });
}

void LibraftMember::fail(Error error) {
  if (failure_) return;
  log_error("raft " + options_.group + "/" + options_.self.alias + ": stopped: " + error.message);
  failure_ = std::move(error);
  uv_async_send(&wake_);
  if (options_.failed) options_.failed(*failure_);
}

void LibraftMember::save_mark() {
  raft_engine_facts facts;
  raft_engine_look(engine_, &facts);
  const auto reached = std::min(facts.commit_index, facts.stored_index);
  if (reached <= identity_.committed_index) return;
  identity_.committed_index = reached;
  if (const auto written = write_identity(options_.directory, identity_); !written.ok())
    log_warning("raft " + options_.group + ": " + written.error().message);
}

// ---- the state machine ----

void LibraftMember::on_apply(uint64_t, std::string_view bytes) {
  if (failure_) return;  // nothing behind a refused entry may be applied
  const auto entry = decode_entry(bytes);
  Status applied = entry.ok() ? Status() : Status(entry.error());
  if (entry.ok()) {
    std::vector<Bytes>* results = nullptr;
    // Several batches may be applied before the first of them is answered.
    for (const auto& batch : in_flight_) {
      if (entry.value().proposer == options_.self.id && batch->before == entry.value().before)
        results = &batch->results;
    }
    reach(FaultPoint::kApplyBegun);
    applied = replay_.apply(entry.value(), results);
    reach(FaultPoint::kApplyDone);
  }
  if (!applied.ok()) return fail(applied.error());
  bytes_since_snapshot_ += bytes.size();
  ++entries_since_snapshot_;
  if (bytes_since_snapshot_ >= std::max(options_.snapshot_after_bytes, snapshot_bytes_))
    raft_engine_set_snapshot(engine_, 1, options_.snapshot_trailing);
}

int LibraftMember::on_snapshot(uint64_t index, void** data, size_t* size) {
  if (failure_) return 1;
  const auto bytes = replay_.snapshot();
  reach(FaultPoint::kSnapshotTaken);
  *data = raft_engine_allocate(bytes.size());
  if (*data == nullptr) return 1;
  std::memcpy(*data, bytes.data(), bytes.size());
  *size = bytes.size();
  const auto entry_bytes = bytes_since_snapshot_ / std::max<uint64_t>(1, entries_since_snapshot_) + 1;
  const auto affordable = options_.snapshot_trailing_bytes / entry_bytes + 1;
  const auto trailing = static_cast<unsigned>(std::min<uint64_t>(affordable, options_.snapshot_trailing));
  raft_engine_set_snapshot(engine_, options_.snapshot_after_entries, trailing);
  snapshot_bytes_ = bytes.size();
  bytes_since_snapshot_ = 0;
  entries_since_snapshot_ = 0;
  snapshot_index_ = index;
  save_mark();
  return 0;
}

int LibraftMember::on_restore(uint64_t index, std::string_view bytes) {
  const auto restored = replay_.restore(bytes);
  if (!restored.ok()) {
    load_error_ = restored.error();
    fail(restored.error());
    return 1;
  }
  reach(FaultPoint::kSnapshotRestored);
  if (index != 0) snapshot_index_ = index;
  snapshot_bytes_ = bytes.size();
  bytes_since_snapshot_ = 0;
  entries_since_snapshot_ = 0;
  return 0;
}

int LibraftMember::on_loaded(Status checked) {
  if (checked.ok()) return 0;
  load_error_ = checked.error();
  return 1;
}

// ---- a turn of the loop ----

void LibraftMember::turn() {
  turned_ms_.store(steady_ms(), std::memory_order_relaxed);
  auto mail = mailbox_.take();
  for (const auto& task : mail.tasks) task();
  std::move(mail.proposals.begin(), mail.proposals.end(), std::back_inserter(waiting_));
  std::move(mail.barriers.begin(), mail.barriers.end(), std::back_inserter(waiting_readers_));
  if (stopping_ || failure_) {
    close_engine();
    if (is_open_) lose_leadership(seen_.term);
    refuse_waiting(failure_ ? Error{ErrorCode::kUnavailable, "the replicated log stopped: " + failure_->message}
                            : stopped());
    publish();
    if (stopping_ && engine_ == nullptr && !uv_is_closing(reinterpret_cast<uv_handle_t*>(&wake_))) {
      uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
      uv_close(reinterpret_cast<uv_handle_t*>(&check_), nullptr);
    }
    return;
  }
  observe();
  if (lead_term_ == 0) {
    if (!waiting_.empty() || !waiting_readers_.empty()) refuse_waiting(not_leader());
  } else if (is_open_) {
    pump();
  } else {
    open_term();
  }
  publish();
}

void LibraftMember::observe() {
  const auto before = seen_;
  raft_engine_look(engine_, &seen_);
  if (seen_.configuration_index != before.configuration_index || seen_.member_count != members_.size())
    refresh_members();
  const bool leads = seen_.state == RAFT_ENGINE_LEADER;
  if (lead_term_ != 0 && (!leads || seen_.term != lead_term_)) lose_leadership(seen_.term);
  if (leads && lead_term_ == 0) {
    lead_term_ = seen_.term;
    term_barrier_runs_ = false;
  }
}

void LibraftMember::lose_leadership(uint64_t term) {
  const bool was_open = std::exchange(is_open_, false);
  lead_term_ = 0;
  if (was_open) machine_.leadership_changed(false, term);
}

/// Proposing starts only behind a barrier of this term: until then the number of the next command is unknown.
void LibraftMember::open_term() {
  if (term_barrier_runs_) return;
  const auto done = [](void* owner, void* tag, int status) {
    member(owner)->term_opened(reinterpret_cast<uint64_t>(tag), status);
  };
  const auto status = raft_engine_barrier(engine_, reinterpret_cast<void*>(lead_term_), done);
  term_barrier_runs_ = status == RAFT_ENGINE_OK;  // otherwise (no disk space yet) again on the next turn
}

void LibraftMember::term_opened(uint64_t term, int status) {
  raft_engine_look(engine_, &seen_);
  if (status != RAFT_ENGINE_OK || term != lead_term_ || seen_.term != term || seen_.state != RAFT_ENGINE_LEADER) return;
  term_barrier_runs_ = false;
  propose_place_ = replay_.place();
  is_open_ = true;
  reach(FaultPoint::kTermOpened);
  machine_.leadership_changed(true, term);
  uv_async_send(&wake_);  // what waited may go now
}

void LibraftMember::refresh_members() {
  members_.clear();
  bool votes = false;
  for (unsigned i = 0; i < seen_.member_count; ++i) {
    uint64_t id = 0;
    const char* alias = nullptr;
    int role = 0;
    raft_engine_member(engine_, i, &id, &alias, &role);
    const auto ours = role == RAFT_ENGINE_VOTER     ? MemberRole::kVoter
                      : role == RAFT_ENGINE_LEARNER ? MemberRole::kLearner
                                                    : MemberRole::kSpare;
    votes = votes || (id == options_.self.id && ours == MemberRole::kVoter);
    members_.push_back(Member{id, alias, ours});
  }
  if (!votes || identity_.was_voter) return;
  identity_.was_voter = true;
  if (const auto written = write_identity(options_.directory, identity_); !written.ok()) fail(written.error());
}

void LibraftMember::publish() {
  const auto role = engine_ == nullptr                     ? LogRole::kStopped
                    : seen_.state == RAFT_ENGINE_LEADER    ? LogRole::kLeader
                    : seen_.state == RAFT_ENGINE_CANDIDATE ? LogRole::kCandidate
                    : seen_.state == RAFT_ENGINE_FOLLOWER  ? LogRole::kFollower
                                                           : LogRole::kStopped;
  const std::lock_guard lock(status_mutex_);
  status_.role = role;
  status_.term = seen_.term;
  status_.commit_index = seen_.commit_index;
  status_.applied_index = seen_.applied_index;
  status_.command_count = replay_.place().command_count;
  status_.snapshot_index = snapshot_index_;
  status_.disk_capacity_bytes = seen_.capacity_bytes;
  status_.disk_healthy = seen_.capacity_bytes >= seen_.capacity_needed_bytes;
  status_.leader.clear();
  for (const auto& each : members_) {
    if (each.id == seen_.leader) status_.leader = each.alias;
  }
  if (status_.members != members_) status_.members = members_;
  status_.silent.clear();
  for (const auto& each : members_) {
    if (lead_term_ != 0 && !is_live(each.id)) status_.silent.push_back(each.alias);
  }
  if (failure_ && status_.failure.empty()) status_.failure = failure_->message;
}

// ---- proposals ----

void LibraftMember::pump() {
  while (is_open_ && !waiting_.empty() && in_flight_.size() < kBatchesInFlight) submit_batch();
  if (is_open_ && !waiting_readers_.empty() && running_readers_.empty()) submit_readers();
}

void LibraftMember::submit_batch() {
  auto batch = std::make_unique<Batch>();
  batch->before = propose_place_;
  EntryEncoder encoder(group_, propose_place_, options_.self.id);
  size_t size = 0;
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    if (size > 0 && size + entry_cost(next.command) > options_.batch_bytes_max) break;
    size += entry_cost(next.command);
    batch->bytes += next.command.size();
    encoder.add(next.command);
    batch->dones.push_back(std::move(next.done));
    waiting_.pop_front();
  }
  if (waiting_.empty() && running_readers_.empty()) batch->readers = std::exchange(waiting_readers_, {});
  LogPlace after;
  const auto bytes = encoder.finish(after);
  auto* tag = batch.get();
  in_flight_.push_back(std::move(batch));
  const auto done = [](void* owner, void* of, int status) {
    member(owner)->batch_done(static_cast<Batch*>(of), status);
  };
  const auto status = raft_engine_apply(engine_, bytes.data(), bytes.size(), tag, done);
  if (status == RAFT_ENGINE_OK) {
    propose_place_ = after;
    return;
  }
  if (status == RAFT_ENGINE_OTHER)
    fail(Error{ErrorCode::kIo, "cannot append to the log: " + std::string(raft_engine_message(engine_))});
  auto refused = std::move(in_flight_.back());
  in_flight_.pop_back();
  const auto error = engine_failure(status, "propose");
  mailbox_.answered(refused->dones.size(), refused->bytes);
  for (const auto& each : refused->dones) each(error);
  for (const auto& each : refused->readers) each(error);
}

void LibraftMember::batch_done(Batch* batch, int status) {
  const auto at =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const auto& each) { return each.get() == batch; });
  CHECK(at != in_flight_.end());
  const auto finished = std::move(*at);
  in_flight_.erase(at);
  mailbox_.answered(finished->dones.size(), finished->bytes);
  const bool applied = status == RAFT_ENGINE_OK && finished->results.size() == finished->dones.size();
  const Error unknown{ErrorCode::kOutcomeUnknown, "leadership was lost before the command was known to be committed"};
  for (size_t i = 0; i < finished->dones.size(); ++i) {
    finished->dones[i](applied ? Result<Bytes>(std::move(finished->results[i])) : Result<Bytes>(unknown));
  }
  for (const auto& reader : finished->readers) reader(applied ? Status() : Status(not_leader()));
  if (!waiting_.empty() || !waiting_readers_.empty()) uv_async_send(&wake_);
}

/// All readers that wait now share one barrier entry.
void LibraftMember::submit_readers() {
  running_readers_ = std::exchange(waiting_readers_, {});
  const auto done = [](void* owner, void*, int status) { member(owner)->readers_done(status); };
  const auto status = raft_engine_barrier(engine_, nullptr, done);
  if (status != RAFT_ENGINE_OK) readers_done(status);
}

void LibraftMember::readers_done(int status) {
  const auto readers = std::exchange(running_readers_, {});
  const Status answer = status == RAFT_ENGINE_OK                ? Status()
                        : status == RAFT_ENGINE_LEADERSHIP_LOST ? Status(not_leader())
                                                                : Status(engine_failure(status, "read barrier"));
  for (const auto& reader : readers) reader(answer);
  if (!waiting_readers_.empty()) uv_async_send(&wake_);
}

void LibraftMember::refuse_waiting(const Error& error) {
  const auto proposals = std::exchange(waiting_, {});
  const auto readers = std::exchange(waiting_readers_, {});
  size_t bytes = 0;
  for (const auto& each : proposals) bytes += each.command.size();
  mailbox_.answered(proposals.size(), bytes);
  for (const auto& each : proposals) each.done(error);
  for (const auto& each : readers) each(error);
}

Error LibraftMember::not_leader() const {
  Error error{ErrorCode::kNotLeader, ""};
  for (const auto& each : members_) {
    if (each.id == seen_.leader && each.id != options_.self.id) error.message = each.alias;
  }
  return error;
}

Error LibraftMember::engine_failure(int status, std::string_view what) const {
  const auto text = std::string(what) + ": ";
  switch (status) {
    case RAFT_ENGINE_NOT_LEADER:
    case RAFT_ENGINE_LEADERSHIP_LOST: return not_leader();
    case RAFT_ENGINE_NO_SPACE: return Error{ErrorCode::kNoSpace, text + "the disks of a majority are full"};
    case RAFT_ENGINE_CANNOT_CHANGE: return Error{ErrorCode::kConflict, text + "another membership change is under way"};
    case RAFT_ENGINE_NO_CONNECTION: return Error{ErrorCode::kUnavailable, text + "the member does not catch up"};
    case RAFT_ENGINE_BAD_ROLE: return Error{ErrorCode::kAlreadyExists, text + "the member has that role"};
    case RAFT_ENGINE_UNKNOWN_MEMBER: return Error{ErrorCode::kNotFound, text + "no such member"};
    case RAFT_ENGINE_DUPLICATE: return Error{ErrorCode::kAlreadyExists, text + "id or alias is in use"};
    default: return Error{ErrorCode::kUnavailable, text + raft_engine_message(engine_)};
  }
}

// ---- any thread ----

void LibraftMember::propose(Bytes command, ProposeDone done) {
  if (command.size() > options_.command_bytes_max) {
    return done(
        Error{ErrorCode::kLimit, "command is too large for the replicated log: " + std::to_string(command.size()) +
                                     " bytes, at most " + std::to_string(options_.command_bytes_max)});
  }
  if (!is_awake_) return done(stopped());
  Proposal proposal{std::move(command), std::move(done)};
  const auto put = mailbox_.put(proposal);
  if (put == Mailbox::Put::kRefused) return proposal.done(stopping_ ? stopped() : queue_full());
  if (put == Mailbox::Put::kFirst) uv_async_send(&wake_);
}

void LibraftMember::read_barrier(Done done) {
  if (!is_awake_) return done(stopped());
  const auto put = mailbox_.put(done);
  if (put == Mailbox::Put::kRefused) return done(stopping_ ? stopped() : queue_full());
  if (put == Mailbox::Put::kFirst) uv_async_send(&wake_);
}

void LibraftMember::accept_connection(int fd, std::string already_read) {
  const auto put = is_awake_ ? mailbox_.put_task([this, fd, read = std::move(already_read)] {
    if (engine_ == nullptr || engine_closing_) {
      ::close(fd);
    } else {
      transport_->accept(fd, read);
    }
  })
                             : Mailbox::Put::kRefused;
  if (put == Mailbox::Put::kRefused) ::close(fd);
  if (put == Mailbox::Put::kFirst) uv_async_send(&wake_);
}

LogStatus LibraftMember::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace pelorus::raft
