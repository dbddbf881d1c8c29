#include "data/append_rows.h"

#include <gtest/gtest.h>

#include "data/value.h"

namespace pelorus::data {
namespace {

using types::Type;

Vector symbols(const std::vector<std::string>& base, const std::vector<std::string>& texts) {
  auto shared = std::make_shared<SymbolBase>();
  for (const auto& text : base) shared->code_of(text);
  Buffer<int32_t> codes;
  for (const auto& text : texts) codes.push_back(shared->code_of(text));
  return Vector::of_symbols(std::move(shared), std::move(codes));
}

Table rows_of(const std::vector<std::string>& base, const std::vector<std::string>& texts) {
  Vector numbers(Type::kLong), names(Type::kString), lists(Type::kInt), decimals(Type::kDecimal32, 0, 3);
  Buffer<int64_t> ends;
  for (size_t i = 0; i < texts.size(); ++i) {
    numbers.edit<int64_t>().push_back(static_cast<int64_t>(i));
    names.edit<std::string>().push_back("n" + texts[i]);
    decimals.edit<int32_t>().push_back(static_cast<int32_t>(100 * i));
    for (size_t k = 0; k < i; ++k) lists.edit<int32_t>().push_back(static_cast<int32_t>(k));
    ends.push_back(static_cast<int64_t>(lists.size()));
  }
  return {{"number", "symbol", "name", "list", "decimal"},
          {numbers, symbols(base, texts), names, Vector::array(lists, ends), decimals}};
}

TEST(AppendRows, gives_what_taking_and_appending_give) {
  const auto first = rows_of({"unused"}, {"a", "b", "c", "a"}), second = rows_of({"x", "b"}, {"c", "d", "b"});
  const std::vector<int64_t> of_first{0, 2, 3}, of_second{2, 1};
  Table expected(first.schema()), grown(first.schema());
  ASSERT_TRUE(expected.append(first.take(of_first)).ok());
  ASSERT_TRUE(expected.append(second.take(of_second)).ok());
  append_rows(grown, first, of_first);
  append_rows(grown, second, of_second);
  ASSERT_EQ(grown.rows(), 5u);
  for (size_t c = 0; c < grown.columns(); ++c) {
    for (size_t i = 0; i < grown.rows(); ++i) {
      const auto is = grown.column(c).at(i), wanted = expected.column(c).at(i);
      if (grown.column(c).is_array())
        EXPECT_EQ(is.vector().size(), wanted.vector().size()) << c << ", " << i;
      else
        EXPECT_EQ(is.scalar(), wanted.scalar()) << c << ", " << i;
    }
  }
}

TEST(AppendRows, symbols_hold_no_texts_but_those_they_use) {
  std::vector<std::string> many;
  for (size_t i = 0; i < 100; ++i) many.push_back("t" + std::to_string(i));
  for (const auto& base : {std::vector<std::string>{"unused"}, many}) {
    const Table rows({"symbol"}, {symbols(base, {"b", "a", "", "b"})});
    Table grown(rows.schema());
    append_rows(grown, rows, std::vector<int64_t>{0, 2, 3, 1});
    const auto& texts = grown.column(0).symbols();
    ASSERT_EQ(texts.size(), 3);
    EXPECT_EQ(texts.text(1), "b");
    EXPECT_EQ(texts.text(2), "a");
    const auto codes = grown.column(0).values<int32_t>();
    EXPECT_EQ(std::vector<int32_t>(codes.begin(), codes.end()), (std::vector<int32_t>{1, 0, 1, 2}));
  }
}

}  // namespace
}  // namespace pelorus::data
