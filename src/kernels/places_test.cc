// Elements and rows found by their place in an order, and windows added up in halves, against the plain way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "kernels/best_values.h"
#include "kernels/join.h"
#include "kernels/moving_rows.h"
#include "kernels/ranges.h"
#include "kernels/ranked_set.h"
#include "kernels/select_place.h"
#include "kernels/sort.h"
#include "kernels/steps.h"

namespace pelorus::kernels {
namespace {

using types::Repr;

std::vector<double> random_prices(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i) out.push_back(static_cast<double>(random() % 20'000) / 100 - 50);
  return out;
}

void expect_places(const std::vector<double>& values) {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (const size_t place : {size_t{0}, values.size() / 3, values.size() / 2, values.size() - 2, values.size() - 1}) {
    const auto [at, next] = elements_at(values, place);
    EXPECT_EQ(at, sorted[place]) << place;
    EXPECT_EQ(next, sorted[std::min(place + 1, sorted.size() - 1)]) << place;
  }
}

TEST(ElementsAt, are_those_of_the_sorted_values) {
  expect_places({2, 1});
  expect_places(random_prices(500, 1));
  expect_places(random_prices(100'000, 2));
  std::vector<double> equal(5000, 7.5);
  expect_places(equal);
  equal[100] = -1e300;  // one far from all others
  equal[200] = 1e300;
  expect_places(equal);
  std::vector<double> wide = random_prices(10'000, 3);
  for (size_t i = 0; i < wide.size(); ++i) wide[i] *= std::pow(10.0, static_cast<double>(i % 200) - 100);
  expect_places(wide);
}

TEST(TopRows, are_the_first_of_the_sorted_ones) {
  for (const bool descending : {false, true}) {
    auto values = random_prices(30'000, 4);
    for (size_t i = 0; i < values.size(); i += 37) values[i] = types::kNull<double>;
    const SortKey key{{.repr = Repr::kF64, .values = values.data(), .rows = values.size()}, descending, false};
    const auto sorted = sort_rows({&key, 1}, values.size());
    for (const size_t count : {1, 2, 5, 1000, 7000}) {
      const auto top = top_rows({&key, 1}, values.size(), count);
      EXPECT_TRUE(std::equal(top.begin(), top.end(), sorted.begin())) << count;
      EXPECT_EQ(top.size(), count);
    }
  }
}

TEST(RankedSet, tells_how_many_members_are_below) {
  std::mt19937_64 random(5);
  std::set<uint64_t> expected{0, 63, 64, 9999};
  for (int i = 0; i < 2000; ++i) expected.insert(random() % 10'000);
  RankedSet set(10'000);
  for (const auto number : expected) set.add(number), set.add(number);
  set.rank();
  EXPECT_EQ(set.count(), expected.size());
  std::vector<uint64_t> seen;
  for (size_t share = 0; share < 3; ++share) {
    set.each(share, 3, [&](uint64_t number, uint32_t rank) {
      EXPECT_EQ(rank, seen.size());
      seen.push_back(number);
    });
  }
  EXPECT_TRUE(std::equal(seen.begin(), seen.end(), expected.begin(), expected.end()));
  for (uint32_t i = 0; i < seen.size(); ++i) ASSERT_EQ(set.rank_of(seen[i]), i);
}

/// The state over each window, added up anew.
template <class State>
std::vector<double> one_by_one(const std::vector<double>& values, const Window& window) {
  std::vector<double> out;
  for (size_t i = 0; i < values.size(); ++i) {
    State state;
    int64_t count = 0;
    for (size_t k = window.start(i); k <= i; ++k) {
      if (values[k] != kNull<double>) state.add(values[k]), ++count;
    }
    out.push_back(window.counts(i, count) ? state.result() : kNull<double>);
  }
  return out;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected, const Window& window) {
  for (size_t i = 0; i < got.size(); ++i) {
    if (expected[i] == kNull<double>)
      ASSERT_EQ(got[i], kNull<double>) << i << " of windows of " << window.rows;
    else
      ASSERT_NEAR(got[i], expected[i], 1e-9 * (1 + std::fabs(expected[i]))) << i << " of windows of " << window.rows;
  }
}

template <class State>
void expect_rows(const std::vector<double>& values, const Window& window, RowsAggregate aggregate) {
  std::vector<double> got(values.size());
  sliding_rows(values, 0, window, aggregate, got.data());
  expect_near(got, one_by_one<State>(values, window), window);
}

TEST(SlidingRows, equal_windows_added_up_one_by_one) {
  for (const bool has_nulls : {false, true}) {
    auto values = random_prices(2000, 6);
    for (size_t i = 0; has_nulls && i < values.size(); ++i) {
      if (i % 7 == 0 || (i > 500 && i < 600)) values[i] = kNull<double>;
    }
    for (const int64_t rows : {1, 2, 3, 7, 20, 32}) {
      for (const auto& window : {Window{.rows = rows, .periods = 1, .only_full = true},
                                 Window{.rows = rows, .periods = std::min<int64_t>(rows, 5), .only_full = false}}) {
        expect_rows<Sum>(values, window, RowsAggregate::kSum);
        expect_rows<Average>(values, window, RowsAggregate::kAverage);
        expect_rows<SampleVariance>(values, window, RowsAggregate::kSampleVariance);
        expect_rows<PopulationVariance>(values, window, RowsAggregate::kPopulationVariance);
        expect_rows<SampleDeviation>(values, window, RowsAggregate::kSampleDeviation);
        expect_rows<PopulationDeviation>(values, window, RowsAggregate::kPopulationDeviation);
      }
    }
  }
}

TEST(SlidingRows, a_part_of_a_series_gives_what_the_whole_gives) {
  auto values = random_prices(300, 12);
  for (auto& value : values) value /= 3;
  values[0] = kNull<double>;
  const Window window{.rows = 9, .periods = 1, .only_full = true};
  std::vector<double> whole(values.size()), part(9);
  for (const auto aggregate : {RowsAggregate::kSum, RowsAggregate::kSampleDeviation}) {
    sliding_rows(values, 0, window, aggregate, whole.data());
    for (size_t i = 9; i + 9 < values.size(); ++i) {
      sliding_rows(std::span(values).subspan(i - 8, 9), 0, window, aggregate, part.data());
      ASSERT_EQ(part[8], whole[i]) << i;
    }
  }
}

TEST(SlidingRows, going_on_from_a_row_gives_what_going_on_gave) {
  auto values = random_prices(700, 3);
  for (const bool has_nulls : {false, true}) {
    if (has_nulls) values[350] = kNull<double>;
    for (const auto& window :
         {Window{.rows = 20, .periods = 20, .only_full = true}, Window{.rows = 20, .periods = 2, .only_full = false}}) {
      std::vector<double> whole(values.size()), rest(values.size());
      sliding_rows(values, 0, window, RowsAggregate::kSampleDeviation, whole.data());
      for (const size_t from : {1, 7, 19, 20, 351, 699}) {
        sliding_rows(values, from, window, RowsAggregate::kSampleDeviation, rest.data());
        for (size_t i = from; i < values.size(); ++i) ASSERT_EQ(rest[i - from], whole[i]) << from << " " << i;
      }
    }
  }
}

TEST(SlidingRows, what_a_large_value_hides_comes_back_when_it_has_left) {
  std::vector<double> values(100, 0.5);
  values[10] = 1e18;
  std::vector<double> out(values.size());
  sliding_rows(values, 0, {.rows = 5, .periods = 1, .only_full = true}, RowsAggregate::kAverage, out.data());
  EXPECT_EQ(out[15], 0.5);
  sliding_rows(values, 0, {.rows = 5, .periods = 1, .only_full = true}, RowsAggregate::kSampleVariance, out.data());
  EXPECT_EQ(out[15], 0);
}

TEST(Sliding, merged_states_equal_windows_added_up_one_by_one) {
  auto values = random_prices(700, 7);
  for (size_t i = 0; i < values.size(); i += 5) values[i] = kNull<double>;
  for (const int64_t rows : {1, 2, 9, 300, 1000}) {
    const Window window{.rows = rows, .periods = 1, .only_full = false};
    const auto starts = window_starts(values.size(), window);
    const auto keeps = [&](size_t row, int64_t count) { return window.counts(row, count); };
    std::vector<double> got(values.size());
    sliding<Skewness, double>(values, starts, got.data(), keeps);
    expect_near(got, one_by_one<Skewness>(values, window), window);
    sliding<SampleVariance, double>(values, starts, got.data(), keeps);
    expect_near(got, one_by_one<SampleVariance>(values, window), window);
  }
}

/// Moments that ascend and a few keys of each side, some of which the other side lacks.
struct Side {
  std::vector<int32_t> keys;
  std::vector<int64_t> moments;

  Side(size_t rows, int32_t low, int32_t high, uint32_t seed) {
    std::mt19937 random(seed);
    int64_t now = 0;
    for (size_t i = 0; i < rows; ++i) {
      keys.push_back(low + static_cast<int32_t>(random() % static_cast<uint32_t>(high - low)));
      moments.push_back(now += random() % 3);
    }
  }
  KeyColumn key_column() const { return {.repr = Repr::kI32, .values = keys.data(), .rows = keys.size()}; }
  KeyColumn moment_column() const { return {.repr = Repr::kI64, .values = moments.data(), .rows = moments.size()}; }
};

TEST(JoinAsOf, several_threads_find_what_one_finds) {
  const Side left(300'000, 0, 50, 8), right(400'000, 10, 60, 9);
  const auto left_key = left.key_column(), right_key = right.key_column();
  const auto keys = match_keys({&left_key, 1}, {&right_key, 1}, true);
  WorkerPool workers(3);
  const auto alone = join_as_of(keys, left.moment_column(), right.moment_column(), nullptr);
  EXPECT_EQ(join_as_of(keys, left.moment_column(), right.moment_column(), &workers), alone);
  size_t at = 0;
  std::vector<int64_t> last(60, kNoRow);
  for (size_t i = 0; i < alone.size(); ++i) {
    for (; at < right.moments.size() && right.moments[at] <= left.moments[i]; ++at)
      last[static_cast<size_t>(right.keys[at])] = static_cast<int64_t>(at);
    ASSERT_EQ(alone[i], last[static_cast<size_t>(left.keys[i])]) << i;
  }
}

TEST(WantedRows, are_those_of_keys_that_the_left_side_has) {
  const Side left(10, 20, 23, 10), right(200'000, 0, 60, 11);
  const auto left_key = left.key_column(), right_key = right.key_column();
  const auto keys = match_keys({&left_key, 1}, {&right_key, 1}, true);
  WorkerPool workers(2);
  const auto rows = wanted_rows(keys, &workers);
  EXPECT_EQ(rows.order, wanted_rows(keys, nullptr).order);
  const std::set<int32_t> wanted(left.keys.begin(), left.keys.end());
  std::map<int32_t, std::vector<int64_t>> expected;
  for (size_t i = 0; i < right.keys.size(); ++i) {
    if (wanted.contains(right.keys[i])) expected[right.keys[i]].push_back(static_cast<int64_t>(i));
  }
  size_t found = 0;
  for (size_t key = 0; key < rows.count(); ++key) {
    const auto own = rows.rows_of(key);
    if (own.empty()) continue;
    ++found;
    const auto& these = expected[right.keys[static_cast<size_t>(own[0])]];
    EXPECT_TRUE(std::equal(own.begin(), own.end(), these.begin(), these.end()));
  }
  EXPECT_EQ(found, wanted.size());
}

/// The rows that stay, flagged in pieces, hold the first of them all in their order.
template <class T>
void expect_best(const std::vector<T>& values, types::Repr repr, bool descending, size_t count, bool keeps_ties) {
  BestValues best(repr, descending, count, keeps_ties);
  std::vector<int8_t> flags(values.size());
  for (size_t begin = 0; begin < values.size(); begin += 700)
    best.judge(values.data() + begin, std::min<size_t>(700, values.size() - begin), flags.data() + begin);
  const auto is_lower = [](T a, T b) { return !types::is_null(b) && (types::is_null(a) || a < b); };
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](size_t i) { return values[i] != values[i]; });
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return descending ? is_lower(values[b], values[a]) : is_lower(values[a], values[b]);
  });
  size_t wanted = std::min(count, order.size());
  while (keeps_ties && wanted < order.size() && values[order[wanted]] == values[order[wanted - 1]]) ++wanted;
  for (size_t i = 0; i < wanted; ++i) ASSERT_EQ(flags[order[i]], 1) << values[order[i]] << " in row " << order[i];
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(values[i] == values[i] || flags[i] == 1) << "what cannot be compared, in row " << i;
  }
}

TEST(BestValues, keep_what_may_be_among_the_first) {
  std::mt19937_64 random(11);
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (const int kinds : {3, 40, 100000}) {
    std::vector<double> reals(5000);
    std::vector<int64_t> wholes(5000);
    for (size_t i = 0; i < reals.size(); ++i) {
      reals[i] = static_cast<double>(random() % static_cast<uint64_t>(kinds)) / 8 - 3;
      wholes[i] = static_cast<int64_t>(random() % static_cast<uint64_t>(kinds)) - 20;
      if (i % 11 == 0) reals[i] = types::kNull<double>, wholes[i] = types::kNull<int64_t>;
      if (i % 13 == 0) reals[i] = i % 2 ? kInfinite : -kInfinite;
      if (i % 17 == 0) reals[i] = std::numeric_limits<double>::quiet_NaN();
    }
    for (const size_t count : {1, 5, 600, 4990, 6000}) {
      for (const int way : {0, 1, 2, 3}) {
        expect_best(reals, types::Repr::kF64, way & 1, count, way & 2);
        expect_best(wholes, types::Repr::kI64, way & 1, count, way & 2);
      }
    }
  }
  std::vector<double> rising(5000);
  std::iota(rising.begin(), rising.end(), 0.0);
  BestValues best(types::Repr::kF64, false, 10, false);
  std::vector<int8_t> flags(5000);
  for (size_t begin = 0; begin < 5000; begin += 500) best.judge(rising.data() + begin, 500, flags.data() + begin);
  EXPECT_LT(std::count(flags.begin(), flags.end(), 1), 501);
}

TEST(FindPlaces, are_where_a_search_through_all_finds_them) {
  std::mt19937_64 random(21);
  std::vector<int64_t> numbers, starts{0};
  for (const size_t rows : {400, 0, 3, 2000}) {
    for (size_t i = 0; i < rows; ++i) numbers.push_back(static_cast<int64_t>(random() % 1000) * 5);
    std::sort(numbers.begin() + starts.back(), numbers.end());
    starts.push_back(static_cast<int64_t>(numbers.size()));
  }
  std::vector<uint32_t> groups;
  std::vector<int64_t> wanted;
  for (size_t i = 0; i < 6000; ++i) {
    groups.push_back(i % 50 == 0 ? kNoGroup : static_cast<uint32_t>(random() % 4));
    const auto rising = static_cast<int64_t>(i), anywhere = static_cast<int64_t>(random() % 6000) - 500;
    wanted.push_back(i % 70 == 0 ? types::kNull<int64_t> : i < 3000 ? rising * 2 : anywhere);
  }
  wanted[10] = std::numeric_limits<int64_t>::max();
  wanted[11] = std::numeric_limits<int64_t>::min() + 1;
  for (const int64_t shift : {int64_t{0}, int64_t{-7}, int64_t{100}, std::numeric_limits<int64_t>::max()}) {
    std::vector<int64_t> near = starts, places(groups.size());
    find_places({numbers, starts}, groups, wanted, shift, near, places.data());
    for (size_t i = 0; i < groups.size(); ++i) {
      if (groups[i] == kNoGroup || wanted[i] == types::kNull<int64_t>) {
        ASSERT_EQ(places[i], 0) << i;
        continue;
      }
      const auto bound = static_cast<__int128>(wanted[i]) + shift;
      const auto begin = numbers.begin() + starts[groups[i]], end = numbers.begin() + starts[groups[i] + 1];
      const auto found = std::find_if(begin, end, [&](int64_t number) { return number >= bound; });
      ASSERT_EQ(places[i], found - numbers.begin()) << i << " " << shift;
    }
  }
  EXPECT_TRUE(ascend(std::span(numbers).first(400)));
  EXPECT_FALSE(ascend(numbers));
}

TEST(TotalRanges, are_those_of_each_range_by_itself) {
  auto values = random_prices(5000, 22);
  for (size_t i = 0; i < values.size(); i += 9) values[i] = types::kNull<double>;
  std::fill(values.begin() + 100, values.begin() + 220, types::kNull<double>);
  std::mt19937 random(23);
  std::vector<int64_t> from, to;
  for (int64_t i = 0; i < 3000; ++i) {
    const bool is_long = random() % 3 == 0;
    from.push_back(i % 100 == 0 ? static_cast<int64_t>(random() % 4000) : std::min<int64_t>(4000, i + random() % 3));
    to.push_back(from.back() + static_cast<int64_t>(random() % (is_long ? 900 : 70)));
  }
  for (const auto total : {RangeTotal::kSum, RangeTotal::kAverage}) {
    std::vector<double> out(from.size());
    total_ranges(values, from, to, total, out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      double sum = 0, count = 0;
      for (auto at = static_cast<size_t>(from[i]); at < static_cast<size_t>(to[i]); ++at) {
        if (values[at] != types::kNull<double>) sum += values[at], ++count;
      }
      if (count == 0)
        ASSERT_EQ(out[i], types::kNull<double>) << i;
      else
        ASSERT_NEAR(out[i], total == RangeTotal::kSum ? sum : sum / count, 1e-9) << i;
    }
  }
}

TEST(Steps, cut_rows_where_they_change) {
  const std::vector<int64_t> begins{-5, 100, 107, 250};
  std::vector<int16_t> values;
  for (int16_t i = 0; i < 1000; ++i) values.push_back(static_cast<int16_t>(i % 90 == 13 ? 300 - i / 4 : i / 4));
  values.push_back(-5);
  StepRuns runs;
  ASSERT_TRUE(cut_into_steps({Repr::kI16, values.data()}, values.size(), begins, 100, runs));
  size_t row = 0;
  for (size_t r = 0; r < runs.ends.size(); ++r) {
    EXPECT_TRUE(r == 0 || runs.steps[r] != runs.steps[r - 1]) << r;
    for (; row < runs.ends[r]; ++row) {
      const auto step = std::upper_bound(begins.begin(), begins.end(), values[row]) - begins.begin() - 1;
      EXPECT_EQ(runs.steps[r], step) << row;
    }
  }
  EXPECT_EQ(row, values.size());
  StepRuns few;
  EXPECT_FALSE(cut_into_steps({Repr::kI16, values.data()}, values.size(), begins, 3, few));
}

}  // namespace
}  // namespace pelorus::kernels
