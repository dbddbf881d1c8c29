#pragma once
// `pelorus demo kill ALIAS` and `pelorus demo stop`, from another terminal.

#include "cli/command.h"

namespace pelorus::cli {

/// Ends one node of the running demo with SIGKILL and shows that the cluster serves on.
ExitCode kill_demo_node(const std::string& alias, Terminal& terminal);
/// Ends the demo as its Ctrl-C would; when its process is gone, stops the nodes and removes the files here.
ExitCode stop_demo(Terminal& terminal);

}  // namespace pelorus::cli
