#include "stream/subscription.h"

#include "base/log.h"
#include "base/script_error.h"
#include "stream/engines/engine.h"

namespace pelorus::stream {

using data::Shared;
using data::Table;
using data::Value;
using data::Vector;

Subscription::Subscription(std::string topic, SubscriptionTerms terms, std::shared_ptr<StreamTable> table,
                           std::unique_ptr<exec::WorkerSession> session)
    : topic_(std::move(topic)),
      terms_(std::move(terms)),
      table_(std::move(table)),
      session_(std::move(session)),
      next_row_(terms_.offset) {
  listener_ = table_->listen([this] {
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

Subscription::~Subscription() {
  table_->unlisten(listener_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  session_->cancellation().cancel();
  if (terms_.filter != nullptr) terms_.filter->cancel();
  thread_.join();
}

bool Subscription::wait_for_rows() {
  std::unique_lock lock(mutex_);
  const auto waiting = [this] { return table_->rows() - next_row_; };
  wake_.wait(lock, [&] { return stopping_ || waiting() > 0; });
  if (terms_.batch_rows > 0) {
    wake_.wait_for(lock, terms_.throttle, [&] { return stopping_ || waiting() >= terms_.batch_rows; });
  }
  return !stopping_;
}

void Subscription::run() {
  constexpr int64_t kRowsAtOnceMax = 1 << 20;
  while (wait_for_rows()) {
    auto read = table_->read_kept(next_row_, terms_.batch_rows > 0 ? terms_.batch_rows : kRowsAtOnceMax);
    if (!read.ok()) {
      give_up(read.error().message);
      return;
    }
    const Table& rows = *read;
    const auto count = static_cast<int64_t>(rows.rows());
    std::string error;
    try {
      deliver(rows, next_row_ + count - 1);
    } catch (const ScriptError& failed) {
      error = failed.message();
    } catch (const std::bad_alloc&) {
      error = "Out of memory.";
    }
    if (!error.empty()) log_error("The handler of the subscription " + topic_ + " failed: " + error);
    note_done(count, error);
    if (terms_.offsets != nullptr) terms_.offsets->put(topic_, next_row_);
    if (terms_.relay != nullptr) terms_.relay->handled(next_row_);
  }
}

void Subscription::note_done(int64_t count, const std::string& error) {
  const std::lock_guard lock(mutex_);
  next_row_ += count;
  (error.empty() ? processed_ : failed_) += count;
  if (error.empty()) return;
  last_error_ = error;
  last_failed_row_ = next_row_ - 1;
  last_failed_ns_ = SystemClock().wall_ns();
}

void Subscription::give_up(const std::string& reason) {
  log_error("The subscription " + topic_ + " ends: " + reason);
  const std::lock_guard lock(mutex_);
  last_error_ = reason;
}

void Subscription::deliver(const Table& all, int64_t last_row) {
  const Table rows = terms_.filter == nullptr ? all : terms_.filter->keep(all);
  if (rows.rows() == 0) return;
  if (terms_.handler.is_table_object()) {
    auto* const engine = dynamic_cast<Engine*>(terms_.handler.table_object().get());
    const auto done =
        engine != nullptr ? engine->append_messages(rows, last_row) : terms_.handler.table_object()->append(rows);
    if (!done.ok()) throw ScriptError(done.error().message);
    return;
  }
  Value message = Value(rows);
  if (!terms_.message_as_table) {
    std::vector<Value> columns;
    for (size_t c = 0; c < rows.columns(); ++c) columns.emplace_back(rows.column_shared(c));
    message = Vector::tuple(std::move(columns));
  }
  std::vector<Value> arguments{std::move(message)};
  if (terms_.handler_needs_id) arguments.push_back(Value::of_long(last_row));
  (void)session_->interpreter().call(terms_.handler, std::span<Value>(arguments));
}

SubscriptionFacts Subscription::facts() const {
  const int64_t rows = table_->rows();
  const std::lock_guard lock(mutex_);
  return {.topic = topic_,
          .processed = processed_,
          .failed = failed_,
          .next_row = next_row_,
          .waiting = rows - next_row_,
          .last_error = last_error_,
          .last_failed_row = last_failed_row_,
          .last_failed_ns = last_failed_ns_};
}

bool SubscriptionBoard::add(const std::string& topic, std::unique_ptr<Subscription> subscription) {
  const std::lock_guard lock(mutex_);
  if (subscriptions_.size() >= kSubscriptionsMax) return false;
  return subscriptions_.emplace(topic, std::move(subscription)).second;
}

bool SubscriptionBoard::has(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.contains(topic);
}

bool SubscriptionBoard::is_full() const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.size() >= kSubscriptionsMax;
}

void SubscriptionBoard::remove(const std::string& topic) {
  std::unique_ptr<Subscription> ended;  // ends outside of the lock
  const std::lock_guard lock(mutex_);
  const auto found = subscriptions_.find(topic);
  if (found == subscriptions_.end()) throw ScriptError("There is no subscription " + topic + ".");
  if (found->second->runs_here()) throw ScriptError("A handler can't end its own subscription " + topic + ".");
  ended = std::move(found->second);
  subscriptions_.erase(found);
}

bool SubscriptionBoard::is_subscribed(const std::string& table) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [topic, subscription] : subscriptions_) {
    if (subscription->terms().relay == nullptr && subscription->terms().table == table) return true;
  }
  return false;
}

void SubscriptionBoard::for_each(const std::function<void(const Subscription&)>& see) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [topic, subscription] : subscriptions_) see(*subscription);
}

std::string SubscriptionBoard::remote_topic(const std::string& host, int port, const std::string& table,
                                            const std::string& action) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [topic, subscription] : subscriptions_) {
    const auto& terms = subscription->terms();
    if (terms.relay == nullptr || terms.table != table || terms.action != action) continue;
    if (terms.relay->site().host == host && terms.relay->site().port == port) return topic;
  }
  return {};
}

void SubscriptionBoard::clear() {
  std::map<std::string, std::unique_ptr<Subscription>> ended;
  const std::lock_guard lock(mutex_);
  ended.swap(subscriptions_);
}

}  // namespace pelorus::stream
