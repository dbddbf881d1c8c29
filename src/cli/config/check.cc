#include <algorithm>
#include <boost/json.hpp>

#include "cli/config/config_command.h"
#include "cli/config/cross_check.h"
#include "cli/connect.h"

namespace pelorus::cli {
namespace {

using config::Finding;
using config::Severity;

size_t count(const config::Findings& findings, Severity severity) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(),
                                           [&](const Finding& finding) { return finding.severity == severity; }));
}

std::string findings_json(const config::Findings& findings) {
  namespace json = boost::json;
  constexpr const char* kWords[] = {"note", "warning", "error"};
  json::array rows;
  for (const auto& finding : findings) {
    rows.push_back(json::object{{"file", finding.file},
                                {"line", finding.line},
                                {"severity", kWords[static_cast<size_t>(finding.severity)]},
                                {"text", finding.text}});
  }
  return json::serialize(json::object{{"errors", count(findings, Severity::kError)},
                                      {"warnings", count(findings, Severity::kWarning)},
                                      {"notes", count(findings, Severity::kNote)},
                                      {"findings", std::move(rows)}});
}

std::string number_of(size_t number, const char* one) {
  return std::to_string(number) + " " + one + (number == 1 ? "" : "s");
}

}  // namespace

ExitCode check_configuration(const Words& places, const Arguments& arguments, Terminal& terminal) {
  const auto packages = read_packages(places);
  if (!packages.ok()) return report(packages.error(), terminal);
  config::Findings findings;
  for (const auto& package : *packages) {
    findings.insert(findings.end(), package.findings.begin(), package.findings.end());
    const auto crossed = cross_check(package);
    findings.insert(findings.end(), crossed.begin(), crossed.end());
  }
  const auto compared = compare_packages(*packages);
  findings.insert(findings.end(), compared.begin(), compared.end());

  const auto errors = count(findings, Severity::kError);
  const auto warnings = count(findings, Severity::kWarning);
  if (arguments.has("json")) {
    terminal.out() << findings_json(findings) << std::endl;
  } else {
    for (const auto& finding : findings) terminal.out() << finding.describe() << "\n";
    terminal.out() << number_of(errors, "error") << ", " << number_of(warnings, "warning") << ", "
                   << number_of(count(findings, Severity::kNote), "note") << std::endl;
  }
  if (errors > 0) return ExitCode::kBadConfiguration;
  return warnings > 0 ? ExitCode::kFound : ExitCode::kDone;
}

}  // namespace pelorus::cli
