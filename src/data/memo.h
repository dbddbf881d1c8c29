#pragma once
// What was found out about something that changes seldom.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace pelorus::data {

/// One thing known of a column: nothing until it is asked for twice between changes, as finding out costs more than it
/// spares a single reader. Asking is thread-safe. Copies and moved ones know nothing. T has parts().
template <class T>
class Memo {
 public:
  Memo() = default;
  Memo(const Memo&) noexcept {}
  Memo& operator=(const Memo&) noexcept {
    forget();
    return *this;
  }

  void forget() noexcept {
    if (times_asked_.load(std::memory_order_relaxed) == 0) return;
    times_asked_ = 0;
    known_ = std::shared_ptr<const T>();
  }
  /// What find() gave, of a column that has so many parts; null: not known yet.
  template <class Find>
  std::shared_ptr<const T> ask(size_t parts, Find&& find) const {
    // What was moved from may know more than it has.
    if (auto known = known_.load(); known && known->parts() == parts) return known;
    if (times_asked_.exchange(1) == 0) return nullptr;
    std::shared_ptr<const T> found = find();
    known_ = found;
    return found;
  }

 private:
  mutable std::atomic<uint8_t> times_asked_{0};
  mutable std::atomic<std::shared_ptr<const T>> known_;
};

}  // namespace pelorus::data
