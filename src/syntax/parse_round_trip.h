#pragma once
// What has to hold for any text at all: the fuzzer and the test of random scripts ask the same.

#include <optional>
#include <string>
#include <string_view>

#include "base/script_error.h"
#include "syntax/parse_script.h"
#include "syntax/print.h"
#include "syntax/printer.h"

namespace pelorus::syntax {

/// A script printed statement by statement. ScriptError when it doesn't parse.
struct PrintedScript {
  std::string text;
  std::string shape;  // the same with every operator in parentheses: what the tree looks like
};

inline PrintedScript printed_script(std::string_view text) {
  PrintedScript printed;
  ScriptParser parser(text);
  while (!parser.done()) {
    for (const auto& statement : parser.next(AnyName{}).statements) {
      printed.text += print(*statement) + "\n";
      Printer shape(true);
      shape.statement(*statement);
      printed.shape += shape.take() + "\n";
    }
  }
  return printed;
}

/// Text that parses prints to text that parses to the same tree. What is wrong with it; nothing when all is well or
/// when `text` doesn't parse.
inline std::optional<std::string> round_trip_fault(std::string_view text) {
  PrintedScript printed;
  try {
    printed = printed_script(text);
  } catch (const ScriptError&) {
    return std::nullopt;
  }
  try {
    const auto again = printed_script(printed.text);
    if (again.text != printed.text) return "prints as\n" + printed.text + "and then as\n" + again.text;
    if (again.shape == printed.shape) return std::nullopt;
    return "prints as\n" + printed.text + "which was\n" + printed.shape + "and is\n" + again.shape;
  } catch (const ScriptError& error) {
    // Printing adds brackets, so the nesting limit may be met anew.
    if (error.message().find("nested too deeply") != std::string::npos) return std::nullopt;
    return "prints as\n" + printed.text + "which doesn't parse: " + error.message();
  }
}

}  // namespace pelorus::syntax
