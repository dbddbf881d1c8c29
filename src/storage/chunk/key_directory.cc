#include "storage/chunk/key_directory.h"

#include <algorithm>

#include "base/bytes.h"
#include "storage/chunk/segment.h"
#include "storage/codec/block_encoding.h"

namespace pelorus::storage {
namespace {

using data::Buffer;
using data::Vector;

/// Marks the rows whose value differs from the row before.
void mark_changes(const Vector& column, std::vector<bool>& begins) {
  const auto mark = [&]<class T>() {
    const auto values = column.values<T>();
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] != values[i - 1]) begins[i] = true;
    }
  };
  if (column.repr() == types::Repr::kText) return mark.template operator()<std::string>();
  types::visit_fixed(column.repr(), mark);
}

void put_block(const Vector& values, ByteWriter& writer) {
  put_nested(encode_block(values, EncodingSet::kSecond), writer);
}

Status get_block(ByteReader& reader, size_t count, Vector& values) {
  const auto block = get_nested(reader);
  if (!reader.ok()) return Error{ErrorCode::kCorrupt, "key directory ends too early"};
  return decode_block(block.encoding, block.bytes, count, values);
}

Vector as_longs(const Buffer<int64_t>& values) { return Vector::adopt<int64_t>(types::Type::kLong, values); }

}  // namespace

size_t KeyDirectory::memory_bytes() const {
  size_t bytes = (ends.size() + first.size() + last.size()) * sizeof(int64_t);
  for (const auto& column : keys) bytes += column.memory_bytes();
  return bytes;
}

Buffer<int64_t> widened(const Vector& column) {
  Buffer<int64_t> out;
  types::visit_fixed(column.repr(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto values = column.values<T>();
      out.resize(values.size());
      for (size_t i = 0; i < values.size(); ++i) out[i] = values[i] == types::kNull<T> ? INT64_MIN : values[i];
    } else {
      CHECK(false);
    }
  });
  return out;
}

KeyDirectory make_directory(const std::vector<const Vector*>& columns) {
  KeyDirectory directory;
  const auto last = widened(*columns.back());
  std::vector<bool> begins(last.size(), false);
  for (size_t c = 0; c + 1 < columns.size(); ++c) mark_changes(*columns[c], begins);
  std::vector<int64_t> first_rows;
  for (size_t row = 0; row < last.size(); ++row) {
    if (row == 0 || begins[row])
      first_rows.push_back(static_cast<int64_t>(row));
    else if (last[row] == last[row - 1])
      directory.unique = false;
  }
  for (size_t k = 0; k < first_rows.size(); ++k) {
    const auto end = k + 1 < first_rows.size() ? first_rows[k + 1] : static_cast<int64_t>(last.size());
    directory.ends.push_back(end);
    directory.first.push_back(last[static_cast<size_t>(first_rows[k])]);
    directory.last.push_back(last[static_cast<size_t>(end - 1)]);
  }
  for (size_t c = 0; c + 1 < columns.size(); ++c) directory.keys.push_back(columns[c]->take(first_rows));
  return directory;
}

std::string encode_directory(const KeyDirectory& directory) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.put<uint64_t>(directory.size());
  writer.put<uint8_t>(directory.unique ? 1 : 0);
  put_block(as_longs(directory.ends), writer);
  put_block(as_longs(directory.first), writer);
  put_block(as_longs(directory.last), writer);
  for (const auto& column : directory.keys) put_block(column, writer);
  return bytes;
}

Result<KeyDirectory> decode_directory(std::string_view bytes, const data::Schema& key_types, uint64_t rows) {
  ByteReader reader(bytes);
  const auto keys = reader.get<uint64_t>();
  KeyDirectory directory;
  directory.unique = reader.get<uint8_t>() != 0;
  if (!reader.ok() || keys > rows) return Error{ErrorCode::kCorrupt, "key directory has too many keys"};
  Vector numbers(types::Type::kLong);
  for (auto* to : {&directory.ends, &directory.first, &directory.last}) {
    numbers.resize(0);
    TRY_DONE(get_block(reader, keys, numbers));
    *to = numbers.edit<int64_t>();
  }
  for (const auto& type : key_types) {
    Vector column = make_stored(type.type, false, type.scale);
    TRY_DONE(get_block(reader, keys, column));
    directory.keys.push_back(std::move(column));
  }
  int64_t before = 0;
  bool ascends = true;
  for (const auto end : directory.ends) ascends = ascends && std::exchange(before, end) < end;
  if (!ascends || before != static_cast<int64_t>(rows) || !reader.at_end()) {
    return Error{ErrorCode::kCorrupt, "key directory does not cover its rows"};
  }
  return directory;
}

}  // namespace pelorus::storage
