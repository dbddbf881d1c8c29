#include "cli/steps/words.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/check.h"

namespace pelorus::cli::steps {

const Sentence* find(std::span<const Sentence> sentences, std::string_view code) {
  for (const auto& sentence : sentences) {
    if (sentence.code == code) return &sentence;
  }
  return nullptr;
}

std::string say(std::span<const Sentence> sentences, Language language, const Note& note) {
  const auto* sentence = find(sentences, note.code);
  CHECK_WITH(sentence != nullptr, "a sentence without words: " + note.code);
  const auto text = language == Language::kChinese ? sentence->chinese : sentence->english;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_argument = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}';
    const auto index = is_argument ? static_cast<size_t>(text[i + 1] - '0') : 0;
    if (!is_argument || index >= note.arguments.size()) {
      out += text[i];
      continue;
    }
    out += note.arguments[index];
    i += 2;
  }
  return out;
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 0) return "?";
  constexpr std::string_view kUnits[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, kUnits[unit].data());
  return text;
}

std::string duration_text(int64_t seconds) {
  if (seconds < 0) return "?";
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace pelorus::cli::steps
