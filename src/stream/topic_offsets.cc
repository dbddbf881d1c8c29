#include "stream/topic_offsets.h"

#include <cctype>
#include <cstring>

#include "base/log.h"
#include "io/checksum.h"

namespace pelorus::stream {
namespace {

constexpr size_t kSlots = 2;       // written in turn: one of them is whole
constexpr size_t kNumbers = 16;    // bytes of a slot before its checksum
constexpr size_t kSlotBytes = 24;  // with the checksum and four zero bytes
constexpr size_t kNameBytesMax = 180;
constexpr std::string_view kEnding = ".offset";

uint32_t checksum_of(const std::string& topic, std::string_view numbers) {
  return io::crc32c(numbers, io::crc32c(topic));
}

}  // namespace

void TopicOffsets::open(io::FileSystem& files, std::string folder) {
  files_ = &files;
  folder_ = std::move(folder);
}

std::string TopicOffsets::path_of(const std::string& topic) const {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string name;
  for (const char c : topic) {
    const auto code = static_cast<unsigned char>(c);
    if (std::isalnum(code) != 0 || c == '_' || c == '-') {
      name += c;
    } else {
      name += {'%', kDigits[code >> 4], kDigits[code & 0xF]};
    }
  }
  if (name.size() > kNameBytesMax) name = name.substr(0, kNameBytesMax) + "-" + std::to_string(io::crc32c(topic));
  return io::join_path(folder_, name + std::string(kEnding));
}

Status TopicOffsets::load(const std::string& topic, Entry& entry) {
  const auto path = path_of(topic);
  TRY(const bool exists, files_->exists(path));
  if (!exists) return {};
  TRY(entry.file, files_->open(path, io::OpenMode::kWrite));
  char bytes[kSlots * kSlotBytes] = {};
  TRY(const size_t count, entry.file->read(0, bytes, sizeof bytes));
  for (size_t slot = 0; slot < kSlots && (slot + 1) * kSlotBytes <= count; ++slot) {
    const std::string_view numbers(bytes + slot * kSlotBytes, kNumbers);
    uint32_t checksum = 0;
    uint64_t writes = 0;
    int64_t next_row = 0;
    std::memcpy(&writes, numbers.data(), sizeof writes);
    std::memcpy(&next_row, numbers.data() + sizeof writes, sizeof next_row);
    std::memcpy(&checksum, numbers.data() + kNumbers, sizeof checksum);
    if (checksum != checksum_of(topic, numbers) || (entry.next_row && writes < entry.writes)) continue;
    entry.writes = writes;
    entry.next_row = next_row;
  }
  return {};
}

Status TopicOffsets::write(const std::string& topic, Entry& entry) {
  if (entry.file == nullptr) {
    TRY_DONE(files_->make_directories(folder_));
    TRY(entry.file, files_->open(path_of(topic), io::OpenMode::kCreate));
    TRY_DONE(files_->sync_directory(folder_));
  }
  ++entry.writes;
  std::string slot(kSlotBytes, '\0');
  std::memcpy(slot.data(), &entry.writes, sizeof entry.writes);
  std::memcpy(slot.data() + sizeof entry.writes, &*entry.next_row, sizeof *entry.next_row);
  const uint32_t checksum = checksum_of(topic, std::string_view(slot).substr(0, kNumbers));
  std::memcpy(slot.data() + kNumbers, &checksum, sizeof checksum);
  return entry.file->write_at((entry.writes % kSlots) * kSlotBytes, slot);
}

TopicOffsets::Entry& TopicOffsets::entry_of(const std::string& topic) {
  const auto [found, is_new] = entries_.try_emplace(topic);
  if (!is_new || folder_.empty()) return found->second;
  if (const auto loaded = load(topic, found->second); !loaded.ok())
    log_error("The offset of the topic " + topic + " can't be read: " + loaded.error().message);
  return found->second;
}

std::optional<int64_t> TopicOffsets::find(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  return entry_of(topic).next_row;
}

void TopicOffsets::put(const std::string& topic, int64_t next_row) {
  const std::lock_guard lock(mutex_);
  auto& entry = entry_of(topic);
  if (entry.next_row == next_row) return;
  entry.next_row = next_row;
  if (folder_.empty()) return;
  const auto written = write(topic, entry);
  if (!written.ok() && !entry.failed)
    log_error("The offset of the topic " + topic + " can't be kept: " + written.error().message);
  entry.failed = !written.ok();
}

bool TopicOffsets::remove(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  auto& entry = entry_of(topic);
  const bool was_there = entry.next_row.has_value();
  const bool has_file = entry.file != nullptr;
  entries_.erase(topic);
  if (has_file) (void)files_->remove(path_of(topic));
  return was_there;
}

}  // namespace pelorus::stream
