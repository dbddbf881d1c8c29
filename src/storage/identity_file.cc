#include "storage/identity_file.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "io/checksum.h"
#include "storage/chunk_store.h"

namespace pelorus::storage {
namespace {

constexpr uint64_t kFileBytesMax = 1u << 20;
constexpr std::string_view kTitle = "pelorus identity 1";

struct DirectoryIdentity {
  NodeIdentity node;
  Uuid volume;                // volumes only
  std::vector<Uuid> volumes;  // the metadata directory only: all the node has had
};

std::string with_checksum(std::string text) {
  const uint32_t crc = io::crc32c(text);
  return text + "crc " + std::to_string(crc) + '\n';
}

std::string encode(const DirectoryIdentity& identity) {
  std::string text(kTitle);
  text += "\nnode " + identity.node.node.to_string() + "\nalias " + identity.node.alias + "\ncluster " +
          identity.node.cluster.to_string() + '\n';
  if (!identity.volume.is_nil()) text += "volume " + identity.volume.to_string() + '\n';
  for (const auto& id : identity.volumes) text += "has " + id.to_string() + '\n';
  return with_checksum(std::move(text));
}

Result<DirectoryIdentity> decode(const std::string& content, const std::string& path) {
  const Error corrupt{ErrorCode::kCorrupt, "identity file is damaged: " + path};
  const auto last = content.rfind("crc ");
  if (last == std::string::npos || with_checksum(content.substr(0, last)) != content) return corrupt;
  std::istringstream lines(content.substr(0, last));
  std::string line;
  std::getline(lines, line);
  if (line != kTitle) return Error{ErrorCode::kInvalid, "identity file has an unknown format: " + path};
  DirectoryIdentity identity;
  while (std::getline(lines, line)) {
    const auto blank = line.find(' ');
    if (blank == std::string::npos) return corrupt;
    const auto key = line.substr(0, blank);
    const auto value = line.substr(blank + 1);
    if (key == "node")
      identity.node.node = Uuid::parse(value);
    else if (key == "alias")
      identity.node.alias = value;
    else if (key == "cluster")
      identity.node.cluster = Uuid::parse(value);
    else if (key == "volume")
      identity.volume = Uuid::parse(value);
    else if (key == "has")
      identity.volumes.push_back(Uuid::parse(value));
  }
  return identity;
}

// One directory may serve as several: chunkMetaDir is the first volume unless set.
constexpr std::string_view kOfVolume = "identity";
constexpr std::string_view kOfRedoLog = "redo_identity";
constexpr std::string_view kOfMetadata = "node_identity";

/// Nothing when the directory has none.
Result<std::optional<DirectoryIdentity>> read_identity(io::FileSystem& files, const std::string& directory,
                                                       std::string_view name) {
  TRY_DONE(files.make_directories(directory));
  const std::string path = io::join_path(directory, name);
  TRY(const bool there, files.exists(path));
  if (!there) return std::optional<DirectoryIdentity>();
  TRY(const auto content, io::read_file(files, path, kFileBytesMax));
  TRY(auto identity, decode(content, path));
  return std::optional<DirectoryIdentity>(std::move(identity));
}

Status check_owner(const NodeIdentity& found, const NodeIdentity& expected, const std::string& directory) {
  if (found.node == expected.node && found.alias == expected.alias && found.cluster == expected.cluster) return {};
  return Error{ErrorCode::kInvalid, "directory belongs to another node: " + directory + " is of node " + found.alias +
                                        " (" + found.node.to_string() + ", cluster " + found.cluster.to_string() +
                                        "), this is " + expected.alias + " (" + expected.node.to_string() +
                                        ", cluster " + expected.cluster.to_string() +
                                        "); correct the paths in the configuration"};
}

/// A directory without identity may be taken only when it holds nothing of ours.
Status check_unused(io::FileSystem& files, const std::string& directory) {
  TRY(const auto names, files.list(directory));
  for (const auto& name : names) {
    bool data = name.starts_with("log_");
    if (name == "chunks") {
      TRY(const auto chunks, files.list(io::join_path(directory, name)));
      data = !chunks.empty();
    }
    if (data) return Error{ErrorCode::kInvalid, "directory holds data but no identity file: " + directory};
  }
  return {};
}

Result<OpenedVolume> open_volume(io::FileSystem& files, const NodeIdentity& identity, const std::string& path) {
  TRY(auto found, read_identity(files, path, kOfVolume));
  if (found) {
    TRY_DONE(check_owner(found->node, identity, path));
  } else {
    TRY_DONE(check_unused(files, path));
    found = DirectoryIdentity{identity, Uuid::random(), {}};
    TRY_DONE(io::replace_file(files, io::join_path(path, kOfVolume), encode(*found)));
  }
  return OpenedVolume{found->volume, path};
}

}  // namespace

Result<std::optional<NodeIdentity>> ChunkStore::owner(io::FileSystem& files, const NodeDirectories& directories) {
  TRY(const bool there, files.exists(io::join_path(directories.metadata, kOfMetadata)));
  if (!there) return std::optional<NodeIdentity>();
  TRY(const auto found, read_identity(files, directories.metadata, kOfMetadata));
  return found ? std::optional(found->node) : std::nullopt;
}

Status check_nobodys(io::FileSystem& files, const NodeDirectories& directories) {
  std::vector<std::pair<std::string, std::string_view>> places{{directories.redo_log, kOfRedoLog}};
  for (const auto& volume : directories.volumes) places.emplace_back(volume, kOfVolume);
  for (const auto& [directory, name] : places) {
    TRY(const bool there, files.exists(io::join_path(directory, name)));
    if (there) {
      TRY(const auto found, read_identity(files, directory, name));
      return Error{ErrorCode::kInvalid, "directory belongs to node " + found->node.alias + " (" +
                                            found->node.node.to_string() + "): " + directory};
    }
    TRY(const bool exists, files.exists(directory));
    if (exists) TRY_DONE(check_unused(files, directory));
  }
  return {};
}

Result<std::vector<OpenedVolume>> open_directories(io::FileSystem& files, const NodeIdentity& identity,
                                                   const NodeDirectories& directories) {
  if (directories.volumes.empty()) return Error{ErrorCode::kInvalid, "a data node needs at least one volume (volumes)"};
  TRY(auto metadata, read_identity(files, directories.metadata, kOfMetadata));
  if (metadata) TRY_DONE(check_owner(metadata->node, identity, directories.metadata));
  TRY(const auto log, read_identity(files, directories.redo_log, kOfRedoLog));
  if (log) {
    TRY_DONE(check_owner(log->node, identity, directories.redo_log));
  } else {
    TRY_DONE(check_unused(files, directories.redo_log));
    if (metadata) {
      return Error{ErrorCode::kInvalid, "the redo log directory is empty but this node has data: " +
                                            directories.redo_log + "; correct redoLogDir, or bring the files back"};
    }
    TRY_DONE(io::replace_file(files, io::join_path(directories.redo_log, kOfRedoLog), encode({identity, {}, {}})));
  }
  std::vector<OpenedVolume> volumes;
  for (const auto& path : directories.volumes) {
    TRY(volumes.emplace_back(), open_volume(files, identity, path));
  }
  DirectoryIdentity known{identity, {}, {}};
  for (const auto& volume : volumes) known.volumes.push_back(volume.id);
  if (metadata) {
    for (const auto& id : metadata->volumes) {
      if (std::find(known.volumes.begin(), known.volumes.end(), id) == known.volumes.end()) {
        return Error{ErrorCode::kInvalid,
                     "a volume of this node is missing from the settings or not mounted: volume id " + id.to_string() +
                         "; look for it in the file identity of each volume"};
      }
    }
  }
  // Last: its presence says that the others were made.
  if (!metadata || metadata->volumes != known.volumes) {
    TRY_DONE(io::replace_file(files, io::join_path(directories.metadata, kOfMetadata), encode(known)));
  }
  return volumes;
}

Result<OpenedVolume> open_new_volume(io::FileSystem& files, const NodeIdentity& identity,
                                     const NodeDirectories& directories, const std::string& path) {
  TRY_DONE(files.make_directories(path));
  TRY(const bool has_chunks, files.exists(io::join_path(path, "chunks")));
  if (has_chunks) {
    TRY(const auto chunks, files.list(io::join_path(path, "chunks")));
    if (!chunks.empty())
      return Error{ErrorCode::kInvalid, "the directory holds chunks: " + path +
                                            "; a new volume is empty. If they are this node's, name it in the setting "
                                            "volumes and start the node again"};
  }
  TRY(auto volume, open_volume(files, identity, path));
  TRY(auto known, read_identity(files, directories.metadata, kOfMetadata));
  if (!known) return Error{ErrorCode::kCorrupt, "the node's identity is missing in " + directories.metadata};
  if (std::find(known->volumes.begin(), known->volumes.end(), volume.id) == known->volumes.end()) {
    known->volumes.push_back(volume.id);
    TRY_DONE(io::replace_file(files, io::join_path(directories.metadata, kOfMetadata), encode(*known)));
  }
  return volume;
}

}  // namespace pelorus::storage
