#pragma once
// Payloads of redo log records (docs/formats/write_ahead_log.md §4).

#include <span>
#include <string>
#include <vector>

#include "storage/chunk/chunk.h"
#include "storage/codec/parts.h"

namespace pelorus::storage {

struct PrepareRecord {
  TransactionId transaction;
  int64_t wall_ns = 0;
  std::vector<PreparedWrite> writes;  // bytes and pin are not part of the record
};
/// The writes' rows must outlive `parts`.
void encode_prepare(TransactionId transaction, int64_t wall_ns, std::span<const PreparedWrite> writes, PartList& parts);
Result<PrepareRecord> decode_prepare(std::string_view payload);

struct CommitRecord {
  TransactionId transaction;
  std::vector<ChunkVersion> versions;
};
std::string encode_commit(TransactionId transaction, std::span<const ChunkVersion> versions);
Result<CommitRecord> decode_commit(std::string_view payload);

/// Of kAbort (a transaction) and kDrop (a chunk).
std::string encode_number(uint64_t number);
Result<uint64_t> decode_number(std::string_view payload);

}  // namespace pelorus::storage
