// How many exports stay open on the node that others copy from.
#include "datanode/copy_replica.h"

#include <algorithm>

#include "datanode/cluster_fixture.h"
#include "meta/archive.h"

namespace pelorus::datanode {
namespace {

struct OpenAsked {
  ChunkId chunk;
  Version from = 0;
  bool files = false;
  template <class A>
  void fields(A& a) {
    a(chunk, from, files);
  }
};
/// As programs ask that read no column files in a copy.
struct OlderOpenAsked {
  ChunkId chunk;
  Version from = 0;
  template <class A>
  void fields(A& a) {
    a(chunk, from);
  }
};
struct NextAsked {
  uint64_t id = 0;
  template <class A>
  void fields(A& a) {
    a(id);
  }
};
struct NextAnswered {
  std::optional<std::string> message;
  template <class A>
  void fields(A& a) {
    a(message);
  }
};
/// As programs ask and read that take several messages at once.
struct ManyAsked {
  uint64_t id = 0;
  uint64_t bytes_wanted = 0;
  template <class A>
  void fields(A& a) {
    a(id, bytes_wanted);
  }
};
struct ManyAnswered {
  std::optional<std::string> message;
  std::vector<std::string> more;
  bool ended = false;
  template <class A>
  void fields(A& a) {
    a(message, more, ended);
  }
};
struct OpenAnswered {
  uint64_t id = 0;
  Version from = 0;
  Version to = 0;
  template <class A>
  void fields(A& a) {
    a(id, from, to);
  }
};

class ExportDeskTest : public TwoNodes {
 protected:
  ExportDeskTest() : desk_(first_.store(), scrubber_) {
    run("db = database('dfs://db', VALUE, 1..70)\n"
        "pt = createPartitionedTable(db, table(1:0, [`id], [INT]), `pt, `id)\n"
        "pt.append!(table(1..70 as id))");
    desk_.register_methods(methods_);
  }
  Result<OpenAnswered> open(const std::string& importer, ChunkId chunk, Version from) {
    return open(importer, OpenAsked{chunk, from});
  }
  template <class Asked>
  Result<OpenAnswered> open(const std::string& importer, const Asked& asked) {
    rpc::Peer peer;
    peer.identity.alias = importer;
    TRY(const auto bytes, methods_.find("data.export_open")->handler(peer, meta::encode(asked), {}));
    return meta::decode<OpenAnswered>(bytes, "data.export_open");
  }
  /// Kinds of all messages of an open export.
  std::vector<int> kinds(uint64_t id) {
    std::vector<int> all;
    while (true) {
      const auto bytes = methods_.find("data.export_next")->handler({}, meta::encode(NextAsked{id}), {});
      EXPECT_TRUE(bytes.ok());
      if (!bytes.ok()) return all;
      const auto answer = meta::decode<NextAnswered>(*bytes, "data.export_next");
      if (!answer.ok() || !answer->message) return all;
      all.push_back(answer->message->at(8));
    }
  }

  Result<ManyAnswered> next(uint64_t id, uint64_t bytes_wanted) {
    TRY(const auto bytes,
        methods_.find("data.export_next")->handler({}, meta::encode(ManyAsked{id, bytes_wanted}), {}));
    return meta::decode<ManyAnswered>(bytes, "data.export_next");
  }

  Scrubber scrubber_{first_.store(), {}};
  ExportDesk desk_;
  rpc::Methods methods_;
};

TEST_F(ExportDeskTest, a_node_that_lacks_nothing_leaves_nothing_open) {
  const auto chunks = first_.store().chunks();
  ASSERT_GT(chunks.size(), kExportsMax);
  for (const auto& info : chunks) {
    const auto opened = open("dn2", info.chunk, info.version);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->to, info.version);
  }
}

TEST_F(ExportDeskTest, opening_again_ends_what_the_same_node_had_open_of_the_chunk) {
  const auto chunks = first_.store().chunks();
  for (size_t i = 0; i < 2 * kExportsMax; ++i) ASSERT_TRUE(open("dn2", chunks[0].chunk, 0).ok());
  for (size_t i = 0; i + 1 < kExportsMax; ++i) ASSERT_TRUE(open("dn3", chunks[i].chunk, 0).ok());
  const auto refused = open("dn3", chunks[kExportsMax].chunk, 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST_F(ExportDeskTest, column_files_go_as_they_are_to_those_who_ask_for_them) {
  ASSERT_TRUE(first_.store().flush_all().ok());
  const auto chunk = first_.store().chunks()[0].chunk;
  const auto newer = open("dn2", OpenAsked{.chunk = chunk, .files = true});
  ASSERT_TRUE(newer.ok()) << newer.error().message;
  EXPECT_EQ(kinds(newer->id), (std::vector<int>{1, 4, 5, 3})) << "head, file, its bytes, end";
  const auto older = open("dn2", OlderOpenAsked{.chunk = chunk});
  ASSERT_TRUE(older.ok()) << older.error().message;
  EXPECT_EQ(kinds(older->id), (std::vector<int>{1, 2, 3})) << "head, rows, end";
}

TEST_F(ExportDeskTest, a_reply_holds_as_many_messages_as_the_importer_wants_bytes) {
  ASSERT_TRUE(first_.store().flush_all().ok());
  const auto opened = open("dn2", OpenAsked{.chunk = first_.store().chunks()[0].chunk, .files = true});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto head = next(opened->id, 1);
  ASSERT_TRUE(head.ok()) << head.error().message;
  EXPECT_EQ(head->message.value().at(8), 1);
  EXPECT_TRUE(head->more.empty());
  EXPECT_FALSE(head->ended);
  const auto rest = next(opened->id, 1u << 20);
  ASSERT_TRUE(rest.ok()) << rest.error().message;
  EXPECT_EQ(rest->message.value().at(8), 4);
  ASSERT_EQ(rest->more.size(), 2u);
  EXPECT_EQ(rest->more[0].at(8), 5);
  EXPECT_EQ(rest->more[1].at(8), 3);
  EXPECT_TRUE(rest->ended);
  const auto after = next(opened->id, 1u << 20);
  ASSERT_FALSE(after.ok());
  EXPECT_EQ(after.error().code, ErrorCode::kNotFound) << "an export that is over is closed";
}

TEST_F(ExportDeskTest, replies_made_ahead_hold_what_is_read_one_message_at_a_time) {
  run("big = createPartitionedTable(db, table(1:0, [`id, `v], [INT, DOUBLE]), `big, `id)\n"
      "big.append!(table(take(1, 1200000) as id, rand(1.0, 1200000) as v))");
  ASSERT_TRUE(first_.store().flush_all().ok());
  const auto chunks = first_.store().chunks();
  const auto big = std::max_element(chunks.begin(), chunks.end(), [](auto& a, auto& b) { return a.rows < b.rows; });
  const auto messages = [&](const std::string& importer, uint64_t bytes_wanted, size_t& replies) {
    std::vector<std::string> all;
    const auto opened = open(importer, OpenAsked{.chunk = big->chunk, .files = true});
    for (bool ended = !opened.ok(); !ended; ++replies) {
      auto reply = next(opened->id, bytes_wanted);
      EXPECT_TRUE(reply.ok()) << reply.error().message;
      if (!reply.ok()) break;
      if (reply->message) all.push_back(std::move(*reply->message));
      for (auto& one : reply->more) all.push_back(std::move(one));
      ended = reply->ended;
    }
    return all;
  };
  size_t one_by_one = 0, ahead = 0;
  const auto wanted = messages("dn2", 1, one_by_one);
  EXPECT_EQ(messages("dn3", 1u << 20, ahead), wanted);
  EXPECT_GT(wanted.size(), 4u);
  EXPECT_GT(ahead, 2u);
  EXPECT_LT(ahead, one_by_one);
}

}  // namespace
}  // namespace pelorus::datanode
