#pragma once
// Databases, tables, and the chunks that hold their partitions.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "meta/archive.h"
#include "meta/partition_scheme.h"

namespace pelorus::meta {

struct Column {
  std::string name;
  types::Type type = types::Type::kVoid;
  bool array = false;  // an array vector of `type`
  int32_t scale = 0;   // decimals
  std::string comment;
  std::string compress_method;  // "lz4", "delta" …; empty: chosen by the storage
  std::string stored_name;      // what chunks call it, never used twice in a table; empty: `name`

  /// Chunks keep their columns under this name through renames; one they lack is all null there.
  const std::string& name_in_chunks() const { return stored_name.empty() ? name : stored_name; }
  bool operator==(const Column&) const = default;
  template <class A>
  void fields(A& a) {
    a(name, type, array, scale, comment, compress_method, stored_name);
  }
};

struct Database {
  DatabaseId id;
  std::string path;  // "dfs://x"
  PartitionScheme scheme;
  std::string engine = "OLAP";  // OLAP, TSDB, PKEY
  bool atomic_chunk = false;    // atomic='CHUNK': conflicting chunks are retried by the writer
  std::string chunk_granularity = "TABLE";
  std::string owner;
  int64_t created_ns = 0;  // since 1970 UTC, as all times of this folder
  std::map<std::string, TableId> tables;

  /// chunkGranularity='DATABASE': whoever writes to a partition of one table holds that partition of every table.
  bool locks_whole_partitions() const { return chunk_granularity == "DATABASE"; }
  bool operator==(const Database&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, path, scheme, engine, atomic_chunk, chunk_granularity, owner, created_ns, tables);
  }
};

struct Table {
  TableId id;
  std::string database;  // path of its database
  std::string name;
  std::vector<Column> columns;
  std::vector<std::string> partition_columns;  // one a level; none: a dimension table, one chunk with an empty key
  std::vector<std::string> sort_columns;       // TSDB
  std::vector<std::string> primary_key;        // PKEY
  std::string keep_duplicates = "ALL";         // ALL, FIRST, LAST
  std::map<std::string, std::string> options;  // rare ones by name: softDelete, sortKeyMappingFunction, indexes …
  std::string owner;
  int64_t created_ns = 0;
  uint64_t schema_version = 1;  // +1 with every change of columns or options
  std::map<PartitionKey, ChunkId> chunks;

  bool is_dimension() const { return partition_columns.empty(); }
  bool operator==(const Table&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, database, name, columns, partition_columns, sort_columns, primary_key, keep_duplicates, options, owner,
      created_ns, schema_version, chunks);
  }
};

struct Replica {
  std::string node;       // alias
  bool stale = false;     // missed a commit (or was never filled): not read, not written until recovered
  Version version = 0;    // as far as the controllers know
  bool wanted = false;    // an operator placed it here: not taken back for being one too many
  std::string successor;  // goes away once the replica there is good; empty: stays

  bool operator==(const Replica&) const = default;
  template <class A>
  void fields(A& a) {
    a(node, stale, version, wanted, successor);
  }
};

/// One committed change of a chunk.
struct VersionEntry {
  TransactionId transaction;
  int64_t rows = 0;
  Version version = 0;

  bool operator==(const VersionEntry&) const = default;
  template <class A>
  void fields(A& a) {
    a(transaction, rows, version);
  }
};

inline constexpr size_t kVersionChainMax = 5;

/// One partition of one table.
struct Chunk {
  ChunkId id;
  TableId table;
  PartitionKey key;
  Version version = 0;  // 0: created by a transaction that is not decided yet
  int64_t rows = 0;     // as reported with the commits
  std::vector<Replica> replicas;
  TransactionId locked_by;  // 0: free
  int64_t updated_ns = 0;
  std::vector<VersionEntry> chain;  // newest last

  const Replica* find(const std::string& node) const {
    for (const auto& replica : replicas) {
      if (replica.node == node) return &replica;
    }
    return nullptr;
  }
  Replica* find(const std::string& node) { return const_cast<Replica*>(std::as_const(*this).find(node)); }
  size_t good_replicas() const {
    size_t count = 0;
    for (const auto& replica : replicas) count += replica.stale ? 0 : 1;
    return count;
  }
  bool operator==(const Chunk&) const = default;
  template <class A>
  void fields(A& a) {
    a(id, table, key, version, rows, replicas, locked_by, updated_ns, chain);
  }
};

}  // namespace pelorus::meta
