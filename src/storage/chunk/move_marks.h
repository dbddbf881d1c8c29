#pragma once
// A chunk on its way from one volume to another (docs/formats/manifest.md §4): which of two directories is the chunk.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"

namespace pelorus::storage {

/// In a directory that is being filled: it is no chunk yet.
inline constexpr const char* kArrivingMark = "arriving";
/// In a directory that is whole: it is the chunk, whatever lies in a directory of the same name on another volume.
inline constexpr const char* kArrivedMark = "arrived";

/// An empty directory with the mark `arriving`, durable; what was there of a move that came to nothing is removed.
/// kConflict when it is there without the mark: it may be a chunk.
Status begin_arrival(io::FileSystem& files, const std::string& directory);
/// From here on it is the chunk. After an error nobody knows whether it is.
Status end_arrival(io::FileSystem& files, const std::string& directory);
/// Removes all files of the directory, `last` as the last one, and the directory, durably. Fine when it is not there.
Status remove_chunk_directory(io::FileSystem& files, const std::string& directory, const std::string& last);

/// A directory of a volume that is named like a chunk, and the names in it, sorted.
struct ChunkDirectory {
  std::string volume;
  std::string name;
  std::vector<std::string> files;

  std::string path() const { return io::join_path(io::join_path(volume, "chunks"), name); }
  bool holds(std::string_view file) const { return std::binary_search(files.begin(), files.end(), file); }
};

/// Those of all volumes, in their order, `at_once` of them read at a time.
Result<std::vector<ChunkDirectory>> list_chunk_directories(io::FileSystem& files,
                                                           const std::vector<std::string>& volumes, size_t at_once);

/// For each chunk that is on two of the volumes, or half on one, leaves the one directory that is the chunk; those
/// removed are taken out of `directories`, marks removed out of their names. Before chunks are loaded.
Status settle_moves(io::FileSystem& files, std::vector<ChunkDirectory>& directories);

}  // namespace pelorus::storage
