#include "storage/transaction_record.h"

#include "base/bytes.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

// Added to the kind of a write: what follows the schema.
constexpr uint8_t kSortedKinds = 2;   // a sort rule
constexpr uint8_t kOptionsKinds = 4;  // table options

}  // namespace

void encode_prepare(TransactionId transaction, int64_t wall_ns, std::span<const PreparedWrite> writes,
                    PartList& parts) {
  std::string head;
  ByteWriter writer(head);
  writer.put<uint64_t>(transaction.value);
  writer.put<int64_t>(wall_ns);
  writer.put<uint32_t>(static_cast<uint32_t>(writes.size()));
  parts.add_owned(std::move(head));
  for (const auto& write : writes) {
    std::string facts;
    ByteWriter facts_writer(facts);
    facts_writer.put<uint64_t>(write.chunk.value);
    const bool options = has_options(write.sort, write.compression);
    const bool sorts = write.sort.sorts() && !options;
    const uint8_t followed_by = options ? kOptionsKinds : sorts ? kSortedKinds : 0;
    facts_writer.put<uint8_t>(static_cast<uint8_t>(write.kind) + followed_by);
    encode_schema(write.schema, facts_writer);
    if (options) encode_options(write.sort, write.compression, facts_writer);
    if (sorts) encode_sort(write.sort, facts_writer);
    parts.add_owned(std::move(facts));
    encode_rows(write.rows, parts);
  }
}

Result<PrepareRecord> decode_prepare(std::string_view payload) {
  ByteReader reader(payload);
  PrepareRecord record;
  record.transaction.value = reader.get<uint64_t>();
  record.wall_ns = reader.get<int64_t>();
  const auto count = reader.get<uint32_t>();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    PreparedWrite write;
    write.chunk.value = reader.get<uint64_t>();
    auto kind = reader.get<uint8_t>();
    const bool options = kind >= kOptionsKinds;
    if (options) kind -= kOptionsKinds;
    const bool sorts = !options && kind >= kSortedKinds;
    if (sorts) kind -= kSortedKinds;
    if (kind > static_cast<uint8_t>(WriteKind::kReplace)) return Error{ErrorCode::kCorrupt, "unknown kind of write"};
    write.kind = static_cast<WriteKind>(kind);
    TRY(write.schema, decode_schema(reader));
    if (options) TRY_DONE(decode_options(reader, write.schema, write.sort, write.compression));
    if (sorts) {
      TRY(write.sort, decode_sort(reader, write.schema));
    }
    TRY(write.rows, decode_rows(write.schema, reader));
    record.writes.push_back(std::move(write));
  }
  TRY_DONE(reader.finish("prepare record"));
  if (!reader.at_end()) return Error{ErrorCode::kCorrupt, "prepare record is too long"};
  return record;
}

std::string encode_commit(TransactionId transaction, std::span<const ChunkVersion> versions) {
  std::string payload;
  ByteWriter writer(payload);
  writer.put<uint64_t>(transaction.value);
  writer.put<uint32_t>(static_cast<uint32_t>(versions.size()));
  for (const auto& entry : versions) {
    writer.put<uint64_t>(entry.chunk.value);
    writer.put<uint64_t>(entry.version);
  }
  return payload;
}

Result<CommitRecord> decode_commit(std::string_view payload) {
  ByteReader reader(payload);
  CommitRecord record;
  record.transaction.value = reader.get<uint64_t>();
  const auto count = reader.get<uint32_t>();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto chunk = reader.get<uint64_t>();
    const auto version = reader.get<uint64_t>();
    record.versions.push_back({ChunkId{chunk}, version});
  }
  TRY_DONE(reader.finish("commit record"));
  return record;
}

std::string encode_number(uint64_t number) {
  std::string payload;
  ByteWriter(payload).put<uint64_t>(number);
  return payload;
}

Result<uint64_t> decode_number(std::string_view payload) {
  ByteReader reader(payload);
  const auto number = reader.get<uint64_t>();
  TRY_DONE(reader.finish("record"));
  return number;
}

}  // namespace pelorus::storage
