#pragma once
// A growing array of plain values that does not pay for zeroing what is about to be overwritten.

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace pelorus {

/// resize() leaves new plain elements uninitialised.
template <class T>
struct UninitialisedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitialisedAllocator<U>;
  };
  using std::allocator<T>::allocator;

  template <class U>
  void construct(U* place) noexcept(std::is_nothrow_default_constructible_v<U>) {
    if constexpr (!std::is_trivially_default_constructible_v<U>) ::new (static_cast<void*>(place)) U();
  }
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};

template <class T>
using Buffer = std::vector<T, UninitialisedAllocator<T>>;

}  // namespace pelorus
