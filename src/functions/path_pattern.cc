#include "functions/path_pattern.h"

namespace pelorus::functions {
namespace {

bool is_any(char c) { return c == '%' || c == '*'; }

}  // namespace

bool fits_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the last '%' met
  size_t tried = 0;                      // where in the text it ends so far
  while (t < text.size()) {
    if (p < pattern.size() && is_any(pattern[p])) {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && is_any(pattern[p])) ++p;
  return p == pattern.size();
}

}  // namespace pelorus::functions
