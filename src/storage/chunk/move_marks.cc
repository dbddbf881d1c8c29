#include "storage/chunk/move_marks.h"

#include <set>

#include "base/side_by_side.h"

namespace pelorus::storage {
namespace {

bool is_chunk_name(const std::string& name) {
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Status make_mark(io::FileSystem& files, const std::string& directory, const char* mark) {
  {
    TRY(const auto file, files.open(io::join_path(directory, mark), io::OpenMode::kCreate));
    TRY_DONE(file->sync());
  }
  return files.sync_directory(directory);
}

}  // namespace

Status begin_arrival(io::FileSystem& files, const std::string& directory) {
  TRY(const bool there, files.exists(directory));
  if (there) {
    TRY(const auto names, files.list(directory));
    TRY(const bool marked, files.exists(io::join_path(directory, kArrivingMark)));
    if (!names.empty() && !marked)
      return Error{ErrorCode::kConflict, "the place a chunk is to move to is not empty: " + directory +
                                             "; restarting the node removes what no chunk needs"};
    TRY_DONE(remove_chunk_directory(files, directory, kArrivingMark));
  }
  TRY_DONE(files.make_directories(directory));
  return make_mark(files, directory, kArrivingMark);
}

Status end_arrival(io::FileSystem& files, const std::string& directory) {
  TRY_DONE(files.sync_directory(directory));
  TRY_DONE(files.rename(io::join_path(directory, kArrivingMark), io::join_path(directory, kArrivedMark)));
  return files.sync_directory(directory);
}

Status remove_chunk_directory(io::FileSystem& files, const std::string& directory, const std::string& last) {
  TRY(const bool there, files.exists(directory));
  if (!there) return {};
  TRY(const auto names, files.list(directory));
  bool has_last = false;
  for (const auto& name : names) {
    if (name == last) has_last = true;
    if (name != last) TRY_DONE(files.remove(io::join_path(directory, name)));
  }
  TRY_DONE(files.sync_directory(directory));
  if (has_last) TRY_DONE(files.remove(io::join_path(directory, last)));
  TRY_DONE(files.sync_directory(directory));
  TRY_DONE(files.remove_directory(directory));
  return files.sync_directory(io::parent_path(directory));
}

Result<std::vector<ChunkDirectory>> list_chunk_directories(io::FileSystem& files,
                                                           const std::vector<std::string>& volumes, size_t at_once) {
  std::vector<ChunkDirectory> directories;
  for (const auto& volume : volumes) {
    const auto root = io::join_path(volume, "chunks");
    TRY_DONE(files.make_directories(root));
    TRY(const auto names, files.list(root));
    for (const auto& name : names) {
      if (is_chunk_name(name)) directories.push_back({volume, name, {}});
    }
  }
  TRY_DONE(side_by_side(directories.size(), at_once, [&](size_t i) -> Status {
    TRY(directories[i].files, files.list(directories[i].path()));
    return {};
  }));
  return directories;
}

Status settle_moves(io::FileSystem& files, std::vector<ChunkDirectory>& directories) {
  std::set<std::pair<std::string, std::string>> removed;  // volume, name
  const auto remove = [&](const ChunkDirectory& left, const char* last) -> Status {
    if (!removed.emplace(left.volume, left.name).second) return {};
    return remove_chunk_directory(files, left.path(), last);
  };
  for (const auto& directory : directories) {
    if (directory.holds(kArrivingMark)) TRY_DONE(remove(directory, kArrivingMark));
  }
  for (auto& directory : directories) {
    if (directory.holds(kArrivingMark) || !directory.holds(kArrivedMark)) continue;
    for (const auto& other : directories) {
      if (other.name == directory.name && other.volume != directory.volume) TRY_DONE(remove(other, "manifest"));
    }
    TRY_DONE(files.remove(io::join_path(directory.path(), kArrivedMark)));
    TRY_DONE(files.sync_directory(directory.path()));
    std::erase(directory.files, kArrivedMark);
  }
  std::erase_if(directories, [&](const auto& one) { return removed.contains({one.volume, one.name}); });
  return {};
}

}  // namespace pelorus::storage
