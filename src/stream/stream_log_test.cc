// Rows of a stream table survive; torn ends are cut, damage is told.

#include "stream/stream_log.h"

#include <gtest/gtest.h>

#include "data/value.h"

#include "io/memory_file_system.h"
#include "stream/stream_table.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Type;
using data::Vector;

Table rows_of(int32_t first, int32_t count) {
  Vector id(Type::kInt), name(Type::kString);
  for (int32_t i = first; i < first + count; ++i) {
    id.push_back(data::Value::of_int(i));
    name.push_back(data::Value::of_string("row " + std::to_string(i)));
  }
  return Table({"id", "name"}, {id, name});
}

class StreamLogTest : public testing::Test {
 protected:
  std::unique_ptr<StreamLog> open(uint64_t file_bytes = 64 << 20) {
    auto log =
        StreamLog::open(files_, clock_, {.folder = "/streams/t", .sync_each = true, .file_bytes_max = file_bytes},
                        rows_of(0, 0).schema(), &loaded_);
    if (!log.ok()) {
      error_ = log.error();
      return nullptr;
    }
    return std::move(log).value();
  }
  std::string last_file() {
    const auto names = files_.list("/streams/t").value();
    return "/streams/t/" + names.back();
  }

  io::MemoryFileSystem files_;
  ManualClock clock_;
  StreamLog::Loaded loaded_;
  Error error_{ErrorCode::kInternal, ""};
};

TEST_F(StreamLogTest, rows_come_back_in_order) {
  ASSERT_TRUE(open()->append(rows_of(0, 3)).ok());
  ASSERT_TRUE(open()->append(rows_of(3, 2)).ok());
  ASSERT_NE(open(), nullptr);
  EXPECT_EQ(loaded_.first_row, 0);
  EXPECT_TRUE(data::equal(data::Value(loaded_.rows), data::Value(rows_of(0, 5))));
}

TEST_F(StreamLogTest, a_torn_end_is_cut_and_written_over) {
  ASSERT_TRUE(open()->append(rows_of(0, 3)).ok());
  ASSERT_TRUE(open()->append(rows_of(3, 2)).ok());
  {
    auto file = files_.open(last_file(), io::OpenMode::kWrite).value();
    ASSERT_TRUE(file->truncate(file->size().value() - 1).ok());
  }
  auto log = open();
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(loaded_.rows.rows(), 3u);
  ASSERT_TRUE(log->append(rows_of(7, 1)).ok());
  ASSERT_NE(open(), nullptr);
  EXPECT_EQ(loaded_.rows.rows(), 4u);
}

TEST_F(StreamLogTest, rows_are_read_from_where_they_are) {
  auto log = open(256 << 10);  // several files
  constexpr int32_t kAppends = 400, kRows = 300;
  for (int32_t i = 0; i < kAppends; ++i) ASSERT_TRUE(log->append(rows_of(i * kRows, kRows)).ok());
  EXPECT_GT(files_.list("/streams/t")->size(), 2u);
  for (const auto& reader : {std::shared_ptr(std::move(log)), std::shared_ptr(open(256 << 10))}) {
    for (int32_t row = 0; row < kAppends * kRows; row += 977) {
      const auto place = reader->place_of(row);
      ASSERT_TRUE(place.has_value());
      const auto rows = StreamLog::read(files_, *place, row, 500);
      ASSERT_TRUE(rows.ok()) << rows.error().message;
      const auto ids = rows->column(0).values<int32_t>();
      ASSERT_GT(ids.size(), 0u);
      ASSERT_LE(ids.size(), 500u);
      for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], row + static_cast<int32_t>(i));
    }
    EXPECT_FALSE(reader->place_of(kAppends * kRows).has_value());
  }
}

TEST_F(StreamLogTest, a_table_gives_older_rows_from_disk) {
  StreamTable table(rows_of(0, 0), {});
  ASSERT_TRUE(table.persist(files_, open(), std::move(loaded_), 1000).ok());
  for (int32_t i = 0; i < 300; ++i) ASSERT_TRUE(table.append(rows_of(i * 100, 100)).ok());
  EXPECT_GT(table.first_row(), 26'000);
  EXPECT_LE(table.rows() - table.first_row(), 2500);
  EXPECT_EQ(table.oldest_row(), 0);
  for (int64_t row = 0; row < 30'000;) {
    const auto rows = table.read_kept(row, 1024);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    ASSERT_GT(rows->rows(), 0u);
    for (const auto id : rows->column(0).values<int32_t>()) ASSERT_EQ(id, row++);
  }
  EXPECT_EQ(table.read_kept(30'000, 10)->rows(), 0u);
  (void)table.stop_persisting();
  EXPECT_EQ(table.read_kept(0, 10).error().message, "Can't find the message with offset [0]");
}

TEST_F(StreamLogTest, damage_before_the_last_file_is_told) {
  auto log = open(1);  // a file for each append
  ASSERT_TRUE(log->append(rows_of(0, 3)).ok());
  const auto first = last_file();
  ASSERT_TRUE(log->append(rows_of(3, 2)).ok());
  ASSERT_NE(first, last_file());
  auto file = files_.open(first, io::OpenMode::kWrite).value();
  ASSERT_TRUE(file->write_at(20, "x").ok());
  EXPECT_EQ(open(), nullptr);
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
}

TEST_F(StreamLogTest, old_files_are_deleted_and_rows_keep_their_numbers) {
  auto log = open(1);
  ASSERT_TRUE(log->append(rows_of(0, 3)).ok());
  clock_.advance(std::chrono::hours(25));
  ASSERT_TRUE(log->append(rows_of(3, 2)).ok());
  ASSERT_NE(open(1), nullptr);
  EXPECT_EQ(loaded_.first_row, 3);
  EXPECT_TRUE(data::equal(data::Value(loaded_.rows), data::Value(rows_of(3, 2))));
}

TEST_F(StreamLogTest, other_columns_are_refused) {
  ASSERT_TRUE(open()->append(rows_of(0, 3)).ok());
  const auto log = StreamLog::open(files_, clock_, {.folder = "/streams/t"},
                                   Table({"other"}, {Vector(Type::kInt)}).schema(), &loaded_);
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, ErrorCode::kInvalid);
}

TEST_F(StreamLogTest, removing_leaves_nothing) {
  ASSERT_TRUE(open()->append(rows_of(0, 3)).ok());
  ASSERT_TRUE(StreamLog::remove(files_, "/streams/t").ok());
  EXPECT_FALSE(files_.exists("/streams/t").value());
  EXPECT_TRUE(StreamLog::remove(files_, "/streams/t").ok());
}

}  // namespace
}  // namespace pelorus::stream
