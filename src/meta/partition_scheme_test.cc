#include "meta/partition_scheme.h"

#include <gtest/gtest.h>

#include "meta/archive.h"
#include "types/temporal.h"

namespace pelorus::meta {
namespace {

using types::Scalar;
using types::Type;

Scalar date(int year, int month, int day) {
  return Scalar::of<int32_t>(Type::kDate, types::days_from_civil(year, month, day));
}
Scalar month(int year, int number) { return Scalar::of<int32_t>(Type::kMonth, year * 12 + number - 1); }
Scalar text(const char* value) { return Scalar::of_text(Type::kSymbol, value); }

PartitionLevel value_level(std::vector<Scalar> values) {
  const auto type = values[0].type();
  return {.type = PartitionType::kValue, .value_type = type, .values = std::move(values)};
}
PartitionLevel range_level(std::vector<Scalar> values) {
  const auto type = values[0].type();
  return {.type = PartitionType::kRange, .value_type = type, .values = std::move(values)};
}
PartitionLevel hash_level(Type type, int32_t buckets) {
  return {.type = PartitionType::kHash, .value_type = type, .buckets = buckets};
}
PartitionLevel list_level() {
  return {.type = PartitionType::kList,
          .value_type = Type::kSymbol,
          .lists = {{text("IBM"), text("ORCL")}, {text("MSFT")}}};
}

std::string path_of_row(const PartitionScheme& scheme, const std::vector<Scalar>& values) {
  const auto key = locate(scheme, values);
  return key.ok() ? path_of(scheme, *key) : key.error().describe();
}

TEST(PartitionScheme, paths_are_as_users_see_them) {
  EXPECT_EQ(path_of_row({{value_level({date(2020, 1, 1)})}}, {date(2020, 1, 1)}), "/20200101");
  EXPECT_EQ(path_of_row({{value_level({month(2020, 1)})}}, {month(2020, 1)}), "/202001M");
  EXPECT_EQ(path_of_row({{value_level({text("A/B%")})}}, {text("A/B%")}), "/A%2FB%25");
  EXPECT_EQ(
      path_of_row({{range_level({Scalar::of_int(0), Scalar::of_int(50), Scalar::of_int(100)})}}, {Scalar::of_int(50)}),
      "/50_100");
  EXPECT_EQ(path_of_row({{list_level()}}, {text("MSFT")}), "/List1");
  EXPECT_EQ(path_of_row({{value_level({date(2020, 1, 1)}), hash_level(Type::kInt, 10)}},
                        {date(2020, 1, 2), Scalar::of_int(23)}),
            "/20200102/Key3");
  EXPECT_EQ(path_of({}, {}), "");
}

TEST(PartitionScheme, paths_read_back_to_the_same_key) {
  const PartitionScheme scheme{
      {value_level({date(2020, 1, 1)}), range_level({text("A"), text("M"), text("Z")}), hash_level(Type::kLong, 4)}};
  const auto key = locate(scheme, {date(2021, 12, 31), text("NN"), Scalar::of_long(-1)});
  ASSERT_TRUE(key.ok()) << key.error().describe();
  const auto path = path_of(scheme, *key);
  EXPECT_EQ(path, "/20211231/M_Z/Key3");
  const auto again = parse_path(scheme, path);
  ASSERT_TRUE(again.ok()) << again.error().describe();
  EXPECT_EQ(*again, *key);
  const auto prefix = parse_path(scheme, "20211231");
  ASSERT_TRUE(prefix.ok());
  EXPECT_TRUE(key->is_below(*prefix));
  EXPECT_EQ(parse_path(scheme, "/20211231/A_Z").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_path(scheme, "/20211231/A_M/Key4").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_path(scheme, "/20211231/A_M/Key1/x").error().code, ErrorCode::kInvalid);
}

TEST(PartitionScheme, values_outside_ranges_and_lists_and_nulls_have_no_partition) {
  const PartitionScheme ranges{{range_level({Scalar::of_int(0), Scalar::of_int(10)})}};
  EXPECT_FALSE(locate(ranges, {Scalar::of_int(10)}).ok());
  EXPECT_FALSE(locate(ranges, {Scalar::of_int(-1)}).ok());
  EXPECT_TRUE(locate(ranges, {Scalar::of_int(9)}).ok());
  EXPECT_FALSE(locate({{list_level()}}, {text("XYZ")}).ok());
  EXPECT_FALSE(locate({{hash_level(Type::kInt, 3)}}, {Scalar::null_of(Type::kInt)}).ok());
  EXPECT_FALSE(locate(ranges, {}).ok());
}

TEST(PartitionScheme, finer_times_fall_into_coarser_schemes) {
  const auto level = value_level({date(2020, 1, 1)});
  EXPECT_TRUE(check_column(level, Type::kTimestamp, "time").ok());
  EXPECT_FALSE(check_column(level, Type::kMonth, "time").ok());
  EXPECT_FALSE(check_column(level, Type::kTime, "time").ok());
  EXPECT_FALSE(check_column(level, Type::kInt, "time").ok());
  LevelLocator locator(level, Type::kTimestamp);
  const int64_t day_ms = 86400000;
  const int64_t first = types::days_from_civil(2020, 1, 1) * day_ms;
  EXPECT_EQ(locator.find_integer(first), 0);
  EXPECT_EQ(locator.find_integer(first + day_ms - 1), 0);
  EXPECT_EQ(locator.find_integer(first + day_ms), 1);
  EXPECT_FALSE(locator.is_in_scheme(1));
  EXPECT_EQ(locator.part(1), date(2020, 1, 2));
  EXPECT_EQ(locator.find_integer(first), 0);
}

TEST(PartitionScheme, hash_follows_the_clients) {
  EXPECT_EQ(bucket_of_integer(-1, Type::kInt, 10), 4294967295u % 10);
  EXPECT_EQ(bucket_of_integer(-1, Type::kLong, 10), static_cast<int32_t>(18446744073709551615ull % 10));
  EXPECT_EQ(bucket_of_integer(types::kNull<int64_t>, Type::kInt, 10), -1);
  // Computed with an independent implementation of MurmurHash2 (32 bits, seed 0).
  EXPECT_EQ(bucket_of_bytes("", 1000), 0);
  EXPECT_EQ(bucket_of_bytes("a", 1000), 694);
  EXPECT_EQ(bucket_of_bytes("IBM", 1000), 612);
  EXPECT_EQ(bucket_of_bytes("abcd", 1000), 889);
  EXPECT_EQ(bucket_of_bytes("600000.SH", 1000), 513);
}

TEST(PartitionScheme, schemes_that_make_no_sense_are_refused) {
  EXPECT_FALSE(check({}).ok());
  EXPECT_FALSE(check({{range_level({Scalar::of_int(5), Scalar::of_int(5)})}}).ok());
  EXPECT_FALSE(check({{range_level({Scalar::of_int(5)})}}).ok());
  EXPECT_FALSE(check({{value_level({Scalar::of_int(5), Scalar::of_int(5)})}}).ok());
  EXPECT_FALSE(check({{value_level({Scalar::null_of(Type::kInt)})}}).ok());
  EXPECT_FALSE(check({{value_level({Scalar::of_double(1.5)})}}).ok());
  EXPECT_FALSE(check({{hash_level(Type::kInt, 0)}}).ok());
  EXPECT_TRUE(check({{hash_level(Type::kUuid, 8)}}).ok());
  EXPECT_TRUE(check({{list_level()}}).ok());
}

TEST(PartitionScheme, pruning_keeps_every_partition_that_may_match) {
  const auto ranges = range_level({Scalar::of_int(0), Scalar::of_int(10), Scalar::of_int(20)});
  EXPECT_TRUE(may_contain(ranges, Scalar::of_int(0), {.high = Scalar::of_int(5)}));
  EXPECT_FALSE(may_contain(ranges, Scalar::of_int(10), {.high = Scalar::of_int(5)}));
  EXPECT_FALSE(may_contain(ranges, Scalar::of_int(0), {.low = Scalar::of_int(10)}));
  const auto days = value_level({date(2020, 1, 1), date(2020, 1, 2)});
  const auto noon = Scalar::of<int64_t>(Type::kTimestamp, types::days_from_civil(2020, 1, 2) * 86400000LL + 43200000);
  EXPECT_TRUE(may_contain(days, date(2020, 1, 2), {.low = noon, .high = noon}));
  EXPECT_FALSE(may_contain(days, date(2020, 1, 1), {.low = noon, .high = noon}));
  const auto hash = hash_level(Type::kInt, 7);
  EXPECT_TRUE(may_contain(hash, Scalar::of_int(3), {.low = Scalar::of_int(10), .high = Scalar::of_int(10)}));
  EXPECT_FALSE(may_contain(hash, Scalar::of_int(2), {.low = Scalar::of_int(10), .high = Scalar::of_int(10)}));
  EXPECT_TRUE(may_contain(hash, Scalar::of_int(2), {.low = Scalar::of_int(9), .high = Scalar::of_int(10)}));
  EXPECT_FALSE(may_contain(list_level(), Scalar::of_int(0), {.low = text("M"), .high = text("N")}));
}

TEST(PartitionScheme, survives_encoding) {
  const PartitionScheme scheme{{value_level({date(2020, 1, 1)}), list_level(), hash_level(Type::kLong, 4)}};
  const auto again = decode<PartitionScheme>(encode(scheme), "scheme");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, scheme);
  const auto whole = encode(scheme);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode<PartitionScheme>(std::string_view(whole).substr(0, size), "scheme").ok()) << size;
  }
}

TEST(PartitionScheme, written_values_join_a_value_scheme) {
  PartitionScheme scheme{{value_level({Scalar::of_int(1)}), hash_level(Type::kInt, 2)}};
  const auto key = locate(scheme, {Scalar::of_int(9), Scalar::of_int(0)});
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(is_in_scheme(scheme.levels[0], key->parts[0]));
  EXPECT_TRUE(add_missing_values(scheme, *key));
  EXPECT_FALSE(add_missing_values(scheme, *key));
  EXPECT_TRUE(is_in_scheme(scheme.levels[0], key->parts[0]));
}

}  // namespace
}  // namespace pelorus::meta
