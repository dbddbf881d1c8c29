#include "cli/migrate/offline.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_bench.h"
#include "cli/migrate/inventory.h"
#include "io/faulty_file_system.h"

namespace pelorus::cli::migrate {
namespace {

Target offline_to(std::vector<std::string> hosts) {
  Target target;
  target.hosts = std::move(hosts);
  target.offline = true;
  return target;
}

/// With what its files say that everybody has on disk.
ClusterFacts with_inventories(ClusterFacts facts) {
  for (const auto& member : facts.members) {
    const auto number = std::to_string(stem_and_number(member.alias).second);
    facts.directories[member.alias] =
        inventory_of(member, "dfsMetaDir=/ssd/ssd1/dolphindb_" + number + "/dfsMeta\n", facts.nodes_settings);
  }
  return facts;
}

Names steps_of(const Plan& plan, StepKind kind) {
  Names names;
  for (const auto& step : plan.steps) {
    if (step.kind == kind) names.push_back(step.subject + "@" + step.host);
  }
  return names;
}

Names places_of(const std::vector<Addition>& list) {
  Names names;
  for (const auto& made : list) names.push_back(made.alias + "@" + made.host + ":" + made.server);
  return names;
}

TEST(Inventory, everything_the_settings_name_and_nothing_twice) {
  const Member node{.alias = "node2", .role = NodeMode::kDataNode, .host = "A", .server = "/opt/p/server"};
  const auto found =
      inventory_of(node, "",
                   "volumes=/ssd/<ALIAS>/volumes/,extra\nnode2.redoLogDir=/ssd/redo\nnode1.redoLogDir=/x\n"
                   "moduleDir=/opt/modules\nkeyPath=/opt/keys\npersistenceDir=/hdd/p2\n"
                   "batchJobDir=/opt/p/server/clusterDemo/data/node2/jobs\nmaxMemSize=4\n");
  const auto setting_and_path = [](const Directory& one) { return one.setting + " " + one.path; };
  Names names;
  std::transform(found.begin(), found.end(), std::back_inserter(names), setting_and_path);
  EXPECT_EQ(names, (Names{"home /opt/p/server/clusterDemo/data/node2", "persistenceDir /hdd/p2", "redoLogDir /ssd/redo",
                          "volumes /ssd/node2/volumes", "moduleDir /opt/modules"}));
  const Member controller{.alias = "c1", .role = NodeMode::kController, .host = "A", .server = "/opt/p/server"};
  EXPECT_EQ(inventory_of(controller, "dfsMetaDir=/ssd/meta\nlocalSite=A:1:c1\n", "volumes=/no\n").size(), 2u);
}

TEST(Offline, one_host_to_three_moves_members_as_they_are) {
  const auto plan = planned(with_inventories(pseudo_facts("A")), offline_to({"A", "B", "C"}));
  EXPECT_EQ(places_of(plan.relocations),
            (Names{"controller2@B:/home/dolphindb_2/server", "controller3@C:/home/dolphindb_3/server",
                   "node2@B:/home/dolphindb_2/server", "node3@C:/home/dolphindb_3/server"}));
  EXPECT_EQ(places_of(plan.additions),
            (Names{"agent2@B:/home/dolphindb_2/server", "agent3@C:/home/dolphindb_3/server"}));
  EXPECT_EQ(steps_of(plan, StepKind::kHalt),
            (Names{"node1@A", "node2@A", "node3@A", "agent1@A", "controller1@A", "controller2@A", "controller3@A"}));
  EXPECT_EQ(steps_of(plan, StepKind::kKeepState), Names{"controller1@A"});
  EXPECT_EQ(steps_of(plan, StepKind::kFence), (Names{"controller2@A", "controller3@A", "node2@A", "node3@A"}));
  EXPECT_EQ(steps_of(plan, StepKind::kBegin), (Names{"controller1@A", "controller2@B", "controller3@C", "agent1@A",
                                                     "agent2@B", "agent3@C", "node1@A", "node2@B", "node3@C"}));
  EXPECT_EQ(steps_of(plan, StepKind::kJoin), (Names{"agent2@B", "agent3@C"}));
  const std::vector<std::pair<std::string, std::string>> folders{
      {"/home/dolphindb_1/server/clusterDemo/data/node2", "/home/dolphindb_2/server/clusterDemo/data/node2"},
      {"/ssd/ssd1/dolphindb_2/volumes", "/ssd/ssd1/dolphindb_2/volumes"}};
  EXPECT_EQ(folders_of_member(plan, "node2", true), folders);
  EXPECT_EQ(plan.fails_after, 1);
  const auto read = plan_of(boost::json::parse(boost::json::serialize(json_of(plan, Language::kEnglish))));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, plan);
  EXPECT_NE(plan.id, planned(pseudo_facts("A"),
                             [] {
                               Target online;
                               online.hosts = {"A", "B", "C"};
                               return online;
                             }())
                         .id);
}

TEST(Offline, nobody_moves_who_may_stay) {
  const auto more = planned(with_inventories(facts_on({"A", "B", "C"})), offline_to({"A", "B", "C", "D", "E"}));
  EXPECT_TRUE(more.relocations.empty());
  EXPECT_EQ(places_of(more.additions), (Names{"controller4@D:/opt/pelorus/server", "controller5@E:/opt/pelorus/server",
                                              "agent4@D:/opt/pelorus/server", "agent5@E:/opt/pelorus/server",
                                              "node4@D:/opt/pelorus/server", "node5@E:/opt/pelorus/server"}));
  auto target = offline_to({"A", "N", "C"});
  target.replaced = "B";
  target.directory = "/srv/<HOST>";
  const auto replaced = planned(with_inventories(facts_on({"A", "B", "C"})), target);
  EXPECT_EQ(places_of(replaced.relocations),
            (Names{"controller2@N:/srv/N/server", "agent2@N:/srv/N/server", "node2@N:/srv/N/server"}));
  EXPECT_TRUE(replaced.additions.empty());
}

TEST(Offline, folders_follow_the_rules_and_the_settings_say_so) {
  auto facts = pseudo_facts("A");
  facts.nodes_settings += "node2.redoLogDir=/ssd/ssd1/dolphindb_2/volumes/redo\n";
  auto target = offline_to({"A", "B", "C"});
  target.paths = {{"/ssd/ssd1", "/nvme/<HOST>"}, {"/ssd/ssd1/dolphindb_2/volumes/redo", "/redo"}};
  const auto plan = planned(with_inventories(facts), target);
  const std::vector<std::pair<std::string, std::string>> folders{
      {"/home/dolphindb_1/server/clusterDemo/data/node2", "/home/dolphindb_2/server/clusterDemo/data/node2"},
      {"/ssd/ssd1/dolphindb_2/volumes", "/nvme/B/dolphindb_2/volumes"},
      {"/ssd/ssd1/dolphindb_2/volumes/redo", "/redo"}};
  EXPECT_EQ(folders_of_member(plan, "node2", true), folders);
  const auto settings = settings_after(plan, facts.nodes_settings);
  EXPECT_NE(settings.find("node1.volumes=/ssd/ssd1/dolphindb_1/volumes\n"), std::string::npos) << settings;
  EXPECT_NE(settings.find("node2.volumes=/nvme/B/dolphindb_2/volumes\n"), std::string::npos) << settings;
  EXPECT_NE(settings.find("node2.redoLogDir=/redo\n"), std::string::npos) << settings;
}

TEST(Offline, refuses_what_cannot_be) {
  EXPECT_EQ(codes_of(make_plan(facts_on({"A", "B", "C"}), offline_to({"A"}))), Names{"refuse.offline_fewer"});
  EXPECT_EQ(codes_of(make_plan(facts_on({"A", "B", "C"}), offline_to({"A", "B", "C"}))), Names{"refuse.nothing"});
  EXPECT_EQ(codes_of(make_plan(facts_on({"A", "B", "C"}), offline_to({"A", "B"}))),
            (Names{"refuse.even", "refuse.offline_fewer"}));
  auto facts = pseudo_facts("A");
  facts.members.back().server.clear();
  EXPECT_EQ(codes_of(make_plan(facts, offline_to({"A", "B", "C"}))), Names{"refuse.no_server"});
  // Two nodes of one host that write into the same place.
  facts = pseudo_facts("A");
  facts.nodes_settings = "volumes=/ssd/volumes\n";
  for (int k = 4; k <= 6; ++k) {
    auto node = *find_member(facts.members, "node1");
    node.alias = "node" + std::to_string(k);
    node.port += k;
    facts.members.push_back(node);
  }
  const auto codes = codes_of(make_plan(with_inventories(facts), offline_to({"A", "B", "C"})));
  EXPECT_EQ(codes, (Names{"refuse.directory", "refuse.directory", "refuse.directory"}));
  facts = with_inventories(pseudo_facts("A"));
  facts.hosts["B"] = {.reachable = false, .problem = "no route", .bytes_free = -1};
  facts.hosts["C"] = {.reachable = true, .problem = "", .bytes_free = 1000};
  EXPECT_EQ(codes_of(make_plan(facts, offline_to({"A", "B", "C"}))), (Names{"refuse.unreachable", "refuse.room"}));
}

const Names kMoved{"controller1@A", "controller2@B", "controller3@C", "agent1@A", "agent2@B",
                   "agent3@C",      "node1@A",       "node2@B",       "node3@C"};

void expect_moved(Bench& bench, const ClusterFacts& facts) {
  EXPECT_EQ(aliases_of(bench.world.members), kMoved);
  for (const auto& before : facts.members) {
    const auto found = find_member(bench.world.members, before.alias);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->uuid, before.uuid) << before.alias;
  }
  EXPECT_EQ(bench.world.fenced, (std::set<std::string>{"A:controller2", "A:controller3", "A:node2", "A:node3"}));
  EXPECT_FALSE(bench.world.was_double) << "two of one identity ran at once";
}

void expect_back(Bench& bench, const ClusterFacts& facts) {
  EXPECT_EQ(aliases_of(bench.world.members), aliases_of(FakeWorld(facts).members));
  EXPECT_TRUE(bench.world.fenced.empty());
  EXPECT_TRUE(bench.world.copies.empty());
  EXPECT_FALSE(bench.world.was_double);
  EXPECT_EQ(bench.record().state, RunState::kRolledBack);
}

TEST(Offline, stops_copies_fences_and_starts) {
  const auto facts = with_inventories(pseudo_facts("A"));
  Bench bench(facts, planned(facts, offline_to({"A", "B", "C"})));
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  expect_moved(bench, facts);
  const auto text = bench.world.files.at("B:'/home/dolphindb_2/server/clusterDemo/config/controller.cfg'");
  EXPECT_NE(text.find("localSite=B:9902:controller2"), std::string::npos) << text;
  const auto nodes = bench.world.files.at("A:'/home/dolphindb_1/server/clusterDemo/config/cluster.nodes'");
  EXPECT_NE(nodes.find("C:9909:node3,datanode"), std::string::npos) << nodes;
  ASSERT_TRUE(bench.roll_back(bench.disk).ok());
  expect_back(bench, facts);
}

TEST(Offline, goes_on_or_back_after_a_death_between_any_two_writes) {
  const auto facts = with_inventories(pseudo_facts("A"));
  const auto plan = planned(facts, offline_to({"A", "B", "C"}));
  size_t deaths = 0;
  for (uint64_t at = 1;; ++at) {
    Bench bench(facts, plan);
    io::FaultyFileSystem dying(bench.disk);
    dying.crash_at(at);
    if (bench.carry_out(dying).ok()) break;
    ++deaths;
    bench.disk.crash(io::CrashStyle::kDropUnsynced, at);
    if (at % 2 == 0) {
      const auto resumed = bench.carry_out(bench.disk);
      ASSERT_TRUE(resumed.ok()) << at << ": " << resumed.error().message;
      expect_moved(bench, facts);
      if (at % 3 != 0) continue;
    }
    io::FaultyFileSystem dying_again(bench.disk);
    dying_again.crash_at(at);
    if (!bench.roll_back(dying_again).ok()) {
      bench.disk.crash(io::CrashStyle::kKeepAll, at);
      const auto undone = bench.roll_back(bench.disk);
      ASSERT_TRUE(undone.ok()) << at << ": " << undone.error().message;
    }
    expect_back(bench, facts);
  }
  EXPECT_GT(deaths, 200u);
}

TEST(Offline, does_not_go_back_over_a_write) {
  const auto facts = with_inventories(pseudo_facts("A"));
  Bench bench(facts, planned(facts, offline_to({"A", "B", "C"})));
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  const auto written = [&](Journal& journal, Tools& tools) -> Status {
    TRY(const auto changes, written_since(journal, tools));
    return changes == 0 ? Status() : Error{ErrorCode::kConflict, std::to_string(changes)};
  };
  EXPECT_TRUE(bench.run(bench.disk, written).ok());
  bench.world.version = 2;
  EXPECT_EQ(bench.run(bench.disk, written).error().message, "1");
  // Somebody was faster than the check: the nodes stand, and go on.
  const auto refused = bench.roll_back(bench.disk);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(bench.record().state, RunState::kRunning);
  EXPECT_FALSE(bench.world.find("node2")->online);
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  expect_moved(bench, facts);
}

}  // namespace
}  // namespace pelorus::cli::migrate
