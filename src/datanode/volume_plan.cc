#include "datanode/volume_plan.h"

#include <algorithm>
#include <map>

namespace pelorus::datanode {
namespace {

/// Moves that gain less than this share of what is on a node are not worth their copying.
constexpr double kGainLeast = 0.01;

}  // namespace

std::vector<VolumeMove> plan_volume_moves(const std::vector<VolumeShare>& volumes, std::vector<PlacedChunk> chunks) {
  std::map<std::string, double> weight;  // bytes of capacity
  std::map<std::string, double> bytes;   // of chunks
  for (const auto& volume : volumes) {
    weight[volume.path] = std::max<double>(1, static_cast<double>(volume.capacity_bytes));
    bytes[volume.path] = 0;
  }
  double all = 0;
  for (const auto& chunk : chunks) {
    if (!weight.contains(chunk.volume)) continue;
    bytes[chunk.volume] += static_cast<double>(chunk.bytes);
    all += static_cast<double>(chunk.bytes);
  }
  std::vector<VolumeMove> moves;
  if (weight.size() < 2 || all == 0) return moves;
  const auto filled = [&](const std::string& volume) { return bytes.at(volume) / weight.at(volume); };
  while (moves.size() < chunks.size()) {
    const auto by_filling = [&](const auto& a, const auto& b) { return filled(a.first) < filled(b.first); };
    const auto& from = std::ranges::max_element(weight, by_filling)->first;
    const auto& to = std::ranges::min_element(weight, by_filling)->first;
    // So many bytes make the two equally full.
    const double wanted = (bytes[from] * weight[to] - bytes[to] * weight[from]) / (weight[from] + weight[to]);
    if (wanted < kGainLeast * all) break;
    PlacedChunk* best = nullptr;
    for (auto& chunk : chunks) {
      const auto size = static_cast<double>(chunk.bytes);
      if (!chunk.may_move || chunk.volume != from || size == 0 || size > wanted * 1.5) continue;
      if (best == nullptr || chunk.bytes > best->bytes || (chunk.bytes == best->bytes && chunk.chunk < best->chunk))
        best = &chunk;
    }
    if (best == nullptr) break;
    moves.push_back({best->chunk, from, to});
    bytes[from] -= static_cast<double>(best->bytes);
    bytes[to] += static_cast<double>(best->bytes);
    best->volume = to;
    best->may_move = false;
  }
  return moves;
}

}  // namespace pelorus::datanode
