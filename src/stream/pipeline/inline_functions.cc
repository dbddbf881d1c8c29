#include "stream/pipeline/inline_functions.h"

#include <algorithm>

#include "base/script_error.h"
#include "plan/walk.h"

namespace pelorus::stream {
namespace {

using exec::CodeValue;
using exec::HeldValue;
using exec::UserFunction;
using syntax::as;
using syntax::ExprKind;
using syntax::ExprRef;

constexpr int kDepthMax = 64;

/// False when parts refer to the function's locals in a way that cannot be written out: closures, code, queries.
bool is_plain(const syntax::Expr& expr) {
  if (expr.kind >= ExprKind::kQuery || expr.kind == ExprKind::kCode || expr.kind == ExprKind::kOver) return false;
  if (const auto* literal = as<syntax::FunctionLiteral>(expr)) return literal->definition->captures.empty();
  if (expr.kind == ExprKind::kTemplate || expr.kind == ExprKind::kMember || expr.kind == ExprKind::kDictionary) {
    bool has_local = false;
    plan::for_each_child(expr, [&](const syntax::Expr& child) {
      const auto* name = as<syntax::Name>(child);
      has_local = has_local || (name != nullptr ? name->slot >= 0 : child.kind != ExprKind::kLiteral);
    });
    return !has_local;
  }
  bool plain = true;
  plan::for_each_child(expr, [&](const syntax::Expr& child) { plain = plain && is_plain(child); });
  return plain;
}

class Inliner {
 public:
  explicit Inliner(exec::Evaluator& evaluator) : evaluator_(evaluator) {}

  /// `locals`: what stands for each slot of the function the expression was written in; null: nothing yet.
  ExprRef run(const ExprRef& expr, const std::vector<ExprRef>& locals, int depth) {
    if (++nodes_ > kMetricNodesMax) {
      throw ScriptError("streamEngineParser: a metric grows to more than " + std::to_string(kMetricNodesMax) +
                        " parts once its functions are written out; make several metrics of it.");
    }
    return plan::rewrite(expr, [&](const ExprRef& part) -> ExprRef {
      if (part == expr) return replacement(part, locals, depth);
      return run(part, locals, depth);
    });
  }

 private:
  ExprRef replacement(const ExprRef& part, const std::vector<ExprRef>& locals, int depth) {
    if (const auto* name = as<syntax::Name>(part)) {
      const bool is_local = name->slot >= 0 && static_cast<size_t>(name->slot) < locals.size();
      return is_local && locals[static_cast<size_t>(name->slot)] ? locals[static_cast<size_t>(name->slot)] : part;
    }
    if (const auto* method = as<syntax::MethodCall>(part)) {
      auto call = std::make_shared<syntax::Call>();
      call->place = method->place;
      call->function = method->function;
      call->arguments.push_back({"", method->object});
      call->arguments.insert(call->arguments.end(), method->arguments.begin(), method->arguments.end());
      return run(call, locals, depth);
    }
    const auto* call = as<syntax::Call>(part);
    if (call == nullptr) return nullptr;
    std::vector<syntax::Argument> arguments;
    for (const auto& argument : call->arguments)
      arguments.push_back({argument.name, argument.value ? run(argument.value, locals, depth) : nullptr});
    const auto callee = run(call->function, locals, depth);
    if (auto body = body_of(*callee, arguments, depth)) return body;
    auto node = std::make_shared<syntax::Call>();
    node->place = call->place;
    node->function = callee;
    node->arguments = std::move(arguments);
    return node;
  }

  /// What the call computes, or null when its function is no script function that can be written out.
  ExprRef body_of(const syntax::Expr& callee, const std::vector<syntax::Argument>& arguments, int depth) {
    if (callee.kind != ExprKind::kName && callee.kind != ExprKind::kHeld) return nullptr;
    const auto function = evaluator_.find_function(callee, nullptr);
    const auto* user = function ? dynamic_cast<const UserFunction*>(function->get()) : nullptr;
    if (user == nullptr || user->definition().is_mapr) return nullptr;
    if (depth >= kDepthMax) throw ScriptError("streamEngineParser: functions of a metric call each other too deep.");
    const auto& definition = user->definition();
    std::vector<ExprRef> locals(definition.slot_names.size());
    for (size_t c = 0; c < definition.captures.size() && c < user->captured().size(); ++c)
      locals[static_cast<size_t>(definition.captures[c].slot)] = HeldValue::node(user->captured()[c]);
    for (size_t p = 0; p < definition.parameters.size(); ++p) {
      const auto& parameter = definition.parameters[p];
      locals[p] = argument_of(arguments, p, parameter.name);
      if (!locals[p]) locals[p] = parameter.default_value;
      if (!locals[p] || parameter.is_mutable) return nullptr;  // the call itself will tell what is wrong
    }
    if (arguments.size() > definition.parameters.size()) return nullptr;
    if (definition.expression)
      return is_plain(*definition.expression) ? run(definition.expression, locals, depth + 1) : nullptr;
    if (!definition.body) return nullptr;
    return returned(*definition.body, std::move(locals), depth + 1);
  }

  static ExprRef argument_of(const std::vector<syntax::Argument>& arguments, size_t position, const std::string& name) {
    for (const auto& argument : arguments) {
      if (argument.name == name) return argument.value;
    }
    return position < arguments.size() && arguments[position].name.empty() ? arguments[position].value : nullptr;
  }

  ExprRef returned(const syntax::Block& body, std::vector<ExprRef> locals, int depth) {
    for (const auto& statement : body.statements) {
      if (const auto* result = syntax::as<syntax::Return>(*statement))
        return result->value && is_plain(*result->value) ? run(result->value, locals, depth) : nullptr;
      const auto* assign = syntax::as<syntax::Assign>(*statement);
      if (assign == nullptr || assign->targets.size() != 1 || assign->by_reference || !is_plain(*assign->value))
        return nullptr;
      const auto* target = as<syntax::Name>(assign->targets[0]);
      if (target == nullptr || target->slot < 0) return nullptr;
      ExprRef value = run(assign->value, locals, depth);
      auto& local = locals[static_cast<size_t>(target->slot)];
      if (assign->compound) {
        auto sum = std::make_shared<syntax::Binary>();
        sum->op = assign->op;
        sum->left = local;
        sum->right = std::move(value);
        value = std::move(sum);
      }
      local = std::move(value);
    }
    return nullptr;
  }

  exec::Evaluator& evaluator_;
  size_t nodes_ = 0;
};

}  // namespace

ExprRef inlined(const Metric& metric, exec::Evaluator& evaluator) {
  std::vector<ExprRef> locals;
  for (const auto& captured : metric.captured) {
    if (captured.slot < 0) continue;
    locals.resize(std::max(locals.size(), static_cast<size_t>(captured.slot) + 1));
    locals[static_cast<size_t>(captured.slot)] = HeldValue::node(captured.value);
  }
  return Inliner(evaluator).run(metric.body, locals, 0);
}

}  // namespace pelorus::stream
