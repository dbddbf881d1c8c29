#include "cli/command.h"

namespace pelorus::cli {

const Command& version_command() {
  static const Command command{
      .name = "version",
      .summary = "Says which version this is.",
      .usage = "version [--json]",
      .examples = {"pelorus version"},
      .options = {{"json", 'j', "", "one JSON object instead of text", ""}},
      .notes = "A server's own version: pelorus run -e 'version()'",
      .words_max = 0,
      .run =
          [](const Arguments& arguments, Terminal& terminal) {
            const bool json = arguments.has("json");
            terminal.out() << (json ? R"({"version":")" PELORUS_VERSION R"("})" : "pelorus " PELORUS_VERSION)
                           << std::endl;
            return ExitCode::kDone;
          },
  };
  return command;
}

}  // namespace pelorus::cli
