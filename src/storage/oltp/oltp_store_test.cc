#include "storage/oltp/oltp_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "data/value.h"
#include "io/memory_file_system.h"

namespace pelorus::storage {
namespace {

using data::Table;
using data::TableTransaction;
using types::Type;

constexpr const char* kPath = "oltp://d";

data::Schema schema() { return {{.name = "id", .type = Type::kInt}, {.name = "sym", .type = Type::kString}}; }

Table rows(std::vector<int32_t> ids, std::vector<std::string> texts) {
  return Table({"id", "sym"}, {data::Vector::adopt<int32_t>(Type::kInt, data::Buffer<int32_t>(ids.begin(), ids.end())),
                               data::Vector::of_strings(Type::kString, std::move(texts))});
}

/// "1a 2b"
std::string text_of(const Table& table) {
  std::string text;
  for (size_t i = 0; i < table.rows(); ++i)
    text += (i ? " " : "") + std::to_string(table.column(0).values<int32_t>()[i]) + table.column(1).text_at(i);
  return text;
}

class OltpStoreTest : public testing::Test {
 protected:
  void open() {
    store_.reset();
    auto opened = OltpStore::open(
        files_, {.directory = "/imoltp", .log_file_bytes = 1 << 16, .wait_max = std::chrono::milliseconds(50)});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }
  data::TableRef make(std::vector<data::OltpKey> secondary = {}) {
    EXPECT_TRUE(store_->create_database(kPath).ok());
    auto made = store_->create_table(
        kPath, {.name = "t", .schema = schema(), .primary_key = {"id"}, .secondary_keys = std::move(secondary)});
    EXPECT_TRUE(made.ok());
    return *made;
  }
  /// The rows; "-" when there is no table.
  std::string content() {
    const auto table = store_->table(kPath, "t");
    return table.ok() ? text_of(*(*table)->snapshot()) : "-";
  }
  static Status set_text(data::TableRef& table, size_t row, const std::string& text) {
    return table->edit([&](Table& all) -> Status {
      EXPECT_TRUE(all.edit_column(1).set(row, data::Value::of_string(text)));
      return {};
    });
  }

  io::MemoryFileSystem files_;
  std::unique_ptr<OltpStore> store_;
};

TEST_F(OltpStoreTest, what_was_changed_is_there_after_a_power_cut) {
  open();
  auto table = make();
  EXPECT_EQ(*table->append(rows({1, 2, 3}, {"a", "b", "c"})), 3);
  ASSERT_TRUE(set_text(table, 1, "x").ok());
  ASSERT_TRUE(table
                  ->edit([](Table& all) -> Status {
                    all = all.filter(std::vector<int8_t>{0, 1, 1});
                    return {};
                  })
                  .ok());
  ASSERT_TRUE(table->append(rows({9}, {"z"})).ok());
  EXPECT_EQ(content(), "2x 3c 9z");
  files_.crash(io::CrashStyle::kDropUnsynced, 1);
  open();
  EXPECT_EQ(content(), "2x 3c 9z");
  ASSERT_TRUE(store_->drop_table(kPath, "t").ok());
  open();
  EXPECT_EQ(content(), "-");
  EXPECT_TRUE(store_->has_database(kPath));
}

TEST_F(OltpStoreTest, a_checkpoint_stands_for_the_log_before_it) {
  open();
  auto table = make();
  ASSERT_TRUE(table->append(rows({1, 2}, {"a", "b"})).ok());
  ASSERT_TRUE(store_->checkpoint(false, true).ok());
  ASSERT_TRUE(table->append(rows({3}, {"c"})).ok());
  files_.crash(io::CrashStyle::kDropUnsynced, 1);
  open();
  EXPECT_EQ(content(), "1a 2b 3c");
  auto again = *store_->table(kPath, "t");
  EXPECT_EQ(again->append(rows({3}, {"d"})).error().code, ErrorCode::kAlreadyExists);
  ASSERT_TRUE(again->append(rows({4}, {"d"})).ok());
  ASSERT_TRUE(store_->checkpoint(true, true).ok());
  open();
  EXPECT_EQ(content(), "1a 2b 3c 4d");
}

TEST_F(OltpStoreTest, keys_are_unique) {
  open();
  auto table = make({{.columns = {"sym"}, .unique = true}});
  ASSERT_TRUE(table->append(rows({1, 2}, {"a", "b"})).ok());
  for (const auto& bad : {rows({1}, {"c"}), rows({3}, {"a"}), rows({3, 3}, {"c", "d"}), rows({3, 4}, {"c", "c"})})
    EXPECT_EQ(table->append(bad).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(set_text(table, 0, "b").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(content(), "1a 2b");
  ASSERT_TRUE(set_text(table, 0, "q").ok());
  ASSERT_TRUE(table->append(rows({3}, {"a"})).ok());
  EXPECT_EQ(content(), "1q 2b 3a");
}

TEST_F(OltpStoreTest, a_transaction_is_made_whole_or_not_at_all) {
  open();
  auto table = make();
  ASSERT_TRUE(table->append(rows({1}, {"a"})).ok());
  {
    TableTransaction transaction;
    ASSERT_TRUE(table->append(rows({2}, {"b"})).ok());
    ASSERT_TRUE(set_text(table, 0, "x").ok());
    ASSERT_TRUE(table->append(rows({3}, {"c"})).ok());
    EXPECT_EQ(content(), "1x 2b 3c");
    std::string elsewhere;
    std::thread([&] { elsewhere = content(); }).join();
    EXPECT_EQ(elsewhere, "1a");
    EXPECT_EQ(table->append(rows({3}, {"d"})).error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(store_->drop_table(kPath, "t").error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(content(), "1a");
  {
    TableTransaction transaction;
    ASSERT_TRUE(table->append(rows({2, 3}, {"b", "c"})).ok());
    ASSERT_TRUE(transaction.commit().ok());
    ASSERT_TRUE(table->append(rows({4}, {"d"})).ok());
    transaction.roll_back();
  }
  EXPECT_EQ(content(), "1a 2b 3c");
  ASSERT_TRUE(table->append(rows({4}, {"d"})).ok());
  files_.crash(io::CrashStyle::kDropUnsynced, 1);
  open();
  EXPECT_EQ(content(), "1a 2b 3c 4d");
}

TEST_F(OltpStoreTest, transactions_run_one_after_another) {
  open();
  auto table = make();
  TableTransaction transaction;
  ASSERT_TRUE(table->append(rows({1}, {"a"})).ok());
  std::thread([&] { EXPECT_EQ(table->append(rows({2}, {"b"})).error().code, ErrorCode::kConflict); }).join();
  ASSERT_TRUE(transaction.commit().ok());
  std::thread([&] { EXPECT_TRUE(table->append(rows({2}, {"b"})).ok()); }).join();
  EXPECT_EQ(content(), "1a 2b");
}

TEST_F(OltpStoreTest, what_makes_no_sense_is_refused) {
  open();
  auto table = make();
  EXPECT_EQ(store_->create_database("dfs://x").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store_->create_table("oltp://none", {.name = "t", .schema = schema(), .primary_key = {"id"}}).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(store_->create_table(kPath, {.name = "t", .schema = schema(), .primary_key = {"id"}}).error().code,
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(store_->create_table(kPath, {.name = "u", .schema = schema(), .primary_key = {"x"}}).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(store_->create_table(kPath, {.name = "u", .schema = schema(), .primary_key = {}}).error().code,
            ErrorCode::kInvalid);
  const auto widened = table->edit([](Table& all) -> Status {
    all.set_column("more", all.column_shared(0));
    return {};
  });
  EXPECT_EQ(widened.error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(store_->drop_database(kPath).ok());
  EXPECT_EQ(table->snapshot().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(table->append(rows({1}, {"a"})).error().code, ErrorCode::kNotFound);
}

TEST_F(OltpStoreTest, a_damaged_checkpoint_is_told) {
  open();
  make();
  ASSERT_TRUE(store_->checkpoint(true, true).ok());
  store_.reset();
  auto bytes = *io::read_file(files_, "/imoltp/checkpoint", 1 << 20);
  bytes.back() ^= 1;
  ASSERT_TRUE(io::replace_file(files_, "/imoltp/checkpoint", bytes).ok());
  const auto opened = OltpStore::open(files_, {.directory = "/imoltp"});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("/imoltp/checkpoint"), std::string::npos);
}

TEST(OltpRecords, differences_lead_from_one_table_to_the_other) {
  const auto before = rows({1, 2, 3, 4}, {"a", "b", "c", "d"});
  for (const auto& [after, kind] :
       {std::pair(rows({1, 5, 3, 4}, {"a", "b", "x", "d"}), OltpChange::Kind::kReplace),
        std::pair(rows({1, 4}, {"a", "d"}), OltpChange::Kind::kRemove),
        std::pair(rows({}, {}), OltpChange::Kind::kRemove),
        std::pair(rows({4, 1}, {"d", "a"}), OltpChange::Kind::kReset),
        std::pair(rows({1, 2, 3, 4, 5}, {"a", "b", "c", "d", "e"}), OltpChange::Kind::kReset)}) {
    const auto change = difference(before, after);
    EXPECT_EQ(change.kind, kind);
    EXPECT_EQ(text_of(*changed_rows(before, change)), text_of(after));
  }
}

}  // namespace
}  // namespace pelorus::storage
