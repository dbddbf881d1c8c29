// A node without storage and cluster: the protocol, sessions and the interpreter over memory. For tests with clients.
// memory_node <port> [web root]: prints the port in use on its first line and runs until its input ends.

#include <iostream>

#include "exec/language_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "net/listener.h"
#include "session/functions.h"
#include "session/interpreter_host.h"

namespace pelorus {
namespace {

int run_node(uint16_t port, std::string web_root) {
  SystemClock clock;
  session::FixedUsers users;
  users.put("admin", {.verifier = *meta::make_verifier("123456"), .is_admin = true});
  session::SessionTable sessions(clock, 1000);
  session::Login login(users, clock, {});
  session::JobBoard jobs;
  session::OutcomeMemory outcomes;
  functions::Registry registry;
  functions::register_builtins(registry);
  exec::register_language_functions(registry);
  session::register_session_functions(registry, {.sessions = sessions,
                                                 .login = login,
                                                 .jobs = jobs,
                                                 .node_alias = "local",
                                                 .version = "3.00.4.2 2025.10.01 LINUX_ABI x86_64",
                                                 .is_initialized = nullptr});
  exec::NodeSharedObjects shared;
  exec::QueryRunner sql;
  const exec::Surroundings surroundings{registry, shared, sql, clock, {}, {}};
  session::InterpreterHosts hosts(surroundings, {});
  session::StatementRunner runner(hosts, login, jobs, outcomes, clock, {});
  ThreadPool statements({.name = "statement", .threads_max = 64});
  ThreadPool urgent({.name = "urgent", .threads_max = 4});
  net::Listener listener({.host = "127.0.0.1", .port = port, .web_root = std::move(web_root)},
                         {sessions, runner, statements, urgent}, {});
  const auto started = listener.start();
  if (!started.ok()) {
    std::cerr << started.error().message << "\n";
    return 1;
  }
  std::cout << listener.port() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  listener.stop();
  statements.stop();
  urgent.stop();
  return 0;
}

}  // namespace
}  // namespace pelorus

int main(int argc, char** argv) {
  const auto port = static_cast<uint16_t>(argc > 1 ? std::stoi(argv[1]) : 0);
  return pelorus::run_node(port, argc > 2 ? argv[2] : "");
}
