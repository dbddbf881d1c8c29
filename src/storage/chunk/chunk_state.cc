#include "storage/chunk/chunk_state.h"

#include <algorithm>

namespace pelorus::storage {

void number_rows(std::vector<Part>& parts) {
  size_t row = 0;
  for (auto& part : parts) {
    part.first_row = row;
    row += part.rows;
  }
}

std::shared_ptr<const KeyDirectory> directory_of(const data::Table& rows, const SortRule& sort) {
  std::vector<const data::Vector*> columns;
  for (const auto column : sort.columns) columns.push_back(&rows.column(column));
  return std::make_shared<const KeyDirectory>(make_directory(columns));
}

ChunkState::ChunkState(const ChunkState& before, std::vector<Part> parts)
    : ChunkState(before, std::move(parts), before.generation_) {}

ChunkState::ChunkState(const ChunkState& before, std::vector<Part> parts, uint64_t generation)
    : schema_(before.schema_), sort_(before.sort_), generation_(generation), parts_(std::move(parts)) {
  number_rows(parts_);
  while (segments_ < parts_.size() && parts_[segments_].segment) ++segments_;
  for (size_t p = segments_; p < parts_.size(); ++p) CHECK(parts_[p].block != nullptr);
}

uint64_t ChunkState::memory_bytes() const {
  uint64_t bytes = 0;
  for (size_t p = segments_; p < parts_.size(); ++p) bytes += parts_[p].block->bytes;
  return bytes;
}

size_t ChunkState::memory_rows() const { return segments_ == parts_.size() ? 0 : rows() - parts_[segments_].first_row; }

Result<data::Vector> ChunkState::read(size_t column, const std::vector<RowRange>& ranges) const {
  const auto& definition = schema_[column];
  data::Vector out = make_stored(definition.type, definition.array, definition.scale);
  size_t count = 0;
  for (const auto& range : ranges) count += range.size();
  if (!definition.array) out.reserve(count);
  size_t next = 0;
  for (const auto& part : parts_) {
    const auto here = ranges_within(ranges, next, {part.first_row, part.first_row + part.rows});
    if (part.segment) {
      TRY_DONE(part.segment->read(column, here, out));
    } else {
      for (const auto& range : here) out.append(part.block->rows.column(column), range.from, range.size());
    }
  }
  return out;
}

Result<std::vector<SortedRun>> ChunkState::runs() const {
  std::vector<SortedRun> runs;
  for (const auto& part : parts_) {
    if (!part.segment) {
      runs.push_back({part.first_row, part.block->directory});
      continue;
    }
    TRY(auto directory, part.segment->directory());
    runs.push_back({part.first_row, std::move(directory)});
  }
  return runs;
}

Result<RowSelection> ChunkState::arrange(const std::vector<RowRange>& wanted, ChunkDictionaries& dictionaries,
                                         KeepDuplicates keep) const {
  TRY(const auto sorted, runs());
  const bool drops_deletions = keep == KeepDuplicates::kLastUnlessDeleted;
  ArrangeOptions options{drops_deletions ? KeepDuplicates::kLast : keep, {}};
  for (size_t k = 0; k + 1 < sort_.columns.size(); ++k) {
    options.texts.emplace_back();
    if (schema_[sort_.columns[k]].type != types::Type::kSymbol) continue;
    TRY(options.texts.back(), dictionaries.frozen(sort_.columns[k]));
  }
  TRY(auto arranged, arrange_rows(sorted, wanted, options, [&](const std::vector<RowRange>& stored) {
        return read(sort_.columns.back(), stored);
      }));
  if (!drops_deletions) return arranged;
  return without_deletions(std::move(arranged));
}

Result<bool> ChunkState::has_deletions() const {
  const size_t marks = schema_.size() - 1;
  for (const auto& part : parts_) {
    if (part.segment) {
      TRY(const auto index, part.segment->index());
      for (const auto& block : index->columns[marks].blocks) {
        if (!block.facts.ordered || block.facts.max[0] != 0) return true;
      }
      continue;
    }
    const auto values = part.block->rows.column(marks).values<int8_t>();
    if (std::any_of(values.begin(), values.end(), [](int8_t mark) { return mark == 1; })) return true;
  }
  return false;
}

Result<RowSelection> ChunkState::without_deletions(RowSelection selected) const {
  TRY(const bool any, has_deletions());
  if (!any) return selected;
  TRY(auto marks, read(schema_.size() - 1, selected.stored()));
  return selected.where([values = marks.values<int8_t>()](size_t position) { return values[position] != 1; });
}

Result<std::shared_ptr<const RowSelection>> ChunkState::arranged(ChunkDictionaries& dictionaries) const {
  const std::lock_guard lock(mutex_);  // others want the same and wait for it
  if (arranged_) return arranged_;
  std::vector<RowRange> all;
  add_range(all, {0, rows()});
  TRY(auto selection, arrange(all, dictionaries, shows_deletions_ ? KeepDuplicates::kLast : sort_.keep));
  arranged_ = std::make_shared<const RowSelection>(std::move(selection));
  return arranged_;
}

std::shared_ptr<const ChunkState> ChunkState::with_versions(Version after, Version to, bool segments) const {
  std::vector<Part> kept;
  for (const auto& part : parts_) {
    if (part.segment) {
      if (segments) kept.push_back(part);
      continue;
    }
    const auto& block = *part.block;
    if (block.last_version <= after || block.first_version > to) continue;
    if (block.first_version > after && block.last_version <= to) {
      kept.push_back(part);
      continue;
    }
    std::vector<int64_t> rows;
    for (size_t row = 0; row < block.row_versions.size(); ++row) {
      const Version version = block.first_version + block.row_versions[row];
      if (version > after && version <= to) rows.push_back(static_cast<int64_t>(row));
    }
    if (rows.empty()) continue;
    auto some = std::make_shared<MemoryBlock>();
    some->rows = block.rows.take(rows);
    some->directory = directory_of(some->rows, sort_);
    some->first_version = std::max(block.first_version, after + 1);
    some->last_version = std::min(block.last_version, to);
    kept.push_back({0, rows.size(), nullptr, std::move(some)});
  }
  auto some = std::make_shared<ChunkState>(*this, std::move(kept));
  some->shows_deletions_ = !segments && sort_.marks_deletions();
  return some;
}

void ChunkState::let_go() const {
  for (const auto& part : parts_) {
    if (part.segment) part.segment->let_go();
  }
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) arranged_.reset();
}

Version ChunkState::newest_in_memory() const {
  Version newest = 0;
  for (size_t p = segments_; p < parts_.size(); ++p) newest = std::max(newest, parts_[p].block->last_version);
  return newest;
}

}  // namespace pelorus::storage
