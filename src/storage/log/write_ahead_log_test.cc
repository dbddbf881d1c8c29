#include "storage/log/write_ahead_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "io/faulty_file_system.h"
#include "io/memory_file_system.h"

namespace pelorus::storage {
namespace {

constexpr const char* kDirectory = "/log";

struct Reopened {
  std::unique_ptr<WriteAheadLog> log;
  std::vector<std::string> records;  // without closing records
  std::vector<uint64_t> sequences;
  std::optional<Error> error;
};

Reopened open_log(io::FileSystem& files, bool sync = true, uint64_t segment_bytes = 65536) {
  Reopened opened;
  auto log = WriteAheadLog::open(files, {kDirectory, segment_bytes, sync},
                                 [&](const LoggedRecord& record, RecordType type, std::string_view payload) -> Status {
                                   if (type == RecordType::kEnd) return {};
                                   opened.records.emplace_back(payload);
                                   opened.sequences.push_back(record.sequence);
                                   return {};
                                 });
  if (log.ok())
    opened.log = std::move(log).value();
  else
    opened.error = log.error();
  return opened;
}

Result<LoggedRecord> append(WriteAheadLog& log, const std::string& payload) {
  const std::string_view parts[] = {std::string_view(payload).substr(0, payload.size() / 2),
                                    std::string_view(payload).substr(payload.size() / 2)};
  return log.append(RecordType::kPrepare, parts);
}

std::string path_of(uint64_t segment) { return std::string(kDirectory) + '/' + segment_file_name(segment); }

TEST(WriteAheadLog, gives_records_back_in_order_after_a_crash) {
  io::MemoryFileSystem files;
  {
    auto opened = open_log(files);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(*opened.log, "record " + std::to_string(i)).ok());
  }
  files.crash(io::CrashStyle::kDropUnsynced, 1);
  const auto opened = open_log(files);
  ASSERT_EQ(opened.records.size(), 10u);
  EXPECT_EQ(opened.records[7], "record 7");
  EXPECT_EQ(opened.sequences.back(), 10u);
}

TEST(WriteAheadLog, unsynced_records_may_go_when_syncing_is_off) {
  io::MemoryFileSystem files;
  {
    auto opened = open_log(files, false);
    ASSERT_TRUE(append(*opened.log, "a").ok());
    ASSERT_TRUE(opened.log->flush_pending().ok());
    ASSERT_TRUE(append(*opened.log, "b").ok());
  }
  files.crash(io::CrashStyle::kDropUnsynced, 1);
  EXPECT_EQ(open_log(files).records, std::vector<std::string>{"a"});
}

TEST(WriteAheadLog, crosses_files_and_takes_records_larger_than_one) {
  io::MemoryFileSystem files;
  std::vector<std::string> written;
  {
    auto opened = open_log(files, true, 16384);
    for (const size_t size : {10, 9000, 9000, 50000, 0, 1, 16384, 5}) {
      written.emplace_back(size, 'a' + static_cast<char>(size % 26));
      ASSERT_TRUE(append(*opened.log, written.back()).ok());
    }
    EXPECT_GT(opened.log->bytes(), 3 * 16384u);
  }
  EXPECT_EQ(open_log(files, true, 16384).records, written);
}

TEST(WriteAheadLog, files_longer_than_what_is_read_at_a_time) {
  constexpr uint64_t kBytes = 8 << 20;
  io::MemoryFileSystem files;
  std::vector<std::string> written;
  {
    auto opened = open_log(files, true, kBytes);
    std::vector<size_t> sizes{10, 900'000, 3 << 20, 0};
    sizes.insert(sizes.end(), 300, 7001);
    for (const size_t size : sizes) {
      written.emplace_back(size, 'a' + static_cast<char>(written.size() % 26));
      ASSERT_TRUE(append(*opened.log, written.back()).ok());
    }
    EXPECT_EQ(opened.log->bytes(), kBytes);
  }
  EXPECT_EQ(open_log(files, true, kBytes).records, written);
  // The next frame, which tells damage from a torn end, is megabytes behind.
  const auto copy = files.copy();
  ASSERT_TRUE(copy->flip_bit(path_of(1), (2 << 20) * 8).ok());
  const auto damaged = open_log(*copy, true, kBytes);
  ASSERT_TRUE(damaged.error);
  EXPECT_EQ(damaged.error->code, ErrorCode::kCorrupt) << damaged.error->describe();
}

TEST(WriteAheadLog, recycles_files_nobody_pins) {
  io::MemoryFileSystem files;
  auto opened = open_log(files, true, 16384);
  std::vector<LogPin> pins;
  for (int i = 0; i < 20; ++i) pins.push_back(append(*opened.log, std::string(5000, 'x')).value().pin);
  const auto bytes = opened.log->bytes();
  ASSERT_TRUE(opened.log->release().ok());
  EXPECT_EQ(opened.log->bytes(), bytes) << "all are pinned";
  pins.erase(pins.begin(), pins.begin() + 15);
  ASSERT_TRUE(opened.log->release().ok());
  EXPECT_LT(opened.log->bytes(), bytes);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*opened.log, "after " + std::to_string(i)).ok());
  opened.log.reset();
  const auto again = open_log(files, true, 16384);
  ASSERT_FALSE(again.error) << again.error->describe();
  EXPECT_EQ(again.records.back(), "after 19");
  EXPECT_LT(again.records.size(), 40u);
}

TEST(WriteAheadLog, recycled_files_are_given_up_on_demand) {
  io::MemoryFileSystem files;
  auto opened = open_log(files, true, 16384);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*opened.log, std::string(5000, 'x')).ok());
  const auto spares = [&] {
    const auto names = files.list(kDirectory).value();
    return std::count_if(names.begin(), names.end(), [](const auto& name) { return name.starts_with("spare_"); });
  };
  ASSERT_TRUE(opened.log->release().ok());
  EXPECT_GT(spares(), 0);
  ASSERT_TRUE(opened.log->drop_spares().ok());
  EXPECT_EQ(spares(), 0);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*opened.log, "after " + std::to_string(i)).ok());
  opened.log.reset();
  EXPECT_EQ(open_log(files, true, 16384).records.back(), "after 19");
}

TEST(WriteAheadLog, later_records_go_with_the_next_append) {
  io::MemoryFileSystem files;
  {
    auto opened = open_log(files);
    opened.log->append_later(RecordType::kCommit, "later");
    ASSERT_TRUE(append(*opened.log, "now").ok());
    opened.log->append_later(RecordType::kCommit, "never");
  }
  files.crash(io::CrashStyle::kDropUnsynced, 1);
  EXPECT_EQ(open_log(files).records, (std::vector<std::string>{"later", "now"}));
}

TEST(WriteAheadLog, many_threads_share_syncs_and_lose_nothing) {
  io::MemoryFileSystem memory;
  io::FaultyFileSystem files(memory);
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  {
    auto opened = open_log(files, true, 1 << 20);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i)
          ASSERT_TRUE(append(*opened.log, std::to_string(t) + ":" + std::to_string(i)).ok());
      });
    }
    for (auto& thread : threads) thread.join();
  }
  memory.crash(io::CrashStyle::kDropUnsynced, 1);
  const auto again = open_log(memory);
  ASSERT_EQ(again.records.size(), static_cast<size_t>(kThreads * kEach));
  for (int t = 0; t < kThreads; ++t) {
    int next = 0;
    for (const auto& record : again.records) {
      if (record.starts_with(std::to_string(t) + ":")) {
        EXPECT_EQ(record, std::to_string(t) + ":" + std::to_string(next++));
      }
    }
  }
}

TEST(WriteAheadLog, a_failed_sync_poisons_it) {
  io::MemoryFileSystem memory;
  io::FaultyFileSystem files(memory);
  auto opened = open_log(files);
  ASSERT_TRUE(append(*opened.log, "good").ok());
  files.fail(io::Operation::kSync, ".wal");
  EXPECT_EQ(append(*opened.log, "bad").error().code, ErrorCode::kIo);
  EXPECT_EQ(append(*opened.log, "refused though the disk works again").error().code, ErrorCode::kIo);
  EXPECT_FALSE(opened.log->failure().empty());
}

TEST(WriteAheadLog, a_full_disk_refuses_and_recovers) {
  io::MemoryFileSystem memory;
  io::FaultyFileSystem files(memory);
  auto opened = open_log(files);
  ASSERT_TRUE(append(*opened.log, "first").ok());
  files.set_full(true);
  const auto refused = append(*opened.log, "refused");
  ASSERT_EQ(refused.error().code, ErrorCode::kNoSpace);
  EXPECT_NE(refused.error().message.find(kDirectory), std::string::npos) << refused.error().message;
  opened.log->append_later(RecordType::kCommit, "kept");
  EXPECT_EQ(opened.log->flush_pending().error().code, ErrorCode::kNoSpace);
  files.set_full(false);
  ASSERT_TRUE(append(*opened.log, "last").ok());
  EXPECT_TRUE(opened.log->failure().empty());
  opened.log.reset();
  EXPECT_EQ(open_log(files).records, (std::vector<std::string>{"first", "kept", "last"}));
}

TEST(WriteAheadLog, torn_end_is_dropped_and_the_log_goes_on) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    io::MemoryFileSystem memory;
    io::FaultyFileSystem files(memory);
    {
      auto opened = open_log(files, true, 16384);
      ASSERT_TRUE(append(*opened.log, std::string(3000, 'a')).ok());
      files.crash_at(files.steps() + 1 + seed % 2);
      EXPECT_FALSE(append(*opened.log, std::string(3000, 'b')).ok());
    }
    memory.crash(io::CrashStyle::kRandom, seed);
    auto opened = open_log(memory, true, 16384);
    ASSERT_FALSE(opened.error) << opened.error->describe();
    ASSERT_GE(opened.records.size(), 1u);
    EXPECT_EQ(opened.records[0], std::string(3000, 'a'));
    const size_t kept = opened.records.size();
    ASSERT_TRUE(append(*opened.log, "c").ok());
    opened.log.reset();
    memory.crash(io::CrashStyle::kDropUnsynced, seed);
    const auto again = open_log(memory, true, 16384);
    ASSERT_FALSE(again.error) << again.error->describe();
    ASSERT_EQ(again.records.size(), kept + 1);
    EXPECT_EQ(again.records.back(), "c");
  }
}

/// Of a record of 3000 bytes, and where the second of two of them begins.
constexpr uint64_t kFrameBytes = 3072, kSecond = kLogHeaderBytes + kFrameBytes;

TEST(WriteAheadLog, damage_to_the_last_record_is_no_torn_write_once_it_was_acknowledged) {
  for (const bool sync : {true, false}) {
    io::MemoryFileSystem files;
    auto opened = open_log(files, sync, 16384);
    ASSERT_TRUE(append(*opened.log, std::string(3000, 'a')).ok());
    ASSERT_TRUE(append(*opened.log, std::string(3000, 'b')).ok());
    ASSERT_TRUE(sync || opened.log->flush_pending().ok());
    EXPECT_EQ(open_log(*files.copy(), sync, 16384).records.size(), 2u);
    for (uint64_t at = kSecond; at < kSecond + kFrameHeaderBytes + 3000; ++at) {
      const uint64_t bit = at * 8 + at % 8;
      auto copy = files.copy();
      ASSERT_TRUE(copy->flip_bit(path_of(1), bit).ok());
      const auto damaged = open_log(*copy, sync, 16384);
      ASSERT_TRUE(damaged.error) << "bit " << bit;
      EXPECT_EQ(damaged.error->code, ErrorCode::kCorrupt) << damaged.error->describe();
      EXPECT_NE(damaged.error->message.find(path_of(1)), std::string::npos) << damaged.error->message;
    }
  }
}

TEST(WriteAheadLog, a_record_of_which_part_came_is_torn_though_the_one_before_was_acknowledged) {
  io::MemoryFileSystem memory;
  io::FaultyFileSystem files(memory);
  auto opened = open_log(files, true, 16384);
  ASSERT_TRUE(append(*opened.log, std::string(3000, 'a')).ok());
  const auto before = memory.copy();
  files.fail(io::Operation::kSync, ".wal");
  ASSERT_FALSE(append(*opened.log, std::string(3000, 'b')).ok());
  const auto after = io::read_file(memory, path_of(1), 1 << 20).value();
  // Its bytes come in sectors, in any order.
  constexpr unsigned kAll = (1u << kFrameBytes / 512) - 1;
  for (unsigned sectors = 0; sectors <= kAll; ++sectors) {
    auto copy = before->copy();
    const auto file = copy->open(path_of(1), io::OpenMode::kWrite).value();
    for (uint64_t sector = 0; sector < kFrameBytes / 512; ++sector) {
      if ((sectors >> sector & 1) == 0) continue;
      const uint64_t at = kSecond + sector * 512;
      ASSERT_TRUE(file->write_at(at, after.substr(at, 512)).ok());
    }
    const auto again = open_log(*copy, true, 16384);
    ASSERT_FALSE(again.error) << sectors << ": " << again.error->describe();
    EXPECT_EQ(again.records.size(), sectors == kAll ? 2u : 1u) << sectors;
    EXPECT_EQ(again.records[0], std::string(3000, 'a'));
  }
}

TEST(WriteAheadLog, what_an_open_replayed_is_known_to_be_synced_before_anything_else_is_written) {
  constexpr uint64_t kSomeBit = (kSecond + 60) * 8;
  io::MemoryFileSystem memory;
  {
    io::FaultyFileSystem files(memory);
    auto opened = open_log(files);
    ASSERT_TRUE(append(*opened.log, std::string(3000, 'a')).ok());
    files.fail(io::Operation::kSync, ".wal");
    EXPECT_FALSE(append(*opened.log, std::string(3000, 'b')).ok());
  }
  auto torn = memory.copy();
  ASSERT_TRUE(torn->flip_bit(path_of(1), kSomeBit).ok());
  EXPECT_EQ(open_log(*torn).records.size(), 1u);
  ASSERT_EQ(open_log(memory).records.size(), 2u);  // its outcome may have been asked for by now
  ASSERT_TRUE(memory.flip_bit(path_of(1), kSomeBit).ok());
  EXPECT_TRUE(open_log(memory).error);
}

TEST(WriteAheadLog, a_record_that_fills_its_file_leaves_room_for_the_mark) {
  io::MemoryFileSystem files;
  auto opened = open_log(files, true, 16384);
  const std::string whole(16384 - 4096 - 48, 'a');
  ASSERT_TRUE(append(*opened.log, whole).ok());
  EXPECT_GT(opened.log->bytes(), 16384u) << "it fits, but nothing behind it";
  auto copy = files.copy();
  ASSERT_TRUE(copy->flip_bit(path_of(1), (16384 - 100) * 8).ok());
  EXPECT_TRUE(open_log(*copy, true, 16384).error);
  ASSERT_TRUE(append(*opened.log, "next").ok());
  opened.log.reset();
  EXPECT_EQ(open_log(files, true, 16384).records, (std::vector<std::string>{whole, "next"}));
}

TEST(WriteAheadLog, what_an_open_replays_is_there_for_good) {
  io::MemoryFileSystem memory;
  {
    io::FaultyFileSystem files(memory);
    auto opened = open_log(files);
    ASSERT_TRUE(append(*opened.log, "synced").ok());
    files.fail(io::Operation::kSync, ".wal");
    EXPECT_FALSE(append(*opened.log, "in the operating system's cache only").ok());
  }
  const auto replayed = open_log(memory).records;  // the process died, the machine lived
  EXPECT_EQ(replayed.size(), 2u);
  memory.crash(io::CrashStyle::kDropUnsynced, 1);
  EXPECT_EQ(open_log(memory).records, replayed);
}

TEST(WriteAheadLog, every_flipped_bit_is_noticed_or_harmless) {
  io::MemoryFileSystem files;
  std::vector<std::string> written;
  {
    auto opened = open_log(files, true, 16384);
    for (int i = 0; i < 8; ++i) {
      written.push_back("record number " + std::to_string(i) + std::string(static_cast<size_t>(i) * 700, '.'));
      ASSERT_TRUE(append(*opened.log, written.back()).ok());
    }
    ASSERT_TRUE(opened.log->stop().ok());
  }
  size_t noticed = 0;
  for (const auto& path : files.files()) {
    const auto bytes = io::read_file(files, path, 1 << 20).value().size();
    for (uint64_t bit = 0; bit < 8 * bytes; bit += 37) {
      auto copy = files.copy();
      ASSERT_TRUE(copy->flip_bit(path, bit).ok());
      const auto opened = open_log(*copy, true, 16384);
      if (opened.error) {
        EXPECT_TRUE(opened.error->code == ErrorCode::kCorrupt || opened.error->code == ErrorCode::kInvalid);
        EXPECT_NE(opened.error->message.find(kDirectory), std::string::npos) << opened.error->message;
        ++noticed;
      } else {
        EXPECT_EQ(opened.records, written) << path << " bit " << bit;
      }
    }
  }
  EXPECT_GT(noticed, 500u);
}

TEST(WriteAheadLog, missing_and_shortened_files_are_named) {
  io::MemoryFileSystem files;
  {
    auto opened = open_log(files, true, 16384);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(*opened.log, std::string(5000, 'x')).ok());
    ASSERT_TRUE(opened.log->stop().ok());
  }
  for (const uint64_t segment : {1, 2, 3}) {
    auto copy = files.copy();
    ASSERT_TRUE(copy->remove(path_of(segment)).ok());
    auto opened = open_log(*copy, true, 16384);
    ASSERT_TRUE(opened.error);
    EXPECT_NE(opened.error->message.find(path_of(segment)), std::string::npos) << opened.error->message;
    copy = files.copy();
    ASSERT_TRUE(copy->cut(path_of(segment), 9000).ok());
    opened = open_log(*copy, true, 16384);
    ASSERT_TRUE(opened.error) << segment;
    EXPECT_EQ(opened.error->code, ErrorCode::kCorrupt);
  }
  auto copy = files.copy();
  ASSERT_TRUE(copy->remove(std::string(kDirectory) + "/log_state").ok());
  EXPECT_TRUE(open_log(*copy, true, 16384).error);
}

}  // namespace
}  // namespace pelorus::storage
