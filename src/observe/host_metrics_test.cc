#include "observe/host_metrics.h"

#include <gtest/gtest.h>

namespace pelorus::observe {
namespace {

TEST(HostSampler, reports_this_process_and_this_disk) {
  HostSampler sampler("/nonexistent/path/below/the/root");
  const auto first = sampler.sample();
  EXPECT_GT(first.memory_used_bytes, 1 << 20);
  EXPECT_GT(first.disk_capacity_bytes, first.disk_free_bytes);
  EXPECT_EQ(first.cpu_usage_percent, 0);
  const auto second = sampler.sample();
  EXPECT_GE(second.cpu_usage_percent, 0);
  EXPECT_LE(second.cpu_usage_percent, 100);
}

}  // namespace
}  // namespace pelorus::observe
