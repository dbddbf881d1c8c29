#pragma once
// A configuration file as clean lines: line ends, byte-order mark and stray control characters repaired.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/finding.h"

namespace pelorus::config {

inline constexpr size_t kConfigFileBytesMax = 16 << 20;

struct TextLine {
  int number = 0;    // in the file, from 1
  std::string text;  // trimmed; never empty; no comment
};

/// Splits `text` into lines, drops blank and comment lines (`//`, `#`), and reports what it repaired:
/// CR anywhere, byte-order mark, NUL bytes, a missing final newline. UTF-16 is an error.
std::vector<TextLine> clean_lines(std::string_view text, const std::string& file, Findings& findings);

/// Full-width forms (U+FF01..U+FF5E) and wide blanks become ASCII; tabs become blanks.
/// True in `*changed` when something did.
std::string narrow_punctuation(std::string_view text, bool* changed);

/// kNotFound, kIo, or kLimit beyond kConfigFileBytesMax; the message names the path.
Result<std::string> read_file(const std::string& path);

}  // namespace pelorus::config
