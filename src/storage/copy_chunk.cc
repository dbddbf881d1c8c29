// Copies of replicas: a chunk as a row of checksummed messages, and back (docs/formats/replica_copy.md).

#include <algorithm>

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/codec/row_block.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr uint32_t kMessageMagic = 0x58524C50;  // "PLRX"
constexpr uint32_t kFormat = 1;
constexpr uint32_t kFormatSorted = 2;   // with a sort rule behind the schema
constexpr uint32_t kFormatOptions = 3;  // with table options there
constexpr size_t kMessageHeadBytes = 8;
constexpr size_t kMessageBytesWanted = 3u << 20;
constexpr size_t kFirstRows = 4096;
constexpr size_t kRowsMax = 1u << 20;
constexpr uint64_t kImportBytesMax = 64ull << 20;  // rows gathered before they become a segment

enum class MessageKind : uint8_t { kHead = 1, kRows = 2, kEnd = 3 };

struct Head {
  ChunkId chunk;
  Version from_version = 0;
  Version to_version = 0;
  uint64_t rows = 0;  // that follow
  data::Schema schema;
  SortRule sort;
  Compressions compression;
};

std::string with_checksum(std::string body) {
  std::string message;
  ByteWriter writer(message);
  writer.put<uint32_t>(kMessageMagic);
  writer.put<uint32_t>(io::crc32c(body));
  return message + body;
}

class RowExport final : public ChunkExport {
 public:
  /// `rows`: of the snapshot.
  RowExport(Chunk::ExportView view, size_t rows)
      : snapshot_(std::move(view.snapshot)),
        from_version_(view.from_version),
        compression_(std::move(view.compression)),
        first_row_(view.rows_before),
        rows_(rows),
        row_(view.rows_before) {}

  Version from_version() const override { return from_version_; }
  Version to_version() const override { return snapshot_->version(); }

  Result<std::optional<std::string>> next() override {
    if (ended_) return std::optional<std::string>();
    std::string body;
    ByteWriter writer(body);
    const bool head = index_ == 0;
    const bool end = !head && row_ == rows_;
    writer.put<uint8_t>(static_cast<uint8_t>(head ? MessageKind::kHead : end ? MessageKind::kEnd : MessageKind::kRows));
    writer.put<uint64_t>(index_++);
    if (head) {
      put_head(writer);
    } else if (!end) {
      TRY_DONE(put_rows(body));
    }
    ended_ = end;
    return std::optional<std::string>(with_checksum(std::move(body)));
  }

 private:
  void put_head(ByteWriter& writer) const {
    const auto& sort = snapshot_->sort();
    const bool options = has_options(sort, compression_);
    writer.put<uint32_t>(options ? kFormatOptions : sort.sorts() ? kFormatSorted : kFormat);
    writer.put<uint64_t>(snapshot_->chunk().value);
    writer.put<uint64_t>(from_version_);
    writer.put<uint64_t>(snapshot_->version());
    writer.put<uint64_t>(rows_ - first_row_);
    encode_schema(snapshot_->schema(), writer);
    if (options)
      encode_options(sort, compression_, writer);
    else if (sort.sorts())
      encode_sort(sort, writer);
  }

  Status put_rows(std::string& body) {
    const size_t to = std::min(rows_, row_ + rows_at_once_);
    std::vector<std::string> names;
    std::vector<data::Shared<data::Vector>> columns;
    for (size_t c = 0; c < snapshot_->schema().size(); ++c) {
      TRY(auto column, snapshot_->read(c, RowRange{row_, to}));
      names.push_back(snapshot_->schema()[c].name);
      columns.emplace_back(std::move(column));
    }
    const auto rows = with_compact_symbols(data::Table(std::move(names), std::move(columns)));
    PartList parts;
    encode_rows(rows, parts);
    body += parts.joined();
    const double bytes_per_row = static_cast<double>(parts.bytes()) / static_cast<double>(to - row_);
    rows_at_once_ =
        std::clamp<size_t>(static_cast<size_t>(static_cast<double>(kMessageBytesWanted) / bytes_per_row), 1, kRowsMax);
    row_ = to;
    return {};
  }

  const std::shared_ptr<const ChunkSnapshot> snapshot_;
  const Version from_version_;
  const Compressions compression_;
  const size_t first_row_;
  const size_t rows_;
  size_t row_;
  size_t rows_at_once_ = kFirstRows;
  uint64_t index_ = 0;
  bool ended_ = false;
};

}  // namespace

/// Holds the chunk's turn as long as it lives.
class RowImport final : public ChunkImport {
 public:
  RowImport(NodeStore& store, NodeStore::ChunkRef chunk, std::unique_ptr<Chunk::Turn> turn)
      : store_(store), chunk_(std::move(chunk)), turn_(std::move(turn)) {}
  ~RowImport() override {
    if (installed_) return;
    for (const auto& path : paths_) (void)store_.files_.remove(path);  // else the next open does
  }
  RowImport(const RowImport&) = delete;
  RowImport& operator=(const RowImport&) = delete;

  Status add(std::string_view message) override {
    if (failed_) return Error{ErrorCode::kInvalid, "this copy has failed; begin another"};
    const Status taken = take(message);
    failed_ = !taken.ok();
    return taken;
  }

  Result<Version> finish() override {
    if (failed_ || !ended_) return corrupt("messages are missing at the end");
    if (pending_rows_ > 0) TRY_DONE(write_pending());
    // Whatever the log still holds back of older outcomes gets its sequence now, below the floor.
    TRY_DONE(store_.log_->flush_pending());
    imported_.log_floor = store_.log_->last_sequence();
    imported_.dictionary_sizes = stored_;
    TRY_DONE(chunk_->install(imported_));
    installed_ = true;
    TRY_DONE(chunk_->flush_in_turn(store_.volume_for_new()));
    turn_.reset();
    TRY_DONE(store_.log_->release());
    return chunk_->info().version;
  }

 private:
  Error corrupt(const std::string& what) const {
    return {ErrorCode::kCorrupt, "copy of chunk " + std::to_string(chunk_->id().value) + ": " + what};
  }

  Status take(std::string_view message) {
    ByteReader reader(message);
    const auto magic = reader.get<uint32_t>();
    const auto crc = reader.get<uint32_t>();
    if (!reader.ok() || magic != kMessageMagic || crc != io::crc32c(message.substr(kMessageHeadBytes))) {
      return corrupt("message " + std::to_string(index_) + " fails its checksum");
    }
    const auto kind = static_cast<MessageKind>(reader.get<uint8_t>());
    if (ended_ || reader.get<uint64_t>() != index_ || (kind == MessageKind::kHead) != (index_ == 0)) {
      return corrupt("message " + std::to_string(index_) + " is out of order");
    }
    ++index_;
    switch (kind) {
      case MessageKind::kHead: return take_head(reader);
      case MessageKind::kRows: return take_rows(reader);
      case MessageKind::kEnd: break;
    }
    if (rows_left_ != 0) return corrupt(std::to_string(rows_left_) + " rows are missing");
    ended_ = true;
    return {};
  }

  Status take_head(ByteReader& reader) {
    const auto format = reader.get<uint32_t>();
    if (reader.ok() && format != kFormat && format != kFormatSorted && format != kFormatOptions)
      return corrupt("unknown format " + std::to_string(format));
    Head head;
    head.chunk.value = reader.get<uint64_t>();
    head.from_version = reader.get<uint64_t>();
    head.to_version = reader.get<uint64_t>();
    head.rows = reader.get<uint64_t>();
    TRY(head.schema, decode_schema(reader));
    if (format == kFormatSorted) {
      TRY(head.sort, decode_sort(reader, head.schema));
    } else if (format == kFormatOptions) {
      TRY_DONE(decode_options(reader, head.schema, head.sort, head.compression));
    }
    if (head.chunk != chunk_->id()) return corrupt("it is of chunk " + std::to_string(head.chunk.value));
    if (head.to_version < head.from_version) return corrupt("versions descend");
    imported_.whole = head.from_version == 0;
    imported_.from_version = head.from_version;
    imported_.to_version = head.to_version;
    imported_.schema = std::move(head.schema);
    imported_.sort = std::move(head.sort);
    imported_.compression = std::move(head.compression);
    rows_left_ = head.rows;
    TRY_DONE(chunk_->prepare_directory(store_.volume_for_new()));
    if (imported_.whole) {
      imported_.dictionaries =
          std::make_shared<ChunkDictionaries>(imported_.schema, std::vector<std::shared_ptr<const Segment>>{});
    } else {
      TRY_DONE(chunk_->flush_in_turn(store_.volume_for_new()));
      TRY_DONE(chunk_->load_dictionaries());
      const auto target = chunk_->import_target();
      if (target.damaged || target.version != head.from_version || target.schema != imported_.schema ||
          target.sort != imported_.sort) {
        return Error{ErrorCode::kStale, "the copy continues version " + std::to_string(head.from_version) +
                                            " but chunk " + std::to_string(chunk_->id().value) + " is at version " +
                                            std::to_string(target.version) + "; ask for the whole chunk"};
      }
      imported_.generation = target.generation;
      imported_.dictionaries = target.dictionaries;
    }
    stored_ = imported_.dictionaries->stored_sizes();
    return {};
  }

  Status take_rows(ByteReader& reader) {
    TRY(const auto rows, decode_rows(imported_.schema, reader));
    if (!reader.at_end() || rows.rows() > rows_left_) return corrupt("more rows than announced");
    rows_left_ -= rows.rows();
    if (pending_.empty()) {
      for (const auto& column : imported_.schema)
        pending_.push_back(make_stored(column.type, column.array, column.scale));
    }
    for (size_t c = 0; c < pending_.size(); ++c) {
      const auto& column = rows.column(c);
      if (imported_.schema[c].type == types::Type::kSymbol) {
        TRY_DONE(imported_.dictionaries->check_room(c, column.symbols()));
        pending_[c].append(data::Vector::adopt<int32_t>(
            types::Type::kInt, imported_.dictionaries->recode(c, column.symbols(), column.values<int32_t>())));
      } else {
        pending_[c].append(column);
      }
    }
    pending_rows_ += rows.rows();
    pending_bytes_ += rows.memory_bytes();
    return pending_bytes_ > kImportBytesMax ? write_pending() : Status();
  }

  Status write_pending() {
    SegmentPlan plan;
    plan.chunk = chunk_->id();
    plan.path = chunk_->next_segment_path(&plan.file_number);
    plan.schema = imported_.schema;
    plan.sort = imported_.sort;
    plan.compression = imported_.compression;
    plan.format = store_.options_.column_format();
    plan.rows = pending_rows_;
    plan.block_rows = store_.options_.block_rows;
    const auto sizes = imported_.dictionaries->sizes();
    for (size_t c = 0; c < sizes.size(); ++c) {
      plan.dictionaries.push_back({stored_[c], imported_.dictionaries->texts(c, stored_[c], sizes[c])});
    }
    const auto read = [&](size_t column, RowRange range) -> Result<data::Vector> {
      return pending_[column].slice(range.from, range.size());
    };
    TRY(const auto facts, write_segment(store_.files_, plan, read));
    paths_.push_back(plan.path);
    TRY_DONE(store_.files_.sync_directory(io::parent_path(plan.path)));
    imported_.segments.push_back(facts);
    stored_ = sizes;
    pending_.clear();
    pending_rows_ = 0;
    pending_bytes_ = 0;
    return {};
  }

  NodeStore& store_;
  const NodeStore::ChunkRef chunk_;
  std::unique_ptr<Chunk::Turn> turn_;
  Chunk::Imported imported_;
  std::vector<data::Vector> pending_;  // columns
  uint64_t pending_rows_ = 0;
  uint64_t pending_bytes_ = 0;
  std::vector<uint32_t> stored_;  // dictionary texts that are in segments
  std::vector<std::string> paths_;
  uint64_t rows_left_ = 0;
  uint64_t index_ = 0;
  bool ended_ = false;
  bool failed_ = false;
  bool installed_ = false;
};

Result<std::unique_ptr<ChunkExport>> NodeStore::export_chunk(ChunkId chunk, Version from_version) {
  TRY(const auto found, find(chunk));
  TRY(auto view, found->export_view(from_version));
  TRY(const size_t rows, view.snapshot->rows());
  return std::unique_ptr<ChunkExport>(std::make_unique<RowExport>(std::move(view), rows));
}

Result<std::unique_ptr<ChunkImport>> NodeStore::import_chunk(ChunkId chunk) {
  const auto found = find_or_make(chunk, log_->last_sequence());
  TRY(auto turn, found->take_turn(true));
  return std::unique_ptr<ChunkImport>(std::make_unique<RowImport>(*this, found, std::move(turn)));
}

}  // namespace pelorus::storage
