#include "datanode/partition_host.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "datanode/snapshot_source.h"
#include "exec/run_fragment.h"
#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::datanode {
namespace {

/// How long a reader waits for a commit notice that is on its way; then another replica is asked.
constexpr std::chrono::milliseconds kVersionWait{2000};
constexpr std::chrono::milliseconds kVersionPoll{2};
/// A commit notice normally arrives within a round trip; only after this are the controllers asked.
constexpr std::chrono::milliseconds kAskAfter{20};

std::string hexadecimal(const storage::ContentHash& hash) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text;
}

}  // namespace

Result<std::shared_ptr<const storage::ChunkSnapshot>> PartitionHost::snapshot(const dist::ChunkVersion& chunk) {
  const auto begin = std::chrono::steady_clock::now();
  bool asked = false;
  while (true) {
    auto found = store_.snapshot(chunk.chunk, chunk.version);
    if (found.ok() || found.error().code != ErrorCode::kStale) return found;
    const auto info = store_.info(chunk.chunk);
    if (!info.ok() || info->version > chunk.version) return found;  // too old to be kept: waiting cannot help
    const auto waited = std::chrono::steady_clock::now() - begin;
    if (waited > kVersionWait) return found;
    if (!asked && waited > kAskAfter) {
      asked = true;
      transactions_.want(chunk.chunk);
      continue;
    }
    std::this_thread::sleep_for(kVersionPoll);
  }
}

Result<dist::ChunkBlock> PartitionHost::under_new_columns(const dist::ChunkBlock& block) {
  dist::TableColumns columns;
  for (const auto& column : block.rows.schema()) {
    columns.push_back({.name = column.name, .type = column.type, .array = column.array, .scale = column.scale});
  }
  TRY(const auto version, snapshot({block.chunk, block.base_version}));
  dist::ChunkBlock whole{
      .chunk = block.chunk, .replace = true, .base_version = block.base_version, .rows = {}, .order = block.order};
  TRY(whole.rows, ColumnView(columns, version->schema()).read(*version));
  TRY_DONE(whole.rows.append(block.rows));
  return whole;
}

Status PartitionHost::prepare(const dist::Ticket& ticket, const std::vector<dist::ChunkBlock>& blocks) {
  auto fitted = blocks;
  for (auto& block : fitted) {
    if (block.replace || block.base_version == 0) continue;
    const auto info = store_.info(block.chunk);
    const bool same =
        !info.ok() || (same_columns(info->schema, block.rows.schema()) && info->sort == sort_rule(block.order));
    if (same || info->version == 0) continue;
    TRY(block, under_new_columns(block));
  }
  return transactions_.prepare(ticket, fitted);
}

Result<std::vector<data::Table>> PartitionHost::scan(const exec::Fragment& fragment, const dist::TableColumns& columns,
                                                     const std::vector<dist::ChunkVersion>& chunks) {
  std::vector<data::Table> parts;
  parts.reserve(chunks.size());
  const auto session = sessions_(fragment.user);
  for (const auto& chunk : chunks) {
    auto part = [&]() -> Result<data::Table> {
      TRY(auto version, snapshot(chunk));
      ColumnView view(columns, version->schema());
      const auto source = std::make_shared<SnapshotSource>(std::move(version), std::move(view));
      auto rows = exec::run_fragment(fragment, source, *session);
      // The script could not go on for want of its rows: no mistake of the script's, and another replica has them.
      if (source->failure()) return *source->failure();
      return rows;
    }();
    if (!part.ok()) {
      scrubber_.suspect(chunk.chunk, part.error());
      return part.error();
    }
    parts.push_back(std::move(part).value());
  }
  return parts;
}

Result<dist::ChangeResult> PartitionHost::change(const exec::Fragment& fragment, const dist::TableColumns& columns,
                                                 const dist::ChunkVersion& chunk) {
  auto read = [&]() -> Result<data::Table> {
    TRY(const auto version, snapshot(chunk));
    return ColumnView(columns, version->schema()).read(*version);
  }();
  if (!read.ok()) {
    scrubber_.suspect(chunk.chunk, read.error());
    return read.error();
  }
  auto rows = std::move(read).value();
  const auto session = sessions_(fragment.user);
  TRY(auto changed, exec::run_change(fragment, std::move(rows), *session));
  return dist::ChangeResult{.changed = changed.changed, .rows = std::move(changed.rows)};
}

Result<dist::RowPage> PartitionHost::read_rows(const dist::TableColumns& columns, const dist::ChunkVersion& chunk,
                                               const dist::PageRequest& page) {
  TRY(const auto version, snapshot(chunk));
  TRY(const size_t rows_of_version, version->rows());
  const auto total = static_cast<int64_t>(rows_of_version);
  if (page.from < 0 || page.from > total || page.count < 1)
    return Error{ErrorCode::kInvalid, "rows from " + std::to_string(page.from) + " of " + std::to_string(total)};
  const auto to = page.from + std::min(page.count, total - page.from);
  dist::RowPage answer{.rows = {}, .checksum = 0, .count = to - page.from, .total = total};
  const ColumnView view(columns, version->schema());
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> values;
  for (size_t c = 0; c < columns.size(); ++c) {
    names.push_back(columns[c].name_in_chunks());
    if (view.stored(c) < 0) {
      values.push_back(view.nulls(c, static_cast<size_t>(answer.count)));
      continue;
    }
    const storage::RowRange range{static_cast<size_t>(page.from), static_cast<size_t>(to)};
    TRY(auto read, version->read(static_cast<size_t>(view.stored(c)), range));
    TRY(auto fitted, view.fitted(c, data::Shared<data::Vector>(std::move(read))));
    values.push_back(std::move(fitted));
  }
  const auto rows = storage::with_compact_symbols(data::Table(std::move(names), std::move(values)));
  storage::PartList parts;
  storage::encode_rows(rows, parts);
  answer.rows = parts.joined();
  answer.checksum = io::crc32c(answer.rows);
  return answer;
}

Result<std::vector<dist::ReplicaFacts>> PartitionHost::replica_facts(const std::vector<ChunkId>& chunks) {
  std::vector<dist::ReplicaFacts> facts;
  for (const auto chunk : chunks) {
    dist::ReplicaFacts fact{.chunk = chunk, .version = 0, .rows = 0, .hash = {}, .problem = {}, .bytes_on_disk = 0};
    const auto info = store_.info(chunk);
    const auto hash = store_.content_hash(chunk);
    if (!info.ok() || !hash.ok()) {
      fact.problem = info.ok() ? hash.error().message : info.error().message;
      if (!hash.ok()) scrubber_.suspect(chunk, hash.error());
    } else {
      fact.version = info->version;
      // Not info->rows: replicas may hold different numbers of rows that keepDuplicates hides.
      const auto view = store_.snapshot(chunk);
      const auto rows = view.ok() ? (*view)->rows() : Result<size_t>(view.error());
      fact.rows = rows.ok() ? static_cast<int64_t>(*rows) : -1;
      fact.bytes_on_disk = static_cast<int64_t>(info->bytes_on_disk);
      fact.hash = hexadecimal(*hash);
    }
    facts.push_back(std::move(fact));
  }
  return facts;
}

Result<std::vector<dist::ReplicaFacts>> PartitionHost::verify(const std::vector<ChunkId>& chunks) {
  std::vector<dist::ReplicaFacts> facts;
  for (const auto chunk : chunks) {
    dist::ReplicaFacts fact{.chunk = chunk, .version = 0, .rows = 0, .hash = {}, .problem = {}, .bytes_on_disk = 0};
    const auto read = scrubber_.verify(chunk);
    if (!read.ok()) fact.problem = read.error().message;
    if (const auto info = store_.info(chunk); info.ok()) {
      fact.version = info->version;
      fact.rows = static_cast<int64_t>(info->rows);
      fact.bytes_on_disk = static_cast<int64_t>(info->bytes_on_disk);
    }
    facts.push_back(std::move(fact));
  }
  return facts;
}

Status PartitionHost::flush() { return store_.flush_all(); }

}  // namespace pelorus::datanode
