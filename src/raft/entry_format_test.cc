#include "raft/internal/entry_format.h"

#include <gtest/gtest.h>

#include "raft/internal/replay.h"
#include "raft/internal/test_cluster.h"

namespace pelorus::raft {
namespace {

const Uuid kGroup = Uuid::parse("11111111-2222-3333-4444-555555555555");

Bytes entry_of(std::vector<std::string> commands, LogPlace before, LogPlace& after, Uuid group = kGroup) {
  EntryEncoder encoder(group, before, 7);
  for (const auto& each : commands) encoder.add(each);
  return encoder.finish(after);
}

TEST(EntryFormat, entry_comes_back_whole_and_aligned) {
  LogPlace after;
  const auto bytes = entry_of({"one", "", "three"}, {4, 99}, after);
  EXPECT_EQ(bytes.size() % 8, 0u);
  const auto entry = decode_entry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.error().describe();
  EXPECT_EQ(entry.value().commands, (std::vector<std::string_view>{"one", "", "three"}));
  EXPECT_EQ(entry.value().before, (LogPlace{4, 99}));
  EXPECT_EQ(entry.value().after, after);
  EXPECT_EQ(after.command_count, 7u);
}

TEST(EntryFormat, cut_or_padded_bytes_are_corrupt_never_a_crash) {
  LogPlace after;
  const auto entry = entry_of({"command one", "command two"}, {}, after);
  for (size_t size = 0; size + 8 <= entry.size(); ++size) {
    EXPECT_FALSE(decode_entry(std::string_view(entry).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_entry(entry + "12345678").ok());
  const auto snapshot = encode_snapshot(kGroup, {1, 2}, "state of the machine");
  ASSERT_EQ(decode_snapshot(snapshot).value().state, "state of the machine");
  for (size_t size = 0; size < snapshot.size(); ++size) {
    EXPECT_FALSE(decode_snapshot(std::string_view(snapshot).substr(0, size)).ok()) << size;
  }
  for (size_t at = 0; at < snapshot.size(); ++at) {
    auto damaged = snapshot;
    damaged[at] ^= 4;
    EXPECT_FALSE(decode_snapshot(damaged).ok()) << at;
  }
}

TEST(Replay, refuses_gaps_foreign_groups_and_other_histories) {
  Remembering machine;
  Replay replay(kGroup, machine);
  LogPlace first;
  LogPlace second;
  const auto one = entry_of({"a", "b"}, {}, first);
  const auto two = entry_of({"c"}, first, second);
  ASSERT_TRUE(replay.apply(decode_entry(one).value(), nullptr).ok());
  LogPlace ignored;
  const auto gap = entry_of({"x"}, {3, first.link}, ignored);
  EXPECT_EQ(replay.apply(decode_entry(gap).value(), nullptr).error().code, ErrorCode::kCorrupt);
  const auto fork = entry_of({"x"}, {2, first.link + 1}, ignored);
  EXPECT_EQ(replay.apply(decode_entry(fork).value(), nullptr).error().code, ErrorCode::kCorrupt);
  const auto foreign = entry_of({"x"}, first, ignored, Uuid::parse("99999999-2222-3333-4444-555555555555"));
  EXPECT_EQ(replay.apply(decode_entry(foreign).value(), nullptr).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(replay.apply(decode_entry(two).value(), nullptr).ok());
  EXPECT_EQ(machine.commands(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Replay, snapshot_carries_the_place_in_history) {
  Remembering machine;
  Replay replay(kGroup, machine);
  LogPlace first;
  LogPlace second;
  ASSERT_TRUE(replay.apply(decode_entry(entry_of({"a"}, {}, first)).value(), nullptr).ok());
  Remembering other;
  Replay restored(kGroup, other);
  ASSERT_TRUE(restored.restore(replay.snapshot()).ok());
  EXPECT_EQ(restored.place(), first);
  EXPECT_TRUE(restored.apply(decode_entry(entry_of({"b"}, first, second)).value(), nullptr).ok());
  EXPECT_EQ(other.commands(), (std::vector<std::string>{"a", "b"}));
}

TEST(LoadCheck, accepts_entries_kept_behind_a_snapshot_and_refuses_a_hole_after_it) {
  std::vector<LogPlace> places(1);
  std::vector<Bytes> entries;
  for (int i = 0; i < 6; ++i) {
    LogPlace after;
    entries.push_back(entry_of({"c" + std::to_string(i)}, places.back(), after));
    places.push_back(after);
  }
  const auto snapshot = encode_snapshot(kGroup, places[3], "state");
  LoadCheck good(kGroup);
  ASSERT_TRUE(good.snapshot(3, snapshot).ok());
  for (uint64_t i = 1; i < 6; ++i) EXPECT_TRUE(good.command(i + 1, entries[i]).ok()) << i;
  LoadCheck hole(kGroup);
  ASSERT_TRUE(hole.snapshot(3, snapshot).ok());
  EXPECT_TRUE(hole.command(3, entries[2]).ok());
  EXPECT_FALSE(hole.command(5, entries[4]).ok());
  LoadCheck no_snapshot(kGroup);
  ASSERT_TRUE(no_snapshot.snapshot(0, "").ok());
  EXPECT_FALSE(no_snapshot.command(2, entries[1]).ok());
}

}  // namespace
}  // namespace pelorus::raft
