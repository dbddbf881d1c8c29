#pragma once
// Do values fit their settings, and do settings fit each other?

#include <functional>
#include <string>
#include <string_view>

#include "config/finding.h"
#include "config/settings.h"
#include "config/site.h"

namespace pelorus::config {

struct Place {
  std::string file;
  int line = 0;
};

/// Unknown name: warning with the nearest one. Value of the wrong type, range or choice: error.
void check_value(std::string_view name, std::string_view value, const Place& place, Findings& findings);

/// Is this host name or address one of this machine's?
using IsOwnHost = std::function<bool(const std::string& host)>;

/// Compares the agent's localSite with the item of its alias in `sites`. Where only one of the two addresses is
/// this machine's, that one is taken for both and a warning says so; where both or neither is, an error.
/// Repeated items of `sites` are dropped; one alias with two addresses is an error.
void repair_own_site(Settings& settings, const IsOwnHost& is_own_host, Findings& findings);

/// Rules between settings: a role's required ones, powers of two, minima that depend on others.
void validate(const Settings& settings, Findings& findings);

/// By the machine's network interfaces; names are resolved first. May block on the resolver.
bool is_own_host(const std::string& host);

}  // namespace pelorus::config
