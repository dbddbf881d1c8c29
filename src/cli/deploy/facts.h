#pragma once
// What a host says of itself, asked by one script.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/deploy/layout.h"
#include "cli/remote/remote_host.h"

namespace pelorus::cli::deploy {

/// Answers of one host; keys are those of the script. A host that could not be asked has `failure`.
struct HostFacts {
  std::optional<Error> failure;
  std::map<std::string, std::string> values;
  double asked_at = 0;   // this machine's clock, in the middle of the question, seconds since 1970
  double asked_for = 0;  // seconds it took

  std::string text(const std::string& key) const;
  bool is(const std::string& key) const { return text(key) == "yes"; }
  /// -1 where it is unknown.
  double number(const std::string& key) const;
  /// Words of a list.
  std::set<std::string> list(const std::string& key) const;
};

/// "key=value" lines.
HostFacts parse_facts(const std::string& text);
/// What the script prints is documented by its text. Takes well under a second.
std::string facts_script(const Topology& topology, const Layout& layout, size_t host);
/// Never fails: see HostFacts::failure.
HostFacts ask_facts(RemoteHost& host, const Topology& topology, const Layout& layout, size_t number);

}  // namespace pelorus::cli::deploy
