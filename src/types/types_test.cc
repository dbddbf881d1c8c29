#include <gtest/gtest.h>

#include "types/format_value.h"
#include "types/parse_value.h"
#include "types/scalar.h"
#include "types/temporal.h"

namespace pelorus::types {
namespace {

TEST(Type, names_read_back) {
  for (int code = 0; code < 40; ++code) {
    const auto type = static_cast<Type>(code);
    Type back{};
    if (name_of(type) == "VOID" && code != 0) continue;
    ASSERT_TRUE(parse_type(name_of(type), &back));
    EXPECT_EQ(back, type);
  }
  bool array = false;
  Type type{};
  ASSERT_TRUE(parse_type("int[]", &type, &array));
  EXPECT_TRUE(array);
  EXPECT_FALSE(parse_type("NOPE", &type));
}

TEST(Scalar, null_of_each_type_is_null) {
  for (const auto type : {Type::kVoid, Type::kBool, Type::kInt, Type::kLong, Type::kDouble, Type::kString, Type::kUuid,
                          Type::kPoint, Type::kDecimal128, Type::kDuration, Type::kTimestamp}) {
    EXPECT_TRUE(Scalar::null_of(type).is_null()) << name_of(type);
  }
  EXPECT_FALSE(Scalar::of_int(0).is_null());
}

TEST(Scalar, compares_across_widths_with_null_smallest) {
  EXPECT_EQ(compare(Scalar::of_int(3), Scalar::of_long(3)), 0);
  EXPECT_LT(compare(Scalar::null_of(Type::kInt), Scalar::of_int(-5)), 0);
  EXPECT_GT(compare(Scalar::of_double(2.5), Scalar::of_int(2)), 0);
  EXPECT_LT(compare(Scalar::of_string("a"), Scalar::of_text(Type::kSymbol, "b")), 0);
}

TEST(Scalar, decimals_equal_by_value_whatever_the_scale) {
  const auto a = Scalar::of<int64_t>(Type::kDecimal64, 150, 2);
  const auto b = Scalar::of<int64_t>(Type::kDecimal64, 15, 1);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
}

TEST(Temporal, days_and_dates_are_inverse_over_four_centuries) {
  for (int32_t day = -150000; day <= 150000; day += 7) {
    const auto date = civil_from_days(day);
    ASSERT_TRUE(is_valid_date(date.year, date.month, date.day));
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), day);
  }
}

TEST(Temporal, conversions_floor_before_the_epoch) {
  EXPECT_EQ(convert_temporal(-1, Type::kTimestamp, Type::kDate), -1);
  EXPECT_EQ(convert_temporal(-1, Type::kTimestamp, Type::kTime), 86'399'999);
  EXPECT_EQ(convert_temporal(23640, Type::kMonth, Type::kDate), 0);
  bool possible = true;
  convert_temporal(5, Type::kTime, Type::kDate, &possible);
  EXPECT_FALSE(possible);
}

TEST(ParseValue, reads_what_format_value_writes) {
  const struct {
    Type type;
    const char* text;
    int scale;
  } rows[] = {{Type::kDate, "2021.05.06", 0},
              {Type::kMonth, "2021.05M", 0},
              {Type::kTime, "10:11:12.345", 0},
              {Type::kMinute, "13:30m", 0},
              {Type::kSecond, "10:11:12", 0},
              {Type::kNanotime, "10:11:12.123456789", 0},
              {Type::kDatetime, "2021.05.06T10:11:12", 0},
              {Type::kTimestamp, "1969.12.31T23:59:59.999", 0},
              {Type::kNanotimestamp, "2021.05.06T10:11:12.123456789", 0},
              {Type::kDatehour, "2021.05.06T10", 0},
              {Type::kInt, "-42", 0},
              {Type::kDouble, "0.1", 0},
              {Type::kDecimal64, "-0.500", 3},
              {Type::kUuid, "5d212a78-cc48-e3b1-4235-b4d91473ee87", 0},
              {Type::kIpaddr, "192.168.0.1", 0}};
  for (const auto& row : rows) EXPECT_EQ(format_value(parse_value(row.text, row.type, row.scale)), row.text);
  EXPECT_TRUE(parse_value("abc", Type::kInt).is_null());
  EXPECT_TRUE(parse_value("2021.02.30", Type::kDate).is_null());
}

}  // namespace
}  // namespace pelorus::types
