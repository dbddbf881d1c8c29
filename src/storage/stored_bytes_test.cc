// docs/formats: what a data node keeps, as programs of every level wrote it.

#include "base/stored_bytes.h"

#include "base/bytes.h"
#include "storage/chunk/manifest.h"
#include "storage/log/log_format.h"
#include "storage/store_fixture.h"
#include "storage/transaction_record.h"

namespace pelorus::storage {
namespace {

const Uuid kLog = Uuid::parse("11111111-2222-3333-4444-555555555555");

TEST(StoredBytes, manifest) {
  Manifest manifest{
      .chunk = {7}, .version = 3, .generation = 1, .log_floor = 12, .next_file = 5, .schema = test_schema()};
  manifest.versions = {{2, 1, 10}, {3, 1, 15}};
  manifest.segments = {{4, 15, 1234, 99}};
  check_stored("manifest", encode_manifest(manifest), [](const std::string& bytes) {
    const auto read = decode_manifest(bytes, "manifest");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->chunk.value, 7u);
    EXPECT_EQ(read->version, 3u);
    EXPECT_EQ(read->log_floor, 12u);
    EXPECT_EQ(read->schema, test_schema());
    ASSERT_EQ(read->versions.size(), 2u);
    EXPECT_EQ(read->versions[1].rows, 15u);
    ASSERT_EQ(read->segments.size(), 1u);
    EXPECT_EQ(read->segments[0], (SegmentFacts{4, 15, 1234, 99}));
  });
}

TEST(StoredBytes, redo_log_headers_and_state) {
  const auto written = encode_log_state({kLog, 3, 4});
  check_stored("redo_log_state", written, [](const std::string& bytes) {
    const auto state = decode_log_state(bytes, "log_state");
    ASSERT_TRUE(state.ok()) << state.error().message;
    EXPECT_EQ(state->log, kLog);
    EXPECT_EQ(state->oldest, 3u);
    EXPECT_EQ(state->newest, 4u);
  });
  check_stored("redo_log_header", encode_segment_header({kLog, 3, 17, 65536}), [](const std::string& bytes) {
    const auto header = decode_segment_header(bytes);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->first_sequence, 17u);
    EXPECT_EQ(header->file_bytes, 65536u);
  });
  const FrameHeader frame{
      .payload_crc = 5, .payload_bytes = 100, .segment = 3, .sequence = 18, .durable = 16, .type = RecordType::kCommit};
  check_stored("redo_log_frame", encode_frame_header(frame), [](const std::string& bytes) {
    const auto header = decode_frame_header(bytes);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->sequence, 18u);
    EXPECT_EQ(header->type, RecordType::kCommit);
  });
}

TEST(StoredBytes, redo_log_commit) {
  const std::vector<ChunkVersion> versions{{{7}, 3}, {{8}, 1}};
  check_stored("redo_log_commit", encode_commit({5}, versions), [](const std::string& bytes) {
    const auto record = decode_commit(bytes);
    ASSERT_TRUE(record.ok()) << record.error().message;
    EXPECT_EQ(record->transaction.value, 5u);
    ASSERT_EQ(record->versions.size(), 2u);
    EXPECT_EQ(record->versions[0].version, 3u);
  });
}

/// A column file of every encoding that small columns get: the flushed content of a chunk.
TEST(StoredBytes, column_file) {
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.append(7, test_rows(0, 200));
  ASSERT_TRUE(node.store->flush_all().ok());
  const auto named = [](const io::MemoryFileSystem& files, const std::string& end) {
    for (const auto& path : files.files()) {
      if (path.ends_with(end)) return path;
    }
    return std::string();
  };
  const auto path = named(disk, ".col");
  const auto written = io::read_file(disk, path, 1 << 20);
  ASSERT_TRUE(written.ok()) << path;
  check_stored("column_file", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    node.open();
    node.expect_rows(7, test_rows(0, 200));
    EXPECT_TRUE(node.store->verify({7}).ok());
  });
}

/// Messages between replicas, each as a string.
TEST(StoredBytes, replica_copy) {
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.append(7, test_rows(0, 20));
  auto source = node.store->export_chunk({7}, 0);
  ASSERT_TRUE(source.ok());
  std::string written;
  ByteWriter writer(written);
  while (true) {
    const auto message = (*source)->next();
    ASSERT_TRUE(message.ok());
    if (!*message) break;
    writer.put_string(**message);
  }
  check_stored("replica_copy", written, [](const std::string& bytes) {
    io::MemoryFileSystem other;
    TestNode target(other);
    auto import = target.store->import_chunk({7});
    ASSERT_TRUE(import.ok());
    ByteReader reader(bytes);
    while (reader.ok() && !reader.at_end()) ASSERT_TRUE((*import)->add(reader.get_string()).ok());
    ASSERT_TRUE((*import)->finish().ok());
    import->reset();
    target.expect_rows(7, test_rows(0, 20));
  });
}

/// All files of a disk, the zeros at their ends left out.
std::string packed(io::MemoryFileSystem& disk) {
  std::string bytes;
  ByteWriter writer(bytes);
  for (const auto& path : disk.files()) {
    auto content = io::read_file(disk, path, 1 << 20).value();
    writer.put_string(path);
    writer.put<uint64_t>(content.size());
    while (content.ends_with('\0')) content.pop_back();
    writer.put_string(content);
  }
  return bytes;
}

void unpack(std::string_view bytes, io::MemoryFileSystem& disk) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    const std::string path(reader.get_string());
    const auto size = reader.get<uint64_t>();
    std::string content(reader.get_string());
    content.resize(size);
    ASSERT_TRUE(disk.make_directories(std::filesystem::path(path).parent_path().string()).ok());
    ASSERT_TRUE(io::replace_file(disk, path, content).ok());
  }
  ASSERT_TRUE(reader.ok());
}

/// Identity files, a volume, and a redo log with rows that are in no column file yet. Ids are random: read only.
TEST(StoredBytes, data_node) {
  const auto make = [] {
    io::MemoryFileSystem disk;
    TestNode node(disk);
    node.append(7, test_rows(0, 30));
    EXPECT_TRUE(node.store->flush_all().ok());
    node.append(7, test_rows(30, 20));
    EXPECT_TRUE(node.prepare(100, 8, test_rows(0, 5)).ok());
    EXPECT_TRUE(node.store->stop().ok());
    node.store.reset();
    return packed(disk);
  };
  check_stored(
      "data_node", "",
      [](const std::string& bytes) {
        io::MemoryFileSystem disk;
        unpack(bytes, disk);
        TestNode node(disk);
        node.expect_rows(7, test_rows(0, 50));
        EXPECT_TRUE(node.store->verify({7}).ok());
        const auto in_doubt = node.store->in_doubt();
        ASSERT_EQ(in_doubt.size(), 1u);
        EXPECT_EQ(in_doubt[0].transaction.value, 100u);
        ASSERT_TRUE(node.commit(100, 8, 1).ok());
        node.expect_rows(8, test_rows(0, 5));
      },
      make);
}

}  // namespace
}  // namespace pelorus::storage
