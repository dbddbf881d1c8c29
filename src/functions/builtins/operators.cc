// The operators' functions: add sub mul div ratio mod neg, comparisons, logic, bits; also between and pair.

#include "functions/builtins/register_builtins.h"
#include "functions/cast.h"
#include "functions/declare.h"
#include "functions/elementwise.h"
#include "functions/unary.h"
#include "kernels/arithmetic.h"
#include "kernels/calendar.h"
#include "kernels/mathematics.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "operators";

constexpr size_t kTextBytesMax = 256 << 20;

std::string joined(std::string_view left, std::string_view right) {
  if (left.size() + right.size() > kTextBytesMax) {
    throw ScriptError("A string holds at most " + std::to_string(kTextBytesMax) + " bytes; these two make " +
                      std::to_string(left.size() + right.size()) + ".");
  }
  std::string text;
  text.reserve(left.size() + right.size());
  return text.append(left).append(right);
}

Vector concatenate(const TextLane& left, const TextLane& right, size_t rows) {
  std::vector<std::string> texts;
  texts.reserve(rows);
  for (size_t i = 0; i < rows; ++i) texts.push_back(joined(left.at(i), right.at(i)));
  return Vector::of_strings(Type::kString, std::move(texts));
}

/// Compares text by bytes. A SYMBOL column against one text is decided once per code.
template <class Verdict>
Vector compare_texts(const TextLane& left, const TextLane& right, size_t rows) {
  Vector result(Type::kBool, rows);
  auto& out = result.edit<int8_t>();
  const bool by_code = left.vector != nullptr && right.vector == nullptr && left.vector->type() == Type::kSymbol &&
                       static_cast<size_t>(left.vector->symbols().size()) <= rows + 1;
  if (by_code) {
    const auto& base = left.vector->symbols();
    std::vector<int8_t> verdicts(static_cast<size_t>(base.size()));
    for (int32_t code = 0; code < base.size(); ++code) {
      verdicts[static_cast<size_t>(code)] = Verdict()(base.text(code).compare(right.single), 0);
    }
    const auto codes = left.vector->values<int32_t>();
    for (size_t i = 0; i < rows; ++i) out[i] = verdicts[static_cast<size_t>(codes[i])];
    return result;
  }
  for (size_t i = 0; i < rows; ++i) out[i] = Verdict()(left.at(i).compare(right.at(i)), 0);
  return result;
}

template <class Verdict>
Scalar compare_elements(const Scalar& left, const Scalar& right) {
  if (left.type() == Type::kDuration) return Scalar::of_bool(Verdict()(left == right ? 0 : 1, 0));
  return Scalar::of_bool(Verdict()(types::compare(left, right), 0));
}

Vector greater_text(const TextLane& left, const TextLane& right, size_t rows) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows; ++i) texts.push_back(left.at(i) < right.at(i) ? right.at(i) : left.at(i));
  return Vector::of_strings(Type::kString, std::move(texts));
}
Vector smaller_text(const TextLane& left, const TextLane& right, size_t rows) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows; ++i) {
    const bool right_smaller = left.at(i).empty() || (!right.at(i).empty() && right.at(i) < left.at(i));
    texts.push_back(right_smaller ? right.at(i) : left.at(i));
  }
  return Vector::of_strings(Type::kString, std::move(texts));
}

using data::Set;

Value set_of(Type type, const Set& from, const Set& in, bool wanted, Set start) {
  Set result = start.size() > 0 ? std::move(start) : Set(type);
  for (size_t i = 0; i < from.size(); ++i) {
    const auto key = from.elements().scalar_at(i);
    if (in.contains(key) == wanted) result.insert(key);
  }
  return result;
}
Value intersection(const Set& x, const Set& y) { return set_of(x.type(), x, y, true, Set()); }
Value difference(const Set& x, const Set& y) { return set_of(x.type(), x, y, false, Set()); }
Value set_union(const Set& x, const Set& y) { return set_of(x.type(), y, x, false, x); }
Value symmetric_difference(const Set& x, const Set& y) { return set_of(x.type(), y, x, false, difference(x, y).set()); }
bool is_subset(const Set& x, const Set& y) {
  for (size_t i = 0; i < x.size(); ++i) {
    if (!y.contains(x.elements().scalar_at(i))) return false;
  }
  return true;
}
Value subset(const Set& x, const Set& y) { return Value::of_bool(is_subset(x, y)); }
Value proper_subset(const Set& x, const Set& y) { return Value::of_bool(is_subset(x, y) && x.size() < y.size()); }
Value superset(const Set& x, const Set& y) { return subset(y, x); }
Value proper_superset(const Set& x, const Set& y) { return proper_subset(y, x); }
Value same_set(const Set& x, const Set& y) { return Value::of_bool(is_subset(x, y) && x.size() == y.size()); }
Value other_set(const Set& x, const Set& y) { return Value::of_bool(!(is_subset(x, y) && x.size() == y.size())); }

const BinaryOperation kAddition{"add", sum_types, &kernels::kAdd, concatenate, nullptr, nullptr};
const BinaryOperation kSubtraction{"sub", difference_types, &kernels::kSubtract, nullptr, difference, nullptr};
const BinaryOperation kMultiplication{"mul", product_types, &kernels::kMultiply};
const BinaryOperation kDivision{"div", quotient_types, &kernels::kDivide};
const BinaryOperation kRatioOf{"ratio", double_types, &kernels::kRatio};
const BinaryOperation kRemainder{"mod", remainder_types, &kernels::kModulo};
const BinaryOperation kPowerOf{"pow", double_types, &kernels::kPower};
const BinaryOperation kAngle{"atan2", double_types, &kernels::kArcTangent2};
const BinaryOperation kBitsAnd{"bitAnd", bit_types, &kernels::kBitAnd, nullptr, intersection};
const BinaryOperation kBitsOr{"bitOr", bit_types, &kernels::kBitOr, nullptr, set_union};
const BinaryOperation kBitsXor{"bitXor", bit_types, &kernels::kBitXor, nullptr, symmetric_difference};
const BinaryOperation kLeftShift{"lshift", bit_types, &kernels::kShiftLeft};
const BinaryOperation kRightShift{"rshift", bit_types, &kernels::kShiftRight};
const BinaryOperation kBoth{"and", logic_types, &kernels::kAnd};
const BinaryOperation kEither{"or", logic_types, &kernels::kOr};
const BinaryOperation kOneOf{"xor", logic_types, &kernels::kXor};

template <class Verdict>
BinaryOperation comparison(std::string_view name, const kernels::KernelRow* row,
                           Value (*sets)(const Set&, const Set&)) {
  return {name, comparison_types, row, compare_texts<Verdict>, sets, compare_elements<Verdict>};
}
const BinaryOperation kEquality = comparison<std::equal_to<int>>("eq", &kernels::kEqual, same_set);
const BinaryOperation kInequality = comparison<std::not_equal_to<int>>("ne", &kernels::kNotEqual, other_set);
const BinaryOperation kLessThan = comparison<std::less<int>>("lt", &kernels::kLess, proper_subset);
const BinaryOperation kAtMost = comparison<std::less_equal<int>>("le", &kernels::kLessEqual, subset);
const BinaryOperation kGreaterThan = comparison<std::greater<int>>("gt", &kernels::kGreater, proper_superset);
const BinaryOperation kAtLeast = comparison<std::greater_equal<int>>("ge", &kernels::kGreaterEqual, superset);
const BinaryOperation kLarger{"max", extreme_types, &kernels::kMaximum, greater_text};
const BinaryOperation kSmaller{"min", extreme_types, &kernels::kMinimum, smaller_text};

bool is_duration(const Value& v) { return v.is_scalar() && v.type() == Type::kDuration; }

/// -d and d * n.
Value scale_duration(const Value& duration, int64_t factor) {
  auto d = duration.scalar().get<types::Duration>();
  d.count = static_cast<int32_t>(d.count * factor);
  return Scalar::of_duration(d);
}

Value between(const Value& x, const Value& range) {
  if (!range.is_pair() && !(range.is_vector() && range.vector().size() == 2))
    usage_error("between", "Y must be a pair.");
  const Vector& bounds = range.is_pair() ? range.pair().elements : range.vector();
  return logical_and(lift_binary(kAtLeast, x, bounds.at(0)), lift_binary(kAtMost, x, bounds.at(1)));
}

Value make_pair(const Value& a, const Value& b) {
  if (!a.is_scalar() || !b.is_scalar()) usage_error("pair", "X and Y must be scalars.");
  if (a.type() == Type::kDuration && b.type() == Type::kDuration) {
    Vector both(Type::kDuration);
    both.push_back(a);
    both.push_back(b);
    return data::Pair{both};
  }
  auto elements = vector_of({a, b});
  if (elements.is_tuple())
    throw ScriptError("A pair needs two values of one type, not " + a.type_text() + " and " + b.type_text() + ".");
  return data::Pair{std::move(elements)};
}

Native binary(const BinaryOperation& operation) {
  return [&operation](CallContext&, std::span<Value> args) { return lift_binary(operation, args[0], args[1]); };
}
Native binary(Value (*function)(const Value&, const Value&)) {
  return [function](CallContext&, std::span<Value> args) { return function(args[0], args[1]); };
}

void register_arithmetic(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  row({"add", "X, Y", binary(add), "The sum, element by element; texts are concatenated; durations move temporals.",
       "add(1 2 3, 10)", "[11,12,13]", "Null if either operand is null."});
  row({"sub", "X, Y", binary(subtract),
       "The difference; of two temporals a count of units; of two sets what only X has.", "2020.03.01 - 2020.02.27",
       "3", "Null if either operand is null."});
  row({"mul", "X, Y", binary(multiply), "The product.", "mul(2 4, 3)", "[6,12]", "Null if either operand is null."});
  row({"div", "X, Y", binary(divide), "The quotient; integers round down.", "-17/5", "-4", "By zero: null."});
  row({"ratio", "X, Y", binary(ratio), "The quotient as DOUBLE.", "ratio(4, 8)", "0.5", "By zero: null."});
  row({"mod", "X, Y", binary(modulo), "The remainder, with the divisor's sign.", "(-17) mod 5", "3", "By zero: null."});
  row({"pow", "X, Y", binary(kPowerOf), "X to the power of Y, as DOUBLE.", "pow(2, 10)", "1024",
       "Null if either is null."});
  row({"atan2", "Y, X", binary(kAngle), "The angle of the point (x, y).", "atan2(0, 1)", "0",
       "Null if either is null."});
  row({"neg", "X", [](CallContext&, std::span<Value> args) { return negate(args[0]); }, "The negative.", "neg(1 -2)",
       "[-1,2]", "Null stays null."});
  row({"bitAnd", "X, Y", binary(kBitsAnd), "Bitwise and; of sets the intersection.", "12 & 10", "8",
       "Null if either is null."});
  row({"bitOr", "X, Y", binary(kBitsOr), "Bitwise or; of sets the union.", "12 | 10", "14", "Null if either is null."});
  row({"bitXor", "X, Y", binary(kBitsXor), "Bitwise exclusive or; of sets what only one has.", "12 ^ 10", "6",
       "Null if either is null."});
  row({"lshift", "X, bits", binary(kLeftShift), "Shifts bits to the left.", "5 << 3", "40", "Null if either is null."});
  row({"rshift", "X, bits", binary(kRightShift), "Shifts bits to the right, zeros come in.", "40 >> 3", "5",
       "Null if either is null."});
}

void register_comparisons(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  row({"eq", "X, Y", binary(kEquality), "Whether elements are equal.", "1 2 == 1 3", "[true,false]",
       "Null equals null."});
  row({"ne", "X, Y", binary(kInequality), "Whether elements differ.", "1 2 != 1 3", "[false,true]",
       "Null equals null."});
  row({"lt", "X, Y", binary(kLessThan), "Whether X is smaller; of sets: a proper subset.", "1 < 2", "true",
       "Null is smallest."});
  row({"le", "X, Y", binary(kAtMost), "Whether X is smaller or equal; of sets: a subset.", "2 <= 2", "true",
       "Null is smallest."});
  row({"gt", "X, Y", binary(kGreaterThan), "Whether X is larger; of sets: a proper superset.", "3 > 2", "true",
       "Null is smallest."});
  row({"ge", "X, Y", binary(kAtLeast), "Whether X is larger or equal; of sets: a superset.", "2 >= 3", "false",
       "Null is smallest."});
  row({"between", "X, Y", binary(between), "Whether X lies in the pair Y, both ends included.", "between(1 5 9, 2:6)",
       "[false,true,false]", "Null is smallest."});
  row({"and", "X, Y", binary(kBoth), "Whether both hold.", "true and false", "false", "Null if either is null."});
  row({"or", "X, Y", binary(kEither), "Whether one holds.", "NULL or true", "true",
       "The other operand if one is null."});
  row({"xor", "X, Y", binary(kOneOf), "Whether exactly one holds.", "xor(true, true)", "false",
       "Null if either is null."});
  row({"not", "X", [](CallContext&, std::span<Value> args) { return logical_not(args[0]); }, "Whether X does not hold.",
       "!0", "true", "Null stays null."});
}

}  // namespace

Value add(const Value& x, const Value& y) {
  if (is_duration(y) && !is_duration(x)) {
    const auto d = y.scalar().get<types::Duration>();
    return move_temporal("add", x, d.count, d);
  }
  if (is_duration(x) && !is_duration(y)) return add(y, x);
  return lift_binary(kAddition, x, y);
}
Value subtract(const Value& x, const Value& y) {
  if (is_duration(y) && !is_duration(x)) {
    const auto d = y.scalar().get<types::Duration>();
    return move_temporal("sub", x, -static_cast<int64_t>(d.count), d);
  }
  return lift_binary(kSubtraction, x, y);
}
Value multiply(const Value& x, const Value& y) {
  if (is_duration(x) && y.is_scalar() && types::is_integral(y.type())) return scale_duration(x, y.scalar().as_int64());
  if (is_duration(y) && x.is_scalar() && types::is_integral(x.type())) return scale_duration(y, x.scalar().as_int64());
  return lift_binary(kMultiplication, x, y);
}
Value divide(const Value& x, const Value& y) { return lift_binary(kDivision, x, y); }
Value ratio(const Value& x, const Value& y) { return lift_binary(kRatioOf, x, y); }
Value modulo(const Value& x, const Value& y) { return lift_binary(kRemainder, x, y); }
Value equals(const Value& x, const Value& y) { return lift_binary(kEquality, x, y); }
Value less(const Value& x, const Value& y) { return lift_binary(kLessThan, x, y); }
Value less_or_equal(const Value& x, const Value& y) { return lift_binary(kAtMost, x, y); }
Value logical_and(const Value& x, const Value& y) { return lift_binary(kBoth, x, y); }
Value larger(const Value& x, const Value& y) { return lift_binary(kLarger, x, y); }
Value smaller(const Value& x, const Value& y) { return lift_binary(kSmaller, x, y); }

Value negate(const Value& x) {
  if (is_duration(x)) return scale_duration(x, -1);
  return map_same_type("neg", x, kernels::kNegate);
}

Value logical_not(const Value& x) {
  return lift_map("not", x, Spread::kElements, [](const Shared<Vector>& vector) {
    return run_unary(kernels::kNot, *converted("not", vector, Type::kBool), Type::kBool, types::Repr::kI8);
  });
}

Value move_temporal(std::string_view function, const Value& x, int64_t count, types::Duration unit_of) {
  const auto unit = static_cast<types::DurationUnit>(unit_of.unit);
  return lift_map(function, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const Type type = vector->type();
    if (!types::is_temporal(type))
      usage_error(function,
                  "A duration can be added to temporal values only, not to " + std::string(types::name_of(type)) + ".");
    if (!kernels::can_add(type, unit))
      usage_error(function, "This unit of duration can't be added to " + std::string(types::name_of(type)) + ".");
    return map_whole(*vector, type, [&](int64_t value) {
      return unit_of.count == types::kNull<int32_t> ? types::kNull<int64_t>
                                                    : kernels::add_duration(value, type, count, unit);
    });
  });
}

void register_operators(Registry& registry) {
  register_arithmetic(registry);
  register_comparisons(registry);
  declare(registry, kFamily, Nature::kWhole,
          {"pair", "X, Y", binary(make_pair), "A pair of two scalars.", "pair(1, 5)", "1:5"});
}

}  // namespace pelorus::functions
