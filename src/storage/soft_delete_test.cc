// Chunks whose deletes are rows that mark others: readers see what a plain map would hold, whatever was flushed,
// merged, copied or lost meanwhile.

#include <map>
#include <random>

#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

using data::Vector;
using types::Type;

using Key = std::pair<int32_t, int64_t>;  // symbol number, time
using Content = std::map<Key, int32_t>;

const SortRule kRule{{0, 1}, KeepDuplicates::kLastUnlessDeleted};

data::Table table_of(const std::vector<std::pair<Key, int32_t>>& rows, bool deleted) {
  std::vector<std::string> symbols;
  data::Buffer<int64_t> times;
  data::Buffer<int32_t> values;
  for (const auto& [key, value] : rows) {
    symbols.push_back("s" + std::to_string(100 + key.first));
    times.push_back(key.second);
    values.push_back(deleted ? types::kNull<int32_t> : value);
  }
  return {{"sym", "time", "value", "deleted"},
          {Vector::of_strings(Type::kSymbol, std::move(symbols)),
           Vector::adopt<int64_t>(Type::kTimestamp, std::move(times)),
           Vector::adopt<int32_t>(Type::kInt, std::move(values)),
           Vector::filled(types::Scalar::of_bool(deleted), rows.size())}};
}

class SoftDelete : public ::testing::Test {
 protected:
  SoftDelete() : node_(files_) { node_.sort = kRule; }

  void put(std::vector<std::pair<Key, int32_t>> rows) {
    for (const auto& [key, value] : rows) content_[key] = value;
    node_.append(7, table_of(rows, false));
    at_[node_.info(7).version] = content_;
  }
  void remove(const std::vector<Key>& keys) {
    std::vector<std::pair<Key, int32_t>> rows;
    for (const auto& key : keys) rows.emplace_back(key, 0);
    for (const auto& key : keys) content_.erase(key);
    node_.append(7, table_of(rows, true));
    at_[node_.info(7).version] = content_;
  }
  static data::Table shown(const Content& content) { return table_of({content.begin(), content.end()}, false); }
  void expect(TestNode& node) { node.expect_rows(7, shown(content_)); }
  /// Another node gets what it lacks of the chunk.
  void copy_to(TestNode& target, CopyForm form = CopyForm::kRows) {
    const auto known = target.store->info({7});
    auto source = node_.store->export_chunk({7}, known.ok() ? known->version : 0, form);
    ASSERT_TRUE(source.ok());
    auto import = target.store->import_chunk({7});
    ASSERT_TRUE(import.ok());
    while (true) {
      Bytes message;
      const auto read = (*source)->next(message);
      ASSERT_TRUE(read.ok());
      if (!*read) break;
      const auto added = (*import)->add(message);
      ASSERT_TRUE(added.ok()) << added.error().message;
    }
    ASSERT_TRUE((*import)->finish().ok());
  }

  io::MemoryFileSystem files_;
  TestNode node_;
  Content content_;
  std::map<Version, Content> at_;
};

TEST_F(SoftDelete, marked_rows_are_gone_for_readers_and_leave_the_disk_when_files_are_merged) {
  put({{{1, 10}, 1}, {{1, 11}, 2}, {{2, 10}, 3}});
  remove({{1, 10}});
  expect(node_);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  expect(node_);
  EXPECT_EQ(node_.info(7).rows, 2u) << "nothing older lies in a file: neither row is written";
  remove({{2, 10}, {9, 9}});  // the second one is not there
  ASSERT_TRUE(node_.store->flush({7}).ok());
  EXPECT_EQ(node_.info(7).rows, 4u) << "the marks are kept beside what they delete";
  expect(node_);
  node_.crash();
  expect(node_);
  EXPECT_EQ(node_.info(7).segments, 2u);
  ASSERT_TRUE(node_.store->compact({7}).ok());
  EXPECT_EQ(node_.info(7).segments, 1u);
  EXPECT_EQ(node_.info(7).rows, 1u);
  expect(node_);
  put({{{2, 10}, 4}});
  expect(node_);
}

TEST_F(SoftDelete, a_chunk_of_which_no_row_is_left_is_written_all_the_same) {
  put({{{1, 10}, 1}, {{2, 10}, 2}});
  remove({{1, 10}, {2, 10}});
  ASSERT_TRUE(node_.store->flush({7}).ok()) << "no row of it goes to disk";
  expect(node_);
  node_.crash();
  expect(node_);
  EXPECT_EQ(node_.info(7).rows, 0u);
  ASSERT_TRUE(node_.store->verify({7}).ok());
  put({{{2, 10}, 3}, {{3, 10}, 4}});
  ASSERT_TRUE(node_.store->flush({7}).ok());
  expect(node_);
  remove({{2, 10}, {3, 10}});
  ASSERT_TRUE(node_.store->flush({7}).ok());
  ASSERT_TRUE(node_.store->compact({7}).ok());
  EXPECT_EQ(node_.info(7).rows, 0u) << "nor when its files are merged";
  node_.crash();
  expect(node_);
  io::MemoryFileSystem elsewhere;
  for (const auto form : {CopyForm::kRows, CopyForm::kFiles}) {
    TestNode target(elsewhere);
    target.sort = kRule;
    copy_to(target, form);
    expect(target);
  }
  put({{{1, 10}, 5}});
  expect(node_);
}

TEST_F(SoftDelete, bounds_do_not_bring_deleted_rows_back) {
  put({{{1, 10}, 1}, {{1, 20}, 2}, {{2, 10}, 3}});
  ASSERT_TRUE(node_.store->flush({7}).ok());
  remove({{1, 10}});
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(node_.store->flush({7}).ok());
    }
    const auto snapshot = node_.store->snapshot({7}).value();
    for (const auto& [bound, rows] : std::vector<std::pair<Bound, size_t>>{
             {{0, types::Scalar::of_string("s101"), types::Scalar::of_string("s101")}, 1},
             {{1, {}, types::Scalar::of<int64_t>(Type::kTimestamp, 15)}, 1},
             {{2, {}, types::Scalar::of_int(1)}, 0}}) {
      const auto selected = snapshot->select({bound});
      ASSERT_TRUE(selected.ok());
      const auto values = snapshot->read(2, *selected->rows);
      ASSERT_TRUE(values.ok());
      size_t met = 0;
      for (const auto value : values->values<int32_t>()) {
        EXPECT_NE(value, 1) << "column " << bound.column;
        EXPECT_NE(value, types::kNull<int32_t>) << "column " << bound.column;
        met += bound.column != 2 || value <= 1 ? 1 : 0;
      }
      EXPECT_GE(selected->rows->rows(), rows);
      EXPECT_GE(met, rows) << "column " << bound.column;
    }
  }
}

TEST_F(SoftDelete, a_copy_takes_over_marks_of_rows_it_has) {
  io::MemoryFileSystem disk;
  TestNode other(disk);
  put({{{1, 10}, 1}, {{1, 11}, 2}});
  copy_to(other);
  expect(other);
  remove({{1, 10}});
  copy_to(other);
  expect(other);
  EXPECT_EQ(*node_.store->content_hash({7}), *other.store->content_hash({7}));
  other.crash();
  expect(other);
  io::MemoryFileSystem third_disk;
  TestNode third(third_disk);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  copy_to(third);
  EXPECT_EQ(third.info(7).rows, 1u) << "a whole copy is only what is shown";
  expect(third);
  remove({{1, 10}});
  copy_to(third, CopyForm::kFiles);
  expect(third);
  EXPECT_EQ(*node_.store->content_hash({7}), *third.store->content_hash({7}));
}

TEST_F(SoftDelete, whatever_is_done_to_it) {
  std::mt19937 random(5);
  io::MemoryFileSystem disk;
  TestNode other(disk);
  for (int step = 0; step < 400; ++step) {
    const auto some_key = [&] { return Key{static_cast<int32_t>(random() % 6), static_cast<int64_t>(random() % 30)}; };
    switch (random() % 10) {
      case 0: ASSERT_TRUE(node_.store->flush({7}).ok() || at_.empty()); break;
      case 1: ASSERT_TRUE(node_.store->compact({7}).ok() || at_.empty()); break;
      case 2:
        ASSERT_TRUE(node_.store->sync().ok());  // else the last commit may be in doubt
        node_.crash();
        break;
      case 3:
        if (!at_.empty()) copy_to(other, step % 2 == 0 ? CopyForm::kRows : CopyForm::kFiles);
        break;
      case 4:
      case 5:
      case 6: {
        std::map<Key, int32_t> keys;
        for (size_t i = 0; i < 1 + random() % 20; ++i) keys[some_key()] = 0;
        std::vector<Key> doomed;
        for (const auto& [key, _] : keys) doomed.push_back(key);
        if (!at_.empty()) remove(doomed);
        break;
      }
      default: {
        std::vector<std::pair<Key, int32_t>> rows;
        for (size_t i = 0; i < 1 + random() % 30; ++i) rows.emplace_back(some_key(), step);
        put(std::move(rows));
      }
    }
    if (at_.empty()) continue;
    expect(node_);
    const auto version = at_.rbegin()->first;
    if (const auto before = node_.store->snapshot({7}, version - 1); before.ok() && at_.contains(version - 1))
      node_.expect_rows(7, shown(at_.at(version - 1)), version - 1);
  }
  copy_to(other);
  expect(other);
}

TEST_F(SoftDelete, the_mark_is_the_last_column_and_a_bool) {
  auto rows = table_of({{{1, 1}, 1}}, false);
  node_.sort = {{0, 1}, KeepDuplicates::kLastUnlessDeleted};
  const auto refused =
      node_.prepare(50, 9, data::Table({"sym", "time"}, {rows.column_shared(0), rows.column_shared(1)}));
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("BOOL as their last column"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace pelorus::storage
