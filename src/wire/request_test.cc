#include "wire/request.h"

#include <gtest/gtest.h>

#include "wire/response.h"

namespace pelorus::wire {
namespace {

using data::Table;
using data::Type;
using data::Value;
using data::Vector;

Request read(std::string_view bytes, size_t piece = SIZE_MAX) {
  RequestReader reader;
  size_t at = 0;
  while (!reader.done() && at < bytes.size()) {
    const auto taken = reader.feed(bytes.substr(at, piece));
    EXPECT_TRUE(taken.ok()) << taken.error().message;
    if (!taken.ok()) break;
    at += *taken;
  }
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(at, bytes.size());
  return reader.take();
}

TEST(RequestLine, the_clients_own_forms_are_understood) {
  struct Case {
    const char* line;
    uint32_t flags;
    int64_t fetch_size;
    const char* client;
    int64_t sequence;
  };
  for (const auto& c :
       {Case{"API2 1000001 10 / 0_1_4_64", 0, 0, "", 0}, Case{"API 0 8 / 32_1_4_2", 32, 0, "", 0},
        Case{"API2  8 / 0_1_4_64", 0, 0, "", 0}, Case{"API2 77 8", 0, 0, "", 0},
        Case{"API2 77 8 / 32_1_4_64__0", 32, 0, "", 0}, Case{"API2 77 8 / 0_1_4_64__8192", 0, 8192, "", 0},
        Case{"API 77 8 / 0_1_4_64____6f0c-1_1", 0, 0, "6f0c-1", 1},
        Case{"API2 7 8 / 32_1_4_64__0__6f0c-1_-1", 32, 0, "6f0c-1", -1},
        Case{"API2 7 8 / 8388608_1_4_64__0__6f0c-1_-1_9_9", 8388608, 0, "6f0c-1", -1}}) {
    const auto header = parse_request_line(c.line);
    ASSERT_TRUE(header.ok()) << c.line;
    EXPECT_EQ(header->flags, c.flags) << c.line;
    EXPECT_EQ(header->fetch_size, c.fetch_size) << c.line;
    EXPECT_EQ(header->client_id, c.client) << c.line;
    EXPECT_EQ(header->sequence, c.sequence) << c.line;
  }
}

TEST(RequestLine, the_limit_of_rows_has_a_name) {
  EXPECT_EQ(parse_request_line("API2 7 8 / 0_1_4_64______rows=100")->rows_max, 100);
  EXPECT_EQ(parse_request_line("API2 7 8 / 0_1_4_64______100")->rows_max, 0);
  EXPECT_FALSE(parse_request_line("API2 7 8 / 0_1_4_64______rows=-1").ok());
}

TEST(RequestLine, nonsense_is_corrupt) {
  for (const char* line :
       {"", "GET / HTTP/1.1", "API", "API2 1", "API2 1 x", "API2 1 -5", "API2 1 8 x 0", "API2 1 8 / x",
        "API2 1 99999999999999999999999", "API2 1 8 / 0_1_4_64__-5", "API2 1 8 / 0_1_4_64____c_-9223372036854775808"}) {
    const auto header = parse_request_line(line);
    ASSERT_FALSE(header.ok()) << line;
    EXPECT_EQ(header.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Request, connect_with_and_without_login) {
  EXPECT_FALSE(read("API 0 8 / 32_1_4_2\nconnect\n").login);
  const auto python = read("API 0 32 / 32_1_4_2\nconnect\nlogin\nadmin\n123456\nfalse");
  ASSERT_TRUE(python.login);
  EXPECT_EQ(python.kind, RequestKind::kConnect);
  EXPECT_EQ(python.login->user, "admin");
  EXPECT_EQ(python.login->password, "123456");
  EXPECT_FALSE(python.login->encrypted);
  EXPECT_EQ(read("API2 0 26 / 0_1_4_64\nconnect\nlogin\nadmin\n123456").login->password, "123456");
}

TEST(Request, script_keeps_its_line_feeds) {
  const auto request = read("API2 1 14 / 0_1_4_64\nscript\na=1\nb=2", 1);
  EXPECT_EQ(request.kind, RequestKind::kScript);
  EXPECT_EQ(request.text, "a=1\nb=2");
  EXPECT_TRUE(request.header.accepts_messages);
}

TEST(Request, function_with_arguments_in_any_pieces) {
  std::string bytes = "API2 1000001 16 / 32_1_4_64__0\nfunction\nadd\n2\n1";
  bytes += std::string("\x04\x00\x01\x00\x00\x00\x04\x00\x02\x00\x00\x00", 12);
  for (const size_t piece : {1, 5, 1000}) {
    const auto request = read(bytes, piece);
    EXPECT_EQ(request.text, "add");
    ASSERT_EQ(request.arguments.size(), 2u);
    EXPECT_EQ(request.arguments[1].scalar().get<int32_t>(), 2);
  }
}

TEST(Request, function_name_may_be_an_expression_with_line_feeds) {
  const auto request = read("API2 1 34 / 0\nfunction\n(def(a){\nreturn a;})\n0\n1\n");
  EXPECT_EQ(request.text, "(def(a){\nreturn a;})");
}

TEST(Request, upload_of_two_names) {
  std::string bytes = "API2 5 17 / 0_1_4_64\nvariable\na,b\n2\n1\n";
  bytes += std::string("\x04\x00\x01\x00\x00\x00\x12\x00xyz\x00", 12);
  const auto request = read(bytes);
  EXPECT_EQ(request.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.arguments[1].text(), "xyz");
}

TEST(Request, one_reader_reads_requests_back_to_back) {
  RequestReader reader;
  const std::string bytes = "API2 1 8 / 4\nscript\nxAPI2 1 8 / 0\nscript\ny";
  size_t at = *reader.feed(bytes);
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.take().text, "x");
  at += *reader.feed(std::string_view(bytes).substr(at));
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.take().text, "y");
  EXPECT_EQ(at, bytes.size());
  EXPECT_TRUE(reader.idle());
}

TEST(Request, limits_are_kept) {
  RequestLimits limits;
  limits.line_bytes_max = 20;
  limits.body_bytes_max = 100;
  limits.argument_bytes_max = 8;
  RequestReader line(limits);
  EXPECT_EQ(line.feed("API2 123456789012345678901234567890").error().code, ErrorCode::kLimit);
  RequestReader body(limits);
  EXPECT_EQ(body.feed("API2 1 101 / 0\n").error().code, ErrorCode::kLimit);
  RequestReader arguments(limits);
  EXPECT_EQ(arguments.feed(std::string("API2 1 14 / 0\nfunction\nf\n1\n1\x12\x00long text\x00", 40)).error().code,
            ErrorCode::kLimit);
  RequestReader many;
  EXPECT_EQ(many.feed("API2 1 23 / 0\nfunction\nf\n1000000000\n1").error().code, ErrorCode::kCorrupt);
}

TEST(Request, bad_bodies_are_corrupt) {
  for (const std::string body :
       {"nothing\nx", "function\nf\n1\n0", "function\nf", "variable\na,b\n1\n1", "function\nf\nx\n1"}) {
    RequestReader reader;
    const auto taken = reader.feed("API2 1 " + std::to_string(body.size()) + "\n" + body);
    ASSERT_FALSE(taken.ok()) << body;
    EXPECT_EQ(taken.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Request, head_written_is_read_back) {
  RequestHeader header;
  header.accepts_messages = true;
  header.session = "42";
  header.flags = kUrgent | kCompress;
  header.client_id = "abc";
  header.sequence = -3;
  const auto request = read(request_head(header, "script\n1+1"));
  EXPECT_EQ(request.text, "1+1");
  EXPECT_TRUE(request.header.has(kUrgent));
  EXPECT_EQ(request.header.client_id, "abc");
  EXPECT_EQ(request.header.sequence, -3);
}

std::string response(std::optional<Value> value, int64_t fetch_size = 0, size_t bytes_wanted = SIZE_MAX) {
  ResultEncoder encoder(std::move(value), {.session = 7, .fetch_size = fetch_size});
  std::string all;
  while (true) {
    Chain chain;
    const auto complete = encoder.next(chain, bytes_wanted);
    EXPECT_TRUE(complete.ok());
    all += chain.flatten();
    if (!complete.ok() || *complete) return all;
  }
}

TEST(Response, framing) {
  EXPECT_EQ(response(std::nullopt), "7 0 1\nOK\n");
  EXPECT_EQ(response(Value::of_int(2)), std::string("7 1 1\nOK\n\x04\x00\x02\x00\x00\x00", 15));
  EXPECT_EQ(error_response(7, "line\nfeed"), "7 0 1\nline feed\n");
  EXPECT_EQ(error_response(7, "OK"), "7 0 1\nThe request failed without an explanation: OK\n");
  EXPECT_LT(error_response(7, std::string(100000, 'x')).size(), 65536u + 10);
  EXPECT_EQ(message_frame("hello"), std::string("MSG\nhello\0", 10));
}

TEST(Response, blocks_of_fetch_size) {
  const Table table({"x"}, {Vector::of<int32_t>(Type::kInt, {1, 2, 3})});
  const std::string expected(
      "7 1 1\nOK\n"
      "\x19\x01\x02\x00\x00\x00\x01\x00\x00\x00"
      "\x00\x06\x02\x00\x00\x00\x01\x00\x00\x00\x00x\x00\x04\x01\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02"
      "\x00\x00\x00"
      "\x00\x06\x01\x00\x00\x00\x01\x00\x00\x00\x00x\x00\x04\x01\x01\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00",
      9 + 10 + 31 + 27);
  EXPECT_EQ(response(Value(table), 2), expected);
  const auto blocks = [](std::string_view text) { return decode(text.substr(9))->vector().size(); };
  EXPECT_EQ(blocks(response(Value(table), 3)), 1u);
  EXPECT_EQ(blocks(response(Value(table), 1)), 3u);
  EXPECT_EQ(blocks(response(Value(table.slice(0, 0)), 2)), 1u);
  EXPECT_EQ(response(Value::of_int(2), 2), response(Value::of_int(2)));
}

TEST(Response, a_longer_table_is_cut_and_says_how_long_it_is) {
  const Value table(Table({"x"}, {Vector::of<int32_t>(Type::kInt, {1, 2, 3})}));
  const auto cut = [](const Value& value, int64_t rows_max) {
    ResultEncoder encoder(value, {.session = 7, .rows_max = rows_max});
    Chain chain;
    EXPECT_TRUE(encoder.next(chain, SIZE_MAX).ok());
    return chain.flatten();
  };
  const auto two = cut(table, 2);
  EXPECT_TRUE(two.starts_with("7 1 1 3\nOK\n"));
  EXPECT_EQ(decode(std::string_view(two).substr(11))->table().rows(), 2u);
  EXPECT_EQ(cut(table, 3), response(table));
  EXPECT_TRUE(cut(Value(Vector::of<int32_t>(Type::kInt, {1, 2, 3})), 2).starts_with("7 1 1 3\nOK\n\x04\x01\x02"));
  EXPECT_EQ(cut(Value::of_int(2), 1), response(Value::of_int(2)));
}

TEST(Response, a_table_in_pieces_is_the_same_table) {
  Vector texts(Type::kString);
  Vector symbols(Type::kSymbol);
  Vector tuple;
  for (int i = 0; i < 20000; ++i) {
    texts.push_back(Value::of_string("row " + std::to_string(i)));
    symbols.push_back(Value::of_string("s" + std::to_string(i % 10)));
    tuple.push_back(Value::of_int(i));
  }
  data::Buffer<int64_t> ends;
  for (int64_t i = 1; i <= 20000; ++i) ends.push_back(i);
  const auto array = Vector::array(Vector::filled(data::Scalar::of_int(3), 20000), ends);
  const Table table({"a", "b", "c", "d"}, {texts, symbols, tuple, array});
  const auto whole = response(Value(table));
  EXPECT_EQ(response(Value(table), 0, 1000), whole);
  EXPECT_TRUE(data::equal(*decode(std::string_view(whole).substr(9)), Value(table)));
  EXPECT_EQ(response(Value(table), 8192, 1000), response(Value(table), 8192));
}

TEST(Response, decimals_become_doubles_where_the_client_wants_it) {
  ResultEncoder encoder(Value(data::Scalar::of<int32_t>(Type::kDecimal32, 12345, 2)),
                        {.session = 7, .no_decimals = true});
  Chain chain;
  ASSERT_TRUE(encoder.next(chain, SIZE_MAX).ok());
  EXPECT_EQ(decode(std::string_view(chain.flatten()).substr(9))->scalar().get<double>(), 123.45);
}

}  // namespace
}  // namespace pelorus::wire
