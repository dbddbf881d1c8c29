#include "plan/constraint.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "data/convert.h"

namespace pelorus::plan {
namespace {

using meta::Interval;
using syntax::as;
using syntax::BinaryOperator;
using syntax::Expr;
using types::Scalar;
using types::Type;

/// Values a list in `in (…)` may have before it is taken as its hull.
constexpr size_t kPointsMax = 4096;

struct ConversionRow {
  std::string_view function;
  Type type;
};
constexpr std::array kConversions{
    ConversionRow{"date", Type::kDate},         ConversionRow{"month", Type::kMonth},
    ConversionRow{"datehour", Type::kDatehour}, ConversionRow{"time", Type::kTime},
    ConversionRow{"minute", Type::kMinute},     ConversionRow{"second", Type::kSecond},
    ConversionRow{"datetime", Type::kDatetime},
};

/// A column, or a temporal conversion of one.
struct ColumnUse {
  std::string column;
  std::string conversion;
  Type type = Type::kVoid;  // what values are compared with
};

class Reading {
 public:
  Reading(const data::Schema& schema, const ConstantValue& constant) : schema_(schema), constant_(constant) {}

  Constraint read(const Expr& expr) const {
    if (const auto* binary = as<syntax::Binary>(expr)) return read_binary(*binary);
    if (const auto* call = as<syntax::Call>(expr)) return read_call(*call);
    return {};
  }

  Constraint all_of(std::vector<Constraint> parts) const { return joined(Constraint::Kind::kAnd, std::move(parts)); }

 private:
  static Constraint joined(Constraint::Kind kind, std::vector<Constraint> parts) {
    const auto is_open = [](const Constraint& c) { return c.kind == Constraint::Kind::kAnything; };
    const bool whole = std::all_of(parts.begin(), parts.end(), [](const Constraint& c) { return c.exact; });
    if (kind == Constraint::Kind::kOr && std::any_of(parts.begin(), parts.end(), is_open)) return {};
    if (kind == Constraint::Kind::kAnd) parts.erase(std::remove_if(parts.begin(), parts.end(), is_open), parts.end());
    if (parts.empty()) return {};
    Constraint out;
    out.kind = kind;
    out.exact = whole && kind == Constraint::Kind::kAnd;
    out.parts = std::move(parts);
    return out;
  }

  std::optional<ColumnUse> column_of(const Expr& expr) const {
    std::string_view name;
    if (const auto* node = as<syntax::Name>(expr))
      name = node->name;
    else if (const auto* member = as<syntax::Member>(expr))
      name = member->name;
    if (!name.empty()) {
      for (const auto& column : schema_) {
        if (column.name.size() == name.size() && strncasecmp(column.name.data(), name.data(), name.size()) == 0) {
          return ColumnUse{column.name, "", column.type};
        }
      }
      return std::nullopt;
    }
    const auto* call = as<syntax::Call>(expr);
    const auto* function = call ? as<syntax::Name>(call->function) : nullptr;
    if (!function || call->arguments.size() != 1 || !call->arguments[0].value) return std::nullopt;
    for (const auto& row : kConversions) {
      if (row.function != function->name) continue;
      auto inner = column_of(*call->arguments[0].value);
      if (!inner || !inner->conversion.empty() || !types::is_temporal(inner->type)) return std::nullopt;
      return ColumnUse{inner->column, function->name, row.type};
    }
    return std::nullopt;
  }

  /// The constant in the column's own type; nothing when it has no exact counterpart there.
  static std::optional<Scalar> fitted(const Scalar& value, Type type) {
    if (types::is_literal(type) && types::is_literal(value.type())) return value;
    if (value.type() == type) return value;
    if (types::is_temporal(type) && types::is_temporal(value.type())) {
      const auto to = data::convert(value, type);
      if (!to || to->is_null()) return std::nullopt;
      const auto back = data::convert(*to, value.type());
      return back && *back == value ? to : std::nullopt;
    }
    const bool whole = types::is_integral(type) && types::is_integral(value.type());
    if (!whole) return std::nullopt;
    const auto to = data::convert(value, type);
    return to && !to->is_null() && to->as_int64() == value.as_int64() ? to : std::nullopt;
  }

  static Scalar neighbour(const Scalar& value, int step) {
    if (!types::is_integral(value.type()) && !types::is_temporal(value.type())) return value;
    return types::visit_fixed(value.repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8)
        return Scalar::of<T>(value.type(), static_cast<T>(value.get<T>() + step));
      else
        return value;
    });
  }

  static Constraint of_intervals(const ColumnUse& use, std::vector<Interval> intervals, bool exact = false) {
    Constraint out;
    out.kind = Constraint::Kind::kColumn;
    out.exact = exact;
    out.column = use.column;
    out.conversion = use.conversion;
    out.intervals = std::move(intervals);
    return out;
  }

  std::optional<Scalar> scalar_of(const Expr& expr, Type type) const {
    const auto value = constant_(expr);
    if (!value) return std::nullopt;
    if (value->is_vector() && value->vector().size() == 1 && !value->is_tuple())
      return fitted(value->vector().scalar_at(0), type);
    if (!value->is_scalar() || value->is_null()) return std::nullopt;
    return fitted(value->scalar(), type);
  }

  /// Values of the column are compared with such constants as they are.
  static bool is_plain(const Scalar& value, Type type) {
    if (types::is_literal(type)) return types::is_literal(value.type()) && !value.text().empty();
    return value.type() == type || (types::is_integral(type) && types::is_integral(value.type()));
  }
  bool is_plain(const Expr& expr, Type type) const {
    const auto value = constant_(expr);
    return value && value->is_scalar() && !value->is_null() && is_plain(value->scalar(), type);
  }

  Constraint read_comparison(BinaryOperator op, const Expr& left, const Expr& right) const {
    const auto use = column_of(left);
    if (!use) return {};
    const auto value = scalar_of(right, use->type);
    if (!value) return {};
    const bool plain = is_plain(right, use->type);
    const auto below = neighbour(*value, -1), above = neighbour(*value, 1);
    switch (op) {
      case BinaryOperator::kEqual: return of_intervals(*use, {{*value, *value}}, plain);
      case BinaryOperator::kLess: return of_intervals(*use, {{std::nullopt, below}}, plain && !(below == *value));
      case BinaryOperator::kLessEqual: return of_intervals(*use, {{std::nullopt, *value}}, plain);
      case BinaryOperator::kGreater: return of_intervals(*use, {{above, std::nullopt}}, plain && !(above == *value));
      case BinaryOperator::kGreaterEqual: return of_intervals(*use, {{*value, std::nullopt}}, plain);
      default: return {};
    }
  }

  static BinaryOperator mirrored(BinaryOperator op) {
    switch (op) {
      case BinaryOperator::kLess: return BinaryOperator::kGreater;
      case BinaryOperator::kLessEqual: return BinaryOperator::kGreaterEqual;
      case BinaryOperator::kGreater: return BinaryOperator::kLess;
      case BinaryOperator::kGreaterEqual: return BinaryOperator::kLessEqual;
      default: return op;
    }
  }

  Constraint read_binary(const syntax::Binary& node) const {
    if (node.op == BinaryOperator::kAnd) return joined(Constraint::Kind::kAnd, {read(*node.left), read(*node.right)});
    if (node.op == BinaryOperator::kOr) return joined(Constraint::Kind::kOr, {read(*node.left), read(*node.right)});
    auto out = read_comparison(node.op, *node.left, *node.right);
    if (out.kind != Constraint::Kind::kAnything) return out;
    return read_comparison(mirrored(node.op), *node.right, *node.left);
  }

  Constraint read_call(const syntax::Call& call) const {
    const auto* name = as<syntax::Name>(call.function);
    if (!name || call.arguments.size() != 2 || !call.arguments[0].value || !call.arguments[1].value) return {};
    const auto use = column_of(*call.arguments[0].value);
    if (!use) return {};
    if (name->name == "in") return read_in(*use, *call.arguments[1].value);
    if (name->name == "between") return read_between(*use, *call.arguments[1].value);
    return {};
  }

  Constraint read_in(const ColumnUse& use, const Expr& list) const {
    const auto value = constant_(list);
    if (!value) return {};
    const data::Vector* elements = value->is_vector() ? &value->vector()
                                   : value->is_set()  ? &value->set().elements()
                                                      : nullptr;
    if (value->is_scalar() && !value->is_null()) {
      const auto point = fitted(value->scalar(), use.type);
      return point ? of_intervals(use, {{*point, *point}}) : Constraint();
    }
    if (!elements || elements->is_array() || elements->is_tuple() || elements->size() > kPointsMax) return {};
    std::vector<Interval> points;
    for (size_t i = 0; i < elements->size(); ++i) {
      const auto element = elements->scalar_at(i);
      if (element.is_null()) return {};  // nulls match it
      const auto point = fitted(element, use.type);
      if (!point && types::is_temporal(use.type) != types::is_temporal(element.type())) return {};
      if (!point && !types::is_integral(use.type)) return {};
      if (point) points.push_back({*point, *point});
    }
    return of_intervals(use, std::move(points));
  }

  Constraint read_between(const ColumnUse& use, const Expr& bounds) const {
    std::optional<Scalar> low, high;
    bool plain = false;
    if (const auto* pair = as<syntax::PairLiteral>(bounds)) {
      if (pair->from) low = scalar_of(*pair->from, use.type);
      if (pair->to) high = scalar_of(*pair->to, use.type);
      plain = pair->from && pair->to && is_plain(*pair->from, use.type) && is_plain(*pair->to, use.type);
    } else if (const auto value = constant_(bounds)) {
      const data::Vector* ends = value->is_pair()     ? &value->pair().elements
                                 : value->is_vector() ? &value->vector()
                                                      : nullptr;
      if (!ends || ends->size() != 2 || ends->is_tuple() || ends->is_array()) return {};
      if (!ends->is_null_at(0)) low = fitted(ends->scalar_at(0), use.type);
      if (!ends->is_null_at(1)) high = fitted(ends->scalar_at(1), use.type);
      plain = is_plain(ends->scalar_at(0), use.type) && is_plain(ends->scalar_at(1), use.type);
    }
    if (!low && !high) return {};
    return of_intervals(use, {{low, high}}, plain && low && high && types::compare(*low, *high) <= 0);
  }

  const data::Schema& schema_;
  const ConstantValue& constant_;
};

Interval hull(const std::vector<Interval>& intervals) {
  Interval out = intervals[0];
  for (const auto& next : intervals) {
    if (!next.low || (out.low && types::compare(*next.low, *out.low) < 0)) out.low = next.low;
    if (!next.high || (out.high && types::compare(*out.high, *next.high) < 0)) out.high = next.high;
  }
  return out;
}

}  // namespace

Constraint constraint_of(const std::vector<syntax::ExprRef>& conditions, const data::Schema& schema,
                         const ConstantValue& constant) {
  const Reading reading(schema, constant);
  std::vector<Constraint> parts;
  for (const auto& condition : conditions) parts.push_back(reading.read(*condition));
  return reading.all_of(std::move(parts));
}

std::optional<std::vector<std::string>> columns_that_decide(const Constraint& condition) {
  if (!condition.exact) return std::nullopt;
  if (condition.kind == Constraint::Kind::kColumn) {
    if (!condition.conversion.empty()) return std::nullopt;
    return std::vector{condition.column};
  }
  std::vector<std::string> columns;
  for (const auto& part : condition.parts) {
    const auto more = columns_that_decide(part);
    if (!more) return std::nullopt;
    columns.insert(columns.end(), more->begin(), more->end());
  }
  return columns;
}

std::optional<Interval> hull_of(const Constraint& constraint, const std::string& column) {
  switch (constraint.kind) {
    case Constraint::Kind::kAnything: return std::nullopt;
    case Constraint::Kind::kColumn:
      if (constraint.column != column || !constraint.conversion.empty() || constraint.intervals.empty())
        return std::nullopt;
      return hull(constraint.intervals);
    case Constraint::Kind::kAnd: {
      std::optional<Interval> out;
      for (const auto& part : constraint.parts) {
        const auto next = hull_of(part, column);
        if (!next) continue;
        if (!out) out = Interval{};
        if (next->low && (!out->low || types::compare(*out->low, *next->low) < 0)) out->low = next->low;
        if (next->high && (!out->high || types::compare(*next->high, *out->high) < 0)) out->high = next->high;
      }
      return out;
    }
    case Constraint::Kind::kOr: {
      std::vector<Interval> all;
      for (const auto& part : constraint.parts) {
        const auto next = hull_of(part, column);
        if (!next) return std::nullopt;
        all.push_back(*next);
      }
      return hull(all);
    }
  }
  return std::nullopt;
}

}  // namespace pelorus::plan
