#include "controller/functions.h"

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
  static Value texts(std::vector<std::string> values) { return data::Vector::of_strings(types::Type::kString, std::move(values)); }
  std::string cell(const Value& table, const char* column, size_t row) {
    const auto& t = table.table();
    return t.column(static_cast<size_t>(t.find(column))).text_at(row);
  }

  functions::Registry registry;
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
  for (const auto* name : {"createUser", "startDataNode", "stopDataNode", "addNode", "saveClusterNodes",
                            "grant", "deleteReplicas", "getClusterChunksStatus"}) {
    std::vector<Value> arguments;
    for (size_t i = 0; i < registry.find(name)->function().arguments_min(); ++i) arguments.push_back(text("x"));
    EXPECT_TRUE(refused(name, arguments).starts_with("<NoPrivilege>")) << name;
  }
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
  machines["ctl3"]->read([](const meta::State& state) { EXPECT_TRUE(verify_password(state.users.at("ann").verifier, "new")); });
}

TEST_F(ControllerFunctions, members_are_added_and_readdressed_but_never_lost) {
  call("addNode", {text("10.0.0.1"), Value::of_int(8910), text("dn4")});
  EXPECT_NE(refused("addNode", {text("10.0.0.1"), Value::of_int(8911), text("dn4")}).find("exists already"), std::string::npos);
  EXPECT_NE(refused("addNode", {text("10.0.0.77"), Value::of_int(8911), text("dn5")}).find("no agent"), std::string::npos);
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

}  // namespace
}  // namespace pelorus::controller
