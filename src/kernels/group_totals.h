#pragma once
// Counts, sums, extremes, ends, moments of groups while rows go by in parts. Numbers of groups come from
// kernels/group_numbers.h; threads keep totals of their own, merged at the end.

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/aggregate.h"
#include "kernels/distinct_numbers.h"
#include "kernels/group_numbers.h"
#include "types/representation.h"

namespace pelorus::kernels {

/// A column and what is wanted of it beside its count. Whole numbers of 8 to 64 bits, or floating ones.
struct Measure {
  types::Repr repr = types::Repr::kF64;
  bool sum = false;       // whole numbers add up in 64 bits and wrap
  bool real_sum = false;  // of whole numbers as doubles
  bool least = false, most = false;
  bool first = false, last = false;  // of the rows, null or not; where rows have groups
  bool moments = false;
  bool distinct = false;  // how many different values, null being one of them
};

/// Two columns of doubles and what is wanted of them.
struct PairMeasure {
  bool weighted = false;  // the first weighted by the second
  bool comoments = false;
};

/// Plain sums around the first value met, which costs no division by row. That value is one of the group's, so what it
/// is away from the others is in the result as well: the error is that of adding up.
struct ShiftedMoments {
  double count = 0, shift = 0, sum = 0, squares = 0;
  void add(double x) {
    if (count == 0) shift = x;
    ++count;
    const double from = x - shift;
    sum += from, squares += from * from;
  }
  void merge(const ShiftedMoments& other);
  Moments<2> settled() const;
};
struct ShiftedCoMoments {
  double count = 0, shift_x = 0, shift_y = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  void add(double first, double second) {
    if (count == 0) shift_x = first, shift_y = second;
    ++count;
    const double dx = first - shift_x, dy = second - shift_y;
    x += dx, y += dy, xx += dx * dx, yy += dy * dy, xy += dx * dy;
  }
  void merge(const ShiftedCoMoments& other);
  CoMoments settled() const;
};
struct PlainWeights {
  double count = 0, products = 0, weights = 0;
  void add(double x, double w) { ++count, products += x * w, weights += w; }
  void merge(const PlainWeights& o) { count += o.count, products += o.products, weights += o.weights; }
  WeightedAverage settled() const;
};

/// A group of some totals and what it is in others.
struct GroupMove {
  uint32_t from, to;
};

/// By group: a cheap state takes the rows of some parts and is then put to the one that lasts, if there are so many
/// rows.
template <class Passing, class Lasting>
struct SettledStates {
  std::vector<Passing> passing;
  std::vector<Lasting> lasting;  // empty while nothing was settled

  void settle() {
    lasting.resize(passing.size());
    for (size_t group = 0; group < passing.size(); ++group) {
      if (passing[group].count > 0) lasting[group].merge(std::exchange(passing[group], {}).settled());
    }
  }
  Lasting at(size_t group) const {
    Lasting all = lasting.empty() ? Lasting() : lasting[group];
    if (passing[group].count > 0) all.merge(passing[group].settled());
    return all;
  }
  void expect(const SettledStates& other) {
    if (!other.lasting.empty()) lasting.resize(passing.size());
  }
  void merge(const SettledStates& other, std::span<const GroupMove> moves) {
    for (const auto [from, to] : moves) {
      if (lasting.empty())
        passing[to].merge(other.passing[from]);
      else
        lasting[to].merge(other.at(from));
    }
  }
};

/// Sums of doubles of some measures, those of a group side by side, so that a row adds to all of them at once. Plain
/// inside some parts and compensated between them (Neumaier).
struct RealSums {
  std::vector<size_t> measures;  // by lane
  std::vector<double> part;      // by group and lane
  std::vector<Sum> total;        // without their counts; empty while nothing was settled

  size_t lanes() const { return measures.size(); }
  void settle();
  double at(size_t group, size_t lane) const;
  void expect(const RealSums& other);
  void merge(const RealSums& other, std::span<const GroupMove> moves);

 private:
  Sum all_of(size_t place) const;
};

/// By group; empty what was not wanted. Floating columns: *_real; others the whole ones. Where all values are null:
/// nulls = rows, sums and extremes undefined.
struct MeasureTotals {
  struct Met {
    uint64_t bits;
    uint32_t group;
    bool operator==(const Met&) const = default;
  };
  struct MetHash {
    using is_avalanching = void;
    size_t operator()(const Met& met) const;
  };

  std::vector<int64_t> nulls;  // empty while none was met
  std::vector<uint64_t> whole;
  std::vector<double> low_real, high_real, first_real, last_real;
  std::vector<int64_t> low, high, first, last;
  SettledStates<ShiftedMoments, Moments<2>> moments;
  DistinctNumbers met_by_all;                   // where rows have no groups
  boost::unordered_flat_set<Met, MetHash> met;  // where they have
  std::vector<Met> recent;                      // some that were met, by their hash
};
struct PairTotals {
  SettledStates<PlainWeights, WeightedAverage> weighted;
  SettledStates<ShiftedCoMoments, CoMoments> comoments;
};

/// A part's rows. Values of measure m: values[m], of its repr; of pair p: both columns as doubles.
struct MeasuredRows {
  size_t rows = 0;
  const uint32_t* numbers = nullptr;    // groups; null: all rows are of group 0
  std::span<const GroupRun> runs = {};  // all of them, where known
  int64_t first = 0;                    // number of the first row, when they follow one another
  const int64_t* positions = nullptr;   // their numbers otherwise, ascending in each group
  std::span<const void* const> values = {};
  std::span<const std::pair<const double*, const double*>> pairs = {};
};

/// One thread. Doubles add up by parts in a different order than the rows have. Cost: 1 to 2 ns a row and measure.
class GroupTotals {
 public:
  /// `ends`: the first and the last row of each group are wanted. `counts`: how many rows each has.
  GroupTotals(std::vector<Measure> measures, std::vector<PairMeasure> pairs, bool ends, bool counts);

  /// `groups`: all numbers so far are below.
  void add(const MeasuredRows& part, size_t groups);
  /// After the last rows.
  void finish();
  /// Before others are merged into this one.
  void expect(const GroupTotals& other);
  /// Puts groups of `other`, whose rows come after all rows of this one's, to groups below groups(). Calls that put
  /// to different groups may run beside one another. Different values stay where they are.
  void merge(const GroupTotals& other, std::span<const GroupMove> moves);
  /// Adds groups without rows.
  void grow(size_t groups);
  /// So many groups need no more memory.
  size_t room() const { return rows_.capacity(); }
  void make_room(size_t groups) { room_ = groups; }

  size_t groups() const { return rows_.size(); }
  /// By group. Where counts are not wanted: some number of rows that is above the nulls of measures that have a value.
  const std::vector<int64_t>& rows() const { return rows_; }
  /// More than 0 when the group has values that are not null; how many, where counts are wanted.
  int64_t count(size_t m, size_t group) const {
    return rows_[group] - (totals_[m].nulls.empty() ? 0 : totals_[m].nulls[group]);
  }
  const std::vector<int64_t>& first_rows() const { return first_; }
  const std::vector<int64_t>& last_rows() const { return last_; }
  const MeasureTotals& measure(size_t m) const { return totals_[m]; }
  /// Whether measure m is added up as doubles; what it comes to then.
  bool has_real_sum(size_t m) const { return sum_places_[m].sums != kNone; }
  double real_sum(size_t m, size_t group) const {
    const auto [sums, lane] = sum_places_[m];
    return real_sums_[sums].at(group, lane);
  }
  const PairTotals& pair(size_t p) const { return pair_totals_[p]; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// Where the sum of doubles of a measure is.
  struct SumPlace {
    uint32_t sums = kNone, lane = 0;
  };

  void place_sums();
  double* part_sum(size_t m, size_t group);
  void add_real_sums(const MeasuredRows& part, int8_t* have_nulls);
  void add_ends(const MeasuredRows& part);
  template <class T>
  void add_ends(size_t m, const T* values, const MeasuredRows& part, size_t groups_before);
  std::span<const GroupRun> runs_of(const MeasuredRows& part);
  void add_runs(const MeasuredRows& part, std::span<const GroupRun> runs, size_t groups_before);
  void add_to_groups(const MeasuredRows& part, size_t groups_before);
  void note_nulls(size_t m, size_t groups_before);
  void settle();

  std::vector<Measure> measures_;
  std::vector<PairMeasure> pairs_;
  bool ends_;
  bool counts_;             // rows are counted from here on
  bool uncounted_ = false;  // rows without nulls went by before
  std::vector<int64_t> rows_, first_, last_;
  std::vector<MeasureTotals> totals_;
  std::vector<PairTotals> pair_totals_;
  std::vector<RealSums> real_sums_;
  std::vector<SumPlace> sum_places_;  // by measure
  size_t unsettled_ = 0;
  std::vector<GroupRun> runs_;  // of the part
  size_t room_ = 0;             // for so many groups at least, when memory is asked for

  friend std::vector<int64_t> distinct_by_group(std::span<const GroupTotals>, size_t,
                                                std::span<const std::vector<uint32_t>>, size_t);
};

/// How many different values of measure m each of `groups` groups has. `as`: by totals, which group each of its groups
/// is.
std::vector<int64_t> distinct_by_group(std::span<const GroupTotals> totals, size_t m,
                                       std::span<const std::vector<uint32_t>> as, size_t groups);

}  // namespace pelorus::kernels
