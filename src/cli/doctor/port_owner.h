#pragma once
// Who listens on a port of this machine: from /proc.

#include <optional>
#include <string>

namespace pelorus::cli::doctor {

struct PortOwner {
  int pid = -1;         // -1: a process of another user
  std::string program;  // its command line, shortened; empty when not known
  std::string file;     // the program it runs
};

/// Nothing when nobody listens there. `host`: listeners on it or on all addresses count; a name counts as any.
std::optional<PortOwner> owner_of_port(const std::string& host, int port);

}  // namespace pelorus::cli::doctor
