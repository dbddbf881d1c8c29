// The tutorial's own files, and what its own commands make of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "config/reconcile_nodes.h"
#include "config/text_lines.h"

namespace pelorus::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFixtures = PELORUS_SEED_CONFIGS;

constexpr const char* kThreeServers =
    "172.0.0.1:9901:controller1,controller\n172.0.0.2:9902:controller2,controller\n172.0.0.3:9903:controller3,"
    "controller\n"
    "172.0.0.1:9904:agent1,agent\n172.0.0.2:9905:agent2,agent\n172.0.0.3:9906:agent3,agent\n"
    "172.0.0.1:9907:node1,datanode\n172.0.0.2:9908:node2,datanode\n172.0.0.3:9909:node3,datanode\n";

std::string sorted_members(std::vector<NodeEntry> nodes) {
  std::sort(nodes.begin(), nodes.end(),
            [](const NodeEntry& left, const NodeEntry& right) { return left.site.port < right.site.port; });
  std::string text;
  for (const auto& node : nodes) text += node.to_string() + "\n";
  return text;
}

enum class LineEnds { kCrlf, kLf, kMixed, kByteOrderMark };

/// A config directory as a package has it.
class Package {
 public:
  Package(const std::string& deployment, int number, LineEnds ends = LineEnds::kCrlf) {
    std::string name = (fs::temp_directory_path() / "pelorus_seed_XXXXXX").string();
    directory_ = mkdtemp(name.data());
    const auto source = kFixtures / deployment / ("dolphindb_" + std::to_string(number));
    const auto suffix = std::string(deployment == "single" ? "1_" : "2_") + std::to_string(number);
    copy(source / ("controller" + suffix + ".cfg"), "controller.cfg", ends);
    copy(source / ("agent" + suffix + ".cfg"), "agent.cfg", ends);
    copy(source / ("cluster" + suffix + ".cfg"), "cluster.cfg", ends);
    copy(source / ("cluster" + suffix + ".nodes"), "cluster.nodes", ends);
  }
  ~Package() { fs::remove_all(directory_); }
  Package(const Package&) = delete;
  Package& operator=(const Package&) = delete;

  Package& type(const std::string& commands) {
    const auto line =
        "cd '" + directory_.string() + "' && sh '" + (kFixtures / "commands" / (commands + ".sh")).string() + "'";
    EXPECT_EQ(std::system(line.c_str()), 0) << line;
    return *this;
  }

  Loaded load_role(const std::string& role, const std::string& own_host = "") const {
    const auto path = [&](const char* name) { return (directory_ / name).string(); };
    LoadRequest request;
    request.arguments = {"-mode",          role,
                         "-console",       "0",
                         "-home",          path("data"),
                         "-config",        path((role + ".cfg").c_str()),
                         "-clusterConfig", path("cluster.cfg"),
                         "-nodesFile",     path("cluster.nodes")};
    request.own_host = [own_host](const std::string& host) { return host == own_host; };
    auto loaded = load(request);
    EXPECT_TRUE(loaded.ok()) << loaded.error().describe();
    return std::move(loaded).value();
  }

  NodesCopy as_copy() const {
    auto loaded = load_role("controller");
    return {loaded.settings.alias(), loaded.settings.local_site(), loaded.nodes, true};
  }

 private:
  void copy(const fs::path& from, const char* to, LineEnds ends) {
    auto text = read_file(from.string()).value();
    if (ends == LineEnds::kLf || ends == LineEnds::kMixed) {
      size_t kept = ends == LineEnds::kMixed ? 3 : 0;
      for (auto at = text.find('\r'); at != std::string::npos; at = text.find('\r', at)) {
        if (kept > 0) {
          --kept;
          ++at;
        } else {
          text.erase(at, 1);
        }
      }
    }
    if (ends == LineEnds::kByteOrderMark) text.insert(0, "\xEF\xBB\xBF");
    std::ofstream(directory_ / to, std::ios::binary) << text;
  }

  fs::path directory_;
};

std::string errors_of(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::kError) text += finding.describe() + "\n";
  }
  return text;
}

TEST(SeedConfigs, every_file_loads_without_errors_whatever_its_line_ends) {
  for (const auto ends : {LineEnds::kCrlf, LineEnds::kLf, LineEnds::kMixed, LineEnds::kByteOrderMark}) {
    for (const std::string deployment : {"single", "dual"}) {
      for (const int number : {1, 2, 3}) {
        const Package package(deployment, number, ends);
        const auto controller = package.load_role("controller");
        EXPECT_EQ(errors_of(controller.findings), "");
        EXPECT_EQ(controller.settings.alias(), "controller" + std::to_string(number));
        EXPECT_EQ(controller.settings.integer("dfsReplicationFactor"), 2);
        EXPECT_EQ(controller.settings.text("dfsHAMode"), "Raft");
        EXPECT_EQ(controller.nodes.records.size(), deployment == "single" ? 7u : 8u);
        const auto node2 = controller.cluster.effective_settings("node2");
        EXPECT_EQ(node2.size(), 30u);
        EXPECT_EQ(node2.at("volumes").text, "/ssd/ssd1/dolphindb_2/volumes");
        EXPECT_EQ(node2.at("enableConcurrentDimensionalTableWrite").text, "true");
        const auto agent = package.load_role("agent", "172.0.0.1");
        EXPECT_EQ(errors_of(agent.findings), "");
        EXPECT_EQ(agent.settings.sites().size(), 4u);
        EXPECT_EQ(agent.settings.local_site(), agent.settings.sites().front().site);
      }
    }
  }
}

TEST(SeedConfigs, the_typo_170_is_repaired_on_the_machine_that_has_the_other_address) {
  const auto agent = Package("single", 2).load_role("agent", "172.0.0.1");
  EXPECT_EQ(agent.settings.local_site().host, "172.0.0.1");
  EXPECT_TRUE(has_errors(Package("single", 2).load_role("agent", "10.0.0.9").findings));
}

TEST(SeedConfigs, two_servers_agree_though_one_file_has_controller2_elsewhere) {
  const Package one("dual", 1), two("dual", 2), three("dual", 3);
  const auto result = reconcile_nodes({}, {one.as_copy(), two.as_copy(), three.as_copy()});
  EXPECT_EQ(sorted_members(result.members), sorted_members(one.as_copy().nodes.nodes()));
  EXPECT_EQ(result.findings.size(), 0u);
  // Its own localSite is what all others say: without that the three would never agree on whom to found the cluster
  // with.
  const auto loaded = two.load_role("controller");
  const auto warned = std::ranges::find(loaded.findings, Severity::kWarning, &Finding::severity);
  ASSERT_NE(warned, loaded.findings.end());
  EXPECT_EQ(warned->line, 3);
  EXPECT_NE(warned->text.find("172.0.0.2:9902 in its own localSite"), std::string::npos) << warned->text;
}

TEST(SeedConfigs, one_to_three_typed_literally_gives_the_nine_members) {
  for (const auto ends : {LineEnds::kCrlf, LineEnds::kLf}) {
    for (const int number : {1, 2, 3}) {
      Package package("single", number, ends);
      const auto loaded = package.type("address_servers").type("one_to_three").load_role("controller");
      EXPECT_EQ(errors_of(loaded.findings), "");
      EXPECT_EQ(sorted_members(loaded.nodes.nodes()), kThreeServers);
    }
  }
}

TEST(SeedConfigs, typing_a_migration_step_twice_changes_nothing) {
  Package package("single", 1);
  package.type("address_servers").type("one_to_three").type("one_to_three");
  EXPECT_EQ(sorted_members(package.as_copy().nodes.nodes()), kThreeServers);
}

TEST(SeedConfigs, two_to_three_typed_literally_gives_the_nine_members_though_two_files_are_truncated) {
  Package one("dual", 1), two("dual", 2), three("dual", 3);
  const auto known = one.as_copy().nodes.nodes();
  one.type("address_servers").type("two_to_three_server1");
  two.type("address_servers").type("two_to_three_server2");
  three.type("address_servers").type("two_to_three_server2");
  EXPECT_FALSE(two.as_copy().nodes.has_header);
  const auto result = reconcile_nodes(known, {one.as_copy(), two.as_copy(), three.as_copy()});
  EXPECT_EQ(sorted_members(result.members), kThreeServers);
  EXPECT_EQ(errors_of(result.findings), "");
}

TEST(SeedConfigs, three_to_five_gives_eleven_members_with_controller5_where_it_says_it_is) {
  Package one("single", 1), four("single", 1);
  one.type("address_servers").type("one_to_three").type("three_to_five");
  four.type("address_servers").type("one_to_three").type("three_to_five_server4");
  const auto agent = one.load_role("agent", "172.0.0.1");
  EXPECT_EQ(agent.settings.sites().size(), 6u);
  EXPECT_EQ(four.load_role("controller").settings.local_site().to_string(), "172.0.0.4:9912:controller4");
  auto copies = std::vector{one.as_copy(), four.as_copy()};
  EXPECT_EQ(copies[1].nodes.find("controller5")->node.site.host, "172.0.0.4");
  auto five = one.as_copy();
  five.owner = "controller5";
  five.own_site = parse_site("172.0.0.5:9913:controller5").value();
  copies.push_back(five);
  Findings ignored;
  const auto known = parse_cluster_nodes(kThreeServers, "raft", {}, ignored).nodes();
  const auto result = reconcile_nodes(known, copies);
  EXPECT_EQ(result.members.size(), 11u);
  EXPECT_EQ(result.changes.size(), 2u);
  EXPECT_EQ(result.changes.back().node.site.host, "172.0.0.5");
}

TEST(SeedConfigs, a_controller_whose_nodes_file_was_overwritten_finds_the_others_by_the_agents_file) {
  Package package("dual", 3);
  package.type("address_servers").type("two_to_three_server2");
  const auto loaded = package.load_role("controller");
  EXPECT_EQ(errors_of(loaded.findings), "");
  EXPECT_EQ(loaded.nodes.records.size(), 1u);
  std::string found;
  for (const auto& site : loaded.controllers()) found += site.to_string() + "\n";
  EXPECT_EQ(found, "172.0.0.1:9901:controller1\n172.0.0.2:9902:controller2\n");
  EXPECT_TRUE(std::ranges::any_of(loaded.findings, [](const Finding& finding) {
    return finding.severity == Severity::kWarning &&
           finding.text.find("does not list this controller, 'controller3'") != std::string::npos;
  }));
  EXPECT_TRUE(Package("dual", 3).load_role("controller").agents_controllers.empty()) << "an intact file says it all";
}

TEST(ReconcileNodes, a_file_never_removes_a_member) {
  const std::vector<NodeEntry> known = {{{"h", 1, "c1"}, NodeMode::kController, "", ""},
                                        {{"h", 2, "n1"}, NodeMode::kDataNode, "", ""}};
  const NodesCopy empty{"c1", {"h", 1, "c1"}, {"cluster.nodes", false, {}}, true};
  const auto result = reconcile_nodes(known, {empty});
  EXPECT_EQ(result.members, known);
  EXPECT_TRUE(result.changes.empty());
  EXPECT_EQ(result.findings.size(), 1u);
}

TEST(ReconcileNodes, a_contradiction_without_majority_changes_nothing_and_names_both_places) {
  const auto copy = [](const char* owner, const char* host, uint16_t port) {
    ClusterNodes nodes{"cluster.nodes", true, {{{{host, 9, "n1"}, NodeMode::kDataNode, "", ""}, 5}}};
    return NodesCopy{owner, {"h", port, owner}, nodes, true};
  };
  const std::vector<NodeEntry> known = {{{"old", 9, "n1"}, NodeMode::kDataNode, "", ""}};
  const auto result = reconcile_nodes(known, {copy("c1", "a", 1), copy("c2", "b", 2)});
  EXPECT_EQ(result.members, known);
  ASSERT_TRUE(has_errors(result.findings));
  EXPECT_NE(result.findings.front().text.find("a:9:n1,datanode in c1 cluster.nodes:5; b:9:n1"), std::string::npos);
}

TEST(ReconcileNodes, a_running_member_knows_its_address_better_than_a_single_file) {
  // Server 4 of 3->5 offers its file when the others have been taken over and controller5 has registered.
  const std::vector<NodeEntry> known = {{{"172.0.0.5", 9913, "controller5"}, NodeMode::kController, "", ""}};
  const ClusterNodes nodes{
      "cluster.nodes", true, {{{{"172.0.0.4", 9913, "controller5"}, NodeMode::kController, "", ""}, 12}}};
  const NodesCopy four{"controller4", {"172.0.0.4", 9912, "controller4"}, nodes, true};
  const auto result = reconcile_nodes(known, {four}, {known.front().site});
  EXPECT_EQ(result.members, known);
  EXPECT_TRUE(result.changes.empty());
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings.front().severity, Severity::kWarning);
  EXPECT_NE(result.findings.front().describe().find("controller4 cluster.nodes:12"), std::string::npos);
}

TEST(ReconcileNodes, the_file_of_a_joining_controller_is_judged_and_adds_nothing) {
  const std::vector<NodeEntry> known = {{{"172.0.0.5", 9913, "controller5"}, NodeMode::kController, "", ""},
                                        {{"172.0.0.1", 9907, "node1"}, NodeMode::kDataNode, "", ""}};
  const ClusterNodes nodes{"cluster.nodes",
                           true,
                           {{{{"172.0.0.4", 9913, "controller5"}, NodeMode::kController, "", ""}, 12},
                            {{{"172.0.0.4", 9910, "node4"}, NodeMode::kDataNode, "", ""}, 13}}};
  const auto findings = judge_joining(known, {"controller4", {"172.0.0.4", 9912, "controller4"}, nodes, true});
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_TRUE(std::ranges::all_of(findings, [](const auto& f) { return f.severity == Severity::kWarning; }));
  EXPECT_NE(findings[0].describe().find("controller4 cluster.nodes:12"), std::string::npos);
  EXPECT_NE(findings[0].text.find("172.0.0.5:9913:controller5"), std::string::npos);
  EXPECT_NE(findings[1].text.find("'node4' is no member of the cluster"), std::string::npos);
  EXPECT_NE(findings[2].text.find("stay members: node1"), std::string::npos);
}

TEST(ReconcileNodes, a_file_does_not_bring_back_what_was_removed) {
  const std::vector<NodeEntry> known = {{{"h", 1, "c1"}, NodeMode::kController, "", ""}};
  const ClusterNodes nodes{"cluster.nodes",
                           true,
                           {{known.front(), 2},
                            {{{"h", 2, "n1"}, NodeMode::kDataNode, "", ""}, 3},
                            {{{"h", 3, "n2"}, NodeMode::kDataNode, "", ""}, 4}}};
  const auto result = reconcile_nodes(known, {{"c1", {"h", 1, "c1"}, nodes, true}}, {}, {"n1"});
  ASSERT_EQ(result.changes.size(), 1u);
  EXPECT_EQ(result.changes.front().node.site.alias, "n2");
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings.front().line, 3);
  EXPECT_NE(result.findings.front().text.find("addNode"), std::string::npos);
}

TEST(ReconcileNodes, unchanged_files_do_not_vote) {
  const auto copy = [](const char* owner, const char* host, bool changed) {
    ClusterNodes nodes{"cluster.nodes", true, {{{{host, 9, "n1"}, NodeMode::kDataNode, "", ""}, 5}}};
    return NodesCopy{owner, {"h", 1, owner}, nodes, changed};
  };
  const std::vector<NodeEntry> known = {{{"old", 9, "n1"}, NodeMode::kDataNode, "", ""}};
  const auto result =
      reconcile_nodes(known, {copy("c1", "new", true), copy("c2", "old", false), copy("c3", "old", false)});
  EXPECT_EQ(result.members.front().site.host, "new");
}

}  // namespace
}  // namespace pelorus::config
