#include "exec/operators/row_reach.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/letter_case.h"
#include "exec/user_function.h"
#include "functions/registry.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using syntax::ExprRef;

constexpr int kDepthMax = 8;  // users' functions that call each other are looked into so far

/// Functions that take their arguments whole but give element i of elements i.
constexpr std::array<std::string_view, 22> kByElement{
    "gmtime",        "localtime",   "stringFormat",   "base64Encode",      "base64Decode", "signbit",
    "symbolCode",    "nullCompare", "withNullFill",   "matchAll",          "matchAny",     "matchPhrase",
    "matchPrefix",   "matchSuffix", "matchSpan",      "matchPrefixSuffix", "bondAccrInt",  "bondDuration",
    "bondConvexity", "bondYield",   "bondDirtyPrice", "yearFrac"};
/// Those that apply a function to each element.
constexpr std::array<std::string_view, 4> kEach{"each", "loop", "peach", "ploop"};
/// Those that look elements of a later argument up in the first.
constexpr std::array<std::string_view, 4> kLookups{"at", "asof", "binsrch", "find"};

bool is_one_of(std::string_view name, const auto& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_membership(std::string_view name) { return name == "in" || name == "notIn"; }

using Arguments = std::vector<const Expr*>;  // null: an empty place

/// Walks over one expression: that of a query, or of a user's function, where any name may hold a column.
class Walk {
 public:
  Walk(const ReachFacts& facts, const syntax::FunctionDefinition* inside, int depth)
      : facts_(facts), inside_(inside), depth_(depth) {}

  Reach over(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::kCall:
      case ExprKind::kMethodCall: return of_call(expr);
      case ExprKind::kBinary:
        if (!mentions_columns(expr)) return Reach::kRow;
        if (!plan::is_elementwise(as<syntax::Binary>(expr)->op)) return of_operator(*as<syntax::Binary>(expr));
        break;
      case ExprKind::kIndex: return of_index(*as<syntax::Index>(expr));
      case ExprKind::kOver: return Reach::kOrder;
      case ExprKind::kCode:
      case ExprKind::kQuery: return mentions_columns(expr) ? Reach::kUnknown : Reach::kRow;
      case ExprKind::kFunction:
      case ExprKind::kPartial:
      case ExprKind::kTemplate: return Reach::kRow;  // not called here
      default: break;
    }
    auto reach = Reach::kRow;
    plan::for_each_child(expr, [&](const Expr& child) { reach = std::max(reach, over(child)); });
    return reach;
  }

  Reach of_function(const data::FunctionRef& function, const Arguments& arguments) const {
    if (const auto* builtin = dynamic_cast<const functions::Builtin*>(function.get()))
      return of_builtin(builtin->function(), arguments);
    const auto inner = farthest(arguments);
    const bool of_columns = std::any_of(arguments.begin(), arguments.end(),
                                        [&](const Expr* argument) { return argument && mentions_columns(*argument); });
    if (!of_columns) return inner;
    if (const auto* partial = dynamic_cast<const PartialFunction*>(function.get()))
      return std::max(inner, of_partial(*partial));
    if (const auto* signs = dynamic_cast<const TemplateFunction*>(function.get())) {
      const bool is_each = std::string_view("EULRH").find(signs->split()) != std::string_view::npos;
      return std::max(inner, is_each ? Reach::kRow : Reach::kRows);
    }
    if (function && function->is_aggregate()) return std::max(inner, Reach::kTotals);
    const auto* user = dynamic_cast<const UserFunction*>(function.get());
    return user ? std::max(inner, of_definition(user->definition())) : Reach::kUnknown;
  }

 private:
  bool mentions_columns(const Expr& expr) const {
    if (!inside_) return facts_.mentions_columns(expr);
    return plan::any_node(expr, [](const Expr& node) { return node.kind == ExprKind::kName; });
  }

  Reach farthest(const Arguments& arguments) const {
    auto reach = Reach::kRow;
    for (const auto* argument : arguments) {
      if (argument) reach = std::max(reach, over(*argument));
    }
    return reach;
  }

  Reach of_call(const Expr& expr) const {
    const auto shape = plan::shape_of_call(expr);
    const auto* name = as<syntax::Name>(*shape.function);
    // A parameter or local of the function that is looked into: what it holds is known when it runs.
    if (inside_ && name && name->slot >= 0) return Reach::kUnknown;
    if (const auto* literal = as<syntax::FunctionLiteral>(*shape.function); literal && inside_)
      return std::max(farthest(shape.arguments), of_definition(*literal->definition));
    if (inside_ && !name && shape.function->kind != ExprKind::kFunctionName) return Reach::kUnknown;
    return of_function(facts_.lookup(*shape.function), shape.arguments);
  }

  Reach of_builtin(const functions::Function& function, const Arguments& arguments) const {
    using functions::Nature;
    const auto inner = farthest(arguments);
    const auto of_columns = [&](size_t i) {
      return i < arguments.size() && arguments[i] && mentions_columns(*arguments[i]);
    };
    bool any = false;
    for (size_t i = 0; i < arguments.size(); ++i) any = any || of_columns(i);
    if (!any) return inner;
    switch (function.nature) {
      case Nature::kElementwise:
        return is_membership(function.name) && of_columns(1) && !is_list_by_row(*arguments[1])
                   ? std::max(inner, Reach::kRows)
                   : inner;
      case Nature::kAggregate: return std::max(inner, Reach::kTotals);
      case Nature::kVector: return Reach::kOrder;
      default: break;
    }
    if (is_one_of(function.name, kByElement) || function.name.starts_with("getInstrument")) return inner;
    if (is_one_of(function.name, kEach)) return inner;
    if (is_one_of(function.name, kLookups) && !of_columns(0)) return inner;
    if (function.name == "contextby" && arguments.size() == 3 && arguments[2] && is_inside_partitions(*arguments[2]))
      return inner;
    return std::max(inner, function.family == "higher-order" ? Reach::kRows : Reach::kUnknown);
  }

  /// An array vector column holds a list for each row.
  bool is_list_by_row(const Expr& expr) const { return type_of_column(expr) == ColumnType::kArray; }

  bool is_inside_partitions(const Expr& keys) const {
    if (inside_) return false;
    if (const auto* list = as<syntax::VectorBracket>(keys)) return facts_.keys_cover(list->elements);
    if (const auto* list = as<syntax::Tuple>(keys)) return facts_.keys_cover(list->elements);
    return as<syntax::Name>(keys) && facts_.keys_cover({plan::name_node(as<syntax::Name>(keys)->name)});
  }

  enum class ColumnType : uint8_t { kNone, kPlain, kArray };
  ColumnType type_of_column(const Expr& expr) const {
    const auto* name = as<syntax::Name>(expr);
    const auto* member = as<syntax::Member>(expr);
    if (inside_ || (!name && !member)) return ColumnType::kNone;
    const auto wanted = lowered(name ? name->name : member->name);
    for (const auto& column : facts_.schema) {
      if (lowered(column.name) == wanted) return column.array ? ColumnType::kArray : ColumnType::kPlain;
    }
    return ColumnType::kNone;
  }

  /// d[x] looks elements of x up in a constant; bid[0] takes an element of each row's list.
  Reach of_index(const syntax::Index& index) const {
    auto inner = Reach::kRow;
    bool positions_by_row = false;
    for (const auto& position : index.positions) {
      if (!position) continue;
      inner = std::max(inner, over(*position));
      positions_by_row = positions_by_row || mentions_columns(*position);
    }
    if (!mentions_columns(*index.object)) return inner;
    if (!positions_by_row && type_of_column(*index.object) == ColumnType::kArray) return inner;
    return inside_ ? Reach::kUnknown : Reach::kOrder;
  }

  Reach of_operator(const syntax::Binary& node) const {
    const bool is_lookup = node.op == syntax::BinaryOperator::kEachAt && !mentions_columns(*node.left);
    return is_lookup ? over(*node.right) : Reach::kOrder;
  }

  Reach of_partial(const PartialFunction& partial) const {
    // The open places take columns; what is bound is at hand.
    const auto column = plan::name_node("x");
    const auto bound = std::make_shared<syntax::Literal>();
    Arguments arguments;
    for (const auto& value : partial.bound()) arguments.push_back(value.is_missing() ? column.get() : bound.get());
    const auto parameters = static_cast<size_t>(std::max(0, partial.function()->parameter_count()));
    while (arguments.size() < parameters) arguments.push_back(column.get());
    if (std::find(arguments.begin(), arguments.end(), column.get()) == arguments.end())
      arguments.push_back(column.get());
    static const syntax::FunctionDefinition kAnyFunction;
    return shallow(Walk(facts_, &kAnyFunction, depth_ + 1).of_function(partial.function(), arguments));
  }

  Reach of_definition(const syntax::FunctionDefinition& definition) const {
    if (depth_ >= kDepthMax) return Reach::kUnknown;
    const Walk body(facts_, &definition, depth_ + 1);
    if (definition.expression) return shallow(body.over(*definition.expression));
    if (!definition.body) return Reach::kUnknown;
    auto reach = Reach::kRow;
    for (const auto& statement : definition.body->statements) reach = std::max(reach, body.of_statement(*statement));
    return shallow(reach);
  }

  Reach of_statement(const syntax::Statement& statement) const {
    if (const auto* value = as<syntax::ExpressionStatement>(statement)) return over(*value->value);
    if (const auto* assigned = as<syntax::Assign>(statement)) {
      const bool all_names = std::all_of(assigned->targets.begin(), assigned->targets.end(),
                                         [](const auto& target) { return target->kind == ExprKind::kName; });
      return std::max(all_names ? Reach::kRow : Reach::kUnknown, over(*assigned->value));
    }
    const auto* returned = as<syntax::Return>(statement);
    if (returned) return returned->value ? over(*returned->value) : Reach::kRow;
    return Reach::kUnknown;
  }

  /// Nobody sees a total or an order inside a function: it looks at other rows.
  static Reach shallow(Reach inside) { return std::min(inside, Reach::kRows); }

  const ReachFacts& facts_;
  const syntax::FunctionDefinition* const inside_;  // null: the query's own expression
  const int depth_;
};

}  // namespace

Reach reach_of(const Expr& expr, const ReachFacts& facts) { return Walk(facts, nullptr, 0).over(expr); }

}  // namespace pelorus::exec
