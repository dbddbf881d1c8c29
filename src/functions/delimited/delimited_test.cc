#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

#include "data/value.h"
#include "functions/delimited/cell_columns.h"
#include "functions/delimited/cell_texts.h"
#include "functions/delimited/text_source.h"
#include "types/null.h"
#include "types/parse_value.h"

namespace pelorus::functions {
namespace {

/// Cells of every kind that anybody might write.
constexpr const char* kCells[] = {
    "",
    " ",
    "0",
    "-0",
    "+5",
    "7",
    " 12 ",
    "12x",
    "007",
    "-32768",
    "32767",
    "99999",
    "2147483647",
    "-2147483648",
    "4294967296",
    "999999999",
    "9999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "123456789012345678901234567890",
    "1.",
    ".5",
    "-.5",
    "-",
    ".",
    "1.5",
    "-0.0",
    "1e5",
    "1E-3",
    "inf",
    "0.1",
    "123456.789012345",
    "1234567890.12345",
    "0.000000000000001",
    "179769313486231570000",
    "1,000",
    "2024.01.31",
    "2024-01-31",
    "2024/01/31",
    "2024.1.31",
    "2024.02.30",
    "2024.13.01",
    "0000.00.00",
    "20240131",
    "1969.12.31",
    "2099.12.28",
    "9999.12.28",
    "2024.01-02",
    "2024.01.31 ",
    "09:30:00",
    "24:00:00",
    "9:30:00",
    "09:30:60",
    "09:30",
    "09:30:00.123",
    "09:30:00.123456789",
    "09:30:00.12",
    "2024.01.15T09:30:00",
    "2024.01.15 09:30:00",
    "2024-01-15 09:30:00.123",
    "2024.01.15T09:30:00.123456789",
    "2024.01.15T09:30:00.1",
    "2024.01.15x09:30:00",
    "1600.01.01T00:00:00.000",
    "2500.01.01T00:00:00",
    "2024.01M",
    "true",
    "AAPL",
    "R",
    "t",
    "1",
    "-",
    "600000.SH",
};

std::vector<std::string> cells() {
  std::vector<std::string> all(std::begin(kCells), std::end(kCells));
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const auto number = static_cast<int64_t>(random()) - (1u << 31);
    all.push_back(std::to_string(number / 1000) + "." + std::to_string(random() % 100000));
    all.push_back(std::to_string(number));
  }
  return all;
}

TEST(CellColumns, read_as_the_general_reader_does) {
  using types::Type;
  for (const auto type :
       {Type::kBool, Type::kChar, Type::kShort, Type::kInt, Type::kLong, Type::kFloat, Type::kDouble, Type::kDate,
        Type::kMonth, Type::kTime, Type::kMinute, Type::kSecond, Type::kDatetime, Type::kTimestamp, Type::kNanotime,
        Type::kNanotimestamp, Type::kSymbol, Type::kString, Type::kUuid}) {
    const TextColumn column{{.name = "c", .type = type}, 0, {}};
    const auto read = make_cell_column(column), read_together = make_cell_column(column);
    data::Vector expected(type);
    const auto all = cells();
    std::string text;
    for (const auto& cell : all) {
      read->add(cell);
      expected.push_back(types::parse_value(cell, types::is_literal(type) ? Type::kString : type));
      text += "first|" + cell + "\n";
    }
    RecordIndex index;
    ASSERT_EQ(index.find(text, '|', 2), text.size());
    read_together->add_all(index.column(1));
    const auto values = read->finish(), together = read_together->finish();
    ASSERT_EQ(values.size(), all.size());
    ASSERT_EQ(together.size(), all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(data::equal(values.at(i), expected.at(i))) << types::name_of(type) << " of '" << all[i] << "'";
      EXPECT_TRUE(data::equal(together.at(i), expected.at(i))) << types::name_of(type) << " of '" << all[i] << "'";
    }
  }
}

class Files : public ::testing::Test {
 protected:
  ~Files() override { std::filesystem::remove(path_); }
  data::Table read(const std::string& text, TextLayout layout = {}) {
    std::ofstream(path_, std::ios::binary) << text;
    TextSource source("loadText", path_, layout, data::Value());
    return read_all(source);
  }
  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("delimited_test_" + std::to_string(getpid()))).string();
};

TEST_F(Files, records_with_quotes_carriage_returns_and_gaps) {
  const auto table = read("a,b,c\r\n1,\"x, \"\"y\"\"\nz\",2\r\n\r\n3,plain\r\n4,,5,more\r\n6");
  EXPECT_TRUE(data::equal(data::Value(table.column(0)),
                          data::Value(data::Vector::of<int32_t>(types::Type::kInt, {1, 3, 4, 6}))));
  EXPECT_EQ(table.column(1).text_at(0), "x, \"y\"\nz");
  EXPECT_EQ(table.column(1).text_at(1), "plain");
  EXPECT_TRUE(table.column(2).is_null_at(1));
  EXPECT_TRUE(table.column(2).is_null_at(3));
}

TEST_F(Files, records_read_together_equal_those_read_one_by_one) {
  std::mt19937 random(11);
  const data::Value columns(
      data::Table({"name", "type"}, {data::Vector::of_strings(types::Type::kString, {"a", "b", "c"}),
                                     data::Vector::of_strings(types::Type::kString, {"INT", "SYMBOL", "DOUBLE"})}));
  for (int round = 0; round < 40; ++round) {
    std::string text = "a,b,c\n";
    const bool returns = round % 3 == 0;
    for (int r = 0; r < 300; ++r) {
      const int odd = random() % 40;
      if (odd == 0) text += ",,";
      if (odd == 1) text += "7";
      if (odd == 2) text += "1,s,2.5,4,5";
      if (odd == 3) text += round % 5 == 0 ? "1,a\rb,2.5" : ",";
      if (odd > 3)
        text += std::to_string(random() % 100000) + ",s" + std::to_string(random() % 50) + "," +
                std::to_string(random() % 1000) + "." + std::to_string(random() % 100);
      text += returns && odd != 5 ? "\r\n" : "\n";
    }
    if (round % 2 == 0) text += "9,last,1.5";
    const auto read_with = [&](const std::string& end) {
      std::ofstream(path_, std::ios::binary) << text << end;
      TextSource source("loadText", path_, {}, columns);
      return read_all(source);
    };
    const auto together = read_with("");
    auto single = read_with("\n1,\"quoted\",2\n");  // quotes: records are read one by one
    ASSERT_EQ(single.rows(), together.rows() + 1) << round;
    EXPECT_TRUE(data::equal(data::Value(together), data::Value(single.slice(0, together.rows())))) << round;
  }
}

TEST_F(Files, one_of_many_pieces_equals_the_whole) {
  std::string text = "id,sym,px\n";
  const int rows = 3'000'000;
  for (int i = 0; i < rows; ++i)
    text += std::to_string(i) + ",s" + std::to_string(i % 5000) + "," + std::to_string(i % 100) + ".25\n";
  ASSERT_GT(text.size(), 40u << 20) << "more than one piece";
  const auto table = read(text);
  ASSERT_EQ(table.rows(), static_cast<size_t>(rows));
  for (int i = 0; i < rows; i += 997) {
    const auto row = static_cast<size_t>(i);
    ASSERT_EQ(table.column(0).scalar_at(row).get<int32_t>(), i);
    ASSERT_EQ(table.column(1).text_at(row), "s" + std::to_string(i % 5000));
    ASSERT_EQ(table.column(2).scalar_at(row).get<double>(), i % 100 + 0.25);
  }
}

TEST_F(Files, nothing_and_a_header_alone) {
  EXPECT_EQ(read("").columns(), 0u);
  const auto table = read("a,b\n");
  EXPECT_EQ(table.columns(), 2u);
  EXPECT_EQ(table.rows(), 0u);
  EXPECT_THROW(TextSource("loadText", path_ + ".missing", {}, data::Value()), ScriptError);
}

/// Some values of T that anybody might write, its extremes and null among them.
template <class T>
data::Vector numbers_of(types::Type type, std::mt19937_64& random) {
  data::Vector column(type, 0);
  auto& values = column.edit<T>();
  for (const T value :
       {T(0), T(1), T(-1), std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), types::kNull<T>})
    values.push_back(value);
  for (int i = 0; i < 3000; ++i) {
    const auto bits = static_cast<int64_t>(random());
    const auto shortened = bits >> random() % 64;
    if constexpr (std::is_floating_point_v<T>) {
      values.push_back(static_cast<T>(shortened) / static_cast<T>(std::pow(10, random() % 9)));
      values.push_back(static_cast<T>(std::ldexp(static_cast<double>(bits), static_cast<int>(random() % 200) - 150)));
    } else {
      values.push_back(static_cast<T>(shortened));
      values.push_back(static_cast<T>(bits % 100000000));
    }
  }
  return column;
}

void expect_short_ways_write_the_same(const data::Vector& column) {
  for (const char delimiter : {',', '\t', '.', ':', '1', '-', 'T'}) {
    const auto quick = make_cell_texts(column, delimiter), any = make_any_cell_texts(column, delimiter);
    for (size_t row = 0; row < column.size(); ++row) {
      std::string got, wanted;
      quick->append(row, got);
      any->append(row, wanted);
      ASSERT_EQ(got, wanted) << types::name_of(column.type()) << ", row " << row << ", delimiter " << delimiter;
    }
  }
}

TEST(CellTexts, short_ways_write_what_the_long_way_writes) {
  std::mt19937_64 random(7);
  using types::Type;
  expect_short_ways_write_the_same(numbers_of<int16_t>(Type::kShort, random));
  for (const auto type :
       {Type::kInt, Type::kDate, Type::kMonth, Type::kTime, Type::kMinute, Type::kSecond, Type::kDatetime})
    expect_short_ways_write_the_same(numbers_of<int32_t>(type, random));
  for (const auto type : {Type::kLong, Type::kTimestamp, Type::kNanotime, Type::kNanotimestamp})
    expect_short_ways_write_the_same(numbers_of<int64_t>(type, random));
  expect_short_ways_write_the_same(numbers_of<double>(Type::kDouble, random));
  expect_short_ways_write_the_same(numbers_of<float>(Type::kFloat, random));
  const std::vector<std::string> texts{"", "a", "a,b", "say \"it\"", "two\nlines", "x", "1.5", "T"};
  expect_short_ways_write_the_same(data::Vector::of_strings(Type::kString, texts));
  auto base = std::make_shared<data::SymbolBase>();
  std::vector<int32_t> codes;
  for (int turn = 0; turn < 2; ++turn) {
    for (const auto& text : texts) codes.push_back(base->code_of(text));
  }
  expect_short_ways_write_the_same(data::Vector::of_symbols(base, data::Buffer<int32_t>(codes.begin(), codes.end())));
}

TEST(WriteTable, pieces_of_several_threads_come_in_order) {
  for (const size_t rows : {0u, 1u, 32768u, 32769u, 300000u}) {
    data::Vector column(types::Type::kInt, rows);
    std::string wanted;
    for (size_t i = 0; i < rows; ++i) {
      column.edit<int32_t>()[i] = static_cast<int32_t>(i);
      wanted += std::to_string(i) + "\n";
    }
    std::string got;
    std::vector<data::Shared<data::Vector>> columns;
    columns.emplace_back(std::move(column));
    write_table(data::Table({"id"}, std::move(columns)), ',', [&](std::string_view records) { got += records; });
    EXPECT_TRUE(got == wanted) << rows << " rows";
  }
}

}  // namespace
}  // namespace pelorus::functions
