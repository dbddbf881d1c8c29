#pragma once
// The parts of `pelorus config`; each takes the words behind its own name.

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/config/read_package.h"

namespace pelorus::cli {

using Words = std::vector<std::string>;

ExitCode check_configuration(const Words& places, const Arguments& arguments, Terminal& terminal);
ExitCode show_configuration(const Words& places, const Arguments& arguments, Terminal& terminal);
ExitCode explain_setting(const Words& names, const Arguments& arguments, Terminal& terminal);
ExitCode compare_configuration(const Words& places, const Arguments& arguments, Terminal& terminal);

/// Reads every place; the working directory when none is given. Errors: kNotFound, kInvalid as find_package.
Result<std::vector<PackageConfig>> read_packages(const Words& places);

}  // namespace pelorus::cli
