// Rows chosen by bounds, beside the same choice made row by row.
#include <algorithm>
#include <random>

#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

using types::Scalar;
using types::Type;

/// Columns whose neighbours are more or less alike: times that ascend, steps with nulls, noise, noise as doubles.
class BoundRowsTest : public ::testing::Test {
 protected:
  BoundRowsTest() {
    node_.options.block_rows = 4096;
    node_.open();
  }

  data::Table rows(size_t count) {
    data::Buffer<int64_t> times;
    data::Buffer<int32_t> steps, noise;
    data::Buffer<double> prices;
    for (size_t i = 0; i < count; ++i) {
      const auto row = static_cast<int64_t>(times_.size() + i);
      times.push_back(row * 3);
      const auto step = static_cast<int32_t>(row / 700);
      steps.push_back(step % 5 == 3 ? types::kNull<int32_t> : step);
      noise.push_back(static_cast<int32_t>(random_() % 1000));
      prices.push_back(static_cast<double>(random_() % 1000) / 4);
    }
    times_.insert(times_.end(), times.begin(), times.end());
    steps_.insert(steps_.end(), steps.begin(), steps.end());
    noise_.insert(noise_.end(), noise.begin(), noise.end());
    prices_.insert(prices_.end(), prices.begin(), prices.end());
    using data::Vector;
    return {{"time", "step", "noise", "price"},
            {Vector::adopt<int64_t>(Type::kTimestamp, std::move(times)),
             Vector::adopt<int32_t>(Type::kInt, std::move(steps)), Vector::adopt<int32_t>(Type::kInt, std::move(noise)),
             Vector::adopt<double>(Type::kDouble, std::move(prices))}};
  }

  static Scalar time(int64_t at) { return Scalar::of<int64_t>(Type::kTimestamp, at, 0); }

  /// Whether a row meets a bound, by the column's own values.
  bool meets(const Bound& bound, size_t row) const {
    const auto within = [&](auto value, bool null) {
      using T = decltype(value);
      if (null) return !bound.low;
      return !(bound.low && value < bound.low->get<T>()) && !(bound.high && value > bound.high->get<T>());
    };
    switch (bound.column) {
      case 0: return within(times_[row], false);
      case 1: return within(steps_[row], steps_[row] == types::kNull<int32_t>);
      case 2: return within(noise_[row], false);
      default: return within(prices_[row], false);
    }
  }

  /// The rows chosen hold all that meet the bounds; no others where they are exact. Those bounds.
  std::vector<bool> check(const std::vector<Bound>& bounds) {
    const auto snapshot = node_.store->snapshot({7}).value();
    const auto chosen = snapshot->select(bounds).value();
    std::vector<bool> taken(times_.size(), false);
    for (const auto& range : chosen.rows->stored())
      std::fill(taken.begin() + range.from, taken.begin() + range.to, true);
    for (size_t row = 0; row < taken.size(); ++row) {
      bool all = true;
      for (size_t b = 0; b < bounds.size(); ++b) {
        const bool met = meets(bounds[b], row);
        all = all && met;
        EXPECT_TRUE(met || !chosen.exact[b] || !taken[row]) << "row " << row << " of bound " << b;
      }
      EXPECT_TRUE(!all || taken[row]) << "row " << row;
    }
    const auto times = snapshot->read(0, *chosen.rows).value();
    size_t at = 0;
    for (size_t row = 0; row < taken.size(); ++row) {
      if (!taken[row]) continue;
      if (at == times.size()) break;
      EXPECT_EQ(times.values<int64_t>()[at++], times_[row]);
    }
    EXPECT_EQ(at, times.size());
    return chosen.exact;
  }

  io::MemoryFileSystem files_;
  TestNode node_{files_};
  std::mt19937_64 random_{7};
  std::vector<int64_t> times_;
  std::vector<int32_t> steps_, noise_;
  std::vector<double> prices_;
};

TEST_F(BoundRowsTest, choices_equal_those_made_row_by_row) {
  node_.append(7, rows(15'000));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, rows(5'000));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, rows(3'000));
  const auto end = static_cast<int64_t>(times_.size()) * 3;
  for (int i = 0; i < 60; ++i) {
    auto low = static_cast<int64_t>(random_() % static_cast<uint64_t>(end)),
         high = low + static_cast<int64_t>(random_() % 9'000);
    if (i % 7 == 0) low = -1;
    Bound by_time{0, time(low), time(high)};
    if (i % 5 == 0) by_time.low.reset();
    if (i % 5 == 1) by_time.high.reset();
    EXPECT_TRUE(check({by_time})[0]);
    const Scalar step = Scalar::of_int(static_cast<int32_t>(random_() % 33));
    Bound by_step{1, step, step};
    if (i % 3 == 0) by_step.low.reset();
    if (i % 3 == 1) by_step.high.reset();
    EXPECT_TRUE(check({by_step})[0]);
    EXPECT_EQ(check({by_time, by_step}), std::vector<bool>(2, true));
  }
}

TEST_F(BoundRowsTest, rows_without_order_are_left_to_the_reader) {
  node_.append(7, rows(9'000));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, rows(2'000));
  EXPECT_FALSE(check({{2, Scalar::of_int(300), Scalar::of_int(700)}})[0]);
  EXPECT_FALSE(check({{3, Scalar::of_double(30), std::nullopt}})[0]);
  EXPECT_EQ(check({{0, time(600), time(9'000)}, {2, Scalar::of_int(300), Scalar::of_int(700)}}),
            (std::vector{true, false}));
  EXPECT_TRUE(check({{2, Scalar::of_int(0), Scalar::of_int(999)}})[0]) << "all of them";
}

TEST_F(BoundRowsTest, null_is_less_than_every_value) {
  node_.append(7, rows(9'000));
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.append(7, rows(9'000));
  const auto least = Scalar::of_int(0), most = Scalar::of_int(1'000);
  EXPECT_TRUE(check({{1, std::nullopt, least}})[0]);
  EXPECT_TRUE(check({{1, least, std::nullopt}})[0]);
  EXPECT_TRUE(check({{1, std::nullopt, most}})[0]);
}

}  // namespace
}  // namespace pelorus::storage
