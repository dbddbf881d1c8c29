#include "cli/migrate/new_files.h"

#include <gtest/gtest.h>

#include "cli/migrate/fake_world.h"
#include "cli/migrate/gather.h"

namespace pelorus::cli::migrate {
namespace {

const Addition kController{"controller4", NodeMode::kController,      "10.0.0.2",
                           9901,          "/home/dolphindb_1/server", "controller1"};
const Addition kNode{"node4", NodeMode::kDataNode, "10.0.0.2", 9907, "/home/dolphindb_1/server", "node1"};

TEST(MappedPath, rules_then_the_package_then_the_same) {
  Target target;
  target.paths = {{"/ssd", "/disk/<HOST>"}, {"/ssd/ssd1", "/fast/<ALIAS>/"}};
  EXPECT_EQ(mapped_path("/ssd/ssd1/volumes", kNode, target, "/opt/a/server"), "/fast/node4/volumes");
  EXPECT_EQ(mapped_path("/ssd/ssd2/volumes", kNode, target, "/opt/a/server"), "/disk/10.0.0.2/ssd2/volumes");
  EXPECT_EQ(mapped_path("/ssdother/v", kNode, target, "/opt/a/server"), "/ssdother/v");
  EXPECT_EQ(mapped_path("/opt/a/server/x", kNode, target, "/opt/a/server"), "/home/dolphindb_1/server/x");
  EXPECT_EQ(mapped_path("/opt/ab/x", kNode, target, "/opt/a/server"), "/opt/ab/x");
}

TEST(ControllerText, the_seeds_file_with_its_line_ends) {
  Target target;
  target.paths = {{"/ssd/ssd1", "/data"}};
  const auto text = controller_text(
      "localSite=10.0.0.1:9901:controller1\r\ndfsReplicationFactor=2\r\ndfsMetaDir=/ssd/ssd1/dolphindb_1/dfsMeta\r\n"
      "// why\r\ndfsHAMode=Raft\r\nmaxLogSize=256",
      kController, target, "/home/dolphindb_1/server");
  EXPECT_EQ(text,
            "localSite=10.0.0.2:9901:controller4\ndfsReplicationFactor=2\ndfsMetaDir=/data/dolphindb_1/"
            "dfsMeta\ndfsHAMode=Raft\n"
            "maxLogSize=256\nmode=controller\n");
}

TEST(AgentText, knows_the_controllers_that_stay) {
  const std::vector<config::Site> controllers{{"10.0.0.1", 9901, "controller1"}, {"10.0.0.2", 9901, "controller4"}};
  const Addition made{"agent2", NodeMode::kAgent, "10.0.0.2", 9904, "/home/dolphindb_1/server", "agent1"};
  const auto text = agent_text(
      "mode=agent\nlocalSite=10.0.0.1:9904:agent1\ncontrollerSite=10.0.0.1:9901:controller1\n"
      "sites=10.0.0.1:9904:agent1:agent,10.0.0.1:9901:controller1:controller\nworkerNum=4\n",
      made, {}, "/home/dolphindb_1/server", controllers);
  EXPECT_EQ(text,
            "mode=agent\nlocalSite=10.0.0.2:9904:agent2\ncontrollerSite=10.0.0.2:9901:controller4\n"
            "sites=10.0.0.2:9904:agent2:agent,10.0.0.1:9901:controller1:controller,10.0.0.2:9901:controller4:"
            "controller\nworkerNum=4\n");
  EXPECT_EQ(with_controllers(text, controllers), text);
  const auto fewer = with_controllers(text, {controllers[0]});
  EXPECT_EQ(setting_of(fewer, "sites"), "10.0.0.2:9904:agent2:agent,10.0.0.1:9901:controller1:controller");
  EXPECT_EQ(setting_of(fewer, "controllerSite"), "10.0.0.1:9901:controller1");
}

TEST(ClusterText, a_new_node_takes_the_lines_of_an_old_one) {
  const std::string text = "maxMemSize=8\nnode1.volumes=/v/1,/w/1\nnode2.volumes=/v/2\n";
  Target target;
  target.paths = {{"/v", "/x"}};
  const auto with = with_node(text, kNode, target, {}, "");
  EXPECT_EQ(with, text + "node4.volumes=/x/1,/w/1\n");
  EXPECT_EQ(with_node(with, kNode, target, {}, ""), with);
  EXPECT_EQ(without_node(with, "node4"), text);
  EXPECT_EQ(without_node(text, "node4"), text);
  // Of two nodes on one host, what both name does not go with one of them; elsewhere it is another directory.
  EXPECT_EQ(own_directories(with, "node4", {"node1"}), std::vector<std::string>{"/x/1"});
  EXPECT_EQ(own_directories(with, "node4", {"node2"}), (std::vector<std::string>{"/x/1", "/w/1"}));
  EXPECT_EQ(own_directories(with + "node%.volumes=/x/1\n", "node4", {}), std::vector<std::string>{"/w/1"});
}

TEST(ClusterText, two_nodes_of_one_host_do_not_share_directories) {
  auto made = kNode;
  made.host = "A";
  const std::vector<Member> members{{.alias = "node1", .role = NodeMode::kDataNode, .host = "A", .port = 9907}};
  EXPECT_EQ(with_node("node1.volumes=/v/1\n", made, {}, members, ""), "node1.volumes=/v/1\nnode4.volumes=/v/1_node4\n");
  EXPECT_EQ(with_node("volumes=/v/<ALIAS>\n", made, {}, members, ""), "volumes=/v/<ALIAS>\n");
  EXPECT_EQ(with_node("volumes=/v\n", made, {}, members, ""), "volumes=/v\nnode4.volumes=/v_node4\n");
}

TEST(NodesText, is_what_the_cluster_reads) {
  const auto facts = facts_on({"A", "B", "C"});
  EXPECT_EQ(nodes_text({facts.members[0], facts.members[3]}),
            "localSite,mode\nA:8900:controller1,controller\nA:8901:agent1,agent\n");
}

TEST(FactsOfFiles, the_seeds_files) {
  const std::string seed = PELORUS_SEED_CONFIGS;
  HostPool hosts({});
  const auto read =
      facts_of_files({seed + "/single/dolphindb_1", seed + "/single/dolphindb_2", seed + "/single/dolphindb_3"}, hosts);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->facts.members.size(), 7u);
  EXPECT_EQ(read->facts.replication_factor, 2);
  EXPECT_EQ(read->facts.reliability_level, 2);
  EXPECT_FALSE(read->findings.empty());
  Target target;
  target.hosts = {"172.0.0.1", "172.0.0.2", "172.0.0.3"};
  EXPECT_TRUE(make_plan(read->facts, target).refusals.empty());
  EXPECT_FALSE(facts_of_files({seed + "/nothing"}, hosts).ok());
  target.offline = true;
  const auto offline = make_plan(read->facts, target);
  EXPECT_EQ(codes_of(offline), Names());
  EXPECT_EQ(offline.plan.relocation("node3")->server, seed + "/single/dolphindb_3");
  const auto& directories = read->facts.directories.at("node2");
  EXPECT_EQ(directories.size(), 6u);  // home, chunkMetaDir, persistenceDir, redoLogDir, TSDBRedoLogDir, volumes
  EXPECT_EQ(directories[0].path, seed + "/single/dolphindb_1/clusterDemo/data/node2");
}

}  // namespace
}  // namespace pelorus::cli::migrate
