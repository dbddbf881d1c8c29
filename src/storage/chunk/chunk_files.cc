// What the files of a chunk hold, for those who look after it.

#include "io/file_system.h"
#include "storage/chunk/chunk.h"
#include "types/format_value.h"

namespace pelorus::storage {
namespace {

std::string name_of(const Segment& segment) {
  const auto& path = segment.path();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::vector<FileInfo>> Chunk::files() const {
  Held held;
  {
    const std::lock_guard lock(publish_mutex_);
    TRY(held, hold_locked(kLatestVersion));
  }
  std::vector<FileInfo> files;
  for (size_t p = 0; p < held.state->segment_count(); ++p) {
    const auto& segment = *held.state->parts()[p].segment;
    FileInfo file{name_of(segment), segment.facts().rows, segment.facts().file_bytes, 0};
    if (held.state->sort().sorts()) {
      TRY(const auto directory, segment.directory());
      file.sort_keys = directory->size();
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::vector<SortKeyRows>> Chunk::sort_keys() const {
  Held held;
  {
    const std::lock_guard lock(publish_mutex_);
    TRY(held, hold_locked(kLatestVersion));
  }
  const auto& sort = held.state->sort();
  if (!sort.sorts())
    return Error{ErrorCode::kInvalid, "the rows of chunk " + std::to_string(id_.value) + " have no sort keys"};
  TRY_DONE(held.dictionaries->load());
  std::vector<std::shared_ptr<data::SymbolBase>> texts;
  for (size_t k = 0; k + 1 < sort.columns.size(); ++k) {
    texts.emplace_back();
    if (held.state->schema()[sort.columns[k]].type != types::Type::kSymbol) continue;
    TRY(texts.back(), held.dictionaries->frozen(sort.columns[k]));
  }
  std::vector<SortKeyRows> all;
  for (size_t p = 0; p < held.state->segment_count(); ++p) {
    const auto& segment = *held.state->parts()[p].segment;
    TRY(const auto directory, segment.directory());
    for (size_t key = 0; key < directory->size(); ++key) {
      std::string name;
      for (size_t k = 0; k < texts.size(); ++k) {
        const auto& column = directory->keys[k];
        name += k == 0 ? "" : "_";
        name += texts[k] ? texts[k]->text(column.values<int32_t>()[key]) : types::format_value(column.scalar_at(key));
      }
      all.push_back({name_of(segment), std::move(name), directory->rows_of(key).size()});
    }
  }
  return all;
}

}  // namespace pelorus::storage
