#pragma once
// The server's flags: `-name value` for every setting, with one dash or two, or `-name=value`.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "config/settings.h"

namespace pelorus::config {

struct CommandLine {
  std::vector<std::pair<std::string, std::string>> flags;  // canonical name, value; in order
  bool wants_help = false;                                 // -help, -h
  bool wants_version = false;                              // -version, -v
};

/// `arguments` without the program's name. The first one may be a bare role ("controller").
/// kInvalid: unknown flag (the message suggests the nearest), a flag without a value, a stray word, a value of the
/// wrong type.
Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

/// The flags that give another process the same settings: {"-name", "value", …}. A flag's value may be empty.
std::vector<std::string> to_arguments(const std::map<std::string, std::string>& settings);

/// One line a setting, for -help.
std::string describe_flags();

}  // namespace pelorus::config
