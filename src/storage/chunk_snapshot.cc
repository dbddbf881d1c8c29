#include "storage/chunk_snapshot.h"

#include <algorithm>

#include "storage/chunk/chunk_state.h"
#include "storage/chunk/dictionaries.h"

namespace pelorus::storage {
namespace {

using types::Scalar;
using types::Type;

Scalar scalar_from(Type type, int scale, const unsigned char* payload) {
  return types::visit_fixed(types::repr_of(type), [&]<class T>() {
    T value;
    std::memcpy(&value, payload, sizeof(T));
    return Scalar::of<T>(type, value, scale);
  });
}

Zone zone_of(const data::ColumnDefinition& column, RowRange rows, const BlockFacts& facts) {
  Zone zone{rows, std::nullopt, std::nullopt, facts.nulls};
  if (facts.ordered) {
    zone.min = scalar_from(column.type, column.scale, facts.min);
    zone.max = scalar_from(column.type, column.scale, facts.max);
  }
  return zone;
}

bool may_match(const Zone& zone, const std::optional<Scalar>& low, const std::optional<Scalar>& high) {
  if (zone.nulls == zone.rows.size()) return false;
  if (!zone.min) return true;
  return !(low && types::compare(*zone.max, *low) < 0) && !(high && types::compare(*zone.min, *high) > 0);
}

bool is_of(const std::optional<Scalar>& bound, const data::ColumnDefinition& column) {
  return !bound || (bound->type() == column.type && bound->scale() == column.scale && !bound->is_null());
}

bool is_text(const std::optional<Scalar>& bound) {
  return !bound || bound->type() == Type::kString || bound->type() == Type::kSymbol;
}

/// Leaves the keys out that lie outside the bound; `texts` of a SYMBOL column.
void exclude_keys(const data::Vector& keys, const data::ColumnDefinition& column, const data::SymbolBase* texts,
                  const Bound& bound, std::vector<bool>& fits) {
  const bool by_text = texts || keys.repr() == types::Repr::kText;
  if (by_text ? !is_text(bound.low) || !is_text(bound.high) : !is_of(bound.low, column) || !is_of(bound.high, column))
    return;
  if (texts && bound.low && bound.high && bound.low->text() == bound.high->text()) {
    const int32_t code = texts->find(bound.low->text());
    const auto codes = keys.values<int32_t>();
    for (size_t key = 0; key < fits.size(); ++key) fits[key] = fits[key] && codes[key] == code;
    return;
  }
  for (size_t key = 0; key < fits.size(); ++key) {
    if (!fits[key]) continue;
    if (by_text) {
      const auto& text = texts ? texts->text(keys.values<int32_t>()[key]) : keys.text_at(key);
      fits[key] = !(bound.low && text < bound.low->text()) && !(bound.high && text > bound.high->text());
    } else {
      const Scalar value = keys.scalar_at(key);
      fits[key] = !(bound.low && types::compare(value, *bound.low) < 0) &&
                  !(bound.high && types::compare(value, *bound.high) > 0);
    }
  }
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

Result<std::vector<Zone>> ChunkSnapshot::zones(size_t column) const {
  TRY_DONE(check_column(column));
  const auto& definition = schema()[column];
  std::vector<Zone> zones;
  for (const auto& part : state_->parts()) {
    if (part.first_row >= rows_) break;
    if (!part.segment) {
      const RowRange rows{part.first_row, std::min(rows_, part.first_row + part.rows)};
      zones.push_back({rows, std::nullopt, std::nullopt, 0});
      continue;
    }
    TRY(const auto index, part.segment->index());
    for (const auto& block : index->columns[column].blocks) {
      const size_t from = part.first_row + block.first_row;
      if (from >= rows_) break;
      Zone zone = zone_of(definition, {from, from + block.rows}, block.facts);
      if (zone.rows.to > rows_) {  // an old version that ends inside the block: the counts are of later rows too
        zone.rows.to = rows_;
        zone.nulls = 0;
      }
      zones.push_back(std::move(zone));
    }
  }
  return zones;
}

Result<std::vector<RowRange>> ChunkSnapshot::zoned(const Bound& bound) const {
  const auto& column = schema()[bound.column];
  TRY(const auto all, zones(bound.column));
  const bool usable = is_of(bound.low, column) && is_of(bound.high, column);
  std::vector<RowRange> ranges;
  for (const auto& zone : all) {
    if (!usable || may_match(zone, bound.low, bound.high)) add_range(ranges, zone.rows);
  }
  return ranges;
}

Result<std::shared_ptr<const RowSelection>> ChunkSnapshot::select(const std::vector<Bound>& bounds) const {
  for (const auto& bound : bounds) TRY_DONE(check_column(bound.column));
  if (sort().sorts()) {
    if (bounds.empty()) return state_->arranged(*dictionaries_);
    TRY(auto sorted, select_sorted(bounds));
    return std::make_shared<const RowSelection>(std::move(sorted));
  }
  std::vector<RowRange> kept;
  add_range(kept, {0, rows_});
  for (const auto& bound : bounds) {
    TRY(const auto ranges, zoned(bound));
    kept = intersect(kept, ranges);
  }
  return std::make_shared<const RowSelection>(std::move(kept));
}

Result<RowSelection> ChunkSnapshot::select_sorted(const std::vector<Bound>& bounds) const {
  TRY(auto kept, keyed(bounds));
  // A row must meet all its equals before KeepDuplicates can choose: only sort columns may exclude rows then, unless
  // that choice was made when the one run was written.
  const bool all_met = !sort().drops_rows() || (state_->parts().size() == 1 && state_->segment_count() == 1);
  for (const auto& bound : bounds) {
    const auto& columns = sort().columns;
    const bool sorts = std::find(columns.begin(), columns.end(), bound.column) != columns.end();
    if (!sorts && !all_met) continue;
    TRY(const auto ranges, zoned(bound));
    kept = intersect(kept, ranges);
  }
  return state_->arrange(kept, *dictionaries_, sort().keep);
}

Result<std::vector<RowRange>> ChunkSnapshot::keyed(const std::vector<Bound>& bounds) const {
  TRY(const auto runs, state_->runs());
  const auto& columns = sort().columns;
  std::vector<RowRange> kept;
  for (const auto& run : runs) {
    const auto& directory = *run.directory;
    std::vector<bool> fits(directory.size(), true);
    for (const auto& bound : bounds) {
      const auto k = static_cast<size_t>(std::find(columns.begin(), columns.end(), bound.column) - columns.begin());
      if (k == columns.size()) continue;
      if (k + 1 < columns.size()) {
        std::shared_ptr<data::SymbolBase> texts;
        if (schema()[bound.column].type == Type::kSymbol) {
          TRY(texts, dictionaries_->frozen(bound.column));
        }
        exclude_keys(directory.keys[k], schema()[bound.column], texts.get(), bound, fits);
      } else if (is_of(bound.low, schema()[bound.column]) && is_of(bound.high, schema()[bound.column])) {
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
