#include "kernels/group_totals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/prefetch.h"
#include "base/wide_vectors.h"
#include "kernels/group.h"
#include "kernels/hash.h"
#include "kernels/neighbours.h"
#include "kernels/sum_lanes.h"
#include "kernels/visit_number.h"
#include "types/null.h"

namespace pelorus::kernels {
namespace {

using types::kNull;

/// Plain sums are settled after so many rows, or so many for each group.
constexpr size_t kSettleRows = 1 << 18;
constexpr size_t kSettleRowsByGroup = 16;
/// Sums with independent partial sums: as many as hide the latency of additions.
constexpr size_t kLanes = 32;

// --- one measure over one part -----------------------------------------------------------------------------------

template <class T>
PELORUS_WIDE size_t nulls_in(const T* values, size_t rows) {
  size_t nulls = 0;
  for (size_t i = 0; i < rows; ++i) nulls += values[i] == kNull<T>;
  return nulls;
}

/// Integers as wide as the values, so that many comparisons are kept at once.
template <class T>
using Flag = std::conditional_t<sizeof(T) == 8, int64_t, std::conditional_t<sizeof(T) == 4, int32_t, int16_t>>;

/// Of kRows values, which is the fastest way while none is null: returns whether one is, and leaves `sum` as it was
/// then.
template <size_t kRows, size_t kWidth, class Sum, class T>
__attribute__((always_inline)) inline bool sum_without_nulls(const T* values, Sum* sum) {
  std::array<Sum, kWidth> sums{};
  std::array<Flag<T>, kWidth> nulls{};
  for (size_t i = 0; i < kRows; i += kWidth) {
    for (size_t lane = 0; lane < kWidth; ++lane) {
      sums[lane] += static_cast<Sum>(values[i + lane]);
      nulls[lane] |= values[i + lane] == kNull<T> ? Flag<T>{1} : Flag<T>{0};
    }
  }
  for (size_t half = kWidth / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half], nulls[lane] |= nulls[lane + half];
  }
  if (nulls[0] != 0) return true;
  *sum += sums[0];
  return false;
}

/// Adds up what is not null, and counts what is.
template <class Sum, class T>
PELORUS_WIDE void sum_up(const T* values, size_t rows, Sum* sum, int64_t* nulls) {
  constexpr size_t kFewLanes = 8, kMany = 1024;
  for (; rows >= kMany; values += kMany, rows -= kMany) {
    if (sum_without_nulls<kMany, kLanes>(values, sum)) sum_lanes<kFewLanes>(values, kMany, sum, nulls);
  }
  sum_lanes<kFewLanes>(values, rows, sum, nulls);
}

/// The functions that add to many groups look for nulls in passing and return whether there are any: a look beforehand
/// would wait for the memory that this one waits for anyway.
constexpr size_t kSome = 64;

/// Of kSome values.
template <class T>
__attribute__((always_inline)) inline bool has_null(const T* values) {
  Flag<T> any = 0;
  for (size_t i = 0; i < kSome; ++i) any |= values[i] == kNull<T> ? Flag<T>{1} : Flag<T>{0};
  return any != 0;
}

/// Some values that are used soon. Their addresses could be guessed, but not beyond the end of a page.
constexpr size_t kValuesAhead = 4 * kSome;
template <class T>
__attribute__((always_inline)) inline void ask_for(const T* values, size_t from) {
  constexpr size_t kLine = 64 / sizeof(T);
  for (size_t i = 0; i < kSome; i += kLine) prefetch(values, static_cast<int64_t>(from + i));
}

/// add(group, value) of all values but nulls, some that have none at a time.
template <class T, class Add>
__attribute__((always_inline)) inline bool add_each(const T* values, const uint32_t* numbers, size_t rows, Add add) {
  bool has_nulls = false;
  size_t begin = 0;
  for (; begin + kSome <= rows; begin += kSome) {
    ask_for(values, begin + kValuesAhead);
    const bool has = has_null(values + begin);
    has_nulls |= has;
    if (!has) {
      for (size_t i = begin; i < begin + kSome; ++i) add(numbers[i], values[i]);
    } else {
      for (size_t i = begin; i < begin + kSome; ++i) {
        if (values[i] != kNull<T>) add(numbers[i], values[i]);
      }
    }
  }
  for (; begin < rows; ++begin) {
    const bool is_null = values[begin] == kNull<T>;
    has_nulls |= is_null;
    if (!is_null) add(numbers[begin], values[begin]);
  }
  return has_nulls;
}

template <class Sum, class T>
PELORUS_WIDE bool add_sums(const T* values, const uint32_t* numbers, size_t rows, Sum* sums) {
  return add_each(values, numbers, rows, [&](uint32_t group, T value) { sums[group] += static_cast<Sum>(value); });
}

/// So many sums of doubles of a group are added to at once.
constexpr size_t kSumLanes = 4;
using SumsOfRow __attribute__((vector_size(kSumLanes * sizeof(double)))) = double;

/// As columns: kSumLanes values of each of kSumLanes columns. As rows: the same the other way round.
__attribute__((always_inline)) inline void turn(const double* const* columns, size_t at, SumsOfRow* rows) {
  SumsOfRow a, b, c, d;
  std::memcpy(&a, columns[0] + at, sizeof a);
  std::memcpy(&b, columns[1] + at, sizeof b);
  std::memcpy(&c, columns[2] + at, sizeof c);
  std::memcpy(&d, columns[3] + at, sizeof d);
  const SumsOfRow ab_even = __builtin_shufflevector(a, b, 0, 4, 2, 6),
                  ab_odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
  const SumsOfRow cd_even = __builtin_shufflevector(c, d, 0, 4, 2, 6),
                  cd_odd = __builtin_shufflevector(c, d, 1, 5, 3, 7);
  rows[0] = __builtin_shufflevector(ab_even, cd_even, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 4, 5);
  rows[2] = __builtin_shufflevector(ab_even, cd_even, 2, 3, 6, 7);
  rows[3] = __builtin_shufflevector(ab_odd, cd_odd, 2, 3, 6, 7);
}

/// Adds kSumLanes columns to the sums of groups, which lie side by side. Returns a bit for each column that has nulls.
PELORUS_WIDE unsigned add_rows(const double* const* columns, const uint32_t* numbers, size_t rows, double* sums) {
  unsigned have_nulls = 0;
  size_t begin = 0;
  for (; begin + kSome <= rows; begin += kSome) {
    unsigned have = 0;
    for (size_t lane = 0; lane < kSumLanes; ++lane) {
      ask_for(columns[lane], begin + kValuesAhead);
      have |= static_cast<unsigned>(has_null(columns[lane] + begin)) << lane;
    }
    have_nulls |= have;
    if (have != 0) {
      for (size_t lane = 0; lane < kSumLanes; ++lane) {
        for (size_t i = begin; i < begin + kSome; ++i) {
          const double value = columns[lane][i];
          if (value != kNull<double>) sums[numbers[i] * kSumLanes + lane] += value;
        }
      }
      continue;
    }
    for (size_t i = begin; i < begin + kSome; i += kSumLanes) {
      SumsOfRow turned[kSumLanes];
      turn(columns, i, turned);
      for (size_t r = 0; r < kSumLanes; ++r) {
        double* const at = sums + size_t{numbers[i + r]} * kSumLanes;
        SumsOfRow own;
        std::memcpy(&own, at, sizeof own);
        own += turned[r];
        std::memcpy(at, &own, sizeof own);
      }
    }
  }
  for (; begin < rows; ++begin) {
    for (size_t lane = 0; lane < kSumLanes; ++lane) {
      const double value = columns[lane][begin];
      have_nulls |= static_cast<unsigned>(value == kNull<double>) << lane;
      if (value != kNull<double>) sums[numbers[begin] * kSumLanes + lane] += value;
    }
  }
  return have_nulls;
}

/// Above all values: no least one yet.
template <class T>
constexpr T kAbove = std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                                          : std::numeric_limits<T>::max();

template <class Wide, class T>
PELORUS_WIDE bool add_least(const T* values, const uint32_t* numbers, size_t rows, Wide* low) {
  return add_each(values, numbers, rows,
                  [&](uint32_t group, T value) { low[group] = std::min(low[group], static_cast<Wide>(value)); });
}

template <class Wide, class T>
PELORUS_WIDE bool add_most(const T* values, const uint32_t* numbers, size_t rows, Wide* high) {
  return add_each(values, numbers, rows,
                  [&](uint32_t group, T value) { high[group] = std::max(high[group], static_cast<Wide>(value)); });
}

template <class T>
PELORUS_WIDE T least_of(const T* values, size_t rows) {
  std::array<T, kLanes> least;
  least.fill(kAbove<T>);
  const auto take = [&](size_t lane, T value) {
    least[lane] = std::min(least[lane], value == kNull<T> ? kAbove<T> : value);
  };
  size_t i = 0;
  for (; i + kLanes <= rows; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) take(lane, values[i + lane]);
  }
  for (; i < rows; ++i) take(0, values[i]);
  return *std::min_element(least.begin(), least.end());
}

template <class T>
PELORUS_WIDE T most_of(const T* values, size_t rows) {
  std::array<T, kLanes> most;
  most.fill(kNull<T>);  // the lowest
  size_t i = 0;
  for (; i + kLanes <= rows; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) most[lane] = std::max(most[lane], values[i + lane]);
  }
  for (; i < rows; ++i) most[0] = std::max(most[0], values[i]);
  return *std::max_element(most.begin(), most.end());
}

/// Of one group; some value is not null.
template <class Wide, class T>
void add_extremes(const Measure& measure, const T* values, size_t rows, std::vector<Wide>& low, std::vector<Wide>& high,
                  size_t group) {
  if (measure.least) low[group] = std::min(low[group], static_cast<Wide>(least_of(values, rows)));
  if (measure.most) high[group] = std::max(high[group], static_cast<Wide>(most_of(values, rows)));
}

template <class Wide, class T>
bool add_extremes(const Measure& measure, const T* values, const uint32_t* numbers, size_t rows, std::vector<Wide>& low,
                  std::vector<Wide>& high) {
  bool has_nulls = false;
  if (measure.least) has_nulls |= add_least(values, numbers, rows, low.data());
  if (measure.most) has_nulls |= add_most(values, numbers, rows, high.data());
  return has_nulls;
}

/// Groups from `groups_before` on have no rows yet.
template <class Wide, class T>
void add_ends(const Measure& measure, const T* values, const uint32_t* numbers, size_t rows, size_t groups_before,
              std::vector<Wide>& first, std::vector<Wide>& last) {
  for (size_t i = measure.first ? rows : 0; i-- > 0;) {
    if (numbers[i] >= groups_before) first[numbers[i]] = static_cast<Wide>(values[i]);
  }
  for (size_t i = 0; i < (measure.last ? rows : 0); ++i) last[numbers[i]] = static_cast<Wide>(values[i]);
}

/// Values come back soon: most are found among the recent ones, which the cache holds, and not asked of the set.
template <class T>
void add_distinct(const T* values, const uint32_t* numbers, size_t rows, MeasureTotals& totals) {
  if (!numbers) {
    totals.met_by_all.add_all(values, rows);
    return;
  }
  constexpr size_t kRecent = 1 << 14;
  if (totals.recent.empty()) totals.recent.resize(kRecent, {0, kNoGroup});
  for (size_t i = 0; i < rows; ++i) {
    const MeasureTotals::Met met{bits_of(values[i]), numbers[i]};
    auto& recent = totals.recent[MeasureTotals::MetHash()(met) % kRecent];
    if (recent == met) continue;
    recent = met;
    totals.met.insert(met);
  }
}

/// Returns how many nulls there are. `real_sum`: null, if the measure is not added up as doubles.
template <class T>
int64_t add_to_one(const Measure& measure, const T* values, size_t group, size_t rows, double* real_sum,
                   MeasureTotals& totals) {
  int64_t nulls = 0;
  bool is_counted = false;
  if (real_sum) {
    double sum = 0;
    sum_up(values, rows, &sum, &nulls);
    *real_sum += sum;
    is_counted = true;
  }
  if constexpr (!std::is_floating_point_v<T>) {
    if (measure.sum) {
      nulls = 0;
      sum_up(values, rows, &totals.whole[group], &nulls);
      is_counted = true;
    }
  }
  if (!is_counted) nulls = static_cast<int64_t>(nulls_in(values, rows));
  if (nulls == static_cast<int64_t>(rows)) return nulls;
  if (measure.moments) {
    for (size_t i = 0; i < rows; ++i) {
      if (values[i] != kNull<T>) totals.moments.passing[group].add(static_cast<double>(values[i]));
    }
  }
  if constexpr (std::is_floating_point_v<T>) {
    add_extremes(measure, values, rows, totals.low_real, totals.high_real, group);
  } else {
    add_extremes(measure, values, rows, totals.low, totals.high, group);
  }
  return nulls;
}

/// All but sums of doubles. Whether there are nulls; false, if nothing is measured and `is_summed`.
template <class T>
bool add_to_many(const Measure& measure, const T* values, const uint32_t* numbers, size_t rows, bool is_summed,
                 MeasureTotals& totals) {
  const bool is_measured = is_summed || measure.sum || measure.least || measure.most;
  bool has_nulls = !is_measured && nulls_in(values, rows) > 0;
  if constexpr (!std::is_floating_point_v<T>) {
    if (measure.sum) has_nulls |= add_sums(values, numbers, rows, totals.whole.data());
  }
  if (measure.moments) {
    for (size_t i = 0; i < rows; ++i) {
      if (values[i] != kNull<T>) totals.moments.passing[numbers[i]].add(static_cast<double>(values[i]));
    }
  }
  if constexpr (std::is_floating_point_v<T>) {
    return has_nulls | add_extremes(measure, values, numbers, rows, totals.low_real, totals.high_real);
  } else {
    return has_nulls | add_extremes(measure, values, numbers, rows, totals.low, totals.high);
  }
}

/// Of one group: its state stays at hand.
template <class Passing>
void add_pairs(const double* x, const double* y, size_t rows, Passing& group) {
  Passing state = group;
  for (size_t i = 0; i < rows; ++i) {
    if (x[i] != kNull<double> && y[i] != kNull<double>) state.add(x[i], y[i]);
  }
  group = state;
}

template <class Passing>
void add_pairs(const double* x, const double* y, const uint32_t* numbers, size_t rows, std::vector<Passing>& groups) {
  for (size_t i = 0; i < rows; ++i) {
    if (x[i] != kNull<double> && y[i] != kNull<double>) groups[numbers[i]].add(x[i], y[i]);
  }
}

/// How often neighbours are of different groups; `rows` > 0.
PELORUS_WIDE size_t changes_in(const uint32_t* numbers, size_t rows) { return changes_between(numbers, rows); }

template <class T, class Combine>
void merge_each(const std::vector<T>& from, std::span<const GroupMove> moves, std::vector<T>& into, Combine combine) {
  if (into.empty()) return;
  for (const auto [group, to] : moves) into[to] = combine(into[to], from[group]);
}

/// Groups that have rows keep theirs.
template <class T>
void merge_first(const std::vector<T>& from, std::span<const GroupMove> moves, const std::vector<int64_t>& rows,
                 std::vector<T>& into) {
  if (into.empty()) return;
  for (const auto [group, to] : moves) {
    if (rows[to] == 0) into[to] = from[group];
  }
}

/// New groups are as `without_rows`; when there is no memory for them, some is asked for `room` groups.
template <class T>
void extend(std::vector<T>& by_group, size_t groups, size_t room, const T& without_rows = {}) {
  if (groups > by_group.capacity() && groups < room) by_group.reserve(room);
  by_group.resize(groups, without_rows);
}

}  // namespace

size_t MeasureTotals::MetHash::operator()(const Met& met) const {
  return KeyHash()(met.bits ^ (uint64_t{met.group} << 32 | met.group));
}

void RealSums::settle() {
  total.resize(part.size());
  for (size_t place = 0; place < part.size(); ++place) total[place].accumulate(std::exchange(part[place], 0.0));
}

double RealSums::at(size_t group, size_t lane) const {
  const size_t place = group * lanes() + lane;
  return total.empty() ? part[place] : all_of(place).total();
}

Sum RealSums::all_of(size_t place) const {
  Sum all = total.empty() ? Sum() : total[place];
  all.accumulate(part[place]);
  return all;
}

void RealSums::expect(const RealSums& other) {
  if (!other.total.empty()) total.resize(part.size());
}

void RealSums::merge(const RealSums& other, std::span<const GroupMove> moves) {
  const size_t width = lanes();
  for (const auto [from, to] : moves) {
    for (size_t lane = 0; lane < width; ++lane) {
      if (total.empty())
        part[to * width + lane] += other.part[from * width + lane];
      else
        total[to * width + lane].merge(other.all_of(from * width + lane));
    }
  }
}

/// As if the other's rows had been added here: around this one's first value.
void ShiftedMoments::merge(const ShiftedMoments& other) {
  if (count == 0) {
    *this = other;
    return;
  }
  const double by = other.shift - shift;
  squares += other.squares + by * (2 * other.sum + other.count * by);
  sum += other.sum + other.count * by;
  count += other.count;
}

void ShiftedCoMoments::merge(const ShiftedCoMoments& other) {
  if (count == 0) {
    *this = other;
    return;
  }
  const double by_x = other.shift_x - shift_x, by_y = other.shift_y - shift_y;
  xx += other.xx + by_x * (2 * other.x + other.count * by_x);
  yy += other.yy + by_y * (2 * other.y + other.count * by_y);
  xy += other.xy + by_x * other.y + by_y * other.x + other.count * by_x * by_y;
  x += other.x + other.count * by_x;
  y += other.y + other.count * by_y;
  count += other.count;
}

Moments<2> ShiftedMoments::settled() const {
  Moments<2> out;
  out.count = count;
  out.mean = shift + sum / count;
  out.m2 = std::max(squares - sum * sum / count, 0.0);
  return out;
}

CoMoments ShiftedCoMoments::settled() const {
  CoMoments out;
  out.count = count;
  out.mean_x = shift_x + x / count;
  out.mean_y = shift_y + y / count;
  out.m2_x = std::max(xx - x * x / count, 0.0);
  out.m2_y = std::max(yy - y * y / count, 0.0);
  out.c = xy - x * y / count;
  return out;
}

WeightedAverage PlainWeights::settled() const {
  WeightedAverage out;
  out.products.sum = products;
  out.weights.sum = weights;
  out.products.count = out.weights.count = static_cast<int64_t>(count);
  return out;
}

GroupTotals::GroupTotals(std::vector<Measure> measures, std::vector<PairMeasure> pairs, bool ends, bool counts)
    : measures_(std::move(measures)),
      pairs_(std::move(pairs)),
      ends_(ends),
      counts_(counts),
      totals_(measures_.size()),
      pair_totals_(pairs_.size()) {
  place_sums();
}

/// Columns of doubles share sums where there are enough of them; others have their own.
void GroupTotals::place_sums() {
  sum_places_.resize(measures_.size());
  std::vector<size_t> doubles;
  const auto put_together = [&](std::span<const size_t> measures) {
    for (uint32_t lane = 0; lane < measures.size(); ++lane)
      sum_places_[measures[lane]] = {static_cast<uint32_t>(real_sums_.size()), lane};
    real_sums_.emplace_back().measures.assign(measures.begin(), measures.end());
  };
  for (size_t m = 0; m < measures_.size(); ++m) {
    if (!measures_[m].real_sum && !(measures_[m].sum && is_real(measures_[m].repr))) continue;
    if (measures_[m].repr == types::Repr::kF64)
      doubles.push_back(m);
    else
      put_together({&m, 1});
  }
  std::span<const size_t> left = doubles;
  for (; left.size() >= kSumLanes; left = left.subspan(kSumLanes)) put_together(left.first(kSumLanes));
  for (; !left.empty(); left = left.subspan(1)) put_together(left.first(1));
}

/// Null: the measure is not added up as doubles.
double* GroupTotals::part_sum(size_t m, size_t group) {
  const auto [sums, lane] = sum_places_[m];
  return sums == kNone ? nullptr : &real_sums_[sums].part[group * real_sums_[sums].lanes() + lane];
}

void GroupTotals::grow(size_t groups) {
  if (groups <= rows_.size()) return;
  const auto grow = [&]<class T>(std::vector<T>& by_group, const T& without_rows = {}) {
    extend(by_group, groups, room_, without_rows);
  };
  const auto grow_states = [&](auto& passing, auto& lasting) {
    grow(passing);
    if (!lasting.empty()) grow(lasting);
  };
  grow(rows_);
  if (ends_) grow(first_, INT64_MAX), grow(last_, int64_t{-1});
  for (size_t m = 0; m < measures_.size(); ++m) {
    const auto& measure = measures_[m];
    auto& totals = totals_[m];
    if (!totals.nulls.empty()) grow(totals.nulls);
    if (measure.sum && !is_real(measure.repr)) grow(totals.whole);
    if (measure.moments) grow_states(totals.moments.passing, totals.moments.lasting);
    if (is_real(measure.repr)) {
      if (measure.least) grow(totals.low_real, kAbove<double>);
      if (measure.most) grow(totals.high_real, -kAbove<double>);
      if (measure.first) grow(totals.first_real);
      if (measure.last) grow(totals.last_real);
    } else {
      if (measure.least) grow(totals.low, kAbove<int64_t>);
      if (measure.most) grow(totals.high, std::numeric_limits<int64_t>::min());
      if (measure.first) grow(totals.first);
      if (measure.last) grow(totals.last);
    }
  }
  for (auto& sums : real_sums_) {
    extend(sums.part, groups * sums.lanes(), room_ * sums.lanes());
    if (!sums.total.empty()) extend(sums.total, groups * sums.lanes(), room_ * sums.lanes());
  }
  for (size_t p = 0; p < pairs_.size(); ++p) {
    auto& [weighted, comoments] = pair_totals_[p];
    if (pairs_[p].weighted) grow_states(weighted.passing, weighted.lasting);
    if (pairs_[p].comoments) grow_states(comoments.passing, comoments.lasting);
  }
}

void GroupTotals::add_ends(const MeasuredRows& part) {
  for (size_t i = 0; i < part.rows; ++i) {
    const int64_t row = part.positions ? part.positions[i] : part.first + static_cast<int64_t>(i);
    const size_t group = part.numbers ? part.numbers[i] : 0;
    first_[group] = std::min(first_[group], row);
    last_[group] = row;
  }
}

template <class T>
void GroupTotals::add_ends(size_t m, const T* values, const MeasuredRows& part, size_t groups_before) {
  auto& totals = totals_[m];
  if constexpr (std::is_floating_point_v<T>)
    kernels::add_ends(measures_[m], values, part.numbers, part.rows, groups_before, totals.first_real,
                      totals.last_real);
  else
    kernels::add_ends(measures_[m], values, part.numbers, part.rows, groups_before, totals.first, totals.last);
}

void GroupTotals::add(const MeasuredRows& part, size_t groups) {
  const size_t groups_before = rows_.size();
  grow(groups);
  if (part.rows == 0) return;
  if (ends_) add_ends(part);
  for (size_t m = 0; m < measures_.size(); ++m) {
    if (!measures_[m].distinct) continue;
    visit_number(measures_[m].repr, [&]<class T>() {
      add_distinct(static_cast<const T*>(part.values[m]), part.numbers, part.rows, totals_[m]);
    });
  }
  if (const auto runs = runs_of(part); !runs.empty())
    add_runs(part, runs, groups_before);
  else
    add_to_groups(part, groups_before);
  unsettled_ += part.rows;
  if (unsettled_ >= std::max(kSettleRows, kSettleRowsByGroup * rows_.size())) settle();
}

/// Where so many neighbours are of one group that their states are better kept at hand than looked for by row;
/// otherwise empty.
std::span<const GroupRun> GroupTotals::runs_of(const MeasuredRows& part) {
  constexpr size_t kRowsOfRun = 16;
  runs_.clear();
  const auto* numbers = part.numbers;
  const auto rows = static_cast<uint32_t>(part.rows);
  if (!numbers) {
    runs_.push_back({0, 0, rows});
    return runs_;
  }
  if (!part.runs.empty()) return part.runs.size() <= rows / kRowsOfRun + 1 ? part.runs : runs_;
  if (changes_in(numbers, rows) > rows / kRowsOfRun) return runs_;
  for (uint32_t begin = 0, end = 0; begin < rows; begin = end) {
    while (end < rows && numbers[end] == numbers[begin]) ++end;
    runs_.push_back({numbers[begin], begin, end});
  }
  return runs_;
}

void GroupTotals::add_runs(const MeasuredRows& part, std::span<const GroupRun> runs, size_t groups_before) {
  for (size_t m = 0; m < measures_.size(); ++m) {
    visit_number(measures_[m].repr, [&]<class T>() {
      const auto* values = static_cast<const T*>(part.values[m]);
      if (part.numbers) add_ends(m, values, part, groups_before);
      for (const auto& [group, begin, end] : runs) {
        const auto nulls = add_to_one(measures_[m], values + begin, group, end - begin, part_sum(m, group), totals_[m]);
        if (nulls == 0) continue;
        note_nulls(m, groups_before);
        totals_[m].nulls[group] += nulls;
      }
    });
  }
  for (size_t p = 0; p < pairs_.size(); ++p) {
    const auto [x, y] = part.pairs[p];
    for (const auto& [group, begin, end] : runs) {
      auto& totals = pair_totals_[p];
      if (pairs_[p].weighted) add_pairs(x + begin, y + begin, end - begin, totals.weighted.passing[group]);
      if (pairs_[p].comoments) add_pairs(x + begin, y + begin, end - begin, totals.comoments.passing[group]);
    }
  }
  for (const auto& [group, begin, end] : runs) rows_[group] += static_cast<int64_t>(end - begin);
}

/// Notes by measure whether it has nulls.
void GroupTotals::add_real_sums(const MeasuredRows& part, int8_t* have_nulls) {
  for (auto& [measures, sums_of_part, total] : real_sums_) {
    auto* const sums = sums_of_part.data();
    if (measures.size() == 1) {
      const size_t m = measures[0];
      have_nulls[m] = visit_number(measures_[m].repr, [&]<class T>() {
        return add_sums(static_cast<const T*>(part.values[m]), part.numbers, part.rows, sums);
      });
      continue;
    }
    std::array<const double*, kSumLanes> columns;
    for (size_t lane = 0; lane < kSumLanes; ++lane)
      columns[lane] = static_cast<const double*>(part.values[measures[lane]]);
    const auto have = add_rows(columns.data(), part.numbers, part.rows, sums);
    for (size_t lane = 0; lane < kSumLanes; ++lane) have_nulls[measures[lane]] = (have >> lane & 1) != 0;
  }
}

void GroupTotals::add_to_groups(const MeasuredRows& part, size_t groups_before) {
  const auto* numbers = part.numbers;
  std::vector<int8_t> have_nulls(measures_.size());
  add_real_sums(part, have_nulls.data());
  for (size_t m = 0; m < measures_.size(); ++m) {
    visit_number(measures_[m].repr, [&]<class T>() {
      const auto* values = static_cast<const T*>(part.values[m]);
      add_ends(m, values, part, groups_before);
      const bool has_nulls = add_to_many(measures_[m], values, numbers, part.rows, has_real_sum(m), totals_[m]);
      if (!has_nulls && have_nulls[m] == 0) return;
      note_nulls(m, groups_before);
      for (size_t i = 0; i < part.rows; ++i) totals_[m].nulls[numbers[i]] += values[i] == kNull<T>;
    });
  }
  for (size_t p = 0; p < pairs_.size(); ++p) {
    const auto [x, y] = part.pairs[p];
    auto& totals = pair_totals_[p];
    if (pairs_[p].weighted) add_pairs(x, y, numbers, part.rows, totals.weighted.passing);
    if (pairs_[p].comoments) add_pairs(x, y, numbers, part.rows, totals.comoments.passing);
  }
  uncounted_ = uncounted_ || !counts_;
  if (!counts_) return;
  auto* const counts = rows_.data();
  for (size_t i = 0, rows = part.rows; i < rows; ++i) ++counts[numbers[i]];
}

/// From now on rows are counted; what was not counted had values in each of the groups.
void GroupTotals::note_nulls(size_t m, size_t groups_before) {
  totals_[m].nulls.resize(rows_.size());
  counts_ = true;
  if (!std::exchange(uncounted_, false)) return;
  for (size_t group = 0; group < groups_before; ++group) ++rows_[group];
}

void GroupTotals::finish() {
  if (std::exchange(uncounted_, false)) {
    for (auto& rows : rows_) ++rows;
  }
}

void GroupTotals::expect(const GroupTotals& other) {
  for (size_t m = 0; m < totals_.size(); ++m) {
    const auto& from = other.totals_[m];
    if (!from.nulls.empty()) totals_[m].nulls.resize(rows_.size());
    totals_[m].moments.expect(from.moments);
  }
  for (size_t s = 0; s < real_sums_.size(); ++s) real_sums_[s].expect(other.real_sums_[s]);
  for (size_t p = 0; p < pairs_.size(); ++p) {
    pair_totals_[p].weighted.expect(other.pair_totals_[p].weighted);
    pair_totals_[p].comoments.expect(other.pair_totals_[p].comoments);
  }
}

void GroupTotals::settle() {
  unsettled_ = 0;
  for (auto& sums : real_sums_) sums.settle();
  for (auto& totals : totals_) totals.moments.settle();
  for (auto& totals : pair_totals_) totals.weighted.settle(), totals.comoments.settle();
}

void GroupTotals::merge(const GroupTotals& other, std::span<const GroupMove> moves) {
  const auto add = [](auto a, auto b) { return a + b; };
  const auto least = [](auto a, auto b) { return std::min(a, b); };
  const auto most = [](auto a, auto b) { return std::max(a, b); };
  const auto later = [](auto, auto b) { return b; };
  for (size_t m = 0; m < totals_.size(); ++m) {
    merge_first(other.totals_[m].first, moves, rows_, totals_[m].first);
    merge_first(other.totals_[m].first_real, moves, rows_, totals_[m].first_real);
  }
  merge_each(other.rows_, moves, rows_, add);
  merge_each(other.first_, moves, first_, least);
  merge_each(other.last_, moves, last_, most);
  for (size_t m = 0; m < totals_.size(); ++m) {
    const auto& from = other.totals_[m];
    auto& into = totals_[m];
    if (!from.nulls.empty()) merge_each(from.nulls, moves, into.nulls, add);
    merge_each(from.whole, moves, into.whole, add);
    merge_each(from.low, moves, into.low, least);
    merge_each(from.high, moves, into.high, most);
    merge_each(from.low_real, moves, into.low_real, least);
    merge_each(from.high_real, moves, into.high_real, most);
    merge_each(from.last, moves, into.last, later);
    merge_each(from.last_real, moves, into.last_real, later);
    if (measures_[m].moments) into.moments.merge(from.moments, moves);
  }
  for (size_t s = 0; s < real_sums_.size(); ++s) real_sums_[s].merge(other.real_sums_[s], moves);
  for (size_t p = 0; p < pair_totals_.size(); ++p) {
    if (pairs_[p].weighted) pair_totals_[p].weighted.merge(other.pair_totals_[p].weighted, moves);
    if (pairs_[p].comoments) pair_totals_[p].comoments.merge(other.pair_totals_[p].comoments, moves);
  }
}

std::vector<int64_t> distinct_by_group(std::span<const GroupTotals> totals, size_t m,
                                       std::span<const std::vector<uint32_t>> as, size_t groups) {
  DistinctNumbers by_all;
  boost::unordered_flat_set<MeasureTotals::Met, MeasureTotals::MetHash> met;
  for (size_t t = 0; t < totals.size(); ++t) {
    visit_number(totals[t].measures_[m].repr, [&]<class T>() { by_all.merge<T>(totals[t].totals_[m].met_by_all); });
    for (const auto& own : totals[t].totals_[m].met) met.insert({own.bits, as[t][own.group]});
  }
  std::vector<int64_t> out(groups);
  if (!out.empty()) out[0] = static_cast<int64_t>(by_all.count());
  for (const auto& own : met) ++out[own.group];
  return out;
}

}  // namespace pelorus::kernels
