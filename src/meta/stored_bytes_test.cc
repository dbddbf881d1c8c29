// docs/internals/levels.md: the metadata as programs of every level wrote them.

#include "base/stored_bytes.h"

#include "meta/apply/apply.h"
#include "meta/stream_graphs.h"

namespace pelorus::meta {
namespace {

Uuid uuid(uint8_t seed) {
  Uuid id;
  id.bytes.fill(seed);
  return id;
}

/// One of everything.
State example() {
  State state;
  const auto done = [&](const Command& command) {
    const auto outcome = apply(state, command);
    ASSERT_TRUE(outcome.ok()) << name_of(command) << ": " << outcome.message;
  };
  done(FoundCluster{uuid(9), "admin", make_verifier("123456", "salt", 2).value(), 1000});
  for (uint8_t n = 1; n <= 2; ++n) {
    const auto alias = "node" + std::to_string(n);
    done(PutNode{{.alias = alias, .host = "10.0.0." + std::to_string(n), .port = 8902, .zone = "z"}});
    done(
        RegisterNode{.alias = alias, .uuid = uuid(n), .boot = uuid(n + 100), .now_ns = 2000, .build = {"0.1.0", 1, 1}});
  }
  done(PutConfiguration{.name = "cluster.cfg", .text = "maxMemSize=4\n"});
  done(NoteImport{.file = "controller1/cluster.cfg", .hash = "abc"});
  done(CreateUser{
      .id = "reader", .verifier = make_verifier("reader_1", "salt", 2).value(), .groups = {}, .now_ns = 2500});
  done(CreateGroup{.id = "desk", .users = {"reader"}, .now_ns = 2600});
  done(PutFunctionView{.view = {.name = "f", .body = "def f(x) { return x }", .owner = "admin"}});
  done(PutRecord{.area = "settings", .name = "dfsRecoveryThrottle", .value = "20"});
  PartitionLevel level{
      .type = PartitionType::kValue, .value_type = types::Type::kInt, .values = {types::Scalar::of_int(1)}};
  done(CreateDatabase{.database = {.path = "dfs://db", .scheme = {{level}}}});
  done(CreateTable{.table = {.database = "dfs://db",
                             .name = "pt",
                             .columns = {{.name = "id", .type = types::Type::kInt}},
                             .partition_columns = {"id"}}});
  const auto table = state.find_table("dfs://db", "pt")->id;
  done(BeginTransaction{
      .client = "c",
      .sequence = 7,
      .coordinator = "node1",
      .epoch = 1,
      .chunks = {{.table = table, .key = {{types::Scalar::of_int(1)}}, .placement = {"node1", "node2"}}},
      .now_ns = 3000});
  done(Decide{.transaction = {1}, .commit = true, .failed = {}, .rows = {{{1}, 10}}, .result = 10, .now_ns = 4000});
  return state;
}

TEST(StoredBytes, metadata_snapshot) {
  const auto now = example();
  check_stored("metadata_snapshot", write_snapshot(now), [&](const std::string& bytes) {
    const auto state = read_snapshot(bytes);
    ASSERT_TRUE(state.ok()) << state.error().message;
    EXPECT_EQ(state->cluster, uuid(9));
    EXPECT_EQ(state->nodes.at("node2").host, "10.0.0.2");
    EXPECT_EQ(state->nodes.at("node2").build.version, "0.1.0");
    EXPECT_EQ(state->configuration.texts.at("cluster.cfg"), "maxMemSize=4\n");
    EXPECT_EQ(state->groups.at("desk").id, "desk");
    EXPECT_EQ(state->views.at("f").owner, "admin");
    EXPECT_EQ(state->find_table("dfs://db", "pt")->columns[0].name, "id");
    ASSERT_EQ(state->chunks.size(), 1u);
    EXPECT_EQ(state->chunks.begin()->second.replicas.size(), 2u);
    EXPECT_EQ(state->chunks.begin()->second.version, 1u);
    EXPECT_EQ(state->find_transaction({1})->state, TransactionState::kCommitted);
    EXPECT_EQ(state->clients.at("c").sequence, 7u);
    EXPECT_EQ(state->level, 1u);
  });
}

TEST(StoredBytes, stream_graphs) {
  StreamGraphs now;
  now.graphs["demo.orca_graph.sums"] = {.name = "demo.orca_graph.sums",
                                        .id = "1",
                                        .node = "node1",
                                        .owner = "ann",
                                        .owner_is_admin = true,
                                        .status = GraphStatus::kFailed,
                                        .reason = "why",
                                        .created_ns = 5,
                                        .tables = {"demo.orca_table.trade", "demo.orca_table.totals"},
                                        .own_tables = {"demo.orca_table.totals"},
                                        .engines = {"demo.orca_engine.adder"},
                                        .settings = "{}"};
  now.tables["demo.orca_table.totals"] = {
      .name = "demo.orca_table.totals", .id = "2", .node = "node1", .group = 11, .owner = "ann", .definition = "d"};
  check_stored("stream_graphs", encode(now), [&](const std::string& bytes) {
    const auto read = decode<StreamGraphs>(bytes, "stream graphs");
    ASSERT_TRUE(read.ok()) << read.error().message;
    const auto* graph = read->find_graph("demo.orca_graph.sums");
    ASSERT_NE(graph, nullptr);
    EXPECT_EQ(graph->node, "node1");
    EXPECT_TRUE(graph->owner_is_admin);
    EXPECT_EQ(graph->status, GraphStatus::kFailed);
    EXPECT_EQ(graph->created_ns, 5);
    EXPECT_EQ(graph->tables.size(), 2u);
    EXPECT_EQ(graph->own_tables, std::vector<std::string>{"demo.orca_table.totals"});
    EXPECT_EQ(graph->engines, std::vector<std::string>{"demo.orca_engine.adder"});
    const auto* table = read->find_table("demo.orca_table.totals");
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->group, 11);
    EXPECT_EQ(table->definition, "d");
  });
}

std::vector<Command> example_commands() {
  return {
      PutNode{{.alias = "node1", .host = "10.0.0.1", .port = 8902}},
      RegisterNode{.alias = "node1", .uuid = uuid(1), .boot = uuid(2), .host = "10.0.0.1", .port = 8902, .now_ns = 5},
      MarkNode{.alias = "node1", .draining = true, .learner_only = {}},
      Decide{.transaction = {7}, .commit = true, .failed = {}, .rows = {{{3}, 5}}, .now_ns = 6},
      ChangeReplicas{.changes = {{.chunk = {3}, .node = "node1", .kind = ReplicaChange::Kind::kGood, .version = 4}}},
      RaiseLevel{2}};
}

/// Commands of the metadata log, each as a string.
TEST(StoredBytes, metadata_commands) {
  Bytes written;
  ByteWriter writer(written);
  for (const auto& command : example_commands()) writer.put_string(encode_command(command));
  check_stored("metadata_commands", written, [&](const std::string& bytes) {
    ByteReader reader(bytes);
    for (const auto& expected : example_commands()) {
      const auto command = decode_command(reader.get_string());
      ASSERT_TRUE(command.ok()) << command.error().message;
      EXPECT_EQ(name_of(*command), name_of(expected));
      EXPECT_EQ(encode_command(*command), encode_command(expected));
    }
    EXPECT_TRUE(reader.ok() && reader.at_end());
  });
}

TEST(StoredBytes, are_of_levels_this_source_knows) {
  namespace fs = std::filesystem;
  const fs::path root = PELORUS_STORED_BYTES;
  EXPECT_FALSE(fs::exists(root / ("level" + std::to_string(kNewestLevel + 1))))
      << "bytes of a level that kNewestLevel (meta/levels.h) does not reach";
}

}  // namespace
}  // namespace pelorus::meta
