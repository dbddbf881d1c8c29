#pragma once
// What deploy says, in both languages.

#include <string>

namespace pelorus::cli {

enum class Language : uint8_t { kEnglish, kChinese };

struct Text {
  std::string en, zh;
  const std::string& in(Language language) const { return language == Language::kEnglish ? en : zh; }
};

inline Text operator+(const Text& left, const Text& right) { return {left.en + right.en, left.zh + right.zh}; }
/// A name or a number: the same in both.
inline Text same(const std::string& text) { return {text, text}; }

}  // namespace pelorus::cli
