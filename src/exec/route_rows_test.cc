#include "exec/route_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/value.h"

namespace pelorus::exec {
namespace {

using data::Table;
using data::Type;
using data::Vector;
using meta::PartitionLevel;
using meta::PartitionScheme;
using meta::PartitionType;
using types::Scalar;

PartitionScheme days_and_hash() {
  PartitionLevel days{.type = PartitionType::kValue, .value_type = Type::kDate};
  for (int32_t day = 10; day < 13; ++day) days.values.push_back(Scalar::of<int32_t>(Type::kDate, day));
  PartitionLevel hash{.type = PartitionType::kHash, .value_type = Type::kSymbol, .buckets = 3};
  return {{days, hash}};
}

Table trades(size_t rows) {
  Vector time(Type::kTimestamp), symbol(Type::kSymbol), number(Type::kInt);
  for (size_t i = 0; i < rows; ++i) {
    time.edit<int64_t>().push_back((10 + static_cast<int64_t>(i * 7 % 3)) * 86400000 + static_cast<int64_t>(i));
    symbol.push_back(data::Value::of_string("S" + std::to_string(i * 5 % 11)));
    number.edit<int32_t>().push_back(static_cast<int32_t>(i));
  }
  return Table({"time", "symbol", "number"}, {time, symbol, number});
}

TEST(SplitRows, EveryRowGoesWhereLocateSaysAndKeepsItsOrder) {
  const auto scheme = days_and_hash();
  const Table rows = trades(500);
  const auto split = split_rows(rows, scheme, {"time", "symbol"});
  ASSERT_TRUE(split.ok());
  size_t total = 0;
  for (const auto& part : *split) {
    total += part.rows.rows();
    int32_t last = -1;
    for (size_t i = 0; i < part.rows.rows(); ++i) {
      const auto key = meta::locate(scheme, {part.rows.column(0).scalar_at(i), part.rows.column(1).scalar_at(i)});
      ASSERT_TRUE(key.ok());
      EXPECT_EQ(*key, part.key);
      const int32_t number = part.rows.column(2).values<int32_t>()[i];
      EXPECT_LT(last, number);
      last = number;
    }
  }
  EXPECT_EQ(total, 500u);
  EXPECT_TRUE(std::is_sorted(split->begin(), split->end(), [](const auto& a, const auto& b) { return a.key < b.key; }));
}

TEST(SplitRows, PartitionsThatAreLeftOutLeaveTheOthersAsTheyWere) {
  const auto routes = route_rows(trades(500), days_and_hash(), {"time", "symbol"});
  ASSERT_TRUE(routes.ok());
  const auto& keys = routes->keys();
  std::vector<bool> out(keys.size(), false);
  out[0] = out[2] = true;
  auto left = *routes;
  left.leave_out(out);
  ASSERT_EQ(left.keys().size(), keys.size() - 2);
  for (size_t k = 0; k < keys.size(); ++k) {
    if (out[k]) continue;
    const size_t now = k < 2 ? k - 1 : k - 2;
    EXPECT_EQ(left.keys()[now], keys[k]);
    EXPECT_EQ(left.count(now), routes->count(k));
    EXPECT_EQ(left.part(now).column(2).values<int32_t>()[0], routes->part(k).column(2).values<int32_t>()[0]);
  }
}

TEST(SplitRows, ABlockOfOneDayIsSplitByTheOtherLevelAlone) {
  Vector time(Type::kTimestamp), symbol(Type::kSymbol);
  for (int64_t i = 0; i < 100; ++i) {
    time.edit<int64_t>().push_back(10 * 86400000 + i * 800000);
    symbol.push_back(data::Value::of_string("S" + std::to_string(i % 7)));
  }
  const auto scheme = days_and_hash();
  const auto split = split_rows(Table({"time", "symbol"}, {time, symbol}), scheme, {"time", "symbol"});
  ASSERT_TRUE(split.ok());
  size_t rows = 0;
  for (const auto& part : *split) {
    rows += part.rows.rows();
    EXPECT_EQ(*meta::locate(scheme, {part.rows.column(0).scalar_at(0), part.rows.column(1).scalar_at(0)}), part.key);
  }
  EXPECT_EQ(rows, 100u);
  time.edit<int64_t>()[50] = types::kNull<int64_t>;
  EXPECT_FALSE(split_rows(Table({"time", "symbol"}, {time, symbol}), scheme, {"time", "symbol"}).ok());
}

TEST(SplitRows, NewValuesMakeNewPartitions) {
  Vector day = Vector::of<int32_t>(Type::kDate, {10, 99, 10});
  PartitionScheme scheme{{days_and_hash().levels[0]}};
  const auto split = split_rows(Table({"day"}, {day}), scheme, {"day"});
  ASSERT_TRUE(split.ok());
  ASSERT_EQ(split->size(), 2u);
  EXPECT_EQ((*split)[1].key.parts[0].as_int64(), 99);
}

TEST(SplitRows, ADimensionTableHasOnePartition) {
  const auto split = split_rows(trades(4), {}, {});
  ASSERT_TRUE(split.ok());
  ASSERT_EQ(split->size(), 1u);
  EXPECT_TRUE((*split)[0].key.parts.empty());
  EXPECT_EQ((*split)[0].rows.rows(), 4u);
}

TEST(SplitRows, AValueOutsideTheSchemeIsNamed) {
  PartitionLevel range{.type = PartitionType::kRange, .value_type = Type::kInt};
  for (const int32_t bound : {0, 10, 20}) range.values.push_back(Scalar::of_int(bound));
  const Table rows({"id"}, {Vector::of<int32_t>(Type::kInt, {1, 15, 25})});
  const auto split = split_rows(rows, {{range}}, {"id"});
  ASSERT_FALSE(split.ok());
  EXPECT_EQ(split.error().code, ErrorCode::kInvalid);
  EXPECT_NE(split.error().message.find("25"), std::string::npos);
  EXPECT_NE(split.error().message.find("[id]"), std::string::npos);
}

TEST(SplitRows, NullsBelongNowhere) {
  Vector day = Vector::nulls(Type::kDate, 1);
  const auto split = split_rows(Table({"day"}, {day}), {{days_and_hash().levels[0]}}, {"day"});
  ASSERT_FALSE(split.ok());
  EXPECT_NE(split.error().message.find("null"), std::string::npos);
}

TEST(SplitRows, NoRowsGoNowhere) {
  const auto split = split_rows(trades(0), days_and_hash(), {"time", "symbol"});
  ASSERT_TRUE(split.ok());
  EXPECT_TRUE(split->empty());
}

}  // namespace
}  // namespace pelorus::exec
