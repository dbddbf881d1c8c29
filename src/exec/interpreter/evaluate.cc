// Expressions except calls.

#include <algorithm>

#include "base/check.h"
#include "exec/catalog_names.h"
#include "exec/interpreter/fast_scalars.h"
#include "exec/interpreter/frame.h"
#include "exec/interpreter/index_value.h"
#include "functions/assemble.h"
#include "syntax/constants.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::Dictionary;
using data::Pair;
using data::Scalar;
using data::Type;
using data::Vector;
using syntax::as;
using syntax::BinaryOperator;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

namespace {

constexpr size_t kFrameTextMax = 240;

std::string shortened(std::string text) {
  if (text.size() <= kFrameTextMax) return text;
  return text.substr(0, kFrameTextMax) + "...";
}

/// Evaluating it cannot change a variable.
bool is_quiet(const Expr& expr) { return expr.kind == ExprKind::kLiteral || expr.kind == ExprKind::kName; }

}  // namespace

Value Interpreter::evaluate(const Expr& expr, Scope* scope) {
  const ThreadGuard thread(this);
  Scope* const before = std::exchange(scope_, scope);
  try {
    Value value = eval(expr);
    scope_ = before;
    return value;
  } catch (...) {
    scope_ = before;
    throw;
  }
}

void Interpreter::fail_at(ScriptError& error, const Expr& node) {
  if (error.place().line == 0) {
    error.set_place_if_unknown(node.place.line != 0 ? node.place : SourcePlace{1, 1});
    error.add_frame(shortened(syntax::print(node)));
  }
  throw;
}

std::optional<Value> Interpreter::computed(const Expr& node) {
  for (Scope* scope = scope_; scope != nullptr; scope = scope->outer()) {
    if (auto value = scope->find_computed(node)) return value;
  }
  return std::nullopt;
}

Value Interpreter::eval(const Expr& expr) {
  check_stack("expression");
  switch (expr.kind) {
    case ExprKind::kLiteral: return as<syntax::Literal>(expr)->value;
    case ExprKind::kConstantVector: return eval_constants(*as<syntax::ConstantVector>(expr));
    case ExprKind::kName: return eval_name(*as<syntax::Name>(expr));
    case ExprKind::kFunctionName: {
      if (auto function = find_function(std::string_view(as<syntax::FunctionName>(expr)->name))) return *function;
      throw ScriptError("Cannot recognize the token " + as<syntax::FunctionName>(expr)->name, expr.place);
    }
    case ExprKind::kMacroName: return eval_macro(*as<syntax::MacroName>(expr));
    case ExprKind::kVectorBracket: return eval_list(as<syntax::VectorBracket>(expr)->elements, false);
    case ExprKind::kTuple: return eval_list(as<syntax::Tuple>(expr)->elements, true);
    case ExprKind::kDictionary: return eval_dictionary(*as<syntax::DictionaryLiteral>(expr));
    case ExprKind::kUnary: return eval_unary(*as<syntax::Unary>(expr));
    case ExprKind::kBinary: return eval_binary(*as<syntax::Binary>(expr));
    case ExprKind::kComparisonChain: return eval_chain(*as<syntax::ComparisonChain>(expr));
    case ExprKind::kConditional: return eval_conditional(*as<syntax::Conditional>(expr));
    case ExprKind::kPair: return eval_pair(*as<syntax::PairLiteral>(expr));
    case ExprKind::kIndex: return eval_index(*as<syntax::Index>(expr));
    case ExprKind::kMember: return eval_member(*as<syntax::Member>(expr));
    case ExprKind::kCall: return eval_call(*as<syntax::Call>(expr));
    case ExprKind::kMethodCall: return eval_method_call(*as<syntax::MethodCall>(expr));
    case ExprKind::kPartial: return eval_partial(*as<syntax::Partial>(expr));
    case ExprKind::kTemplate: return eval_template(*as<syntax::Template>(expr));
    case ExprKind::kFunction: return make_function(as<syntax::FunctionLiteral>(expr)->definition);
    case ExprKind::kCode: return eval_code(*as<syntax::Code>(expr));
    case ExprKind::kAlias: return eval(*as<syntax::Alias>(expr)->value);
    case ExprKind::kCase: return eval_case(*as<syntax::Case>(expr));
    case ExprKind::kHeld: return HeldValue::value(*as<syntax::Held>(expr));
    case ExprKind::kDefault: return Value::missing();
    case ExprKind::kStar: throw ScriptError("'*' can only be used in a select list or in count(*).", expr.place);
    case ExprKind::kColumnRange: throw ScriptError("A column range can only be used in a select list.", expr.place);
    default: return eval_sql(expr);
  }
}

Value Interpreter::eval_sql(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kOver:
      if (auto value = computed(expr)) return *value;
      return surroundings_.sql.run_over(*as<syntax::Over>(expr), *this, scope_);
    case ExprKind::kQuery: return surroundings_.sql.run_query(*as<syntax::Query>(expr), *this, scope_);
    case ExprKind::kUpdate: return surroundings_.sql.run_update(*as<syntax::Update>(expr), *this);
    case ExprKind::kDelete: return surroundings_.sql.run_delete(*as<syntax::Delete>(expr), *this);
    case ExprKind::kInsert: return surroundings_.sql.run_insert(*as<syntax::Insert>(expr), *this);
    default: return surroundings_.sql.run_definition(expr, *this);
  }
}

bool Interpreter::is_local_evaluation() const { return frame_ != nullptr && !frame_->sees_session; }

const Value& Interpreter::eval_reference(const Expr& expr, Value* temporary) {
  if (const auto* name = as<syntax::Name>(expr); name != nullptr && !(name->in_query && scope_ != nullptr)) {
    if (Value* place = place_of(expr)) return *place;
  }
  *temporary = eval(expr);
  return *temporary;
}

Value Interpreter::eval_name(const syntax::Name& name) {
  if (name.in_query) {
    for (Scope* scope = scope_; scope != nullptr; scope = scope->outer()) {
      if (auto value = scope->find(name.name)) return *std::move(value);
    }
  }
  if (name.self_slot >= 0 && frame_ != nullptr && static_cast<size_t>(name.self_slot) < frame_->size) {
    const Value& self = frame_->slots[static_cast<size_t>(name.self_slot)].get();
    if (auto method = bound_method(self, name.name)) return *std::move(method);
    return member_value(self, name.name);
  }
  if (const Value* place = place_of(name)) return *place;
  if (!name.quoted) {
    if (auto shared = shared_.find(name.name)) return *std::move(shared);
    if (const auto constant = syntax::find_constant(name.name)) return *constant;
    if (auto function = find_named(name.name)) return *std::move(function);
  }
  if (name.in_query && scope_ != nullptr) throw ScriptError("Unrecognized column name [" + name.name + "]", name.place);
  throw ScriptError("Cannot recognize the token " + name.name, name.place);
}

Value Interpreter::eval_constants(const syntax::ConstantVector& node) {
  auto cached = std::atomic_load(&node.cache);
  if (cached == nullptr) {
    std::vector<Value> parts(node.values.begin(), node.values.end());
    cached = std::make_shared<const Value>(functions::vector_or_tuple(std::move(parts)));
    std::atomic_store(&node.cache, cached);
  }
  return *static_cast<const Value*>(cached.get());
}

Value Interpreter::eval_list(const std::vector<ExprRef>& elements, bool as_tuple) {
  std::vector<Value> parts;
  parts.reserve(elements.size());
  for (const auto& element : elements) parts.push_back(eval(*element));
  if (as_tuple) return Vector::tuple(std::move(parts));
  return functions::vector_or_tuple(std::move(parts));
}

Value Interpreter::eval_dictionary(const syntax::DictionaryLiteral& node) {
  std::vector<Value> keys;
  std::vector<Value> values;
  for (const auto& [key, value] : node.entries) {
    keys.push_back(eval(*key));
    if (!keys.back().is_scalar()) throw ScriptError("A key of a dictionary must be a scalar.", key->place);
    values.push_back(eval(*value));
  }
  if (keys.empty()) return Dictionary(Type::kString, Type::kAny);
  const Value key_vector = functions::vector_or_tuple(std::move(keys));
  return Dictionary(key_vector.vector(), Vector::tuple(std::move(values)), false);
}

Value Interpreter::call_named(std::string_view function, std::span<Value> arguments) {
  const auto builtin = surroundings_.registry.find(function);
  if (builtin == nullptr) throw ScriptError("The function [" + std::string(function) + "] is not available.");
  return functions::invoke(*builtin, *this, arguments);
}

Value Interpreter::eval_unary(const syntax::Unary& node) {
  Value temporary;
  const Value& operand = eval_reference(*node.operand, &temporary);
  if (operand.is_scalar() && !operand.scalar().is_null()) {
    const Scalar& scalar = operand.scalar();
    const bool is_negation = node.op == syntax::UnaryOperator::kNegate;
    if (is_negation && scalar.type() == Type::kInt) return Value::of_int(-scalar.get<int32_t>());
    if (is_negation && scalar.type() == Type::kDouble) return Value::of_double(-scalar.get<double>());
    if (!is_negation && scalar.type() == Type::kBool) return Value::of_bool(scalar.get<int8_t>() == 0);
  }
  try {
    Value argument = operand;
    return call_named(syntax::function_of(node.op), std::span<Value>(&argument, 1));
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::apply_binary(BinaryOperator op, const Value& left, const Value& right) {
  if (left.is_scalar() && right.is_scalar()) {
    if (const auto fast = fast_binary(op, left.scalar(), right.scalar())) return *fast;
  }
  if (op == BinaryOperator::kEachAt) return index_value(left, std::span(&right, 1));
  Value arguments[2] = {left, right};
  return call_named(syntax::row_of(op).function, arguments);
}

bool Interpreter::Frame::eval_plain(Interpreter& interpreter, const Expr& expr, PlainScalar* value) {
  switch (expr.kind) {
    case ExprKind::kLiteral: return plain_of(as<syntax::Literal>(expr)->value, value);
    case ExprKind::kName: {
      if (as<syntax::Name>(expr)->in_query && interpreter.scope_ != nullptr) return false;
      const Value* place = interpreter.place_of(expr);
      return place != nullptr && place->is_scalar() && plain_of(place->scalar(), value);
    }
    case ExprKind::kBinary: {
      interpreter.check_stack("expression");
      const auto& node = *as<syntax::Binary>(expr);
      PlainScalar right;
      return eval_plain(interpreter, *node.left, value) && eval_plain(interpreter, *node.right, &right) &&
             fast_binary(node.op, *value, right, value);
    }
    default: return false;
  }
}

Value Interpreter::eval_binary(const syntax::Binary& node) {
  if (PlainScalar plain; Frame::eval_plain(*this, node, &plain)) return scalar_of(plain);
  Value left_temporary;
  Value right_temporary;
  const bool may_borrow = is_quiet(*node.right);
  if (!may_borrow) left_temporary = eval(*node.left);
  const Value& left = may_borrow ? eval_reference(*node.left, &left_temporary) : left_temporary;
  const Value& right = eval_reference(*node.right, &right_temporary);
  if (left.is_scalar() && right.is_scalar()) {
    if (const auto fast = fast_binary(node.op, left.scalar(), right.scalar())) return *fast;
  }
  try {
    return apply_binary(node.op, left, right);
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::eval_chain(const syntax::ComparisonChain& node) {
  Value result;
  Value left = eval(*node.operands[0]);
  try {
    for (size_t i = 0; i < node.operators.size(); ++i) {
      Value right = eval(*node.operands[i + 1]);
      Value part = apply_binary(node.operators[i], left, right);
      result = i == 0 ? std::move(part) : apply_binary(BinaryOperator::kAnd, result, part);
      left = std::move(right);
    }
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
  return result;
}

/// Null counts as false. && and || look at the right side only when the left does not decide.
bool Interpreter::condition(const Expr& expr) {
  if (const auto* binary = as<syntax::Binary>(expr)) {
    if (binary->op == BinaryOperator::kAnd) return condition(*binary->left) && condition(*binary->right);
    if (binary->op == BinaryOperator::kOr) return condition(*binary->left) || condition(*binary->right);
  }
  if (PlainScalar plain; Frame::eval_plain(*this, expr, &plain) && plain.type == Type::kBool) return plain.whole == 1;
  Value temporary;
  return truth(eval_reference(expr, &temporary), expr.place);
}

bool Interpreter::truth(const Value& value, SourcePlace place) {
  if (!value.is_scalar()) {
    const char* form = value.is_matrix()       ? "matrix"
                       : value.is_table()      ? "table"
                       : value.is_dictionary() ? "dictionary"
                                               : "vector";
    throw ScriptError(std::string("The ") + form + " can't be converted to bool scalar.", place);
  }
  const Scalar& scalar = value.scalar();
  if (scalar.type() == Type::kBool) return scalar.get<int8_t>() == 1;
  if (scalar.is_null()) return false;
  if (!types::is_numeric(scalar.type())) {
    throw ScriptError("A value of type " + value.type_text() + " can't be converted to bool scalar.", place);
  }
  return scalar.as_double() != 0;
}

Value Interpreter::eval_conditional(const syntax::Conditional& node) {
  Value chosen = eval(*node.condition);
  if (!chosen.is_vector() && !chosen.is_matrix()) {
    return eval(truth(chosen, node.place) ? *node.yes : *node.no);
  }
  Value arguments[3] = {std::move(chosen), eval(*node.yes), eval(*node.no)};
  try {
    return call_named("iif", arguments);
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::eval_case(const syntax::Case& node) {
  if (auto value = computed(node)) return *value;
  std::vector<std::pair<Value, const Expr*>> pending;  // vector conditions, outermost first
  Value rest = Value::null();
  bool decided = false;
  for (const auto& [when, then] : node.branches) {
    Value flag = eval(*when);
    if (flag.is_vector()) {
      pending.emplace_back(std::move(flag), then.get());
      continue;
    }
    const bool is_true = flag.is_scalar() && !flag.is_null() && flag.scalar().as_double() != 0;
    if (!is_true) continue;
    rest = eval(*then);
    decided = true;
    break;
  }
  if (!decided && node.otherwise) rest = eval(*node.otherwise);
  for (auto it = pending.rbegin(); it != pending.rend(); ++it) {
    Value arguments[3] = {std::move(it->first), eval(*it->second), std::move(rest)};
    if (arguments[2].is_void()) {
      arguments[2] = Scalar::null_of(arguments[1].type());
    }
    rest = call_named("iif", arguments);
  }
  return rest;
}

Value Interpreter::eval_pair(const syntax::PairLiteral& node) {
  Value from = node.from ? eval(*node.from) : Value::null();
  Value to = node.to ? eval(*node.to) : Value::null();
  if (!from.is_scalar() || !to.is_scalar()) throw ScriptError("Both ends of a pair must be scalars.", node.place);
  if (from.is_void() && to.is_void()) from = Scalar::null_of(Type::kInt);
  std::vector<Value> ends{std::move(from), std::move(to)};
  const bool is_duration = ends[0].type() == Type::kDuration && ends[1].type() == Type::kDuration;
  Value elements = is_duration ? Value(Vector::tuple(std::move(ends))) : functions::vector_or_tuple(std::move(ends));
  if (elements.is_tuple() && !is_duration)
    throw ScriptError("Both ends of a pair must have the same type.", node.place);
  return Pair{elements.vector()};
}

Value Interpreter::eval_index(const syntax::Index& node) {
  Value temporary;
  std::vector<Value> positions;
  positions.reserve(node.positions.size());
  for (const auto& position : node.positions) positions.push_back(position ? eval(*position) : Value::missing());
  const Value& object = eval_reference(*node.object, &temporary);
  try {
    if (object.is_function()) {
      const Value function = object;
      return call(function, std::span<Value>(positions));
    }
    const bool is_predicate = positions.size() == 1 && positions[0].is_function();
    if (is_predicate) {
      const Value subject = object;
      positions[0] = call(positions[0], {subject});
      return index_value(subject, positions);
    }
    for (auto& position : positions) {
      if (position.is_code()) position = evaluate(*position.code());
    }
    return index_value(object, positions);
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::eval_member(const syntax::Member& node) {
  if (const auto* qualifier = as<syntax::Name>(node.object); qualifier != nullptr && scope_ != nullptr) {
    for (Scope* scope = scope_; scope != nullptr; scope = scope->outer()) {
      if (auto value = scope->find_qualified(qualifier->name, node.name)) return *std::move(value);
    }
  }
  if (const auto* name = leading_name(node);
      name != nullptr && name->self_slot < 0 && place_of(*name) == nullptr && !shared_.find(name->name)) {
    if (auto table = table_of_catalog(*this, node)) return *std::move(table);
  }
  Value temporary;
  const Value& object = eval_reference(*node.object, &temporary);
  try {
    if (auto method = bound_method(object, node.name)) return *std::move(method);
    return member_value(object, node.name);
  } catch (ScriptError& error) {
    fail_at(error, node);
  }
}

Value Interpreter::eval_partial(const syntax::Partial& node) {
  const Callee callee = find_callee(*node.function);
  data::FunctionRef function;
  if (callee.builtin != nullptr) {
    function = surroundings_.registry.find(callee.builtin->function().name);
  } else if (callee.function.is_function()) {
    function = callee.function.function();
  } else {
    throw ScriptError("Only a function can be partially applied.", node.place);
  }
  std::vector<Value> bound;
  std::vector<std::pair<std::string, Value>> named;
  for (const auto& argument : node.arguments) {
    Value value = argument.value ? eval(*argument.value) : Value::missing();
    if (argument.name.empty()) {
      bound.push_back(std::move(value));
    } else {
      named.emplace_back(argument.name, std::move(value));
    }
  }
  return data::FunctionRef(std::make_shared<PartialFunction>(std::move(function), std::move(bound), std::move(named)));
}

Value Interpreter::eval_template(const syntax::Template& node) {
  const Callee callee = find_callee(*node.function);
  data::FunctionRef function;
  if (callee.builtin != nullptr) {
    function = surroundings_.registry.find(callee.builtin->function().name);
  } else if (callee.function.is_function()) {
    function = callee.function.function();
  } else {
    throw ScriptError("A template sign needs a function before it.", node.place);
  }
  for (const auto& sign : node.signs) function = std::make_shared<TemplateFunction>(std::move(function), sign);
  return function;
}

Value Interpreter::eval_code(const syntax::Code& node) {
  std::vector<CodeValue::Captured> captured;
  for (const auto& capture : node.captures) {
    CHECK(frame_ != nullptr && static_cast<size_t>(capture.outer_slot) < frame_->size);
    captured.push_back({capture.name, capture.slot, frame_->slots[static_cast<size_t>(capture.outer_slot)].get()});
  }
  std::vector<Value> codes;
  for (const auto& body : node.bodies) {
    codes.push_back(data::CodeRef(std::make_shared<CodeValue>(body, captured)));
  }
  if (!node.is_list) return std::move(codes[0]);
  return Vector::tuple(std::move(codes));
}

Value Interpreter::eval_macro(const syntax::MacroName& node) {
  const Value names = eval(*node.variable);
  const auto column = [&](const std::string& text) -> Value {
    for (Scope* scope = scope_; scope != nullptr; scope = scope->outer()) {
      if (auto value = scope->find(text)) return *std::move(value);
    }
    throw ScriptError("Unrecognized column name [" + text + "]", node.place);
  };
  if (!node.several) {
    if (!names.is_text()) throw ScriptError("The variable of a macro name must hold one column name.", node.place);
    return column(names.text());
  }
  if (!names.is_vector() || !types::is_literal(names.type())) {
    throw ScriptError("The variable of a macro name must hold column names.", node.place);
  }
  std::vector<Value> columns;
  for (size_t i = 0; i < names.vector().size(); ++i) columns.push_back(column(names.vector().text_at(i)));
  return Vector::tuple(std::move(columns));
}

Value Interpreter::evaluate(const data::CodeObject& code, Scope* scope) {
  Scope* const before = std::exchange(scope_, scope);
  try {
    Value value = evaluate(code);
    scope_ = before;
    return value;
  } catch (...) {
    scope_ = before;
    throw;
  }
}

Value Interpreter::evaluate(const data::CodeObject& object) {
  const ThreadGuard thread(this);
  const auto* code = dynamic_cast<const CodeValue*>(&object);
  if (code == nullptr) throw ScriptError("This code can't be evaluated here.");
  int slots = 0;
  for (const auto& captured : code->captured()) slots = std::max(slots, captured.slot + 1);
  // Session names resolve as at the top level; the scope of a running query stays visible.
  Frame frame(static_cast<size_t>(slots));
  frame.sees_session = true;
  for (const auto& captured : code->captured()) frame.slots[static_cast<size_t>(captured.slot)].value = captured.value;
  FrameGuard guard(this, slots == 0 && frame_ == nullptr ? nullptr : &frame, scope_);
  return eval(*code->body());
}

}  // namespace pelorus::exec
