#include "exec/capture_constants.h"

#include <strings.h>

#include <algorithm>
#include <cctype>

#include "exec/user_function.h"
#include "functions/registry.h"
#include "plan/walk.h"

namespace pelorus::exec {

using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

ConstantCapture::ConstantCapture(const data::Schema& schema, std::string qualifier, Evaluator& evaluator, Scope* constants)
    : schema_(schema), qualifier_(std::move(qualifier)), evaluator_(evaluator), constants_(constants) {}

bool ConstantCapture::is_column(std::string_view name) const {
  if (known_.count(std::string(name))) return true;
  return std::any_of(schema_.begin(), schema_.end(), [&](const auto& column) {
    return column.name.size() == name.size() && strncasecmp(column.name.data(), name.data(), name.size()) == 0;
  });
}

bool ConstantCapture::depends_on_columns(const Expr& expr) const {
  if (const auto* name = as<syntax::Name>(expr)) return is_column(name->name);
  if (expr.kind == ExprKind::kStar || expr.kind == ExprKind::kMacroName || expr.kind == ExprKind::kColumnRange) return true;
  if (const auto* member = as<syntax::Member>(expr)) {
    const auto* object = as<syntax::Name>(member->object);
    if (object && object->name == qualifier_ && is_column(member->name)) return true;
  }
  bool found = false;
  plan::for_each_child(expr, [&](const Expr& child) { found = found || depends_on_columns(child); });
  return found;
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
  const auto* user = dynamic_cast<const UserFunction*>(function.get());
  if (!user || !user->captured().empty()) {
    variables_.emplace_back(name, Value(function));
    return;
  }
  const std::string text = user->print();
  define_mentioned(text);
  const std::string& own_name = user->definition().name;
  if (own_name.empty()) {
    definitions_ += name + " = " + text + "\n";
    return;
  }
  if (own_name == name || defined_.insert(own_name).second) definitions_ += text + "\n";
  if (own_name != name) definitions_ += name + " = " + own_name + "\n";
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

ExprRef ConstantCapture::capture(const ExprRef& expr) {
  return plan::rewrite(expr, [this](const ExprRef& node) -> ExprRef {
    switch (node->kind) {
      case ExprKind::kLiteral: case ExprKind::kConstantVector: case ExprKind::kStar: case ExprKind::kFunctionName:
      case ExprKind::kDefault: case ExprKind::kTemplate: case ExprKind::kFunction: case ExprKind::kAlias:
        return node->kind == ExprKind::kAlias ? nullptr : node;
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
    const auto name = "const_" + std::to_string(variables_.size()) + "_";
    variables_.emplace_back(name, evaluator_.evaluate(*node, constants_));
    auto variable = std::make_shared<syntax::Name>();
    variable->name = name;
    variable->in_query = true;
    known_.insert(name);
    return variable;
  });
}

void ConstantCapture::fill(Fragment& fragment) const {
  fragment.variables = variables_;
  fragment.definitions = definitions_;
}

}  // namespace pelorus::exec
