#include "observe/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace pelorus::observe {
namespace {

TEST(Machine, knows_its_memory_and_limits) {
  const auto facts = machine_facts();
  EXPECT_GT(facts.memory_total_bytes, 64 << 20);
  EXPECT_GT(facts.memory_available_bytes, 0);
  EXPECT_GE(facts.swap_used_bytes, 0);
  EXPECT_LE(facts.swap_used_bytes, facts.swap_total_bytes);
  EXPECT_GE(facts.open_files_max, 64);
}

TEST(Directory, a_missing_one_is_judged_by_what_it_would_lie_in) {
  const auto parent = std::filesystem::temp_directory_path().string();
  const auto there = directory_facts(parent);
  EXPECT_TRUE(there.exists);
  EXPECT_TRUE(there.writable);
  EXPECT_FALSE(there.file_system.empty());
  EXPECT_FALSE(there.owner.empty());
  EXPECT_GE(there.capacity_bytes, there.free_bytes);
  const auto missing = directory_facts(parent + "/pelorus-is-not-here/volumes");
  EXPECT_FALSE(missing.exists);
  EXPECT_EQ(missing.file_system, there.file_system);
  EXPECT_EQ(missing.capacity_bytes, there.capacity_bytes);
}

TEST(Directory, kinds_of_file_systems) {
  EXPECT_EQ(directory_facts("/proc").file_system, "0x9fa0");
  EXPECT_TRUE(is_volatile("tmpfs"));
  EXPECT_FALSE(is_volatile("ext4"));
  EXPECT_TRUE(is_remote("nfs"));
  EXPECT_FALSE(is_remote("xfs"));
}

}  // namespace
}  // namespace pelorus::observe
