#include "base/check.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "base/memory_limit.h"

namespace pelorus {

/// Where the thread's work may be broken off (a statement that has changed nothing yet which lasts), that is enough.
void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "%s:%d: broken promise: %s%s%.*s\n", file, line, condition, message.empty() ? "" : ": ",
               static_cast<int>(message.size()), message.data());
  std::fflush(stderr);
  if (memory::is_refusable()) throw std::logic_error("a fault of the program at " + std::string(condition));
  std::abort();
}

}  // namespace pelorus
