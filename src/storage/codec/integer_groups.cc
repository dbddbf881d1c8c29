#include "storage/codec/integer_groups.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "storage/codec/bit_packing.h"

namespace pelorus::storage {
namespace {

constexpr int64_t kNull = INT64_MIN;

enum class Form : uint8_t { kPlain = 0, kPacked = 1, kPackedNulls = 2, kSteps = 3 };

uint64_t less(int64_t value, int64_t base) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(base); }

struct Facts {
  int64_t min = INT64_MAX;
  int64_t max = INT64_MIN;
  bool nulls = false;
  int64_t step_min = INT64_MAX;
  int64_t step_max = INT64_MIN;
  bool steps = true;  // no difference overflows
};

Facts facts_of(std::span<const int64_t> group) {
  Facts facts;
  for (const auto value : group) {
    if (value == kNull) {
      facts.nulls = true;
      continue;
    }
    facts.min = std::min(facts.min, value);
    facts.max = std::max(facts.max, value);
  }
  facts.steps = !facts.nulls && group.size() > 1;
  for (size_t i = 1; i < group.size() && facts.steps; ++i) {
    int64_t step = 0;
    facts.steps = !__builtin_sub_overflow(group[i], group[i - 1], &step);
    facts.step_min = std::min(facts.step_min, step);
    facts.step_max = std::max(facts.step_max, step);
  }
  return facts;
}

void put_group(std::span<const int64_t> group, std::string& out) {
  const Facts facts = facts_of(group);
  const bool all_null = facts.min > facts.max;
  const uint64_t range = all_null ? 0 : less(facts.max, facts.min);
  const unsigned bits = range == UINT64_MAX ? 64 : bits_for(range + (facts.nulls ? 1 : 0));
  const unsigned step_bits = facts.steps ? bits_for(less(facts.step_max, facts.step_min)) : 64;
  ByteWriter writer(out);
  if (step_bits < bits && step_bits <= kPackedBitsMax) {
    writer.put<uint8_t>(static_cast<uint8_t>(Form::kSteps));
    writer.put<uint8_t>(static_cast<uint8_t>(step_bits));
    writer.put<int64_t>(group[0]);
    writer.put<int64_t>(facts.step_min);
    pack(group.size() - 1, step_bits, out,
         [&](size_t i) { return less(group[i + 1], group[i]) - static_cast<uint64_t>(facts.step_min); });
  } else if (bits <= kPackedBitsMax) {
    const int64_t base = all_null ? 0 : facts.min;
    writer.put<uint8_t>(static_cast<uint8_t>(facts.nulls ? Form::kPackedNulls : Form::kPacked));
    writer.put<uint8_t>(static_cast<uint8_t>(bits));
    writer.put<int64_t>(base);
    if (facts.nulls)
      pack(group.size(), bits, out, [&](size_t i) { return group[i] == kNull ? 0 : less(group[i], base) + 1; });
    else
      pack(group.size(), bits, out, [&](size_t i) { return less(group[i], base); });
  } else {
    writer.put<uint8_t>(static_cast<uint8_t>(Form::kPlain));
    writer.put_raw(group.data(), group.size_bytes());
  }
}

Error corrupt() { return {ErrorCode::kCorrupt, "block makes no sense: integer groups"}; }

/// One group as it lies in a block.
struct Group {
  Form form = Form::kPlain;
  unsigned bits = 0;
  uint64_t base = 0;
  uint64_t step = 0;
  std::string_view body;
};

Result<Group> next_group(ByteReader& reader, size_t rows) {
  Group group;
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

void decode_group(const Group& group, size_t rows, int64_t* out) {
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

std::string encode_groups(std::span<const int64_t> values) {
  std::string out;
  for (size_t from = 0; from < values.size(); from += kGroupRows)
    put_group(values.subspan(from, std::min(kGroupRows, values.size() - from)), out);
  return out;
}

Status decode_groups(std::string_view bytes, size_t rows, std::span<const RowRange> ranges, const GroupSink& sink) {
  ByteReader reader(bytes);
  std::array<int64_t, kGroupRows> values;
  size_t next = 0;
  for (size_t from = 0; from < rows; from += kGroupRows) {
    const size_t to = std::min(from + kGroupRows, rows);
    TRY(const Group group, next_group(reader, to - from));
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
