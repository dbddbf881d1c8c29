#include "wire/stream_record.h"

#include <gtest/gtest.h>

#include "data/value.h"
#include "wire/decode.h"

namespace pelorus::wire {
namespace {

using data::Table;
using data::Vector;
using types::Type;

/// The record of the reference's §11.3: two rows, the last one number 1.
TEST(StreamRecord, is_what_clients_expect) {
  data::Buffer<int32_t> ids{1, 2};
  data::Buffer<double> values{1.5, 2.5};
  const Table rows({"id", "v"}, {Vector::adopt<int32_t>(Type::kInt, std::move(ids)),
                                 Vector::adopt<double>(Type::kDouble, std::move(values))});
  Chain out;
  put_record_head({.sent_ns = 0x1797'9CFE'362A'0000, .last_row = 1, .topic = "127.0.0.1:8848:local8848/st/act"}, out);
  ASSERT_TRUE(encode_columns(rows, out).ok());
  using namespace std::string_view_literals;
  EXPECT_EQ(
      out.flatten(),
      "\x01\x00\x00\x2A\x36\xFE\x9C\x97\x17\x01\x00\x00\x00\x00\x00\x00\x00"
      "127.0.0.1:8848:local8848/st/act\x00"
      "\x19\x01\x02\x00\x00\x00\x01\x00\x00\x00"
      "\x04\x01\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"
      "\x10\x01\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xF8\x3F\x00\x00\x00\x00\x00\x00\x04\x40"sv);
}

TEST(StreamRecord, every_column_can_be_read_alone) {
  std::vector<std::string> symbols(50, "b");
  symbols[7] = "a";
  const Table rows({"s", "t"},
                   {Vector::of_strings(Type::kSymbol, symbols), Vector::of_strings(Type::kString, symbols)});
  Chain out;
  ASSERT_TRUE(encode_columns(rows, out).ok());
  const auto read = decode(out.flatten());
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto columns = read->vector().values_any();
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_TRUE(data::equal(columns[0], data::Value(rows.column_shared(0))));
  EXPECT_TRUE(data::equal(columns[1], data::Value(rows.column_shared(1))));
}

}  // namespace
}  // namespace pelorus::wire
