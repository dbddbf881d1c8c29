#include <gtest/gtest.h>

#include "data/convert.h"
#include "data/part_bounds.h"
#include "data/shared_table.h"
#include "data/text_codes.h"
#include "data/value.h"

namespace pelorus::data {
namespace {

Vector ints(std::initializer_list<int32_t> values) { return Vector::of<int32_t>(Type::kInt, values); }

TEST(Vector, take_beyond_the_end_gives_null) {
  const auto v = ints({10, 20, 30});
  const int64_t rows[] = {2, 7, -1, 0};
  const auto taken = v.take(rows);
  EXPECT_EQ(taken.scalar_at(0).get<int32_t>(), 30);
  EXPECT_TRUE(taken.is_null_at(1));
  EXPECT_TRUE(taken.is_null_at(2));
  EXPECT_EQ(taken.scalar_at(3).get<int32_t>(), 10);
}

TEST(Vector, symbols_of_two_bases_are_recoded_on_append) {
  auto left = Vector::of_strings(Type::kSymbol, {"a", "b"});
  const auto before = left;
  left.append(Vector::of_strings(Type::kSymbol, {"c", "b", ""}));
  EXPECT_EQ(left.text_at(2), "c");
  EXPECT_EQ(left.text_at(3), "b");
  EXPECT_TRUE(left.is_null_at(4));
  EXPECT_EQ(before.symbols().find("c"), -1) << "the base of a copy must not grow";
}

TEST(Vector, filter_keeps_where_true_and_drops_nulls) {
  const int8_t keep[] = {1, 0, types::kNull<int8_t>, 1};
  const auto kept = ints({1, 2, 3, 4}).filter(keep);
  EXPECT_TRUE(equal(kept, ints({1, 4})));
}

TEST(Vector, an_array_vector_slices_by_rows) {
  auto v = Vector::array(ints({1, 2, 3, 4}), Buffer<int64_t>{2, 2, 4});
  EXPECT_TRUE(v.is_null_at(1));
  const auto tail = v.slice(1, 2);
  EXPECT_EQ(tail.size(), 2u);
  EXPECT_TRUE(equal(tail.at(1), ints({3, 4})));
  EXPECT_EQ(v.type_code(), 68);
}

TEST(Vector, appending_a_vector_to_itself_doubles_it) {
  auto v = ints({1, 2, 3});
  v.append(v);
  EXPECT_TRUE(equal(v, ints({1, 2, 3, 1, 2, 3})));
}

TEST(Convert, floats_round_half_away_and_out_of_range_is_null) {
  const auto doubles = Vector::of<double>(Type::kDouble, {2.5, -2.5, 1e18, types::kNull<double>});
  const auto converted = convert(Shared<Vector>(doubles), Type::kInt);
  ASSERT_TRUE(converted);
  EXPECT_EQ((*converted)->values<int32_t>()[0], 3);
  EXPECT_EQ((*converted)->values<int32_t>()[1], -3);
  EXPECT_TRUE((*converted)->is_null_at(2));
  EXPECT_TRUE((*converted)->is_null_at(3));
}

TEST(Convert, decimals_change_scale_with_rounding) {
  const auto value = Scalar::of<int64_t>(Type::kDecimal64, 12345, 3);
  const auto converted = convert(value, Type::kDecimal32, 2);
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->get<int32_t>(), 1235);
}

TEST(Convert, uuid_to_int_is_refused) {
  EXPECT_FALSE(convert(Scalar::of<Bytes16>(Type::kUuid, Bytes16{{1}}), Type::kInt));
  EXPECT_FALSE(is_storable_as(Type::kString, Type::kInt));
  EXPECT_TRUE(is_storable_as(Type::kInt, Type::kDouble));
}

TEST(Dictionary, later_values_win_and_order_stays) {
  Dictionary d(Type::kString, Type::kInt, true);
  d.set(Scalar::of_string("x"), Value::of_int(1));
  d.set(Scalar::of_string("y"), Value::of_int(2));
  d.set(Scalar::of_string("x"), Value::of_int(3));
  EXPECT_EQ(d.size(), 2u);
  EXPECT_EQ(d.get("x").scalar().get<int32_t>(), 3);
  EXPECT_TRUE(d.get("z").is_null());
  EXPECT_TRUE(d.erase(Scalar::of_string("x")));
  EXPECT_EQ(d.keys().text_at(0), "y");
}

TEST(Table, append_is_all_or_nothing) {
  Table t({"id", "name"}, {Vector(ints({1})), Vector::of_strings(Type::kSymbol, {"a"})});
  const Table wrong({"a", "b"}, {Vector(ints({2})), Vector(ints({2}))});
  EXPECT_EQ(t.append(wrong).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(t.rows(), 1u);
  const Table right({"a", "b"}, {Vector::of<int64_t>(Type::kLong, {2}), Vector::of_strings(Type::kString, {"b"})});
  ASSERT_TRUE(t.append(right).ok());
  EXPECT_EQ(t.column(0).type(), Type::kInt);
  EXPECT_EQ(t.column(1).text_at(1), "b");
}

TEST(SymbolBase, codes_are_dense_and_stay_in_copies_of_their_own) {
  SymbolBase base;
  EXPECT_EQ(base.find("t1"), -1);
  const std::string& empty = base.text(0);
  constexpr int32_t kTexts = 10000;
  for (int32_t i = 1; i <= kTexts; ++i) ASSERT_EQ(base.code_of("t" + std::to_string(i)), i);
  EXPECT_EQ(&base.text(0), &empty);
  EXPECT_EQ(base.code_of(""), 0);
  SymbolBase copy(base);
  EXPECT_EQ(copy.code_of("only here"), kTexts + 1);
  EXPECT_EQ(base.find("only here"), -1);
  EXPECT_EQ(base.size(), kTexts + 1);
  base.reserve(static_cast<size_t>(3 * kTexts));
  for (int32_t i = 1; i <= kTexts; ++i) {
    const auto text = "t" + std::to_string(i);
    ASSERT_EQ(base.code_of(text), i);
    ASSERT_EQ(copy.find(text), i);
    ASSERT_EQ(copy.text(i), text);
  }
  EXPECT_EQ(base.size(), kTexts + 1);
}

TEST(TextCodes, gives_what_the_dictionary_gives_for_short_long_and_odd_texts) {
  SymbolBase plain;
  SymbolBase remembered;
  TextCodes codes(remembered);
  const std::string zeros(3, '\0');
  std::vector<std::string> texts{"",         "a",         std::string("a\0", 2),  zeros, zeros + zeros,
                                 "exactly8", "exactly9!", "a text of some length"};
  for (int i = 0; i < 2000; ++i) texts.push_back("s" + std::to_string(i % 700));
  for (int round = 0; round < 2; ++round) {
    for (const auto& text : texts) ASSERT_EQ(codes.code_of(text), plain.code_of(text)) << text;
  }
  const auto column = convert(Shared<Vector>(Vector::of_strings(Type::kString, texts)), Type::kSymbol, 0).value();
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(column->text_at(i), texts[i]);
}

TEST(Table, copies_share_columns_until_written) {
  Table t({"id"}, {Vector(ints({1, 2}))});
  const Table copy = t;
  t.edit_column(0).push_back(Value::of_int(3));
  EXPECT_EQ(copy.rows(), 2u);
  EXPECT_EQ(t.rows(), 3u);
}

TEST(SharedTable, a_snapshot_does_not_change_under_its_reader) {
  SharedTable shared(Table({"id"}, {Vector(ints({1}))}));
  const auto before = shared.snapshot().value();
  ASSERT_EQ(shared.append(Table({"id"}, {Vector(ints({2, 3}))})).value(), 2);
  EXPECT_EQ(before.rows(), 1u);
  EXPECT_EQ(shared.snapshot()->rows(), 3u);
}

TEST(Value, type_text_says_what_typestr_says) {
  EXPECT_EQ(Value(ints({1})).type_text(), "FAST INT VECTOR");
  EXPECT_EQ(Value(Vector::of_strings(Type::kString, {"a"})).type_text(), "STRING VECTOR");
  EXPECT_EQ(Value(Vector::tuple({Value::of_int(1)})).type_text(), "ANY VECTOR");
  EXPECT_EQ(Value(Pair{ints({1, 2})}).type_text(), "INT PAIR");
  EXPECT_EQ(Value(Table()).type_text(), "IN-MEMORY TABLE");
}

TEST(PartBounds, are_known_from_the_second_asking_on_and_forgotten_by_a_change) {
  Vector column(Type::kInt, 40000);
  auto& values = column.edit<int32_t>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i) - 100;
  EXPECT_EQ(bounds_of(column), nullptr);
  const auto known = bounds_of(column);
  ASSERT_NE(known, nullptr);
  ASSERT_EQ(known->has_null.size(), 3);
  EXPECT_EQ(known->least->scalar_at(1).as_int64(), 16384 - 100);
  EXPECT_EQ(known->greatest->scalar_at(1).as_int64(), 2 * 16384 - 101);
  EXPECT_EQ(known->greatest->scalar_at(2).as_int64(), 39899);
  EXPECT_EQ(known->ascends, (std::vector<int8_t>{1, 1, 1}));

  column.set_null(20000);
  EXPECT_EQ(bounds_of(column), nullptr);
  EXPECT_EQ(bounds_of(column)->has_null, (std::vector<int8_t>{0, 1, 0}));
  EXPECT_EQ(bounds_of(column)->ascends, (std::vector<int8_t>{1, 0, 1}));
  const Vector copy(column);
  EXPECT_EQ(bounds_of(copy), nullptr) << "a copy is another column";
  column.resize(60000);
  EXPECT_EQ(bounds_of(column), nullptr);
  EXPECT_EQ(bounds_of(column)->has_null.size(), 4);
}

}  // namespace
}  // namespace pelorus::data
