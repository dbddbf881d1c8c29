#pragma once
// How commands reach a node.

#include <memory>

#include "cli/command.h"
#include "client/connection.h"

namespace pelorus::cli {

/// --host, --port, --user, --password; what a command that connects lists among its options.
std::vector<Option> connection_options();
/// The connection's part of `arguments` of a command where host and port have no fallback, with the usual ones.
Arguments live_target(const Arguments& arguments);
/// User and password, or the environment's.
client::ConnectionOptions connection_options_of(const Arguments& arguments);
/// Waits up to 10 s for a node that says it is starting. Says why on `terminal` when it does not succeed; the exit
/// code is then in `failure`. `print`: what the server's
/// print() shows goes to `out`, else it is dropped.
std::unique_ptr<client::Connection> connect(const Arguments& arguments, Terminal& terminal, bool print,
                                            ExitCode& failure);
/// The server's line, or ours; with what to do where that is known.
ExitCode report(const Error& error, Terminal& terminal);

}  // namespace pelorus::cli
