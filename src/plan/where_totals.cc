#include "plan/where_totals.h"

#include "plan/walk.h"
#include "syntax/operators.h"

namespace pelorus::plan {
namespace {

using syntax::as;
using syntax::Expr;
using syntax::ExprRef;

/// `x > all(y)`, `x = any(y)` with a y of the columns: the call; null for other expressions.
const syntax::Call* comparison_with_each(const Expr& expr, const LooksAtColumns& looks_at_columns) {
  const auto* comparison = as<syntax::Binary>(expr);
  if (!comparison || !syntax::is_comparison(comparison->op)) return nullptr;
  const auto* call = as<syntax::Call>(comparison->right);
  const auto* name = call ? as<syntax::Name>(call->function) : nullptr;
  if (!name || (name->name != "all" && name->name != "any") || call->arguments.size() != 1) return nullptr;
  const auto& elements = call->arguments[0].value;
  return elements && looks_at_columns(*elements) ? call : nullptr;
}

bool is_aggregate_call(const Expr& expr, const FunctionLookup& lookup) {
  if (expr.kind != syntax::ExprKind::kCall && expr.kind != syntax::ExprKind::kMethodCall) return false;
  return nature_of(lookup(*shape_of_call(expr).function)) == CallNature::kAggregate;
}

/// Walks over a condition and puts what `take` gives in the place of each total.
class TotalsWalk {
 public:
  using Take = std::function<ExprRef(const WhereTotal&)>;

  TotalsWalk(const FunctionLookup& lookup, const LooksAtColumns& looks_at_columns, Take take)
      : lookup_(lookup), looks_at_columns_(looks_at_columns), take_(std::move(take)) {}

  ExprRef over(const ExprRef& expr) const {
    return rewrite(expr, [this](const ExprRef& node) -> ExprRef {
      if (const auto* call = comparison_with_each(*node, looks_at_columns_)) return compared(*node, *call);
      if (is_aggregate_call(*node, lookup_) && looks_at_columns_(*node)) return take_({node});
      return nullptr;
    });
  }

 private:
  ExprRef compared(const Expr& comparison, const syntax::Call& call) const {
    auto out = std::make_shared<syntax::Binary>(*as<syntax::Binary>(comparison));
    out->left = over(out->left);
    auto each = std::make_shared<syntax::Call>();
    each->place = call.place;
    each->function = call.function;
    each->arguments.push_back({{}, take_({call.arguments[0].value, true})});
    out->right = std::move(each);
    return out;
  }

  const FunctionLookup& lookup_;
  const LooksAtColumns& looks_at_columns_;
  const Take take_;
};

}  // namespace

std::vector<WhereTotal> totals_in(const ExprRef& condition, const FunctionLookup& lookup,
                                  const LooksAtColumns& looks_at_columns) {
  std::vector<WhereTotal> totals;
  TotalsWalk(lookup, looks_at_columns, [&](const WhereTotal& total) {
    totals.push_back(total);
    return total.expr;
  }).over(condition);
  return totals;
}

ExprRef with_totals(const ExprRef& condition, const std::vector<ExprRef>& values, const FunctionLookup& lookup,
                    const LooksAtColumns& looks_at_columns) {
  size_t next = 0;
  return TotalsWalk(lookup, looks_at_columns, [&](const WhereTotal&) { return values.at(next++); }).over(condition);
}

}  // namespace pelorus::plan
