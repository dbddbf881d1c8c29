// Sorting, grouping and joining against slow, obvious implementations.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "kernels/group.h"
#include "kernels/hash.h"
#include "kernels/join.h"
#include "kernels/part_directory.h"
#include "kernels/pick_rows.h"
#include "kernels/sort.h"

namespace pelorus::kernels {
namespace {

using types::kNull;
using types::Repr;

KeyColumn column(const std::vector<int32_t>& v) { return {Repr::kI32, v.data(), v.size()}; }
KeyColumn column(const std::vector<int64_t>& v) { return {Repr::kI64, v.data(), v.size()}; }
KeyColumn column(const std::vector<double>& v) { return {Repr::kF64, v.data(), v.size()}; }
KeyColumn column(const std::vector<std::string>& v) { return {Repr::kText, v.data(), v.size()}; }

std::vector<int32_t> random_ints(size_t rows, int32_t high, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> out(rows);
  for (auto& value : out)
    value = random() % 17 == 0 ? kNull<int32_t> : static_cast<int32_t>(random() % high) - high / 3;
  return out;
}

TEST(Group, numbers_ascend_with_the_key_and_null_comes_first) {
  const std::vector<int32_t> keys{5, kNull<int32_t>, 3, 5, 3};
  const auto groups = group_rows(std::vector{column(keys)}, keys.size());
  EXPECT_EQ(groups.of_row, (std::vector<uint32_t>{2, 0, 1, 2, 1}));
  EXPECT_EQ(groups.first_row, (std::vector<int64_t>{1, 2, 0}));
}

TEST(Group, composite_keys_equal_an_ordered_map) {
  for (const int32_t high : {5, 1000, 2000000000}) {
    const auto a = random_ints(3000, high, 1);
    const auto b = random_ints(3000, 7, 2);
    std::vector<std::string> c;
    for (const auto value : b) c.push_back(value % 2 ? "odd" : value == 0 ? "" : "even");
    std::map<std::tuple<int32_t, int32_t, std::string>, uint32_t> expected;
    for (size_t i = 0; i < a.size(); ++i) expected[{a[i], b[i], c[i]}] = 0;
    uint32_t next = 0;
    for (auto& [key, number] : expected) number = next++;
    const auto groups = group_rows(std::vector{column(a), column(b), column(c)}, a.size());
    ASSERT_EQ(groups.count(), expected.size());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(groups.of_row[i], (expected[{a[i], b[i], c[i]}])) << i;
  }
}

TEST(Group, symbol_codes_follow_their_ranks) {
  const std::vector<int32_t> codes{1, 2, 3, 1};  // texts: 1 "z", 2 "a", 3 "m"; code 0 does not occur
  const std::vector<int32_t> ranks{KeyColumn::kNullRank, 2, 0, 1};
  const KeyColumn key{Repr::kI32, codes.data(), codes.size(), ranks};
  EXPECT_EQ(group_rows(std::vector{key}, 4).of_row, (std::vector<uint32_t>{2, 0, 1, 2}));
}

TEST(Group, directory_keeps_order_inside_groups) {
  const std::vector<uint32_t> of_row{1, 0, 1, kNoGroup, 0};
  const auto directory = gather_groups(of_row, 2);
  EXPECT_EQ(directory.order, (RowNumbers{1, 4, 0, 2}));
  EXPECT_EQ(directory.rows_of(1).size(), 2u);
}

TEST(Sort, equals_a_stable_sort_for_small_and_large_inputs) {
  for (const size_t rows : {50u, 300u, 9000u}) {
    const auto a = random_ints(rows, 20, 3);
    std::vector<double> b(rows);
    std::mt19937 random(4);
    for (auto& value : b) value = random() % 9 == 0 ? kNull<double> : static_cast<double>(random() % 50) - 25.5;
    RowNumbers expected(rows);
    std::iota(expected.begin(), expected.end(), 0);
    const auto at = [](const auto& v, int64_t i) { return v[static_cast<size_t>(i)]; };
    std::stable_sort(expected.begin(), expected.end(), [&](int64_t x, int64_t y) {
      if (at(a, x) != at(a, y)) return at(a, x) > at(a, y);  // descending, nulls (lowest) last
      const bool nx = at(b, x) == kNull<double>, ny = at(b, y) == kNull<double>;
      if (nx != ny) return ny;  // ascending, nulls last
      return at(b, x) < at(b, y);
    });
    const std::vector<SortKey> keys{{column(a), true, true}, {column(b), false, true}};
    EXPECT_EQ(sort_rows(keys, rows), expected);
    const auto top = top_rows(keys, rows, 7);
    EXPECT_TRUE(std::equal(top.begin(), top.end(), expected.begin()));
    EXPECT_FALSE(is_sorted(keys, rows));
  }
}

TEST(Sort, texts_are_bytewise_with_nulls_where_asked) {
  const std::vector<std::string> texts{"b", "", "a", "B"};
  EXPECT_EQ(sort_rows(std::vector<SortKey>{{column(texts), false, false}}, 4), (RowNumbers{1, 3, 2, 0}));
  EXPECT_EQ(sort_rows(std::vector<SortKey>{{column(texts), true, false}}, 4), (RowNumbers{1, 0, 2, 3}));
}

TEST(Join, pairs_equal_nested_loops) {
  for (const int32_t high : {10, 2000000000}) {
    const auto a1 = random_ints(200, high, 5), a2 = random_ints(200, 3, 6);
    auto b1 = random_ints(150, high, 7);
    const auto b2 = random_ints(150, 3, 8);
    std::copy_n(a1.begin(), 60, b1.begin());
    RowPairs expected;
    for (size_t i = 0; i < a1.size(); ++i) {
      for (size_t j = 0; j < b1.size(); ++j) {
        if (a1[i] == kNull<int32_t> || a2[i] == kNull<int32_t>) continue;
        if (a1[i] != b1[j] || a2[i] != b2[j]) continue;
        expected.left.push_back(static_cast<int64_t>(i));
        expected.right.push_back(static_cast<int64_t>(j));
      }
    }
    const auto keys = match_keys(std::vector{column(a1), column(a2)}, std::vector{column(b1), column(b2)}, false);
    bool too_many = false;
    const auto pairs = join_rows(keys, JoinKind::kInner, 1000000, &too_many);
    EXPECT_EQ(pairs.left, expected.left);
    EXPECT_EQ(pairs.right, expected.right);
    EXPECT_FALSE(too_many);
    (void)join_rows(keys, JoinKind::kInner, pairs.size() - 1, &too_many);
    EXPECT_TRUE(too_many);
    const auto full = join_rows(keys, JoinKind::kFull, 1000000, &too_many);
    std::vector<int> seen(b1.size());
    for (const auto row : full.right) {
      if (row >= 0) seen[static_cast<size_t>(row)] = 1;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 150);
  }
}

TEST(Join, left_first_keeps_every_left_row_once) {
  const std::vector<int64_t> left{1, 2, 3}, right{3, 1, 3};
  const auto keys = match_keys(std::vector{column(left)}, std::vector{column(right)}, false);
  bool too_many = false;
  const auto pairs = join_rows(keys, JoinKind::kLeftFirst, 100, &too_many);
  EXPECT_EQ(pairs.right, (RowNumbers{1, kNoRow, 0}));
}

TEST(Join, as_of_takes_the_last_row_not_later) {
  std::mt19937 random(9);
  for (const auto& [left_ascends, right_ascends] : {std::pair(true, true), {false, true}, {true, false}}) {
    std::vector<int32_t> lk, rk;
    std::vector<int64_t> lt, rt;
    for (int i = 0; i < 400; ++i) lk.push_back(random() % 6), lt.push_back(random() % 1000);
    for (int i = 0; i < 300; ++i) rk.push_back(random() % 5), rt.push_back(random() % 1000);
    if (right_ascends) std::sort(rt.begin(), rt.end());
    if (left_ascends) std::sort(lt.begin(), lt.end());
    const auto keys = match_keys(std::vector{column(lk)}, std::vector{column(rk)}, false);
    const auto rows = join_as_of(keys, column(lt), column(rt), nullptr);
    for (size_t i = 0; i < lk.size(); ++i) {
      int64_t expected = kNoRow;
      for (size_t j = 0; j < rk.size(); ++j) {
        const bool is_later = expected == kNoRow || rt[j] >= rt[static_cast<size_t>(expected)];
        if (rk[j] == lk[i] && rt[j] <= lt[i] && is_later) expected = static_cast<int64_t>(j);
      }
      ASSERT_EQ(rows[i], expected) << i;
    }
  }
}

TEST(Hash, murmur2_equals_an_independent_computation) {
  const auto hash = [](std::string_view text) { return murmur2(text.data(), text.size()); };
  EXPECT_EQ(hash(""), 0u);
  EXPECT_EQ(hash("abc"), 324500635u);
  EXPECT_EQ(hash("AAPL"), 3879620229u);
  EXPECT_EQ(hash("600000.SH"), 2498241513u);
}

TEST(PartDirectory, tells_the_rows_of_each_value_part_by_part) {
  constexpr size_t kRows = 2 * kPartRows + 100;
  std::vector<int16_t> values(kRows);
  std::mt19937 random(5);
  for (auto& value : values) value = static_cast<int16_t>(static_cast<int>(random() % 40) - 7);
  WorkerPool workers(2);
  const PartDirectory directory({Repr::kI16, values.data()}, kRows, -7, 41, &workers);
  ASSERT_EQ(directory.parts(), 3);
  for (size_t part = 0; part < directory.parts(); ++part) {
    const size_t from = part * kPartRows, to = std::min(kRows, from + kPartRows);
    for (size_t v = 0; v < directory.values(); ++v) {
      std::vector<uint16_t> expected;
      for (size_t row = from; row < to; ++row) {
        if (values[row] == directory.lowest() + static_cast<int64_t>(v))
          expected.push_back(static_cast<uint16_t>(row - from));
      }
      const auto rows = directory.rows_of(part, v);
      ASSERT_EQ(std::vector(rows.begin(), rows.end()), expected);
      ASSERT_EQ(directory.count_of(part, v), expected.size());
    }
  }
}

TEST(PickRows, keeps_what_flags_or_values_say_however_many_they_are) {
  std::mt19937 random(7);
  for (const size_t rows : {size_t{0}, size_t{7}, size_t{64}, size_t{1000}, kPartRows}) {
    for (const unsigned per_cent : {0u, 3u, 30u, 90u, 100u}) {
      std::vector<int8_t> flags(rows);
      std::vector<int16_t> values(rows);
      std::vector<int64_t> numbers(rows), expected, expected_numbers;
      for (size_t i = 0; i < rows; ++i) {
        flags[i] = random() % 100 < per_cent ? 1 : random() % 9 == 0 ? kNull<int8_t> : 0;
        values[i] = static_cast<int16_t>(flags[i] == 1 ? -3 : 4);
        numbers[i] = static_cast<int64_t>(i + i / 3);
        if (flags[i] == 1) expected.push_back(static_cast<int64_t>(i) + 50), expected_numbers.push_back(numbers[i]);
      }
      const auto check = [&](size_t kept, const std::vector<int64_t>& out, const std::vector<int64_t>& wanted) {
        ASSERT_EQ(std::vector(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept)), wanted) << per_cent;
      };
      std::vector<int64_t> out(rows + kPickSpare);
      check(pick_rows(flags, 50, out.data()), out, expected);
      out.assign(numbers.begin(), numbers.end());
      out.resize(rows + kPickSpare);
      check(pick_rows(flags, out.data(), out.data()), out, expected_numbers);
      JudgedValues judged{Repr::kI16, nullptr, -3, {1, 0, 0, 0, 0, 0, 0, 0}};
      std::vector<int16_t> later(50, 4);
      later.insert(later.end(), values.begin(), values.end());
      judged.values = later.data();
      check(pick_rows(judged, 50, rows, out.data()), out, expected);
      std::vector<int16_t> spread(2 * rows + 1, 4);
      for (size_t i = 0; i < rows; ++i) spread[static_cast<size_t>(numbers[i])] = values[i];
      judged.values = spread.data();
      check(pick_rows(judged, numbers.data(), rows, out.data()), out, expected_numbers);
    }
  }
}

TEST(Places, of_several_lists_are_merged_or_joined) {
  const std::vector<uint16_t> a{0, 5, 64, 16383}, b{1, 63, 65}, none;
  const std::vector<std::span<const uint16_t>> lists{a, none, b};
  std::vector<int64_t> out(16);
  ASSERT_EQ(merge_places(lists, 100, out.data()), 7);
  EXPECT_EQ(std::vector(out.begin(), out.begin() + 7), (std::vector<int64_t>{100, 101, 105, 163, 164, 165, 16483}));
  ASSERT_EQ(join_places(lists, 100, out.data()), 7);
  EXPECT_EQ(std::vector(out.begin(), out.begin() + 7), (std::vector<int64_t>{100, 105, 164, 16483, 101, 163, 165}));
  EXPECT_EQ(merge_places({}, 100, out.data()), 0);
}

TEST(Join, rows_of_wanted_keys_are_the_same_by_directory_and_by_looking) {
  constexpr size_t kRows = 5 * kPartRows + 33;
  std::vector<uint32_t> right(kRows);
  std::mt19937 random(6);
  for (auto& key : right) key = random() % 30;
  WorkerPool workers(3);
  for (const std::vector<uint32_t>& left : {std::vector<uint32_t>{4}, {29, 0, kNoGroup, 7, 7}, {kNoGroup}, {}}) {
    MatchedKeys keys;
    keys.left = left;
    keys.count = 31;
    keys.hold_right(right);
    const auto looked = wanted_rows(keys, &workers);
    keys.directory = std::make_shared<const PartDirectory>(WholeKey{Repr::kI32, right.data()}, kRows, 0, 31, &workers);
    const auto told = wanted_rows(keys, &workers);
    EXPECT_EQ(told.starts, looked.starts);
    EXPECT_EQ(std::vector(told.order.begin(), told.order.end()), std::vector(looked.order.begin(), looked.order.end()));
  }
}

}  // namespace
}  // namespace pelorus::kernels
