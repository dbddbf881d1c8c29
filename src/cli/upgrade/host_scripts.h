#pragma once
// What is run on hosts. Every script may be cut off anywhere and run again. Beside a package's folder server/ they keep
// server.upgrade-ID (new programs not in use) and server.before-ID (old programs); which names change hands stands in
// .parts, which of them there were before in .had.

#include <string>
#include <vector>

namespace pelorus::cli::upgrade {

struct Places {
  std::string id;                    // of the plan
  std::string incoming;              // where the package is sent to
  std::vector<std::string> servers;  // folders server/ on the host
};

/// Prints "machine M", and "fault: …" for what stands in the way.
std::string facts_script(const std::vector<std::string>& servers);
/// Prints "placed" when every package has its new programs beside it.
std::string placed_script(const Places& places);
/// Puts what was sent beside each package, without what belongs to the operator: data, logs, configuration, licence,
/// start-up script, modules, plugins.
std::string place_script(const Places& places, const std::string& fingerprint);
/// Programs of `server` change places with the new ones; "already" when they have.
std::string exchange_script(const std::string& server, const std::string& id);
std::string exchange_back_script(const std::string& server, const std::string& id);
/// Removes both folders of each package, and what was sent to `incoming`, or to that name with a dash behind it.
std::string tidy_script(const Places& places);

}  // namespace pelorus::cli::upgrade
