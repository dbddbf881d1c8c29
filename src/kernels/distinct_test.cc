// Different values and picked rows against slow, obvious implementations.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "kernels/distinct_numbers.h"
#include "kernels/pick_rows.h"

namespace pelorus::kernels {
namespace {

using types::kNull;

TEST(DistinctBits, holds_each_pattern_once) {
  DistinctBits set;
  std::mt19937_64 random(5);
  std::set<uint64_t> met;
  const auto add = [&](uint64_t bits) {
    set.add_all(std::span(&bits, 1));
    met.insert(bits);
  };
  for (int i = 0; i < 200000; ++i) add(random() % 70000 * 0x10001);
  // One of these marks free slots, whichever it is.
  for (const uint64_t bits : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x5bd1e995c2b2ae35}}) add(bits), add(bits);
  EXPECT_EQ(set.count(), met.size());
  std::multiset<uint64_t> held;
  set.each([&](uint64_t bits) { held.insert(bits); });
  EXPECT_TRUE(std::equal(held.begin(), held.end(), met.begin(), met.end()));
}

/// Two sets of the values, each of a half, put together in both orders.
template <class T>
void expect_distinct(const std::vector<T>& values, size_t half) {
  std::set<uint64_t> met;
  for (const auto value : values) met.insert(bits_of(value));
  for (const bool turned : {false, true}) {
    DistinctNumbers first, second;
    first.add_all(values.data(), half);
    second.add_all(values.data() + half, values.size() - half);
    DistinctNumbers all;
    all.merge<T>(turned ? second : first);
    all.merge<T>(turned ? first : second);
    EXPECT_EQ(all.count(), met.size()) << "half " << half << " turned " << turned;
  }
}

TEST(DistinctNumbers, count_prices_and_what_is_none) {
  std::mt19937_64 random(7);
  for (const double unit : {1.0, 100.0, 10000.0, 7.0}) {
    std::vector<double> values;
    for (int i = 0; i < 30000; ++i) {
      values.push_back(static_cast<double>(static_cast<int64_t>(random() % 40000) - 9000) / unit);
      if (random() % 50 == 0) values.push_back(static_cast<double>(random() % 300) / 3);
    }
    for (const double odd : {0.0, -0.0, kNull<double>, std::numeric_limits<double>::quiet_NaN(), 1e300, -1e18, 10485.76,
                             10485.75, -10485.76, -10485.77, std::nextafter(1.25, 2.0)})
      values.push_back(odd);
    for (const size_t half : {size_t{0}, size_t{1}, values.size() / 2, values.size()}) expect_distinct(values, half);
  }
}

TEST(DistinctNumbers, halves_of_different_units_agree) {
  std::vector<double> values;
  for (int i = 0; i < 4000; ++i) values.push_back(i % 1000);
  for (int i = 0; i < 4000; ++i) values.push_back(i / 100.0);
  for (int i = 0; i < 4000; ++i) values.push_back(i / 3.0);
  for (const size_t half : {size_t{4000}, size_t{8000}}) expect_distinct(values, half);
}

TEST(DistinctNumbers, count_whole_numbers_and_floats) {
  std::mt19937_64 random(11);
  std::vector<int32_t> whole{kNull<int32_t>, std::numeric_limits<int32_t>::max(), -1, 0};
  std::vector<int64_t> wide{kNull<int64_t>, int64_t{1} << 40};
  std::vector<int8_t> narrow{kNull<int8_t>};
  std::vector<float> real{kNull<float>, -0.0F, 0.1F, 2.5F};
  for (int i = 0; i < 5000; ++i) {
    whole.push_back(static_cast<int32_t>(random() % 3000));
    wide.push_back(static_cast<int64_t>(random() % 3000) << 20);
    narrow.push_back(static_cast<int8_t>(random()));
    real.push_back(static_cast<float>(random() % 2000) / (i % 2 == 0 ? 4.0F : 3.0F));
  }
  for (const size_t half : {size_t{1}, size_t{2000}}) {
    expect_distinct(whole, half);
    expect_distinct(wide, half);
    expect_distinct(narrow, half);
    expect_distinct(real, half);
  }
}

TEST(PickRows, leaves_rows_whose_flag_is_one) {
  std::mt19937_64 random(3);
  for (const unsigned dense : {0U, 1U, 30U, 99U, 100U}) {
    for (const size_t count : {size_t{0}, size_t{7}, size_t{8}, size_t{1003}}) {
      std::vector<int8_t> flags(count);
      std::vector<int64_t> numbers(count), by_place, by_number;
      for (size_t i = 0; i < count; ++i) {
        flags[i] = random() % 100 < dense ? 1 : random() % 3 == 0 ? kNull<int8_t> : 0;
        numbers[i] = static_cast<int64_t>(3 * i + 5);
        if (flags[i] == 1) by_place.push_back(static_cast<int64_t>(1000 + i)), by_number.push_back(numbers[i]);
      }
      std::vector<int64_t> out(count + kPickSpare);
      out.resize(pick_rows(flags, 1000, out.data()));
      EXPECT_EQ(out, by_place);
      numbers.resize(count + kPickSpare);
      numbers.resize(pick_rows(flags, numbers.data(), numbers.data()));
      EXPECT_EQ(numbers, by_number);
    }
  }
}

}  // namespace
}  // namespace pelorus::kernels
