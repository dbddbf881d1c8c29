// Questions about elements: notIn notBetween notLike bitNot signbit isTitle digitize lowerBound.

#include <algorithm>
#include <cctype>

#include "functions/aggregate_states.h"
#include "functions/builtins/register_elements.h"
#include "functions/declare.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "elements";

/// not(f(X, Y))
Value negated(std::string_view function, CallContext& context, std::span<Value> args) {
  const auto question = context.find_function(function), negation = context.find_function("not");
  if (!question || !negation) throw ScriptError("Can't find the function " + std::string(function) + ".");
  return context.call(*negation, {context.call(*question, args)});
}

Value complement(CallContext&, std::span<Value> args) {
  return lift_map("bitNot", args[0], Spread::kElements, [](const Shared<Vector>& vector) {
    if (!types::is_integral(vector->type())) usage_error("bitNot", "X must hold whole numbers.");
    Vector result(*vector);
    types::visit_fixed(result.repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T>) {
        for (auto& value : result.edit<T>()) value = types::is_null(value) ? value : static_cast<T>(~value);
      }
    });
    return result;
  });
}

Value has_sign(CallContext&, std::span<Value> args) {
  const Arguments a("signbit", args);
  if (!args[0].is_scalar() || !types::is_numeric(args[0].type())) a.refuse("X", "must be a number.");
  if (args[0].is_null()) return Scalar::null_of(Type::kBool);
  return Value::of_bool(args[0].scalar().as_double() < 0);
}

/// A letter behind no letter is upper case, every other one lower case, and there is one.
bool is_title(const std::string& text) {
  bool inside = false, has_letter = false;
  for (const unsigned char letter : text) {
    const bool is_letter = std::isalpha(letter) != 0;
    if (is_letter && (inside ? std::islower(letter) == 0 : std::isupper(letter) == 0)) return false;
    has_letter = has_letter || is_letter;
    inside = is_letter;
  }
  return has_letter;
}

std::vector<double> sorted_numbers(const Arguments& a, size_t i, std::string_view parameter, bool may_fall) {
  const auto values = numeric_doubles(a.function(), a.vector(i, parameter));
  const auto all = values->values<double>();
  const bool rises = std::is_sorted(all.begin(), all.end());
  if (!rises && !(may_fall && std::is_sorted(all.rbegin(), all.rend())))
    a.refuse(parameter, may_fall ? "must rise or fall." : "must be in ascending order.");
  return {all.begin(), all.end()};
}

/// The position of each element of `x` among `bins`, by `place` of its value; null where it is null.
Value positions(std::string_view name, const Value& x, const std::function<int64_t(double)>& place) {
  return lift_map(name, x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const auto numbers = numeric_doubles(name, vector);
    Vector result(Type::kInt, numbers->size());
    for (size_t i = 0; i < numbers->size(); ++i) {
      result.edit<int32_t>()[i] =
          numbers->is_null_at(i) ? types::kNull<int32_t> : static_cast<int32_t>(place(numbers->values<double>()[i]));
    }
    return result;
  });
}

Value digitize(CallContext&, std::span<Value> args) {
  const Arguments a("digitize", args);
  auto bins = sorted_numbers(a, 1, "bins", true);
  const bool right = a.flag_or(2, "right", false);
  const bool falls = !bins.empty() && bins.front() > bins.back();
  if (falls) std::reverse(bins.begin(), bins.end());
  const auto size = static_cast<int64_t>(bins.size());
  return positions("digitize", args[0], [&](double value) {
    const auto at =
        right ? std::lower_bound(bins.begin(), bins.end(), value) : std::upper_bound(bins.begin(), bins.end(), value);
    const int64_t place = at - bins.begin();
    return falls ? size - place : place;
  });
}

Value lower_bound(CallContext&, std::span<Value> args) {
  const Arguments a("lowerBound", args);
  const auto bounds = sorted_numbers(a, 0, "X", false);
  return positions("lowerBound", args[1], [&](double value) {
    return std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  });
}

}  // namespace

void register_element_checks(Registry& registry) {
  const auto row = [&](Nature nature, Declaration d) { declare(registry, kFamily, nature, std::move(d)); };
  row(Nature::kElementwise,
      {"notIn", "X, Y", [](CallContext& c, std::span<Value> args) { return negated("in", c, args); },
       "Whether each element of X is none of Y.", "notIn(1 2 3, 2 5)", "[true,false,true]"});
  row(Nature::kElementwise,
      {"notBetween", "X, Y", [](CallContext& c, std::span<Value> args) { return negated("between", c, args); },
       "Whether each element of X lies outside the pair Y, whose ends belong to it.", "notBetween(1 5.5 6 8, 1:6)",
       "[false,false,false,true]"});
  row(Nature::kElementwise,
      {"notLike", "X, pattern", [](CallContext& c, std::span<Value> args) { return negated("like", c, args); },
       "Whether each text does not match a pattern of % and ?.", "notLike(`DEFG`ABC, \"%DE%\")", "[false,true]"});
  row(Nature::kElementwise,
      {"bitNot", "X", complement, "Every bit of whole numbers turned.", "bitNot(3 -1)", "[-4,0]", "Null stays null."});
  row(Nature::kWhole,
      {"signbit", "X", has_sign, "Whether a number is negative.", "signbit(-2.1)", "true", "Null gives null."});
  row(Nature::kElementwise,
      {"isTitle", "X",
       [](CallContext&, std::span<Value> args) {
         return map_text_to("isTitle", args[0], Type::kBool,
                            [](const std::string& text) { return Scalar::of_bool(is_title(text)); });
       },
       "Whether each word of a text begins with an upper-case letter and goes on in lower case.",
       "isTitle([\"Hello World\", \"Hello world\", \"468\"])", "[true,false,false]", "An empty text gives false."});
  row(Nature::kElementwise,
      {"digitize", "x, bins, [right=false]", digitize,
       "In which of the bins each number lies: 0 before the first boundary, their number behind the last. right: the "
       "upper boundaries belong to their bins.",
       "digitize(0.5 1 2.5 9, 1 2 3)", "[0,1,2,3]", "Null stays null."});
  row(Nature::kElementwise,
      {"lowerBound", "X, Y", lower_bound, "The position of the first element of X that is not less than each of Y.",
       "lowerBound(1 3 5, 5 6 2)", "[2,3,1]", "Null stays null."});
}

}  // namespace pelorus::functions
