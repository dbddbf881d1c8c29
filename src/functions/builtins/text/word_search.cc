// Words in texts: matchAll matchAny matchPhrase matchPrefix matchSuffix matchPrefixSuffix.

#include <algorithm>
#include <cctype>

#include "functions/builtins/text/register_text.h"
#include "functions/declare.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "text-search";

using Words = std::vector<std::string>;

/// Runs of letters and digits in lower case; bytes beyond ASCII are letters.
Words words_of(std::string_view text) {
  Words words;
  bool inside = false;
  for (const unsigned char letter : text) {
    const bool is_part = letter >= 0x80 || std::isalnum(letter) != 0;
    if (is_part && !inside) words.emplace_back();
    if (is_part) words.back() += static_cast<char>(std::tolower(letter));
    inside = is_part;
  }
  return words;
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_all(const Words& words, const Words& terms) {
  return std::all_of(terms.begin(), terms.end(), [&](const auto& term) { return has(words, term); });
}

bool has_any(const Words& words, const Words& terms) {
  return std::any_of(terms.begin(), terms.end(), [&](const auto& term) { return has(words, term); });
}

bool has_phrase(const Words& words, const Words& phrase) {
  return std::search(words.begin(), words.end(), phrase.begin(), phrase.end()) != words.end();
}

/// Whether each text meets `test` with what is looked for; an empty text never does.
Value search(std::string_view name, std::span<Value> args, bool (*test)(const Words&, const Words& terms)) {
  const Arguments a(name, args);
  if (a.has(2) && !a[2].is_void()) a.refuse("scoreColName", "is not available; matches are not scored.");
  const auto terms = words_of(a.text(1, "terms"));
  if (terms.empty()) a.refuse("terms", "must have a word.");
  return map_text_to(name, args[0], Type::kBool,
                     [&](const std::string& text) { return Scalar::of_bool(test(words_of(text), terms)); });
}

/// Whether a word of each text begins and ends so.
Value search_ends(std::string_view name, const Arguments& a, const std::string& begin, const std::string& end) {
  const auto lower = [](std::string text) {
    for (auto& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
  };
  const auto first = lower(begin), last = lower(end);
  return map_text_to(name, a[0], Type::kBool, [&](const std::string& text) {
    const auto words = words_of(text);
    return Scalar::of_bool(std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word.size() >= first.size() + last.size() && word.starts_with(first) && word.ends_with(last);
    }));
  });
}

}  // namespace

void register_word_search(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = "An empty text matches nothing.";
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"matchAll", "textCol, terms, [scoreColName]",
       [](CallContext&, std::span<Value> args) { return search("matchAll", args, has_all); },
       "Whether a text has every one of some words, apart from upper and lower case.",
       "matchAll([\"Mike likes apples\", \"apples\"], \"apples mike\")", "[true,false]"});
  row({"matchAny", "textCol, terms, [scoreColName]",
       [](CallContext&, std::span<Value> args) { return search("matchAny", args, has_any); },
       "Whether a text has one of some words, apart from upper and lower case.",
       "matchAny([\"Mike likes apples\", \"pears\"], \"apples peaches\")", "[true,false]"});
  row({"matchPhrase", "textCol, phrase, [scoreColName]",
       [](CallContext&, std::span<Value> args) { return search("matchPhrase", args, has_phrase); },
       "Whether a text has some words one after another.",
       "matchPhrase([\"Mike likes apples\", \"apples, Mike likes\"], \"likes apples\")", "[true,false]"});
  row({"matchPrefix", "textCol, prefix, [scoreColName]",
       [](CallContext&, std::span<Value> args) {
         const Arguments a("matchPrefix", args);
         return search_ends("matchPrefix", a, a.text(1, "prefix"), "");
       },
       "Whether a word of a text begins so.", "matchPrefix([\"Mike likes apples\", \"pears\"], \"app\")",
       "[true,false]"});
  row({"matchSuffix", "textCol, suffix, [scoreColName]",
       [](CallContext&, std::span<Value> args) {
         const Arguments a("matchSuffix", args);
         return search_ends("matchSuffix", a, "", a.text(1, "suffix"));
       },
       "Whether a word of a text ends so.", "matchSuffix([\"Mike likes apples\", \"pears\"], \"les\")",
       "[true,false]"});
  row({"matchPrefixSuffix", "textCol, prefix, suffix, [scoreColName]",
       [](CallContext&, std::span<Value> args) {
         const Arguments a("matchPrefixSuffix", args);
         return search_ends("matchPrefixSuffix", a, a.text(1, "prefix"), a.text(2, "suffix"));
       },
       "Whether a word of a text begins and ends so.",
       "matchPrefixSuffix([\"Mike likes apples\", \"pears\"], \"a\", \"s\")", "[true,false]"});
}

}  // namespace pelorus::functions
