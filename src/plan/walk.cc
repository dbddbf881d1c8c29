#include "plan/walk.h"

#include <set>

namespace pelorus::plan {
namespace {

using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

using Visit = std::function<void(const Expr&)>;

void visit_all(const std::vector<ExprRef>& children, const Visit& visit) {
  for (const auto& child : children) {
    if (child) visit(*child);
  }
}

void visit_arguments(const std::vector<syntax::Argument>& arguments, const Visit& visit) {
  for (const auto& argument : arguments) {
    if (argument.value) visit(*argument.value);
  }
}

void visit_case(const syntax::Case& node, const Visit& visit) {
  for (const auto& [condition, value] : node.branches) {
    visit(*condition);
    visit(*value);
  }
  if (node.otherwise) visit(*node.otherwise);
}

void visit_over(const syntax::Over& node, const Visit& visit) {
  visit_arguments(node.arguments, visit);
  visit_all(node.partition, visit);
  for (const auto& key : node.order) visit(*key.key);
}

}  // namespace

void for_each_child(const Expr& expr, const Visit& visit) {
  using namespace syntax;
  switch (expr.kind) {
    case ExprKind::kVectorBracket: return visit_all(as<VectorBracket>(expr)->elements, visit);
    case ExprKind::kTuple: return visit_all(as<Tuple>(expr)->elements, visit);
    case ExprKind::kDictionary:
      for (const auto& [key, value] : as<DictionaryLiteral>(expr)->entries) {
        visit(*key);
        visit(*value);
      }
      return;
    case ExprKind::kUnary: return visit(*as<Unary>(expr)->operand);
    case ExprKind::kBinary: visit(*as<Binary>(expr)->left); return visit(*as<Binary>(expr)->right);
    case ExprKind::kComparisonChain: return visit_all(as<ComparisonChain>(expr)->operands, visit);
    case ExprKind::kConditional: {
      const auto& node = *as<Conditional>(expr);
      return visit_all({node.condition, node.yes, node.no}, visit);
    }
    case ExprKind::kPair: return visit_all({as<PairLiteral>(expr)->from, as<PairLiteral>(expr)->to}, visit);
    case ExprKind::kIndex: visit(*as<Index>(expr)->object); return visit_all(as<Index>(expr)->positions, visit);
    case ExprKind::kMember: return visit(*as<Member>(expr)->object);
    case ExprKind::kCall: visit(*as<Call>(expr)->function); return visit_arguments(as<Call>(expr)->arguments, visit);
    case ExprKind::kMethodCall:
      visit(*as<MethodCall>(expr)->object);
      visit(*as<MethodCall>(expr)->function);
      return visit_arguments(as<MethodCall>(expr)->arguments, visit);
    case ExprKind::kPartial:
      visit(*as<Partial>(expr)->function);
      return visit_arguments(as<Partial>(expr)->arguments, visit);
    case ExprKind::kTemplate: return visit(*as<Template>(expr)->function);
    case ExprKind::kAlias: return visit(*as<Alias>(expr)->value);
    case ExprKind::kCase: return visit_case(*as<Case>(expr), visit);
    case ExprKind::kOver: return visit_over(*as<Over>(expr), visit);
    default: return;
  }
}

bool any_node(const Expr& expr, const std::function<bool(const Expr&)>& question) {
  if (question(expr)) return true;
  bool any = false;
  for_each_child(expr, [&](const Expr& child) { any = any || any_node(child, question); });
  return any;
}

namespace {

std::vector<ExprRef> rewritten(const std::vector<ExprRef>& children, const Replace& replace) {
  std::vector<ExprRef> out;
  for (const auto& child : children) out.push_back(rewrite(child, replace));
  return out;
}

std::vector<syntax::Argument> rewritten(const std::vector<syntax::Argument>& arguments, const Replace& replace) {
  std::vector<syntax::Argument> out;
  for (const auto& argument : arguments) out.push_back({argument.name, rewrite(argument.value, replace)});
  return out;
}

/// A copy of the node with fields changed by `change`.
template <class T, class F>
ExprRef copied(const Expr& expr, const F& change) {
  auto node = std::make_shared<T>(*syntax::as<T>(expr));
  change(*node);
  return node;
}

ExprRef rewritten_call(const syntax::Call& call, const Replace& replace) {
  auto node = std::make_shared<syntax::Call>();  // holds an atomic: not copyable
  node->place = call.place;
  node->function = rewrite(call.function, replace);
  node->arguments = rewritten(call.arguments, replace);
  return node;
}

ExprRef rewritten_case(const syntax::Case& node, const Replace& replace) {
  auto out = std::make_shared<syntax::Case>();
  out->place = node.place;
  for (const auto& [condition, value] : node.branches)
    out->branches.emplace_back(rewrite(condition, replace), rewrite(value, replace));
  out->otherwise = rewrite(node.otherwise, replace);
  return out;
}

}  // namespace

ExprRef rewrite(const ExprRef& expr, const Replace& replace) {
  using namespace syntax;
  if (!expr) return expr;
  if (auto replaced = replace(expr)) return replaced;
  switch (expr->kind) {
    case ExprKind::kVectorBracket:
      return copied<VectorBracket>(*expr, [&](auto& n) { n.elements = rewritten(n.elements, replace); });
    case ExprKind::kTuple: return copied<Tuple>(*expr, [&](auto& n) { n.elements = rewritten(n.elements, replace); });
    case ExprKind::kUnary: return copied<Unary>(*expr, [&](auto& n) { n.operand = rewrite(n.operand, replace); });
    case ExprKind::kBinary:
      return copied<Binary>(*expr,
                            [&](auto& n) { n.left = rewrite(n.left, replace), n.right = rewrite(n.right, replace); });
    case ExprKind::kComparisonChain:
      return copied<ComparisonChain>(*expr, [&](auto& n) { n.operands = rewritten(n.operands, replace); });
    case ExprKind::kConditional:
      return copied<Conditional>(*expr, [&](auto& n) {
        n.condition = rewrite(n.condition, replace);
        n.yes = rewrite(n.yes, replace);
        n.no = rewrite(n.no, replace);
      });
    case ExprKind::kPair:
      return copied<PairLiteral>(*expr,
                                 [&](auto& n) { n.from = rewrite(n.from, replace), n.to = rewrite(n.to, replace); });
    case ExprKind::kIndex:
      return copied<Index>(*expr, [&](auto& n) {
        n.object = rewrite(n.object, replace);
        n.positions = rewritten(n.positions, replace);
      });
    case ExprKind::kCall: return rewritten_call(*as<Call>(expr), replace);
    case ExprKind::kMethodCall:
      return copied<MethodCall>(*expr, [&](auto& n) {
        n.object = rewrite(n.object, replace);
        n.function = rewrite(n.function, replace);
        n.arguments = rewritten(n.arguments, replace);
      });
    case ExprKind::kPartial:
      return copied<Partial>(*expr, [&](auto& n) {
        n.function = rewrite(n.function, replace);
        n.arguments = rewritten(n.arguments, replace);
      });
    case ExprKind::kAlias: return copied<Alias>(*expr, [&](auto& n) { n.value = rewrite(n.value, replace); });
    case ExprKind::kCase: return rewritten_case(*as<Case>(expr), replace);
    default: return expr;
  }
}

ExprRef items_spelled_out(const ExprRef& expr, const std::vector<ExprRef>& items,
                          const std::function<bool(const syntax::Name&)>& is_column) {
  std::set<const Expr*> callees;
  return rewrite(expr, [&](const ExprRef& node) -> ExprRef {
    if (const auto* call = syntax::as<syntax::Call>(node)) callees.insert(call->function.get());
    if (const auto* call = syntax::as<syntax::MethodCall>(node)) callees.insert(call->function.get());
    if (const auto* partial = syntax::as<syntax::Partial>(node)) callees.insert(partial->function.get());
    const auto* name = syntax::as<syntax::Name>(node);
    if (name == nullptr || callees.contains(name) || is_column(*name)) return nullptr;
    for (const auto& item : items) {
      const auto* alias = syntax::as<syntax::Alias>(item);
      if (alias != nullptr && alias->names.size() == 1 && alias->names[0] == name->name) return alias->value;
    }
    return nullptr;
  });
}

ExprRef name_node(const std::string& name) {
  auto node = std::make_shared<syntax::Name>();
  node->name = name;
  node->in_query = true;
  return node;
}

ExprRef call_node(const std::string& function, std::vector<ExprRef> arguments) {
  auto node = std::make_shared<syntax::Call>();
  auto callee = std::make_shared<syntax::Name>();
  callee->name = function;
  node->function = callee;
  for (auto& argument : arguments) node->arguments.push_back({{}, std::move(argument)});
  return node;
}

ExprRef alias_node(ExprRef value, const std::string& name) {
  auto node = std::make_shared<syntax::Alias>();
  node->value = std::move(value);
  node->names = {name};
  return node;
}

bool is_count_of_rows(const Expr& node) {
  const auto* call = syntax::as<syntax::Call>(node);
  if (!call || call->arguments.size() != 1 || !call->arguments[0].value) return false;
  const auto* name = syntax::as<syntax::Name>(call->function);
  return name && name->name == "count" && call->arguments[0].value->kind == ExprKind::kStar;
}

bool is_elementwise(syntax::BinaryOperator op) {
  using syntax::BinaryOperator;
  return op != BinaryOperator::kDot && op != BinaryOperator::kJoin && op != BinaryOperator::kSequence &&
         op != BinaryOperator::kEachAt;
}

CallShape shape_of_call(const Expr& expr) {
  const auto* call = syntax::as<syntax::Call>(expr);
  const auto* method = syntax::as<syntax::MethodCall>(expr);
  CallShape out;
  out.function = call ? call->function.get() : method->function.get();
  if (method) out.arguments.push_back(method->object.get());
  for (const auto& argument : call ? call->arguments : method->arguments) {
    out.plain = out.plain && argument.name.empty();
    out.arguments.push_back(argument.value.get());
  }
  return out;
}

}  // namespace pelorus::plan
