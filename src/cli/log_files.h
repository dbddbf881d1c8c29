#pragma once
// The logs of a package's nodes, read from their ends.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/config/read_package.h"

namespace pelorus::cli {

struct LogFile {
  std::string alias;
  std::filesystem::path path;
};

/// "2026-11-28 02:15:23.123456 <ERROR> :text"; other lines belong to the message before.
struct LogLine {
  std::string time;   // as written: local, sorts as text
  std::string level;  // "INFO", …; empty for a line of another form
  std::string text;   // the whole line
};

/// The processes' logs of every node of the package, not those of jobs and not rotated ones.
std::vector<LogFile> log_files(const PackageConfig& package);

LogLine parse_log_line(std::string text);
/// The last `bytes` of a file as lines, the first one whole. `size`: up to where it was read. Errors: kIo.
Result<std::vector<LogLine>> read_log_end(const std::filesystem::path& path, int64_t bytes, int64_t* size = nullptr);
/// The time `seconds` ago as logs write it.
std::string log_time_before(int64_t seconds);
/// "90s", "15m", "1h", "2d" in seconds. Errors: kInvalid.
Result<int64_t> parse_age(const std::string& text);

}  // namespace pelorus::cli
