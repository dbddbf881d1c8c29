// Rows of a stream table survive; torn ends are cut, damage is told.

#include "stream/stream_log.h"

#include <gtest/gtest.h>

#include "data/value.h"

#include "io/memory_file_system.h"

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
