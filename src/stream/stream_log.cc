#include "stream/stream_log.h"

#include <algorithm>
#include <cstring>

#include "io/checksum.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace pelorus::stream {
namespace {

using data::Table;

constexpr std::string_view kEnding = ".rows";
constexpr size_t kNumberDigits = 20;
constexpr size_t kHeaderBytes = 8;  // length, checksum
constexpr uint64_t kFileBytesMax = uint64_t{1} << 30;

uint32_t number_at(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// The first row's number of a file; -1 when the name is not one of ours.
int64_t first_row_of(const std::string& name) {
  if (name.size() != kNumberDigits + kEnding.size() || !name.ends_with(kEnding)) return -1;
  if (name.find_first_not_of("0123456789") != kNumberDigits) return -1;
  return static_cast<int64_t>(std::strtoull(name.c_str(), nullptr, 10));
}

bool same_types(const data::Schema& a, const data::Schema& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.type == y.type && x.array == y.array && x.scale == y.scale;
  });
}

}  // namespace

std::string StreamLog::path_of(const RowFile& file) const {
  auto digits = std::to_string(file.first_row);
  digits.insert(0, kNumberDigits - digits.size(), '0');
  return io::join_path(terms_.folder, digits + std::string(kEnding));
}

Result<std::unique_ptr<StreamLog>> StreamLog::open(io::FileSystem& files, const Clock& clock, StreamLogTerms terms,
                                                   const data::Schema& schema, Loaded* loaded) {
  TRY_DONE(files.make_directories(terms.folder));
  std::unique_ptr<StreamLog> log(new StreamLog(files, clock, std::move(terms)));
  TRY_DONE(log->load(schema, loaded));
  return log;
}

Status StreamLog::load(const data::Schema& schema, Loaded* loaded) {
  TRY(const auto names, files_.list(terms_.folder));
  for (const auto& name : names) {
    const int64_t first = first_row_of(name);
    if (first >= 0) row_files_.push_back({.first_row = first, .written_ns = clock_.wall_ns(), .marks = {}});
  }
  loaded->rows = Table(schema);
  loaded->first_row = next_row_ = row_files_.empty() ? 0 : row_files_[0].first_row;
  for (size_t i = 0; i < row_files_.size(); ++i) {
    if (row_files_[i].first_row != next_row_)
      return Error{ErrorCode::kCorrupt,
                   "rows from " + std::to_string(next_row_) + " on are missing before " + path_of(row_files_[i])};
    TRY_DONE(load_file(row_files_[i], i + 1 == row_files_.size(), &loaded->rows));
  }
  return {};
}

Status StreamLog::load_file(RowFile& file, bool is_last, Table* rows) {
  const auto path = path_of(file);
  TRY(const auto bytes, io::read_file(files_, path, kFileBytesMax));
  size_t at = 0;
  while (at < bytes.size()) {
    const bool has_header = bytes.size() - at >= kHeaderBytes;
    const uint32_t length = has_header ? number_at(bytes, at) : 0;
    const bool whole = has_header && bytes.size() - at - kHeaderBytes >= length;
    const auto payload = whole ? std::string_view(bytes).substr(at + kHeaderBytes, length) : std::string_view();
    if (!whole || io::crc32c(payload) != number_at(bytes, at + 4)) {
      if (!is_last)
        return Error{ErrorCode::kCorrupt, "a record of rows is damaged in " + path + " at " + std::to_string(at)};
      TRY(auto torn, files_.open(path, io::OpenMode::kWrite));
      TRY_DONE(torn->truncate(at));
      TRY_DONE(torn->sync());
      break;
    }
    TRY(const auto value, wire::decode(payload));
    if (!value.is_plain_table()) return Error{ErrorCode::kCorrupt, "a record is no table in " + path};
    if (!same_types(value.table().schema(), rows->schema()))
      return Error{ErrorCode::kInvalid,
                   "The persisted rows in " + terms_.folder + " have other columns; see clearTablePersistence."};
    TRY_DONE(rows->append(value.table()));
    note_record(file, next_row_, at);
    next_row_ += static_cast<int64_t>(value.table().rows());
    at += kHeaderBytes + length;
  }
  file.bytes = at;
  return {};
}

Status StreamLog::begin_file() {
  row_files_.push_back({.first_row = next_row_, .written_ns = clock_.wall_ns(), .marks = {}});
  TRY(file_, files_.open(path_of(row_files_.back()), io::OpenMode::kCreate));
  TRY_DONE(files_.sync_directory(terms_.folder));
  return drop_expired();
}

Status StreamLog::drop_expired() {
  const int64_t oldest = clock_.wall_ns() - std::chrono::nanoseconds(terms_.retention).count();
  while (row_files_.size() > 1 && row_files_.front().written_ns < oldest) {
    TRY_DONE(files_.remove(path_of(row_files_.front())));
    row_files_.erase(row_files_.begin());
  }
  return {};
}

Status StreamLog::append(const Table& rows) {
  if (broken_)
    return Error{ErrorCode::kIo, "an earlier write to " + terms_.folder + " failed; enable persistence again"};
  broken_ = true;  // until it has gone well
  if (file_ == nullptr && !row_files_.empty()) {
    TRY(file_, files_.open(path_of(row_files_.back()), io::OpenMode::kWrite));
  }
  if (file_ == nullptr || row_files_.back().bytes >= terms_.file_bytes_max) TRY_DONE(begin_file());
  wire::Chain chain;
  TRY_DONE(wire::encode(data::Value(rows), chain));
  const auto payload = chain.flatten();
  if (payload.size() > kFileBytesMax / 2)
    return Error{ErrorCode::kLimit, "more rows at once than a stream table's file can take; add fewer"};
  std::string header(kHeaderBytes, '\0');
  const auto length = static_cast<uint32_t>(payload.size());
  const uint32_t checksum = io::crc32c(payload);
  std::memcpy(header.data(), &length, sizeof length);
  std::memcpy(header.data() + 4, &checksum, sizeof checksum);
  const std::string_view parts[] = {header, payload};
  auto& last = row_files_.back();
  TRY_DONE(file_->write(last.bytes, parts));
  if (terms_.sync_each) TRY_DONE(file_->sync());
  note_record(last, next_row_, last.bytes);
  last.bytes += kHeaderBytes + payload.size();
  last.written_ns = clock_.wall_ns();
  next_row_ += static_cast<int64_t>(rows.rows());
  broken_ = false;
  return {};
}

void StreamLog::note_record(RowFile& file, int64_t row, uint64_t at) {
  if (file.marks.empty() || at >= file.marks.back().at + kMarkBytes) file.marks.push_back({.row = row, .at = at});
}

std::optional<StreamLog::Place> StreamLog::place_of(int64_t row) const {
  if (row < first_row() || row >= next_row_) return std::nullopt;
  const auto file = std::prev(std::ranges::upper_bound(row_files_, row, {}, &RowFile::first_row));
  const auto mark = std::prev(std::ranges::upper_bound(file->marks, row, {}, &Mark::row));
  return Place{.path = path_of(*file), .first_row = mark->row, .from = mark->at, .until = file->bytes};
}

Result<Table> StreamLog::read(io::FileSystem& files, const Place& place, int64_t row, int64_t count) {
  const Error damaged{ErrorCode::kCorrupt, "a record of rows is damaged in " + place.path};
  TRY(const auto file, files.open(place.path, io::OpenMode::kRead));
  std::optional<Table> rows;
  int64_t record_row = place.first_row;
  for (uint64_t at = place.from; at < place.until && (!rows || static_cast<int64_t>(rows->rows()) < count);) {
    std::string header(kHeaderBytes, '\0');
    TRY_DONE(io::read_exactly(*file, place.path, at, header.data(), header.size()));
    const uint32_t length = number_at(header, 0);
    if (at + kHeaderBytes + length > place.until) return damaged;
    std::string payload(length, '\0');
    TRY_DONE(io::read_exactly(*file, place.path, at + kHeaderBytes, payload.data(), payload.size()));
    if (io::crc32c(payload) != number_at(header, 4)) return damaged;
    TRY(const auto value, wire::decode(payload));
    if (!value.is_plain_table()) return damaged;
    const Table& found = value.table();
    const auto found_rows = static_cast<int64_t>(found.rows());
    if (!rows) rows = Table(found.schema());
    const int64_t skipped = std::max<int64_t>(0, row - record_row);
    if (skipped < found_rows) {
      const int64_t wanted = std::min(found_rows - skipped, count - static_cast<int64_t>(rows->rows()));
      TRY_DONE(rows->append(found.slice(static_cast<size_t>(skipped), static_cast<size_t>(wanted))));
    }
    record_row += found_rows;
    at += kHeaderBytes + length;
  }
  if (!rows) return damaged;
  return *std::move(rows);
}

uint64_t StreamLog::bytes() const {
  uint64_t sum = 0;
  for (const auto& file : row_files_) sum += file.bytes;
  return sum;
}

Status StreamLog::remove(io::FileSystem& files, const std::string& folder) {
  TRY(const bool exists, files.exists(folder));
  if (!exists) return {};
  TRY(const auto names, files.list(folder));
  for (const auto& name : names) {
    if (first_row_of(name) >= 0) TRY_DONE(files.remove(io::join_path(folder, name)));
  }
  return files.remove_directory(folder);
}

}  // namespace pelorus::stream
