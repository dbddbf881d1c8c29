#include "storage/codec/integer_groups.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "kernels/column_facts.h"
#include "storage/codec/bit_packing.h"

namespace pelorus::storage {
namespace {

constexpr int64_t kNull = INT64_MIN;

enum class Form : uint8_t { kPlain = 0, kPacked = 1, kPackedNulls = 2, kSteps = 3 };

uint64_t less(int64_t value, int64_t base) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(base); }

Error corrupt() { return {ErrorCode::kCorrupt, "block makes no sense: integer groups"}; }

/// One group as it lies in a block.
struct StoredGroup {
  Form form = Form::kPlain;
  unsigned bits = 0;
  uint64_t base = 0;
  uint64_t step = 0;
  std::string_view body;
};

Result<StoredGroup> next_group(ByteReader& reader, size_t rows) {
  StoredGroup group;
  group.form = static_cast<Form>(reader.get<uint8_t>());
  if (group.form == Form::kPlain) {
    group.body = reader.get_raw(rows * sizeof(int64_t));
  } else {
    group.bits = reader.get<uint8_t>();
    group.base = static_cast<uint64_t>(reader.get<int64_t>());
    if (group.form == Form::kSteps) group.step = static_cast<uint64_t>(reader.get<int64_t>());
    if (!reader.ok() || group.bits > kPackedBitsMax || group.form > Form::kSteps) return corrupt();
    group.body = reader.get_raw(packed_bytes(group.form == Form::kSteps ? rows - 1 : rows, group.bits));
  }
  if (!reader.ok()) return corrupt();
  return group;
}

void decode_group(const StoredGroup& group, size_t rows, int64_t* out) {
  const uint64_t base = group.base;
  switch (group.form) {
    case Form::kPlain: std::memcpy(out, group.body.data(), rows * sizeof(int64_t)); return;
    case Form::kPacked:
      unpack(group.body, rows, group.bits,
             [&](size_t i, uint64_t code) { out[i] = static_cast<int64_t>(base + code); });
      return;
    case Form::kPackedNulls:
      unpack(group.body, rows, group.bits,
             [&](size_t i, uint64_t code) { out[i] = code == 0 ? kNull : static_cast<int64_t>(base + code - 1); });
      return;
    case Form::kSteps:
      uint64_t value = base;
      out[0] = static_cast<int64_t>(value);
      unpack(group.body, rows - 1, group.bits, [&](size_t i, uint64_t code) {
        value += group.step + code;
        out[i + 1] = static_cast<int64_t>(value);
      });
      return;
  }
}

}  // namespace

IntegerGroups::Group IntegerGroups::plan(std::span<const int64_t> values) {
  const auto extremes = kernels::extremes_of(values);
  const bool nulls = extremes.nulls > 0;
  const uint64_t range = less(extremes.greatest, extremes.least);
  const unsigned bits = bits_for(range + (nulls ? 1 : 0));
  const Form form = bits > kPackedBitsMax ? Form::kPlain : nulls ? Form::kPackedNulls : Form::kPacked;
  const Group packed{static_cast<uint8_t>(form), bits, extremes.least, 0};
  if (nulls || values.size() < 2 || range > INT64_MAX) return packed;
  const auto steps = kernels::steps_of(values);
  const unsigned step_bits = bits_for(less(steps.greatest, steps.least));
  if (step_bits >= bits || step_bits > kPackedBitsMax) return packed;
  return {static_cast<uint8_t>(Form::kSteps), step_bits, values[0], steps.least};
}

size_t IntegerGroups::bytes_of(const Group& group, size_t count) {
  constexpr size_t kHead = 2 + sizeof(int64_t);
  const auto form = static_cast<Form>(group.form);
  if (form == Form::kPlain) return 1 + count * sizeof(int64_t);
  if (form == Form::kSteps) return kHead + sizeof(int64_t) + packed_bytes(count - 1, group.bits);
  return kHead + packed_bytes(count, group.bits);
}

void IntegerGroups::put(const Group& group, std::span<const int64_t> values, std::string& out) {
  ByteWriter writer(out);
  writer.put<uint8_t>(group.form);
  const auto form = static_cast<Form>(group.form);
  if (form == Form::kPlain) {
    writer.put_raw(values.data(), values.size_bytes());
    return;
  }
  writer.put<uint8_t>(static_cast<uint8_t>(group.bits));
  writer.put<int64_t>(group.base);
  if (form == Form::kSteps) {
    writer.put<int64_t>(group.step);
    const auto least = static_cast<uint64_t>(group.step);
    pack(values.size() - 1, group.bits, out, [&](size_t i) { return less(values[i + 1], values[i]) - least; });
  } else if (form == Form::kPackedNulls) {
    pack(values.size(), group.bits, out,
         [&](size_t i) { return values[i] == kNull ? 0 : less(values[i], group.base) + 1; });
  } else {
    pack(values.size(), group.bits, out, [&](size_t i) { return less(values[i], group.base); });
  }
}

IntegerGroups::IntegerGroups(std::span<const int64_t> values) : values_(values) {
  groups_.reserve(values.size() / kGroupRows + 1);
  for (size_t from = 0; from < values.size(); from += kGroupRows) {
    const auto group = values.subspan(from, std::min(kGroupRows, values.size() - from));
    groups_.push_back(plan(group));
    bytes_ += bytes_of(groups_.back(), group.size());
  }
}

std::string IntegerGroups::encode() const {
  std::string out;
  out.reserve(bytes_);
  for (size_t g = 0; g < groups_.size(); ++g) {
    const size_t from = g * kGroupRows;
    put(groups_[g], values_.subspan(from, std::min(kGroupRows, values_.size() - from)), out);
  }
  return out;
}

Status decode_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, const GroupSink& sink) {
  ByteReader reader(bytes);
  std::array<int64_t, kGroupRows> values;
  size_t next = 0;
  for (size_t from = 0; from < rows; from += kGroupRows) {
    const size_t to = std::min(from + kGroupRows, rows);
    TRY(const StoredGroup group, next_group(reader, to - from));
    if (next == ranges.size() || ranges[next].from >= to) continue;
    decode_group(group, to - from, values.data());
    for (; next < ranges.size() && ranges[next].from < to; ++next) {
      const size_t begin = std::max(ranges[next].from, from), end = std::min(ranges[next].to, to);
      sink(begin, std::span<const int64_t>(values).subspan(begin - from, end - begin));
      if (ranges[next].to > to) break;  // goes on in the next group
    }
    while (next < ranges.size() && ranges[next].to <= to) ++next;
  }
  return reader.at_end() ? Status() : Status(corrupt());
}

}  // namespace pelorus::storage
