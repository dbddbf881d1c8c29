#include "wire/internal/column_encoder.h"

#include <algorithm>
#include <cmath>

namespace pelorus::wire {
namespace {

using data::Repr;
using data::Type;
using data::Vector;

template <class T>
bool has_nan(std::span<const T> values) {
  if constexpr (std::is_floating_point_v<T>) {
    bool found = false;
    for (const T value : values) found |= std::isnan(value);
    return found;
  }
  return false;
}

template <class T>
void put_values(std::span<const T> values, Chain& out) {
  if (!has_nan(values)) return out.refer(values.data(), values.size_bytes());
  if constexpr (std::is_floating_point_v<T>) {
    for (const T value : values) out.put(std::isnan(value) ? types::kNull<T> : value);
  }
}

/// Blocks of arrays stay near this size, as the clients' own do.
constexpr size_t kArrayBlockBytes = 64 << 10;
constexpr size_t kArrayCountBytesMax = 65535;  // one client computes rows * width in 16 bits

size_t row_length(std::span<const int64_t> ends, size_t row) {
  const int64_t begin = row == 0 ? 0 : ends[row - 1];
  return static_cast<size_t>(ends[row] - begin);
}

int width_for(size_t count) { return count <= UINT8_MAX ? 1 : count <= UINT16_MAX ? 2 : 4; }

void put_null(const Vector& flat, Chain& out) {
  types::visit_fixed(flat.repr(), [&]<class T>() {
    if constexpr (std::is_same_v<T, types::Bytes16>)
      out.put(types::null_of_bytes16(flat.type()));
    else
      out.put(types::kNull<T>);
  });
}

}  // namespace

bool leaves_as_lists(const Vector& vector) {
  return vector.is_array() && (!types::is_fixed(vector.flat().repr()) || vector.flat().type() == Type::kSymbol);
}

uint8_t wire_type_of(const Vector& vector) {
  if (leaves_as_lists(vector) || (!vector.is_array() && vector.repr() == Repr::kMixed))
    return static_cast<uint8_t>(Type::kAny);
  return static_cast<uint8_t>(vector.type_code());
}

void encode_fixed(const Vector& vector, size_t from, size_t count, Chain& out) {
  types::visit_fixed(vector.repr(), [&]<class T>() { put_values<T>(vector.values<T>().subspan(from, count), out); });
}

void encode_elements(const Vector& vector, size_t from, size_t count, Chain& out) {
  switch (vector.type()) {
    case Type::kVoid: return;
    case Type::kString:
    case Type::kSymbol:
      for (size_t i = from; i < from + count; ++i) out.put_cstring(vector.text_at(i));
      return;
    case Type::kBlob:
      for (size_t i = from; i < from + count; ++i) {
        const auto& blob = vector.text_at(i);
        out.put(static_cast<int32_t>(blob.size()));
        out.put_text(blob);
      }
      return;
    default: encode_fixed(vector, from, count, out);
  }
}

uint64_t array_elements_on_wire(const Vector& vector, size_t from, size_t count) {
  const auto ends = vector.ends();
  uint64_t total = 0;
  for (size_t row = from; row < from + count; ++row) total += std::max<size_t>(1, row_length(ends, row));
  return total;
}

size_t encode_array_block(const Vector& vector, size_t from, size_t count, Chain& out) {
  const auto ends = vector.ends();
  const auto& flat = vector.flat();
  const auto unit = static_cast<size_t>(types::width_of(flat.type()));
  size_t rows = 0;
  size_t longest = 1;
  size_t bytes = 0;
  while (rows < count && (rows == 0 || bytes < kArrayBlockBytes)) {
    const size_t longest_then = std::max(longest, row_length(ends, from + rows));
    if ((rows + 1) * static_cast<size_t>(width_for(longest_then)) > kArrayCountBytesMax) break;
    longest = longest_then;
    bytes += row_length(ends, from + rows) * unit;
    ++rows;
  }
  const int width = width_for(longest);
  out.put(static_cast<uint16_t>(rows));
  out.put(static_cast<uint8_t>(width));
  out.put(uint8_t{0});
  for (size_t row = from; row < from + rows; ++row) {
    const auto length = static_cast<uint32_t>(std::max<size_t>(1, row_length(ends, row)));
    out.put_raw(&length, static_cast<size_t>(width));
  }
  size_t pending_from = from == 0 ? 0 : static_cast<size_t>(ends[from - 1]);
  for (size_t row = from; row < from + rows; ++row) {
    if (row_length(ends, row) > 0) continue;
    const auto here = static_cast<size_t>(ends[row]);
    encode_fixed(flat, pending_from, here - pending_from, out);
    put_null(flat, out);
    pending_from = here;
  }
  encode_fixed(flat, pending_from, static_cast<size_t>(ends[from + rows - 1]) - pending_from, out);
  return rows;
}

}  // namespace pelorus::wire
