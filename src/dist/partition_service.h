#pragma once
// What a data node does for the rest of the cluster with the partitions it holds. Implemented by datanode on the node
// itself and by RemotePartitions (remote_partitions.h) everywhere else, so that callers need not know where they are.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "data/table.h"
#include "exec/stored_table.h"
#include "meta/catalogue.h"

namespace pelorus::dist {

/// How a table wants the rows of a partition kept: sorted by columns, or as they come where there are none.
struct RowOrder {
  std::vector<uint32_t> columns;         // positions
  std::string keep_duplicates;           // ALL, FIRST, LAST; empty without columns
  bool soft_delete = false;              // the last column of the rows is true in those that only delete others (LAST)
  std::vector<std::string> compression;  // the method of each column of the rows; empty: none is asked for

  template <class A>
  void fields(A& a) {
    a(columns, keep_duplicates, soft_delete, compression);
  }
};

/// One transaction's rows for one chunk.
struct ChunkBlock {
  ChunkId chunk;
  bool replace = false;  // the rows become the whole content; else they are appended
  Version base_version = 0;
  data::Table rows;  // of exactly the table's column types, under the names that chunks use
  RowOrder order;    // the table's
};

struct ChunkVersion {
  ChunkId chunk;
  Version version = 0;

  template <class A>
  void fields(A& a) {
    a(chunk, version);
  }
};

/// A transaction as its participants know it.
struct Ticket {
  TransactionId transaction;
  std::string coordinator;
  uint64_t epoch = 0;  // of the coordinator's process

  template <class A>
  void fields(A& a) {
    a(transaction, coordinator, epoch);
  }
};

struct ReplicaFacts {
  ChunkId chunk;
  Version version = 0;
  int64_t rows = 0;
  std::string hash;  // of all rows in order, hexadecimal; empty with `problem`
  std::string problem;
  int64_t bytes_on_disk = 0;

  template <class A>
  void fields(A& a) {
    a(chunk, version, rows, hash, problem, bytes_on_disk);
  }
};

/// What a change fragment did to one chunk; its rows are prepared under the transaction.
struct ChangeResult {
  int64_t changed = 0;
  data::Table rows;  // the whole new content, to be prepared on every replica
};

/// Some rows of one version of a chunk, in stored order, on their way into a file.
struct RowPage {
  std::string rows;       // as docs/formats/write_ahead_log.md §4, under exactly the asked columns; may hold any byte
  uint32_t checksum = 0;  // CRC-32C of `rows`, made where they were read
  int64_t count = 0;      // rows in `rows`; 0: there are none from there on
  int64_t total = 0;      // rows of the version

  template <class A>
  void fields(A& a) {
    a(rows, checksum, count, total);
  }
};

/// Which rows: at most `count` (at least 1) from row `from`, counted from 0.
struct PageRequest {
  int64_t from = 0;
  int64_t count = 0;

  template <class A>
  void fields(A& a) {
    a(from, count);
  }
};

/// The columns of a table as of a statement; chunks may have been written under older ones.
using TableColumns = std::vector<meta::Column>;

/// Thread-safe; every call may block on disk or network.
class PartitionService {
 public:
  virtual ~PartitionService() = default;

  /// Durable and invisible when it returns; all blocks or none. Errors as storage::ChunkStore::prepare, and
  /// kUnavailable, kTimeout, kOutcomeUnknown of the way there: all mean "this replica did not prepare".
  virtual Status prepare(const Ticket& ticket, const std::vector<ChunkBlock>& blocks) = 0;
  /// The outcome: publishes the versions of this node's chunks, or rolls back when there are none. Idempotent.
  virtual Status settle(TransactionId transaction, const std::vector<ChunkVersion>& versions) = 0;
  /// One table a chunk, in order. kScript: the fragment failed; kStale, kCorrupt, kNotFound: this replica cannot serve.
  virtual Result<std::vector<data::Table>> scan(const exec::Fragment& fragment, const TableColumns& columns,
                                                const std::vector<ChunkVersion>& chunks) = 0;
  /// Runs a change fragment over one chunk at a version; nothing is stored. The rows have the table's columns.
  virtual Result<ChangeResult> change(const exec::Fragment& fragment, const TableColumns& columns,
                                      const ChunkVersion& chunk) = 0;
  /// Rows of exactly that version under the table's columns, named as chunks name them. kStale, kCorrupt, kNotFound:
  /// this replica cannot serve it; kInvalid for a page outside the version. Cost: decodes the blocks the page touches.
  virtual Result<RowPage> read_rows(const TableColumns& columns, const ChunkVersion& chunk,
                                    const PageRequest& page) = 0;
  virtual Result<std::vector<ReplicaFacts>> replica_facts(const std::vector<ChunkId>& chunks) = 0;
  /// Reads all stored blocks of the chunks, which is slow. ReplicaFacts::problem names damage; what is damaged is
  /// reported to the controllers as well. No hashes.
  virtual Result<std::vector<ReplicaFacts>> verify(const std::vector<ChunkId>& chunks) = 0;
  /// Writes committed rows to column files.
  virtual Status flush() = 0;
};

/// Finds the service of a node by alias.
class PartitionServices {
 public:
  virtual ~PartitionServices() = default;
  virtual std::shared_ptr<PartitionService> of(const std::string& alias) = 0;
};

}  // namespace pelorus::dist
