#pragma once
// A program run to its end, with what it was given to read and what it said.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"

namespace pelorus::cli {

struct Ran {
  int status = 0;  // exit status; 128 + signal when killed
  std::string out;
  std::string err;
};

struct RunLimits {
  std::chrono::milliseconds at_most;
  CancellationToken cancellation;
};

/// words[0] is looked up in PATH; it ends when the program ends, whoever else holds its output. SIGPIPE must be
/// ignored by this process. Errors: kTimeout, kCancelled (the program and its group are then killed); kIo when it
/// cannot be started.
Result<Ran> run_captured(const std::vector<std::string>& words, std::string_view input, const RunLimits& limits);

/// left | right; the status of `right`, unless `left` alone failed; what both said. Errors: as above; kIo for `left`.
Result<Ran> run_piped(const std::vector<std::string>& left, const std::vector<std::string>& right,
                      const RunLimits& limits);

/// The same with a file in the place of `left`, or of the standard output when `to_file`.
enum class FileEnd : uint8_t { kInput, kOutput };
Result<Ran> run_with_file(const std::vector<std::string>& words, int file, FileEnd end, const RunLimits& limits);

}  // namespace pelorus::cli
