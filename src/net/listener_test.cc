#include "net/listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <set>

#include "base/script_error.h"
#include "net/sniff.h"

namespace pelorus::net {
namespace {

using data::Value;
using session::StatementSurroundings;

/// Scripts: a number gives it; "print x"; "wait" until cancelled; "slow" takes its time; "rows n" a table; "fail x";
/// "note" remembers.
class FakeHost final : public session::ScriptHost {
 public:
  struct Seen {
    std::atomic<int> cancelled{0};
    std::atomic<int> noted{0};
    std::atomic<int> waiting{0};
  };
  explicit FakeHost(Seen& seen) : seen_(seen) {}
  std::optional<Value> run(std::string_view script, const StatementSurroundings& with) override {
    if (script.starts_with("print ")) with.print(script.substr(6));
    if (script.starts_with("fail ")) throw ScriptError(std::string(script.substr(5)));
    if (script == "flood") {
      const std::string text(1000, 'x');
      for (int i = 0; i < 100000 && !with.cancellation.cancelled(); ++i) with.print(text);
      if (with.cancellation.cancelled()) ++seen_.cancelled;
    }
    if (script == "note") ++seen_.noted;
    if (script == "slow") {
      ++seen_.waiting;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return Value::of_int(1);
    }
    if (script == "wait") {
      ++seen_.waiting;
      while (!with.cancellation.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++seen_.cancelled;
      throw ScriptError("The job was cancelled.");
    }
    if (script.starts_with("rows ")) {
      const auto rows = std::stoul(std::string(script.substr(5)));
      data::Vector numbers(data::Type::kLong, rows);
      for (size_t i = 0; i < rows; ++i) numbers.edit<int64_t>()[i] = static_cast<int64_t>(i);
      return Value(data::Table({"n"}, {numbers}));
    }
    if (!script.empty() && std::isdigit(static_cast<unsigned char>(script[0]))) {
      return Value::of_int(std::stoi(std::string(script)));
    }
    return std::nullopt;
  }
  std::optional<Value> call(std::string_view function, std::vector<Value> arguments,
                            const StatementSurroundings&) override {
    if (function == "first") return arguments.at(0);
    throw ScriptError("Can't recognize function name " + std::string(function));
  }
  void set_variable(const std::string&, Value) override {}
  void clear_variables() override {}
  void set_caller(const functions::Caller&) override {}
  int64_t memory_bytes() const override { return 0; }

 private:
  Seen& seen_;
};

class FakeHosts final : public session::ScriptHostFactory {
 public:
  std::unique_ptr<session::ScriptHost> open(const functions::Caller&) override {
    return std::make_unique<FakeHost>(seen);
  }
  FakeHost::Seen seen;
};

/// A blocking client of raw bytes; reads give up after some seconds.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  /// The loopback address of IPv6.
  static Client of_ipv6(uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    Client client;
    client.fd_ = ::socket(AF_INET6, SOCK_STREAM, 0);
    client.connected_ = ::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return client;
  }
  ~Client() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }
  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
  }
  /// Exactly `size` bytes; fewer when the peer closes.
  std::string read(size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      if (!wait()) break;
      char part[65536];
      const auto count = ::recv(fd_, part, std::min(sizeof part, size - bytes.size()), 0);
      if (count <= 0) break;
      bytes.append(part, static_cast<size_t>(count));
    }
    return bytes;
  }
  std::string read_to_end() { return read(SIZE_MAX); }
  std::string read_line() {
    std::string line;
    while (!line.ends_with('\n')) {
      const auto byte = read(1);
      if (byte.empty()) break;
      line += byte;
    }
    return line;
  }
  void request(std::string_view body, int flags = 0) {
    send("API2 0 " + std::to_string(body.size()) + " / " + std::to_string(flags) + "_1_4_64\n" + std::string(body));
  }
  /// Header and status line without the session's number.
  std::string answer() {
    const auto header = read_line();
    return header.substr(header.find(' ') + 1) + read_line();
  }
  void connect_session() {
    request("connect\n");
    EXPECT_EQ(answer(), "0 1\nOK\n");
  }

 private:
  Client() = default;
  bool wait() const {
    pollfd poll{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, 10'000) > 0;
  }
  int fd_ = -1;
  bool connected_ = false;
};

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() { users_.put("admin", {.verifier = *meta::make_verifier("123456", 100), .is_admin = true}); }
  ~ListenerTest() override {
    if (listener_) listener_->stop();
    statements_.stop();
    urgent_.stop();
  }
  uint16_t start(ListenerOptions options = {}, ListenerHandlers handlers = {}, const std::string& host = "127.0.0.1") {
    options.host = host;
    listener_ = std::make_unique<Listener>(std::move(options), surroundings_, std::move(handlers));
    const auto started = listener_->start();
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
    return listener_->port();
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  }

  SystemClock clock_;
  session::FixedUsers users_;
  session::SessionTable sessions_{clock_, 4};
  session::Login login_{users_, clock_, {}};
  session::JobBoard jobs_;
  session::OutcomeMemory outcomes_;
  FakeHosts hosts_;
  session::StatementRunner runner_{hosts_, login_, jobs_, outcomes_, clock_, {}};
  ThreadPool statements_{{.name = "statement", .threads_max = 4, .queue_max = 100}};
  ThreadPool urgent_{{.name = "urgent", .threads_max = 2, .queue_max = 100}};
  NativeSurroundings surroundings_{sessions_, runner_, statements_, urgent_};
  std::unique_ptr<Listener> listener_;
};

TEST(Sniff, tells_protocols_by_their_first_bytes) {
  EXPECT_EQ(sniff("API 0"), Protocol::kNative);
  EXPECT_EQ(sniff("API2 "), Protocol::kNative);
  EXPECT_EQ(sniff("AP"), Protocol::kUndecided);
  EXPECT_EQ(sniff("GET /"), Protocol::kHttp);
  EXPECT_EQ(sniff("OPTIONS "), Protocol::kHttp);
  EXPECT_EQ(sniff("\x16\x03\x01"), Protocol::kTls);
  EXPECT_EQ(sniff("PRPC"), Protocol::kRpc);
  EXPECT_EQ(sniff("PRFT"), Protocol::kRaft);
  EXPECT_EQ(sniff("P"), Protocol::kUndecided);
  EXPECT_EQ(sniff("SSH-"), Protocol::kUnknown);
}

TEST_F(ListenerTest, connect_script_function_and_error_on_one_connection) {
  Client client(start());
  client.connect_session();
  client.request("script\n42");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(client.read(6), std::string("\x04\x00\x2A\x00\x00\x00", 6));
  client.request("script\nfail bad\nthing");
  EXPECT_EQ(client.answer(), "0 1\nbad thing\n");
  client.request("function\nfirst\n1\n1");
  client.send(std::string("\x12\x00xyz\x00", 6));
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(client.read(6), std::string("\x12\x00xyz\x00", 6));
}

TEST_F(ListenerTest, login_inside_connect_and_its_refusal) {
  const auto port = start();
  Client good(port);
  good.request("connect\nlogin\nadmin\n123456\nfalse");
  EXPECT_EQ(good.answer(), "0 1\nOK\n");
  Client bad(port);
  bad.request("connect\nlogin\nadmin\nno");
  EXPECT_EQ(bad.answer(), "0 1\nThe user name or password is incorrect.\n");
  bad.request("script\n7");
  EXPECT_EQ(bad.answer(), "1 1\nOK\n");
}

TEST_F(ListenerTest, prints_come_before_the_response_and_only_to_api2) {
  Client client(start());
  client.connect_session();
  client.request("script\nprint hello");
  EXPECT_EQ(client.read(10), std::string("MSG\nhello\0", 10));
  EXPECT_EQ(client.answer(), "0 1\nOK\n");
  client.send("API 0 18 / 0_1_4_64\nscript\nprint hello");
  EXPECT_EQ(client.answer(), "0 1\nOK\n");
}

TEST_F(ListenerTest, asynchronous_requests_get_no_answer_and_keep_their_order) {
  Client client(start());
  client.connect_session();
  client.request("script\nnote", wire::kAsynchronous);
  client.request("script\nfail x", wire::kAsynchronous);
  client.request("script\nnote", wire::kAsynchronous);
  client.request("script\n5");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(hosts_.seen.noted, 2);
}

TEST_F(ListenerTest, asynchronous_requests_are_carried_out_after_the_client_has_gone) {
  const auto port = start();
  {
    Client client(port);
    client.connect_session();
    for (int i = 0; i < 5; ++i) client.request("script\nnote", wire::kAsynchronous);
  }
  EXPECT_TRUE(eventually([&] { return hosts_.seen.noted == 5; }));
}

TEST_F(ListenerTest, urgent_requests_are_answered_while_another_runs) {
  Client client(start());
  client.connect_session();
  client.request("script\nwait");
  ASSERT_TRUE(eventually([&] { return hosts_.seen.waiting == 1; }));
  client.request("script\n9", wire::kUrgent);
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  client.read(6);
  jobs_.cancel_all();
  EXPECT_EQ(client.answer(), "0 1\nThe job was cancelled.\n");
}

TEST_F(ListenerTest, a_closed_peer_cancels_its_statement_and_frees_its_session) {
  Client client(start());
  client.connect_session();
  client.request("script\nwait");
  ASSERT_TRUE(eventually([&] { return hosts_.seen.waiting == 1; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return hosts_.seen.cancelled == 1 && sessions_.size() == 0; }));
}

TEST_F(ListenerTest, a_reader_that_never_reads_stops_the_printing_statement_not_the_node) {
  const auto port = start();
  Client slow(port);
  slow.connect_session();
  slow.request("script\nflood");
  Client other(port);
  other.connect_session();
  other.request("script\n3");
  EXPECT_EQ(other.answer(), "1 1\nOK\n");
  slow.close();
  EXPECT_TRUE(eventually([&] { return hosts_.seen.cancelled == 1; }));
}

TEST_F(ListenerTest, a_stop_lets_a_running_statement_be_answered_and_begins_no_other) {
  const auto port = start();
  Client working(port), idle(port);
  for (auto* client : {&working, &idle}) client->connect_session();
  working.request("script\nslow");
  working.request("script\nnote");
  ASSERT_TRUE(eventually([&] { return hosts_.seen.waiting.load() == 1; }));
  listener_->stop();
  EXPECT_EQ(working.answer(), "1 1\nOK\n");
  working.read_to_end();
  EXPECT_EQ(hosts_.seen.noted.load(), 0);
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST_F(ListenerTest, large_tables_arrive_whole_and_in_blocks) {
  Client client(start());
  client.connect_session();
  client.request("script\nrows 3000000");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  const auto table = client.read(13 + 10 + 24'000'000);
  ASSERT_EQ(table.size(), 13u + 10 + 24'000'000);
  int64_t last = 0;
  std::memcpy(&last, table.data() + table.size() - 8, 8);
  EXPECT_EQ(last, 2'999'999);
  client.send("API2 0 18 / 0_1_4_64__100000\nscript\nrows 300001");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  const auto blocks = client.read(10 + 4 * 23 + 300'001 * 8);
  EXPECT_EQ(blocks.size(), 10u + 4 * 23 + 300'001 * 8);
  EXPECT_EQ(blocks[2], 4);
  client.request("script\n3");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
}

TEST_F(ListenerTest, upload_in_small_pieces) {
  Client client(start());
  client.connect_session();
  std::string column("\x10\x01\x00\x00\x02\x00\x01\x00\x00\x00", 10);
  column.append(8 * 0x20000, '\0');
  client.request("function\nfirst\n1\n1");
  for (size_t at = 0; at < column.size(); at += 99'991) client.send(std::string_view(column).substr(at, 99'991));
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(client.read(column.size()), column);
}

TEST_F(ListenerTest, nonsense_is_answered_with_an_error_line_and_closed) {
  const auto port = start();
  Client client(port);
  client.connect_session();
  client.send("API2 0 notanumber\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer, "0 1\nThe request cannot be read: its length is not a number\n");
  EXPECT_EQ(client.read_to_end(), "");
  Client corrupt(port);
  corrupt.connect_session();
  corrupt.request("function\nfirst\n1\n1");
  corrupt.send(std::string("\x04\x01\xFF\xFF\xFF\xFF\x01\x00\x00\x00", 10));
  EXPECT_NE(corrupt.answer().find("-1 rows"), std::string::npos);
  Client early(port);
  early.request("script\n1");
  EXPECT_NE(early.answer().find("must be connect"), std::string::npos);
}

TEST_F(ListenerTest, an_endless_line_and_a_huge_body_are_refused) {
  const auto port = start();
  Client line(port);
  line.send("API2 " + std::string(5000, '1'));
  EXPECT_NE(line.answer().find("longer than 4096 bytes"), std::string::npos);
  Client body(port);
  body.connect_session();
  body.send("API2 0 99999999999 / 0\n");
  EXPECT_NE(body.answer().find("request body is longer"), std::string::npos);
}

TEST_F(ListenerTest, connections_beyond_the_limit_hear_why) {
  const auto port = start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    clients.back()->connect_session();
  }
  Client fifth(port);
  fifth.send("API 0 8\nconnect\n");
  EXPECT_NE(fifth.answer().find("maxConnections: 4"), std::string::npos);
  clients.pop_back();
  ASSERT_TRUE(eventually([&] { return sessions_.size() == 3; }));
  Client again(port);
  again.connect_session();
}

TEST_F(ListenerTest, silent_connections_are_closed) {
  ListenerOptions options;
  options.first_bytes = std::chrono::milliseconds(50);
  options.native.handshake = std::chrono::milliseconds(50);
  options.http.request = std::chrono::milliseconds(50);
  const auto port = start(options);
  Client silent(port);
  EXPECT_EQ(silent.read_to_end(), "");
  Client half(port);
  half.send("API 0 8\nconn");
  EXPECT_EQ(half.read_to_end(), "");
  Client http(port);
  http.send("GET / HT");
  EXPECT_EQ(http.read_to_end(), "");
  Client connected(port);
  connected.connect_session();
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  connected.request("script\n1");
  EXPECT_EQ(connected.answer(), "1 1\nOK\n");
}

TEST_F(ListenerTest, all_addresses_are_those_of_both_families) {
  if (::access("/proc/net/if_inet6", F_OK) != 0) GTEST_SKIP() << "this machine has no IPv6";
  const auto port = start({}, {}, "::");
  Client old_family(port);
  old_family.connect_session();
  auto new_family = Client::of_ipv6(port);
  new_family.connect_session();
  std::set<std::string> remotes;
  for (const auto& session : sessions_.all()) remotes.insert(session->remote().ip);
  EXPECT_EQ(remotes, (std::set<std::string>{"127.0.0.1", "::1"}));
}

TEST_F(ListenerTest, a_port_in_use_is_named_with_its_error_code) {
  const auto port = start();
  ListenerOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  Listener second(options, surroundings_, {});
  const auto started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_TRUE(started.error().message.starts_with("Failed to bind the socket on port " + std::to_string(port) +
                                                  " with error code 98"));
}

TEST_F(ListenerTest, node_connections_are_handed_over_with_what_was_read) {
  std::promise<std::pair<int, std::string>> rpc;
  ListenerHandlers handlers;
  handlers.rpc = [&](int fd, std::string first) { rpc.set_value({fd, std::move(first)}); };
  const auto port = start({}, std::move(handlers));
  Client client(port);
  client.send("PRPC 1 x");
  const auto [fd, first] = rpc.get_future().get();
  EXPECT_TRUE(std::string_view("PRPC 1 x").starts_with(first));
  EXPECT_EQ(::send(fd, "hi", 2, 0), 2);
  EXPECT_EQ(client.read(2), "hi");
  ::close(fd);
  Client raft(port);
  raft.send("PRFT 1 x");
  EXPECT_EQ(raft.read_to_end(), "");  // nobody wants it
}

TEST_F(ListenerTest, unknown_protocols_get_a_sentence_and_tls_an_alert) {
  const auto port = start();
  Client ssh(port);
  ssh.send("SSH-2.0-x\r\n");
  EXPECT_TRUE(ssh.read_to_end().starts_with("This port speaks"));
  Client tls(port);
  tls.send(std::string("\x16\x03\x01\x00\x05", 5));
  EXPECT_EQ(tls.read(7), std::string("\x15\x03\x01\x00\x02\x02\x28", 7));
}

/// A self-signed certificate and its key in one PEM file.
std::filesystem::path write_certificate() {
  const auto path = std::filesystem::temp_directory_path() / ("pelorus_tls_" + std::to_string(::getpid()) + ".pem");
  EVP_PKEY* key = EVP_RSA_gen(2048);
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  FILE* out = std::fopen(path.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_X509(out, certificate);
  std::fclose(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return path;
}

/// A TLS client over a Client's socket.
class TlsClient {
 public:
  explicit TlsClient(Client& client) : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_fd(ssl_, client.fd());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    EXPECT_EQ(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())), int(bytes.size()));
  }
  std::string read_to(std::string_view end) {
    std::string bytes;
    char byte = 0;
    while (!bytes.ends_with(end) && SSL_read(ssl_, &byte, 1) == 1) bytes.push_back(byte);
    return bytes;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
};

TEST_F(ListenerTest, tls_and_plain_share_the_port) {
  const auto pem = write_certificate();
  ListenerOptions options;
  options.tls_certificate_file = pem.string();
  options.tls_key_file = pem.string();
  ListenerHandlers handlers;
  handlers.routes["/health"] = [](const HttpQuestion&) { return HttpAnswer{.body = "fine\n"}; };
  const auto port = start(std::move(options), std::move(handlers));
  Client plain(port);
  plain.connect_session();
  Client native_socket(port);
  TlsClient native(native_socket);
  ASSERT_TRUE(native.connected());
  native.send("API2 0 8 / 0_1_4_64\nconnect\n");
  EXPECT_TRUE(native.read_to("OK\n").ends_with(" 0 1\nOK\n"));
  native.send("API2 0 11 / 0_1_4_64\nscript\nrows");
  EXPECT_TRUE(native.read_to("OK\n").ends_with(" 0 1\nOK\n"));
  Client web_socket(port);
  TlsClient web(web_socket);
  ASSERT_TRUE(web.connected());
  web.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(web.read_to("fine\n").starts_with("HTTP/1.1 200"));
  std::filesystem::remove(pem);
}

TEST_F(ListenerTest, an_unusable_certificate_is_named) {
  ListenerOptions options;
  options.host = "127.0.0.1";
  options.tls_certificate_file = "/nowhere/server.crt";
  options.tls_key_file = "/nowhere/server.key";
  Listener listener(options, surroundings_, {});
  const auto started = listener.start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("/nowhere/server.crt"), std::string::npos);
}

class HttpTest : public ListenerTest {
 protected:
  HttpTest() : root_(std::filesystem::temp_directory_path() / ("pelorus_web_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(root_ / "assets");
    write("index.html", "<p>home</p>");
    write("app.js", "let x;");
    write("app.js.gz", "packed");
    write("assets/a.css", "p{}");
    std::filesystem::last_write_time(root_ / "app.js.gz",
                                     std::filesystem::last_write_time(root_ / "app.js") + std::chrono::seconds(2));
  }
  ~HttpTest() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(root_ / name) << text; }
  uint16_t start_web() {
    ListenerOptions options;
    options.web_root = root_.string();
    ListenerHandlers handlers;
    handlers.routes["/health"] = [](const HttpQuestion&) {
      return HttpAnswer{.status = 200, .content_type = "application/json", .body = "{\"state\":\"ok\"}"};
    };
    return start(std::move(options), std::move(handlers));
  }
  static std::string get(uint16_t port, const std::string& path, const std::string& more = {},
                         const std::string& method = "GET") {
    Client client(port);
    client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + "\r\n");
    return client.read_to_end();
  }
  static std::string field(const std::string& answer, const std::string& name) {
    const auto at = answer.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return answer.substr(begin, answer.find("\r\n", begin) - begin);
  }
  static std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  std::filesystem::path root_;
};

TEST_F(HttpTest, files_have_types_tags_and_packed_forms) {
  const auto port = start_web();
  const auto home = get(port, "/");
  EXPECT_TRUE(home.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body(home), "<p>home</p>");
  EXPECT_EQ(field(home, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(body(get(port, "/nodes/overview?x=1")), "<p>home</p>");
  const auto etag = field(home, "ETag");
  ASSERT_FALSE(etag.empty());
  EXPECT_TRUE(get(port, "/", "If-None-Match: " + etag + "\r\n").starts_with("HTTP/1.1 304"));
  const auto packed = get(port, "/app.js", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(field(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(body(packed), "packed");
  EXPECT_EQ(body(get(port, "/app.js")), "let x;");
  EXPECT_NE(field(get(port, "/assets/a.css"), "Cache-Control").find("immutable"), std::string::npos);
  const auto head = get(port, "/app.js", {}, "HEAD");
  EXPECT_EQ(field(head, "Content-Length"), "6");
  EXPECT_EQ(body(head), "");
}

TEST_F(HttpTest, nothing_outside_the_folder_is_served) {
  std::filesystem::create_symlink("/etc/hostname", root_ / "link.txt");
  write(".hidden.txt", "secret");
  const auto port = start_web();
  for (const char* path : {"/../../etc/passwd.txt", "/%2e%2e/%2e%2e/etc/passwd.txt", "/..%2f..%2fetc/passwd.txt",
                           "/link.txt", "/.hidden.txt", "/missing.js", "/%00.js", "/%zz.js", "/a\\..\\b.js"}) {
    EXPECT_TRUE(get(port, path).starts_with("HTTP/1.1 404")) << path;
  }
}

TEST_F(HttpTest, routes_methods_and_bad_requests) {
  const auto port = start_web();
  EXPECT_EQ(body(get(port, "/health")), "{\"state\":\"ok\"}");
  EXPECT_TRUE(get(port, "/", {}, "OPTIONS").starts_with("HTTP/1.1 204"));
  EXPECT_TRUE(get(port, "/", {}, "DELETE").starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(get(port, "/", "Broken header\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(get(port, "/", "X: " + std::string(20000, 'x') + "\r\n").starts_with("HTTP/1.1 431"));
  Client twice(port);
  twice.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto both = twice.read_to_end();
  EXPECT_NE(both.find("ok", both.find("ok") + 2), std::string::npos);
}

class WebSocketTest : public ListenerTest {
 protected:
  static std::string upgrade(const std::string& more = {}) {
    return "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           more + "\r\n";
  }
  static std::string handshake(Client& client, const std::string& more = {}) {
    client.send(upgrade(more));
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const auto line = client.read_line();
      if (line.empty()) break;
      head += line;
    }
    return head;
  }
  /// A masked binary frame with mask zero.
  static std::string frame(std::string_view payload, uint8_t first = 0x82) {
    std::string bytes{static_cast<char>(first),
                      static_cast<char>(0x80 | (payload.size() < 126 ? payload.size() : 126))};
    if (payload.size() >= 126) {
      bytes.push_back(static_cast<char>(payload.size() >> 8));
      bytes.push_back(static_cast<char>(payload.size() & 0xFF));
    }
    return bytes + std::string(4, '\0') + std::string(payload);
  }
  /// One small frame from the server.
  static std::string message(Client& client) {
    const auto head = client.read(2);
    if (head.size() < 2) return "closed";
    EXPECT_EQ(static_cast<uint8_t>(head[0]), 0x82);
    return client.read(static_cast<uint8_t>(head[1]));
  }
};

TEST_F(WebSocketTest, responses_and_prints_are_one_binary_message_each) {
  Client client(start());
  const auto head = handshake(client);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101"));
  EXPECT_EQ(head.find("permessage-deflate"), std::string::npos);
  client.send(frame("API2 0 26 / 0_1_4_64\nconnect\nlogin\nadmin\n123456"));
  const auto connected = message(client);
  EXPECT_TRUE(connected.ends_with(" 0 1\nOK\n")) << connected;
  client.send(frame("API2 0 15 / 0_1_4_64\nscript\nprint hi"));
  EXPECT_EQ(message(client), std::string("MSG\nhi\0", 7));
  EXPECT_TRUE(message(client).ends_with(" 0 1\nOK\n"));
  client.send(frame("API2 0 9 / 0_1_4_64\nscri", 0x02) + frame("pt\n42", 0x80));  // fragmented
  EXPECT_TRUE(message(client).ends_with(std::string(" 1 1\nOK\n\x04\x00\x2A\x00\x00\x00", 14)));
  client.send(frame("\x03\xE8", 0x88));
  EXPECT_EQ(static_cast<uint8_t>(client.read(1)[0]), 0x88);
}

TEST_F(WebSocketTest, the_subprotocol_is_echoed) {
  Client client(start());
  const auto head = handshake(client, "Sec-WebSocket-Protocol: streaming\r\n");
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: streaming\r\n"), std::string::npos);
}

TEST_F(WebSocketTest, the_address_names_the_rows_that_are_wanted) {
  Client client(start());
  auto request = upgrade("Sec-WebSocket-Protocol: streaming\r\n");
  request.replace(request.find("GET / "), 6, "GET /?x=1&filter=a+%3E+5+and+b%3D'c' ");
  client.send(request);
  while (client.read_line() != "\r\n") {
  }
  client.send(frame("API2 0 8 / 0_1_4_64\nconnect\n"));
  EXPECT_TRUE(message(client).ends_with(" 0 1\nOK\n"));
  const auto peer = sessions_.all().at(0)->peer();
  EXPECT_TRUE(peer->is_for_streams());
  EXPECT_EQ(peer->row_condition(), "a > 5 and b='c'");
}

TEST_F(ListenerTest, what_begins_after_the_answer_comes_behind_it) {
  Client client(start());
  client.request("connect\n", wire::kReverseStreaming);
  EXPECT_EQ(client.answer(), "0 1\nOK\n");
  const auto peer = sessions_.all().at(0)->peer();
  EXPECT_TRUE(peer->is_for_streams());
  std::atomic<int> sent = 0;
  peer->on_sent([&] { ++sent; });
  peer->after_answer([&] {
    wire::Chain record;
    record.put_text("record");
    EXPECT_TRUE(peer->push(std::move(record), 1000));
  });
  client.request("script\nslow");
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(client.read(12), std::string("\x04\x00\x01\x00\x00\x00", 6) + "record");
  client.request("script\n7");  // once only
  EXPECT_EQ(client.answer(), "1 1\nOK\n");
  EXPECT_EQ(client.read(6), std::string("\x04\x00\x07\x00\x00\x00", 6));
  EXPECT_EQ(sent, 1);
  EXPECT_EQ(peer->queued_bytes(), 0u);
}

TEST_F(ListenerTest, pushed_messages_reach_the_client_until_it_does_not_read) {
  Client client(start());
  client.connect_session();
  const auto peer = sessions_.all().at(0)->peer();
  ASSERT_NE(peer, nullptr);
  std::promise<void> closed;
  peer->on_close([&] { closed.set_value(); });
  wire::Chain record;
  record.put_text("record");
  EXPECT_TRUE(peer->push(std::move(record), 1000));
  EXPECT_EQ(client.read(6), "record");
  bool accepted = true;
  for (int i = 0; i < 100 && accepted; ++i) {
    wire::Chain big;
    big.put_text(std::string(1 << 20, 'x'));
    accepted = peer->push(std::move(big), 4 << 20);
  }
  EXPECT_FALSE(accepted);
  peer->close();
  closed.get_future().wait();
  wire::Chain late;
  late.put_text("late");
  EXPECT_FALSE(peer->push(std::move(late), 1000));
}

}  // namespace
}  // namespace pelorus::net
