#include "storage/chunk/segment.h"

#include <algorithm>

#include "base/log.h"
#include "io/checksum.h"
#include "storage/chunk/segment_format.h"
#include "storage/codec/integer_groups.h"

namespace pelorus::storage {
namespace {

constexpr size_t kDirectoryBytesKept = 4u << 20;
constexpr size_t kTailBytesJoined = 64u << 10;  // a footer that goes with the blocks before it

uint64_t bytes_of(const SegmentIndex& index) {
  uint64_t bytes = sizeof index;
  for (const auto& column : index.columns) bytes += sizeof column + column.blocks.size() * sizeof(BlockEntry);
  return bytes;
}

std::vector<GroupZone> zones_of(const data::Vector& values) {
  const auto numbers = widened(values);
  std::vector<GroupZone> zones;
  for (size_t from = 0; from < numbers.size(); from += kGroupRows) {
    GroupZone zone;
    for (size_t i = from; i < std::min(from + kGroupRows, numbers.size()); ++i) {
      const bool null = numbers[i] == INT64_MIN;
      zone.nulls = zone.nulls || null;
      zone.min = std::min(zone.min, null ? INT64_MAX : numbers[i]);
      zone.max = std::max(zone.max, numbers[i]);
    }
    zones.push_back(zone);
  }
  return zones;
}

}  // namespace

data::Vector make_stored(types::Type type, bool array, int scale) {
  data::Vector flat(stored_type(type), 0, scale);
  if (!array) return flat;
  return data::Vector::array(data::Shared<data::Vector>(std::move(flat)), {});
}

std::string segment_path(const std::string& directory, uint64_t file_number) {
  const std::string digits = std::to_string(file_number);
  return io::join_path(directory, std::string(16 - std::min<size_t>(16, digits.size()), '0') + digits + ".col");
}

Segment::~Segment() {
  if (!obsolete_.load()) return;
  const Status removed = files_.remove(path_);
  // An orphan is harmless: the next open removes what no manifest names.
  if (!removed.ok() && removed.error().code != ErrorCode::kNotFound) log_warning(removed.error().message);
}

Error Segment::corrupt(const std::string& what) const {
  Error error{ErrorCode::kCorrupt, "column file is damaged: " + path_ + ", " + what};
  const std::lock_guard lock(mutex_);
  if (damage_.empty()) damage_ = error.message;
  return error;
}

std::string Segment::damage() const {
  const std::lock_guard lock(mutex_);
  return damage_;
}

Result<std::shared_ptr<const SegmentIndex>> Segment::index() const {
  {
    const std::lock_guard lock(mutex_);
    if (index_) return index_;
  }
  TRY(auto loaded, load_index());  // two readers may both load it: harmless, and no file is read under the mutex
  const std::lock_guard lock(mutex_);
  if (!index_) {
    index_ = std::move(loaded);
    learnt_bytes_ += bytes_of(*index_);
  }
  return index_;
}

void Segment::let_go() const {
  std::shared_ptr<const SegmentIndex> index;
  std::shared_ptr<const KeyDirectory> directory;
  std::map<std::pair<size_t, size_t>, std::shared_ptr<const std::vector<GroupZone>>> zones;
  const std::lock_guard lock(mutex_);  // freed once it is no longer held
  index.swap(index_);
  directory.swap(directory_);
  zones.swap(group_zones_);
  learnt_bytes_ = 0;
}

uint64_t Segment::learnt_bytes() const {
  const std::lock_guard lock(mutex_);
  return learnt_bytes_;
}

Result<std::shared_ptr<const SegmentIndex>> Segment::load_index() const {
  const auto opened = files_.open(path_, io::OpenMode::kRead);
  if (!opened.ok()) {
    return opened.error().code == ErrorCode::kNotFound ? corrupt("file is missing") : opened.error();
  }
  const io::File& file = *opened.value();
  TRY(const uint64_t size, file.size());
  if (size != facts_.file_bytes || size < kColumnHeaderBytes + kColumnTrailerBytes) {
    return corrupt("size " + std::to_string(size) + " instead of " + std::to_string(facts_.file_bytes));
  }
  std::string header(kColumnHeaderBytes, '\0');
  TRY_DONE(io::read_exactly(file, path_, 0, header.data(), header.size()));
  const uint32_t format = format_of_header(header, chunk_, facts_.file_number);
  if (format == 0) return corrupt("header");
  std::string trailer_bytes(kColumnTrailerBytes, '\0');
  TRY_DONE(io::read_exactly(file, path_, size - kColumnTrailerBytes, trailer_bytes.data(), trailer_bytes.size()));
  const auto trailer = decode_trailer(trailer_bytes);
  if (!trailer.ok()) return corrupt("trailer");
  if (trailer->footer_crc != facts_.footer_crc || trailer->footer_offset > size - kColumnTrailerBytes ||
      trailer->footer_bytes != size - kColumnTrailerBytes - trailer->footer_offset) {
    return corrupt("trailer differs from the manifest");
  }
  std::string footer(trailer->footer_bytes, '\0');
  TRY_DONE(io::read_exactly(file, path_, trailer->footer_offset, footer.data(), footer.size()));
  if (io::crc32c(footer) != facts_.footer_crc) return corrupt("footer");
  auto index = decode_footer(footer, trailer->footer_offset, format);
  if (!index.ok() || index->rows != facts_.rows) return corrupt("footer content");
  return std::make_shared<const SegmentIndex>(std::move(index).value());
}

Result<std::string> Segment::read_block(const io::File& file, const BlockEntry& block, std::string_view what) const {
  std::string bytes;
  TRY_DONE(append_block(file, block, what, bytes));
  return bytes;
}

Status Segment::append_block(const io::File& file, const BlockEntry& block, std::string_view what,
                             std::string& out) const {
  const size_t before = out.size();
  out.resize(before + block.bytes);  // lies within the file, as the footer was checked for
  TRY(const size_t got, file.read(block.offset, out.data() + before, block.bytes));
  if (got != block.bytes) return corrupt(std::string(what) + " ends too early");
  if (io::crc32c(std::string_view(out).substr(before)) != block.crc)
    return corrupt(std::string(what) + ", checksum of the block at byte " + std::to_string(block.offset));
  return {};
}

Status Segment::read(size_t column, const std::vector<RowRange>& ranges, data::Vector& out) const {
  if (ranges.empty()) return {};
  TRY(const auto index, index());
  if (column >= index->columns.size() || ranges.back().to > index->rows)
    return corrupt("fewer columns or rows than the chunk");
  const auto& facts = index->columns[column];
  TRY(const auto file, files_.open(path_, io::OpenMode::kRead));
  const std::string what = "column " + std::to_string(column);
  size_t next = 0;
  for (const auto& block : facts.blocks) {
    if (next == ranges.size()) break;
    const auto here = ranges_within(ranges, next, {block.first_row, block.first_row + block.rows});
    if (here.empty()) continue;
    TRY(const std::string bytes, read_block(*file, block, what));
    const Status decoded = decode_rows(block.encoding, bytes, block.rows, here, out);
    if (!decoded.ok()) return corrupt(what + ", " + decoded.error().message);
  }
  return {};
}

Result<std::shared_ptr<const std::vector<GroupZone>>> Segment::group_zones(size_t column, size_t block) const {
  const std::pair key(column, block);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = group_zones_.find(key); known != group_zones_.end()) return known->second;
  }
  TRY(const auto index, index());
  const auto& facts = index->columns[column];
  const auto& entry = facts.blocks[block];
  data::Vector values = make_stored(facts.type, facts.array, facts.scale);
  TRY_DONE(read(column, {{entry.first_row, entry.first_row + entry.rows}}, values));
  auto zones = std::make_shared<const std::vector<GroupZone>>(zones_of(values));
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = group_zones_.emplace(key, std::move(zones));
  if (is_new) learnt_bytes_ += place->second->size() * sizeof(GroupZone);
  return place->second;
}

Result<std::shared_ptr<const KeyDirectory>> Segment::directory() const {
  {
    const std::lock_guard lock(mutex_);
    if (auto known = directory_in_use_.lock()) return known;
  }
  TRY(auto loaded, load_directory());  // as with the index, two readers may both load it
  const std::lock_guard lock(mutex_);
  directory_in_use_ = loaded;
  if (loaded->memory_bytes() > kDirectoryBytesKept) return loaded;
  if (!directory_) learnt_bytes_ += loaded->memory_bytes();
  directory_ = loaded;
  return loaded;
}

Result<std::shared_ptr<const KeyDirectory>> Segment::load_directory() const {
  TRY(const auto index, index());
  if (index->sort_columns.empty()) return corrupt("it has no key directory");
  data::Schema keys;
  for (size_t k = 0; k + 1 < index->sort_columns.size(); ++k) {
    const auto& column = index->columns[index->sort_columns[k]];
    keys.push_back({.name = {}, .type = column.type, .array = false, .scale = column.scale, .comment = {}});
  }
  TRY(const auto file, files_.open(path_, io::OpenMode::kRead));
  TRY(const std::string bytes, read_block(*file, index->directory, "key directory"));
  auto decoded = decode_directory(bytes, keys, index->rows);
  if (!decoded.ok()) return corrupt(decoded.error().message);
  return std::make_shared<const KeyDirectory>(std::move(decoded).value());
}

Result<std::vector<std::string>> Segment::read_dictionary(size_t column) const {
  TRY(const auto index, index());
  if (column >= index->columns.size()) return corrupt("fewer columns than the chunk");
  const auto& dictionary = index->columns[column].dictionary;
  if (dictionary.count == 0) return std::vector<std::string>();
  TRY(const auto file, files_.open(path_, io::OpenMode::kRead));
  TRY(const std::string bytes, read_block(*file, dictionary.block, "dictionary of column " + std::to_string(column)));
  data::Vector texts(types::Type::kString);
  const Status decoded = decode_block(dictionary.block.encoding, bytes, dictionary.count, texts);
  if (!decoded.ok()) return corrupt("dictionary, " + decoded.error().message);
  auto& values = texts.edit<std::string>();
  return std::vector<std::string>(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
}

Result<uint32_t> Segment::format() const {
  TRY(const auto file, files_.open(path_, io::OpenMode::kRead));
  std::string header(kColumnHeaderBytes, '\0');
  TRY_DONE(io::read_exactly(*file, path_, 0, header.data(), header.size()));
  const uint32_t format = format_of_header(header, chunk_, facts_.file_number);
  if (format == 0) return corrupt("header");
  return format;
}

/// Footer and trailer, which begin at `from`.
Status Segment::read_tail(const io::File& file, uint64_t from, std::string& out) const {
  if (from > facts_.file_bytes - kColumnTrailerBytes) return corrupt("trailer");
  std::string tail(facts_.file_bytes - from, '\0');
  TRY_DONE(io::read_exactly(file, path_, from, tail.data(), tail.size()));
  const auto whole = std::string_view(tail);
  const auto footer = whole.substr(0, whole.size() - kColumnTrailerBytes);
  const auto trailer = decode_trailer(whole.substr(footer.size()));
  if (!trailer.ok() || trailer->footer_offset != from || io::crc32c(footer) != facts_.footer_crc)
    return corrupt("footer");
  out += tail;
  return {};
}

Result<size_t> Segment::stored_bytes(uint64_t from, size_t wanted, std::string& out) const {
  if (from == facts_.file_bytes) return size_t{0};
  TRY(const auto index, index());
  std::vector<const BlockEntry*> blocks;
  const auto add = [&](const BlockEntry& block) {
    if (block.bytes > 0 && block.offset >= from) blocks.push_back(&block);
  };
  for (const auto& column : index->columns) {
    add(column.dictionary.block);
    for (const auto& block : column.blocks) add(block);
  }
  add(index->directory);
  std::sort(blocks.begin(), blocks.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  TRY(const auto file, files_.open(path_, io::OpenMode::kRead));
  const size_t before = out.size();
  const auto added = [&] { return out.size() - before; };
  for (const auto* block : blocks) {
    if (added() >= wanted) return added();
    if (block->offset != from + added()) return corrupt("blocks do not lie one behind another");
    TRY_DONE(append_block(*file, *block, "block", out));
  }
  const uint64_t tail = facts_.file_bytes - from - added();
  if (added() < wanted || tail <= kTailBytesJoined) TRY_DONE(read_tail(*file, from + added(), out));
  return added();
}

Status Segment::verify() const {
  TRY(const auto index, load_index());
  for (size_t c = 0; c < index->columns.size(); ++c) {
    const auto& column = index->columns[c];
    for (const auto& block : column.blocks) {
      data::Vector rows = make_stored(column.type, column.array, column.scale);
      TRY_DONE(read(c, {{block.first_row, block.first_row + block.rows}}, rows));
    }
    TRY_DONE(read_dictionary(c));
  }
  if (!index->sort_columns.empty()) TRY_DONE(load_directory());
  return {};
}

}  // namespace pelorus::storage
