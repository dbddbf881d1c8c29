#include "data/row_index.h"

#include <gtest/gtest.h>

#include "data/table.h"
#include "data/value.h"

namespace pelorus::data {
namespace {

Table keyed(std::initializer_list<int32_t> ids, std::initializer_list<int64_t> values) {
  Table table({"id", "value"}, {Vector::of<int32_t>(Type::kInt, ids), Vector::of<int64_t>(Type::kLong, values)});
  table.set_keys(Table::KeyKind::kKeyed, {"id"});
  return table;
}

TEST(RowIndex, TellsKeysOfSeveralColumnsApart) {
  const Vector a = Vector::of_strings(Type::kString, {"x", "xy", ""}),
               b = Vector::of_strings(Type::kString, {"yz", "z", "xyz"});
  const RowIndex::Columns columns{&a, &b};
  const RowIndex index(columns, 3);
  for (size_t row = 0; row < 3; ++row) EXPECT_EQ(index.find(RowIndex::key_of(columns, row)), static_cast<int64_t>(row));
}

TEST(RowIndex, SymbolsAndStringsAreTheSameKey) {
  Vector symbols(Type::kSymbol);
  symbols.push_back(Value::of_string("a"));
  const Vector strings = Vector::of_strings(Type::kString, {"a"});
  EXPECT_EQ(RowIndex::key_of({&symbols}, 0), RowIndex::key_of({&strings}, 0));
}

TEST(KeyedTable, AddingAKnownKeyTakesItsPlaceAndTheLastRowWins) {
  Table table = keyed({1, 2}, {10, 20});
  ASSERT_TRUE(table.append(keyed({3, 2, 3, 2}, {30, 21, 31, 22})).ok());
  ASSERT_EQ(table.rows(), 3u);
  EXPECT_EQ(table.column(0).values<int32_t>()[2], 3);
  const auto values = table.column(1).values<int64_t>();
  EXPECT_EQ(std::vector<int64_t>(values.begin(), values.end()), (std::vector<int64_t>{10, 22, 31}));
}

TEST(KeyedTable, NullsReplaceNothingWhenTheyAreIgnored) {
  std::vector<Shared<Vector>> columns{Vector::of<int32_t>(Type::kInt, {1}), Vector::of<int64_t>(Type::kLong, {10})};
  overwrite_rows({0}, {Vector::of<int32_t>(Type::kInt, {1}), Vector::nulls(Type::kLong, 1)}, true, columns);
  EXPECT_EQ(columns[1]->values<int64_t>()[0], 10);
  overwrite_rows({0}, {Vector::of<int32_t>(Type::kInt, {1}), Vector::nulls(Type::kLong, 1)}, false, columns);
  EXPECT_TRUE(columns[1]->is_null_at(0));
}

TEST(KeyedTable, ARenamedOrDroppedKeyIsFollowed) {
  Table table = keyed({1, 2}, {10, 20});
  table.rename_column(0, "number");
  EXPECT_EQ(table.key_columns(), std::vector<std::string>{"number"});
  table.drop_column(0);
  EXPECT_EQ(table.key_kind(), Table::KeyKind::kNone);
}

}  // namespace
}  // namespace pelorus::data
