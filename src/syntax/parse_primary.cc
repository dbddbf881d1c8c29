// Operands: constants, names, brackets, functions as values, CODE.

#include "syntax/constants.h"
#include "syntax/parser.h"

namespace pelorus::syntax {

bool Parser::at_word_constant() const {
  const Token& token = peek();
  if (!token.is_word()) return false;
  return (is_keyword(token, "null") || token.text == "true" || token.text == "false") &&
         (!peek(1).is("(") || ends_line(peek(1)));
}

ExprRef Parser::parse_primary() {
  Nesting nesting(this);
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::kConstant:
    case TokenKind::kSymbol: return parse_constant();
    case TokenKind::kWord: return parse_word_primary();
    case TokenKind::kQuotedName: {
      auto name = make<Name>(token);
      name->name = take().text;
      name->quoted = true;
      name->in_query = queries_ > 0;
      return name;
    }
    case TokenKind::kMacro: {
      auto macro = make<MacroName>(token);
      macro->several = token.value.get<int8_t>() == 1;
      macro->variable = make_name(token, token.text);
      take();
      return macro;
    }
    case TokenKind::kEnd: fail("An expression expected, but the script ends here.");
    case TokenKind::kPunctuation: break;
  }
  if (token.is("(")) return parse_parenthesis();
  if (token.is("[")) return parse_vector_bracket();
  if (token.is("{")) return parse_brace();
  if (token.is("-") && peek(1).kind == TokenKind::kConstant && !peek(1).space_before) return parse_constant();
  if (token.is("<") && !peek(1).is(",") && !peek(1).is(")") && !at_template_sign(1)) return parse_code();
  if ((token.is("&") || token.is("::")) && peek(1).is_word()) {
    take();
    auto function = make<FunctionName>(token);
    function->name = qualified_name();
    if (queries_ == 0 && !is_function(function->name) && !names_.is_function_after_all(function->name))
      fail_at(token, "Cannot recognize the token " + function->name);
    return function;
  }
  return parse_operator_function();
}

/// "+" where a value is wanted: the function add.
ExprRef Parser::parse_operator_function() {
  const Token& token = peek();
  const OperatorRow* row = token.is("!") ? nullptr : find_operator(token.text);
  if (token.kind != TokenKind::kPunctuation || (row == nullptr && !token.is("!") && !token.is(":"))) {
    fail("An expression expected, but found " + describe(token) + ".");
  }
  const Token& next = peek(1);
  if (token.is(":") && next.kind == TokenKind::kConstant) {
    // A pair without a lower end, as between() takes it.
    auto pair = make<PairLiteral>(token);
    pair->from = make<Literal>(token);
    take();
    pair->to = parse_binary(kLevelPair + 1);
    return pair;
  }
  if (!next.is(",") && !next.is(")") && !next.is("{") && !next.is("]") && !at_template_sign(1)) {
    fail("An expression expected, but found " + describe(token) + ".");
  }
  take();
  auto function = make<FunctionName>(token);
  function->symbol = token.text;
  function->name = row != nullptr ? std::string(row->function) : token.is("!") ? "not" : "pair";
  return function;
}

bool Parser::is_statement_word(std::string_view text) {
  for (const std::string_view word : {"if", "else", "for", "while", "do", "try", "catch", "throw", "return", "break",
                                      "continue", "def", "defg", "mapr"}) {
    if (text == word) return true;
  }
  return false;
}

ExprRef Parser::parse_word_primary() {
  const Token& token = peek();
  if (at_word_constant()) return parse_constant();
  if (at_lambda(0)) return parse_lambda(false);
  if ((token.text == "def" || token.text == "defg") && (peek(1).is("(") || peek(1).is_word())) {
    return parse_anonymous_function();
  }
  if (at_query()) return parse_query();
  if (is_keyword(token, "case") && (at_keyword("when", 1) || (queries_ > 0 && starts_operand(1) && !peek(1).is("(")))) {
    return parse_case();
  }
  if (queries_ == 0 && is_statement_word(token.text) && !peek(1).is("="))
    fail("An expression expected, but found " + describe(token) + ".");
  const bool is_local = find_local(locals_, token.text) >= 0;
  if (!is_local && token.text == "DFLT") {
    take();
    return make<DefaultPlace>(token);
  }
  const bool shadowed = is_local || (token.text == "e" && is_variable(token.text));
  // Inside a query a column may have such a name (DATE, e): the evaluator falls back to the constant.
  const bool has_suffix = (peek(1).is("(") || peek(1).is("[")) && !peek(1).space_before;
  if (!shadowed && (queries_ == 0 || has_suffix) && find_constant(token.text)) return parse_named_constant(token);
  const Token& at = peek();
  return make_name(at, qualified_name());
}

/// INT, INT[], DECIMAL64(4), VALUE, pi.
ExprRef Parser::parse_named_constant(const Token& token) {
  auto node = make<Literal>(token);
  node->spelling = take().text;
  node->value = *find_constant(node->spelling);
  types::Type type = types::Type::kVoid;
  if (!types::parse_type(node->spelling, &type)) return node;
  int32_t code = static_cast<int32_t>(type);
  if (types::is_decimal(type) && peek().is("(") && !ends_line(peek())) {
    const Token& scale = peek(1);
    if (scale.kind != TokenKind::kConstant || scale.value.type() != types::Type::kInt || !peek(2).is(")") ||
        scale.value.get<int32_t>() > types::scale_max(type) || scale.value.get<int32_t>() < 0) {
      fail("A scale between 0 and " + std::to_string(types::scale_max(type)) + " expected after " + node->spelling +
           ".");
    }
    code = type_code_with_scale(code, scale.value.get<int32_t>());
    node->spelling += "(" + scale.text + ")";
    at_ += 3;
  }
  if (peek().is("[") && peek(1).is("]") && !peek().space_before) {
    code += types::Type::kVoid == type ? 0 : 64;
    node->spelling += "[]";
    at_ += 2;
  }
  node->value = types::Scalar::of_int(code);
  return node;
}

ExprRef Parser::parse_parenthesis() {
  const Token& at = peek();
  if (at_lambda(0)) return parse_lambda(false);
  bool comma = false;
  std::vector<ExprRef> elements;
  {
    Bracket bracket(this);
    take();
    // An empty place holds a null: (0, 30, , , ). The last one counts when there are others: (1, ) has one element.
    bool has_open = false;
    while (has_open || !peek().is(")")) {
      const bool is_open = peek().is(",") || peek().is(")");
      has_open = has_open || (is_open && !elements.empty());
      elements.push_back(is_open && has_open
                             ? make<Literal>(peek())
                             : parse_aliased(at_sql_statement() ? parse_sql_statement() : parse_expr()));
      if (!accept(",")) break;
      comma = true;
    }
    expect(")", "to close the parenthesis of line " + std::to_string(at.place.line));
  }
  if (elements.size() == 1 && !comma) {
    if (elements[0]->kind == ExprKind::kQuery && at_keyword("union") && !in_union_) {
      return parse_unions(std::make_shared<Query>(*as<Query>(elements[0])));
    }
    return elements[0];
  }
  auto tuple = make<Tuple>(at);
  tuple->elements = std::move(elements);
  return tuple;
}

ExprRef Parser::parse_vector_bracket() {
  const Token& at = peek();
  auto node = make<VectorBracket>(at);
  Bracket bracket(this);
  take();
  // An empty place, the last one included, holds a null: [1, , 3, ].
  bool is_open = peek().is(",");
  while (is_open || !peek().is("]")) {
    node->elements.push_back(peek().is(",") || peek().is("]") ? make<Literal>(peek()) : parse_aliased(parse_expr()));
    is_open = accept(",");
    if (!is_open) break;
  }
  expect("]", "to close the bracket of line " + std::to_string(at.place.line));
  return node;
}

bool Parser::at_brace_lambda(size_t ahead) const {
  if (!peek(ahead).is("{")) return false;
  size_t i = ahead + 1;
  if (peek(i).is("->")) return true;
  for (;;) {
    if (!peek(i).is_word()) return false;
    ++i;
    if (peek(i).is("->")) return true;
    if (!peek(i).is(",")) return false;
    ++i;
  }
}

ExprRef Parser::parse_brace() { return at_brace_lambda(0) ? parse_lambda(true) : parse_dictionary(); }

ExprRef Parser::parse_dictionary() {
  const Token& at = peek();
  auto node = make<DictionaryLiteral>(at);
  Bracket bracket(this);
  take();
  while (!peek().is("}")) {
    ExprRef key;
    if (peek().is_word() && peek(1).is(":")) {
      auto text = make<Literal>(peek());
      text->value = types::Scalar::of_string(take().text);
      key = std::move(text);
    } else {
      Setting<bool> no_pair(&no_pair_, true);
      key = parse_expr();
    }
    expect(":", "after the key of a dictionary");
    node->entries.emplace_back(std::move(key), parse_expr());
    if (!accept(",")) break;
  }
  expect("}", "to close the dictionary of line " + std::to_string(at.place.line));
  return node;
}

/// Inside CODE a ">" compares when an operand follows it and ends the CODE otherwise.
bool Parser::at_code_end() const {
  if (codes_ == 0 || !peek().is(">")) return false;
  const Token& next = peek(1);
  if (next.kind == TokenKind::kEnd || next.newline_before) return true;
  if (next.is_word()) return is_keyword(next, "as") || is_keyword(next, "in") || is_keyword(next, "from");
  if (next.kind != TokenKind::kPunctuation) return false;
  return !next.is("(") && !next.is("[") && !next.is("-") && !next.is("!") && !next.is("{") && !next.is("<");
}

ExprRef Parser::parse_code() {
  const Token& at = peek();
  auto node = make<Code>(at);
  std::vector<int> used;
  std::vector<int>* nowhere = nullptr;
  Setting<std::vector<int>*> uses(locals_ != nullptr ? &locals_->used : &nowhere, &used);
  Bracket bracket(this);
  Setting<int> codes(&codes_, 1);
  Setting<int> queries(&queries_, queries_ + 1);
  Setting<int> in_code(&in_code_, in_code_ + 1);
  take();
  if (peek().is("[") && peek(after_bracket(0)).is(">")) {
    ExprRef list = parse_vector_bracket();
    node->is_list = true;
    node->bodies = as<VectorBracket>(list)->elements;
  }
  if (!node->is_list) node->bodies.push_back(at_sql_statement() ? parse_sql_statement() : parse_aliased(parse_expr()));
  expect(">", "to close the code of line " + std::to_string(at.place.line));
  for (const int slot : used) node->captures.push_back({locals_->names[static_cast<size_t>(slot)], slot, slot});
  return node;
}

}  // namespace pelorus::syntax
