#include "exec/capture_constants.h"

#include <strings.h>

#include <algorithm>
#include <cctype>

#include "base/script_error.h"
#include "functions/registry.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {

using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

ConstantCapture::ConstantCapture(const data::Schema& schema, std::string qualifier, Evaluator& evaluator,
                                 Scope* constants)
    : schema_(schema), qualifier_(std::move(qualifier)), evaluator_(evaluator), constants_(constants) {}

bool ConstantCapture::is_column(std::string_view name) const {
  if (known_.count(std::string(name))) return true;
  return std::any_of(schema_.begin(), schema_.end(), [&](const auto& column) {
    return column.name.size() == name.size() && strncasecmp(column.name.data(), name.data(), name.size()) == 0;
  });
}

bool ConstantCapture::depends_on_columns(const Expr& expr) const {
  return plan::any_node(expr, [&](const Expr& node) {
    if (node.kind == ExprKind::kStar || node.kind == ExprKind::kMacroName || node.kind == ExprKind::kColumnRange)
      return true;
    if (const auto* name = as<syntax::Name>(node)) return is_column(name->name);
    const auto* member = as<syntax::Member>(node);
    const auto* object = member ? as<syntax::Name>(member->object) : nullptr;
    return object && object->name == qualifier_ && is_column(member->name);
  });
}

plan::FunctionLookup ConstantCapture::lookup() const {
  return [this](const Expr& callee) -> data::FunctionRef {
    const auto found = evaluator_.find_function(callee, constants_);
    return found ? *found : nullptr;
  };
}

plan::ConstantValue ConstantCapture::constant_value() const {
  return [this](const Expr& expr) -> std::optional<Value> {
    if (depends_on_columns(expr)) return std::nullopt;
    return evaluator_.evaluate(expr, constants_);
  };
}

void ConstantCapture::note_function(const Expr& callee) {
  const auto* name = as<syntax::Name>(callee);
  if (!name) return;
  if (const auto function = evaluator_.find_function(callee, constants_)) define(name->name, *function);
}

void ConstantCapture::define(const std::string& name, const data::FunctionRef& function) {
  if (dynamic_cast<const functions::Builtin*>(function.get()) || !defined_.insert(name).second) return;
  const std::string text = callable_text(function);
  if (text != name) definitions_ += name + " = " + text + "\n";
}

std::string ConstantCapture::callable_text(const data::FunctionRef& function) {
  if (const auto* partial = dynamic_cast<const PartialFunction*>(function.get())) return bound_text(*partial);
  if (const auto* signs = dynamic_cast<const TemplateFunction*>(function.get())) {
    return callable_text(signs->function()) + ":" + signs->sign();
  }
  const auto* user = dynamic_cast<const UserFunction*>(function.get());
  if (!user) return function->print();
  const std::string& own_name = user->definition().name;
  if (own_name.empty() || !user->captured().empty()) return closure_text(*user);
  const std::string text = user->open_text();
  defined_.insert(own_name);
  if (!written_.insert(own_name).second) return own_name;
  define_mentioned(text);
  definitions_ += text + "\n";
  return own_name;
}

std::string ConstantCapture::closure_text(const UserFunction& function) {
  if (!function.captured().empty() && function.definition().self_slot >= 0) {
    throw ScriptError(
        "A function that calls itself and uses variables of the function around it can't be sent to the "
        "nodes of a stored table: " +
        function.definition().name);
  }
  std::string text = function.open_text();
  define_mentioned(text);
  if (function.captured().empty()) return text;
  std::string bound;
  for (const auto& value : function.captured()) bound += (bound.empty() ? "" : ", ") + reference_to(value);
  return text + "{" + bound + "}";
}

std::string ConstantCapture::bound_text(const PartialFunction& function) {
  std::string bound;
  for (size_t i = 0; i < function.bound().size(); ++i) {
    bound += (i > 0 ? ", " : "") + reference_to(function.bound()[i]);
  }
  for (const auto& [name, value] : function.named()) {
    bound += (bound.empty() ? "" : ", ") + name + "=" + reference_to(value);
  }
  return callable_text(function.function()) + "{" + bound + "}";
}

std::string ConstantCapture::reference_to(const Value& value) {
  if (value.is_missing()) return "";
  return value.is_function() ? callable_text(value.function()) : add_variable(value);
}

std::string ConstantCapture::add_variable(Value value) {
  auto name = "const_" + std::to_string(variables_.size()) + "_";
  variables_.emplace_back(name, std::move(value));
  known_.insert(name);
  return name;
}

/// A word of a text or a local variable may be taken for a function: then one more is defined than needed.
void ConstantCapture::define_mentioned(const std::string& text) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end > at && !std::isdigit(static_cast<unsigned char>(text[at]))) {
      const auto found = evaluator_.context().find_function(text.substr(at, end - at));
      if (found && found->is_function()) define(text.substr(at, end - at), found->function());
    }
    at = end + 1;
  }
}

ExprRef ConstantCapture::release(const ExprRef& expr) const {
  return plan::rewrite(expr, [this](const ExprRef& node) -> ExprRef {
    const auto* name = as<syntax::Name>(node);
    if (name == nullptr) return nullptr;
    for (const auto& [variable, value] : variables_) {
      if (variable == name->name) return HeldValue::node(value);
    }
    return nullptr;
  });
}

ExprRef ConstantCapture::capture_comparison_with_each(const Expr& expr) {
  const auto* comparison = as<syntax::Binary>(expr);
  if (comparison == nullptr || !syntax::is_comparison(comparison->op)) return nullptr;
  const auto* call = as<syntax::Call>(comparison->right);
  const auto* name = call != nullptr ? as<syntax::Name>(call->function) : nullptr;
  const bool is_each = name != nullptr && (name->name == "all" || name->name == "any") && call->arguments.size() == 1 &&
                       call->arguments[0].value != nullptr;
  if (!is_each) return nullptr;
  if (depends_on_columns(*call->arguments[0].value)) return nullptr;
  const Value elements = evaluator_.evaluate(*call->arguments[0].value, constants_);
  return compared_with_each(*comparison, elements, name->name == "all");
}

ExprRef ConstantCapture::compared_with_each(const syntax::Binary& comparison, const Value& elements, bool all) {
  using enum syntax::BinaryOperator;
  const bool is_list = elements.is_vector() && !elements.is_tuple() && !elements.vector().is_array() &&
                       elements.type() != data::Type::kBool;  // flag = any(flags) is no comparison with each
  if (!is_list) return nullptr;
  const auto& vector = elements.vector();
  if (vector.size() == 0) {
    auto result = std::make_shared<syntax::Literal>();
    result->value = types::Scalar::of_bool(all);
    return result;
  }
  std::optional<Value> least;  // a null is less than anything, which min() would not say
  for (size_t i = 0; i < vector.size() && !least; ++i) {
    if (vector.is_null_at(i)) least = vector.at(i);
  }
  const ExprRef left = capture(comparison.left);
  const auto compared = [&](syntax::BinaryOperator op, const char* extreme) {
    auto& context = evaluator_.context();
    auto result = std::make_shared<syntax::Binary>();
    result->place = comparison.place;
    result->op = op;
    result->left = left;
    const bool is_null = least && std::string_view(extreme) == "min";
    result->right =
        plan::name_node(add_variable(is_null ? *least : context.call(*context.find_function(extreme), {elements})));
    return result;
  };
  const bool is_equality = comparison.op == kEqual || comparison.op == kNotEqual;
  if (!is_equality) {
    const bool is_above = comparison.op == kGreater || comparison.op == kGreaterEqual;
    return compared(comparison.op, is_above == all ? "max" : "min");
  }
  // Equal to all: to the least and the greatest. Unlike one of them: not equal to all.
  const bool is_of_all = (comparison.op == kEqual) == all;
  ExprRef result;
  if (is_of_all) {
    auto both = std::make_shared<syntax::Binary>();
    both->op = kAnd;
    both->left = compared(kEqual, "min");
    both->right = compared(kEqual, "max");
    result = both;
  } else {
    result = plan::call_node("in", {left, plan::name_node(add_variable(elements))});
  }
  if (comparison.op == kEqual) return result;
  auto negated = std::make_shared<syntax::Unary>();
  negated->op = syntax::UnaryOperator::kNot;
  negated->operand = std::move(result);
  return negated;
}

ExprRef ConstantCapture::capture(const ExprRef& expr) {
  return plan::rewrite(expr, [this](const ExprRef& node) -> ExprRef {
    if (auto compared = capture_comparison_with_each(*node)) return compared;
    switch (node->kind) {
      case ExprKind::kLiteral:
      case ExprKind::kConstantVector:
      case ExprKind::kStar:
      case ExprKind::kFunctionName:
      case ExprKind::kDefault:
      case ExprKind::kAlias: return node->kind == ExprKind::kAlias ? nullptr : node;
      case ExprKind::kTemplate:
      case ExprKind::kFunction: define_mentioned(syntax::print(*node)); return node;
      case ExprKind::kName:
        if (is_column(as<syntax::Name>(*node)->name)) return node;
        if (evaluator_.find_function(*node, constants_)) {
          note_function(*node);
          return node;
        }
        break;
      default:
        if (depends_on_columns(*node)) return nullptr;
    }
    auto variable = std::make_shared<syntax::Name>();
    variable->in_query = true;
    // Written twice, as in `select f(a, 0:9) … group by f(a, 0:9)`, it is one variable: the texts stay equal.
    const bool is_repeatable = !plan::any_node(*node, [](const Expr& part) {
      return part.kind == ExprKind::kCall || part.kind == ExprKind::kMethodCall || part.kind >= ExprKind::kQuery;
    });
    const std::string text = is_repeatable ? syntax::print(*node) : std::string();
    if (const auto found = by_text_.find(text); is_repeatable && found != by_text_.end()) {
      variable->name = found->second;
      return variable;
    }
    const Value value = evaluator_.evaluate(*node, constants_);
    if (value.is_function()) {
      variable->name = "function_" + std::to_string(defined_.size()) + "_";
      define(variable->name, value.function());
    } else {
      variable->name = add_variable(value);
      if (is_repeatable) by_text_.emplace(text, variable->name);
    }
    known_.insert(variable->name);
    return variable;
  });
}

void ConstantCapture::fill(Fragment& fragment) const {
  fragment.variables = variables_;
  fragment.definitions = definitions_;
}

}  // namespace pelorus::exec
