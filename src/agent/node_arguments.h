#pragma once
// node.arguments: the flags a node was started with, for the agent that comes after this one.

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace pelorus::agent {

/// Makes the directory and replaces <directory>/node.arguments, readable by the owner only. Errors: kIo.
Status write_arguments(const std::filesystem::path& directory, const std::vector<std::string>& arguments);
/// Empty when there is no such file.
std::vector<std::string> read_arguments(const std::filesystem::path& directory);

}  // namespace pelorus::agent
