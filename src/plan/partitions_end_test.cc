#include "plan/partitions_end.h"

#include <gtest/gtest.h>

#include "plan/walk.h"

namespace pelorus::plan {
namespace {

using meta::PartitionLevel;
using meta::PartitionType;
using types::Type;

struct Table {
  meta::PartitionScheme scheme;
  std::vector<std::string> columns;
  data::Schema schema;
  PartitionedBy by() const { return {scheme, columns}; }
};

Table table_of(PartitionType partitions, Type scheme, Type column) {
  return {.scheme = {{{.type = partitions, .value_type = scheme, .buckets = 4}, {.type = PartitionType::kHash}}},
          .columns = {"x", "id"},
          .schema = {{.name = "id", .type = Type::kInt}, {.name = "x", .type = column}}};
}

bool rises(PartitionType partitions, Type scheme, Type column, const char* key = "x") {
  const auto table = table_of(partitions, scheme, column);
  return rises_with_partitions(*name_node(key), table.by(), table.schema);
}

TEST(PartitionsEnd, times_and_numbers_rise_with_values_and_ranges) {
  EXPECT_TRUE(rises(PartitionType::kValue, Type::kDate, Type::kTimestamp));
  EXPECT_TRUE(rises(PartitionType::kRange, Type::kMonth, Type::kNanotimestamp));
  EXPECT_TRUE(rises(PartitionType::kRange, Type::kInt, Type::kLong));
  EXPECT_TRUE(rises(PartitionType::kValue, Type::kMinute, Type::kTime));
  EXPECT_TRUE(rises(PartitionType::kValue, Type::kDate, Type::kDate, "X")) << "names of columns have no case";
  EXPECT_FALSE(rises(PartitionType::kHash, Type::kInt, Type::kInt));
  EXPECT_FALSE(rises(PartitionType::kList, Type::kInt, Type::kInt));
  EXPECT_FALSE(rises(PartitionType::kValue, Type::kSecond, Type::kTimestamp)) << "the time of day begins anew";
  EXPECT_FALSE(rises(PartitionType::kValue, Type::kSymbol, Type::kSymbol));
  EXPECT_FALSE(rises(PartitionType::kValue, Type::kDate, Type::kTimestamp, "id")) << "the second level";
  EXPECT_FALSE(rises_with_partitions(*name_node("x"), {{}, {}}, {})) << "a dimension table";
}

TEST(PartitionsEnd, aggregates_that_one_end_decides) {
  const auto table = table_of(PartitionType::kValue, Type::kDate, Type::kTimestamp);
  const auto of = [&](std::vector<std::pair<const char*, const char*>> calls) {
    std::vector<std::pair<std::string, syntax::ExprRef>> aggregates;
    for (const auto& [function, column] : calls) aggregates.emplace_back("p", call_node(function, {name_node(column)}));
    return end_that_decides(aggregates, table.by(), table.schema);
  };
  const auto last = of({{"last", "id"}, {"last", "x"}});
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->last);
  EXPECT_EQ(last->levels, 2u) << "each partition by itself";
  const auto max = of({{"last", "id"}, {"max", "x"}});
  ASSERT_TRUE(max);
  EXPECT_EQ(max->levels, 1u) << "all buckets of a day";
  const auto first = of({{"min", "x"}, {"first", "id"}});
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->last);
  EXPECT_FALSE(of({{"last", "id"}, {"first", "id"}})) << "different ends";
  EXPECT_FALSE(of({{"last", "id"}, {"sum", "id"}}));
  EXPECT_FALSE(of({{"max", "id"}}));
  EXPECT_FALSE(of({{"lastNot", "id"}})) << "the last partition may have nulls only";
  EXPECT_FALSE(of({}));
}

}  // namespace
}  // namespace pelorus::plan
