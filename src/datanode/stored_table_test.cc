// Statements on stored tables with two replicas, from the script to the chunks of both nodes.
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

class StoredTableTest : public TwoNodes {
 protected:
  StoredTableTest() {
    run("db = database('dfs://db', VALUE, 1 2 3)\n"
        "t = table(1 1 2 as id, symbol(`a`b`a) as sym, 10 20 30 as qty)\n"
        "pt = createPartitionedTable(db, t, `pt, `id)\n"
        "pt.append!(t)");
  }
};

TEST_F(StoredTableTest, new_columns_are_null_in_old_rows_and_filled_by_new_ones) {
  run("addColumn(pt, `px`note, [DOUBLE, SYMBOL])");
  EXPECT_EQ(run("select id, qty, px from pt"),
            "table([1, 1, 2] as \"id\", [10, 20, 30] as \"qty\", [00F, 00F, 00F] as \"px\")");
  EXPECT_EQ(run("(select * from pt).columnNames()"), "[\"id\", \"sym\", \"qty\", \"px\", \"note\"]");
  run("pt.append!(table(1 3 as id, `c`c as sym, 40 50 as qty, 1.5 2.5 as px, `x`y as note))");
  EXPECT_EQ(run("exec px from pt where id = 1"), "[00F, 00F, 1.5]");
  EXPECT_EQ(run("exec string(note) from pt order by qty"), "[\"\", \"\", \"\", \"x\", \"y\"]");
  EXPECT_EQ(run("exec sum(px) from pt"), "4.");
  EXPECT_EQ(run("exec count(*) from pt where px > 1"), "2");
  expect_equal_replicas();
}

TEST_F(StoredTableTest, a_text_file_is_stored_piece_by_piece_up_to_the_one_that_fails) {
  const auto path = (std::filesystem::temp_directory_path() / ("stored_table_" + std::to_string(getpid()))).string();
  const auto write = [&](int last) {
    std::ofstream file(path, std::ios::binary);
    file << "id,text\n";
    for (int i = 0; i < 2000; ++i) file << i % 10 << ',' << std::string(40'000, 'a' + i % 26) << '\n';  // three pieces
    file << last << ",end\n";
  };
  const auto load = [&](const std::string& table) {
    return run("loadTextEx(database('dfs://range'), `" + table + ", `id, '" + path + "')\n" +
               "exec count(*) from loadTable('dfs://range', `" + table + ")");
  };
  run("database('dfs://range', RANGE, 0 5 10)");
  write(3);
  EXPECT_EQ(load("whole"), "2001");
  EXPECT_EQ(run("exec count(*) from loadTable('dfs://range', `whole) where id = 3"), "201");
  expect_equal_replicas();
  write(30);
  const auto failed = load("part");
  EXPECT_NE(failed.find("belongs to no partition"), std::string::npos) << failed;
  const auto count = run("exec count(*) from loadTable('dfs://range', `part)");
  EXPECT_GT(std::stoi(count), 1000) << "all pieces but the last";
  EXPECT_LT(std::stoi(count), 2000);
  std::filesystem::remove(path);
}

TEST_F(StoredTableTest, columns_flushed_before_a_change_are_read_after_it) {
  flush();
  run("rename!(pt, `qty, `amount)\nreplaceColumn!(pt, `amount, array(LONG, 0))\ndropColumns!(pt, `sym)");
  EXPECT_EQ(run("select * from pt where amount > 10"), "table([1, 2] as \"id\", [20l, 30l] as \"amount\")");
  EXPECT_NE(run("select sym from pt").find("error"), std::string::npos);
  run("pt.append!(table(2 as id, 40l as amount))");
  flush();
  EXPECT_EQ(run("exec sum(amount) from pt"), "100l");
  EXPECT_EQ(run("typestr(exec amount from pt)"), "\"FAST LONG VECTOR\"");
  expect_equal_replicas();
}

TEST_F(StoredTableTest, a_read_that_meets_damage_is_answered_by_another_replica) {
  flush();
  for (const auto& path : first_.files().files()) {
    if (!path.ends_with(".col")) continue;
    const auto file = first_.files().open(path, io::OpenMode::kRead);
    const auto bytes = (*file)->size().value();
    for (uint64_t at = 32; at < bytes; ++at) ASSERT_TRUE(first_.files().flip_bit(path, at * 8).ok());
  }
  EXPECT_EQ(run("exec sum(qty) from pt"), "60l");
  EXPECT_EQ(run("select id, qty from pt where qty > 15"), "table([1, 2] as \"id\", [20, 30] as \"qty\")");
  size_t damaged = 0;
  for (const auto& info : first_.store().chunks()) damaged += info.damage.empty() ? 0 : 1;
  EXPECT_GE(damaged, 1u);                           // what is known to be damaged is read no further
  run("update pt set qty = qty + 1 where id = 1");  // what it changes comes from the good replica too
  EXPECT_EQ(run(second_, "exec sum(qty) from loadTable('dfs://db', 'pt')"), "62l");
}

TEST_F(StoredTableTest, a_dropped_name_comes_back_empty) {
  run("dropColumns!(pt, `qty)\naddColumn(pt, `qty, INT)");
  EXPECT_EQ(run("exec qty from pt"), "[00i, 00i, 00i]");
  run("update pt set qty = 7 where sym = `a");
  EXPECT_EQ(run("exec qty from pt"), "[7, 00i, 7]");
  run("rename!(pt, `qty, `old)\naddColumn(pt, `qty, INT)");
  EXPECT_EQ(run("exec old from pt"), "[7, 00i, 7]");
  EXPECT_EQ(run("exec count(qty) from pt"), "0");
  expect_equal_replicas();
}

TEST_F(StoredTableTest, changes_that_make_no_sense_are_refused_whole) {
  const auto before = run("schema(pt).colDefs");
  EXPECT_NE(run("addColumn(pt, `px`sym, [DOUBLE, SYMBOL])").find("Duplicate column name: [sym]. RefId:S02001"),
            std::string::npos);
  EXPECT_NE(run("dropColumns!(pt, `id)").find("[id] can't be changed"), std::string::npos);
  EXPECT_NE(run("rename!(pt, `id, `key)").find("[id] can't be changed"), std::string::npos);
  EXPECT_NE(run("rename!(pt, `qty, `sym)").find("Duplicate column name: [sym]"), std::string::npos);
  EXPECT_NE(run("dropColumns!(pt, `nothing)").find("Unrecognized column name [nothing]"), std::string::npos);
  EXPECT_NE(run("replaceColumn!(pt, `sym, 1 2 3)").find("can't change from SYMBOL to INT"), std::string::npos);
  EXPECT_EQ(run("schema(pt).colDefs"), before);
}

TEST_F(StoredTableTest, alter_table_adds_drops_and_renames) {
  run("alter table pt add px DOUBLE, fee DECIMAL64(2)");
  EXPECT_EQ(run("exec typeInt from schema(pt).colDefs"), "[4, 17, 4, 16, 38]");
  run("alter table pt rename px to price");
  run("alter table pt drop qty");
  EXPECT_EQ(run("exec name from schema(pt).colDefs"), "[\"id\", \"sym\", \"price\", \"fee\"]");
  run("update pt set price = 1.25, fee = 0.5 where id = 2");
  EXPECT_EQ(run("exec sum(price) from pt"), "1.25");
}

TEST_F(StoredTableTest, tables_and_columns_are_described_keys_too) {
  run("setColumnComment(pt, dict(`id`qty, ['who', 'how many']))");
  EXPECT_EQ(run("exec comment from schema(loadTable('dfs://db', `pt)).colDefs"), "[\"who\", \"\", \"how many\"]");
  EXPECT_EQ(run(second_, "exec sum(qty) from loadTable('dfs://db', `pt)"), "60l");
  run("setColumnComment(pt, dict(['id'], ['']))");
  EXPECT_EQ(run("exec comment from schema(pt).colDefs"), "[\"\", \"\", \"how many\"]");
  EXPECT_NE(run("setColumnComment(pt, dict(`id`none, `a`b))").find("Unrecognized column name [none]"),
            std::string::npos);
  run("setTableComment(pt, 'of everybody')");
  EXPECT_EQ(run("schema(pt).tableComment"), "\"of everybody\"");
  EXPECT_EQ(run(second_, "schema(loadTable('dfs://db', `pt)).tableComment"), "\"of everybody\"");
  EXPECT_NE(run("setTableComment(table(1 as a), 'b')").find("must be a table of a database"), std::string::npos);
  EXPECT_NE(run("setColumnComment(table(1 as a), dict([`a], [`b]))").find("must be a table of a database"),
            std::string::npos);
}

TEST_F(StoredTableTest, a_handle_opened_before_a_change_reads_and_writes_by_the_new_columns) {
  EXPECT_EQ(run(second_, "pt = loadTable('dfs://db', `pt)\nexec sum(qty) from pt"), "60l");
  run("addColumn(pt, `px, DOUBLE)");
  EXPECT_NE(run(second_, "pt.append!(table(1 as id, `z as sym, 1 as qty))").find("error"), std::string::npos)
      << "too few columns";
  run(second_, "pt.append!(table(1 as id, `z as sym, 1 as qty, 9.5 as px))");
  EXPECT_EQ(run(second_, "exec px from pt where sym = `z"), "[9.5]");
  EXPECT_EQ(run("exec px from pt where sym = `z"), "[9.5]");
}

TEST_F(StoredTableTest, null_compares_as_less_than_everything_as_in_memory) {
  run("m = table(1 1 1 2 2 as id, [10, int(), 20, int(), int()] as v)\n"
      "db = database('dfs://nulls', VALUE, 1..2)\npt = createPartitionedTable(db, m, `pt, `id)\npt.append!(m)");
  const auto check = [&] {
    for (const char* condition :
         {"v < 5", "v <= 10", "v > 5", "v between 1:15", "v between int():15", "v in [int(), 10]", "v = int()",
          "v < 5 or v > 15", "not v < 5", "v < 5 and id = 1", "v != 10"}) {
      const std::string where = std::string("exec id * 100 + nullFill(v, 0) from ") + "%t where " + condition;
      const auto from = [&](const std::string& table) {
        return std::string(where).replace(where.find("%t"), 2, table);
      };
      EXPECT_EQ(run(from("pt")), run(from("m"))) << condition;
    }
  };
  check();
  flush();
  check();
}

TEST_F(StoredTableTest, rows_are_updated_deleted_and_upserted_on_both_replicas) {
  flush();
  run("update pt set qty = qty + 1 where sym = `a");
  EXPECT_EQ(run("exec qty from pt"), "[11, 20, 31]");
  run("delete from pt where qty = 20");
  EXPECT_EQ(run("exec qty from pt"), "[11, 31]");
  run("upsert!(pt, table(1 2 3 as id, `a`q`r as sym, 5 6 7 as qty), false, `sym)");
  EXPECT_EQ(run("exec string(sym) from pt order by qty"), "[\"a\", \"q\", \"r\", \"a\"]");
  EXPECT_EQ(run("exec qty from pt order by qty"), "[5, 6, 7, 31]");
  expect_equal_replicas();
  flush();
  expect_equal_replicas();
}

TEST_F(StoredTableTest, each_change_of_rows_takes_its_own_right) {
  using meta::AccessType;
  const auto as = [&](const std::string& user, const std::string& statement) {
    try {
      first_.run_as(user, "pt = loadTable('dfs://db', `pt)\n" + statement);
    } catch (const ScriptError& error) {
      return error.message();
    }
    return std::string("done");
  };
  const std::string erase = "delete from pt where qty = 20", alter = "update pt set qty = qty + 1 where id = 2",
                    add = "upsert!(pt, table(3 as id, `c as sym, 40 as qty), false, `sym)";
  catalogue_.add_user("eraser", {AccessType::kTableRead, AccessType::kTableDelete}, "dfs://db/pt");
  catalogue_.add_user("editor", {AccessType::kTableRead, AccessType::kTableUpdate}, "dfs://db/pt");
  EXPECT_NE(as("eraser", alter).find("<NoPrivilege>"), std::string::npos) << as("eraser", alter);
  EXPECT_NE(as("editor", erase).find("<NoPrivilege>"), std::string::npos) << as("editor", erase);
  EXPECT_NE(as("editor", add).find("<NoPrivilege>"), std::string::npos) << as("editor", add);
  EXPECT_EQ(run("exec qty from pt"), "[10, 20, 30]");
  EXPECT_EQ(as("eraser", erase), "done");
  EXPECT_EQ(as("editor", alter), "done");
  EXPECT_EQ(run("exec qty from pt"), "[10, 31]");
}

TEST_F(StoredTableTest, partitions_are_dropped_and_tables_emptied) {
  run("dropPartition(db, '/1', `pt)");
  EXPECT_EQ(run("exec qty from pt"), "[30]");
  run("pt.append!(t)");
  EXPECT_EQ(run("exec count(*) from pt"), "4");
  run("truncate('dfs://db', `pt)");
  EXPECT_EQ(run("exec count(*) from pt"), "0");
  run("pt.append!(t)");
  EXPECT_EQ(run("exec sum(qty) from pt"), "60l");
}

TEST_F(StoredTableTest, functions_and_what_they_hold_reach_the_other_node) {
  run(second_, "pt = loadTable('dfs://db', `pt)\ndef adder(k) { return def(x): x + k }\nplus = adder(100)");
  EXPECT_EQ(run(second_, "exec sum(plus(qty)) from pt"), "360l");
  EXPECT_EQ(run(second_, "exec plus(qty) from pt where plus(qty) > 110"), "[120, 130]");
  EXPECT_EQ(run(second_, "typestr(exec count(*) from pt)"),
            run(second_, "typestr(exec count(*) from pt where id = 1)"));
}

}  // namespace
}  // namespace pelorus::datanode
