#include "server/scripts/file_tables.h"

#include "dist/partition_messages.h"
#include "server/scripts/stored_object.h"

namespace pelorus::server {
namespace {

constexpr uint64_t kTableBytesMax = uint64_t{16} << 30;

std::string file_of(const std::string& directory, const std::string& name) {
  return io::join_path(directory, name + ".table");
}

}  // namespace

Result<bool> StoredFileTables::exists(const std::string& directory, const std::string& name) {
  return files_.exists(file_of(directory, name));
}

Result<data::Table> StoredFileTables::load(const std::string& directory, const std::string& name) {
  const auto path = file_of(directory, name);
  TRY(const bool is_there, files_.exists(path));
  if (!is_there) return Error{ErrorCode::kNotFound, "the directory " + directory + " has no table " + name};
  TRY(const auto bytes, io::read_file(files_, path, kTableBytesMax));
  const auto told = [&](const Error& error) {
    return Error{error.code, "the file " + path + " can't be used: " + error.message};
  };
  const auto payload = stored_payload(bytes, StoredKind::kTable);
  if (!payload.ok()) return told(payload.error());
  auto rows = dist::unpack_table(*payload);
  if (!rows.ok()) return told(rows.error());
  return rows;
}

Status StoredFileTables::save(const std::string& directory, const std::string& name, const data::Table& rows) {
  TRY(const auto packed, dist::pack_table(rows));
  TRY_DONE(files_.make_directories(directory));
  return io::replace_file(files_, file_of(directory, name), stored_object(StoredKind::kTable, packed));
}

Status StoredFileTables::drop(const std::string& directory, const std::string& name) {
  TRY_DONE(files_.remove(file_of(directory, name)));
  return files_.sync_directory(directory);
}

}  // namespace pelorus::server
