// Random expressions against a second, slow evaluator that knows nothing of vectors: whole columns, single rows and
// queries have to give what it gives. The seeds are fixed; EXPRESSION_SEED in the environment tries another.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"

namespace pelorus::exec {
namespace {

using data::Vector;
using types::Type;

/// A BOOL, INT, LONG or DOUBLE of the reference; nulls apart from values.
struct Cell {
  Type type = Type::kInt;
  bool is_null = false;
  int64_t whole = 0;
  double real = 0;

  double as_real() const { return type == Type::kDouble ? real : static_cast<double>(whole); }
};

Cell null_cell(Type type) { return {.type = type, .is_null = true}; }
Cell flag(bool value) { return {.type = Type::kBool, .whole = value ? 1 : 0}; }
Cell real(double value) { return {.type = Type::kDouble, .real = value}; }

/// Wraps as the type's width does; the smallest number is null.
Cell whole(Type type, int64_t value) {
  if (type == Type::kInt) value = static_cast<int32_t>(value);
  const bool is_null = value == (type == Type::kInt ? INT32_MIN : INT64_MIN);
  return {.type = type, .is_null = is_null, .whole = is_null ? 0 : value};
}

Type wider(Type a, Type b) {
  if (a == Type::kDouble || b == Type::kDouble) return Type::kDouble;
  return a == Type::kLong || b == Type::kLong ? Type::kLong : Type::kInt;
}

Cell converted(const Cell& cell, Type type) {
  if (cell.is_null) return null_cell(type);
  return type == Type::kDouble ? real(cell.as_real()) : Cell{.type = type, .whole = cell.whole};
}

using Row = std::vector<Cell>;

/// One expression: as text, and by rows.
struct Expression {
  std::string text;
  Type type = Type::kInt;
  std::function<Cell(const Row&)> value;
};

int64_t wrapped(char op, int64_t a, int64_t b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  return static_cast<int64_t>(op == '+' ? x + y : op == '-' ? x - y : x * y);
}

Cell arithmetic(char op, const Cell& a, const Cell& b) {
  const Type type = op == '\\' ? Type::kDouble : wider(a.type, b.type);
  if (a.is_null || b.is_null) return null_cell(type);
  if (type == Type::kDouble) {
    const double x = a.as_real(), y = b.as_real();
    if (op == '+') return real(x + y);
    if (op == '-') return real(x - y);
    if (op == '*') return real(x * y);
    return y == 0 ? null_cell(type) : real(x / y);
  }
  if (op == '+' || op == '-' || op == '*') return whole(type, wrapped(op, a.whole, b.whole));
  if (b.whole == 0) return null_cell(type);
  const int64_t quotient = static_cast<int64_t>(std::floor(static_cast<long double>(a.whole) / b.whole));
  return whole(type, op == '/' ? quotient : a.whole - quotient * b.whole);
}

/// Null is smaller than every number, and equal to null.
Cell comparison(const std::string& op, const Cell& a, const Cell& b) {
  int order = 0;
  if (a.is_null || b.is_null) {
    order = (a.is_null ? 0 : 1) - (b.is_null ? 0 : 1);
  } else if (a.type == Type::kDouble || b.type == Type::kDouble) {
    order = a.as_real() < b.as_real() ? -1 : a.as_real() > b.as_real() ? 1 : 0;
  } else {
    order = a.whole < b.whole ? -1 : a.whole > b.whole ? 1 : 0;
  }
  if (op == "<") return flag(order < 0);
  if (op == "<=") return flag(order <= 0);
  if (op == ">") return flag(order > 0);
  if (op == ">=") return flag(order >= 0);
  return flag((order == 0) == (op == "=="));
}

/// Makes expressions over the columns i INT, l LONG, d DOUBLE.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Expression number(int depth) {
    if (depth == 0 || chance(6) == 0) return leaf();
    switch (chance(8)) {
      case 0: return negated(number(depth - 1));
      case 1: return absolute(number(depth - 1));
      case 2: return chosen(condition(depth - 1), number(depth - 1), number(depth - 1));
      case 3: return filled(number(depth - 1));
      default: return combined(number(depth - 1), number(depth - 1));
    }
  }
  Expression condition(int depth) {
    const auto pick = depth == 0 ? 0 : chance(5);
    if (pick == 1 || pick == 2) {
      const auto a = condition(depth - 1), b = condition(depth - 1);
      const bool both = pick == 1;
      return {"(" + a.text + (both ? " and " : " or ") + b.text + ")", Type::kBool, [=](const Row& row) {
                const bool x = a.value(row).whole != 0, y = b.value(row).whole != 0;
                return flag(both ? x && y : x || y);
              }};
    }
    if (pick == 3) {
      const auto a = condition(depth - 1);
      return {"(!" + a.text + ")", Type::kBool, [=](const Row& row) { return flag(a.value(row).whole == 0); }};
    }
    if (pick == 4) {
      const auto a = number(depth - 1);
      return {"isNull(" + a.text + ")", Type::kBool, [=](const Row& row) { return flag(a.value(row).is_null); }};
    }
    const char* const operators[] = {"<", "<=", ">", ">=", "==", "!="};
    const std::string op = operators[chance(6)];
    const auto a = number(depth / 2), b = number(depth / 2);
    return {"(" + a.text + " " + op + " " + b.text + ")", Type::kBool,
            [=](const Row& row) { return comparison(op, a.value(row), b.value(row)); }};
  }
  size_t chance(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }

 private:
  Expression leaf() {
    const auto pick = chance(6);
    if (pick < 3) {
      const Type types[] = {Type::kInt, Type::kLong, Type::kDouble};
      return {std::string(1, "ild"[pick]), types[pick], [pick](const Row& row) { return row[pick]; }};
    }
    const auto constant = [](std::string text, Cell cell) {
      return Expression{std::move(text), cell.type, [cell](const Row&) { return cell; }};
    };
    if (pick == 3) {
      const auto value = static_cast<int64_t>(chance(7)) - 3;
      return constant("(" + std::to_string(value) + ")", whole(Type::kInt, value));
    }
    if (pick == 4) return constant("2.5", real(2.5));
    return chance(2) == 0 ? constant("00l", null_cell(Type::kLong))
                          : constant("1000000007l", whole(Type::kLong, 1000000007));
  }
  Expression negated(const Expression& a) {
    return {"(-" + a.text + ")", a.type, [=](const Row& row) {
              const auto cell = a.value(row);
              if (cell.is_null) return cell;
              return a.type == Type::kDouble ? real(-cell.real) : whole(a.type, wrapped('-', 0, cell.whole));
            }};
  }
  Expression absolute(const Expression& a) {
    return {"abs(" + a.text + ")", a.type, [=](const Row& row) {
              const auto cell = a.value(row);
              if (cell.is_null) return cell;
              return a.type == Type::kDouble ? real(std::fabs(cell.real)) : whole(a.type, std::llabs(cell.whole));
            }};
  }
  Expression filled(const Expression& a) {
    return {"nullFill(" + a.text + ", 5)", a.type, [=](const Row& row) {
              const auto cell = a.value(row);
              return cell.is_null ? converted(whole(Type::kInt, 5), a.type) : cell;
            }};
  }
  /// Branches of one type: the type of a single choice is that of what is chosen.
  Expression chosen(const Expression& c, const Expression& a, Expression b) {
    for (int tries = 0; b.type != a.type; ++tries) b = tries < 50 ? leaf() : a;
    return {"iif(" + c.text + ", " + a.text + ", " + b.text + ")", a.type,
            [=](const Row& row) { return c.value(row).whole != 0 ? a.value(row) : b.value(row); }};
  }
  Expression combined(const Expression& a, const Expression& b) {
    const bool are_whole = a.type != Type::kDouble && b.type != Type::kDouble;
    const char op = "+-*/\\%"[chance(are_whole ? 6 : 5)];
    return {"(" + a.text + " " + op + " " + b.text + ")", op == '\\' ? Type::kDouble : wider(a.type, b.type),
            [=](const Row& row) { return arithmetic(op, a.value(row), b.value(row)); }};
  }

  std::mt19937_64 random_;
};

class RandomExpressions : public testing::Test {
 protected:
  static constexpr size_t kRows = 40;

  RandomExpressions() {
    functions::register_builtins(registry_);
    register_language_functions(registry_);
    register_sql_functions(registry_);
  }

  /// Few different values, so that equal ones, zeros and nulls meet.
  void fill(Maker& maker) {
    rows_.clear();
    Vector i(Type::kInt), l(Type::kLong), d(Type::kDouble);
    for (size_t r = 0; r < kRows; ++r) {
      const auto small = [&] { return static_cast<int64_t>(maker.chance(9)) - 4; };
      const bool large = maker.chance(10) == 0;
      Row row{whole(Type::kInt, large ? INT32_MAX : small()), whole(Type::kLong, large ? INT64_MAX / 3 : small() * 7),
              real(static_cast<double>(small()) / 2)};
      for (auto& cell : row) {
        if (maker.chance(6) == 0) cell = null_cell(cell.type);
      }
      i.push_back(value_of(row[0]));
      l.push_back(value_of(row[1]));
      d.push_back(value_of(row[2]));
      rows_.push_back(std::move(row));
    }
    session_.set("i", i);
    session_.set("l", l);
    session_.set("d", d);
    session_.set("t", data::Table({"i", "l", "d"}, {i, l, d}));
  }

  static Value value_of(const Cell& cell) {
    if (cell.is_null) return types::Scalar::null_of(cell.type);
    if (cell.type == Type::kDouble) return Value::of_double(cell.real);
    if (cell.type == Type::kBool) return Value::of_bool(cell.whole != 0);
    return cell.type == Type::kLong ? Value::of_long(cell.whole) : Value::of_int(static_cast<int32_t>(cell.whole));
  }

  static void expect(const Cell& cell, const Value& value, const std::string& where) {
    ASSERT_TRUE(value.is_scalar()) << where;
    ASSERT_EQ(types::name_of(value.type()), types::name_of(cell.type)) << where;
    ASSERT_EQ(value.is_null(), cell.is_null) << where;
    if (cell.is_null) return;
    if (cell.type == Type::kDouble) {
      ASSERT_DOUBLE_EQ(value.scalar().as_double(), cell.real) << where;
    } else {
      ASSERT_EQ(value.scalar().as_int64(), cell.whole) << where;
    }
  }

  /// A constant expression gives a scalar where columns give a vector.
  void expect_column(const std::vector<Cell>& cells, const Value& got, const std::string& where) {
    ASSERT_TRUE(got.is_scalar() || (got.is_vector() && got.vector().size() == cells.size())) << where;
    for (size_t r = 0; r < cells.size(); ++r)
      expect(cells[r], got.is_scalar() ? got : got.vector().at(r), where + " row " + std::to_string(r));
  }

  void check(const Expression& expression, const Expression& condition) {
    std::vector<Cell> all, kept;
    for (const auto& row : rows_) {
      all.push_back(expression.value(row));
      if (condition.value(row).whole != 0) kept.push_back(all.back());
    }
    expect_column(all, interpreter_.run(expression.text), expression.text);
    expect_column(all, interpreter_.run("exec " + expression.text + " as r from t"), "exec " + expression.text);
    const auto filtered = "select i, " + expression.text + " as r from t where " + condition.text;
    const Value table = interpreter_.run(filtered);
    ASSERT_EQ(table.table().rows(), kept.size()) << filtered;
    expect_column(kept, table.table().column_shared(1), filtered);
    for (size_t r = 0; r < rows_.size(); r += 7) {
      SessionScope apart(1);
      for (size_t c = 0; c < 3; ++c) apart.set(std::string(1, "ild"[c]), value_of(rows_[r][c]));
      Interpreter single(surroundings_, apart);
      expect(all[r], single.run(expression.text), expression.text + " of single row " + std::to_string(r));
    }
  }

  functions::Registry registry_;
  NodeSharedObjects shared_;
  QueryRunner sql_;
  SystemClock clock_;
  Surroundings surroundings_{registry_, shared_, sql_, clock_, {}, {}};
  SessionScope session_{1};
  Interpreter interpreter_{surroundings_, session_};
  std::vector<Row> rows_;
};

TEST_F(RandomExpressions, give_what_a_slow_evaluator_gives) {
  constexpr int kExpressions = 600, kDepth = 4, kPerTable = 20;
  const char* given = std::getenv("EXPRESSION_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20260101;
  SCOPED_TRACE("EXPRESSION_SEED=" + std::to_string(seed));
  Maker maker(seed);
  for (int n = 0; n < kExpressions && !HasFatalFailure(); ++n) {
    if (n % kPerTable == 0) fill(maker);
    const auto expression = n % 5 == 4 ? maker.condition(kDepth) : maker.number(kDepth);
    check(expression, maker.condition(2));
  }
}

}  // namespace
}  // namespace pelorus::exec
