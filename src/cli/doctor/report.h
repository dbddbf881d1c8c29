#pragma once
// The doctor's findings as text and as JSON (docs/operations/doctor.md).

#include <string>
#include <vector>

#include "cli/doctor/check.h"
#include "cli/terminal.h"

namespace pelorus::cli::doctor {

struct Finding {
  const Check* check;
  Outcome outcome;
};

/// Runs every check.
std::vector<Finding> judge(const Facts& facts);
size_t count(const std::vector<Finding>& findings, Verdict verdict);
/// "ok", "warning", "problem", "skipped".
std::string_view name_of(Verdict verdict);

/// {"summary": {…}, "checks": [{"id", "looksAt", "result", "reason", "fix"}]}
std::string findings_json(const std::vector<Finding>& findings, Language language);
/// What is wrong comes last, where the eye is. `all`: what is fine or skipped too.
std::string findings_text(const std::vector<Finding>& findings, Language language, bool all, const Terminal& terminal);

}  // namespace pelorus::cli::doctor
