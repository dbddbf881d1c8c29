#include "cli/migrate/carry_out.h"

#include <gtest/gtest.h>

#include "cli/certificates.h"
#include "cli/migrate/fake_bench.h"
#include "cli/migrate/plan_json.h"
#include "cli/migrate/report.h"
#include "io/faulty_file_system.h"

namespace pelorus::cli::migrate {
namespace {

Plan planned(const ClusterFacts& facts, std::vector<std::string> hosts, bool accept_risk = false) {
  Target target;
  target.hosts = std::move(hosts);
  target.accept_risk = accept_risk;
  const auto outcome = make_plan(facts, target);
  EXPECT_TRUE(outcome.refusals.empty());
  return outcome.plan;
}

const std::vector<std::string> kThreeHosts{"controller1@A", "controller4@B", "controller5@C", "agent1@A", "agent2@B",
                                           "agent3@C",      "node1@A",       "node4@B",       "node5@C"};

TEST(CarryOut, one_server_to_three) {
  const auto facts = pseudo_facts("A");
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(aliases_of(bench.world.members), kThreeHosts);
  EXPECT_EQ(bench.record().state, RunState::kDone);
  for (const auto& step : bench.record().steps) EXPECT_EQ(step.state, StepState::kDone);
  int64_t chunks = 0;
  for (const auto& member : bench.world.members) chunks += member.chunks;
  EXPECT_EQ(chunks, 30);
  // Its files were made from the old ones and sent to the new hosts.
  const auto text = bench.world.files.at("B:'/home/dolphindb_1/server/clusterDemo/config/controller.cfg'");
  EXPECT_NE(text.find("localSite=B:9901:controller4"), std::string::npos) << text;
  EXPECT_NE(bench.world.settings.find("node4.volumes="), std::string::npos);
  // Nothing was removed.
  EXPECT_TRUE(bench.world.removed.empty());
}

TEST(CarryOut, new_hosts_get_certificates_of_the_clusters_authority) {
  const auto facts = pseudo_facts("A");
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  const auto authority = make_authority("prod");
  ASSERT_TRUE(authority.ok());
  give_keys(bench.world, *authority, true);
  const auto own = bench.world.files.at("A:'/srv/keys/server.crt'");
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  const auto& files = bench.world.files;
  for (const std::string host : {"B", "C"}) {
    const auto given = files.at(host + ":'/srv/keys/server.crt'");
    EXPECT_TRUE(is_for_host(given, host) && !is_for_host(given, "A")) << host;
    EXPECT_TRUE(is_signed_by(given, authority->certificate));
    EXPECT_NE(files.at(host + ":'/srv/keys/serverPrivate.key'").find("PRIVATE KEY"), std::string::npos);
    EXPECT_EQ(files.at(host + ":'/srv/keys/ca.crt'"), authority->certificate);
    EXPECT_FALSE(files.contains(host + ":'/srv/keys/ca.key'"));
  }
  EXPECT_EQ(files.at("A:'/srv/keys/server.crt'"), own);
}

TEST(CarryOut, without_the_authoritys_key_nothing_is_started) {
  const auto facts = pseudo_facts("A");
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  const auto authority = make_authority("prod");
  ASSERT_TRUE(authority.ok());
  give_keys(bench.world, *authority, false);
  const auto done = bench.carry_out(bench.disk);
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().message.find("/srv/keys/ca.key (mode 600)"), std::string::npos) << done.error().message;
  EXPECT_TRUE(bench.world.orders.empty());
  bench.world.files["A:'/srv/keys/ca.key'"] = authority->key;
  EXPECT_TRUE(bench.carry_out(bench.disk).ok());
}

/// The tool dies at each of its writes, or at each order, and is started again: the end is the same, and no order was
/// given twice.
TEST(CarryOut, goes_on_after_a_death_between_any_two_writes) {
  const auto facts = pseudo_facts("A");
  const auto plan = planned(facts, {"A", "B", "C"});
  Bench undisturbed(facts, plan);
  ASSERT_TRUE(undisturbed.carry_out(undisturbed.disk).ok());
  for (const auto style : {io::CrashStyle::kKeepAll, io::CrashStyle::kDropUnsynced}) {
    size_t deaths = 0;
    for (uint64_t at = 1;; ++at) {
      Bench bench(facts, plan);
      io::FaultyFileSystem dying(bench.disk);
      dying.crash_at(at);
      const auto first = bench.carry_out(dying);
      if (first.ok()) break;
      ++deaths;
      bench.disk.crash(style, at);
      const auto second = bench.carry_out(bench.disk);
      ASSERT_TRUE(second.ok()) << "died at write " << at << ": " << second.error().message;
      EXPECT_EQ(aliases_of(bench.world.members), kThreeHosts) << at;
      EXPECT_EQ(bench.record().state, RunState::kDone);
      for (const auto& [order, times] : bench.world.orders) {
        const bool may_repeat = order == "move_leader" || order.starts_with("start") || order.starts_with("stop ");
        EXPECT_TRUE(may_repeat || times == undisturbed.world.orders[order])
            << order << " was given " << times << " times, died at " << at;
      }
    }
    EXPECT_GT(deaths, 200u);
  }
}

TEST(CarryOut, a_stopped_node_that_somebody_started_again_is_stopped_again) {
  const auto facts = pseudo_facts("A");
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  bench.world.fails = "remove_node node2";
  EXPECT_FALSE(bench.carry_out(bench.disk).ok());
  bench.world.fails.clear();
  bench.world.find("node2")->online = true;
  const auto resumed = bench.carry_out(bench.disk);
  EXPECT_TRUE(resumed.ok()) << resumed.error().message;
  EXPECT_EQ(aliases_of(bench.world.members), kThreeHosts);
}

/// From any step that fails, and from the end, everything can be undone; a death in between changes nothing of that.
TEST(RollBack, from_every_step) {
  const auto facts = pseudo_facts("A");
  const auto plan = planned(facts, {"A", "B", "C"});
  std::vector<std::string> orders;
  {
    Bench bench(facts, plan);
    ASSERT_TRUE(bench.carry_out(bench.disk).ok());
    for (const auto& [order, times] : bench.world.orders) {
      if (!order.starts_with("start ") && !order.starts_with("stop ")) orders.push_back(order);
    }
    orders.push_back("");  // none fails
  }
  ASSERT_GT(orders.size(), 15u);
  for (const auto& order : orders) {
    Bench bench(facts, plan);
    bench.world.fails = order;
    EXPECT_EQ(bench.carry_out(bench.disk).ok(), order.empty()) << order;
    bench.world.fails.clear();
    const auto undone = bench.roll_back(bench.disk);
    ASSERT_TRUE(undone.ok()) << order << ": " << undone.error().message;
    EXPECT_EQ(aliases_of(bench.world.members), aliases_of(FakeWorld(facts).members)) << order;
    EXPECT_EQ(bench.world.settings, facts.nodes_settings) << order;
    EXPECT_EQ(bench.record().state, RunState::kRolledBack);
    int64_t chunks = 0;
    for (const auto& member : bench.world.members) {
      chunks += member.chunks;
      EXPECT_FALSE(member.draining) << member.alias;
    }
    EXPECT_EQ(chunks, 30) << order;
  }
}

TEST(RollBack, goes_on_after_a_death) {
  const auto facts = pseudo_facts("A");
  const auto plan = planned(facts, {"A", "B", "C"});
  for (uint64_t at = 1;; at += 7) {
    Bench bench(facts, plan);
    ASSERT_TRUE(bench.carry_out(bench.disk).ok());
    io::FaultyFileSystem dying(bench.disk);
    dying.crash_at(at);
    if (bench.roll_back(dying).ok()) break;
    bench.disk.crash(io::CrashStyle::kDropUnsynced, at);
    const auto undone = bench.roll_back(bench.disk);
    ASSERT_TRUE(undone.ok()) << at << ": " << undone.error().message;
    EXPECT_EQ(aliases_of(bench.world.members), aliases_of(FakeWorld(facts).members)) << at;
  }
}

TEST(CarryOut, removes_nobody_when_the_content_differs) {
  const auto facts = facts_on({"A", "B", "C", "D", "E"});
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  FakeCluster cluster(bench.world);
  const auto report = cluster.report({});
  ASSERT_TRUE(report.ok());
  const auto kept = bench.run(bench.disk, [&](Journal& journal, Tools&) {
    return journal.put("before.json", boost::json::serialize(*report));
  });
  ASSERT_TRUE(kept.ok());
  bench.world.differs = true;
  const auto done = bench.carry_out(bench.disk);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
  EXPECT_EQ(bench.world.members.size(), 15u);
  EXPECT_FALSE(bench.world.orders.contains("remove_controller controller4"));
  bench.world.differs = false;
  EXPECT_TRUE(bench.carry_out(bench.disk).ok());
  EXPECT_EQ(bench.world.members.size(), 9u);
}

TEST(CarryOut, never_has_fewer_voters_than_the_end_or_the_beginning) {
  const auto facts = facts_on({"A", "B", "C"});
  Bench bench(facts, planned(facts, {"A"}, true));
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  EXPECT_EQ(aliases_of(bench.world.members),
            (std::vector<std::string>{"controller1@A", "agent1@A", "node1@A", "node4@A"}));
  EXPECT_EQ(bench.world.voters(), 1);
}

TEST(Finish, removes_what_those_who_left_had_and_nothing_else) {
  const auto facts = pseudo_facts("A");
  Bench bench(facts, planned(facts, {"A", "B", "C"}));
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  ASSERT_TRUE(bench.run(bench.disk, [](Journal& journal, Tools& tools) { return finish(journal, tools); }).ok());
  std::string all;
  for (const auto& script : bench.world.removed) all += script;
  EXPECT_NE(all.find("/ssd/ssd1/dolphindb_2/volumes"), std::string::npos);
  EXPECT_EQ(all.find("/ssd/ssd1/dolphindb_1/volumes"), std::string::npos);
  EXPECT_EQ(bench.world.settings.find("node2."), std::string::npos);
  EXPECT_NE(bench.world.settings.find("node1.volumes"), std::string::npos);
  EXPECT_EQ(bench.record().state, RunState::kFinished);
}

TEST(Journal, holds_one_run_at_a_time_and_refuses_foreign_ids) {
  const auto facts = facts_on({"A", "B", "C"});
  const auto plan = planned(facts, {"A", "B", "C", "D", "E"});
  Bench bench(facts, plan);
  const auto first = Journal::open(bench.disk, kStateDirectory, plan.id);
  ASSERT_TRUE(first.ok());
  const auto second = Journal::open(bench.disk, kStateDirectory, plan.id);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(Journal::read(bench.disk, kStateDirectory, plan.id).ok());  // looking needs no lock
  EXPECT_EQ(Journal::open(bench.disk, kStateDirectory, "../../etc/pas").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Journal::open(bench.disk, kStateDirectory, "0123456789ab").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Journal::list(bench.disk, kStateDirectory), std::vector<std::string>{plan.id});
}

TEST(Journal, the_same_plan_begins_anew_once_it_was_rolled_back_and_not_before) {
  const auto plan = planned(facts_on({"A", "B", "C"}), {"A", "B", "C", "D", "E"});
  io::MemoryFileSystem disk;
  const auto make = [&] {
    return Journal::create(disk, kStateDirectory, plan, boost::json::serialize(json_of(plan, Language::kEnglish)),
                           "{}");
  };
  ASSERT_TRUE(make().ok());
  {
    const auto journal = Journal::open(disk, kStateDirectory, plan.id).value();
    ASSERT_TRUE(journal->set_run(RunState::kRunning).ok());
    ASSERT_TRUE(journal->put("before.json", "{}").ok());
  }
  ASSERT_TRUE(make().ok());
  {
    const auto journal = Journal::open(disk, kStateDirectory, plan.id).value();
    EXPECT_EQ(journal->record().state, RunState::kRunning);
    ASSERT_TRUE(journal->set_run(RunState::kRolledBack).ok());
    ASSERT_TRUE(disk.make_directories(io::join_path(journal->folder(), "scratch")).ok());
    EXPECT_EQ(make().error().code, ErrorCode::kConflict) << "a run holds it";
  }
  ASSERT_TRUE(make().ok());
  const auto journal = Journal::open(disk, kStateDirectory, plan.id).value();
  EXPECT_EQ(journal->record().state, RunState::kPlanned);
  EXPECT_FALSE(journal->get("before.json").ok());
}

TEST(Journal, a_plan_that_was_edited_is_refused) {
  const auto facts = facts_on({"A", "B", "C"});
  auto plan = planned(facts, {"A", "B", "C", "D", "E"});
  io::MemoryFileSystem disk;
  auto edited = plan;
  edited.steps.pop_back();
  ASSERT_TRUE(
      Journal::create(disk, kStateDirectory, plan, boost::json::serialize(json_of(edited, Language::kEnglish)), "{}")
          .ok());
  EXPECT_EQ(Journal::read(disk, kStateDirectory, plan.id).error().code, ErrorCode::kCorrupt);
}

boost::json::object report_of(const char* text) { return boost::json::parse(text).as_object(); }

TEST(Report, equal_written_meanwhile_and_damaged) {
  const auto before = report_of(
      R"({"tables": {"t": {"rows": 3, "chunks": {"1": {"path": "/1", "version": 1, "rows": 1, "hash": "a", "problem": ""},
    "2": {"path": "/2", "version": 5, "rows": 2, "hash": "b", "problem": ""}}}}, "sections": {"users": ["u"]}})");
  EXPECT_TRUE(compare(before, before).differences.empty());
  const auto codes = [&](const boost::json::object& after) {
    std::vector<std::string> found;
    for (const auto& note : compare(before, after).differences) found.push_back(note.code);
    return found;
  };
  auto after = before;
  auto& chunk = after["tables"].at("t").at("chunks").at("2").as_object();
  chunk["version"] = 6;
  chunk["hash"] = "c";
  EXPECT_TRUE(codes(after).empty());
  EXPECT_EQ(compare(before, after).chunks_written, 1);
  chunk["problem"] = "node1 and node2 differ";
  EXPECT_EQ(codes(after), std::vector<std::string>{"differ.replicas"});
  chunk["problem"] = "";
  chunk["version"] = 5;
  EXPECT_EQ(codes(after), std::vector<std::string>{"differ.chunk"});
  chunk["version"] = 4;
  chunk["hash"] = "b";
  EXPECT_EQ(codes(after), std::vector<std::string>{"differ.chunk"});
  after["tables"].at("t").at("chunks").as_object().erase("2");
  EXPECT_EQ(codes(after), std::vector<std::string>{"differ.chunk_gone"});
  after["tables"].as_object().erase("t");
  after["sections"].at("users") = boost::json::array{"u", "v"};
  EXPECT_EQ(codes(after), (std::vector<std::string>{"differ.table_gone", "differ.section"}));
}

TEST(Report, replicas_of_a_chunk_are_compared) {
  using data::Type;
  using data::Vector;
  const auto table = [](std::vector<std::string> hashes, std::initializer_list<int8_t> in_sync) {
    return data::Table(
        {"chunkId", "path", "node", "version", "rows", "hash", "problem", "inSync"},
        {Vector::of<int64_t>(Type::kLong, {7, 7}), Vector::of_strings(Type::kString, {"/1", "/1"}),
         Vector::of_strings(Type::kString, {"node1", "node2"}), Vector::of<int64_t>(Type::kLong, {3, 3}),
         Vector::of<int64_t>(Type::kLong, {10, 10}), Vector::of_strings(Type::kString, std::move(hashes)),
         Vector::of_strings(Type::kString, {"", ""}), Vector::of<int8_t>(Type::kBool, in_sync)});
  };
  const auto problem = [](const data::Table& hashes) {
    return std::string(table_report(hashes).at("chunks").at("7").at("problem").as_string());
  };
  EXPECT_EQ(problem(table({"a", "a"}, {1, 1})), "");
  EXPECT_EQ(problem(table({"a", "b"}, {1, 1})), "node1 and node2 differ");
  EXPECT_EQ(problem(table({"a", "a"}, {1, 0})), "node2 lacks something");
  EXPECT_EQ(table_report(table({"a", "a"}, {1, 1})).at("rows").as_int64(), 10);
}

}  // namespace
}  // namespace pelorus::cli::migrate
