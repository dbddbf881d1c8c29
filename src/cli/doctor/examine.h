#pragma once
// From a command's options to facts: what `pelorus doctor` and `pelorus support-bundle` look at.

#include "cli/command.h"
#include "cli/doctor/facts.h"

namespace pelorus::cli::doctor {

/// The live cluster at --host and --port and the packages of --package and the words; without any of them the cluster
/// at the usual address. Errors: a package that is none, a port that is none.
Result<Facts> examine(const Arguments& arguments);

}  // namespace pelorus::cli::doctor
