#include "session/run_statement.h"

#include <new>

#include "base/log.h"
#include "base/memory_limit.h"
#include "base/request_scope.h"
#include "base/script_error.h"
#include "exec/interpreter.h"
#include "session/client_auth.h"
#include "session/revive_texts.h"

namespace pelorus::session {
namespace {

using data::Value;
using wire::Request;
using wire::RequestKind;

/// What the client is told. It looks for the tag that sends it to another node at the very beginning, with nothing
/// behind the site; what a script throws is no such tag.
std::string told_text(const ScriptError& error) {
  constexpr std::string_view kTag = " => <NotLeader>";
  constexpr size_t kArrow = 4;
  const auto& text = error.message();
  const size_t at = text.rfind(kTag);
  if (at == std::string::npos || dynamic_cast<const exec::ThrownError*>(&error) != nullptr) return text;
  return text.substr(at + kArrow);
}

/// The beginning of the statement, for lists of jobs.
std::string description_of(const Request& request) {
  if (request.kind != RequestKind::kUpload) return request.text.substr(0, JobBoard::kDescriptionBytesMax);
  std::string names = "upload ";
  for (const auto& name : request.names) names += (names.size() > 7 ? "," : "") + name;
  return names;
}

void refuse_other_dialects(const wire::RequestHeader& header) {
  using enum wire::RequestFlag;
  if (header.has(kPythonParser)) throw ScriptError("The Python dialect of scripts is not supported.");
  if (header.has(kQParser)) throw ScriptError("The q dialect of scripts is not supported.");
  if (header.has(kOracleDialect)) throw ScriptError("The Oracle dialect of SQL is not supported.");
  if (header.has(kMysqlDialect)) throw ScriptError("The MySQL dialect of SQL is not supported.");
  constexpr uint32_t kPickle = 1u << 3;
  constexpr uint32_t kArrow = 1u << 15;  // with kPickle: tables as lists
  if ((header.flags & (kArrow | kPickle)) == kArrow)
    throw ScriptError("Results in the Arrow format are not supported: connect with protocol=PROTOCOL_DDB.");
}

}  // namespace

Outcome StatementRunner::run(Session& session, Request request, const std::function<void(std::string_view)>& print) {
  session.last_active_ns = clock_.wall_ns();
  const auto caller = session.caller();
  CancellationToken cancellation;
  const auto running = jobs_.begin({.session_id = session.id(),
                                    .user = caller.user,
                                    .description = description_of(request),
                                    .priority = request.header.priority,
                                    .parallelism = request.header.parallelism,
                                    .remote_ip = caller.remote_ip,
                                    .remote_port = caller.remote_port,
                                    .received_ns = clock_.wall_ns(),
                                    .cancelled_with_connection = !request.header.has(wire::kAsynchronous)},
                                   cancellation);
  const StatementSurroundings with{.cancellation = cancellation,
                                   .print = print,
                                   .priority = request.header.priority,
                                   .parallelism = request.header.parallelism};
  const bool numbered =
      !request.header.client_id.empty() && request.header.sequence != 0 && request.kind != RequestKind::kConnect;
  if (!numbered) return run_guarded(session, request, with);

  // Numbers of one client count only within one user, so that nobody reads another's outcomes.
  const auto client = caller.user + "\n" + request.header.client_id;
  const auto sequence = request.header.sequence;
  if (auto remembered = outcomes_.begin(client, sequence)) return {.value = std::move(remembered->value), .error = {}};
  const auto number = static_cast<uint64_t>(sequence);
  const RequestScope scope(client, sequence < 0 ? 0 - number : number);
  auto outcome = run_guarded(session, request, with);
  const OutcomeMemory::Remembered success{.value = outcome.value};
  outcomes_.end(client, sequence, outcome.error ? nullptr : &success);
  return outcome;
}

Outcome StatementRunner::run_guarded(Session& session, Request& request, const StatementSurroundings& with) {
  const memory::Refusable may_be_refused;
  try {
    return {.value = dispatch(session, request, with), .error = {}};
  } catch (const ScriptError& error) {
    return {.value = {}, .error = told_text(error)};
  } catch (const OutOfMemory& refused) {
    return {.value = {}, .error = refused.what()};
  } catch (const std::bad_alloc&) {
    return {.value = {}, .error = "Out of memory: the statement needs more than this node can give."};
  } catch (const std::exception& error) {
    log_error("A statement met a fault of the server: " + std::string(error.what()));
    return {.value = {}, .error = "Internal error: " + std::string(error.what())};
  }
}

std::optional<Value> StatementRunner::dispatch(Session& session, Request& request, const StatementSurroundings& with) {
  if (request.kind == RequestKind::kConnect) {
    refuse_other_dialects(request.header);
    if (!request.login) return std::nullopt;
    const auto done =
        login_.by_password(session, request.login->user, request.login->password, request.login->encrypted);
    if (!done.ok()) throw ScriptError(done.error().message);
    return std::nullopt;
  }
  if (options_.client_auth && session.is_guest() && !may_run_before_login(request)) {
    throw ScriptError(std::string(kLoginRequired));
  }
  refuse_other_dialects(request.header);
  return run_once(session, request, with);
}

std::optional<Value> StatementRunner::run_once(Session& session, Request& request, const StatementSurroundings& with) {
  std::unique_lock busy(session.host_mutex_, std::defer_lock);
  if (request.header.has(wire::kUrgent)) {
    if (!busy.try_lock()) {
      const auto host = hosts_.open(session.caller());
      return run_on(*host, request, with);
    }
  } else {
    busy.lock();
  }
  if (session.host_ == nullptr) session.host_ = hosts_.open(session.caller());
  auto& host = *session.host_;
  {
    const std::lock_guard lock(session.mutex_);
    session.running_host_ = &host;
    session.running_thread_ = std::this_thread::get_id();
  }
  host.set_caller(session.caller());
  struct Leave {
    Session& session;
    ~Leave() {
      const std::lock_guard lock(session.mutex_);
      session.running_host_ = nullptr;
    }
  } leave{session};
  auto value = run_on(host, request, with);
  if (request.header.has(wire::kClearMemory)) host.clear_variables();
  session.memory_bytes = host.memory_bytes();
  return value;
}

std::optional<Value> StatementRunner::run_on(ScriptHost& host, Request& request, const StatementSurroundings& with) {
  switch (request.kind) {
    case RequestKind::kScript: return host.run(request.text, with);
    case RequestKind::kFunction:
      revive_texts(host, request.arguments, with);
      return host.call(request.text, std::move(request.arguments), with);
    case RequestKind::kUpload:
      revive_texts(host, request.arguments, with);
      for (size_t i = 0; i < request.names.size(); ++i) {
        host.set_variable(request.names[i], std::move(request.arguments[i]));
      }
      return std::nullopt;
    case RequestKind::kConnect: break;
  }
  return std::nullopt;
}

}  // namespace pelorus::session
