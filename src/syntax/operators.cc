#include "syntax/operators.h"

#include "base/check.h"

namespace pelorus::syntax {
namespace {

using enum BinaryOperator;

constexpr OperatorRow kRows[] = {
    {kMultiply, "*", "mul", 10},
    {kDot, "**", "dot", 10},
    {kDivide, "/", "div", 10},
    {kRatio, "\\", "ratio", 10},
    {kModulo, "%", "mod", 10},
    {kCast, "$", "cast", 10},
    {kJoin, "<-", "join", 10},
    {kAdd, "+", "add", 8},
    {kSubtract, "-", "sub", 8},
    {kShiftLeft, "<<", "lshift", 7},
    {kShiftRight, ">>", "rshift", 7},
    {kBitAnd, "&", "bitAnd", 6},
    {kBitXor, "^", "bitXor", 5},
    {kBitOr, "|", "bitOr", 4},
    {kLess, "<", "lt", 3},
    {kLessEqual, "<=", "le", 3},
    {kGreater, ">", "gt", 3},
    {kGreaterEqual, ">=", "ge", 3},
    {kEqual, "==", "eq", 3},
    {kNotEqual, "!=", "ne", 3},
    {kAnd, "&&", "and", 2},
    {kOr, "||", "or", 1},
    {kSequence, "..", "seq", kLevelPair},
    {kEachAt, "@", "eachAt", 20},
};

}  // namespace

const OperatorRow& row_of(BinaryOperator op) {
  for (const auto& row : kRows) {
    if (row.op == op) return row;
  }
  CHECK_WITH(false, "operator without a row");
  return kRows[0];
}

const OperatorRow* find_operator(std::string_view symbol) {
  if (symbol == "<>") symbol = "!=";
  for (const auto& row : kRows) {
    if (row.symbol == symbol) return &row;
  }
  return nullptr;
}

const OperatorRow* find_operator_function(std::string_view function) {
  for (const auto& row : kRows) {
    if (row.function == function) return &row;
  }
  return nullptr;
}

bool is_comparison(BinaryOperator op) { return op >= kLess && op <= kNotEqual; }

std::string_view function_of(UnaryOperator op) { return op == UnaryOperator::kNegate ? "neg" : "not"; }

}  // namespace pelorus::syntax
