#include "plan/split_aggregates.h"

#include <algorithm>
#include <array>

#include "functions/registry.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::plan {
namespace {

using syntax::as;
using syntax::BinaryOperator;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

ExprRef binary(BinaryOperator op, ExprRef left, ExprRef right) {
  auto node = std::make_shared<syntax::Binary>();
  node->op = op;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}
ExprRef times(ExprRef a, ExprRef b) { return binary(BinaryOperator::kMultiply, std::move(a), std::move(b)); }
ExprRef minus(ExprRef a, ExprRef b) { return binary(BinaryOperator::kSubtract, std::move(a), std::move(b)); }
ExprRef plus(ExprRef a, ExprRef b) { return binary(BinaryOperator::kAdd, std::move(a), std::move(b)); }
ExprRef ratio(ExprRef a, ExprRef b) { return binary(BinaryOperator::kRatio, std::move(a), std::move(b)); }
ExprRef sum(ExprRef a) { return call_node("sum", {std::move(a)}); }

ExprRef literal(types::Scalar value) {
  auto node = std::make_shared<syntax::Literal>();
  node->value = std::move(value);
  return node;
}

/// Merged by the function itself, or another.
struct MergeRow {
  std::string_view function;
  std::string_view merge;
};
constexpr std::array kSimple{
    MergeRow{"sum", "sum"},           MergeRow{"sum2", "sum"},        MergeRow{"sum3", "sum"},
    MergeRow{"sum4", "sum"},          MergeRow{"prod", "prod"},       MergeRow{"min", "min"},
    MergeRow{"max", "max"},           MergeRow{"first", "first"},     MergeRow{"last", "last"},
    MergeRow{"firstNot", "firstNot"}, MergeRow{"lastNot", "lastNot"},
};

const MergeRow* simple_row(std::string_view function) {
  for (const auto& row : kSimple) {
    if (row.function == function) return &row;
  }
  return nullptr;
}

bool is_spread(std::string_view function) {
  return function == "std" || function == "var" || function == "stdp" || function == "varp";
}

bool is_pair_aggregate(std::string_view function) {
  return function == "wsum" || function == "wavg" || function == "covar" || function == "corr";
}

/// x where y is there too: aggregates of two columns skip a row when either value is null.
ExprRef where_present(const ExprRef& x, const ExprRef& y) {
  const auto none = literal(types::Scalar::null_of(types::Type::kDouble));
  return call_node("iif", {call_node("isNull", {y}), none, call_node("double", {x})});
}

std::string function_name(const Expr& callee) {
  const auto* name = as<syntax::Name>(callee);
  return name ? name->name : std::string();
}

}  // namespace

CallNature nature_of(const data::FunctionRef& function) {
  if (!function) return CallNature::kOther;
  if (function->is_aggregate()) return CallNature::kAggregate;
  const auto* builtin = dynamic_cast<const functions::Builtin*>(function.get());
  if (!builtin) return CallNature::kOther;
  switch (builtin->function().nature) {
    case functions::Nature::kElementwise: return CallNature::kElementwise;
    case functions::Nature::kAggregate: return CallNature::kAggregate;
    case functions::Nature::kVector: return CallNature::kVector;
    default: return CallNature::kOther;
  }
}

ExprFacts facts_of(const Expr& expr, const FunctionLookup& lookup) {
  ExprFacts facts;
  switch (expr.kind) {
    case ExprKind::kCall:
    case ExprKind::kMethodCall: {
      const auto* call = as<syntax::Call>(expr);
      const auto& callee = call ? *call->function : *as<syntax::MethodCall>(expr)->function;
      const auto nature = nature_of(lookup(callee));
      const bool known =
          function_name(callee) == "in" || function_name(callee) == "between" || function_name(callee) == "like";
      facts.aggregates = nature == CallNature::kAggregate;
      facts.order_sensitive = nature == CallNature::kVector;
      facts.unknown = nature == CallNature::kOther && !known;
      break;
    }
    case ExprKind::kBinary: {
      const auto op = as<syntax::Binary>(expr)->op;
      facts.order_sensitive =
          op == BinaryOperator::kDot || op == BinaryOperator::kJoin || op == BinaryOperator::kEachAt;
      break;
    }
    case ExprKind::kOver:
    case ExprKind::kIndex: facts.order_sensitive = true; break;
    case ExprKind::kTemplate:
    case ExprKind::kPartial:
    case ExprKind::kFunction:
    case ExprKind::kCode:
    case ExprKind::kQuery: facts.unknown = true; break;
    default: break;
  }
  for_each_child(expr, [&](const Expr& child) {
    if (child.kind == ExprKind::kName && !as<syntax::Name>(child)->in_query && lookup(child)) return;  // a callee
    const auto inner = facts_of(child, lookup);
    facts.aggregates = facts.aggregates || inner.aggregates;
    facts.order_sensitive = facts.order_sensitive || inner.order_sensitive;
    facts.unknown = facts.unknown || inner.unknown;
  });
  return facts;
}

ExprRef AggregateSplitter::partial(ExprRef expr) {
  const auto text = syntax::print(*expr);
  const auto found = std::find(texts_.begin(), texts_.end(), text);
  if (found != texts_.end()) return name_node(partials_[static_cast<size_t>(found - texts_.begin())].first);
  const auto name = "part_" + std::to_string(partials_.size()) + "_";
  partials_.emplace_back(name, std::move(expr));
  texts_.push_back(text);
  return name_node(name);
}

/// Sums of squares around the overall mean from each part's count, mean and variance: no difference of large sums.
ExprRef AggregateSplitter::merged_spread(const std::string& function, const ExprRef& x) {
  const auto n = partial(call_node("count", {x})), mean = partial(call_node("avg", {x})),
             inside = partial(call_node("varp", {x}));
  const auto total = sum(n);
  const auto off = minus(mean, ratio(sum(times(n, mean)), total));
  const auto squares = plus(sum(times(n, inside)), sum(times(n, times(off, off))));
  const bool sample = function == "std" || function == "var";
  const auto divisor = sample ? minus(total, literal(types::Scalar::of_int(1))) : total;
  const auto variance = ratio(squares, divisor);
  return function == "std" || function == "stdp" ? call_node("sqrt", {variance}) : variance;
}

/// wsum, wavg; covariance-like sums around the overall means, from each part's count, means and sample covariance.
ExprRef AggregateSplitter::merged_pair(const std::string& function, const ExprRef& left, const ExprRef& right) {
  const auto x = where_present(left, right), y = where_present(right, left);
  const auto total_product = [&] { return sum(partial(call_node("wsum", {left, right}))); };
  if (function == "wsum") return total_product();
  if (function == "wavg") return ratio(total_product(), sum(partial(sum(y))));
  const auto one = literal(types::Scalar::of_int(1));
  const auto n = partial(call_node("count", {x}));
  const auto total = sum(n);
  const auto off = [&](const ExprRef& v) {
    const auto mean = partial(call_node("avg", {v}));
    return minus(mean, ratio(sum(times(n, mean)), total));
  };
  const auto around = [&](const ExprRef& a, const ExprRef& b) {  // a part of one row has no covariance
    const auto inside = times(partial(call_node("covar", {a, b})), minus(n, one));
    return plus(call_node("nullFill", {sum(inside), literal(types::Scalar::of_double(0))}),
                sum(times(n, times(off(a), off(b)))));
  };
  if (function == "covar") return ratio(around(x, y), minus(total, one));
  return ratio(around(x, y), call_node("sqrt", {times(around(x, x), around(y, y))}));  // corr
}

ExprRef AggregateSplitter::split_call(const syntax::Call& call, const std::string& function, bool grouped) {
  if (is_count_of_rows(call) || ((function == "count" || function == "size") && call.arguments.size() == 1)) {
    const auto merged = sum(partial(call_node(function, {call.arguments[0].value})));
    const auto total = grouped ? merged : call_node("nullFill", {merged, literal(types::Scalar::of_long(0))});
    return call_node(std::string(kNarrowCount), {total});
  }
  const auto argument = [&](size_t i) { return call.arguments[i].value; };
  if (call.arguments.size() == 1) {
    if (const auto* row = simple_row(function))
      return call_node(std::string(row->merge), {partial(call_node(function, {argument(0)}))});
    if (function == "avg")
      return ratio(sum(partial(call_node("sum", {argument(0)}))), sum(partial(call_node("count", {argument(0)}))));
    if (is_spread(function)) return merged_spread(function, argument(0));
  }
  if (call.arguments.size() == 2 && is_pair_aggregate(function)) return merged_pair(function, argument(0), argument(1));
  return nullptr;
}

ExprRef AggregateSplitter::split(const ExprRef& expr, bool grouped) {
  bool possible = true;
  auto out = rewrite(expr, [&](const ExprRef& node) -> ExprRef {
    const auto* call = as<syntax::Call>(*node);
    const auto* method = as<syntax::MethodCall>(*node);
    if (!call && !method) return nullptr;
    auto plain = std::make_shared<syntax::Call>();
    plain->function = call ? call->function : method->function;
    if (method) plain->arguments.push_back({{}, method->object});
    for (const auto& argument : call ? call->arguments : method->arguments) {
      possible = possible && argument.name.empty() && argument.value;
      plain->arguments.push_back(argument);
    }
    if (!possible) return node;
    const auto nature = nature_of(lookup_(*plain->function));
    if (nature == CallNature::kElementwise) return nullptr;
    const bool inner_row_wise =
        std::all_of(plain->arguments.begin(), plain->arguments.end(),
                    [&](const auto& argument) { return facts_of(*argument.value, lookup_).row_wise(); });
    auto merged = nature == CallNature::kAggregate && inner_row_wise
                      ? split_call(*plain, function_name(*plain->function), grouped)
                      : nullptr;
    possible = possible && merged;
    return merged ? merged : node;
  });
  return possible ? out : nullptr;
}

}  // namespace pelorus::plan
