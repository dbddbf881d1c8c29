#pragma once
// A program run to its end, with what it was given to read and what it said.

#include <chrono>
#include <functional>
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

/// How bytes go from one program to another.
struct Flow {
  int64_t bytes_per_second_max = 0;  // 0: as they come
  std::function<void(int64_t bytes)>
      watched;  // told how many have passed, every few milliseconds, by the caller's thread
};
/// left | right; the status of `right`, unless `left` alone failed; what both said. Errors: as above; kIo for `left`.
Result<Ran> run_piped(const std::vector<std::string>& left, const std::vector<std::string>& right,
                      const RunLimits& limits, const Flow& flow = {});

/// The same with a file in the place of `left`, or of the standard output when `to_file`.
enum class FileEnd : uint8_t { kInput, kOutput };
Result<Ran> run_with_file(const std::vector<std::string>& words, int file, FileEnd end, const RunLimits& limits);

}  // namespace pelorus::cli
