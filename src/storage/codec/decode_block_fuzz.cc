// libFuzzer: bytes as a block of every kind of column. The first byte names the encoding, the second the type, the
// third the rows. Whatever is decoded has exactly so many rows.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/codec/block_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace pelorus;
  using types::Type;
  if (size < 3) return 0;
  constexpr std::array kTypes{Type::kBool, Type::kShort,  Type::kInt,        Type::kLong, Type::kFloat, Type::kDouble,
                              Type::kUuid, Type::kString, Type::kDecimal128, Type::kDate, Type::kBlob};
  const auto encoding = static_cast<storage::Encoding>(bytes[0] % 20);
  const auto type = kTypes[bytes[1] % kTypes.size()];
  const size_t rows = bytes[2] * size_t{13};
  const std::string_view body(reinterpret_cast<const char*>(bytes) + 3, size - 3);
  data::Vector plain(type);
  if (storage::decode_block(encoding, body, rows, plain).ok()) CHECK(plain.size() == rows);
  auto arrays = data::Vector::array(data::Shared<data::Vector>(data::Vector(type)), {});
  if (storage::decode_block(encoding, body, rows, arrays).ok()) CHECK(arrays.size() == rows);
  if (rows < 4) return 0;
  data::Vector some(type);
  const std::array wanted{storage::RowRange{1, 2}, storage::RowRange{3, rows}};
  if (storage::decode_rows(encoding, body, rows, wanted, some).ok()) CHECK(some.size() == rows - 2);
  return 0;
}
