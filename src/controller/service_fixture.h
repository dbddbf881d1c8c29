#pragma once
// For tests: three controllers over a FakeGroup, three data nodes and an agent as names on a FakeNetwork.

#include <gtest/gtest.h>

#include <deque>

#include "controller/fake_group.h"
#include "controller/metadata_service.h"
#include "controller/node_control.h"
#include "rpc/fake_network.h"

namespace pelorus::controller {

class ServiceFixture : public ::testing::Test {
 protected:
  static constexpr const char* kControllers[] = {"ctl1", "ctl2", "ctl3"};

  ServiceFixture() : ServiceFixture(std::map<std::string, std::map<std::string, std::string>>()) {}
  /// `files`: by controller, what it finds beside itself at its start.
  /// `build`: the controllers' program. `first_heartbeats`: see ServiceOptions.
  explicit ServiceFixture(std::map<std::string, std::map<std::string, std::string>> files, meta::Build build = {},
                          milliseconds first_heartbeats = milliseconds(0))
      : first_heartbeats(first_heartbeats), files(std::move(files)), build(std::move(build)) {
    for (const auto* alias : kControllers) add_controller(alias);
    network.add("dn1");
    auto& agent = network.add("agent1", config::NodeMode::kAgent);
    agent.on("agent.start_node", [this](const auto&, std::string_view payload, const auto&) -> Result<Bytes> {
      started.push_back(config::NodeStart::decode(payload).value());
      if (agent_errors.empty()) return Bytes();
      const auto code = agent_errors.front();
      agent_errors.pop_front();
      return Error{code, "the connection to 'agent1' ended"};
    });
    group.lead("ctl1");
    clock.advance(std::chrono::hours(1));
    services["ctl1"]->tick();
    for (const auto* node : {"dn1", "dn2", "dn3"}) must_register(node);
  }
  ~ServiceFixture() override {
    for (auto& [alias, service] : services) service->stop();
    network.stop();
  }

  static Uuid uuid(uint8_t seed) {
    Uuid id;
    id.bytes.fill(seed);
    return id;
  }
  static uint8_t number_of(const std::string& alias) { return static_cast<uint8_t>(alias.back()); }
  static meta::Node node(const std::string& alias, meta::NodeRole role, int port) {
    return {.alias = alias,
            .role = role,
            .host = "10.0.0." + std::string(1, alias.back()),
            .port = static_cast<uint16_t>(port)};
  }

  void add_controller(const std::string& alias) {
    auto& machine = machines[alias] = std::make_unique<MetadataMachine>(build);
    Founding founding{.cluster = uuid(9), .verifier = meta::make_verifier("123456", "salt", 2).value()};
    for (const auto* controller : kControllers)
      founding.nodes.push_back(node(controller, meta::NodeRole::kController, 8800));
    for (const auto* data : {"dn1", "dn2", "dn3"})
      founding.nodes.push_back(node(data, meta::NodeRole::kDataNode, 8900));
    founding.nodes.push_back(node("agent1", meta::NodeRole::kAgent, 8700));
    founding.configuration["cluster.cfg"] = "maxMemSize=4\n";
    auto self = node(alias, meta::NodeRole::kController, 8800);
    self.uuid = uuid(number_of(alias));
    self.boot = uuid(static_cast<uint8_t>(number_of(alias) + 50));
    ServiceOptions options{.build = build,
                           .self = self,
                           .founding = founding,
                           .forward_timeout = milliseconds(2000),
                           .first_heartbeats = first_heartbeats,
                           .files = files[alias]};
    options.write_file = [this, alias](const std::string& name, const std::string& text) -> Status {
      files[alias][name] = text;
      return {};
    };
    auto& methods = network.add(alias, config::NodeMode::kController);
    services[alias] =
        std::make_unique<MetadataService>(options, group.add(alias, *machine), *machine, clock, network.caller(alias));
    services[alias]->register_methods(methods);
    group.members.push_back({raft::member_id_of(self.uuid.to_string()), alias, raft::MemberRole::kVoter});
  }

  template <class Reply, class Request>
  Result<Reply> ask(const std::string& controller, std::string_view method, const Request& request) {
    const auto bytes = network.caller("dn1").call(controller, method, encode(request), {.timeout = milliseconds(5000)});
    if (!bytes.ok()) return bytes.error();
    return meta::decode<Reply>(*bytes, method);
  }
  meta::RegisterRequest registration(const std::string& alias, uint8_t boot = 1) {
    return {.alias = alias,
            .uuid = uuid(static_cast<uint8_t>(number_of(alias) + 100)),
            .boot = uuid(boot),
            .host = "10.0.0." + std::string(1, alias.back()),
            .port = 8900};
  }
  meta::RegisterReply must_register(const std::string& alias, std::vector<meta::ReportedChunk> chunks = {},
                                    uint8_t boot = 1) {
    auto request = registration(alias, boot);
    request.chunks = std::move(chunks);
    auto reply = ask<meta::RegisterReply>("ctl2", meta::kRegisterNode, request);
    EXPECT_TRUE(reply.ok()) << reply.error().describe();
    if (!reply.ok()) return {};
    boots[alias] = boot;
    epochs[alias] = reply->epoch;
    return *reply;
  }
  meta::HeartbeatReply beat(const std::string& alias, meta::Heartbeat beat = {},
                            const std::string& controller = "ctl1") {
    beat.alias = alias;
    beat.boot = uuid(boots[alias]);
    beat.epoch = epochs[alias];
    return ask<meta::HeartbeatReply>(controller, meta::kHeartbeat, beat).value();
  }
  void beat_all() {
    for (const auto* alias : {"dn1", "dn2", "dn3"}) beat(alias);
  }
  /// Time passes with everybody alive, then the leader looks around.
  void pass(milliseconds time) {
    for (milliseconds done{0}; done < time; done += milliseconds(1000)) {
      clock.advance(milliseconds(1000));
      beat_all();
      services["ctl1"]->tick();
    }
  }
  Bytes must_change(const meta::Command& command, const std::string& controller = "ctl2") {
    auto answer = services[controller]->change("admin", command);
    EXPECT_TRUE(answer.ok()) << answer.error().describe();
    return answer.ok() ? *answer : Bytes();
  }
  void make_table() {
    meta::PartitionLevel level{
        .type = meta::PartitionType::kValue, .value_type = types::Type::kInt, .values = {types::Scalar::of_int(1)}};
    must_change(meta::CreateDatabase{.database = {.path = "dfs://db", .scheme = {{level}}}});
    must_change(meta::CreateTable{.table = {.database = "dfs://db",
                                            .name = "pt",
                                            .columns = {{.name = "id", .type = types::Type::kInt}},
                                            .partition_columns = {"id"}}});
    table = machines["ctl1"]->read([](const meta::State& state) { return state.find_table("dfs://db", "pt")->id; });
  }
  meta::BeginTransaction begin_of(std::vector<int32_t> values) {
    meta::BeginTransaction request{.coordinator = "dn1", .epoch = epochs["dn1"]};
    for (const auto value : values) request.chunks.push_back({.table = table, .key = {{types::Scalar::of_int(value)}}});
    return request;
  }
  meta::BeginReply begin(std::vector<int32_t> values, const std::string& controller = "ctl2") {
    auto reply = ask<meta::BeginReply>(controller, meta::kBeginTransaction, begin_of(std::move(values)));
    EXPECT_TRUE(reply.ok()) << reply.error().describe();
    return reply.ok() ? *reply : meta::BeginReply();
  }
  meta::Decided commit(TransactionId id, std::vector<meta::FailedReplica> failed = {}) {
    return ask<meta::Decided>("ctl3", meta::kDecide,
                              meta::Decide{.transaction = id, .commit = true, .failed = std::move(failed)})
        .value();
  }
  /// A transaction of the value 1 that is committed and that all replicas say they have published.
  auto publish() {
    auto begun = begin({1}).begun;
    commit(begun.transaction);
    for (const auto& node : begun.chunks[0].replicas) beat(node, {.published = {begun.transaction}});
    return begun;
  }
  meta::Chunk chunk(ChunkId id) {
    return machines["ctl1"]->read([&](const meta::State& state) { return state.chunks.at(id); });
  }

  const milliseconds first_heartbeats;
  ManualClock clock;
  rpc::FakeNetwork network;
  FakeGroup group;
  std::map<std::string, std::map<std::string, std::string>> files;
  meta::Build build;
  std::map<std::string, std::unique_ptr<MetadataMachine>> machines;
  std::map<std::string, std::unique_ptr<MetadataService>> services;
  std::map<std::string, uint64_t> epochs;
  std::map<std::string, uint8_t> boots;
  std::vector<config::NodeStart> started;
  std::deque<ErrorCode> agent_errors;  // of its next answers
  TableId table;
};

}  // namespace pelorus::controller
