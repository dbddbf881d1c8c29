// Statements and definitions as text.

#include <algorithm>

#include "syntax/printer.h"

namespace pelorus::syntax {

void Printer::block(const Block& block) {
  put("{\n");
  ++indent_;
  for (const auto& inner : block.statements) {
    put(std::string(static_cast<size_t>(indent_) * 4, ' '));
    statement(*inner);
    put("\n");
  }
  --indent_;
  put(std::string(static_cast<size_t>(indent_) * 4, ' ') + "}");
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
    put(parameter.name);
    if (!parameter.default_value) return;
    put(" = ");
    expr(*parameter.default_value);
  });
}

void Printer::definition(const FunctionDefinition& definition) {
  if (definition.is_lambda) {
    put("{");
    parameters(definition);
    put(" -> ");
    expr(*definition.expression);
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
  if (!definition.expression) return;
  put(": ");
  at_level(definition.expression, 1);
}

void Printer::definition(const ClassDefinition& definition) {
  put("class " + definition.name + (definition.base.empty() ? "" : " : " + definition.base) + " {\n");
  ++indent_;
  const std::string margin(static_cast<size_t>(indent_) * 4, ' ');
  for (const auto& field : definition.fields) put(margin + field.name + " :: " + field.type + "\n");
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

void Printer::assign(const Assign& node) {
  if (node.constant) put("const ");
  if (node.by_reference) put("&");
  exprs(node.targets);
  put(" ");
  if (node.compound) put(row_of(node.op).symbol);
  put("= ");
  expr(*node.value);
}

/// A name in front that would be read as the word that begins a statement, or as a clause of the query before, stands
/// in parentheses.
void Printer::expression_statement(const Expr& value) {
  const size_t start = out_.size();
  expr(value);
  size_t end = start;
  const auto is_word_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<signed char>(c) < 0;
  };
  while (end < out_.size() && is_word_part(out_[end])) ++end;
  const auto word = std::string_view(out_).substr(start, end - start);
  for (const std::string_view known :
       {"timer", "assert", "share", "throw",   "commit", "rollback", "go",    "over", "having", "csort",
        "limit", "order",  "group", "context", "cgroup", "pivot",    "where", "from", "union",  "as",
        "map",   "on",     "set",   "values",  "asc",    "desc",     "nulls", "join", "else",   "catch"}) {
    const bool is_same =
        word.size() == known.size() && std::ranges::equal(word, known, [](char a, char b) { return (a | ' ') == b; });
    if (!is_same) continue;
    out_.insert(end, ")");
    out_.insert(start, "(");
    return;
  }
}

void Printer::control(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kIf: {
      const If& node = *as<If>(statement);
      put("if (");
      expr(*node.condition);
      put(") ");
      body(node.then);
      if (!node.otherwise) return;
      put(" else ");
      return body(node.otherwise);
    }
    case StatementKind::kFor:
      put("for (");
      expr(*as<For>(statement)->variable);
      put(" in ");
      expr(*as<For>(statement)->source);
      put(") ");
      return body(as<For>(statement)->body);
    case StatementKind::kWhile:
      put("while (");
      expr(*as<While>(statement)->condition);
      put(") ");
      return body(as<While>(statement)->body);
    case StatementKind::kDoWhile:
      put("do ");
      body(as<DoWhile>(statement)->body);
      put(" while (");
      expr(*as<DoWhile>(statement)->condition);
      return put(")");
    case StatementKind::kTry:
      put("try ");
      body(as<Try>(statement)->body);
      put(" catch (");
      expr(*as<Try>(statement)->variable);
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
      return expr(*as<Return>(statement)->value);
    case StatementKind::kThrow: put("throw "); return expr(*as<Throw>(statement)->value);
    case StatementKind::kAssert:
      put("assert ");
      if (as<Assert>(statement)->name) {
        expr(*as<Assert>(statement)->name);
        put(", ");
      }
      return expr(*as<Assert>(statement)->condition);
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
      return put(" as " + as<Share>(statement)->name);
    case StatementKind::kTransaction: put("transaction "); return body(as<Transaction>(statement)->body);
    case StatementKind::kCommit: return put("commit");
    case StatementKind::kRollback: return put("rollback");
  }
}

}  // namespace pelorus::syntax
