#include "syntax/print.h"

#include <algorithm>

#include "syntax/lexer.h"
#include "syntax/printer.h"
#include "types/format_value.h"

namespace pelorus::syntax {
namespace {

constexpr int kLevelOperand = 100;
constexpr int kLevelLowest = 0;

bool is_negative(const types::Scalar& value) {
  if (value.is_null()) return false;
  if (value.type() == types::Type::kDuration) return value.get<types::Duration>().count < 0;
  if (types::is_integral(value.type())) return value.as_int64() < 0;
  return (types::is_floating(value.type()) || types::is_decimal(value.type())) && value.as_double() < 0;
}

/// How tightly the printed form of a node holds together.
int level_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary: {
      const int level = row_of(as<Binary>(expr)->op).level;
      return as<Binary>(expr)->op == BinaryOperator::kEachAt ? kLevelOperand : level;
    }
    case ExprKind::kComparisonChain: return kLevelComparison;
    case ExprKind::kPair: return kLevelPair;
    case ExprKind::kUnary: return kLevelUnary;
    case ExprKind::kConditional:
    case ExprKind::kFunction:
    case ExprKind::kAlias:
    case ExprKind::kQuery:
    case ExprKind::kUpdate:
    case ExprKind::kDelete:
    case ExprKind::kInsert:
    case ExprKind::kCode:  // its end and an operand behind it would be a comparison
    case ExprKind::kConstantVector:
    case ExprKind::kTemplate: return kLevelLowest;
    case ExprKind::kLiteral: return is_negative(as<Literal>(expr)->value) ? kLevelUnary : kLevelOperand;
    default: return kLevelOperand;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || static_cast<signed char>(c) < 0;
}

bool is_plain_word(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, is_word_part) && name != "_";
}

/// Words that begin something else where a name stands, unless a bracket closes behind them.
bool begins_construct(std::string_view name) {
  for (const std::string_view word :
       {"select", "exec", "def", "defg", "case", "with", "SELECT", "EXEC", "CASE", "WITH"}) {
    if (name == word) return true;
  }
  return false;
}

/// An operator that needs no brackets before ":E"; a colon would run into the next one.
bool is_operator_sign(const FunctionName& function) { return !function.symbol.empty() && function.symbol != ":"; }

/// What may stand to the right of "@".
bool is_primary(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral: return !is_negative(as<Literal>(expr)->value);
    case ExprKind::kName:
    case ExprKind::kFunctionName:
    case ExprKind::kMacroName:
    case ExprKind::kVectorBracket:
    case ExprKind::kTuple: return true;
    default: return false;
  }
}

/// Whether a number written behind `text` and a colon would be read as a time together with the end of `text`.
bool may_become_time(std::string_view text, std::string_view number) {
  for (size_t end = text.size(), parts = 0; parts < 2; ++parts) {  // a time has at most three numbers
    const size_t start = text.substr(0, end).find_last_not_of("0123456789") + 1;
    if (start == end) return false;
    const auto front = std::string(text.substr(start));
    types::Scalar value;
    if (scan_number(front + ":" + std::string(number), &value) > front.size()) return true;
    if (start == 0 || text[start - 1] != ':') return false;
    end = start - 1;
  }
  return false;
}

/// What the lexer takes for one word.
bool is_word(std::string_view name) {
  if (name.ends_with('!')) name.remove_suffix(1);
  return is_plain_word(name);
}

bool is_word_or_path(std::string_view name) {
  if (name.ends_with('!')) name.remove_suffix(1);
  while (true) {
    const size_t at = name.find("::");
    if (!is_plain_word(name.substr(0, at))) return false;
    if (at == std::string_view::npos) return true;
    name.remove_prefix(at + 2);
  }
}

}  // namespace

std::string print(const Expr& expr) {
  Printer printer;
  printer.expr(expr);
  return printer.take();
}

std::string print(const Statement& statement) {
  Printer printer;
  printer.statement(statement);
  return printer.take();
}

std::string print(const FunctionDefinition& definition) {
  Printer printer;
  printer.definition(definition);
  return printer.take();
}

std::string print(const ClassDefinition& definition) {
  Printer printer;
  printer.definition(definition);
  return printer.take();
}

void Printer::operand(const ExprRef& expr) { at_level(expr, kLevelOperand); }

void Printer::at_level(const ExprRef& node, int level_min) {
  const int level = level_of(*node);
  if (level >= (explicit_brackets_ ? kLevelOperand : level_min)) {
    expr(*node);
    return;
  }
  put("(");
  expr(*node);
  put(")");
}

void Printer::value(const ExprRef& node) {
  const bool is_statement = node->kind >= ExprKind::kUpdate || node->kind == ExprKind::kAlias;
  if (is_statement) return operand(node);
  expr(*node);
}

void Printer::guard_first_word(size_t start, std::span<const std::string_view> words,
                               std::string_view harmless_before) {
  size_t end = start;
  while (end < out_.size() && is_word_part(out_[end])) ++end;
  if (end < out_.size() && harmless_before.find(out_[end]) != std::string_view::npos) return;
  const auto word = std::string_view(out_).substr(start, end - start);
  for (const std::string_view known : words) {
    const bool is_same =
        word.size() == known.size() && std::ranges::equal(word, known, [](char a, char b) { return (a | ' ') == b; });
    if (!is_same) continue;
    out_.insert(end, ")");
    out_.insert(start, "(");
    return;
  }
}

/// A number would swallow the point behind it.
void Printer::object_of_member(const ExprRef& object) {
  const Literal* literal = as<Literal>(object);
  if (object->kind == ExprKind::kCode) return expr(*object);
  if (literal == nullptr || literal->value.is_text()) return operand(object);
  put("(");
  expr(*object);
  put(")");
}

void Printer::exprs(const std::vector<ExprRef>& items) {
  list(items, [&](const ExprRef& item) { list_item(item, items.size() > 1); });
}

/// Between commas an operator needs no parentheses to be a function; a query would take what follows its comma for its
/// own.
void Printer::list_item(const ExprRef& item, bool is_among_others) {
  if (item->kind >= ExprKind::kUpdate) return operand(item);
  if (is_among_others && item->kind == ExprKind::kQuery) return operand(item);
  const FunctionName* function = as<FunctionName>(item);
  if (function == nullptr || function->symbol.empty()) return expr(*item);
  put(function->symbol);
}

/// A function of one argument and a lambda as last argument need no care: commas separate.
void Printer::arguments(const std::vector<Argument>& arguments, char open, char close) {
  out_ += open;
  list(arguments, [&](const Argument& argument) {
    if (!argument.name.empty()) {
      put(argument.name);
      put(argument.name.ends_with('!') ? " =" : "=");
    }
    if (!argument.value) return;
    const bool is_alias = !argument.name.empty() && argument.value->kind == ExprKind::kAlias;
    const bool is_sign = !argument.name.empty() && argument.value->kind == ExprKind::kFunctionName;
    if (is_alias || is_sign) return operand(argument.value);
    list_item(argument.value, arguments.size() > 1);
  });
  out_ += close;
}

void Printer::name(std::string_view name) {
  if (is_word_or_path(name)) {
    put(name);
    return;
  }
  put("_");
  put(types::format_literal(types::Scalar::of_string(std::string(name))));
}

void Printer::expr(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral: {
      const Literal& node = *as<Literal>(expr);
      put(node.spelling.empty() ? types::format_literal(node.value) : node.spelling);
      return;
    }
    case ExprKind::kConstantVector: return constants(*as<ConstantVector>(expr));
    case ExprKind::kName:
      if (begins_construct(as<Name>(expr)->name)) return put("(" + as<Name>(expr)->name + ")");
      if (!as<Name>(expr)->quoted) return name(as<Name>(expr)->name);
      put("_" + types::format_literal(types::Scalar::of_string(as<Name>(expr)->name)));
      return;
    case ExprKind::kFunctionName: {
      const FunctionName& node = *as<FunctionName>(expr);
      return put(node.symbol.empty() ? "::" + node.name : "(" + node.symbol + ")");
    }
    case ExprKind::kMacroName:
      put(as<MacroName>(expr)->several ? "_$$" : "_$");
      return this->expr(*as<MacroName>(expr)->variable);
    case ExprKind::kVectorBracket:
    case ExprKind::kTuple:
    case ExprKind::kDictionary: return collection(expr);
    case ExprKind::kUnary: return unary(*as<Unary>(expr));
    case ExprKind::kBinary: return binary(*as<Binary>(expr));
    case ExprKind::kComparisonChain: return chain(*as<ComparisonChain>(expr));
    case ExprKind::kConditional:
      operand(as<Conditional>(expr)->condition);
      put(" ? ");
      operand(as<Conditional>(expr)->yes);
      put(" : ");
      return operand(as<Conditional>(expr)->no);
    case ExprKind::kPair: return pair(*as<PairLiteral>(expr));
    case ExprKind::kIndex: return index(*as<Index>(expr));
    case ExprKind::kMember: {
      const Member& node = *as<Member>(expr);
      object_of_member(node.object);
      put(".");
      put(is_word(node.name) ? node.name : types::format_literal(types::Scalar::of_string(node.name)));
      return;
    }
    case ExprKind::kCall:
    case ExprKind::kMethodCall:
    case ExprKind::kPartial:
    case ExprKind::kTemplate: return call(expr);
    case ExprKind::kFunction: return definition(*as<FunctionLiteral>(expr)->definition);
    case ExprKind::kCode: return code(*as<Code>(expr));
    case ExprKind::kAlias: return alias(*as<Alias>(expr));
    case ExprKind::kStar: return put("*");
    case ExprKind::kColumnRange: {
      const ColumnRange& node = *as<ColumnRange>(expr);
      return put(node.prefix + std::to_string(node.from) + "..." + node.prefix + std::to_string(node.to));
    }
    case ExprKind::kCase: return case_when(*as<Case>(expr));
    case ExprKind::kOver: return over(*as<Over>(expr));
    case ExprKind::kDefault: return put("DFLT");
    case ExprKind::kHeld: return put(as<Held>(expr)->printed);
    default: sql(expr);
  }
}

void Printer::constants(const ConstantVector& node) {
  types::Type before = types::Type::kVoid;
  for (const auto& value : node.values) {
    if (&value != &node.values.front()) put(before == types::Type::kDate ? "  " : " ");  // date, blank, time: a moment
    put(types::format_literal(value));
    before = value.type();
  }
}

void Printer::collection(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorBracket:
      put("[");
      exprs(as<VectorBracket>(expr)->elements);
      return put("]");
    case ExprKind::kTuple:
      put("(");
      list(as<Tuple>(expr)->elements, [this](const ExprRef& item) { list_item(item, true); });
      return put(as<Tuple>(expr)->elements.size() == 1 ? ",)" : ")");
    case ExprKind::kDictionary:
      put("{");
      list(as<DictionaryLiteral>(expr)->entries, [this](const auto& entry) {
        key(entry.first);
        put(": ");
        value(entry.second);
      });
      return put("}");
    default: return;
  }
}

/// A single word before the colon would be read as a text.
void Printer::key(const ExprRef& expr) {
  const size_t start = out_.size();
  operand(expr);
  if (!is_word(std::string_view(out_).substr(start))) return;
  out_.insert(start, "(");
  put(")");
}

void Printer::call(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kCall: operand(as<Call>(expr)->function); return arguments(as<Call>(expr)->arguments, '(', ')');
    case ExprKind::kMethodCall: {
      const MethodCall& node = *as<MethodCall>(expr);
      object_of_member(node.object);
      put(".");
      if (const Name* function = as<Name>(node.function)) {
        name(function->name);
      } else {
        put("{");
        this->expr(*node.function);
        put("}");
      }
      return arguments(node.arguments, '(', ')');
    }
    case ExprKind::kPartial:
      operand(as<Partial>(expr)->function);
      return arguments(as<Partial>(expr)->arguments, '{', '}');
    case ExprKind::kTemplate:
      if (const auto* function = as<FunctionName>(as<Template>(expr)->function);
          function && is_operator_sign(*function)) {
        put(function->symbol);
      } else {
        operand(as<Template>(expr)->function);
      }
      for (const auto& sign : as<Template>(expr)->signs) put(":" + sign);
      return;
    default: return;
  }
}

void Printer::unary(const Unary& node) {
  put(node.op == UnaryOperator::kNot ? "!" : "-");
  const size_t start = out_.size();
  operand(node.operand);
  // A constant behind a minus sign is read as one with it, a brace makes the sign a function.
  const char first = start < out_.size() ? out_[start] : ' ';
  const bool runs_together = first == '{' || (node.op == UnaryOperator::kNegate && (is_digit(first) || first == '.'));
  if (!runs_together) return;
  out_.insert(start, "(");
  put(")");
}

void Printer::binary(const Binary& node) {
  const OperatorRow& row = row_of(node.op);
  const bool is_tight = node.op == BinaryOperator::kEachAt;
  // A comparison beside a comparison would read as a chain.
  const int left_min = is_tight ? kLevelOperand : is_comparison(node.op) ? row.level + 1 : row.level;
  at_level(node.left, left_min);
  if (node.op == BinaryOperator::kSequence || is_tight) {
    if (out_.ends_with('.')) put(" ");  // 1. ..5
    put(row.symbol);
  } else {
    put(" ");
    put(row.symbol);
    put(" ");
  }
  if (!is_tight) return at_level(node.right, row.level + 1);
  const bool is_plain = is_primary(*node.right);
  if (!is_plain) put("(");
  expr(*node.right);
  if (!is_plain) put(")");
}

void Printer::chain(const ComparisonChain& node) {
  for (size_t i = 0; i < node.operands.size(); ++i) {
    if (i > 0) {
      put(" ");
      put(row_of(node.operators[i - 1]).symbol);
      put(" ");
    }
    at_level(node.operands[i], kLevelComparison + 1);
  }
}

void Printer::pair(const PairLiteral& node) {
  if (node.from) at_level(node.from, kLevelPair);
  const size_t colon = out_.size();
  put(":");
  if (!node.to) return;
  at_level(node.to, kLevelPair + 1);
  const auto all = std::string_view(out_);
  if (may_become_time(all.substr(0, colon), all.substr(colon + 1))) out_.replace(colon, 1, " : ");
}

void Printer::index(const Index& node) {
  const size_t start = out_.size();
  operand(node.object);
  constexpr std::string_view kWords[] = {"not"};  // not[…] negates
  guard_first_word(start, kWords, "!(.[");
  put("[");
  list(node.positions, [this](const ExprRef& position) {
    if (position) value(position);
  });
  put("]");
}

void Printer::code(const Code& node) {
  put("< ");
  if (node.is_list) put("[");
  const auto body = [this](const ExprRef& item) {
    // ">" inside is read as the end unless an operand follows; parentheses are always safe.
    const bool is_sql = item->kind >= ExprKind::kQuery || item->kind == ExprKind::kAlias;
    const bool is_list = item->kind == ExprKind::kVectorBracket;  // else it would be read as a list of codes
    if (is_sql || is_list) {
      if (is_list) put("(");
      expr(*item);
      if (is_list) put(")");
    } else {
      at_level(item, kLevelComparison + 1);
    }
  };
  list(node.bodies, body);
  if (node.is_list) put("]");
  put(" >");
}

void Printer::alias(const Alias& node) {
  at_level(node.value, 1);
  put(" as ");
  if (node.macro) return expr(*node.macro);
  if (node.names.size() == 1 && is_plain_word(node.names[0])) return put(node.names[0]);
  if (node.names.size() == 1) return put(types::format_literal(types::Scalar::of_string(node.names[0])));
  for (const auto& name : node.names) put("`" + name);
}

void Printer::case_when(const Case& node) {
  put("case");
  for (const auto& [condition, value] : node.branches) {
    put(" when ");
    at_level(condition, 1);
    put(" then ");
    at_level(value, 1);
  }
  if (node.otherwise) {
    put(" else ");
    at_level(node.otherwise, 1);
  }
  put(" end");
}

}  // namespace pelorus::syntax
