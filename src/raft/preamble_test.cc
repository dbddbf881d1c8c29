#include "raft/preamble.h"

#include "raft/internal/fake_peer.h"

namespace pelorus::raft {
namespace {

Preamble sample() {
  return Preamble{.group = "controllers",
                  .cluster = Uuid::random(),
                  .node = Uuid::random(),
                  .id = 5,
                  .alias = "controller1",
                  .target = 6,
                  .instance = Uuid::random(),
                  .nonce = Uuid::random()};
}

TEST(Preamble, three_lines_prove_the_key_to_both_sides) {
  const auto dialler = sample();
  auto line = encode_preamble(dialler, "key");
  EXPECT_TRUE(line.starts_with("PRFT 1 controllers "));
  line.pop_back();
  const auto seen = decode_preamble(line, "key");
  ASSERT_TRUE(seen.ok()) << seen.error().describe();
  EXPECT_EQ(seen.value().alias, "controller1");
  EXPECT_EQ(seen.value().target, 6u);
  const auto nonce = Uuid::random();
  auto consent = encode_consent(line, nonce, "key");
  consent.pop_back();
  EXPECT_EQ(decode_consent(consent, line, "key").value(), nonce);
  const auto confirmation = encode_confirmation(line, nonce, "key");
  EXPECT_EQ(confirmation.size(), kConfirmationBytes);
  EXPECT_TRUE(is_confirmation(confirmation, line, nonce, "key"));
  // Another key, another line or a replayed nonce prove nothing.
  EXPECT_EQ(decode_preamble(line, "other").error().code, ErrorCode::kDenied);
  EXPECT_EQ(decode_consent(consent, line, "other").error().code, ErrorCode::kDenied);
  EXPECT_FALSE(is_confirmation(confirmation, line, Uuid::random(), "key"));
  EXPECT_EQ(decode_consent("PRFT no because", line, "key").error().message, "the peer refused: because");
}

TEST(Preamble, every_altered_byte_is_refused) {
  auto line = encode_preamble(sample(), "key");
  line.pop_back();
  for (size_t at = 0; at < line.size(); ++at) {
    auto altered = line;
    altered[at] ^= 1;
    EXPECT_FALSE(decode_preamble(altered, "key").ok()) << at;
    EXPECT_FALSE(decode_preamble(line.substr(0, at), "key").ok()) << at;
  }
}

TEST(Preamble, listener_finds_the_group) {
  const auto line = encode_preamble(sample(), "");
  for (const size_t size : {size_t{0}, size_t{2}, size_t{4}, line.size() - 1}) {
    const auto group = group_in_preamble(line.substr(0, size));
    ASSERT_TRUE(group.ok()) << size;
    EXPECT_FALSE(group.value().has_value());
  }
  EXPECT_EQ(group_in_preamble(line).value(), "controllers");
  EXPECT_FALSE(group_in_preamble("GET / HTTP/1.1\r\n").ok());
  EXPECT_FALSE(group_in_preamble("PRFT\n").ok());
  EXPECT_FALSE(group_in_preamble("PRFT" + std::string(kPreambleBytesMax, 'x')).ok());
}

class Handshake : public testing::Test {
 protected:
  void SetUp() override {
    peer_ = sample();
    cluster_.make("a");
    cluster_.create("a");
    const std::vector<Member> founders{cluster_["a"].member, Member{peer_.id, peer_.alias}, Member{9, "absent"}};
    ASSERT_TRUE(cluster_["a"].log->bootstrap(founders).ok());
    ASSERT_TRUE(cluster_.run("a").ok());
    peer_.group = "test";
    peer_.cluster = cluster_.uuid();
    peer_.target = cluster_["a"].member.id;
  }
  std::string answer(const std::string& key = "key of the test") {
    return FakePeer(cluster_["a"].listener->port()).greet(peer_, key);
  }
  TestCluster cluster_{"handshake"};
  Preamble peer_;
};

TEST_F(Handshake, member_of_the_cluster_is_let_in) { EXPECT_TRUE(answer().starts_with("PRFT ok ")); }

TEST_F(Handshake, strangers_are_refused_with_the_reason) {
  EXPECT_EQ(answer("wrong key"), "PRFT no the peer does not know the cluster key");
  const auto good = peer_;
  peer_.cluster = Uuid::random();
  EXPECT_TRUE(answer().starts_with("PRFT no it belongs to another cluster"));
  peer_ = good;
  peer_.target = 99;
  EXPECT_TRUE(answer().starts_with("PRFT no it meant another member"));
  peer_ = good;
  peer_.node = cluster_["a"].uuid;
  EXPECT_TRUE(answer().starts_with("PRFT no it claims the identity of this member"));
  FakePeer talkative(cluster_["a"].listener->port());
  talkative.send(encode_preamble(good, "key of the test") + "and more");
  EXPECT_TRUE(talkative.read_line().starts_with("PRFT no the peer sent bytes before it was asked to"));
}

TEST_F(Handshake, second_copy_of_a_connected_member_is_refused) {
  FakePeer first(cluster_["a"].listener->port());
  ASSERT_TRUE(first.join(peer_, "key of the test"));
  std::atomic<bool> ends{false};
  std::thread heartbeats([&] {
    while (!ends) {
      first.append(1, 1, 1, 0, {});
      std::this_thread::sleep_for(10ms);
    }
  });
  auto copy = peer_;
  copy.instance = Uuid::random();
  EXPECT_TRUE(eventually([&] {
    return FakePeer(cluster_["a"].listener->port()).greet(copy, "key of the test").starts_with("PRFT no a member with");
  }));
  ends = true;
  heartbeats.join();
  // Once the first is silent, a restarted member may come back.
  EXPECT_TRUE(eventually(
      [&] { return FakePeer(cluster_["a"].listener->port()).greet(copy, "key of the test").starts_with("PRFT ok"); }));
}

}  // namespace
}  // namespace pelorus::raft
