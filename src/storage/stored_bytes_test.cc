// docs/formats: what a data node keeps, as programs of every level wrote it.

#include "base/stored_bytes.h"

#include <algorithm>

#include "base/bytes.h"
#include "storage/chunk/manifest.h"
#include "storage/log/log_format.h"
#include "storage/oltp/oltp_records.h"
#include "storage/store_fixture.h"
#include "storage/transaction_record.h"

namespace pelorus::storage {
namespace {

using data::Value;
using data::Vector;
using types::Type;

const Uuid kLog = Uuid::parse("11111111-2222-3333-4444-555555555555");

TEST(StoredBytes, manifest) {
  Manifest manifest{
      .chunk = {7}, .version = 3, .generation = 1, .log_floor = 12, .next_file = 5, .schema = test_schema()};
  manifest.schema.push_back({.name = "d", .type = Type::kDecimal64, .scale = 3, .comment = "with a comment"});
  manifest.versions = {{2, 1, 10}, {3, 1, 15}};
  manifest.segments = {{4, 15, 1234, 99}};
  check_stored("manifest", encode_manifest(manifest), [&](const std::string& bytes) {
    const auto read = decode_manifest(bytes, "manifest");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->chunk.value, 7u);
    EXPECT_FALSE(read->dropped);
    EXPECT_EQ(read->version, 3u);
    EXPECT_EQ(read->generation, 1u);
    EXPECT_EQ(read->log_floor, 12u);
    EXPECT_EQ(read->next_file, 5u);
    EXPECT_EQ(read->schema, manifest.schema);
    ASSERT_EQ(read->versions.size(), 2u);
    EXPECT_EQ(read->versions[1].version, 3u);
    EXPECT_EQ(read->versions[1].rows, 15u);
    ASSERT_EQ(read->segments.size(), 1u);
    EXPECT_EQ(read->segments[0], (SegmentFacts{4, 15, 1234, 99}));
  });
}

TEST(StoredBytes, manifest_of_a_sorted_chunk) {
  Manifest manifest{.chunk = {7}, .version = 3, .generation = 4, .next_file = 5, .schema = test_schema()};
  manifest.sort = {{1, 0}, KeepDuplicates::kLast};
  manifest.versions = {{3, 4, 15}};
  manifest.segments = {{4, 15, 1234, 99}};
  check_stored("manifest_sorted", encode_manifest(manifest), [&](const std::string& bytes) {
    const auto read = decode_manifest(bytes, "manifest");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->sort, manifest.sort);
    EXPECT_EQ(read->schema, manifest.schema);
    EXPECT_EQ(read->generation, 4u);
    ASSERT_EQ(read->segments.size(), 1u);
    EXPECT_EQ(read->segments[0], (SegmentFacts{4, 15, 1234, 99}));
  });
}

/// The examples' schema with the column that marks deletions.
data::Schema marked_schema() {
  auto schema = test_schema();
  schema.push_back({.name = "deleted", .type = Type::kBool});
  return schema;
}
const SortRule kMarked{{1, 0}, KeepDuplicates::kLastUnlessDeleted};
const Compressions kMethods{Compression::kDelta, Compression::kZstd, Compression::kChimp, Compression::kZstd,
                            Compression::kUsual};

data::Table marked_rows() {
  auto rows = test_rows(0, 3);
  auto names = rows.names();
  std::vector<data::Shared<data::Vector>> columns;
  for (size_t c = 0; c < rows.columns(); ++c) columns.push_back(rows.column_shared(c));
  names.push_back("deleted");
  columns.emplace_back(data::Vector::of<int8_t>(Type::kBool, {0, 1, 0}));
  return {std::move(names), std::move(columns)};
}

TEST(StoredBytes, manifest_with_table_options) {
  Manifest manifest{.chunk = {7}, .version = 3, .generation = 4, .next_file = 5, .schema = marked_schema()};
  manifest.sort = kMarked;
  manifest.compression = kMethods;
  manifest.versions = {{3, 4, 15}};
  manifest.segments = {{4, 15, 1234, 99}};
  check_stored("manifest_options", encode_manifest(manifest), [&](const std::string& bytes) {
    const auto read = decode_manifest(bytes, "manifest");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->sort, manifest.sort);
    EXPECT_EQ(read->compression, manifest.compression);
    EXPECT_EQ(read->schema, manifest.schema);
    ASSERT_EQ(read->segments.size(), 1u);
  });
}

TEST(StoredBytes, redo_log_prepare_with_table_options) {
  const auto rows = marked_rows();
  PreparedWrite write;
  write.chunk = {7};
  write.kind = WriteKind::kReplace;
  write.schema = rows.schema();
  write.sort = kMarked;
  write.rows = rows;
  write.compression = kMethods;
  PartList parts;
  encode_prepare({5}, 1000, {&write, 1}, parts);
  check_stored("redo_log_prepare_options", parts.joined(), [&](const std::string& bytes) {
    const auto record = decode_prepare(bytes);
    ASSERT_TRUE(record.ok()) << record.error().message;
    ASSERT_EQ(record->writes.size(), 1u);
    EXPECT_EQ(record->writes[0].kind, WriteKind::kReplace);
    EXPECT_EQ(record->writes[0].sort, write.sort);
    EXPECT_EQ(record->writes[0].compression, kMethods);
    EXPECT_TRUE(data::equal(Value(record->writes[0].rows), Value(rows)));
  });
}

TEST(StoredBytes, redo_log_prepare_of_a_sorted_chunk) {
  const auto rows = test_rows(0, 3);
  PreparedWrite write;
  write.chunk = {7};
  write.schema = rows.schema();
  write.sort = {{1, 0}, KeepDuplicates::kFirst};
  write.rows = rows;
  PartList parts;
  encode_prepare({5}, 1000, {&write, 1}, parts);
  check_stored("redo_log_prepare_sorted", parts.joined(), [&](const std::string& bytes) {
    const auto record = decode_prepare(bytes);
    ASSERT_TRUE(record.ok()) << record.error().message;
    ASSERT_EQ(record->writes.size(), 1u);
    EXPECT_EQ(record->writes[0].kind, WriteKind::kAppend);
    EXPECT_EQ(record->writes[0].sort, write.sort);
    EXPECT_TRUE(data::equal(Value(record->writes[0].rows), Value(rows)));
  });
}

TEST(StoredBytes, redo_log_state_and_headers) {
  check_stored("redo_log_state", encode_log_state({kLog, 3, 4}), [](const std::string& bytes) {
    const auto state = decode_log_state(bytes, "log_state");
    ASSERT_TRUE(state.ok()) << state.error().message;
    EXPECT_EQ(state->log, kLog);
    EXPECT_EQ(state->oldest, 3u);
    EXPECT_EQ(state->newest, 4u);
  });
  check_stored("redo_log_header", encode_segment_header({kLog, 3, 17, 65536}), [](const std::string& bytes) {
    const auto header = decode_segment_header(bytes);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->log, kLog);
    EXPECT_EQ(header->segment, 3u);
    EXPECT_EQ(header->first_sequence, 17u);
    EXPECT_EQ(header->file_bytes, 65536u);
  });
  const FrameHeader frame{
      .payload_crc = 5, .payload_bytes = 100, .segment = 3, .sequence = 18, .durable = 16, .type = RecordType::kCommit};
  check_stored("redo_log_frame", encode_frame_header(frame), [](const std::string& bytes) {
    const auto header = decode_frame_header(bytes);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->payload_crc, 5u);
    EXPECT_EQ(header->payload_bytes, 100u);
    EXPECT_EQ(header->segment, 3u);
    EXPECT_EQ(header->sequence, 18u);
    EXPECT_EQ(header->durable, 16u);
    EXPECT_EQ(header->type, RecordType::kCommit);
  });
}

TEST(StoredBytes, redo_log_commit_and_abort) {
  const std::vector<ChunkVersion> versions{{{7}, 3}, {{8}, 1}};
  check_stored("redo_log_commit", encode_commit({5}, versions), [](const std::string& bytes) {
    const auto record = decode_commit(bytes);
    ASSERT_TRUE(record.ok()) << record.error().message;
    EXPECT_EQ(record->transaction.value, 5u);
    ASSERT_EQ(record->versions.size(), 2u);
    EXPECT_EQ(record->versions[0].chunk.value, 7u);
    EXPECT_EQ(record->versions[0].version, 3u);
    EXPECT_EQ(record->versions[1].version, 1u);
  });
  check_stored("redo_log_number", encode_number(5), [](const std::string& bytes) {
    const auto number = decode_number(bytes);
    ASSERT_TRUE(number.ok()) << number.error().message;
    EXPECT_EQ(*number, 5u);
  });
}

/// Rows with a column of every kind that has a form of its own.
data::Table rows_of_every_kind() {
  const auto arrays = Vector::array(Vector::of<int32_t>(Type::kInt, {1, 2, 3, 4}), {3, 3, 4});
  data::Buffer<int64_t> times{1, types::kNull<int64_t>, 3};
  return {
      {"t", "sym", "note", "a"},
      {Vector::adopt<int64_t>(Type::kTimestamp, std::move(times)), Vector::of_strings(Type::kSymbol, {"x", "", "y"}),
       Vector::of_strings(Type::kString, {"", "long", "z"}), arrays}};
}

TEST(StoredBytes, redo_log_prepare) {
  const auto rows = rows_of_every_kind();
  PreparedWrite write;
  write.chunk = {7};
  write.kind = WriteKind::kReplace;
  write.schema = rows.schema();
  write.rows = rows;
  PartList parts;
  encode_prepare({5}, 1000, {&write, 1}, parts);
  check_stored("redo_log_prepare", parts.joined(), [&](const std::string& bytes) {
    const auto record = decode_prepare(bytes);
    ASSERT_TRUE(record.ok()) << record.error().message;
    EXPECT_EQ(record->transaction.value, 5u);
    EXPECT_EQ(record->wall_ns, 1000);
    ASSERT_EQ(record->writes.size(), 1u);
    EXPECT_EQ(record->writes[0].chunk.value, 7u);
    EXPECT_EQ(record->writes[0].kind, WriteKind::kReplace);
    EXPECT_EQ(record->writes[0].schema, rows.schema());
    EXPECT_TRUE(data::equal(Value(record->writes[0].rows), Value(rows)));
  });
}

/// `count` values of T.
template <class T>
Vector numbers(Type type, size_t count, T (*make)(int64_t)) {
  data::Buffer<T> values;
  for (size_t i = 0; i < count; ++i) values.push_back(make(static_cast<int64_t>(i)));
  return Vector::adopt<T>(type, std::move(values));
}

struct BlockExample {
  Encoding encoding;
  Vector values;
};

/// Each block as its encoding and its bytes.
std::string bytes_of(const std::vector<BlockExample>& examples, EncodingSet set = EncodingSet::kFirst) {
  Bytes bytes;
  ByteWriter writer(bytes);
  for (const auto& example : examples) {
    const auto block = encode_block(example.values, set);
    EXPECT_EQ(block.encoding, example.encoding);
    writer.put(static_cast<uint8_t>(block.encoding));
    writer.put_string(block.bytes);
  }
  return bytes;
}

void expect_blocks(std::string_view bytes, const std::vector<BlockExample>& examples) {
  ByteReader reader(bytes);
  for (const auto& [encoding, values] : examples) {
    EXPECT_EQ(reader.get<uint8_t>(), static_cast<uint8_t>(encoding));
    auto decoded = values.is_array() ? Vector::array(Vector(values.type(), 0, values.scale()), {})
                                     : Vector(values.type(), 0, values.scale());
    const auto read = decode_block(encoding, reader.get_string(), values.size(), decoded);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(data::equal(Value(decoded), Value(values))) << static_cast<int>(encoding);
  }
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

TEST(StoredBytes, column_blocks_of_the_second_set) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < 400; ++i) texts.push_back(i % 3 == 0 ? "" : "t" + std::to_string(i % 5));
  const std::vector<BlockExample> examples{
      {Encoding::kGroups,
       numbers<int64_t>(Type::kTimestamp, 3000,
                        [](int64_t i) { return i % 1000 == 0 ? i * 1000000 : 1700000000000 + i * 1000; })},
      {Encoding::kRuns,
       numbers<int32_t>(Type::kInt, 3000, [](int64_t i) { return static_cast<int32_t>(i / 100 * 7919 % 100000); })},
      {Encoding::kDecimalGroups,
       numbers<double>(Type::kDouble, 3000, [](int64_t i) { return static_cast<double>(i) / 100; })},
      {Encoding::kTextCodes, Vector::of_strings(Type::kString, std::move(texts))}};
  check_stored("column_blocks_2", bytes_of(examples, EncodingSet::kSecond),
               [&](const std::string& bytes) { expect_blocks(bytes, examples); });
}

TEST(StoredBytes, column_blocks) {
  const auto scattered = [](int64_t i) {
    return static_cast<int64_t>(static_cast<uint64_t>(i + 1) * 0x9E3779B97F4A7C15u);
  };
  const std::vector<BlockExample> examples{
      {Encoding::kPlain, numbers<int64_t>(Type::kLong, 6, scattered)},
      {Encoding::kConstant, numbers<int32_t>(Type::kInt, 40, [](int64_t) { return 5; })},
      {Encoding::kPacked, numbers<int32_t>(Type::kInt, 40,
                                           [](int64_t i) {
                                             return i % 7 == 3 ? types::kNull<int32_t>
                                                               : static_cast<int32_t>(i * 37 % 50);
                                           })},
      {Encoding::kDelta,
       numbers<int64_t>(Type::kTimestamp, 40, [](int64_t i) { return 1'700'000'000'000 + i * 1000 + i % 3; })},
      {Encoding::kDecimal,
       numbers<double>(Type::kDouble, 40, [](int64_t i) { return static_cast<double>(i * 37 % 50) / 100; })},
      {Encoding::kText, Vector::of_strings(Type::kString, {"one", "", "three"})},
      {Encoding::kArray, Vector::array(Vector::of<int32_t>(Type::kInt, {1, 2, 3, 4}), {3, 3, 4})}};
  check_stored("column_blocks", bytes_of(examples), [&](const std::string& bytes) { expect_blocks(bytes, examples); });
}

/// LZ4 may compress otherwise from one of its versions to the next.
TEST(StoredBytes, column_blocks_lz4) {
  const std::vector<BlockExample> examples{
      {Encoding::kLz4,
       numbers<double>(Type::kDouble, 60, [](int64_t i) { return 1.0 / static_cast<double>(3 + i % 3); })},
      {Encoding::kTextLz4, Vector::of_strings(Type::kString, std::vector<std::string>(30, "the same text"))}};
  check_stored_varying("column_blocks_lz4", bytes_of(examples),
                       [&](const std::string& bytes) { expect_blocks(bytes, examples); });
}

/// Header, blocks, dictionary, footer and trailer together: the flushed content of a chunk.
void check_column_file(const std::string& name, uint32_t format, const SortRule& sort) {
  const auto rows = rows_of_every_kind();
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.options.column_format = [format] { return format; };
  node.open();
  node.sort = sort;
  node.append(7, rows);
  ASSERT_TRUE(node.store->flush_all().ok());
  const auto files = disk.files();
  const auto path = std::find_if(files.begin(), files.end(), [](const auto& file) { return file.ends_with(".col"); });
  ASSERT_NE(path, files.end());
  check_stored(name, io::read_file(disk, *path, 1 << 20).value(), [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, *path, bytes).ok());
    node.open();
    node.expect_rows(7, sort.sorts() ? rows.take(std::vector<int64_t>{1, 0, 2}) : rows);
    EXPECT_TRUE(node.store->verify({7}).ok());
  });
}

/// By symbol, then time.
const SortRule kBySymbol{{1, 0}, KeepDuplicates::kLast};

TEST(StoredBytes, column_file) { check_column_file("column_file", 1, {}); }
TEST(StoredBytes, column_file_of_format_2) { check_column_file("column_file_2", 2, {}); }
TEST(StoredBytes, column_file_of_a_sorted_chunk) { check_column_file("column_file_sorted", 2, kBySymbol); }

/// Messages between replicas, each as a string.
void check_replica_copy(const std::string& name, const SortRule& sort) {
  io::MemoryFileSystem disk;
  TestNode node(disk);
  node.sort = sort;
  node.append(7, rows_of_every_kind());
  auto source = node.store->export_chunk({7}, 0);
  ASSERT_TRUE(source.ok());
  Bytes written;
  ByteWriter writer(written);
  while (true) {
    Bytes message;
    const auto read = (*source)->next(message);
    ASSERT_TRUE(read.ok());
    if (!*read) break;
    writer.put_string(message);
  }
  check_stored(name, written, [&](const std::string& bytes) {
    io::MemoryFileSystem other;
    TestNode target(other);
    auto import = target.store->import_chunk({7});
    ASSERT_TRUE(import.ok());
    ByteReader reader(bytes);
    while (reader.ok() && !reader.at_end()) ASSERT_TRUE((*import)->add(reader.get_string()).ok());
    ASSERT_TRUE((*import)->finish().ok());
    import->reset();
    const auto rows = rows_of_every_kind();
    target.expect_rows(7, sort.sorts() ? rows.take(std::vector<int64_t>{1, 0, 2}) : rows);
  });
}

/// Blocks of the encodings that compression methods bring.
TEST(StoredBytes, blocks_of_compression_methods) {
  const std::vector<std::pair<Encoding, Vector>> exact = {
      {Encoding::kStepGroups,
       numbers<int64_t>(Type::kNanotimestamp, 60, [](int64_t i) { return 1700000000000000000 + i * i * 70000; })},
      {Encoding::kXor, numbers<double>(Type::kDouble, 60, [](int64_t i) {
         return 100 + std::ldexp(static_cast<double>(i * 2654435761 % (1 << 30)), -46);
       })}};
  Bytes bytes;
  ByteWriter writer(bytes);
  for (const auto& [encoding, values] : exact) {
    const auto method = encoding == Encoding::kXor ? Compression::kChimp : Compression::kDelta;
    const auto block = encode_block(values, EncodingSet::kSecond, method);
    EXPECT_EQ(block.encoding, encoding);
    writer.put<uint8_t>(static_cast<uint8_t>(block.encoding));
    writer.put_string(block.bytes);
  }
  check_stored("column_blocks_methods", bytes, [&](const std::string& stored) {
    ByteReader reader(stored);
    for (const auto& [encoding, values] : exact) {
      const auto number = static_cast<Encoding>(reader.get<uint8_t>());
      Vector back(values.type());
      ASSERT_TRUE(decode_block(number, reader.get_string(), values.size(), back).ok());
      EXPECT_TRUE(data::equal(Value(values), Value(back)));
    }
    EXPECT_TRUE(reader.ok() && reader.at_end());
  });
}

/// A file of format 3; ZSTD's bytes are another library's.
TEST(StoredBytes, column_file_with_compression_methods) {
  io::MemoryFileSystem disk;
  TestNode node(disk);
  const auto rows = test_rows(0, 60);
  auto write = TestNode::write(7, rows);
  write.compression = {Compression::kDelta, Compression::kZstd, Compression::kChimp, Compression::kZstd};
  ASSERT_TRUE(node.store->prepare({50}, {&write, 1}).ok());
  ASSERT_TRUE(node.commit(50, 7, 1).ok());
  ASSERT_TRUE(node.store->flush_all().ok());
  const auto files = disk.files();
  const auto path = std::find_if(files.begin(), files.end(), [](const auto& file) { return file.ends_with(".col"); });
  ASSERT_NE(path, files.end());
  check_stored_varying("column_file_methods", io::read_file(disk, *path, 1 << 20).value(),
                       [&](const std::string& bytes) {
                         EXPECT_EQ(bytes[4], 3) << "its format";
                         ASSERT_TRUE(io::replace_file(disk, *path, bytes).ok());
                       });
  node.open();
  node.expect_rows(7, rows);
}

TEST(StoredBytes, replica_copy_with_table_options) {
  io::MemoryFileSystem disk;
  TestNode node(disk);
  auto write = TestNode::write(7, marked_rows());
  write.sort = kMarked;
  write.compression = kMethods;
  ASSERT_TRUE(node.store->prepare({50}, {&write, 1}).ok());
  ASSERT_TRUE(node.commit(50, 7, 1).ok());
  auto source = node.store->export_chunk({7}, 0);
  ASSERT_TRUE(source.ok());
  Bytes written;
  ByteWriter writer(written);
  while (true) {
    Bytes message;
    const auto read = (*source)->next(message);
    ASSERT_TRUE(read.ok());
    if (!*read) break;
    writer.put_string(message);
  }
  check_stored("replica_copy_options", written, [&](const std::string& bytes) {
    io::MemoryFileSystem other;
    TestNode target(other);
    auto import = target.store->import_chunk({7});
    ASSERT_TRUE(import.ok());
    ByteReader reader(bytes);
    while (reader.ok() && !reader.at_end()) ASSERT_TRUE((*import)->add(reader.get_string()).ok());
    ASSERT_TRUE((*import)->finish().ok());
    import->reset();
    EXPECT_EQ(*target.store->content_hash({7}), *node.store->content_hash({7}));
    EXPECT_EQ(target.info(7).sort, kMarked);
  });
}

TEST(StoredBytes, replica_copy) { check_replica_copy("replica_copy", {}); }
TEST(StoredBytes, replica_copy_of_a_sorted_chunk) { check_replica_copy("replica_copy_sorted", kBySymbol); }

/// All files of a disk, the zeros at their ends left out.
std::string packed(io::MemoryFileSystem& disk) {
  Bytes bytes;
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

/// Every directory of a node together: identity files, volumes, a redo log with rows that are in no column file yet,
/// one transaction in doubt, a chunk that was dropped. Ids are random.
TEST(StoredBytes, data_node) {
  io::MemoryFileSystem disk;
  {
    TestNode node(disk);
    node.append(7, test_rows(0, 30));
    ASSERT_TRUE(node.store->flush_all().ok());
    node.append(7, test_rows(30, 20));
    node.append(9, test_rows(0, 5));
    ASSERT_TRUE(node.store->drop({9}).ok());
    ASSERT_TRUE(node.prepare(100, 8, test_rows(0, 5)).ok());
    ASSERT_TRUE(node.prepare(101, 8, test_rows(5, 5)).ok());
    ASSERT_TRUE(node.store->abort({101}).ok());
    ASSERT_TRUE(node.store->stop().ok());
  }
  check_stored_varying("data_node", packed(disk), [](const std::string& bytes) {
    io::MemoryFileSystem found;
    unpack(bytes, found);
    TestNode node(found);
    ASSERT_TRUE(node.store);
    node.expect_rows(7, test_rows(0, 50));
    EXPECT_EQ(node.info(7).version, 2u);
    EXPECT_TRUE(node.store->verify({7}).ok());
    EXPECT_FALSE(node.store->info({9}).ok());
    const auto in_doubt = node.store->in_doubt();
    ASSERT_EQ(in_doubt.size(), 1u);
    EXPECT_EQ(in_doubt[0].transaction.value, 100u);
    ASSERT_TRUE(node.commit(100, 8, 1).ok());
    node.expect_rows(8, test_rows(0, 5));
  });
}

data::Schema oltp_schema() { return {{.name = "id", .type = Type::kInt}, {.name = "sym", .type = Type::kString}}; }
data::Table oltp_rows(std::vector<int32_t> ids, std::vector<std::string> texts) {
  return data::Table({"id", "sym"}, {Vector::adopt<int32_t>(Type::kInt, data::Buffer<int32_t>(ids.begin(), ids.end())),
                                     Vector::of_strings(Type::kString, std::move(texts))});
}
/// "1a 2b"
std::string oltp_text(const data::Table& table) {
  std::string text;
  for (size_t i = 0; i < table.rows(); ++i)
    text += (i ? " " : "") + std::to_string(table.column(0).values<int32_t>()[i]) + table.column(1).text_at(i);
  return text;
}

OltpImage stored_image() {
  OltpImage image;
  image.sequence = 7;
  image.last_table = 3;
  image.databases = {"oltp://d"};
  image.tables[3] = {3,
                     "oltp://d",
                     {.name = "t",
                      .schema = oltp_schema(),
                      .primary_key = {"id"},
                      .secondary_keys = {{.columns = {"sym"}, .unique = true}}},
                     oltp_rows({1, 2}, {"a", "b"})};
  return image;
}

TEST(StoredBytes, oltp_checkpoint) {
  check_stored("oltp_checkpoint", encode_checkpoint(stored_image()), [](const std::string& bytes) {
    const auto image = decode_checkpoint(bytes);
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(image->sequence, 7u);
    EXPECT_EQ(image->tables.at(3).terms.secondary_keys.at(0).columns.at(0), "sym");
    EXPECT_EQ(oltp_text(image->tables.at(3).rows), "1a 2b");
    EXPECT_FALSE(decode_checkpoint(bytes.substr(0, bytes.size() - 1)).ok());
  });
}

TEST(StoredBytes, oltp_record) {
  auto image = stored_image();
  std::vector<OltpChange> changes(3);
  changes[0] = {.kind = OltpChange::Kind::kAppend,
                .database = {},
                .table = 3,
                .terms = {},
                .places = {},
                .rows = oltp_rows({3}, {"c"})};
  changes[1] = {.kind = OltpChange::Kind::kReplace,
                .database = {},
                .table = 3,
                .terms = {},
                .places = {0},
                .rows = oltp_rows({8}, {"x"})};
  changes[2] = {.kind = OltpChange::Kind::kRemove, .database = {}, .table = 3, .terms = {}, .places = {1}};
  PartList parts;
  encode_changes(changes, parts);
  check_stored("oltp_record", parts.joined(), [&](const std::string& bytes) {
    auto changed = image;
    const auto read = decode_changes(bytes, changed);
    ASSERT_TRUE(read.ok()) << read.error().message;
    for (const auto& change : *read) ASSERT_TRUE(changed.apply(change).ok());
    EXPECT_EQ(oltp_text(changed.tables.at(3).rows), "8x 3c");
    EXPECT_FALSE(decode_changes(bytes.substr(0, bytes.size() - 1), image).ok());
  });
}

}  // namespace
}  // namespace pelorus::storage
