#include "storage/chunk_snapshot.h"

#include <algorithm>

#include "storage/chunk/bound_rows.h"
#include "storage/chunk/chunk_state.h"
#include "storage/chunk/dictionaries.h"

namespace pelorus::storage {
namespace {

using types::Scalar;
using types::Type;

bool is_text(const std::optional<Scalar>& bound) {
  return !bound || bound->type() == Type::kString || bound->type() == Type::kSymbol;
}

/// Leaves the keys out that lie outside the bound; `texts` of a SYMBOL column. True when the others all lie inside.
bool exclude_keys(const data::Vector& keys, const data::ColumnDefinition& column, const data::SymbolBase* texts,
                  const Bound& bound, std::vector<bool>& fits) {
  const bool by_text = texts || keys.repr() == types::Repr::kText;
  if (by_text ? !is_text(bound.low) || !is_text(bound.high) : !is_of(bound, column)) return false;
  if (texts && bound.low && bound.high && bound.low->text() == bound.high->text()) {
    const int32_t code = texts->find(bound.low->text());
    const auto codes = keys.values<int32_t>();
    for (size_t key = 0; key < fits.size(); ++key) fits[key] = fits[key] && codes[key] == code;
    return !bound.low->text().empty();
  }
  for (size_t key = 0; key < fits.size(); ++key) {
    if (!fits[key]) continue;
    if (by_text) {
      const auto& text = texts ? texts->text(keys.values<int32_t>()[key]) : keys.text_at(key);
      fits[key] = !(bound.low && text < bound.low->text()) && !(bound.high && text > bound.high->text());
    } else {
      const Scalar value = keys.scalar_at(key);
      fits[key] = value.is_null() ? !bound.low
                                  : !(bound.low && types::compare(value, *bound.low) < 0) &&
                                        !(bound.high && types::compare(value, *bound.high) > 0);
    }
  }
  return !by_text;
}

/// The same for the last sort column. The bound has its type.
void exclude_times(const KeyDirectory& directory, const Bound& bound, std::vector<bool>& fits) {
  const int64_t low = bound.low ? bound.low->as_int64() : INT64_MIN;
  const int64_t high = bound.high ? bound.high->as_int64() : INT64_MAX;
  for (size_t key = 0; key < fits.size(); ++key)
    fits[key] = fits[key] && directory.first[key] <= high && directory.last[key] >= low;
}

}  // namespace

ChunkSnapshot::ChunkSnapshot(std::shared_ptr<const ChunkState> state, std::shared_ptr<ChunkDictionaries> dictionaries,
                             ChunkId chunk, Version version, size_t rows)
    : state_(std::move(state)), dictionaries_(std::move(dictionaries)), chunk_(chunk), version_(version), rows_(rows) {}

const data::Schema& ChunkSnapshot::schema() const { return state_->schema(); }
const SortRule& ChunkSnapshot::sort() const { return state_->sort(); }

size_t ChunkSnapshot::parts() const { return state_->parts().size(); }

Result<size_t> ChunkSnapshot::rows() const {
  if (!sort().sorts()) return rows_;
  TRY(const auto all, state_->arranged(*dictionaries_));
  return all->rows();
}

Status ChunkSnapshot::check_column(size_t column) const {
  if (column < schema().size()) return {};
  return Error{ErrorCode::kInvalid,
               "chunk " + std::to_string(chunk_.value) + " has no column " + std::to_string(column)};
}

Result<data::Vector> ChunkSnapshot::read(size_t column, const RowSelection& selection) const {
  TRY_DONE(check_column(column));
  TRY(auto stored, state_->read(column, selection.stored()));
  data::Vector rows = selection.arranged(std::move(stored));
  if (schema()[column].type != Type::kSymbol) return rows;
  TRY(auto symbols, dictionaries_->frozen(column));
  const auto& codes = rows.values<int32_t>();
  if (std::any_of(codes.begin(), codes.end(), [&](int32_t code) { return code < 0 || code >= symbols->size(); })) {
    return Error{ErrorCode::kCorrupt, "a SYMBOL code has no text: chunk " + std::to_string(chunk_.value) + ", column " +
                                          schema()[column].name};
  }
  return data::Vector::of_symbols(std::move(symbols), std::move(rows.edit<int32_t>()));
}

Result<data::Vector> ChunkSnapshot::read(size_t column, RowRange range) const {
  TRY_DONE(check_column(column));
  TRY(const auto all, select());
  if (range.from > range.to || range.to > all->rows()) {
    return Error{ErrorCode::kInvalid, "chunk " + std::to_string(chunk_.value) + " has no rows " +
                                          std::to_string(range.from) + " to " + std::to_string(range.to) + ", only " +
                                          std::to_string(all->rows())};
  }
  return read(column, all->part(range));
}

Result<data::Shared<data::Vector>> ChunkSnapshot::read(size_t column) const {
  TRY_DONE(check_column(column));
  const auto& parts = state_->parts();
  const bool one_block = !sort().sorts() && parts.size() == 1 && parts[0].block && parts[0].rows == rows_;
  if (one_block && schema()[column].type != Type::kSymbol) return parts[0].block->rows.column_shared(column);
  TRY(const auto all, select());
  TRY(auto rows, read(column, *all));
  return data::Shared<data::Vector>(std::move(rows));
}

Result<data::Table> ChunkSnapshot::read_table() const {
  std::vector<std::string> names;
  std::vector<data::Shared<data::Vector>> columns;
  for (size_t c = 0; c < schema().size(); ++c) {
    TRY(auto column, read(c));
    names.push_back(schema()[c].name);
    columns.push_back(std::move(column));
  }
  return data::Table(std::move(names), std::move(columns));
}

Result<std::shared_ptr<const RowSelection>> ChunkSnapshot::select() const {
  if (sort().sorts()) return state_->arranged(*dictionaries_);
  std::vector<RowRange> all;
  add_range(all, {0, rows_});
  return std::make_shared<const RowSelection>(std::move(all));
}

Result<SelectedRows> ChunkSnapshot::select(const std::vector<Bound>& bounds) const {
  for (const auto& bound : bounds) TRY_DONE(check_column(bound.column));
  SelectedRows out;
  out.exact.resize(bounds.size(), false);
  if (bounds.empty()) {
    TRY(out.rows, select());
    return out;
  }
  std::vector<RowRange> kept;
  if (sort().sorts()) {
    TRY(kept, keyed(bounds, out.exact));
  } else {
    add_range(kept, {0, rows_});
  }
  for (size_t b = 0; b < bounds.size(); ++b) {
    if (out.exact[b] || !may_exclude(bounds[b])) continue;
    TRY(auto met, bound_rows(*state_, bounds[b], kept));
    kept = std::move(met.rows);
    out.exact[b] = met.exact;
  }
  if (sort().sorts()) {
    TRY(auto arranged, state_->arrange(kept, *dictionaries_, sort().keep));
    out.rows = std::make_shared<const RowSelection>(std::move(arranged));
  } else {
    out.rows = std::make_shared<const RowSelection>(std::move(kept));
  }
  return out;
}

Result<std::shared_ptr<const RowSelection>> ChunkSnapshot::select(const GroupEnds& ends) const {
  const auto& columns = sort().columns;
  const auto is_key = [&](size_t column) {
    return std::find(columns.begin(), columns.end() - 1, column) != columns.end() - 1;
  };
  const bool known = sort().sorts() && !sort().marks_deletions() && is_settled() &&
                     std::all_of(ends.keys.begin(), ends.keys.end(), is_key) &&
                     (!ends.by || *ends.by == columns.back());
  if (!known) return select();
  TRY(const auto runs, state_->runs());
  std::vector<RowRange> kept;
  for (const auto& run : runs) {
    for (size_t key = 0; key < run.directory->size(); ++key) {
      auto rows = run.directory->rows_of(key);
      if (ends.last > 0)
        rows.from = rows.to - std::min(rows.size(), ends.last);
      else
        rows.to = rows.from + std::min(rows.size(), ends.first);
      add_range(kept, {run.first_row + rows.from, run.first_row + rows.to});
    }
  }
  TRY(auto arranged, state_->arrange(kept, *dictionaries_, sort().keep));
  return std::make_shared<const RowSelection>(std::move(arranged));
}

bool ChunkSnapshot::is_settled() const {
  return !sort().drops_rows() || (state_->parts().size() == 1 && state_->segment_count() == 1);
}

bool ChunkSnapshot::may_exclude(const Bound& bound) const {
  const auto& columns = sort().columns;
  return is_settled() || std::find(columns.begin(), columns.end(), bound.column) != columns.end();
}

Result<std::vector<RowRange>> ChunkSnapshot::keyed(const std::vector<Bound>& bounds, std::vector<bool>& exact) const {
  TRY(const auto runs, state_->runs());
  const auto& columns = sort().columns;
  std::vector<std::shared_ptr<data::SymbolBase>> texts(bounds.size());
  for (size_t b = 0; b < bounds.size(); ++b) {
    const auto k = std::find(columns.begin(), columns.end(), bounds[b].column);
    if (k == columns.end() || k + 1 == columns.end()) continue;
    exact[b] = true;  // until a run says otherwise
    if (schema()[bounds[b].column].type != Type::kSymbol) continue;
    TRY(texts[b], dictionaries_->frozen(bounds[b].column));
  }
  std::vector<RowRange> kept;
  for (const auto& run : runs) {
    const auto& directory = *run.directory;
    std::vector<bool> fits(directory.size(), true);
    for (size_t b = 0; b < bounds.size(); ++b) {
      const auto& bound = bounds[b];
      const auto k = static_cast<size_t>(std::find(columns.begin(), columns.end(), bound.column) - columns.begin());
      if (k == columns.size()) continue;
      if (k + 1 < columns.size()) {
        const bool told = exclude_keys(directory.keys[k], schema()[bound.column], texts[b].get(), bound, fits);
        exact[b] = exact[b] && told;
      } else if (is_of(bound, schema()[bound.column])) {
        exclude_times(directory, bound, fits);
      }
    }
    for (size_t key = 0; key < fits.size(); ++key) {
      const auto rows = directory.rows_of(key);
      if (fits[key]) add_range(kept, {run.first_row + rows.from, run.first_row + rows.to});
    }
  }
  return kept;
}

}  // namespace pelorus::storage
