#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "data/value.h"
#include "storage/codec/bit_packing.h"
#include "storage/codec/block_encoding.h"
#include "storage/codec/integer_groups.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

using data::Shared;
using data::Table;
using data::Vector;
using types::Type;

/// The vector after encoding and decoding; checks that it is the same and tells the encoding.
EncodedBlock encoded_and_back(const Vector& values, EncodingSet set) {
  auto block = encode_block(values, set);
  Vector decoded(values.type(), 0, values.scale());
  if (values.is_array()) {
    decoded = Vector::array(Shared<Vector>(Vector(values.type(), 0, values.scale())), {});
  }
  const auto outcome = decode_block(block.encoding, block.bytes, values.size(), decoded);
  EXPECT_TRUE(outcome.ok()) << outcome.error().describe();
  EXPECT_EQ(decoded.size(), values.size());
  EXPECT_TRUE(data::equal(data::Value(values), data::Value(decoded))) << types::name_of(values.type());
  return block;
}

Encoding round_trip(const Vector& values, EncodingSet set = EncodingSet::kFirst) {
  // What the first set can hold the second can, in no more bytes but for a few.
  const auto first = encoded_and_back(values, EncodingSet::kFirst);
  const auto second = encoded_and_back(values, EncodingSet::kSecond);
  EXPECT_LE(second.bytes.size(), first.bytes.size() + first.bytes.size() / 8 + 64) << types::name_of(values.type());
  return set == EncodingSet::kFirst ? first.encoding : second.encoding;
}

template <class T>
Vector numbers(Type type, size_t count, T (*make)(size_t, std::mt19937_64&)) {
  std::mt19937_64 random(7);
  data::Buffer<T> values;
  for (size_t i = 0; i < count; ++i) values.push_back(make(i, random));
  return Vector::adopt<T>(type, std::move(values));
}

TEST(BitPacking, gives_back_numbers_of_every_width) {
  std::mt19937_64 random(1);
  for (unsigned bits = 0; bits <= kPackedBitsMax; ++bits) {
    for (const size_t count : {0, 1, 7, 1000}) {
      std::vector<uint64_t> values(count);
      for (auto& value : values) value = bits == 0 ? 0 : random() >> (64 - bits);
      std::string bytes;
      pack(count, bits, bytes, [&](size_t i) { return values[i]; });
      ASSERT_EQ(bytes.size(), packed_bytes(count, bits));
      std::vector<uint64_t> back(count);
      unpack(bytes, count, bits, [&](size_t i, uint64_t value) { back[i] = value; });
      ASSERT_EQ(values, back) << bits;
    }
  }
}

TEST(IntegerGroups, know_their_size_before_they_are_written) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> values(random() % 3000);
    const unsigned bits = random() % 64;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto number = static_cast<int64_t>(random() >> bits);
      values[i] = round % 3 == 0 && i > 0 ? values[i - 1] / 2 + number / 4 : number;
      if (round % 4 == 0 && random() % 50 == 0) values[i] = INT64_MIN;
    }
    const IntegerGroups groups(values);
    EXPECT_EQ(groups.encode().size(), groups.bytes()) << round;
  }
}

TEST(BlockEncoding, the_second_set_takes_outliers_runs_and_repeated_texts) {
  const size_t n = 65536;
  const auto second = EncodingSet::kSecond;
  // Times of one symbol after another: each begins again.
  const auto times = numbers<int64_t>(Type::kTimestamp, n, [](size_t i, auto& random) {
    return static_cast<int64_t>(1700000000000 + static_cast<int64_t>(i % 9000) * 1000 +
                                static_cast<int64_t>(random() % 100));
  });
  EXPECT_EQ(round_trip(times, second), Encoding::kGroups);
  EXPECT_LT(encode_block(times, second).bytes.size(), encode_block(times).bytes.size() / 2);
  const auto runs =
      numbers<int32_t>(Type::kInt, n, [](size_t i, auto&) { return static_cast<int32_t>(i / 100 * 7919 % 100000); });
  EXPECT_EQ(round_trip(runs, second), Encoding::kRuns);
  EXPECT_EQ(round_trip(numbers<double>(Type::kDouble, n,
                                       [](size_t i, auto&) { return std::sin(static_cast<double>(i / 50)); }),
                       second),
            Encoding::kRuns);
  EXPECT_EQ(round_trip(numbers<double>(Type::kDouble, n,
                                       [](size_t i, auto& random) {
                                         return static_cast<double>(i / 5000 * 100000 + random() % 300) / 100;
                                       }),
                       second),
            Encoding::kDecimalGroups);
  std::vector<std::string> texts;
  for (size_t i = 0; i < n; ++i) texts.push_back(i % 7 == 0 ? "" : "venue " + std::to_string(i * i % 90));
  EXPECT_EQ(round_trip(Vector::of_strings(Type::kString, std::move(texts)), second), Encoding::kTextCodes);
  // Extremes and nulls.
  round_trip(numbers<int64_t>(Type::kLong, 3000,
                              [](size_t i, auto& random) {
                                return i % 1500 < 1000 ? static_cast<int64_t>(random())
                                       : i % 3 == 0    ? types::kNull<int64_t>
                                                       : static_cast<int64_t>(i);
                              }),
             second);
  round_trip(numbers<int16_t>(Type::kShort, 3000,
                              [](size_t i, auto&) {
                                return static_cast<int16_t>(
                                    i % 5 == 0 ? types::kNull<int16_t>
                                               : static_cast<int16_t>(i % 2 == 0 ? INT16_MAX : -INT16_MAX));
                              }),
             second);
}

TEST(BlockEncoding, damaged_blocks_of_the_second_set_are_refused_not_crashed_on) {
  std::vector<Vector> samples;
  samples.push_back(numbers<int64_t>(
      Type::kLong, 3000, [](size_t i, auto& random) { return static_cast<int64_t>(i * 1000 + random() % 50); }));
  samples.push_back(numbers<int32_t>(Type::kInt, 3000,
                                     [](size_t i, auto&) { return static_cast<int32_t>(i / 100 * 7919 % 100000); }));
  samples.push_back(
      numbers<double>(Type::kDouble, 3000, [](size_t i, auto&) { return static_cast<double>(i / 2) / 4; }));
  std::vector<std::string> texts;
  for (size_t i = 0; i < 3000; ++i) texts.push_back("t" + std::to_string(i % 50));
  samples.push_back(Vector::of_strings(Type::kString, std::move(texts)));
  std::mt19937_64 random(5);
  for (const auto& sample : samples) {
    const auto block = encode_block(sample, EncodingSet::kSecond);
    for (int i = 0; i < 2000; ++i) {
      std::string bytes = block.bytes;
      if (i % 3 == 0)
        bytes.resize(random() % bytes.size());
      else
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      Vector out(sample.type());
      const auto outcome = decode_block(block.encoding, bytes, sample.size(), out);
      if (outcome.ok()) {
        EXPECT_EQ(out.size(), sample.size());
      } else {
        EXPECT_EQ(outcome.error().code, ErrorCode::kCorrupt);
      }
    }
  }
}

TEST(BlockEncoding, chooses_small_encodings_and_gives_the_values_back) {
  const size_t n = 5000;
  EXPECT_EQ(round_trip(numbers<int32_t>(Type::kInt, n, [](size_t, auto&) { return 5; })), Encoding::kConstant);
  EXPECT_EQ(round_trip(Vector::nulls(Type::kDouble, n)), Encoding::kConstant);
  EXPECT_EQ(
      round_trip(numbers<int32_t>(Type::kInt, n, [](size_t, auto& r) { return static_cast<int32_t>(r() % 100) - 50; })),
      Encoding::kPacked);
  EXPECT_EQ(round_trip(numbers<int64_t>(
                Type::kNanotimestamp, n,
                [](size_t i, auto& r) { return int64_t(1700000000000000000) + int64_t(i * 1000 + r() % 10); })),
            Encoding::kDelta);
  EXPECT_EQ(round_trip(numbers<int32_t>(Type::kInt, n,
                                        [](size_t i, auto&) { return i % 3 ? int32_t(i) : types::kNull<int32_t>; })),
            Encoding::kPacked);
  EXPECT_EQ(round_trip(numbers<int64_t>(Type::kLong, n, [](size_t, auto& r) { return static_cast<int64_t>(r()); })),
            Encoding::kPlain);
  EXPECT_EQ(round_trip(numbers<double>(Type::kDouble, n,
                                       [](size_t, auto& r) { return static_cast<double>(r() % 100000) / 100; })),
            Encoding::kDecimal);
  EXPECT_EQ(
      round_trip(numbers<double>(Type::kDouble, n, [](size_t, auto& r) { return std::sqrt(double(r() % 1000)); })),
      Encoding::kLz4);
  EXPECT_EQ(round_trip(numbers<float>(Type::kFloat, n, [](size_t, auto& r) { return float(r()); })), Encoding::kPlain);
  EXPECT_EQ(round_trip(numbers<int8_t>(Type::kBool, n, [](size_t, auto& r) { return static_cast<int8_t>(r() % 2); })),
            Encoding::kPacked);
}

TEST(BlockEncoding, survives_extreme_integers) {
  for (const auto& values :
       {Vector::of<int64_t>(Type::kLong, {INT64_MIN, INT64_MAX, 0, -1, INT64_MIN + 1}),
        Vector::of<int64_t>(Type::kLong, {INT64_MIN + 1, INT64_MAX}), Vector::of<int64_t>(Type::kLong, {})}) {
    round_trip(values);
  }
  round_trip(Vector::of<int32_t>(Type::kInt, {INT32_MIN, INT32_MAX, INT32_MIN + 1, 0}));
  round_trip(Vector::of<int16_t>(Type::kShort, {INT16_MIN, INT16_MAX, INT16_MIN + 1, 0}));
  round_trip(Vector::of<int8_t>(Type::kChar, {INT8_MIN, INT8_MAX, INT8_MIN + 1, 0}));
}

TEST(BlockEncoding, keeps_every_bit_of_doubles) {
  const std::vector<double> values = {
      0.0, -0.0, 1.5, NAN, INFINITY, -INFINITY, types::kNull<double>, 1e300, 0.1, 4503599627370497.0};
  for (const double value : values) {
    const auto block = encode_block(Vector::of<double>(Type::kDouble, {value, 1.25, value}));
    Vector back(Type::kDouble);
    ASSERT_TRUE(decode_block(block.encoding, block.bytes, 3, back).ok());
    EXPECT_EQ(std::memcmp(back.values<double>().data(), &value, sizeof value), 0) << value;
  }
}

TEST(BlockEncoding, keeps_text_wide_types_and_arrays) {
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(i % 7 ? "text " + std::to_string(i % 11) : "");
  EXPECT_EQ(round_trip(Vector::of_strings(Type::kString, texts)), Encoding::kTextLz4);
  EXPECT_EQ(round_trip(Vector::of_strings(Type::kBlob, {std::string("\0x", 2), ""})), Encoding::kText);
  Vector wide(Type::kDecimal128, 0, 5);
  for (int i = 0; i < 100; ++i) wide.edit<types::Int128>().push_back(static_cast<types::Int128>(i) << 70);
  round_trip(wide);
  Vector ids(Type::kUuid);
  for (uint8_t i = 0; i < 100; ++i) ids.edit<types::Bytes16>().push_back({{i, 1, 2}});
  round_trip(ids);
  EXPECT_EQ(round_trip(Vector::array(Shared<Vector>(Vector::of<int32_t>(Type::kInt, {1, 2, 3})), {2, 2, 3})),
            Encoding::kArray);
  round_trip(Vector::array(Shared<Vector>(Vector::of<int32_t>(Type::kInt, {})), {}));
}

TEST(BlockEncoding, facts_give_bounds_without_nulls) {
  const auto facts = encode_block(Vector::of<int32_t>(Type::kInt, {3, types::kNull<int32_t>, -2, 9})).facts;
  int32_t min = 0;
  int32_t max = 0;
  std::memcpy(&min, facts.min, 4);
  std::memcpy(&max, facts.max, 4);
  EXPECT_TRUE(facts.ordered);
  EXPECT_EQ(facts.nulls, 1u);
  EXPECT_EQ(min, -2);
  EXPECT_EQ(max, 9);
  EXPECT_FALSE(encode_block(Vector::of<double>(Type::kDouble, {1, NAN})).facts.ordered);
  EXPECT_FALSE(encode_block(Vector::nulls(Type::kInt, 3)).facts.ordered);
}

TEST(BlockEncoding, damaged_bytes_give_errors_not_crashes) {
  std::mt19937_64 random(3);
  const std::vector<Vector> samples = {
      numbers<int32_t>(Type::kInt, 500, [](size_t, auto& r) { return static_cast<int32_t>(r() % 100); }),
      numbers<int64_t>(Type::kTimestamp, 500, [](size_t i, auto&) { return int64_t(i); }),
      numbers<double>(Type::kDouble, 500, [](size_t, auto& r) { return static_cast<double>(r() % 100) / 4; }),
      Vector::of_strings(Type::kString, std::vector<std::string>(200, "hello")),
      Vector::array(Shared<Vector>(Vector::of<int32_t>(Type::kInt, {1, 2, 3})), {2, 2, 3})};
  for (const auto& sample : samples) {
    const auto block = encode_block(sample);
    for (int turn = 0; turn < 2000; ++turn) {
      std::string bytes = block.bytes;
      auto encoding = block.encoding;
      bytes[random() % bytes.size()] = static_cast<char>(random());
      if (turn % 3 == 0) bytes.resize(random() % bytes.size());
      if (turn % 5 == 0) encoding = static_cast<Encoding>(random() % 12);
      Vector out(sample.type());
      if (sample.is_array()) out = Vector::array(Shared<Vector>(Vector(sample.type())), {});
      if (decode_block(encoding, bytes, sample.size(), out).ok()) {
        EXPECT_EQ(out.size(), sample.size());
      }
    }
  }
}

Table sample_rows() {
  return {{"a", "s", "t", "v", "d"},
          {Vector::of<int32_t>(Type::kInt, {1, types::kNull<int32_t>, 3}),
           Vector::of_strings(Type::kSymbol, {"x", "", "y"}), Vector::of_strings(Type::kString, {"one", "", "three"}),
           Vector::array(Shared<Vector>(Vector::of<double>(Type::kDouble, {1, 2, 3})), {1, 1, 3}),
           Vector::adopt<int64_t>(Type::kDecimal64, {100, 200, 300}, 2)}};
}

TEST(RowBlock, gives_the_rows_back) {
  const auto rows = sample_rows();
  const auto schema = rows.schema();
  PartList parts;
  encode_rows(rows, parts);
  const auto bytes = parts.joined();
  ByteReader reader(bytes);
  const auto back = decode_rows(schema, reader);
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(data::equal(data::Value(rows), data::Value(*back)));
  EXPECT_EQ(back->schema(), schema);
}

TEST(RowBlock, every_shortening_is_an_error) {
  const auto rows = sample_rows();
  PartList parts;
  encode_rows(rows, parts);
  const auto bytes = parts.joined();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(decode_rows(rows.schema(), reader).ok()) << size;
  }
}

TEST(RowBlock, any_byte_may_be_wrong_without_a_crash) {
  const auto rows = sample_rows();
  PartList parts;
  encode_rows(rows, parts);
  const auto bytes = parts.joined();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      ByteReader reader(damaged);
      const auto back = decode_rows(rows.schema(), reader);
      if (back.ok()) {
        EXPECT_EQ(back->column(0).size(), back->column(1).size());
      }
    }
  }
}

TEST(RowBlock, schema_survives_and_damage_is_refused) {
  const auto schema = sample_rows().schema();
  std::string bytes;
  ByteWriter writer(bytes);
  encode_schema(schema, writer);
  ByteReader reader(bytes);
  EXPECT_EQ(decode_schema(reader).value(), schema);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(decode_schema(cut).error().code, ErrorCode::kCorrupt);
  }
}

TEST(RowBlock, compact_symbols_hold_only_used_texts) {
  auto base = std::make_shared<data::SymbolBase>();
  for (int i = 0; i < 100; ++i) base->code_of("s" + std::to_string(i));
  const Table rows({"s"}, {Vector::of_symbols(base, {50, 7, 50, 0})});
  const auto compact = with_compact_symbols(rows);
  EXPECT_EQ(compact.column(0).symbols().size(), 3);  // "", s49, s6
  EXPECT_EQ(compact.column(0).text_at(0), "s49");
  EXPECT_EQ(compact.column(0).text_at(3), "");
  const auto again = with_compact_symbols(compact);
  EXPECT_EQ(&again.column(0).symbols(), &compact.column(0).symbols()) << "there is nothing to leave out";
  EXPECT_EQ(with_compact_symbols(compact.slice(0, 1)).column(0).symbols().size(), 2);
  EXPECT_EQ(with_compact_symbols(compact.slice(1, 3)).column(0).symbols().size(), 3);
}

TEST(RowBlock, rows_must_fit_the_schema) {
  const auto rows = sample_rows();
  auto schema = rows.schema();
  EXPECT_TRUE(check_rows_fit(schema, rows).ok());
  schema[0].type = Type::kLong;
  const auto refused = check_rows_fit(schema, rows);
  ASSERT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("column a"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(check_rows_fit({}, Table()).ok());
}

}  // namespace
}  // namespace pelorus::storage
