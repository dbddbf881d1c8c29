#include "stream/publish/publication.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/script_error.h"
#include "wire/stream_record.h"

namespace pelorus::stream {
namespace {

/// Records sent before the thread turns to another subscriber.
constexpr int kRecordsAtOnce = 16;

}  // namespace

Publication::Publication(PublicationTerms terms, std::shared_ptr<TableFeed> feed, std::shared_ptr<wire::Peer> peer,
                         ThreadPool& pool)
    : terms_(std::move(terms)),
      feed_(std::move(feed)),
      peer_(std::move(peer)),
      pool_(pool),
      first_new_(feed_->table().rows()),
      next_row_(terms_.offset) {}

void Publication::begin() {
  wire::Chain columns;
  const auto encoded = wire::encode(data::Value(data::Table(feed_->table().schema())), columns);
  if (!encoded.ok()) return cut_off(encoded.error().message);
  if (!push(std::move(columns), terms_.offset - 1)) return;
  const auto weak = weak_from_this();
  peer_->on_sent([weak] {
    const auto self = weak.lock();
    if (self == nullptr || self->peer_->queued_bytes() > kQueuedBytesMax / 2) return;
    if (self->waits_for_room_.exchange(false)) self->wake();
  });
  {
    const std::lock_guard lock(listening_);
    if (ended_) return;
    listener_ = feed_->table().listen([weak] {
      if (const auto self = weak.lock()) self->wake();
    });
  }
  wake();
}

void Publication::end() {
  if (ended_.exchange(true)) return;
  if (terms_.filter != nullptr) terms_.filter->cancel();
  peer_->close();
  int64_t listener = 0;
  {
    const std::lock_guard lock(listening_);
    listener = std::exchange(listener_, 0);
  }
  if (listener != 0) feed_->table().unlisten(listener);
}

void Publication::cut_off(const std::string& reason) {
  if (!ended_)
    log_warning("The subscriber " + terms_.client_ip + ":" + std::to_string(terms_.client_port) + " of " +
                terms_.topic + " is cut off: " + reason);
  end();
}

void Publication::wake() {
  auto state = state_.load();
  while (state != State::kAgain) {
    if (!state_.compare_exchange_weak(state, state == State::kIdle ? State::kBusy : State::kAgain)) continue;
    if (state == State::kIdle) pool_.submit([self = shared_from_this()] { self->run(); });
    return;
  }
}

void Publication::run() {
  for (int sent = 0; sent < kRecordsAtOnce;) {
    state_ = State::kBusy;
    if (send_next()) {
      ++sent;
      continue;
    }
    if (terms_.offsets != nullptr) terms_.offsets->put(terms_.topic, next_row_);
    auto expected = State::kBusy;
    if (state_.compare_exchange_strong(expected, State::kIdle)) return;
  }
  pool_.submit([self = shared_from_this()] { self->run(); });
}

bool Publication::has_room() {
  waits_for_room_ = true;  // before the look, so that what leaves meanwhile wakes
  if (peer_->queued_bytes() >= kQueuedBytesMax) return false;
  waits_for_room_ = false;
  return true;
}

bool Publication::send_next() {
  if (ended_) return false;
  const int64_t from = next_row_, rows = feed_->table().rows();
  if (from >= rows) return false;
  if (const int64_t waiting = rows - std::max(from, first_new_); waiting > terms_.waiting_rows_max) {
    cut_off(std::to_string(waiting) + " rows wait for it (maxPubQueueDepthPerSite)");
    return false;
  }
  if (!has_room()) return false;
  try {
    const auto sent = send_rows(from);
    if (sent.ok()) return *sent;
    cut_off(sent.error().message);
  } catch (const ScriptError& failed) {
    cut_off("its filter failed: " + failed.message());
  } catch (const std::bad_alloc&) {
    cut_off("the node is out of memory");
  }
  return false;
}

Result<bool> Publication::send_rows(int64_t from) {
  if (terms_.filter == nullptr && !terms_.as_tables) {
    TRY(const auto record, feed_->record_from(from));
    if (record == nullptr) return false;
    const int64_t until = from + record->rows;
    if (!push(record->object, until - 1)) return false;
    next_row_ = until;
    return true;
  }
  TRY(data::Table rows, feed_->rows_from(from));
  const int64_t until = from + static_cast<int64_t>(rows.rows());
  if (terms_.filter != nullptr) rows = terms_.filter->keep(rows);
  if (rows.rows() > 0) {
    wire::Chain object;
    TRY_DONE(terms_.as_tables ? wire::encode(data::Value(rows), object) : wire::encode_columns(rows, object));
    if (!push(std::move(object), until - 1)) return false;
  }
  next_row_ = until;
  return true;
}

bool Publication::push(wire::Chain object, int64_t last_row) {
  wire::Chain record;
  wire::put_record_head({.sent_ns = SystemClock().wall_ns(), .last_row = last_row, .topic = terms_.topic}, record);
  record.append(std::move(object));
  if (peer_->push(std::move(record), SIZE_MAX)) return true;
  end();
  return false;
}

PublicationFacts Publication::facts() const {
  const int64_t next = next_row_;
  return {.table = terms_.table,
          .action = terms_.action,
          .subscriber = terms_.subscriber.find(':') == std::string::npos
                            ? terms_.client_ip + ":" + std::to_string(terms_.client_port)
                            : terms_.subscriber,
          .last_row = next - 1,
          .waiting = feed_->table().rows() - next,
          .waiting_max = terms_.waiting_rows_max};
}

}  // namespace pelorus::stream
