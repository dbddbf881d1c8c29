// The leader drops partitions whose time is over.
#include "meta/retention.h"

#include "controller/service_fixture.h"
#include "functions/local_time.h"

namespace pelorus::controller {
namespace {

using types::Scalar;
using types::Type;

class RetentionTest : public ServiceFixture {
 protected:
  RetentionTest() : ServiceFixture({}) {
    meta::PartitionLevel level{.type = meta::PartitionType::kValue, .value_type = Type::kDate, .values = {day(0)}};
    must_change(meta::CreateDatabase{.database = {.path = "dfs://days", .scheme = {{level}}}});
    must_change(meta::CreateTable{.table = {.database = "dfs://days",
                                            .name = "pt",
                                            .columns = {{.name = "d", .type = Type::kDate}},
                                            .partition_columns = {"d"}}});
    table = machines["ctl1"]->read([](const meta::State& state) { return state.find_table("dfs://days", "pt")->id; });
  }
  /// So many days after today.
  Scalar day(int32_t after) const {
    const auto seconds = clock.wall_ns() / 1'000'000'000;
    const auto today = (seconds + functions::zone_offset(seconds)) / 86400;
    return Scalar::of<int32_t>(Type::kDate, static_cast<int32_t>(today + after));
  }
  void fill(const std::vector<int32_t>& days) {
    meta::BeginTransaction request{.coordinator = "dn1", .epoch = epochs["dn1"]};
    for (const auto one : days) request.chunks.push_back({.table = table, .key = {{day(one)}}});
    const auto begun = ask<meta::BeginReply>("ctl2", meta::kBeginTransaction, request);
    ASSERT_TRUE(begun.ok()) << begun.error().describe();
    commit(begun->begun.transaction);
    for (const auto* node : {"dn1", "dn2", "dn3"}) beat(node, {.published = {begun->begun.transaction}});
    services["ctl1"]->tick();
  }
  void keep(int64_t hours) {
    const auto id =
        machines["ctl1"]->read([](const meta::State& state) { return state.find_database("dfs://days")->id; });
    const meta::RetentionPolicy policy{.database = id, .hours = hours};
    must_change(meta::PutRecord{
        .area = meta::kRetentionArea, .name = meta::RetentionPolicy::record_name(id), .value = meta::encode(policy)});
  }
  std::vector<int32_t> days_held() {
    return machines["ctl1"]->read([this](const meta::State& state) {
      std::vector<int32_t> days;
      for (const auto& [key, id] : state.find_table("dfs://days", "pt")->chunks)
        days.push_back(static_cast<int32_t>(key.parts[0].as_int64() - day(0).as_int64()));
      return days;
    });
  }
  bool has_policy() {
    return machines["ctl1"]->read([](const meta::State& state) {
      const auto at = state.records.lower_bound({meta::kRetentionArea, ""});
      return at != state.records.end() && at->first.first == meta::kRetentionArea;
    });
  }
};

TEST_F(RetentionTest, old_partitions_go_as_soon_as_a_policy_is_set_and_later_as_time_passes) {
  clock.advance(std::chrono::hours(24 * 20000));
  beat_all();
  for (const auto* node : {"dn1", "dn2", "dn3"}) epochs[node] = must_register(node).epoch;
  fill({-20, -3, -2, -1, 0});
  EXPECT_EQ(days_held(), (std::vector<int32_t>{-20, -3, -2, -1, 0})) << "without a policy they stay";
  keep(24);
  pass(milliseconds(2000));
  EXPECT_EQ(days_held(), (std::vector<int32_t>{-20, -1, 0})) << "-20 is beyond what a policy reaches";
  pass(milliseconds(120'000));
  EXPECT_EQ(days_held(), (std::vector<int32_t>{-20, -1, 0}));
  keep(48);
  clock.advance(std::chrono::hours(24));
  for (const auto* node : {"dn1", "dn2", "dn3"}) epochs[node] = must_register(node).epoch;
  pass(milliseconds(120'000));
  EXPECT_EQ(days_held(), (std::vector<int32_t>{-21, -2, -1}));
}

TEST_F(RetentionTest, nodes_are_told_to_delete_what_went) {
  clock.advance(std::chrono::hours(24 * 20000));
  for (const auto* node : {"dn1", "dn2", "dn3"}) epochs[node] = must_register(node).epoch;
  fill({-5});
  const auto chunk_of = machines["ctl1"]->read([](const meta::State& state) { return state.chunks.begin()->second; });
  keep(24);
  clock.advance(milliseconds(1000));
  beat_all();
  services["ctl1"]->tick();
  EXPECT_TRUE(days_held().empty());
  for (const auto& replica : chunk_of.replicas) {
    const auto orders = beat(replica.node).orders;
    EXPECT_TRUE(std::ranges::any_of(orders, [&](const meta::Order& order) {
      return order.kind == meta::Order::Kind::kDrop && order.chunk == chunk_of.id;
    })) << replica.node;
  }
}

TEST_F(RetentionTest, the_policy_of_a_database_that_was_dropped_goes_and_holds_for_no_other) {
  keep(24);
  EXPECT_TRUE(has_policy());
  must_change(meta::DropDatabase{"dfs://days"});
  pass(milliseconds(61'000));
  EXPECT_FALSE(has_policy());
}

}  // namespace
}  // namespace pelorus::controller
