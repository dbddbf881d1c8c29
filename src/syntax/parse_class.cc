// Classes: fields, methods, and what names inside methods mean.

#include "syntax/parser.h"

namespace pelorus::syntax {

/// Fields (`name ::`) and methods (`def name`) of the class whose opening brace is next.
std::unordered_set<std::string> Parser::find_members() const {
  std::unordered_set<std::string> members;
  const size_t end = after_bracket(0);
  int depth = 0;
  for (size_t i = 0; i < end; ++i) {
    const Token& token = peek(i);
    if (token.is("(") || token.is("[") || token.is("{")) ++depth;
    if (token.is(")") || token.is("]") || token.is("}")) --depth;
    if (depth != 1 || !token.is_word() || !peek(i + 1).is_word()) {
      if (depth == 1 && token.is_word() && peek(i + 1).is("::")) members.insert(token.text);
      continue;
    }
    if (token.text == "def" || token.text == "defg") members.insert(peek(i + 1).text);
  }
  return members;
}

/// name :: TYPE, TYPE VECTOR, TYPE[] or TYPE(scale)[].
void Parser::parse_field(ClassDefinition* definition) {
  const Token& at = peek();
  ClassDefinition::Field field{expect_word("A field or a method"), {}};
  for (const auto& other : definition->fields) {
    if (other.name == field.name) fail_at(at, "The class has the field " + field.name + " twice.");
  }
  expect("::", "after the name of a field");
  field.type = expect_word("The type of a field");
  while (!at_statement_end()) {
    if (peek().is_word()) field.type += ' ';
    field.type += peek().text;
    if (!peek().is_word() && !peek().is("[") && !peek().is("]") && !peek().is("(") && !peek().is(")") &&
        peek().kind != TokenKind::kConstant)
      fail("The end of the field expected, but found " + describe(peek()) + ".");
    take();
  }
  accept(";");
  definition->fields.push_back(std::move(field));
}

StatementRef Parser::parse_class() {
  auto node = make<DefineClass>(take());
  if (locals_ != nullptr || in_class_) fail("A class can be defined at the top level of a script only.");
  auto definition = std::make_shared<ClassDefinition>();
  definition->place = node->place;
  const Token& name = peek();
  definition->name = take().text;
  if (names_.is_function(name.text) && !names_.is_redefinable(name.text))
    fail_at(name, "The class [" + name.text + "] has the name of a built-in function.");
  std::unordered_set<std::string> members;
  if (accept(":")) {
    const Token& base = peek();
    definition->base = expect_word("The class to extend");
    if (const auto found = top_classes_.find(definition->base); found != top_classes_.end()) {
      members = found->second;
    } else {
      for (auto& member : names_.class_members(definition->base)) members.insert(std::move(member));
    }
    if (members.empty() && definition->base != kMonitorClass && !is_function(definition->base))
      fail_at(base, "There is no class " + definition->base + ".");
  }
  members.merge(find_members());
  Setting<std::unordered_set<std::string>> of_class(&members_, members);
  Setting<bool> in_class(&in_class_, true);
  top_functions_[definition->name] = std::make_shared<FunctionDefinition>();  // known inside its own body
  Bracket outer(this);
  Setting<int> brackets(&brackets_, 0);
  expect("{", "before the fields and methods of a class");
  for (;;) {
    while (accept(";")) {
    }
    if (peek().is("}")) break;
    if (peek().kind == TokenKind::kEnd) fail("'}' expected to close the class " + definition->name + ".");
    if ((peek().text == "def" || peek().text == "defg") && peek().is_word() && peek(1).is_word()) {
      auto method = parse_definition();
      if (method->body != nullptr || method->expression != nullptr) definition->methods.push_back(std::move(method));
    } else {
      parse_field(definition.get());
    }
  }
  take();
  top_classes_[definition->name] = members;
  node->definition = std::move(definition);
  return node;
}

ExprRef Parser::make_member_of_self(const Token& token, const std::string& name) {
  auto self = make<Name>(token);
  self->name = "self";
  self->slot = find_local(locals_, "self");
  auto member = make<Member>(token);
  member->object = std::move(self);
  member->name = name;
  return member;
}

ExprRef Parser::make_target_or_field(const Token& token) {
  const bool is_field = is_member_of_class(token.text) && find_local(locals_, token.text) < 0;
  return is_field ? make_member_of_self(token, token.text) : make_target(token);
}

}  // namespace pelorus::syntax
