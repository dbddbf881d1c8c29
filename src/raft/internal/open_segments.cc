#include "raft/internal/open_segments.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "io/process_files.h"

namespace pelorus::raft {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBlockBytes = 4096;
constexpr uint64_t kFormat = 1;
constexpr uint64_t kSegmentBytesMax = 1ull << 30;
constexpr uint64_t kBatchHeaderBytes = 16;  // two checksums, number of entries
constexpr uint64_t kEntryHeaderBytes = 16;  // term, type, bytes

template <class T>
T number_at(std::string_view bytes, uint64_t at) {
  T value{};
  (void)bytes.substr(at).copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

constexpr uint64_t kSectorBytes = 512;  // a disk writes each whole or not at all
constexpr uint64_t kAlignment = 8;      // of batches

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i << 24;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc >> 31) * 0x04C11DB7u);
    table[i] = crc;
  }
  return table;
}

/// The engine's own: CRC-32, highest bit first, from zero.
uint32_t engine_crc(std::string_view bytes) {
  static constexpr auto kTable = make_crc_table();
  uint32_t crc = 0;
  for (const char byte : bytes) crc = (crc << 8) ^ kTable[(crc >> 24) ^ static_cast<uint8_t>(byte)];
  return crc;
}

/// A batch of entries somewhere in a segment.
struct Batch {
  enum class State : uint8_t { kNone, kBadHead, kBadData, kWhole };
  State state = State::kNone;
  uint64_t end = 0;  // of kBadData and kWhole
};

/// `checks_data`: else the checksum of the entries' bytes is not looked at.
Batch batch_at(std::string_view bytes, uint64_t at, bool checks_data = true) {
  if (at > bytes.size() || bytes.size() - at < kBatchHeaderBytes) return {};
  const auto entries = number_at<uint64_t>(bytes, at + 8);
  const auto room = bytes.size() - at - kBatchHeaderBytes;
  if (entries == 0 || entries > room / kEntryHeaderBytes) return {.state = Batch::State::kBadHead};
  const auto head = bytes.substr(at + 8, 8 + entries * kEntryHeaderBytes);
  if (engine_crc(head) != number_at<uint32_t>(bytes, at)) return {.state = Batch::State::kBadHead};
  uint64_t data = 0;
  for (uint64_t i = 0; i < entries; ++i) data += number_at<uint32_t>(head, 8 + i * kEntryHeaderBytes + 12);
  if (data > room - entries * kEntryHeaderBytes) return {.state = Batch::State::kBadHead};
  const auto begin = at + 8 + head.size();
  const bool fine = !checks_data || engine_crc(bytes.substr(begin, data)) == number_at<uint32_t>(bytes, at + 4);
  return {.state = fine ? Batch::State::kWhole : Batch::State::kBadData, .end = begin + data};
}

/// Whether the bytes are a format number and whole batches, the last one at their very end. Checksums of entries are
/// the engine's to check.
bool ends_with_a_batch(std::string_view bytes) {
  uint64_t at = sizeof kFormat;
  if (bytes.size() < at || number_at<uint64_t>(bytes, 0) != kFormat) return false;
  while (at < bytes.size()) {
    const auto batch = batch_at(bytes, at, false);
    if (batch.state != Batch::State::kWhole) return false;
    at = batch.end;
  }
  return true;
}

/// Whether a power cut may have kept a write of [from, to) from the disk in part: then a sector, or what of it lies in
/// there, has the zeros that every segment begins with.
bool lacks_a_sector(std::string_view bytes, uint64_t from, uint64_t to) {
  while (from < to) {
    const auto end = std::min(to, (from / kSectorBytes + 1) * kSectorBytes);
    if (bytes.substr(from, end - from).find_first_not_of('\0') == std::string_view::npos) return true;
    from = end;
  }
  return false;
}

/// Whether the 16 bytes could be an entry's header: term, type, three zeros, bytes.
bool is_entry_header(std::string_view header) {
  constexpr uint8_t kTypes = 3;
  const auto type = static_cast<uint8_t>(header[8]);
  return number_at<uint64_t>(header, 0) != 0 && type >= 1 && type <= kTypes &&
         header.substr(9, 3).find_first_not_of('\0') == std::string_view::npos &&
         number_at<uint32_t>(header, 12) <= kSegmentBytesMax;
}

/// Whether a power cut may be why the head of a batch is broken: the number of entries, in a sector that was written,
/// is what it was then, and so is every entry's header in one; what the checksum lacks has the zeros of before.
bool has_torn_head(std::string_view bytes, uint64_t at) {
  if (lacks_a_sector(bytes, at, at + kBatchHeaderBytes)) return true;
  const auto entries = number_at<uint64_t>(bytes, at + 8);
  if (entries == 0 || entries > (bytes.size() - at - kBatchHeaderBytes) / kEntryHeaderBytes) return false;
  const auto end = at + kBatchHeaderBytes + entries * kEntryHeaderBytes;
  bool is_torn = false;
  for (uint64_t entry = at + kBatchHeaderBytes; entry < end; entry += kEntryHeaderBytes) {
    const auto first = std::max(at, entry / kSectorBytes * kSectorBytes);
    const auto last = std::min(end, ((entry + kEntryHeaderBytes - 1) / kSectorBytes + 1) * kSectorBytes);
    if (lacks_a_sector(bytes, first, last))
      is_torn = true;
    else if (!is_entry_header(bytes.substr(entry, kEntryHeaderBytes)))
      return false;
  }
  return is_torn;
}

/// Where a batch is broken though it was written whole; nothing when there is none such, or nobody can tell.
std::optional<uint64_t> damaged_batch(std::string_view bytes) {
  uint64_t at = sizeof kFormat;
  Batch batch;
  while ((batch = batch_at(bytes, at)).state == Batch::State::kWhole) at = batch.end;
  if (batch.state == Batch::State::kNone) return std::nullopt;
  auto end = batch.end;
  if (batch.state == Batch::State::kBadHead) {
    if (!has_torn_head(bytes, at)) return at;
    // How long it was is not known; it ends where another one begins at the latest.
    if (lacks_a_sector(bytes, at, std::min<uint64_t>(bytes.size(), at + 1))) return std::nullopt;  // the end of the log
    end = at + kAlignment;
    while (end < bytes.size() && batch_at(bytes, end).state != Batch::State::kWhole) end += kAlignment;
    if (end >= bytes.size()) return std::nullopt;
  }
  if (lacks_a_sector(bytes, at, end)) return std::nullopt;
  return at;
}

/// Segments that the engine has made ready and not written to yet begin with zeros.
Status check_batches(io::FileSystem& files, const std::string& path) {
  {
    TRY(const auto file, files.open(path, io::OpenMode::kRead));
    uint64_t format = 0;
    TRY(const auto got, file->read(0, &format, sizeof format));
    if (got < sizeof format || format != kFormat) return {};
  }
  TRY(const auto bytes, io::read_file(files, path, kSegmentBytesMax));
  if (const auto at = damaged_batch(bytes))
    return Error{ErrorCode::kCorrupt, "open log segment is damaged at byte " + std::to_string(*at) +
                                          ", a checksum differs and it is no write that a power cut tore; rejoin as " +
                                          "a new member: " + path};
  return {};
}

Status mend(io::FileSystem& files, const std::string& path, uint64_t size) {
  TRY(const auto bytes, io::read_file(files, path, kSegmentBytesMax));
  if (!ends_with_a_batch(bytes))
    return Error{ErrorCode::kCorrupt, "open log segment was cut off; rejoin as a new member: " + path};
  TRY(const auto file, files.open(path, io::OpenMode::kWrite));
  TRY_DONE(file->truncate((size / kBlockBytes + 1) * kBlockBytes));
  TRY_DONE(file->sync());
  log_info("the log's segment " + path + " was about to be closed when the process ended; it is taken up again");
  return {};
}

}  // namespace

Status mend_open_segments(const std::string& engine) {
  io::ProcessFiles files;
  std::error_code failure;
  for (const auto& file : fs::directory_iterator(engine, failure)) {
    if (file.path().filename().string().rfind("open-", 0) != 0) continue;
    const auto size = file.file_size(failure);
    if (size % kBlockBytes != 0) TRY_DONE(mend(files, file.path().string(), size));
    TRY_DONE(check_batches(files, file.path().string()));
  }
  return {};
}

}  // namespace pelorus::raft
