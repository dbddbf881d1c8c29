#pragma once
// Which chunks of a node should lie on another of its volumes.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace pelorus::datanode {

struct VolumeShare {
  std::string path;
  uint64_t capacity_bytes = 0;  // of its disk
};
struct PlacedChunk {
  ChunkId chunk;
  std::string volume;
  uint64_t bytes = 0;
  bool may_move = true;  // not changed lately
};
struct VolumeMove {
  ChunkId chunk;
  std::string from;
  std::string to;
  bool operator==(const VolumeMove&) const = default;
};

/// Moves after which the bytes of chunks on each volume are about in proportion to its capacity: one by one the largest
/// chunk of the fullest volume whose move to the emptiest makes the two more equal. Nothing when they are. A pure
/// function; the order of the arguments does not matter but for equals. Cost: O(moves × chunks).
std::vector<VolumeMove> plan_volume_moves(const std::vector<VolumeShare>& volumes, std::vector<PlacedChunk> chunks);

}  // namespace pelorus::datanode
