#pragma once
// Copy-on-write ownership: copies share, edit() clones when somebody else holds the object too.

#include <memory>
#include <utility>

#include "base/check.h"

namespace pelorus::data {

/// Never null unless moved from. Reading is thread-safe; edit() needs this handle to be used by one thread only.
template <class T>
class Shared {
 public:
  Shared() : object_(std::make_shared<T>()) {}
  Shared(T object) : object_(std::make_shared<T>(std::move(object))) {}

  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_.get(); }
  const T* get() const { return object_.get(); }

  /// The object for writing. Cost: a copy of T if it is shared.
  T& edit() {
    if (object_.use_count() > 1) object_ = std::make_shared<T>(*object_);
    return *object_;
  }
  bool shares_with(const Shared& other) const { return object_ == other.object_; }
  bool is_shared() const { return object_.use_count() > 1; }

 private:
  std::shared_ptr<T> object_;
};

}  // namespace pelorus::data
