#pragma once
// Little-endian bytes in and out: the one codec under the wire, the logs and the snapshots.

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace pelorus {

static_assert(std::endian::native == std::endian::little, "Pelorus runs on little-endian machines only");

using Bytes = std::string;

/// Appends plain values to a Bytes. Never fails; the caller bounds the size.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(T value) { out_.append(reinterpret_cast<const char*>(&value), sizeof(T)); }
  void put_raw(const void* data, size_t size) { out_.append(static_cast<const char*>(data), size); }
  /// u32 length, then the bytes.
  void put_string(std::string_view text) {
    put<uint32_t>(static_cast<uint32_t>(text.size()));
    out_.append(text);
  }
  /// The bytes and a NUL.
  void put_cstring(std::string_view text) {
    out_.append(text);
    out_.push_back('\0');
  }
  size_t size() const { return out_.size(); }
  Bytes& target() { return out_; }

 private:
  Bytes& out_;
};

/// Reads plain values from bytes it does not own. A read past the end makes the reader fail for good:
/// it returns zeros and ok() is false, so a whole record may be read before looking once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  template <class T>
  requires std::is_trivially_copyable_v<T> T get() {
    T value{};
    if (!take(sizeof(T))) return value;
    std::memcpy(&value, in_.data() + at_ - sizeof(T), sizeof(T));
    return value;
  }
  std::string_view get_raw(size_t size) { return take(size) ? in_.substr(at_ - size, size) : std::string_view(); }
  std::string get_string() {
    const auto size = get<uint32_t>();
    return std::string(get_raw(size));
  }
  std::string_view get_cstring() {
    const auto end = ok_ ? in_.find('\0', at_) : std::string_view::npos;
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const auto text = in_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == in_.size(); }
  size_t position() const { return at_; }
  size_t left() const { return in_.size() - at_; }
  void fail() { ok_ = false; }
  /// kCorrupt naming `what` unless everything was read within bounds.
  Status finish(std::string_view what) const {
    if (ok_) return {};
    return Error{ErrorCode::kCorrupt, std::string(what) + " ends too early"};
  }

 private:
  bool take(size_t size) {
    if (!ok_ || size > in_.size() - at_) {
      ok_ = false;
      return false;
    }
    at_ += size;
    return true;
  }

  std::string_view in_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace pelorus
