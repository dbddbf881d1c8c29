#pragma once
// What has to hold for any text at all: the fuzzer and the test of random scripts ask the same.

#include <optional>
#include <string>
#include <string_view>

#include "base/script_error.h"
#include "syntax/parse_script.h"
#include "syntax/print.h"

namespace pelorus::syntax {

/// A script printed statement by statement. ScriptError when it doesn't parse.
inline std::string printed_script(std::string_view text) {
  std::string printed;
  ScriptParser parser(text);
  while (!parser.done()) {
    for (const auto& statement : parser.next(AnyName{}).statements) printed += print(*statement) + "\n";
  }
  return printed;
}

/// Text that parses prints to text that parses again. What is wrong with it; nothing when all is well or when `text`
/// doesn't parse. With `exactly`, the text also prints the same then.
inline std::optional<std::string> round_trip_fault(std::string_view text, bool exactly = false) {
  std::string printed;
  try {
    printed = printed_script(text);
  } catch (const ScriptError&) {
    return std::nullopt;
  }
  try {
    const auto again = printed_script(printed);
    if (!exactly || again == printed) return std::nullopt;
    return "prints as\n" + printed + "and then as\n" + again;
  } catch (const ScriptError& error) {
    // Printing adds brackets, so the nesting limit may be met anew.
    if (error.message().find("nested too deeply") != std::string::npos) return std::nullopt;
    return "prints as\n" + printed + "which doesn't parse: " + error.message();
  }
}

}  // namespace pelorus::syntax
