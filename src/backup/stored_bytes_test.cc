// docs/formats/backup.md: backups as programs of every level wrote them.

#include "base/stored_bytes.h"

#include "backup/row_file.h"
#include "data/value.h"
#include "io/checksum.h"
#include "io/memory_file_system.h"
#include "storage/codec/row_block.h"

namespace pelorus::backup {
namespace {

using types::Scalar;
using types::Type;

std::vector<meta::Column> columns() {
  return {{.name = "id", .type = Type::kInt},
          {.name = "sym", .type = Type::kSymbol, .comment = "what is traded"},
          {.name = "px",
           .type = Type::kDecimal64,
           .scale = 2,
           .stored_name = "px\x1f"
                          "2"}};
}

SavedTable saved_table() {
  SavedTable saved{.kind = BackupKind::kPartitions, .taken_ns = 1700000000000000000};
  saved.database.id = {3};
  saved.database.path = "dfs://db";
  saved.database.owner = "admin";
  saved.database.scheme.levels = {{.type = meta::PartitionType::kValue,
                                   .value_type = Type::kInt,
                                   .values = {Scalar::of_int(1), Scalar::of_int(2)}}};
  saved.table.id = {7};
  saved.table.database = "dfs://db";
  saved.table.name = "pt";
  saved.table.columns = columns();
  saved.table.partition_columns = {"id"};
  saved.table.created_ns = 1600000000000000000;
  saved.table.schema_version = 2;
  saved.partitions = {{.key = {{Scalar::of_int(1)}},
                       .path = "/1",
                       .chunk = {12},
                       .version = 5,
                       .schema_version = 2,
                       .rows = 2,
                       .file = "12_5_2.rows",
                       .file_bytes = 400,
                       .digest = 0x12345678,
                       .commit = 99,
                       .updated_ns = 1650000000000000000,
                       .saved_ns = 1700000000000000000,
                       .query = {}}};
  return saved;
}

TEST(StoredBytes, backup_manifest) {
  check_stored("backup_manifest", encode_saved_table(saved_table()), [](const std::string& bytes) {
    const auto read = decode_saved_table(bytes, "manifest");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, saved_table());
  });
}

RowFileHead head() {
  return {.database = "dfs://db",
          .table = "pt",
          .table_id = {7},
          .table_created_ns = 1600000000000000000,
          .key = {{Scalar::of_int(1)}},
          .chunk = {12},
          .version = 5,
          .schema_version = 2,
          .columns = columns(),
          .query = {}};
}

std::string row_file() {
  data::Table rows(schema_of(columns()));
  EXPECT_TRUE(rows.edit_column(0).push_back(data::Value::of_int(1)));
  EXPECT_TRUE(rows.edit_column(0).push_back(data::Value::of_int(1)));
  EXPECT_TRUE(rows.edit_column(1).push_back(data::Value::of_string("a")));
  EXPECT_TRUE(rows.edit_column(1).push_back(data::Value::of_string("")));
  EXPECT_TRUE(rows.edit_column(2).push_back(data::Value(Scalar::of<int64_t>(Type::kDecimal64, 1234, 2))));
  EXPECT_TRUE(rows.edit_column(2).push_back(data::Value(Scalar::null_of(Type::kDecimal64, 2))));
  const auto compact = storage::with_compact_symbols(rows);
  storage::PartList parts;
  storage::encode_rows(compact, parts);
  const auto bytes = parts.joined();
  io::MemoryFileSystem disk;
  auto file = RowFileWriter::create(disk, "/rows", head());
  EXPECT_TRUE(file.ok());
  EXPECT_TRUE((*file)->add({.rows = bytes, .checksum = io::crc32c(bytes), .count = 2}).ok());
  EXPECT_TRUE((*file)->finish().ok());
  return io::read_file(disk, "/rows", 1 << 20).value();
}

TEST(StoredBytes, backup_rows) {
  check_stored("backup_rows", row_file(), [](const std::string& bytes) {
    io::MemoryFileSystem disk;
    ASSERT_TRUE(io::replace_file(disk, "/rows", bytes).ok());
    const auto file = RowFileReader::open(disk, "/rows");
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ((*file)->head(), head());
    const auto page = (*file)->next();
    ASSERT_TRUE(page.ok() && page->has_value());
    const auto rows = (*file)->decoded(**page);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    EXPECT_EQ(rows->column(0).scalar_at(1), Scalar::of_int(1));
    EXPECT_EQ(rows->column(1).text_at(0), "a");
    EXPECT_EQ(rows->column(2).scalar_at(0), Scalar::of<int64_t>(Type::kDecimal64, 1234, 2));
    EXPECT_TRUE(rows->column(2).scalar_at(1).is_null());
    const auto end = (*file)->next();
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_FALSE(end->has_value());
    EXPECT_EQ((*file)->facts().rows, 2);
    EXPECT_EQ((*file)->facts().bytes, bytes.size());
  });
}

TEST(StoredBytes, no_damaged_byte_of_a_backup_is_read) {
  const auto whole = row_file();
  const auto read_all = [](const std::string& bytes) -> Status {
    io::MemoryFileSystem disk;
    TRY_DONE(io::replace_file(disk, "/rows", bytes));
    TRY(const auto file, RowFileReader::open(disk, "/rows"));
    while (true) {
      TRY(const auto page, file->next());
      if (!page) return {};
    }
  };
  ASSERT_TRUE(read_all(whole).ok());
  for (size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto read = read_all(damaged);
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(read.error().message.substr(0, 6), "/rows:");
    EXPECT_FALSE(read_all(whole.substr(0, at)).ok()) << "cut at " << at;
  }
  EXPECT_FALSE(read_all(whole + "x").ok());
}

}  // namespace
}  // namespace pelorus::backup
