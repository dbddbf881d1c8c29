#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace pelorus {
namespace {

TEST(WorkerPool, every_part_is_done_once) {
  for (const size_t threads : {1, 2, 4}) {
    WorkerPool pool(threads);
    std::vector<std::atomic<int>> done(1000);
    pool.run(done.size(), [&](size_t worker, size_t part) {
      EXPECT_LT(worker, pool.threads());
      ++done[part];
    });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
}

TEST(WorkerPool, no_worker_does_two_parts_at_once) {
  WorkerPool pool(3);
  std::vector<std::atomic<int>> busy(3);
  pool.run(3000, [&](size_t worker, size_t) {
    EXPECT_EQ(busy[worker].fetch_add(1), 0);
    busy[worker].fetch_sub(1);
  });
}

TEST(WorkerPool, an_exception_ends_the_run_and_comes_out_of_it) {
  WorkerPool pool(3);
  std::atomic<int> done{0};
  const auto failing = [&](size_t, size_t part) {
    if (part == 10) throw std::runtime_error("part 10");
    ++done;
  };
  EXPECT_THROW(pool.run(100'000, failing), std::runtime_error);
  EXPECT_LT(done, 100'000);
  pool.run(5, [&](size_t, size_t) { ++done; });
}

TEST(WorkerPool, runs_may_be_nested_and_empty) {
  WorkerPool pool(2);
  std::atomic<int> sum{0};
  pool.run(0, [&](size_t, size_t) { ++sum; });
  pool.run(8, [&](size_t, size_t) { pool.run(8, [&](size_t, size_t) { ++sum; }); });
  EXPECT_EQ(sum, 64);
}

}  // namespace
}  // namespace pelorus
