// How fast one node takes, keeps and reads rows: two INT columns through one redo log on a real disk.
//   storage_bench DIRECTORY [rows per block] [blocks] [threads]
// Prints one line a measurement. DIRECTORY is used for scratch files and left empty.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "io/posix_file_system.h"
#include "storage/chunk_store.h"

namespace pelorus::storage {
namespace {

using Seconds = std::chrono::duration<double>;

double now() { return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

data::Table block_of(size_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  data::Buffer<int32_t> a;
  data::Buffer<int32_t> b;
  a.resize(rows);
  b.resize(rows);
  for (size_t i = 0; i < rows; ++i) {
    a[i] = static_cast<int32_t>(i);
    b[i] = static_cast<int32_t>(random() % 100000);
  }
  return {{"a", "b"},
          {data::Vector::adopt<int32_t>(types::Type::kInt, std::move(a)),
           data::Vector::adopt<int32_t>(types::Type::kInt, std::move(b))}};
}

void report(const char* what, double seconds, double bytes, double operations) {
  std::printf("%-28s %8.3f s %9.1f MB/s %10.1f /s\n", what, seconds, bytes / seconds / 1e6, operations / seconds);
}

int run(const std::string& directory, size_t rows, size_t blocks, size_t threads) {
  io::PosixFileSystem files;
  SystemClock clock;
  StoreOptions options;
  options.identity = {Uuid::random(), "bench", Uuid::random()};
  options.directories = {directory + "/redo", directory + "/meta", {directory + "/volume"}};
  options.buffer_bytes_max = 8ull << 30;
  options.log_bytes_max = 16ull << 30;
  options.flush_share = 1.0;
  auto store = ChunkStore::open(files, clock, options).value();
  const auto block = block_of(rows, 1);
  const double bytes = static_cast<double>(rows * 8 * blocks * threads);
  const double count = static_cast<double>(blocks * threads);

  const auto write_all = [&](uint64_t first_transaction, Version first_version) {
    std::vector<std::thread> writers;
    for (size_t t = 0; t < threads; ++t) {
      writers.emplace_back([&, t] {
        for (size_t i = 0; i < blocks; ++i) {
          const TransactionId transaction{first_transaction + t * blocks + i};
          const ChunkId chunk{t + 1};
          ChunkWrite write{chunk, WriteKind::kAppend, block.schema(), {}, kLatestVersion, block};
          store->prepare(transaction, {&write, 1}).value();
          const ChunkVersion version{chunk, first_version + i};
          store->commit(transaction, {&version, 1}).value();
        }
      });
    }
    for (auto& writer : writers) writer.join();
  };
  double start = now();
  write_all(1, 1);
  report("prepare + commit, new log", now() - start, bytes, count);
  start = now();
  store->flush_all().value();
  report("flush", now() - start, bytes, count);
  start = now();
  write_all(1000000, blocks + 1);
  report("prepare + commit, recycled", now() - start, bytes, count);
  store->flush_all().value();

  start = now();
  uint64_t sum = 0;
  for (size_t t = 0; t < threads; ++t) {
    const auto snapshot = store->snapshot({t + 1}).value();
    for (size_t c = 0; c < 2; ++c) {
      const auto column = snapshot->read(c).value();
      for (const auto value : column->values<int32_t>()) sum += static_cast<uint64_t>(value);
    }
  }
  report("read and sum from segments", now() - start, 2 * bytes, 2 * count);
  uint64_t on_disk = 0;
  for (const auto& info : store->chunks()) on_disk += info.bytes_on_disk;
  std::printf("sum %llu, %.1f MB of rows are %.1f MB on disk\n", static_cast<unsigned long long>(sum), 2 * bytes / 1e6,
              static_cast<double>(on_disk) / 1e6);
  store.reset();
  start = now();
  store = ChunkStore::open(files, clock, options).value();
  report("open again", now() - start, 0, 1);
  store.reset();
  std::filesystem::remove_all(directory + "/redo");
  std::filesystem::remove_all(directory + "/meta");
  std::filesystem::remove_all(directory + "/volume");
  return 0;
}

}  // namespace
}  // namespace pelorus::storage

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: storage_bench DIRECTORY [rows per block] [blocks] [threads]\n");
    return 2;
  }
  const auto number = [&](int at, size_t otherwise) { return argc > at ? std::stoul(argv[at]) : otherwise; };
  return pelorus::storage::run(argv[1], number(2, 1000000), number(3, 32), number(4, 1));
}
