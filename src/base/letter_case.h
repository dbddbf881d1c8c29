#pragma once
// Texts that are told apart without case.

#include <cctype>
#include <string>
#include <string_view>

namespace pelorus {

/// With small letters for the capital ones of ASCII; other bytes stay.
inline std::string lowered(std::string_view text) {
  std::string lower(text);
  for (auto& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return lower;
}

}  // namespace pelorus
