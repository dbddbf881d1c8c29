#pragma once
// The rows of one saved partition in one file, every block with its checksum (docs/formats/backup.md §3).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/saved_table.h"
#include "data/table.h"
#include "io/file_system.h"

namespace pelorus::backup {

/// What the rows are.
struct RowFileHead {
  std::string database;
  std::string table;
  TableId table_id;
  int64_t table_created_ns = 0;
  meta::PartitionKey key;
  ChunkId chunk;
  Version version = 0;
  uint64_t schema_version = 0;
  std::vector<meta::Column> columns;  // of the rows, in order
  std::string query;                  // BackupKind::kQuery

  bool operator==(const RowFileHead&) const = default;
  template <class A>
  void fields(A& a) {
    a(database, table, table_id, table_created_ns, key, chunk, version, schema_version, columns, query);
  }
};

struct RowFileFacts {
  int64_t rows = 0;
  uint64_t bytes = 0;
  uint32_t digest = 0;  // CRC-32C over the checksums of all blocks

  bool operator==(const RowFileFacts&) const = default;
};

/// Encoded rows (docs/formats/write_ahead_log.md §4) and the checksum their reader gave them.
struct RowFilePage {
  std::string rows;
  uint32_t checksum = 0;
  int64_t count = 0;
};

/// The columns as the row codec wants them: named as chunks name them.
data::Schema schema_of(const std::vector<meta::Column>& columns);

/// Writes to `<path>.part`; the name appears with finish(). Destroyed before: nothing stays. One thread.
/// Errors: kNoSpace, kIo naming the file.
class RowFileWriter {
 public:
  static Result<std::unique_ptr<RowFileWriter>> create(io::FileSystem& files, const std::string& path,
                                                       const RowFileHead& head);
  ~RowFileWriter();
  RowFileWriter(const RowFileWriter&) = delete;
  RowFileWriter& operator=(const RowFileWriter&) = delete;

  /// kCorrupt when the rows do not fit their checksum: they were damaged on the way here.
  Status add(const RowFilePage& page);
  /// Content and name are durable when it returns.
  Result<RowFileFacts> finish();

 private:
  RowFileWriter(io::FileSystem& files, std::string path, std::unique_ptr<io::File> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}
  Status put(uint8_t kind, std::string_view head, std::string_view body);

  io::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<io::File> file_;
  RowFileFacts facts_;
  uint64_t blocks_ = 0;
  bool finished_ = false;
};

/// Reads what RowFileWriter wrote, block by block; never returns a damaged byte. One thread.
/// Errors: kCorrupt naming file and block; kNotFound; kIo.
class RowFileReader {
 public:
  static Result<std::unique_ptr<RowFileReader>> open(io::FileSystem& files, const std::string& path);

  const RowFileHead& head() const { return head_; }
  /// The next rows; nothing at the end, when the whole file has proved good.
  Result<std::optional<RowFilePage>> next();
  /// The page as a table of schema_of(head().columns).
  Result<data::Table> decoded(const RowFilePage& page) const;
  /// After the end.
  const RowFileFacts& facts() const { return facts_; }

 private:
  struct Block {
    uint8_t kind = 0;
    std::string body;
  };
  RowFileReader(std::string path, std::unique_ptr<io::File> file, uint64_t bytes)
      : path_(std::move(path)), file_(std::move(file)), bytes_(bytes) {}
  Result<Block> take_block();
  Error corrupt(const std::string& what) const;

  const std::string path_;
  const std::unique_ptr<io::File> file_;
  const uint64_t bytes_;
  RowFileHead head_;
  RowFileFacts facts_;
  uint64_t offset_ = 0;
  uint64_t blocks_ = 0;
  bool ended_ = false;
};

/// A saved partition's rows, and the proof that they are those its manifest speaks of: another file under its name is
/// kCorrupt too.
class SavedRows {
 public:
  static Result<std::unique_ptr<SavedRows>> open(io::FileSystem& files, const std::string& table_directory,
                                                 const SavedTable& table, const SavedPartition& partition);
  const RowFileHead& head() const { return reader_->head(); }
  Result<std::optional<RowFilePage>> next();
  /// All rows as a table of schema_of(head().columns).
  Result<data::Table> read_all();

 private:
  SavedRows(std::unique_ptr<RowFileReader> reader, std::string path, const SavedPartition& partition)
      : reader_(std::move(reader)),
        path_(std::move(path)),
        expected_{.rows = partition.rows, .bytes = partition.file_bytes, .digest = partition.digest} {}

  const std::unique_ptr<RowFileReader> reader_;
  const std::string path_;
  const RowFileFacts expected_;
};

}  // namespace pelorus::backup
