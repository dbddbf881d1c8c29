// Server and channels over real sockets on the loopback.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <random>
#include <thread>

#include "base/semaphore.h"
#include "rpc/channel_pool.h"
#include "rpc/server.h"
#include "rpc/test_listener.h"

namespace pelorus::rpc {
namespace {

using namespace std::chrono_literals;

const Uuid kCluster = Uuid::random();

IdentitySource identity_of(const std::string& alias, Uuid cluster = kCluster) {
  const Identity identity{cluster, Uuid::random(), alias, config::NodeMode::kDataNode, 1};
  return [identity] { return identity; };
}

struct NodeOptions {
  std::string alias = "server";
  std::string key = "secret";
  Uuid cluster = kCluster;
  size_t workers = 4;
};

/// A server behind a listener.
struct Node {
  explicit Node(NodeOptions options = {})
      : server({identity_of(options.alias, options.cluster), options.key, options.workers}),
        listener([this](int fd) { server.accept_connection(fd, {}); }) {
    server.on("echo", [](const Peer&, std::string_view payload, const CallInfo&) { return Bytes(payload); });
    server.on("who", [](const Peer& peer, std::string_view, const CallInfo&) { return Bytes(peer.identity.alias); });
    server.on("fail", [](const Peer&, std::string_view, const CallInfo&) -> Result<Bytes> {
      return Error{ErrorCode::kNotLeader, "ask another"};
    });
    server.on("throw", [](const Peer&, std::string_view, const CallInfo&) -> Result<Bytes> {
      throw std::runtime_error("oops");
    });
    server.on("block", [this](const Peer&, std::string_view, const CallInfo&) {
      entered.release();
      gate.acquire();
      return Bytes("released");
    });
    server.on("heartbeat", [](const Peer&, std::string_view, const CallInfo&) { return Bytes("alive"); },
              {.urgent = true});
    server.on("hello", [](const Peer&, std::string_view, const CallInfo&) { return Bytes("hi"); },
              {.allows_strangers = true});
  }

  Semaphore entered{0};
  Semaphore gate{0};
  Server server;
  TestListener listener;
};

ChannelOptions to_port(const std::function<uint16_t()>& port, NodeOptions self = {"client"}) {
  return {identity_of(self.alias, self.cluster), self.key, [port](const std::string&) -> Result<Endpoint> {
            return Endpoint{"127.0.0.1", port()};
          }};
}

ChannelOptions to_node(const Node& node, NodeOptions self = {"client"}) {
  return to_port([port = node.listener.port] { return port; }, std::move(self));
}

TEST(Rpc, answers_errors_and_identities_arrive) {
  Node node;
  ChannelPool pool(to_node(node));
  EXPECT_EQ(*pool.call("server", "echo", "hello"), "hello");
  EXPECT_EQ(*pool.call("server", "echo", ""), "");
  EXPECT_EQ(*pool.call("server", "who", ""), "client");
  EXPECT_EQ(pool.call("server", "fail", "").error().code, ErrorCode::kNotLeader);
  EXPECT_EQ(pool.call("server", "nothing", "").error().code, ErrorCode::kUnavailable) << "it may be registered later";
  node.server.methods().complete();
  EXPECT_EQ(pool.call("server", "nothing", "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(pool.call("server", "throw", "").error().message, "method throw failed: oops");
  EXPECT_TRUE(pool.is_connected("server"));
}

TEST(Rpc, large_payloads_arrive_whole) {
  Node node;
  ChannelPool pool(to_node(node));
  Bytes payload(30'000'001, '\0');
  std::mt19937_64 random(7);
  for (size_t i = 0; i + 8 < payload.size(); i += 8) {
    const auto word = random();
    std::memcpy(payload.data() + i, &word, 8);
  }
  EXPECT_TRUE(*pool.call("server", "echo", payload) == payload);
}

TEST(Rpc, many_threads_share_one_peer) {
  Node node;
  ChannelPool pool(to_node(node));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const auto text = std::to_string(t) + ":" + std::to_string(i) + std::string(static_cast<size_t>(i * 7), 'x');
        const auto answer = pool.call("server", "echo", text, {.urgent = i % 5 == 0});
        if (!answer.ok() || *answer != text) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Rpc, urgent_calls_are_answered_while_every_worker_is_blocked) {
  Node node;
  ChannelPool pool(to_node(node));
  std::vector<std::future<Result<Bytes>>> blocked;
  for (int i = 0; i < 6; ++i) {
    blocked.push_back(std::async(std::launch::async, [&] { return pool.call("server", "block", ""); }));
  }
  for (int i = 0; i < 4; ++i) node.entered.acquire();
  EXPECT_EQ(*pool.call("server", "heartbeat", "", {.urgent = true}), "alive");
  EXPECT_EQ(*pool.call("server", "echo", "x", {.urgent = true}), "x");
  node.gate.release(6);
  for (auto& call : blocked) EXPECT_EQ(*call.get(), "released");
}

TEST(Rpc, a_call_whose_time_is_up_after_sending_has_an_unknown_outcome) {
  Node node;
  ChannelPool pool(to_node(node));
  const auto answer = pool.call("server", "block", "", {.timeout = 60ms});
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(answer.error().kind(), ErrorKind::kTimeout);
  node.gate.release();
}

TEST(Rpc, cancelling_reaches_the_handler) {
  Node node;
  std::promise<void> heard;
  node.server.on("wait", [&](const Peer&, std::string_view, const CallInfo& info) -> Result<Bytes> {
    node.entered.release();
    while (!info.cancelled.cancelled()) std::this_thread::yield();
    heard.set_value();
    return Error{ErrorCode::kCancelled, "stopped"};
  });
  ChannelPool pool(to_node(node));
  CancellationToken token;
  auto call = std::async(std::launch::async, [&] { return pool.call("server", "wait", "", {.cancellation = token}); });
  node.entered.acquire();
  token.cancel();
  EXPECT_EQ(call.get().error().code, ErrorCode::kCancelled);
  EXPECT_EQ(heard.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Rpc, a_peer_that_does_not_listen_is_unavailable) {
  uint16_t free_port = 0;
  {
    const TestListener listener([](int fd) { close(fd); });
    free_port = listener.port;
  }
  ChannelPool pool(to_port([free_port] { return free_port; }));
  EXPECT_EQ(pool.call("server", "echo", "").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(pool.call("server", "echo", "").error().code, ErrorCode::kUnavailable);  // while backing off
}

TEST(Rpc, an_alias_without_address_is_unavailable) {
  ChannelPool pool({identity_of("client"), "", [](const std::string& alias) -> Result<Endpoint> {
                      return Error{ErrorCode::kNotFound, "no member " + alias};
                    }});
  EXPECT_EQ(pool.call("ghost", "echo", "").error().code, ErrorCode::kUnavailable);
}

TEST(Rpc, a_broken_connection_leaves_the_outcome_unknown_and_the_next_call_connects_again) {
  auto first = std::make_unique<Node>();
  std::atomic<uint16_t> port{first->listener.port};
  ChannelPool pool(to_port([&] { return port.load(); }));
  auto call = std::async(std::launch::async, [&] { return pool.call("server", "block", ""); });
  first->entered.acquire();
  pool.reconnect("server");
  EXPECT_EQ(call.get().error().code, ErrorCode::kOutcomeUnknown);
  first->gate.release();
  EXPECT_EQ(*pool.call("server", "echo", "again"), "again");

  Node second;  // the peer moved
  port = second.listener.port;
  first.reset();
  for (auto answer = pool.call("server", "echo", "there");; answer = pool.call("server", "echo", "there")) {
    if (answer.ok()) break;
    EXPECT_TRUE(answer.error().code == ErrorCode::kUnavailable || answer.error().code == ErrorCode::kOutcomeUnknown);
  }
}

TEST(Rpc, a_silent_peer_is_noticed_long_before_the_call_times_out) {
  Node node;
  std::atomic<bool> is_mute{false};
  std::vector<std::thread> relays;  // grows on the listener's thread only, joined when both ends have closed
  // Stands between both and swallows everything once mute.
  TestListener relay([&](int from) {
    const int to = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(node.listener.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(to, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    relays.emplace_back([&, from, to] {
      pollfd both[2] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
      char block[4096];
      while (poll(both, 2, -1) > 0) {
        for (int i = 0; i < 2; ++i) {
          if (both[i].revents == 0) continue;
          const auto got = recv(both[i].fd, block, sizeof(block), 0);
          if (got <= 0) {
            close(from);
            close(to);
            return;
          }
          if (!is_mute) (void)!write(both[1 - i].fd, block, static_cast<size_t>(got));
        }
      }
    });
  });
  ChannelPool pool(to_port([&] { return relay.port; }));
  ASSERT_TRUE(pool.call("server", "echo", "x").ok());
  is_mute = true;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(pool.call("server", "echo", "x").error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);  // far below the call's own 30 s
  pool.stop();
  node.server.stop();
  for (auto& relay_thread : relays) relay_thread.join();
}

TEST(Rpc, the_wrong_key_is_refused) {
  Node node;
  ChannelPool pool(to_node(node, {"client", "other key"}));
  EXPECT_EQ(pool.call("server", "echo", "").error().code, ErrorCode::kDenied);
}

TEST(Rpc, a_foreign_cluster_is_refused) {
  Node node;
  ChannelPool pool(to_node(node, {"client", "secret", Uuid::random()}));
  EXPECT_EQ(pool.call("server", "hello", "").error().code, ErrorCode::kDenied);
}

TEST(Rpc, a_stranger_reaches_only_what_is_open_to_strangers) {
  Node node;
  ChannelPool pool(to_node(node, {"client", "secret", Uuid()}));
  EXPECT_EQ(*pool.call("server", "hello", ""), "hi");
  EXPECT_EQ(pool.call("server", "echo", "").error().code, ErrorCode::kDenied);
}

TEST(Rpc, another_node_at_the_address_is_a_conflict) {
  Node node({.alias = "server"});
  ChannelPool pool(to_node(node));
  EXPECT_EQ(pool.call("node7", "echo", "").error().code, ErrorCode::kConflict);
}

/// Sends `bytes` to the node and waits until the node closes the connection.
void expect_closed_after(const Node& node, const Bytes& bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(node.listener.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  char block[4096];
  while (recv(fd, block, sizeof(block), 0) > 0) {
  }
  close(fd);
}

TEST(Rpc, hostile_bytes_close_their_connection_and_nothing_else) {
  Node node;
  ChannelPool pool(to_node(node));
  ASSERT_TRUE(pool.call("server", "echo", "x").ok());
  expect_closed_after(node, "GET / HTTP/1.1\r\n\r\n");
  expect_closed_after(node, Bytes("PRPC\xFF\xFF\xFF\xFF", 8));
  expect_closed_after(node, Bytes("PRPC\x04\x00\x00\x00zzzz", 12));
  EXPECT_EQ(*pool.call("server", "echo", "x"), "x");
}

TEST(Rpc, a_stopping_server_waits_for_its_handlers_and_refuses_new_calls) {
  Node node;
  ChannelPool pool(to_node(node));
  auto call = std::async(std::launch::async, [&] { return pool.call("server", "block", ""); });
  node.entered.acquire();
  auto stop = std::async(std::launch::async, [&] { node.server.stop(); });
  Result<Bytes> refused = Bytes();
  while (refused.ok()) refused = pool.call("server", "heartbeat", "", {.timeout = 1s, .urgent = true});
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(stop.wait_for(0s), std::future_status::timeout);
  node.gate.release();
  EXPECT_EQ(*call.get(), "released");
  stop.get();
}

TEST(Rpc, ending_the_pool_ends_its_calls) {
  Node node;
  auto pool = std::make_unique<ChannelPool>(to_node(node));
  std::promise<Result<Bytes>> ended;
  pool->call_async("server", "block", "", {}, [&](Result<Bytes> result) { ended.set_value(std::move(result)); });
  node.entered.acquire();
  pool.reset();
  EXPECT_EQ(ended.get_future().get().error().code, ErrorCode::kOutcomeUnknown);
  node.gate.release();
}

}  // namespace
}  // namespace pelorus::rpc
