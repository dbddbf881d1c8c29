#pragma once
// Small files that must be whole after a crash.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace pelorus::raft {

/// kNotFound or kIo, naming the file.
Result<Bytes> read_file(const std::string& path);
/// Writes `<path>.new`, syncs it, renames it over `path`, syncs the directory.
Status replace_file(const std::string& path, std::string_view content);
/// Syncs a directory's entries.
Status sync_directory(const std::string& path);
/// "what: reason: path" with errno's reason.
Error file_error(std::string_view what, const std::string& path);

}  // namespace pelorus::raft
