#include "storage/row_selection.h"

#include <algorithm>

namespace pelorus::storage {
namespace {

/// Pieces shorter than this on average are gathered row by row.
constexpr size_t kShortPiece = 8;

std::vector<size_t> ends_of(const std::vector<RowRange>& ranges) {
  std::vector<size_t> ends;
  ends.reserve(ranges.size());
  size_t rows = 0;
  for (const auto& range : ranges) ends.push_back(rows += range.size());
  return ends;
}

/// Rows [range.from, range.to) of the ranges one after another.
std::vector<RowRange> cut(const std::vector<RowRange>& ranges, const std::vector<size_t>& ends, RowRange range) {
  std::vector<RowRange> out;
  auto at = static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), range.from) - ends.begin());
  for (size_t row = range.from; row < range.to; ++at) {
    const size_t skipped = row - (at == 0 ? 0 : ends[at - 1]);
    const size_t count = std::min(ranges[at].size() - skipped, range.to - row);
    out.push_back({ranges[at].from + skipped, ranges[at].from + skipped + count});
    row += count;
  }
  return out;
}

}  // namespace

std::vector<RowRange> intersect(const std::vector<RowRange>& left, const std::vector<RowRange>& right) {
  std::vector<RowRange> both;
  for (size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    const RowRange part{std::max(left[i].from, right[j].from), std::min(left[i].to, right[j].to)};
    if (part.from < part.to) both.push_back(part);
    if (left[i].to < right[j].to)
      ++i;
    else
      ++j;
  }
  return both;
}

std::vector<RowRange> ranges_within(const std::vector<RowRange>& ranges, size_t& next, RowRange all) {
  std::vector<RowRange> within;
  while (next < ranges.size() && ranges[next].to <= all.from) ++next;
  for (; next < ranges.size() && ranges[next].from < all.to; ++next) {
    within.push_back({std::max(ranges[next].from, all.from) - all.from, std::min(ranges[next].to, all.to) - all.from});
    if (ranges[next].to > all.to) break;  // goes on behind
  }
  return within;
}

void add_range(std::vector<RowRange>& ranges, RowRange range) {
  if (range.from == range.to) return;
  if (!ranges.empty() && ranges.back().to == range.from)
    ranges.back().to = range.to;
  else
    ranges.push_back(range);
}

RowSelection::RowSelection(std::vector<RowRange> stored) : stored_(std::move(stored)), piece_ends_(ends_of(stored_)) {
  rows_ = piece_ends_.empty() ? 0 : piece_ends_.back();
}

RowSelection::RowSelection(std::vector<RowRange> stored, std::vector<RowRange> pieces)
    : stored_(std::move(stored)), pieces_(std::move(pieces)), piece_ends_(ends_of(*pieces_)) {
  rows_ = piece_ends_.empty() ? 0 : piece_ends_.back();
}

RowSelection RowSelection::part(RowRange range) const {
  if (!pieces_) return RowSelection(cut(stored_, piece_ends_, range));
  auto pieces = cut(*pieces_, piece_ends_, range);
  // Only what these pieces need is read: positions become positions in that.
  std::vector<RowRange> wanted = pieces;
  std::sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<RowRange> positions;
  for (const auto& piece : wanted) add_range(positions, piece);
  const auto position_ends = ends_of(positions);
  for (auto& piece : pieces) {
    const auto in = std::partition_point(positions.begin(), positions.end(),
                                         [&](const RowRange& known) { return known.to <= piece.from; });
    const size_t before = position_ends[static_cast<size_t>(in - positions.begin())] - in->size();
    piece = {before + piece.from - in->from, before + piece.to - in->from};
  }
  std::vector<RowRange> stored;
  const auto stored_ends = ends_of(stored_);
  for (const auto& range_of_positions : positions) {
    for (const auto& one : cut(stored_, stored_ends, range_of_positions)) add_range(stored, one);
  }
  return {std::move(stored), std::move(pieces)};
}

RowSelection RowSelection::where(const std::function<bool(size_t position)>& wanted) const {
  size_t all = 0;
  for (const auto& range : stored_) all += range.size();
  std::vector<RowRange> kept;
  for (const auto& piece : pieces_ ? *pieces_ : std::vector<RowRange>{{0, all}}) {
    for (size_t position = piece.from; position < piece.to; ++position) {
      if (wanted(position)) add_range(kept, {position, position + 1});
    }
  }
  return {stored_, std::move(kept)};
}

data::Vector RowSelection::arranged(data::Vector read) const {
  std::vector<data::Vector> one;
  one.push_back(std::move(read));
  return std::move(arranged(std::move(one)).front());
}

std::vector<data::Vector> RowSelection::arranged(std::vector<data::Vector> read) const {
  if (!pieces_) return read;
  if (rows_ / kShortPiece < pieces_->size()) {
    std::vector<int64_t> rows;
    rows.reserve(rows_);
    for (const auto& piece : *pieces_) {
      for (size_t row = piece.from; row < piece.to; ++row) rows.push_back(static_cast<int64_t>(row));
    }
    for (auto& column : read) column = column.take(rows);
    return read;
  }
  for (auto& column : read) {
    data::Vector out = column.slice(0, 0);
    out.reserve(rows_);
    for (const auto& piece : *pieces_) out.append(column, piece.from, piece.size());
    column = std::move(out);
  }
  return read;
}

}  // namespace pelorus::storage
