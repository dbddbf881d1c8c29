#include "backup/saved_table.h"

#include "backup/row_file.h"
#include "io/checksum.h"

namespace pelorus::backup {
namespace {

constexpr uint32_t kMagic = 0x4D424C50;  // "PLBM"
constexpr uint32_t kFormat = 1;
constexpr uint64_t kManifestBytesMax = uint64_t{1} << 30;
constexpr const char* kManifestName = "manifest";
constexpr std::string_view kScheme = "dfs://";

/// Letters, digits, '_', '-' and bytes of non-ASCII characters as they are, others as %XX: never ".", "..", "a/b".
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '_' || c == '-' || byte >= 0x80) {
      text.push_back(c);
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", byte);
      text += hex;
    }
  }
  return text;
}

std::string database_element(const std::string& database) {
  return escaped(database.starts_with(kScheme) ? std::string_view(database).substr(kScheme.size()) : database);
}

/// Manifests below <directory>/<database element>, with the names they state.
Status add_tables(io::FileSystem& files, const std::string& database_directory, std::vector<TableName>& found) {
  TRY(const auto names, files.list(database_directory));
  for (const auto& name : names) {
    const auto path = manifest_path(io::join_path(database_directory, name));
    TRY(const bool exists, files.exists(path));
    if (!exists) continue;  // a backup that was cut short before its first end
    TRY(const auto bytes, io::read_file(files, path, kManifestBytesMax));
    TRY(const auto table, decode_saved_table(bytes, path));
    found.push_back({table.database.path, table.table.name});
  }
  return {};
}

}  // namespace

Bytes encode_saved_table(const SavedTable& table) {
  const auto body = meta::encode(table);
  Bytes out;
  ByteWriter writer(out);
  writer.put<uint32_t>(kMagic);
  writer.put<uint32_t>(kFormat);
  writer.put<uint32_t>(io::crc32c(body));
  return out + body;
}

Result<SavedTable> decode_saved_table(std::string_view bytes, const std::string& path) {
  ByteReader reader(bytes);
  const auto magic = reader.get<uint32_t>();
  const auto format = reader.get<uint32_t>();
  const auto checksum = reader.get<uint32_t>();
  if (!reader.ok() || magic != kMagic) return Error{ErrorCode::kCorrupt, path + ": this is no manifest of a backup"};
  if (format != kFormat)
    return Error{ErrorCode::kCorrupt, path + ": unknown format " + std::to_string(format) +
                                          "; it was written by a newer version, which can read it"};
  const auto body = bytes.substr(reader.position());
  if (io::crc32c(body) != checksum) return Error{ErrorCode::kCorrupt, path + ": the manifest fails its checksum"};
  return meta::decode<SavedTable>(body, path);
}

std::string table_directory(const std::string& directory, const std::string& database, const std::string& table) {
  return io::join_path(io::join_path(directory, database_element(database)), escaped(table));
}

std::string manifest_path(const std::string& table_directory) { return io::join_path(table_directory, kManifestName); }

Result<std::optional<SavedTable>> find_saved_table(io::FileSystem& files, const std::string& directory,
                                                   const std::string& database, const std::string& table) {
  const auto path = manifest_path(table_directory(directory, database, table));
  TRY(const bool exists, files.exists(path));
  if (!exists) return std::optional<SavedTable>();
  TRY(const auto bytes, io::read_file(files, path, kManifestBytesMax));
  TRY(auto saved, decode_saved_table(bytes, path));
  return std::optional(std::move(saved));
}

Result<SavedTable> load_saved_table(io::FileSystem& files, const std::string& directory, const std::string& database,
                                    const std::string& table) {
  TRY(auto found, find_saved_table(files, directory, database, table));
  if (!found)
    return Error{ErrorCode::kNotFound, "there is no backup of " + database + "/" + table + " in " + directory};
  return std::move(*found);
}

Result<std::vector<TableName>> saved_tables(io::FileSystem& files, const std::string& directory,
                                            const std::string& database) {
  std::vector<TableName> found;
  if (!database.empty()) {
    const auto path = io::join_path(directory, database_element(database));
    TRY(const bool exists, files.exists(path));
    if (!exists) return Error{ErrorCode::kNotFound, "there is no backup of " + database + " in " + directory};
    TRY_DONE(add_tables(files, path, found));
    return found;
  }
  TRY(const auto databases, files.list(directory));
  for (const auto& element : databases) {
    const auto added = add_tables(files, io::join_path(directory, element), found);
    // Other things may lie in the directory: files, which cannot be listed.
    if (!added.ok() && added.error().code == ErrorCode::kCorrupt) return added.error();
  }
  return found;
}

std::optional<Error> check_saved_partition(io::FileSystem& files, const std::string& table_directory,
                                           const SavedTable& table, const SavedPartition& partition) {
  auto file = SavedRows::open(files, table_directory, table, partition);
  if (!file.ok()) return file.error();
  while (true) {
    const auto page = (*file)->next();
    if (!page.ok()) return page.error();
    if (!*page) return std::nullopt;
  }
}

}  // namespace pelorus::backup
