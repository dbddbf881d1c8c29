#include "storage/chunk/move_marks.h"

namespace pelorus::storage {
namespace {

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

Status settle_moves(io::FileSystem& files, const std::vector<std::string>& volumes) {
  for (const auto& volume : volumes) {
    const auto root = io::join_path(volume, "chunks");
    TRY(const bool there, files.exists(root));
    if (!there) continue;
    TRY(const auto names, files.list(root));
    for (const auto& name : names) {
      const auto directory = io::join_path(root, name);
      TRY(const bool arriving, files.exists(io::join_path(directory, kArrivingMark)));
      if (arriving) {
        TRY_DONE(remove_chunk_directory(files, directory, kArrivingMark));
        continue;
      }
      const auto mark = io::join_path(directory, kArrivedMark);
      TRY(const bool arrived, files.exists(mark));
      if (!arrived) continue;
      for (const auto& other : volumes) {
        if (other == volume) continue;
        const auto left = io::join_path(io::join_path(other, "chunks"), name);
        TRY_DONE(remove_chunk_directory(files, left, "manifest"));
      }
      TRY_DONE(files.remove(mark));
      TRY_DONE(files.sync_directory(directory));
    }
  }
  return {};
}

}  // namespace pelorus::storage
