#include "controller/functions.h"

#include <unistd.h>

#include <filesystem>

#include "controller/service_fixture.h"
#include "functions/fake_call_context.h"

namespace pelorus::controller {
namespace {

using data::Value;

class ControllerFunctions : public ServiceFixture {
 protected:
  ControllerFunctions() {
    register_controller_functions(registry, [this](std::string_view method, const Bytes& payload) {
      return services["ctl2"]->call(method, payload);
    });
    context.set_caller({.user = "admin", .is_admin = true});
    context.meanwhile = [this] { live_on(); };  // while a function waits the cluster goes on
  }
  Value call(const std::string& name, std::vector<Value> arguments = {}) {
    return invoke(*registry.find(name), context, arguments);
  }
  std::string refused(const std::string& name, std::vector<Value> arguments = {}) {
    try {
      call(name, std::move(arguments));
    } catch (const ScriptError& error) {
      return error.message();
    }
    return "was not refused";
  }
  static Value text(const char* value) { return Value::of_string(value); }
  static Value texts(std::vector<std::string> values) {
    return data::Vector::of_strings(types::Type::kString, std::move(values));
  }
  std::string cell(const Value& table, const char* column, size_t row) {
    const auto& t = table.table();
    return t.column(static_cast<size_t>(t.find(column))).text_at(row);
  }

  functions::Registry registry;
  /// A second passes: nodes beat, controllers do their duties.
  void live_on() {
    clock.advance(milliseconds(1000));
    beat_all();
    for (auto& [alias, service] : services) {
      if (alias == silent) continue;
      service->tick();
      service->tick();
    }
  }
  std::string role_of(const std::string& alias) {
    for (const auto& member : group.members) {
      if (member.alias == alias) return std::string(raft::name_of(member.role));
    }
    return "none";
  }
  meta::Node known(const std::string& alias) {
    return machines["ctl1"]->read([&](const meta::State& state) { return *state.find_node(alias); });
  }

  std::string silent;  // a controller that is down
  functions::FakeCallContext context{registry};
};

TEST_F(ControllerFunctions, cluster_perf_has_the_columns_and_types_clients_cast) {
  const auto value = call("getClusterPerf", {Value::of_bool(true)});
  const auto& table = value.table();
  EXPECT_EQ(table.rows(), 7u);
  EXPECT_EQ(table.columns(), 43u);
  const auto type_of = [&](const char* name) { return table.column(static_cast<size_t>(table.find(name))).type(); };
  EXPECT_EQ(type_of("host"), types::Type::kString);
  EXPECT_EQ(type_of("port"), types::Type::kInt);
  EXPECT_EQ(type_of("memoryUsed"), types::Type::kLong);
  EXPECT_EQ(type_of("maxMemSize"), types::Type::kDouble);
  EXPECT_EQ(type_of("avgLoad"), types::Type::kDouble);
  EXPECT_EQ(type_of("isLeader"), types::Type::kBool);
  EXPECT_EQ(cell(value, "site", 0), "10.0.0.1:8700:agent1");
  EXPECT_EQ(call("getClusterPerf").table().rows(), 4u);
  EXPECT_EQ(call("getActiveMaster").text(), "ctl1");
  EXPECT_EQ(call("getClusterLiveDataNodes").vector().size(), 3u);
  EXPECT_EQ(call("getClusterLiveDataNodes").vector().at(0).text(), "10.0.0.1:8900:dn1");
}

TEST_F(ControllerFunctions, only_administrators_change_the_cluster) {
  context.set_caller({.user = "ann"});
  for (const auto* name : {"createUser",
                           "startDataNode",
                           "stopDataNode",
                           "addNode",
                           "addController",
                           "promoteController",
                           "demoteController",
                           "removeController",
                           "drainNode",
                           "undrainNode",
                           "removeNode",
                           "moveMember",
                           "moveReplicas",
                           "checkCluster",
                           "setRecoveryThrottle",
                           "suspendRecovery",
                           "resumeRecovery",
                           "saveClusterNodes",
                           "grant",
                           "deleteReplicas",
                           "getClusterChunksStatus"}) {
    std::vector<Value> arguments;
    for (size_t i = 0; i < registry.find(name)->function().arguments_min(); ++i) arguments.push_back(text("x"));
    EXPECT_TRUE(refused(name, arguments).starts_with("<NoPrivilege>")) << name;
  }
}

TEST_F(ControllerFunctions, settings_are_saved_and_come_back) {
  const auto file = testing::TempDir() + "settings_" + std::to_string(getpid());
  call("createGroup", {text("readers")});
  call("createUser", {text("ann"), text("secret"), text("readers")});
  call("grant", {text("readers"), text("TABLE_READ"), text("dfs://db/pt")});
  call("deny", {text("ann"), text("SCRIPT_EXEC")});
  EXPECT_EQ(call("backupSettings", {text(file.c_str())}).vector().size(), 2u) << "admin and ann";
  call("deleteUser", {text("ann")});
  call("deleteGroup", {text("readers")});
  call("createUser", {text("bob"), text("other")});
  const auto added = call("restoreSettings", {text(file.c_str())});
  ASSERT_EQ(added.vector().size(), 1u) << "admin is there already";
  EXPECT_EQ(added.vector().text_at(0), "ann");
  const auto access = call("getUserAccess", {text("ann"), Value::of_bool(true)});
  EXPECT_EQ(cell(access, "TABLE_READ_allowed", 0), "dfs://db/pt");
  EXPECT_EQ(cell(access, "SCRIPT_EXEC", 0), "deny");
  EXPECT_EQ(call("getUserList").vector().size(), 2u) << "bob stays";
  call("grant", {text("ann"), text("TABLE_READ"), text("dfs://other")});
  call("restoreSettings", {text(file.c_str()), Value::of_bool(true)});
  EXPECT_EQ(call("getUserList").vector().size(), 1u) << "bob is not in the file";
  EXPECT_EQ(cell(call("getUserAccess", {text("ann")}), "TABLE_READ_allowed", 0), "");
  context.set_caller({.user = "ann"});
  call("changePwd", {text("secret"), text("new")});  // the password came back too
  EXPECT_NE(refused("backupSettings", {text(file.c_str())}).find("<NoPrivilege>"), std::string::npos);
  context.set_caller({.user = "admin", .is_admin = true});
  EXPECT_NE(refused("restoreSettings", {text("/nowhere/file")}).find("/nowhere/file"), std::string::npos);
  std::filesystem::remove(file);
}

TEST_F(ControllerFunctions, users_and_rights_are_managed_by_script) {
  call("createGroup", {text("readers")});
  call("createUser", {text("ann"), text("secret"), text("readers")});
  EXPECT_NE(refused("createUser", {text("ann"), text("x")}).find("exists already"), std::string::npos);
  call("grant", {text("readers"), text("TABLE_READ"), text("dfs://db/pt")});
  call("deny", {text("ann"), text("SCRIPT_EXEC")});
  const auto access = call("getUserAccess", {text("ann"), Value::of_bool(true)});
  EXPECT_EQ(cell(access, "TABLE_READ_allowed", 0), "dfs://db/pt");
  EXPECT_EQ(cell(access, "SCRIPT_EXEC", 0), "deny");
  EXPECT_EQ(cell(access, "ACCESS_READ", 0), "none");
  EXPECT_EQ(call("getUserList").vector().text_at(0), "ann");
  EXPECT_EQ(call("getGroupsByUserId", {text("ann")}).vector().text_at(0), "readers");
  EXPECT_NE(refused("grant", {text("ann"), text("FLY")}).find("accessType"), std::string::npos);

  context.set_caller({.user = "ann"});
  EXPECT_NE(refused("changePwd", {text("wrong"), text("new")}).find("old password"), std::string::npos);
  call("changePwd", {text("secret"), text("new")});
  EXPECT_EQ(call("getUserAccess").table().rows(), 1u);
  EXPECT_TRUE(refused("getUserAccess", {text("admin")}).starts_with("<NoPrivilege>"));
  machines["ctl3"]->read(
      [](const meta::State& state) { EXPECT_TRUE(verify_password(state.users.at("ann").verifier, "new")); });
}

TEST_F(ControllerFunctions, members_are_added_and_readdressed_but_never_lost) {
  call("addNode", {text("10.0.0.1"), Value::of_int(8910), text("dn4")});
  EXPECT_NE(refused("addNode", {text("10.0.0.1"), Value::of_int(8911), text("dn4")}).find("exists already"),
            std::string::npos);
  EXPECT_NE(refused("addNode", {text("10.0.0.77"), Value::of_int(8911), text("dn5")}).find("no agent"),
            std::string::npos);
  call("addAgentToController", {text("10.0.0.77"), Value::of_int(8700), text("agent77")});
  call("addNode", {text("10.0.0.77"), Value::of_int(8911), text("dn5"), Value::of_bool(true), text("computenode")});
  // dn1 takes the address that dn2 leaves.
  call("saveClusterNodes", {texts({"10.0.0.2:8900:dn1,datanode", "10.0.0.99:8900:dn2,datanode"})});
  const auto lines = call("getClusterNodesCfg");
  std::vector<std::string> found;
  for (size_t i = 0; i < lines.vector().size(); ++i) found.push_back(lines.vector().text_at(i));
  EXPECT_EQ(found.size(), 10u);
  EXPECT_NE(std::find(found.begin(), found.end(), "10.0.0.2:8900:dn1,datanode"), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), "10.0.0.99:8900:dn2,datanode"), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), "10.0.0.3:8900:dn3,datanode"), found.end());
  EXPECT_NE(refused("removeNode", {text("dn3")}).find("running"), std::string::npos);
  call("removeNode", {text("dn4")});
  call("saveClusterNodesConfigs", {texts({"maxMemSize=8", "dn1.workerNum=4"})});
  EXPECT_EQ(call("loadClusterNodesConfigs").vector().text_at(1), "dn1.workerNum=4");
}

TEST_F(ControllerFunctions, chunks_and_transactions_are_shown) {
  make_table();
  const auto begun = begin({1}).begun;
  EXPECT_EQ(cell(call("getTransactionStatus"), "status", 0), "BEGIN");
  EXPECT_EQ(cell(call("getClusterChunksStatus"), "state", 0), "CONSTRUCTING");
  commit(begun.transaction, {{begun.chunks[0].chunk, begun.chunks[0].replicas[1]}});
  const auto chunks = call("getClusterChunksStatus");
  EXPECT_EQ(cell(chunks, "state", 0), "RECOVERING");
  EXPECT_EQ(cell(chunks, "file", 0), "dfs://db/pt/1");
  const auto tasks = call("getRecoveryTaskStatus");
  ASSERT_EQ(tasks.table().rows(), 1u);
  EXPECT_EQ(cell(tasks, "Dest", 0), begun.chunks[0].replicas[1]);
  EXPECT_EQ(cell(tasks, "Status", 0), "In-Progress");
  EXPECT_EQ(call("getUnresolvedTxn").table().rows(), 1u);
  call("deleteReplicas", {text("1"), text(begun.chunks[0].replicas[1].c_str())});
  EXPECT_EQ(cell(call("getClusterChunksStatus"), "state", 0), "COMPLETE");
  EXPECT_NE(refused("deleteReplicas", {text("x1"), text("dn1")}).find("chunkId"), std::string::npos);
}

TEST_F(ControllerFunctions, a_controller_is_demoted_promoted_and_removed) {
  live_on();
  call("demoteController", {text("ctl3")});
  EXPECT_EQ(role_of("ctl3"), "learner");
  live_on();
  EXPECT_EQ(role_of("ctl3"), "learner") << "it stays one";
  EXPECT_NE(refused("transferLeader", {text("ctl3")}).find("is no voter"), std::string::npos);
  call("promoteController", {text("ctl3")});
  EXPECT_EQ(role_of("ctl3"), "voter");
  call("removeController", {text("ctl3")});
  EXPECT_EQ(role_of("ctl3"), "none");
  EXPECT_NE(refused("removeController", {text("ctl3")}).find("is no controller"), std::string::npos);
  silent = "ctl2";
  group.silent = {"ctl2"};
  for (int i = 0; i < 5; ++i) live_on();
  EXPECT_NE(refused("removeController", {text("ctl1")}).find("Start the silent ones first (ctl2)"), std::string::npos);
  call("removeController", {text("ctl2")});
  EXPECT_NE(refused("removeController", {text("ctl1")}).find("last voter"), std::string::npos);
}

TEST_F(ControllerFunctions, a_leader_hands_over_before_it_loses_its_vote) {
  live_on();
  EXPECT_EQ(call("transferLeader", {text("ctl2")}).text(), "ctl2");
  live_on();
  call("demoteController", {text("ctl2")});
  EXPECT_EQ(role_of("ctl2"), "learner");
  EXPECT_EQ(call("getActiveMaster").text(), "ctl1");
  EXPECT_NE(refused("transferLeader", {text("dn1")}).find("is no controller"), std::string::npos);
}

TEST_F(ControllerFunctions, controllers_are_added_under_free_names_and_addresses) {
  call("addController", {text("10.0.0.4"), Value::of_int(8800), text("ctl4"), Value::of_bool(false)});
  EXPECT_TRUE(known("ctl4").learner_only);
  EXPECT_EQ(known("ctl4").role, meta::NodeRole::kController);
  EXPECT_NE(refused("addController", {text("10.0.0.5"), Value::of_int(8800), text("ctl4")}).find("already"),
            std::string::npos);
  EXPECT_NE(refused("addController", {text("10.0.0.4"), Value::of_int(8800), text("ctl5")}).find("one address"),
            std::string::npos);
  EXPECT_NE(refused("addController", {text("h"), Value::of_int(0), text("ctl5")}).find("port"), std::string::npos);
  EXPECT_NE(refused("promoteController", {text("ctl4")}).find("not running"), std::string::npos);
  call("removeController", {text("ctl4")});
}

TEST_F(ControllerFunctions, a_removed_controller_is_told_and_a_stranger_is_not) {
  live_on();
  must_change(meta::RemoveNode{"ctl3"});
  for (int i = 0; i < 3; ++i) live_on();
  EXPECT_EQ(role_of("ctl3"), "none");
  meta::RegisterRequest request{.alias = "ctl3",
                                .role = meta::NodeRole::kController,
                                .cluster = uuid(9),
                                .uuid = uuid('3'),
                                .boot = uuid(9),
                                .host = "10.0.0.3",
                                .port = 8800,
                                .chunks = {}};
  const auto reply = ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request);
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->removed);
  request.cluster = {};
  EXPECT_EQ(ask<meta::RegisterReply>("ctl1", meta::kRegisterNode, request).error().code, ErrorCode::kNotFound);
}

TEST_F(ControllerFunctions, a_data_node_is_drained_and_removed) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  const auto node = begun.chunks[0].replicas[0];
  EXPECT_NE(refused("removeNode", {text(node.c_str()), Value::of_bool(true)}).find("drainNode"), std::string::npos);
  EXPECT_NE(refused("drainNode", {text("ctl1")}).find("Only data nodes"), std::string::npos);
  EXPECT_NE(refused("drainNode", {text("nobody")}).find("no member"), std::string::npos);
  call("drainNode", {text(node.c_str())});
  EXPECT_EQ(cell(call("getDrainStatus"), "state", 0), "draining");
  for (int i = 0; i < 5; ++i) {
    for (const auto* alias : {"dn1", "dn2", "dn3"}) {
      meta::Heartbeat done;
      for (const auto& order : beat(alias).orders) {
        if (order.kind == meta::Order::Kind::kRecover) done.recovered.emplace_back(order.chunk, order.version);
      }
      beat(alias, done);
    }
    live_on();
  }
  EXPECT_EQ(cell(call("getDrainStatus"), "state", 0), "drained");
  EXPECT_NE(refused("removeNode", {text("ctl1"), Value::of_bool(true)}).find("removeController"), std::string::npos);
  call("removeNode", {text(node.c_str()), Value::of_bool(true)});
  EXPECT_EQ(call("getDrainStatus").table().rows(), 0u);
  EXPECT_NE(refused("drainNode", {text(begun.chunks[0].replicas[1].c_str())}).find("No node can take 1 chunk(s)"),
            std::string::npos);
  // The transaction it took part in does not wait for its word for ever.
  beat(begun.chunks[0].replicas[1], {.published = {begun.transaction}});
  for (int i = 0; i < 2; ++i) live_on();
  const auto list = ask<meta::TransactionsReply>("ctl1", meta::kListTransactions, meta::DecisionsRequest{});
  EXPECT_EQ(list->transactions.at(0).state, meta::TransactionState::kComplete);
}

TEST_F(ControllerFunctions, members_are_shown_and_stopped_ones_get_new_addresses) {
  live_on();
  const auto table = call("getClusterMembers");
  ASSERT_EQ(table.table().rows(), 7u);
  EXPECT_EQ(cell(table, "alias", 1), "ctl1");
  EXPECT_EQ(cell(table, "vote", 1), "voter");
  EXPECT_EQ(cell(table, "role", 0), "agent");
  EXPECT_EQ(cell(table, "vote", 0), "none");
  call("moveMember", {text("agent1"), text("10.0.0.7"), Value::of_int(8701)});
  EXPECT_EQ(known("agent1").host, "10.0.0.7");
  EXPECT_NE(refused("moveMember", {text("agent1"), text("10.0.0.1"), Value::of_int(8900)}).find("one address"),
            std::string::npos);
  EXPECT_NE(refused("moveMember", {text("nobody"), text("10.0.0.1"), Value::of_int(8901)}).find("no member"),
            std::string::npos);
}

TEST_F(ControllerFunctions, recovery_is_suspended_and_resumed) {
  make_table();
  const auto begun = begin({1}).begun;
  const auto stale = begun.chunks[0].replicas[1];
  call("suspendRecovery");
  commit(begun.transaction, {{begun.chunks[0].chunk, stale}});
  for (int i = 0; i < 3; ++i) live_on();
  EXPECT_TRUE(beat(stale).orders.empty());
  EXPECT_EQ(call("getRecoveryTaskStatus").table().rows(), 1u);
  call("resumeRecovery");
  call("resumeRecovery");  // nothing is suspended
  live_on();
  EXPECT_EQ(beat(stale).orders.size(), 1u);
}

TEST_F(ControllerFunctions, the_throttle_holds_for_all_and_reaches_nodes_with_their_heartbeats) {
  EXPECT_EQ(beat("dn1").copy_bytes_per_second, 0u);
  call("setRecoveryThrottle", {Value::of_int(20)});
  EXPECT_EQ(beat("dn1").copy_bytes_per_second, 20000000u);
  EXPECT_EQ(call("getRecoveryThrottle").scalar().as_int64(), 20);
  EXPECT_NE(refused("setRecoveryThrottle", {Value::of_int(-1)}).find("mbPerSecond"), std::string::npos);
  call("setRecoveryThrottle", {Value::of_int(0)});
  EXPECT_EQ(beat("dn1").copy_bytes_per_second, 0u);
}

TEST_F(ControllerFunctions, replicas_are_moved_and_spread) {
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction);
  const auto replicas = begun.chunks[0].replicas;
  std::string third;
  for (const std::string alias : {"dn1", "dn2", "dn3"}) {
    if (std::find(replicas.begin(), replicas.end(), alias) == replicas.end()) third = alias;
  }
  const auto from = text(replicas[0].c_str());
  EXPECT_NE(refused("moveReplicas", {from, from, text("1")}).find("the same"), std::string::npos);
  EXPECT_NE(refused("moveReplicas", {from, text("dn9"), text("1")}).find("no data node"), std::string::npos);
  EXPECT_NE(refused("moveReplicas", {from, text(third.c_str()), text("77")}).find("no chunk"), std::string::npos);
  call("moveReplicas", {from, text(third.c_str()), text("1")});
  const auto tasks = call("getRecoveryTaskStatus");
  ASSERT_EQ(tasks.table().rows(), 1u);
  EXPECT_EQ(cell(tasks, "TaskType", 0), "LoadRebalance");
  EXPECT_EQ(cell(tasks, "Source", 0), replicas[0]);
  EXPECT_EQ(cell(tasks, "Dest", 0), third);
  const auto plan = call("rebalanceChunksAmongDataNodes");
  EXPECT_EQ(plan.table().rows(), 0u);
  EXPECT_EQ(plan.table().columns(), 4u);
  EXPECT_NE(
      refused("rebalanceChunksAmongDataNodes", {Value::of_bool(false), Value::of_double(-1)}).find("updatedBeforeDays"),
      std::string::npos);
}

TEST_F(ControllerFunctions, a_check_names_what_is_wrong) {
  for (int i = 0; i < 4; ++i) live_on();
  const auto find = [&](const Value& table, const std::string& check) {
    for (size_t row = 0; row < 20; ++row) {
      if (cell(table, "check", row) == check) return row;
    }
    return size_t{99};
  };
  auto table = call("checkCluster");
  EXPECT_EQ(cell(table, "detail", find(table, "quorum")), "3 live of 3 voters, ctl1 leads; 1 more may fail");
  EXPECT_EQ(cell(table, "detail", find(table, "nodes")), "1 do not answer: agent1");
  make_table();
  const auto begun = begin({1}).begun;
  commit(begun.transaction, {{begun.chunks[0].chunk, begun.chunks[0].replicas[1]}});
  silent = "ctl3";
  group.silent = {"ctl3"};
  for (int i = 0; i < 5; ++i) live_on();
  table = call("checkCluster");
  EXPECT_EQ(cell(table, "detail", find(table, "quorum")), "2 live of 3 voters, ctl1 leads; 0 more may fail");
  EXPECT_NE(cell(table, "detail", find(table, "replicas")).find("dfs://db/pt/1 (1 of 2 replicas good"),
            std::string::npos);
}

}  // namespace
}  // namespace pelorus::controller
