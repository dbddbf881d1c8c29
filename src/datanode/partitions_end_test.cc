// Queries that ask partitions from one end, over both engines: what they give is what the rows in memory give.
#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

class PartitionsEndTest : public TwoNodes {
 protected:
  void make(const std::string& engine, const std::string& more) {
    const auto made =
        run("if(existsDatabase('dfs://ends')) dropDatabase('dfs://ends')\n"
            "db = database('dfs://ends', COMPO, [database('', VALUE, 2024.01.01..2024.01.06), database('', HASH, "
            "[SYMBOL, 3])], , '" +
            engine +
            "')\n"
            "s = table(1:0, `k`t`v`x, [SYMBOL, TIMESTAMP, INT, DOUBLE])\n"
            "pt = createPartitionedTable(db, s, `pt, `t`k" +
            more + ")");
    ASSERT_EQ(made.find("error"), std::string::npos) << made;
  }
  /// Times in no order, some of them twice; every fifth x is null.
  void add(int first, int days) {
    const auto added =
        run("n = " + std::to_string(first) + "..(" + std::to_string(first + 59) +
            ")\n"
            "pt.append!(table(symbol(`x`y`z`w`u[n % 5]) as k, timestamp(2024.01.01 + (n * 7) % " +
            std::to_string(days) + ") + (n * 11) % 13 * 3600000 as t, n as v, iif(n % 5 == 2, 00F, n * 0.5) as x))");
    ASSERT_EQ(added.find("error"), std::string::npos) << added;
  }
  void compare(const std::string& when) {
    run("m = select * from pt");
    for (const std::string query :
         {"select last(v), last(x) from $ where k = `x", "select last(v), last(x) from $", "select first(x) from $",
          "select first(v), first(t) from $ where k = `z, t > 2024.01.02T05:00:00.000",
          "select last(v) from $ where k = `nobody", "select max(t), last(v) from $ where k in `x`w",
          "select min(t) from $ where v > 20", "select max(t) - 1 as u from $ where x is null",
          "select last(v), sum(v) from $ where k = `x", "select last(x) from $ where t < 2024.01.03T00:00:00.000",
          "select top 5 v from $ where k = `x order by t desc, v", "select top 7 k, t, v from $ order by t desc, v",
          "select k, v from $ order by t, v limit 3, 70",
          "select v, t as u from $ where x > 3 order by u desc, v limit 9",
          "select top 5 v from $ where k = `nobody order by t desc", "select v from $ order by t, v limit -6",
          "select count(*), sum(v) from (select top 20 v from $ where k = `u order by t desc)"}) {
      const auto asked = [&](const std::string& table) {
        auto text = query;
        return run("r = " + text.replace(text.find('$'), 1, table) + "\neach(x -> string(x), r.values())");
      };
      const auto expected = asked("m");
      EXPECT_EQ(asked("pt"), expected) << query << ", " << when;
      EXPECT_EQ(expected.find("error"), std::string::npos) << expected;
    }
  }
  void live(const std::string& name) {
    add(10, 4);
    compare(name + " in memory");
    flush();
    add(70, 6);
    compare(name + " in files and in memory");
    flush();
    add(300, 3);  // late rows
    flush();
    run("update pt set v = v + 1000, x = NULL where k = `y");
    compare(name + " after an update");
    run("upsert!(pt, table(symbol(`x`y) as k, timestamp(2024.01.06 2024.01.02) + 100 as t, 1 2 as v, 7.5 NULL as x), , "
        "`k`t)");
    compare(name + " after an upsert");
    run("delete from pt where date(t) = 2024.01.06");  // partitions without rows at the end
    run("delete from pt where date(t) = 2024.01.05, k in `x`u");
    compare(name + " after deletes");
    flush();
    compare(name + " after deletes in files");
    expect_equal_replicas();
  }
};

TEST_F(PartitionsEndTest, of_rows_in_order_of_arrival) {
  make("OLAP", "");
  live("OLAP");
}

TEST_F(PartitionsEndTest, of_sorted_rows) {
  for (const std::string keep : {"ALL", "FIRST", "LAST"}) {
    make("TSDB", ", , `k`t, " + keep);
    live("TSDB " + keep);
  }
}

TEST_F(PartitionsEndTest, of_sorted_rows_whose_deletes_are_marks) {
  make("TSDB", ", , `k`t, LAST, , true");
  live("TSDB with soft deletes");
}

}  // namespace
}  // namespace pelorus::datanode
