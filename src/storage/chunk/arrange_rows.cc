#include "storage/chunk/arrange_rows.h"

#include <algorithm>
#include <deque>

#include "data/key_column.h"
#include "kernels/sort.h"

namespace pelorus::storage {
namespace {

using data::Vector;

/// Wanted rows of one key of one run.
struct Piece {
  size_t run = 0;
  size_t key = 0;  // in the run's directory
  RowRange stored;
  size_t position = 0;  // of its first row among all wanted rows
};

struct TimedRow {
  int64_t time;  // the last sort column
  size_t position;
};

class Arrangement {
 public:
  Arrangement(const std::vector<SortedRun>& runs, const std::vector<RowRange>& wanted, const ArrangeOptions& options,
              const LastColumnReader& read)
      : runs_(runs), wanted_(wanted), options_(options), read_(read) {}

  Result<RowSelection> arrange() {
    cut_pieces();
    sort_pieces();
    find_groups();
    if (!contested_.empty()) TRY_DONE(read_times());
    std::vector<RowRange> order;
    for (size_t g = 0, next = 0; g + 1 < groups_.size(); ++g) {
      const std::span<const Piece> group(pieces_.data() + groups_[g], groups_[g + 1] - groups_[g]);
      const bool is_contested = next < contested_.size() && contested_[next] == g;
      if (is_contested) {
        ++next;
        add_by_row(group, order);
        continue;
      }
      for (const auto& piece : group) add_range(order, {piece.position, piece.position + piece.stored.size()});
    }
    const bool as_they_lie = order.empty() || (order.size() == 1 && order[0] == RowRange{0, rows_});
    if (as_they_lie) return RowSelection(wanted_);
    return RowSelection(wanted_, std::move(order));
  }

 private:
  const KeyDirectory& directory_of(const Piece& piece) const { return *runs_[piece.run].directory; }

  void cut_pieces() {
    size_t run = 0;
    for (const auto& range : wanted_) {
      for (size_t row = range.from; row < range.to;) {
        while (run + 1 < runs_.size() && runs_[run + 1].first_row <= row) ++run;
        const size_t first = runs_[run].first_row;
        const auto& ends = runs_[run].directory->ends;
        auto key = static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), static_cast<int64_t>(row - first)) -
                                       ends.begin());
        CHECK(key < ends.size());
        for (; key < ends.size() && row < range.to; ++key) {
          const size_t to = std::min(range.to, first + static_cast<size_t>(ends[key]));
          pieces_.push_back({run, key, {row, to}, rows_});
          rows_ += to - row;
          row = to;
        }
      }
    }
  }

  /// By key; pieces of one key stay in the order they came.
  void sort_pieces() {
    if (runs_.size() < 2 || pieces_.empty()) return;
    std::deque<Vector> columns;
    std::deque<std::vector<int32_t>> ranks;
    std::vector<kernels::SortKey> keys;
    for (size_t c = 0; c < options_.texts.size(); ++c) {
      Vector& column = columns.emplace_back(directory_of(pieces_[0]).keys[c].slice(0, 0));
      column.reserve(pieces_.size());
      for (const auto& piece : pieces_) column.append(directory_of(piece).keys[c], piece.key, 1);
      if (options_.texts[c]) column = Vector::of_symbols(options_.texts[c], std::move(column.edit<int32_t>()));
      keys.push_back({data::key_column(column, ranks.emplace_back())});
    }
    if (keys.empty()) return;
    const auto order = kernels::sort_rows(keys, pieces_.size());
    std::vector<Piece> sorted;
    sorted.reserve(pieces_.size());
    for (const auto at : order) sorted.push_back(pieces_[static_cast<size_t>(at)]);
    pieces_ = std::move(sorted);
  }

  bool same_key(const Piece& left, const Piece& right) const {
    if (left.run == right.run) return left.key == right.key;
    for (size_t c = 0; c < options_.texts.size(); ++c) {
      const auto& a = directory_of(left).keys[c];
      const auto& b = directory_of(right).keys[c];
      const auto equal = [&]<class T>() { return a.values<T>()[left.key] == b.values<T>()[right.key]; };
      const bool same = a.repr() == types::Repr::kText ? equal.template operator()<std::string>()
                                                       : types::visit_fixed(a.repr(), equal);
      if (!same) return false;
    }
    return true;
  }

  void find_groups() {
    for (size_t p = 0; p < pieces_.size(); ++p) {
      if (p == 0 || !same_key(pieces_[p - 1], pieces_[p])) groups_.push_back(p);
    }
    groups_.push_back(pieces_.size());
    for (size_t g = 0; g + 1 < groups_.size(); ++g) {
      if (must_compare_rows(groups_[g], groups_[g + 1])) contested_.push_back(g);
    }
  }

  /// Pieces of one key that do not simply follow one another.
  bool must_compare_rows(size_t from, size_t to) const {
    const bool keep_all = options_.keep == KeepDuplicates::kAll;
    for (size_t p = from; p < to; ++p) {
      const auto& directory = directory_of(pieces_[p]);
      if (!keep_all && !directory.unique) return true;
      if (p == from) continue;
      const auto& before = pieces_[p - 1];
      if (before.run == pieces_[p].run) continue;
      const int64_t last = directory_of(before).last[before.key];
      const int64_t first = directory.first[pieces_[p].key];
      if (keep_all ? last > first : last >= first) return true;
    }
    return false;
  }

  Status read_times() {
    std::vector<const Piece*> wanted;
    for (const auto g : contested_) {
      for (size_t p = groups_[g]; p < groups_[g + 1]; ++p) wanted.push_back(&pieces_[p]);
    }
    std::sort(wanted.begin(), wanted.end(), [](const auto* a, const auto* b) { return a->position < b->position; });
    std::vector<RowRange> stored;
    size_t rows = 0;
    for (const auto* piece : wanted) {
      add_range(stored, piece->stored);
      time_positions_.push_back({piece->position, rows});
      rows += piece->stored.size();
    }
    TRY(const auto values, read_(stored));
    times_ = widened(values);
    if (times_.size() != rows) return Error{ErrorCode::kInternal, "another number of rows was read than asked for"};
    return {};
  }

  /// The times of a piece's rows.
  const int64_t* times_of(const Piece& piece) const {
    const auto at = std::partition_point(time_positions_.begin(), time_positions_.end(),
                                         [&](const auto& known) { return known.first < piece.position; });
    return times_.data() + at->second;
  }

  void add_by_row(std::span<const Piece> group, std::vector<RowRange>& order) const {
    std::vector<TimedRow> rows;
    std::vector<size_t> borders{0};
    for (const auto& piece : group) {
      const int64_t* times = times_of(piece);
      for (size_t i = 0; i < piece.stored.size(); ++i) rows.push_back({times[i], piece.position + i});
      borders.push_back(rows.size());
    }
    // Neighbours are merged pairwise, so that each row moves a logarithmic number of times.
    const auto earlier = [](const TimedRow& a, const TimedRow& b) { return a.time < b.time; };
    const auto at = [&](size_t border) { return rows.begin() + static_cast<ptrdiff_t>(border); };
    while (borders.size() > 2) {
      std::vector<size_t> joined{0};
      for (size_t b = 1; b < borders.size(); b += 2) {
        const size_t end = b + 1 < borders.size() ? borders[b + 1] : borders[b];
        if (end != borders[b]) std::inplace_merge(at(borders[b - 1]), at(borders[b]), at(end), earlier);
        joined.push_back(end);
      }
      borders = std::move(joined);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const bool first = i == 0 || rows[i - 1].time != rows[i].time;
      const bool last = i + 1 == rows.size() || rows[i + 1].time != rows[i].time;
      if (options_.keep == KeepDuplicates::kFirst && !first) continue;
      if (options_.keep == KeepDuplicates::kLast && !last) continue;
      add_range(order, {rows[i].position, rows[i].position + 1});
    }
  }

  const std::vector<SortedRun>& runs_;
  const std::vector<RowRange>& wanted_;
  const ArrangeOptions& options_;
  const LastColumnReader& read_;
  size_t rows_ = 0;  // wanted
  std::vector<Piece> pieces_;
  std::vector<size_t> groups_;                             // first piece of each key, then pieces_.size()
  std::vector<size_t> contested_;                          // groups whose rows must be compared
  std::vector<std::pair<size_t, size_t>> time_positions_;  // position of a piece, its first element in times_
  data::Buffer<int64_t> times_;
};

}  // namespace

Result<RowSelection> arrange_rows(const std::vector<SortedRun>& runs, const std::vector<RowRange>& wanted,
                                  const ArrangeOptions& options, const LastColumnReader& read) {
  return Arrangement(runs, wanted, options, read).arrange();
}

}  // namespace pelorus::storage
