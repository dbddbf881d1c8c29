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
  std::string_view fallback;      // when not given; empty: absent
  std::string_view implied = {};  // when given without a value; not empty: the value may only stand behind "="
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
  std::string_view notes;                          // below the options; may be empty
  size_t words_max = 0;                            // words that are no options
  std::vector<std::string_view> first_words = {};  // what the first of them may be; empty: a file or a name
  ExitCode (*run)(const Arguments&, Terminal&) = nullptr;
};

/// Errors: kInvalid with the reason, naming the nearest option for an unknown one.
Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words);
/// At most 80 columns wide.
std::string help_of(const Command& command);
/// The lines of every help about the exit status.
std::string exit_status_help();
/// "pelorus.1", as roff, from the same tables.
std::string manual_page();
/// "-k, --keep DIR", as the help shows it.
std::string flags_of(const Option& option);
/// Every command, in the order of the help.
const std::vector<const Command*>& all_commands();

/// The tool: args[0] is the program's name.
ExitCode run_tool(const std::vector<std::string>& args, Terminal& terminal);

const Command& version_command();
const Command& run_command();
const Command& status_command();
const Command& console_command();
const Command& demo_command();
const Command& config_command();
const Command& doctor_command();
const Command& logs_command();
const Command& migrate_command();
const Command& upgrade_command();
const Command& support_bundle_command();
const Command& completion_command();
const Command& deploy_command();

}  // namespace pelorus::cli
