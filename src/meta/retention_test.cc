#include "meta/retention.h"

#include <gtest/gtest.h>

namespace pelorus::meta {
namespace {

using types::Scalar;
using types::Type;

PartitionScheme by(PartitionType type, Type value_type, std::vector<int32_t> values) {
  PartitionLevel level{.type = type, .value_type = value_type};
  for (const auto value : values) level.values.push_back(Scalar::of<int32_t>(value_type, value));
  return {.levels = {level}};
}
std::vector<PartitionKey> keys_of(Type type, std::vector<int32_t> values) {
  std::vector<PartitionKey> keys;
  for (const auto value : values) keys.push_back({{Scalar::of<int32_t>(type, value)}});
  return keys;
}

TEST(Retention, days_are_kept_until_so_many_hours_after_their_end) {
  const auto scheme = by(PartitionType::kValue, Type::kDate, {});
  const RetentionPolicy policy{.hours = 48};
  const auto days = keys_of(Type::kDate, {86, 87, 96, 97, 98, 99, 100});
  const int64_t begin_of_day_100 = 100 * 24;
  EXPECT_EQ(expired(scheme, policy, days, begin_of_day_100 - 1), keys_of(Type::kDate, {87, 96}));
  EXPECT_EQ(expired(scheme, policy, days, begin_of_day_100), keys_of(Type::kDate, {96, 97}));
  EXPECT_EQ(expired(scheme, policy, days, begin_of_day_100 + 23), keys_of(Type::kDate, {96, 97}));
}

TEST(Retention, what_is_older_than_its_reach_is_left_alone) {
  const auto scheme = by(PartitionType::kValue, Type::kDatehour, {});
  const RetentionPolicy policy{.hours = 10};
  // An hour h ends at h + 1.
  const auto hours = keys_of(Type::kDatehour, {748, 749, 750, 988, 989, 990, 1000});
  EXPECT_EQ(expired(scheme, policy, hours, 1000), keys_of(Type::kDatehour, {750, 988, 989}));
}

TEST(Retention, a_range_ends_where_the_next_begins) {
  const auto scheme = by(PartitionType::kRange, Type::kDate, {0, 30, 60, 90});
  const RetentionPolicy policy{.hours = 24};
  const auto ranges = keys_of(Type::kDate, {0, 30, 60});
  EXPECT_EQ(expired(scheme, policy, ranges, 60 * 24 + 23), keys_of(Type::kDate, {}));
  EXPECT_EQ(expired(scheme, policy, ranges, 61 * 24), keys_of(Type::kDate, {30}));
}

TEST(Retention, of_several_levels_the_one_by_time_counts) {
  auto scheme = by(PartitionType::kValue, Type::kInt, {1, 2});
  scheme.levels.push_back(by(PartitionType::kValue, Type::kDate, {}).levels[0]);
  const PartitionKey old{{Scalar::of_int(1), Scalar::of<int32_t>(Type::kDate, 10)}};
  const PartitionKey young{{Scalar::of_int(2), Scalar::of<int32_t>(Type::kDate, 12)}};
  EXPECT_EQ(expired(scheme, {.hours = 24, .level = 1}, {old, young}, 12 * 24), std::vector{old});
  EXPECT_EQ(expired(scheme, {.hours = 24, .level = 0}, {old, young}, 12 * 24), std::vector<PartitionKey>());
}

TEST(Retention, impossible_policies_are_refused) {
  const auto dates = by(PartitionType::kValue, Type::kDate, {});
  EXPECT_TRUE(check(dates, {.hours = 24}).ok());
  EXPECT_TRUE(check(by(PartitionType::kRange, Type::kDatehour, {1, 2}), {.hours = 7}).ok());
  for (const auto hours : {int64_t{0}, int64_t{-24}, int64_t{25}, int64_t{24} * kRetentionHoursMax})
    EXPECT_NE(check(dates, {.hours = hours}).error().message.find("multiple of 24"), std::string::npos);
  EXPECT_NE(check(dates, {.hours = 24, .level = 1}).error().message.find("below 1"), std::string::npos);
  const auto by_number = check(by(PartitionType::kValue, Type::kInt, {1}), {.hours = 24});
  EXPECT_NE(by_number.error().message.find("not VALUE by INT"), std::string::npos) << by_number.error().message;
}

}  // namespace
}  // namespace pelorus::meta
