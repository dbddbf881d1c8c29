// How many exports stay open on the node that others copy from.
#include "datanode/copy_replica.h"

#include "datanode/cluster_fixture.h"
#include "meta/archive.h"

namespace pelorus::datanode {
namespace {

struct OpenAsked {
  ChunkId chunk;
  Version from = 0;
  template <class A>
  void fields(A& a) {
    a(chunk, from);
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
    rpc::Peer peer;
    peer.identity.alias = importer;
    TRY(const auto bytes, methods_.find("data.export_open")->handler(peer, meta::encode(OpenAsked{chunk, from}), {}));
    return meta::decode<OpenAnswered>(bytes, "data.export_open");
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

}  // namespace
}  // namespace pelorus::datanode
