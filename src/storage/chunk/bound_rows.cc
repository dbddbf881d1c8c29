#include "storage/chunk/bound_rows.h"

#include <algorithm>

#include "storage/codec/integer_groups.h"

namespace pelorus::storage {
namespace {

using types::Scalar;
using types::Type;

/// Groups across an end of the bound may fall into so many stretches each, on average, before rows are no longer told
/// apart.
constexpr size_t kStretchesPerGroup = 8;

enum class Match : uint8_t { kNone, kSome, kAll };

Scalar scalar_from(const data::ColumnDefinition& column, const unsigned char* payload) {
  return types::visit_fixed(types::repr_of(column.type), [&]<class T>() {
    T value;
    std::memcpy(&value, payload, sizeof(T));
    return Scalar::of<T>(column.type, value, column.scale);
  });
}

/// A bound on a column of integers or temporals.
struct Interval {
  int64_t low = INT64_MIN;  // null, which is less than everything
  int64_t high = INT64_MAX;
  bool holds(int64_t value) const { return value >= low && value <= high; }
  Match of(const GroupZone& zone) const {
    const int64_t min = zone.nulls ? INT64_MIN : zone.min;
    if (min > high || zone.max < low) return Match::kNone;
    return min >= low && zone.max <= high ? Match::kAll : Match::kSome;
  }
};

bool has_intervals(const data::ColumnDefinition& column) {
  const auto repr = types::repr_of(column.type);
  if (column.array || column.type == Type::kSymbol || !types::is_fixed(repr)) return false;
  return types::visit_fixed(repr, []<class T>() { return std::is_integral_v<T> && sizeof(T) <= 8; });
}

class BoundReading {
 public:
  BoundReading(const ChunkState& state, const Bound& bound)
      : state_(state), bound_(bound), column_(state.schema()[bound.column]), usable_(is_of(bound, column_)) {
    out_.exact = telling_apart_ = usable_ && has_intervals(column_);
    if (!telling_apart_) return;
    if (bound.low) interval_.low = bound.low->as_int64();
    if (bound.high) interval_.high = bound.high->as_int64();
  }

  Result<BoundRows> run(const std::vector<RowRange>& wanted) {
    size_t next = 0;
    for (const auto& part : state_.parts()) {
      const auto here = ranges_within(wanted, next, {part.first_row, part.first_row + part.rows});
      if (here.empty()) continue;
      first_row_ = part.first_row;
      if (part.segment)
        TRY_DONE(read_segment(*part.segment, here));
      else
        read_block(*part.block, here);
    }
    return std::move(out_);
  }

 private:
  void keep(RowRange rows) { add_range(out_.rows, {first_row_ + rows.from, first_row_ + rows.to}); }
  void keep_untold(const std::vector<RowRange>& ranges) {
    out_.exact = false;
    for (const auto& range : ranges) keep(range);
  }

  Match match(const BlockEntry& block) const {
    const bool nulls_match = !bound_.low;
    if (block.facts.nulls == block.rows) return nulls_match ? Match::kAll : Match::kNone;
    if (!block.facts.ordered) return Match::kSome;
    const Scalar min = scalar_from(column_, block.facts.min), max = scalar_from(column_, block.facts.max);
    const bool over_low = !bound_.low || types::compare(min, *bound_.low) >= 0;
    const bool under_high = !bound_.high || types::compare(max, *bound_.high) <= 0;
    const bool nulls = block.facts.nulls > 0;
    if (over_low && under_high && (!nulls || nulls_match)) return Match::kAll;
    const bool apart =
        (bound_.low && types::compare(max, *bound_.low) < 0) || (bound_.high && types::compare(min, *bound_.high) > 0);
    return apart && !(nulls && nulls_match) ? Match::kNone : Match::kSome;
  }

  Status read_segment(const Segment& segment, const std::vector<RowRange>& wanted) {
    TRY(const auto index, segment.index());
    const auto& blocks = index->columns[bound_.column].blocks;
    size_t next = 0;
    for (size_t b = 0; b < blocks.size() && next < wanted.size(); ++b) {
      const RowRange all{blocks[b].first_row, blocks[b].first_row + blocks[b].rows};
      auto here = ranges_within(wanted, next, all);
      if (here.empty()) continue;
      for (auto& range : here) range = {all.from + range.from, all.from + range.to};
      const Match match_of_block = usable_ ? match(blocks[b]) : Match::kSome;
      if (match_of_block == Match::kNone) continue;
      if (match_of_block == Match::kAll) {
        for (const auto& range : here) keep(range);
      } else if (telling_apart_) {
        TRY_DONE(read_groups(segment, b, all, here));
      } else {
        keep_untold(here);
      }
    }
    return {};
  }

  Status read_groups(const Segment& segment, size_t block, RowRange all, const std::vector<RowRange>& wanted) {
    TRY(const auto zones, segment.group_zones(bound_.column, block));
    std::vector<RowRange> possible, across;
    for (size_t g = 0; g < zones->size(); ++g) {
      const Match match_of_group = interval_.of((*zones)[g]);
      if (match_of_group == Match::kNone) continue;
      const RowRange group{all.from + g * kGroupRows, std::min(all.from + (g + 1) * kGroupRows, all.to)};
      add_range(possible, group);
      if (match_of_group == Match::kSome) add_range(across, group);
    }
    possible = intersect(wanted, possible);
    across = intersect(possible, across);
    data::Vector values = make_stored(column_.type, false, column_.scale);
    TRY_DONE(segment.read(bound_.column, across, values));
    const auto kept = told_apart(possible, across, values);
    if (!kept) return keep_untold(possible), Status();
    for (const auto& range : *kept) keep(range);
    return {};
  }

  void read_block(const MemoryBlock& block, const std::vector<RowRange>& wanted) {
    if (!telling_apart_) return keep_untold(wanted);
    const auto& values = block.rows.column(bound_.column);
    std::optional<std::vector<RowRange>> kept;
    if (wanted.size() == 1 && wanted[0] == RowRange{0, values.size()}) {
      kept = told_apart(wanted, wanted, values);
    } else {
      data::Vector some = values.slice(0, 0);
      for (const auto& range : wanted) some.append(values, range.from, range.size());
      kept = told_apart(wanted, wanted, some);
    }
    if (!kept) return keep_untold(wanted);
    for (const auto& range : *kept) keep(range);
  }

  /// `possible` without the rows of `across` (a part of it, `values` its values) that are outside; nothing when these
  /// fall into too many stretches.
  std::optional<std::vector<RowRange>> told_apart(const std::vector<RowRange>& possible,
                                                  const std::vector<RowRange>& across, const data::Vector& values) {
    std::vector<RowRange> outside;
    const size_t stretches_most = kStretchesPerGroup * (values.size() / kGroupRows + across.size());
    types::visit_fixed(values.repr(), [&]<class T>() {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
        const T* value = values.values<T>().data();
        for (const auto& range : across) {
          for (size_t row = range.from; row < range.to && outside.size() <= stretches_most;) {
            size_t end = row;
            const bool holds = is_in(value[row - range.from]);
            while (end < range.to && is_in(value[end - range.from]) == holds) ++end;
            if (!holds) add_range(outside, {row, end});
            row = end;
          }
          value += range.size();
        }
      }
    });
    telling_apart_ = outside.size() <= stretches_most;
    if (!telling_apart_) return std::nullopt;
    return without(possible, outside);
  }

  template <class T>
  bool is_in(T value) const {
    return interval_.holds(value == types::kNull<T> ? INT64_MIN : static_cast<int64_t>(value));
  }

  /// Both ascend; `taken` lies within `ranges`.
  static std::vector<RowRange> without(const std::vector<RowRange>& ranges, const std::vector<RowRange>& taken) {
    std::vector<RowRange> left;
    size_t next = 0;
    for (const auto& range : ranges) {
      size_t from = range.from;
      for (; next < taken.size() && taken[next].from < range.to; ++next) {
        add_range(left, {from, taken[next].from});
        from = taken[next].to;
      }
      if (from < range.to) add_range(left, {from, range.to});
    }
    return left;
  }

  const ChunkState& state_;
  const Bound& bound_;
  const data::ColumnDefinition& column_;
  const bool usable_;
  bool telling_apart_ = false;  // rows, not only blocks
  Interval interval_;
  size_t first_row_ = 0;  // of the part being read
  BoundRows out_;
};

}  // namespace

bool is_of(const Bound& bound, const data::ColumnDefinition& column) {
  const auto fits = [&](const std::optional<Scalar>& value) {
    return !value || (value->type() == column.type && value->scale() == column.scale && !value->is_null());
  };
  return fits(bound.low) && fits(bound.high);
}

Result<BoundRows> bound_rows(const ChunkState& state, const Bound& bound, const std::vector<RowRange>& wanted) {
  return BoundReading(state, bound).run(wanted);
}

}  // namespace pelorus::storage
