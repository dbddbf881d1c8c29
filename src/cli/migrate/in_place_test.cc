#include "cli/migrate/in_place.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_bench.h"
#include "cli/migrate/key_folder.h"
#include "cli/migrate/new_files.h"
#include "io/faulty_file_system.h"

namespace pelorus::cli::migrate {
namespace {

Target to_address(const ClusterFacts& facts, const std::string& from, const std::string& to) {
  Target target;
  target.moved = from;
  target.moved_to = to;
  for (const auto& host : hosts_of(facts.members)) target.hosts.push_back(host == from ? to : host);
  return target;
}

Target to_directory(const ClusterFacts& facts, const std::string& host, std::vector<PathRule> rules) {
  Target target;
  target.hosts = hosts_of(facts.members);
  target.directory_host = host;
  target.paths = std::move(rules);
  return target;
}

ClusterFacts with_directories() {
  auto facts = facts_on({"A", "B", "C"});
  facts.nodes_settings = "volumes=/ssd/<ALIAS>/volumes\n";
  facts.directories["controller2"] = {{"dfsMetaDir", "/ssd/controller2/dfsMeta", 5}};
  facts.directories["node2"] = {{"volumes", "/ssd/node2/volumes", 100},
                                {"volumes", "/hdd/node2/volumes", 900},
                                {"redoLogDir", "/ssd/node2/volumes/redo", 10},
                                {"persistenceDir", "/ssd/node2/persistence", 1}};
  return facts;
}

Names steps_of(const Plan& plan) {
  Names names;
  for (const auto& step : plan.steps) {
    const bool tells_host = step.kind == StepKind::kReaddress;
    names.push_back(std::string(step_name(step.kind)) + (step.subject.empty() ? "" : " " + step.subject) +
                    (tells_host ? "@" + step.host : ""));
  }
  return names;
}

TEST(MoveHost, one_member_after_the_other) {
  const auto facts = facts_on({"A", "B", "C"});
  const auto plan = planned(facts, to_address(facts, "B", "N"));
  EXPECT_EQ(
      steps_of(plan),
      (Names{"check_host N", "yield_leader controller2", "pause controller2", "readdress controller2@N",
             "continue controller2", "pause node2", "readdress node2@N", "pause agent2", "readdress agent2@N",
             "continue agent2", "continue node2", "write_files A", "write_files N", "write_files C", "verify after"}));
  EXPECT_EQ(plan.fails_after, 1);
}

TEST(MoveHost, the_agent_goes_to_and_fro_between_several_nodes) {
  const auto facts = pseudo_facts("A");
  const auto plan = planned(facts, to_address(facts, "A", "N"));
  const auto steps = steps_of(plan);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "readdress agent1@N"), 3);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "readdress agent1@A"), 2);
}

TEST(MoveHost, every_member_keeps_its_identity_and_one_is_away_at_a_time) {
  for (const auto& facts : {facts_on({"A", "B", "C"}), pseudo_facts("B")}) {
    Bench bench(facts, planned(facts, to_address(facts, "B", "N")));
    const auto done = bench.carry_out(bench.disk);
    ASSERT_TRUE(done.ok()) << done.error().message;
    for (const auto& before : facts.members) {
      const auto* after = bench.world.find(before.alias);
      ASSERT_NE(after, nullptr);
      EXPECT_EQ(after->host, before.host == "B" ? "N" : before.host) << before.alias;
      EXPECT_EQ(after->uuid, before.uuid);
      EXPECT_TRUE(after->online) << before.alias;
    }
    EXPECT_EQ(bench.world.fewest_nodes, 2);
    EXPECT_EQ(bench.world.fewest_controllers, 2);
    EXPECT_TRUE(bench.world.removed.empty());
  }
}

TEST(MoveHost, makes_a_certificate_for_both_addresses) {
  const auto facts = pseudo_facts("A");
  const auto authority = make_authority("prod");
  ASSERT_TRUE(authority.ok());
  Bench bench(facts, planned(facts, to_address(facts, "A", "N")));
  give_keys(bench.world, *authority, true);
  // Both addresses are one machine's.
  for (const auto& [path, text] : std::map(bench.world.files)) bench.world.files["N" + path.substr(1)] = text;
  const auto done = bench.carry_out(bench.disk);
  ASSERT_TRUE(done.ok()) << done.error().message;
  const auto& given = bench.world.files.at("N:'/srv/keys/server.crt'");
  EXPECT_TRUE(is_for_host(given, "N") && is_for_host(given, "A") && is_for_host(given, "localhost"));
  EXPECT_TRUE(is_signed_by(given, authority->certificate));
  EXPECT_TRUE(is_key_of(bench.world.files.at("N:'/srv/keys/serverPrivate.key'"), given));
  EXPECT_EQ(bench.world.files.at("N:'/srv/keys/ca.crt'"), authority->certificate);
}

TEST(MoveHost, is_refused_when_nobody_can_sign_for_the_new_address) {
  auto facts = pseudo_facts("A");
  const auto target = to_address(facts, "A", "N");
  const auto authority = make_authority("prod");
  ASSERT_TRUE(authority.ok());
  FakeWorld world(facts);
  const auto read = [&](const std::string& host, const std::string& path) -> Result<std::string> {
    const auto found = world.files.find(host + ":'" + path + "'");
    return found == world.files.end() ? "" : found->second;
  };
  EXPECT_EQ(missing_authority(facts.members, target, read), "") << "no TLS";
  give_keys(world, *authority, true);
  EXPECT_EQ(missing_authority(facts.members, target, read), "");
  give_keys(world, *make_authority("other"), true);
  world.files["A:'/srv/keys/ca.crt'"] = authority->certificate;
  EXPECT_EQ(missing_authority(facts.members, target, read), "/srv/keys/ca.key") << "another authority's key";
  world.files.erase("A:'/srv/keys/ca.key'");
  facts.authority_missing = missing_authority(facts.members, target, read);
  EXPECT_EQ(facts.authority_missing, "/srv/keys/ca.key");
  EXPECT_EQ(codes_of(make_plan(facts, target)), Names{"refuse.no_authority"});
  world.files["A:'/srv/keys/server.crt'"] = make_server_certificate(*authority, {"A", "N"})->certificate;
  EXPECT_EQ(missing_authority(facts.members, target, read), "") << "the operator has made one";
}

TEST(MoveHost, is_undone_from_every_step_and_after_any_death) {
  const auto facts = pseudo_facts("B");
  const auto plan = planned(facts, to_address(facts, "B", "N"));
  const auto before = aliases_of(FakeWorld(facts).members);
  for (uint64_t at = 1;; at += 3) {
    Bench bench(facts, plan);
    io::FaultyFileSystem dying(bench.disk);
    dying.crash_at(at);
    const bool is_done = bench.carry_out(dying).ok();
    bench.disk.crash(io::CrashStyle::kDropUnsynced, at);
    if (!is_done && at % 2 == 0) {
      const auto resumed = bench.carry_out(bench.disk);
      ASSERT_TRUE(resumed.ok()) << at << ": " << resumed.error().message;
    }
    const auto undone = bench.roll_back(bench.disk);
    ASSERT_TRUE(undone.ok()) << at << ": " << undone.error().message;
    EXPECT_EQ(aliases_of(bench.world.members), before) << at;
    if (is_done) break;
  }
}

TEST(MoveHost, refuses_what_cannot_be_meant) {
  auto facts = facts_on({"A", "B", "C"});
  EXPECT_EQ(codes_of(make_plan(facts, to_address(facts, "Z", "N"))), Names{"refuse.nobody_there"});
  EXPECT_EQ(codes_of(make_plan(facts, to_address(facts, "A", "C"))),
            (Names{"refuse.address_taken", "refuse.address_taken", "refuse.address_taken"}));
  facts.hosts["N"] = {.reachable = false, .problem = "it is another machine", .bytes_free = -1};
  EXPECT_EQ(codes_of(make_plan(facts, to_address(facts, "A", "N"))), Names{"refuse.unreachable"});
  facts.members[1].online = false;
  EXPECT_EQ(codes_of(make_plan(facts, to_address(facts, "A", "N")))[0], "refuse.offline");
  const auto alone = facts_on({"A"});
  auto target = to_address(alone, "A", "N");
  EXPECT_EQ(codes_of(make_plan(alone, target)), Names{"refuse.pause"});
  target.accept_risk = true;
  EXPECT_EQ(codes_of(make_plan(alone, target)), Names());
}

TEST(MoveDirectory, settings_whole_and_folders_once) {
  const auto facts = with_directories();
  const auto plan = planned(facts, to_directory(facts, "B", {{"/ssd", "/nvme"}}));
  const std::vector<DirectoryMove> moves{
      {"controller2", "dfsMetaDir", "/ssd/controller2/dfsMeta", "/nvme/controller2/dfsMeta"},
      {"node2", "volumes", "/ssd/node2/volumes,/hdd/node2/volumes", "/nvme/node2/volumes,/hdd/node2/volumes"},
      {"node2", "redoLogDir", "/ssd/node2/volumes/redo", "/nvme/node2/volumes/redo"},
      {"node2", "persistenceDir", "/ssd/node2/persistence", "/nvme/node2/persistence"}};
  EXPECT_EQ(plan.moves, moves);
  const std::vector<std::pair<std::string, std::string>> folders{{"/ssd/node2/persistence", "/nvme/node2/persistence"},
                                                                 {"/ssd/node2/volumes", "/nvme/node2/volumes"}};
  EXPECT_EQ(folders_of(plan.moves, "node2"), folders);
  EXPECT_EQ(steps_of(plan),
            (Names{"check_host B", "yield_leader controller2", "pause controller2", "copy_directories controller2",
                   "set_directories controller2", "continue controller2", "pause node2", "copy_directories node2",
                   "set_directories node2", "continue node2", "verify after"}));
  EXPECT_EQ(plan.steps[7].bytes, 101);
  const auto read = plan_of(boost::json::parse(boost::json::serialize(json_of(plan, Language::kEnglish))));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, plan);
}

TEST(MoveDirectory, settings_follow_and_go_back) {
  const auto facts = with_directories();
  Bench bench(facts, planned(facts, to_directory(facts, "B", {{"/ssd/node2", "/nvme"}})));
  ASSERT_TRUE(bench.carry_out(bench.disk).ok());
  EXPECT_EQ(bench.world.settings,
            "volumes=/ssd/<ALIAS>/volumes\nnode2.volumes=/nvme/volumes,/hdd/node2/volumes\n"
            "node2.redoLogDir=/nvme/volumes/redo\nnode2.persistenceDir=/nvme/persistence\n");
  EXPECT_TRUE(bench.world.find("node2")->online);
  ASSERT_TRUE(bench.roll_back(bench.disk).ok());
  EXPECT_NE(bench.world.settings.find("node2.volumes=/ssd/node2/volumes,/hdd/node2/volumes\n"), std::string::npos);
}

TEST(MoveDirectory, refuses_what_cannot_be_meant) {
  auto facts = with_directories();
  EXPECT_EQ(codes_of(make_plan(facts, to_directory(facts, "B", {{"/elsewhere", "/nvme"}}))),
            Names{"refuse.no_directory"});
  EXPECT_EQ(codes_of(make_plan(facts, to_directory(facts, "B", {{"/ssd", "/ssd/new"}}))), Names{"refuse.nested"});
  EXPECT_EQ(codes_of(make_plan(facts, to_directory(facts, "Z", {{"/ssd", "/nvme"}}))), Names{"refuse.nobody_there"});
  facts.hosts["B"] = {.reachable = true, .problem = "", .bytes_free = 100};
  facts.data_bytes = 101;
  EXPECT_EQ(codes_of(make_plan(facts, to_directory(facts, "B", {{"/ssd", "/nvme"}}))), Names{"refuse.room"});
}

}  // namespace
}  // namespace pelorus::cli::migrate
