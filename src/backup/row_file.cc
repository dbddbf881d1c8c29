#include "backup/row_file.h"

#include <array>

#include "io/checksum.h"
#include "storage/codec/row_block.h"

namespace pelorus::backup {
namespace {

constexpr uint32_t kMagic = 0x46424C50;  // "PLBF"
constexpr uint32_t kFormat = 1;
constexpr size_t kFrameBytes = 25;      // magic, checksum, body bytes, kind, number
constexpr size_t kChecksummedFrom = 8;  // of a frame: what its checksum covers
constexpr size_t kPageHeadBytes = 12;   // rows, checksum
constexpr const char* kPartSuffix = ".part";

// Kinds of blocks.
constexpr uint8_t kHead = 1;
constexpr uint8_t kRows = 2;
constexpr uint8_t kEnd = 3;

uint32_t continued(uint32_t digest, uint32_t checksum) {
  return io::crc32c({reinterpret_cast<const char*>(&checksum), sizeof checksum}, digest);
}

}  // namespace

data::Schema schema_of(const std::vector<meta::Column>& columns) {
  data::Schema schema;
  for (const auto& column : columns) {
    schema.push_back({.name = column.name_in_chunks(),
                      .type = column.type,
                      .array = column.array,
                      .scale = column.scale,
                      .comment = {}});
  }
  return schema;
}

Result<std::unique_ptr<RowFileWriter>> RowFileWriter::create(io::FileSystem& files, const std::string& path,
                                                             const RowFileHead& head) {
  TRY(auto file, files.open(path + kPartSuffix, io::OpenMode::kCreate));
  std::unique_ptr<RowFileWriter> writer(new RowFileWriter(files, path, std::move(file)));
  Bytes format;
  ByteWriter(format).put<uint32_t>(kFormat);
  TRY_DONE(writer->put(kHead, format, meta::encode(head)));
  return writer;
}

RowFileWriter::~RowFileWriter() {
  if (finished_) return;
  file_.reset();
  (void)files_.remove(path_ + kPartSuffix);  // else the next backup does
}

Status RowFileWriter::put(uint8_t kind, std::string_view head, std::string_view body) {
  Bytes frame;
  ByteWriter writer(frame);
  writer.put<uint32_t>(kMagic);
  writer.put<uint32_t>(0);
  writer.put<uint64_t>(head.size() + body.size());
  writer.put<uint8_t>(kind);
  writer.put<uint64_t>(blocks_++);
  frame += head;
  const auto checksum = io::crc32c(body, io::crc32c(std::string_view(frame).substr(kChecksummedFrom)));
  std::memcpy(frame.data() + sizeof(uint32_t), &checksum, sizeof checksum);
  const std::array<std::string_view, 2> parts{frame, body};
  TRY_DONE(file_->write(facts_.bytes, parts));
  facts_.bytes += frame.size() + body.size();
  facts_.digest = continued(facts_.digest, checksum);
  return {};
}

Status RowFileWriter::add(const RowFilePage& page) {
  if (io::crc32c(page.rows) != page.checksum)
    return Error{ErrorCode::kCorrupt, "rows for " + path_ + " were damaged on their way"};
  Bytes head;
  ByteWriter writer(head);
  writer.put<int64_t>(page.count);
  writer.put<uint32_t>(page.checksum);
  TRY_DONE(put(kRows, head, page.rows));
  facts_.rows += page.count;
  return {};
}

Result<RowFileFacts> RowFileWriter::finish() {
  Bytes end;
  ByteWriter writer(end);
  writer.put<int64_t>(facts_.rows);
  writer.put<uint32_t>(facts_.digest);
  TRY_DONE(put(kEnd, end, {}));
  TRY_DONE(file_->sync());
  TRY_DONE(files_.rename(path_ + kPartSuffix, path_));
  finished_ = true;
  TRY_DONE(files_.sync_directory(io::parent_path(path_)));
  return facts_;
}

Error RowFileReader::corrupt(const std::string& what) const { return {ErrorCode::kCorrupt, path_ + ": " + what}; }

Result<std::unique_ptr<RowFileReader>> RowFileReader::open(io::FileSystem& files, const std::string& path) {
  TRY(auto file, files.open(path, io::OpenMode::kRead));
  TRY(const auto bytes, file->size());
  std::unique_ptr<RowFileReader> reader(new RowFileReader(path, std::move(file), bytes));
  TRY(const auto block, reader->take_block());
  ByteReader body(block.body);
  const auto format = body.get<uint32_t>();
  if (block.kind != kHead || !body.ok()) return reader->corrupt("it does not begin with a head");
  if (format != kFormat) return reader->corrupt("unknown format " + std::to_string(format));
  TRY(reader->head_, meta::decode<RowFileHead>(std::string_view(block.body).substr(body.position()), path));
  return reader;
}

Result<RowFileReader::Block> RowFileReader::take_block() {
  const auto name = "block " + std::to_string(blocks_);
  std::string frame(kFrameBytes, '\0');
  if (bytes_ - offset_ < kFrameBytes) return corrupt("it ends before " + name);
  TRY_DONE(io::read_exactly(*file_, path_, offset_, frame.data(), frame.size()));
  ByteReader reader(frame);
  const auto magic = reader.get<uint32_t>();
  const auto checksum = reader.get<uint32_t>();
  const auto body_bytes = reader.get<uint64_t>();
  Block block{.kind = reader.get<uint8_t>(), .body = {}};
  const auto number = reader.get<uint64_t>();
  if (magic != kMagic || body_bytes > bytes_ - offset_ - kFrameBytes)
    return corrupt(name + " is damaged at byte " + std::to_string(offset_));
  block.body.resize(body_bytes);
  TRY_DONE(io::read_exactly(*file_, path_, offset_ + kFrameBytes, block.body.data(), block.body.size()));
  if (io::crc32c(block.body, io::crc32c(std::string_view(frame).substr(kChecksummedFrom))) != checksum)
    return corrupt(name + " fails its checksum at byte " + std::to_string(offset_));
  if (number != blocks_) return corrupt(name + " is out of order");
  ++blocks_;
  offset_ += kFrameBytes + body_bytes;
  facts_.bytes = offset_;
  if (block.kind != kEnd) facts_.digest = continued(facts_.digest, checksum);
  if (block.kind == kEnd) {
    ByteReader end(block.body);
    if (end.get<int64_t>() != facts_.rows || end.get<uint32_t>() != facts_.digest || !end.ok())
      return corrupt("blocks are missing before its end");
    facts_.digest = continued(facts_.digest, checksum);
  }
  return block;
}

Result<std::optional<RowFilePage>> RowFileReader::next() {
  if (ended_) return std::optional<RowFilePage>();
  TRY(auto block, take_block());
  if (block.kind == kEnd) {
    if (offset_ != bytes_) return corrupt("something stands behind its end");
    ended_ = true;
    return std::optional<RowFilePage>();
  }
  ByteReader reader(block.body);
  RowFilePage page;
  page.count = reader.get<int64_t>();
  page.checksum = reader.get<uint32_t>();
  if (block.kind != kRows || !reader.ok() || page.count < 1)
    return corrupt("block " + std::to_string(blocks_ - 1) + " makes no sense");
  page.rows = block.body.substr(kPageHeadBytes);
  if (io::crc32c(page.rows) != page.checksum)
    return corrupt("the rows of block " + std::to_string(blocks_ - 1) + " fail the checksum of their source");
  facts_.rows += page.count;
  return std::optional(std::move(page));
}

Result<data::Table> RowFileReader::decoded(const RowFilePage& page) const {
  ByteReader reader(page.rows);
  auto rows = storage::decode_rows(schema_of(head_.columns), reader);
  if (!rows.ok()) return corrupt(rows.error().message);
  if (!reader.at_end() || static_cast<int64_t>(rows->rows()) != page.count)
    return corrupt("block " + std::to_string(blocks_ - 1) + " holds another number of rows than it says");
  return rows;
}

Result<std::unique_ptr<SavedRows>> SavedRows::open(io::FileSystem& files, const std::string& table_directory,
                                                   const SavedTable& table, const SavedPartition& partition) {
  const auto path = io::join_path(table_directory, partition.file);
  auto reader = RowFileReader::open(files, path);
  if (!reader.ok() && reader.error().code == ErrorCode::kNotFound)
    return Error{ErrorCode::kCorrupt, path + ": the file is missing"};
  if (!reader.ok()) return reader.error();
  const auto& head = (*reader)->head();
  const bool same = head.chunk == partition.chunk && head.version == partition.version &&
                    head.schema_version == partition.schema_version && head.key == partition.key &&
                    head.table_id == table.table.id && head.table_created_ns == table.table.created_ns &&
                    head.query == partition.query;
  if (!same) return Error{ErrorCode::kCorrupt, path + ": it is the file of another partition or version"};
  return std::unique_ptr<SavedRows>(new SavedRows(std::move(*reader), path, partition));
}

Result<std::optional<RowFilePage>> SavedRows::next() {
  TRY(auto page, reader_->next());
  if (!page && !(reader_->facts() == expected_))
    return Error{ErrorCode::kCorrupt, path_ + ": it is not the file that the manifest names"};
  return page;
}

Result<data::Table> SavedRows::read_all() {
  data::Table rows(schema_of(head().columns));
  while (true) {
    TRY(const auto page, next());
    if (!page) return rows;
    TRY(const auto part, reader_->decoded(*page));
    TRY_DONE(rows.append(part));
  }
}

}  // namespace pelorus::backup
