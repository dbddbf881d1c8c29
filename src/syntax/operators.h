#pragma once
// The operators of the language: symbol, function name and binding level, in one table.

#include <cstdint>
#include <string_view>

namespace pelorus::syntax {

enum class BinaryOperator : uint8_t {
  kMultiply,
  kDot,
  kDivide,
  kRatio,
  kModulo,
  kCast,
  kJoin,  // level 10
  kAdd,
  kSubtract,  // 8
  kShiftLeft,
  kShiftRight,  // 7
  kBitAnd,
  kBitXor,
  kBitOr,  // 6 5 4
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,  // 3
  kAnd,
  kOr,        // 2 1
  kSequence,  // a..b, 15
  kEachAt,    // x@i, 20
};
enum class UnaryOperator : uint8_t { kNegate, kNot };

/// Binding levels of language reference §1.4.
inline constexpr int kLevelUnary = 18;
inline constexpr int kLevelPair = 15;
inline constexpr int kLevelInfixFunction = 10;
inline constexpr int kLevelComparison = 3;
inline constexpr int kLevelAnd = 2;
inline constexpr int kLevelOr = 1;

struct OperatorRow {
  BinaryOperator op;
  std::string_view symbol;
  std::string_view function;  // the built-in's name
  int level;
};

const OperatorRow& row_of(BinaryOperator op);
/// By symbol ("+", "<>", "and") or by function name ("add"); null when there is none.
const OperatorRow* find_operator(std::string_view symbol);
const OperatorRow* find_operator_function(std::string_view function);
bool is_comparison(BinaryOperator op);
/// "neg" or "not".
std::string_view function_of(UnaryOperator op);

}  // namespace pelorus::syntax
