#pragma once
// Runs one request of a session: the only place where script errors become error lines.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "session/job_board.h"
#include "session/login.h"
#include "session/outcome_memory.h"
#include "session/session.h"
#include "wire/request.h"

namespace pelorus::session {

/// A value, nothing, or the text of the error line.
struct Outcome {
  std::optional<data::Value> value;
  std::optional<std::string> error;
};

struct RunnerOptions {
  bool client_auth = false;  // enableClientAuth: guests may call a fixed list only
};

/// Thread-safe; one per node. run() blocks as long as the statement takes.
class StatementRunner {
 public:
  StatementRunner(ScriptHostFactory& hosts, Login& login, JobBoard& jobs, OutcomeMemory& outcomes, const Clock& clock,
                  RunnerOptions options)
      : hosts_(hosts), login_(login), jobs_(jobs), outcomes_(outcomes), clock_(clock), options_(options) {}

  /// `print` receives what print() shows; it may wait.
  /// An urgent request finds the session busy: it runs beside the statement, with the session's identity and variables
  /// of its own.
  Outcome run(Session& session, wire::Request request, const std::function<void(std::string_view)>& print);
  /// The connection is gone: its statements end at their next block, asynchronous ones go on.
  void cancel(const Session& session) { jobs_.cancel_session(session.id()); }
  void cancel_all() { jobs_.cancel_all(); }
  /// Guests of a node with enableClientAuth may not send much.
  bool may_send_only_logins(const Session& session) const { return options_.client_auth && session.is_guest(); }

 private:
  std::optional<data::Value> dispatch(Session& session, wire::Request& request, const StatementSurroundings& with);
  std::optional<data::Value> run_on(ScriptHost& host, wire::Request& request, const StatementSurroundings& with);
  std::optional<data::Value> run_once(Session& session, wire::Request& request, const StatementSurroundings& with);
  Outcome run_guarded(Session& session, wire::Request& request, const StatementSurroundings& with);

  ScriptHostFactory& hosts_;
  Login& login_;
  JobBoard& jobs_;
  OutcomeMemory& outcomes_;
  const Clock& clock_;
  const RunnerOptions options_;
};

}  // namespace pelorus::session
