#include "config/cluster_nodes.h"
#include "controller/service_fixture.h"

namespace pelorus::controller {
namespace {

/// The founding's members with dn1 somewhere else.
std::string nodes_file(const std::string& dn1) {
  return "localSite,mode\n10.0.0.1:8800:ctl1,controller\n10.0.0.2:8800:ctl2,controller\n10.0.0.3:8800:ctl3,controller\n"
         "10.0.0.1:8700:agent1,agent\n" +
         dn1 + ":dn1,datanode\n10.0.0.2:8900:dn2,datanode\n10.0.0.3:8900:dn3,datanode\n";
}

class ImportFiles : public ServiceFixture {
 protected:
  explicit ImportFiles(std::map<std::string, std::map<std::string, std::string>> files)
      : ServiceFixture(std::move(files)) {
    for (int i = 0; i < 8; ++i) tick_all();
  }
  void tick_all() {
    clock.advance(milliseconds(1000));
    for (auto& [alias, service] : services) service->tick();
  }
  meta::Node node_now(const std::string& alias) {
    return machines["ctl2"]->read([&](const meta::State& state) { return *state.find_node(alias); });
  }
  std::string settings_now() {
    return machines["ctl2"]->read(
        [&](const meta::State& state) { return state.configuration.texts.at("cluster.cfg"); });
  }
};

class EditedEverywhere : public ImportFiles {
 protected:
  EditedEverywhere()
      : ImportFiles({{"ctl1",
                      {{"cluster.nodes", nodes_file("10.7.7.7:8900") + "10.0.0.4:8900:dn4,datanode\n"},
                       {"cluster.cfg", "maxMemSize=8\n"}}},
                     {"ctl2",
                      {{"cluster.nodes", nodes_file("10.7.7.7:8900") + "10.0.0.4:8900:dn4,datanode\n"},
                       {"cluster.cfg", "maxMemSize=8\n"}}},
                     {"ctl3", {{"cluster.nodes", nodes_file("10.7.7.7:8900")}, {"cluster.cfg", "maxMemSize=8\n"}}}}) {}
};

TEST_F(EditedEverywhere, additions_and_addresses_are_taken_over_and_written_back) {
  EXPECT_EQ(node_now("dn4").host, "10.0.0.4");
  EXPECT_EQ(settings_now(), "maxMemSize=8\n");
  config::Findings findings;
  for (const auto* alias : kControllers) {
    const auto written = config::parse_cluster_nodes(files[alias]["cluster.nodes"], "cluster.nodes", {}, findings);
    EXPECT_NE(written.find("dn4"), nullptr) << alias;
  }
  EXPECT_TRUE(files["ctl1"]["cluster.nodes"].starts_with("localSite,mode\n10.0.0.1:8800:ctl1"))
      << "it says all that: left as typed";
}

TEST_F(EditedEverywhere, a_file_that_did_not_change_does_not_vote_again) {
  must_change(meta::PutNode{{.alias = "dn4", .host = "10.0.0.44", .port = 8900}});
  for (int i = 0; i < 3; ++i) tick_all();
  EXPECT_NE(files["ctl3"]["cluster.nodes"].find("10.0.0.44:8900:dn4"), std::string::npos) << "written back";
  group.lead("ctl3");
  for (int i = 0; i < 8; ++i) tick_all();
  EXPECT_EQ(node_now("dn4").host, "10.0.0.44") << "the new leader must not bring back the old address";
}

class Truncated : public ImportFiles {
 protected:
  Truncated()
      : ImportFiles({{"ctl1", {{"cluster.nodes", "localSite,mode\n10.0.0.9:8900:dn9,datanode\n"}}},
                     {"ctl2", {}},
                     {"ctl3", {}}}) {}
};

TEST_F(Truncated, a_file_that_lost_its_members_removes_nobody) {
  EXPECT_EQ(node_now("dn9").host, "10.0.0.9");
  EXPECT_EQ(machines["ctl1"]->read([](const meta::State& state) { return state.nodes.size(); }), 8u);
  config::Findings findings;
  EXPECT_EQ(config::parse_cluster_nodes(files["ctl1"]["cluster.nodes"], "cluster.nodes", {}, findings).records.size(),
            8u)
      << "the file has its members again";
}

class OneFileIsWrong : public ImportFiles {
 protected:
  OneFileIsWrong() : ImportFiles({{"ctl1", {}}, {"ctl2", {}}, {"ctl3", {{"cluster.nodes", wrong_file()}}}}) {}
  /// ctl2, which offers no file, at an address that is not its own.
  static std::string wrong_file() {
    auto text = nodes_file("10.0.0.1:8900");
    return text.replace(text.find("10.0.0.2:8800:ctl2"), 8, "10.0.0.3");
  }
};

TEST_F(OneFileIsWrong, a_running_controller_stays_where_it_is) { EXPECT_EQ(node_now("ctl2").host, "10.0.0.2"); }

class Contradicting : public ImportFiles {
 protected:
  Contradicting()
      : ImportFiles({{"ctl1", {{"cluster.cfg", "maxMemSize=1\n"}}},
                     {"ctl2", {{"cluster.cfg", "maxMemSize=2\n"}}},
                     {"ctl3", {}}}) {}
};

TEST_F(Contradicting, settings_without_a_majority_stay_as_they_are_and_files_are_left_alone) {
  EXPECT_EQ(settings_now(), "maxMemSize=4\n");
  EXPECT_EQ(files["ctl1"]["cluster.cfg"], "maxMemSize=1\n");
}

}  // namespace
}  // namespace pelorus::controller
