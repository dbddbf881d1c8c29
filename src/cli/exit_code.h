#pragma once
// What the tool's exit status says to scripts (docs/user/tool.md).

#include "base/error.h"

namespace pelorus::cli {

enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kBadConfiguration = 3,
  kCannotConnect = 4,
  kDenied = 5,
  kTimedOut = 6,
  kNotMet = 7,      // a precondition: no leader, no package, no demo
  kPartlyDone = 8,  // to be gone on with
  kFound = 9,       // a check found something
  kInterrupted = 130,
};

inline ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kDenied: return ExitCode::kDenied;
    case ErrorCode::kTimeout: return ExitCode::kTimedOut;
    case ErrorCode::kInvalid: return ExitCode::kUsage;
    case ErrorCode::kUnavailable:
    case ErrorCode::kNotLeader: return ExitCode::kNotMet;
    case ErrorCode::kCancelled: return ExitCode::kInterrupted;
    default: return ExitCode::kFailed;
  }
}

}  // namespace pelorus::cli
