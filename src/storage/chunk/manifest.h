#pragma once
// The one file that says what a chunk consists of (docs/formats/manifest.md).

#include <string>
#include <vector>

#include "base/ids.h"
#include "data/table.h"
#include "io/file_system.h"
#include "storage/chunk/segment.h"
#include "storage/compression.h"

namespace pelorus::storage {

struct VersionEntry {
  Version version = 0;
  uint64_t generation = 0;  // +1 with every replace and whole import; rows of one generation are only ever added
  uint64_t rows = 0;        // the version is these first rows of its generation
};

struct Manifest {
  ChunkId chunk;
  bool dropped = false;  // the files are on their way out
  Version version = 0;
  uint64_t generation = 0;
  uint64_t log_floor = 0;  // commits and drops in the redo log up to this sequence do not concern this content
  uint64_t next_file = 1;
  data::Schema schema;
  SortRule sort;
  std::vector<VersionEntry> versions;  // of this generation, oldest first, the present one last
  std::vector<SegmentFacts> segments;
  Compressions compression;
};

std::string encode_manifest(const Manifest& manifest);
/// kCorrupt naming `path`; kInvalid for a newer format.
Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path);

std::string manifest_path(const std::string& chunk_directory);
/// Atomic and durable.
Status write_manifest(io::FileSystem& files, const std::string& chunk_directory, const Manifest& manifest);
/// kNotFound when there is none.
Result<Manifest> read_manifest(io::FileSystem& files, const std::string& chunk_directory);

}  // namespace pelorus::storage
