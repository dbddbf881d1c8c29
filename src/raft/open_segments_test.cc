// What a power cut tore is told from damage in the segment that the engine was writing to.
#include "raft/internal/open_segments.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "io/process_files.h"

namespace pelorus::raft {
namespace {

namespace fs = std::filesystem;

/// As the engine writes them: CRC-32, highest bit first, from zero.
uint32_t crc_of(std::string_view bytes) {
  uint32_t crc = 0;
  for (const char byte : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<uint8_t>(byte)) << 24;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc >> 31) * 0x04C11DB7u);
  }
  return crc;
}

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Checksums of head and content, number of entries, term, type and size of each, content.
std::string batch_of(size_t entries, size_t entry_bytes) {
  std::mt19937 random(static_cast<unsigned>(entries));
  std::string head, content;
  put<uint64_t>(head, entries);
  for (size_t i = 0; i < entries; ++i) {
    put<uint64_t>(head, 3);
    put<uint32_t>(head, 1);
    put<uint32_t>(head, static_cast<uint32_t>(entry_bytes));
    for (size_t k = 0; k < entry_bytes; ++k) content += static_cast<char>(random() % 255 + 1);
  }
  std::string batch;
  put<uint32_t>(batch, crc_of(head));
  put<uint32_t>(batch, crc_of(content));
  return batch + head + content;
}

class OpenSegment : public ::testing::Test {
 protected:
  static constexpr size_t kSector = 512;

  OpenSegment() : directory_(fs::temp_directory_path() / ("open_segment_" + std::to_string(std::random_device{}()))) {
    fs::create_directories(directory_);
  }
  ~OpenSegment() override { fs::remove_all(directory_); }

  /// A segment whose last batch begins at last_ and ends at end_.
  void write_batches(size_t entries, size_t entry_bytes) {
    bytes_.clear();
    put<uint64_t>(bytes_, 1);
    bytes_ += batch_of(2, 24);
    last_ = bytes_.size();
    bytes_ += batch_of(entries, entry_bytes);
    end_ = bytes_.size();
    bytes_.resize(64 * 1024);
  }
  Status mend(const std::string& bytes) {
    io::ProcessFiles files;
    EXPECT_TRUE(io::replace_file(files, (directory_ / "open-1").string(), bytes).ok());
    return mend_open_segments(directory_.string());
  }

  const fs::path directory_;
  std::string bytes_;
  size_t last_ = 0, end_ = 0;
};

TEST_F(OpenSegment, every_flipped_bit_of_the_last_batch_is_found) {
  for (const auto& [entries, entry_bytes] : {std::pair{1, 40}, {1, 8}, {3, 600}, {40, 16}, {100, 8}}) {
    write_batches(static_cast<size_t>(entries), static_cast<size_t>(entry_bytes));
    ASSERT_TRUE(mend(bytes_).ok());
    for (size_t at = last_; at < end_; at += at < last_ + 64 ? 1 : 37) {
      for (const int bit : {0, 3, 7}) {
        auto damaged = bytes_;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const auto mended = mend(damaged);
        ASSERT_FALSE(mended.ok()) << entries << " entries, byte " << at - last_ << " bit " << bit;
        EXPECT_EQ(mended.error().code, ErrorCode::kCorrupt);
        EXPECT_NE(mended.error().message.find("at byte " + std::to_string(last_)), std::string::npos);
      }
    }
  }
}

TEST_F(OpenSegment, whichever_sectors_a_power_cut_kept_from_the_disk_that_is_no_damage) {
  for (const auto& [entries, entry_bytes] : {std::pair{1, 40}, {1, 3000}, {40, 16}, {100, 8}, {200, 1}}) {
    write_batches(static_cast<size_t>(entries), static_cast<size_t>(entry_bytes));
    const auto first = last_ / kSector, sectors = (end_ - 1) / kSector - first + 1;
    ASSERT_LE(sectors, 10u);
    for (size_t kept = 0; kept + 1 < size_t{1} << sectors; ++kept) {
      auto torn = bytes_;
      for (size_t sector = 0; sector < sectors; ++sector) {
        if ((kept >> sector & 1) != 0) continue;
        const auto from = std::max(last_, (first + sector) * kSector), to = (first + sector + 1) * kSector;
        std::memset(torn.data() + from, 0, to - from);
      }
      const auto mended = mend(torn);
      ASSERT_TRUE(mended.ok()) << entries << " entries, sectors kept " << kept << ": " << mended.error().message;
    }
  }
}

}  // namespace
}  // namespace pelorus::raft
