#include "stream/ha/stream_group.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/ids.h"
#include "base/log.h"
#include "base/request_scope.h"

namespace pelorus::stream {

using data::Table;

namespace {

constexpr size_t kCommandBytesMax = 4u << 20;
constexpr std::chrono::milliseconds kRetryPause{50};

Error unavailable(int64_t group, const std::string& reason) {
  return {ErrorCode::kUnavailable, "The stream group " + std::to_string(group) + " " + reason + ". RefId: S03020"};
}

}  // namespace

Result<int64_t> HaStreamTable::append(const Table& rows) { return group_.append(name_, rows); }

StreamGroup::StreamGroup(StreamGroupTerms terms, const Clock& clock)
    : terms_(std::move(terms)),
      clock_(clock),
      machine_(
          [this](const std::string& name, std::shared_ptr<StreamTable> table) {
            terms_.table_changed(
                name, table == nullptr ? nullptr : std::make_shared<HaStreamTable>(name, std::move(table), *this));
          },
          terms_.leadership_changed),
      waits_for_("has not begun") {}

Status StreamGroup::start(raft::LibraftOptions options, const raft::AddressBook& book,
                          const std::vector<raft::Member>& founders) {
  options.command_bytes_max = kCommandBytesMax;
  options.failed = [this](const Error& error) {
    set_waits_for("has stopped: " + error.message);
    log_error("The stream group " + std::to_string(terms_.id) + " has stopped: " + error.message);
  };
  TRY(std::unique_ptr<raft::LibraftLog> made, raft::make_libraft_log(std::move(options), machine_, book));
  if (!founders.empty()) {
    const auto founded = made->bootstrap(founders);
    if (!founded.ok() && founded.error().code != ErrorCode::kAlreadyExists) return founded;
  }
  TRY_DONE(made->start());
  const std::lock_guard lock(mutex_);
  log_ = std::move(made);
  waits_for_.clear();
  return {};
}

void StreamGroup::stop() {
  std::shared_ptr<raft::LibraftLog> running;
  {
    const std::lock_guard lock(mutex_);
    running = std::move(log_);
    waits_for_ = "has ended on this node";
  }
  if (running != nullptr) running->stop();
}

std::shared_ptr<raft::LibraftLog> StreamGroup::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void StreamGroup::accept(int fd, std::string already_read) {
  const auto running = log();
  if (running == nullptr) {
    ::close(fd);
    return;
  }
  running->accept_connection(fd, std::move(already_read));
}

std::string StreamGroup::waits_for() const {
  const std::lock_guard lock(mutex_);
  return waits_for_;
}

void StreamGroup::set_waits_for(std::string reason) {
  const std::lock_guard lock(mutex_);
  waits_for_ = std::move(reason);
}

Result<std::string> StreamGroup::leader() const {
  const auto running = log();
  if (running == nullptr) return unavailable(terms_.id, waits_for());
  auto status = running->status();
  if (!status.failure.empty()) return unavailable(terms_.id, "has stopped on this node: " + status.failure);
  if (status.leader.empty()) return unavailable(terms_.id, "has no leader at the moment");
  return std::move(status.leader);
}

bool StreamGroup::leads() const {
  const auto running = log();
  return running != nullptr && running->status().role == raft::LogRole::kLeader;
}

Status StreamGroup::transfer(const std::string& alias) {
  const auto running = log();
  if (running == nullptr) return unavailable(terms_.id, waits_for());
  return running->transfer_leadership_and_wait(alias, kAnswerWait);
}

Error StreamGroup::not_leader(const std::string& leader) const {
  if (leader.empty()) return unavailable(terms_.id, "has no leader at the moment");
  return {ErrorCode::kNotLeader, "<NotLeader>" + terms_.site_of(leader)};
}

Result<int64_t> StreamGroup::propose(const GroupCommand& command) {
  TRY(const auto bytes, encode(command));
  // Whoever waits longer than this has met more than an election.
  const auto end = clock_.now() + kAnswerWait;
  bool is_unknown = false;
  while (true) {
    const auto running = log();
    if (running == nullptr) return unavailable(terms_.id, waits_for());
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock_.now());
    const auto answer = running->propose_and_wait(bytes, std::max(left, std::chrono::milliseconds(1)));
    if (answer.ok()) return decode_outcome(*answer);
    const auto code = answer.error().code;
    // An append is told by its request, a repeated create or drop by its refusal: trying again is safe.
    is_unknown = is_unknown || code == ErrorCode::kOutcomeUnknown;
    const bool is_elsewhere = code == ErrorCode::kNotLeader && !answer.error().message.empty();
    const bool may_pass =
        code == ErrorCode::kOutcomeUnknown || code == ErrorCode::kUnavailable || code == ErrorCode::kNotLeader;
    if (may_pass && !is_elsewhere && clock_.now() < end) {
      std::this_thread::sleep_for(kRetryPause);
      continue;
    }
    if (is_unknown)
      return Error{ErrorCode::kOutcomeUnknown, "The stream group " + std::to_string(terms_.id) +
                                                   " lost its leader meanwhile: whether the rows are stored is not "
                                                   "known; look before sending them again."};
    if (code == ErrorCode::kNotLeader) return not_leader(answer.error().message);
    return answer.error();
  }
}

Status StreamGroup::create(const std::string& name, const Table& columns, const std::vector<std::string>& keys,
                           int64_t retention_minutes) {
  TRY([[maybe_unused]] const auto done, propose({.kind = GroupCommand::Kind::kCreate,
                                                 .table = name,
                                                 .request = {},
                                                 .retention_minutes = retention_minutes,
                                                 .keys = keys,
                                                 .rows = columns}));
  return {};
}

Status StreamGroup::drop(const std::string& name) {
  TRY([[maybe_unused]] const auto done,
      propose({.kind = GroupCommand::Kind::kDrop, .table = name, .request = {}, .keys = {}, .rows = {}}));
  return {};
}

Result<int64_t> StreamGroup::append_part(const std::string& name, const Table& rows) {
  constexpr int64_t kNsPerMs = 1'000'000;
  // A client that numbers its requests repeats them at the next leader: there they are known by the same name.
  const auto number = RequestScope::next_write();
  return propose({.kind = GroupCommand::Kind::kAppend,
                  .table = name,
                  .request = number.client.empty() ? Uuid::random().to_string()
                                                   : number.client + "/" + std::to_string(number.sequence),
                  .time_ms = clock_.wall_ns() / kNsPerMs,
                  .keys = {},
                  .rows = rows});
}

Result<int64_t> StreamGroup::append(const std::string& name, const Table& rows) {
  const auto known = machine_.find(name);
  if (known == nullptr)
    return Error{ErrorCode::kNotFound, "There is no highly available stream table " + name + " any more."};
  Table typed(known->schema());
  TRY_DONE(typed.append(rows));  // what does not fit is refused before anything is stored
  // Rows in memory are about as long as in a command; texts are shorter there.
  const size_t parts = 1 + typed.memory_bytes() / (kCommandBytesMax / 2);
  const size_t each = (typed.rows() + parts - 1) / parts;
  int64_t added = 0;
  for (size_t from = 0; from < typed.rows(); from += each) {
    const auto part = append_part(name, typed.slice(from, std::min(each, typed.rows() - from)));
    if (!part.ok() && from == 0) return part.error();
    if (!part.ok())
      return Error{ErrorCode::kOutcomeUnknown, "The first " + std::to_string(from) + " of " +
                                                   std::to_string(typed.rows()) +
                                                   " rows are stored, then: " + part.error().message};
    added += *part;
  }
  return added;
}

StreamGroup* StreamGroups::find(int64_t id) const {
  for (const auto& group : groups_) {
    if (group->id() == id) return group.get();
  }
  return nullptr;
}

}  // namespace pelorus::stream
