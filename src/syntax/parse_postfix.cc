// What follows an operand: calls, indexes, members, partial application, templates, ? :.

#include "syntax/constants.h"
#include "syntax/parser.h"

namespace pelorus::syntax {
namespace {

bool is_template_sign(const std::string& text) {
  constexpr std::string_view kSplits = "EULRPOCATGXHV";
  constexpr std::string_view kAssembly = "DCUK";
  if (text.empty() || text.size() > 2 || kSplits.find(text[0]) == std::string_view::npos) return false;
  return text.size() == 1 || kAssembly.find(text[1]) != std::string_view::npos;
}

bool is_lambda(const Expr& expr) { return expr.kind == ExprKind::kFunction; }

}  // namespace

bool Parser::at_template_sign(size_t ahead) const {
  const Token& sign = peek(ahead + 1);
  if (!peek(ahead).is(":") || ends_line(peek(ahead)) || !sign.is_word() || sign.space_before) return false;
  return is_template_sign(sign.text);
}

ExprRef Parser::parse_template(ExprRef function, const Token& at) {
  auto node = make<Template>(at);
  node->function = std::move(function);
  while (at_template_sign(0)) {
    take();
    node->signs.push_back(take().text);
  }
  return node;
}

ExprRef Parser::parse_postfix() {
  Nesting nesting(this);
  ExprRef value = parse_primary();
  for (int steps = 0;; ++steps) {
    bool took = false;
    value = parse_postfix_step(value, &took);
    if (!took) return value;
    if (steps > kTermsMax) fail("The expression has too many calls in a chain.");
  }
}

ExprRef Parser::parse_postfix_step(const ExprRef& value, bool* took) {
  const Token& token = peek();
  *took = true;
  const bool is_next_line = ends_line(token);
  if (token.is(".") && (peek(1).is_word() || (!is_next_line && !peek(1).is(".")))) return parse_member(value, token);
  if (!is_next_line && token.kind == TokenKind::kPunctuation) {
    if (token.is("(") && may_be_called(*value, token)) return parse_call(value, token);
    if (token.is("[")) {
      const Name* name = as<Name>(value);
      const bool is_prefix = name != nullptr && token.space_before && name->slot < 0 && !is_variable(name->name) &&
                             is_function(name->name) && queries_ == 0;
      if (!is_prefix) return parse_index(value, token);
    }
    const bool is_partial = token.is("{") && !token.space_before && !(is_lambda(*value) && at_brace_lambda(0));
    if (is_partial && value->kind != ExprKind::kLiteral) return parse_partial(value, token);
    if (token.is("@") && !peek(1).is(",") && !peek(1).is(")")) {
      take();
      auto node = make<Binary>(token);
      node->op = BinaryOperator::kEachAt;
      node->left = value;
      node->right = parse_primary();
      return node;
    }
    if (token.is("?")) return parse_conditional(value, token);
    if (!no_pair_ && at_template_sign(0)) {
      const bool is_callable = value->kind == ExprKind::kFunctionName || value->kind == ExprKind::kPartial ||
                               value->kind == ExprKind::kTemplate || is_lambda(*value) ||
                               (value->kind == ExprKind::kName && !is_variable(peek(1).text));
      if (is_callable) return parse_template(value, token);
    }
  }
  *took = false;
  return value;
}

bool Parser::may_be_called(const Expr& value, const Token& bracket) const {
  switch (value.kind) {
    case ExprKind::kName:
      return as<Name>(value)->slot >= 0 || queries_ == 0 || !bracket.space_before ||
             !find_constant(as<Name>(value)->name);
    case ExprKind::kFunctionName:
    case ExprKind::kPartial:
    case ExprKind::kTemplate:
    case ExprKind::kFunction: return true;
    case ExprKind::kCall:
    case ExprKind::kMethodCall:
    case ExprKind::kIndex:
    case ExprKind::kMember:
    case ExprKind::kConditional:
    case ExprKind::kVectorBracket: return !bracket.space_before;
    default: return false;
  }
}

ExprRef Parser::parse_call(ExprRef function, const Token& at) {
  const Name* name = as<Name>(function);
  auto call = make<Call>(at);
  call->place = function->place;
  call->arguments = parse_arguments(")", name != nullptr ? name->name : "");
  call->function = std::move(function);
  if (queries_ > 0 && name != nullptr && at_keyword("over") && peek(1).is("(")) return parse_over(call);
  return call;
}

/// From the opening bracket to the closing one; empty places become null values.
std::vector<Argument> Parser::parse_arguments(std::string_view close, const std::string& function) {
  const Token& at = peek();
  std::vector<Argument> arguments;
  Bracket bracket(this);
  take();
  while (!peek().is(close)) {
    if (peek().is(",")) {
      take();
      arguments.push_back({});
      if (peek().is(close)) arguments.push_back({});
      continue;
    }
    arguments.push_back(parse_argument(function));
    const bool is_named = !arguments.back().name.empty();
    if (!is_named && arguments.size() > 1 && !arguments[arguments.size() - 2].name.empty()) {
      fail("A positional argument can't follow a named one.");
    }
    if (!accept(",")) break;
    if (peek().is(close)) arguments.push_back({});
  }
  expect(close, "to close the arguments of line " + std::to_string(at.place.line));
  return arguments;
}

Argument Parser::parse_argument(const std::string& function) {
  const Token& token = peek();
  if (token.is_word() && peek(1).is("=")) {
    bool is_named = queries_ == 0 || names_.has_parameter(function, token.text);
    if (const auto found = top_functions_.find(function); !is_named && found != top_functions_.end()) {
      for (const auto& parameter : found->second->parameters) is_named = is_named || parameter.name == token.text;
    }
    if (is_named) {
      at_ += 2;
      return {token.text, parse_expr()};
    }
  }
  if (token.is("*") && peek(1).is(")") && queries_ > 0 &&
      is_keyword(Token{.kind = TokenKind::kWord, .text = function}, "count")) {
    take();
    return {"", make<Star>(token)};
  }
  return {"", parse_aliased(parse_expr())};
}

ExprRef Parser::parse_index(ExprRef object, const Token& at) {
  auto node = make<Index>(at);
  node->object = std::move(object);
  Bracket bracket(this);
  take();
  if (peek().is("]")) fail("An index expected between '[' and ']'.");
  for (;;) {
    const Token& start = peek();
    if (start.is(",") || start.is("]")) {
      node->positions.push_back(nullptr);
    } else {
      Setting<bool> open_pair(&open_pair_, true);
      ExprRef from = start.is(":") && !at_template_sign(0) ? nullptr : parse_expr();
      if (peek().is(":")) {
        auto pair = make<PairLiteral>(peek());
        take();
        pair->from = std::move(from);
        if (!peek().is("]") && !peek().is(",")) pair->to = parse_expr();
        from = std::move(pair);
      }
      node->positions.push_back(std::move(from));
    }
    if (!accept(",")) break;
  }
  expect("]", "to close the index of line " + std::to_string(at.place.line));
  return node;
}

ExprRef Parser::parse_partial(ExprRef function, const Token& at) {
  const Name* name = as<Name>(function);
  auto node = make<Partial>(at);
  node->arguments = parse_arguments("}", name != nullptr ? name->name : "");
  node->function = std::move(function);
  return node;
}

/// a.b, a."b", a.f(x), a.f{p}(x), a.{f}(x).
ExprRef Parser::parse_member(ExprRef object, const Token& at) {
  take();
  const Token& word = peek();
  if (word.is("{")) {
    ExprRef function;
    if (at_brace_lambda(0)) {
      function = parse_brace();
    } else {
      Bracket bracket(this);
      take();
      function = parse_expr();
      expect("}", "after the function");
    }
    if (!peek().is("(")) fail("'(' expected after the function of a member call.");
    auto call = make<MethodCall>(at);
    call->object = std::move(object);
    call->function = std::move(function);
    call->arguments = parse_arguments(")", "");
    return call;
  }
  if (word.kind == TokenKind::kConstant && word.value.type() == types::Type::kString) {
    auto member = make<Member>(at);
    member->object = std::move(object);
    member->name = take().value.text();
    return member;
  }
  if (word.kind == TokenKind::kConstant && types::is_integral(word.value.type())) {  // d.2: of a dictionary
    auto key = make<Literal>(word);
    key->value = take().value;
    auto index = make<Index>(at);
    index->object = std::move(object);
    index->positions.push_back(std::move(key));
    return index;
  }
  if (!word.is_word() && word.kind != TokenKind::kQuotedName) {
    fail("A member name expected after '.', but found " + describe(word) + ".");
  }
  const bool is_call = peek(1).is("(") && !ends_line(peek(1)) && !peek(1).space_before;
  const bool is_partial = peek(1).is("{") && !peek(1).space_before;
  if (!is_call && !is_partial) {
    auto member = make<Member>(at);
    member->object = std::move(object);
    member->name = take().text;
    return member;
  }
  if (is_partial && at_word_constant()) fail("The name of a function expected, but found " + describe(word) + ".");
  auto function = make<Name>(word);
  function->name = take().text;
  function->slot = find_local(locals_, function->name);
  if (is_partial) {
    auto partial = make<Partial>(at);
    partial->arguments = parse_arguments("}", function->name);
    partial->arguments.insert(partial->arguments.begin(), Argument{"", std::move(object)});
    partial->function = std::move(function);
    return partial;
  }
  auto call = make<MethodCall>(at);
  call->object = std::move(object);
  call->arguments = parse_arguments(")", function->name);
  call->function = std::move(function);
  return call;
}

ExprRef Parser::parse_conditional(ExprRef condition, const Token& at) {
  take();
  auto node = make<Conditional>(at);
  node->condition = std::move(condition);
  {
    Setting<bool> no_pair(&no_pair_, true);
    node->yes = parse_expr();
  }
  expect(":", "between the two values of '?'");
  node->no = parse_expr();
  return node;
}

ExprRef Parser::parse_aliased(ExprRef value) {
  if (!at_keyword("as") || (queries_ == 0 && ends_line(peek()))) return value;
  auto node = make<Alias>(peek());
  take();
  node->value = std::move(value);
  const Token& token = peek();
  if (token.kind == TokenKind::kMacro) {
    node->macro = parse_primary();
  } else if (token.kind == TokenKind::kSymbol) {
    do {
      node->names.push_back(take().value.text());
    } while (peek().kind == TokenKind::kSymbol && !peek().newline_before);
  } else if (token.kind == TokenKind::kConstant && token.value.type() == types::Type::kString) {
    node->names.push_back(take().value.text());
  } else {
    node->names.push_back(expect_word("A name after 'as'"));
  }
  return node;
}

}  // namespace pelorus::syntax
