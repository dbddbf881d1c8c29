// Writers that meet: what becomes of a statement whose partitions another transaction holds.
#include <thread>

#include "base/request_scope.h"
#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

class ConcurrentWriters : public TwoNodes {
 protected:
  void make(const std::string& atomic) {
    const auto made = run("db = database('dfs://db', VALUE, 1 2 3, , 'OLAP', '" + atomic +
                          "')\n"
                          "t = table(1 1 2 as id, `a`b`a as k, 10 20 30 as qty)\n"
                          "pt = createPartitionedTable(db, t, `pt, `id)\n"
                          "pt.append!(t)");
    ASSERT_EQ(made.find("error"), std::string::npos) << made;
  }
  /// A transaction of the other node that holds the partition of `value`.
  TransactionId hold(int32_t value) {
    const auto table = catalogue_.table("dfs://db", "pt").value()->table;
    const auto begun = catalogue_.begin({.type = meta::TransactionType::kAppend,
                                         .coordinator = "dn2",
                                         .epoch = catalogue_.epoch("dn2"),
                                         .chunks = {{.table = table.id,
                                                     .key = {{types::Scalar::of_int(value)}},
                                                     .placement = {},
                                                     .schema_version = table.schema_version}}});
    EXPECT_TRUE(begun.ok()) << begun.error().message;
    return begun->begun.transaction;
  }
  void let_go(TransactionId transaction) {
    EXPECT_TRUE(catalogue_.decide({.transaction = transaction, .commit = false}).ok());
  }
  /// Runs the script while the partition of 2 is held, and lets it go once the script's rows of 1 can be read.
  std::string run_against_writer(const std::string& script, const std::string& seen_first, const std::string& value) {
    const auto held = hold(2);
    std::string result;
    std::thread writer([&] { result = run(script); });
    while (run(second_, seen_first) != value) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    let_go(held);
    writer.join();
    return result;
  }
  /// So many threads that each append a row to every partition so many times, the first of them on node `first`.
  std::vector<std::thread> start_writers(int count, int writes, LocalNode& first) {
    std::vector<std::thread> writers;
    for (int w = 0; w < count; ++w) {
      writers.emplace_back([writes, &node = w == 0 ? first : first_] {
        for (int i = 0; i < writes; ++i)
          node.run_as("admin", "loadTable('dfs://db', `pt).append!(table(1 2 3 as id, `w`w`w as k, 1 1 1 as qty))");
      });
    }
    return writers;
  }
  void expect_conflict(const std::string& script) {
    const auto result = run(script);
    EXPECT_NE(result.find("<ChunkInTransaction>"), std::string::npos) << result;
    EXPECT_NE(result.find("RefId: S00002"), std::string::npos) << result;
  }
};

TEST_F(ConcurrentWriters, a_statement_writes_all_its_partitions_or_none) {
  make("TRANS");
  const auto before = run("select * from pt");
  const auto held = hold(2);
  expect_conflict("pt.append!(t)");
  expect_conflict("update pt set qty = 0");
  expect_conflict("delete from pt where qty > 0");
  expect_conflict("upsert!(pt, table(1 2 3 as id, `a`a`a as k, 7 7 7 as qty), false, `k)");
  EXPECT_EQ(run("select * from pt"), before);
  EXPECT_EQ(run("update pt set qty = 11 where id = 1\nexec qty from pt"), "[11, 11, 30]") << "not held: written";
  let_go(held);
  run("upsert!(pt, table(1 2 3 as id, `a`a`a as k, 7 8 9 as qty), false, `k)");
  EXPECT_EQ(run("exec qty from pt"), "[7, 11, 8, 9]");
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, an_upsert_is_one_transaction) {
  make("TRANS");
  const auto versions = [&] {
    std::map<uint64_t, TransactionId> last;
    const auto facts = catalogue_.table("dfs://db", "pt").value();
    for (const auto& [id, chunk] : facts->chunks) last[id.value] = chunk.chain.back().transaction;
    return last;
  };
  run("upsert!(pt, table(1 2 3 as id, `a`a`a as k, 7 8 9 as qty), false, `k)");
  const auto after = versions();
  ASSERT_EQ(after.size(), 3u);
  for (const auto& [chunk, transaction] : after) EXPECT_EQ(transaction, after.begin()->second) << chunk;
}

TEST_F(ConcurrentWriters, with_atomic_chunk_every_partition_is_written_as_soon_as_it_is_free) {
  make("CHUNK");
  EXPECT_EQ(run_against_writer("pt.append!(t)", "exec count(*) from loadTable('dfs://db', `pt) where id = 1", "4")
                .find("error"),
            std::string::npos);
  EXPECT_EQ(run("exec count(*) from pt"), "6");
  EXPECT_EQ(
      run_against_writer("update pt set qty = 5", "exec sum(qty) from loadTable('dfs://db', `pt) where id = 1", "20l")
          .find("error"),
      std::string::npos);
  EXPECT_EQ(run("exec sum(qty) from pt"), "30l");
  EXPECT_EQ(run_against_writer("upsert!(pt, table(1 2 3 as id, `b`b`b as k, 1 2 3 as qty), false, `k)",
                               "exec sum(qty) from loadTable('dfs://db', `pt) where id = 1", "16l")
                .find("error"),
            std::string::npos);
  EXPECT_EQ(run("exec qty from pt where id > 1"), "[5, 5, 2, 3]");
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, with_atomic_chunk_writers_of_a_node_take_turns) {
  make("CHUNK");
  constexpr int kWriters = 6, kWrites = 20;
  for (auto& writer : start_writers(kWriters, kWrites, first_)) writer.join();
  EXPECT_EQ(run("exec count(*) from pt where k = `w"), std::to_string(3 * kWriters * kWrites));
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, after_a_conflict_with_another_node_appends_are_not_joined_for_a_while) {
  make("CHUNK");
  int rows = 2;  // of partition 1
  const auto append_while_held = [&] {
    run_against_writer("pt.append!(t)", "exec count(*) from loadTable('dfs://db', `pt) where id = 1",
                       std::to_string(rows += 2));
  };
  using Clock = std::chrono::steady_clock;
  for (int attempt = 0;; ++attempt) {
    ASSERT_LT(attempt, 20) << "two appends took half a second each time";
    const auto begun = Clock::now();
    append_while_held();
    const int joined = catalogue_.joint_begins();
    append_while_held();
    const int more = catalogue_.joint_begins() - joined;
    if (Clock::now() - begun > std::chrono::milliseconds(500)) continue;
    EXPECT_GT(joined, 0);
    EXPECT_EQ(more, 0);
    break;
  }
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, appends_are_not_joined_for_a_while_where_another_node_waits) {
  make("CHUNK");
  catalogue_.others_wait = true;
  constexpr int kWriters = 4, kWrites = 25;
  const auto begun = std::chrono::steady_clock::now();
  int rounds = 0;
  do {
    for (auto& writer : start_writers(kWriters, kWrites, first_)) writer.join();
    ++rounds;
  } while (catalogue_.decided_with_next.load() == 0);  // until two of them met
  const auto seconds = (std::chrono::steady_clock::now() - begun) / std::chrono::seconds(1);
  // Those that were waiting already are joined; the others write apart for a second each time.
  EXPECT_LE(catalogue_.decided_with_next.load(), kWriters * (1 + seconds));
  EXPECT_EQ(run("exec count(*) from pt where k = `w"), std::to_string(rounds * 3 * kWriters * kWrites));
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, what_is_begun_for_the_next_appends_is_ended_whoever_comes_between) {
  make("CHUNK");
  constexpr int kWriters = 4, kWrites = 15;
  auto writers = start_writers(kWriters, kWrites, second_);
  writers.emplace_back([&] {
    for (int i = 0; i < kWrites; ++i)
      first_.run_as("admin", "update loadTable('dfs://db', `pt) set qty = qty + 1 where k = `b");
  });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(run("exec count(*) from pt where k = `w"), std::to_string(3 * kWriters * kWrites));
  EXPECT_EQ(run("exec qty from pt where k = `b"), "[" + std::to_string(20 + kWrites) + "]");
  EXPECT_TRUE(catalogue_.running().empty());
  expect_equal_replicas();
}

TEST_F(ConcurrentWriters, changes_of_the_catalogue_wait_until_partitions_are_free) {
  make("TRANS");
  for (const std::string change : {"setTableComment(pt, 'of orders')", "dropPartition(db, 2, `pt)",
                                   "truncate('dfs://db', `pt)", "renameTable(db, `pt, `pt)", "dropTable(db, `pt)"}) {
    const auto held = hold(2);
    std::string result;
    std::atomic<bool> is_done = false;
    std::thread changer([&] {
      result = run(change);
      is_done = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(is_done) << change;
    let_go(held);
    changer.join();
    EXPECT_EQ(result.find("error"), std::string::npos) << result;
  }
  EXPECT_EQ(run("existsTable('dfs://db', `pt)"), "false");
}

TEST_F(ConcurrentWriters, a_node_that_stops_waits_for_no_partition) {
  make("CHUNK");
  const auto held = hold(2);
  std::string result;
  std::thread writer([&] { result = run("pt.append!(table(2 2 as id, `z`z as k, 1 1 as qty))"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it asks in vain by then
  first_.writer().end_patience();
  writer.join();
  EXPECT_NE(result.find("<ChunkInTransaction>"), std::string::npos) << result;
  let_go(held);
  EXPECT_EQ(run("exec count(*) from pt where k = `z"), "0");
  EXPECT_TRUE(catalogue_.running().empty());
}

TEST_F(ConcurrentWriters, a_write_that_waited_is_recognized_when_its_client_repeats_it) {
  make("CHUNK");
  for (const std::string rows : {"table(2 as id, `z as k, 1 as qty)", "table(1 2 as id, `z`z as k, 1 1 as qty)"}) {
    const auto held = hold(2);
    const uint64_t sequence = rows.size();
    std::thread writer([&] {
      const RequestScope request("client", sequence);
      run("pt.append!(" + rows + ")");
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // some attempts
    let_go(held);
    writer.join();
    const auto count = run("exec count(*) from pt");
    {
      const RequestScope again("client", sequence);
      run("pt.append!(" + rows + ")");
    }
    EXPECT_EQ(run("exec count(*) from pt"), count) << rows;
  }
}

TEST_F(ConcurrentWriters, the_level_of_atomicity_may_be_changed) {
  make("TRANS");
  EXPECT_EQ(run("schema(db).atomic"), "\"TRANS\"");
  run("setAtomicLevel(db, `CHUNK)");
  EXPECT_EQ(run("schema(db).atomic"), "\"CHUNK\"");
  EXPECT_EQ(run("schema(database('dfs://db')).atomic"), "\"CHUNK\"");
  run("pt = loadTable(db, `pt)");
  EXPECT_EQ(run_against_writer("pt.append!(t)", "exec count(*) from loadTable('dfs://db', `pt) where id = 1", "4")
                .find("error"),
            std::string::npos);
  EXPECT_NE(run("setAtomicLevel(db, `ROW)").find("atomic must be TRANS or CHUNK, not ROW"), std::string::npos);
  EXPECT_NE(run("database('dfs://d2', VALUE, 1 2, , 'OLAP', 'ROW')").find("atomic must be TRANS or CHUNK"),
            std::string::npos);
}

TEST_F(ConcurrentWriters, chunks_of_the_database_are_written_by_one_table_at_a_time) {
  for (const std::string granularity : {"DATABASE", "TABLE"}) {
    const std::string path = "dfs://by_" + granularity;
    run("db = database('" + path + "', VALUE, 1 2 3, , 'OLAP', 'TRANS', '" + granularity +
        "')\n"
        "t = table(1 2 as id, 10 20 as qty)\n"
        "pt = createPartitionedTable(db, t, `pt, `id)\nother = createPartitionedTable(db, t, `other, `id)\n"
        "dim = createDimensionTable(db, t, `dim)\npt.append!(t)\nother.append!(t)");
    EXPECT_EQ(run("schema(db).chunkGranularity"), "\"" + granularity + "\"");
    const auto table = catalogue_.table(path, "pt").value()->table;
    const auto held = catalogue_.begin({.type = meta::TransactionType::kAppend,
                                        .coordinator = "dn2",
                                        .epoch = catalogue_.epoch("dn2"),
                                        .chunks = {{.table = table.id, .key = {{types::Scalar::of_int(2)}}}}});
    ASSERT_TRUE(held.ok());
    if (granularity == "DATABASE")
      expect_conflict("other.append!(t)");
    else
      run("other.append!(t)");
    EXPECT_EQ(run("exec count(*) from other"), granularity == "DATABASE" ? "2" : "4");
    run("other.append!(table(1 as id, 1 as qty))\ndim.append!(t)");  // another partition; no partition
    EXPECT_EQ(run("exec count(*) from dim"), "2");
    let_go(held->begun.transaction);
    run("other.append!(t)");
    EXPECT_EQ(run("exec count(*) from other"), granularity == "DATABASE" ? "5" : "7");
    const auto dropped = run("dropPartition(db, '/2')");
    EXPECT_EQ(dropped.find("tableName is needed") != std::string::npos, granularity == "TABLE") << dropped;
    EXPECT_EQ(run("exec count(*) from pt where id = 2"), granularity == "TABLE" ? "1" : "0");
  }
  EXPECT_NE(run("database('dfs://d3', VALUE, 1 2, , 'OLAP', 'TRANS', 'ROW')").find("must be TABLE or DATABASE"),
            std::string::npos);
}

TEST_F(ConcurrentWriters, keys_of_an_upsert_include_the_partition_columns) {
  run("r = database('dfs://ranges', RANGE, 0 10 20)\n"
      "rt = createPartitionedTable(r, table(1 as id, 1 as day, 1 as qty), `rt, `id)\n"
      "rt.append!(table(1 2 as id, 5 5 as day, 10 20 as qty))");
  run("upsert!(rt, table(2 3 as id, 5 5 as day, 21 30 as qty), , `day)");
  EXPECT_EQ(run("select * from rt"), "table([1, 2, 3] as \"id\", [5, 5, 5] as \"day\", [10, 21, 30] as \"qty\")");
  run("upsert!(rt, table(4 as id, 1 as day, 0 as qty), , `day, `day`qty)");
  EXPECT_EQ(run("exec qty from rt"), "[0, 10, 21, 30]");
}

}  // namespace
}  // namespace pelorus::datanode
