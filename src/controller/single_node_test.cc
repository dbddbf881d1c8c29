// The service over a real log on disk: what was acknowledged is there after a restart.

#include <gtest/gtest.h>

#include <filesystem>

#include <unistd.h>

#include "controller/metadata_service.h"
#include "io/posix_file_system.h"
#include "raft/single_node_log.h"
#include "rpc/fake_network.h"

namespace pelorus::controller {
namespace {

class SingleNodeMetadata : public ::testing::Test {
 protected:
  SingleNodeMetadata() {
    network.add("single");
    start();
  }
  ~SingleNodeMetadata() override {
    stop();
    network.stop();
    std::filesystem::remove_all(directory);
  }
  static Uuid uuid(uint8_t seed) {
    Uuid id;
    id.bytes.fill(seed);
    return id;
  }
  void start() {
    machine = std::make_unique<MetadataMachine>(meta::Build{});
    log = raft::make_single_node_log({.directory = directory, .self = {1, "single"}}, *machine, file_system);
    ASSERT_TRUE(log->start().ok());
    meta::Node self{.alias = "single",
                    .role = meta::NodeRole::kSingle,
                    .uuid = uuid(1),
                    .boot = uuid(++boot),
                    .host = "127.0.0.1",
                    .port = 8848};
    Founding founding{
        .cluster = uuid(9), .verifier = meta::make_verifier("123456", "salt", 2).value(), .nodes = {self}};
    service = std::make_unique<MetadataService>(
        ServiceOptions{.self = self, .founding = founding, .placement = {.replicas = 1}}, *log, *machine, clock,
        network.caller("single"));
    while (!machine->leads()) std::this_thread::sleep_for(milliseconds(1));
    service->tick();  // founds the cluster
    register_self();
  }
  void register_self() {
    const meta::RegisterRequest request{.alias = "single",
                                        .role = meta::NodeRole::kSingle,
                                        .uuid = uuid(1),
                                        .boot = uuid(boot),
                                        .host = "127.0.0.1",
                                        .port = 8848};
    must<meta::RegisterReply>(meta::kRegisterNode, request);
  }
  void stop() {
    service->stop();
    log->stop();
  }
  template <class Reply, class Request>
  Reply must(std::string_view method, const Request& request) {
    auto reply = service->ask<Reply>(method, request);
    EXPECT_TRUE(reply.ok()) << reply.error().describe();
    return reply.ok() ? std::move(*reply) : Reply();
  }
  meta::BeginReply begin(TableId table) {
    const auto epoch = machine->read([](const meta::State& state) { return state.nodes.at("single").epoch; });
    return must<meta::BeginReply>(
        meta::kBeginTransaction,
        meta::BeginTransaction{.coordinator = "single",
                               .epoch = epoch,
                               .chunks = {{.table = table, .key = {{types::Scalar::of_int(7)}}}}});
  }

  const std::string directory =
      std::filesystem::temp_directory_path() / ("pelorus_metadata_" + std::to_string(::getpid()));
  io::PosixFileSystem file_system;
  SystemClock clock;
  rpc::FakeNetwork network;
  std::unique_ptr<MetadataMachine> machine;
  std::unique_ptr<raft::ReplicatedLog> log;
  std::unique_ptr<MetadataService> service;
  uint8_t boot = 10;
};

TEST_F(SingleNodeMetadata, everything_acknowledged_survives_a_restart) {
  meta::PartitionLevel level{
      .type = meta::PartitionType::kValue, .value_type = types::Type::kInt, .values = {types::Scalar::of_int(1)}};
  ASSERT_TRUE(
      service->change("admin", meta::CreateDatabase{.database = {.path = "dfs://db", .scheme = {{level}}}}).ok());
  const meta::Table wanted{.database = "dfs://db",
                           .name = "pt",
                           .columns = {{.name = "id", .type = types::Type::kInt}},
                           .partition_columns = {"id"}};
  ASSERT_TRUE(service->change("admin", meta::CreateTable{.table = wanted}).ok());
  const auto table = machine->read([](const meta::State& state) { return state.find_table("dfs://db", "pt")->id; });
  const auto first = begin(table).begun;
  ASSERT_EQ(first.chunks.size(), 1u);
  EXPECT_EQ(must<meta::Decided>(meta::kDecide, meta::Decide{.transaction = first.transaction, .commit = true})
                .chunks[0]
                .version,
            1u);
  const auto open = begin(table).begun;
  const auto before = machine->read([](const meta::State& state) { return encode(state); });

  stop();
  machine = std::make_unique<MetadataMachine>(meta::Build{});
  log = raft::make_single_node_log({.directory = directory, .self = {1, "single"}}, *machine, file_system);
  ASSERT_TRUE(log->start().ok());
  EXPECT_EQ(machine->read([](const meta::State& state) { return encode(state); }), before);
  log->stop();
  start();

  // The new boot has aborted what the old one left undecided.
  const auto late = must<meta::Decided>(meta::kDecide, meta::Decide{.transaction = open.transaction, .commit = true});
  EXPECT_EQ(late.state, meta::TransactionState::kAborted);
  EXPECT_EQ(must<meta::TableFacts>(meta::kTableFacts, meta::TableFactsRequest{"dfs://db", "pt"})
                .chunks.begin()
                ->second.version,
            1u);
  EXPECT_EQ(begin(table).begun.chunks[0].version, 1u) << "the chunk is free again";
}

}  // namespace
}  // namespace pelorus::controller
