#include "kernels/group_totals.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "kernels/group_numbers.h"
#include "types/null.h"

namespace pelorus::kernels {
namespace {

using types::kNull;
using types::Repr;

struct Rows {
  std::vector<int32_t> key;
  std::vector<int64_t> second;
  std::vector<double> real;
  std::vector<int64_t> whole;
};

Rows random_rows(size_t count, uint64_t seed, bool sorted, int64_t spread) {
  std::mt19937_64 random(seed);
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const auto any = [&](auto value) { return random() % 17 == 0 ? kNull<decltype(value)> : value; };
    rows.key.push_back(sorted ? static_cast<int32_t>(i / 5000) : any(static_cast<int32_t>(random() % 300) - 100));
    rows.second.push_back(any(static_cast<int64_t>(random() % 40) * spread - 7));
    rows.real.push_back(any(static_cast<double>(random() % 10000) / 8));
    rows.whole.push_back(any(static_cast<int64_t>(random() % 1000) - 500));
  }
  return rows;
}

struct Expected {
  int64_t rows = 0, reals = 0, wholes = 0, whole = 0, first = INT64_MAX, last = -1;
  int64_t low = INT64_MAX, high = INT64_MIN;
  double real = 0, least = 1e300, most = -1e300;
  SampleVariance variance;
  Covariance covariance;
  WeightedAverage weighted;
};
using Key = std::pair<int64_t, int64_t>;

std::map<Key, Expected> expected_of(const Rows& rows, const std::vector<double>& wholes) {
  std::map<Key, Expected> out;
  for (size_t i = 0; i < rows.key.size(); ++i) {
    auto& group = out[{rows.key[i], rows.second[i]}];
    ++group.rows;
    group.first = std::min(group.first, static_cast<int64_t>(i));
    group.last = static_cast<int64_t>(i);
    if (rows.real[i] != kNull<double>) {
      ++group.reals;
      group.real += rows.real[i];
      group.least = std::min(group.least, rows.real[i]);
      group.most = std::max(group.most, rows.real[i]);
      group.variance.add(rows.real[i]);
    }
    if (wholes[i] != kNull<double> && rows.real[i] != kNull<double>) {
      group.covariance.add(rows.real[i], wholes[i]);
      group.weighted.add(rows.real[i], wholes[i]);
    }
    if (rows.whole[i] == kNull<int64_t>) continue;
    ++group.wholes;
    group.whole += rows.whole[i];
    group.low = std::min(group.low, rows.whole[i]);
    group.high = std::max(group.high, rows.whole[i]);
  }
  return out;
}

std::vector<int64_t> values_by_group(const GroupNumbers& numbers, size_t key) {
  std::vector<int64_t> out;
  for (const auto code : numbers.codes(key)) out.push_back(numbers.values(key)[code]);
  return out;
}

/// One thread's share of the rows, in parts.
struct Share {
  explicit Share(bool counts) : totals(asked(counts)) {}

  static GroupTotals asked(bool counts) {
    return GroupTotals(
        {{.repr = Repr::kF64, .sum = true, .least = true, .most = true, .first = true, .last = true, .moments = true},
         {.repr = Repr::kI64, .sum = true, .least = true, .most = true, .first = true, .last = true}},
        {{.weighted = true, .comoments = true}}, true, counts);
  }

  GroupNumbers numbers{2};
  GroupTotals totals;

  void take(const Rows& rows, const std::vector<double>& wholes, size_t from, size_t to, size_t part) {
    std::vector<uint32_t> groups(part);
    for (size_t at = from; at < to; at += part) {
      const size_t count = std::min(part, to - at);
      const RowKey keys[] = {{{Repr::kI32, rows.key.data() + at}}, {{Repr::kI64, rows.second.data() + at}}};
      numbers.number(keys, count, groups.data());
      const void* values[] = {rows.real.data() + at, rows.whole.data() + at};
      const std::pair<const double*, const double*> pairs[] = {{rows.real.data() + at, wholes.data() + at}};
      totals.add({.rows = count,
                  .numbers = groups.data(),
                  .runs = numbers.runs(),
                  .first = static_cast<int64_t>(at),
                  .values = values,
                  .pairs = pairs},
                 numbers.count());
    }
    totals.finish();
  }
};

void expect_totals(const Rows& rows, size_t part, bool counts = true) {
  std::vector<double> wholes;
  for (const auto value : rows.whole)
    wholes.push_back(value == kNull<int64_t> ? kNull<double> : static_cast<double>(value) + 600);
  const auto expected = expected_of(rows, wholes);
  // Two shares that meet groups in different orders, put together.
  Share first(counts), second(counts);
  const size_t half = rows.key.size() / 3;
  first.take(rows, wholes, 0, half, part);
  second.take(rows, wholes, half, rows.key.size(), part);
  std::map<Key, uint32_t> number_of;
  for (const auto& [key, group] : expected) number_of.emplace(key, number_of.size());
  auto all = Share::asked(counts);
  all.grow(expected.size());
  for (const auto* share : {&first, &second}) {
    const auto keys = values_by_group(share->numbers, 0), seconds = values_by_group(share->numbers, 1);
    ASSERT_EQ(keys.size(), share->numbers.count());
    std::vector<GroupMove> moves;
    for (uint32_t g = 0; g < keys.size(); ++g) moves.push_back({g, number_of.at({keys[g], seconds[g]})});
    all.expect(share->totals);
    all.merge(share->totals, moves);
  }
  size_t g = 0;
  for (const auto& [key, group] : expected) {
    const auto &real = all.measure(0), &whole = all.measure(1);
    if (counts) {
      EXPECT_EQ(all.rows()[g], group.rows);
      EXPECT_EQ(all.count(0, g), group.reals);
      EXPECT_EQ(all.count(1, g), group.wholes);
    }
    EXPECT_EQ(all.count(0, g) > 0, group.reals > 0);
    EXPECT_EQ(all.count(1, g) > 0, group.wholes > 0);
    EXPECT_EQ(all.first_rows()[g], group.first);
    EXPECT_EQ(all.last_rows()[g], group.last);
    EXPECT_EQ(real.first_real[g], rows.real[static_cast<size_t>(group.first)]);
    EXPECT_EQ(real.last_real[g], rows.real[static_cast<size_t>(group.last)]);
    EXPECT_EQ(whole.first[g], rows.whole[static_cast<size_t>(group.first)]);
    EXPECT_EQ(whole.last[g], rows.whole[static_cast<size_t>(group.last)]);
    EXPECT_EQ(all.real_sum(0, g), group.real) << "eighths add up exactly";
    EXPECT_EQ(static_cast<int64_t>(whole.whole[g]), group.whole);
    if (group.reals > 0) {
      EXPECT_EQ(real.low_real[g], group.least);
      EXPECT_EQ(real.high_real[g], group.most);
      EXPECT_NEAR(real.moments.at(g).m2, group.variance.m2, 1e-9 * (1 + group.variance.m2));
    }
    if (group.wholes > 0) {
      EXPECT_EQ(whole.low[g], group.low);
      EXPECT_EQ(whole.high[g], group.high);
    }
    EXPECT_NEAR(all.pair(0).comoments.at(g).c, group.covariance.c, 1e-9 * (1 + std::fabs(group.covariance.c)));
    EXPECT_NEAR(all.pair(0).weighted.at(g).result(), group.weighted.result(),
                1e-9 * std::fabs(group.weighted.result()));
    ++g;
  }
}

TEST(GroupTotals, equal_what_a_map_adds_up) {
  expect_totals(random_rows(1000, 1, false, 1), 64);
  expect_totals(random_rows(300'000, 2, false, 3), 16384);
  expect_totals(random_rows(300'000, 3, true, 1), 16384);
  expect_totals(random_rows(50'000, 4, false, int64_t{60} * 1000 * 1000 * 1000), 1000);
}

TEST(GroupTotals, where_counts_are_not_wanted_groups_without_values_are_told_apart) {
  for (const bool sorted : {false, true}) {
    auto rows = random_rows(60'000, 5, sorted, 3);
    expect_totals(rows, 1000, false);
    for (size_t i = 0; i < rows.real.size(); ++i) {  // the first nulls come late, in the second share
      if (i < 45'000 && rows.real[i] == kNull<double>) rows.real[i] = 8;
      if (i < 50'000 && rows.whole[i] == kNull<int64_t>) rows.whole[i] = 8;
      if (i >= 50'000 && rows.key[i] % 3 == 0) rows.real[i] = kNull<double>;
    }
    expect_totals(rows, 1000, false);
    expect_totals(rows, 1000, true);
  }
}

TEST(GroupTotals, one_group_without_numbers) {
  const auto rows = random_rows(5000, 4, false, 1);
  GroupTotals all({{.repr = Repr::kF64, .sum = true, .least = true, .most = true}}, {}, false, true);
  const void* values[] = {rows.real.data()};
  all.add({.rows = rows.real.size(), .values = values}, 1);
  all.finish();
  double sum = 0, least = 1e300, most = -1e300;
  for (const double value : rows.real) {
    if (value == kNull<double>) continue;
    sum += value, least = std::min(least, value), most = std::max(most, value);
  }
  EXPECT_EQ(all.rows(), std::vector<int64_t>{5000});
  EXPECT_EQ(all.real_sum(0, 0), sum);
  EXPECT_EQ(all.measure(0).low_real[0], least);
  EXPECT_EQ(all.measure(0).high_real[0], most);
}

TEST(GroupTotals, groups_that_take_turns_get_what_is_theirs) {
  constexpr size_t kGroups = 100, kRows = 20'000;
  std::mt19937 random(3);
  std::vector<uint32_t> numbers;
  std::vector<double> values;
  std::vector<double> sum(kGroups), least(kGroups, 1e300), most(kGroups, -1e300);
  std::vector<int64_t> rows(kGroups);
  for (size_t i = 0; i < kRows; ++i) {
    const bool is_late = random() % 150 == 0;
    numbers.push_back(is_late ? random() % kGroups : i % kGroups);
    values.push_back(random() % 400 == 0 ? kNull<double> : static_cast<double>(random() % 1000));
    const auto group = numbers.back();
    ++rows[group];
    if (values.back() == kNull<double>) continue;
    sum[group] += values.back();
    least[group] = std::min(least[group], values.back());
    most[group] = std::max(most[group], values.back());
  }
  GroupTotals all({{.repr = Repr::kF64, .sum = true, .least = true, .most = true}}, {}, false, true);
  const void* columns[] = {values.data()};
  all.add({.rows = kRows, .numbers = numbers.data(), .values = columns}, kGroups);
  all.finish();
  EXPECT_EQ(all.rows(), rows);
  for (size_t g = 0; g < kGroups; ++g) {
    ASSERT_EQ(all.real_sum(0, g), sum[g]) << g;
    ASSERT_EQ(all.measure(0).low_real[g], least[g]) << g;
    ASSERT_EQ(all.measure(0).high_real[g], most[g]) << g;
  }
}

TEST(GroupTotals, sums_that_are_added_to_together_stay_apart) {
  constexpr size_t kGroups = 50, kRows = 5003, kColumns = 6;
  std::mt19937 random(9);
  std::vector<uint32_t> numbers(kRows);
  for (auto& number : numbers) number = random() % kGroups;
  std::vector<std::vector<double>> columns(kColumns, std::vector<double>(kRows));
  std::vector<float> small(kRows);
  std::vector<std::vector<double>> sums(kColumns + 1, std::vector<double>(kGroups));
  std::vector<std::vector<int64_t>> counts(kColumns + 1, std::vector<int64_t>(kGroups));
  const auto note = [&](size_t c, size_t i, double value) { sums[c][numbers[i]] += value, ++counts[c][numbers[i]]; };
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t c = 0; c < kColumns; ++c) {
      const bool is_null = c % 2 == 1 && random() % 200 == 0;  // some columns have none, and most stretches of others
      columns[c][i] = is_null ? kNull<double> : static_cast<double>(random() % 1000) / 4;
      if (!is_null) note(c, i, columns[c][i]);
    }
    small[i] = i % 3 == 0 ? kNull<float> : static_cast<float>(i % 100);
    if (i % 3 != 0) note(kColumns, i, small[i]);
  }
  std::vector<Measure> measures(kColumns + 1, {.repr = Repr::kF64, .sum = true});
  measures[2].least = true;
  measures[kColumns].repr = Repr::kF32;
  std::vector<const void*> values;
  for (const auto& column : columns) values.push_back(column.data());
  values.push_back(small.data());
  GroupTotals first(measures, {}, false, true), second(measures, {}, false, true);
  constexpr size_t kHalf = 2500;
  first.add({.rows = kHalf, .numbers = numbers.data(), .values = values}, kGroups);
  for (auto& column : values) column = static_cast<const char*>(column) + kHalf * (&column == &values.back() ? 4 : 8);
  second.add({.rows = kRows - kHalf, .numbers = numbers.data() + kHalf, .values = values}, kGroups);
  first.finish(), second.finish();
  first.expect(second);
  std::vector<GroupMove> moves;
  for (uint32_t g = 0; g < kGroups; ++g) moves.push_back({g, g});
  first.merge(second, moves);
  for (size_t c = 0; c <= kColumns; ++c) {
    EXPECT_TRUE(first.has_real_sum(c));
    for (size_t g = 0; g < kGroups; ++g) {
      ASSERT_EQ(first.real_sum(c, g), sums[c][g]) << c << " " << g;
      ASSERT_EQ(first.count(c, g), counts[c][g]) << c << " " << g;
    }
  }
}

TEST(GroupTotals, of_nothing_but_nulls_nothing_is_known) {
  const std::vector<int32_t> nulls(100, kNull<int32_t>);
  GroupTotals all({{.repr = Repr::kI32, .sum = true, .least = true}}, {}, false, false);
  const void* values[] = {nulls.data()};
  all.add({.rows = nulls.size(), .values = values}, 1);
  EXPECT_EQ(all.count(0, 0), 0);
}

TEST(GroupNumbers, follow_the_order_of_meeting_whatever_the_values) {
  const std::vector<int64_t> values{INT64_MAX, 5,         INT64_MIN,         5, 4000, -4000, 300'000, 5,
                                    6,         INT64_MAX, -1'000'000'000'000};
  GroupNumbers numbers(1);
  std::vector<uint32_t> out(values.size());
  const RowKey key{{Repr::kI64, values.data()}};
  numbers.number({&key, 1}, values.size(), out.data());
  EXPECT_EQ(out, (std::vector<uint32_t>{0, 1, 2, 1, 3, 4, 5, 1, 6, 0, 7}));
  EXPECT_EQ(values_by_group(numbers, 0),
            (std::vector<int64_t>{INT64_MAX, 5, INT64_MIN, 4000, -4000, 300'000, 6, -1'000'000'000'000}));
}

/// Keys as `T` against a map; values come back, and new ones are met late.
template <class T>
void expect_numbers(Repr repr, const std::vector<T>& each) {
  std::mt19937 random(17);
  std::vector<T> keys;
  std::vector<int32_t> slow;
  for (size_t i = 0; i < 20'000; ++i) {
    keys.push_back(each[random() % std::max<size_t>(1, each.size() * std::min<size_t>(i + 100, 10'000) / 10'000)]);
    slow.push_back(static_cast<int32_t>(i / 3000));
  }
  GroupNumbers numbers(2);
  std::vector<uint32_t> out(keys.size());
  for (size_t at = 0; at < keys.size(); at += 4000) {
    const RowKey both[] = {{{repr, keys.data() + at}}, {{Repr::kI32, slow.data() + at}}};
    numbers.number(both, 4000, out.data() + at);
  }
  std::map<std::pair<int32_t, T>, uint32_t> met;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto next = static_cast<uint32_t>(met.size());
    ASSERT_EQ(out[i], met.try_emplace({slow[i], keys[i]}, next).first->second) << i;
  }
}

TEST(GroupNumbers, of_values_of_all_widths) {
  std::vector<int8_t> bytes;
  for (int value = -128; value < 128; ++value) bytes.push_back(static_cast<int8_t>(value));
  expect_numbers(Repr::kI8, bytes);
  std::vector<int32_t> close, apart;
  std::vector<int64_t> moments;
  for (int32_t i = 0; i < 1500; ++i) {
    close.push_back(i % 2 ? i : -i);
    apart.push_back(i % 2 ? std::numeric_limits<int32_t>::max() - i : std::numeric_limits<int32_t>::min() + i);
    moments.push_back(i % 2 ? int64_t{i} << 40 : std::numeric_limits<int64_t>::min() + i);
  }
  expect_numbers(Repr::kI32, close);
  expect_numbers(Repr::kI32, apart);
  expect_numbers(Repr::kI64, moments);
}

TEST(GroupNumbers, rows_alike_their_neighbours_are_numbered_as_others_are) {
  std::mt19937 random(11);
  for (const size_t run : {1, 5, 20, 300}) {
    GroupNumbers together(2), apart(2);
    for (int part = 0; part < 5; ++part) {
      std::vector<int8_t> first(4000);
      std::vector<int64_t> second(first.size());
      for (size_t i = 0; i < first.size(); ++i) {
        const bool is_new = i == 0 || random() % run == 0;
        first[i] = is_new ? static_cast<int8_t>(random() % 3 - 1) : first[i - 1];
        second[i] = is_new ? static_cast<int64_t>(random() % 4) << 40 : second[i - 1];
      }
      std::vector<uint32_t> all(first.size()), one(first.size());
      const RowKey keys[] = {{{Repr::kI8, first.data()}}, {{Repr::kI64, second.data()}}};
      together.number(keys, first.size(), all.data());
      for (size_t i = 0; i < first.size(); ++i) {
        const RowKey row[] = {{{Repr::kI8, first.data() + i}}, {{Repr::kI64, second.data() + i}}};
        apart.number(row, 1, one.data() + i);
      }
      ASSERT_EQ(all, one) << run;
      ASSERT_EQ(together.count(), apart.count());
    }
  }
}

TEST(GroupNumbers, keys_by_runs_are_numbered_as_keys_by_row_are) {
  std::mt19937 random(12);
  for (const size_t longest : {1, 6, 40, 900}) {
    GroupNumbers by_runs(2), by_row(2), mixed(2);
    for (int part = 0; part < 5; ++part) {
      constexpr size_t kRows = 3000;
      struct Key {
        std::vector<int32_t> values, each;
        std::vector<uint32_t> ends;
        RowKey runs() const { return {{Repr::kI32, values.data()}, ends}; }
        RowKey rows() const { return {{Repr::kI32, each.data()}}; }
      };
      Key keys[2];
      for (auto& key : keys) {
        while (key.each.size() < kRows) {
          key.values.push_back(static_cast<int32_t>(random() % 7));
          key.each.resize(std::min(kRows, key.each.size() + 1 + random() % longest), key.values.back());
          key.ends.push_back(static_cast<uint32_t>(key.each.size()));
        }
      }
      std::vector<uint32_t> expected(kRows), out(kRows);
      const RowKey rows[] = {keys[0].rows(), keys[1].rows()}, runs[] = {keys[0].runs(), keys[1].runs()},
                   both[] = {keys[0].rows(), keys[1].runs()};
      by_row.number(rows, kRows, expected.data());
      by_runs.number(runs, kRows, out.data());
      ASSERT_EQ(out, expected) << longest;
      size_t end = 0;
      for (const auto& run : by_runs.runs()) {
        ASSERT_EQ(run.begin, std::exchange(end, run.end));
        for (size_t i = run.begin; i < run.end; ++i) ASSERT_EQ(out[i], run.group);
      }
      ASSERT_EQ(end, longest > 40 ? kRows : end);
      mixed.number(both, kRows, out.data());
      ASSERT_EQ(out, expected) << longest;
    }
    ASSERT_EQ(by_runs.count(), by_row.count());
    ASSERT_EQ(values_by_group(by_runs, 1), values_by_group(by_row, 1));
  }
}

TEST(GroupNumbers, many_pairs_leave_their_pages_for_a_hash) {
  constexpr size_t kRows = 200'000;
  std::vector<int32_t> first, second, third;
  std::mt19937 random(5);
  for (size_t i = 0; i < kRows; ++i) {
    first.push_back(static_cast<int32_t>(random() % 3000));
    second.push_back(static_cast<int32_t>(random() % 100'000));
    third.push_back(static_cast<int32_t>(random() % 2));
  }
  GroupNumbers numbers(3);
  std::map<std::array<int32_t, 3>, uint32_t> known;
  std::vector<uint32_t> out(1000);
  for (size_t at = 0; at < kRows; at += out.size()) {
    const RowKey keys[] = {
        {{Repr::kI32, first.data() + at}}, {{Repr::kI32, second.data() + at}}, {{Repr::kI32, third.data() + at}}};
    numbers.number(keys, out.size(), out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      const auto [place, is_new] =
          known.try_emplace({first[at + i], second[at + i], third[at + i]}, static_cast<uint32_t>(known.size()));
      ASSERT_EQ(out[i], place->second) << at + i;
    }
  }
  ASSERT_EQ(numbers.count(), known.size());
  const auto a = values_by_group(numbers, 0), b = values_by_group(numbers, 1), c = values_by_group(numbers, 2);
  for (const auto& [key, number] : known)
    ASSERT_EQ((std::array<int64_t, 3>{a[number], b[number], c[number]}),
              (std::array<int64_t, 3>{key[0], key[1], key[2]}));
}

}  // namespace
}  // namespace pelorus::kernels
