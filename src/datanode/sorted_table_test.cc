// Statements on TSDB tables with two replicas.
#include "datanode/cluster_fixture.h"
#include "datanode/snapshot_source.h"

namespace pelorus::datanode {
namespace {

class SortedTableTest : public TwoNodes {
 protected:
  SortedTableTest() {
    run("db = database('dfs://ts', VALUE, 1 2 3, , 'TSDB')\n"
        "s = table(1 1 1 2 as id, symbol(`y`x`x`y) as k, 5 5 5 6 as t, 1 2 3 4 as v)");
  }
  void make(const std::string& keep) {
    const auto made = run("pt = createPartitionedTable(db, s, `pt, `id, , `k`t, " + keep + ")\npt.append!(s)");
    ASSERT_EQ(made.find("error"), std::string::npos) << made;
  }
  /// Asks of the stored table and of its rows in memory, whatever lies under it.
  void compare_with_memory(const std::vector<std::string>& queries) {
    const auto compare = [&](const std::string& when) {
      run("m = select * from pt");
      for (const auto& query : queries) {
        const auto asked = [&](const std::string& table) {
          auto text = query;
          return run("r = " + text.replace(text.find('$'), 1, table) + "\neach(x -> string(x), r.values())");
        };
        EXPECT_EQ(asked("pt"), asked("m")) << query << ", " << when;
        EXPECT_EQ(asked("m").find("error"), std::string::npos) << asked("m");
      }
    };
    const auto add = [&](int first) {
      run("n = " + std::to_string(first) + "..(" + std::to_string(first) +
          " + 39)\n"
          "pt.append!(table(1 + n % 3 as id, symbol(`x`y`z`w[n % 4]) as k, (n * 7) % 11 as t, n as v))");
    };
    for (const std::string keep : {"ALL", "FIRST", "LAST"}) {
      make(keep);
      add(10);
      compare(keep + " in memory");
      flush();
      compare(keep + " in a file");
      add(60);
      flush();
      add(110);
      compare(keep + " in runs");
      run("dropTable(db, `pt)");
    }
  }
};

TEST_F(SortedTableTest, rows_come_in_the_order_of_the_sort_columns) {
  make("ALL");
  EXPECT_EQ(run("exec v from pt"), "[2, 3, 1, 4]");
  run("pt.append!(table(1 1 2 as id, symbol(`x`z`a) as k, 1 0 9 as t, 10 11 12 as v))");
  EXPECT_EQ(run("exec v from pt"), "[10, 2, 3, 1, 11, 12, 4]");
  flush();
  EXPECT_EQ(run("exec v from pt"), "[10, 2, 3, 1, 11, 12, 4]");
  EXPECT_EQ(run("exec count(*) from pt"), "7");
  EXPECT_EQ(run("exec v from pt where k = `x"), "[10, 2, 3]");
  EXPECT_EQ(run("exec v from pt where k = `x, t > 2"), "[2, 3]");
  EXPECT_EQ(run("exec v from pt where k between `y : `z"), "[1, 11, 4]");
  EXPECT_EQ(run("(select top 2 * from pt).v"), "[10, 2]");
  EXPECT_EQ(run("(select last(v) from pt where id = 1 group by k).last_v"), "[3, 1, 11]");
  expect_equal_replicas();
}

/// Of a TSDB table only the ends of groups are read; the answers are those of the rows in memory.
TEST_F(SortedTableTest, ends_of_groups_are_those_of_all_rows) {
  compare_with_memory(
      {"select k, v from $ context by k csort t limit -1", "select k, t, v from $ context by k csort t limit -3",
       "select k, t, v from $ context by k csort t limit 2", "select k, t, v from $ context by k csort t limit 1, 2",
       "select top 2 k, v from $ context by k csort t", "select k, v from $ context by k csort t desc limit 1",
       "select k, v from $ context by k csort v limit -1", "select k, v from $ context by k limit -2",
       "select id, k, v from $ context by id, k csort t limit -1",
       "select k, v, t + 1 as u from $ context by k csort t limit -1 order by v",
       "select k, cumsum(v) as c from $ context by k csort t limit -1",
       "select k, v from $ where v > 20 context by k csort t limit -1",
       "select k, v from $ where k != `x context by k csort t limit -1",
       "select count(*), sum(v) from (select k, v from $ context by k csort t limit -1)",
       "select v from $ context by t csort v limit -1", "select k, v from $ context by k csort t limit 0"});
}

/// Nor more than the end of the rows in the order of the sort columns, also where rows are equal in them.
TEST_F(SortedTableTest, ends_of_the_order_are_those_of_all_rows) {
  compare_with_memory({"select top 3 v from $ where k = `x order by t desc",
                       "select top 3 v from $ where k = `x order by t",
                       "select top 3 k, v from $ where id = 1, k = `x order by t desc",
                       "select top 3 v, k, t from $ where id = 1, k = `x order by t, v",
                       "select top 3 v, k, t from $ where id = 1, k = `x order by t desc, v",
                       "select top 3 v, k, t from $ where id = 1, k = `x order by t desc, v desc",
                       "select v, t from $ where id = 1, k = `x order by t desc limit 2, 4",
                       "select v, t from $ where id = 1, k = `x order by t limit 2, 4",
                       "select v, t from $ where id = 1, k = `x, t > 3 order by t desc limit 2",
                       "select v, t from $ where id = 1, k = `x, v > 30 order by t desc limit 2",
                       "select v, t from $ where id = 1, k in `x`y order by t desc limit 2",
                       "select v, t from $ where id = 1 order by k desc, t desc limit 5",
                       "select v, t from $ where id = 1 order by k desc, t limit 5",
                       "select v, t from $ where id = 1 order by k, t limit 5",
                       "select v, t from $ where id = 1 order by k limit 5",
                       "select v, t from $ where id = 1 order by t limit 5",
                       "select v, t from $ order by k, t limit 5",
                       "select * from $ order by k desc limit 30",
                       "select * from $ order by k desc limit 1000",
                       "select top 0 v from $ where id = 1 order by k",
                       "select -t as t, v from $ where id = 1, k = `x order by t desc limit 3",
                       "select t as u, v as t from $ where id = 1, k = `x order by t desc limit 3",
                       "select v as t, k from $ where id = 1, k = `x order by t desc limit 3",
                       "select v, t + 1 as u from $ where id = 1, k = `x order by u desc limit 3",
                       "select v, T from $ where id = 1, k = `x order by T desc limit 3",
                       "select top 3 v, cumsum(v) as c from $ where id = 1, k = `x order by t desc",
                       "select distinct k as k from $ where id = 1 order by k desc limit 2",
                       "select sum(v) from (select top 4 v from $ where id = 1, k = `x order by t desc)",
                       "select v, t from $ where id = 1, k = `x order by t desc nulls first limit 3",
                       "select v, t from $ where id = 1, k = `x order by t nulls last limit 3"});
}

TEST_F(SortedTableTest, of_an_end_of_the_order_no_other_rows_are_read) {
  make("ALL");
  run("n = 1..1000\npt.append!(table(take(3, 1000) as id, symbol(`x`y[n % 2]) as k, n / 4 as t, n as v))");
  flush();
  const auto chunks = first_.store().chunks();
  const auto large = std::max_element(chunks.begin(), chunks.end(), [](auto& a, auto& b) { return a.rows < b.rows; });
  const auto snapshot = first_.store().snapshot(large->chunk, large->version).value();
  std::vector<meta::Column> columns;
  for (const auto& column : snapshot->schema()) columns.push_back({.name = column.name, .type = column.type});
  const auto x = types::Scalar::of_string("x");
  const auto rows_of = [&](std::vector<size_t> by, bool last, size_t count, bool with_equals, bool one_k) {
    SnapshotSource source(snapshot, ColumnView(columns, snapshot->schema()));
    exec::Narrowing narrowing;
    if (one_k) narrowing.ranges.push_back({1, {x, x}});
    source.narrow(narrowing);
    source.keep_end({.columns = std::move(by), .last = last, .count = count, .with_equals = with_equals});
    EXPECT_FALSE(source.failure());
    return source.rows().value();
  };
  EXPECT_EQ(rows_of({2}, true, 10, false, true), 10);
  EXPECT_EQ(rows_of({2}, true, 10, true, true), 11) << "1000, then two of each t";
  EXPECT_EQ(rows_of({2}, false, 10, true, true), 11) << "one of 0, then two of each t";
  EXPECT_EQ(rows_of({2, 3}, false, 10, false, true), 11) << "the order goes on by what nobody knows";
  EXPECT_EQ(rows_of({1, 2}, false, 10, false, false), 10);
  EXPECT_EQ(rows_of({1}, false, 10, true, false), 500) << "all of x";
  EXPECT_EQ(rows_of({1}, true, 501, true, false), 1000);
  EXPECT_EQ(rows_of({2}, true, 10, false, false), 1000) << "t ascends within k only";
  EXPECT_EQ(rows_of({3}, true, 10, false, true), 500) << "v is no sort column";
}

TEST_F(SortedTableTest, keep_last_shows_the_newest_of_equal_rows) {
  make("LAST");
  EXPECT_EQ(run("exec v from pt"), "[3, 1, 4]");
  EXPECT_EQ(run("exec count(*) from pt"), "3") << "what was given and what is shown are different counts";
  flush();
  run("pt.append!(table(1 2 as id, symbol(`x`y) as k, 5 6 as t, 30 40 as v))");
  EXPECT_EQ(run("exec v from pt"), "[30, 1, 40]");
  EXPECT_EQ(run("exec v from pt where v < 10"), "[1]") << "an old row does not come back because the new one fails";
  flush();
  EXPECT_EQ(run("exec v from pt where v < 10"), "[1]");
  EXPECT_EQ(run("exec sum(v) from pt"), "71l");
  expect_equal_replicas();
}

TEST_F(SortedTableTest, keep_first_shows_the_oldest_of_equal_rows) {
  make("FIRST");
  EXPECT_EQ(run("exec v from pt"), "[2, 1, 4]");
  run("pt.append!(table(1 as id, symbol([`x]) as k, 5 as t, 30 as v))");
  EXPECT_EQ(run("exec v from pt"), "[2, 1, 4]");
  EXPECT_EQ(run("exec count(*) from pt"), "3");
  expect_equal_replicas();
}

TEST_F(SortedTableTest, changes_keep_the_order) {
  make("ALL");
  run("update pt set v = 100 where k = `x and t = 5");
  EXPECT_EQ(run("exec v from pt"), "[100, 100, 1, 4]");
  run("update pt set t = 0 where k = `y");
  EXPECT_EQ(run("exec t from pt"), "[5, 5, 0, 0]");
  run("delete from pt where k = `x");
  EXPECT_EQ(run("exec v from pt"), "[1, 4]");
  run("upsert!(pt, table(1 1 as id, symbol(`y`b) as k, 0 3 as t, 50 60 as v), , `k`t)");
  EXPECT_EQ(run("exec v from pt"), "[60, 50, 4]");
  run("addColumn(pt, `w, DOUBLE)\npt.append!(table(1 as id, symbol([`a]) as k, 7 as t, 8 as v, 2.5 as w))");
  EXPECT_EQ(run("exec v from pt"), "[8, 60, 50, 4]");
  EXPECT_EQ(run("exec w from pt where id = 1"), "[2.5, 00F, 00F]");
  expect_equal_replicas();
}

TEST_F(SortedTableTest, a_table_gets_another_name) {
  make("ALL");
  run("renameTable(db, `pt, `renamed)");
  EXPECT_EQ(run("exec v from loadTable('dfs://ts', `renamed)"), "[2, 3, 1, 4]");
  EXPECT_EQ(run("existsTable('dfs://ts', `pt)"), "false");
  EXPECT_NE(run("renameTable(db, `nothing, `other)").find("error"), std::string::npos);
  run("createPartitionedTable(db, s, `pt, `id, , `k`t)");
  EXPECT_NE(run("renameTable(db, `pt, `renamed)").find("can't be named renamed"), std::string::npos);
}

TEST_F(SortedTableTest, array_vectors_decimals_and_blobs_are_stored) {
  run("a = table(1 2 1 as id, 3 2 1 as t, fixedLengthArrayVector(1 2 3, 4 5 6) as levels, decimal64(1.5 2.25 3.125, 3) "
      "as d, "
      "blob(`p`q`r) as b)\n"
      "at = createPartitionedTable(db, a, `at, `id, , `t)\nat.append!(a)");
  flush();
  EXPECT_EQ(run("exec levels from at"), "[[3, 6], [1, 4], [2, 5]]");
  EXPECT_EQ(run("exec string(d) from at"), "[\"3.125\", \"1.500\", \"2.250\"]");
  EXPECT_EQ(run("exec string(b) from at"), "[\"r\", \"p\", \"q\"]");
  expect_equal_replicas();
}

TEST_F(SortedTableTest, tables_that_make_no_sense_are_refused) {
  const auto refused = [&](const std::string& script, const std::string& why) {
    EXPECT_NE(run(script).find(why), std::string::npos) << run(script);
  };
  refused("createPartitionedTable(db, s, `p2, `id)", "needs sortColumns");
  refused("createPartitionedTable(db, s, `p2, `id, , `t`k)", "the last of sortColumns must be of an integer");
  refused("createPartitionedTable(db, s, `p2, `id, , `nothing`t)", "Unrecognized column name [nothing]");
  refused("createPartitionedTable(db, s, `p2, `id, , `k`k`t)", "sortColumns name k twice");
  refused("createPartitionedTable(db, s, `p2, `id, , `k`t, `SOME)", "keepDuplicates must be ALL, FIRST or LAST");
  refused("o = database('dfs://olap', VALUE, 1 2 3)\ncreatePartitionedTable(o, s, `p2, `id, , `k`t)",
          "sortColumns need engine TSDB");
  make("ALL");
  refused("dropColumns!(pt, `k)", "[k] can't be changed");
}

}  // namespace
}  // namespace pelorus::datanode
