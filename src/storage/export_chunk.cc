// Copies of replicas: a chunk as a row of checksummed messages (docs/formats/replica_copy.md).

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "io/checksum.h"
#include "storage/chunk/segment_format.h"
#include "storage/codec/row_block.h"
#include "storage/copy_format.h"
#include "storage/node_store.h"

namespace pelorus::storage {
namespace {

constexpr size_t kFirstRows = 4096;
constexpr size_t kRowsMax = 1u << 20;

/// The head of a message whose checksum is still to come.
void put_magic(ByteWriter& writer) {
  writer.put<uint32_t>(kCopyMagic);
  writer.put<uint32_t>(0);
}

/// Of the message that begins at byte `from` of `out` and is whole.
void put_checksum(Bytes& out, size_t from) {
  const uint32_t crc = io::crc32c(std::string_view(out).substr(from + kMessageHeadBytes));
  std::memcpy(out.data() + from + sizeof kCopyMagic, &crc, sizeof crc);
}

class ReplicaExport final : public ChunkExport {
 public:
  /// `rows`: of the snapshot.
  ReplicaExport(Chunk::ExportView view, size_t rows)
      : snapshot_(std::move(view.snapshot)),
        from_version_(view.from_version),
        compression_(std::move(view.compression)),
        files_(std::move(view.files)),
        first_row_(view.rows_before),
        rows_(rows),
        row_(view.rows_before) {}

  Version from_version() const override { return from_version_; }
  Version to_version() const override { return snapshot_->version(); }

  Result<bool> next(Bytes& out) override {
    if (ended_) return false;
    const size_t from = out.size();
    ByteWriter writer(out);
    const auto kind = next_kind();
    put_magic(writer);
    writer.put<uint8_t>(static_cast<uint8_t>(kind));
    writer.put<uint64_t>(index_++);
    switch (kind) {
      case MessageKind::kHead: put_head(writer); break;
      case MessageKind::kFile: TRY_DONE(put_file(writer)); break;
      case MessageKind::kFileBytes: TRY_DONE(put_file_bytes(out)); break;
      case MessageKind::kRows: TRY_DONE(put_rows(out)); break;
      case MessageKind::kEnd: ended_ = true; break;
    }
    put_checksum(out, from);
    return true;
  }

 private:
  MessageKind next_kind() const {
    if (index_ == 0) return MessageKind::kHead;
    if (file_ < files_.size()) return file_byte_ == 0 ? MessageKind::kFile : MessageKind::kFileBytes;
    return row_ < rows_ ? MessageKind::kRows : MessageKind::kEnd;
  }

  uint64_t rows_in_files() const {
    uint64_t rows = 0;
    for (const auto& file : files_) rows += file->facts().rows;
    return rows;
  }

  void put_head(ByteWriter& writer) const {
    const auto& sort = snapshot_->sort();
    const bool options = has_options(sort, compression_);
    writer.put<uint32_t>(options ? kCopyFormatOptions : sort.sorts() ? kCopyFormatSorted : kCopyFormat);
    writer.put<uint64_t>(snapshot_->chunk().value);
    writer.put<uint64_t>(from_version_);
    writer.put<uint64_t>(snapshot_->version());
    writer.put<uint64_t>(rows_in_files() + rows_ - first_row_);
    encode_schema(snapshot_->schema(), writer);
    if (options)
      encode_options(sort, compression_, writer);
    else if (sort.sorts())
      encode_sort(sort, writer);
  }

  Status put_file(ByteWriter& writer) {
    const auto& file = *files_[file_];
    TRY(const auto format, file.format());
    writer.put<uint32_t>(format);
    writer.put<uint64_t>(file.facts().rows);
    writer.put<uint64_t>(file.facts().file_bytes);
    writer.put<uint32_t>(file.facts().footer_crc);
    file_byte_ = kColumnHeaderBytes;
    return {};
  }

  Status put_file_bytes(Bytes& out) {
    const auto& file = *files_[file_];
    TRY(const size_t bytes, file.stored_bytes(file_byte_, kMessageBytesWanted, out));
    file_byte_ += bytes;
    if (file_byte_ < file.facts().file_bytes) return {};
    ++file_;
    file_byte_ = 0;
    return {};
  }

  Status put_rows(Bytes& out) {
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
    out += parts.joined();
    const double bytes_per_row = static_cast<double>(parts.bytes()) / static_cast<double>(to - row_);
    rows_at_once_ =
        std::clamp<size_t>(static_cast<size_t>(static_cast<double>(kMessageBytesWanted) / bytes_per_row), 1, kRowsMax);
    row_ = to;
    return {};
  }

  const std::shared_ptr<const ChunkSnapshot> snapshot_;
  const Version from_version_;
  const Compressions compression_;
  const std::vector<std::shared_ptr<const Segment>> files_;
  size_t file_ = 0;         // of files_, that is told of
  uint64_t file_byte_ = 0;  // of it, that comes next; 0: its message kFile
  const size_t first_row_;
  const size_t rows_;
  size_t row_;
  size_t rows_at_once_ = kFirstRows;
  uint64_t index_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ChunkExport>> NodeStore::export_chunk(ChunkId chunk, Version from_version, CopyForm form) {
  TRY(const auto found, find(chunk));
  TRY(auto view, found->export_view(from_version, form));
  TRY(const size_t rows, view.snapshot->rows());
  return std::unique_ptr<ChunkExport>(std::make_unique<ReplicaExport>(std::move(view), rows));
}

}  // namespace pelorus::storage
