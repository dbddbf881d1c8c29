#include "storage/chunk_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "io/faulty_file_system.h"
#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

class ChunkStoreTest : public testing::Test {
 protected:
  io::MemoryFileSystem disk_;
  TestNode node_{disk_};
};

TEST_F(ChunkStoreTest, rows_are_invisible_until_committed) {
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok());
  node_.expect_rows(7, test_rows(0, 0));
  ASSERT_TRUE(node_.commit(1, 7, 1).ok());
  node_.expect_rows(7, test_rows(0, 10));
  EXPECT_EQ(node_.info(7).version, 1u);
  EXPECT_TRUE(node_.store->in_doubt().empty());
}

TEST_F(ChunkStoreTest, old_versions_stay_readable_across_flush_and_compaction) {
  for (int i = 0; i < 6; ++i) {
    node_.append(7, test_rows(i * 100, 100));
    if (i % 2 == 1) {
      ASSERT_TRUE(node_.store->flush({7}).ok());
    }
  }
  ASSERT_TRUE(node_.store->compact({7}).ok());
  EXPECT_EQ(node_.info(7).segments, 1u);
  for (Version v = 1; v <= 6; ++v) node_.expect_rows(7, test_rows(0, 100 * v), v);
  EXPECT_EQ(node_.store->snapshot({7}, 9).error().code, ErrorCode::kStale);
}

TEST_F(ChunkStoreTest, committed_rows_survive_a_power_cut_before_and_after_flush) {
  node_.append(7, test_rows(0, 300));
  ASSERT_TRUE(node_.store->flush_all().ok());
  node_.append(7, test_rows(300, 50));
  node_.append(8, test_rows(0, 5));  // pulls the commit records before it to the disk
  node_.append(8, test_rows(5, 5));
  const auto hash = node_.store->content_hash({7}).value();
  node_.crash();
  node_.expect_rows(7, test_rows(0, 350));
  EXPECT_EQ(node_.store->content_hash({7}).value(), hash);
  node_.expect_rows(7, test_rows(0, 300), 1);
  ASSERT_EQ(node_.store->in_doubt().size(), 1u) << "the last commit record was not synced";
  EXPECT_TRUE(node_.store->in_doubt()[0].recovered);
  ASSERT_TRUE(node_.store->commit(node_.store->in_doubt()[0].transaction, std::vector<ChunkVersion>{{{8}, 2}}).ok());
  node_.expect_rows(8, test_rows(0, 10));
}

TEST_F(ChunkStoreTest, commit_and_abort_may_be_repeated) {
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok());
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok()) << "the same prepare again";
  ASSERT_TRUE(node_.commit(1, 7, 1).ok());
  ASSERT_TRUE(node_.commit(1, 7, 1).ok());
  ASSERT_TRUE(node_.store->abort({1}).ok());
  node_.expect_rows(7, test_rows(0, 10));
  ASSERT_TRUE(node_.prepare(2, 7, test_rows(10, 10)).ok());
  ASSERT_TRUE(node_.store->abort({2}).ok());
  ASSERT_TRUE(node_.store->abort({2}).ok());
  node_.expect_rows(7, test_rows(0, 10));
  EXPECT_EQ(node_.commit(2, 7, 2).error().code, ErrorCode::kNotFound);
}

TEST_F(ChunkStoreTest, aborted_and_in_doubt_are_told_apart_after_a_restart) {
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok());
  ASSERT_TRUE(node_.prepare(2, 8, test_rows(0, 10)).ok());
  ASSERT_TRUE(node_.store->abort({1}).ok());
  node_.open();  // with the goodbye of stop()
  const auto doubt = node_.store->in_doubt();
  ASSERT_EQ(doubt.size(), 1u);
  EXPECT_EQ(doubt[0].transaction.value, 2u);
  EXPECT_EQ(doubt[0].chunks, std::vector<ChunkId>{{8}});
}

TEST_F(ChunkStoreTest, a_transaction_over_several_chunks_is_one_record) {
  std::vector<ChunkWrite> writes;
  writes.push_back(TestNode::write(1, test_rows(0, 3)));
  writes.push_back(TestNode::write(2, test_rows(3, 3)));
  writes.push_back(TestNode::write(3, test_rows(6, 3)));
  ASSERT_TRUE(node_.store->prepare({9}, writes).ok());
  // The decision leaves chunk 3 of this node out: its replica here is stale.
  ASSERT_TRUE(node_.store->commit({9}, std::vector<ChunkVersion>{{{1}, 1}, {{2}, 1}}).ok());
  node_.expect_rows(1, test_rows(0, 3));
  node_.expect_rows(2, test_rows(3, 3));
  EXPECT_EQ(node_.store->info({3}).error().code, ErrorCode::kNotFound);
  EXPECT_GT(node_.store->status().buffer_bytes, 0u);
}

TEST_F(ChunkStoreTest, versions_show_in_order_whatever_order_commits_come_in) {
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok());
  ASSERT_TRUE(node_.prepare(2, 7, test_rows(10, 10)).ok());
  ASSERT_TRUE(node_.commit(2, 7, 2).ok());
  EXPECT_EQ(node_.info(7).version, 0u);
  EXPECT_EQ(node_.info(7).versions_waiting, 1u);
  ASSERT_TRUE(node_.commit(1, 7, 1).ok());
  node_.expect_rows(7, test_rows(0, 20));
  node_.open();
  node_.expect_rows(7, test_rows(0, 20));
}

TEST_F(ChunkStoreTest, replace_changes_content_and_schema_and_keeps_the_old_version) {
  node_.append(7, test_rows(0, 200));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  const auto before = node_.store->snapshot({7}).value();
  const data::Table other({"x"}, {data::Vector::of<int64_t>(types::Type::kLong, {1, 2})});
  node_.append(7, other, WriteKind::kReplace);
  node_.expect_rows(7, other);
  node_.expect_rows(7, test_rows(0, 200), 1);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, other);
  EXPECT_EQ(node_.info(7).rows, 4u);
  EXPECT_EQ(before->read_table()->rows(), 200u);
  node_.open();
  EXPECT_EQ(node_.info(7).rows, 4u);
  EXPECT_EQ(node_.info(7).version, 3u);
  EXPECT_EQ(node_.store->snapshot({7}, 1).error().code, ErrorCode::kStale) << "old generations end with the process";
}

TEST_F(ChunkStoreTest, replace_may_leave_no_rows) {
  node_.append(7, test_rows(0, 10));
  node_.append(7, test_rows(0, 0), WriteKind::kReplace);
  ASSERT_TRUE(node_.store->flush_all().ok());
  node_.open();
  node_.expect_rows(7, test_rows(0, 0));
  EXPECT_EQ(node_.info(7).version, 2u);
}

TEST_F(ChunkStoreTest, conflicting_and_unfitting_writes_are_refused) {
  ASSERT_TRUE(node_.prepare(1, 7, test_rows(0, 10)).ok());
  EXPECT_EQ(node_.prepare(2, 7, test_rows(0, 1), WriteKind::kReplace).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(node_.commit(1, 7, 1).ok());
  const data::Table other({"x"}, {data::Vector::of<int64_t>(types::Type::kLong, {1, 2})});
  EXPECT_EQ(node_.prepare(3, 7, other).error().code, ErrorCode::kInvalid);
  ChunkWrite stale = TestNode::write(7, test_rows(0, 1));
  stale.base_version = 0;
  EXPECT_EQ(node_.store->prepare({4}, {&stale, 1}).error().code, ErrorCode::kStale);
  ASSERT_TRUE(node_.prepare(5, 7, test_rows(0, 1), WriteKind::kReplace).ok());
  EXPECT_EQ(node_.prepare(6, 7, test_rows(0, 1)).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(node_.store->abort({5}).ok());
  EXPECT_TRUE(node_.prepare(6, 7, test_rows(0, 1)).ok());
  EXPECT_EQ(node_.store->snapshot({99}).error().code, ErrorCode::kNotFound);
}

TEST_F(ChunkStoreTest, ranges_and_zones_read_what_they_name) {
  node_.append(7, test_rows(0, 500));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, test_rows(500, 100));
  const auto snapshot = node_.store->snapshot({7}).value();
  const auto expected = test_rows(0, 600);
  for (size_t c = 0; c < 4; ++c) {
    for (const RowRange range : {RowRange{0, 600}, {10, 20}, {63, 65}, {490, 510}, {599, 600}, {30, 30}}) {
      const auto rows = snapshot->read(c, range);
      ASSERT_TRUE(rows.ok()) << rows.error().describe();
      EXPECT_TRUE(data::equal(data::Value(*rows), data::Value(expected.column(c).slice(range.from, range.size()))));
    }
  }
  EXPECT_EQ(snapshot->read(0, RowRange{0, 601}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(snapshot->read(4, RowRange{0, 1}).error().code, ErrorCode::kInvalid);
  const std::vector<Bound> prices{{2, types::Scalar::of_double(40), types::Scalar::of_double(41)}};
  const auto wanted = snapshot->select(prices).value().rows;
  EXPECT_EQ(wanted->stored(), (std::vector<RowRange>{{128, 192}, {500, 600}}))
      << "blocks by their zones, memory rows always";
}

TEST_F(ChunkStoreTest, bounds_on_columns_of_any_type_leave_what_they_cannot_tell) {
  node_.append(7, test_rows(0, 200));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, test_rows(200, 50));
  const auto snapshot = node_.store->snapshot({7}).value();
  const auto text = [](types::Type type) { return types::Scalar::of_text(type, "note 7"); };
  for (const Bound& bound :
       {Bound{1, text(types::Type::kSymbol), text(types::Type::kSymbol)},
        Bound{1, text(types::Type::kString), std::nullopt},
        Bound{3, text(types::Type::kString), text(types::Type::kString)},
        Bound{3, std::nullopt, text(types::Type::kString)}, Bound{2, text(types::Type::kString), std::nullopt},
        Bound{0, types::Scalar::of_long(3), {}}}) {
    const auto chosen = snapshot->select({bound}).value();
    EXPECT_EQ(chosen.rows->rows(), 250u) << "column " << bound.column;
    EXPECT_FALSE(chosen.exact[0]);
  }
}

TEST_F(ChunkStoreTest, symbols_of_one_column_share_one_dictionary) {
  node_.append(7, test_rows(0, 100));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, test_rows(100, 100));
  const auto snapshot = node_.store->snapshot({7}).value();
  const auto low = snapshot->read(1, RowRange{0, 10}).value();
  const auto high = snapshot->read(1, RowRange{150, 160}).value();
  EXPECT_EQ(low.symbols_shared(), high.symbols_shared());
  node_.append(
      7, {{"id", "sym", "price", "note"},
          {data::Vector::of<int32_t>(types::Type::kInt, {1}), data::Vector::of_strings(types::Type::kSymbol, {"new"}),
           data::Vector::of<double>(types::Type::kDouble, {1}), data::Vector::of_strings(types::Type::kString, {""})}});
  EXPECT_EQ(node_.store->snapshot({7}).value()->read(1, RowRange{200, 201})->text_at(0), "new");
  EXPECT_EQ(low.symbols().find("new"), -1);
}

TEST_F(ChunkStoreTest, content_hash_does_not_see_layout_but_every_change) {
  io::MemoryFileSystem other_disk;
  TestNode other(other_disk);
  other.options.block_rows = 1000;
  other.open();
  node_.append(7, test_rows(0, 700));
  for (int i = 0; i < 7; ++i) {
    other.append(7, test_rows(i * 100, 100));
    if (i % 3 == 0) {
      ASSERT_TRUE(other.store->flush({7}).ok());
    }
  }
  const auto hash = node_.store->content_hash({7}).value();
  EXPECT_EQ(other.store->content_hash({7}).value(), hash);
  ASSERT_TRUE(other.store->compact({7}).ok());
  EXPECT_EQ(other.store->content_hash({7}).value(), hash);
  node_.append(8, test_rows(1, 699));
  node_.append(8, test_rows(0, 1));
  EXPECT_NE(node_.store->content_hash({8}).value(), hash) << "same rows in another order";
  node_.append(9, test_rows(0, 699));
  EXPECT_NE(node_.store->content_hash({9}).value(), hash);
}

TEST_F(ChunkStoreTest, drop_removes_files_and_prepared_writes_but_not_snapshots) {
  node_.append(7, test_rows(0, 200));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, test_rows(200, 10));
  ASSERT_TRUE(node_.prepare(50, 7, test_rows(0, 1)).ok());
  auto snapshot = node_.store->snapshot({7}).value();
  ASSERT_TRUE(node_.store->drop({7}).ok());
  EXPECT_EQ(snapshot->read_table()->rows(), 210u);
  snapshot.reset();
  EXPECT_EQ(node_.store->info({7}).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(node_.store->in_doubt().empty());
  EXPECT_EQ(node_.store->status().buffer_bytes, 0u);
  node_.open();
  EXPECT_TRUE(node_.store->chunks().empty());
  for (const auto& path : disk_.files()) EXPECT_EQ(path.find("/chunks/"), std::string::npos) << path;
  node_.append(7, test_rows(0, 5));
  node_.open();
  node_.expect_rows(7, test_rows(0, 5));
}

TEST_F(ChunkStoreTest, chunks_may_be_dropped_while_everything_is_flushed) {
  std::atomic<bool> stop = false;
  std::thread flusher([&] {
    while (!stop) EXPECT_TRUE(node_.store->flush_all().ok());
  });
  for (uint64_t chunk = 1; chunk <= 300; ++chunk) {
    node_.append(chunk, test_rows(0, 20));
    EXPECT_TRUE(node_.store->drop({chunk}).ok());
  }
  stop = true;
  flusher.join();
  EXPECT_EQ(node_.store->status().buffer_bytes, 0u);
  node_.open();
  EXPECT_TRUE(node_.store->chunks().empty());
}

TEST_F(ChunkStoreTest, flushing_shortens_the_log_and_frees_the_buffer) {
  for (int i = 0; i < 40; ++i) node_.append(7, test_rows(i * 200, 200));
  const auto before = node_.store->status();
  EXPECT_GT(before.buffer_bytes, 100000u);
  ASSERT_TRUE(node_.store->flush_all().ok());
  const auto after = node_.store->status();
  EXPECT_EQ(after.buffer_bytes, 0u);
  EXPECT_LT(after.log_bytes, before.log_bytes);
  EXPECT_EQ(node_.info(7).rows_in_memory, 0u);
  node_.crash();
  node_.expect_rows(7, test_rows(0, 8000));
}

TEST_F(ChunkStoreTest, a_prepare_in_doubt_keeps_its_log_through_flushes_and_restarts) {
  ASSERT_TRUE(node_.prepare(999, 5, test_rows(0, 100)).ok());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) node_.append(7, test_rows(0, 200));
    ASSERT_TRUE(node_.store->flush_all().ok());
    node_.crash();
  }
  bool found = false;
  for (const auto& doubt : node_.store->in_doubt()) found = found || doubt.transaction.value == 999;
  ASSERT_TRUE(found);
  ASSERT_TRUE(node_.commit(999, 5, 1).ok());
  node_.expect_rows(5, test_rows(0, 100));
}

TEST_F(ChunkStoreTest, a_full_buffer_refuses_and_a_flush_makes_room) {
  node_.options.buffer_bytes_max = 60000;
  node_.open();
  Status refused;
  int appended = 0;
  for (uint64_t t = 1; t < 100 && refused.ok(); ++t) {
    refused = node_.prepare(t, 7, test_rows(appended * 100, 100));
    if (!refused.ok()) break;
    ASSERT_TRUE(node_.commit(t, 7, t).ok());
    ++appended;
  }
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
  EXPECT_GT(appended, 2);
  ASSERT_TRUE(node_.store->flush_all().ok());
  EXPECT_TRUE(node_.prepare(200, 7, test_rows(0, 100)).ok());
}

TEST_F(ChunkStoreTest, many_small_writes_grow_together) {
  for (int i = 0; i < 300; ++i) node_.append(7, test_rows(i, 1));
  node_.expect_rows(7, test_rows(0, 300));
  EXPECT_GE(node_.store->snapshot({7}).value()->parts(), 300u / 64);
  EXPECT_LE(node_.store->snapshot({7}).value()->parts(), 30u);
  node_.expect_rows(7, test_rows(0, 137), 137);
}

TEST_F(ChunkStoreTest, array_and_decimal_columns_are_kept) {
  using data::Shared;
  using data::Vector;
  const data::Table rows({"a", "d"},
                         {Vector::array(Shared<Vector>(Vector::of<double>(types::Type::kDouble, {1, 2, 3})), {1, 1, 3}),
                          Vector::adopt<int64_t>(types::Type::kDecimal64, {100, 200, 300}, 2)});
  node_.append(7, rows);
  node_.append(7, rows);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.open();
  const auto read = node_.store->snapshot({7}).value()->read_table().value();
  ASSERT_EQ(read.rows(), 6u);
  EXPECT_TRUE(data::equal(data::Value(read.slice(3, 3)), data::Value(rows)));
  EXPECT_EQ(read.schema(), rows.schema());
}

TEST_F(ChunkStoreTest, directories_of_another_node_are_refused) {
  node_.append(7, test_rows(0, 10));
  ASSERT_TRUE(node_.store->flush_all().ok());
  node_.store.reset();
  const auto refused = [&](StoreOptions options) {
    const auto opened = ChunkStore::open(disk_, node_.clock, std::move(options));
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? Error{} : opened.error();
  };
  auto options = test_options();
  options.identity.node = Uuid::parse("00000000-2222-3333-4444-555555555555");
  EXPECT_NE(refused(options).message.find("belongs to another node"), std::string::npos);
  options = test_options();
  options.identity.cluster = Uuid::parse("00000000-2222-3333-4444-555555555555");
  EXPECT_EQ(refused(options).code, ErrorCode::kInvalid);
  options = test_options();
  options.directories.volumes = {"/v2"};
  EXPECT_NE(refused(options).message.find("missing"), std::string::npos);
  options = test_options();
  options.directories.redo_log = "/elsewhere";
  EXPECT_NE(refused(options).message.find("redo log directory is empty"), std::string::npos);
  options = test_options();
  options.directories.volumes = {"/v1", "/v2", "/v3"};
  EXPECT_TRUE(ChunkStore::open(disk_, node_.clock, options).ok()) << "a new volume may be added";
}

TEST_F(ChunkStoreTest, directories_tell_their_owner) {
  auto options = test_options();
  const auto owner = ChunkStore::owner(disk_, options.directories).value();
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->node, options.identity.node);
  EXPECT_EQ(owner->alias, options.identity.alias);
  EXPECT_EQ(owner->cluster, options.identity.cluster);
  options.directories.metadata = "/unused";
  EXPECT_FALSE(ChunkStore::owner(disk_, options.directories).value().has_value());
  EXPECT_FALSE(disk_.exists("/unused").value());
}

TEST_F(ChunkStoreTest, two_processes_cannot_use_one_directory) {
  EXPECT_EQ(ChunkStore::open(disk_, node_.clock, test_options()).error().code, ErrorCode::kConflict);
}

TEST_F(ChunkStoreTest, chunks_spread_over_volumes) {
  for (uint64_t chunk = 1; chunk <= 6; ++chunk) node_.append(chunk, test_rows(0, 5));
  ASSERT_TRUE(node_.store->flush_all().ok());
  size_t first = 0;
  for (const auto& info : node_.store->chunks()) first += info.volume == "/v1" ? 1 : 0;
  EXPECT_EQ(first, 3u);
}

TEST(ChunkStoreDisk, a_full_disk_refuses_prepare_and_keeps_reading) {
  io::MemoryFileSystem disk;
  io::FaultyFileSystem files(disk);
  ManualClock clock;
  auto store = ChunkStore::open(files, clock, test_options()).value();
  uint64_t transaction = 0;
  const auto append = [&](int32_t first, size_t count) -> Status {
    ChunkWrite write = TestNode::write(7, test_rows(first, count));
    TRY_DONE(store->prepare({++transaction}, {&write, 1}));
    return store->commit({transaction}, std::vector<ChunkVersion>{{{7}, store->info({7})->version + 1}});
  };
  ASSERT_TRUE(append(0, 100).ok());
  files.set_full(true);
  const auto refused = append(100, 100);
  ASSERT_EQ(refused.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(refused.error().message.find("/redo"), std::string::npos) << refused.error().message;
  EXPECT_EQ(store->flush_all().error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(store->snapshot({7}).value()->read_table()->rows(), 100u);
  files.set_full(false);
  ASSERT_TRUE(append(100, 100).ok());
  ASSERT_TRUE(store->flush_all().ok());
  EXPECT_TRUE(
      data::equal(data::Value(store->snapshot({7}).value()->read_table().value()), data::Value(test_rows(0, 200))));
}

TEST(ChunkStoreDisk, a_full_volume_is_named_once_the_buffer_is_full_and_heals) {
  io::MemoryFileSystem disk;
  io::FaultyFileSystem files(disk);
  ManualClock clock;
  auto options = test_options();
  options.background = true;
  options.background_period = std::chrono::milliseconds(1);
  options.buffer_bytes_max = 60000;
  auto store = ChunkStore::open(files, clock, options).value();
  files.set_full(true, "/v");
  uint64_t transaction = 0;
  size_t acknowledged = 0;
  const auto append = [&]() -> Status {
    ChunkWrite write = TestNode::write(7, test_rows(static_cast<int32_t>(acknowledged), 100));
    TRY_DONE(store->prepare({++transaction}, {&write, 1}));
    TRY_DONE(store->commit({transaction}, std::vector<ChunkVersion>{{{7}, acknowledged / 100 + 1}}));
    acknowledged += 100;
    return {};
  };
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  // Until the background thread has met the full disk, the buffer alone is known to be full.
  Status refused;
  while ((refused.ok() || refused.error().code == ErrorCode::kOutOfMemory) &&
         std::chrono::steady_clock::now() < give_up) {
    refused = append();
  }
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(refused.error().message.find("/v1/"), std::string::npos) << refused.error().message;
  EXPECT_EQ(store->snapshot({7}).value()->read_table()->rows(), acknowledged);
  files.set_full(false);
  const size_t before = acknowledged;
  while (!append().ok() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  ASSERT_EQ(acknowledged, before + 100);
  EXPECT_TRUE(data::equal(data::Value(store->snapshot({7}).value()->read_table().value()),
                          data::Value(test_rows(0, acknowledged))));
}

TEST(ChunkStoreDisk, writes_committed_during_a_flush_are_neither_lost_nor_doubled) {
  ManualClock clock;
  auto options = test_options();
  options.log_segment_bytes = 16384;
  for (const auto& moment : {"0000000000000002.col", "manifest.new"}) {
    io::MemoryFileSystem disk;
    io::FaultyFileSystem files(disk);
    auto store = ChunkStore::open(files, clock, options).value();
    Version version = 0;
    const auto append = [&](size_t rows) {
      const auto first = version == 0 ? 0 : static_cast<int32_t>(store->info({7})->rows);
      ChunkWrite write = TestNode::write(7, test_rows(first, rows));
      ASSERT_TRUE(store->prepare({++version}, {&write, 1}).ok());
      ASSERT_TRUE(store->commit({version}, std::vector<ChunkVersion>{{{7}, version}}).ok());
    };
    append(100);
    ASSERT_TRUE(store->flush({7}).ok());
    append(10);
    files.before(io::Operation::kWrite, moment, [&] {
      for (int i = 0; i < 30; ++i) append(40);
    });
    ASSERT_TRUE(store->flush({7}).ok());
    const size_t rows = 110 + 30 * 40;
    EXPECT_EQ(store->info({7})->rows_in_memory, 30u * 40);
    EXPECT_TRUE(
        data::equal(data::Value(store->snapshot({7}).value()->read_table().value()), data::Value(test_rows(0, rows))));
    disk.crash(io::CrashStyle::kDropUnsynced, 1);
    store = ChunkStore::open(disk, clock, options).value();
    for (const auto& doubt : store->in_doubt()) {
      ASSERT_TRUE(store->commit(doubt.transaction, std::vector<ChunkVersion>{{{7}, doubt.transaction.value}}).ok());
    }
    EXPECT_TRUE(
        data::equal(data::Value(store->snapshot({7}).value()->read_table().value()), data::Value(test_rows(0, rows))));
  }
}

TEST(ChunkStoreDisk, a_replace_during_a_flush_wins) {
  io::MemoryFileSystem disk;
  io::FaultyFileSystem files(disk);
  ManualClock clock;
  auto store = ChunkStore::open(files, clock, test_options()).value();
  Version version = 0;
  const auto write = [&](size_t rows, WriteKind kind) {
    ChunkWrite one = TestNode::write(7, test_rows(0, rows), kind);
    ASSERT_TRUE(store->prepare({++version}, {&one, 1}).ok());
    ASSERT_TRUE(store->commit({version}, std::vector<ChunkVersion>{{{7}, version}}).ok());
  };
  write(100, WriteKind::kAppend);
  files.before(io::Operation::kSync, ".col", [&] { write(33, WriteKind::kReplace); });
  ASSERT_TRUE(store->flush({7}).ok());
  EXPECT_EQ(store->info({7})->rows, 33u);
  EXPECT_EQ(store->snapshot({7}, 1).value()->read_table()->rows(), 100u);
  ASSERT_TRUE(store->flush_all().ok());
  EXPECT_EQ(store->status().buffer_bytes, 0u);
  store.reset();
  store = ChunkStore::open(disk, clock, test_options()).value();
  EXPECT_TRUE(
      data::equal(data::Value(store->snapshot({7}).value()->read_table().value()), data::Value(test_rows(0, 33))));
}

TEST(ChunkStoreDisk, a_failed_sync_stops_writes_but_not_reads) {
  io::MemoryFileSystem disk;
  io::FaultyFileSystem files(disk);
  ManualClock clock;
  auto store = ChunkStore::open(files, clock, test_options()).value();
  ChunkWrite write = TestNode::write(7, test_rows(0, 100));
  ASSERT_TRUE(store->prepare({1}, {&write, 1}).ok());
  ASSERT_TRUE(store->commit({1}, std::vector<ChunkVersion>{{{7}, 1}}).ok());
  files.fail(io::Operation::kSync, ".wal");
  write = TestNode::write(7, test_rows(100, 100));
  EXPECT_EQ(store->prepare({2}, {&write, 1}).error().code, ErrorCode::kIo);
  write = TestNode::write(7, test_rows(100, 100));
  EXPECT_EQ(store->prepare({3}, {&write, 1}).error().code, ErrorCode::kIo);
  EXPECT_FALSE(store->status().log_failure.empty());
  EXPECT_EQ(store->snapshot({7}).value()->read_table()->rows(), 100u);
}

/// Two files' worth of records, the first of them damaged; chunk 1 is in column files up to its first append.
class LostLog : public testing::Test {
 protected:
  LostLog() {
    node_.append(1, test_rows(0, 100));
    EXPECT_TRUE(node_.store->flush_all().ok());
    for (int32_t i = 0; i < 40; ++i) node_.append(1 + static_cast<uint64_t>(i % 2), test_rows(100 + i * 100, 100));
    node_.store.reset();
    std::string oldest;
    for (const auto& path : files_.files()) {
      if (path.ends_with(".wal") && (oldest.empty() || path < oldest)) oldest = path;
    }
    EXPECT_TRUE(files_.flip_bit(oldest, 8 * 5000).ok());
  }
  io::MemoryFileSystem files_;
  TestNode node_{files_};
};

TEST_F(LostLog, stops_the_open_where_no_other_replica_is) {
  const auto opened = ChunkStore::open(files_, node_.clock, node_.options);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

TEST_F(LostLog, is_set_aside_and_the_chunks_are_as_in_their_files) {
  node_.options.may_lose_log = true;
  node_.open();
  node_.expect_rows(1, test_rows(0, 100));
  EXPECT_EQ(node_.info(1).version, 1u);
  EXPECT_FALSE(node_.store->info({2}).ok());
  EXPECT_EQ(node_.store->status().buffer_bytes, 0u);
  size_t kept = 0;
  for (const auto& path : files_.files()) kept += path.find("/damaged_") != std::string::npos ? 1 : 0;
  EXPECT_GE(kept, 2u);
}

TEST_F(LostLog, what_is_written_afterwards_survives) {
  node_.options.may_lose_log = true;
  node_.open();
  node_.append(1, test_rows(100, 50));
  node_.append(2, test_rows(0, 20));
  ASSERT_TRUE(node_.store->sync().ok());  // commit records
  node_.crash();
  node_.expect_rows(1, test_rows(0, 150));
  node_.expect_rows(2, test_rows(0, 20));
}

}  // namespace
}  // namespace pelorus::storage
