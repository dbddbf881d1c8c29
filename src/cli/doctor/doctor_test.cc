// Each check from facts: a sound cluster has nothing, and one thing that is wrong is found by its check.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/doctor/check.h"
#include "cli/doctor/gather_package.h"
#include "cli/doctor/port_owner.h"
#include "cli/doctor/report.h"

namespace pelorus::cli::doctor {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kGigabyte = int64_t{1} << 30;

PlaceFacts place(const std::string& setting, const std::string& path) {
  PlaceFacts facts;
  facts.setting = setting;
  facts.directory = {.path = path,
                     .file_system = "ext4",
                     .capacity_bytes = 1000 * kGigabyte,
                     .free_bytes = 700 * kGigabyte,
                     .exists = true,
                     .writable = true,
                     .owner = "operator"};
  return facts;
}

NodeFacts node(const std::string& alias, const std::string& host, int mode) {
  NodeFacts facts;
  facts.row.alias = alias;
  facts.row.host = host;
  facts.row.port = 8900;
  facts.row.mode = mode;
  facts.row.online = true;
  facts.row.memory_max = 16;
  facts.version = "3.00";
  facts.listens = "127.0.0.1";
  facts.settings = {
      {"dataSync", "1"}, {"enableHTTPS", "false"}, {"dfsReplicationFactor", "2"}, {"dfsReplicaReliabilityLevel", "1"}};
  facts.machine = observe::MachineFacts{.memory_total_bytes = 64 * kGigabyte,
                                        .memory_available_bytes = 60 * kGigabyte,
                                        .open_files_max = 1 << 20,
                                        .huge_pages = "madvise"};
  facts.clock_ahead_ms = 3;
  if (mode == 2) facts.raft_committed = facts.raft_applied = 5000;
  facts.places = {place("volumes", "/data/" + alias)};
  return facts;
}

/// Three servers, each with a controller, an agent and a data node; one chunk on two of them.
LiveFacts sound_cluster() {
  LiveFacts live;
  live.asked = "10.0.0.1:8900";
  live.user = "admin";
  for (const std::string n : {"1", "2", "3"}) {
    live.nodes.push_back(node("controller" + n, "10.0.0." + n, 2));
    live.nodes.push_back(node("agent" + n, "10.0.0." + n, 1));
    live.nodes.push_back(node("node" + n, "10.0.0." + n, 0));
    live.voters.push_back("controller" + n);
  }
  live.leader = "controller1";
  live.chunks = {{"1", "/db/1", "COMPLETE", {{"node1", false}, {"node2", false}}}};
  live.transactions = {{7, "BEGIN", 20}};
  return live;
}

class Doctor : public testing::Test {
 protected:
  Doctor() { facts_.live = sound_cluster(); }
  NodeFacts& at(const std::string& alias) {
    for (auto& each : facts_.live->nodes) {
      if (each.row.alias == alias) return each;
    }
    throw std::runtime_error("no node " + alias);
  }
  Outcome outcome(std::string_view id) const {
    const auto* check = find_check(id);
    EXPECT_NE(check, nullptr) << id;
    return check == nullptr ? Outcome{} : check->judge(facts_);
  }
  void expect(std::string_view id, Verdict verdict, const std::string& mentions) const {
    const auto found = outcome(id);
    EXPECT_EQ(name_of(found.verdict), name_of(verdict)) << id << ": " << found.reason.en;
    EXPECT_NE(found.reason.en.find(mentions), std::string::npos) << id << ": " << found.reason.en;
    EXPECT_NE(found.reason.zh.find(mentions), std::string::npos) << id << ": " << found.reason.zh;
    EXPECT_EQ(found.fix.en.empty(), verdict == Verdict::kOk || verdict == Verdict::kSkipped) << id;
    EXPECT_EQ(found.fix.en.empty(), found.fix.zh.empty()) << id;
  }
  PackageFacts& package() {
    if (facts_.packages.empty()) {
      facts_.packages.emplace_back();
      facts_.packages.back().name = "/opt/dolphindb_1";
      facts_.packages.back().owner = "operator";
    }
    return facts_.packages.back();
  }
  LocalNode& local_node() {
    LocalNode local;
    local.entry = {.site = {"127.0.0.1", 8901, "agent1"}, .mode = config::NodeMode::kAgent, .group = {}, .zone = {}};
    local.was_started = local.is_running = local.owner_is_node = true;
    local.port_owner = 77;
    package().nodes.push_back(local);
    return package().nodes.back();
  }
  config::Loaded controller(const std::string& alias, const std::string& host) {
    config::Loaded loaded;
    loaded.config_file = "/opt/" + alias + "/controller.cfg";
    const config::Origin origin{config::Origin::Kind::kFile, loaded.config_file, 2};
    loaded.settings.set("mode", "controller", origin);
    loaded.settings.set("localSite", host + ":8900:" + alias, origin);
    return loaded;
  }
  Facts facts_;
};

TEST_F(Doctor, has_checks_with_distinct_names_and_both_languages) {
  std::set<std::string_view> ids;
  for (const auto& check : all_checks()) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id;
    EXPECT_FALSE(check.looks_at_en.empty());
    EXPECT_FALSE(check.looks_at_zh.empty());
    EXPECT_LE(check.id.size(), 18u);
  }
  EXPECT_GE(ids.size(), 25u);
}

TEST_F(Doctor, a_sound_cluster_has_nothing) {
  for (const auto& finding : judge(facts_)) {
    EXPECT_TRUE(finding.outcome.verdict == Verdict::kOk || finding.outcome.verdict == Verdict::kSkipped)
        << finding.check->id << ": " << finding.outcome.reason.en;
    EXPECT_FALSE(finding.outcome.reason.en.empty()) << finding.check->id;
    EXPECT_FALSE(finding.outcome.reason.zh.empty()) << finding.check->id;
  }
}

TEST_F(Doctor, without_any_facts_everything_is_skipped) {
  facts_.live.reset();
  EXPECT_EQ(count(judge(facts_), Verdict::kSkipped), all_checks().size());
}

TEST_F(Doctor, answer) {
  facts_.live->failure = "connection refused";
  expect("answer", Verdict::kProblem, "connection refused");
  EXPECT_EQ(outcome("leader").verdict, Verdict::kSkipped);
}

TEST_F(Doctor, a_refused_login_is_told_apart) {
  facts_.live->failure = "wrong password";
  facts_.live->is_denied = true;
  EXPECT_NE(outcome("answer").fix.en.find("--password"), std::string::npos);
}

TEST_F(Doctor, leader) {
  facts_.live->leader.clear();
  EXPECT_EQ(outcome("leader").verdict, Verdict::kProblem);
}

TEST_F(Doctor, quorum_at_risk_and_lost) {
  at("controller2").row.online = false;
  expect("quorum", Verdict::kProblem, "controller2");
  EXPECT_NE(outcome("quorum").reason.en.find("0 more"), std::string::npos) << outcome("quorum").reason.en;
  at("controller3").failure = "refused";
  expect("quorum", Verdict::kProblem, "controller3");
  EXPECT_NE(outcome("quorum").reason.en.find("2 are needed"), std::string::npos);
}

TEST_F(Doctor, a_silent_controller_that_leads_us_to_a_firewall_is_not_down) {
  at("controller2").failure = "no answer within 2 s";
  at("controller2").is_silent = true;
  EXPECT_EQ(outcome("quorum").verdict, Verdict::kOk);
  expect("reachable", Verdict::kProblem, "controller2");
  EXPECT_NE(outcome("reachable").fix.en.find("firewall"), std::string::npos);
}

TEST_F(Doctor, who_answers_us_is_up_though_a_new_leader_has_not_heard_of_it) {
  for (const auto* alias : {"controller2", "agent2", "node2"}) {
    at(alias).row.online = false;
    at(alias).has_answered = true;
  }
  for (const auto* id : {"quorum", "agents", "members"}) EXPECT_EQ(outcome(id).verdict, Verdict::kOk) << id;
}

TEST_F(Doctor, a_refused_connection_is_an_address_nobody_can_use) {
  at("node2").failure = "refused";
  expect("reachable", Verdict::kProblem, "node2 10.0.0.2:8900");
  EXPECT_NE(outcome("reachable").fix.en.find("cluster.nodes"), std::string::npos);
}

TEST_F(Doctor, odd_controllers) {
  facts_.live->voters.pop_back();
  expect("odd-controllers", Verdict::kWarning, "2");
}

TEST_F(Doctor, controller_hosts) {
  at("controller2").row.host = "10.0.0.1";
  expect("controller-hosts", Verdict::kWarning, "10.0.0.1");
  EXPECT_NE(outcome("controller-hosts").reason.en.find("no majority"), std::string::npos);
}

TEST_F(Doctor, log_lag) {
  at("controller3").raft_applied = 2000;
  expect("log-lag", Verdict::kWarning, "controller3 -3000");
}

TEST_F(Doctor, agents) {
  at("agent2").row.online = false;
  expect("agents", Verdict::kProblem, "node2 (10.0.0.2)");
  EXPECT_NE(outcome("agents").fix.en.find("agent.cfg"), std::string::npos);
  expect("members", Verdict::kWarning, "agent2");
}

TEST_F(Doctor, versions) {
  at("node3").version = "2.00";
  expect("versions", Verdict::kWarning, "2.00: node3");
}

TEST_F(Doctor, clocks_count_only_beyond_doubt) {
  at("node3").clock_ahead_ms = 1500;
  at("node3").clock_doubt_ms = 700;
  EXPECT_EQ(outcome("clocks").verdict, Verdict::kOk);
  at("node3").clock_doubt_ms = 10;
  expect("clocks", Verdict::kWarning, "node3");
  at("node3").clock_ahead_ms = 120'000;
  expect("clocks", Verdict::kProblem, "119997");
}

TEST_F(Doctor, chunks) {
  facts_.live->chunks->push_back({"2", "/db/2", "COMPLETE", {{"node1", false}, {"node3", true}}});
  expect("chunks", Verdict::kProblem, "/db/2");
  facts_.live->chunks->back() = {"2", "/db/3", "RECOVERING", {{"node1", false}, {"node3", false}}};
  expect("chunks", Verdict::kProblem, "/db/3 (RECOVERING)");
}

TEST_F(Doctor, chunks_are_for_administrators) {
  facts_.live->chunks.reset();
  facts_.live->refusal = "<NoPrivilege>";
  EXPECT_EQ(outcome("chunks").verdict, Verdict::kSkipped);
  EXPECT_NE(outcome("chunks").reason.en.find("<NoPrivilege>"), std::string::npos);
}

TEST_F(Doctor, replica_count) {
  facts_.live->chunks->push_back({"2", "/db/2", "COMPLETE", {{"node1", false}}});
  expect("replica-count", Verdict::kWarning, "/db/2");
}

TEST_F(Doctor, replica_hosts_by_reliability_level) {
  at("node2").row.host = "10.0.0.1";
  expect("replica-hosts", Verdict::kProblem, "/db/1");
  for (auto& each : facts_.live->nodes) each.settings["dfsReplicaReliabilityLevel"] = "2";
  expect("replica-hosts", Verdict::kWarning, "/db/1");
  at("node3").row.host = "10.0.0.1";
  EXPECT_NE(outcome("replica-hosts").fix.en.find("second server"), std::string::npos);
}

TEST_F(Doctor, replication_factor) {
  for (auto& each : facts_.live->nodes) each.settings["dfsReplicationFactor"] = "1";
  expect("replication-factor", Verdict::kWarning, "1");
}

TEST_F(Doctor, transactions) {
  facts_.live->transactions->push_back({8, "COMMIT", 3'600'000});
  expect("transactions", Verdict::kWarning, "8 COMMIT 3600 s");
}

TEST_F(Doctor, data_sync) {
  at("node2").settings["dataSync"] = "0";
  expect("data-sync", Verdict::kProblem, "node2");
}

TEST_F(Doctor, disk_space) {
  at("node2").places[0].directory.free_bytes = 150 * kGigabyte;
  expect("disk-space", Verdict::kWarning, "85 %");
  at("node2").places[0].directory.free_bytes = 10 * kGigabyte;
  expect("disk-space", Verdict::kProblem, "node2");
}

TEST_F(Doctor, memory) {
  at("node2").row.memory_max = 232;
  expect("memory", Verdict::kWarning, "10.0.0.2 264 GB > 64.0 GB");
}

TEST_F(Doctor, swap) {
  at("controller1").machine->swap_total_bytes = 8 * kGigabyte;
  EXPECT_EQ(outcome("swap").verdict, Verdict::kOk);
  at("controller1").machine->swap_used_bytes = 2 * kGigabyte;
  expect("swap", Verdict::kWarning, "10.0.0.1 2.0 GB");
}

TEST_F(Doctor, open_files) {
  at("controller1").machine->open_files_max = 10000;
  expect("open-files", Verdict::kWarning, "10000");
  at("controller1").machine->open_files_max = 1024;
  expect("open-files", Verdict::kProblem, "1024");
}

TEST_F(Doctor, huge_pages) {
  at("controller1").machine->huge_pages = "always";
  expect("huge-pages", Verdict::kWarning, "10.0.0.1");
}

TEST_F(Doctor, file_systems) {
  at("node1").places[0].directory.file_system = "nfs";
  expect("file-systems", Verdict::kWarning, "nfs");
  at("node1").places[0].directory.file_system = "tmpfs";
  expect("file-systems", Verdict::kProblem, "tmpfs");
}

TEST_F(Doctor, password_and_tls) {
  facts_.live->stock_password = true;
  EXPECT_EQ(outcome("password").verdict, Verdict::kOk);
  at("node1").listens = "0.0.0.0";
  expect("password", Verdict::kProblem, "node1 0.0.0.0");
  expect("tls", Verdict::kWarning, "node1 0.0.0.0");
  at("node1").settings["enableHTTPS"] = "true";
  EXPECT_EQ(outcome("tls").verdict, Verdict::kOk);
  facts_.live->user = "reader";
  EXPECT_EQ(outcome("password").verdict, Verdict::kSkipped);
}

TEST_F(Doctor, certificates) {
  constexpr int64_t kDay = 86400, kNow = 1'800'000'000;
  facts_.now_s = kNow;
  EXPECT_EQ(outcome("certificates").verdict, Verdict::kSkipped);
  at("node1").certificate = "/keys/server.crt";
  at("node1").certificate_end_s = kNow + 31 * kDay;
  expect("certificates", Verdict::kOk, "2027-02-15");
  at("node1").certificate_end_s = kNow + 29 * kDay;
  expect("certificates", Verdict::kWarning, "node1 /keys/server.crt 2027-02-13");
  at("node1").certificate_end_s = kNow;
  expect("certificates", Verdict::kProblem, "node1 /keys/server.crt 2027-01-15");
  at("node1").certificate_end_s.reset();
  package().keys.push_back(
      {.alias = "controller1", .directory = "/k", .certificate_s = kNow + 400 * kDay, .authority_s = kNow + 5 * kDay});
  expect("certificates", Verdict::kWarning, "controller1 /k/ca.crt 2027-01-20");
  auto& keys = package().keys.back();
  keys.authority_s = kNow + 800 * kDay;
  EXPECT_EQ(outcome("certificates").verdict, Verdict::kOk);
  keys.is_for_host = false;
  expect("certificates", Verdict::kProblem, "controller1 /k/server.crt");
  keys.is_signed = false;
  expect("certificates", Verdict::kProblem, "ca.crt");
  keys.has_key = false;
  expect("certificates", Verdict::kProblem, "/k/serverPrivate.key");
  keys.missing = "server.crt";
  expect("certificates", Verdict::kProblem, "/k/server.crt");
  EXPECT_EQ(outcome("certificates").reason.en,
            "Certificates cannot be used: controller1 /k/server.crt is missing or cannot be read.");
}

TEST_F(Doctor, config_files) {
  package().config.findings = {{"agent.cfg", 3, "full-width punctuation", config::Severity::kWarning}};
  expect("config-files", Verdict::kWarning, "agent.cfg:3");
  package().config.findings.push_back({"agent.cfg", 4, "no '='", config::Severity::kError});
  expect("config-files", Verdict::kProblem, "agent.cfg:4");
}

TEST_F(Doctor, unknown_settings) {
  package().config.controller = controller("controller1", "127.0.0.1");
  EXPECT_EQ(outcome("unknown-settings").verdict, Verdict::kOk);
  package().config.controller->settings.set("maxMemSise", "3", {config::Origin::Kind::kFile, "controller.cfg", 9});
  expect("unknown-settings", Verdict::kWarning, "maxMemSise (controller.cfg:9)");
}

TEST_F(Doctor, addresses) {
  package().config.controller = controller("controller1", "127.0.0.1");
  package().config.nodes.records = {{{{"127.0.0.2", 8900, "controller1"}, config::NodeMode::kController, {}, {}}, 2}};
  expect("addresses", Verdict::kProblem, "127.0.0.2:8900");
  package().foreign_addresses = {"agent1 170.0.0.1 (agent.cfg)"};
  expect("addresses", Verdict::kProblem, "170.0.0.1");
}

TEST_F(Doctor, config_drift_with_the_cluster_and_between_copies) {
  package();
  EXPECT_EQ(outcome("config-drift").verdict, Verdict::kOk);
  facts_.live->drift = {{"cluster.cfg", 4, "maxMemSize", "8", "16"}};
  expect("config-drift", Verdict::kWarning, "cluster.cfg:4 maxMemSize");
  facts_.live->drift.clear();
  facts_.live->drift_refusal = "not now";
  expect("config-drift", Verdict::kSkipped, "not now");
  facts_.live->drift_refusal.clear();
  package().config.controller = controller("controller1", "127.0.0.1");
  facts_.packages.emplace_back();
  package().config.controller = controller("controller2", "127.0.0.1");
  package().config.controller->settings.set("dfsReplicationFactor", "1",
                                            {config::Origin::Kind::kFile, "controller.cfg", 3});
  expect("config-drift", Verdict::kWarning, "dfsReplicationFactor");
}

TEST_F(Doctor, processes_ports_and_pids) {
  auto& local = local_node();
  for (const auto* id : {"processes", "ports", "stale-pid"}) EXPECT_EQ(outcome(id).verdict, Verdict::kOk) << id;
  local.port_owner = 0;
  expect("ports", Verdict::kProblem, "agent1 127.0.0.1:8901");
  local.is_running = false;
  local.has_stale_pid = true;
  expect("stale-pid", Verdict::kWarning, "agent1");
  expect("processes", Verdict::kWarning, "agent1");
  local.port_owner = 99;
  local.port_program = "python3 -m http.server";
  local.owner_is_node = false;
  expect("ports", Verdict::kProblem, "python3 -m http.server");
}

TEST_F(Doctor, ownership) {
  package().places = {place("volumes", "/data/node1")};
  EXPECT_EQ(outcome("ownership").verdict, Verdict::kOk);
  package().places[0].directory.owner = "root";
  expect("ownership", Verdict::kWarning, "/data/node1 (root)");
  package().places[0].directory.writable = false;
  expect("ownership", Verdict::kProblem, "/data/node1");
}

TEST_F(Doctor, nested_package_crashes_and_errors) {
  package().nested = "/opt/dolphindb_1/dolphindb_1";
  expect("nested-package", Verdict::kWarning, "/opt/dolphindb_1/dolphindb_1");
  package().crashes = {{"/opt/core.77", ""}};
  expect("crashes", Verdict::kProblem, "/opt/core.77");
  package().errors = {{"node1", 3, "disk is on fire"}};
  expect("log-errors", Verdict::kWarning, "node1 3: disk is on fire");
}

TEST_F(Doctor, json_has_every_check) {
  facts_.live->leader.clear();
  const auto json = findings_json(judge(facts_), Language::kChinese);
  EXPECT_NE(json.find(R"("id":"leader","looksAt":"是否有主控制节点","result":"problem")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("summary":{"ok":)"), std::string::npos);
  std::ostringstream unused;
  const auto text = findings_text(judge(facts_), Language::kEnglish, false, Terminal(unused, unused, {}));
  EXPECT_NE(text.find("problem  leader"), std::string::npos) << text;
  EXPECT_EQ(text.find("ok       "), std::string::npos) << text;
}

TEST(PortOwner, finds_this_process) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int port = ntohs(address.sin_port);
  EXPECT_FALSE(owner_of_port("127.0.0.1", port).has_value());
  ASSERT_EQ(listen(listener, 1), 0);
  const auto owner = owner_of_port("127.0.0.1", port);
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->pid, getpid());
  EXPECT_FALSE(owner_of_port("127.0.0.9", port).has_value());
  close(listener);
}

TEST(GatherPackage, sees_nested_packages_stale_pids_and_crash_lines) {
  auto pattern = (fs::temp_directory_path() / "pelorus-doctor-XXXXXX").string();
  const fs::path root = fs::path(mkdtemp(pattern.data())) / "dolphindb_1";
  const auto demo = root / "server" / "clusterDemo";
  const auto write = [](const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  };
  write(demo / "config" / "controller.cfg", "mode=controller\nlocalSite=127.0.0.1:1:controller1\n");
  write(demo / "config" / "cluster.nodes", "localSite,mode\n127.0.0.1:1:controller1,controller\n");
  write(demo / "config" / "cluster.cfg", "maxMemSize=4\n");
  write(demo / "data" / "controller1" / "node.lock", "");
  write(demo / "data" / "controller1" / "node.pid", "pid=1 start=1 boot=none");
  write(demo / "controller.nohup", "x.cc:3: broken promise: size > 0\n");
  write(root / "dolphindb_1" / "server" / "dolphindb.cfg", "");
  const auto place = find_package(root);
  ASSERT_TRUE(place.ok());
  const auto package = gather_package(*place);
  ASSERT_EQ(package.nodes.size(), 1u);
  EXPECT_TRUE(package.nodes[0].has_stale_pid);
  EXPECT_FALSE(package.nodes[0].is_running);
  EXPECT_EQ(package.nested, (root / "dolphindb_1").string());
  ASSERT_EQ(package.crashes.size(), 1u);
  EXPECT_NE(package.crashes[0].text.find("broken promise"), std::string::npos);
  fs::remove_all(root.parent_path());
}

}  // namespace
}  // namespace pelorus::cli::doctor
