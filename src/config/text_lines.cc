#include "config/text_lines.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "config/site.h"

namespace pelorus::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_comment(std::string_view line) { return line.starts_with("//") || line.starts_with('#'); }

void drop(std::string& line, char byte, int& dropped) { dropped += static_cast<int>(std::erase(line, byte)); }

}  // namespace

std::vector<TextLine> clean_lines(std::string_view text, const std::string& file, Findings& findings) {
  std::vector<TextLine> lines;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    findings.push_back({file, 1, "the file is UTF-16; save it as UTF-8", Severity::kError});
    return lines;
  }
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
    findings.push_back({file, 1, "byte-order mark dropped", Severity::kNote});
  }
  const bool old_mac = text.find('\n') == std::string_view::npos && text.find('\r') < text.size() - 1;
  const char line_end = old_mac ? '\r' : '\n';
  if (old_mac) findings.push_back({file, 0, "lines end in CR alone; taken as line ends", Severity::kWarning});
  if (!text.empty() && text.back() != line_end) {
    findings.push_back({file, 0, "no newline after the last line", Severity::kNote});
  }

  int crlf_lines = 0;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find(line_end);
    std::string line(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) {
      line.pop_back();
      ++crlf_lines;
    }
    int carriage_returns = 0;
    int zeros = 0;
    drop(line, '\r', carriage_returns);
    drop(line, '\0', zeros);
    if (carriage_returns > 0) findings.push_back({file, number, "CR inside the line dropped", Severity::kWarning});
    if (zeros > 0) findings.push_back({file, number, "NUL bytes dropped", Severity::kWarning});
    const auto trimmed = trim(line);
    if (!trimmed.empty() && !is_comment(trimmed)) lines.push_back({number, std::string(trimmed)});
  }
  if (crlf_lines > 0) {
    findings.push_back({file, 0, "CRLF line ends in " + std::to_string(crlf_lines) + " lines", Severity::kNote});
  }
  return lines;
}

std::string narrow_punctuation(std::string_view text, bool* changed) {
  std::string narrow;
  narrow.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    unsigned ascii = 0;
    if (byte(i) == 0xEF && byte(i + 1) == 0xBC && byte(i + 2) >= 0x81 && byte(i + 2) <= 0xBF) {
      ascii = byte(i + 2) - 0x81 + 0x21;  // U+FF01..U+FF3F
    } else if (byte(i) == 0xEF && byte(i + 1) == 0xBD && byte(i + 2) >= 0x80 && byte(i + 2) <= 0x9E) {
      ascii = byte(i + 2) - 0x80 + 0x60;  // U+FF40..U+FF5E
    } else if (byte(i) == 0xE3 && byte(i + 1) == 0x80 && byte(i + 2) == 0x80) {
      ascii = ' ';  // U+3000
    } else if (byte(i) == 0xE3 && byte(i + 1) == 0x80 && byte(i + 2) == 0x81) {
      ascii = ',';  // U+3001, the enumeration comma
    }
    if (ascii != 0) {
      narrow.push_back(static_cast<char>(ascii));
      i += 2;
      *changed = true;
    } else if (byte(i) == 0xC2 && byte(i + 1) == 0xA0) {  // U+00A0, the no-break space
      narrow.push_back(' ');
      ++i;
      *changed = true;
    } else if (text[i] == '\t') {
      narrow.push_back(' ');
      *changed = true;
    } else {
      narrow.push_back(text[i]);
    }
  }
  return narrow;
}

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return Error{ErrorCode::kIo, "a directory, not a file: " + path};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) {
    const auto code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return Error{code, std::string("cannot open file: ") + std::strerror(errno) + ": " + path};
  }
  std::string text;
  char block[16384];
  while (const auto got = std::fread(block, 1, sizeof(block), file.get())) {
    text.append(block, got);
    if (text.size() > kConfigFileBytesMax) {
      return Error{ErrorCode::kLimit, "the file is larger than 16 MB, hardly a configuration: " + path};
    }
  }
  if (std::ferror(file.get()) != 0) return Error{ErrorCode::kIo, "cannot read file: " + path};
  return text;
}

}  // namespace pelorus::config
