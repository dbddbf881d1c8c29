// docs/formats/stream_log.md, topic_offsets.md, engine_snapshot.md, stream_group.md and stream_graph.md: as programs of
// every level wrote it.

#include "base/stored_bytes.h"

#include "data/value.h"
#include "functions/fake_call_context.h"
#include "io/memory_file_system.h"
#include "stream/engines/engine_snapshot.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/definition.h"
#include "stream/ha/group_machine.h"
#include "stream/stream_log.h"
#include "stream/topic_offsets.h"

namespace pelorus::stream {
namespace {

using data::Vector;
using types::Type;

data::Table rows() {
  data::Buffer<int32_t> ids{1, 2, types::kNull<int32_t>};
  return {{"id", "sym"},
          {Vector::adopt<int32_t>(Type::kInt, std::move(ids)), Vector::of_strings(Type::kSymbol, {"a", "b", ""})}};
}

TEST(StoredBytes, stream_log) {
  const data::Schema schema{{"id", Type::kInt}, {"sym", Type::kSymbol}};
  const std::string path = "/stream/t/00000000000000000000.rows";
  io::MemoryFileSystem disk;
  ManualClock clock;
  {
    StreamLog::Loaded loaded;
    auto log = StreamLog::open(disk, clock, {.folder = "/stream/t"}, schema, &loaded);
    ASSERT_TRUE(log.ok()) << log.error().message;
    ASSERT_TRUE((*log)->append(rows()).ok());
  }
  const auto written = io::read_file(disk, path, 1 << 20);
  ASSERT_TRUE(written.ok()) << written.error().message;
  check_stored("stream_log", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    StreamLog::Loaded loaded;
    const auto log = StreamLog::open(disk, clock, {.folder = "/stream/t"}, schema, &loaded);
    ASSERT_TRUE(log.ok()) << log.error().message;
    EXPECT_EQ(loaded.first_row, 0);
    EXPECT_TRUE(data::equal(data::Value(loaded.rows), data::Value(rows())));
  });
}

TEST(StoredBytes, stream_graph) {
  GraphPlan plan{.name = "demo.orca_graph.sums",
                 .nodes = {{.kind = NodeKind::kTable,
                            .call = "source",
                            .name = "demo.orca_table.trade",
                            .schema = {{"id", Type::kInt}, {"sym", Type::kSymbol}},
                            .arguments = {{"retentionMinutes", data::Value::of_long(60)}}},
                           {.kind = NodeKind::kSplit,
                            .call = "parallelize",
                            .inputs = {0},
                            .lanes = 4,
                            .schema = {{"id", Type::kInt}, {"sym", Type::kSymbol}},
                            .arguments = {{"columnName", data::Value::of_string("sym")}},
                            .settings = {.batch_rows = 100}}},
                 .settings = {.source_offset = -1},
                 .variables = {{"seen", data::Value(rows())}}};
  const functions::Registry none;
  functions::FakeCallContext context(none);
  check_stored("stream_graph", write_definition(plan, context), [&](const std::string& bytes) {
    const auto read = read_structure(bytes);
    EXPECT_EQ(read.name, plan.name);
    EXPECT_EQ(read.settings.source_offset, -1);
    ASSERT_EQ(read.nodes.size(), 2u);
    EXPECT_EQ(read.nodes[0].name, "demo.orca_table.trade");
    EXPECT_EQ(read.nodes[0].argument("retentionMinutes")->text(), "60l");
    EXPECT_EQ(read.nodes[1].kind, NodeKind::kSplit);
    EXPECT_EQ(read.nodes[1].inputs, std::vector<size_t>{0});
    EXPECT_EQ(read.nodes[1].lanes, 4u);
    EXPECT_EQ(read.nodes[1].settings.batch_rows, 100);
    EXPECT_TRUE(same_columns(read.nodes[1].schema, plan.nodes[1].schema));
  });
}

TEST(StoredBytes, catalog_stream) {
  const CatalogStreamTerms terms{.schema = {{"id", Type::kInt}, {.name = "bids", .type = Type::kDouble, .array = true}},
                                 .keys = {"id"},
                                 .sync_each = true,
                                 .retention_minutes = 60,
                                 .memory_rows_max = 1000,
                                 .group = 11};
  check_stored("catalog_stream", definition_of(terms), [&](const std::string& bytes) {
    const auto read = terms_of_definition(bytes);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(same_columns(read->schema, terms.schema));
    EXPECT_EQ(read->keys, terms.keys);
    EXPECT_TRUE(read->sync_each);
    EXPECT_EQ(read->retention_minutes, 60);
    EXPECT_EQ(read->memory_rows_max, 1000);
    EXPECT_EQ(read->group, 11);
  });
}

TEST(StoredBytes, engine_snapshot) {
  io::MemoryFileSystem disk;
  ASSERT_TRUE(disk.make_directories("/snapshots").ok());
  const SnapshotTerms terms{.files = &disk, .folder = "/snapshots", .interval = 1};
  StateWriter state;
  state.add_bytes({std::string("\1\0\0\0a", 5), ""});
  state.add(rows());
  state.add(std::vector<int64_t>{1, 2});
  state.add(7);
  state.add(data::Table());
  state.add(Vector::of<double>(Type::kDouble, {0.5, 1.5}));
  const data::Value held = state.take();
  ASSERT_TRUE(
      write_snapshot(
          terms, "e",
          {.made_by = "SomeEngine\ncolumn id INT", .message_id = 41, .rows_in = 42, .rows_out = 3, .state = held})
          .ok());
  const auto written = io::read_file(disk, "/snapshots/e.snapshot", 1 << 20);
  ASSERT_TRUE(written.ok()) << written.error().message;
  check_stored("engine_snapshot", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, "/snapshots/e.snapshot", bytes).ok());
    const auto read = read_snapshot(terms, "e");
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_TRUE(*read);
    EXPECT_EQ((*read)->message_id, 41);
    EXPECT_EQ((*read)->rows_in, 42);
    EXPECT_EQ((*read)->rows_out, 3);
    StateReader parts((*read)->state);
    EXPECT_EQ(parts.bytes(), (std::vector<std::string>{std::string("\1\0\0\0a", 5), ""}));
    EXPECT_TRUE(data::equal(data::Value(parts.table()), data::Value(rows())));
    EXPECT_EQ(parts.numbers(), (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(parts.number(), 7);
    EXPECT_EQ(parts.table().columns(), 0u);
    EXPECT_EQ(parts.column().values<double>()[1], 1.5);
  });
}

GroupCommand append_command() {
  return {.kind = GroupCommand::Kind::kAppend,
          .table = "trades",
          .request = "first try",
          .time_ms = 1'700'000'000'000,
          .keys = {},
          .rows = rows()};
}

TEST(StoredBytes, stream_group_command) {
  const auto bytes = encode(append_command());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  check_stored("stream_group_command", *bytes, [&](const std::string& stored) {
    const auto command = decode_command(stored);
    ASSERT_TRUE(command.ok()) << command.error().message;
    EXPECT_EQ(command->table, "trades");
    EXPECT_EQ(command->request, "first try");
    EXPECT_EQ(command->time_ms, 1'700'000'000'000);
    EXPECT_TRUE(data::equal(data::Value(command->rows), data::Value(rows())));
  });
}

TEST(StoredBytes, stream_group_snapshot) {
  GroupMachine machine([](const std::string&, const std::shared_ptr<StreamTable>&) {});
  const auto made = encode({.kind = GroupCommand::Kind::kCreate,
                            .table = "trades",
                            .request = {},
                            .retention_minutes = 60,
                            .keys = {"id"},
                            .rows = data::Table(rows().schema())});
  ASSERT_TRUE(made.ok());
  machine.apply(1, *made);
  machine.apply(2, *encode(append_command()));
  check_stored("stream_group_snapshot", machine.snapshot(), [&](const std::string& stored) {
    GroupMachine other([](const std::string&, const std::shared_ptr<StreamTable>&) {});
    const auto restored = other.restore(stored);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    ASSERT_NE(other.find("trades"), nullptr);
    EXPECT_TRUE(data::equal(data::Value(other.find("trades")->read(0, INT64_MAX)), data::Value(rows())));
    other.apply(3, *encode(append_command()));  // known by its name
    EXPECT_EQ(other.find("trades")->rows(), 3);
  });
}

TEST(StoredBytes, topic_offsets) {
  const std::string topic = "10.0.0.1:8848:node1/trades/mine";
  const std::string path = "/offsets/10%2E0%2E0%2E1%3A8848%3Anode1%2Ftrades%2Fmine.offset";
  io::MemoryFileSystem disk;
  {
    TopicOffsets offsets;
    offsets.open(disk, "/offsets");
    offsets.put(topic, 17);
    offsets.put(topic, 4711);
    offsets.put(topic, 1'000'000'000'000);
  }
  const auto written = io::read_file(disk, path, 1 << 20);
  ASSERT_TRUE(written.ok()) << written.error().message;
  check_stored("topic_offsets", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    TopicOffsets offsets;
    offsets.open(disk, "/offsets");
    EXPECT_EQ(offsets.find(topic), 1'000'000'000'000);
    auto torn = bytes;
    torn[24] ^= 1;  // the later of the two
    ASSERT_TRUE(io::replace_file(disk, path, torn).ok());
    TopicOffsets after_tear;
    after_tear.open(disk, "/offsets");
    EXPECT_EQ(after_tear.find(topic), 4711);
    EXPECT_TRUE(after_tear.remove(topic));
    EXPECT_FALSE(*disk.exists(path));
  });
}

}  // namespace
}  // namespace pelorus::stream
