#pragma once
// What is kept only to save work, and goes when the process is short of memory.

#include <functional>

namespace pelorus::memory {

/// Of a cache: while it lives, `let_go` may be called at any moment, on a thread that holds no mutex of a cache, one
/// call at a time. It must not throw, nor wait for anybody who may be waiting for memory.
class Yielding {
 public:
  explicit Yielding(std::function<void()> let_go);
  /// Waits for a call under way.
  ~Yielding();
  Yielding(const Yielding&) = delete;
  Yielding& operator=(const Yielding&) = delete;

 private:
  friend void let_go_of_caches();
  const std::function<void()> let_go_;
};

/// Every cache of the process lets go of what it can.
void let_go_of_caches();

}  // namespace pelorus::memory
