#include "cli/migrate/plan.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_world.h"
#include "cli/migrate/plan_json.h"
#include "cli/migrate/shape.h"

namespace pelorus::cli::migrate {
namespace {

Target to(Names hosts) {
  Target target;
  target.hosts = std::move(hosts);
  return target;
}

/// "kind subject" of every step.
Names steps_of(const Plan& plan) {
  Names names;
  for (const auto& step : plan.steps)
    names.push_back(std::string(step_name(step.kind)) + (step.subject.empty() ? "" : " " + step.subject));
  return names;
}

/// The members at the end, by host.
std::map<std::string, Names> end_of(const Plan& plan) {
  std::map<std::string, Names> hosts;
  for (const auto& member : plan.before) {
    if (!plan.leaves(member.alias)) hosts[member.host].push_back(member.alias);
  }
  for (const auto& made : plan.additions) hosts[made.host].push_back(made.alias);
  return hosts;
}

TEST(Plan, what_leaving_nodes_keep_for_themselves_is_named) {
  auto facts = pseudo_facts("A");
  facts.items["node1"] = {{"stays"}, {}, {"here"}};
  facts.items["node2"] = {{"nightly", "weekly"}, {"trades"}, {"quotes"}};
  const auto plan = planned(facts, to({"A", "B", "C"}));
  const std::vector<Note> named{{"warn.jobs", {"node2", "nightly, weekly"}},
                                {"warn.streams", {"node2", "trades, quotes"}}};
  EXPECT_EQ(std::vector<Note>(plan.warnings.end() - 2, plan.warnings.end()), named);
  EXPECT_EQ(
      warnings_of_items(facts, {}, facts.members),
      (std::vector<Note>{{"warn.memory_streams", {"node1", "here"}}, {"warn.memory_streams", {"node2", "quotes"}}}));
}

TEST(Plan, one_server_to_three) {
  const auto plan = planned(pseudo_facts("A"), to({"A", "B", "C"}));
  const std::map<std::string, Names> end{{"A", {"controller1", "agent1", "node1"}},
                                         {"B", {"controller4", "agent2", "node4"}},
                                         {"C", {"controller5", "agent3", "node5"}}};
  EXPECT_EQ(end_of(plan), end);
  EXPECT_EQ(plan.fails_before, 0);
  EXPECT_EQ(plan.fails_after, 1);
  const Names steps{"check_host B",
                    "check_host C",
                    "send_package B",
                    "write_config B",
                    "send_package C",
                    "write_config C",
                    "start_controller controller4",
                    "add_controller controller4",
                    "start_controller controller5",
                    "add_controller controller5",
                    "add_agent agent2",
                    "start_agent agent2",
                    "add_agent agent3",
                    "start_agent agent3",
                    "configure_node node4",
                    "add_node node4",
                    "start_node node4",
                    "configure_node node5",
                    "add_node node5",
                    "start_node node5",
                    "drain node2",
                    "drain node3",
                    "spread node4",
                    "spread node5",
                    "verify before",
                    "move_leader",
                    "remove_controller controller2",
                    "stop_controller controller2",
                    "remove_controller controller3",
                    "stop_controller controller3",
                    "stop_node node2",
                    "remove_node node2",
                    "stop_node node3",
                    "remove_node node3",
                    "write_files A",
                    "write_files B",
                    "write_files C",
                    "verify after"};
  EXPECT_EQ(steps_of(plan), steps);
  EXPECT_EQ(plan.addition("controller4")->server, "/home/dolphindb_1/server");
  EXPECT_EQ(plan.addition("node4")->port, 9907);
}

TEST(Plan, two_servers_to_three) {
  auto facts = pseudo_facts("A");
  for (auto& member : facts.members) {
    if (member.alias.ends_with("2")) member.host = "B";
  }
  facts.members.push_back({.alias = "agent2",
                           .role = NodeMode::kAgent,
                           .host = "B",
                           .port = 9905,
                           .uuid = "u",
                           .online = true,
                           .server = "/home/dolphindb_2/server"});
  sort_members(facts.members);
  const auto plan = planned(facts, to({"A", "B", "C"}));
  const std::map<std::string, Names> end{{"A", {"controller1", "agent1", "node1"}},
                                         {"B", {"controller2", "agent2", "node2"}},
                                         {"C", {"controller4", "agent3", "node4"}}};
  EXPECT_EQ(end_of(plan), end);
  EXPECT_EQ(plan.leaving, (Names{"controller3", "node3"}));
}

TEST(Plan, three_to_five_with_and_without_data_nodes) {
  const auto facts = facts_on({"A", "B", "C"});
  const auto plan = planned(facts, to({"A", "B", "C", "D", "E"}));
  EXPECT_EQ(end_of(plan)["D"], (Names{"controller4", "agent4", "node4"}));
  EXPECT_EQ(end_of(plan)["E"], (Names{"controller5", "agent5", "node5"}));
  EXPECT_TRUE(plan.leaving.empty());
  EXPECT_EQ(plan.fails_after, 2);
  auto target = to({"A", "B", "C", "D", "E"});
  target.controllers_only = true;
  const auto only = planned(facts, target);
  EXPECT_EQ(end_of(only)["D"], Names{"controller4"});
  EXPECT_EQ(steps_of(only),
            (Names{"check_host D", "check_host E", "send_package D", "write_config D", "send_package E",
                   "write_config E", "start_controller controller4", "add_controller controller4",
                   "start_controller controller5", "add_controller controller5", "write_files A", "write_files B",
                   "write_files C", "write_files D", "write_files E", "verify after"}));
}

TEST(Plan, five_to_three_drains_and_removes_one_after_another) {
  const auto plan = planned(facts_on({"A", "B", "C", "D", "E"}), to({"A", "B", "C"}));
  EXPECT_TRUE(plan.additions.empty());
  EXPECT_EQ(steps_of(plan), (Names{"drain node4",
                                   "drain node5",
                                   "verify before",
                                   "move_leader",
                                   "remove_controller controller4",
                                   "stop_controller controller4",
                                   "remove_controller controller5",
                                   "stop_controller controller5",
                                   "stop_node node4",
                                   "remove_node node4",
                                   "stop_node node5",
                                   "remove_node node5",
                                   "stop_agent agent4",
                                   "remove_agent agent4",
                                   "stop_agent agent5",
                                   "remove_agent agent5",
                                   "write_files A",
                                   "write_files B",
                                   "write_files C",
                                   "verify after"}));
}

TEST(Plan, three_to_one_needs_consent_and_keeps_as_many_data_nodes_as_replicas) {
  const auto facts = facts_on({"A", "B", "C"});
  EXPECT_EQ(codes_of(make_plan(facts, to({"A"}))), Names{"refuse.risk"});
  auto target = to({"A"});
  target.accept_risk = true;
  const auto plan = planned(facts, target);
  EXPECT_EQ(end_of(plan)["A"], (Names{"controller1", "agent1", "node1", "node4"}));
  EXPECT_EQ(plan.addition("node4")->port, 8903);  // node1 has 8902
  EXPECT_EQ(plan.addition("node4")->server, "/opt/pelorus/server");
  EXPECT_EQ(steps_of(plan)[0], "check_host A");  // nothing is sent: the package is there
  EXPECT_EQ(steps_of(plan)[1], "configure_node node4");
}

TEST(Plan, replaces_a_living_or_a_dead_host) {
  auto facts = facts_on({"A", "B", "C"});
  auto target = to({"A", "D", "C"});
  target.replaced = "B";
  const auto plan = planned(facts, target);
  EXPECT_EQ(end_of(plan)["D"], (Names{"controller4", "agent4", "node4"}));
  EXPECT_EQ(plan.leaving, (Names{"controller2", "agent2", "node2"}));
  for (auto& member : facts.members) {
    if (member.host == "B") member.online = false;
  }
  const auto of_dead = planned(facts, target);
  EXPECT_EQ(end_of(of_dead), end_of(plan));
  EXPECT_EQ(of_dead.warnings.size(), 4u);  // one a dead member, and the reliability level
}

TEST(Plan, refuses_what_is_unsafe) {
  auto facts = facts_on({"A", "B", "C"});
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B"}))), (Names{"refuse.even", "refuse.risk"}));
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "B"}))), (Names{"refuse.twice", "refuse.risk"}));
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), (Names{"refuse.nothing"}));
  auto target = to({"A", "B", "C", "D", "E"});
  target.replaced = "Z";
  EXPECT_EQ(codes_of(make_plan(facts, target)), (Names{"refuse.nobody_there"}));
  facts.reliability_level = 1;
  target = to({"A"});
  target.accept_risk = true;
  EXPECT_EQ(codes_of(make_plan(facts, target)), (Names{"refuse.level_1"}));
  target = to({"A", "B", "D"});
  target.controllers_only = true;
  EXPECT_EQ(codes_of(make_plan(facts, target)), (Names{"refuse.controllers_only"}));
}

TEST(Plan, refuses_dead_members_no_quorum_and_changes_under_way) {
  auto facts = facts_on({"A", "B", "C"});
  const auto target = to({"A", "B", "C", "D", "E"});
  const auto with = [&](const std::string& alias, auto change) {
    auto copy = facts;
    for (auto& member : copy.members) {
      if (member.alias == alias) change(member);
    }
    return codes_of(make_plan(copy, target));
  };
  EXPECT_EQ(with("node2", [](Member& m) { m.online = false; }), Names{"refuse.offline"});
  EXPECT_EQ(with("controller3", [](Member& m) { m.votes = false; }), Names{"refuse.learner"});
  EXPECT_EQ(with("node2", [](Member& m) { m.draining = true; }), Names{"refuse.draining"});
  EXPECT_EQ(with("controller1", [](Member& m) { m.leads = false; }), Names{"refuse.no_quorum"});
  for (auto& member : facts.members) {
    if (member.role == NodeMode::kController && !member.leads) member.online = false;
  }
  EXPECT_EQ(codes_of(make_plan(facts, target)), Names{"refuse.no_quorum"});
  facts.members.clear();
  EXPECT_EQ(codes_of(make_plan(facts, target)), Names{"refuse.no_controllers"});
}

TEST(Plan, refuses_compute_nodes_on_hosts_that_leave) {
  auto facts = facts_on({"A", "B", "C", "D", "E"});
  facts.members.push_back(
      {.alias = "cnode1", .role = NodeMode::kComputeNode, .host = "E", .port = 8903, .uuid = "c", .online = true});
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), Names{"refuse.compute_node"});
  facts.members.back().host = "A";
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), Names());
}

TEST(Plan, refuses_hosts_without_room_or_connection) {
  auto facts = pseudo_facts("A");
  facts.data_bytes = 300LL << 30;
  facts.hosts["B"] = {.reachable = true, .problem = "", .bytes_free = 90LL << 30};
  facts.hosts["C"] = {.reachable = true, .problem = "", .bytes_free = 200LL << 30};
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), Names{"refuse.room"});  // 100 GB and a fifth more
  facts.hosts["B"].bytes_free = 121LL << 30;
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), Names());
  facts.hosts["B"] = {.reachable = false, .problem = "no route", .bytes_free = -1};
  EXPECT_EQ(codes_of(make_plan(facts, to({"A", "B", "C"}))), Names{"refuse.unreachable"});
}

TEST(Plan, the_id_holds_while_the_cluster_works_and_changes_with_it) {
  auto facts = facts_on({"A", "B", "C"});
  const auto target = to({"A", "B", "C", "D", "E"});
  const auto id = planned(facts, target).id;
  EXPECT_EQ(id.size(), 12u);
  facts.members[0].leads = false;
  facts.members[1].leads = true;
  for (auto& member : facts.members) member.chunks += 7;
  facts.data_bytes = 1 << 30;
  EXPECT_EQ(planned(facts, target).id, id);
  facts.members[0].port = 8999;
  EXPECT_NE(planned(facts, target).id, id);
  EXPECT_NE(planned(facts_on({"A", "B", "C"}), to({"A", "B", "C", "D", "F"})).id, id);
}

TEST(Plan, survives_being_written_and_read) {
  const auto plan = planned(pseudo_facts("A"), to({"A", "B", "C"}));
  const auto read = plan_of(boost::json::parse(boost::json::serialize(json_of(plan, Language::kEnglish))));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, plan);
  EXPECT_EQ(plan_id(*read), plan.id);
  EXPECT_FALSE(plan_of(boost::json::parse(R"({"id": "x"})")).ok());
}

TEST(Plan, every_step_has_words_in_both_languages) {
  for (size_t i = 0; i <= static_cast<size_t>(kLastStep); ++i) {
    const Step step{.kind = static_cast<StepKind>(i), .subject = "x", .host = "h", .bytes = 0, .effect = {}};
    EXPECT_EQ(parse_step(step_name(step.kind)), step.kind);
    for (const auto& note : {deed_of(step), undo_of(step)}) {
      ASSERT_TRUE(knows(note.code)) << note.code;
      EXPECT_FALSE(say(Language::kEnglish, note).empty());
      EXPECT_NE(say(Language::kEnglish, note), say(Language::kChinese, note));
    }
  }
}

TEST(Topology, hosts_that_may_fail) {
  EXPECT_EQ(hosts_that_may_fail({3}), 0);
  EXPECT_EQ(hosts_that_may_fail({2, 1}), 0);
  EXPECT_EQ(hosts_that_may_fail({1, 1, 1}), 1);
  EXPECT_EQ(hosts_that_may_fail({1, 1, 1, 1}), 1);
  EXPECT_EQ(hosts_that_may_fail({1, 1, 1, 1, 1}), 2);
  EXPECT_EQ(hosts_that_may_fail({3, 1, 1}), 0);
  EXPECT_EQ(hosts_that_may_fail({}), 0);
}

TEST(Topology, aliases_sort_by_their_numbers) {
  EXPECT_TRUE(alias_before("node2", "node10"));
  EXPECT_FALSE(alias_before("node10", "node2"));
  EXPECT_EQ(stem_and_number("controller8900").second, 8900);
  EXPECT_EQ(stem_and_number("a").second, -1);
}

}  // namespace
}  // namespace pelorus::cli::migrate
