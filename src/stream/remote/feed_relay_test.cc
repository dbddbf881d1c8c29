#include "stream/remote/feed_relay.h"

#include <gtest/gtest.h>

#include <deque>

namespace pelorus::stream {
namespace {

using data::Table;
using data::Vector;
using types::Type;

/// What a publisher would send; shared by the feeds that are opened one after another.
struct Publisher {
  std::mutex mutex;
  std::condition_variable changed;
  int64_t rows = 0;           // that it has
  int64_t rows_at_once = 10;  // in a batch
  bool away = false;          // opening fails, what is open ends
  int opened = 0;
  std::vector<int64_t> offsets;

  void add(int64_t count) {
    const std::lock_guard lock(mutex);
    rows += count;
    changed.notify_all();
  }
  void set_away(bool is_away) {
    const std::lock_guard lock(mutex);
    away = is_away;
    changed.notify_all();
  }
};

Table numbers(int64_t from, int64_t count) {
  data::Buffer<int64_t> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i)] = from + i;
  return {{"n"}, {Vector::adopt<int64_t>(Type::kLong, std::move(values))}};
}

class FakeFeed final : public Feed {
 public:
  FakeFeed(Publisher& publisher, int64_t offset) : publisher_(publisher), first_row_(offset), next_(offset) {}
  Result<Batch> next() override {
    std::unique_lock lock(publisher_.mutex);
    publisher_.changed.wait(lock, [&] { return closed_ || publisher_.away || next_ < publisher_.rows; });
    if (closed_) return Error{ErrorCode::kCancelled, "closed"};
    if (publisher_.away) return Error{ErrorCode::kUnavailable, "the publisher is away"};
    const int64_t count = std::min(publisher_.rows_at_once, publisher_.rows - next_);
    Batch batch{.rows = numbers(next_, count), .last_row = next_ + count - 1, .sent_ns = 1};
    next_ += count;
    return batch;
  }
  void close() override {
    const std::lock_guard lock(publisher_.mutex);
    closed_ = true;
    publisher_.changed.notify_all();
  }
  const std::string& topic() const override { return topic_; }
  const data::Schema& schema() const override { return schema_; }
  int64_t first_row() const override { return first_row_; }
  const std::string& filter_column() const override { return filter_column_; }
  const std::vector<PublisherSite>& sites() const override { return sites_; }

 private:
  Publisher& publisher_;
  const int64_t first_row_;
  int64_t next_;         // guarded by the publisher's mutex
  bool closed_ = false;  // guarded by the publisher's mutex
  const std::string topic_ = "h:1:a/t/x", filter_column_ = "n";
  const data::Schema schema_{{"n", Type::kLong}};
  const std::vector<PublisherSite> sites_;
};

class FeedRelayTest : public testing::Test {
 protected:
  std::unique_ptr<FeedRelay> relay(int64_t offset, bool reconnects, int64_t waiting_rows_max = 1'000'000) {
    RelayTerms terms{.feed = {.site = {.host = "h", .port = 1, .name = "a"},
                              .table = "t",
                              .action = "x",
                              .offset_of = [offset](const std::string&) { return offset; }},
                     .reconnects = reconnects,
                     .waiting_rows_max = waiting_rows_max};
    const OpenFeed open = [this](const FeedTerms& asked,
                                 const std::function<bool()>&) -> Result<std::unique_ptr<Feed>> {
      const std::lock_guard lock(publisher_.mutex);
      if (publisher_.away) return Error{ErrorCode::kUnavailable, "the publisher is away"};
      ++publisher_.opened;
      publisher_.offsets.push_back(asked.offset_of("h:1:a/t/x"));
      return std::unique_ptr<Feed>(std::make_unique<FakeFeed>(publisher_, publisher_.offsets.back()));
    };
    auto first = open(terms.feed, [] { return false; });
    return std::make_unique<FeedRelay>(std::move(terms), open, std::move(*first));
  }
  static bool comes_to(const FeedRelay& relay, int64_t rows) {
    for (int i = 0; i < 4000 && relay.table()->rows() < rows; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return relay.table()->rows() == rows;
  }

  Publisher publisher_;
};

TEST_F(FeedRelayTest, rows_bear_the_publishers_numbers) {
  publisher_.add(30);
  const auto made = relay(5, false);
  EXPECT_TRUE(comes_to(*made, 30));
  EXPECT_EQ(made->table()->first_row(), 5);
  EXPECT_EQ(made->table()->read(7, 1).column(0).values<int64_t>()[0], 7);
  EXPECT_EQ(made->table()->filter_column(), "n");
  EXPECT_EQ(made->facts().rows, 25);
  EXPECT_EQ(made->facts().publisher, "a");
}

TEST_F(FeedRelayTest, a_lost_connection_is_opened_again_behind_the_last_row) {
  publisher_.add(20);
  const auto made = relay(0, true);
  ASSERT_TRUE(comes_to(*made, 20));
  publisher_.set_away(true);
  for (int i = 0; i < 4000 && made->facts().trouble.empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(made->facts().trouble, "the publisher is away");
  publisher_.add(15);
  publisher_.set_away(false);
  EXPECT_TRUE(comes_to(*made, 35));
  EXPECT_EQ(made->facts().trouble, "");
  const std::lock_guard lock(publisher_.mutex);
  EXPECT_EQ(publisher_.offsets, (std::vector<int64_t>{0, 20}));
}

TEST_F(FeedRelayTest, without_reconnect_it_stays_where_it_is) {
  publisher_.add(20);
  const auto made = relay(0, false);
  ASSERT_TRUE(comes_to(*made, 20));
  publisher_.set_away(true);
  for (int i = 0; i < 4000 && made->facts().trouble.empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  publisher_.set_away(false);
  publisher_.add(5);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(made->table()->rows(), 20);
  EXPECT_EQ(publisher_.opened, 1);
}

TEST_F(FeedRelayTest, rows_that_wait_for_the_handler_are_bounded) {
  publisher_.add(10'000);
  const auto made = relay(0, false, 100);
  for (int i = 0; i < 200 && made->table()->rows() <= 100; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(made->table()->rows(), 110);
  for (int64_t handled = 110; handled < 10'000; handled = made->table()->rows()) made->handled(handled);
  EXPECT_TRUE(comes_to(*made, 10'000));
}

}  // namespace
}  // namespace pelorus::stream
