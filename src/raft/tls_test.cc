// Members that speak TLS: they elect, replicate and come back as in plain text, and nobody else gets in.

#include "raft/internal/fake_peer.h"
#include "rpc/test_certificates.h"

namespace pelorus::raft {
namespace {

/// Members with a certificate each, and the times of a real group.
std::function<void(LibraftOptions&)> with_tls(const rpc::TestAuthority& authority) {
  return [&authority](LibraftOptions& options) {
    options.tls = authority.load(options.self.alias);
    options.election_timeout = 300ms;
    options.heartbeat = 50ms;
  };
}

TEST(RaftTls, members_replicate_and_a_new_leader_goes_on) {
  const rpc::TestAuthority authority;
  TestCluster cluster("tls", with_tls(authority));
  cluster.found({"a", "b", "c"});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(cluster.propose("command " + std::to_string(i)).ok());
  ASSERT_TRUE(cluster.propose(std::string(1'000'000, 'x')).ok());
  const auto first = cluster.leader();
  const auto term = cluster[first].log->status().term;
  cluster.stop(first);
  ASSERT_TRUE(cluster.propose("without the first").ok());
  EXPECT_NE(cluster.leader(), first);
  ASSERT_TRUE(cluster.start(first).ok());
  EXPECT_TRUE(cluster.agree(52));
  EXPECT_GT(cluster[cluster.leader()].log->status().term, term);
}

TEST(RaftTls, an_idle_group_keeps_its_leader) {
  const rpc::TestAuthority authority;
  const auto with_authority = with_tls(authority);
  TestCluster cluster("tls_idle", [&](LibraftOptions& options) {
    with_authority(options);
    options.election_timeout = 1500ms;  // a machine may well be busy for a few heartbeats
  });
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("first").ok());
  const auto leads = cluster.leader();
  const auto term = cluster[leads].log->status().term;
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(500ms);  // several election timeouts of heartbeats are what is tested
    ASSERT_TRUE(cluster.propose("again").ok());
  }
  EXPECT_EQ(cluster.leader(), leads);
  EXPECT_EQ(cluster[leads].log->status().term, term);
}

TEST(RaftTls, a_member_with_a_foreign_certificate_is_kept_out) {
  const rpc::TestAuthority ours("ours"), theirs("theirs");
  TestCluster cluster("tls_foreign", [&](LibraftOptions& options) {
    options.tls = (options.self.alias == "c" ? theirs : ours).load(options.self.alias);
  });
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("for two of three").ok());
  const auto leads = cluster.leader();
  EXPECT_NE(leads, "c");
  EXPECT_TRUE(eventually([&] { return cluster[leads].log->status().silent == std::vector<std::string>{"c"}; }));
  EXPECT_TRUE(cluster["c"].machine->commands().empty());
}

TEST(RaftTls, a_member_must_show_the_certificate_of_its_host) {
  const rpc::TestAuthority authority;
  TestCluster cluster("tls_host", [&](LibraftOptions& options) {
    options.tls = authority.load(options.self.alias);
    options.hosts = [](const std::string& alias) {
      return std::vector<std::string>{alias == "c" ? "h3" : "127.0.0.1"};
    };
  });
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(eventually([&] { return cluster.leader() != "c"; }));
  ASSERT_TRUE(cluster.propose("for two of three").ok());
  EXPECT_NE(cluster.leader(), "c");
}

TEST(RaftTls, is_turned_on_member_by_member_through_the_mixed_mode) {
  const rpc::TestAuthority authority;
  std::map<std::string, std::optional<rpc::TlsDemand>> modes;  // of a member at its next start; none: off
  TestCluster cluster("tls_mixed", [&](LibraftOptions& options) {
    const auto mode = modes[options.self.alias];
    if (mode) options.tls = authority.load(options.self.alias, {}, "127.0.0.1", *mode);
  });
  cluster.found({"a", "b", "c"});
  size_t written = 0;
  const auto write = [&] {
    ASSERT_TRUE(cluster.propose("command " + std::to_string(written)).ok());
    ++written;
  };
  write();
  for (const auto mode : {rpc::TlsDemand::kWhereSpoken, rpc::TlsDemand::kAlways}) {
    for (const std::string alias : {"a", "b", "c"}) {
      modes[alias] = mode;
      cluster.stop(alias);
      write();
      ASSERT_TRUE(cluster.start(alias).ok());
      ASSERT_TRUE(cluster.agree(written)) << alias;
    }
  }
  // And back, which is the same way.
  modes["a"] = rpc::TlsDemand::kWhereSpoken;
  cluster.stop("a");
  ASSERT_TRUE(cluster.start("a").ok());
  modes["b"] = rpc::TlsDemand::kWhereSpoken;
  cluster.stop("b");
  ASSERT_TRUE(cluster.start("b").ok());
  write();
  EXPECT_TRUE(cluster.agree(written));
}

TEST(RaftTls, plain_text_is_refused_and_says_so) {
  const rpc::TestAuthority authority;
  TestCluster cluster("tls_plain", with_tls(authority));
  cluster.found({"a", "b", "c"});
  ASSERT_TRUE(cluster.propose("first").ok());
  auto& node = cluster["a"];
  const auto& other = cluster["b"];
  FakePeer peer(node.listener->port());
  const Preamble preamble{.group = "test",
                          .cluster = cluster.uuid(),
                          .node = other.uuid,
                          .id = other.member.id,
                          .alias = "b",
                          .target = node.member.id,
                          .instance = Uuid::random(),
                          .nonce = Uuid::random()};
  EXPECT_EQ(peer.greet(preamble, "key of the test"),
            "PRFT no this member takes only TLS from others; set enableRpcSSL=1 on that node, too");
}

TEST(RaftTls, a_member_in_plain_text_refuses_tls) {
  TestCluster cluster("tls_unwanted");
  cluster.found({"a"});
  FakePeer peer(cluster["a"].listener->port());
  peer.send("PRFT/TLS");
  EXPECT_EQ(peer.read_line(), "PRFT no it wants TLS, which is not set here; set enableRpcSSL=1 on all nodes");
}

}  // namespace
}  // namespace pelorus::raft
