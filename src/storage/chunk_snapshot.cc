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

}  // namespace

ChunkSnapshot::ChunkSnapshot(std::shared_ptr<const ChunkState> state, std::shared_ptr<ChunkDictionaries> dictionaries,
                             ChunkId chunk, Version version, size_t rows)
    : state_(std::move(state)), dictionaries_(std::move(dictionaries)), chunk_(chunk), version_(version), rows_(rows) {}

const data::Schema& ChunkSnapshot::schema() const { return state_->schema(); }

Status ChunkSnapshot::append_rows(size_t column, RowRange range, data::Vector& out) const {
  if (column >= schema().size() || range.from > range.to || range.to > rows_) {
    return Error{ErrorCode::kInvalid, "no such column or rows in chunk " + std::to_string(chunk_.value) + ": column " +
                                          std::to_string(column) + ", rows " + std::to_string(range.from) + " to " +
                                          std::to_string(range.to) + " of " + std::to_string(rows_)};
  }
  return state_->read(column, range, out);
}

Result<data::Vector> ChunkSnapshot::read(size_t column, const std::vector<RowRange>& ranges) const {
  if (column >= schema().size()) return read(column, RowRange{});  // gives the error
  const auto& definition = schema()[column];
  data::Vector rows = make_stored(definition.type, definition.array, definition.scale);
  size_t count = 0;
  for (const auto& range : ranges) count += range.size();
  if (!definition.array && count <= rows_) rows.reserve(count);
  for (const auto& range : ranges) TRY_DONE(append_rows(column, range, rows));
  if (definition.type != Type::kSymbol) return rows;
  TRY(auto symbols, dictionaries_->frozen(column));
  const auto& codes = rows.values<int32_t>();
  if (std::any_of(codes.begin(), codes.end(), [&](int32_t code) { return code < 0 || code >= symbols->size(); })) {
    return Error{ErrorCode::kCorrupt,
                 "a SYMBOL code has no text: chunk " + std::to_string(chunk_.value) + ", column " + definition.name};
  }
  return data::Vector::of_symbols(std::move(symbols), std::move(rows.edit<int32_t>()));
}

Result<data::Vector> ChunkSnapshot::read(size_t column, RowRange range) const {
  if (column >= schema().size()) {
    return Error{ErrorCode::kInvalid,
                 "chunk " + std::to_string(chunk_.value) + " has no column " + std::to_string(column)};
  }
  return read(column, std::vector<RowRange>{range});
}

Result<data::Shared<data::Vector>> ChunkSnapshot::read(size_t column) const {
  const auto& parts = state_->parts();
  const bool one_block = parts.size() == 1 && parts[0].block && parts[0].rows == rows_;
  if (one_block && column < schema().size() && schema()[column].type != Type::kSymbol) {
    return parts[0].block->rows.column_shared(column);
  }
  TRY(auto rows, read(column, RowRange{0, rows_}));
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
  if (column >= schema().size()) return read(column, RowRange{}).error();
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

Result<std::vector<RowRange>> ChunkSnapshot::matching(size_t column, const std::optional<Scalar>& low,
                                                      const std::optional<Scalar>& high) const {
  TRY(const auto all, zones(column));
  const bool usable = is_of(low, schema()[column]) && is_of(high, schema()[column]);
  std::vector<RowRange> ranges;
  for (const auto& zone : all) {
    if (usable && !may_match(zone, low, high)) continue;
    if (!ranges.empty() && ranges.back().to == zone.rows.from)
      ranges.back().to = zone.rows.to;
    else
      ranges.push_back(zone.rows);
  }
  return ranges;
}

}  // namespace pelorus::storage
