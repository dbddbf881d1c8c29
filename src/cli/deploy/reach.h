#pragma once
// Whether hosts reach each other's ports: one end listens, the other connects. Both ends run on the hosts.

#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::cli::deploy {

/// Listens on "address:port" for each, says "ready" on `out` when all are bound, and takes connections for `seconds`.
/// Errors: kIo for an address that cannot be bound.
Status listen_for_peers(const std::vector<std::string>& places, int seconds, std::ostream& out);

struct Reached {
  std::string place;
  std::string failure;  // empty: connected
};
/// Connects to all places at the same time; gives up after `milliseconds`.
std::vector<Reached> reach(const std::vector<std::string>& places, int milliseconds);

}  // namespace pelorus::cli::deploy
