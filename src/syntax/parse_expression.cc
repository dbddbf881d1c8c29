// Binary operators, infix and prefix functions: the levels of language reference §1.4.

#include "syntax/constants.h"
#include "syntax/parser.h"

namespace pelorus::syntax {
namespace {

types::Scalar negated(const types::Scalar& value) {
  using types::Scalar;
  const auto type = value.type();
  if (value.is_null()) return value;
  switch (value.repr()) {
    case types::Repr::kI8: return Scalar::of<int8_t>(type, static_cast<int8_t>(-value.get<int8_t>()));
    case types::Repr::kI16: return Scalar::of<int16_t>(type, static_cast<int16_t>(-value.get<int16_t>()));
    case types::Repr::kI32: return Scalar::of<int32_t>(type, -value.get<int32_t>());
    case types::Repr::kI64: return Scalar::of<int64_t>(type, -value.get<int64_t>(), value.scale());
    case types::Repr::kF32: return Scalar::of<float>(type, -value.get<float>());
    case types::Repr::kF64: return Scalar::of_double(-value.get<double>());
    default: {
      auto duration = value.get<types::Duration>();
      duration.count = -duration.count;
      return Scalar::of_duration(duration);
    }
  }
}

/// Words that begin a construct of their own and so name no infix function.
bool begins_construct(const Token& token) {
  for (const auto word : {"select", "SELECT", "exec", "EXEC", "case", "CASE", "true", "false", "null", "NULL"}) {
    if (token.text == word) return true;
  }
  return token.text == "DFLT" || find_constant(token.text).has_value();
}

/// What stands around `and` in "between a and b": sums and everything tighter.
constexpr int kLevelBounds = 8;

bool may_be_negated(const types::Scalar& value) {
  const auto type = value.type();
  return types::is_integral(type) || types::is_floating(type) || types::is_decimal(type) ||
         type == types::Type::kDuration;
}

}  // namespace

ExprRef Parser::parse_single_expression() {
  ExprRef value = at_sql_statement() ? parse_sql_statement() : parse_aliased(parse_expr());
  accept(";");
  const bool is_first = peek().is(",") && value->kind == ExprKind::kDictionary;
  if (!is_first && peek().kind != TokenKind::kEnd)
    fail("Unexpected token " + describe(peek()) + " after the expression.");
  return value;
}

ExprRef Parser::parse_expr() {
  Nesting nesting(this);
  if (at_query()) return parse_query();
  return parse_binary(0);
}

ExprRef Parser::parse_binary(int level_min) {
  Nesting nesting(this);
  ExprRef left = parse_unary();
  for (int terms = 0;; ++terms) {
    const Infix infix = peek_infix();
    if (infix.kind == Infix::Kind::kNone || infix.level < level_min) return left;
    if (terms > kTermsMax) fail("The expression has too many terms: more than " + std::to_string(kTermsMax) + ".");
    if (infix.kind == Infix::Kind::kOperator && is_comparison(infix.op)) {
      left = parse_comparison_chain(std::move(left));
    } else {
      const Token& at = peek();
      left = apply_infix(infix, std::move(left), at);
    }
  }
}

Parser::Infix Parser::peek_infix() const {
  const Token& token = peek();
  if (token.is_word()) {
    const bool continues_query = queries_ > 0 && (is_keyword(token, "and") || is_keyword(token, "or"));
    if (ends_line(token) && !continues_query) return {};
    return peek_infix_word(token);
  }
  if (token.kind != TokenKind::kPunctuation || ends_line(token)) return {};
  if (at_template_sign(1) && find_operator(token.text) != nullptr) {
    return {.kind = Infix::Kind::kTemplate, .level = kLevelInfixFunction};
  }
  if (token.is(":")) {
    const bool is_open = open_pair_ && (peek(1).is("]") || peek(1).is(","));
    if (no_pair_ || is_open) return {};
    return {.kind = Infix::Kind::kPair, .level = kLevelPair};
  }
  if (token.is("{") && token.space_before && at_brace_lambda(0)) {
    return {.kind = Infix::Kind::kBrace, .level = kLevelInfixFunction};
  }
  if (token.is("=") && queries_ > 0) {
    return {.kind = Infix::Kind::kOperator, .level = kLevelComparison, .op = BinaryOperator::kEqual};
  }
  if (token.is("@") || (token.is(">") && at_code_end())) return {};
  const OperatorRow* row = find_operator(token.text);
  if (row == nullptr) return {};
  return {.kind = Infix::Kind::kOperator, .level = row->level, .op = row->op};
}

Parser::Infix Parser::peek_infix_word(const Token& token) const {
  if (is_keyword(token, "and")) {
    return {.kind = Infix::Kind::kOperator, .level = kLevelAnd, .op = BinaryOperator::kAnd};
  }
  if (is_keyword(token, "or")) {
    return {.kind = Infix::Kind::kOperator, .level = kLevelOr, .op = BinaryOperator::kOr};
  }
  Infix infix;
  const bool negated = is_keyword(token, "not");
  const Token& word = negated ? peek(1) : token;
  infix.negated = negated;
  infix.tokens = negated ? 2 : 1;
  infix.level = kLevelInfixFunction;
  for (const auto& [text, kind] : {std::pair{"in", Infix::Kind::kIn}, std::pair{"between", Infix::Kind::kBetween},
                                   std::pair{"like", Infix::Kind::kLike}, std::pair{"ilike", Infix::Kind::kLike}}) {
    if (!is_keyword(word, text)) continue;
    infix.kind = kind;
    infix.name = text;
    return infix;
  }
  if (negated) return {};
  if (queries_ > 0 && is_keyword(token, "is")) return {.kind = Infix::Kind::kIs, .level = kLevelComparison};
  if (is_sql_terminator(token) || begins_construct(token) || is_statement_word(token.text)) return {};
  if (find_operator_function(token.text) != nullptr && starts_operand(1)) {
    const OperatorRow* row = find_operator_function(token.text);
    return {.kind = Infix::Kind::kFunction, .level = row->level, .name = token.text};
  }
  size_t after = 1;
  while (peek(after).is("::") && peek(after + 1).is_word()) after += 2;
  const bool is_partial = peek(after).is("{") && !peek(after).space_before;
  if (!starts_operand(after) && !is_partial && !at_template_sign(after)) return {};
  // `x at x > 3` looks the whole condition up.
  const int level = token.text == "at" ? 0 : kLevelInfixFunction;
  return {.kind = Infix::Kind::kFunction, .level = level, .name = token.text};
}

ExprRef Parser::apply_infix(const Infix& infix, ExprRef left, const Token& at) {
  using Kind = Infix::Kind;
  if (infix.kind == Kind::kBetween || infix.kind == Kind::kIn || infix.kind == Kind::kLike) {
    at_ += infix.tokens;
    if (infix.kind == Kind::kBetween) return parse_between(std::move(left), infix.negated, at);
    ExprRef call = call_of(infix.name, {std::move(left), parse_binary(infix.level + 1)}, at);
    return infix.negated ? negate(std::move(call), at) : call;
  }
  if (infix.kind == Kind::kIs) return parse_is_null(std::move(left), at);
  if (infix.kind == Kind::kOperator) {
    take();
    auto node = make<Binary>(at);
    node->op = infix.op;
    node->left = std::move(left);
    node->right = parse_binary(infix.level + 1);
    return node;
  }
  if (infix.kind == Kind::kPair) {
    take();
    auto node = make<PairLiteral>(at);
    node->from = std::move(left);
    node->to = parse_binary(infix.level + 1);
    return node;
  }
  ExprRef function;
  if (infix.kind == Kind::kTemplate) {
    function = parse_template(parse_operator_function(), at);
  } else if (infix.kind == Kind::kBrace) {
    function = parse_brace();
  } else {
    const Token& word = peek();
    function = make_name(word, qualified_name());
    if (at_template_sign(0)) function = parse_template(std::move(function), word);
    if (peek().is("{") && !peek().space_before) function = parse_partial(std::move(function), word);
  }
  auto call = make<Call>(at);
  call->function = std::move(function);
  call->arguments.push_back({"", std::move(left)});
  call->arguments.push_back({"", parse_binary(infix.level + 1)});
  return call;
}

ExprRef Parser::call_of(const std::string& function, std::vector<ExprRef> values, const Token& at) const {
  auto name = make<Name>(at);
  name->name = function;
  name->in_query = queries_ > 0;
  auto call = make<Call>(at);
  call->function = std::move(name);
  for (auto& value : values) call->arguments.push_back({"", std::move(value)});
  return call;
}

ExprRef Parser::negate(ExprRef value, const Token& at) const {
  auto node = make<Unary>(at);
  node->op = UnaryOperator::kNot;
  node->operand = std::move(value);
  return node;
}

/// x between a and b, x between a:b.
ExprRef Parser::parse_between(ExprRef left, bool negated, const Token& at) {
  ExprRef bounds = parse_binary(kLevelBounds);
  if (bounds->kind != ExprKind::kPair && accept_keyword("and")) {
    auto pair = make<PairLiteral>(at);
    pair->from = std::move(bounds);
    pair->to = parse_binary(kLevelBounds);
    bounds = std::move(pair);
  }
  ExprRef call = call_of("between", {std::move(left), std::move(bounds)}, at);
  return negated ? negate(std::move(call), at) : call;
}

ExprRef Parser::parse_is_null(ExprRef left, const Token& at) {
  take();
  const bool negated = accept_keyword("not");
  expect_keyword("null", "after 'is'");
  ExprRef call = call_of("isNull", {std::move(left)}, at);
  return negated ? negate(std::move(call), at) : call;
}

ExprRef Parser::parse_comparison_chain(ExprRef left) {
  const Token& at = peek();
  std::vector<ExprRef> operands{std::move(left)};
  std::vector<BinaryOperator> operators;
  for (;;) {
    const Infix infix = peek_infix();
    if (infix.kind != Infix::Kind::kOperator || !is_comparison(infix.op)) break;
    take();
    operators.push_back(infix.op);
    operands.push_back(parse_binary(kLevelComparison + 1));
  }
  if (operators.size() == 1) {
    auto node = make<Binary>(at);
    node->op = operators[0];
    node->left = operands[0];
    node->right = operands[1];
    return node;
  }
  auto node = make<ComparisonChain>(at);
  node->operands = std::move(operands);
  node->operators = std::move(operators);
  return node;
}

ExprRef Parser::parse_unary() {
  Nesting nesting(this);
  const Token& at = peek();
  const bool is_operator_value = peek(1).is(",") || peek(1).is(")") || at_template_sign(1) || peek(1).is("{");
  if (at.is("-") && !is_operator_value) {
    const Token& next = peek(1);
    if (next.kind == TokenKind::kConstant && !next.space_before && may_be_negated(next.value)) return parse_postfix();
    take();
    auto node = make<Unary>(at);
    node->operand = parse_unary();
    return node;
  }
  if ((at.is("!") && !is_operator_value) || (is_keyword(at, "not") && !peek(1).is("(") && starts_operand(1))) {
    take();
    ExprRef operand = at.is("!") ? parse_unary() : parse_binary(kLevelComparison);
    return negate(std::move(operand), at);
  }
  ExprRef value = parse_postfix();
  if (!is_prefix_function(value)) return value;
  return parse_prefix_application(std::move(value), at);
}

/// f x + 1: the function takes the whole expression to its right.
ExprRef Parser::parse_prefix_application(ExprRef function, const Token& at) {
  auto call = make<Call>(at);
  call->function = std::move(function);
  call->arguments.push_back({"", parse_expr()});
  return call;
}

bool Parser::starts_operand(size_t ahead) const {
  const Token& token = peek(ahead);
  if (token.kind == TokenKind::kEnd || ends_line(token)) return false;
  if (token.kind != TokenKind::kPunctuation && token.kind != TokenKind::kWord) return true;
  if (token.is_word()) {
    for (const auto word : {"and", "or", "in", "between", "like", "ilike", "as", "else", "catch"}) {
      if (is_keyword(token, word)) return peek(ahead + 1).is("(") && std::string_view(word) != "as";
    }
    return !is_sql_terminator(token);
  }
  if (token.is("(") || token.is("[") || token.is("{") || token.is("!")) return true;
  return token.is("-") && token.space_before && !peek(ahead + 1).space_before;
}

/// Whether `primary` stands before an operand it is to be applied to.
bool Parser::is_prefix_function(const ExprRef& primary) {
  const Token& next = peek();
  if (!starts_operand(0) || next.is("(") || next.is("!")) return false;
  if (next.is("-")) {
    // `round -2.1`: the name of a function, never that of a variable or column.
    const Name* function = as<Name>(primary);
    return function != nullptr && !function->quoted && function->slot < 0 && queries_ == 0 && peek(1).is_constant() &&
           !is_variable(function->name) && is_function(function->name);
  }
  if (next.is("{")) return primary->kind == ExprKind::kFunction && at_brace_lambda(0);
  const bool is_function_value = primary->kind == ExprKind::kFunctionName || primary->kind == ExprKind::kTemplate ||
                                 primary->kind == ExprKind::kFunction || primary->kind == ExprKind::kPartial;
  if (is_function_value) return true;
  const Name* name = as<Name>(primary);
  if (name == nullptr || name->quoted) return false;
  if (queries_ > 0 && name->slot < 0 && find_constant(name->name)) return false;
  const bool is_known_variable = name->slot >= 0 || is_variable(name->name);
  if (is_known_variable || !is_function(name->name)) return next.is_constant();
  if (next.is("[") && !next.space_before) return false;
  if (!next.is_word()) return true;
  return find_operator_function(next.text) == nullptr || peek(1).is("(");
}

ExprRef Parser::parse_constant() {
  const Token& at = peek();
  std::vector<types::Scalar> values;
  for (;;) {
    const Token& token = peek();
    const bool first = values.empty();
    if (!first && ends_line(token)) break;
    if (token.is("-") && peek(1).kind == TokenKind::kConstant && !peek(1).space_before &&
        (first || token.space_before) && may_be_negated(peek(1).value)) {
      take();
      values.push_back(negated(take().value));
    } else if (token.is_constant()) {
      if (!first && token.kind == TokenKind::kConstant && !token.space_before) break;
      values.push_back(take().value);
    } else if (at_word_constant()) {
      const Token& word = take();
      values.push_back(is_keyword(word, "null") ? types::Scalar() : types::Scalar::of_bool(word.text == "true"));
    } else {
      break;
    }
  }
  if (values.size() == 1) {
    auto node = make<Literal>(at);
    node->value = values[0];
    return node;
  }
  auto node = make<ConstantVector>(at);
  node->values = std::move(values);
  return node;
}

}  // namespace pelorus::syntax
