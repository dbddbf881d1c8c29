// What a node's heartbeats tell of its chunks.
#include "dist/presence.h"

#include <gtest/gtest.h>

#include "base/semaphore.h"

namespace pelorus::dist {
namespace {

using namespace std::chrono_literals;

/// Two controllers that take registrations; the test says how each heartbeat is answered.
class TwoControllers final : public rpc::Caller {
 public:
  using Answer = std::function<meta::HeartbeatReply(const meta::Heartbeat&)>;
  explicit TwoControllers(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  void call_async(const std::string&, std::string_view method, Bytes payload, rpc::CallOptions,
                  rpc::Done done) override {
    if (method == meta::kRegisterNode) {
      meta::RegisterReply reply;
      reply.cluster.bytes.fill(1);
      reply.epoch = 1;
      reply.leader = "ctl1";
      return done(meta::encode(reply));
    }
    const auto beat = meta::decode<meta::Heartbeat>(payload, method);
    ASSERT_TRUE(beat.ok());
    const auto turn = beats.size();
    if (turn >= answers_.size()) return done(meta::encode(meta::HeartbeatReply{}));
    beats.push_back(*beat);
    const auto reply = answers_[turn](*beat);
    if (beats.size() == answers_.size()) all_answered.release();
    done(meta::encode(reply));
  }

  std::vector<meta::Heartbeat> beats;  // of the presence's thread until all are answered
  Semaphore all_answered{0};

 private:
  const std::vector<Answer> answers_;
};

meta::HeartbeatReply asking_about(std::vector<ChunkId> chunks) {
  meta::HeartbeatReply reply;
  for (const auto chunk : chunks) reply.orders.push_back({.kind = meta::Order::Kind::kReport, .chunk = chunk});
  return reply;
}

std::vector<ChunkId> told_by(const meta::Heartbeat& beat) {
  std::vector<ChunkId> chunks;
  for (const auto& one : beat.asked_for) chunks.push_back(one.chunk);
  return chunks;
}

class PresenceTest : public ::testing::Test {
 protected:
  std::vector<meta::Heartbeat> beats_answered(std::vector<TwoControllers::Answer> answers) {
    TwoControllers controllers(std::move(answers));
    ControllerClient client(controllers, {"ctl1", "ctl2"});
    PresenceHooks hooks;
    hooks.chunk = [](ChunkId chunk) { return meta::ReportedChunk{.chunk = chunk, .version = 5}; };
    hooks.chunks = [] { return std::vector<meta::ReportedChunk>{{.chunk = {1}, .version = 1}}; };
    hooks.order = [](const meta::Order&) {};
    Presence presence(client, {.alias = "dn1"}, hooks);
    presence.start();
    EXPECT_TRUE(controllers.all_answered.acquire());
    presence.stop();
    return controllers.beats;
  }
  static meta::HeartbeatReply takes_it(const meta::Heartbeat&) { return {}; }
};

TEST_F(PresenceTest, chunks_asked_for_are_told_once) {
  const auto beats = beats_answered({[](const auto&) { return asking_about({{7}, {8}, {7}}); }, takes_it, takes_it});
  EXPECT_TRUE(told_by(beats[0]).empty());
  EXPECT_EQ(told_by(beats[1]), (std::vector<ChunkId>{{7}, {8}}));
  EXPECT_EQ(beats[1].asked_for[0].version, 5u);
  EXPECT_FALSE(beats[1].chunks) << "only those";
  EXPECT_TRUE(told_by(beats[2]).empty());
}

TEST_F(PresenceTest, what_a_follower_was_told_is_told_the_leader) {
  const auto leads_elsewhere = [](const auto&) {
    return meta::HeartbeatReply{.register_again = true, .leader = "ctl2"};
  };
  const auto some = beats_answered({[](const auto&) { return asking_about({{7}}); }, leads_elsewhere, takes_it});
  EXPECT_EQ(told_by(some[1]), std::vector<ChunkId>{{7}});
  EXPECT_EQ(told_by(some[2]), std::vector<ChunkId>{{7}});
  const auto all =
      beats_answered({[](const auto&) { return asking_about({{}}); }, leads_elsewhere, takes_it, takes_it});
  EXPECT_TRUE(all[1].chunks && all[2].chunks);
  EXPECT_FALSE(all[3].chunks);
}

}  // namespace
}  // namespace pelorus::dist
