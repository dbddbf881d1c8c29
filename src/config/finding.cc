#include "config/finding.h"

#include <algorithm>

namespace pelorus::config {

std::string Finding::describe() const {
  static constexpr const char* kWords[] = {"note", "warning", "error"};
  std::string place = file;
  if (line > 0) place += ":" + std::to_string(line);
  return place + ": " + kWords[static_cast<int>(severity)] + ": " + text;
}

bool has_errors(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::kError; });
}

}  // namespace pelorus::config
