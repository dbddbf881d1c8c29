#include "session/session.h"

#include <random>

namespace pelorus::session {

functions::Caller Session::caller() const {
  const std::lock_guard lock(mutex_);
  return {
      .user = user_, .session_id = id_, .is_admin = is_admin_, .remote_ip = remote_.ip, .remote_port = remote_.port};
}

void Session::set_identity(const std::string& user, bool is_admin) {
  const std::lock_guard lock(mutex_);
  user_ = user;
  is_admin_ = is_admin;
  if (running_host_ == nullptr || running_thread_ != std::this_thread::get_id()) return;
  running_host_->set_caller(
      {.user = user_, .session_id = id_, .is_admin = is_admin_, .remote_ip = remote_.ip, .remote_port = remote_.port});
}

void Session::set_pending_scram(PendingScram exchange) {
  const std::lock_guard lock(mutex_);
  scram_ = std::move(exchange);
}

std::optional<PendingScram> Session::take_pending_scram() {
  const std::lock_guard lock(mutex_);
  return std::exchange(scram_, std::nullopt);
}

void Session::set_peer(std::shared_ptr<wire::Peer> peer) {
  const std::lock_guard lock(mutex_);
  peer_ = std::move(peer);
}

std::shared_ptr<wire::Peer> Session::peer() const {
  const std::lock_guard lock(mutex_);
  return peer_;
}

Result<std::shared_ptr<Session>> SessionTable::open(Remote remote) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= sessions_max_) {
    return Error{ErrorCode::kLimit,
                 "The number of connections has reached the limit maxConnections: " + std::to_string(sessions_max_)};
  }
  // Random, so that ids of one life of the node say nothing about another's.
  static constexpr uint64_t kIdMax = 0x7FFFFFFF;
  std::random_device random;
  uint64_t id = 0;
  do {
    id = random() % kIdMax + 1;
  } while (sessions_.contains(id));
  auto session = std::make_shared<Session>(id, std::move(remote), clock_.wall_ns());
  session->last_active_ns = clock_.wall_ns();
  sessions_.emplace(id, session);
  return session;
}

void SessionTable::close(uint64_t id) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(id);
}

std::shared_ptr<Session> SessionTable::find(uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Session>> SessionTable::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Session>> list;
  for (const auto& [id, session] : sessions_) list.push_back(session);
  return list;
}

size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace pelorus::session
