#include "backup/save_directory.h"

#include <algorithm>

#include "base/log.h"

namespace pelorus::backup {
namespace {

constexpr std::string_view kRowsSuffix = ".rows";
constexpr std::string_view kPartSuffix = ".part";
constexpr int kNamesMax = 1000;  // files of one version of one chunk

bool is_ours(const std::string& name) { return name.ends_with(kRowsSuffix) || name.ends_with(kPartSuffix); }

Error mixed(const std::string& path, BackupKind there) {
  const bool query = there == BackupKind::kQuery;
  return {ErrorCode::kInvalid, path + " holds a backup made " + (query ? "by select" : "of whole partitions") +
                                   "; the other kind needs a directory of its own. RefId:S01022"};
}

}  // namespace

Result<std::unique_ptr<SaveDirectory>> SaveDirectory::open(const BackupServices& services, const SaveOptions& options,
                                                           BackupKind kind) {
  const auto path = table_directory(options.directory, options.database, options.table);
  TRY_DONE(services.files.make_directories(path));
  auto lock = services.files.lock(io::join_path(path, "lock"));
  if (!lock.ok() && lock.error().code == ErrorCode::kConflict)
    return Error{ErrorCode::kConflict, "another backup is being written to " + path + "; try again when it has ended"};
  if (!lock.ok()) return lock.error();
  std::unique_ptr<SaveDirectory> opened(new SaveDirectory(services, options, path, std::move(*lock)));
  auto before = find_saved_table(services.files, options.directory, options.database, options.table);
  if (!before.ok() && (before.error().code != ErrorCode::kCorrupt || !options.force))
    return Error{before.error().code, before.error().message + "; force=true makes the backup anew"};
  if (before.ok() && *before && (*before)->kind != kind) return mixed(path, (*before)->kind);
  if (before.ok()) opened->before_ = std::move(*before);
  if (!options.force) TRY_DONE(opened->find_left_overs());
  return opened;
}

Status SaveDirectory::find_left_overs() {
  std::set<std::string> named;
  if (before_) {
    for (const auto& partition : before_->partitions) named.insert(partition.file);
  }
  TRY(const auto names, files_.list(path_));
  for (const auto& name : names) {
    if (!name.ends_with(kRowsSuffix) || named.contains(name)) continue;
    auto file = RowFileReader::open(files_, io::join_path(path_, name));
    if (!file.ok()) continue;  // goes with the next manifest
    while (true) {
      const auto page = (*file)->next();
      if (!page.ok()) break;
      if (*page) continue;
      left_.emplace(name, LeftOver{(*file)->head(), (*file)->facts()});
      break;
    }
  }
  return {};
}

Status SaveDirectory::accept(const meta::Table& table) {
  if (!before_) return {};
  if (before_->table.id == table.id && before_->table.created_ns == table.created_ns) return {};
  if (!options_.snapshot)
    return Error{ErrorCode::kConflict,
                 path_ +
                     " holds the backup of an earlier table of this name; with snapshot=true the new table takes "
                     "its place, another directory keeps both"};
  log_warning("the backup in " + path_ + " is of an earlier table of this name; it is replaced");
  before_.reset();
  return {};
}

const SavedPartition* SaveDirectory::kept(const meta::Chunk& chunk, uint64_t schema_version,
                                          const std::string& query) const {
  if (!before_ || options_.force) return nullptr;
  for (const auto& partition : before_->partitions) {
    if (partition.chunk != chunk.id || partition.query != query) continue;
    if (partition.version != chunk.version || partition.schema_version != schema_version) continue;
    const auto file = files_.open(io::join_path(path_, partition.file), io::OpenMode::kRead);
    if (!file.ok()) continue;
    const auto bytes = (*file)->size();
    if (bytes.ok() && *bytes == partition.file_bytes) return &partition;
  }
  return nullptr;
}

std::optional<SavedPartition> SaveDirectory::left_over(const SavedPartition& wanted, const meta::Table& table) const {
  for (const auto& [name, found] : left_) {
    const auto& head = found.head;
    const bool same = head.chunk == wanted.chunk && head.version == wanted.version && head.key == wanted.key &&
                      head.schema_version == wanted.schema_version && head.query == wanted.query &&
                      head.table_id == table.id && head.table_created_ns == table.created_ns;
    if (!same) continue;
    auto saved = wanted;
    saved.file = name;
    saved.rows = found.facts.rows;
    saved.file_bytes = found.facts.bytes;
    saved.digest = found.facts.digest;
    return saved;
  }
  return std::nullopt;
}

Result<std::string> SaveDirectory::path_for(const SavedPartition& wanted) const {
  const auto stem = std::to_string(wanted.chunk.value) + "_" + std::to_string(wanted.version) + "_" +
                    std::to_string(wanted.schema_version);
  for (int i = 0; i < kNamesMax; ++i) {
    auto path = io::join_path(path_, stem + (i == 0 ? "" : "_" + std::to_string(i)) + std::string(kRowsSuffix));
    TRY(const bool exists, files_.exists(path));
    if (!exists) return path;
  }
  return Error{ErrorCode::kLimit, "there are " + std::to_string(kNamesMax) + " files of chunk " +
                                      std::to_string(wanted.chunk.value) + " in " + path_ +
                                      "; remove those the backup does not need by a backup without force"};
}

Status SaveDirectory::finish(const SavedTable& table) {
  TRY_DONE(io::replace_file(files_, manifest_path(path_), encode_saved_table(table)));
  std::set<std::string> named;
  for (const auto& partition : table.partitions) named.insert(partition.file);
  TRY(const auto names, files_.list(path_));
  for (const auto& name : names) {
    if (!is_ours(name) || named.contains(name)) continue;
    const auto removed = files_.remove(io::join_path(path_, name));
    if (!removed.ok()) log_warning("a file no backup needs any more stays: " + removed.error().message);
  }
  return {};
}

}  // namespace pelorus::backup
