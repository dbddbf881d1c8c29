#pragma once
// What reading a configuration found: each repair, doubt and fault with its place.

#include <string>
#include <vector>

namespace pelorus::config {

enum class Severity : uint8_t {
  kNote,     // repaired, and no doubt about what was meant
  kWarning,  // repaired or ignored; somebody should look
  kError,    // not repaired: a fresh start must refuse
};

struct Finding {
  std::string file;  // as the operator named it; "command line" for flags
  int line = 0;      // from 1; 0: the whole file
  std::string text;  // fact first, values last
  Severity severity = Severity::kWarning;

  /// "config/cluster.nodes:7: warning: …"
  std::string describe() const;
};

using Findings = std::vector<Finding>;

bool has_errors(const Findings& findings);

}  // namespace pelorus::config
