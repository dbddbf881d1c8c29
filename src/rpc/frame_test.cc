#include "rpc/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "rpc/handshake.h"

namespace pelorus::rpc {
namespace {

Bytes bytes_of(const FrameFields& fields, Bytes payload) {
  const auto frame = make_frame(fields, std::move(payload));
  return frame.head + frame.payload;
}

std::vector<Frame> read_in_pieces(std::string_view bytes, size_t piece) {
  FrameReader reader;
  std::vector<Frame> frames;
  while (!bytes.empty()) {
    auto part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (true) {
      auto frame = reader.read(part);
      EXPECT_TRUE(frame.ok()) << frame.error().describe();
      if (!frame.ok()) return frames;
      if (*frame)
        frames.push_back(std::move(**frame));
      else if (part.empty())
        break;
    }
  }
  return frames;
}

TEST(Frame, survives_any_cutting_into_pieces) {
  const Bytes big(700'000, 'x');
  const auto stream = bytes_of({FrameKind::kRequest, kUrgentFlag, 7, 250, "node.echo"}, "hello") +
                      bytes_of({FrameKind::kPing}, {}) + bytes_of({FrameKind::kResponse, 0, 8}, big);
  for (const size_t piece : {1UL, 3UL, 24UL, 25UL, 1000UL, stream.size()}) {
    const auto frames = read_in_pieces(stream, piece);
    ASSERT_EQ(frames.size(), 3u) << piece;
    EXPECT_EQ(frames[0].method(), "node.echo");
    EXPECT_EQ(frames[0].payload(), "hello");
    EXPECT_EQ(frames[0].deadline_ms, 250u);
    EXPECT_EQ(frames[1].kind, FrameKind::kPing);
    EXPECT_EQ(frames[2].body, big);
  }
}

TEST(Frame, every_flipped_bit_is_noticed) {
  const auto good = bytes_of({FrameKind::kRequest, 0, 7, 250, "m"}, "payload");
  for (size_t bit = 32; bit < good.size() * 8; ++bit) {  // behind the length
    auto bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    FrameReader reader;
    std::string_view rest = bad;
    const auto frame = reader.read(rest);
    EXPECT_FALSE(frame.ok()) << bit;
  }
}

TEST(Frame, a_stated_length_allocates_little_before_the_bytes_arrive) {
  auto bytes = bytes_of({FrameKind::kResponse, 0, 1}, {});
  const uint32_t huge = kPayloadBytesMax;
  std::memcpy(bytes.data(), &huge, sizeof(huge));
  FrameReader reader;
  std::string_view rest = bytes;
  ASSERT_TRUE(reader.read(rest).ok());
  EXPECT_LE(reader.body_room(SIZE_MAX).second, 256u << 10);
}

TEST(Frame, a_length_beyond_the_limit_is_refused) {
  auto bytes = bytes_of({FrameKind::kResponse, 0, 1}, {});
  const uint32_t huge = kPayloadBytesMax + 1;
  std::memcpy(bytes.data(), &huge, sizeof(huge));
  FrameReader reader;
  std::string_view rest = bytes;
  EXPECT_EQ(reader.read(rest).error().code, ErrorCode::kCorrupt);
}

TEST(Frame, errors_travel_with_their_code) {
  const auto error = decode_error(encode_error({ErrorCode::kNotLeader, "ask controller2"}));
  EXPECT_EQ(error.code, ErrorCode::kNotLeader);
  EXPECT_EQ(error.message, "ask controller2");
  EXPECT_EQ(decode_error("x").code, ErrorCode::kCorrupt);
  EXPECT_EQ(decode_error(std::string_view("\xFF\xFFz", 3)).code, ErrorCode::kInternal);
}

struct Talk {
  Status client;
  Status server;
  Identity seen_by_server;
  Identity seen_by_client;
  bool is_member = false;
};

Identity identity(const char* alias, const Uuid& cluster) {
  return {cluster, Uuid::random(), alias, config::NodeMode::kController, 5};
}

Talk talk(HandshakeOptions client_options, HandshakeOptions server_options, Handshake::Admit admit = {}) {
  Handshake client(Handshake::Side::kClient, std::move(client_options));
  Handshake server(Handshake::Side::kServer, std::move(server_options), std::move(admit));
  Bytes to_server = client.start();
  Bytes to_client;
  Talk talk;
  for (int turn = 0; turn < 4 && talk.client.ok(); ++turn) {
    std::string_view arriving = to_server;
    Bytes answer;
    if (talk.server.ok()) talk.server = server.advance(arriving, answer);
    to_server.clear();
    arriving = answer;
    talk.client = client.advance(arriving, to_server);
  }
  talk.seen_by_server = server.peer();
  talk.seen_by_client = client.peer();
  talk.is_member = server.done() && client.done() && server.peer_is_member() && client.peer_is_member();
  return talk;
}

TEST(Handshake, introduces_members_to_each_other) {
  const auto cluster = Uuid::random();
  const auto result = talk({identity("node1", cluster), "secret", "controller1", Lane::kBulk},
                           {identity("controller1", cluster), "secret", "", Lane::kOrdinary});
  EXPECT_TRUE(result.client.ok() && result.server.ok());
  EXPECT_TRUE(result.is_member);
  EXPECT_EQ(result.seen_by_server.alias, "node1");
  EXPECT_EQ(result.seen_by_client.alias, "controller1");
  EXPECT_EQ(result.seen_by_client.epoch, 5u);
}

TEST(Handshake, a_wrong_key_is_refused_before_anything_else_is_believed) {
  const auto cluster = Uuid::random();
  const auto result = talk({identity("a", cluster), "wrong", "", Lane::kOrdinary},
                           {identity("b", cluster), "secret", "", Lane::kOrdinary});
  EXPECT_EQ(result.client.error().code, ErrorCode::kDenied);
  EXPECT_FALSE(result.is_member);
}

TEST(Handshake, a_caller_that_skips_the_proof_is_refused) {
  const auto cluster = Uuid::random();
  Handshake client(Handshake::Side::kClient, {identity("a", cluster), "wrong", "", Lane::kOrdinary});
  Handshake server(Handshake::Side::kServer, {identity("b", cluster), "secret", "", Lane::kOrdinary});
  Bytes bytes = client.start();
  ByteWriter(bytes).put_string(Bytes(32, 'p'));
  std::string_view arriving = bytes;
  Bytes answer;
  EXPECT_EQ(server.advance(arriving, answer).error().code, ErrorCode::kDenied);
  EXPECT_FALSE(server.done());
}

TEST(Handshake, foreign_clusters_refuse_each_other) {
  const auto result = talk({identity("a", Uuid::random()), "k", "", Lane::kOrdinary},
                           {identity("b", Uuid::random()), "k", "", Lane::kOrdinary});
  EXPECT_EQ(result.server.error().code, ErrorCode::kDenied);
  EXPECT_EQ(result.client.error().code, ErrorCode::kDenied);
  EXPECT_NE(result.client.error().message.find("belongs to cluster"), std::string::npos);
}

TEST(Handshake, a_node_without_a_cluster_is_a_stranger) {
  const auto result = talk({identity("a", Uuid()), "k", "", Lane::kOrdinary},
                           {identity("b", Uuid::random()), "k", "", Lane::kOrdinary});
  EXPECT_TRUE(result.client.ok() && result.server.ok());
  EXPECT_FALSE(result.is_member);
}

TEST(Handshake, another_alias_at_the_address_is_a_conflict) {
  const auto cluster = Uuid::random();
  const auto result =
      talk({identity("a", cluster), "k", "node9", Lane::kOrdinary}, {identity("b", cluster), "k", "", Lane::kOrdinary});
  EXPECT_EQ(result.client.error().code, ErrorCode::kConflict);
}

TEST(Handshake, who_is_not_admitted_hears_why) {
  const auto cluster = Uuid::random();
  const auto result = talk({identity("a", cluster), "k", "", Lane::kOrdinary},
                           {identity("b", cluster), "k", "", Lane::kOrdinary}, [](const Identity& who) {
                             return Status(Error{ErrorCode::kDenied, who.alias + " lives elsewhere"});
                           });
  EXPECT_EQ(result.client.error().message, "refused by the peer: a lives elsewhere");
}

TEST(Handshake, hostile_bytes_end_it_and_never_crash_it) {
  std::mt19937 random(20240501);
  const auto cluster = Uuid::random();
  for (int round = 0; round < 3000; ++round) {
    Handshake client(Handshake::Side::kClient, {identity("a", cluster), "k", "b", Lane::kOrdinary});
    Handshake server(Handshake::Side::kServer, {identity("b", cluster), "k", "", Lane::kOrdinary});
    Bytes bytes = client.start();
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(1 + random() % (bytes.size() + 20), static_cast<char>(random()));
    std::string_view arriving = bytes;
    Bytes answer;
    (void)server.advance(arriving, answer);
    EXPECT_FALSE(server.done());
  }
}

}  // namespace
}  // namespace pelorus::rpc
