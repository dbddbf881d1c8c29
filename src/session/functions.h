#pragma once
// The functions of scripts that concern sessions: login, tickets, jobs, connections, version.

#include <functional>
#include <string>

#include "functions/registry.h"
#include "session/completed_queries.h"
#include "session/job_board.h"
#include "session/login.h"
#include "session/session.h"

namespace pelorus::session {

/// What the functions work on; all outlive the registry.
struct FunctionSurroundings {
  SessionTable& sessions;
  Login& login;
  JobBoard& jobs;
  std::string node_alias;
  std::string version;  // "3.00.4.2 2025.10.01 LINUX_ABI x86_64": clients read the part before the blank
  bool client_auth = false;
  const CompletedQueries* completed_queries = nullptr;  // null: perfMonitoring is off
  std::function<bool()> is_initialized;                 // false: clients wait and ask again
};

/// login logout getDynamicPublicKey scramClientFirst scramClientFinal isClientAuth authenticateByTicket
/// getAuthenticatedUserTicket getCurrentSessionAndUser isNodeInitialized getRequiredAPIVersion version getConsoleJobs
/// getCompletedQueries cancelConsoleJob getSessionMemoryStat closeSessions getConnections
void register_session_functions(functions::Registry& registry, const FunctionSurroundings& surroundings);

}  // namespace pelorus::session
