#include "cli/upgrade/plan.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_world.h"
#include "cli/upgrade/gather.h"
#include "cli/upgrade/plan_json.h"
#include "cli/upgrade/words.h"

namespace pelorus::cli::upgrade {
namespace {

const Program kNext{
    .version = "0.2.0", .oldest_level = 1, .newest_level = 2, .fingerprint = "f", .machine = "x86_64", .bytes = 100};

Facts facts_of(const migrate::ClusterFacts& cluster) {
  Facts facts;
  facts.members = cluster.members;
  for (const auto& host : migrate::hosts_of(facts.members))
    facts.hosts[host] = {.problem = "", .machine = "x86_64", .bytes_free = 1000};
  return facts;
}

Facts three_hosts() {
  auto facts = facts_of(migrate::facts_on({"A", "B", "C"}));
  facts.replicas.chunks[{"node1", "node2"}] = 5;
  facts.replicas.chunks[{"node2", "node3"}] = 5;
  return facts;
}

std::vector<std::string> steps_of(const Plan& plan) {
  std::vector<std::string> steps;
  for (const auto& step : plan.steps) {
    const auto whom = step.turn < 0 || step.kind == StepKind::kExchange
                          ? step.host
                          : names_of(plan.turns[static_cast<size_t>(step.turn)].members);
    steps.push_back(std::string(step_name(step.kind)) + " " + whom);
  }
  return steps;
}

std::vector<std::string> codes_of(const std::vector<Note>& notes) {
  std::vector<std::string> codes;
  for (const auto& note : notes) codes.push_back(note.code);
  return codes;
}

TEST(UpgradePlan, takes_one_host_after_the_other) {
  const auto outcome = make_plan(three_hosts(), {}, kNext);
  ASSERT_EQ(codes_of(outcome.refusals), std::vector<std::string>());
  const auto steps = steps_of(outcome.plan);
  const std::vector<std::string> expected{"send A",
                                          "send B",
                                          "send C",
                                          "move_leader node1 agent1 controller1",
                                          "stop node1 agent1 controller1",
                                          "exchange A",
                                          "start node1 agent1 controller1",
                                          "await node1 agent1 controller1",
                                          "move_leader node2 agent2 controller2"};
  EXPECT_EQ(std::vector<std::string>(steps.begin(), steps.begin() + 9), expected);
  EXPECT_EQ(steps.size(), 18u);
}

TEST(UpgradePlan, only_restarts_when_told_so) {
  const auto outcome = make_plan(three_hosts(), {.restart_only = true}, {});
  ASSERT_TRUE(outcome.refusals.empty());
  EXPECT_EQ(steps_of(outcome.plan).size(), 12u);
  EXPECT_EQ(steps_of(outcome.plan)[1], "stop node1 agent1 controller1");
}

TEST(UpgradePlan, takes_one_process_after_the_other_where_no_host_may_be_away) {
  auto facts = facts_of(migrate::pseudo_facts("A"));
  facts.replicas.chunks[{"node1", "node2"}] = 5;
  const auto outcome = make_plan(facts, {}, kNext);
  ASSERT_EQ(codes_of(outcome.refusals), std::vector<std::string>());
  EXPECT_EQ(codes_of(outcome.plan.warnings), std::vector<std::string>{"warn.by_process"});
  const auto steps = steps_of(outcome.plan);
  // Programs first: three packages share the host, processes share packages.
  EXPECT_EQ(std::vector<std::string>(steps.begin(), steps.begin() + 7),
            (std::vector<std::string>{"send A", "exchange A", "exchange A", "exchange A", "stop node1", "start node1",
                                      "await node1"}));
  EXPECT_EQ(steps.back(), "await controller3");
}

TEST(UpgradePlan, refuses_what_would_not_be_served_unless_accepted) {
  auto facts = three_hosts();
  facts.replicas.chunks[{"node1"}] = 7;
  const auto refused = make_plan(facts, {}, kNext);
  EXPECT_EQ(codes_of(refused.refusals), (std::vector<std::string>{"refuse.downtime", "lose.chunks"}));
  const auto accepted = make_plan(facts, {.accept_downtime = true}, kNext);
  EXPECT_TRUE(accepted.refusals.empty());
  auto two = facts_of(migrate::facts_on({"A", "B"}));
  EXPECT_EQ(codes_of(make_plan(two, {}, kNext).refusals),
            (std::vector<std::string>{"refuse.downtime", "lose.majority", "lose.majority"}));
}

TEST(UpgradePlan, lists_everything_that_stands_in_the_way) {
  auto facts = three_hosts();
  facts.members[1].online = false;  // controller2
  facts.members[3].server.clear();  // agent1
  facts.replicas.stale = 3;
  facts.hosts["A"].problem = "no connection";
  facts.hosts["B"].machine = "aarch64";
  facts.hosts["C"].bytes_free = 150;
  EXPECT_EQ(codes_of(make_plan(facts, {}, kNext).refusals),
            (std::vector<std::string>{"refuse.offline", "refuse.place", "refuse.stale", "refuse.host", "refuse.machine",
                                      "refuse.space"}));
}

TEST(UpgradePlan, refuses_a_jump_over_levels) {
  auto facts = three_hosts();
  auto later = kNext;
  later.oldest_level = 2;
  later.newest_level = 3;
  EXPECT_EQ(codes_of(make_plan(facts, {}, later).refusals), std::vector<std::string>{"refuse.jump"});
  facts.level = 3;
  EXPECT_EQ(codes_of(make_plan(facts, {}, kNext).refusals), std::vector<std::string>{"refuse.too_old"});
}

TEST(UpgradePlan, comes_back_from_its_json_and_notices_changes) {
  const auto plan = make_plan(three_hosts(), {}, kNext).plan;
  const auto text = boost::json::serialize(json_of(plan, Language::kEnglish));
  const auto again = plan_of(text);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->steps, plan.steps);
  EXPECT_EQ(again->turns, plan.turns);
  EXPECT_EQ(again->program, plan.program);
  auto edited = text;
  edited.replace(edited.find("\"0.2.0\""), 7, "\"0.3.0\"");
  EXPECT_EQ(plan_of(edited).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(plan_of("{}").error().code, ErrorCode::kCorrupt);
  auto moved = three_hosts();
  moved.members[0].leads = false;
  moved.members[1].leads = true;
  EXPECT_EQ(make_plan(moved, {}, kNext).plan.id, plan.id) << "who leads does not count";
}

TEST(UpgradePlan, has_words_for_everything_in_both_languages) {
  const auto plan = make_plan(three_hosts(), {}, kNext).plan;
  for (const auto& step : plan.steps) {
    for (const auto& note : {deed_of(plan, step), undo_of(plan, step)}) {
      ASSERT_TRUE(knows(note.code)) << note.code;
      EXPECT_NE(say(Language::kEnglish, note), say(Language::kChinese, note));
    }
  }
}

TEST(UpgradePlan, reads_a_programs_version) {
  const auto program = program_of_version("pelorusd 0.2.0, feature levels 1 to 2\n");
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->version, "0.2.0");
  EXPECT_EQ(program->newest_level, 2);
  EXPECT_FALSE(program_of_version("something else").ok());
}

}  // namespace
}  // namespace pelorus::cli::upgrade
