// Writes a column file from rows in memory or in other segments, a block at a time.

#include <algorithm>
#include <map>

#include "io/checksum.h"
#include "storage/chunk/segment.h"
#include "storage/chunk/segment_format.h"
#include "storage/codec/row_block.h"

namespace pelorus::storage {
namespace {

constexpr size_t kWriteBytes = 4u << 20;  // gathered before a write

class ColumnFileWriter {
 public:
  ColumnFileWriter(io::FileSystem& files, const SegmentPlan& plan) : files_(files), plan_(plan) {}

  Result<SegmentFacts> write(const RowReader& read) {
    TRY(file_, files_.open(plan_.path, io::OpenMode::kCreate));
    const bool methods = plan_.format >= 3 && has_options({}, plan_.compression);
    const uint32_t usual = std::min<uint32_t>(plan_.format, 2);
    const uint32_t format = methods ? 3 : plan_.sort.sorts() ? 2 : usual;
    heeds_compression_ = methods;
    encodings_ = format >= 2 ? EncodingSet::kSecond : EncodingSet::kFirst;
    pending_ = encode_column_header(plan_.chunk, plan_.file_number, format);
    index_.rows = plan_.rows;
    for (size_t c = 0; c < plan_.schema.size(); ++c) TRY_DONE(write_column(c, read));
    if (plan_.sort.sorts()) write_directory();
    const std::string footer = encode_footer(index_, format);
    const ColumnTrailer trailer{position(), footer.size(), io::crc32c(footer)};
    pending_ += footer;
    pending_ += encode_trailer(trailer);
    TRY_DONE(write_pending());
    TRY_DONE(file_->sync());
    return SegmentFacts{plan_.file_number, plan_.rows, written_, trailer.footer_crc};
  }

 private:
  uint64_t position() const { return written_ + pending_.size(); }

  Status write_pending() {
    TRY_DONE(file_->write_at(written_, pending_));
    written_ += pending_.size();
    pending_.clear();
    return {};
  }

  BlockEntry add_block(const EncodedBlock& encoded, size_t rows) {
    BlockEntry entry;
    entry.offset = position();
    entry.bytes = encoded.bytes.size();
    entry.rows = static_cast<uint32_t>(rows);
    entry.crc = io::crc32c(encoded.bytes);
    entry.encoding = encoded.encoding;
    entry.facts = encoded.facts;
    pending_ += encoded.bytes;
    return entry;
  }

  Status write_column(size_t c, const RowReader& read) {
    const auto& definition = plan_.schema[c];
    SegmentIndex::Column column;
    column.type = definition.type;
    column.array = definition.array;
    column.scale = definition.scale;
    const auto& added = plan_.dictionaries[c];
    column.dictionary.first_code = added.first_code;
    column.dictionary.count = static_cast<uint32_t>(added.texts.size());
    if (!added.texts.empty()) {
      const auto texts = data::Vector::of_strings(types::Type::kString, added.texts);
      column.dictionary.block = add_block(encode_block(texts, encodings_), added.texts.size());
    }
    // Without rows (all of them were deleted before they were written) there is still a directory.
    if (is_sorted_by(c)) sort_values_.emplace(c, make_stored(definition.type, definition.array, definition.scale));
    for (size_t from = 0; from < plan_.rows; from += plan_.block_rows) {
      const size_t to = std::min<size_t>(plan_.rows, from + plan_.block_rows);
      TRY(const auto rows, read(c, {from, to}));
      if (is_sorted_by(c)) sort_values_.at(c).append(rows);
      EncodedBlock encoded = encode_block(rows, encodings_, compression_of(c));
      if (definition.type == types::Type::kSymbol) encoded.facts.ordered = false;  // codes are in no order
      column.blocks.push_back(add_block(encoded, to - from));
      if (pending_.size() >= kWriteBytes) TRY_DONE(write_pending());
    }
    index_.columns.push_back(std::move(column));
    return {};
  }

  Compression compression_of(size_t c) const { return heeds_compression_ ? plan_.compression[c] : Compression::kUsual; }

  bool is_sorted_by(size_t c) const {
    return std::find(plan_.sort.columns.begin(), plan_.sort.columns.end(), c) != plan_.sort.columns.end();
  }

  void write_directory() {
    std::vector<const data::Vector*> columns;
    for (const auto column : plan_.sort.columns) columns.push_back(&sort_values_.at(column));
    index_.sort_columns = plan_.sort.columns;
    EncodedBlock block;
    block.bytes = encode_directory(make_directory(columns));
    index_.directory = add_block(block, 0);
  }

  io::FileSystem& files_;
  const SegmentPlan& plan_;
  std::unique_ptr<io::File> file_;
  std::string pending_;
  uint64_t written_ = 0;
  SegmentIndex index_;
  EncodingSet encodings_ = EncodingSet::kFirst;
  bool heeds_compression_ = false;
  std::map<size_t, data::Vector> sort_values_;  // by column
};

}  // namespace

Result<SegmentFacts> write_segment(io::FileSystem& files, const SegmentPlan& plan, const RowReader& read) {
  ColumnFileWriter writer(files, plan);
  auto facts = writer.write(read);
  if (!facts.ok()) (void)files.remove(plan.path);  // best effort: the next open removes what no manifest names
  return facts;
}

}  // namespace pelorus::storage
