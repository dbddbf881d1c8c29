#pragma once
// Script text to tokens. Newlines are no tokens: each token knows whether one came before it.

#include <string>
#include <string_view>
#include <vector>

#include "base/script_error.h"
#include "types/scalar.h"

namespace pelorus::syntax {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,         // identifiers and keywords; may end in "!"
  kConstant,     // numbers, temporals, durations, strings, characters: value
  kSymbol,       // `word: value holds the STRING
  kPunctuation,  // operators and brackets: text
  kMacro,        // _$v, _$$v: text is the variable; value is BOOL true for $$
  kQuotedName,   // _"strange name": text
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // as written for words and punctuation; the spelling of constants for messages
  types::Scalar value;
  SourcePlace place;
  bool newline_before = false;
  bool space_before = false;  // blank, comment or newline

  bool is(std::string_view punctuation) const { return kind == TokenKind::kPunctuation && text == punctuation; }
  bool is_word() const { return kind == TokenKind::kWord; }
  bool is_constant() const { return kind == TokenKind::kConstant || kind == TokenKind::kSymbol; }
};

/// The last token is kEnd. Errors: ScriptError "Syntax Error: [line #N] …".
std::vector<Token> tokenize(std::string_view text);

/// The error every stage of parsing throws.
ScriptError syntax_error(SourcePlace place, const std::string& reason);

/// Numbers and temporal literals (lexer_literals.cc): reads one at the front of `text`, which starts with a digit or
/// with
/// "." and a digit. Returns the length used, 0 when it is malformed.
size_t scan_number(std::string_view text, types::Scalar* value);

}  // namespace pelorus::syntax
