#pragma once
// The bytes at hand, and what a reading does with them.

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/decode.h"

namespace pelorus::wire {

enum class Step : uint8_t {
  kMore,   // all bytes are used up and more are needed
  kDone,   // the value is complete
  kChild,  // an object follows, to be read first
  kFault,  // Input::fault() tells
};

/// A view of the bytes that came, with the beginning of an item that came incomplete before.
class Input {
 public:
  explicit Input(const DecodeLimits& limits) : limits_(limits) {}

  void set(std::string_view bytes) { bytes_ = bytes; }
  size_t left() const { return bytes_.size(); }
  const DecodeLimits& limits() const { return limits_; }

  /// Moves up to `size` bytes to `to`; returns how many.
  size_t copy(void* to, size_t size) {
    const size_t count = std::min(size, bytes_.size());
    if (count == 0) return 0;  // there may be no bytes to point to
    std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }
  /// A whole plain value, or nothing and the bytes are kept for the next call.
  template <class T>
  bool get(T* out) {
    if (partial_.empty() && bytes_.size() >= sizeof(T)) {
      std::memcpy(out, bytes_.data(), sizeof(T));
      bytes_.remove_prefix(sizeof(T));
      return true;
    }
    const size_t count = std::min(sizeof(T) - partial_.size(), bytes_.size());
    partial_.append(bytes_.substr(0, count));
    bytes_.remove_prefix(count);
    if (partial_.size() < sizeof(T)) return false;
    std::memcpy(out, partial_.data(), sizeof(T));
    partial_.clear();
    return true;
  }
  /// A whole cstring without its NUL, valid until the next call; nothing when it is still incomplete or too long
  /// (then fault() is set).
  std::optional<std::string_view> cstring() {
    if (complete_) {
      partial_.clear();
      complete_ = false;
    }
    const size_t end = bytes_.find('\0');
    const size_t count = end == std::string_view::npos ? bytes_.size() : end;
    if (partial_.size() + count > limits_.text_bytes_max) {
      set_fault({ErrorCode::kLimit, "a string of more than " + std::to_string(limits_.text_bytes_max) + " bytes"});
      return std::nullopt;
    }
    const auto head = bytes_.substr(0, count);
    if (end == std::string_view::npos) {
      partial_.append(head);
      bytes_ = {};
      return std::nullopt;
    }
    bytes_.remove_prefix(count + 1);
    if (partial_.empty()) return head;
    partial_.append(head);
    complete_ = true;
    return std::string_view(partial_);
  }
  /// A cstring has been used up; get() may follow.
  void release() {
    if (!complete_) return;
    partial_.clear();
    complete_ = false;
  }

  Step corrupt(std::string message) {
    set_fault({ErrorCode::kCorrupt, std::move(message)});
    return Step::kFault;
  }
  Step limit(std::string message) {
    set_fault({ErrorCode::kLimit, std::move(message)});
    return Step::kFault;
  }
  Step more_or_fault() const { return fault_ ? Step::kFault : Step::kMore; }
  void set_fault(Error error) { fault_ = std::move(error); }
  const std::optional<Error>& fault() const { return fault_; }

  /// Counts VOID elements, which cost no bytes. False (and a fault) beyond the limit.
  bool spend_bodiless(uint64_t count) {
    if (count > limits_.bodiless_elements_max - bodiless_) {
      set_fault({ErrorCode::kLimit, "more than " + std::to_string(limits_.bodiless_elements_max) + " VOID elements"});
      return false;
    }
    bodiless_ += count;
    return true;
  }

 private:
  const DecodeLimits& limits_;
  std::string_view bytes_;
  std::string partial_;
  bool complete_ = false;  // partial_ holds a whole cstring that was handed out
  std::optional<Error> fault_;
  uint64_t bodiless_ = 0;
};

}  // namespace pelorus::wire
