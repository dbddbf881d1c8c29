#pragma once
// What the tool says in English and Chinese.

#include <string>

#include "cli/command.h"

namespace pelorus::cli {

enum class Language : uint8_t { kEnglish, kChinese };

struct BothLanguages {
  std::string en;
  std::string zh;
  const std::string& in(Language language) const { return language == Language::kEnglish ? en : zh; }
};

inline BothLanguages operator+(const BothLanguages& left, const BothLanguages& right) {
  return {left.en + right.en, left.zh + right.zh};
}
/// A name or a number: the same in both.
inline BothLanguages same(const std::string& text) { return {text, text}; }

/// `--lang`.
Option language_option();
/// By `--lang`; without it by the environment's LC_ALL, LC_MESSAGES, LANG. Errors: kInvalid.
Result<Language> language_of(const Arguments& arguments);

}  // namespace pelorus::cli
