// Fuzz target: any text either parses or gives a ScriptError; what parses survives printing.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "syntax/parse_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fault = pelorus::syntax::round_trip_fault(text)) {
    std::fprintf(stderr, "%s\n", fault->c_str());
    std::abort();
  }
  return 0;
}
