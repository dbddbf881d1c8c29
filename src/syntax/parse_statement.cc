#include "syntax/parser.h"

#include "syntax/constants.h"

namespace pelorus::syntax {
namespace {

/// The operator of `+=`; false for "=".
bool compound_operator(const Token& token, BinaryOperator* op) {
  if (token.is("+="))
    *op = BinaryOperator::kAdd;
  else if (token.is("-="))
    *op = BinaryOperator::kSubtract;
  else if (token.is("*="))
    *op = BinaryOperator::kMultiply;
  else if (token.is("/="))
    *op = BinaryOperator::kDivide;
  else if (token.is("\\="))
    *op = BinaryOperator::kRatio;
  else
    return false;
  return true;
}

}  // namespace

bool Parser::is_assignment(const Token& token) {
  BinaryOperator op{};
  return token.is("=") || compound_operator(token, &op);
}

ScriptPart Parser::parse_part() {
  ScriptPart part;
  for (;;) {
    while (accept(";")) {
    }
    if (peek().kind == TokenKind::kEnd) break;
    if (peek().text == "go" && peek().is_word() && (peek(1).newline_before || peek(1).is(";"))) {
      take();
      accept(";");
      part.last = peek().kind == TokenKind::kEnd;
      part.resume_at = at_;
      return part;
    }
    if (peek().is("}")) fail("Unexpected token '}'.");
    part.statements.push_back(parse_statement());
    if (part.statements.back()->kind == StatementKind::kUse) {
      // The text behind it may name what it brings.
      part.last = peek().kind == TokenKind::kEnd;
      part.resume_at = at_;
      return part;
    }
  }
  part.resume_at = at_;
  return part;
}

StatementRef Parser::parse_statement() {
  Nesting nesting(this);
  if (peek().is("{") && !at_brace_lambda(0)) {
    const bool is_dictionary = peek(1).is("}") ? false : peek(2).is(":");
    if (!is_dictionary) return parse_block();
  }
  if (peek().is("#")) fail("#include is only possible in script files run by the server.");
  bool is_keyword_statement = true;
  StatementRef statement = parse_keyword_statement(&is_keyword_statement);
  if (!is_keyword_statement) statement = parse_expression_or_assignment();
  return statement;
}

/// Statements that a keyword begins; *is_one false when none does.
StatementRef Parser::parse_keyword_statement(bool* is_one) {
  const Token& token = peek();
  const Token& next = peek(1);
  const auto starts = [&](std::string_view word) { return token.is_word() && token.text == word; };
  if (token.is("@") && next.is_word()) return parse_define();
  if (!token.is_word() || is_assignment(next) || next.is(".") || (next.is(",") && !starts("assert"))) {
    *is_one = false;
    return nullptr;
  }
  if ((starts("def") || starts("defg") || starts("mapr")) && next.is_word()) return parse_define();
  if (starts("if") && next.is("(")) return parse_if();
  if (starts("for") && next.is("(")) return parse_for();
  if (starts("while") && next.is("(")) return parse_while();
  if (starts("do") && next.is("{")) return parse_do();
  if (starts("try")) return parse_try();
  if (starts("return")) return parse_return();
  if (starts("timer")) return parse_timer();
  if (starts("assert")) return parse_assert();
  if (starts("share") && (!next.is("(") || has_as_ahead())) return parse_share();
  if ((starts("use") || starts("module")) && next.is_word() && !next.newline_before) return parse_use_or_module();
  if (starts("throw")) {
    take();
    auto node = make<Throw>(token);
    node->value = parse_expr();
    expect_statement_end();
    return node;
  }
  if (starts("break") || starts("continue")) {
    if (loops_ == 0) fail("'" + token.text + "' can only be used inside a loop.");
    take();
    expect_statement_end();
    if (token.text == "break") return make<Break>(token);
    return make<Continue>(token);
  }
  if (starts("transaction") && next.is("{")) {
    take();
    auto node = make<Transaction>(token);
    node->body = parse_block();
    return node;
  }
  if ((starts("commit") || starts("rollback")) && (next.newline_before || next.is(";") || next.is("}"))) {
    take();
    accept(";");
    if (token.text == "commit") return make<Commit>(token);
    return make<Rollback>(token);
  }
  if (starts("class") && next.is_word() && !next.newline_before) return parse_class();
  if (starts("undef") && next.text == "all" && next.is_word() && !next.newline_before) {
    at_ += 2;
    auto all = make<Literal>(next);
    all->value = types::Scalar::of_string("all");
    auto node = make<ExpressionStatement>(token);
    node->value = call_of("undef", {std::move(all)}, token);
    expect_statement_end();
    return node;
  }
  if (at_sql_statement()) {
    auto node = make<ExpressionStatement>(token);
    node->value = parse_sql_statement();
    expect_statement_end();
    return node;
  }
  *is_one = false;
  return nullptr;
}

/// Whether `as` comes before the statement's end, outside of brackets: share (t) as s is no call.
bool Parser::has_as_ahead() const {
  for (size_t ahead = 1;; ++ahead) {
    const Token* token = &peek(ahead);
    while (token->is("(") || token->is("[") || token->is("{")) {
      ahead = after_bracket(ahead);
      token = &peek(ahead);
    }
    if (is_keyword(*token, "as")) return true;
    if (token->kind == TokenKind::kEnd || token->is(";") || token->is("}") || token->newline_before) return false;
  }
}

std::shared_ptr<const Block> Parser::parse_block() {
  auto block = make<Block>(peek());
  const int line = peek().place.line;
  Bracket outer(this);
  Setting<int> brackets(&brackets_, 0);
  expect("{", "before the block");
  for (;;) {
    while (accept(";")) {
    }
    if (peek().is("}")) break;
    if (peek().kind == TokenKind::kEnd) fail("'}' expected to close the block of line " + std::to_string(line) + ".");
    block->statements.push_back(parse_statement());
  }
  take();
  return block;
}

StatementRef Parser::parse_block_or_statement() {
  if (peek().is("{") && !at_brace_lambda(0)) return parse_block();
  return parse_statement();
}

StatementRef Parser::parse_define() {
  std::vector<std::string> annotations;
  const Token& at = peek();
  while (accept("@")) {
    annotations.push_back(expect_word("An annotation"));
    if (accept(":")) {  // @testing: case="name"
      while (!peek().newline_before && peek().kind != TokenKind::kEnd) take();
    }
  }
  const Token& name = peek(1);
  if (names_.is_function(name.text) && locals_ == nullptr && !names_.is_redefinable(name.text)) {
    fail_at(name, "The function [" + name.text + "] is a built-in function and can't be redefined.");
  }
  auto node = make<Define>(at);
  if (locals_ != nullptr) node->slot = locals_->add(name.text);
  auto definition = parse_definition();
  definition->annotations = std::move(annotations);
  node->definition = std::move(definition);
  expect_statement_end();
  return node;
}

StatementRef Parser::parse_if() {
  auto node = make<If>(take());
  {
    Bracket bracket(this);
    expect("(", "after 'if'");
    node->condition = parse_expr();
    expect(")", "after the condition");
  }
  node->then = parse_block_or_statement();
  if (peek().is(";") && at_keyword("else", 1)) take();
  if (at_keyword("else")) {
    take();
    node->otherwise = parse_block_or_statement();
  }
  accept(";");
  return node;
}

StatementRef Parser::parse_for() {
  auto node = make<For>(take());
  {
    Bracket bracket(this);
    expect("(", "after 'for'");
    const Token& variable = peek();
    if (!variable.is_word()) fail("A variable name expected after 'for('.");
    take();
    expect_keyword("in", "after the variable of 'for'");
    node->source = parse_expr();
    expect(")", "after the values of 'for'");
    node->variable = make_target(variable);
  }
  Setting<int> loops(&loops_, loops_ + 1);
  node->body = parse_block_or_statement();
  accept(";");
  return node;
}

StatementRef Parser::parse_while() {
  auto node = make<While>(take());
  {
    Bracket bracket(this);
    expect("(", "after 'while'");
    node->condition = parse_expr();
    expect(")", "after the condition");
  }
  Setting<int> loops(&loops_, loops_ + 1);
  node->body = parse_block_or_statement();
  accept(";");
  return node;
}

StatementRef Parser::parse_do() {
  auto node = make<DoWhile>(take());
  {
    Setting<int> loops(&loops_, loops_ + 1);
    node->body = parse_block();
  }
  if (peek().text != "while") fail("'while' expected after the block of 'do'.");
  take();
  {
    Bracket bracket(this);
    expect("(", "after 'while'");
    node->condition = parse_expr();
    expect(")", "after the condition");
  }
  expect_statement_end();
  return node;
}

StatementRef Parser::parse_try() {
  auto node = make<Try>(take());
  node->body = parse_block_or_statement();
  expect_keyword("catch", "after the block of 'try'");
  {
    Bracket bracket(this);
    expect("(", "after 'catch'");
    if (!peek().is_word()) fail("A variable name expected after 'catch('.");
    node->variable = make_target(take());
    expect(")", "after the variable of 'catch'");
  }
  node->handler = parse_block_or_statement();
  accept(";");
  return node;
}

StatementRef Parser::parse_return() {
  auto node = make<Return>(take());
  if (!at_statement_end()) {
    const Token& at = peek();
    ExprRef value = parse_expr();
    if (peek().is(",") && brackets_ == 0) {
      auto tuple = make<Tuple>(at);
      tuple->elements.push_back(std::move(value));
      while (accept(",")) tuple->elements.push_back(parse_expr());
      value = std::move(tuple);
    }
    node->value = std::move(value);
  }
  if (brackets_ == 0) expect_statement_end();
  return node;
}

StatementRef Parser::parse_assert() {
  auto node = make<Assert>(take());
  node->condition = parse_expr();
  if (accept(",")) {
    node->name = std::move(node->condition);
    node->condition = parse_expr();
  }
  expect_statement_end();
  return node;
}

StatementRef Parser::parse_timer() {
  auto node = make<Timer>(take());
  if (peek().is("(")) {
    const Token& after = peek(after_bracket(0));
    const bool is_body = after.newline_before || (after.kind == TokenKind::kPunctuation && !after.is("{"));
    if (!is_body) node->count = parse_parenthesis();
  }
  node->body = parse_block_or_statement();
  return node;
}

StatementRef Parser::parse_share() {
  auto node = make<Share>(take());
  node->value = parse_expr();
  expect_keyword("as", "after the object to share");
  node->name = expect_word("The shared name");
  expect_statement_end();
  return node;
}

StatementRef Parser::parse_use_or_module() {
  const Token& keyword = take();
  if (keyword.text == "module") {
    auto node = make<Module>(keyword);
    node->path = qualified_name();
    expect_statement_end();
    return node;
  }
  auto node = make<Use>(keyword);
  node->is_catalog = at_keyword("catalog") && peek(1).is_word() && !peek(1).newline_before;
  if (node->is_catalog) {
    take();
    top_variables_.insert(std::string(kCurrentCatalog));
  }
  node->path = qualified_name();
  expect_statement_end();
  return node;
}

// ------------------------------------------------------------------ assignment

/// Tokens from here to the assignment operator of this statement; 0 when it is no assignment.
size_t Parser::assignment_operator_at() const {
  if (at_query() || peek().is("<")) return 0;
  int depth = 0;
  for (size_t i = 0;; ++i) {
    const Token& token = peek(i);
    if (token.kind == TokenKind::kEnd) return 0;
    if (depth == 0 && i > 0 && token.newline_before && brackets_ == 0 && !peek(i - 1).is(",")) return 0;
    if (token.is("(") || token.is("[") || token.is("{")) ++depth;
    if (token.is(")") || token.is("]") || token.is("}")) --depth;
    if (depth < 0) return 0;
    if (depth > 0) continue;
    if (is_assignment(token)) return i;
    if (token.is(";") || token.is("->") || is_keyword(token, "select") || is_keyword(token, "exec")) return 0;
  }
}

StatementRef Parser::parse_expression_or_assignment() {
  const Token& at = peek();
  if (assignment_operator_at() > 0) return parse_assignment({}, at);
  auto node = make<ExpressionStatement>(at);
  node->value = parse_aliased(parse_expr());
  expect_statement_end();
  return node;
}

StatementRef Parser::parse_assignment(std::vector<ExprRef> targets, const Token& at) {
  auto node = make<Assign>(at);
  if (at_keyword("const") && peek(1).is_word()) {
    take();
    node->constant = true;
  }
  node->by_reference = accept("&");
  std::vector<const Token*> simple;  // names are declared only after the right side is read
  for (;;) {
    const Token& token = peek();
    const bool is_simple = token.is_word() && (peek(1).is(",") || is_assignment(peek(1)));
    simple.push_back(is_simple ? &token : nullptr);
    targets.push_back(is_simple ? nullptr : parse_postfix());
    if (is_simple) take();
    if (!accept(",")) break;
  }
  if (!is_assignment(peek())) fail("'=' expected, but found " + describe(peek()) + ".");
  const Token& assign = take();
  node->compound = compound_operator(assign, &node->op);
  if (node->compound && targets.size() > 1) fail_at(assign, "'" + assign.text + "' can have one target only.");
  const Token& value_at = peek();
  node->value = parse_expr();
  if (peek().is(",")) {
    auto tuple = make<Tuple>(value_at);
    tuple->elements.push_back(node->value);
    while (accept(",")) tuple->elements.push_back(parse_expr());
    node->value = std::move(tuple);
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    if (simple[i] == nullptr) {
      targets[i] = to_target(targets[i]);
      continue;
    }
    const std::string& name = simple[i]->text;
    if (node->compound) {
      make_name(*simple[i], name);  // must exist
      if (locals_ != nullptr && locals_->read_only.contains(name)) {
        fail_at(*simple[i], "Constant variable [" + name + "] can't be modified.");
      }
    }
    targets[i] = make_target_or_field(*simple[i]);
    if (node->constant && locals_ == nullptr) top_constants_.insert(name);
  }
  node->targets = std::move(targets);
  expect_statement_end();
  return node;
}

/// Index and Member nodes whose root is a variable may be assigned to.
ExprRef Parser::to_target(const ExprRef& expr) {
  const Expr* root = expr.get();
  while (root->kind == ExprKind::kIndex || root->kind == ExprKind::kMember) {
    root = root->kind == ExprKind::kIndex ? as<Index>(*root)->object.get() : as<Member>(*root)->object.get();
  }
  const bool is_place = expr->kind == ExprKind::kIndex || expr->kind == ExprKind::kMember;
  const Name* name = as<Name>(*root);
  if (!is_place || name == nullptr)
    throw syntax_error(expr->place, "The left side of an assignment must be a variable.");
  const bool is_read_only = (locals_ != nullptr && locals_->read_only.contains(name->name)) ||
                            (locals_ == nullptr && top_constants_.contains(name->name));
  if (is_read_only) throw syntax_error(expr->place, "Constant variable [" + name->name + "] can't be modified.");
  return expr;
}

}  // namespace pelorus::syntax
