#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/connect.h"
#include "cli/value_json.h"
#include "cli/value_text.h"

namespace pelorus::cli {
namespace {

/// The script of the command line: -e TEXT, a file, or standard input for "-".
Result<std::string> script_of(const Arguments& arguments) {
  if (arguments.has("execute") == !arguments.words().empty()) {
    return Error{ErrorCode::kInvalid, "give either a script file or -e TEXT"};
  }
  if (arguments.has("execute")) return arguments.text("execute");
  const auto& path = arguments.words()[0];
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(path);
  if (!file) return Error{ErrorCode::kNotFound, "the script file cannot be read: " + path};
  text << file.rdbuf();
  return text.str();
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto rows = arguments.number("rows", 0, 1'000'000'000);
  if (!rows.ok()) return report(rows.error(), terminal);
  const auto script = script_of(arguments);
  if (!script.ok()) return report(script.error(), terminal);
  ExitCode failure{};
  const bool json = arguments.has("json");
  const auto connection = connect(arguments, terminal, !json, failure);
  if (connection == nullptr) return failure;
  const auto answer = connection->run(*script);
  if (!answer.ok()) return report(answer.error(), terminal);
  if (json) {
    terminal.out() << value_json(answer->value_or(data::Value())) << std::endl;
  } else if (*answer) {
    terminal.out() << value_text(**answer, {.rows_max = static_cast<size_t>(*rows), .column_width_max = 0})
                   << std::endl;
  }
  return ExitCode::kDone;
}

}  // namespace

const Command& run_command() {
  static const Command command = [] {
    Command made{
        .name = "run",
        .summary = "Runs a script on a node and prints its value.",
        .usage = "run (FILE | - | -e TEXT) [OPTIONS]",
        .examples = {"pelorus run -e '1 + 1'", "pelorus run report.dos --port 8902 -u admin -p secret",
                     "pelorus run -e 'select top 5 * from t' --json"},
        .options = {{"execute", 'e', "TEXT", "the script itself", ""},
                    {"json", 'j', "", "one JSON object instead of text", ""},
                    {"rows", 'n', "N", "show at most N rows of a table; 0: all", "0"}},
        .notes = "",
        .words_max = 1,
        .run = run,
    };
    for (const auto& option : connection_options()) made.options.push_back(option);
    return made;
  }();
  return command;
}

}  // namespace pelorus::cli
