#pragma once
// Bytes to be sent, as a chain of pieces: small ones are copied together, big columns are only referred to.

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "data/value.h"

namespace pelorus::wire {

/// Filled by an encoder, emptied by a socket. Not thread-safe. What refer() names must stay unchanged for the life of
/// the chain: hand its owner to keep() (values are copied on write, so holding one freezes it).
class Chain {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(T value) { put_raw(&value, sizeof value); }
  void put_raw(const void* data, size_t size);
  void put_text(std::string_view text) { put_raw(text.data(), text.size()); }
  /// The text up to its first NUL, then a NUL: strings on the wire cannot hold one.
  void put_cstring(std::string_view text);
  /// Refers to `size` bytes without copying; fewer than kReferBytesMin are copied.
  void refer(const void* data, size_t size);
  /// Takes over the pieces of `other`.
  void append(Chain other);
  void keep(data::Value owner) { kept_.push_back(std::move(owner)); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The pieces in order; valid until the chain changes.
  std::vector<std::string_view> pieces() const;
  /// All bytes in one string.
  std::string flatten() const;
  void clear();

  static constexpr size_t kReferBytesMin = 4096;

 private:
  /// Own bytes, or a reference when `data` is set.
  struct Piece {
    std::string own;
    const char* data = nullptr;
    size_t size = 0;
  };
  static constexpr size_t kOwnBytesMax = 256 << 10;

  std::vector<Piece> pieces_;
  std::vector<data::Value> kept_;
  size_t size_ = 0;
};

}  // namespace pelorus::wire
