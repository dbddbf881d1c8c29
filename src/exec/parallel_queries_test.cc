// Queries on several threads give what they give on one: the same values, types and order.
#include <gtest/gtest.h>

#include <regex>

#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"

namespace pelorus::exec {
namespace {

/// A node with so many threads, and the tables t (600,000 rows, several parts for each thread) and r.
struct Bench {
  explicit Bench(size_t threads) : workers(threads) {
    functions::register_builtins(registry);
    register_language_functions(registry);
    register_sql_functions(registry);
    surroundings.workers = &workers;
    interpreter.run(R"(
n = 600000
i = 0..(n - 1)
x = double((i * 7919) % 10007) \ 8
x[(i % 13) == 0] = NULL
k = int((i * 31) % 97)
k[(i % 101) == 0] = NULL
t = table(symbol("S" + string((i * 48271) % 23)) as sym, 2024.01.02T09:30:00.000 + i / 3 * 100 as ts, x, k,
  long((i * 17) % 1000) as v, (i % 3) == 0 as flag)
r = table(symbol("S" + string((i * 11) % 25)) as sym, 2024.01.02T09:30:00.050 + i / 2 * 60 as ts, double(i % 77) as q)
least = 300.0
def above(t, bound, names) {
  k = 55
  return select sum(x), count(*) from t where x > bound, sym in names, v < k
}
def shifted(t, by) { return select sym, mavg(x + by, 3) as m, x + by as y from t context by sym }
)");
  }
  functions::Registry registry;
  NodeSharedObjects shared;
  QueryRunner sql;
  SystemClock clock;
  WorkerPool workers;
  Surroundings surroundings{registry, shared, sql, clock, {}, {}};
  SessionScope session{7};
  Interpreter interpreter{surroundings, session};
};

bool near(const types::Scalar& a, const types::Scalar& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_text()) return b.is_text() && a.text() == b.text();
  if (!types::is_floating(a.type())) return a.as_int64() == b.as_int64();
  return std::abs(a.as_double() - b.as_double()) <= 1e-9 * std::max({1.0, std::abs(a.as_double())});
}

void expect_equal(const Value& one, const Value& many, const std::string& query) {
  ASSERT_EQ(one.type_text(), many.type_text()) << query;
  if (one.is_scalar()) {
    EXPECT_TRUE(near(one.scalar(), many.scalar())) << query;
    return;
  }
  ASSERT_TRUE(one.is_plain_table()) << query;
  const auto &a = one.table(), &b = many.table();
  ASSERT_EQ(a.names(), b.names()) << query;
  ASSERT_EQ(a.rows(), b.rows()) << query;
  for (size_t c = 0; c < a.columns(); ++c) {
    ASSERT_EQ(a.column(c).type(), b.column(c).type()) << query << " column " << a.names()[c];
    for (size_t i = 0; i < a.rows(); ++i)
      ASSERT_TRUE(near(a.column(c).scalar_at(i), b.column(c).scalar_at(i))) << query << " column " << c << " row " << i;
  }
}

TEST(ParallelQueries, give_what_one_thread_gives) {
  Bench one(1), many(3);
  for (const std::string query : {
           "exec sum(x) from t",
           "select sum(x), avg(v), count(*), count(x), min(x), max(k), first(x), last(sym), std(x), varp(v) from t",
           "select sum(x * v), wavg(x, v), corr(x, v), covar(x, v), beta(x, v) from t where x > least, k < 50",
           "select sum(x) from t where sym in `S1`S5`S9, flag",
           "select count(*) from t where sym = `nobody",
           "select sum(x), first(v), last(v), max(ts) from t where k > 1000",
           "select sum(x) as s, last(ts) as l, count(*) as n from t group by sym",
           "select avg(x), min(v), max(v), stdp(x) from t group by sym, k",
           "select first(x) as o, max(x) as h, wavg(x, v) as w from t where x > 5 group by sym, bar(ts, 60000)",
           "select sum(x) + 1 as s from t group by k, flag having count(*) > 100",
           "select sum(v) from t group by date(ts)",
           "select med(x) as m, sum(v) from t where v > 10 group by sym",
           "select med(x), first(x) from t group by sym, flag",
           "select sym, ts, x from t where x > 1200, v < 40",
           "select top 20 x - v as d, sym from t where flag, x > v order by d desc, ts",
           "select sym, mavg(x, 5, 1) as m, deltas(v) as d from t context by sym",
           "select sym, cumsum(v) as c, sum(v) as s, x - avg(x) as a from t where k < 60 context by sym, flag",
           "select sym, ts, v from t context by sym csort v desc limit 3",
           "select sym, v, x from t context by sym csort x desc, v limit -2",
           "select sym, cumsum(x) as c from t context by sym csort v limit 4",
           "select sym, k, count(v) as n from t context by sym, k having count(v) > 90",
           "select x, v from t context by k limit 2",
           "select count(q), sum(q), sum(x * q) from aj(t, r, `sym`ts)",
           "select count(avg_q), sum(avg_q) from wj((select * from t where sym = `S3), r, -500:0, <avg(q)>, `sym`ts)",
           "above(t, 600.0, `S1`S2`S7)",
           "shifted(t, 2.5)",
           "select sum(q.x) from t as q where q.v > 10",
           "select sum(x) from t where v = (exec max(v) from t)",
           "select nunique(x), nunique(k), nunique(sym) from t where v > 3",
           "select nunique(x) as u, nunique(sym) as n from t group by flag, bar(ts, 600000)",
           "select sum(x) as s, count(*) as n from t group by sym, k, v, flag, ts",
           "select sum(x) as s from t where v > 3 group by ts, v",
           "select sum(x) from t pivot by bar(ts, 600000), k",
           "select avg(v), last(x) from t where v > 500, x > least pivot by minute(ts), flag, sym",
           "select x from t where v > 990 pivot by minute(ts), sym",
           "select sum(x), count(*) from t where ts between 2024.01.02T09:40:00.000 : 2024.01.02T11:00:00.000, k in 3 "
           "5 7",
           "select sym, x, v, string(k) as text from t where v > 300 context by sym",
           "select sym, mstd(x, 7) as m, mavg(v, 9) as a, msum(x, 4, 1) as b from t context by sym",
           "select sym, iif(count(x) > 5700, x, v) as c from t context by k",
           "select sym, ts, x from t where flag context by k csort ts desc limit 2",
           "select sym, v, sum(v) as s from t where flag context by k having sum(v) > 100",
           "select first(sym) as a, percentile(x, 90) as p, med(v) as m from t group by k",
           "select count(avg_q), sum(avg_q), sum(max_q), sum(count_q) from "
           "wj(t, r, -500:0, <[avg(q), max(q), count(q)]>, `sym`ts)",
           "select count(first_q), sum(sum_q) from pwj(t, r, -5000:1, <[first(q), sum(q)]>, `sym`ts)",
       }) {
    expect_equal(one.interpreter.run(query), many.interpreter.run(query), query);
  }
}

TEST(ParallelQueries, errors_are_those_of_one_thread) {
  Bench one(1), many(3);
  for (const std::string query : {"select sum(nothing) from t", "select sum(x) from t where nothing > 1",
                                  "select sum(x + sym) from t", "select mavg(x, -1) from t context by sym",
                                  "select x from t group by sym", "select sum(x) from t where sym > 5"}) {
    const auto said = [&](Bench& bench) {
      try {
        bench.interpreter.run(query);
      } catch (const ScriptError& error) {
        return error.message();
      }
      return std::string("nothing");
    };
    EXPECT_EQ(said(one), said(many)) << query;
  }
}

TEST(ParallelQueries, what_looks_back_in_its_group_gives_what_the_group_alone_gives) {
  for (const size_t threads : {1, 3}) {
    Bench bench(threads);
    // Groups of few rows, some of them in one stretch alone.
    bench.interpreter.run(R"(
i = 0..599999
g = "S" + string((i * 48271) % 23)
rare = (i % 50021) == 0
g[rare] = ("R" + string(i % 5))[rare]
g[100] = "once"
s = select symbol(g) as g, ts, x, k, v, flag from t
)");
    for (const std::string call : {"mavg(x, 5)",
                                   "mavg(x, 20, 1)",
                                   "msum(x, 4, 2)",
                                   "mstd(x, 7)",
                                   "mvar(v, 9, 3)",
                                   "mstdp(k, 12)",
                                   "mvarp(x, 32)",
                                   "mavg(x, 1)",
                                   "mavg(k + v, 6)",
                                   "msum(v, 5)",
                                   "mavg(x, 100)",
                                   "deltas(x)",
                                   "deltas(v)",
                                   "deltas(k, 3)",
                                   "ratios(x)",
                                   "prev(ts)",
                                   "prev(flag)",
                                   "move(x, 17)",
                                   "move(x, -1)",
                                   "cumsum(v)",
                                   "cumsum(k)",
                                   "cumsum(x)",
                                   "cummax(x)",
                                   "cummin(k)",
                                   "cummax(v)",
                                   "mavg(deltas(x), 3)",
                                   "deltas(x) + cumsum(v) * 2",
                                   "iif(deltas(x) > 0, prev(v), v)",
                                   "mavg(x, 5) - x"}) {
      const auto got = bench.interpreter.run("r = select g, " + call +
                                             " as y from s context by g; a = array(BOOL, 0);"
                                             "for (name in `S0`S7`S22`R0`R1`R3`once) {"
                                             "  got = exec y from r where g = name; alone = exec " +
                                             call +
                                             " from s where g = name;"
                                             "  a.append!(eqObj(got, alone, 9)) }; all(a) && size(r) == 600000");
      EXPECT_EQ(got.scalar().as_int64(), 1) << call << " with " << threads << " threads";
    }
  }
}

TEST(ParallelQueries, parts_are_left_out_only_where_no_row_can_match) {
  Bench bench(3);
  const auto expect_same = [&](const std::string& after) {
    for (const auto& [bounded, plain] : std::initializer_list<std::pair<std::string, std::string>>{
             {"ts between 2024.01.02T10:30:00.000 : 2024.01.02T10:45:00.000",
              "string(ts) between '2024.01.02T10:30:00.000' : '2024.01.02T10:45:00.000'"},
             {"ts < 2024.01.02T09:31:00.000 or ts > 2024.01.02T11:10:00.000",
              "ts + 0 < 2024.01.02T09:31:00.000 or ts + 0 > 2024.01.02T11:10:00.000"},
             {"ts > 2024.01.02T11:00:00.000, ts < 2024.01.02T10:00:00.000", "1 == 0"},
             {"row in 5 120000 149999, x != 7", "(row + 0) in 5 120000 149999, x != 7"},
             {"row = 130000", "row + 0 = 130000"},
             {"date(ts) = 2024.01.02, row >= 140000", "row + 0 >= 140000, ts + 0 < 2024.01.03T00:00:00.000"},
             {"isNull(row)", "isNull(row + 0)"},
             {"row > -5", "row + 0 > -5"},
             {"row <= 99999 and ts > 2024.01.02T09:40:00.000, x > 3",
              "row + 0 <= 99999 and ts + 0 > 2024.01.02T09:40:00.000, x > 3"},
             {"ts < 2024.01.02T10:00:00.000 or not flag", "ts + 0 < 2024.01.02T10:00:00.000 or not flag"},
             {"minute(ts) < 09:50m, month(ts) = 2024.01M", "minute(ts + 0) < 09:50m"},
             {"v in 5 150 999 1000, x != 7", "(v + 0) in 5 150 999 1000, x != 7"},
             {"x > 100, v % 10 = 3 or v > 900, flag = true", "x > 100, (v + 0) % 10 = 3 or v + 0 > 900, flag"},
             {"not v in 1..998", "not ((v + 0) in 1..998)"}}) {
      for (const std::string what : {"select count(*), sum(x), first(row), last(ts) from b where ",
                                     "select * from b where ", "select sum(x) as s from b where "}) {
        const std::string by = what.ends_with("as s from b where ") ? " group by k" : "";
        const Value expected = bench.interpreter.run(what + plain + by);
        for (int time = 0; time < 3; ++time)
          expect_equal(expected, bench.interpreter.run(what + bounded + by), bounded + " " + after);
      }
    }
  };
  const auto expect_same_groups = [&](const std::string& after) {
    for (const std::string keys :
         {"bar(T, 3600000) as g, k", "date(T) as g", "bar(T, 7200000) as g", "T as g, k", "bar(T, 0) as g, k",
          "month(T) as g, flag", "bar(T, 1H) as g, datehour(T) as h", "minute(T) as g, v", "bar(N, 50000) as g, v",
          "bar(T, 60000) as g", "bar(N, 700) as g, flag", "k, bar(N, 2000) as g", "bar(N, 40) as g"}) {
      for (const std::string what : {"select count(*), sum(x) as s, first(N) as f, last(v) as l from b group by ",
                                     "select count(*) as n, max(x) as m from b where v > 700 group by ",
                                     "select cumsum(v) as c, T as t from b where k > 3 context by "}) {
        const auto written = [&](const std::string& text, const std::string& ts, const std::string& row) {
          return std::regex_replace(std::regex_replace(text, std::regex("\\bT\\b"), ts), std::regex("\\bN\\b"), row);
        };
        const Value plain = bench.interpreter.run(written(what + keys, "(ts + 0)", "(row + 0)"));
        for (int time = 0; time < 2; ++time)
          expect_equal(plain, bench.interpreter.run(written(what + keys, "ts", "row")), what + keys + " " + after);
      }
    }
  };
  bench.interpreter.run("b = select ts, x, k, flag, v, int(0..149999) as row from (select top 150000 * from t)");
  expect_same("at first");
  expect_same_groups("at first");
  bench.interpreter.run("late = select * from b; update b set ts = ts - 900000 where row % 211 = 3");
  bench.interpreter.run("update b set row = row - 30000 where row % 400 = 9");
  expect_same_groups("with rows that come late");
  bench.interpreter.run("b = late; update b set row = 130000 where row = 7");
  expect_same("after an update");
  bench.interpreter.run(
      "insert into b values(2024.01.02T11:05:00.000, 1.5, 3, true, -4, NULL); delete from b where row < 3");
  expect_same("after changes of rows");
  expect_same_groups("after changes of rows");
}

TEST(ParallelQueries, directories_of_columns_give_what_looking_at_the_rows_gives) {
  for (const size_t threads : {1, 3}) {
    Bench bench(threads);
    const auto expect_same = [&](const std::string& after) {
      for (const std::string query : {
               "select count(*), sum(x), first(v), last(ts) from T where sym = `S7",
               "select sym, ts, x, v from T where sym in `S22`S1`nobody`S4, v > 300",
               "select count(*), sum(x), first(v), last(ts) from T where flag, v in 3 999 5, sym in `S2`S5`S9`S11",
               "select x, v from T where v = 17, sym = `S3",
               "select * from T where sym = `nobody",
               "select top 9 * from T where sym in `S3`S8 order by x desc, ts",
               "select avg(x) as a, first(v) as f, last(ts) as l from T where sym in `S1`S2`S3 group by sym, v",
               "select avg(x) from T where sym in `S9`S10 pivot by bar(ts, 600000), sym",
               "select avg(x) as a, first(k) as f from T where sym in `S9`S10`S0 group by bar(ts, 60000), sym",
               "select avg(x) as a, count(*) as n from T where sym in `S9`S10, v > 100 group by sym, bar(ts, 60000)",
               "select first(ts) as f, last(k) as l, std(x) as d, wavg(x, k) as w, corr(x, v) as c, count(x) as n "
               "from T where sym in `S1`S2`S20, v > 200 group by sym, bar(ts, 6000000)",
               "select max(v) as h, sum(k) as s, sum(x) as t from T where sym in `S4`S1`S9 "
               "group by bar(ts, 6000000), sym, flag",
               "select sum(x) as s, last(v) as l from T where v in 40 41 42, k > 3 group by v",
               "select sym, ts, mavg(x, 5, 1) as m, deltas(v) as d, prev(ts) as p from T context by sym",
               "select v, cumsum(k) as c, cummax(x) as h from T context by v",
               "select sym, x - avg(x) as a from T where sym in `S3`S4 context by sym",
               "select med(x) as m, percentile(v, 30) as p, first(k) as f from T group by sym",
               "select sym, v, x from T context by sym csort v desc limit 3",
               "select count(*), sum(avg_q), sum(q_2) from wj((select * from T where sym = `S3), r, -500:0, <[avg(q), "
               "max(q) as q_2]>, `sym`ts)",
               "select sum(avg_q), sum(x) from wj(T, r, -500:0, <avg(q)>, `sym`ts)",
           }) {
        const auto of = [&](const std::string& table) {
          return bench.interpreter.run(std::regex_replace(query, std::regex("\\bT\\b"), table));
        };
        bench.interpreter.run("fresh = copy(t)");
        const Value expected = of("fresh");
        for (int time = 0; time < 3; ++time) expect_equal(expected, of("t"), query + " " + after);
      }
    };
    expect_same("at first");
    bench.interpreter.run("update t set sym = `S3 where v = 17; update t set v = 1000 where sym = `S8, k = 5");
    expect_same("after updates");
    bench.interpreter.run(
        "insert into t values(`fresh, 2024.01.02T23:00:00.000, 1.5, 3, 17, true); "
        "delete from t where v = 40");
    expect_same("after changes of rows");
  }
}

TEST(ParallelQueries, ends_kept_with_other_totals_are_those_of_the_rows) {
  for (const size_t threads : {1, 3}) {
    Bench bench(threads);
    for (const std::string column : {"x", "k", "v", "ts", "flag", "sym"}) {
      for (const std::string by : {" group by sym, k", " where v > 300 group by sym, v", " group by bar(ts, 600000)"}) {
        const std::string ends = "first(" + column + ") as f, last(" + column + ") as l";
        expect_equal(bench.interpreter.run("select " + ends + " from t" + by),
                     bench.interpreter.run("r = select " + ends + ", max(" + column + ") as h, nunique(" + column +
                                           ") as n from t" + by + "; dropColumns!(r, `h`n); r"),
                     column + by);
      }
    }
  }
}

TEST(ParallelQueries, conditions_of_a_symbol_hold_for_all_its_rows) {
  Bench bench(3);
  bench.interpreter.run(
      "update t set sym = NULL where v = 500; s = select string(sym) as sym, ts, x, k, v, flag from t");
  for (const std::string condition :
       {"sym in `S1`S22`nobody, x > 5", "sym != `S3", "sym like \"S1%\", flag", "isNull(sym)", "strlen(sym) > 2, k > 3",
        "x > 1000, sym > `S2", "sym = `S4 or sym = `S5", "sym in [`S7, \"\"]", "sym == NULL", "not sym like \"%1\"",
        "sym = name, v > 10", "Sym = `S1 or sym = `S2"}) {
    for (const std::string what :
         {"select count(*), sum(x), first(v), last(ts) from ", "select string(sym), x from "}) {
      bench.interpreter.run("name = `S6");
      expect_equal(bench.interpreter.run(what + "s where " + condition),
                   bench.interpreter.run(what + "t where " + condition), condition);
    }
  }
}

TEST(ParallelQueries, the_first_rows_of_an_order_are_those_of_the_whole_order) {
  Bench bench(3);
  bench.interpreter.run("t = select top 150000 * from t");
  for (const std::string items : {"*", "x, v, ts", "x + v as x, v as k, ts as t", "x as v, v as x"}) {
    for (const std::string where : {"", " where flag", " where sym = `S3, x > 1000", " where rand(1, size(x)) = 0"}) {
      for (const std::string order : {"x", "x desc", "v", "v desc, x", "x desc, v desc", "x asc nulls last",
                                      "k desc nulls first, v", "sym desc"}) {
        bench.interpreter.run("all = select " + items + " from t" + where + " order by " + order);
        for (const std::string limit : {"top 7 ", "top 5:900 ", "top 0 "}) {
          expect_equal(bench.interpreter.run("select " + limit + "* from all"),
                       bench.interpreter.run("select " + limit + items + " from t" + where + " order by " + order),
                       limit + items + where + " by " + order);
        }
      }
    }
  }
  expect_equal(bench.interpreter.run("select * from (select deltas(v) as d, x from t order by x desc) limit 9"),
               bench.interpreter.run("select deltas(v) as d, x from t order by x desc limit 9"), "what looks back");
}

}  // namespace
}  // namespace pelorus::exec
