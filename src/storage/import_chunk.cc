// Copies of replicas: a chunk made from the messages of an export (docs/formats/replica_copy.md).

#include <algorithm>

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/chunk/segment_format.h"
#include "storage/codec/row_block.h"
#include "storage/copy_format.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kImportBytesMax = 64ull << 20;  // rows gathered before they become a segment
constexpr size_t kUnsyncedFilesMax = 32;           // files of a copy that are open at once

struct Head {
  ChunkId chunk;
  Version from_version = 0;
  Version to_version = 0;
  uint64_t rows = 0;  // that follow
  data::Schema schema;
  SortRule sort;
  Compressions compression;
};

}  // namespace

/// Holds the chunk's turn as long as it lives.
class ReplicaImport final : public ChunkImport {
 public:
  ReplicaImport(NodeStore& store, NodeStore::ChunkRef chunk, std::unique_ptr<Chunk::Turn> turn)
      : store_(store), chunk_(std::move(chunk)), turn_(std::move(turn)) {}
  ~ReplicaImport() override {
    if (installed_) return;
    for (const auto& path : paths_) (void)store_.files_.remove(path);  // else the next open does
  }
  ReplicaImport(const ReplicaImport&) = delete;
  ReplicaImport& operator=(const ReplicaImport&) = delete;

  Status add(std::string_view message) override {
    if (failed_) return Error{ErrorCode::kInvalid, "this copy has failed; begin another"};
    const Status taken = take(message);
    failed_ = !taken.ok();
    return taken;
  }

  Result<Version> finish() override {
    if (failed_ || !ended_) return corrupt("messages are missing at the end");
    TRY_DONE(settle_files());
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
    if (!reader.ok() || magic != kCopyMagic || crc != io::crc32c(message.substr(kMessageHeadBytes))) {
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
      case MessageKind::kFile: return take_file(reader);
      case MessageKind::kFileBytes: return take_file_bytes(message.substr(message.size() - reader.left()));
      case MessageKind::kEnd: break;
      default: return corrupt("message " + std::to_string(index_ - 1) + " is of an unknown kind");
    }
    if (rows_left_ != 0 || arriving_) return corrupt(std::to_string(rows_left_) + " rows are missing");
    ended_ = true;
    return {};
  }

  Status take_head(ByteReader& reader) {
    const auto format = reader.get<uint32_t>();
    if (reader.ok() && format != kCopyFormat && format != kCopyFormatSorted && format != kCopyFormatOptions)
      return corrupt("unknown format " + std::to_string(format));
    Head head;
    head.chunk.value = reader.get<uint64_t>();
    head.from_version = reader.get<uint64_t>();
    head.to_version = reader.get<uint64_t>();
    head.rows = reader.get<uint64_t>();
    TRY(head.schema, decode_schema(reader));
    if (format == kCopyFormatSorted) {
      TRY(head.sort, decode_sort(reader, head.schema));
    } else if (format == kCopyFormatOptions) {
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

  /// A column file begins, as another replica has stored it; the header is this replica's own.
  Status take_file(ByteReader& reader) {
    Arriving file;
    const auto format = reader.get<uint32_t>();
    file.facts.rows = reader.get<uint64_t>();
    file.facts.file_bytes = reader.get<uint64_t>();
    file.facts.footer_crc = reader.get<uint32_t>();
    const bool fits = reader.ok() && reader.at_end() && file.facts.rows <= rows_left_ && format >= 1 &&
                      file.facts.file_bytes >= kColumnHeaderBytes + kColumnTrailerBytes;
    if (!fits || !imported_.whole || arriving_ || !pending_.empty()) return corrupt("a file that does not fit in");
    if (format > kColumnFormatNewest)
      return Error{ErrorCode::kInvalid, "column files of format " + std::to_string(format) +
                                            " cannot be copied to this node: its program is older"};
    rows_left_ -= file.facts.rows;
    const std::string path = chunk_->next_segment_path(&file.facts.file_number);
    TRY(file.file, store_.files_.open(path, io::OpenMode::kCreate));
    paths_.push_back(path);
    arriving_ = std::move(file);
    return take_file_bytes(encode_column_header(chunk_->id(), arriving_->facts.file_number, format));
  }

  Status take_file_bytes(std::string_view bytes) {
    if (!arriving_ || bytes.size() > arriving_->facts.file_bytes - arriving_->written)
      return corrupt("bytes that belong to no file");
    TRY_DONE(arriving_->file->write_at(arriving_->written, bytes));
    arriving_->written += bytes.size();
    if (arriving_->written < arriving_->facts.file_bytes) return {};
    const auto segment = std::make_shared<const Segment>(store_.files_, paths_.back(), chunk_->id(), arriving_->facts);
    TRY(const auto index, segment->index());
    bool same = index->columns.size() == imported_.schema.size() &&
                std::equal(index->sort_columns.begin(), index->sort_columns.end(), imported_.sort.columns.begin(),
                           imported_.sort.columns.end());
    for (size_t c = 0; same && c < index->columns.size(); ++c) {
      const auto& wanted = imported_.schema[c];
      const auto& stored = index->columns[c];
      same = stored.type == wanted.type && stored.array == wanted.array && stored.scale == wanted.scale;
    }
    if (!same) return corrupt("a file of other columns");
    imported_.segments.push_back(arriving_->facts);
    files_.push_back(segment);
    unsynced_.push_back(std::move(arriving_->file));
    arriving_.reset();
    return unsynced_.size() < kUnsyncedFilesMax ? Status() : sync_files();
  }

  /// Files that came one after another go to disk together: the next ones come while the system writes the first, and
  /// the file system commits their sizes at once.
  Status sync_files() {
    for (const auto& file : unsynced_) TRY_DONE(file->sync());
    unsynced_.clear();
    return {};
  }

  /// All column files are here: what follows continues their dictionaries.
  Status settle_files() {
    if (files_.empty()) return {};
    TRY_DONE(sync_files());
    TRY_DONE(store_.files_.sync_directory(io::parent_path(files_.back()->path())));
    imported_.dictionaries = std::make_shared<ChunkDictionaries>(imported_.schema, std::exchange(files_, {}));
    TRY_DONE(imported_.dictionaries->load());
    stored_ = imported_.dictionaries->stored_sizes();
    return {};
  }

  Status take_rows(ByteReader& reader) {
    if (arriving_) return corrupt("rows within a file");
    TRY_DONE(settle_files());
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

  struct Arriving {  // a column file of which more comes
    SegmentFacts facts;
    std::unique_ptr<io::File> file;
    uint64_t written = 0;
  };

  NodeStore& store_;
  const NodeStore::ChunkRef chunk_;
  std::unique_ptr<Chunk::Turn> turn_;
  Chunk::Imported imported_;
  std::optional<Arriving> arriving_;
  std::vector<std::shared_ptr<const Segment>> files_;  // column files that came whole
  std::vector<std::unique_ptr<io::File>> unsynced_;    // the last of them
  std::vector<data::Vector> pending_;                  // columns
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

Result<std::unique_ptr<ChunkImport>> NodeStore::import_chunk(ChunkId chunk) {
  const auto found = find_or_make(chunk, log_->last_sequence());
  TRY(auto turn, found->take_turn(true));
  return std::unique_ptr<ChunkImport>(std::make_unique<ReplicaImport>(*this, found, std::move(turn)));
}

}  // namespace pelorus::storage
