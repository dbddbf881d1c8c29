#include "datanode/column_view.h"

#include <algorithm>

#include "data/convert.h"

namespace pelorus::datanode {

using data::Shared;
using data::Vector;

namespace {

bool same_kind(const data::ColumnDefinition& left, const data::ColumnDefinition& right) {
  return left.type == right.type && left.array == right.array && left.scale == right.scale;
}

}  // namespace

ColumnView::ColumnView(std::span<const meta::Column> columns, const data::Schema& chunk) {
  for (const auto& column : columns) {
    const auto& definition = schema_.emplace_back(data::ColumnDefinition{
        .name = column.name, .type = column.type, .array = column.array, .scale = column.scale, .comment = {}});
    const auto found = std::ranges::find(chunk, column.name_in_chunks(), &data::ColumnDefinition::name);
    stored_.push_back(found == chunk.end() ? -1 : static_cast<int>(found - chunk.begin()));
    plain_.push_back(found != chunk.end() && same_kind(definition, *found));
  }
}

Shared<Vector> ColumnView::nulls(size_t column, size_t rows) const {
  const auto& definition = schema_[column];
  if (!definition.array) return Vector::nulls(definition.type, rows, definition.scale);
  return Vector::array(Shared<Vector>(Vector(definition.type, 0, definition.scale)), data::Buffer<int64_t>(rows, 0));
}

Result<Shared<Vector>> ColumnView::fitted(size_t column, Shared<Vector> values) const {
  if (plain_[column]) return values;
  const auto& definition = schema_[column];
  auto flat = definition.array ? values->flat_shared() : values;
  auto converted = data::convert(flat, definition.type, definition.scale);
  if (!converted) {
    return Error{ErrorCode::kCorrupt, "the stored values of column " + definition.name + " do not become " +
                                          std::string(types::name_of(definition.type))};
  }
  if (!definition.array) return std::move(*converted);
  const auto ends = values->ends();
  return Shared<Vector>(Vector::array(std::move(*converted), data::Buffer<int64_t>(ends.begin(), ends.end())));
}

Result<data::Table> ColumnView::read(const storage::ChunkSnapshot& chunk) const {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < schema_.size(); ++c) {
    names.push_back(schema_[c].name);
    if (stored_[c] < 0) {
      TRY(const size_t rows, chunk.rows());
      columns.push_back(nulls(c, rows));
      continue;
    }
    TRY(auto values, chunk.read(static_cast<size_t>(stored_[c])));
    TRY(auto column, fitted(c, std::move(values)));
    columns.push_back(std::move(column));
  }
  return data::Table(std::move(names), std::move(columns));
}

bool same_columns(const data::Schema& left, const data::Schema& right) {
  return std::ranges::equal(left, right,
                            [](const auto& a, const auto& b) { return a.name == b.name && same_kind(a, b); });
}

}  // namespace pelorus::datanode
