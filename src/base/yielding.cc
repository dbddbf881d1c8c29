#include "base/yielding.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace pelorus::memory {
namespace {

struct Caches {
  std::mutex mutex;
  std::vector<Yielding*> all;  // guarded by mutex
};

// A process has one memory, so this belongs to the process; never destroyed, as caches may be static.
Caches& caches() {
  static auto* const only = new Caches;
  return *only;
}

}  // namespace

Yielding::Yielding(std::function<void()> let_go) : let_go_(std::move(let_go)) {
  auto& known = caches();
  const std::lock_guard lock(known.mutex);
  known.all.push_back(this);
}

Yielding::~Yielding() {
  auto& known = caches();
  const std::lock_guard lock(known.mutex);
  std::erase(known.all, this);
}

void let_go_of_caches() {
  auto& known = caches();
  const std::lock_guard lock(known.mutex);
  for (const auto* one : known.all) one->let_go_();
}

}  // namespace pelorus::memory
