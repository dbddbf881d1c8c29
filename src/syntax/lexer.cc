#include "syntax/lexer.h"

#include <array>

namespace pelorus::syntax {
namespace {

using types::Scalar;
using types::Type;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Longest first.
constexpr std::array<std::string_view, 20> kLongPunctuation = {"...", "..", "->", "<-", "<=",  "<>", "<<",
                                                               ">>",  ">=", "==", "!=", "&&",  "||", "**",
                                                               "+=",  "-=", "*=", "/=", "\\=", "::"};
constexpr std::string_view kShortPunctuation = "()[]{},;:.+-*/\\%$<>=!&|^@?#";

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    for (;;) {
      Token token = next();
      const bool end = token.kind == TokenKind::kEnd;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  SourcePlace place() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  void advance(size_t count) {
    for (size_t i = 0; i < count && !at_end(); ++i, ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      line_start_ = at_ + 1;
    }
  }

  /// Blanks, newlines and comments.
  void skip_space(Token* token) {
    for (;;) {
      const char c = peek();
      const size_t before = at_;
      if (!at_end() && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v')) {
        if (c == '\n') token->newline_before = true;
        advance(1);
      } else if (c == '/' && peek(1) == '/') {
        while (!at_end() && peek() != '\n') advance(1);
      } else if (c == '/' && peek(1) == '*') {
        skip_block_comment(token);
      } else if (text_.substr(at_).starts_with("\xEF\xBB\xBF")) {
        advance(3);
      } else {
        return;
      }
      if (at_ != before) token->space_before = true;
    }
  }

  void skip_block_comment(Token* token) {
    const SourcePlace start = place();
    const size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) throw syntax_error(start, "The comment is not closed: */ expected.");
    const int line_before = line_;
    advance(end + 2 - at_);
    if (line_ != line_before) token->newline_before = true;
  }

  Token next() {
    Token token;
    if (at_ == 0) token.newline_before = true;
    skip_space(&token);
    token.place = place();
    const char c = peek();
    if (at_end()) {
      token.newline_before = true;
    } else if (is_letter(c) || (c == '_' && is_word_part(peek(1)))) {
      word(&token);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !follows_operand(token))) {
      number(&token);
    } else if (c == '"' || c == '\'') {
      string(&token, c);
    } else if (c == '`') {
      symbol(&token);
    } else if (c == '_') {
      macro(&token);
    } else {
      punctuation(&token);
    }
    last_ = token.kind;
    last_text_ = token.text;
    return token;
  }

  /// "x.5" is no number after x.
  bool follows_operand(const Token& token) const {
    if (token.space_before || at_ == 0) return false;
    return last_ == TokenKind::kWord || last_text_ == ")" || last_text_ == "]";
  }

  void word(Token* token) {
    token->kind = TokenKind::kWord;
    size_t length = 1;
    while (is_word_part(peek(length))) ++length;
    if (peek(length) == '!' && peek(length + 1) != '=') ++length;
    token->text = text_.substr(at_, length);
    advance(length);
  }

  void number(Token* token) {
    token->kind = TokenKind::kConstant;
    size_t length = scan_number(text_.substr(at_), &token->value);
    if (length == 0) {
      length = 1;
      while (is_word_part(peek(length))) ++length;
      throw syntax_error(token->place, "Cannot recognize the token " + std::string(text_.substr(at_, length)));
    }
    token->text = text_.substr(at_, length);
    advance(length);
  }

  void string(Token* token, char quote) {
    token->kind = TokenKind::kConstant;
    const std::string triple(3, quote);
    const bool is_triple = text_.substr(at_).starts_with(triple);
    advance(is_triple ? 3 : 1);
    std::string content;
    for (;;) {
      if (at_end()) throw syntax_error(token->place, std::string("The string is not closed: ") + quote + " expected.");
      if (is_triple ? text_.substr(at_).starts_with(triple) : peek() == quote) break;
      content += peek() == '\\' ? escape() : std::string(1, plain());
    }
    advance(is_triple ? 3 : 1);
    token->text = '"' + content + '"';
    const bool is_char = quote == '\'' && content.size() == 1;
    token->value = is_char ? Scalar::of<int8_t>(Type::kChar, static_cast<int8_t>(content[0]))
                           : Scalar::of_string(std::move(content));
  }

  char plain() {
    const char c = peek();
    advance(1);
    return c;
  }

  /// Unknown escapes keep their backslash.
  std::string escape() {
    const char c = peek(1);
    switch (c) {
      case 'n': advance(2); return "\n";
      case 'r': advance(2); return "\r";
      case 't': advance(2); return "\t";
      case '\\':
      case '\'':
      case '"': advance(2); return std::string(1, c);
      case 'x': {
        const int high = hex_value(peek(2));
        const int low = high < 0 ? -1 : hex_value(peek(3));
        if (low < 0) break;
        advance(4);
        return std::string(1, static_cast<char>(high * 16 + low));
      }
      default: break;
    }
    return std::string(1, plain());
  }

  void symbol(Token* token) {
    token->kind = TokenKind::kSymbol;
    size_t length = 1;
    while (is_word_part(peek(length)) || (peek(length) == '.' && is_word_part(peek(length + 1)))) ++length;
    token->text = text_.substr(at_, length);
    token->value = Scalar::of_string(token->text.substr(1));
    advance(length);
  }

  void macro(Token* token) {
    advance(1);
    if (peek() == '"' || peek() == '\'') {
      string(token, peek());
      token->kind = TokenKind::kQuotedName;
      token->text = token->value.text();
      return;
    }
    const size_t dollars = peek() == '$' ? (peek(1) == '$' ? 2 : 1) : 0;
    if (dollars == 0 || !is_letter(peek(dollars))) throw syntax_error(token->place, "Cannot recognize the token _");
    advance(dollars);
    token->value = Scalar::of_bool(dollars == 2);
    word(token);
    token->kind = TokenKind::kMacro;
  }

  void punctuation(Token* token) {
    token->kind = TokenKind::kPunctuation;
    for (const auto candidate : kLongPunctuation) {
      if (!text_.substr(at_).starts_with(candidate)) continue;
      token->text = candidate;
      advance(candidate.size());
      return;
    }
    if (kShortPunctuation.find(peek()) == std::string_view::npos) {
      throw syntax_error(token->place, std::string("Cannot recognize the token ") + peek());
    }
    token->text = std::string(1, peek());
    advance(1);
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  TokenKind last_ = TokenKind::kEnd;
  std::string last_text_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text) { return Lexer(text).run(); }

ScriptError syntax_error(SourcePlace place, const std::string& reason) {
  return ScriptError("Syntax Error: [line #" + std::to_string(place.line) + "] " + reason, place);
}

}  // namespace pelorus::syntax
