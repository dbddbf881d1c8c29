#pragma once
// One check of the doctor: from facts to a finding in both languages. Pure.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/facts.h"
#include "cli/language.h"

namespace pelorus::cli::doctor {

enum class Verdict : uint8_t { kOk, kWarning, kProblem, kSkipped };

struct Outcome {
  Verdict verdict = Verdict::kOk;
  BothLanguages reason;  // one sentence
  BothLanguages fix;     // one sentence; empty when there is nothing to do
};

struct Check {
  std::string_view id;
  std::string_view looks_at_en;
  std::string_view looks_at_zh;
  Outcome (*judge)(const Facts&);
};

/// Every check, in the order they are shown.
const std::vector<Check>& all_checks();
/// Null when there is none of that name.
const Check* find_check(std::string_view id);

std::vector<Check> cluster_checks();
std::vector<Check> data_checks();
std::vector<Check> machine_checks();
std::vector<Check> certificate_checks();
std::vector<Check> file_checks();

/// The same values in both languages.
template <class... Values>
BothLanguages in_both(fmt::format_string<const Values&...> en, fmt::format_string<const Values&...> zh,
                      const Values&... values) {
  return {fmt::format(en, values...), fmt::format(zh, values...)};
}

Outcome fine(BothLanguages reason);
Outcome warning(BothLanguages reason, BothLanguages fix);
Outcome problem(BothLanguages reason, BothLanguages fix);
Outcome skipped(BothLanguages reason);
/// For checks of a cluster that was not asked or did not answer, or is a single node.
Outcome skipped_without_live(const Facts& facts);
Outcome skipped_without_package();

/// The live cluster when it answered.
const LiveFacts* answering(const Facts& facts);
/// "a, b, c", the first few and how many more.
std::string listed(const std::vector<std::string>& items);
/// localhost, ::1 and 127.0.0.0/8.
bool is_loopback_host(std::string_view host);
/// "1.5 GB"
std::string gigabytes(double bytes);

}  // namespace pelorus::cli::doctor
