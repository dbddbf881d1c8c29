#pragma once
// For tests of the store: a node on a memory disk and rows that are easy to tell apart.

#include <gtest/gtest.h>

#include "data/value.h"
#include "io/memory_file_system.h"
#include "storage/chunk_store.h"

namespace pelorus::storage {

inline data::Schema test_schema() {
  return {{"id", types::Type::kInt},
          {"sym", types::Type::kSymbol},
          {"price", types::Type::kDouble},
          {"note", types::Type::kString}};
}

/// Rows first, first + 1, … of an endless table: every value follows from the row's number.
inline data::Table test_rows(int32_t first, size_t count) {
  data::Buffer<int32_t> ids;
  data::Buffer<double> prices;
  std::vector<std::string> symbols;
  std::vector<std::string> notes;
  for (int32_t i = first; i < first + static_cast<int32_t>(count); ++i) {
    ids.push_back(i % 10 == 3 ? types::kNull<int32_t> : i);
    symbols.push_back(i % 5 == 0 ? "" : "s" + std::to_string(i % 17));
    prices.push_back(i / 4.0);
    notes.push_back(i % 3 == 0 ? "" : "note " + std::to_string(i));
  }
  using data::Vector;
  return {{"id", "sym", "price", "note"},
          {Vector::adopt<int32_t>(types::Type::kInt, std::move(ids)),
           Vector::of_strings(types::Type::kSymbol, std::move(symbols)),
           Vector::adopt<double>(types::Type::kDouble, std::move(prices)),
           Vector::of_strings(types::Type::kString, std::move(notes))}};
}

inline StoreOptions test_options() {
  StoreOptions options;
  options.identity.node = Uuid::parse("11111111-2222-3333-4444-555555555555");
  options.identity.alias = "node1";
  options.identity.cluster = Uuid::parse("99999999-2222-3333-4444-555555555555");
  options.directories = {"/redo", "/meta", {"/v1", "/v2"}};
  options.log_segment_bytes = 65536;
  options.block_rows = 64;
  options.background = false;
  options.buffer_wait = std::chrono::milliseconds(0);
  return options;
}

/// One node; `store` may be closed and opened again.
struct TestNode {
  io::MemoryFileSystem& files;
  StoreOptions options = test_options();
  ManualClock clock;
  std::unique_ptr<ChunkStore> store;
  uint64_t next_transaction = 1;
  SortRule sort;  // of what prepare() and append() write

  explicit TestNode(io::MemoryFileSystem& disk) : files(disk) { open(); }
  void open() {
    store.reset();
    auto opened = ChunkStore::open(files, clock, options);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    store = std::move(opened).value();
  }
  void crash(io::CrashStyle style = io::CrashStyle::kDropUnsynced) {
    files.crash(style, 1);  // what the old store's destructor writes goes nowhere
    store.reset();
    open();
  }
  static ChunkWrite write(uint64_t chunk, data::Table rows, WriteKind kind = WriteKind::kAppend) {
    auto schema = rows.schema();
    return {ChunkId{chunk}, kind, std::move(schema), {}, kLatestVersion, std::move(rows)};
  }
  Status prepare(uint64_t transaction, uint64_t chunk, data::Table rows, WriteKind kind = WriteKind::kAppend) {
    ChunkWrite one = write(chunk, std::move(rows), kind);
    one.sort = sort;
    return store->prepare({transaction}, {&one, 1});
  }
  Status commit(uint64_t transaction, uint64_t chunk, Version version) {
    const ChunkVersion one{{chunk}, version};
    return store->commit({transaction}, {&one, 1});
  }
  /// Prepares and commits as the next version.
  void append(uint64_t chunk, data::Table rows, WriteKind kind = WriteKind::kAppend) {
    const uint64_t transaction = next_transaction++;
    const auto known = store->info({chunk});
    const Version version = known.ok() ? known->version + 1 : 1;
    const auto prepared = prepare(transaction, chunk, std::move(rows), kind);
    ASSERT_TRUE(prepared.ok()) << prepared.error().describe();
    const auto committed = commit(transaction, chunk, version);
    ASSERT_TRUE(committed.ok()) << committed.error().describe();
  }
  void expect_rows(uint64_t chunk, const data::Table& expected, Version version = kLatestVersion) {
    const auto snapshot = store->snapshot({chunk}, version);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().describe();
    const auto count = snapshot.value()->rows();
    ASSERT_TRUE(count.ok()) << count.error().describe();
    ASSERT_EQ(*count, expected.rows());
    const auto rows = snapshot.value()->read_table();
    ASSERT_TRUE(rows.ok()) << rows.error().describe();
    EXPECT_TRUE(data::equal(data::Value(*rows), data::Value(expected)));
  }
  ChunkInfo info(uint64_t chunk) const { return store->info({chunk}).value(); }
};

}  // namespace pelorus::storage
