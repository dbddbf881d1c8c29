#include "server/foundation.h"

namespace pelorus::server {
namespace {

constexpr uint64_t kFoundationBytesMax = 1 << 20;

std::string path_in(const std::filesystem::path& directory) { return (directory / "foundation").string(); }

}  // namespace

Result<Foundation> load_foundation(io::FileSystem& files, const std::filesystem::path& directory) {
  const auto path = path_in(directory);
  TRY(const bool exists, files.exists(path));
  if (!exists) return Foundation();
  TRY(const auto bytes, io::read_file(files, path, kFoundationBytesMax));
  return meta::decode<Foundation>(bytes, path);
}

Status save_foundation(io::FileSystem& files, const std::filesystem::path& directory, const Foundation& foundation) {
  return io::replace_file(files, path_in(directory), meta::encode(foundation));
}

}  // namespace pelorus::server
