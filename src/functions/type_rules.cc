#include "functions/type_rules.h"

#include <algorithm>
#include <string>

#include "base/script_error.h"
#include "data/convert.h"
#include "types/representation.h"
#include "types/temporal.h"

namespace pelorus::functions {
namespace {

using types::is_decimal;
using types::is_floating;
using types::is_integral;
using types::is_literal;
using types::is_numeric;
using types::is_temporal;
using types::repr_of;

bool is_whole(Type type) { return is_integral(type) || type == Type::kBool; }

[[noreturn]] void refuse(std::string_view function, Element left, Element right) {
  if (is_literal(left.type) || is_literal(right.type)) {
    throw ScriptError("Arguments for " + std::string(function) + " method can not be string.");
  }
  throw ScriptError("The function [" + std::string(function) + "] does not support " +
                    std::string(types::name_of(left.type)) + " and " + std::string(types::name_of(right.type)) + ".");
}

int integral_rank(Type type) {
  switch (type) {
    case Type::kBool: return 0;
    case Type::kChar: return 1;
    case Type::kShort: return 2;
    case Type::kInt: return 3;
    default: return 4;
  }
}

Type wider_integral(Type left, Type right) {
  const Type wider = integral_rank(left) >= integral_rank(right) ? left : right;
  return wider == Type::kBool ? Type::kInt : wider;
}

/// A temporal's own unit count, for arithmetic that forgets the calendar.
Element plain(Element e) {
  if (!is_temporal(e.type)) return e;
  return {repr_of(e.type) == Repr::kI64 ? Type::kLong : Type::kInt, 0};
}

BinaryTypes same(Element type) {
  const Repr compute = compute_repr(repr_of(type.type));
  return {.left = type, .right = type, .compute = compute, .produced = compute, .result = type};
}

Type wider_decimal(Element left, Element right) {
  Type widest = Type::kDecimal32;
  for (const auto type : {left.type, right.type}) {
    if (type == Type::kLong && widest == Type::kDecimal32) widest = Type::kDecimal64;
    if (is_decimal(type) && static_cast<int>(type) > static_cast<int>(widest)) widest = type;
  }
  return widest;
}

/// Same scale on both sides: sums, comparisons, extremes.
BinaryTypes aligned_decimals(Element left, Element right) {
  Element common{wider_decimal(left, right), std::max(left.scale, right.scale)};
  while (common.type != Type::kDecimal128 && common.scale > types::scale_max(common.type)) {
    common.type = common.type == Type::kDecimal32 ? Type::kDecimal64 : Type::kDecimal128;
  }
  return same(common);
}

/// Two numbers, neither temporal, made one type: floats win over decimals, decimals over integers.
BinaryTypes promoted(Element left, Element right) {
  if (is_floating(left.type) || is_floating(right.type)) {
    const bool single =
        left.type != Type::kDouble && right.type != Type::kDouble && !is_decimal(left.type) && !is_decimal(right.type);
    BinaryTypes types{.left = left, .right = right, .result = {single ? Type::kFloat : Type::kDouble, 0}};
    if (is_decimal(left.type)) types.left = {Type::kDouble, 0};
    if (is_decimal(right.type)) types.right = {Type::kDouble, 0};
    return types;
  }
  if (is_decimal(left.type) || is_decimal(right.type)) return aligned_decimals(left, right);
  auto types = same({wider_integral(left.type, right.type), 0});
  types.left = left;
  types.right = right;
  return types;
}

BinaryTypes numbers(std::string_view function, Element left, Element right) {
  left = plain(left);
  right = plain(right);
  if (!is_numeric(left.type) || !is_numeric(right.type)) refuse(function, left, right);
  return promoted(left, right);
}

int64_t day_wrap(Type type) { return types::is_time_of_day(type) ? types::units_per_day(type) : 0; }

/// temporal ± whole number: the temporal's type, in its own unit.
BinaryTypes moved(Element temporal) {
  auto types = same(temporal);
  types.wrap = day_wrap(temporal.type);
  return types;
}

}  // namespace

Repr compute_repr(Repr repr) {
  switch (repr) {
    case Repr::kI8:
    case Repr::kI16:
    case Repr::kI32: return Repr::kI32;
    case Repr::kI64: return Repr::kI64;
    case Repr::kI128: return Repr::kI128;
    default: return Repr::kF64;
  }
}

Type finer_temporal(Type left, Type right) {
  if (left == right) return left;
  if (types::is_time_of_day(left) != types::is_time_of_day(right)) return Type::kVoid;
  const auto fineness = [](Type type) { return type == Type::kMonth ? int64_t{0} : types::units_per_day(type); };
  return fineness(left) >= fineness(right) ? left : right;
}

BinaryTypes sum_types(std::string_view function, Element left, Element right) {
  if (is_temporal(left.type) && is_temporal(right.type)) refuse(function, left, right);
  if (is_temporal(left.type) && is_numeric(right.type)) {
    auto types = moved(left);
    if (is_whole(right.type)) types.right = right;
    return types;
  }
  if (is_temporal(right.type) && is_numeric(left.type)) {
    auto types = moved(right);
    if (is_whole(left.type)) types.left = left;
    return types;
  }
  return numbers(function, left, right);
}

BinaryTypes difference_types(std::string_view function, Element left, Element right) {
  if (is_temporal(left.type) && is_temporal(right.type)) {
    const Type common = finer_temporal(left.type, right.type);
    if (common == Type::kVoid) refuse(function, left, right);
    auto types = same({common, 0});
    types.result = plain({common, 0});
    return types;
  }
  if (is_temporal(left.type) && is_numeric(right.type)) return sum_types(function, left, right);
  return numbers(function, left, right);
}

BinaryTypes product_types(std::string_view function, Element left, Element right) {
  left = plain(left);
  right = plain(right);
  const bool decimal = is_decimal(left.type) || is_decimal(right.type);
  if (!decimal || is_floating(left.type) || is_floating(right.type)) return numbers(function, left, right);
  if (!is_numeric(left.type) || !is_numeric(right.type)) refuse(function, left, right);
  const int scale = left.scale + right.scale;
  Type type = wider_decimal(left, right);
  while (type != Type::kDecimal128 && scale > types::scale_max(type)) {
    type = type == Type::kDecimal32 ? Type::kDecimal64 : Type::kDecimal128;
  }
  if (scale > types::scale_max(type))
    throw ScriptError("Decimal math overflow: the product would have scale " + std::to_string(scale) + ".");
  auto types = same({type, scale});
  types.left = {type, left.scale};
  types.right = {type, right.scale};
  types.compute = types.produced = Repr::kI128;
  return types;
}

BinaryTypes quotient_types(std::string_view function, Element left, Element right) {
  left = plain(left);
  right = plain(right);
  const bool decimal = is_decimal(left.type) || is_decimal(right.type);
  if (!decimal || is_floating(left.type) || is_floating(right.type)) return numbers(function, left, right);
  if (!is_numeric(left.type) || !is_numeric(right.type)) refuse(function, left, right);
  // The dividend gets the divisor's scale on top, so that the quotient keeps the dividend's.
  const Element result{wider_decimal(left, right), left.scale};
  const int lifted = std::min(left.scale + right.scale, types::scale_max(Type::kDecimal128));
  return {.left = {Type::kDecimal128, lifted},
          .right = {Type::kDecimal128, lifted - left.scale},
          .compute = Repr::kI128,
          .produced = Repr::kI128,
          .result = result};
}

BinaryTypes remainder_types(std::string_view function, Element left, Element right) {
  return numbers(function, left, right);
}

BinaryTypes double_types(std::string_view function, Element left, Element right) {
  left = plain(left);
  right = plain(right);
  if (!is_numeric(left.type) || !is_numeric(right.type)) refuse(function, left, right);
  return {.left = is_decimal(left.type) ? Element{Type::kDouble, 0} : left,
          .right = is_decimal(right.type) ? Element{Type::kDouble, 0} : right,
          .result = {Type::kDouble, 0}};
}

BinaryTypes bit_types(std::string_view function, Element left, Element right) {
  left = plain(left);
  right = plain(right);
  if (!is_whole(left.type) || !is_whole(right.type)) refuse(function, left, right);
  auto types = same({wider_integral(left.type, right.type), 0});
  types.left = left;
  types.right = right;
  if (left.type == Type::kBool && right.type == Type::kBool) types.result = {Type::kBool, 0};
  return types;
}

BinaryTypes logic_types(std::string_view function, Element left, Element right) {
  for (const auto type : {left.type, right.type}) {
    if (!is_numeric(type) && type != Type::kVoid) refuse(function, left, right);
  }
  const Element boolean{Type::kBool, 0};
  return {.left = boolean, .right = boolean, .compute = Repr::kI8, .produced = Repr::kI8, .result = boolean};
}

BinaryTypes comparison_types(std::string_view function, Element left, Element right) {
  BinaryTypes types;
  const auto is_bytes = [](Type type) { return types::category_of(type) == types::Category::kBinary; };
  if (is_bytes(left.type) || is_bytes(right.type)) {
    const Type type = is_bytes(left.type) ? left.type : right.type;
    if (!(left.type == type || is_literal(left.type)) || !(right.type == type || is_literal(right.type)))
      refuse(function, left, right);
    types = {.left = {type, 0}, .right = {type, 0}, .by_element = true};
  } else if (left.type == Type::kDuration && right.type == Type::kDuration) {
    types = {.left = left, .right = right, .by_element = true};
  } else if (is_temporal(left.type) && is_temporal(right.type)) {
    const Type common = finer_temporal(left.type, right.type);
    if (common == Type::kVoid) refuse(function, left, right);
    types = same({common, 0});
  } else if (is_temporal(left.type) && is_literal(right.type)) {
    types = same({left.type, 0});
  } else if (is_temporal(right.type) && is_literal(left.type)) {
    types = same({right.type, 0});
  } else {
    types = numbers(function, left, right);
    if (is_floating(types.result.type)) types.compute = Repr::kF64;
  }
  types.produced = Repr::kI8;
  types.result = {Type::kBool, 0};
  return types;
}

BinaryTypes extreme_types(std::string_view function, Element left, Element right) {
  if (is_temporal(left.type) && is_temporal(right.type)) {
    const Type common = finer_temporal(left.type, right.type);
    if (common == Type::kVoid) refuse(function, left, right);
    return same({common, 0});
  }
  if (left.type == Type::kBool && right.type == Type::kBool) {
    auto types = same({Type::kBool, 0});
    return types;
  }
  return numbers(function, left, right);
}

}  // namespace pelorus::functions
