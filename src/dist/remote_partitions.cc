#include "dist/remote_partitions.h"

#include "dist/partition_messages.h"

namespace pelorus::dist {
namespace {

using std::chrono::seconds;

/// A replica that does not prepare in time is left out of the transaction; scans may take long.
const rpc::CallOptions kWriteCall{.timeout = seconds(30)};
const rpc::CallOptions kNoticeCall{.timeout = seconds(5), .urgent = true};
const rpc::CallOptions kScanCall{.timeout = seconds(3600)};

constexpr size_t kBytesBesideRows = 128;  // of a block or a whole prepare message, generously

}  // namespace

Status RemotePartitions::prepare(const Ticket& ticket, const std::vector<ChunkBlock>& blocks) {
  PrepareMessage message{.ticket = ticket, .blocks = {}};
  size_t bytes = kBytesBesideRows;
  for (const auto& block : blocks) {
    TRY(auto rows, pack_table(block.rows));
    bytes += rows.size() + kBytesBesideRows;
    message.blocks.push_back({block.chunk, block.replace, block.base_version, std::move(rows), block.order});
  }
  Bytes payload;
  payload.reserve(bytes);  // it may be large: never copied to grow
  meta::Encoder(payload).put(message);
  message.blocks.clear();
  TRY(const auto answer, caller_.call(alias_, "data.prepare", std::move(payload), kWriteCall));
  return {};
}

Status RemotePartitions::settle(TransactionId transaction, const std::vector<ChunkVersion>& versions) {
  TRY(const auto answer,
      caller_.call(alias_, "data.settle", meta::encode(SettleMessage{transaction, versions}), kNoticeCall));
  return {};
}

Result<std::vector<data::Table>> RemotePartitions::scan(const exec::Fragment& fragment, const TableColumns& columns,
                                                        const std::vector<ChunkVersion>& chunks) {
  TRY(auto packed, pack_fragment(fragment));
  TRY(const auto answer,
      caller_.call(alias_, "data.scan", meta::encode(ScanMessage{std::move(packed), chunks, columns}), kScanCall));
  TRY(const auto message, meta::decode<TablesMessage>(answer, "the answer of a scan"));
  std::vector<data::Table> parts;
  for (const auto& bytes : message.tables) {
    TRY(auto part, unpack_table(bytes));
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<ChangeResult> RemotePartitions::change(const exec::Fragment& fragment, const TableColumns& columns,
                                              const ChunkVersion& chunk) {
  TRY(auto packed, pack_fragment(fragment));
  TRY(const auto answer,
      caller_.call(alias_, "data.change", meta::encode(ScanMessage{std::move(packed), {chunk}, columns}), kScanCall));
  TRY(const auto message, meta::decode<TablesMessage>(answer, "the answer of a change"));
  if (message.tables.size() != 1) return Error{ErrorCode::kCorrupt, alias_ + " answered a change without its rows"};
  TRY(auto rows, unpack_table(message.tables[0]));
  return ChangeResult{.changed = message.changed, .rows = std::move(rows)};
}

Result<RowPage> RemotePartitions::read_rows(const TableColumns& columns, const ChunkVersion& chunk,
                                            const PageRequest& page) {
  TRY(const auto answer, caller_.call(alias_, "data.rows", meta::encode(RowsMessage{chunk, columns, page}), kScanCall));
  return meta::decode<RowPage>(answer, "the answer of data.rows");
}

Result<std::vector<ReplicaFacts>> RemotePartitions::replica_facts(const std::vector<ChunkId>& chunks) {
  TRY(const auto answer, caller_.call(alias_, "data.facts", meta::encode(ChunksMessage{chunks}), kScanCall));
  TRY(auto message, meta::decode<ReplicaFactsMessage>(answer, "replica facts"));
  return std::move(message.facts);
}

Result<std::vector<ReplicaFacts>> RemotePartitions::verify(const std::vector<ChunkId>& chunks) {
  TRY(const auto answer, caller_.call(alias_, "data.verify", meta::encode(ChunksMessage{chunks}), kScanCall));
  TRY(auto message, meta::decode<ReplicaFactsMessage>(answer, "the answer of a verification"));
  return std::move(message.facts);
}

Status RemotePartitions::flush() {
  TRY(const auto answer, caller_.call(alias_, "data.flush", {}, kScanCall));
  return {};
}

std::shared_ptr<PartitionService> PartitionServiceBook::of(const std::string& alias) {
  if (alias == self_ && local_) return local_;
  const std::lock_guard lock(mutex_);
  auto& service = remote_[alias];
  if (!service) service = std::make_shared<RemotePartitions>(caller_, alias);
  return service;
}

}  // namespace pelorus::dist
