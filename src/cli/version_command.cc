#include "cli/command.h"

namespace pelorus::cli {

const Command& version_command() {
  static const Command command{
      .name = "version",
      .summary = "Says which version this is.",
      .usage = "version",
      .examples = {"pelorus version"},
      .options = {},
      .notes = "A server's own version: pelorus run -e 'version()'",
      .words_max = 0,
      .run =
          [](const Arguments&, Terminal& terminal) {
            terminal.out() << "pelorus " PELORUS_VERSION << std::endl;
            return ExitCode::kDone;
          },
  };
  return command;
}

}  // namespace pelorus::cli
