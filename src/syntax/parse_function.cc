// Definitions, lambdas and their parameters.

#include "syntax/parser.h"

namespace pelorus::syntax {

/// x ->, (x, y) ->.
bool Parser::at_lambda(size_t ahead) const {
  if (no_lambda_) return false;
  if (peek(ahead).is_word()) return peek(ahead + 1).is("->");
  if (!peek(ahead).is("(")) return false;
  size_t i = ahead + 1;
  while (peek(i).is_word() && peek(i + 1).is(",")) i += 2;
  if (peek(i).is_word()) ++i;
  return peek(i).is(")") && peek(i + 1).is("->");
}

void Parser::finish_function(FunctionDefinition* definition, LocalNames* locals) const {
  definition->captures = locals->captures;
  definition->slot_names = locals->names;
  if (const auto self = locals->slots.find(definition->name);
      !definition->name.empty() && self != locals->slots.end()) {
    std::erase_if(definition->captures, [&](const Capture& capture) { return capture.slot == self->second; });
    definition->self_slot = self->second;
  }
}

ExprRef Parser::parse_lambda(bool brace) {
  const Token& at = peek();
  auto definition = std::make_shared<FunctionDefinition>();
  definition->place = at.place;
  definition->is_lambda = true;
  LocalNames locals{.outer = locals_, .takes_session_variables = true};
  const auto parse = [&] {
    const bool parenthesised = accept("(");
    while (peek().is_word()) {
      definition->parameters.push_back({take().text, nullptr, false});
      locals.add(definition->parameters.back().name);
      if (!accept(",")) break;
    }
    if (parenthesised) expect(")", "after the parameters");
    expect("->", "after the parameters");
    Setting<LocalNames*> own(&locals_, &locals);
    definition->expression = parse_expr();
  };
  if (brace) {
    Bracket bracket(this);
    take();
    parse();
    expect("}", "to close the lambda of line " + std::to_string(at.place.line));
  } else {
    parse();
  }
  finish_function(definition.get(), &locals);
  auto node = make<FunctionLiteral>(at);
  node->definition = std::move(definition);
  return node;
}

/// def(x, y){…}, def(x): e, def(x, y) -> e; also def name(x) as a value.
ExprRef Parser::parse_anonymous_function() {
  const Token& at = peek();
  auto node = make<FunctionLiteral>(at);
  node->definition = parse_definition();
  if (!node->definition->body && !node->definition->expression && !node->definition->is_mapr) {
    fail("A function body expected, but found " + describe(peek()) + ".");
  }
  return node;
}

void Parser::parse_parameters(FunctionDefinition* definition, std::string_view close) {
  bool has_default = false;
  while (!peek().is(close)) {
    Parameter parameter;
    if (at_keyword("mutable") && peek(1).is_word()) {
      take();
      parameter.is_mutable = true;
    }
    const Token& word = peek();
    parameter.name = expect_word("A parameter name");
    for (const auto& other : definition->parameters) {
      if (other.name == parameter.name) fail_at(word, "Duplicate parameter name: " + parameter.name);
    }
    if (peek().is(":") && peek(1).is(":")) fail("Type annotations of parameters are not supported.");
    if (accept("::")) {
      while (peek().is_word()) take();
    }
    if (accept("=")) {
      if (parameter.is_mutable) fail("A mutable parameter can't have a default value.");
      parameter.default_value = parse_expr();
      has_default = true;
    } else if (has_default) {
      fail_at(word, "A parameter without a default value can't follow one with a default value: " + parameter.name);
    }
    definition->parameters.push_back(std::move(parameter));
    if (!accept(",")) break;
  }
}

/// From `def`, `defg` or `mapr` on; the name is optional.
std::shared_ptr<FunctionDefinition> Parser::parse_definition() {
  Nesting nesting(this);
  auto definition = std::make_shared<FunctionDefinition>();
  definition->place = peek().place;
  const Token& keyword = take();
  definition->is_mapr = keyword.text == "mapr";
  definition->is_aggregate = keyword.text == "defg" || definition->is_mapr;
  if (peek().is_word()) definition->name = take().text;
  LocalNames locals{.outer = locals_, .takes_session_variables = definition->name.empty()};
  {
    Bracket bracket(this);
    expect("(", "before the parameters");
    parse_parameters(definition.get(), ")");
    expect(")", "after the parameters");
  }
  const bool is_method = in_class_ && locals_ == nullptr;
  if (is_method) definition->parameters.insert(definition->parameters.begin(), Parameter{"self", nullptr, false});
  for (const auto& parameter : definition->parameters) {
    locals.add(parameter.name);
    if (!parameter.is_mutable && !(is_method && parameter.name == "self")) locals.read_only.insert(parameter.name);
  }
  if (!definition->name.empty() && locals_ == nullptr && !is_method) {
    top_functions_[definition->name] = definition;  // known inside its own body
  }
  Setting<LocalNames*> own(&locals_, &locals);
  if (definition->is_mapr) {
    parse_mapr_body(definition.get());
  } else {
    parse_function_body(definition.get());
  }
  finish_function(definition.get(), &locals);
  return definition;
}

void Parser::parse_function_body(FunctionDefinition* definition) {
  if (peek().is("{")) {
    Setting<int> queries(&queries_, 0);
    Setting<int> loops(&loops_, 0);
    definition->body = parse_block();
    return;
  }
  if (accept(":") || accept("->")) {
    if (at_keyword("return")) {
      auto block = make<Block>(peek());
      block->statements.push_back(parse_return());
      definition->body = std::move(block);
    } else {
      definition->expression = parse_expr();
    }
    return;
  }
  if (definition->name.empty() || !at_statement_end()) {
    fail("A function body expected, but found " + describe(peek()) + ".");
  }
}

/// mapr f(x){ map1(x), map2(x) -> reduce ; running1, running2 -> running_reduce }
void Parser::parse_mapr_body(FunctionDefinition* definition) {
  Bracket bracket(this);
  expect("{", "before the map functions");
  const auto part = [this](std::vector<ExprRef>* maps, ExprRef* reduce) {
    {
      Setting<bool> no_lambda(&no_lambda_, true);
      do {
        maps->push_back(parse_expr());
      } while (accept(","));
    }
    expect("->", "before the reduce function");
    *reduce = parse_expr();
  };
  part(&definition->map_calls, &definition->reduce);
  if (accept(";") && !peek().is("}")) part(&definition->running, &definition->running_reduce);
  expect("}", "after the reduce function");
}

}  // namespace pelorus::syntax
