// TLS between nodes: what is accepted, what is refused and with which words, and that nothing passes in plain text.

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "rpc/channel_pool.h"
#include "rpc/server.h"
#include "rpc/test_certificates.h"
#include "rpc/test_listener.h"
#include "rpc/tls_tunnel.h"

namespace pelorus::rpc {
namespace {

using namespace std::chrono_literals;

const Uuid kCluster = Uuid::random();

IdentitySource identity_of(const std::string& alias) {
  const Identity identity{kCluster, Uuid::random(), alias, config::NodeMode::kDataNode, 1};
  return [identity] { return identity; };
}

/// A server named "server" that echoes; `client_host` is where it knows the node "client" to live.
struct Node {
  explicit Node(std::shared_ptr<const NodeTls> tls, const std::string& client_host = "127.0.0.1")
      : server({.identity = identity_of("server"),
                .key = "secret",
                .tls = std::move(tls),
                .hosts =
                    [client_host](const std::string& alias) {
                      return alias == "client" ? std::vector<std::string>{"10.0.0.6", client_host}
                                               : std::vector<std::string>();
                    }}),
        listener([this](int fd) { server.accept_connection(fd, {}); }) {
    server.on("echo", [](const Peer&, std::string_view payload, const CallInfo&) { return Bytes(payload); });
  }
  Server server;
  TestListener listener;
};

ChannelOptions to_port(uint16_t port, std::shared_ptr<const NodeTls> tls, const std::string& host = "127.0.0.1",
                       const std::string& alias = "client") {
  return {.identity = identity_of(alias),
          .key = "secret",
          .addresses = [=](const std::string&) -> Result<Endpoint> {
            return Endpoint{host, port};
          },
          .tls = std::move(tls)};
}

/// What a call of a client with this certificate fails with.
std::string refusal(const Node& node, std::shared_ptr<const NodeTls> tls, const std::string& alias = "client") {
  ChannelPool pool(to_port(node.listener.port, std::move(tls), "127.0.0.1", alias));
  const auto answer = pool.call("server", "echo", "x", {.timeout = 5s});
  return answer.ok() ? "none" : answer.error().message;
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(Tls, calls_of_all_sizes_arrive) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  ChannelPool pool(to_port(node.listener.port, authority.load("client")));
  EXPECT_EQ(*pool.call("server", "echo", "hello"), "hello");
  EXPECT_EQ(*pool.call("server", "echo", "now", {.urgent = true}), "now");
  std::mt19937_64 random(7);
  Bytes payload(30'000'001, '\0');
  for (size_t i = 0; i + 8 < payload.size(); i += 8) {
    const auto word = random();
    std::memcpy(payload.data() + i, &word, 8);
  }
  EXPECT_TRUE(*pool.call("server", "echo", payload) == payload);
  for (const size_t size : {16383UL, 16384UL, 16385UL, 65535UL, 65536UL, 300'000UL}) {
    const auto part = payload.substr(0, size);
    EXPECT_TRUE(*pool.call("server", "echo", part) == part) << size;
  }
}

TEST(Tls, many_threads_share_one_connection) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  ChannelPool pool(to_port(node.listener.port, authority.load("client")));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto text = std::to_string(t) + ":" + std::to_string(i) + std::string(static_cast<size_t>(i * i), 'x');
        const auto answer = pool.call("server", "echo", text, {.urgent = i % 5 == 0});
        if (!answer.ok() || *answer != text) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Tls, a_foreign_authority_is_refused_by_both_ends) {
  const TestAuthority ours("ours"), theirs("theirs");
  Node node(ours.load("server"));
  EXPECT_CONTAINS(refusal(node, theirs.load("client")), "was not signed by the authority in " + theirs.file("ca.crt"));
  // One that trusts the server's authority and still has a foreign certificate.
  auto files = theirs.issue("spy");
  const auto spy = NodeTls::load({files.authority, files.certificate, files.key}, "127.0.0.1");
  ASSERT_TRUE(spy.ok());
  ASSERT_EQ(SSL_CTX_load_verify_file((*spy)->context().get(), ours.file("ca.crt").c_str()), 1);
  EXPECT_CONTAINS(refusal(node, *spy), "another authority signed it");
}

TEST(Tls, an_expired_certificate_is_refused_at_the_next_connection) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  const auto short_lived = authority.load("client", {.ends_s = 2}, "127.0.0.1");
  ChannelPool pool(to_port(node.listener.port, short_lived));
  ASSERT_TRUE(pool.call("server", "echo", "x").ok());
  std::string said;
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (said.find("it has expired") == std::string::npos && std::chrono::steady_clock::now() < end) {
    pool.reconnect_all();
    const auto answer = pool.call("server", "echo", "x", {.timeout = 2s});
    if (!answer.ok()) said = answer.error().message;
    std::this_thread::sleep_for(50ms);  // the clock is what the test waits for
  }
  EXPECT_CONTAINS(said, "it refused this node's certificate, " + authority.file("client.crt") + ": it has expired");
}

TEST(Tls, a_server_whose_certificate_is_for_another_host_is_not_spoken_to) {
  const TestAuthority authority;
  Node node(authority.load("server", {.names = "IP:10.0.0.9,DNS:elsewhere"}, "elsewhere"));
  EXPECT_CONTAINS(refusal(node, authority.load("client")),
                  "the certificate of 127.0.0.1 is made for 10.0.0.9, elsewhere, not for that host");
}

TEST(Tls, a_member_must_show_the_certificate_of_its_host) {
  const TestAuthority authority;
  Node node(authority.load("server"), "10.0.0.7");
  const auto said = refusal(node, authority.load("client"));
  EXPECT_CONTAINS(said, "'client' lives on 10.0.0.6 or 10.0.0.7, but showed a certificate for 127.0.0.1, localhost");
  EXPECT_EQ(refusal(node, authority.load("client"), "newcomer"), "none") << "nobody knows it yet";
}

TEST(Tls, plain_text_is_refused_and_says_so) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  EXPECT_CONTAINS(refusal(node, nullptr), "'server' takes only TLS from other nodes; set enableRpcSSL=1");
}

TEST(Tls, a_plain_server_does_not_fall_for_tls) {
  const TestAuthority authority;
  Node node(nullptr);
  EXPECT_CONTAINS(refusal(node, authority.load("client")), "it is starting, or has no enableRpcSSL=1");
}

TEST(Tls, exchanged_certificates_serve_the_next_connections) {
  const TestAuthority ours("ours"), theirs("theirs");
  const auto tls = ours.load("server");
  Node node(tls);
  const auto client = ours.load("client");
  ChannelPool pool(to_port(node.listener.port, client));
  ASSERT_TRUE(pool.call("server", "echo", "x").ok());
  const auto exchange = [&](const TestAuthority& by) {
    const auto made = by.issue("other");
    namespace fs = std::filesystem;
    const auto over = fs::copy_options::overwrite_existing;
    fs::copy_file(made.authority, tls->files().authority, over);
    fs::copy_file(made.certificate, tls->files().certificate, over);
    fs::copy_file(made.key, tls->files().key, over);
  };
  std::filesystem::remove(tls->files().key);
  EXPECT_CONTAINS(tls->renew().error().message, "server.key: No such file");
  EXPECT_EQ(refusal(node, client), "none") << "those from before stay in use";
  exchange(theirs);
  ASSERT_TRUE(tls->renew().ok());
  EXPECT_TRUE(pool.call("server", "echo", "x").ok()) << "what is open stays open";
  EXPECT_EQ(refusal(node, theirs.load("client")), "none");
  EXPECT_CONTAINS(refusal(node, client), "was not signed by the authority in");
}

/// How a call between nodes of two modes ends: TLS, plain or why it fails. Null: TLS is off.
std::string meeting(const std::shared_ptr<const NodeTls>& client, const std::shared_ptr<const NodeTls>& server) {
  Node node(server);
  std::mutex mutex;
  std::vector<std::string> marks;
  TestListener ear([&](int fd) {
    char first[8];
    const auto got = recv(fd, first, sizeof first, MSG_WAITALL);
    {
      const std::lock_guard lock(mutex);
      marks.emplace_back(first, first + std::max<ssize_t>(got, 0));
    }
    node.server.accept_connection(fd, std::string(first, static_cast<size_t>(std::max<ssize_t>(got, 0))));
  });
  ChannelPool pool(to_port(ear.port, client));
  const auto answer = pool.call("server", "echo", "x", {.timeout = 5s});
  if (!answer.ok()) return answer.error().message;
  const std::lock_guard lock(mutex);
  return marks.back() == "PRPC/TLS" ? "TLS" : "plain";
}

TEST(Tls, mixed_nodes_meet_everybody_and_speak_tls_where_they_can) {
  const TestAuthority authority;
  const std::shared_ptr<const NodeTls> off;
  const auto mixed = authority.load("mixed", {}, "127.0.0.1", TlsDemand::kWhereSpoken);
  const auto on = authority.load("on");
  EXPECT_EQ(meeting(off, mixed), "plain");
  EXPECT_EQ(meeting(mixed, off), "plain");
  EXPECT_EQ(meeting(mixed, mixed), "TLS");
  EXPECT_EQ(meeting(mixed, on), "TLS");
  EXPECT_EQ(meeting(on, mixed), "TLS");
  EXPECT_CONTAINS(meeting(off, on), "takes only TLS");
  EXPECT_CONTAINS(meeting(on, off), "has no enableRpcSSL=1");
}

TEST(Tls, a_mixed_node_does_not_go_plain_over_a_bad_certificate) {
  const TestAuthority ours("ours"), theirs("theirs");
  Node node(theirs.load("server"));
  EXPECT_CONTAINS(refusal(node, ours.load("mixed", {}, "127.0.0.1", TlsDemand::kWhereSpoken)),
                  "was not signed by the authority in");
  // What a mixed callee knows of a host holds for those that show a certificate.
  Node mixed(ours.load("server", {}, "127.0.0.1", TlsDemand::kWhereSpoken), "10.0.0.7");
  EXPECT_CONTAINS(refusal(mixed, ours.load("client")), "'client' lives on 10.0.0.6 or 10.0.0.7");
}

int dial(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

/// What a dialler with this context is told behind the mark; "open" when it may speak.
std::string knock(uint16_t port, SSL_CTX* context) {
  const int fd = dial(port);
  EXPECT_EQ(send(fd, "PRPC/TLS", 8, 0), 8);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  char byte = 0;
  // The server judges the client's certificate after the client's last word.
  const int got = SSL_connect(ssl) == 1 ? SSL_read(ssl, &byte, 1) : 0;
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  const std::string said = got == 1 ? "open" : text == nullptr ? "closed" : text;
  ERR_clear_error();
  SSL_free(ssl);
  close(fd);
  return said;
}

TEST(Tls, who_shows_no_certificate_or_speaks_an_older_tls_is_refused) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  SSL_CTX* none = SSL_CTX_new(TLS_client_method());
  EXPECT_CONTAINS(knock(node.listener.port, none), "certificate required");
  SSL_CTX_set_max_proto_version(none, TLS1_2_VERSION);
  EXPECT_CONTAINS(knock(node.listener.port, none), "protocol version");
  SSL_CTX_free(none);
}

TEST(Tls, bytes_that_are_no_tls_close_their_connection_and_nothing_else) {
  const TestAuthority authority;
  Node node(authority.load("server"));
  ChannelPool pool(to_port(node.listener.port, authority.load("client")));
  ASSERT_TRUE(pool.call("server", "echo", "x").ok());
  for (const auto& bytes : {Bytes("PRPC/TLSnonsense nonsense"), Bytes("PRPC/XYZ"), Bytes("GET / HTTP/1.1\r\n\r\n")}) {
    const int fd = dial(node.listener.port);
    ASSERT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    char block[4096];
    while (recv(fd, block, sizeof(block), 0) > 0) continue;
    close(fd);
  }
  EXPECT_EQ(*pool.call("server", "echo", "x"), "x");
}

/// Stands between two nodes and keeps what passes.
class Tap {
 public:
  explicit Tap(uint16_t to) : to_(to), listener_(std::in_place, [this](int fd) { pass(fd); }), port_(listener_->port) {}
  ~Tap() {
    listener_.reset();
    for (auto& thread : threads_) thread.join();
  }
  uint16_t port() const { return port_; }
  std::string seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void pass(int from) {
    threads_.emplace_back([this, from] {
      const int to = dial(to_);
      pollfd both[2] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
      char block[65536];
      bool is_open = true;
      while (is_open && poll(both, 2, -1) > 0) {
        for (int i = 0; i < 2 && is_open; ++i) {
          if (both[i].revents == 0) continue;
          const auto got = recv(both[i].fd, block, sizeof(block), 0);
          is_open = got > 0 && send(both[1 - i].fd, block, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
          const std::lock_guard lock(mutex_);
          if (got > 0) seen_.append(block, static_cast<size_t>(got));
        }
      }
      close(from);
      close(to);
    });
  }

  const uint16_t to_;
  std::vector<std::thread> threads_;  // the listener's thread only, until it has ended
  std::mutex mutex_;
  std::string seen_;  // guarded by mutex_
  std::optional<TestListener> listener_;
  const uint16_t port_;
};

TEST(Tls, nothing_but_the_mark_passes_in_plain_text) {
  const TestAuthority authority;
  for (const bool with_tls : {true, false}) {
    Node node(with_tls ? authority.load("server") : nullptr);
    Tap tap(node.listener.port);
    {
      ChannelPool pool(to_port(tap.port(), with_tls ? authority.load("client") : nullptr));
      ASSERT_TRUE(pool.call("server", "echo", "the rows of the customer").ok());
    }
    const auto seen = tap.seen();
    const bool shows_text = seen.find("the rows of the customer") != std::string::npos ||
                            seen.find("client") != std::string::npos || seen.find("echo") != std::string::npos;
    EXPECT_EQ(shows_text, !with_tls);
    EXPECT_EQ(seen.starts_with("PRPC/TLS"), with_tls);
    node.server.stop();
  }
}

TEST(TlsFiles, each_mistake_has_its_sentence) {
  const TestAuthority authority, other;
  const auto good = authority.issue("good");
  const auto said = [](TlsFiles files, const std::string& host = "127.0.0.1") {
    const auto loaded = NodeTls::load(std::move(files), host);
    return loaded.ok() ? "none" : loaded.error().message;
  };
  EXPECT_EQ(said(good), "none");
  EXPECT_CONTAINS(said({"/nowhere/ca.crt", good.certificate, good.key}), "/nowhere/ca.crt: No such file");
  EXPECT_CONTAINS(said({good.authority, "/nowhere/a.crt", good.key}), "/nowhere/a.crt: No such file");
  EXPECT_CONTAINS(said({good.authority, good.certificate, "/nowhere/a.key"}), "/nowhere/a.key: No such file");
  EXPECT_CONTAINS(said({good.key, good.certificate, good.key}), "holds no certificate in PEM form");
  EXPECT_CONTAINS(said({good.authority, good.key, good.key}), "holds no certificate in PEM form");
  EXPECT_CONTAINS(said({good.authority, good.certificate, good.certificate}), "holds no private key");
  EXPECT_CONTAINS(said({good.authority, good.certificate, authority.issue("b").key}), "is not the key of");
  EXPECT_CONTAINS(said({other.file("ca.crt"), good.certificate, good.key}), "was not signed by the authority");
  EXPECT_CONTAINS(said(authority.issue("old", {.ends_s = -10})), "expired on");
  EXPECT_CONTAINS(said(authority.issue("early", {.begins_s = 1000})), "is not valid before");
  EXPECT_CONTAINS(said(authority.issue("half", {.uses = "serverAuth"})), "both ends of a connection");
  EXPECT_CONTAINS(said(good, "10.1.1.1"), "is made for 127.0.0.1, localhost and not for this node's host, 10.1.1.1");
}

TEST(TlsFiles, hosts_are_names_addresses_or_the_common_name) {
  const TestAuthority authority;
  const auto is_good_for = [&](const std::string& names, const std::string& host) {
    return NodeTls::load(authority.issue("common.example", {.names = names}), host).ok();
  };
  EXPECT_TRUE(is_good_for("DNS:a.example,IP:10.0.0.1", "a.example"));
  EXPECT_TRUE(is_good_for("DNS:a.example,IP:10.0.0.1", "10.0.0.1"));
  EXPECT_TRUE(is_good_for("IP:2001:db8::1", "2001:db8::1"));
  EXPECT_TRUE(is_good_for("DNS:*.cluster.example", "b.cluster.example"));
  EXPECT_TRUE(is_good_for("", "common.example"));
  EXPECT_FALSE(is_good_for("DNS:a.example", "common.example"));
  EXPECT_FALSE(is_good_for("IP:10.0.0.1", "10.0.0.2"));
}

/// A tunnel's two connected ends over the loopback.
struct Ends {
  TlsTunnels::Opened dialler, acceptor;
};

Ends open_tunnel(TlsTunnels& tunnels, const std::shared_ptr<const NodeTls>& dialler,
                 const std::shared_ptr<const NodeTls>& acceptor) {
  std::promise<int> accepted;
  const TestListener listener([&](int fd) { accepted.set_value(fd); });
  const int fd = dial(listener.port);
  const int other = accepted.get_future().get();
  auto one = tunnels.open(fd, {.tls = dialler, .protocol = "PRFT", .dialled = "127.0.0.1"});
  auto two = tunnels.open(other, {.tls = acceptor, .protocol = "PRFT", .plain_refusal = "no\n"});
  return {*one, *two};
}

std::string read_all(int fd, size_t size) {
  std::string bytes;
  char block[65536];
  pollfd waiting{fd, POLLIN, 0};
  while (bytes.size() < size && poll(&waiting, 1, 10000) > 0) {
    const auto got = recv(fd, block, sizeof block, 0);
    if (got <= 0) break;
    bytes.append(block, static_cast<size_t>(got));
  }
  return bytes;
}

TEST(TlsTunnels, bytes_pass_both_ways_and_the_end_is_passed_on) {
  const TestAuthority authority;
  TlsTunnels tunnels("test");
  const auto ends = open_tunnel(tunnels, authority.load("one"), authority.load("two"));
  std::string bytes(5'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  for (const auto& [from, to] : {std::pair{ends.dialler.fd, ends.acceptor.fd}, {ends.acceptor.fd, ends.dialler.fd}}) {
    std::thread writer([&, from = from] {
      pollfd room{from, POLLOUT, 0};
      for (size_t sent = 0; sent < bytes.size() && poll(&room, 1, 10000) > 0;) {
        const auto count = send(from, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count > 0) sent += static_cast<size_t>(count);
      }
    });
    EXPECT_TRUE(read_all(to, bytes.size()) == bytes);
    writer.join();
  }
  EXPECT_TRUE(ends.acceptor.tunnel->peer()->names("127.0.0.1"));
  EXPECT_EQ(send(ends.dialler.fd, "last", 4, MSG_NOSIGNAL), 4);
  close(ends.dialler.fd);
  EXPECT_EQ(read_all(ends.acceptor.fd, 100), "last");
  EXPECT_EQ(ends.acceptor.tunnel->failure(), "");
  close(ends.acceptor.fd);
}

TEST(TlsTunnels, a_refused_peer_ends_both_ends_with_the_reason) {
  const TestAuthority ours, theirs;
  TlsTunnels tunnels("test");
  const auto ends = open_tunnel(tunnels, ours.load("one"), theirs.load("two"));
  EXPECT_EQ(read_all(ends.dialler.fd, 1), "");
  EXPECT_EQ(read_all(ends.acceptor.fd, 1), "");
  EXPECT_CONTAINS(ends.dialler.tunnel->failure(), "was not signed by the authority in");
  EXPECT_CONTAINS(ends.acceptor.tunnel->failure(), "another authority signed it");
  close(ends.dialler.fd);
  close(ends.acceptor.fd);
}

}  // namespace
}  // namespace pelorus::rpc
