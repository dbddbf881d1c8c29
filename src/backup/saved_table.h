#pragma once
// What a backup directory holds of one table: which files, and what they were made of (docs/formats/backup.md).

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "io/file_system.h"
#include "meta/catalogue.h"

namespace pelorus::backup {

enum class BackupKind : uint8_t {
  kPartitions = 0,  // whole partitions
  kQuery = 1,       // what a select found in each of them
};

/// One partition as it was saved.
struct SavedPartition {
  meta::PartitionKey key;
  std::string path;  // "/20240101/0_50"; empty: a dimension table
  ChunkId chunk;
  Version version = 0;
  uint64_t schema_version = 0;  // of the table when its rows were read
  int64_t rows = 0;
  std::string file;  // its name in the table's directory
  uint64_t file_bytes = 0;
  uint32_t digest = 0;     // RowFileFacts
  uint64_t commit = 0;     // transaction that made the version; 0: not known any more
  int64_t updated_ns = 0;  // when that was
  int64_t saved_ns = 0;    // when its rows were read
  std::string query;       // kQuery: the select

  bool operator==(const SavedPartition&) const = default;
  template <class A>
  void fields(A& a) {
    a(key, path, chunk, version, schema_version, rows, file, file_bytes, digest, commit, updated_ns, saved_ns, query);
  }
};

/// The truth about a table's backup, replaced atomically after the files it names.
struct SavedTable {
  BackupKind kind = BackupKind::kPartitions;
  meta::Database database;                 // its definition; without its tables
  meta::Table table;                       // without its chunks
  int64_t taken_ns = 0;                    // all partitions were saved as of one moment up to then
  std::vector<SavedPartition> partitions;  // ascending by key

  bool operator==(const SavedTable&) const = default;
  template <class A>
  void fields(A& a) {
    a(kind, database, table, taken_ns, partitions);
  }
};

Bytes encode_saved_table(const SavedTable& table);
/// kCorrupt naming `path` for bytes that fail their checksum or make no sense.
Result<SavedTable> decode_saved_table(std::string_view bytes, const std::string& path);

/// <directory>/<database>/<table>; names are escaped so that any name is one path element.
std::string table_directory(const std::string& directory, const std::string& database, const std::string& table);
std::string manifest_path(const std::string& table_directory);

/// Nothing when the table has no backup there. kCorrupt naming the file.
Result<std::optional<SavedTable>> find_saved_table(io::FileSystem& files, const std::string& directory,
                                                   const std::string& database, const std::string& table);
/// kNotFound naming directory and table when there is none.
Result<SavedTable> load_saved_table(io::FileSystem& files, const std::string& directory, const std::string& database,
                                    const std::string& table);

struct TableName {
  std::string database;
  std::string table;
};
/// The tables with a finished backup in the directory, of one database or (empty) of all, by name. kCorrupt naming a
/// damaged manifest, kNotFound when there is no such directory.
Result<std::vector<TableName>> saved_tables(io::FileSystem& files, const std::string& directory,
                                            const std::string& database);

/// What is wrong with a saved partition; nothing when its file is as it was written. Reads the whole file.
std::optional<Error> check_saved_partition(io::FileSystem& files, const std::string& table_directory,
                                           const SavedTable& table, const SavedPartition& partition);

}  // namespace pelorus::backup
