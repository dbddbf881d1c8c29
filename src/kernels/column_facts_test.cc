#include "kernels/column_facts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "types/null.h"

namespace pelorus::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
void expect_extremes(const std::vector<T>& values, T least, T greatest, size_t nulls) {
  const auto found = extremes_of(std::span<const T>(values));
  EXPECT_TRUE(found.least == least && found.greatest == greatest);
  EXPECT_EQ(found.nulls, nulls);
}

TEST(ColumnFacts, extremes_leave_nulls_out) {
  expect_extremes<int8_t>({5, types::kNull<int8_t>, -7}, -7, 5, 1);
  expect_extremes<int64_t>({INT64_MAX, INT64_MIN, INT64_MIN + 1}, INT64_MIN + 1, INT64_MAX, 1);
  expect_extremes<int32_t>({types::kNull<int32_t>, types::kNull<int32_t>}, 0, 0, 2);
  expect_extremes<double>({}, 0, 0, 0);
  expect_extremes<double>({-kInfinity, -kInfinity, types::kNull<double>}, -kInfinity, -kInfinity, 1);
  expect_extremes<double>({kInfinity}, kInfinity, kInfinity, 0);
  const types::Int128 wide = static_cast<types::Int128>(1) << 100;
  expect_extremes<types::Int128>({wide, -wide, types::kNull<types::Int128>}, -wide, wide, 1);
}

TEST(ColumnFacts, extremes_and_steps_equal_those_found_one_by_one) {
  std::mt19937 random(5);
  for (const size_t rows : {1u, 2u, 7u, 1023u, 1024u, 1025u, 5000u}) {
    std::vector<int64_t> values;
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    Steps steps;
    for (size_t i = 0; i < rows; ++i) {
      values.push_back(static_cast<int64_t>(random()) - (1ll << 31));
      least = std::min(least, values[i]);
      greatest = std::max(greatest, values[i]);
      if (i == 0) continue;
      steps.least = std::min(steps.least, values[i] - values[i - 1]);
      steps.greatest = std::max(steps.greatest, values[i] - values[i - 1]);
    }
    expect_extremes(values, least, greatest, 0);
    EXPECT_EQ(steps_of(values).least, steps.least);
    EXPECT_EQ(steps_of(values).greatest, steps.greatest);
  }
}

TEST(ColumnFacts, wholes_are_exact_or_refused) {
  std::vector<int64_t> wholes(3000);
  std::vector<double> prices;
  for (int i = 0; i < 3000; ++i) prices.push_back((i - 1500) / 100.0);
  prices[1500] = types::kNull<double>;
  ASSERT_TRUE(as_wholes(prices, 100, wholes.data()));
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(wholes[static_cast<size_t>(i)], i == 1500 ? INT64_MIN : i - 1500);
  EXPECT_FALSE(as_wholes(prices, 10, wholes.data()));
  for (const double odd : {-0.0, 0.001, 4503599627370496.0, -4503599627370496.0, kInfinity, std::nan("")}) {
    prices[2999] = odd;
    EXPECT_FALSE(as_wholes(prices, 100, wholes.data())) << odd;
  }
  const double most = 4503599627370495.0;
  ASSERT_TRUE(as_wholes(std::vector{most, -most, 0.0}, 1, wholes.data()));
  EXPECT_EQ(wholes[0], 4503599627370495);
  EXPECT_EQ(wholes[1], -4503599627370495);
  EXPECT_EQ(wholes[2], 0);
}

}  // namespace
}  // namespace pelorus::kernels
