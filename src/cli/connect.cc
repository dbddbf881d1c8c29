#include "cli/connect.h"

#include <cstdlib>

namespace pelorus::cli {

std::vector<Option> connection_options() {
  return {
      {"host", 'H', "HOST", "a node of the cluster", "127.0.0.1"},
      {"port", 'P', "PORT", "its port", "8848"},
      {"user", 'u', "NAME", "who you are; without: guest", ""},
      {"password", 'p', "TEXT", "or the environment's PELORUS_PASSWORD", ""},
  };
}

std::unique_ptr<client::Connection> connect(const Arguments& arguments, Terminal& terminal, bool print,
                                            ExitCode& failure) {
  const auto port = arguments.number("port", 1, 65535);
  if (!port.ok()) {
    terminal.complain(port.error().message);
    failure = ExitCode::kUsage;
    return nullptr;
  }
  client::ConnectionOptions options;
  options.user = arguments.text("user");
  options.password = arguments.text("password");
  const char* secret = std::getenv("PELORUS_PASSWORD");
  if (!arguments.has("password") && secret != nullptr) options.password = secret;
  if (print) options.print = [&terminal](std::string_view text) { terminal.out() << text << std::endl; };
  if ((options.user + options.password).find('\n') != std::string::npos) {
    terminal.complain("a user name or password cannot hold a line feed");
    failure = ExitCode::kUsage;
    return nullptr;
  }
  auto connection = client::Connection::open({arguments.text("host"), static_cast<int>(*port)}, std::move(options));
  if (connection.ok()) return std::move(connection).value();
  const auto& error = connection.error();
  terminal.complain(error.message);
  if (error.code == ErrorCode::kDenied) {
    failure = ExitCode::kDenied;
  } else {
    terminal.err() << "Is the node running, and is this its port? Give another with --host and --port." << std::endl;
    failure = error.code == ErrorCode::kTimeout ? ExitCode::kTimedOut : ExitCode::kCannotConnect;
  }
  return nullptr;
}

ExitCode report(const Error& error, Terminal& terminal) {
  terminal.complain(error.code == ErrorCode::kNotLeader ? "another node leads: " + error.message : error.message);
  return exit_code_of(error);
}

}  // namespace pelorus::cli
