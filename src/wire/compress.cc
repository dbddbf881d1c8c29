#include "wire/compress.h"

#include <lz4.h>

#include <cstring>
#include <vector>

namespace pelorus::wire {
namespace {

constexpr uint64_t zigzag(int64_t n) { return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63); }
constexpr uint64_t unzigzag(uint64_t z) { return (z >> 1) ^ (~(z & 1) + 1); }

constexpr int kWordBits = 64;
constexpr int kEndPrefixBits = 6;  // 111110, then 64 one-bits, then a zero

/// Bits most significant first in 64-bit words that are stored little-endian.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes), bits_(bytes.size() / 8 * kWordBits) {}

  size_t left() const { return bits_ - at_; }
  /// `count` bits, 1..64; the caller looked at left().
  uint64_t take(int count) {
    const uint64_t value = peek(at_, count);
    at_ += static_cast<size_t>(count);
    return value;
  }
  /// Whether what is left is nothing but the end mark and its padding.
  bool at_end_mark() const {
    if (left() < kEndPrefixBits + kWordBits || left() >= kEndPrefixBits + 1 + 2 * kWordBits) return false;
    return peek(at_, kEndPrefixBits) == 0b111110 && peek(at_ + kEndPrefixBits, kWordBits) == ~uint64_t{0};
  }

 private:
  uint64_t word(size_t index) const {
    uint64_t value;
    std::memcpy(&value, bytes_.data() + index * 8, 8);
    return value;
  }
  uint64_t peek(size_t from, int count) const {
    const size_t index = from / kWordBits;
    const int offset = static_cast<int>(from % kWordBits);
    uint64_t value = word(index) << offset;
    if (offset + count > kWordBits) value |= word(index + 1) >> (kWordBits - offset);
    return count == kWordBits ? value : value >> (kWordBits - count);
  }

  std::string_view bytes_;
  size_t bits_;
  size_t at_ = 0;
};

class BitWriter {
 public:
  void put(uint64_t value, int count) {
    if (count < kWordBits) value &= (uint64_t{1} << count) - 1;
    const int room = kWordBits - used_;
    if (count < room) {
      word_ |= value << (room - count);
      used_ += count;
      return;
    }
    word_ |= value >> (count - room);
    flush();
    const int rest = count - room;
    if (rest > 0) {
      word_ = value << (kWordBits - rest);
      used_ = rest;
    }
  }
  std::string finish() {
    if (used_ > 0) flush();
    return std::move(bytes_);
  }

 private:
  void flush() {
    bytes_.append(reinterpret_cast<const char*>(&word_), 8);
    word_ = 0;
    used_ = 0;
  }

  std::string bytes_;
  uint64_t word_ = 0;
  int used_ = 0;
};

constexpr int64_t null_of_unit(int unit) { return unit == 2 ? INT16_MIN : unit == 4 ? INT32_MIN : INT64_MIN; }

void append_element(std::string& out, uint64_t value, int unit) {
  out.append(reinterpret_cast<const char*>(&value), static_cast<size_t>(unit));
}

int64_t element_at(std::string_view raw, size_t index, int unit) {
  const char* from = raw.data() + index * static_cast<size_t>(unit);
  if (unit == 2) {
    int16_t v;
    std::memcpy(&v, from, 2);
    return v;
  }
  if (unit == 4) {
    int32_t v;
    std::memcpy(&v, from, 4);
    return v;
  }
  int64_t v;
  std::memcpy(&v, from, 8);
  return v;
}

/// Sizes of the numbers behind the prefixes 10, 110, 1110, 11110, 111110.
constexpr int kDeltaBits[] = {7, 9, 16, 32, 64};

void put_delta(BitWriter& out, uint64_t code) {
  for (int k = 0; k < 5; ++k) {
    if (kDeltaBits[k] < kWordBits && code >= uint64_t{1} << kDeltaBits[k]) continue;
    out.put((uint64_t{1} << (k + 2)) - 2, k + 2);
    out.put(code, kDeltaBits[k]);
    return;
  }
}

Error ends_early() { return {ErrorCode::kCorrupt, "a delta-of-delta block ends in the middle of an element"}; }

enum class Coded { kValue, kNull, kEnd, kShort };

/// Reads one element of the third kind: a difference of differences into *change.
Coded take_delta(BitReader& bits, uint64_t* change) {
  int ones = 0;
  while (ones < kEndPrefixBits) {
    if (bits.left() == 0) return Coded::kShort;
    if (bits.take(1) == 0) break;
    ++ones;
  }
  if (ones == kEndPrefixBits) return Coded::kNull;
  if (ones == 0) {
    *change = 0;
    return Coded::kValue;
  }
  const int width = kDeltaBits[ones - 1];
  if (bits.left() < static_cast<size_t>(width)) return Coded::kShort;
  const uint64_t code = bits.take(width);
  if (width == kWordBits && code == ~uint64_t{0}) return Coded::kEnd;
  *change = unzigzag(code + 1);
  return Coded::kValue;
}

}  // namespace

Result<std::string> unpack_lz4(std::string_view payload) {
  std::string raw(kBlockBytesMax, '\0');
  const int size =
      LZ4_decompress_safe(payload.data(), raw.data(), static_cast<int>(payload.size()), static_cast<int>(raw.size()));
  if (size < 0) return Error{ErrorCode::kCorrupt, "an LZ4 block of a compressed column cannot be unpacked"};
  raw.resize(static_cast<size_t>(size));
  return raw;
}

std::string pack_lz4(std::string_view raw) {
  std::string packed(static_cast<size_t>(LZ4_compressBound(static_cast<int>(raw.size()))), '\0');
  const int size =
      LZ4_compress_default(raw.data(), packed.data(), static_cast<int>(raw.size()), static_cast<int>(packed.size()));
  packed.resize(static_cast<size_t>(size));
  return packed;
}

Result<std::string> unpack_delta(std::string_view payload, int unit, size_t elements_max) {
  BitReader bits(payload);
  std::string out;
  const size_t count_max = std::min(elements_max, kBlockBytesMax / static_cast<size_t>(unit));
  const auto null = static_cast<uint64_t>(null_of_unit(unit));
  uint64_t previous = 0;
  uint64_t difference = 0;
  int values_seen = 0;
  for (size_t count = 0; count < count_max; ++count) {
    if (values_seen < 2) {
      // The first two values stand in full behind a one; nulls before them are a zero.
      if (bits.at_end_mark()) break;
      if (bits.left() == 0) return ends_early();
      if (bits.take(1) == 0) {
        append_element(out, null, unit);
        continue;
      }
      if (bits.left() < static_cast<size_t>(8 * unit)) return ends_early();
      difference = unzigzag(bits.take(8 * unit));
      previous += difference;
      ++values_seen;
      append_element(out, previous, unit);
      continue;
    }
    uint64_t change = 0;
    const auto coded = take_delta(bits, &change);
    if (coded == Coded::kShort) return ends_early();
    if (coded == Coded::kEnd) break;
    if (coded == Coded::kValue) {
      difference += change;
      previous += difference;
    }
    append_element(out, coded == Coded::kNull ? null : previous, unit);
  }
  return out;
}

std::string pack_delta(std::string_view raw, int unit) {
  BitWriter out;
  const int64_t null = null_of_unit(unit);
  uint64_t previous = 0;
  uint64_t difference = 0;
  int values_seen = 0;
  for (size_t i = 0; i < raw.size() / static_cast<size_t>(unit); ++i) {
    const int64_t value = element_at(raw, i, unit);
    if (values_seen < 2) {
      out.put(value == null ? 0 : 1, 1);
      if (value == null) continue;
      difference = static_cast<uint64_t>(value) - previous;
      out.put(zigzag(static_cast<int64_t>(difference)), 8 * unit);
      previous = static_cast<uint64_t>(value);
      ++values_seen;
      continue;
    }
    if (value == null) {
      out.put(0b111111, 6);
      continue;
    }
    const uint64_t change = static_cast<uint64_t>(value) - previous - difference;
    if (change == 0) {
      out.put(0, 1);
    } else {
      put_delta(out, zigzag(static_cast<int64_t>(change)) - 1);
    }
    difference += change;
    previous = static_cast<uint64_t>(value);
  }
  out.put(0b111110, kEndPrefixBits);
  out.put(~uint64_t{0}, kWordBits);
  out.put(0, 1);
  return out.finish();
}

bool may_pack_delta(data::Type type) {
  using data::Type;
  return type == Type::kShort || type == Type::kInt || type == Type::kLong || types::is_temporal(type);
}

}  // namespace pelorus::wire
