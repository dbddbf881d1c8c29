#include "stream/remote/feed_relay.h"

#include "base/clock.h"
#include "base/log.h"

namespace pelorus::stream {

FeedRelay::FeedRelay(RelayTerms terms, OpenFeed open, std::unique_ptr<Feed> first)
    : terms_(std::move(terms)),
      open_(std::move(open)),
      topic_(first->topic()),
      table_(
          std::make_shared<StreamTable>(data::Table(first->schema()), std::vector<std::string>(), first->first_row())),
      feed_(std::move(first)),
      sites_(feed_->sites()),
      next_unhandled_(feed_->first_row()) {
  table_->set_filter_column(feed_->filter_column());
  facts_.publisher = terms_.feed.site.name;
  thread_ = std::thread([this] { run(); });
}

FeedRelay::~FeedRelay() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (feed_ != nullptr) feed_->close();
    wake_.notify_all();
  }
  thread_.join();
}

void FeedRelay::handled(int64_t next_row) {
  table_->drop_before(next_row);
  const std::lock_guard lock(mutex_);
  next_unhandled_ = next_row;
  wake_.notify_all();
}

FeedFacts FeedRelay::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

void FeedRelay::run() {
  while (take_batch()) {
  }
}

Status FeedRelay::store(const Feed::Batch& batch) {
  const auto count = static_cast<int64_t>(batch.rows.rows());
  const int64_t first = batch.last_row - count + 1, here = table_->rows();
  if (first > here || batch.last_row < here - 1)
    return Error{ErrorCode::kCorrupt, "rows " + std::to_string(first) + " to " + std::to_string(batch.last_row) +
                                          " came where row " + std::to_string(here) + " is next"};
  const auto known = static_cast<size_t>(here - first);
  TRY([[maybe_unused]] const auto added, table_->append(batch.rows.slice(known, batch.rows.rows() - known)));
  constexpr int64_t kSmoothing = 16;
  const int64_t now = SystemClock().wall_ns();
  const std::lock_guard lock(mutex_);
  facts_.last_latency_ns = now - batch.sent_ns;
  facts_.mean_latency_ns =
      facts_.rows == 0 ? facts_.last_latency_ns
                       : facts_.mean_latency_ns + (facts_.last_latency_ns - facts_.mean_latency_ns) / kSmoothing;
  facts_.rows += count;
  facts_.last_ns = now;
  return {};
}

bool FeedRelay::take_batch() {
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || table_->rows() - next_unhandled_ <= terms_.waiting_rows_max; });
  }
  if (stopping_) return false;
  const auto batch = feed_->next();
  const auto stored = batch.ok() ? store(*batch) : Status(batch.error());
  if (stored.ok()) return true;
  if (stopping_) return false;
  note_trouble(stored.error().message);
  feed_->close();
  return terms_.reconnects && connect_again();
}

void FeedRelay::note_trouble(const std::string& trouble) {
  {
    const std::lock_guard lock(mutex_);
    if (facts_.trouble == trouble) return;
    facts_.trouble = trouble;
  }
  if (!trouble.empty()) log_warning("The subscription " + topic_ + " gets no rows: " + trouble);
}

bool FeedRelay::pause() {
  constexpr std::chrono::milliseconds kPause{300};
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, kPause, [&] { return stopping_.load(); });
}

bool FeedRelay::connect_again() {
  for (size_t turn = 0; pause(); ++turn) {
    FeedTerms terms = terms_.feed;
    if (!sites_.empty()) terms.site = sites_[turn % sites_.size()];
    terms.offset_of = [this](const std::string&) { return table_->rows(); };
    terms.replaces = true;
    auto opened = open_(terms, [this] { return stopping_.load(); });
    if (!opened.ok()) {
      note_trouble(opened.error().message);
      continue;
    }
    note_trouble("");
    const std::lock_guard lock(mutex_);
    feed_ = std::move(*opened);
    if (!feed_->sites().empty()) sites_ = feed_->sites();
    if (stopping_) feed_->close();
    return true;
  }
  return false;
}

}  // namespace pelorus::stream
