#include "kernels/group.h"

#include <algorithm>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <numeric>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "kernels/hash.h"
#include "kernels/order_by_value.h"
#include "kernels/stretches.h"

namespace pelorus::kernels {
namespace {

/// One key column reduced to numbers 0..count-1 that ascend with its values.
struct Coded {
  std::vector<uint32_t> codes;
  uint64_t count = 0;
  std::vector<int64_t> first_row = {};  // by code, where it is known already
};

/// Up to this many slots a table indexed by value beats hashing (fits the second-level cache several times over,
/// yet grows with the rows).
uint64_t dense_slots_max(size_t rows) { return std::max<uint64_t>(1 << 16, 4 * static_cast<uint64_t>(rows)); }

/// Turns marks of used slots into ascending numbers; returns how many.
uint32_t number_used(std::vector<uint32_t>& slots) {
  uint32_t next = 0;
  for (auto& slot : slots) slot = slot ? next++ : 0;
  return next;
}

Coded code_ranks(const KeyColumn& key) {
  Coded out;
  out.codes.resize(key.rows);
  const auto codes = key.as<int32_t>();
  int32_t highest = KeyColumn::kNullRank;
  for (size_t i = 0; i < key.rows; ++i) {
    const int32_t rank = key.ranks[static_cast<size_t>(codes[i])];
    highest = std::max(highest, rank);
    out.codes[i] = static_cast<uint32_t>(rank + 1);
  }
  out.count = static_cast<uint64_t>(highest) + 2;
  return out;
}

template <class T>
struct ValueRange {
  T low{};
  T high{};
  bool any = false;
};

template <class T>
ValueRange<T> range_of(std::span<const T> values) {
  ValueRange<T> range{std::numeric_limits<T>::max(), std::numeric_limits<T>::min(), false};
  for (const T value : values) {
    const bool null = value == types::kNull<T>;
    range.low = null ? range.low : std::min(range.low, value);
    range.high = null ? range.high : std::max(range.high, value);
  }
  range.any = range.low <= range.high;
  return range;
}

/// Slot 0 is null, slot 1 + value - low the others. False when the range is too wide.
template <class T>
bool code_by_value(std::span<const T> values, Coded& out) {
  const auto range = range_of(values);
  const uint64_t width = range.any ? static_cast<uint64_t>(range.high) - static_cast<uint64_t>(range.low) + 1 : 0;
  if (width >= dense_slots_max(values.size())) return false;
  const auto slot_of = [&](T value) {
    return value == types::kNull<T>
               ? 0
               : static_cast<uint32_t>(static_cast<uint64_t>(value) - static_cast<uint64_t>(range.low) + 1);
  };
  std::vector<uint32_t> slots(width + 1, 0);
  for (const T value : values) slots[slot_of(value)] = 1;
  out.count = number_used(slots);
  out.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) out.codes[i] = slots[slot_of(values[i])];
  return true;
}

template <class T>
using HashKey = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;

template <class T>
Coded code_by_hash(std::span<const T> values) {
  using Key = HashKey<T>;
  Coded out;
  out.codes.resize(values.size());
  boost::unordered_flat_map<Key, uint32_t, KeyHash> known;
  std::vector<Key> distinct;
  for (size_t i = 0; i < values.size(); ++i) {
    Key key(values[i]);
    if constexpr (std::is_floating_point_v<T>) key = is_null_key(values[i]) ? types::kNull<T> : key;
    const auto [place, is_new] = known.try_emplace(key, static_cast<uint32_t>(distinct.size()));
    if (is_new) distinct.push_back(key);
    out.codes[i] = place->second;
  }
  std::vector<uint32_t> order(distinct.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return distinct[a] < distinct[b]; });
  std::vector<uint32_t> rank(distinct.size());
  for (uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  for (auto& code : out.codes) code = rank[code];
  out.count = distinct.size();
  return out;
}

/// Few of the values repeat, as far as some of them tell.
bool are_mostly_distinct(std::span<const uint64_t> values) {
  constexpr size_t kSample = 4096;
  if (values.size() < 16 * kSample) return false;
  std::vector<uint64_t> sample;
  for (size_t i = 0; i < kSample; ++i) sample.push_back(values[i * (values.size() / kSample)]);
  std::sort(sample.begin(), sample.end());
  const auto distinct = std::unique(sample.begin(), sample.end()) - sample.begin();
  return static_cast<size_t>(distinct) > kSample / 4 * 3;
}

Coded coded_in_order(const OrderedRuns& runs, WorkerPool* workers) {
  Coded out;
  const size_t parts = runs.starts.size() - 1;
  const auto each_run = [&](size_t part, auto&& use) {
    for (size_t i = runs.starts[part], end = runs.starts[part + 1], next = i; i < end; i = next) {
      while (next < end && runs.rows[next].value == runs.rows[i].value) ++next;
      use(std::span(runs.rows).subspan(i, next - i));
    }
  };
  std::vector<size_t> codes_before(parts + 1);
  run_parts(workers, parts, [&](size_t, size_t part) { each_run(part, [&](auto) { ++codes_before[part + 1]; }); });
  std::partial_sum(codes_before.begin(), codes_before.end(), codes_before.begin());
  out.count = codes_before.back();
  out.codes.resize(runs.rows.size());
  out.first_row.resize(out.count);
  run_parts(workers, parts, [&](size_t, size_t part) {
    size_t code = codes_before[part];
    each_run(part, [&](std::span<const NumberedRow> run) {
      uint32_t first = UINT32_MAX;
      for (const auto& row : run) {
        out.codes[row.row] = static_cast<uint32_t>(code);
        first = std::min(first, row.row);
      }
      out.first_row[code++] = first;
    });
  });
  return out;
}

Coded code_wide(std::span<const uint64_t> values, WorkerPool* workers) {
  return are_mostly_distinct(values) ? coded_in_order(order_by_value(values, workers), workers)
                                     : code_by_hash<uint64_t>(values);
}

Coded code_column(const KeyColumn& key, WorkerPool* workers) {
  if (!key.ranks.empty()) return code_ranks(key);
  return visit_key(key.repr, [&]<class T>() {
    const auto values = key.as<T>();
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      Coded out;
      if (code_by_value<T>(values, out)) return out;
      std::vector<uint64_t> ordinals(values.size());
      for (size_t i = 0; i < values.size(); ++i)
        ordinals[i] = static_cast<uint64_t>(static_cast<int64_t>(values[i])) ^ (1ULL << 63);
      return code_wide(ordinals, workers);
    }
    return code_by_hash<T>(values);
  });
}

/// Two coded columns as one: ascending by (left, right); codes that do not occur are squeezed out.
void combine(Coded& left, const Coded& right, WorkerPool* workers) {
  const size_t rows = left.codes.size();
  const uint64_t product = left.count * right.count;
  if (product <= dense_slots_max(rows)) {
    std::vector<uint32_t> slots(product, 0);
    for (size_t i = 0; i < rows; ++i) {
      left.codes[i] = static_cast<uint32_t>(left.codes[i] * right.count + right.codes[i]);
      slots[left.codes[i]] = 1;
    }
    left.count = number_used(slots);
    left.first_row.clear();
    for (auto& code : left.codes) code = slots[code];
    return;
  }
  std::vector<uint64_t> both(rows);
  for (size_t i = 0; i < rows; ++i) both[i] = left.codes[i] * right.count + right.codes[i];
  left = code_wide(both, workers);
}

/// All columns as one number a row, the first the most significant; nothing when that takes more than 64 bits, or so
/// few that a table serves.
std::optional<Coded> combine_at_once(const std::vector<Coded>& columns, WorkerPool* workers) {
  uint64_t product = 1;
  for (const auto& column : columns) {
    if (column.count > 0 && product > UINT64_MAX / column.count) return std::nullopt;
    product *= std::max<uint64_t>(column.count, 1);
  }
  const size_t rows = columns[0].codes.size();
  if (columns.size() < 3 || product <= dense_slots_max(rows)) return std::nullopt;
  std::vector<uint64_t> all(rows);
  Stretches(rows, workers).each([&](size_t, size_t from, size_t to) {
    for (const auto& column : columns) {
      for (size_t i = from; i < to; ++i) all[i] = all[i] * column.count + column.codes[i];
    }
  });
  return code_wide(all, workers);
}

/// A symbol column may leave rank 0 (null) unused: numbers must be dense.
void squeeze(Coded& coded) {
  std::vector<uint32_t> slots(coded.count, 0);
  for (const auto code : coded.codes) slots[code] = 1;
  const uint32_t used = number_used(slots);
  if (used == coded.count) return;
  for (auto& code : coded.codes) code = slots[code];
  coded.count = used;
  coded.first_row.clear();
}

}  // namespace

Groups group_rows(std::span<const KeyColumn> keys, size_t rows, WorkerPool* workers) {
  CHECK_WITH(rows < kNoGroup, "rows do not fit group numbers");
  Groups groups;
  if (rows == 0) return groups;
  Coded coded;
  if (keys.empty()) {
    coded.codes.assign(rows, 0);
    coded.count = 1;
  } else {
    std::vector<Coded> columns(keys.size());
    run_parts(workers, keys.size(), [&](size_t, size_t k) { columns[k] = code_column(keys[k], workers); });
    if (auto at_once = combine_at_once(columns, workers)) {
      coded = *std::move(at_once);
    } else {
      coded = std::move(columns[0]);
      for (size_t k = 1; k < keys.size(); ++k) combine(coded, columns[k], workers);
      if (keys.size() == 1) squeeze(coded);
    }
  }
  groups.of_row = std::move(coded.codes);
  if (!coded.first_row.empty()) {
    groups.first_row = std::move(coded.first_row);
    return groups;
  }
  groups.first_row.assign(coded.count, -1);
  size_t missing = coded.count;
  for (size_t i = 0; i < rows && missing > 0; ++i) {
    auto& first = groups.first_row[groups.of_row[i]];
    if (first < 0) {
      first = static_cast<int64_t>(i);
      --missing;
    }
  }
  return groups;
}

GroupDirectory gather_groups(std::span<const uint32_t> group_of_row, size_t groups) {
  GroupDirectory directory;
  directory.starts.assign(groups + 1, 0);
  for (const auto group : group_of_row) {
    if (group != kNoGroup) ++directory.starts[group + 1];
  }
  for (size_t g = 0; g < groups; ++g) directory.starts[g + 1] += directory.starts[g];
  std::vector<int64_t> next(directory.starts.begin(), directory.starts.end() - 1);
  directory.order.resize(static_cast<size_t>(directory.starts[groups]));
  for (size_t i = 0; i < group_of_row.size(); ++i) {
    const auto group = group_of_row[i];
    if (group != kNoGroup) directory.order[static_cast<size_t>(next[group]++)] = static_cast<int64_t>(i);
  }
  return directory;
}

}  // namespace pelorus::kernels
