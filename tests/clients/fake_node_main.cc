// A node without an interpreter: what clients upload can be read back, built-ins can be called by name. For protocol tests.
// fake_node <port> [web root]: prints the port in use on its first line and runs until its input ends.

#include <cctype>
#include <iostream>

#include "functions/builtins/register_builtins.h"
#include "functions/fake_call_context.h"
#include "net/listener.h"
#include "session/functions.h"

namespace pelorus {
namespace {

using data::Value;

/// Scripts it knows: a variable's name, name(), an integer, "print x", "fail x", "wait".
class FakeHost final : public session::ScriptHost {
 public:
  FakeHost(const functions::Registry& registry, const functions::Caller& caller) : registry_(registry), context_(registry) {
    context_.set_caller(caller);
  }
  std::optional<Value> run(std::string_view script, const session::StatementSurroundings& with) override {
    while (!script.empty() && (script.back() == ';' || std::isspace(static_cast<unsigned char>(script.back())) != 0)) {
      script.remove_suffix(1);
    }
    if (script.starts_with("print ")) {
      with.print(script.substr(6));
      return std::nullopt;
    }
    if (script.starts_with("fail ")) throw ScriptError(std::string(script.substr(5)));
    if (script == "wait") {
      while (!with.cancellation.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      throw ScriptError("The job was cancelled.");
    }
    if (script == "1+1") return Value::of_int(2);
    if (auto* variable = context_.find_variable(script)) return *variable;
    if (script.ends_with("()")) return call(script.substr(0, script.size() - 2), {}, with);
    if (script.starts_with("undef")) return std::nullopt;
    throw ScriptError("Syntax Error: [line #1] Cannot recognize the token " + std::string(script));
  }
  std::optional<Value> call(std::string_view function, std::vector<Value> arguments,
                            const session::StatementSurroundings&) override {
    if (function == "echo") return arguments.at(0);
    const auto builtin = registry_.find(function);
    if (builtin == nullptr) throw ScriptError("Can't recognize function name " + std::string(function));
    return functions::invoke(*builtin, context_, arguments);
  }
  void set_variable(const std::string& name, Value value) override { context_.set_variable(name, std::move(value)); }
  void clear_variables() override {}
  void set_caller(const functions::Caller& caller) override { context_.set_caller(caller); }
  int64_t memory_bytes() const override { return 0; }

 private:
  const functions::Registry& registry_;
  functions::FakeCallContext context_;
};

class FakeHosts final : public session::ScriptHostFactory {
 public:
  explicit FakeHosts(const functions::Registry& registry) : registry_(registry) {}
  std::unique_ptr<session::ScriptHost> open(const functions::Caller& caller) override {
    return std::make_unique<FakeHost>(registry_, caller);
  }

 private:
  const functions::Registry& registry_;
};

int run_node(uint16_t port, std::string web_root) {
  const SystemClock clock;
  session::FixedUsers users;
  users.put("admin", {.verifier = *meta::make_verifier("123456"), .is_admin = true});
  session::SessionTable sessions(clock, 1000);
  session::Login login(users, clock, {});
  session::JobBoard jobs;
  session::OutcomeMemory outcomes;
  functions::Registry registry;
  functions::register_builtins(registry);
  session::register_session_functions(registry, {.sessions = sessions,
                                                 .login = login,
                                                 .jobs = jobs,
                                                 .node_alias = "local",
                                                 .version = "3.00.4.2 2025.10.01 LINUX_ABI x86_64",
                                                 .is_initialized = nullptr});
  FakeHosts hosts(registry);
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
