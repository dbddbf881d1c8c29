#include "datanode/partition_methods.h"

#include "dist/partition_messages.h"

namespace pelorus::datanode {
namespace {

Result<Bytes> prepare(dist::PartitionService& service, std::string_view payload) {
  TRY(auto message, meta::decode<dist::PrepareMessage>(payload, "data.prepare"));
  std::vector<dist::ChunkBlock> blocks;
  for (auto& block : message.blocks) {
    TRY(auto rows, dist::unpack_table(block.rows));
    block.rows = {};
    blocks.push_back({.chunk = block.chunk,
                      .replace = block.replace,
                      .base_version = block.base_version,
                      .rows = std::move(rows),
                      .order = std::move(block.order)});
  }
  TRY_DONE(service.prepare(message.ticket, blocks));
  return Bytes{};
}

Result<Bytes> settle(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::SettleMessage>(payload, "data.settle"));
  TRY_DONE(service.settle(message.transaction, message.versions));
  return Bytes{};
}

Result<Bytes> scan(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::ScanMessage>(payload, "data.scan"));
  TRY(const auto fragment, dist::unpack_fragment(message.fragment));
  TRY(const auto parts, service.scan(fragment, message.columns, message.chunks));
  dist::TablesMessage answer;
  for (const auto& part : parts) {
    TRY(auto bytes, dist::pack_table(part));
    answer.tables.push_back(std::move(bytes));
  }
  return meta::encode(answer);
}

Result<Bytes> change(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::ScanMessage>(payload, "data.change"));
  if (message.chunks.size() != 1) return Error{ErrorCode::kInvalid, "data.change takes one chunk"};
  TRY(const auto fragment, dist::unpack_fragment(message.fragment));
  TRY(const auto changed, service.change(fragment, message.columns, message.chunks[0]));
  TRY(auto bytes, dist::pack_table(changed.rows));
  dist::TablesMessage answer{.tables = {}, .changed = changed.changed};
  answer.tables.push_back(std::move(bytes));
  return meta::encode(answer);
}

Result<Bytes> rows(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::RowsMessage>(payload, "data.rows"));
  TRY(const auto page, service.read_rows(message.columns, message.chunk, message.page));
  return meta::encode(page);
}

Result<Bytes> facts(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::ChunksMessage>(payload, "data.facts"));
  TRY(auto facts, service.replica_facts(message.chunks));
  return meta::encode(dist::ReplicaFactsMessage{std::move(facts)});
}

Result<Bytes> verify(dist::PartitionService& service, std::string_view payload) {
  TRY(const auto message, meta::decode<dist::ChunksMessage>(payload, "data.verify"));
  TRY(auto facts, service.verify(message.chunks));
  return meta::encode(dist::ReplicaFactsMessage{std::move(facts)});
}

Result<Bytes> flush(dist::PartitionService& service, std::string_view) {
  TRY_DONE(service.flush());
  return Bytes{};
}

}  // namespace

void register_partition_methods(rpc::Methods& methods, dist::PartitionService& service) {
  using Deed = Result<Bytes> (*)(dist::PartitionService&, std::string_view);
  const auto on = [&](const char* name, Deed deed, rpc::MethodOptions options = {}) {
    methods.on(
        name,
        [&service, deed](const rpc::Peer&, std::string_view payload, const rpc::CallInfo&) {
          return deed(service, payload);
        },
        options);
  };
  on("data.prepare", prepare);
  on("data.settle", settle);
  on("data.scan", scan);
  on("data.change", change);
  on("data.rows", rows);
  on("data.facts", facts);
  on("data.verify", verify);
  on("data.flush", flush);
}

}  // namespace pelorus::datanode
