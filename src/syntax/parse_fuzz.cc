// Fuzz target: any text either parses or gives a ScriptError; what parses prints to text that parses again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "syntax/parse_script.h"
#include "syntax/print.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pelorus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string printed;
  try {
    syntax::ScriptParser parser(text);
    while (!parser.done()) {
      for (const auto& statement : parser.next(syntax::AnyName{}).statements)
        printed += syntax::print(*statement) + "\n";
    }
  } catch (const ScriptError&) {
    return 0;
  }
  try {
    syntax::ScriptParser again(printed);
    while (!again.done()) again.next(syntax::AnyName{});
  } catch (const ScriptError& error) {
    // Printing adds brackets, so only the nesting limit may be met anew.
    if (error.message().find("nested too deeply") == std::string::npos) std::abort();
  }
  return 0;
}
