#include "raft/internal/command_file.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/log.h"
#include "io/checksum.h"

namespace pelorus::raft {

namespace {

constexpr uint32_t kFileMagic = 0x474c5250;   // "PRLG"
constexpr uint32_t kFrameMagic = 0x464c5250;  // "PRLF"
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kFileHeaderBytes = 20;
constexpr size_t kFrameHeaderBytes = 24;
constexpr size_t kFrameSumAt = 20;  // of the checksum, over everything else in the frame
constexpr uint64_t kFileBytesMax = 16ull << 30;
constexpr std::string_view kNamePrefix = "log-";

struct Frame {
  uint64_t first_index = 0;
  uint32_t count = 0;
  std::string_view commands;
  size_t bytes = 0;  // header included
};

/// The frame at the beginning of `bytes`, if it is whole.
bool read_frame(std::string_view bytes, Frame& frame) {
  ByteReader in(bytes);
  const auto magic = in.get<uint32_t>();
  const auto size = in.get<uint32_t>();
  frame.first_index = in.get<uint64_t>();
  frame.count = in.get<uint32_t>();
  const auto sum = in.get<uint32_t>();
  if (!in.ok() || magic != kFrameMagic || size > in.left()) return false;
  frame.commands = in.get_raw(size);
  frame.bytes = kFrameHeaderBytes + size;
  return io::crc32c(frame.commands, io::crc32c(bytes.substr(0, kFrameSumAt))) == sum;
}

/// Whether a whole frame begins anywhere in `bytes`: then what comes before it is no torn tail.
bool holds_frame(std::string_view bytes) {
  char magic[sizeof kFrameMagic];
  std::memcpy(magic, &kFrameMagic, sizeof magic);
  Frame frame;
  for (auto at = bytes.find({magic, sizeof magic}); at != std::string_view::npos;
       at = bytes.find({magic, sizeof magic}, at + 1)) {
    if (read_frame(bytes.substr(at), frame)) return true;
  }
  return false;
}

}  // namespace

Status CommandFile::create(const std::string& directory, uint64_t base) {
  path_ = io::join_path(directory, std::string(kNamePrefix) + std::to_string(base));
  Bytes header;
  ByteWriter out(header);
  out.put(kFileMagic);
  out.put(kFormatVersion);
  out.put(base);
  out.put(io::crc32c(header));
  TRY_DONE(io::replace_file(files_, path_, header));
  TRY(file_, files_.open(path_, io::OpenMode::kWrite));
  base_ = base;
  size_ = header.size();
  is_broken_ = false;
  return {};
}

Status CommandFile::open(const std::string& path, const std::function<Status(uint64_t, std::string_view)>& command) {
  path_ = path;
  TRY(const auto content, io::read_file(files_, path, kFileBytesMax));
  TRY(file_, files_.open(path, io::OpenMode::kWrite));
  ByteReader header(content);
  const auto magic = header.get<uint32_t>();
  const auto version = header.get<uint32_t>();
  base_ = header.get<uint64_t>();
  const auto sum = header.get<uint32_t>();
  if (!header.ok() || magic != kFileMagic || version != kFormatVersion ||
      sum != io::crc32c(std::string_view(content).substr(0, kFileHeaderBytes - sizeof sum))) {
    return Error{ErrorCode::kCorrupt, "log file has a damaged header: " + path};
  }
  uint64_t at = kFileHeaderBytes;
  uint64_t next = base_ + 1;
  while (at < content.size()) {
    Frame frame;
    const auto rest = std::string_view(content).substr(at);
    if (!read_frame(rest, frame)) return cut_tail(content, at);
    if (frame.first_index != next) {
      return Error{ErrorCode::kCorrupt, "log file has a gap: command " + std::to_string(next) + " expected, " +
                                            std::to_string(frame.first_index) + " found: " + path + " at " +
                                            std::to_string(at)};
    }
    ByteReader commands(frame.commands);
    for (uint32_t i = 0; i < frame.count; ++i) TRY_DONE(command(next++, commands.get_raw(commands.get<uint32_t>())));
    at += frame.bytes;
  }
  size_ = at;
  return {};
}

Status CommandFile::cut_tail(std::string_view content, uint64_t good_bytes) {
  if (holds_frame(content.substr(good_bytes + 1))) {
    return Error{ErrorCode::kCorrupt, "log file is damaged before its end; restore it from a backup: " + path_ +
                                          " at " + std::to_string(good_bytes)};
  }
  log_warning("last group of commands is not whole and was never acknowledged, cut off: " + path_ + " at " +
              std::to_string(good_bytes));
  TRY_DONE(file_->truncate(good_bytes));
  TRY_DONE(file_->sync());
  size_ = good_bytes;
  return {};
}

Status CommandFile::append(uint64_t first_index, const std::vector<std::string_view>& commands) {
  if (is_broken_ || file_ == nullptr) return Error{ErrorCode::kIo, "log file failed before: " + path_};
  Bytes frame;
  ByteWriter out(frame);
  out.put(kFrameMagic);
  out.put<uint32_t>(0);
  out.put(first_index);
  out.put(static_cast<uint32_t>(commands.size()));
  out.put<uint32_t>(0);
  for (const auto command : commands) out.put_string(command);
  const auto size = static_cast<uint32_t>(frame.size() - kFrameHeaderBytes);
  std::memcpy(frame.data() + sizeof kFrameMagic, &size, sizeof size);
  const auto sum = io::crc32c(std::string_view(frame).substr(kFrameHeaderBytes),
                              io::crc32c(std::string_view(frame).substr(0, kFrameSumAt)));
  std::memcpy(frame.data() + kFrameSumAt, &sum, sizeof sum);
  if (const auto written = file_->write_at(size_, frame); !written.ok()) {
    is_broken_ = written.error().code != ErrorCode::kNoSpace || !file_->truncate(size_).ok();
    return is_broken_ ? Error{ErrorCode::kIo, written.error().message} : written.error();
  }
  if (const auto synced = file_->sync(); !synced.ok()) {
    is_broken_ = true;  // the kernel may have dropped the pages: nothing about this file is certain any more
    return Error{ErrorCode::kIo, synced.error().message};
  }
  size_ += frame.size();
  return {};
}

Result<std::string> newest_command_file(io::FileSystem& files, const std::string& directory,
                                        std::vector<std::string>& older) {
  TRY(const auto names, files.list(directory));
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const auto& name : names) {
    if (!name.starts_with(kNamePrefix)) continue;
    uint64_t base = 0;
    const auto [end, code] = std::from_chars(name.data() + kNamePrefix.size(), name.data() + name.size(), base);
    if (code == std::errc() && end == name.data() + name.size())
      found.emplace_back(base, io::join_path(directory, name));
  }
  if (found.empty()) return std::string();
  std::sort(found.begin(), found.end());
  for (size_t i = 0; i + 1 < found.size(); ++i) older.push_back(found[i].second);
  return found.back().second;
}

}  // namespace pelorus::raft
