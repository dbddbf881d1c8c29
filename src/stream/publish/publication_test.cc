#include "stream/publish/publication_board.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <deque>

#include "wire/decode.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Vector;
using types::Type;

/// A connection that takes messages when the test says so.
class FakePeer final : public wire::Peer {
 public:
  struct Record {
    int64_t last_row = 0;
    std::string topic;
    data::Value object;
  };

  bool push(wire::Chain message, size_t) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    queued_bytes_ += message.size();
    messages_.push_back(message.flatten());
    changed_.notify_all();
    return true;
  }
  size_t queued_bytes() const override {
    const std::lock_guard lock(mutex_);
    return queued_bytes_;
  }
  void on_sent(std::function<void()> notice) override { sent_notice_ = std::move(notice); }
  void after_answer(std::function<void()> begin) override { begin(); }
  void on_close(std::function<void()> notice) override { close_notice_ = std::move(notice); }
  void close() override {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(closed_, true)) return;
      changed_.notify_all();
    }
    if (close_notice_) close_notice_();
  }
  bool is_for_streams() const override { return true; }
  std::string row_condition() const override { return {}; }

  /// The next record, which leaves the connection.
  Record take() {
    std::string bytes;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kWait, [&] { return !messages_.empty(); });
      if (messages_.empty()) {
        ADD_FAILURE() << "no record came";
        return {};
      }
      bytes = std::move(messages_.front());
      messages_.pop_front();
      queued_bytes_ -= bytes.size();
    }
    if (sent_notice_) sent_notice_();
    Record record;
    constexpr size_t kRowAt = 9, kTopicAt = 17;
    std::memcpy(&record.last_row, bytes.data() + kRowAt, sizeof record.last_row);
    record.topic = bytes.c_str() + kTopicAt;
    auto object = wire::decode(std::string_view(bytes).substr(kTopicAt + record.topic.size() + 1));
    EXPECT_TRUE(object.ok());
    if (object.ok()) record.object = std::move(object).value();
    return record;
  }
  size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  bool wait_closed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kWait, [&] { return closed_; });
  }

 private:
  static constexpr std::chrono::seconds kWait{20};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> messages_;
  size_t queued_bytes_ = 0;
  bool closed_ = false;
  std::function<void()> sent_notice_, close_notice_;
};

Table numbers(int64_t from, int64_t count) {
  data::Buffer<int64_t> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i)] = from + i;
  return {{"n"}, {Vector::adopt<int64_t>(Type::kLong, std::move(values))}};
}

class PublicationTest : public testing::Test {
 protected:
  std::shared_ptr<Publication> subscribe(const std::shared_ptr<FakePeer>& peer, const std::string& action,
                                         int64_t offset, int64_t waiting_rows_max = 1'000'000) {
    PublicationTerms terms{.table = "t",
                           .action = action,
                           .topic = "h:1:a/t/" + action,
                           .user = "u",
                           .client_ip = "127.0.0.1",
                           .subscriber = "127.0.0.1",
                           .offset = offset,
                           .waiting_rows_max = waiting_rows_max,
                           .filter = nullptr};
    auto made = board_.add(std::move(terms), board_.feed_of(table_), peer, 8);
    if (made != nullptr) made->begin();
    return made;
  }
  void add(int64_t count) { ASSERT_TRUE(table_->append(numbers(table_->rows(), count)).ok()); }
  /// Takes records until row `last` has come; each goes on where the one before ended.
  void expect_rows(FakePeer& peer, int64_t from, int64_t last) {
    while (from <= last) {
      const auto record = peer.take();
      ASSERT_TRUE(record.object.is_tuple());
      const Vector column = record.object.vector().values_any()[0].vector();
      const auto values = column.values<int64_t>();
      ASSERT_LE(static_cast<int64_t>(values.size()), TableFeed::kRecordRows);
      for (const auto value : values) ASSERT_EQ(value, from++);
      ASSERT_EQ(record.last_row, from - 1);
    }
  }

  const std::shared_ptr<StreamTable> table_ =
      std::make_shared<StreamTable>(Table(data::Schema{{"n", Type::kLong}}), std::vector<std::string>());
  PublicationBoard board_;
};

TEST_F(PublicationTest, columns_come_first_and_rows_behind_them) {
  add(3);
  const auto peer = std::make_shared<FakePeer>();
  ASSERT_NE(subscribe(peer, "x", 1), nullptr);
  const auto columns = peer->take();
  EXPECT_EQ(columns.topic, "h:1:a/t/x");
  EXPECT_EQ(columns.last_row, 0);
  ASSERT_TRUE(columns.object.is_plain_table());
  EXPECT_EQ(columns.object.table().rows(), 0u);
  EXPECT_EQ(columns.object.table().names(), std::vector<std::string>{"n"});
  expect_rows(*peer, 1, 2);
  add(5000);
  expect_rows(*peer, 3, 5002);
}

TEST_F(PublicationTest, a_subscriber_that_takes_nothing_holds_no_more_than_its_share) {
  const auto slow = std::make_shared<FakePeer>(), quick = std::make_shared<FakePeer>();
  ASSERT_NE(subscribe(slow, "slow", 0), nullptr);
  ASSERT_NE(subscribe(quick, "quick", 0), nullptr);
  (void)slow->take();
  (void)quick->take();
  for (int i = 0; i < 100; ++i) add(5000);
  expect_rows(*quick, 0, 499'999);
  constexpr size_t kRecordBytes = TableFeed::kRecordRows * sizeof(int64_t) + 100;
  EXPECT_LE(slow->queued_bytes(), Publication::kQueuedBytesMax + kRecordBytes);
  expect_rows(*slow, 0, 499'999);
}

TEST_F(PublicationTest, one_that_falls_too_far_behind_is_cut_off) {
  constexpr int64_t kRowsMax = 200'000;
  const auto peer = std::make_shared<FakePeer>();
  const auto publication = subscribe(peer, "x", 0, kRowsMax);
  ASSERT_NE(publication, nullptr);
  for (int i = 0; i < 100 && !publication->has_ended(); ++i) add(5000);
  EXPECT_TRUE(peer->wait_closed());
  EXPECT_EQ(board_.size(), 0u);
}

TEST_F(PublicationTest, rows_of_before_the_subscription_do_not_count_as_waiting) {
  add(300'000);
  const auto peer = std::make_shared<FakePeer>();
  ASSERT_NE(subscribe(peer, "x", 0, 1000), nullptr);
  (void)peer->take();
  add(10);
  expect_rows(*peer, 0, 300'009);
}

TEST_F(PublicationTest, one_whose_rows_are_gone_is_cut_off) {
  add(300'000);
  const auto peer = std::make_shared<FakePeer>();
  ASSERT_NE(subscribe(peer, "x", 0), nullptr);
  (void)peer->take();
  while (peer->queued_bytes() < Publication::kQueuedBytesMax) std::this_thread::yield();
  table_->drop_before(299'000);
  while (peer->waiting() > 0) (void)peer->take();
  EXPECT_TRUE(peer->wait_closed());
}

TEST_F(PublicationTest, a_name_is_free_again_when_its_connection_ends) {
  const auto first = std::make_shared<FakePeer>(), second = std::make_shared<FakePeer>();
  ASSERT_NE(subscribe(first, "x", 0), nullptr);
  EXPECT_EQ(subscribe(second, "x", 0), nullptr);
  EXPECT_TRUE(board_.is_published("t"));
  first->close();
  EXPECT_FALSE(board_.is_published("t"));
  const auto again = subscribe(second, "x", 0);
  ASSERT_NE(again, nullptr);
  (void)second->take();
  add(1);
  expect_rows(*second, 0, 0);
  EXPECT_EQ(board_.end_if([](const PublicationTerms& terms) { return terms.action == "x"; }), 1u);
  EXPECT_TRUE(second->wait_closed());
}

TEST_F(PublicationTest, subscribers_at_the_same_row_share_the_record) {
  add(2000);
  const auto feed = board_.feed_of(table_);
  const auto one = feed->record_from(0), other = feed->record_from(0);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(*one, *other);
  EXPECT_EQ((*one)->rows, TableFeed::kRecordRows);
  const auto none = feed->record_from(2000);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, nullptr);
  EXPECT_EQ(feed, board_.feed_of(table_));
}

}  // namespace
}  // namespace pelorus::stream
