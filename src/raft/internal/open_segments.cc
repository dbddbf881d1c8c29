#include "raft/internal/open_segments.h"

#include <cstring>
#include <filesystem>

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
T number_at(const std::string& bytes, uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Whether the bytes are a format number and whole batches, the last one at their very end. Checksums are the engine's
/// to check.
bool ends_with_a_batch(const std::string& bytes) {
  uint64_t at = sizeof kFormat;
  if (bytes.size() < at || number_at<uint64_t>(bytes, 0) != kFormat) return false;
  while (at < bytes.size()) {
    if (bytes.size() - at < kBatchHeaderBytes) return false;
    const auto entries = number_at<uint64_t>(bytes, at + 8);
    at += kBatchHeaderBytes;
    if (entries == 0 || entries > (bytes.size() - at) / kEntryHeaderBytes) return false;
    uint64_t data = 0;
    for (uint64_t i = 0; i < entries; ++i) data += number_at<uint32_t>(bytes, at + i * kEntryHeaderBytes + 12);
    at += entries * kEntryHeaderBytes;
    if (data > bytes.size() - at) return false;
    at += data;
  }
  return true;
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
  }
  return {};
}

}  // namespace pelorus::raft
