#pragma once
// What commands that work in steps say, in English and Chinese: a code with arguments becomes a sentence.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/language.h"

namespace pelorus::cli::steps {

/// A sentence before it is put into a language; the code is what `--json` shows.
struct Note {
  std::string code;
  std::vector<std::string> arguments;
  bool operator==(const Note&) const = default;
};

struct Sentence {
  std::string_view code;
  std::string_view english;  // {0}, {1} … are the arguments
  std::string_view chinese;
};

/// Null for a code that is not among the sentences.
const Sentence* find(std::span<const Sentence> sentences, std::string_view code);
/// The code must be one of the sentences' (checked).
std::string say(std::span<const Sentence> sentences, Language language, const Note& note);

/// "1.5 GB"; "?" below zero.
std::string bytes_text(int64_t bytes);
/// "1:04:09", "4:09", "9 s"; "?" below zero.
std::string duration_text(int64_t seconds);

}  // namespace pelorus::cli::steps
