#pragma once
// What the command says, in English and Chinese: a code with arguments becomes a sentence.

#include <string>
#include <string_view>
#include <vector>

namespace pelorus::cli::migrate {

enum class Language : uint8_t { kEnglish, kChinese };

/// "en" or "zh"; else by the environment's LC_ALL, LC_MESSAGES, LANG.
Language language_of(std::string_view wanted);

/// A sentence before it is put into a language; the code is what `--json` shows.
struct Note {
  std::string code;
  std::vector<std::string> arguments;
  bool operator==(const Note&) const = default;
};

/// The code must be one of words.cc (checked).
std::string say(Language language, const Note& note);
bool knows(std::string_view code);

/// "1.5 GB"; "?" below zero.
std::string bytes_text(int64_t bytes);

}  // namespace pelorus::cli::migrate
