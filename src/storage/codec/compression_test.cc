// What the compression methods of a table make of blocks.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "data/value.h"
#include "storage/codec/block_encoding.h"
#include "storage/codec/step_groups.h"
#include "storage/codec/xor_doubles.h"

namespace pelorus::storage {
namespace {

using data::Shared;
using data::Vector;
using types::Type;

constexpr size_t kRows = 5000;

template <class T>
Vector numbers(Type type, const std::function<T(size_t, std::mt19937_64&)>& make, size_t count = kRows) {
  std::mt19937_64 random(7);
  data::Buffer<T> values;
  for (size_t i = 0; i < count; ++i) values.push_back(make(i, random));
  return Vector::adopt<T>(type, std::move(values));
}

/// Ticks whose pace drifts.
Vector drifting_times() {
  return numbers<int64_t>(Type::kNanotimestamp, [](size_t i, auto& random) {
    const auto n = static_cast<int64_t>(i);
    return 1700000000000000000 + n * n * 5000 + static_cast<int64_t>(random() % 3);
  });
}

Vector texts() {
  std::vector<std::string> all;
  std::mt19937_64 random(3);
  for (size_t i = 0; i < kRows; ++i)
    all.push_back("order of client " + std::to_string(random() % 100000) + " at venue " + std::to_string(i % 3));
  return Vector::of_strings(Type::kString, std::move(all));
}

/// Smooth values with all their digits.
Vector waves() {
  return numbers<double>(Type::kDouble, [](size_t i, auto&) { return std::round(std::sin(i / 900.0) * 64) / 1024; });
}

/// Near one another, with digits that nothing foretells.
Vector jitter() {
  return numbers<double>(Type::kDouble, [](size_t, auto& random) {
    return 100 + std::ldexp(static_cast<double>(random() % (1u << 30)), -46);
  });
}

/// Checks that the values come back; the block.
EncodedBlock round_trip(const Vector& values, Compression method) {
  auto block = encode_block(values, EncodingSet::kSecond, method);
  const auto usual = encode_block(values, EncodingSet::kSecond);
  EXPECT_LE(block.bytes.size(), usual.bytes.size()) << "a method never makes a block larger";
  EXPECT_EQ(block.facts.nulls, usual.facts.nulls);
  Vector decoded(values.type(), 0, values.scale());
  if (values.is_array()) decoded = Vector::array(Shared<Vector>(Vector(values.type(), 0, values.scale())), {});
  const auto outcome = decode_block(block.encoding, block.bytes, values.size(), decoded);
  EXPECT_TRUE(outcome.ok()) << outcome.error().describe();
  EXPECT_TRUE(data::equal(data::Value(values), data::Value(decoded))) << types::name_of(values.type());
  if (values.size() > 3 && !values.is_array()) {
    Vector some(values.type(), 0, values.scale());
    EXPECT_TRUE(decode_rows(block.encoding, block.bytes, values.size(), std::array{RowRange{1, 3}}, some).ok());
    EXPECT_TRUE(data::equal(data::Value(values.slice(1, 2)), data::Value(some)));
  }
  return block;
}

TEST(Compression, each_method_has_its_encoding_where_that_is_smaller) {
  EXPECT_EQ(round_trip(drifting_times(), Compression::kDelta).encoding, Encoding::kStepGroups);
  EXPECT_LT(round_trip(drifting_times(), Compression::kDelta).bytes.size(),
            round_trip(drifting_times(), Compression::kUsual).bytes.size() / 2);
  EXPECT_EQ(round_trip(texts(), Compression::kZstd).encoding, Encoding::kTextZstd);
  EXPECT_EQ(round_trip(waves(), Compression::kZstd).encoding, Encoding::kZstd);
  EXPECT_EQ(round_trip(jitter(), Compression::kChimp).encoding, Encoding::kXor);
}

TEST(Compression, what_a_method_does_not_suit_is_encoded_as_usual) {
  for (const auto method : {Compression::kUsual, Compression::kDelta, Compression::kZstd, Compression::kChimp}) {
    EXPECT_EQ(round_trip(Vector::nulls(Type::kDouble, 100), method).encoding, Encoding::kConstant);
    round_trip(texts(), method);
    round_trip(Vector::of<int64_t>(Type::kLong, {}), method);
    round_trip(Vector::array(Shared<Vector>(Vector::of<int32_t>(Type::kInt, {1, 2, 3})), {2, 2, 3}), method);
    round_trip(numbers<int32_t>(Type::kInt, [](size_t i, auto&) { return static_cast<int32_t>(i); }), method);
  }
  EXPECT_EQ(round_trip(drifting_times(), Compression::kChimp).encoding,
            round_trip(drifting_times(), Compression::kUsual).encoding);
}

TEST(Compression, steps_keep_nulls_extremes_and_short_groups) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{1023}, size_t{1025}, kRows}) {
    for (const int style : {0, 1, 2}) {
      std::mt19937_64 random(count + static_cast<size_t>(style));
      std::vector<int64_t> values;
      for (size_t i = 0; i < count; ++i) {
        const auto even = static_cast<int64_t>(i * 1000);
        values.push_back(style == 0 ? even : style == 1 ? static_cast<int64_t>(random()) : i % 7 ? even : INT64_MIN);
      }
      const auto bytes = encode_step_groups(values);
      std::vector<int64_t> back(count);
      ASSERT_TRUE(decode_step_groups(bytes, back).ok()) << count;
      EXPECT_EQ(values, back);
      EXPECT_FALSE(decode_step_groups(bytes + "x", back).ok()) << count;
    }
  }
}

TEST(Compression, doubles_keep_every_bit) {
  std::mt19937_64 random(9);
  std::vector<double> values = {0.0, -0.0, 1.5, NAN, INFINITY, -INFINITY, types::kNull<double>, 1e300, 5e-324, 0.1};
  for (int i = 0; i < 3000; ++i) {
    const uint64_t bits = random() & (~uint64_t{0} << random() % 64);
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    values.push_back(i % 5 == 0 ? values.back() : value);
  }
  const auto bytes = encode_xor_doubles(values);
  std::vector<double> back(values.size());
  ASSERT_TRUE(decode_xor_doubles(bytes, back).ok());
  EXPECT_EQ(std::memcmp(values.data(), back.data(), values.size() * sizeof(double)), 0);
  EXPECT_FALSE(decode_xor_doubles(bytes + "x", back).ok());
  back.resize(back.size() + 9);
  EXPECT_FALSE(decode_xor_doubles(bytes, back).ok());
}

TEST(Compression, damaged_blocks_are_refused_not_crashed_on) {
  std::mt19937_64 random(5);
  for (const auto& [values, method] :
       std::vector<std::pair<Vector, Compression>>{{drifting_times(), Compression::kDelta},
                                                   {texts(), Compression::kZstd},
                                                   {waves(), Compression::kZstd},
                                                   {jitter(), Compression::kChimp}}) {
    const auto block = encode_block(values, EncodingSet::kSecond, method);
    ASSERT_GE(block.encoding, Encoding::kStepGroups);
    for (int i = 0; i < 2000; ++i) {
      std::string bytes = block.bytes;
      if (i % 3 == 0)
        bytes.resize(random() % bytes.size());
      else
        bytes[random() % std::min<size_t>(bytes.size(), 64 + random() % bytes.size())] ^=
            static_cast<char>(1 << random() % 8);
      Vector out(values.type());
      const auto outcome = decode_block(block.encoding, bytes, values.size(), out);
      if (outcome.ok()) {
        EXPECT_EQ(out.size(), values.size());
      } else {
        EXPECT_EQ(outcome.error().code, ErrorCode::kCorrupt);
      }
    }
  }
}

}  // namespace
}  // namespace pelorus::storage
