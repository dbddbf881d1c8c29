#pragma once
// What a monitor waits for, and when it is due.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::stream {

/// Milliseconds since 1970 as TIMESTAMP counts them: of the clock on the wall or of events.
using Moment = int64_t;

/// at=(seconds, minutes, hours, days of the week, days of the month, months): an empty place stands for all.
class Timetable {
 public:
  static constexpr size_t kParts = 6;
  /// ScriptError when the tuple has other than six places, no seconds or numbers out of range.
  explicit Timetable(const data::Value& at);
  /// The first moment of the table after `now`; nothing within the next five years: nothing.
  std::optional<Moment> after(Moment now) const;

 private:
  bool allows(size_t part, int64_t number) const;
  std::array<std::vector<int64_t>, kParts> parts_;  // empty: all
};

/// One call of addEventListener. Owned by its monitor; scripts hold it by handles. Except for ended(), used by the
/// thread that works for the engine only.
struct Listener {
  enum class Kind : uint8_t { kEvent, kWithin, kExceedTime, kWait, kAt };
  std::string name;
  Kind kind = Kind::kEvent;
  data::Value handler;
  std::string event_type;   // "any": all; empty for kWait and kAt
  data::CodeRef condition;  // may be null
  int64_t times_left = -1;  // -1: no end
  data::Value span;         // a DURATION: of within, exceedTime, wait
  std::optional<Timetable> timetable;
  std::optional<Moment> due;  // nothing while no event has told the time yet
  std::atomic<bool> ended = false;

  bool is_timer() const { return kind != Kind::kEvent; }
  /// Sets `due` to what follows `now`.
  void schedule(Moment now);
};

/// What addEventListener returns.
class ListenerHandle final : public data::HandleObject {
 public:
  explicit ListenerHandle(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
  std::string kind() const override { return "EventListener"; }
  std::string describe() const override {
    return "EventListener " + listener_->name + (listener_->ended ? " (ended)" : "");
  }
  void terminate() { listener_->ended = true; }

 private:
  const std::shared_ptr<Listener> listener_;
};

/// `now` and a DURATION behind it.
Moment moment_after(Moment now, const data::Value& span);

}  // namespace pelorus::stream
