// Chunks that keep their rows sorted: whatever was flushed, merged, copied or lost, readers see what a plain list of
// all rows in order would show.

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "storage/store_fixture.h"

namespace pelorus::storage {
namespace {

using data::Value;
using data::Vector;
using types::Type;

struct Row {
  std::string symbol;
  int32_t group;
  int64_t time;
  int32_t number;  // tells rows apart
};

data::Table table_of(const std::vector<Row>& rows) {
  std::vector<std::string> symbols, notes;
  data::Buffer<int32_t> groups, numbers;
  data::Buffer<int64_t> times;
  for (const auto& row : rows) {
    symbols.push_back(row.symbol);
    groups.push_back(row.group);
    times.push_back(row.time);
    numbers.push_back(row.number);
    notes.push_back(row.number % 4 == 0 ? "" : "n" + std::to_string(row.number));
  }
  return {
      {"sym", "number", "time", "grp", "note"},
      {Vector::of_strings(Type::kSymbol, std::move(symbols)), Vector::adopt<int32_t>(Type::kInt, std::move(numbers)),
       Vector::adopt<int64_t>(Type::kTimestamp, std::move(times)),
       Vector::adopt<int32_t>(Type::kInt, std::move(groups)), Vector::of_strings(Type::kString, std::move(notes))}};
}

/// By symbol, group, time.
const std::vector<uint32_t> kColumns{0, 3, 2};

auto key_of(const Row& row) { return std::tuple(row.symbol, row.group, row.time); }

std::vector<Row> in_order(std::vector<Row> rows, KeepDuplicates keep) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  std::vector<Row> out;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool first = i == 0 || key_of(rows[i - 1]) != key_of(rows[i]);
    const bool last = i + 1 == rows.size() || key_of(rows[i + 1]) != key_of(rows[i]);
    if (keep == KeepDuplicates::kAll || (keep == KeepDuplicates::kFirst ? first : last)) out.push_back(rows[i]);
  }
  return out;
}

/// A node and what it should hold.
class SortedChunk : public ::testing::TestWithParam<KeepDuplicates> {
 protected:
  SortedChunk() : node_(files_) { node_.sort = {kColumns, GetParam()}; }

  std::vector<Row> some_rows(size_t count, int64_t from) {
    std::vector<Row> rows;
    for (size_t i = 0; i < count; ++i) {
      const auto symbol = random_() % 12;
      const bool null_time = random_() % 40 == 0;
      rows.push_back({symbol == 0 ? "" : "s" + std::to_string(symbol), static_cast<int32_t>(random_() % 3),
                      null_time ? types::kNull<int64_t> : from + static_cast<int64_t>(random_() % 50), next_number_++});
    }
    return rows;
  }
  void append(size_t count, int64_t from) {
    const auto rows = some_rows(count, from);
    node_.append(7, table_of(rows));
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    at_[node_.info(7).version] = rows_;
  }
  void replace(size_t count, int64_t from) {
    rows_ = some_rows(count, from);
    node_.append(7, table_of(rows_), WriteKind::kReplace);
    at_[node_.info(7).version] = rows_;
  }
  void expect(TestNode& node) { node.expect_rows(7, table_of(in_order(rows_, GetParam()))); }

  io::MemoryFileSystem files_;
  TestNode node_;
  std::mt19937 random_{11};
  int32_t next_number_ = 1;
  std::vector<Row> rows_;
  std::map<Version, std::vector<Row>> at_;
};

TEST_P(SortedChunk, rows_come_in_order_from_memory_and_files) {
  append(100, 0);
  expect(node_);
  append(1, 20);
  append(70, 30);
  expect(node_);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  expect(node_);
  append(100, 40);  // mixes with what was flushed
  expect(node_);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  append(100, 1000);  // all of it later
  ASSERT_TRUE(node_.store->flush({7}).ok());
  expect(node_);
  EXPECT_EQ(node_.info(7).segments, 3u);
  node_.crash();
  expect(node_);
  ASSERT_TRUE(node_.store->compact({7}).ok());
  EXPECT_EQ(node_.info(7).segments, 1u);
  EXPECT_EQ(node_.info(7).rows, in_order(rows_, GetParam()).size()) << "hidden rows go when files are merged";
  expect(node_);
  node_.crash();
  expect(node_);
  EXPECT_TRUE(node_.store->verify({7}).ok());
}

TEST_P(SortedChunk, whatever_is_done_to_it) {
  for (int step = 0; step < 400; ++step) {
    switch (random_() % 12) {
      case 0: ASSERT_TRUE(node_.store->flush({7}).ok() || at_.empty()); break;
      case 1: ASSERT_TRUE(node_.store->compact({7}).ok() || at_.empty()); break;
      case 2:
        ASSERT_TRUE(node_.store->sync().ok());  // else the last commit may be in doubt
        node_.crash();
        break;
      case 3:
        if (step % 5 == 0) replace(random_() % 80, step);
        break;
      default: append(1 + random_() % 60, static_cast<int64_t>(random_() % 2 == 0 ? step * 20 : step)); break;
    }
    if (at_.empty()) continue;
    expect(node_);
    const auto hash = node_.store->content_hash({7});
    ASSERT_TRUE(hash.ok());
    if (step % 20 == 0) {  // the same rows written at once have the same hash
      io::MemoryFileSystem disk;
      TestNode other(disk);
      other.sort = node_.sort;
      other.append(7, table_of(rows_));
      EXPECT_EQ(*hash, other.store->content_hash({7}).value());
    }
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
}

TEST_P(SortedChunk, older_versions_can_be_read_for_a_while) {
  for (int i = 0; i < 20; ++i) append(30, i * 10);
  const auto check_all = [&] {
    for (const auto& [version, rows] : at_) node_.expect_rows(7, table_of(in_order(rows, GetParam())), version);
  };
  check_all();
  ASSERT_TRUE(node_.store->flush({7}).ok());
  check_all();  // readers who were told a version before the flush come still
  append(30, 5);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  ASSERT_TRUE(node_.store->compact({7}).ok());
  check_all();
  node_.clock.advance(std::chrono::seconds(6));
  append(1, 7);
  replace(5, 0);
  EXPECT_EQ(node_.store->snapshot({7}, 3).error().code, ErrorCode::kStale);
}

TEST_P(SortedChunk, bounds_leave_rows_out_that_cannot_match) {
  for (int i = 0; i < 6; ++i) {
    append(200, i * 30);
    if (i % 2 != 0) continue;
    ASSERT_TRUE(node_.store->flush({7}).ok());
  }
  const auto snapshot = node_.store->snapshot({7}).value();
  const auto all = in_order(rows_, GetParam());
  const auto text = types::Scalar::of_text(Type::kString, "s5");
  const auto time = [](int64_t at) { return types::Scalar::of<int64_t>(Type::kTimestamp, at, 0); };
  const auto check = [&](const std::vector<Bound>& bounds, auto&& matches, size_t rows_max) {
    const auto chosen = snapshot->select(bounds).value();
    EXPECT_LE(chosen.rows->rows(), rows_max);
    const auto numbers = snapshot->read(1, *chosen.rows).value();
    std::vector<int32_t> found;
    std::map<int32_t, Row> by_number;
    for (const auto& row : rows_) by_number.emplace(row.number, row);
    for (const auto number : numbers.values<int32_t>()) {
      if (matches(by_number.at(number))) found.push_back(number);
    }
    std::vector<int32_t> expected;
    for (const auto& row : all) {
      if (matches(row)) expected.push_back(row.number);
    }
    EXPECT_EQ(found, expected);
    if (std::find(chosen.exact.begin(), chosen.exact.end(), false) == chosen.exact.end()) {
      EXPECT_EQ(chosen.rows->rows(), expected.size());
    }
  };
  check(
      {{0, text, text}}, [](const Row& row) { return row.symbol == "s5"; }, 250);
  check(
      {{0, text, text}, {2, time(60), time(70)}},
      [](const Row& row) { return row.symbol == "s5" && row.time >= 60 && row.time <= 70; }, 200);
  const auto two = types::Scalar::of_int(2);
  check(
      {{3, two, two}, {0, std::nullopt, text}}, [](const Row& row) { return row.group == 2 && row.symbol <= "s5"; },
      450);
  const auto number = types::Scalar::of_int(500);
  check(
      {{1, number, number}}, [](const Row& row) { return row.number == 500; }, 1200);
  const auto missing = types::Scalar::of_text(Type::kString, "nobody");
  EXPECT_EQ(snapshot->select({{0, missing, missing}}).value().rows->rows(), 0u);
}

TEST_P(SortedChunk, ends_of_groups_come_from_the_key_directory) {
  append(300, 0);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  append(300, 10);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  const auto check = [&](size_t rows_max) {
    const auto snapshot = node_.store->snapshot({7}).value();
    const auto all = in_order(rows_, GetParam());
    std::map<std::pair<std::string, int32_t>, std::vector<int32_t>> groups;
    for (const auto& row : all) groups[{row.symbol, row.group}].push_back(row.number);
    for (const bool last : {false, true}) {
      const auto rows = snapshot->select(GroupEnds{{0, 3}, 2, last ? 0u : 2u, last ? 2u : 0u}).value();
      EXPECT_LE(rows->rows(), rows_max == 0 ? all.size() : rows_max * groups.size());
      const auto numbers = snapshot->read(1, *rows).value();
      const std::set<int32_t> found(numbers.values<int32_t>().begin(), numbers.values<int32_t>().end());
      for (const auto& [key, of_group] : groups) {
        const size_t count = std::min<size_t>(2, of_group.size());
        for (size_t i = 0; i < count; ++i)
          EXPECT_TRUE(found.contains(last ? of_group[of_group.size() - 1 - i] : of_group[i])) << key.first;
      }
    }
    const auto by_other = snapshot->select(GroupEnds{{0, 3}, 1, 0, 2}).value();
    EXPECT_EQ(by_other->rows(), all.size()) << "not the order of the rows";
  };
  check(GetParam() == KeepDuplicates::kAll ? 4 : 0);  // two of each run; all rows where duplicates are still to go
  ASSERT_TRUE(node_.store->compact({7}).ok());
  check(2);
}

TEST_P(SortedChunk, copies_equal_their_source) {
  io::MemoryFileSystem disk;
  TestNode copy(disk);
  auto form = CopyForm::kRows;
  const auto copy_from = [&](Version version) {
    const auto source = node_.store->export_chunk({7}, version, form);
    ASSERT_TRUE(source.ok()) << source.error().describe();
    const auto target = copy.store->import_chunk({7});
    ASSERT_TRUE(target.ok()) << target.error().describe();
    while (true) {
      Bytes message;
      const auto read = (*source)->next(message);
      ASSERT_TRUE(read.ok()) << read.error().describe();
      if (!*read) break;
      const auto added = (*target)->add(message);
      ASSERT_TRUE(added.ok()) << added.error().describe();
    }
    const auto reached = (*target)->finish();
    ASSERT_TRUE(reached.ok()) << reached.error().describe();
    EXPECT_EQ(*reached, node_.info(7).version);
    expect(copy);
    EXPECT_EQ(copy.store->content_hash({7}).value(), node_.store->content_hash({7}).value());
  };
  append(300, 0);
  append(300, 20);
  copy_from(0);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  const Version flushed = node_.info(7).version;
  append(100, 30);
  append(100, 10);
  EXPECT_EQ(node_.store->export_chunk({7}, flushed).value()->from_version(), flushed) << "only what came since";
  copy_from(flushed);
  copy.crash();
  expect(copy);
  append(10, 12);
  copy_from(flushed + 2);
  append(10, 15);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  EXPECT_EQ(node_.store->export_chunk({7}, flushed + 3).value()->from_version(), 0u) << "it is mixed with the rest";
  copy_from(0);
  append(200, 40);
  form = CopyForm::kFiles;
  copy_from(0);
  copy.crash();
  expect(copy);
}

TEST_P(SortedChunk, a_damaged_directory_is_named) {
  append(500, 0);
  ASSERT_TRUE(node_.store->flush({7}).ok());
  node_.crash();
  const auto directory = "/v1/chunks/0000000000000007";
  const std::vector<std::string> names = files_.list(directory).value();
  for (const auto& name : names) {
    if (!name.ends_with(".col")) continue;
    const auto file = files_.open(io::join_path(directory, name), io::OpenMode::kWrite).value();
    const auto size = file->size().value();
    // The directory is the last block before the footer; every byte of the file is covered by some checksum.
    size_t detected = 0;
    for (uint64_t at = 0; at < size; at += 7) {
      char byte = 0;
      ASSERT_TRUE(file->read(at, &byte, 1).ok());
      const char flipped = static_cast<char>(byte ^ 0x10);
      ASSERT_TRUE(file->write_at(at, {&flipped, 1}).ok());
      node_.open();
      detected += node_.store->verify({7}).ok() ? 0 : 1;
      ASSERT_TRUE(file->write_at(at, {&byte, 1}).ok());
    }
    EXPECT_EQ(detected, (size + 6) / 7);
  }
}

INSTANTIATE_TEST_SUITE_P(Keep, SortedChunk,
                         ::testing::Values(KeepDuplicates::kAll, KeepDuplicates::kFirst, KeepDuplicates::kLast));

TEST(SortedChunkWrites, the_rule_must_fit) {
  io::MemoryFileSystem files;
  TestNode node(files);
  node.sort = {{0, 4}, KeepDuplicates::kAll};  // the last one is a text
  EXPECT_EQ(node.prepare(1, 7, table_of({{"a", 1, 1, 1}})).error().code, ErrorCode::kInvalid);
  node.sort = {{0, 9}, KeepDuplicates::kAll};
  EXPECT_EQ(node.prepare(1, 7, table_of({{"a", 1, 1, 1}})).error().code, ErrorCode::kInvalid);
  node.sort = {{0, 2}, KeepDuplicates::kAll};
  node.append(7, table_of({{"a", 1, 1, 1}}));
  node.sort = {};
  EXPECT_EQ(node.prepare(9, 7, table_of({{"a", 1, 1, 1}})).error().code, ErrorCode::kInvalid);
  node.append(7, table_of({{"b", 1, 1, 1}, {"a", 1, 1, 2}}), WriteKind::kReplace);
  node.expect_rows(7, table_of({{"b", 1, 1, 1}, {"a", 1, 1, 2}}));
}

}  // namespace
}  // namespace pelorus::storage
