#include "storage/codec/step_groups.h"

#include <algorithm>

#include "base/bytes.h"
#include "storage/codec/bit_packing.h"
#include "storage/codec/integer_groups.h"

namespace pelorus::storage {
namespace {

constexpr uint8_t kAsTheyAre = 255;  // in the place of the bits

Error corrupt() { return {ErrorCode::kCorrupt, "block makes no sense: groups of steps"}; }

/// Differences wrap around, so that every sequence comes back whatever its values.
uint64_t change(std::span<const int64_t> values, size_t i) {
  const auto at = [&](size_t k) { return static_cast<uint64_t>(values[k]); };
  return (at(i) - at(i - 1)) - (at(i - 1) - at(i - 2));
}

void put_group(std::span<const int64_t> values, std::string& out) {
  int64_t min = 0, max = 0;
  for (size_t i = 2; i < values.size(); ++i) {
    const auto one = static_cast<int64_t>(change(values, i));
    min = i == 2 ? one : std::min(min, one);
    max = i == 2 ? one : std::max(max, one);
  }
  const unsigned bits = bits_for(static_cast<uint64_t>(max) - static_cast<uint64_t>(min));
  ByteWriter writer(out);
  if (bits > kPackedBitsMax || values.size() < 3) {
    writer.put<uint8_t>(kAsTheyAre);
    writer.put_raw(values.data(), values.size_bytes());
    return;
  }
  writer.put<uint8_t>(static_cast<uint8_t>(bits));
  writer.put<int64_t>(values[0]);
  writer.put<int64_t>(values[1]);
  writer.put<int64_t>(min);
  pack(values.size() - 2, bits, out, [&](size_t i) { return change(values, i + 2) - static_cast<uint64_t>(min); });
}

Status get_group(ByteReader& reader, std::span<int64_t> out) {
  const unsigned bits = reader.get<uint8_t>();
  if (bits == kAsTheyAre) {
    const auto raw = reader.get_raw(out.size_bytes());
    if (!reader.ok()) return corrupt();
    std::memcpy(out.data(), raw.data(), raw.size());
    return {};
  }
  if (bits > kPackedBitsMax || out.size() < 3) return corrupt();
  auto before = static_cast<uint64_t>(reader.get<int64_t>());
  auto value = static_cast<uint64_t>(reader.get<int64_t>());
  const auto min = static_cast<uint64_t>(reader.get<int64_t>());
  const auto packed = reader.get_raw(packed_bytes(out.size() - 2, bits));
  if (!reader.ok()) return corrupt();
  out[0] = static_cast<int64_t>(before);
  out[1] = static_cast<int64_t>(value);
  uint64_t step = value - before;
  unpack(packed, out.size() - 2, bits, [&](size_t i, uint64_t code) {
    step += min + code;
    value += step;
    out[i + 2] = static_cast<int64_t>(value);
  });
  return {};
}

}  // namespace

std::string encode_step_groups(std::span<const int64_t> values) {
  std::string out;
  for (size_t from = 0; from < values.size(); from += kGroupRows)
    put_group(values.subspan(from, std::min(kGroupRows, values.size() - from)), out);
  return out;
}

Status decode_step_groups(std::string_view bytes, std::span<int64_t> out) {
  ByteReader reader(bytes);
  for (size_t from = 0; from < out.size(); from += kGroupRows)
    TRY_DONE(get_group(reader, out.subspan(from, std::min(kGroupRows, out.size() - from))));
  return reader.at_end() ? Status() : Status(corrupt());
}

}  // namespace pelorus::storage
