#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/certificates.h"
#include "cli/deploy/checks.h"
#include "cli/deploy/configuration.h"
#include "cli/deploy/plan_text.h"
#include "cli/deploy/reach.h"
#include "cli/deploy/topology.h"

namespace pelorus::cli::deploy {
namespace {

Topology on(std::vector<std::string> hosts) {
  Topology topology;
  topology.hosts = std::move(hosts);
  return topology;
}

TEST(Topology, a_file_says_what_is_wanted) {
  const auto topology = parse_topology(
      "# production\nname = prod\nhosts = 10.0.0.1, 10.0.0.2,10.0.0.3\nuser = dolphin   # not root\nssh port = 2222\n"
      "ssh option = StrictHostKeyChecking=yes\ndirectory = /srv/pelorus\ndata = /ssd\nport = 9900\ndata nodes = 2\n"
      "replicas = 3\ntls = no\n");
  ASSERT_TRUE(topology.ok()) << topology.error().message;
  EXPECT_EQ(topology->name, "prod");
  EXPECT_EQ(topology->hosts, (std::vector<std::string>{"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(topology->user, "dolphin");
  EXPECT_EQ(topology->ssh_port, 2222);
  EXPECT_EQ(topology->ssh_options, (std::vector<std::string>{"StrictHostKeyChecking=yes"}));
  EXPECT_EQ(topology->data_directory(), "/ssd");
  EXPECT_EQ(topology->data_nodes, 2);
  EXPECT_FALSE(topology->tls);
  EXPECT_FALSE(topology->uses_node_tls());
  EXPECT_TRUE(parse_topology("hosts = a\n")->uses_node_tls());
  EXPECT_FALSE(parse_topology("hosts = a\nnode tls = no\n")->uses_node_tls());
  EXPECT_TRUE(validate_topology(*topology).ok());
}

TEST(Topology, mistakes_are_named_with_their_line) {
  EXPECT_NE(parse_topology("name = x\n\nhots = a\n").error().message.find("line 3"), std::string::npos);
  EXPECT_NE(parse_topology("hots = a\n").error().message.find("hosts"), std::string::npos);
  EXPECT_EQ(parse_topology("port = many\n").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(parse_topology("port 8900\n").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(parse_topology("tls = perhaps\n").error().code, ErrorCode::kInvalid);
}

TEST(Topology, what_cannot_work_is_refused_before_any_host_is_asked) {
  EXPECT_FALSE(validate_topology(on({})).ok());
  EXPECT_FALSE(validate_topology(on({"a", "b", "a"})).ok());
  EXPECT_FALSE(validate_topology(on({"-oProxyCommand=x"})).ok());
  EXPECT_FALSE(validate_topology(on({"a;reboot"})).ok());
  for (const char* path : {"relative", "/with blank", "/a/../b", "/", "/a,b", "/$(x)"}) {
    auto topology = on({"a"});
    topology.directory = path;
    EXPECT_FALSE(validate_topology(topology).ok()) << path;
  }
  auto topology = on({"a", "2001:db8::1", "b.example.org"});
  EXPECT_TRUE(validate_topology(topology).ok());
  topology.name = "two words";
  EXPECT_FALSE(validate_topology(topology).ok());
}

std::string sites(const Layout& layout) {
  std::string text;
  for (const auto& node : layout.nodes) text += (text.empty() ? "" : " ") + node.entry.site.to_string();
  return text;
}

TEST(Layout, three_hosts_have_a_controller_an_agent_and_a_data_node_each) {
  const auto layout = plan_layout(on({"a", "b", "c"}));
  EXPECT_EQ(sites(layout),
            "a:8900:controller1 b:8900:controller2 c:8900:controller3 a:8901:agent1 b:8901:agent2 c:8901:agent3 "
            "a:8902:node1 b:8902:node2 c:8902:node3");
  EXPECT_EQ(layout.packages.size(), 3u);
  EXPECT_EQ(layout.packages[1].directory, "/opt/pelorus/server");
  EXPECT_EQ(layout.replicas, 2);
  EXPECT_TRUE(layout.replicas_apart);
  EXPECT_TRUE(unsafe_points(on({"a", "b", "c"}), layout).empty());
}

TEST(Layout, four_hosts_have_three_voters_and_five_have_five) {
  const auto four = plan_layout(on({"a", "b", "c", "d"}));
  EXPECT_EQ(four.of(config::NodeMode::kController).size(), 3u);
  EXPECT_EQ(four.find("agent4")->entry.site.port, 8901);
  EXPECT_TRUE(four.packages[3].controller.empty());
  EXPECT_EQ(plan_layout(on({"a", "b", "c", "d", "e"})).of(config::NodeMode::kController).size(), 5u);
}

TEST(Layout, pseudo_ha_numbers_the_packages_of_a_host) {
  auto topology = on({"127.0.0.1"});
  topology.pseudo_ha = true;
  const auto layout = plan_layout(topology);
  ASSERT_EQ(layout.packages.size(), 3u);
  EXPECT_EQ(layout.packages[2].directory, "/opt/pelorus/dolphindb_3/server");
  EXPECT_EQ(layout.packages[0].agent, "agent1");
  EXPECT_EQ(layout.packages[1].agent, "");
  EXPECT_EQ(layout.find("node3")->package, 0u);
  std::set<int> ports;
  for (const auto& node : layout.nodes) ports.insert(node.entry.site.port);
  EXPECT_EQ(ports.size(), 7u);
  EXPECT_FALSE(layout.replicas_apart);
  EXPECT_TRUE(unsafe_points(topology, layout).empty());
  topology.hosts.push_back("127.0.0.2");
  const auto two = plan_layout(topology);
  EXPECT_EQ(two.find("controller2")->host, 0u);
  EXPECT_EQ(two.find("controller3")->host, 1u);
  EXPECT_EQ(two.packages[2].directory, "/opt/pelorus/server");
}

TEST(Layout, unsafe_ones_are_refused_with_the_way_out) {
  const auto points = [](Topology topology) {
    std::string text;
    for (const auto& point : unsafe_points(topology, plan_layout(topology))) text += point.en + "\n";
    return text;
  };
  EXPECT_NE(points(on({"a", "b"})).find("even number"), std::string::npos);
  auto two = on({"a", "b"});
  two.even_voters = true;
  EXPECT_EQ(points(two), "");
  auto crowded = on({"a", "b"});
  crowded.controllers = 3;
  EXPECT_NE(points(crowded).find("--pseudo-ha"), std::string::npos);
  crowded.pseudo_ha = true;
  EXPECT_EQ(points(crowded), "");
  auto one = on({"a"});
  one.data_nodes = 2;
  EXPECT_NE(points(one).find("replicas need as many hosts"), std::string::npos);
  one.replicas = 1;
  EXPECT_EQ(points(one), "");
  auto many = on({"a", "b", "c"});
  many.replicas = 4;
  EXPECT_NE(points(many).find("replicas need as many data nodes"), std::string::npos);
}

TEST(Survival, a_host_of_three_may_be_lost) {
  const auto topology = on({"a", "b", "c"});
  const auto rows = survival_of(topology, plan_layout(topology));
  ASSERT_EQ(rows.size(), 3u);
  for (const auto& row : rows) {
    EXPECT_EQ(row.voters_left, 2);
    EXPECT_TRUE(row.metadata && row.reads && row.writes && row.full_copies) << row.lost;
  }
}

TEST(Survival, the_weak_points_of_two_hosts_and_of_single_copies_show) {
  auto topology = on({"a", "b"});
  topology.pseudo_ha = true;
  const auto rows = survival_of(topology, plan_layout(topology));
  EXPECT_FALSE(rows[0].metadata || rows[0].writes);  // two of the three voters were there
  EXPECT_TRUE(rows[1].metadata && rows[1].reads && rows[1].writes);
  EXPECT_FALSE(rows[1].full_copies);  // one data node is left
  auto single = on({"a", "b", "c"});
  single.replicas = 1;
  const auto lonely = survival_of(single, plan_layout(single));
  EXPECT_TRUE(lonely[0].metadata);
  EXPECT_FALSE(lonely[0].reads || lonely[0].writes);
  auto alone = on({"a"});
  EXPECT_FALSE(survival_of(alone, plan_layout(alone))[0].metadata);
}

TEST(Plan, is_told_in_both_languages) {
  const auto topology = on({"a", "b", "c"});
  const auto layout = plan_layout(topology);
  const auto english = plan_text(topology, layout, Language::kEnglish),
             chinese = plan_text(topology, layout, Language::kChinese);
  EXPECT_NE(english.find("controller2:8900"), std::string::npos);
  EXPECT_NE(english.find("2/3"), std::string::npos);
  EXPECT_NE(chinese.find("剩余投票者"), std::string::npos);
  EXPECT_EQ(plan_json(topology, layout).at("loss").as_array().size(), 3u);
}

/// What a healthy, empty host says.
HostFacts healthy(const std::string& address) {
  auto facts = parse_facts(
      "user=dolphin\nuid=1000\nroot=yes\nsystem=Linux\nmachine=x86_64\nkernel=6.1.0\nlibc=glibc 2.36\ncores=8\n"
      "memory_kb=33554432\nmemory_free_kb=30000000\nswap_kb=0\nswappiness=60\nthp=madvise\nmaps=262144\nfiles=1048576\n"
      "processes=unlimited\ncharmap=UTF-8\nntp=yes\ntools= tar rsync dd awk sed find cp mv cat kill "
      "nohup\nshell=works\n"
      "directory_exists=no\ndirectory_near=/opt\ndirectory_owner=root\ndirectory_writable=yes\ndirectory_type=ext2/"
      "ext3\n"
      "directory_free_kb=90000000\ndirectory_inodes=100000\ndata_near=/opt\ndata_owner=root\ndata_writable=yes\n"
      "data_type=xfs\ndata_free_kb=90000000\ndata_inodes=100000\ntmp_free_kb=9000000\ntmp_writable=yes\n"
      "listening=0100007F:0016 00000000:0016 \nresolved= 10.0.0.1>10.0.0.1 10.0.0.2>10.0.0.2 "
      "10.0.0.3>10.0.0.3\nend=yes\n");
  facts.values["addresses"] = "127.0.0.1 " + address;
  facts.values["hostname"] = "host-" + address;
  facts.values["boot"] = "boot-" + address;
  facts.values["time"] = "1000.0";
  facts.asked_at = 1000.1;
  facts.asked_for = 0.2;
  return facts;
}

class Checks : public testing::Test {
 protected:
  std::vector<Finding> judged() const {
    return judge(topology_, plan_layout(topology_), {"x86_64", "print", 2e8}, facts_);
  }
  /// The checks that are not good, on host 1 when not told otherwise.
  std::string bad() const {
    std::string text;
    for (const auto& finding : judged()) {
      if (finding.grade == Grade::kGood) continue;
      text += (text.empty() ? "" : " ") + finding.check + (finding.grade == Grade::kProblem ? "!" : "");
      EXPECT_FALSE(finding.detail.en.empty() || finding.detail.zh.empty()) << finding.check;
    }
    return text;
  }
  /// What is bad when host 1 says this.
  std::string bad_with(const std::string& key, const std::string& value) {
    auto before = facts_[0];
    facts_[0].values[key] = value;
    const auto text = bad();
    facts_[0] = std::move(before);
    return text;
  }
  Topology topology_ = on({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  std::vector<HostFacts> facts_{healthy("10.0.0.1"), healthy("10.0.0.2"), healthy("10.0.0.3")};
};

TEST_F(Checks, healthy_hosts_pass_all_of_more_than_thirty) {
  EXPECT_EQ(bad(), "");
  std::set<std::string> names;
  for (const auto& finding : judged()) names.insert(finding.check);
  EXPECT_GE(names.size(), 30u);
}

TEST_F(Checks, each_fault_is_found_and_graded) {
  const struct {
    const char *key, *value, *found;
  } faults[] = {
      {"machine", "aarch64", "architecture!"},
      {"system", "FreeBSD", "system!"},
      {"kernel", "3.10.0-1160.el7", "kernel!"},
      {"libc", "glibc 2.17", "c-library!"},
      {"libc", "other", "c-library!"},
      {"charmap", "GB18030", "locale"},
      {"memory_kb", "1000000", "memory!"},
      {"memory_free_kb", "100000", "free-memory"},
      {"cores", "1", "cores"},
      {"swap_kb", "4000000", "swap"},
      {"thp", "always", "huge-pages"},
      {"maps", "1000", "memory-maps"},
      {"tmp_free_kb", "100", "temporary-space"},
      {"files", "1024", "open-files"},
      {"processes", "100", "processes"},
      {"time", "1005.0", "clock"},
      {"time", "1100.0", "clock!"},
      {"ntp", "no", "time-service"},
      {"directory_file", "yes", "directory-kind!"},
      {"directory_writable", "no", "directory-rights!"},
      {"directory_readonly", "yes", "directory-rights!"},
      {"data_type", "nfs", "data-file-system!"},
      {"data_type", "tmpfs", "data-file-system"},
      {"directory_noexec", "yes", "directory-programs!"},
      {"directory_free_kb", "1000", "directory-space!"},
      {"data_free_kb", "1000", "data-space!"},
      {"data_inodes", "10", "data-inodes!"},
      {"content", "precious things", "directory-content!"},
      {"ours", "another", "cluster-name!"},
      {"data_content", "precious", "data-content!"},
      {"listening", "00000000:22C4 ", "ports!"},
      {"listening", "0100000A:22C5 ", "ports!"},
      {"listening", "00000000000000000000000000000000:22C6 ", "ports!"},
      {"resolved", " 10.0.0.1>10.0.0.1 10.0.0.2>", "names!"},
      {"addresses", "127.0.0.1 10.0.0.77", "address!"},
      {"resolved", " 10.0.0.1>127.0.1.1", "address-reach!"},
      {"tools", " dd awk sed find cp mv cat kill nohup", "tools!"},
      {"shell", "", "shell!"},
      {"key_mode", "644", "key-rights!"},
      {"boot", "boot-10.0.0.2", "duplicate-hosts!"},
      {"hostname", "host-10.0.0.2", "hostnames"},
  };
  for (const auto& fault : faults)
    EXPECT_EQ(bad_with(fault.key, fault.value), fault.found) << fault.key << "=" << fault.value;
}

TEST_F(Checks, a_node_of_this_deployment_may_hold_its_port) {
  facts_[0].values["listening"] = "00000000:22C4 ";
  facts_[0].values["state:controller1"] = "ready";
  EXPECT_EQ(bad(), "");
}

TEST_F(Checks, an_ordinary_user_is_enough_and_a_repair_is_offered_where_it_helps) {
  facts_[0].values["root"] = "no";
  EXPECT_EQ(bad(), "");
  facts_[0].values["directory_writable"] = "no";
  const auto findings = judged();
  const auto found = std::ranges::find(findings, "directory-rights", &Finding::check);
  ASSERT_NE(found, findings.end());
  EXPECT_EQ(found->repair, "mkdir -p '/opt/pelorus' && chown dolphin '/opt/pelorus'");
}

TEST_F(Checks, strangers_are_told_from_members) {
  facts_[0].values["cluster:controller1"] = "11111111-1111-4111-8111-111111111111";
  facts_[1].values["cluster:controller2"] = "22222222-2222-4222-8222-222222222222";
  EXPECT_EQ(bad(), "cluster-uuid!");
  facts_[1].values["cluster:controller2"] = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(bad(), "");
  EXPECT_EQ(founded_cluster(plan_layout(topology_), facts_), "");
  facts_[0].values["founded:controller1"] = "yes";
  EXPECT_EQ(founded_cluster(plan_layout(topology_), facts_), "11111111-1111-4111-8111-111111111111");
  facts_[0].values["package:/opt/pelorus/server"] = "another";
  EXPECT_EQ(bad(), "version!");
  facts_[0].values["has_cluster.key"] = "1-65";
  facts_[1].values["has_cluster.key"] = "2-65";
  EXPECT_EQ(bad(), "version! cluster-key!");
}

TEST_F(Checks, a_host_that_cannot_be_asked_is_a_problem) {
  facts_[2] = {};
  facts_[2].failure = Error{ErrorCode::kUnavailable, "no route"};
  EXPECT_EQ(bad(), "ssh!");
}

TEST(DeployedConfiguration, names_every_member_the_same_on_every_host) {
  auto topology = on({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  topology.data = "/ssd";
  const auto layout = plan_layout(topology);
  const std::vector<HostFacts> facts{healthy("10.0.0.1"), healthy("10.0.0.2"), healthy("10.0.0.3")};
  const auto first = configuration_of(topology, layout, 0, facts), third = configuration_of(topology, layout, 2, facts);
  ASSERT_EQ(first.size(), 4u);
  EXPECT_EQ(first.at("cluster.nodes"), third.at("cluster.nodes"));
  EXPECT_EQ(first.at("cluster.cfg"), third.at("cluster.cfg"));
  EXPECT_TRUE(first.at("cluster.nodes").starts_with("localSite,mode\n10.0.0.1:8900:controller1,controller\n"));
  const auto has = [](const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  };
  EXPECT_TRUE(has(third.at("controller.cfg"), "localSite=10.0.0.3:8900:controller3"));
  EXPECT_TRUE(has(third.at("controller.cfg"), "dfsMetaDir=/ssd/controller3/dfsMeta"));
  EXPECT_TRUE(has(third.at("controller.cfg"), "clusterKeyFile=/opt/pelorus/keys/cluster.key"));
  for (const auto* file : {"controller.cfg", "agent.cfg", "cluster.cfg"})
    EXPECT_TRUE(has(third.at(file), "enableHTTPS=1") && has(third.at(file), "enableRpcSSL=1")) << file;
  EXPECT_TRUE(has(third.at("agent.cfg"), "controllerSite=10.0.0.3:8900:controller3"));
  EXPECT_TRUE(has(first.at("cluster.cfg"), "node2.volumes=/ssd/node2/volumes"));
  EXPECT_TRUE(has(first.at("cluster.cfg"), "node2.maxMemSize=22"));
  for (const auto& [name, text] : first) EXPECT_EQ(text.find("assword="), std::string::npos) << name;
}

TEST(DeployedConfiguration, operators_may_change_settings_but_not_who_is_where) {
  const auto topology = on({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  const std::vector<HostFacts> facts{healthy("10.0.0.1"), healthy("10.0.0.2"), healthy("10.0.0.3")};
  const auto files = configuration_of(topology, plan_layout(topology), 0, facts);
  EXPECT_TRUE(differences("cluster.cfg", files.at("cluster.cfg"),
                          files.at("cluster.cfg") + "node1.maxMemSize=7\nlogLevel=DEBUG\n")
                  .empty());
  auto moved = files.at("controller.cfg");
  moved.replace(moved.find(":8900:"), 6, ":9999:");
  EXPECT_EQ(differences("controller.cfg", files.at("controller.cfg"), moved), (std::vector<std::string>{"localSite"}));
  auto grown = files.at("cluster.nodes") + "10.0.0.4:8902:node4,datanode\n";
  EXPECT_EQ(differences("cluster.nodes", files.at("cluster.nodes"), grown), (std::vector<std::string>{"members"}));
  auto elsewhere = files.at("cluster.cfg");
  elsewhere.replace(elsewhere.find("/data/node3/volumes"), 19, "/other/node3/volume");
  EXPECT_EQ(differences("cluster.cfg", files.at("cluster.cfg"), elsewhere),
            (std::vector<std::string>{"node3.volumes"}));
}

TEST(Certificates, are_signed_by_their_authority_and_no_other) {
  const auto authority = make_authority("prod"), other = make_authority("prod");
  ASSERT_TRUE(authority.ok() && other.ok());
  const auto made = make_server_certificate(*authority, {"10.0.0.1", "host-1", "2001:db8::1"});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(is_signed_by(made->certificate, authority->certificate));
  EXPECT_FALSE(is_signed_by(made->certificate, other->certificate));
  EXPECT_TRUE(is_for_host(made->certificate, "10.0.0.1") && is_for_host(made->certificate, "host-1"));
  EXPECT_FALSE(is_for_host(made->certificate, "10.0.0.2") || is_for_host("nonsense", "host-1"));
  EXPECT_NE(made->key.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(make_server_certificate({"nonsense", "nonsense"}, {"a"}).error().code, ErrorCode::kInvalid);
}

TEST(Secrets, differ_and_have_their_length) {
  const auto one = random_password(), two = random_password();
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->size(), 20u);
  EXPECT_NE(*one, *two);
  EXPECT_EQ(random_key()->size(), 64u);
}

TEST(Reach, tells_an_open_port_from_a_closed_one) {
  std::ostringstream none;
  EXPECT_EQ(listen_for_peers({"192.0.2.1:18990"}, 1, none).error().code, ErrorCode::kIo);
  EXPECT_EQ(none.str(), "");
  const auto closed = reach({"127.0.14.9:1"}, 1000);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].failure, "Connection refused");
}

}  // namespace
}  // namespace pelorus::cli::deploy
