#include "syntax/parser.h"

#include <algorithm>

#include "syntax/constants.h"

namespace pelorus::syntax {

Parser::Nesting::Nesting(Parser* parser) : parser_(parser) {
  if (parser->depth_ >= kNestingMax) {
    parser->fail("The script is nested too deeply: more than " + std::to_string(kNestingMax) + " levels.");
  }
  ++parser->depth_;
}

Parser::Bracket::Bracket(Parser* parser)
    : brackets(&parser->brackets_, parser->brackets_ + 1),
      codes(&parser->codes_, 0),
      no_pair(&parser->no_pair_, false),
      open_pair(&parser->open_pair_, false),
      in_from(&parser->in_from_, false),
      in_case(&parser->in_case_, false),
      in_over(&parser->in_over_, false),
      no_lambda(&parser->no_lambda_, false),
      in_union(&parser->in_union_, false) {}

bool Parser::accept(std::string_view punctuation) {
  if (!peek().is(punctuation)) return false;
  take();
  return true;
}

void Parser::expect(std::string_view punctuation, std::string_view where) {
  if (accept(punctuation)) return;
  if (peek().is("=") && queries_ == 0) fail("Can't use assignment in expression. Please use '==' rather than '='.");
  fail("'" + std::string(punctuation) + "' expected " + std::string(where) + ", but found " + describe(peek()) + ".");
}

bool Parser::is_keyword(const Token& token, std::string_view lower) {
  if (!token.is_word() || token.text.size() != lower.size()) return false;
  if (token.text == lower) return true;
  return std::equal(lower.begin(), lower.end(), token.text.begin(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

bool Parser::accept_keyword(std::string_view lower) {
  if (!at_keyword(lower)) return false;
  take();
  return true;
}

void Parser::expect_keyword(std::string_view lower, std::string_view where) {
  if (accept_keyword(lower)) return;
  fail("'" + std::string(lower) + "' expected " + std::string(where) + ", but found " + describe(peek()) + ".");
}

std::string Parser::expect_word(std::string_view what) {
  if (!peek().is_word() && peek().kind != TokenKind::kQuotedName) {
    fail(std::string(what) + " expected, but found " + describe(peek()) + ".");
  }
  return take().text;
}

void Parser::fail(const std::string& reason) const { fail_at(peek(), reason); }

void Parser::fail_at(const Token& token, const std::string& reason) const { throw syntax_error(token.place, reason); }

std::string Parser::describe(const Token& token) {
  return token.kind == TokenKind::kEnd ? "the end of the script" : "'" + token.text + "'";
}

bool Parser::at_statement_end() const {
  const Token& token = peek();
  return token.kind == TokenKind::kEnd || token.newline_before || token.is(";") || token.is("}");
}

size_t Parser::after_bracket(size_t ahead) const {
  int depth = 0;
  for (size_t i = ahead;; ++i) {
    const Token& token = peek(i);
    if (token.is("(") || token.is("[") || token.is("{")) ++depth;
    if (token.is(")") || token.is("]") || token.is("}")) --depth;
    if (depth == 0) return i + 1;
    if (token.kind == TokenKind::kEnd) return i;
  }
}

void Parser::expect_statement_end() {
  if (accept(";") || at_statement_end() || at_keyword("else") || at_keyword("catch")) return;
  const Token& token = peek();
  if (token.is("=")) fail("Can't use assignment in expression. Please use '==' rather than '='.");
  fail("Unexpected token " + describe(token) + ": the end of the statement, an operator or ';' expected.");
}

// ------------------------------------------------------------------ names

int Parser::find_local(LocalNames* locals, const std::string& name) {
  if (locals == nullptr) return -1;
  const auto use = [&](int slot) {
    if (locals->used != nullptr && std::find(locals->used->begin(), locals->used->end(), slot) == locals->used->end()) {
      locals->used->push_back(slot);
    }
    return slot;
  };
  if (const auto found = locals->slots.find(name); found != locals->slots.end()) return use(found->second);
  int outer_slot = find_local(locals->outer, name);
  if (outer_slot < 0) {
    const bool is_session_variable =
        locals->outer == nullptr && locals->takes_session_variables && queries_ == 0 &&
        (top_variables_.contains(name) || (names_.is_variable(name) && !names_.is_shared(name)));
    if (!is_session_variable) return -1;
    outer_slot = -1;
  }
  const int slot = locals->add(name);
  locals->captures.push_back({name, outer_slot, slot});
  return use(slot);
}

bool Parser::is_function(const std::string& name) const {
  return top_functions_.contains(name) || names_.is_function(name);
}

bool Parser::is_variable(const std::string& name) {
  if (find_local(locals_, name) >= 0) return true;
  if (locals_ != nullptr) return names_.is_shared(name);
  return top_variables_.contains(name) || names_.is_variable(name);
}

int Parser::declare_variable(const std::string& name) {
  if (locals_ != nullptr) return locals_->add(name);
  top_variables_.insert(name);
  return -1;
}

bool Parser::may_begin_catalog_name(const Token& token) const {
  const auto at = static_cast<size_t>(&token - tokens_.data());
  size_t parts = 1;
  while (at + 2 * parts < tokens_.size() && tokens_[at + 2 * parts - 1].is(".") && tokens_[at + 2 * parts].is_word())
    ++parts;
  // t.quote.append!(…): the last one is called.
  if (at + 2 * parts - 1 < tokens_.size() && tokens_[at + 2 * parts - 1].is("(")) --parts;
  const std::string current(kCurrentCatalog);
  return parts >= 3 || (parts == 2 && (top_variables_.contains(current) || names_.is_variable(current)));
}

ExprRef Parser::make_name(const Token& token, const std::string& name) {
  auto node = make<Name>(token);
  node->name = name;
  node->in_query = queries_ > 0;
  node->slot = find_local(locals_, name);
  if (node->slot < 0 && is_member_of_class(name)) {
    if (queries_ == 0) return make_member_of_self(token, name);
    node->self_slot = find_local(locals_, "self");
  }
  if (node->slot < 0 && queries_ == 0 && !is_variable(name) && !is_function(name) &&
      !names_.is_function_after_all(name) && !may_begin_catalog_name(token)) {
    fail_at(token, "Cannot recognize the token " + name);
  }
  return node;
}

ExprRef Parser::make_target(const Token& token) {
  if (locals_ == nullptr && top_constants_.contains(token.text)) {
    fail_at(token, "Constant variable [" + token.text + "] can't be modified.");
  }
  auto node = make<Name>(token);
  node->name = token.text;
  node->slot = declare_variable(token.text);
  return node;
}

std::string Parser::qualified_name() {
  std::string name = take().text;
  while (peek().is("::") && peek(1).is_word() && !peek().space_before && !peek(1).space_before) {
    take();
    name += "::" + take().text;
  }
  return name;
}

// ------------------------------------------------------------------ the surface

struct ScriptParser::State {
  std::vector<Token> tokens;
  size_t at = 0;
  bool done = false;
};

ScriptParser::ScriptParser(std::string_view text) : state_(std::make_unique<State>()) {
  state_->tokens = tokenize(text);
}
ScriptParser::~ScriptParser() = default;

bool ScriptParser::done() const { return state_->done; }

ScriptPart ScriptParser::next(const NameOracle& names) {
  ScriptPart part = Parser(state_->tokens, state_->at, names).parse_part();
  state_->at = part.resume_at;
  state_->done = part.last;
  return part;
}

ExprRef parse_expression(std::string_view text, const NameOracle& names) {
  const auto tokens = tokenize(text);
  return Parser(tokens, 0, names).parse_single_expression();
}

}  // namespace pelorus::syntax
