#pragma once
// One immutable column file: some consecutive rows of one chunk, column after column in blocks
// (docs/formats/column_file.md).

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/table.h"
#include "io/file_system.h"
#include "storage/chunk_snapshot.h"
#include "storage/chunk/key_directory.h"
#include "storage/codec/block_encoding.h"

namespace pelorus::storage {

/// What the manifest says of a segment.
struct SegmentFacts {
  uint64_t file_number = 0;
  uint64_t rows = 0;
  uint64_t file_bytes = 0;
  uint32_t footer_crc = 0;
  bool operator==(const SegmentFacts&) const = default;
};

struct BlockEntry {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t first_row = 0;
  uint32_t rows = 0;
  uint32_t crc = 0;
  Encoding encoding = Encoding::kPlain;
  BlockFacts facts;
};

/// New texts of a SYMBOL column: codes first_code, first_code + 1, … as a text block.
struct DictionaryEntry {
  uint32_t first_code = 0;
  uint32_t count = 0;
  BlockEntry block;
};

struct SegmentIndex {
  struct Column {
    types::Type type = types::Type::kVoid;
    bool array = false;
    int scale = 0;
    DictionaryEntry dictionary;
    std::vector<BlockEntry> blocks;
  };
  uint64_t rows = 0;
  std::vector<Column> columns;
  std::vector<uint32_t> sort_columns;  // of a file whose rows are sorted
  BlockEntry directory;                // of their keys
};

/// SYMBOL columns are stored and read as INT codes.
inline types::Type stored_type(types::Type type) { return type == types::Type::kSymbol ? types::Type::kInt : type; }
/// An empty vector to read such a column into.
data::Vector make_stored(types::Type type, bool array, int scale);

/// The extremes of kGroupRows neighbouring values, without nulls; of nulls only: min is the greatest, max the least
/// number.
struct GroupZone {
  int64_t min = INT64_MAX;
  int64_t max = INT64_MIN;
  bool nulls = false;
};

/// Thread-safe. Opens the file for each read and closes it after (2 µs when cached), so that thousands of segments need
/// no file descriptors.
class Segment {
 public:
  Segment(io::FileSystem& files, std::string path, ChunkId chunk, SegmentFacts facts)
      : files_(files), path_(std::move(path)), chunk_(chunk), facts_(facts) {}
  /// Removes the file when it is obsolete.
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const SegmentFacts& facts() const { return facts_; }
  const std::string& path() const { return path_; }

  /// Read once, then kept. kCorrupt unless size, header and footer are what the manifest says.
  Result<std::shared_ptr<const SegmentIndex>> index() const;
  /// Adds rows of a column to `out` (make_stored), of ascending ranges. Every block's checksum is compared on every
  /// read; a block is decoded once.
  Status read(size_t column, const std::vector<RowRange>& ranges, data::Vector& out) const;
  /// A zone for each group of rows of a block of a column of integers or temporals (checked). Learned by reading the
  /// block once, then kept (24 bytes a group).
  Result<std::shared_ptr<const std::vector<GroupZone>>> group_zones(size_t column, size_t block) const;
  /// Of a sorted file (checked): read once and kept, unless it is large.
  Result<std::shared_ptr<const KeyDirectory>> directory() const;
  /// Texts of the codes this segment added to a SYMBOL column.
  Result<std::vector<std::string>> read_dictionary(size_t column) const;
  /// Reads everything.
  Status verify() const;
  /// Of the file's header. kCorrupt, kIo.
  Result<uint32_t> format() const;
  /// Adds the file as it is stored to `out`: whole blocks from byte `from` on (kColumnHeaderBytes at first), `wanted`
  /// bytes at least while there are more blocks, then footer and trailer; nothing at the end. Returns how many bytes
  /// were added. All checksums are compared.
  Result<size_t> stored_bytes(uint64_t from, size_t wanted, std::string& out) const;

  /// Forgets index, key directory and zones: the next read learns them again.
  void let_go() const;
  /// Of what let_go() forgets, about.
  uint64_t learnt_bytes() const;

  /// No manifest names the file any more: it goes when the last reader lets go.
  void mark_obsolete() const { obsolete_.store(true); }
  /// The first damage any read found; empty when none.
  std::string damage() const;

 private:
  Result<std::shared_ptr<const SegmentIndex>> load_index() const;
  Status read_tail(const io::File& file, uint64_t from, std::string& out) const;
  Result<std::shared_ptr<const KeyDirectory>> load_directory() const;
  Result<std::string> read_block(const io::File& file, const BlockEntry& block, std::string_view what) const;
  Status append_block(const io::File& file, const BlockEntry& block, std::string_view what, std::string& out) const;
  Error corrupt(const std::string& what) const;

  io::FileSystem& files_;
  const std::string path_;
  const ChunkId chunk_;
  const SegmentFacts facts_;
  mutable std::atomic<bool> obsolete_{false};
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const SegmentIndex> index_;           // guarded by mutex_
  mutable std::shared_ptr<const KeyDirectory> directory_;       // guarded by mutex_; a small one
  mutable std::weak_ptr<const KeyDirectory> directory_in_use_;  // guarded by mutex_
  mutable std::map<std::pair<size_t, size_t>, std::shared_ptr<const std::vector<GroupZone>>> group_zones_;  // too
  mutable uint64_t learnt_bytes_ = 0;  // guarded by mutex_
  mutable std::string damage_;         // guarded by mutex_
};

/// What to write into a new segment.
struct SegmentPlan {
  std::string path;
  ChunkId chunk;
  uint64_t file_number = 0;
  data::Schema schema;
  uint64_t rows = 0;
  size_t block_rows = 65536;
  struct NewTexts {
    uint32_t first_code = 0;
    std::vector<std::string> texts;
  };
  std::vector<NewTexts> dictionaries;  // one a column; empty for columns that are no SYMBOL
  SortRule sort;                       // the rows come in this order
  uint32_t format = 1;                 // the newest that may be written
  Compressions compression;            // heeded from format 3 on
};
/// Gives rows of a column, counted from the segment's first, as make_stored vectors.
using RowReader = std::function<Result<data::Vector>(size_t column, RowRange range)>;

/// Writes and syncs the file (its name needs sync_directory). Removes it again on an error.
Result<SegmentFacts> write_segment(io::FileSystem& files, const SegmentPlan& plan, const RowReader& read);

/// "0000000000000007.col"
std::string segment_path(const std::string& directory, uint64_t file_number);

}  // namespace pelorus::storage
