#include "exec/operators/column_names.h"

#include <algorithm>
#include <set>

#include "base/script_error.h"
#include "plan/walk.h"
#include "syntax/operators.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using syntax::as;
using syntax::Expr;
using syntax::ExprKind;

/// The column a node stands for; empty when it is none.
std::string column_of(const Expr* expr, const RowScope* rows) {
  if (!expr) return {};
  if (const auto* name = as<syntax::Name>(*expr)) {
    return !rows || rows->find_column(name->name) >= 0 ? name->name : std::string();
  }
  if (const auto* member = as<syntax::Member>(*expr)) {
    const auto* object = as<syntax::Name>(member->object);
    if (object && (!rows || rows->find_column(object->name, member->name) >= 0)) return member->name;
  }
  return {};
}

std::string function_name(const Expr& callee) {
  if (const auto* name = as<syntax::Name>(callee)) {
    const auto at = name->name.rfind("::");
    return at == std::string::npos ? name->name : name->name.substr(at + 2);
  }
  if (const auto* function = as<syntax::FunctionName>(callee)) return function->name;
  if (const auto* partial = as<syntax::Partial>(callee)) return function_name(*partial->function);
  if (const auto* with_signs = as<syntax::Template>(callee)) return function_name(*with_signs->function);
  return {};
}

std::string with_columns(const std::string& function, const std::vector<const Expr*>& arguments, const RowScope* rows) {
  for (const auto* argument : arguments) {
    const auto column = column_of(argument, rows);
    if (!column.empty()) return function + "_" + column;
  }
  return function;
}

std::vector<const Expr*> pointers(const std::vector<syntax::Argument>& arguments) {
  std::vector<const Expr*> out;
  for (const auto& argument : arguments) out.push_back(argument.value.get());
  return out;
}

/// t.x is x, or what a join renamed it to.
std::string member_name(const syntax::Member& member, const RowScope* rows) {
  const auto* object = as<syntax::Name>(member.object);
  const int found = rows && object ? rows->find_column(object->name, member.name) : -1;
  if (found < 0) return member.name;
  const auto& column = rows->relation().columns[static_cast<size_t>(found)];
  return column.hidden ? member.name : column.name;
}

}  // namespace

std::string automatic_name(const Expr& expr, const RowScope* rows) {
  switch (expr.kind) {
    case ExprKind::kName: return as<syntax::Name>(expr)->name;
    case ExprKind::kMember: return member_name(*as<syntax::Member>(expr), rows);
    case ExprKind::kOver: return as<syntax::Over>(expr)->function;
    case ExprKind::kCase: return "case";
    case ExprKind::kConditional: return "iif";
    case ExprKind::kCall: {
      const auto& call = *as<syntax::Call>(expr);
      if (plan::is_count_of_rows(expr)) return "count";
      return with_columns(function_name(*call.function), pointers(call.arguments), rows);
    }
    case ExprKind::kMethodCall: {
      const auto& call = *as<syntax::MethodCall>(expr);
      auto arguments = pointers(call.arguments);
      arguments.insert(arguments.begin(), call.object.get());
      return with_columns(function_name(*call.function), arguments, rows);
    }
    case ExprKind::kBinary: {
      const auto& binary = *as<syntax::Binary>(expr);
      return with_columns(std::string(row_of(binary.op).function), {binary.left.get(), binary.right.get()}, rows);
    }
    case ExprKind::kUnary: {
      const auto& unary = *as<syntax::Unary>(expr);
      return with_columns(std::string(function_of(unary.op)), {unary.operand.get()}, rows);
    }
    case ExprKind::kIndex: {
      const auto& index = *as<syntax::Index>(expr);
      return with_columns("at", {index.object.get()}, rows);
    }
    default: return syntax::print(expr);
  }
}

void make_unique(std::vector<std::string>& names, const std::vector<bool>& given) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (given[i] && !seen.insert(names[i]).second)
      throw ScriptError("Duplicate column name: [" + names[i] + "]. RefId:S02001");
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (given[i]) continue;
    if (names[i].empty()) names[i] = "col" + std::to_string(i);
    const std::string wanted = names[i];
    for (int suffix = 1; !seen.insert(names[i]).second; ++suffix) names[i] = wanted + "_" + std::to_string(suffix);
  }
}

}  // namespace pelorus::exec
