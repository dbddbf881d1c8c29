// Statements and definitions as text.

#include <cctype>

#include "syntax/lexer.h"
#include "syntax/printer.h"

namespace pelorus::syntax {
namespace {

/// Whether what begins with "{" is a lambda: {x, y -> …}.
bool is_lambda_text(std::string_view text) {
  size_t i = 1;
  const auto is_parameter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ' ' || c == ',' || c < 0;
  };
  while (i < text.size() && is_parameter(text[i])) ++i;
  return text.substr(i).starts_with("->");
}

}  // namespace

void Printer::block(const Block& block) {
  put("{\n");
  ++indent_;
  for (const auto& inner : block.statements) {
    put(std::string(static_cast<size_t>(indent_) * 4, ' '));
    const size_t start = out_.size();
    statement(*inner);
    if (inner == block.statements.front()) guard_first_statement(*inner, start);
    put("\n");
  }
  --indent_;
  put(std::string(static_cast<size_t>(indent_) * 4, ' ') + "}");
}

/// Keeps the first statement of a block, printed from `start` on, from being read as an entry of a dictionary.
void Printer::guard_first_statement(const Statement& statement, size_t start) {
  if (statement.kind != StatementKind::kExpression) return;
  const auto tokens = tokenize(std::string_view(out_).substr(start));
  if (tokens.size() < 3 || !tokens[1].is(":")) return;
  out_.insert(start, "(");
  put(")");
}

void Printer::body(const StatementRef& statement) {
  if (const Block* inner = as<Block>(*statement)) return block(*inner);
  Block single;
  single.statements.push_back(statement);
  block(single);
}

void Printer::parameters(const FunctionDefinition& definition) {
  list(definition.parameters, [this](const Parameter& parameter) {
    if (parameter.is_mutable) put("mutable ");
    name(parameter.name);
    if (!parameter.default_value) return;
    put(" = ");
    value(parameter.default_value);
  });
}

void Printer::definition(const FunctionDefinition& definition) {
  if (definition.is_lambda) {
    put("{");
    parameters(definition);
    put(" -> ");
    value(definition.expression);
    return put("}");
  }
  for (const auto& annotation : definition.annotations) put("@" + annotation + "\n");
  put(definition.is_mapr ? "mapr " : definition.is_aggregate ? "defg " : "def ");
  put(definition.name);
  put("(");
  parameters(definition);
  put(")");
  if (definition.is_mapr) {
    put("{ ");
    exprs(definition.map_calls);
    put(" -> ");
    expr(*definition.reduce);
    if (!definition.running.empty()) {
      put("; ");
      exprs(definition.running);
      put(" -> ");
      expr(*definition.running_reduce);
    }
    return put(" }");
  }
  if (definition.body) return block(*definition.body);
  if (!definition.expression) return put(";");
  put(": ");
  at_level(definition.expression, 1);
}

void Printer::definition(const ClassDefinition& definition) {
  put("class " + definition.name + (definition.base.empty() ? "" : " : " + definition.base) + " {\n");
  ++indent_;
  const std::string margin(static_cast<size_t>(indent_) * 4, ' ');
  for (const auto& field : definition.fields) {
    put(margin);
    name(field.name);
    put(" :: " + field.type + "\n");
  }
  for (const auto& method : definition.methods) {
    FunctionDefinition shown = *method;
    shown.parameters.erase(shown.parameters.begin());  // self
    put(margin);
    this->definition(shown);
    put("\n");
  }
  --indent_;
  put("}");
}

/// A place that takes a value: names need no care there.
void Printer::target(const ExprRef& place) {
  if (const Name* variable = as<Name>(place)) return name(variable->name);
  expr(*place);
}

void Printer::assign(const Assign& node) {
  if (node.constant) put("const ");
  if (node.by_reference) put("&");
  list(node.targets, [this](const ExprRef& place) { target(place); });
  put(" ");
  if (node.compound) put(row_of(node.op).symbol);
  put("= ");
  value(node.value);
}

/// A name in front that would be read as the word that begins a statement, or as a clause of the query before, stands
/// in parentheses.
void Printer::expression_statement(const Expr& value) {
  const size_t start = out_.size();
  expr(value);
  if (value.kind >= ExprKind::kQuery) return;
  if (out_[start] == '{' && !is_lambda_text(std::string_view(out_).substr(start))) {
    out_.insert(start, "(");
    return put(")");
  }
  constexpr std::string_view kWords[] = {
      "timer", "assert", "share",  "throw",   "commit", "rollback", "go",    "over", "having", "csort",
      "limit", "order",  "group",  "context", "cgroup", "pivot",    "where", "from", "union",  "as",
      "map",   "on",     "set",    "values",  "asc",    "desc",     "nulls", "join", "else",   "catch",
      "with",  "update", "insert", "delete",  "create", "alter",    "drop",  "and",  "or"};
  guard_first_word(start, kWords);
}

void Printer::control(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kIf: {
      const If& node = *as<If>(statement);
      put("if (");
      value(node.condition);
      put(") ");
      body(node.then);
      if (!node.otherwise) return;
      put(" else ");
      return body(node.otherwise);
    }
    case StatementKind::kFor:
      put("for (");
      target(as<For>(statement)->variable);
      put(" in ");
      value(as<For>(statement)->source);
      put(") ");
      return body(as<For>(statement)->body);
    case StatementKind::kWhile:
      put("while (");
      value(as<While>(statement)->condition);
      put(") ");
      return body(as<While>(statement)->body);
    case StatementKind::kDoWhile:
      put("do ");
      body(as<DoWhile>(statement)->body);
      put(" while (");
      value(as<DoWhile>(statement)->condition);
      return put(")");
    case StatementKind::kTry:
      put("try ");
      body(as<Try>(statement)->body);
      put(" catch (");
      target(as<Try>(statement)->variable);
      put(") ");
      return body(as<Try>(statement)->handler);
    default: return;
  }
}

void Printer::statement(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kExpression: return expression_statement(*as<ExpressionStatement>(statement)->value);
    case StatementKind::kAssign: return assign(*as<Assign>(statement));
    case StatementKind::kDefine: return definition(*as<Define>(statement)->definition);
    case StatementKind::kDefineClass: return definition(*as<DefineClass>(statement)->definition);
    case StatementKind::kBlock: return block(*as<Block>(statement));
    case StatementKind::kIf:
    case StatementKind::kFor:
    case StatementKind::kWhile:
    case StatementKind::kDoWhile:
    case StatementKind::kTry: return control(statement);
    case StatementKind::kBreak: return put("break");
    case StatementKind::kContinue: return put("continue");
    case StatementKind::kReturn:
      put("return");
      if (!as<Return>(statement)->value) return;
      put(" ");
      return value(as<Return>(statement)->value);
    case StatementKind::kThrow: put("throw "); return value(as<Throw>(statement)->value);
    case StatementKind::kAssert:
      put("assert ");
      if (as<Assert>(statement)->name) {
        value(as<Assert>(statement)->name);
        put(", ");
      }
      return value(as<Assert>(statement)->condition);
    case StatementKind::kTimer:
      put("timer");
      if (as<Timer>(statement)->count) {
        put("(");
        expr(*as<Timer>(statement)->count);
        put(")");
      }
      put(" ");
      return body(as<Timer>(statement)->body);
    case StatementKind::kGo: return put("go");
    case StatementKind::kUse:
      put(as<Use>(statement)->is_catalog ? "use catalog " : "use ");
      return put(as<Use>(statement)->path);
    case StatementKind::kModule: return put("module " + as<Module>(statement)->path);
    case StatementKind::kShare:
      put("share ");
      operand(as<Share>(statement)->value);
      put(" as ");
      return name(as<Share>(statement)->name);
    case StatementKind::kTransaction: put("transaction "); return body(as<Transaction>(statement)->body);
    case StatementKind::kCommit: return put("commit");
    case StatementKind::kRollback: return put("rollback");
  }
}

}  // namespace pelorus::syntax
