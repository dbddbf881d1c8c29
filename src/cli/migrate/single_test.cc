#include "cli/migrate/single.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_world.h"
#include "cli/migrate/plan_json.h"

namespace pelorus::cli::migrate {
namespace {

ClusterFacts single_facts() {
  ClusterFacts facts;
  facts.members.push_back({.alias = "local8848",
                           .role = NodeMode::kSingle,
                           .host = "10.0.0.1",
                           .port = 8848,
                           .uuid = "u",
                           .online = true,
                           .server = "/opt/p/server"});
  facts.directories["local8848"] = {{"dfsMetaDir", "/opt/p/server/local8848/dfsMeta"},
                                    {"volumes", "/opt/p/server/local8848/storage"},
                                    {"volumes", "/ssd/volumes"},
                                    {"redoLogDir", "/opt/p/server/log/redoLog"}};
  return facts;
}

Target to_cluster() {
  Target target;
  target.hosts = {"10.0.0.1"};
  target.to_cluster = true;
  return target;
}

TEST(Single, becomes_a_cluster_with_its_data_where_they_are) {
  const auto outcome = make_plan(single_facts(), to_cluster());
  ASSERT_TRUE(outcome.refusals.empty());
  const auto& plan = outcome.plan;
  std::vector<std::string> steps;
  for (const auto& step : plan.steps) steps.push_back(std::string(step_name(step.kind)) + " " + step.subject);
  EXPECT_EQ(steps, (std::vector<std::string>{"check_host 10.0.0.1", "write_cluster_files 10.0.0.1",
                                             "stop_single local8848", "move_home local8848",
                                             "start_controller controller1", "start_agent agent1", "continue local8848",
                                             "continue node1", "forget_source controller1", "verify after"}));
  const auto files = files_of_single(
      "localSite=localhost:8848:local8848\r\nmode=single\r\nmaxMemSize=8\r\nvolumes=/ssd/volumes\r\n", plan);
  EXPECT_NE(files.controller_cfg.find("localSite=10.0.0.1:8849:controller1\nmode=controller\ndfsHAMode=Raft\n"),
            std::string::npos);
  EXPECT_NE(files.controller_cfg.find("takeOverFrom=/opt/p/server/clusterDemo/data/local8848/dfsMeta\n"),
            std::string::npos)
      << files.controller_cfg;
  EXPECT_EQ(files.controller_cfg.find("volumes"), std::string::npos);
  EXPECT_NE(files.cluster_nodes.find("10.0.0.1:8848:local8848,datanode"), std::string::npos) << files.cluster_nodes;
  EXPECT_NE(files.cluster_nodes.find("10.0.0.1:8851:node1,datanode"), std::string::npos);
  EXPECT_NE(files.cluster_cfg.find("maxMemSize=8\n"), std::string::npos) << files.cluster_cfg;
  EXPECT_NE(files.cluster_cfg.find("local8848.volumes=/opt/p/server/clusterDemo/data/local8848/storage,/ssd/volumes\n"),
            std::string::npos)
      << files.cluster_cfg;
  EXPECT_NE(files.cluster_cfg.find("node1.volumes="), std::string::npos);
  EXPECT_NE(files.cluster_cfg.find("/ssd/volumes_node1"), std::string::npos);
}

TEST(Single, a_cluster_is_none) {
  const auto outcome = make_plan(facts_on({"A"}), to_cluster());
  ASSERT_EQ(outcome.refusals.size(), 1u);
  EXPECT_EQ(outcome.refusals[0].code, "refuse.no_single");
  auto facts = single_facts();
  facts.members[0].server.clear();
  EXPECT_EQ(make_plan(facts, to_cluster()).refusals[0].code, "refuse.no_package");
}

TEST(Single, its_plan_survives_being_written_and_read) {
  const auto plan = make_plan(single_facts(), to_cluster()).plan;
  const auto read = plan_of(boost::json::parse(boost::json::serialize(json_of(plan, Language::kEnglish))));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, plan);
}

}  // namespace
}  // namespace pelorus::cli::migrate
