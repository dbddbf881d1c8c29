#include <gtest/gtest.h>

#include <set>

#include "syntax/parse_script.h"
#include "syntax/print.h"
#include "syntax/printer.h"

namespace pelorus::syntax {
namespace {

/// A small session: some functions, some variables.
class TestNames final : public NameOracle {
 public:
  bool is_variable(std::string_view name) const override { return variables.contains(std::string(name)); }
  bool is_shared(std::string_view name) const override { return name == "shared_table"; }
  bool is_function(std::string_view name) const override { return functions.contains(std::string(name)); }
  bool is_redefinable(std::string_view) const override { return false; }
  bool has_parameter(std::string_view function, std::string_view parameter) const override {
    return function == "ewmMean" && parameter == "com";
  }
  std::set<std::string> variables{"a", "b", "c", "x", "y", "t", "u", "v", "n", "m", "d"};
  std::set<std::string> functions{"sum",   "avg",        "abs",    "sin",     "cos",         "take",   "add",
                                  "mul",   "pow",        "each",   "eval",    "first",       "last",   "table",
                                  "count", "size",       "in",     "between", "isNull",      "max",    "ewmMean",
                                  "ej",    "moving",     "print",  "append!", "rank",        "minute", "bar",
                                  "at",    "accumulate", "exists", "like",    "nullCompare", "f",      "g",
                                  "undef", "contextby",  "expr",   "shared",  "share",       "like",   "iif"};
};

std::string shape(const Expr& expr) {
  Printer printer(true);
  printer.expr(expr);
  return printer.take();
}
std::string shape(std::string_view text) { return shape(*parse_expression(text, TestNames{})); }

std::string statements(std::string_view text) {
  ScriptParser parser(text);
  std::string result;
  while (!parser.done()) {
    for (const auto& statement : parser.next(TestNames{}).statements) result += print(*statement) + "\n";
  }
  return result;
}

std::string error_of(std::string_view text) {
  try {
    statements(text);
  } catch (const ScriptError& error) {
    return error.message();
  }
  return "no error";
}

TEST(Lexer, reads_every_literal_type) {
  const std::pair<const char*, types::Type> kCases[] = {
      {"5", types::Type::kInt},
      {"5i", types::Type::kInt},
      {"5h", types::Type::kShort},
      {"5l", types::Type::kLong},
      {"5c", types::Type::kChar},
      {"'a'", types::Type::kChar},
      {"'ab'", types::Type::kString},
      {"1b", types::Type::kBool},
      {"2.5", types::Type::kDouble},
      {"2.5f", types::Type::kFloat},
      {"2.5F", types::Type::kDouble},
      {"1e-3", types::Type::kDouble},
      {".5", types::Type::kDouble},
      {"1.", types::Type::kDouble},
      {"3.14P", types::Type::kDecimal64},
      {"\"x\"", types::Type::kString},
      {"`x", types::Type::kString},
      {"2021.05.06", types::Type::kDate},
      {"2021.05M", types::Type::kMonth},
      {"10:11:12.345", types::Type::kTime},
      {"10:11m", types::Type::kMinute},
      {"10:11:12", types::Type::kSecond},
      {"10:11:12.123456789", types::Type::kNanotime},
      {"2021.05.06T10:11:12", types::Type::kDatetime},
      {"2021.05.06 10:11:12", types::Type::kDatetime},
      {"2021.05.06T10:11:12.123", types::Type::kTimestamp},
      {"2021.05.06T10:11:12.123456789", types::Type::kNanotimestamp},
      {"2021.05.06T10", types::Type::kDatehour},
      {"30m", types::Type::kDuration},
      {"5H", types::Type::kDuration},
      {"3XNYS", types::Type::kDuration},
      {"5d", types::Type::kDuration},
      {"00b", types::Type::kBool},
      {"00i", types::Type::kInt},
      {"00F", types::Type::kDouble},
      {"00d", types::Type::kDate},
      {"00N", types::Type::kNanotimestamp},
      {"NULL", types::Type::kVoid},
      {"true", types::Type::kBool},
      {"2147483648", types::Type::kLong},
  };
  for (const auto& [text, type] : kCases) {
    const auto expr = parse_expression(text, TestNames{});
    ASSERT_EQ(expr->kind, ExprKind::kLiteral) << text;
    EXPECT_EQ(as<Literal>(expr)->value.type(), type) << text;
  }
}

TEST(Lexer, constants_separated_by_blanks_are_one_vector) {
  EXPECT_EQ(shape("1 2 3"), "1 2 3");
  EXPECT_EQ(shape("1 -1 2"), "1 -1 2");
  EXPECT_EQ(shape("1 - 2"), "1 - 2");
  EXPECT_EQ(shape("10-4-3"), "(10 - 4) - 3");
  EXPECT_EQ(shape("`a`b`c"), "\"a\" \"b\" \"c\"");
  EXPECT_EQ(shape("`a``b"), "\"a\" \"\" \"b\"");
  EXPECT_EQ(shape("4 NULL 6"), "4 NULL 6");
  EXPECT_EQ(shape("NULL 2"), "NULL 2");
  EXPECT_EQ(shape("a -1"), "a - 1");
}

TEST(Parser, operators_bind_by_level) {
  EXPECT_EQ(shape("1+2*3"), "1 + (2 * 3)");
  EXPECT_EQ(shape("1:4+2"), "(1:4) + 2");
  EXPECT_EQ(shape("13:20/4:6"), "(13:20) / (4:6)");
  EXPECT_EQ(shape("-2..2"), "(-2)..2");
  EXPECT_EQ(shape("-n..n"), "(-n)..n");
  EXPECT_EQ(shape("!x-1"), "(!x) - 1");
  EXPECT_EQ(shape("1|2^3&4"), "1 | (2 ^ (3 & 4))");
  EXPECT_EQ(shape("a && b || c"), "(a && b) || c");
  EXPECT_EQ(shape("a and b or c"), "(a && b) || c");
  EXPECT_EQ(shape("1+2<4"), "(1 + 2) < 4");
  EXPECT_EQ(shape("1..6$2:3"), "(1..6) $ (2:3)");
  EXPECT_EQ(shape("x@1..3"), "x@1..3");
  EXPECT_EQ(shape("a << 1 + 2"), "a << (1 + 2)");
  EXPECT_EQ(shape("x <- 4 + 1"), "(x <- 4) + 1");
}

TEST(Parser, functions_stand_before_between_and_after_arguments) {
  EXPECT_EQ(shape("1 + 2 f 3"), "1 + f(2, 3)");
  EXPECT_EQ(shape("2 add 3 mul 4"), "add(2, mul(3, 4))");
  EXPECT_EQ(shape("2 pow 3 + 1"), "pow(2, 3) + 1");
  EXPECT_EQ(shape("sum x+1"), "sum(x + 1)");
  EXPECT_EQ(shape("sin x + cos x"), "sin(x + cos(x))");
  EXPECT_EQ(shape("avg sin abs v"), "avg(sin(abs(v)))");
  EXPECT_EQ(shape("x take 5"), "take(x, 5)");
  EXPECT_EQ(shape("sum 1 2 3"), "sum(1 2 3)");
  EXPECT_EQ(shape("x.take(5).size()"), "x.take(5).size()");
  EXPECT_EQ(shape("{x->x*x}{x->x+1} 4"), "({x -> x * x})(({x -> x + 1})(4))");
  EXPECT_EQ(shape("2 {x,y->x*10+y} 3"), shape("({x,y->x*10+y})(2, 3)"));
  EXPECT_EQ(shape("(1 2 3) take (4)"), "take(1 2 3, 4)");
  EXPECT_EQ(shape("f{,2}"), "f{, 2}");
  EXPECT_EQ(shape("f{1,,3}(2)"), "f{1, , 3}(2)");
  EXPECT_EQ(shape("x.f{1}(2)"), "f{x, 1}(2)");
  EXPECT_EQ(shape("v.{x->x*2}()"), "v.{{x -> x * 2}}()");
  EXPECT_EQ(shape("f(,5)"), "f(, 5)");
  EXPECT_EQ(shape("f(b=1, a=9)"), "f(b=1, a=9)");
  EXPECT_EQ(shape("each(+, a, b)"), "each(+, a, b)");
  EXPECT_EQ(shape("nullCompare(<, 1 NULL 5, 3)"), "nullCompare(<, 1 NULL 5, 3)");
  EXPECT_EQ(shape("expr(6, *, 7)"), "expr(6, *, 7)");
}

TEST(Parser, templates_carry_their_signs) {
  EXPECT_EQ(shape("NULL -:P x"), shape("(-:P)(NULL, x)"));
  EXPECT_EQ(shape("+ :A x"), shape("(+:A)(x)"));
  EXPECT_EQ(shape("a +:E:L b"), shape("(+:E:L)(a, b)"));
  EXPECT_EQ(shape("max:H(m)"), "(max:H)(m)");
  EXPECT_EQ(shape("1 2 +:C 10 20"), shape("(+:C)(1 2, 10 20)"));
}

TEST(Parser, comparisons_chain_only_without_parentheses) {
  EXPECT_EQ(parse_expression("3 > 2 > 1", TestNames{})->kind, ExprKind::kComparisonChain);
  EXPECT_EQ(shape("(a < b) < c"), "(a < b) < c");
  EXPECT_EQ(parse_expression("(a < b) < c", TestNames{})->kind, ExprKind::kBinary);
}

TEST(Parser, conditional_leaves_its_colon_alone) {
  EXPECT_EQ(shape("(x>3) ? 1 : 2"), "(x > 3) ? 1 : 2");
  EXPECT_EQ(shape("a ? b ? 1 : 2 : 3"), "a ? (b ? 1 : 2) : 3");
  EXPECT_EQ(shape("a ? (1:2) : 3"), "a ? (1:2) : 3");
}

TEST(Parser, indexes_have_open_ends_and_holes) {
  EXPECT_EQ(shape("x[2:]"), "x[2:]");
  EXPECT_EQ(shape("x[:]"), "x[:]");
  EXPECT_EQ(shape("m[0,]"), "m[0, ]");
  EXPECT_EQ(shape("m[,0]"), "m[, 0]");
  EXPECT_EQ(shape("x[v->v>3]"), "x[{v -> v > 3}]");
}

TEST(Parser, code_ends_at_the_bracket_nothing_follows) {
  EXPECT_EQ(shape("f(<a > 1>)"), "f(< (a > 1) >)");
  EXPECT_EQ(shape("<3 + 4 * 2>"), "< (3 + (4 * 2)) >");
  EXPECT_EQ(shape("<select a from t where a > b>.eval()"), "< select a from t where (a > b) >.eval()");
  EXPECT_EQ(shape("<[count(q) as n, max(q) as m]>"), "< [count(q) as n, max(q) as m] >");
  EXPECT_EQ(shape("t[`v, <id=3>]"), "t[\"v\", < (id == 3) >]");
}

TEST(Parser, queries_take_every_clause) {
  const char* kQueries[] = {
      "select * from t",
      "select top 3 a, b as c from t where a > 1, b < 2 order by a desc nulls first, b asc limit 5",
      "select last x from t",
      "select x v from t",
      "exec sum(x) as s from t group by a, bar(b, 5) as k having sum(x) > 3 order by s asc limit 2, 3",
      "select [HINT_KEEPORDER] cumsum(x) from t context by a csort b desc limit -1",
      "select x from t pivot by a, b",
      "select count(*) from t group by a cgroup by b as m order by m asc",
      "select distinct a from t",
      "select x from t where a in (exec k from u) and b not in 1 2 3 and c between 1 and 2 and d is not null",
      "select x from t where not exists(select * from u)",
      "select * from t left join u on t.a = u.a and t.b = u.b inner join v on t.a = v.a",
      "select * from t as p cross join u as q",
      "select * from ej(t as p, u as q, `id) where p.x < q.x",
      "select sum(x) over (partition by a, b order by c desc rows between 1 preceding and current row) as w from t",
      "select rank() over (order by a) from t",
      "select case when a > 1 then 1 when a = 1 then 0 else -1 end as f from t",
      "with q as (select * from t) select sum(a) as s from q",
      "(select a from t) union all (select a from u) order by a asc limit 3",
      "select col1...col4 from t",
      "select _$n as z, _$$v from t",
      "select _\"strange name\" from t",
      "select a from \"dfs://x\".\"t\" where DATE = 2021.05.06",
      "select DATE, e, SYMBOL from t where sum(x) > iif(a = 1, 2, 3) map",
      "select ewmMean(x, com=1) from t",
      "select a as `p`q from t",
      "update t set a = b + 1, b = 0 where a > 1 context by c",
      "delete from t where a > 1, b < 2",
      "delete t from ej(t, u, `id)",
      "insert into t values (1, `a), (2, `b)",
      "insert into t(a, b) values (1 2 3, x)",
      "insert into t select a, b from u where a < 3",
      "create table ct(id INT, name STRING[comment=\"x\", compress=\"delta\"], d DECIMAL64(3), v DOUBLE[])",
      ("create table \"dfs://x\".\"t\"(id INT, ts TIMESTAMP) partitioned by id, ts, sortColumns=[`id, `ts], "
       "keepDuplicates=ALL"),
      "create database \"dfs://x\" partitioned by VALUE(1..10), HASH([SYMBOL, 20]), engine='TSDB', atomic='TRANS'",
      "alter table t add w DOUBLE",
      "alter table t drop a, b",
      "alter table t rename a to b",
      "drop table if exists \"dfs://x\".\"t\"",
      "drop database if exists \"dfs://x\"",
  };
  for (const char* text : kQueries) {
    ExprRef first;
    ASSERT_NO_THROW(first = parse_expression(text, TestNames{})) << text << " : " << error_of(text);
    const std::string once = print(*first);
    ExprRef second;
    ASSERT_NO_THROW(second = parse_expression(once, TestNames{})) << once << " : " << error_of(once);
    EXPECT_EQ(shape(*first), shape(*second)) << once;
  }
}

TEST(Printer, expressions_parse_back_to_the_same_tree) {
  const char* kTexts[] = {
      "(a+b)*c",
      "a-(b-c)",
      "-x.size()",
      "(-3).abs()",
      "-(a+b)",
      "!(a && b)",
      "(a:b)[0]",
      "[a,b][0]",
      "(1 2 3)[0]",
      "(x->x+1)(3)",
      "each(x->x+1, 1 5 9)",
      "{\"a\": 1, b: 2}",
      "((1,2),(3,))",
      "()",
      "a.b.c",
      "t.\"x y\"",
      "x[1:2][0]",
      "f(x)(y)",
      "&sum",
      "a ? x->1 : 2",
      "5 * (1 2 3)",
      "1.5 2 3.25",
      "1l 2l",
      "`a`b$SYMBOL",
      "1.5$DECIMAL64(2)",
      "INT[]",
      "2021.05.06 10:11:12 2021.05.07T00:00:00",
      "x@(1 3)",
      "(a < b) == (b < c)",
      "a < b < c",
      "a.f(x -> x)",
      "max:H(m)",
      "+:E(a, b)",
      "(+:E:L)(a, b)",
      "<a > 1>",
      "<[a, b as c]>",
      "f(<x>, DFLT)",
      "(+)",
      "1. ..5",
      "(5).size()",
      "2.5.add(1)",
      "\"quote \\\" and \\n \\x01\"",
  };
  for (const char* text : kTexts) {
    const auto first = parse_expression(text, TestNames{});
    const std::string once = print(*first);
    ExprRef second;
    ASSERT_NO_THROW(second = parse_expression(once, TestNames{})) << text << " -> " << once;
    EXPECT_EQ(shape(*first), shape(*second)) << text;
    EXPECT_EQ(once, print(*second)) << text;
  }
}

TEST(Printer, statements_parse_back) {
  const char* kScripts[] = {
      "def f1(p, q=2){ r = p + q; if(r > 3) return r else r += 1\n return r, p }\nf1(1)",
      "defg rng(p): max(p)-sum(p)",
      "def mk(n){ return def(p): p + n }",
      "for(i in 1..5){ s = i\n if(s > 4) break\n continue }",
      "i = 0; while(i < 7){ i += 2 }",
      "i = 0\ndo { i += 1 } while(i < 3)",
      "try { throw \"x\" } catch(ex) { print(ex) }",
      "a1, b1 = 3, 4 5\nx[1] = 3\nx[1 2] += 1\nt[`c] = 1\n&z = x",
      "timer(10) sum(x)\ntimer sum(x)\ntimer { y1 = 1 }",
      "share t as sh1\nassert 1 == 1\nassert \"name\", x == 1\nuse a::b\nundef all",
      "transaction { insert into t values (1)\n commit\n}",
      "mapr mf(p){ sum(p), count(p) -> f ; sum, count -> g }",
      "@state def fac(p){ return p }",
      "const k = 5\nk + 1",
      "def outer(n){ w = n + 1; h = q -> q + w; return h(2) }",
      "def fact(k){ if(k <= 1) return 1\n return k * fact(k - 1) }",
  };
  for (const char* text : kScripts) {
    std::string once;
    ASSERT_NO_THROW(once = statements(text)) << text << "\n" << error_of(text);
    ASSERT_NO_THROW(EXPECT_EQ(once, statements(once)) << text) << once << error_of(once);
  }
}

TEST(Parser, newlines_end_statements_except_in_brackets_and_between_clauses) {
  EXPECT_EQ(statements("x\n-1"), "x\n-1\n");
  EXPECT_EQ(statements("[1,\n2,\n3]"), "[1, 2, 3]\n");
  EXPECT_EQ(statements("select a\nfrom t\nwhere a > 1\n  and b < 2\norder by a\nx"),
            "select a from t where a > 1 && b < 2 order by a asc\nx\n");
  EXPECT_EQ(statements("x\n  .take(5)\n  .size()"), "x.take(5).size()\n");
  EXPECT_EQ(statements("y = 3 // comment\n/* block\ncomment */ y + 1"), "y = 3\ny + 1\n");
  EXPECT_EQ(statements("if(1 < 2 and 3 < 4) r = 1 else r = 2\nr"), statements("if(1<2 and 3<4){r=1}\nelse {r = 2}\nr"));
}

TEST(Parser, errors_name_line_and_reason) {
  EXPECT_EQ(error_of("y = undefinedName + 1"), "Syntax Error: [line #1] Cannot recognize the token undefinedName");
  EXPECT_EQ(error_of("x\n\nqq(1)"), "Syntax Error: [line #3] Cannot recognize the token qq");
  EXPECT_EQ(error_of("select * from nosuch"), "Syntax Error: [line #1] Can't recognize table nosuch");
  EXPECT_EQ(error_of("def h(p){ p += 1; return p }"),
            "Syntax Error: [line #1] Constant variable [p] can't be modified.");
  EXPECT_EQ(error_of("const k = 1\nk = 2"), "Syntax Error: [line #2] Constant variable [k] can't be modified.");
  EXPECT_EQ(error_of("select top x a from t"), "Syntax Error: [line #1] integer constant expected after keyword top");
  EXPECT_NE(error_of("if(a = 1) b").find("Please use '==' rather than '='"), std::string::npos);
  EXPECT_NE(error_of("f(1, 2").find("')' expected"), std::string::npos);
  EXPECT_NE(error_of("x = \"abc").find("string is not closed"), std::string::npos);
  EXPECT_NE(error_of("3abc").find("Cannot recognize the token 3abc"), std::string::npos);
  EXPECT_NE(error_of("x = 2050.01.01T00:00:00").find("Syntax Error"), std::string::npos);  // beyond DATETIME
  EXPECT_NE(error_of("x = 5055.01.01T00:00:00.123456789").find("Syntax Error"), std::string::npos);
  EXPECT_NE(error_of("x def f(y): y").find("Syntax Error"), std::string::npos);
  EXPECT_NE(error_of("break").find("inside a loop"), std::string::npos);
  EXPECT_NE(error_of("def sum(p){ return p }").find("can't be redefined"), std::string::npos);
  EXPECT_NE(error_of("def h(){ return x }").find("Cannot recognize the token x"), std::string::npos);
}

TEST(Parser, deep_nesting_is_an_error_not_a_crash) {
  for (const auto& [open, close] :
       {std::pair{"(", ")"}, std::pair{"[", "]"}, std::pair{"-", ""}, std::pair{"{x->", "}"}, std::pair{"f(", ")"},
        std::pair{"< ", ">"}, std::pair{"< [", "]>"}, std::pair{"a ? b : ", ""}}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += open;
    text += "1";
    for (int i = 0; i < 100'000; ++i) text += close;
    EXPECT_NE(error_of(text).find("nested too deeply"), std::string::npos) << open;
  }
  std::string terms = "1";
  for (int i = 0; i < 100'000; ++i) terms += "+1";
  EXPECT_NE(error_of(terms).find("too many"), std::string::npos);
  std::string blocks;
  for (int i = 0; i < 100'000; ++i) blocks += "if(1){";
  EXPECT_NE(error_of(blocks).find("nested too deeply"), std::string::npos);
}

TEST(Parser, locals_get_slots_and_closures_capture_by_value) {
  ScriptParser parser("def outer(p){ q = p + 1; h = r -> r + q; return h }");
  const auto part = parser.next(TestNames{});
  const auto& definition = *as<Define>(*part.statements.at(0))->definition;
  EXPECT_EQ(definition.slot_names, (std::vector<std::string>{"p", "q", "h"}));
  const auto& assign = *as<Assign>(*definition.body->statements.at(1));
  const auto& lambda = *as<FunctionLiteral>(assign.value)->definition;
  ASSERT_EQ(lambda.captures.size(), 1u);
  EXPECT_EQ(lambda.captures[0].name, "q");
  EXPECT_EQ(lambda.captures[0].outer_slot, 1);
}

TEST(Parser, go_splits_the_script) {
  ScriptParser parser("x = 1\ngo\nnew_name = x\nnew_name");
  EXPECT_EQ(parser.next(TestNames{}).statements.size(), 1u);
  EXPECT_FALSE(parser.done());
  EXPECT_EQ(parser.next(TestNames{}).statements.size(), 2u);
  EXPECT_TRUE(parser.done());
}

}  // namespace
}  // namespace pelorus::syntax
