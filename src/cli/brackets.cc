#include "cli/brackets.h"

#include <algorithm>
#include <cstddef>

namespace pelorus::cli {
namespace {

/// The place after the text that begins at `at` with a quote; npos when it is open.
size_t end_of_text(std::string_view script, size_t at) {
  const char quote = script[at];
  for (++at; at < script.size(); ++at) {
    if (script[at] == '\\') {
      ++at;
    } else if (script[at] == quote) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

int open_brackets(std::string_view script) {
  int open = 0;
  for (size_t at = 0; at < script.size(); ++at) {
    const char letter = script[at];
    const auto rest = script.substr(at);
    if (letter == '"' || letter == '\'') {
      const size_t end = end_of_text(script, at);
      if (end == std::string_view::npos) return std::max(open, 0) + 1;
      at = end - 1;
    } else if (rest.starts_with("//")) {
      const size_t end = script.find('\n', at);
      if (end == std::string_view::npos) break;
      at = end;
    } else if (rest.starts_with("/*")) {
      const size_t end = script.find("*/", at + 2);
      if (end == std::string_view::npos) return std::max(open, 0) + 1;
      at = end + 1;
    } else if (letter == '(' || letter == '[' || letter == '{') {
      ++open;
    } else if (letter == ')' || letter == ']' || letter == '}') {
      open = std::max(open - 1, 0);
    }
  }
  return open;
}

}  // namespace pelorus::cli
