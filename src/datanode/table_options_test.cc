// Options of tables, from the script to what data nodes keep.
#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

class TableOptionsTest : public TwoNodes {
 protected:
  TableOptionsTest() {
    run("db = database('dfs://ts', VALUE, 1 2 3, , 'TSDB')\no = database('dfs://olap', VALUE, 1 2 3)\n"
        "s = table(1 1 1 2 as id, symbol(`y`x`x`y) as k, 5 5 6 6 as t, 1.5 2.5 3.5 4.5 as v, `a`b`c`d as note)");
  }
  void make_soft() {
    const auto made = run("pt = createPartitionedTable(db, s, `pt, `id, , `k`t, LAST, , true)\npt.append!(s)");
    ASSERT_EQ(made.find("error"), std::string::npos) << made;
  }
  void refused(const std::string& script, const std::string& why) {
    const auto result = run(script);
    EXPECT_NE(result.find(why), std::string::npos) << result;
  }
  uint64_t stored_rows() {
    uint64_t rows = 0;
    for (const auto& chunk : first_.store().chunks()) rows += chunk.rows;
    return rows;
  }
};

TEST_F(TableOptionsTest, a_soft_delete_writes_marks_that_hide_rows_until_files_are_merged) {
  make_soft();
  EXPECT_EQ(run("schema(pt).softDelete"), "true");
  flush();
  EXPECT_EQ(stored_rows(), 4u);
  run("delete from pt where k = `x and t = 6");
  EXPECT_EQ(run("exec v from pt"), "[2.5, 1.5, 4.5]");
  EXPECT_EQ(stored_rows(), 5u) << "a row more: the mark";
  EXPECT_EQ(run("(select * from pt).columnNames()"), "[\"id\", \"k\", \"t\", \"v\", \"note\"]");
  EXPECT_EQ(run("exec count(*) from pt where v > 3"), "1");
  EXPECT_EQ(run("exec count(*) from pt where isNull(v)"), "0") << "the mark is no row";
  expect_equal_replicas();
  flush();
  EXPECT_EQ(run("exec v from pt where k = `x"), "[2.5]");
  for (auto* node : {&first_, &second_}) {
    for (const auto& chunk : node->store().chunks()) EXPECT_TRUE(node->store().compact(chunk.chunk).ok());
  }
  EXPECT_EQ(stored_rows(), 3u);
  EXPECT_EQ(run("exec v from pt"), "[2.5, 1.5, 4.5]");
  run("pt.append!(table(1 as id, symbol([`x]) as k, 6 as t, 9.5 as v, `e as note))");
  EXPECT_EQ(run("exec v from pt"), "[2.5, 9.5, 1.5, 4.5]");
  expect_equal_replicas();
}

TEST_F(TableOptionsTest, changes_of_soft_tables_append_what_changes) {
  make_soft();
  flush();
  run("update pt set v = v + 1 where k = `x, t = 5");
  EXPECT_EQ(stored_rows(), 5u) << "one row took the place of another";
  EXPECT_EQ(run("exec v from pt"), "[3.5, 3.5, 1.5, 4.5]");
  run("update pt set t = 7 where k = `y and id = 1");
  EXPECT_EQ(stored_rows(), 7u) << "a mark for where it was, and the row";
  EXPECT_EQ(run("exec t from pt where id = 1"), "[5, 6, 7]");
  EXPECT_EQ(run("exec v from pt"), "[3.5, 3.5, 1.5, 4.5]");
  run("update pt set v = 0 where note = `nothing");
  EXPECT_EQ(stored_rows(), 7u);
  run("upsert!(pt, table(1 3 as id, symbol(`x`n) as k, 5 5 as t, 8.5 9.5 as v, `e`f as note), , `k`t)");
  EXPECT_EQ(stored_rows(), 9u);
  EXPECT_EQ(run("exec v from pt"), "[8.5, 3.5, 1.5, 4.5, 9.5]");
  EXPECT_NE(run("update pt set v = `text where id = 1").find("error"), std::string::npos);
  EXPECT_NE(run("update pt set id = 4 where id = 1").find("can't be updated"), std::string::npos);
  expect_equal_replicas();
  flush();
  for (auto* node : {&first_, &second_}) {
    for (const auto& chunk : node->store().chunks()) EXPECT_TRUE(node->store().compact(chunk.chunk).ok());
  }
  EXPECT_EQ(stored_rows(), 5u);
  EXPECT_EQ(run("exec v from pt"), "[8.5, 3.5, 1.5, 4.5, 9.5]");
  expect_equal_replicas();
}

TEST_F(TableOptionsTest, a_retention_policy_is_kept_and_shown) {
  run("days = database('dfs://days', VALUE, 2024.01.01..2024.01.03)\n"
      "both = database('dfs://both', COMPO, [database('', VALUE, 1 2), database('', RANGE, [2024.01.01, "
      "2024.02.01])])");
  EXPECT_EQ(run("`retentionHours in schema(days).keys()"), "false");
  run("setRetentionPolicy(days, 48)");
  EXPECT_EQ(run("schema(days).retentionHours"), "48");
  EXPECT_EQ(run("schema(database('dfs://days')).retentionHours"), "48") << "opened anew";
  EXPECT_EQ(run("schema(database('dfs://days')).retentionDimension"), "0");
  run("setRetentionPolicy(both, 720, 1)");
  EXPECT_EQ(run("schema(database('dfs://both')).retentionDimension"), "1");
  refused("setRetentionPolicy(days, 25)", "multiple of 24");
  refused("setRetentionPolicy(days, 24, 1)", "must be below 1");
  refused("setRetentionPolicy(days, 24, -1)", "must not be negative");
  refused("setRetentionPolicy(days, 2.5)", "retentionHours must be an integer");
  refused("setRetentionPolicy(both, 24)", "must be VALUE or RANGE by DATE or DATEHOUR, not VALUE by INT");
  refused("setRetentionPolicy(days, 480, 0, 24)", "no cold volumes");
  refused("setRetentionPolicy(database('', VALUE, 2024.01.01..2024.01.03), 24)", "dfs://");
  EXPECT_EQ(run("schema(database('dfs://days')).retentionHours"), "48") << "what was refused changed nothing";
}

TEST_F(TableOptionsTest, deletes_of_soft_tables_agree_with_rewriting_ones) {
  make_soft();
  run("hard = createPartitionedTable(db, s, `hard, `id, , `k`t, LAST)\nhard.append!(s)");
  for (const std::string change :
       {"delete from % where v > 4",
        "% .append!(table(2 2 as id, symbol(`y`z) as k, 6 7 as t, 8.5 9.5 as v, `p`q as note))",
        "delete from % where id = 1 and note in `a`nothing", "update % set v = v + 1 where k = `z",
        "update % set v = int(v * 3), note = `u", "update % set v = 7, t = t + 10 where k = `y",
        "update % set k = `x where k = `z", "update % set v = sum(v) where v > 1 context by id, k",
        "update % set v = v - 1 context by id having count(*) > 1", "update % set v = NULL where note = `nothing",
        "delete from % where t = max(t) context by id",
        "upsert!(%, table(3 as id, symbol([`w]) as k, 1 as t, 1.0 as v, "
        "`n as note), , `k`t)",
        "upsert!(%, table(1 2 3 as id, symbol(`x`y`w) as k, 5 6 1 as t, 10.0 11.0 12.0 as v, `o`p`q as note), , `k`t)",
        "upsert!(%, table(1 3 as id, symbol(`x`w) as k, 5 1 as t, 00F 13.0 as v, `r`s as note), true, `k`t)",
        "upsert!(%, table(1 as id, symbol([`x]) as k, 55 as t, 14.0 as v, `o as note), , `note)",
        "delete from % where id = 3", "delete from %", "%.append!(s)"}) {
    const auto on = [&](const std::string& table) {
      auto script = change;
      script.replace(script.find('%'), 1, table);
      return script;
    };
    EXPECT_EQ(run(on("pt")).find("error"), run(on("hard")).find("error")) << change;
    EXPECT_EQ(run("select * from pt"), run("select * from hard")) << change;
    EXPECT_EQ(run("exec count(*) from pt"), run("exec count(*) from hard")) << change;
    if (change.starts_with("update")) flush();
  }
  expect_equal_replicas();
}

TEST_F(TableOptionsTest, columns_of_a_soft_table_may_change) {
  make_soft();
  run("delete from pt where k = `y and id = 1");
  run("addColumn(pt, `w, INT)\npt.append!(table(1 as id, symbol([`z]) as k, 1 as t, 0.5 as v, `z as note, 7 as w))");
  EXPECT_EQ(run("exec v from pt"), "[2.5, 3.5, 0.5, 4.5]");
  run("delete from pt where w = 7\ndelete from pt where id = 2");
  EXPECT_EQ(run("exec v from pt"), "[2.5, 3.5]");
  run("dropColumns!(pt, `note)\ndelete from pt where t = 5");
  EXPECT_EQ(run("exec v from pt"), "[3.5]");
  flush();
  EXPECT_EQ(run("exec v from pt"), "[3.5]");
  expect_equal_replicas();
}

TEST_F(TableOptionsTest, soft_deletes_that_make_no_sense_are_refused) {
  refused("createPartitionedTable(db, s, `p2, `id, , `k`t, ALL, , true)", "softDelete needs keepDuplicates=LAST");
  refused("createPartitionedTable(o, s, `p2, `id, , , , , true)", "softDelete needs engine TSDB");
  refused("createPartitionedTable(db, s, `p2, `id, , `k`t, LAST, , `yes)", "softDelete must be true or false");
  run("d = createDimensionTable(db, s, `d, , `k`t, LAST, true)\nd.append!(s)\ndelete from d where t = 5");
  EXPECT_EQ(run("exec v from d"), "[3.5, 4.5]");
}

TEST_F(TableOptionsTest, partitions_are_found_by_their_path) {
  make_soft();
  EXPECT_EQ(run("existsPartition('dfs://ts/1', `pt)"), "true");
  EXPECT_EQ(run("existsPartition('dfs://ts/3', `pt)"), "false");
  refused("existsPartition('dfs://ts', `pt)", "path must name a partition");
  refused("existsPartition('dfs://ts/1')", "tableName is needed");
}

TEST_F(TableOptionsTest, compression_methods_are_kept_and_heeded) {
  run("n = 3000\nbig = table(take(1, n) as id, 1700000000000000000l + (0..(n - 1)) * (0..(n - 1)) * 70000l as t, "
      "'order of client ' + string(rand(100000, n)) as note, 100 + rand(4096, n) * pow(2.0, -40) as v)");
  const auto bytes_of = [&](const std::string& name, const std::string& methods) {
    run(name + " = createPartitionedTable(o, big, `" + name + ", `id, " + methods + ")\n" + name + ".append!(big)");
    flush();
    const auto facts = catalogue_.table("dfs://olap", name).value();
    for (const std::string column : {"v", "t", "note"})
      EXPECT_EQ(run("eqObj((exec " + column + " from " + name + "), big." + column + ")"), "true")
          << name << " " << column;
    return first_.store().info(facts->chunks.begin()->first)->bytes_on_disk;
  };
  const auto usual = bytes_of("usual", "");
  const auto chosen = bytes_of("chosen", "{t: 'delta', note: 'zstd', v: 'chimp'}");
  EXPECT_LT(chosen, usual);
  EXPECT_EQ(run("schema(chosen).compressMethods"),
            "table([\"id\", \"t\", \"note\", \"v\"] as \"name\", [\"lz4\", \"delta\", \"zstd\", \"chimp\"] as "
            "\"compressMethods\")");
  EXPECT_EQ(run("exec distinct compressMethods from schema(usual).compressMethods"), "[\"lz4\"]");
  expect_equal_replicas();
}

TEST_F(TableOptionsTest, compression_methods_that_make_no_sense_are_refused) {
  refused("createPartitionedTable(o, s, `p2, `id, {nothing: 'lz4'})", "Unrecognized column name [nothing]");
  refused("createPartitionedTable(o, s, `p2, `id, {v: 'gzip'})",
          "column v must be lz4, delta, zstd or chimp, not gzip");
  refused("createPartitionedTable(o, s, `p2, `id, {note: 'delta'})", "column note can't be delta");
  refused("createPartitionedTable(o, s, `p2, `id, {k: 'delta'})", "not SYMBOL");
  refused("createPartitionedTable(o, s, `p2, `id, {t: 'chimp'})", "column t can't be chimp");
  refused("createPartitionedTable(o, s, `p2, `id, `lz4)", "compressMethods must be a dictionary");
  refused("create table 'dfs://olap'.'p3'(id INT, note STRING[compress='delta']) partitioned by id",
          "column note can't be delta");
}

}  // namespace
}  // namespace pelorus::datanode
