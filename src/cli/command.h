#pragma once
// Commands of the tool: what each is called, takes and does; help is made from it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace pelorus::cli {

struct Option {
  std::string_view name;   // long form, without dashes
  char letter = '\0';      // short form, or none
  std::string_view value;  // what follows it; empty: a switch
  std::string_view help;
  std::string_view fallback;  // when not given; empty: absent
};

/// Words of a command line after the command's name, checked against its options.
class Arguments {
 public:
  struct Given {
    std::string name;
    std::string value;
  };
  Arguments(std::vector<Given> given, std::vector<std::string> words)
      : given_(std::move(given)), words_(std::move(words)) {}
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Given or fallback; empty when neither.
  std::string text(std::string_view name) const;
  /// Errors: kInvalid when it is not a whole number of [low, high].
  Result<int64_t> number(std::string_view name, int64_t low, int64_t high) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  const Given* find(std::string_view name) const;
  const std::vector<Given> given_;
  const std::vector<std::string> words_;
};

struct Command {
  std::string_view name;
  std::string_view summary;  // what it does, one line
  std::string_view usage;    // after "pelorus "
  std::vector<std::string_view> examples;
  std::vector<Option> options;
  std::string_view notes;  // below the options; may be empty
  size_t words_max = 0;    // words that are no options
  ExitCode (*run)(const Arguments&, Terminal&) = nullptr;
};

/// Errors: kInvalid with the reason, naming the nearest option for an unknown one.
Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words);
/// At most 80 columns wide.
std::string help_of(const Command& command);

/// The tool: args[0] is the program's name.
ExitCode run_tool(const std::vector<std::string>& args, Terminal& terminal);

const Command& version_command();
const Command& run_command();
const Command& status_command();
const Command& console_command();
const Command& demo_command();

}  // namespace pelorus::cli
