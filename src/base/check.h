#pragma once
// CHECK(condition) stops the process when a promise of our own code is broken; always on.
// DCHECK(condition) is for loops: on in debug builds only.

#include <string_view>

namespace pelorus {

/// Writes file, line, condition and message to standard error, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace pelorus

#define CHECK(condition) CHECK_WITH(condition, "")
#define CHECK_WITH(condition, message)                                  \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::pelorus::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif
