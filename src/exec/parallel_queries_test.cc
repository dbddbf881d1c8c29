// Queries on several threads give what they give on one: the same values, types and order.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace pelorus::exec
