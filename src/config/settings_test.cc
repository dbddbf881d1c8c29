#include "config/settings.h"

#include <gtest/gtest.h>

#include <set>

#include "config/command_line.h"
#include "config/validate.h"

namespace pelorus::config {
namespace {

Settings with_flags(const std::vector<std::string>& arguments) {
  Settings settings;
  const auto line = parse_command_line(arguments);
  EXPECT_TRUE(line.ok()) << line.error().describe();
  for (const auto& [name, value] : line->flags) settings.set(name, value, {Origin::Kind::kCommandLine, "", 0});
  return settings;
}

std::string complaint(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments);
  return line.ok() ? std::string() : line.error().message;
}

TEST(SettingsTable, rows_are_named_once_and_their_defaults_are_valid) {
  std::set<std::string_view> names;
  for (const auto& setting : all_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.doc.empty()) << setting.name;
    EXPECT_TRUE(setting.doc.ends_with('.')) << setting.name;
    if (setting.default_text.starts_with('@')) {
      EXPECT_NE(find_setting(setting.default_text.substr(1)), nullptr) << setting.name;
    } else if (setting.default_text.find('<') == std::string_view::npos) {
      EXPECT_EQ(value_fault(setting, setting.default_text), std::nullopt) << setting.name;
    }
  }
}

TEST(SettingsTable, synonyms_lead_to_the_real_name) {
  EXPECT_EQ(find_setting("chunkCacheEngineMemSize")->name, "OLAPCacheEngineSize");
  EXPECT_EQ(find_setting("streamingHADir")->name, "streamingHALogDir");
  EXPECT_EQ(find_setting("workernum"), nullptr);
  EXPECT_TRUE(is_known_without_effect("PKEYCacheEngineSize"));
  EXPECT_FALSE(is_known_without_effect("workerNumber"));
}

TEST(Site, reads_names_addresses_and_ipv6) {
  EXPECT_EQ(parse_site(" 172.0.0.1:9901:controller1 ")->to_string(), "172.0.0.1:9901:controller1");
  EXPECT_EQ(parse_site("server-1.example:8848:local8848")->host, "server-1.example");
  EXPECT_EQ(parse_site("[::1]:8900:c1")->host, "::1");
  EXPECT_EQ(parse_site("fe80::1:8900:c1")->to_string(), "[fe80::1]:8900:c1");
  EXPECT_EQ(parse_role_site("172.0.0.1:9904:agent1:agent")->mode, NodeMode::kAgent);
}

TEST(Site, says_which_part_is_wrong) {
  EXPECT_NE(parse_site("172.0.0.1:99010:c").error().message.find("outside 1..65535"), std::string::npos);
  EXPECT_NE(parse_site("172.0.0.1:port:c").error().message.find("not a number"), std::string::npos);
  EXPECT_NE(parse_site("172.0.0.1:9901:").error().message.find("alias is empty"), std::string::npos);
  EXPECT_NE(parse_site(":9901:c").error().message.find("host is empty"), std::string::npos);
  EXPECT_FALSE(parse_site("").ok());
  EXPECT_FALSE(parse_site(":").ok());
  EXPECT_FALSE(parse_site("a:1:../../etc").ok());
}

TEST(CommandLine, takes_the_vendors_single_dash_flags) {
  const auto settings = with_flags({"-console", "0", "-mode", "controller", "-home", "/tmp/data", "-localSite",
                                    "127.0.0.1:9901:controller1", "--workerNum=3"});
  EXPECT_EQ(settings.mode(), NodeMode::kController);
  EXPECT_FALSE(settings.boolean("console"));
  EXPECT_EQ(settings.integer("workerNum"), 3);
  EXPECT_EQ(settings.origin("workerNum").describe("workerNum"), "-workerNum");
  EXPECT_EQ(settings.node_directory(), "/tmp/data/controller1");
}

TEST(CommandLine, takes_a_bare_role_first) { EXPECT_EQ(with_flags({"agent"}).mode(), NodeMode::kAgent); }

TEST(CommandLine, suggests_the_nearest_flag) {
  EXPECT_EQ(complaint({"-wokerNum", "4"}), "unknown flag -wokerNum; did you mean '-workerNum'?");
  EXPECT_EQ(complaint({"-qqqqqqqqqqqq", "4"}), "unknown flag -qqqqqqqqqqqq");
  EXPECT_EQ(complaint({"-home"}), "flag -home needs a value");
  EXPECT_EQ(complaint({"-console", "0", "controller"}), "'controller' is no flag; flags look like -workerNum 4");
  EXPECT_EQ(complaint({"-workerNum", "four"}), "flag -workerNum: expected a whole number: 'four'");
}

TEST(CommandLine, arguments_survive_a_round_trip) {
  const std::map<std::string, std::string> wanted = {
      {"volumes", "/a b/c,/d"}, {"persistenceDir", ""}, {"mode", "datanode"}};
  const auto line = parse_command_line(to_arguments(wanted));
  ASSERT_TRUE(line.ok());
  EXPECT_EQ((std::map<std::string, std::string>(line->flags.begin(), line->flags.end())), wanted);
}

TEST(Settings, defaults_follow_role_and_other_settings) {
  auto single = with_flags({"-workerNum", "5", "-home", "/srv/server"});
  EXPECT_EQ(single.integer("dfsReplicationFactor"), 1);
  EXPECT_EQ(single.integer("maxBatchJobWorker"), 5);
  EXPECT_EQ(single.paths("volumes").front(), "/srv/server/storage");
  EXPECT_EQ(single.node_directory(), "/srv/server/local8848");
  EXPECT_EQ(with_flags({"-mode", "controller"}).integer("dfsReplicationFactor"), 2);
  EXPECT_GE(with_flags({}).integer("workerNum"), 1);
}

TEST(Settings, home_named_like_the_alias_is_the_node_directory) {
  const auto node =
      with_flags({"-mode", "datanode", "-home", "/srv/data/node1/", "-localSite", "127.0.0.1:9907:node1"});
  EXPECT_EQ(node.node_directory(), "/srv/data/node1");
  EXPECT_EQ(node.paths("volumes").front(), "/srv/data/node1/storage");
}

TEST(Settings, gigabytes_become_bytes) {
  EXPECT_EQ(with_flags({"-maxMemSize", "1.5"}).bytes("maxMemSize"), 3LL << 29);
  EXPECT_EQ(with_flags({"-maxMemSize", "1e12"}).bytes("maxMemSize"), INT64_MAX);
}

TEST(Settings, a_malformed_value_gives_the_default) {
  Settings settings;
  settings.set("subThrottle", "soon", {Origin::Kind::kFile, "a.cfg", 3});
  EXPECT_EQ(settings.integer("subThrottle"), 1000);
  EXPECT_EQ(settings.origin("subThrottle").describe("subThrottle"), "a.cfg:3");
}

TEST(Validate, checks_types_ranges_choices_and_names) {
  const auto finding = [](std::string_view name, std::string_view value) {
    Findings findings;
    check_value(name, value, {"x.cfg", 7}, findings);
    return findings.empty() ? std::string() : findings.front().describe();
  };
  EXPECT_EQ(finding("workerNum", "8"), "");
  EXPECT_EQ(finding("lanCluster", "maybe"), "x.cfg:7: error: lanCluster: expected true, false, 1 or 0: 'maybe'");
  EXPECT_EQ(finding("volumes", "storage"), "x.cfg:7: error: volumes: expected absolute paths: 'storage'");
  EXPECT_EQ(finding("newValuePartitionPolicy", "ADD"), "");
  EXPECT_EQ(finding("newValuePartitionPolicy", "keep"),
            "x.cfg:7: error: newValuePartitionPolicy: expected one of skip|add|fail: 'keep'");
  EXPECT_EQ(finding("defaultJobParallelism", "65"),
            "x.cfg:7: error: defaultJobParallelism: too large, at most 64: '65'");
  EXPECT_EQ(finding("volums", "/a"), "x.cfg:7: warning: unknown setting 'volums' ignored; did you mean 'volumes'?");
  EXPECT_EQ(finding("coldVolumes", "s3"), "x.cfg:7: note: setting 'coldVolumes' has no effect here");
  EXPECT_EQ(finding("localExecutors", "15"), "x.cfg:7: note: setting 'localExecutors' is obsolete and has no effect");
}

TEST(Validate, an_agent_needs_its_site_and_a_controller) {
  Findings findings;
  validate(with_flags({"-mode", "agent"}), findings);
  EXPECT_TRUE(has_errors(findings));
  EXPECT_EQ(findings.size(), 2u);
}

struct OwnSiteCase {
  const char* local_site;
  const char* in_sites;
  const char* own_host;
  const char* expected;  // address taken; empty: refused
};

TEST(Validate, localSite_and_sites_that_disagree_are_settled_by_this_machines_address) {
  const OwnSiteCase cases[] = {
      {"170.0.0.1:9905:agent2", "172.0.0.1:9905:agent2", "172.0.0.1", "172.0.0.1:9905"},
      {"172.0.0.1:9906:agent3", "172.0.0.3:9906:agent3", "172.0.0.1", "172.0.0.1:9906"},
      {"172.0.0.1:9906:agent3", "172.0.0.3:9906:agent3", "172.0.0.3", "172.0.0.3:9906"},
      {"172.0.0.1:9906:agent3", "172.0.0.3:9906:agent3", "10.0.0.1", ""},
  };
  for (const auto& example : cases) {
    auto settings = with_flags({"-mode", "agent", "-localSite", example.local_site, "-sites",
                                std::string(example.in_sites) + ":agent,172.0.0.1:9901:controller1:controller"});
    Findings findings;
    repair_own_site(
        settings, [&](const std::string& host) { return host == example.own_host; }, findings);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(has_errors(findings), std::string(example.expected).empty());
    if (!has_errors(findings)) {
      EXPECT_EQ(settings.local_site().address(), example.expected);
      EXPECT_EQ(settings.sites().front().site.address(), example.expected);
    }
  }
}

TEST(Validate, repeated_sites_are_dropped_and_contradicting_ones_refused) {
  const std::string agent = "127.0.0.1:9904:agent1:agent", first = "127.0.0.1:9901:controller1:controller";
  const std::string moved = "127.0.0.2:9901:controller1:controller";
  auto twice = with_flags(
      {"-mode", "agent", "-localSite", "127.0.0.1:9904:agent1", "-sites", agent + "," + first + "," + first});
  Findings findings;
  repair_own_site(twice, is_own_host, findings);
  EXPECT_FALSE(has_errors(findings));
  EXPECT_EQ(twice.text("sites"), agent + "," + first);
  auto contradicting = with_flags(
      {"-mode", "agent", "-localSite", "127.0.0.1:9904:agent1", "-sites", agent + "," + first + "," + moved});
  repair_own_site(contradicting, is_own_host, findings);
  EXPECT_TRUE(has_errors(findings));
}

TEST(Validate, the_loopback_is_this_machine) {
  EXPECT_TRUE(is_own_host("127.0.0.3"));
  EXPECT_TRUE(is_own_host("localhost"));
  EXPECT_FALSE(is_own_host("192.0.2.1"));  // kept for documentation, never assigned
}

}  // namespace
}  // namespace pelorus::config
