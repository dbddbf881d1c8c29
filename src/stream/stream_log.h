#pragma once
// The rows of a stream table on disk (docs/formats/stream_log.md).

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "data/table.h"
#include "io/file_system.h"

namespace pelorus::stream {

struct StreamLogTerms {
  std::string folder;                    // of this table alone
  bool sync_each = false;                // else a power cut may take the last rows
  std::chrono::minutes retention{1440};  // whole files of rows older than this are deleted
  uint64_t file_bytes_max = 64 << 20;    // a new file is begun beyond
};

/// Rows are numbered as the table numbers them. One thread at a time.
class StreamLog {
 public:
  /// What was found on opening.
  struct Loaded {
    data::Table rows;
    int64_t first_row = 0;
  };

  /// Makes the folder when it is missing. An unfinished record at the very end is cut off; other damage is kCorrupt.
  /// kInvalid when the rows found are not of `schema`.
  static Result<std::unique_ptr<StreamLog>> open(io::FileSystem& files, const Clock& clock, StreamLogTerms terms,
                                                 const data::Schema& schema, Loaded* loaded);
  /// Deletes what open() made. Fine when there is nothing.
  static Status remove(io::FileSystem& files, const std::string& folder);

  /// After an error nothing more can be added.
  Status append(const data::Table& rows);
  const StreamLogTerms& terms() const { return terms_; }
  uint64_t bytes() const;
  /// The number of the oldest row that is kept.
  int64_t first_row() const { return row_files_.empty() ? next_row_ : row_files_.front().first_row; }

  /// Where a row is to be found: records of one file from one that begins at or before it.
  struct Place {
    std::string path;
    int64_t first_row = 0;  // of the record at `from`
    uint64_t from = 0, until = 0;
  };
  /// Nothing when the row is not kept.
  std::optional<Place> place_of(int64_t row) const;
  /// Rows from `row` on, `count` at most, as many as the place's file has. On any thread, beside appends. kNotFound
  /// when the file was deleted meanwhile. Reads 64 KiB and the record behind at least.
  static Result<data::Table> read(io::FileSystem& files, const Place& place, int64_t row, int64_t count);

 private:
  /// A record's first row and where the record begins.
  struct Mark {
    int64_t row = 0;
    uint64_t at = 0;
  };
  struct RowFile {
    int64_t first_row = 0;
    uint64_t bytes = 0;
    int64_t written_ns = 0;   // wall clock of the last write this process knows of
    std::vector<Mark> marks;  // of a record about every kMarkBytes
  };
  static constexpr uint64_t kMarkBytes = 64 << 10;
  static void note_record(RowFile& file, int64_t row, uint64_t at);
  StreamLog(io::FileSystem& files, const Clock& clock, StreamLogTerms terms)
      : files_(files), clock_(clock), terms_(std::move(terms)) {}
  Status load(const data::Schema& schema, Loaded* loaded);
  Status load_file(RowFile& file, bool is_last, data::Table* rows);
  Status begin_file();
  Status drop_expired();
  std::string path_of(const RowFile& file) const;

  io::FileSystem& files_;
  const Clock& clock_;
  const StreamLogTerms terms_;
  std::vector<RowFile> row_files_;  // ascending; rows go to the last one
  std::unique_ptr<io::File> file_;  // the last one; null until the first append
  int64_t next_row_ = 0;
  bool broken_ = false;
};

}  // namespace pelorus::stream
