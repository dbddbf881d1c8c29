#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace pelorus::cli {
namespace {

/// Length in bytes and columns of the character at the beginning of `text`.
struct Glyph {
  size_t bytes = 1;
  size_t columns = 1;
};

Glyph first_glyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes > text.size()) return {};
  uint32_t code = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                    (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                    (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                    (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1F64F);
  return {bytes, wide ? size_t{2} : size_t{1}};
}

}  // namespace

Terminal Terminal::of_process() {
  Facts facts;
  facts.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  facts.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  facts.colour = facts.out_is_terminal && (no_colour == nullptr || *no_colour == '\0') && kind != nullptr &&
                 std::string_view(kind) != "dumb";
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) facts.width = size.ws_col;
  return Terminal(std::cout, std::cerr, facts);
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  if (!facts_.colour || colour == Colour::kNone) return std::string(text);
  const char* code = colour == Colour::kGood     ? "32"
                     : colour == Colour::kBad    ? "31"
                     : colour == Colour::kStrong ? "1"
                                                 : "2";
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

size_t width_of(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const auto glyph = first_glyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string fit(std::string_view text, size_t columns, bool to_the_right) {
  const size_t width = width_of(text);
  if (width <= columns) {
    const std::string blanks(columns - width, ' ');
    return to_the_right ? blanks + std::string(text) : std::string(text) + blanks;
  }
  constexpr std::string_view kCut = "…";
  std::string cut;
  size_t used = 0;
  while (!text.empty()) {
    const auto glyph = first_glyph(text);
    if (used + glyph.columns + 1 > columns) break;
    cut.append(text.substr(0, glyph.bytes));
    used += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  if (used < columns) cut.append(kCut), ++used;
  return cut + std::string(columns - used, ' ');
}

std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = digits[0] == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace pelorus::cli
