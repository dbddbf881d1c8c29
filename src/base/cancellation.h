#pragma once
// One token per statement, looked at between blocks of work.

#include <atomic>
#include <memory>

namespace pelorus {

/// Copies share one flag. Thread-safe.
class CancellationToken {
 public:
  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace pelorus
