#include "client/failover.h"

#include <thread>

#include "base/ids.h"

namespace pelorus::client {

FailoverConnection::FailoverConnection(std::vector<Endpoint> sites, FailoverOptions options)
    : sites_(std::move(sites)), options_(std::move(options)), client_id_(Uuid::random().to_string()) {
  CHECK(!sites_.empty());
}

Result<Answer> FailoverConnection::run(std::string_view script, CallOptions options) {
  return carry_out([&](Connection& to, const CallOptions& with) { return to.run(script, with); }, std::move(options));
}

Result<Answer> FailoverConnection::call(std::string_view function, const std::vector<data::Value>& arguments,
                                        CallOptions options) {
  return carry_out([&](Connection& to, const CallOptions& with) { return to.call(function, arguments, with); },
                   std::move(options));
}

Status FailoverConnection::upload(const std::vector<std::string>& names, const std::vector<data::Value>& values,
                                  CallOptions options) {
  const auto answer = carry_out(
      [&](Connection& to, const CallOptions& with) -> Result<Answer> {
        TRY_DONE(to.upload(names, values, with));
        return Answer();
      },
      std::move(options));
  if (!answer.ok()) return answer.error();
  return {};
}

Status FailoverConnection::connect_to(const Endpoint& site) {
  TRY(auto opened, Connection::open(site, options_.connection));
  if (!options_.start_script.empty()) {
    const auto started = opened->run(options_.start_script);
    if (!started.ok()) return started.error();
  }
  connection_ = std::move(opened);
  return {};
}

/// Each site once, from the next one on.
Status FailoverConnection::connect() {
  Error last{ErrorCode::kUnavailable, "No site answers."};
  for (size_t tried = 0; tried < sites_.size(); ++tried) {
    const auto& site = sites_[next_site_ % sites_.size()];
    const auto connected = connect_to(site);
    if (connected.ok()) return {};
    last = connected.error();
    ++next_site_;
    if (last.code == ErrorCode::kDenied) break;
  }
  return last;
}

bool FailoverConnection::prepare_next(const Error& error, int& redirects) {
  switch (error.code) {
    case ErrorCode::kNotLeader: {
      const auto leader = parse_endpoint(error.message);
      if (leader.ok() && ++redirects <= options_.redirects_max && connect_to(*leader).ok()) return true;
      connection_.reset();
      ++next_site_;
      return true;
    }
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kOutcomeUnknown:
      // A chunk in transaction is so on every node: stay, and wait.
      if (error.message.starts_with("<ChunkInTransaction>")) return true;
      connection_.reset();
      ++next_site_;
      return true;
    default: return false;
  }
}

Result<Answer> FailoverConnection::carry_out(const Request& request, CallOptions options) {
  const auto give_up = std::chrono::steady_clock::now() + options_.give_up_after;
  if (options.client_id.empty()) {
    options.client_id = client_id_;
    options.sequence = ++sequence_;
  }
  int redirects = 0;
  while (true) {
    Error error;
    bool redirected = false;
    if (connection_ == nullptr || !connection_->is_usable()) {
      connection_.reset();
      const auto connected = connect();
      if (!connected.ok()) error = connected.error();
    }
    if (connection_ != nullptr) {
      auto answer = request(*connection_, options);
      if (answer.ok()) return answer;
      error = answer.error();
      // A repetition is marked by a negative number.
      options.sequence = -std::abs(options.sequence);
      const auto* before = connection_.get();
      if (!prepare_next(error, redirects)) return error;
      redirected = connection_ != nullptr && connection_.get() != before;
    } else if (error.code == ErrorCode::kDenied) {
      return error;
    }
    if (std::chrono::steady_clock::now() >= give_up) return error;
    if (!redirected) std::this_thread::sleep_for(options_.pause);
  }
}

}  // namespace pelorus::client
