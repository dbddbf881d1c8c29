#pragma once
// The release package on the operator's machine.

#include <filesystem>

#include "base/error.h"
#include "cli/deploy/checks.h"

namespace pelorus::cli::deploy {

/// Reads every file of server/, nodes' files left out. Errors: kIo.
Result<PackageFacts> read_package(const std::filesystem::path& server);

/// A folder of links to the same files. Errors: kIo.
Status stage_package(const std::filesystem::path& server, const std::filesystem::path& to);

}  // namespace pelorus::cli::deploy
