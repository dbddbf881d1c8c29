#pragma once
// One thread for each of several things to do.

#include <functional>

#include "base/cancellation.h"
#include "base/error.h"
#include "cli/process/interrupt.h"

namespace pelorus::cli::deploy {

/// Runs work(0) … work(count-1) at the same time and waits for all. An interrupt cancels `token`, which the work's
/// hosts look at. Errors: kCancelled; else the first by number.
Status in_parallel(size_t count, const std::function<Status(size_t)>& work, Interrupt& interrupt,
                   const CancellationToken& token);

}  // namespace pelorus::cli::deploy
