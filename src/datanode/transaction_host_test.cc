// What a node confirms to the controllers of transactions that it has nothing open of.
#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

class TransactionHostTest : public TwoNodes {
 protected:
  TransactionHostTest() {
    run("db = database('dfs://db', VALUE, 1 2 3)\n"
        "pt = createPartitionedTable(db, table(1:0, [`id], [INT]), `pt, `id)\n"
        "pt.append!(table(1 2 as id))");
  }
  /// What the node confirms once it was told to resolve everything that is committed.
  std::vector<TransactionId> confirmed_by(TransactionHost& host) {
    for (const auto transaction : catalogue_.committed()) host.resolve(transaction);
    return host.published();
  }
  SystemClock clock_;
};

TEST_F(TransactionHostTest, what_an_earlier_process_published_is_confirmed_when_the_controllers_ask) {
  const auto committed = catalogue_.committed();
  ASSERT_FALSE(committed.empty());
  // As after a restart: the store has the rows, and nothing is open.
  TransactionHost after(second_.store(), catalogue_, clock_, "dn2");
  EXPECT_EQ(confirmed_by(after), committed);
  after.confirmed(committed);
  EXPECT_TRUE(after.published().empty());
  // The leader that heard it died before it was recorded: the next one asks again.
  EXPECT_EQ(confirmed_by(after), committed);
}

TEST_F(TransactionHostTest, a_decided_write_that_never_came_is_confirmed_and_reported_as_missed) {
  const auto committed = catalogue_.committed();
  LocalNode empty{catalogue_, caller_, "dn2"};  // it has lost its disk
  int missed = 0;
  TransactionHost host(empty.store(), catalogue_, clock_, "dn2");
  host.start([&] { ++missed; });
  EXPECT_EQ(confirmed_by(host), committed);
  const auto told = missed;
  EXPECT_GT(told, 0);
  EXPECT_EQ(confirmed_by(host), committed);  // asked again, as with every heartbeat until the leader has recorded it
  EXPECT_EQ(missed, told) << "each report would bring the same orders again";
  host.stop();
  EXPECT_TRUE(empty.store().chunks().empty());
}

}  // namespace
}  // namespace pelorus::datanode
