#include "kernels/group_totals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "types/null.h"

namespace pelorus::kernels {
namespace {

using types::kNull;

/// Slots and values of one block and a small table fit the first-level cache.
constexpr size_t kBlockRows = 2048;
/// What a worker takes at once.
constexpr size_t kPartRows = 128 * kBlockRows;
/// Tables of at most so many slots, or of one slot for so many rows.
constexpr uint64_t kSlotsAlways = 1 << 16;
constexpr uint64_t kSlotsMax = 1 << 22;
constexpr size_t kRowsPerSlot = 4;
/// Sums with independent partial sums: as many as hide the latency of additions.
constexpr size_t kLanes = 16;

template <class F>
decltype(auto) visit_number(types::Repr repr, F&& f) {
  switch (repr) {
    case types::Repr::kI8: return f.template operator()<int8_t>();
    case types::Repr::kI16: return f.template operator()<int16_t>();
    case types::Repr::kI32: return f.template operator()<int32_t>();
    case types::Repr::kF32: return f.template operator()<float>();
    case types::Repr::kF64: return f.template operator()<double>();
    default: return f.template operator()<int64_t>();
  }
}

template <class F>
decltype(auto) visit_whole(types::Repr repr, F&& f) {
  switch (repr) {
    case types::Repr::kI8: return f.template operator()<int8_t>();
    case types::Repr::kI16: return f.template operator()<int16_t>();
    case types::Repr::kI32: return f.template operator()<int32_t>();
    default: return f.template operator()<int64_t>();
  }
}

bool is_real(types::Repr repr) { return repr == types::Repr::kF32 || repr == types::Repr::kF64; }

// --- where rows go -----------------------------------------------------------------------------------------------

/// A key with its range: the slot of a row is the sum of its places times their strides.
struct RangedKey {
  DirectKey key;
  int64_t low = 0;
  uint64_t places = 1;
  uint64_t stride = 1;
};

template <class T>
std::pair<T, T> range_of(const T* values, size_t rows) {
  T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::min();
  for (size_t i = 0; i < rows; ++i) {
    const T value = values[i];
    low = std::min(low, value == kNull<T> ? std::numeric_limits<T>::max() : value);
    high = std::max(high, value);  // null is the lowest
  }
  return {low, high};
}

void run_parts(WorkerPool* workers, size_t parts, const std::function<void(size_t, size_t)>& work) {
  if (workers) return workers->run(parts, work);
  for (size_t part = 0; part < parts; ++part) work(0, part);
}

RangedKey ranged(const DirectKey& key, size_t rows, WorkerPool* workers) {
  if (key.codes > 0) return {key, 0, key.codes, 1};
  return visit_whole(key.repr, [&]<class T>() -> RangedKey {
    const auto* values = static_cast<const T*>(key.values);
    const size_t parts = (rows + kPartRows - 1) / kPartRows;
    std::vector<std::pair<T, T>> ranges(parts);
    run_parts(workers, parts, [&](size_t, size_t part) {
      const size_t from = part * kPartRows;
      ranges[part] = range_of(values + from, std::min(kPartRows, rows - from));
    });
    T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::min();
    for (const auto& [least, most] : ranges) low = std::min(low, least), high = std::max(high, most);
    if (low > high) return {key, 0, 1, 1};  // nothing but nulls
    const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    return {key, low, width < kSlotsMax ? width + 2 : UINT64_MAX, 1};
  });
}

template <class T>
void add_places(const RangedKey& key, const T* values, size_t rows, bool first, uint32_t* slots) {
  const auto low = static_cast<T>(key.low);
  const auto stride = static_cast<uint32_t>(key.stride);
  const bool coded = key.key.codes > 0;
  using Plain = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  for (size_t i = 0; i < rows; ++i) {
    const auto above = static_cast<uint32_t>(static_cast<Plain>(values[i]) - static_cast<Plain>(low));
    const uint32_t place = coded ? above : values[i] == kNull<T> ? 0 : above + 1;
    slots[i] = (first ? 0 : slots[i]) + place * stride;
  }
}

/// Slots of a block; true when all rows share the first one.
bool find_slots(std::span<const RangedKey> keys, size_t from, size_t rows, uint32_t* slots) {
  for (size_t k = 0; k < keys.size(); ++k) {
    visit_whole(keys[k].key.repr, [&]<class T>() {
      add_places(keys[k], static_cast<const T*>(keys[k].key.values) + from, rows, k == 0, slots);
    });
  }
  uint32_t different = 0;
  for (size_t i = 0; i < rows; ++i) different |= slots[i] ^ slots[0];
  return different == 0;
}

// --- one measure over one block ----------------------------------------------------------------------------------

template <class T>
size_t nulls_in(const T* values, size_t rows) {
  size_t nulls = 0;
  for (size_t i = 0; i < rows; ++i) nulls += values[i] == kNull<T>;
  return nulls;
}

template <class Sum, class T>
Sum sum_of(const T* values, size_t rows) {
  std::array<Sum, kLanes> lanes{};
  size_t i = 0;
  for (; i + kLanes <= rows; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const T value = values[i + lane];
      lanes[lane] += value == kNull<T> ? Sum{} : static_cast<Sum>(value);
    }
  }
  for (; i < rows; ++i) lanes[0] += values[i] == kNull<T> ? Sum{} : static_cast<Sum>(values[i]);
  Sum sum{};
  for (const Sum lane : lanes) sum += lane;
  return sum;
}

template <class Sum, class T>
void add_sums(const T* values, const uint32_t* slots, size_t rows, bool has_nulls, Sum* sums) {
  if (!has_nulls) {
    for (size_t i = 0; i < rows; ++i) sums[slots[i]] += static_cast<Sum>(values[i]);
    return;
  }
  for (size_t i = 0; i < rows; ++i) sums[slots[i]] += values[i] == kNull<T> ? Sum{} : static_cast<Sum>(values[i]);
}

template <class Wide, class T>
void add_extremes(const T* values, const uint32_t* slots, size_t rows, Wide* low, Wide* high) {
  for (size_t i = 0; i < rows; ++i) {
    if (values[i] == kNull<T>) continue;
    const auto value = static_cast<Wide>(values[i]);
    const uint32_t slot = slots ? slots[i] : 0;
    low[slot] = std::min(low[slot], value);
    high[slot] = std::max(high[slot], value);
  }
}

// --- tables of a worker ------------------------------------------------------------------------------------------

/// Sums of doubles are plain inside a part and compensated between parts (Neumaier).
struct RealSums {
  std::vector<double> part, total, lost;

  void resize(size_t slots) { part.resize(slots), total.resize(slots), lost.resize(slots); }
  static void add(double x, double& total, double& lost) {
    const double sum = total + x;
    lost += std::fabs(total) >= std::fabs(x) ? (total - sum) + x : (x - sum) + total;
    total = sum;
  }
  void settle() {
    for (size_t slot = 0; slot < part.size(); ++slot) add(std::exchange(part[slot], 0.0), total[slot], lost[slot]);
  }
  void merge(const RealSums& other) {
    for (size_t slot = 0; slot < total.size(); ++slot) {
      add(other.total[slot], total[slot], lost[slot]);
      lost[slot] += other.lost[slot];
    }
  }
};

struct MeasureTable {
  std::vector<int64_t> nulls;
  RealSums real;
  std::vector<uint64_t> whole;
  std::vector<double> low_real, high_real;
  std::vector<int64_t> low, high;
};

/// The tables of one worker.
class Tables {
 public:
  Tables(std::span<const RangedKey> keys, std::span<const Measure> measures, size_t slots)
      : keys_(keys), measures_(measures), rows_(slots), tables_(measures.size()) {
    for (size_t m = 0; m < measures.size(); ++m) prepare(measures[m], slots, tables_[m]);
  }

  void add(size_t from, size_t rows) {
    for (size_t at = from; at < from + rows; at += kBlockRows) add_block(at, std::min(kBlockRows, from + rows - at));
    unsettled_ += rows;
    if (unsettled_ >= std::max(kPartRows, 16 * rows_.size())) settle();
  }
  void settle() {
    unsettled_ = 0;
    for (auto& table : tables_) table.real.settle();
  }
  void merge(const Tables& other);
  GroupTotals result() const;

 private:
  static void prepare(const Measure& measure, size_t slots, MeasureTable& table) {
    table.nulls.resize(slots);
    if (measure.real_sum || (measure.sum && is_real(measure.repr))) table.real.resize(slots);
    if (measure.sum && !is_real(measure.repr)) table.whole.resize(slots);
    if (!measure.extremes) return;
    if (is_real(measure.repr)) {
      table.low_real.assign(slots, std::numeric_limits<double>::infinity());
      table.high_real.assign(slots, -std::numeric_limits<double>::infinity());
    } else {
      table.low.assign(slots, std::numeric_limits<int64_t>::max());
      table.high.assign(slots, std::numeric_limits<int64_t>::min());
    }
  }

  void add_block(size_t from, size_t rows) {
    uint32_t slots[kBlockRows];
    const bool same = keys_.empty() || find_slots(keys_, from, rows, slots);
    const size_t slot = keys_.empty() ? 0 : slots[0];
    if (same) {
      rows_[slot] += static_cast<int64_t>(rows);
    } else {
      for (size_t i = 0; i < rows; ++i) ++rows_[slots[i]];
    }
    for (size_t m = 0; m < measures_.size(); ++m) {
      visit_number(measures_[m].repr, [&]<class T>() {
        const auto* values = static_cast<const T*>(measures_[m].values) + from;
        if (same)
          add_to_slot(measures_[m], values, slot, rows, tables_[m]);
        else
          add_to_slots(measures_[m], values, slots, rows, tables_[m]);
      });
    }
  }

  template <class T>
  static void add_to_slot(const Measure& measure, const T* values, size_t slot, size_t rows, MeasureTable& table) {
    table.nulls[slot] += static_cast<int64_t>(nulls_in(values, rows));
    if (!table.real.part.empty()) table.real.part[slot] += sum_of<double>(values, rows);
    if constexpr (!std::is_floating_point_v<T>) {
      if (!table.whole.empty()) table.whole[slot] += sum_of<uint64_t>(values, rows);
    }
    if (!measure.extremes) return;
    if constexpr (std::is_floating_point_v<T>) {
      add_extremes(values, nullptr, rows, &table.low_real[slot], &table.high_real[slot]);
    } else {
      add_extremes(values, nullptr, rows, &table.low[slot], &table.high[slot]);
    }
  }

  template <class T>
  static void add_to_slots(const Measure& measure, const T* values, const uint32_t* slots, size_t rows,
                           MeasureTable& table) {
    const bool has_nulls = nulls_in(values, rows) > 0;
    if (has_nulls) {
      for (size_t i = 0; i < rows; ++i) table.nulls[slots[i]] += values[i] == kNull<T>;
    }
    if (!table.real.part.empty()) add_sums(values, slots, rows, has_nulls, table.real.part.data());
    if constexpr (!std::is_floating_point_v<T>) {
      if (!table.whole.empty()) add_sums(values, slots, rows, has_nulls, table.whole.data());
    }
    if (!measure.extremes) return;
    if constexpr (std::is_floating_point_v<T>) {
      add_extremes(values, slots, rows, table.low_real.data(), table.high_real.data());
    } else {
      add_extremes(values, slots, rows, table.low.data(), table.high.data());
    }
  }

  const std::span<const RangedKey> keys_;
  const std::span<const Measure> measures_;
  std::vector<int64_t> rows_;
  std::vector<MeasureTable> tables_;
  size_t unsettled_ = 0;
};

template <class T, class Combine>
void merge_each(const std::vector<T>& from, std::vector<T>& into, Combine combine) {
  for (size_t slot = 0; slot < into.size(); ++slot) into[slot] = combine(into[slot], from[slot]);
}

void Tables::merge(const Tables& other) {
  const auto add = [](auto a, auto b) { return a + b; };
  const auto least = [](auto a, auto b) { return std::min(a, b); };
  const auto most = [](auto a, auto b) { return std::max(a, b); };
  merge_each(other.rows_, rows_, add);
  for (size_t m = 0; m < tables_.size(); ++m) {
    const auto& from = other.tables_[m];
    auto& into = tables_[m];
    merge_each(from.nulls, into.nulls, add);
    merge_each(from.whole, into.whole, add);
    into.real.merge(from.real);
    merge_each(from.low, into.low, least);
    merge_each(from.high, into.high, most);
    merge_each(from.low_real, into.low_real, least);
    merge_each(from.high_real, into.high_real, most);
  }
}

template <class T, class R>
void pick(const std::vector<T>& from, std::span<const uint32_t> slots, std::vector<R>& into) {
  if (from.empty()) return;
  into.reserve(slots.size());
  for (const auto slot : slots) into.push_back(static_cast<R>(from[slot]));
}

GroupTotals Tables::result() const {
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < rows_.size(); ++slot) {
    if (rows_[slot] > 0 || keys_.empty()) slots.push_back(slot);
  }
  GroupTotals out;
  for (const auto& key : keys_) {
    auto& places = out.keys.emplace_back();
    for (const auto slot : slots) places.push_back(static_cast<uint32_t>(slot / key.stride % key.places));
    out.low.push_back(key.low);
  }
  pick(rows_, slots, out.rows);
  for (const auto& table : tables_) {
    auto& totals = out.measures.emplace_back();
    for (size_t g = 0; g < slots.size(); ++g) totals.count.push_back(out.rows[g] - table.nulls[slots[g]]);
    if (!table.real.total.empty()) {
      for (const auto slot : slots) totals.real.push_back(table.real.total[slot] + table.real.lost[slot]);
    }
    pick(table.whole, slots, totals.whole);
    pick(table.low, slots, totals.low);
    pick(table.high, slots, totals.high);
    pick(table.low_real, slots, totals.low_real);
    pick(table.high_real, slots, totals.high_real);
  }
  return out;
}

/// The keys with ranges and strides, the first key the most significant; nothing when a table would be too large.
std::optional<std::vector<RangedKey>> ranged_keys(std::span<const DirectKey> keys, size_t rows, WorkerPool* workers) {
  const uint64_t most = std::clamp<uint64_t>(rows / kRowsPerSlot, kSlotsAlways, kSlotsMax);
  std::vector<RangedKey> out;
  uint64_t slots = 1;
  for (const auto& key : keys) {
    out.push_back(ranged(key, rows, workers));
    if (out.back().places > most / slots) return std::nullopt;
    slots *= out.back().places;
  }
  uint64_t stride = 1;
  for (auto key = out.rbegin(); key != out.rend(); ++key) {
    key->stride = stride;
    stride *= key->places;
  }
  return out;
}

}  // namespace

std::optional<GroupTotals> total_groups(std::span<const DirectKey> keys, std::span<const Measure> measures, size_t rows,
                                        WorkerPool* workers) {
  const auto ranged = ranged_keys(keys, rows, workers);
  if (!ranged) return std::nullopt;
  const size_t slots = ranged->empty() ? 1 : ranged->front().stride * ranged->front().places;
  const size_t parts = (rows + kPartRows - 1) / kPartRows;
  const size_t used = workers ? std::min(workers->threads(), std::max<size_t>(parts, 1)) : 1;
  std::vector<std::optional<Tables>> tables(used);
  tables[0].emplace(*ranged, measures, slots);
  run_parts(workers, parts, [&](size_t worker, size_t part) {
    auto& own = tables[worker];
    if (!own) own.emplace(*ranged, measures, slots);
    const size_t from = part * kPartRows;
    own->add(from, std::min(kPartRows, rows - from));
  });
  for (auto& own : tables) {
    if (own) own->settle();
  }
  for (size_t worker = 1; worker < used; ++worker) {
    if (tables[worker]) tables[0]->merge(*tables[worker]);
  }
  return tables[0]->result();
}

}  // namespace pelorus::kernels
