#include "wire/decode.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "wire/compress.h"
#include "wire/encode.h"
#include "wire/opaque.h"

namespace pelorus::wire {
namespace {

using data::Buffer;
using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ' || c == '|') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

std::string encoded(const Value& value) {
  Chain chain;
  const auto status = encode(value, chain);
  EXPECT_TRUE(status.ok());
  return chain.flatten();
}

Value decoded(std::string_view bytes) {
  auto value = decode(bytes);
  EXPECT_TRUE(value.ok()) << value.error().describe();
  return value.ok() ? *value : Value();
}

/// The bytes of docs/protocol/native.md, which must come back unchanged.
class SpecifiedBytes : public testing::TestWithParam<const char*> {};

TEST_P(SpecifiedBytes, come_back_byte_for_byte) {
  const auto bytes = from_hex(GetParam());
  EXPECT_EQ(encoded(decoded(bytes)), bytes) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, SpecifiedBytes,
    testing::Values(
        "00 00 01", "00 00 02", "01 00 01", "02 00 41", "03 00 FB FF", "04 00 02 00 00 00", "04 00 00 00 00 80",
        "05 00 07 00 00 00 00 00 00 00", "06 00 0B 4D 00 00", "07 00 E0 5E 00 00", "08 00 FC CE 38 00",
        "09 00 2A 03 00 00", "0A 00 4D 0E 00 00", "0B 00 80 00 92 65", "0C 00 00 F4 51 C2 8C 01 00 00",
        "0D 00 01 00 00 00 00 00 00 00", "0E 00 00 00 65 01 17 10 A6 17", "0F 00 00 00 C0 3F", "0F 00 FF FF 7F FF",
        "10 00 00 00 00 00 00 00 F8 3F", "10 00 FF FF FF FF FF FF EF FF", "12 00 61 62 00", "12 00 00",
        "13 00 87 EE 73 14 D9 B4 35 42 B1 E3 48 CC 78 2A 21 5D", "14 00 00 61 64 64 00", "1C 00 08 39 07 00",
        "1D 00 E0 5D B1 01", "1E 00 01 00 A8 C0 00 00 00 00 00 00 00 00 00 00 00 00", "20 00 03 00 00 00 61 00 62",
        "22 00 00 00 00 00 00 00 F0 3F 00 00 00 00 00 00 00 40", "24 00 03 00 00 00 05 00 00 00",
        "25 00 02 00 00 00 39 30 00 00", "26 00 03 00 00 00 0C FE FF FF FF FF FF FF",
        "27 00 01 00 00 00 0A 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "16 00 3C 20 61 20 3E 00", "15 00 68 00"));

INSTANTIATE_TEST_SUITE_P(
    Forms, SpecifiedBytes,
    testing::Values(
        "04 01 03 00 00 00 01 00 00 00 01 00 00 00 00 00 00 80 03 00 00 00",
        "12 01 03 00 00 00 01 00 00 00 61 00 00 62 63 00",
        "25 01 02 00 00 00 01 00 00 00 02 00 00 00 39 30 00 00 00 00 00 80", "19 01 00 00 00 00 01 00 00 00",
        "00 01 03 00 00 00 01 00 00 00", "19 01 02 00 00 00 01 00 00 00 | 04 00 01 00 00 00 | 12 00 71 00",
        "44 01 03 00 00 00 04 00 00 00 | 03 00 01 00 | 02 01 01 | 01 00 00 00 02 00 00 00 03 00 00 00 00 00 00 80",
        "65 01 02 00 00 00 03 00 00 00 02 00 00 00 | 02 00 01 00 | 02 01 | 64 00 00 00 C8 00 00 00 2C 01 00 00",
        "44 01 00 00 00 00 00 00 00 00", "04 02 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00",
        "24 02 02 00 00 00 01 00 00 00 03 00 00 00 05 00 00 00 04 00 00 00 05 00 00 00",
        "04 03 00 04 03 02 00 00 00 03 00 00 00 01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00 05 00 00 00 06 00 00 "
        "00",
        "04 03 03 | 12 01 01 00 00 00 01 00 00 00 72 00 | 12 01 02 00 00 00 01 00 00 00 78 00 79 00 | 04 03 01 00 00 "
        "00 "
        "02 00 00 00 01 00 00 00 02 00 00 00",
        "04 04 | 04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00",
        "04 05 | 12 01 02 00 00 00 01 00 00 00 61 00 62 00 | 04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00",
        "19 05 | 12 01 01 00 00 00 01 00 00 00 61 00 | 19 01 01 00 00 00 01 00 00 00 04 00 01 00 00 00",
        "00 06 02 00 00 00 02 00 00 00 00 69 64 00 76 00 04 01 02 00 00 00 01 00 00 00 01 00 00 00 02 00 00 00 10 01 "
        "02 "
        "00 00 00 01 00 00 00 00 00 00 00 00 00 F8 3F 00 00 00 00 00 00 04 40"));

const char kTwoSymbolColumns[] =
    "00 06 04 00 00 00 02 00 00 00 00 73 00 72 00"
    "91 01 04 00 00 00 01 00 00 00 00 00 00 00 03 00 00 00 00 61 00 62 00 01 00 00 00 02 00 00 00 00 00 00 00 01 00 00 "
    "00"
    "91 01 04 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00";

TEST(Tensors, come_back_byte_for_byte_and_have_no_gaps) {
  const std::string head = "04 0A 00 00 00 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00";
  const std::string strides = "02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00";
  const std::string body = "00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 07 00 00 00 00 00 00 80";
  const auto bytes = from_hex(head + strides + body);
  const auto value = decoded(bytes);
  EXPECT_EQ(encoded(value), bytes);
  EXPECT_EQ(value.type_text(), "INT TENSOR");
  EXPECT_EQ(value.handle()->describe(), "tensor<int[1][2]>:\n0: int[2] [7, ]");
  const auto with_gaps = from_hex(head + "03" + strides.substr(2) + body);
  EXPECT_EQ(decode(with_gaps).error().code, ErrorCode::kCorrupt);
}

TEST(Symbols, share_a_base_inside_a_table) {
  const auto value = decoded(from_hex(kTwoSymbolColumns));
  const auto& table = value.table();
  EXPECT_EQ(table.column(0).text_at(1), "b");
  EXPECT_TRUE(table.column(0).is_null_at(2));
  EXPECT_EQ(table.column(1).text_at(0), "b");
  EXPECT_EQ(table.column(1).text_at(3), "a");
}

TEST(Symbols, a_code_outside_the_base_is_corrupt) {
  auto bytes = from_hex(kTwoSymbolColumns);
  bytes[bytes.size() - 4] = 7;
  const auto value = decode(bytes);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::kCorrupt);
}

TEST(Symbols, leave_with_a_dictionary_only_in_tables_with_enough_rows) {
  const auto column = Vector::of_strings(Type::kSymbol, {"a", "b", "", "a"});
  EXPECT_EQ(encoded(Value(column))[0], 17);
  Chain chain;
  ASSERT_TRUE(encode(Value(Table({"s"}, {Shared<Vector>(column)})), chain).ok());
  EXPECT_EQ(chain.flatten().substr(0, 10 + 3), from_hex("00 06 04 00 00 00 01 00 00 00 00 73 00"));
  EXPECT_EQ(static_cast<uint8_t>(chain.flatten()[13]), 145);
  EXPECT_EQ(encoded(Value(Table({"s"}, {Shared<Vector>(column.slice(0, 2))})))[13], 17);
  EXPECT_EQ(decoded(chain.flatten()).table().column(0).text_at(3), "a");
}

/// One column of each storable type: nulls first, last and in between.
std::vector<Vector> columns_with_nulls() {
  std::vector<Vector> all;
  std::mt19937_64 random(7);
  for (int code = 1; code < 40; ++code) {
    const auto type = static_cast<Type>(code);
    if (!types::is_storable(type)) continue;
    const int scale = types::is_decimal(type) ? 3 : 0;
    auto column = Vector::nulls(type, 0, scale);
    for (int i = 0; i < 500; ++i) {
      if (i % 7 == 0 || i == 499) {
        column.push_null();
      } else if (types::is_literal(type)) {
        column.push_back(Value(Scalar::of_text(type, "text" + std::to_string(random() % 50))));
      } else {
        column.push_back(Value(types::visit_fixed(types::repr_of(type), [&]<class T>() {
          if constexpr (std::is_same_v<T, types::Bytes16>) {
            types::Bytes16 raw;
            for (auto& byte : raw.bytes) byte = static_cast<uint8_t>(1 + random() % 120);
            return Scalar::of<T>(type, raw);
          } else {
            return Scalar::of<T>(type, type == Type::kBool ? T(1) : static_cast<T>(random() % 100), scale);
          }
        })));
      }
    }
    all.push_back(std::move(column));
  }
  return all;
}

Table table_of_all_types() {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (auto& column : columns_with_nulls()) {
    names.emplace_back(types::name_of(column.type()));
    columns.emplace_back(column);
    if (types::is_literal(column.type())) continue;
    Buffer<int64_t> ends;
    for (int64_t row = 1; row <= 500; ++row) ends.push_back(row);
    names.push_back(names.back() + "_array");
    columns.emplace_back(Vector::array(Shared<Vector>(column), ends));
  }
  return Table(names, columns);
}

TEST(RoundTrip, keeps_every_type_with_nulls_as_vectors) {
  for (const auto& column : columns_with_nulls()) {
    const Value value(column);
    EXPECT_TRUE(data::equal(decoded(encoded(value)), value)) << types::name_of(column.type());
  }
}

TEST(RoundTrip, keeps_a_table_of_all_types_whatever_the_pieces) {
  const Value table(table_of_all_types());
  const auto bytes = encoded(table);
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}, bytes.size()}) {
    Decoder decoder;
    size_t at = 0;
    while (!decoder.done() && at < bytes.size()) {
      const auto taken = decoder.feed(std::string_view(bytes).substr(at, piece));
      ASSERT_TRUE(taken.ok()) << taken.error().describe();
      at += *taken;
    }
    ASSERT_TRUE(decoder.done());
    EXPECT_EQ(at, bytes.size());
    EXPECT_TRUE(data::equal(decoder.take(), table)) << "pieces of " << piece;
  }
}

TEST(RoundTrip, keeps_long_and_empty_rows_of_array_vectors) {
  Buffer<int32_t> flat;
  Buffer<int64_t> ends;
  for (int i = 0; i < 70000; ++i) flat.push_back(i);
  for (const int64_t end : {3, 3, 300, 70000}) ends.push_back(end);
  const auto array = Vector::array(Shared<Vector>(Vector::adopt<int32_t>(Type::kInt, flat)), ends);
  const auto back = decoded(encoded(Value(array)));
  ASSERT_EQ(back.vector().size(), 4u);
  EXPECT_EQ(back.vector().at(0).vector().size(), 3u);
  EXPECT_EQ(back.vector().at(1).vector().size(), 1u);  // an empty row crosses as one null
  EXPECT_TRUE(back.vector().at(1).vector().is_null_at(0));
  EXPECT_EQ(back.vector().at(2).vector().size(), 297u);
  EXPECT_EQ(back.vector().at(3).vector().values<int32_t>().back(), 69999);
}

TEST(RoundTrip, arrays_of_texts_cross_as_lists) {
  const auto base = std::make_shared<data::SymbolBase>();
  const Buffer<int32_t> codes{base->code_of("a"), base->code_of("b"), base->code_of("a")};
  const Shared<Vector> texts(Vector::of_strings(Type::kString, {"x", "", "long enough to lie on the heap"}));
  const Shared<Vector> symbols(Vector::of_symbols(base, codes));
  std::vector<Shared<Vector>> columns;
  for (const auto& flat : {texts, symbols}) {
    columns.emplace_back(Vector::array(flat, {2, 2, 3}));
    const auto back = decoded(encoded(Value(columns.back())));
    ASSERT_TRUE(back.vector().is_tuple());
    ASSERT_EQ(back.vector().size(), 3u);
    EXPECT_EQ(back.vector().at(0).vector().text_at(0), flat->text_at(0));
    EXPECT_EQ(back.vector().at(1).vector().size(), 0u);
    EXPECT_EQ(back.vector().at(2).vector().text_at(0), flat->text_at(2));
  }
  const auto table = decoded(encoded(Value(Table({"texts", "symbols"}, columns)))).table();
  EXPECT_EQ(table.column(0).at(2).vector().text_at(0), texts->text_at(2));
  EXPECT_EQ(table.column(1).at(0).vector().text_at(1), "b");
}

TEST(Direct, big_columns_are_read_in_place) {
  Buffer<double> values(1 << 20);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const Value value(Vector::adopt<double>(Type::kDouble, values));
  const auto bytes = encoded(value);
  Decoder decoder;
  size_t at = *decoder.feed(std::string_view(bytes).substr(0, 100));
  size_t direct_bytes = 0;
  while (!decoder.done()) {
    const auto room = decoder.direct();
    if (room.empty()) {
      at += *decoder.feed(std::string_view(bytes).substr(at, 1000));
      continue;
    }
    const size_t count = std::min(room.size(), bytes.size() - at);
    std::memcpy(room.data(), bytes.data() + at, count);
    ASSERT_TRUE(decoder.direct_done(count).ok());
    at += count;
    direct_bytes += count;
  }
  EXPECT_GT(direct_bytes, bytes.size() / 2);
  EXPECT_TRUE(data::equal(decoder.take(), value));
}

TEST(Compressed, columns_of_the_specification) {
  const auto lz4 =
      decoded(from_hex("1A 01 2A 00 00 00 01 00 00 00 00 01 FF 01 04 04 00 00 FF FF FF FF 04 00 00 00 FF FF FF FF"
                       "12 00 00 00 | F0 01 01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00"));
  EXPECT_TRUE(data::equal(lz4, Value(Vector::of<int32_t>(Type::kInt, {1, 2, 3, 4}))));
  const auto delta =
      decoded(from_hex("1A 01 30 00 00 00 01 00 00 00 00 01 FF 02 04 04 00 00 FF FF FF FF 04 00 00 00 FF FF FF FF"
                       "18 00 00 00 | 00 00 00 40 64 00 00 80 FF FF FF FF FF FF BF 8F 00 00 00 00 00 00 C0 FF"));
  EXPECT_TRUE(data::equal(delta, Value(Vector::of<int32_t>(Type::kInt, {100, 101, 102, 103}))));
}

/// Compresses the element area of `column` as a client would, in blocks of kBlockBytesMax.
std::string compressed(const Vector& column, CompressMethod method) {
  const size_t header = 10 + (types::is_decimal(column.type()) ? 4 : 0);
  const auto area = encoded(Value(column)).substr(header);
  const int unit = types::width_of(column.type());
  std::string blocks;
  for (size_t at = 0; at < area.size(); at += kBlockBytesMax) {
    const auto raw = std::string_view(area).substr(at, kBlockBytesMax);
    const auto packed = method == CompressMethod::kLz4 ? pack_lz4(raw) : pack_delta(raw, unit);
    ByteWriter(blocks).put(static_cast<uint32_t>(packed.size()) | 0x80000000u);
    blocks += packed;
  }
  std::string out;
  ByteWriter writer(out);
  writer.put_raw("\x1A\x01", 2);
  writer.put(static_cast<int32_t>(blocks.size() + 20));
  writer.put(int32_t{1});
  writer.put_raw("\x00\x01\xFF", 3);
  writer.put(static_cast<uint8_t>(method));
  writer.put(static_cast<uint8_t>(column.type_code()));
  writer.put(static_cast<uint8_t>(unit));
  writer.put(static_cast<int16_t>(column.is_array() ? column.flat().scale() : column.scale()));
  writer.put(static_cast<int32_t>(column.is_array() ? column.flat().size() : 0xFFFFFFFF));
  writer.put(static_cast<int32_t>(column.size()));
  writer.put(int32_t{-1});
  return out + blocks;
}

TEST(Compressed, every_type_comes_back_from_lz4) {
  const auto table = table_of_all_types();
  for (size_t c = 0; c < table.columns(); ++c) {
    if (table.column(c).type() == Type::kSymbol) continue;  // never compressed by clients
    const Value back = decoded(compressed(table.column(c), CompressMethod::kLz4));
    EXPECT_TRUE(data::equal(back, Value(table.column(c)))) << table.names()[c];
  }
}

TEST(Compressed, several_delta_blocks_come_back) {
  std::mt19937_64 random(11);
  for (const auto type : {Type::kShort, Type::kInt, Type::kTimestamp, Type::kLong}) {
    auto column = Vector::nulls(type, 0);
    int64_t value = 0;
    for (int i = 0; i < 70000; ++i) {
      value += static_cast<int64_t>(random() % 7) - 3 + (i % 1000 == 0 ? 300 : 0) * (type == Type::kShort ? 0 : 1);
      if (type == Type::kLong && i % 100 == 5) value = static_cast<int64_t>(random());
      if (random() % 11 == 0 || i < 3) {
        column.push_null();
      } else {
        column.push_back(Value::of_long(type == Type::kShort ? value % 1000 : value));
      }
    }
    const Value back = decoded(compressed(column, CompressMethod::kDeltaOfDelta));
    EXPECT_TRUE(data::equal(back, Value(column))) << types::name_of(type);
  }
}

TEST(Compressed, tiny_delta_blocks_come_back) {
  for (const auto& values :
       std::vector<std::vector<int32_t>>{{5}, {INT32_MIN}, {INT32_MIN, 7}, {7, INT32_MIN}, {1, 2}}) {
    std::string raw(reinterpret_cast<const char*>(values.data()), values.size() * 4);
    const auto back = unpack_delta(pack_delta(raw, 4), 4, 100);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, raw);
  }
}

TEST(Compressed, is_refused_where_the_caller_says_so) {
  DecodeLimits limits;
  limits.allow_compressed = false;
  const auto value = decode(compressed(Vector::of<int32_t>(Type::kInt, {1, 2}), CompressMethod::kLz4), limits);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::kLimit);
}

TEST(Opaque, functions_and_code_keep_their_text) {
  const auto function = decoded(from_hex("14 00 03 64 65 66 00"));
  ASSERT_TRUE(function.is_function());
  EXPECT_EQ(function.function()->print(), "def");
  EXPECT_EQ(function.function()->kind(), data::FunctionObject::Kind::kUser);
  EXPECT_TRUE(decoded(from_hex("16 00 61 00")).is_code());
}

TEST(Nulls, nan_crosses_as_null_both_ways) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(encoded(Value::of_double(nan)), from_hex("10 00 FF FF FF FF FF FF EF FF"));
  EXPECT_TRUE(decoded(from_hex("10 01 01 00 00 00 01 00 00 00 00 00 00 00 00 00 F8 7F")).vector().is_null_at(0));
}

TEST(Lies, stated_counts_do_not_allocate) {
  // 2^31-1 rows announced, nothing behind: the decoder waits with at most its first chunk.
  for (const char* hex : {"10 01 FF FF FF 7F 01 00 00 00 00", "12 01 FF FF FF 7F 01 00 00 00 61",
                          "19 01 FF FF FF 7F 01 00 00 00 04", "20 01 01 00 00 00 01 00 00 00 FF FF FF 0F 61",
                          "00 06 FF FF FF 7F 01 00 00 00 00 61 00 04 01 FF FF FF 7F 01 00 00 00"}) {
    Decoder decoder;
    const auto taken = decoder.feed(from_hex(hex));
    ASSERT_TRUE(taken.ok()) << hex;
    EXPECT_FALSE(decoder.done());
    EXPECT_LE(decoder.direct().size(), 1u << 20);
  }
}

struct Lie {
  const char* hex;
  ErrorCode code;
};
class Lies : public testing::TestWithParam<Lie> {};

TEST_P(Lies, are_refused) {
  Decoder decoder;
  const auto taken = decoder.feed(from_hex(GetParam().hex));
  ASSERT_FALSE(taken.ok()) << GetParam().hex;
  EXPECT_EQ(taken.error().code, GetParam().code) << taken.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Counts, Lies,
    testing::Values(
        Lie{"04 01 FF FF FF FF 01 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 01 01 00 00 00 02 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 02 03 00 00 00 01 00 00 00", ErrorCode::kCorrupt}, Lie{"04 0B", ErrorCode::kCorrupt},
        Lie{"28 00", ErrorCode::kCorrupt}, Lie{"51 01", ErrorCode::kCorrupt}, Lie{"FF 01", ErrorCode::kCorrupt},
        Lie{"00 01 FF FF FF 7F 01 00 00 00", ErrorCode::kLimit}, Lie{"25 00 0A 00 00 00", ErrorCode::kCorrupt},
        Lie{"20 01 01 00 00 00 01 00 00 00 FF FF FF FF", ErrorCode::kCorrupt},
        Lie{"91 01 01 00 00 00 01 00 00 00 00 00 00 00 FF FF FF 7F", ErrorCode::kCorrupt},
        Lie{"44 01 01 00 00 00 01 00 00 00 | 02 00 01 00", ErrorCode::kCorrupt},
        Lie{"44 01 01 00 00 00 01 00 00 00 | 01 00 03 00", ErrorCode::kCorrupt},
        Lie{"44 01 01 00 00 00 05 00 00 00 | 01 00 01 00 01 07 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 03 00 05 03 01 00 00 00 01 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 03 00 04 03 FF FF FF 7F 02 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 04 | 04 00 01 00 00 00", ErrorCode::kCorrupt},
        Lie{"04 05 | 04 01 01 00 00 00 01 00 00 00 01 00 00 00 | 04 01 00 00 00 00 01 00 00 00", ErrorCode::kCorrupt},
        Lie{"00 06 01 00 00 00 02 00 00 00 00 61 00 61 00", ErrorCode::kCorrupt},
        Lie{"00 06 02 00 00 00 01 00 00 00 00 61 00 | 04 01 01 00 00 00 01 00 00 00 01 00 00 00", ErrorCode::kCorrupt},
        Lie{"00 06 01 00 00 00 FF FF FF 7F", ErrorCode::kLimit},
        Lie{"1A 01 00 00 00 00 01 00 00 00 00 01 FF 01 04 04 00 00 FF FF FF FF 04 00 00 00 FF FF FF FF",
            ErrorCode::kCorrupt},
        Lie{"1A 01 2A 00 00 00 01 00 00 00 00 01 FF 01 04 04 00 00 FF FF FF FF 04 00 00 00 FF FF FF FF FF FF FF 7F",
            ErrorCode::kCorrupt},
        Lie{"1A 01 2A 00 00 00 01 00 00 00 00 01 FF 01 04 04 00 00 FF FF FF FF 05 00 00 00 FF FF FF FF"
            "12 00 00 00 | F0 01 01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00",
            ErrorCode::kCorrupt}));

TEST(Depth, is_limited) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += from_hex("19 01 01 00 00 00 01 00 00 00");
  Decoder decoder;
  const auto taken = decoder.feed(bytes);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kLimit);
}

TEST(Lies, flipped_bytes_never_crash) {
  const auto bytes = encoded(Value(table_of_all_types()));
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    auto damaged = bytes;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    Decoder decoder;
    const auto taken = decoder.feed(damaged);
    if (!taken.ok()) {
      EXPECT_FALSE(taken.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace pelorus::wire
