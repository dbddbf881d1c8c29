#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command.h"
#include "cli/config/compare.h"
#include "cli/config/cross_check.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNodes =
    "localSite,mode\n127.0.0.1:9901:controller1,controller\n127.0.0.1:9902:controller2,controller\n"
    "127.0.0.1:9903:controller3,controller\n127.0.0.1:9904:agent1,agent\n127.0.0.1:9907:node1,datanode\n"
    "127.0.0.1:9908:node2,datanode\n";

struct Ran {
  ExitCode code;
  std::string out;
  std::string err;
};

Ran run_words(std::vector<std::string> words) {
  std::ostringstream out, err;
  Terminal terminal(out, err, {});
  words.insert(words.begin(), "pelorus");
  const auto code = run_tool(words, terminal);
  return {code, out.str(), err.str()};
}

class Configuration : public testing::Test {
 protected:
  Configuration() {
    auto pattern = (fs::temp_directory_path() / "pelorus-config-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    make(1);
  }
  ~Configuration() override { fs::remove_all(root_); }

  fs::path config(int k) const {
    return root_ / ("dolphindb_" + std::to_string(k)) / "server" / "clusterDemo" / "config";
  }
  fs::path package(int k) const { return root_ / ("dolphindb_" + std::to_string(k)); }
  void write(int k, const std::string& name, const std::string& text) const { std::ofstream(config(k) / name) << text; }
  void make(int k) const {
    fs::create_directories(config(k));
    const auto number = std::to_string(k);
    write(k, "controller.cfg",
          "mode=controller\nlocalSite=127.0.0.1:990" + number + ":controller" + number +
              "\ndfsReplicationFactor=2\ndfsHAMode=Raft\n");
    write(k, "agent.cfg",
          "mode=agent\nlocalSite=127.0.0.1:9904:agent1\ncontrollerSite=127.0.0.1:9901:controller1\n"
          "sites=127.0.0.1:9904:agent1:agent,127.0.0.1:9901:controller1:controller\n");
    write(k, "cluster.cfg", "maxMemSize=8\nnode%.maxConnections=77\nnode1.volumes=/data/1\nnode2.volumes=/data/2\n");
    write(k, "cluster.nodes", kNodes);
  }
  PackageConfig read(int k) const { return read_package(*find_package(package(k))); }
  static bool mentions(const config::Findings& findings, const std::string& text, config::Severity severity) {
    for (const auto& finding : findings) {
      if (finding.severity == severity && finding.describe().find(text) != std::string::npos) return true;
    }
    return false;
  }
  fs::path root_;
};

TEST_F(Configuration, every_place_of_a_package_leads_to_its_files) {
  const auto demo = config(1).parent_path();
  for (const auto& given : {package(1), demo.parent_path(), demo, config(1), config(1) / "cluster.nodes"}) {
    const auto place = find_package(given);
    ASSERT_TRUE(place.ok()) << given;
    EXPECT_EQ(place->config, config(1)) << given;
    EXPECT_EQ(place->server, demo.parent_path()) << given;
  }
  EXPECT_FALSE(find_package(root_ / "nothing").ok());
  EXPECT_FALSE(find_package(root_).ok());  // a directory, and no package
}

TEST_F(Configuration, a_sound_package_has_no_findings) {
  const auto package = read(1);
  EXPECT_TRUE(package.findings.empty()) << package.findings.front().describe();
  EXPECT_TRUE(cross_check(package).empty()) << cross_check(package).front().describe();
  EXPECT_EQ(run_words({"config", "check", this->package(1)}).code, ExitCode::kDone);
}

TEST_F(Configuration, a_cluster_of_one_controller_need_not_list_it) {
  write(1, "cluster.nodes", "localSite,mode\n127.0.0.1:9904:agent1,agent\n127.0.0.1:9907:node1,datanode\n");
  write(1, "cluster.cfg", "maxMemSize=8\n");
  EXPECT_TRUE(cross_check(read(1)).empty()) << cross_check(read(1)).front().describe();
}

TEST_F(Configuration, files_that_contradict_each_other) {
  write(1, "agent.cfg",
        "mode=agent\nlocalSite=127.0.0.1:9999:agent1\ncontrollerSite=127.0.0.1:1:controller9\nvolumes=/x\n");
  write(1, "cluster.cfg", "volumes=/data/all\n");
  write(1, "cluster.nodes",
        std::string(kNodes) + "127.0.0.5:9909:node3,datanode\n127.0.0.5:9910:controller4,controller\n");
  const auto found = cross_check(read(1));
  using config::Severity;
  EXPECT_TRUE(mentions(found, "'agent1' is 127.0.0.1:9999 here and 127.0.0.1:9904", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "'controller9' is 127.0.0.1:1 in controllerSite", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "'node3' is on host 127.0.0.5, where no agent is listed", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "4 controllers", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "would both write /data/all", Severity::kError));
  EXPECT_TRUE(mentions(found, "does not read 'volumes'", Severity::kNote));
  EXPECT_EQ(run_words({"config", "check", package(1)}).code, ExitCode::kBadConfiguration);
}

TEST_F(Configuration, tls_between_nodes_is_for_all_or_none) {
  const std::string tls = "enableHTTPS=1\nenableRpcSSL=1\n";
  const auto add = [&](const std::string& name) { std::ofstream(config(1) / name, std::ios::app) << tls; };
  add("controller.cfg");
  const auto found = cross_check(read(1));
  EXPECT_TRUE(mentions(found, "agent.cfg", config::Severity::kError));
  EXPECT_TRUE(mentions(found, "'node1': enableRpcSSL is not what controller.cfg says", config::Severity::kError));
  add("agent.cfg");
  add("cluster.cfg");
  EXPECT_TRUE(cross_check(read(1)).empty()) << cross_check(read(1)).front().describe();
}

TEST_F(Configuration, an_agent_that_is_not_listed_beside_one_that_is) {
  write(1, "agent.cfg", "mode=agent\nlocalSite=127.0.0.1:9905:agent2\ncontrollerSite=127.0.0.1:9901:controller1\n");
  EXPECT_TRUE(mentions(cross_check(read(1)), "which has agent1 for this host", config::Severity::kNote));
}

TEST_F(Configuration, unknown_settings_and_wrong_values) {
  write(1, "cluster.cfg", "maxMemSise=8\n");
  const auto doubtful = run_words({"config", "check", package(1)});
  EXPECT_EQ(doubtful.code, ExitCode::kFound);
  EXPECT_NE(
      doubtful.out.find("cluster.cfg:1: warning: unknown setting 'maxMemSise' ignored; did you mean 'maxMemSize'?"),
      std::string::npos)
      << doubtful.out;
  write(1, "cluster.cfg", "maxMemSize=lots\n");
  const auto wrong = run_words({"config", "check", "--json", package(1)});
  EXPECT_EQ(wrong.code, ExitCode::kBadConfiguration);
  EXPECT_NE(wrong.out.find(R"("errors":1)"), std::string::npos) << wrong.out;
}

TEST_F(Configuration, copies_are_compared_as_the_controllers_would) {
  make(2);
  make(3);
  EXPECT_TRUE(compare_packages({read(1), read(2), read(3)}).empty());
  write(3, "cluster.nodes", std::string(kNodes).replace(std::string(kNodes).find("9908"), 4, "4321"));
  write(3, "cluster.cfg", "maxMemSize=9\nnode%.maxConnections=77\nnode1.volumes=/data/1\n");
  write(3, "controller.cfg",
        "mode=controller\nlocalSite=127.0.0.1:9903:controller3\ndfsReplicationFactor=1\ndfsHAMode=Raft\n");
  const auto found = compare_packages({read(1), read(2), read(3)});
  using config::Severity;
  EXPECT_TRUE(mentions(found, "contradict each other about 'node2'; most say 127.0.0.1:9908", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "maxMemSize is '9' here and '8'", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "node2.volumes", Severity::kWarning));
  EXPECT_TRUE(mentions(found, "dfsReplicationFactor is '1' here and '2' for controller1", Severity::kWarning));
  EXPECT_TRUE(mentions(compare_packages({read(1), read(1)}), "is the controller of", Severity::kError));
}

TEST_F(Configuration, show_tells_where_a_value_comes_from) {
  const auto shown = run_words({"config", "show", "--origin", "--role", "node1", package(1)});
  EXPECT_EQ(shown.code, ExitCode::kDone) << shown.err;
  EXPECT_NE(shown.out.find("cluster.cfg:2 (pattern node%)"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("cluster.cfg:3 (node1)"), std::string::npos);
  EXPECT_NE(shown.out.find("default"), std::string::npos);
  EXPECT_EQ(shown.out.find("dfsReplicationFactor"), std::string::npos);
  EXPECT_NE(run_words({"config", "show", package(1)}).out.find("dfsReplicationFactor"), std::string::npos);
  EXPECT_NE(run_words({"config", "show", "--role", "node7", package(1)}).err.find("did you mean 'node1'"),
            std::string::npos);
}

TEST_F(Configuration, secrets_are_not_shown) {
  write(1, "controller.cfg", "mode=controller\nlocalSite=127.0.0.1:9901:controller1\nmetricsToken=tell-nobody\n");
  const auto shown = run_words({"config", "show", package(1)});
  EXPECT_EQ(shown.out.find("tell-nobody"), std::string::npos);
  EXPECT_NE(shown.out.find("(hidden)"), std::string::npos);
}

TEST(Explain, says_meaning_unit_default_and_readers) {
  const auto known = run_words({"config", "explain", "node1.maxMemSize"});
  EXPECT_EQ(known.code, ExitCode::kDone);
  for (const auto* text :
       {"Memory ceiling", "GB", "single, controller, agent, datanode, computenode", "while the node runs"}) {
    EXPECT_NE(known.out.find(text), std::string::npos) << text << "\n" << known.out;
  }
  EXPECT_NE(run_words({"config", "explain", "editLogDir"}).out.find("dfsMetaDir (also written editLogDir)"),
            std::string::npos);
  const auto unknown = run_words({"config", "explain", "maxMemSise"});
  EXPECT_EQ(unknown.code, ExitCode::kUsage);
  EXPECT_NE(unknown.err.find("did you mean 'maxMemSize'"), std::string::npos);
  EXPECT_NE(run_words({"config", "explain", "oauthX"}).err.find("no effect"), std::string::npos);
}

TEST_F(Configuration, differences_to_another_place_and_to_what_is_in_effect) {
  make(2);
  EXPECT_EQ(run_words({"config", "diff", package(1), package(1)}).code, ExitCode::kDone);
  EXPECT_EQ(run_words({"config", "diff", package(1), package(2)}).code, ExitCode::kFound);  // localSite
  EXPECT_EQ(run_words({"config", "diff", package(1)}).code, ExitCode::kUsage);

  const auto here = read(1);
  InEffect live{.nodes = here.nodes, .cluster = here.cluster, .settings = {}};
  EXPECT_TRUE(differences(here, live).empty());
  config::Findings ignored;
  live.cluster = config::parse_cluster_config(
      "maxMemSize=16\nnode%.maxConnections=77\nnode1.volumes=/data/1\nnode3.volumes=/d\n", "live", ignored);
  live.settings["controller1"] = {{"dfsReplicationFactor", "3"}, {"dfsHAMode", "Raft"}};
  const auto found = differences(here, live);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].key, "dfsReplicationFactor");
  EXPECT_EQ(found[0].there, "3");
  EXPECT_EQ(found[1].key, "maxMemSize");
  EXPECT_EQ(found[1].line, 1);
  EXPECT_EQ(found[2].key, "node2.volumes");
  EXPECT_EQ(found[2].there, "");
  EXPECT_EQ(found[3].key, "node3.volumes");
  EXPECT_EQ(found[3].line, 0);
}

}  // namespace
}  // namespace pelorus::cli
