#include "cli/connect.h"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace pelorus::cli {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(10);
constexpr auto kStartPause = std::chrono::milliseconds(200);

/// The node's own word that it, or its cluster, is not ready yet.
bool is_starting(const Error& error) { return error.code == ErrorCode::kUnavailable && error.message.starts_with('<'); }

ExitCode refuse(const Error& error, Terminal& terminal) {
  terminal.complain(error.message);
  if (error.code == ErrorCode::kDenied) return ExitCode::kDenied;
  if (is_starting(error)) return ExitCode::kNotMet;
  if (error.code == ErrorCode::kTimeout) return ExitCode::kTimedOut;
  terminal.err() << "Is the node running, and is this its port? Give another with --host and --port." << std::endl;
  return ExitCode::kCannotConnect;
}

}  // namespace

std::vector<Option> connection_options() {
  return {
      {"host", 'H', "HOST", "a node of the cluster", "127.0.0.1"},
      {"port", 'P', "PORT", "its port", "8848"},
      {"user", 'u', "NAME", "who you are; without: guest", ""},
      {"password", 'p', "TEXT", "or the environment's PELORUS_PASSWORD", ""},
  };
}

Arguments live_target(const Arguments& arguments) {
  std::vector<Arguments::Given> given;
  for (const auto& option : connection_options()) {
    const std::string name(option.name);
    if (arguments.has(name)) {
      given.push_back({name, arguments.text(name)});
    } else if (!option.fallback.empty()) {
      given.push_back({name, std::string(option.fallback)});
    }
  }
  return {std::move(given), {}};
}

client::ConnectionOptions connection_options_of(const Arguments& arguments) {
  client::ConnectionOptions options;
  options.user = arguments.text("user");
  options.password = arguments.text("password");
  const char* secret = std::getenv("PELORUS_PASSWORD");
  if (!arguments.has("password") && secret != nullptr) options.password = secret;
  return options;
}

std::unique_ptr<client::Connection> connect(const Arguments& arguments, Terminal& terminal, bool print,
                                            ExitCode& failure) {
  const auto port = arguments.number("port", 1, 65535);
  if (!port.ok()) {
    terminal.complain(port.error().message);
    failure = ExitCode::kUsage;
    return nullptr;
  }
  auto options = connection_options_of(arguments);
  if (print) options.print = [&terminal](std::string_view text) { terminal.out() << text << std::endl; };
  if ((options.user + options.password).find('\n') != std::string::npos) {
    terminal.complain("a user name or password cannot hold a line feed");
    failure = ExitCode::kUsage;
    return nullptr;
  }
  const client::Endpoint node{arguments.text("host"), static_cast<int>(*port)};
  const auto give_up = std::chrono::steady_clock::now() + kStartLimit;
  while (true) {
    auto connection = client::Connection::open(node, options);
    if (connection.ok()) return std::move(connection).value();
    const auto& error = connection.error();
    if (is_starting(error) && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(kStartPause);
      continue;
    }
    failure = refuse(error, terminal);
    return nullptr;
  }
}

ExitCode report(const Error& error, Terminal& terminal) {
  terminal.complain(error.code == ErrorCode::kNotLeader ? "another node leads: " + error.message : error.message);
  return exit_code_of(error);
}

}  // namespace pelorus::cli
