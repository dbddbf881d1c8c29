#include "kernels/group_totals.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "types/null.h"

namespace pelorus::kernels {
namespace {

using types::kNull;
using types::Repr;

struct Rows {
  std::vector<int32_t> key;
  std::vector<int16_t> second;
  std::vector<double> real;
  std::vector<int64_t> whole;
};

Rows random_rows(size_t count, uint64_t seed, bool sorted) {
  std::mt19937_64 random(seed);
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const auto any = [&](auto value) { return random() % 17 == 0 ? kNull<decltype(value)> : value; };
    rows.key.push_back(sorted ? static_cast<int32_t>(i / 5000) : any(static_cast<int32_t>(random() % 300) - 100));
    rows.second.push_back(any(static_cast<int16_t>(random() % 3 + 7)));
    rows.real.push_back(any(static_cast<double>(random() % 10000) / 8));
    rows.whole.push_back(any(static_cast<int64_t>(random() % 1000) - 500));
  }
  return rows;
}

struct Expected {
  int64_t rows = 0, reals = 0, wholes = 0, whole = 0;
  int64_t low = INT64_MAX, high = INT64_MIN;
  double real = 0;
};

/// Null below all.
int64_t ordered(int64_t value, bool null) { return null ? INT64_MIN : value; }

void expect_totals(const Rows& rows, size_t threads) {
  std::map<std::pair<int64_t, int64_t>, Expected> expected;
  for (size_t i = 0; i < rows.key.size(); ++i) {
    auto& group = expected[{ordered(rows.key[i], rows.key[i] == kNull<int32_t>),
                            ordered(rows.second[i], rows.second[i] == kNull<int16_t>)}];
    ++group.rows;
    if (rows.real[i] != kNull<double>) ++group.reals, group.real += rows.real[i];
    if (rows.whole[i] == kNull<int64_t>) continue;
    ++group.wholes;
    group.whole += rows.whole[i];
    group.low = std::min(group.low, rows.whole[i]);
    group.high = std::max(group.high, rows.whole[i]);
  }
  WorkerPool workers(threads);
  const DirectKey keys[] = {{Repr::kI32, rows.key.data()}, {Repr::kI16, rows.second.data()}};
  const Measure measures[] = {{.repr = Repr::kF64, .values = rows.real.data(), .sum = true},
                              {.repr = Repr::kI64, .values = rows.whole.data(), .sum = true, .extremes = true}};
  const auto totals = total_groups(keys, measures, rows.key.size(), &workers);
  ASSERT_TRUE(totals);
  ASSERT_EQ(totals->rows.size(), expected.size());
  size_t g = 0;
  for (const auto& [key, group] : expected) {
    const auto place = [&](size_t k) {
      return totals->keys[k][g] == 0 ? INT64_MIN : totals->low[k] + totals->keys[k][g] - 1;
    };
    EXPECT_EQ(key, std::pair(place(0), place(1)));
    EXPECT_EQ(totals->rows[g], group.rows);
    EXPECT_EQ(totals->measures[0].count[g], group.reals);
    EXPECT_EQ(totals->measures[0].real[g], group.real) << "eighths add up exactly";
    EXPECT_EQ(totals->measures[1].count[g], group.wholes);
    EXPECT_EQ(totals->measures[1].whole[g], group.whole);
    if (group.wholes > 0) {
      EXPECT_EQ(totals->measures[1].low[g], group.low);
      EXPECT_EQ(totals->measures[1].high[g], group.high);
    }
    ++g;
  }
}

TEST(GroupTotals, equal_what_a_map_adds_up) {
  for (const size_t threads : {1, 3}) {
    expect_totals(random_rows(1000, 1, false), threads);
    expect_totals(random_rows(600'000, 2, false), threads);
    expect_totals(random_rows(600'000, 3, true), threads);
  }
}

TEST(GroupTotals, no_key_is_one_group_even_of_nothing) {
  const auto rows = random_rows(5000, 4, false);
  const Measure real{.repr = Repr::kF64, .values = rows.real.data(), .sum = true, .extremes = true};
  const auto all = total_groups({}, {&real, 1}, rows.real.size(), nullptr);
  ASSERT_EQ(all->rows, std::vector<int64_t>{5000});
  double sum = 0;
  for (const double value : rows.real) sum += value == kNull<double> ? 0 : value;
  EXPECT_EQ(all->measures[0].real[0], sum);
  EXPECT_GE(all->measures[0].low_real[0], 0);
  const auto none = total_groups({}, {&real, 1}, 0, nullptr);
  EXPECT_EQ(none->rows, std::vector<int64_t>{0});
  EXPECT_EQ(none->measures[0].count[0], 0);
}

TEST(GroupTotals, keys_of_too_many_values_are_left_to_hashing) {
  const std::vector<int64_t> far{INT64_MIN + 1, 0, INT64_MAX}, near{5, 6, 7};
  const DirectKey wide{Repr::kI64, far.data()}, narrow{Repr::kI64, near.data()};
  EXPECT_FALSE(total_groups({&wide, 1}, {}, 3, nullptr));
  const DirectKey both[] = {narrow, wide};
  EXPECT_FALSE(total_groups(both, {}, 3, nullptr));
  EXPECT_EQ(total_groups({&narrow, 1}, {}, 3, nullptr)->rows, (std::vector<int64_t>{1, 1, 1}));
}

TEST(GroupTotals, nothing_but_nulls_is_a_group) {
  const std::vector<int8_t> nulls(10, kNull<int8_t>);
  const DirectKey key{Repr::kI8, nulls.data()};
  const auto totals = total_groups({&key, 1}, {}, nulls.size(), nullptr);
  ASSERT_EQ(totals->rows, std::vector<int64_t>{10});
  EXPECT_EQ(totals->keys[0][0], 0u);
}

TEST(GroupTotals, symbols_are_their_codes) {
  const std::vector<int32_t> codes{2, 0, 2, 1};
  const DirectKey key{Repr::kI32, codes.data(), 3};
  const auto totals = total_groups({&key, 1}, {}, codes.size(), nullptr);
  EXPECT_EQ(totals->keys[0], (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(totals->rows, (std::vector<int64_t>{1, 1, 2}));
}

}  // namespace
}  // namespace pelorus::kernels
