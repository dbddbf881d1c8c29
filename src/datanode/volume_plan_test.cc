#include "datanode/volume_plan.h"

#include <gtest/gtest.h>

namespace pelorus::datanode {
namespace {

std::vector<PlacedChunk> chunks_on(const std::string& volume, std::vector<uint64_t> sizes) {
  std::vector<PlacedChunk> chunks;
  for (const auto size : sizes) chunks.push_back({{chunks.size() + 1}, volume, size, true});
  return chunks;
}

TEST(VolumePlanTest, an_empty_disk_gets_its_share) {
  const auto moves = plan_volume_moves({{"/a", 100}, {"/b", 100}}, chunks_on("/a", {10, 10, 10, 10}));
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0], (VolumeMove{{1}, "/a", "/b"}));
  EXPECT_EQ(moves[1], (VolumeMove{{2}, "/a", "/b"}));
}

TEST(VolumePlanTest, larger_disks_get_more) {
  const auto moves = plan_volume_moves({{"/a", 100}, {"/b", 300}}, chunks_on("/a", {10, 10, 10, 10}));
  EXPECT_EQ(moves.size(), 3u);
}

TEST(VolumePlanTest, equal_volumes_single_ones_and_empty_ones_stay_as_they_are) {
  auto chunks = chunks_on("/a", {10, 10});
  chunks.push_back({{3}, "/b", 20, true});
  EXPECT_TRUE(plan_volume_moves({{"/a", 100}, {"/b", 100}}, chunks).empty());
  EXPECT_TRUE(plan_volume_moves({{"/a", 100}}, chunks_on("/a", {10, 10})).empty());
  EXPECT_TRUE(plan_volume_moves({{"/a", 100}, {"/b", 100}}, {}).empty());
}

TEST(VolumePlanTest, one_large_chunk_is_not_carried_to_and_fro) {
  EXPECT_TRUE(plan_volume_moves({{"/a", 100}, {"/b", 100}}, chunks_on("/a", {50})).empty());
}

TEST(VolumePlanTest, chunks_changed_lately_stay) {
  auto chunks = chunks_on("/a", {10, 10, 10, 10});
  for (auto& chunk : chunks) chunk.may_move = chunk.chunk.value == 4;
  const auto moves = plan_volume_moves({{"/a", 100}, {"/b", 100}}, chunks);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].chunk.value, 4u);
}

}  // namespace
}  // namespace pelorus::datanode
