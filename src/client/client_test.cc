#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "client/failover.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pelorus::client {
namespace {

using data::Value;

/// A server of scripted answers: each request read is given to `answer`, whose bytes are sent; empty closes the
/// connection.
class FakeServer {
 public:
  using Answerer = std::function<std::string(const wire::Request&)>;
  explicit FakeServer(Answerer answer) : answer_(std::move(answer)), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd_, 8) == 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  Endpoint endpoint() const { return {"127.0.0.1", port_}; }

 private:
  void serve() {
    while (true) {
      const int peer = ::accept(fd_, nullptr, nullptr);
      if (peer < 0) return;
      serve_one(peer);
      ::close(peer);
    }
  }
  void serve_one(int peer) {
    wire::RequestReader reader;
    char bytes[4096];
    while (true) {
      const auto count = ::recv(peer, bytes, sizeof bytes, 0);
      if (count <= 0) return;
      std::string_view in(bytes, static_cast<size_t>(count));
      while (!in.empty()) {
        in.remove_prefix(*reader.feed(in));
        if (!reader.done()) continue;
        const auto request = reader.take();
        const auto out =
            request.kind == wire::RequestKind::kConnect && !request.login ? "7 0 1\nOK\n" : answer_(request);
        if (out.empty()) return;
        ::send(peer, out.data(), out.size(), MSG_NOSIGNAL);
      }
    }
  }

  const Answerer answer_;
  const int fd_;
  int port_ = 0;
  std::thread thread_;
};

std::string response(std::optional<Value> value) {
  wire::ResultEncoder encoder(std::move(value), {.session = 7});
  wire::Chain chain;
  CHECK(*encoder.next(chain, SIZE_MAX));
  return chain.flatten();
}

FailoverOptions impatient() {
  FailoverOptions options;
  options.pause = std::chrono::milliseconds(1);
  options.give_up_after = std::chrono::milliseconds(3000);
  return options;
}

TEST(Connection, says_what_is_wrong_with_a_port_that_is_no_nodes) {
  ConnectionOptions login;
  login.user = "u";
  FakeServer web([](const wire::Request&) { return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"; });
  const auto foreign = Connection::open(web.endpoint(), login);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(foreign.error().message.find("is not the port of a node"), std::string::npos) << foreign.error().message;
  EXPECT_NE(foreign.error().message.find("HTTP/1.1 400 Bad Request"), std::string::npos);

  FakeServer closes([](const wire::Request&) { return std::string(); });
  EXPECT_EQ(Connection::open(closes.endpoint(), login).error().code, ErrorCode::kUnavailable);

  std::atomic<bool> leave{false};
  FakeServer silent([&](const wire::Request&) {
    while (!leave) std::this_thread::yield();
    return std::string();
  });
  login.login = std::chrono::milliseconds(30);
  EXPECT_EQ(Connection::open(silent.endpoint(), login).error().code, ErrorCode::kTimeout);
  leave = true;
}

TEST(Connection, a_node_that_is_not_ready_is_quoted) {
  FakeServer server([](const wire::Request&) { return wire::error_response(7, "<ControllerNotReady>later"); });
  ConnectionOptions login;
  login.user = "u";
  const auto refused = Connection::open(server.endpoint(), login);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message, "<ControllerNotReady>later");
}

TEST(Endpoint, host_port_and_alias) {
  EXPECT_EQ(*parse_endpoint("h:1"), (Endpoint{"h", 1}));
  EXPECT_EQ(*parse_endpoint("10.0.0.1:8848:node1"), (Endpoint{"10.0.0.1", 8848}));
  EXPECT_EQ(*parse_endpoint("[::1]:8848"), (Endpoint{"::1", 8848}));
  for (const char* bad : {"", "h", "h:", "h:x", "h:0", "h:70000", ":1", "[::1"})
    EXPECT_FALSE(parse_endpoint(bad).ok()) << bad;
}

TEST(Connection, runs_calls_and_uploads) {
  FakeServer server([](const wire::Request& request) {
    if (request.kind == wire::RequestKind::kUpload) return response(std::nullopt);
    if (request.kind == wire::RequestKind::kFunction) return response(request.arguments.at(1));
    return wire::message_frame("printed") + response(Value::of_string(request.text));
  });
  std::string printed;
  ConnectionOptions options;
  options.print = [&](std::string_view text) { printed += text; };
  auto connection = Connection::open(server.endpoint(), options);
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ((**(*connection)->run("a\nb")).text(), "a\nb");
  EXPECT_EQ(printed, "printed");
  EXPECT_EQ((*connection)->session(), "7");
  const Value big(data::Vector(data::Type::kLong, 100'000));
  EXPECT_TRUE(data::equal(**(*connection)->call("f", {Value::of_int(1), big}), big));
  EXPECT_TRUE((*connection)->upload({"x", "y"}, {Value::of_int(1), big}).ok());
}

TEST(Connection, errors_have_codes) {
  FakeServer server([](const wire::Request& request) {
    if (request.login) return wire::error_response(7, "The user name or password is incorrect.");
    return request.text == "die" ? std::string() : wire::error_response(7, request.text);
  });
  ConnectionOptions login;
  login.user = "u";
  EXPECT_EQ(Connection::open(server.endpoint(), login).error().code, ErrorCode::kDenied);
  auto connection = Connection::open(server.endpoint(), {}).value();
  EXPECT_EQ(connection->run("bad").error().code, ErrorCode::kScript);
  EXPECT_EQ(connection->run("<NotLeader>h:1:a").error().message, "h:1:a");
  EXPECT_EQ(connection->run("<DataNodeNotAvail>x").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(connection->run("<NoPrivilege>x").error().code, ErrorCode::kDenied);
  EXPECT_EQ(connection->run("die").error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_FALSE(connection->is_usable());
  EXPECT_EQ(connection->run("bad").error().code, ErrorCode::kUnavailable);
}

TEST(Connection, silence_ends_in_a_timeout) {
  std::atomic<bool> leave{false};
  FakeServer server([&](const wire::Request&) {
    while (!leave) std::this_thread::yield();
    return std::string();
  });
  ConnectionOptions options;
  options.socket.silence = std::chrono::milliseconds(30);
  auto connection = Connection::open(server.endpoint(), options).value();
  EXPECT_EQ(connection->run("x").error().code, ErrorCode::kOutcomeUnknown);
  leave = true;
}

TEST(Failover, follows_a_redirect) {
  FakeServer leader([](const wire::Request& request) { return response(Value::of_string(request.text)); });
  FakeServer follower([&](const wire::Request&) {
    return wire::error_response(7, "<NotLeader>" + leader.endpoint().text() + ":alias");
  });
  FailoverConnection connection({follower.endpoint()}, impatient());
  EXPECT_EQ((**connection.run("x")).text(), "x");
  EXPECT_EQ(connection.current()->endpoint(), leader.endpoint());
}

TEST(Failover, repeats_on_the_next_site_with_the_number_negated) {
  std::vector<int64_t> numbers;
  FakeServer dying([&](const wire::Request& request) {
    numbers.push_back(request.header.sequence);
    return std::string();
  });
  FakeServer other([&](const wire::Request& request) {
    numbers.push_back(request.header.sequence);
    return response(Value::of_string(request.header.client_id));
  });
  FailoverConnection connection({dying.endpoint(), {"127.0.0.1", 1}, other.endpoint()}, impatient());
  EXPECT_EQ((**connection.run("x")).text().size(), 36u);
  EXPECT_EQ(numbers, (std::vector<int64_t>{1, -1}));
}

TEST(Failover, waits_out_a_chunk_in_transaction_and_passes_script_errors_on) {
  int asked = 0;
  FakeServer server([&](const wire::Request& request) {
    if (request.text == "bad") return wire::error_response(7, "bad");
    return ++asked < 3 ? wire::error_response(7, "<ChunkInTransaction>x") : response(Value::of_int(asked));
  });
  FailoverConnection connection({server.endpoint()}, impatient());
  EXPECT_EQ((**connection.run("x")).scalar().get<int32_t>(), 3);
  EXPECT_EQ(connection.run("bad").error().code, ErrorCode::kScript);
}

TEST(Failover, gives_up_in_time) {
  auto options = impatient();
  options.give_up_after = std::chrono::milliseconds(20);
  FailoverConnection connection({{"127.0.0.1", 1}}, options);
  EXPECT_EQ(connection.run("x").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace pelorus::client
