#pragma once
// Every built-in called with arguments that nobody would give it: none of them may take the process along, be it with a
// crash, an endless wait or an exception that is no script error.

#include <cstdint>
#include <functional>
#include <string>

#include "functions/registry.h"

namespace pelorus::tests {

struct OddCalls {
  uint64_t seed = 1;
  size_t each = 20;      // calls of each function
  std::string function;  // only this one; empty: all
};

/// `open` opens a session and gives what runs scripts in it. What goes wrong is printed, each with the call that shows
/// it. The same calls for the same seed, whatever else is called. Returns an exit status.
int call_oddly(const OddCalls& wanted, const functions::Registry& registry,
               const std::function<std::function<void(const std::string& script)>()>& open);

}  // namespace pelorus::tests
