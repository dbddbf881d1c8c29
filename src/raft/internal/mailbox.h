#pragma once
// What other threads ask of a group's thread. Bounded; one wake-up per batch.

#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "raft/replicated_log.h"

namespace pelorus::raft {

struct MailboxLimits {
  size_t commands_max;
  size_t bytes_max;
};

/// Proposals count against the limits until they are answered. Thread-safe.
class Mailbox {
 public:
  struct Mail {
    std::vector<Proposal> proposals;
    std::vector<Done> barriers;
    std::vector<std::function<void()>> tasks;
  };

  explicit Mailbox(MailboxLimits limits) : limits_(limits) {}

  enum class Put { kRefused, kFirst, kAdded };  // kFirst: the reader must be woken

  Put put(Proposal& proposal) {
    const std::lock_guard lock(mutex_);
    const auto size = proposal.command.size();
    if (closed_ || commands_ >= limits_.commands_max || (commands_ > 0 && bytes_ + size > limits_.bytes_max))
      return Put::kRefused;
    ++commands_;
    bytes_ += size;
    return added(mail_.proposals, std::move(proposal));
  }
  Put put(Done& barrier) {
    const std::lock_guard lock(mutex_);
    if (closed_ || mail_.barriers.size() >= limits_.commands_max) return Put::kRefused;
    return added(mail_.barriers, std::move(barrier));
  }
  Put put_task(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (closed_ || mail_.tasks.size() >= limits_.commands_max) return Put::kRefused;
    return added(mail_.tasks, std::move(task));
  }

  Mail take() {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    return std::exchange(mail_, {});
  }
  /// `count` proposals of `bytes` together have been answered.
  void answered(size_t count, size_t bytes) {
    const std::lock_guard lock(mutex_);
    commands_ -= count;
    bytes_ -= bytes;
  }
  /// Everything put from now on is refused.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  template <class Item>
  Put added(std::vector<Item>& items, Item item) {
    items.push_back(std::move(item));
    return std::exchange(woken_, true) ? Put::kAdded : Put::kFirst;
  }

  const MailboxLimits limits_;
  std::mutex mutex_;
  Mail mail_;            // guarded by mutex_
  size_t commands_ = 0;  // guarded by mutex_; waiting or under way
  size_t bytes_ = 0;     // guarded by mutex_
  bool woken_ = false;   // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace pelorus::raft
