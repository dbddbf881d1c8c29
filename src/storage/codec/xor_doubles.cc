#include "storage/codec/xor_doubles.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace pelorus::storage {
namespace {

/// Leading zeros are counted down to one of these, so that three bits name the count.
constexpr std::array<unsigned, 8> kLeading = {0, 8, 12, 16, 18, 20, 22, 24};
/// With more trailing zeros than this it pays to say where they begin.
constexpr unsigned kTrailingWorth = 6;

enum Form : uint64_t { kSame = 0, kMiddle = 1, kSameLeading = 2, kNewLeading = 3 };

Error corrupt() { return {ErrorCode::kCorrupt, "block makes no sense: bits of doubles"}; }

uint64_t leading_class(uint64_t bits) {
  const auto zeros = static_cast<unsigned>(std::countl_zero(bits));
  uint64_t found = 0;
  while (found + 1 < kLeading.size() && kLeading[found + 1] <= zeros) ++found;
  return found;
}

/// The lowest bits of numbers one after another, the first ones lowest in the first byte.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void put(uint64_t bits, unsigned count) {
    for (unsigned done = 0; done < count;) {
      if (used_ == 8) {
        out_.push_back(0);
        used_ = 0;
      }
      const unsigned now = std::min(8 - used_, count - done);
      const uint64_t piece = (bits >> done) & ((uint64_t{1} << now) - 1);
      out_.back() = static_cast<char>(static_cast<uint8_t>(out_.back()) | (piece << used_));
      used_ += now;
      done += now;
    }
  }

 private:
  std::string& out_;
  unsigned used_ = 8;  // bits of the last byte
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  /// 0 behind the end, and ok() is false then.
  uint64_t get(unsigned count) {
    if (count > bytes_.size() * 8 - at_) {
      ok_ = false;
      return 0;
    }
    uint64_t bits = 0;
    for (unsigned done = 0; done < count;) {
      const unsigned shift = at_ % 8;
      const unsigned now = std::min(8 - shift, count - done);
      const uint64_t piece = (static_cast<uint8_t>(bytes_[at_ / 8]) >> shift) & ((uint64_t{1} << now) - 1);
      bits |= piece << done;
      at_ += now;
      done += now;
    }
    return bits;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return (at_ + 7) / 8 == bytes_.size(); }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

std::string encode_xor_doubles(std::span<const double> values) {
  std::string out;
  BitWriter writer(out);
  uint64_t before = 0;
  uint64_t known = kLeading.size();  // the class of the last value that named one; none yet
  for (const double value : values) {
    const auto now = std::bit_cast<uint64_t>(value);
    const uint64_t differs = now ^ before;
    before = now;
    if (differs == 0) {
      writer.put(kSame, 2);
      continue;
    }
    const uint64_t leading = leading_class(differs);
    const unsigned rest = 64 - kLeading[leading];
    const auto trailing = static_cast<unsigned>(std::countr_zero(differs));
    if (trailing > kTrailingWorth) {
      writer.put(kMiddle, 2);
      writer.put(leading, 3);
      writer.put(rest - trailing - 1, 6);
      writer.put(differs >> trailing, rest - trailing);
    } else if (leading == known) {
      writer.put(kSameLeading, 2);
      writer.put(differs, rest);
    } else {
      writer.put(kNewLeading, 2);
      writer.put(leading, 3);
      writer.put(differs, rest);
    }
    known = leading;
  }
  return out;
}

Status decode_xor_doubles(std::string_view bytes, std::span<double> out) {
  BitReader reader(bytes);
  uint64_t value = 0;
  uint64_t known = kLeading.size();
  for (double& one : out) {
    const uint64_t form = reader.get(2);
    uint64_t differs = 0;
    if (form == kMiddle) {
      known = reader.get(3);
      const auto count = static_cast<unsigned>(reader.get(6)) + 1;
      const unsigned rest = 64 - kLeading[known];
      if (count > rest) return corrupt();
      differs = reader.get(count) << (rest - count);
    } else if (form != kSame) {
      if (form == kNewLeading) known = reader.get(3);
      if (known == kLeading.size()) return corrupt();
      differs = reader.get(64 - kLeading[known]);
    }
    if (!reader.ok()) return corrupt();
    value ^= differs;
    one = std::bit_cast<double>(value);
  }
  return reader.at_end() ? Status() : Status(corrupt());
}

}  // namespace pelorus::storage
