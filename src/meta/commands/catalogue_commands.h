#pragma once
// Changes to databases, tables and partitions. Each struct: meta/command.h.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "meta/catalogue.h"

namespace pelorus::meta {

/// Answer: the id. kAlreadyExists.
struct CreateDatabase {
  static constexpr uint16_t kTag = 7;
  Database database;  // id and tables are ignored
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(database, now_ns);
  }
};
struct DropDatabase {
  static constexpr uint16_t kTag = 8;
  std::string path;
  template <class A>
  void fields(A& a) {
    a(path);
  }
};
/// What may be changed of a database: at which level its writes are atomic. kNotFound.
struct AlterDatabase {
  static constexpr uint16_t kTag = 32;
  static constexpr uint32_t kLevel = 3;
  std::string path;
  bool atomic_chunk = false;
  template <class A>
  void fields(A& a) {
    a(path, atomic_chunk);
  }
};
/// Answer: the id. kAlreadyExists; kNotFound without the database; kInvalid for columns that make no sense.
struct CreateTable {
  static constexpr uint16_t kTag = 9;
  Table table;  // id, chunks and schema_version are ignored
  int64_t now_ns = 0;
  template <class A>
  void fields(A& a) {
    a(table, now_ns);
  }
};
/// kConflict while a transaction holds one of its chunks. Answer: Dropped.
struct DropTable {
  static constexpr uint16_t kTag = 10;
  std::string database;
  std::string name;
  template <class A>
  void fields(A& a) {
    a(database, name);
  }
};
/// New columns, name, options as a whole. kStale when the schema has changed since `expected_schema_version`.
struct AlterTable {
  static constexpr uint16_t kTag = 11;
  std::string database;
  std::string name;
  uint64_t expected_schema_version = 0;
  std::string new_name;  // empty: unchanged
  std::vector<Column> columns;
  std::map<std::string, std::string> options;
  template <class A>
  void fields(A& a) {
    a(database, name, expected_schema_version, new_name, columns, options);
  }
};
/// Drops the chunks below the keys in one table, or in all of the database. Answer: Dropped.
struct DropPartitions {
  static constexpr uint16_t kTag = 12;
  std::string database;
  std::string table;               // empty: every partitioned table
  std::vector<PartitionKey> keys;  // shorter keys drop all below; an empty key drops every partition (truncate)
  bool delete_schema = false;      // also takes VALUE parts out of the scheme when no chunk is left below them
  template <class A>
  void fields(A& a) {
    a(database, table, keys, delete_schema);
  }
};
/// VALUE: more values. RANGE: boundaries to put behind the last or before the first.
struct AddPartitions {
  static constexpr uint16_t kTag = 13;
  std::string database;
  uint32_t level = 0;
  std::vector<types::Scalar> values;
  template <class A>
  void fields(A& a) {
    a(database, level, values);
  }
};
/// Chunks that no longer exist and where they lay, for the nodes to delete.
struct Dropped {
  std::vector<std::pair<ChunkId, std::vector<std::string>>> chunks;
  template <class A>
  void fields(A& a) {
    a(chunks);
  }
};

}  // namespace pelorus::meta
