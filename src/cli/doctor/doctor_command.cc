#include "cli/connect.h"
#include "cli/doctor/examine.h"
#include "cli/doctor/report.h"

namespace pelorus::cli::doctor {
namespace {

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto language = language_of(arguments);
  if (!language.ok()) return report(language.error(), terminal);
  const auto facts = examine(arguments);
  if (!facts.ok()) return report(facts.error(), terminal);
  const bool nothing_seen = facts->packages.empty() && facts->live && !facts->live->failure.empty();
  if (nothing_seen && facts->live->is_denied) return report({ErrorCode::kDenied, facts->live->failure}, terminal);
  const auto findings = judge(*facts);
  if (arguments.has("json")) {
    terminal.out() << findings_json(findings, *language) << std::endl;
  } else {
    terminal.out() << findings_text(findings, *language, arguments.has("all"), terminal) << std::flush;
  }
  if (nothing_seen) return ExitCode::kCannotConnect;
  return count(findings, Verdict::kProblem) + count(findings, Verdict::kWarning) > 0 ? ExitCode::kFound
                                                                                     : ExitCode::kDone;
}

}  // namespace
}  // namespace pelorus::cli::doctor

namespace pelorus::cli {

const Command& doctor_command() {
  static const Command command{
      .name = "doctor",
      .summary = "Looks for what is wrong with a cluster, and says what to do.",
      .usage = "doctor [OPTIONS] [PACKAGE...]",
      .examples = {"pelorus doctor --host 10.0.0.11 --port 8900 -u admin -p secret",
                   "pelorus doctor --package /opt/dolphindb/server",
                   "pelorus doctor --package a --port 9901 -u admin --json b c"},
      .options = {{"package", 'd', "DIR", "a package on this computer; more as words", ""},
                  {"host", 'H', "HOST", "a node of the live cluster", ""},
                  {"port", 'P', "PORT", "its port", ""},
                  {"user", 'u', "NAME", "who you are; without: guest", ""},
                  {"password", 'p', "TEXT", "or the environment's PELORUS_PASSWORD", ""},
                  {"all", 'a', "", "what is fine or skipped too", ""},
                  language_option(),
                  {"json", 'j', "", "one JSON object instead of text", ""}},
      .notes =
          "Without --package, --host and --port: the cluster at 127.0.0.1:8848. An\n"
          "administrator sees more. Status 9: something was found.",
      .words_max = 64,
      .run = doctor::run,
  };
  return command;
}

}  // namespace pelorus::cli
